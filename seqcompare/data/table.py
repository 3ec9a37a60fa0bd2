"""Tables of text: CSV and TSV, with the line of every row."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.cells import Spelling, as_words, type_cells
from seqcompare.data.source import DataError, read_text

# inside quotes, a delimiter is none
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class Table:
    """A data frame and where its rows come from.

    Parameters
    ----------
    frame : pandas.DataFrame
        The columns.
    path : Path or None
        The file.
    lines : ndarray of int, shape (n_rows,), or None
        The line on which each row begins, from 1; None where there are no lines.
    text : dict of str to pandas.Series
        The columns as they are written in a file of text.
    spellings : dict of str to Spelling
        How these are written.
    """

    frame: pd.DataFrame
    path: Path | None = None
    lines: NDArray[np.int64] | None = None
    text: dict[str, pd.Series] = field(default_factory=dict)
    spellings: dict[str, Spelling] = field(default_factory=dict)

    def written(self, column: str) -> pd.Series:
        """Return a column as it is written: ``007`` is not ``7``."""
        return self.text.get(column, self.frame[column])

    def spelling(self, column: str) -> Spelling:
        """Return how a column is written; the columns of frames leave no choice."""
        return self.spellings.get(column, Spelling())

    def error(self, problem: str, row: int | None = None, column: str | None = None) -> DataError:
        """Return the error for a problem in a row (from 0) and column."""
        if row is not None and self.lines is None:
            problem = f"row {row}: {problem}"
        line = None if row is None or self.lines is None else int(self.lines[row])
        return DataError(problem, self.path, line, column)


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
