"""CSV and TSV: tables of text, with the line of every row."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from seqcompare.data.cells import as_words, stands_for_nothing, type_cells
from seqcompare.data.readers import Reader
from seqcompare.data.readers.heads import (
    BARE,
    DELIMITERS,
    Rows,
    distinct_names,
    join_heads,
    split_further,
    without_heads,
    without_totals,
)
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import UNNAMED, Table

# inside quotes, a delimiter is none
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_REMARKS = ("#", "%", "//")
# a column costs half a millisecond
_MOST_COLUMNS = 20_000


def read_table(path: Path, delimiter: str | None = None) -> Table:
    """Read a CSV or TSV file with column names in its first line.

    Cells are stripped. A column of numbers may have empty cells (also ``NA``, ``nan``, ``null``, ``?``); in
    a column of words only the empty cell is missing, and any other is a word.

    Parameters
    ----------
    path : Path
        The file.
    delimiter : str, optional
        By default whichever of comma, semicolon, tab and bar is most frequent in the first line.

    Raises
    ------
    DataError
        If a line has too many or too few cells, quotes do not close, a cell is larger than 131,072
        characters, the first line does not name the columns, or the delimiter is another one.
    """
    text = read_text(path)
    notes: list[str] = []
    try:
        return parse_table(text, path, delimiter, notes)
    except DataError as error:
        # lines of numbers, more in some than in others, may be a sequence each
        series = {"file_format": "text"} if not re.search(r"[^-+0-9.,;eE\s]", text) else {}
        raise error.trying(*error.tries, series) from None


def parse_table(text: str, path: Path, delimiter: str | None, notes: list[str]) -> Table:
    """Read a table of text; see `read_table`. What was decided is added to `notes`."""
    text, skipped, told = _skip_preamble(text, notes)
    delimiter = told or delimiter
    parted = None if told else _parted_by_blanks(text)
    if parted is not None:
        notes.append("the cells are separated by blanks")
        text, delimiter = parted, "\t"
    if delimiter is None:
        first, *rest = [line for line in _QUOTED.sub("", text).split("\n") if line.strip()][:30] or [""]
        delimiter = max(DELIMITERS, key=first.count)
        if not first.count(delimiter) and len(rest) > 3:
            # above the table there may be its title
            last = max(DELIMITERS, key=rest[-1].count)
            delimiter = last if rest[-1].count(last) > 1 else delimiter
    lines, rows = _split_rows(text, delimiter, path)
    if not rows:
        raise DataError("there is no row", path)
    lines = [line + skipped for line in lines]
    lines, rows = _skip_title(lines, rows, notes)
    rows = split_further(rows, delimiter, notes)
    lines, rows = join_heads(*without_heads(lines, rows, notes), notes)
    names, rows, lines, headed = _read_names(rows, lines, path, notes)
    if headed:
        lines, rows = _skip_units(lines, rows, notes)
    if not rows:
        raise DataError("there is no row below the column names", path, skipped + 1)
    lines, rows = _trim(*without_totals(lines, rows, notes), len(names), path, notes)
    if len(names) > _MOST_COLUMNS:
        raise DataError(
            f"there are {len(names):,} columns, and at most {_MOST_COLUMNS:,} are read: a series a row is "
            "read from .ts or .npy, and one a column from the transposed table",
            path,
            lines[0],
        )
    columns, written, spellings = {}, {}, {}
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        cells = [cell.strip() for cell in column]
        if name.startswith(UNNAMED) and not any(cells):
            notes.append("a column without a name or any value is left out")
            continue
        columns[name], spellings[name] = type_cells(cells, delimiter, name)
        blanks = any(cell and not cell.strip() for cell in column)
        spellings[name] = replace(spellings[name], blanks=blanks)
        written[name] = as_words([cell.strip() or cell for cell in column])
    if len(columns) == 1:
        only = next(iter(columns))
        _check_delimiter(only, written[only], delimiter, path, skipped + 1)
    return Table(
        pd.DataFrame(columns),
        path,
        np.array(lines, dtype=np.int64),
        text=written,
        spellings=spellings,
        notes=tuple(notes),
        headed=headed,
        delimiter=delimiter,
    )


def _skip_preamble(text: str, notes: list[str]) -> tuple[str, int, str | None]:
    """Return the text behind comments and Excel's ``sep=``, how many lines that leaves out, and the mark."""
    lines = text.split("\n")
    told, start = None, 0
    while start < len(lines) - 1:
        line = lines[start].strip()
        if line.lower().startswith("sep=") and len(line) == 5:
            told = line[4]
        elif not line.startswith(_REMARKS) or _counts(line) == _counts(lines[start + 1]) != (0, 0, 0, 0):
            break
        start += 1
    if start:
        notes.append(f"{start} line(s) before the table are left out")
    rest = lines[start:]
    rest[0] = rest[0].lstrip("#%/ ") if rest[0].startswith(_REMARKS) else rest[0]
    return "\n".join(rest), start, told


