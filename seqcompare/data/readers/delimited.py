"""CSV and TSV: tables of text, with the line of every row."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd

from seqcompare.data.cells import as_words, type_cells
from seqcompare.data.readers import Reader
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table

# inside quotes, a delimiter is none
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


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
    if delimiter is None:
        first = _QUOTED.sub("", text.lstrip("\n")).split("\n", 1)[0]
        delimiter = max(_DELIMITERS, key=first.count)
    lines, rows = _split_rows(text, delimiter, path)
    names = _check_names(rows[0], lines[0], path)
    if len(rows) == 1:
        raise DataError("there is no row below the column names", path, lines[0])
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(names):
            raise DataError(f"expected {len(names)} cells as in the first line, got {len(row)}", path, line)
    columns, written, spellings = {}, {}, {}
    for name, column in zip(names, zip(*rows[1:], strict=True), strict=True):
        cells = [cell.strip() for cell in column]
        columns[name], spellings[name] = type_cells(cells, delimiter)
        written[name] = as_words(cells)
    if len(names) == 1:
        _check_delimiter(names[0], written[names[0]], delimiter, path, lines[0])
    return Table(
        pd.DataFrame(columns), path, np.array(lines[1:], dtype=np.int64), text=written, spellings=spellings
    )


def _check_delimiter(name: str, cells: pd.Series, delimiter: str, path: Path, line: int) -> None:
    """Refuse a single column whose cells all have another delimiter as often as its name."""
    for mark, noun in _DELIMITERS.items():
        count = name.count(mark)
        if count and all(cell is not None and cell.count(mark) == count for cell in cells):
            raise DataError(
                f"every row has {count} {noun}(s) and no {_DELIMITERS[delimiter]}: "
                "the cells seem to be separated by another character than the format says",
                path,
                line,
            )


def _split_rows(text: str, delimiter: str, path: Path) -> tuple[list[int], list[list[str]]]:
    lines, rows = [], []
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
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


def _check_names(cells: list[str], line: int, path: Path) -> list[str]:
    names = [cell.strip() for cell in cells]
    numeric = pd.to_numeric(pd.Series(names, dtype=object), errors="coerce").notna()
    if numeric.all():
        raise DataError("expected the names of the columns, got numbers", path, line)
    for i, name in enumerate(names):
        if not name:
            raise DataError(f"cell {i + 1} names no column", path, line)
        if name in names[:i]:
            raise DataError("two columns have this name", path, line, name)
    return names


def _read_tsv(path: Path) -> Table:
    return read_table(path, "\t")


CSV = Reader("csv", (".csv",), read_table, "CSV, a row for each step")
TSV = Reader("tsv", (".tsv", ".tab"), _read_tsv, "TSV, a row for each step")
