"""Tables of text whose columns stand under each other, with blanks between."""

from __future__ import annotations

import re

# numbers, dates and times
_BARE = re.compile(r"[-+0-9.,:/]*[0-9][-+0-9.,:/eET]*")


def cells_of_columns(text: str) -> list[list[str]] | None:
    """Return the cells of a text whose columns stand under their names; None if it is no such table.

    Columns are parted where every line has a blank, cells may be empty or have blanks themselves. That
    columns of numbers or dates stand under words tells such a table from prose.

    Parameters
    ----------
    text : str
        The lines.
    """
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    if len(lines) < 5 or any("\t" in line or '"' in line for line in lines):
        return None
    width = max(map(len, lines))
    blank = [all(i >= len(line) or line[i] == " " for line in lines) for i in range(width)]
    starts = [i for i in range(width) if not blank[i] and (i == 0 or blank[i - 1])]
    # a blank inside of all cells of a column has no name above what follows it
    starts = [i for i in starts if i < len(lines[0]) and lines[0][i : _end(blank, i)].strip()]
    ends = [*starts[1:], width]
    rows = [[line[a:b].strip() for a, b in zip(starts, ends, strict=True)] for line in lines]
    return _with_names(rows) or _with_names([re.split(" {2,}", line.strip()) for line in lines])


def _with_names(rows: list[list[str]]) -> list[list[str]] | None:
    """Return the rows of a table if words are above columns of numbers; None if it is none."""
    names, *below = rows
    if len(names) < 3 or any(len(row) != len(names) for row in below):
        return None
    if len(set(names)) < len(names) or any(_BARE.fullmatch(name) for name in names):
        return None
    numbers = [
        all(_BARE.fullmatch(cell) for cell in column if cell) and any(column)
        for column in zip(*below, strict=True)
    ]
    return rows if sum(numbers) > 1 else None


def _end(blank: list[bool], start: int) -> int:
    return next((i for i in range(start, len(blank)) if blank[i]), len(blank))
