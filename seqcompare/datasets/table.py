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

from seqcompare.datasets.source import DataError, read_text

# what programs write for "no number"; in a column of words only the empty cell is missing
_NO_NUMBER = {"", "na", "n/a", "nan", "null", "none", "?", "-nan", "#n/a"}
_WHOLE = re.compile(r"\s*[+-]?\d+\s*")


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
    mixed : dict of str to (int, int)
        Columns that hold numbers and words, with a row of each.
    """

    frame: pd.DataFrame
    path: Path | None = None
    lines: NDArray[np.int64] | None = None
    mixed: dict[str, tuple[int, int]] = field(default_factory=dict)

    def error(self, problem: str, row: int | None = None, column: str | None = None) -> DataError:
        """Return the error for a problem in a row (from 0) and column."""
        if row is not None and self.lines is None:
            problem = f"row {row}: {problem}"
        line = None if row is None or self.lines is None else int(self.lines[row])
        return DataError(problem, self.path, line, column)


def read_table(path: Path, delimiter: str | None = None) -> Table:
    """Read a CSV or TSV file with column names in its first line.

    A column of numbers may have empty cells (also ``NA``, ``nan``, ``null``, ``?``); in a column of words
    only the empty cell is missing, and any other is kept as it is.

    Parameters
    ----------
    path : Path
        The file.
    delimiter : str, optional
        By default whichever of comma, semicolon and tab is most frequent in the first line.

    Raises
    ------
    DataError
        If a line has too many or too few cells, quotes do not close, a cell is larger than 131,072
        characters, or the first line does not name the columns.
    """
    text = read_text(path)
    if delimiter is None:
        first = text.lstrip("\n").split("\n", 1)[0]
        delimiter = max(",;\t", key=first.count)
    lines, rows = _split_rows(text, delimiter, path)
    names = _check_names(rows[0], lines[0], path)
    if len(rows) == 1:
        raise DataError("there is no row below the column names", path, lines[0])
    for line, row in zip(lines, rows, strict=True):
        if len(row) != len(names):
            raise DataError(f"expected {len(names)} cells as in the first line, got {len(row)}", path, line)
    columns: dict[str, pd.Series] = {}
    mixed = {}
    for name, cells in zip(names, zip(*rows[1:], strict=True), strict=True):
        columns[name], pair = type_column(cells)
        if pair is not None:
            mixed[name] = pair
    return Table(pd.DataFrame(columns), path, np.array(lines[1:], dtype=np.int64), mixed)


def type_column(cells: tuple[str, ...]) -> tuple[pd.Series, tuple[int, int] | None]:
    """Return the cells as whole numbers, floats or words; if they are mixed, a row of number and of word."""
    text = pd.Series(cells, dtype=object)
    missing = text.str.strip().str.lower().isin(_NO_NUMBER)
    numbers = pd.to_numeric(text.where(~missing), errors="coerce")
    is_number = numbers.notna()
    if not is_number.any():
        return text.where(text != "", None), None
    if not (is_number | missing).all():
        # "NA" among words is a word, so only real numbers make a column mixed
        is_word = ~is_number & ~missing
        pair = int(is_number.to_numpy().argmax()), int(is_word.to_numpy().argmax())
        return text.where(text != "", None), pair
    whole = text[~missing].str.fullmatch(_WHOLE)
    if not whole.all():
        return numbers.astype(np.float64), None
    try:
        return text.where(~missing, None).map(int, na_action="ignore").astype("Int64"), None
    except (OverflowError, TypeError):
        # too large for a number: a name made of digits
        return text.where(text != "", None), None


def _split_rows(text: str, delimiter: str, path: Path) -> tuple[list[int], list[list[str]]]:
    lines, rows = [], []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
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
