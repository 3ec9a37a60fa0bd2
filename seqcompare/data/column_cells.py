"""Cells of columns as values: what is said of how they are written, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seqcompare.data.cells import Spelling, stands_for_nothing
from seqcompare.data.kinds import LONGEST_SYMBOL, too_long
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError
from seqcompare.data.table import Table
from seqcompare.typing import Values

# more different codes may well be numbers, with words for what was not measured
_FEW = 12


def say_spelling(spelling: Spelling, column: str, notes: list[str]) -> None:
    """Tell how the numbers of a column are written, where that leaves a choice."""
    if spelling.decimal_comma:
        notes.append(f"the numbers of column {column!r} are read with a decimal comma")
    if spelling.clothes is not None:
        notes.append(
            f"the numbers of column {column!r} are written {spelling.clothes.words}; "
            "as words: the kind 'symbols'"
        )
    if spelling.marks:
        marks = ", ".join(map(repr, spelling.marks[:5]))
        notes.append(
            f"in column {column!r}, {marks} is read as missing; "
            "marks '' (--missing-mark '') reads it as it is"
        )
    if spelling.twins:
        notes.append(f"in column {column!r}, {' and '.join(spelling.twins)} are read as the same number")


def check_present(table: Table, column: str, part: str) -> None:
    """Raise DataError for the first cell of a column that holds nothing; without that column it may do."""
    absent = np.flatnonzero(table.frame[column].isna().to_numpy())
    if absent.size:
        problem = f"there is no value, and each row needs one of the {part}"
        raise table.error(problem, int(absent[0]), column).trying(
            {part: None}, {part: False}, {part: False, "missing": "keep"}
        )


def plain(table: Table, column: str, cells: pd.Series | None = None) -> Values:
    """Return a column without missing values, or its `cells` as written, as an array of one kind."""
    values = (table.frame[column] if cells is None else cells).to_numpy()
    if values.dtype.kind == "O":
        lengths = [len(value) if isinstance(value, str) else 0 for value in values]
        row = int(np.argmax(lengths))
        if lengths[row] > LONGEST_SYMBOL:
            raise table.error(too_long(values[row]), row, column)
    try:
        return Sequences.from_concatenated(values).values
    except TypeError as error:
        raise table.error(f"expected numbers or words: {error}", None, column) from None


def mixed(table: Table, column: str, rows: tuple[int, int], remedy: str) -> DataError:
    """Return the error for a column of numbers and words, each in a row of these."""
    number, word = rows
    cells = table.written(column)
    other = "" if table.lines is None else f" but line {table.lines[number]} has {cells.iloc[number]!r:.40}"
    problem = f"values must be all numbers or all words, got {cells.iloc[word]!r:.40}{other}{remedy}"
    return table.error(problem, word, column)


def are_codes(cells: pd.Series) -> bool:
    """Whether short whole numbers and several short words, few different ones in all, recur."""
    often = cells.value_counts()
    texts = [str(text) for text in often.index]
    words = [text for text in texts if not text.isdigit()]
    short = all(text.isalnum() and len(text) <= 3 for text in texts)
    numbers = len(texts) - len(words)
    return short and len(words) > 1 and numbers > 1 and len(texts) <= _FEW and bool(often.min() > 2)


def marks_among(table: Table, column: str) -> list[dict[str, object]]:
    """Return the few words among numbers, as marks of missing values to be tried."""
    written = table.written(column)
    gone = pd.to_numeric(written, errors="coerce").isna() & written.notna()
    words = [str(word) for word in written[gone].unique() if not stands_for_nothing(str(word))]
    if any(any(map(str.isdigit, word)) for word in words):
        return []  # codes, more likely
    return [{"marks": words}] if len(words) <= 3 and 5 * int(gone.sum()) <= len(written) else []


def unclear(table: Table, column: str, remedy: str = "") -> DataError:
    """Return the error for numbers with separators that may mean either."""
    row = table.spelling(column).unclear
    assert row is not None
    return table.error(
        f"{table.written(column).iloc[row]!r:.40} could be a number with a decimal comma, one with thousands "
        f"separators or a word; expected numbers such as 1234.5{remedy}",
        row,
        column,
    )
