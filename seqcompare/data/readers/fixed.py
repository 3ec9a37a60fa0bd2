"""Tables of text whose columns stand under each other, with blanks between."""

from __future__ import annotations

import re
from collections import Counter

# lines that are drawn
_RULE = re.compile(r"[-=_*+~#. ]{3,}")
# so many lines of text may be around a table of fewer rows, which has as many at the least
_MOST_TEXT = 20
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


def rows_inside(text: str) -> tuple[list[list[str]], int] | None:
    """Return the rows of a table of numbers with text around it, and how many lines are text; None if none.

    Titles, lines that are drawn, and remarks stand above and below; the names of the columns may be right
    above the rows.

    Parameters
    ----------
    text : str
        The lines.
    """
    written = [line for line in text.split("\n") if line.strip()]
    lines = [line.split() for line in written if not _RULE.fullmatch(line.strip())]
    numeric = [len(line) > 1 and 2 * sum(map(_is_bare, line)) > len(line) for line in lines]
    if sum(numeric) < _MOST_TEXT:
        return None
    first, last = numeric.index(True), len(numeric) - 1 - numeric[::-1].index(True)
    width = Counter(len(line) for line in lines[first : last + 1]).most_common(1)[0][0]
    # a last row may be one that is not full yet
    first = next(i for i in range(first, last + 1) if len(lines[i]) == width)
    last = next(i for i in range(last, first - 1, -1) if len(lines[i]) == width)
    rows = lines[first : last + 1]
    around = len(lines) - len(rows)
    if around > max(_MOST_TEXT, len(rows)) or any(len(row) != width for row in rows):
        return None
    if not all(numeric[first : last + 1]):
        return None
    if first and len(lines[first - 1]) == width and not any(map(_is_bare, lines[first - 1])):
        rows = [lines[first - 1], *rows]
    return rows, len(written) - len(rows)


def _is_bare(cell: str) -> bool:
    return _BARE.fullmatch(cell) is not None


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