def _parted_by_blanks(text: str) -> str | None:
    """Return a table with tabs between its cells where blanks part them, and some hold numbers; else None."""
    lines = text.split("\n")
    rows = [line.split() for line in lines if line.strip()]
    if len(rows) < 4 or any(mark in text for mark in (*DELIMITERS, '"')):
        return None
    widths = {len(row) for row in rows[1:]}
    width = max(widths)
    if len(widths) > 1 or width < 2 or len(rows[0]) not in (width, width - 1):
        return None
    columns = list(zip(*rows[1:], strict=True))[width - len(rows[0]) :]
    numbers = [all(map(BARE.fullmatch, column)) for column in columns]
    # words above numbers are names of columns; a text of one column has blanks inside its cells
    named = any(number and not BARE.fullmatch(name) for number, name in zip(numbers, rows[0], strict=True))
    fractions = all(numbers) and all(map(BARE.fullmatch, rows[0])) and "." in text
    if not named and not (fractions and len(rows[0]) == width):
        return None
    return "\n".join("\t".join(line.split()) for line in lines)


def _counts(line: str) -> tuple[int, ...]:
    bare = _QUOTED.sub("", line)
    return tuple(bare.count(mark) for mark in DELIMITERS)


def _skip_title(lines: list[int], rows: Rows, notes: list[str]) -> tuple[list[int], Rows]:
    """Leave out what stands above a table: lines of fewer cells than all below them have."""
    width = len(rows[-1])
    full = next((i for i, row in enumerate(rows[:20]) if _n_filled(row) == width), 0)
    names = {cell.strip() for cell in rows[full][:width]}
    named = len(names) == width > 3 and not any(map(BARE.fullmatch, names))
    if full and named and len(rows) > full + 3 and all(_n_filled(row) < 3 for row in rows[:full]):
        notes.append(f"{full} line(s) above the table are left out: they have fewer cells")
        return lines[full:], rows[full:]
    fits = [len(row) == width or (len(row) > width and not any(map(str.strip, row[width:]))) for row in rows]
    start = next((i for i in range(len(rows), 0, -1) if not fits[i - 1]), 0)
    above = rows[:start]
    filled = max(map(_n_filled, above), default=0)
    if not above or len(rows) - start < 4 or start > 20 or filled > max(2, width // 3) or width < 3:
        return lines, rows
    if any(len(row) >= width - 1 for row in above):
        return lines, rows
    notes.append(f"{start} line(s) above the table are left out: they have fewer cells")
    return lines[start:], rows[start:]


def _n_filled(row: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _skip_units(lines: list[int], rows: Rows, notes: list[str]) -> tuple[list[int], Rows]:
    """Leave out one or two lines of units or explanations below the names of columns that hold numbers."""
    for n in (1, 2):
        below, head = rows[n : n + 20], rows[:n]
        if len(below) < 3:
            break
        numeric = [
            [bool(BARE.fullmatch(cell.strip())) for cell in column if cell.strip()]
            for column in zip(*below, strict=False)
        ]
        columns = [i for i, cells in enumerate(numeric) if cells and all(cells)]
        cells = [row[i].strip() for row in head for i in columns if i < len(row)]
        written = [cell for cell in cells if cell and not stands_for_nothing(cell)]
        if len(columns) < 2 or any(BARE.fullmatch(cell) for cell in written):
            continue
        if len(written) > 1 and len(written) >= len(cells) / 2:
            notes.append(f"{n} line(s) of units or explanations below the names are left out")
            return lines[n:], rows[n:]
    return lines, rows


def _read_names(
    rows: Rows, lines: list[int], path: Path, notes: list[str]
) -> tuple[list[str], Rows, list[int], bool]:
    """Return the names of the columns, the rows below with their lines, and whether there is a header."""
    names = [cell.strip() for cell in rows[0]]
    second = [cell.strip() for cell in rows[1]] if rows[1:] else []
    if len(names) > 1 and (not is_header(names, second) or _comes_again(names, rows[1:])):
        notes.append("the first line holds values, no names: the columns are called 0, 1, ...")
        width = max(len(row) for row in rows)
        return [str(i) for i in range(width)], rows, lines, False
    if pd.to_numeric(pd.Series(names, dtype=object), errors="coerce").notna().all() and len(names) == 1:
        notes.append("the first line holds a value, no name")
        return ["value"], rows, lines, False
    widest = max(map(len, rows[1:]), default=0)
    while len(names) > max(widest, 1) and not names[-1]:
        names.pop()
    if len(rows) > 1 and all(len(row) == len(names) + 1 for row in rows[1:]):
        if all(not row[-1].strip() for row in rows[1:]):
            notes.append("every line ends in a separator too many")
            rows = [rows[0], *(row[:-1] for row in rows[1:])]
        else:
            notes.append(
                "the first line has a name less than the lines below have cells: they begin with row names"
            )
            names = ["", *names]
    blank = [not name or name.lower().startswith("unnamed: ") for name in names]
    named = [f"{UNNAMED}{i + 1}" if blank[i] else name for i, name in enumerate(names)]
    return distinct_names(named, notes), rows[1:], lines[1:], True


def _comes_again(first: list[str], rows: Rows) -> bool:
    """Whether the words of the first line stand below it, wherever few different ones do: no names then."""
    if len(rows) < 4 or any(len(row) != len(first) for row in rows):
        return False
    recurring = []
    for name, column in zip(first, zip(*rows, strict=True), strict=True):
        cells = [cell.strip() for cell in column]
        if len(set(cells)) <= len(cells) / 2:
            recurring.append(bool(name) and name in cells)
    return any(recurring) and all(recurring)


def is_header(first: list[str], second: list[str]) -> bool:
    """Whether the cells of a first line are names: words, or numbers that count the columns."""
    numbers = pd.to_numeric(pd.Series(first, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    known = numbers[~np.isnan(numbers)]
    if len(known) < max(2, len(first) - 1):
        return True
    whole = bool((known == np.floor(known)).all())
    counts = whole and len(known) > 2 and len(set(np.diff(np.sort(known)))) == 1 and known[1] != known[0]
    return counts and first != second


def _trim(lines: list[int], rows: Rows, width: int, path: Path, notes: list[str]) -> tuple[list[int], Rows]:
    """Return the rows that hold something, without empty cells behind the last column."""
    kept_lines, kept = [], []
    empty = 0
    for line, row in zip(lines, rows, strict=True):
        if not any(cell.strip() for cell in row) and (width > 1 or len(row) != 1):
            empty += 1
            continue
        cells = row[:width] if not any(cell.strip() for cell in row[width:]) else row
        if len(cells) != width:
            raise DataError(f"expected {width} cells as in the first line, got {len(row)}", path, line)
        kept_lines.append(line)
        kept.append(cells)
    if empty:
        notes.append(f"{empty} row(s) without any value are left out")
    if not kept:
        raise DataError("there is no row below the column names", path, lines[0])
    return kept_lines, kept


def _check_delimiter(name: str, cells: pd.Series, delimiter: str, path: Path, line: int) -> None:
    """Refuse a single column whose cells all have another delimiter as often as its name."""
    for mark, noun in DELIMITERS.items():
        count = name.count(mark)
        if count and all(cell is not None and cell.count(mark) == count for cell in cells):
            raise DataError(
                f"every row has {count} {noun}(s) and no {DELIMITERS[delimiter]}: "
                "the cells seem to be separated by another character than the format says",
                path,
                line,
            ).trying({"file_format": "csv"})


def _split_rows(text: str, delimiter: str, path: Path) -> tuple[list[int], list[list[str]]]:
    lines, rows = [], []
    first = text[: text.find("\n")] if "\n" in text else text
    cells = first.split(delimiter)
    # some programs quote by apostrophes, which are letters to all others
    single = len(cells) > 1 and all(len(cell) > 2 and cell[0] == cell[-1] == "'" for cell in cells)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quotechar="'" if single else '"',
        strict=True,
        skipinitialspace=True,
    )
    start = 1
    try:
        for row in reader:
            if row:
                lines.append(start)
                rows.append(row)
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{error}", path, start) from None
    return lines, rows


def _read_tsv(path: Path) -> Table:
    return read_table(path, "\t")


CSV = Reader("csv", (".csv",), read_table, "CSV, a row for each step")
TSV = Reader("tsv", (".tsv", ".tab"), _read_tsv, "TSV, a row for each step")
