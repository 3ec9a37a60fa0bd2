"""What the lines of a table of text are besides rows: names on several lines, heads that come again."""

from __future__ import annotations

import re
from collections import Counter

from seqcompare.data.cells import stands_for_nothing

Rows = list[list[str]]

#: The marks between cells, and what they are called.
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
#: Numbers, dates and times without a name of a month.
BARE = re.compile(r"[-+0-9.,:/ ]*[0-9][-+0-9.,:/ eET]*")


# what is written before the sum or mean of the rows above, in languages that spreadsheets are in
_TOTAL = re.compile(
    r"(?:grand |sub-?)?(?:total|totals|sum|mean|average|avg|median|std|sd|min|max|count|summe|gesamt|"
    r"gesamtsumme|mittelwert|durchschnitt|somme|moyenne|total g[eé]n[eé]ral|suma|media|"
    r"promedio|totale|somma)\s*:?",
    re.IGNORECASE,
)
# lines
_MOST_BELOW = 10
# of many columns of one name the first ones tell enough
_MOST_NOTES = 12


def without_totals(lines: list[int], rows: Rows, notes: list[str]) -> tuple[list[int], Rows]:
    """Leave out what stands below a table: sums and means of its rows, and remarks of one cell.

    Parameters
    ----------
    lines, rows : list of int, list of list of str
        The rows below the names, and where they are.
    notes : list of str
        What was decided is added.
    """
    end = len(rows)
    while end > max(3, len(rows) - _MOST_BELOW) and _says_of_others(rows[end - 1]):
        end -= 1
    above = [row for row in rows[:end][-20:] if any(cell.strip() for cell in row)]
    if end == len(rows) or len(above) < 3 or any(_says_of_others(row) for row in above):
        return lines, rows
    at = {_first(row) for row in rows[end:]}
    cells = [row[i].strip() for i in at for row in above if i < len(row)]
    # a word below dates or numbers, or below names of which none comes twice
    if not all(map(BARE.fullmatch, cells)) and len(set(cells)) < len(cells):
        return lines, rows
    notes.append(
        f"{len(rows) - end} line(s) below the table are left out: {rows[end][min(at)].strip()!r:.40}"
    )
    return lines[:end], rows[:end]


def _says_of_others(row: list[str]) -> bool:
    """Whether a row begins as a sum or mean of others does, or holds nothing but a remark."""
    at = _first(row)
    if at > 1 or len(row) < 2:
        return False
    remark = not any(cell.strip() for cell in row[at + 1 :]) and " " in row[at].strip()
    return remark or _TOTAL.fullmatch(row[at].strip()) is not None


def _first(row: list[str]) -> int:
    """Return the first cell that is not empty."""
    return next((i for i, cell in enumerate(row) if cell.strip()), len(row))


def distinct_names(names: list[str], notes: list[str]) -> list[str]:
    """Return names of columns of which each is there once: the second ``acc`` is ``acc 2``."""
    found: dict[str, None] = {}
    often: Counter[str] = Counter()
    for name in names:
        often[name] += 1
        written = name
        while written in found:
            written = f"{name} {max(often[name], 2)}"
            often[name] += written in found
        if written != name and len(notes) < _MOST_NOTES:
            notes.append(f"another column is called {name!r}: this one is read as {written!r}")
        found[written] = None
    return list(found)


def split_further(rows: Rows, delimiter: str, notes: list[str]) -> Rows:
    """Return rows with the cells that another mark separates as well, in all lines or in some."""
    width = len(rows[0])
    for mark, noun in DELIMITERS.items():
        if mark == delimiter:
            continue
        if width > 1 and any(mark in cell for cell in rows[0]):
            places = {tuple(cell.count(mark) for cell in row) for row in rows}
            if len(places) == 1 and len(rows) > 2:
                notes.append(f"cells are separated by {DELIMITERS[delimiter]}s and by {noun}s")
                return [[part for cell in row for part in cell.split(mark)] for row in rows]
        other = [i for i, row in enumerate(rows) if len(row) == 1 < width == row[0].count(mark) + 1]
        if other:
            notes.append(
                f"the cells of {len(other)} line(s) are separated by {noun}s, not {DELIMITERS[delimiter]}s"
            )
            found = set(other)
            return [row[0].split(mark) if i in found else row for i, row in enumerate(rows)]
    return rows


def without_heads(lines: list[int], rows: Rows, notes: list[str]) -> tuple[list[int], Rows]:
    """Leave out the names of the columns where they come again, as in logs that were put end to end."""
    head = [cell.strip() for cell in rows[0]]
    again = {i for i, row in enumerate(rows) if i and [cell.strip() for cell in row] == head}
    below = [row for i, row in enumerate(rows) if i and i not in again and len(row) == len(head)]
    if not again or len(head) < 2 or len(below) < 4:
        return lines, rows
    measured = [
        not BARE.fullmatch(name)
        and sum(BARE.fullmatch(cell.strip()) is not None for cell in column) >= len(below) / 2
        for name, column in zip(head, zip(*below, strict=True), strict=True)
    ]
    if not any(measured):
        return lines, rows  # words under words: the first line may be a row like any other
    notes.append(f"{len(again)} line(s) with the names of the columns again are left out")
    return [line for i, line in enumerate(lines) if i not in again], [
        r for i, r in enumerate(rows) if i not in again
    ]


def join_heads(lines: list[int], rows: Rows, notes: list[str]) -> tuple[list[int], Rows]:
    """Join names that stand on several lines, such as a part of the body above its coordinates."""
    width = len(rows[0])
    for n in (2, 3, 4):
        heads, below = [[cell.strip() for cell in row] for row in rows[:n]], rows[n : n + 20]
        if len(below) < 3 or any(len(head) != width for head in heads):
            break
        if any(BARE.fullmatch(cell) or stands_for_nothing(cell) for head in heads for cell in head if cell):
            break
        upper, last = heads[:-1], heads[-1]
        # cells that were one above several are written over the first of these
        if _recurs(last) and not any(map(_recurs, upper)):
            upper = [_filled(head) for head in upper]
        if not any(map(_recurs, upper)):
            continue
        told = [head for head in upper if len(set(head[1:])) > 1]
        names = [" ".join(part for part in parts if part) for parts in zip(*told, last, strict=True)]
        numeric = sum(
            all(BARE.fullmatch(c.strip()) for c in column if c.strip())
            for column in zip(*below, strict=False)
        )
        if len(set(names)) == width and all(names) and numeric > 1:
            notes.append(f"the names of the columns stand on {n} lines, and are joined")
            return lines[n - 1 :], [names, *rows[n:]]
    return lines, rows


def _recurs(names: list[str]) -> bool:
    return any(count > 1 for name, count in Counter(names).items() if name)


def _filled(names: list[str]) -> list[str]:
    """Return names, each also where nothing follows it."""
    filled: list[str] = []
    for name in names:
        filled.append(name or (filled[-1] if filled else ""))
    return filled
