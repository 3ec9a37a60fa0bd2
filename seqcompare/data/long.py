"""Long tables, one row a step: which column is what, and the sequences they hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.cells import Spelling
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.kinds import (
    AS_REAL,
    LONGEST_SYMBOL,
    are_whole,
    as_kind,
    check_finite,
    too_long,
)
from seqcompare.data.options import Kind
from seqcompare.data.order import order_places
from seqcompare.data.roles import Wanted, settle_role
from seqcompare.data.schema import Values
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.source import DataError
from seqcompare.data.table import Table

ColumnChoice = str | Literal[False] | None

# the names that each part goes by, best first; compared in lower case; "y" is left out, since beside
# "x" it is as often a coordinate as a target
_NAMES = {
    "sequence": ["sequence", "sequence_id", "seq", "seq_id", "series", "series_id", "id", "unique_id"],
    "order": ["order", "step", "time", "t", "timestamp", "datetime", "date", "position", "pos", "ds"],
    "target": ["target", "label", "class"],
    "group": ["group", "groups", "subject", "subject_id"],
}


@dataclass(frozen=True)
class Columns:
    """Which column is what: a name, False for "there is none", or None to guess by the usual names."""

    sequence: ColumnChoice = None
    order: ColumnChoice = None
    values: str | list[str] | None = None
    target: ColumnChoice = None
    group: ColumnChoice = None


def read_long(table: Table, columns: Columns, wanted: Wanted, name: str) -> SequenceDataset:
    """Turn a long table into sequences with targets.

    Raises
    ------
    DataError
        If a column is missing or ambiguous, a sequence, order, target or group is missing, an order is
        repeated within a sequence, a group changes within one, or the values are neither symbols nor
        finite numbers.
    """
    notes: list[str] = []
    # with role="next" there is no target to look for
    if wanted.role == "next" and columns.target is None:
        columns = replace(columns, target=False)
    found = _find_columns(table, columns, notes)
    _check_cells(table, found, notes)
    guessed = columns.order is None
    hint = "; if the column is not the order, say which is, or that none is" if guessed else ""
    layout = _Layout.of(table, found["sequence"], found["order"], notes, hint)
    X = _read_values(table, found["values"], wanted, layout, notes)
    target = groups = None
    if found["target"]:
        target = Sequences(_read_target(table, found["target"], wanted, notes)[layout.rank], layout.offsets)
    if found["group"]:
        groups = _read_groups(table, found["group"], layout)
    _check_long(table, columns, found, layout)

    def fail(problem: str, step: int | None) -> DataError:
        row = None if step is None else int(layout.rank[step])
        return table.error(problem, row, found["target"])

    y, weight, settled = settle_role(X, target, wanted, notes, fail)
    return SequenceDataset(X, y, weight, settled, name, groups=groups, notes=tuple(notes))


@dataclass(frozen=True)
class _Layout:
    """Rows in the order of sequences and steps, and the bounds of the sequences."""

    rank: NDArray[np.int64]
    offsets: NDArray[np.int64]
    names: list[str]

    @classmethod
    def of(
        cls, table: Table, sequence: str | None, order: str | None, notes: list[str], hint: str
    ) -> _Layout:
        n_rows = len(table.frame)
        codes = np.zeros(n_rows, dtype=np.int64)
        names = ["the table"]
        if sequence:
            _check_present(table, sequence)
            codes, uniques = pd.factorize(table.written(sequence))
            names = [f"sequence {u!s:.40}" for u in uniques]
        if order is None:
            rank = np.argsort(codes, kind="stable")
        else:
            _check_present(table, order)
            cells = table.written(order)
            if table.spelling(order).decimal_comma:
                cells = cells.str.replace(",", ".")
            places, how = order_places(cells, lambda problem, row: table.error(problem + hint, row, order))
            if how:
                notes.append(f"column {order!r} orders the steps, read as {how}")
            rank = np.lexsort((places, codes))
            repeated = (np.diff(codes[rank]) == 0) & (np.diff(places[rank]) == 0)
            if repeated.any():
                first, second = np.sort(rank[int(np.argmax(repeated)) :][:2])
                value = table.written(order).iloc[second]
                other = first if table.lines is None else table.lines[first]
                where = "row" if table.lines is None else "line"
                raise table.error(
                    f"{names[codes[second]]} already has a step with {order} = {value!s}, in {where} {other}",
                    int(second),
                    order,
                )
        return cls(rank, offsets_of(np.bincount(codes)), names)


def _find_columns(table: Table, columns: Columns, notes: list[str]) -> dict[str, Any]:
    names = [str(column) for column in table.frame.columns]
    given = {c for c in (columns.sequence, columns.order, columns.target, columns.group) if c}
    listed = [columns.values] if isinstance(columns.values, str) else list(columns.values or [])
    for column in [*given, *listed]:
        if column not in names:
            raise table.error(f"there is no column {column!r}; the columns are {', '.join(names)}")
    found: dict[str, Any] = {}
    taken = given | set(listed)
    if len(taken) < len(given) + len(listed) or len([c for c in _choices(columns) if c]) > len(given):
        raise table.error("a column can serve as one of sequence, order, values, target and group only")
    for part, choice in zip(_NAMES, _choices(columns), strict=True):
        found[part] = choice or None
        if choice is None:
            found[part] = _find_usual(table, part, [n for n in names if n not in taken])
            if found[part]:
                taken.add(found[part])
                notes.append(f"column {found[part]!r} is taken for the {part}")
    if not found["sequence"]:
        notes.append("no column names the sequences: the whole table is one sequence")
    if not found["order"]:
        notes.append("no column orders the steps: they are read in the order of the rows")
    if not listed:
        listed = [n for n in names if n not in taken]
        if not listed:
            raise table.error(
                "no column is left for the values: a table has a row for each step, "
                "and a column for what it is"
            )
        words = [n for n in listed if not pd.api.types.is_numeric_dtype(table.frame[n])]
        if len(listed) > 1 and words:
            raise table.error(
                f"the values could be any of {', '.join(listed)}, and {words[0]!r} is not numeric: "
                "say which with values"
            )
        notes.append(f"the values are {', '.join(map(repr, listed))}")
    found["values"] = listed
    return found


def _find_usual(table: Table, part: str, free: list[str]) -> str | None:
    """Return the column with the best of a part's usual names; its exact case goes first."""
    for usual in _NAMES[part]:
        if usual in free:
            return usual
        alike = [name for name in free if name.lower() == usual]
        if len(alike) > 1:
            raise table.error(f"the {part} could be {' or '.join(map(repr, alike))}: say which")
        if alike:
            return alike[0]
    return None


def _check_cells(table: Table, found: dict[str, Any], notes: list[str]) -> None:
    """Refuse cells that hold several values, and tell of words that may mean that there is no value."""
    for column in [*found["values"], *(found[part] for part in _NAMES if found[part])]:
        cells = table.frame[column]
        # a file of text holds no lists
        if table.lines is None and (cells.dtype == object or isinstance(cells.dtype, pd.ArrowDtype)):
            for row, cell in enumerate(cells):
                if isinstance(cell, (list, tuple, dict, set, np.ndarray)):
                    raise table.error(
                        f"expected one value, got several ({type(cell).__name__}): "
                        "a table has a row for each step",
                        row,
                        column,
                    )
        word = table.spelling(column).not_available
        if word and column != found["order"]:
            notes.append(
                f"column {column!r} holds {word!r}: a word like any other, only empty cells are missing"
            )


def _check_long(table: Table, columns: Columns, found: dict[str, Any], layout: _Layout) -> None:
    """Refuse a table that has a row for each sequence instead of each step."""
    n_rows, name = len(layout.rank), found["sequence"]
    demand = "a table has a row for each step, not for each sequence"
    if name and n_rows > 1 and len(layout.names) == n_rows:
        problem = f"column {name!r} makes every row a sequence of its own; {demand}"
        if columns.sequence is None:
            problem += "; if the column numbers the rows, it is the order, and no column is the sequence"
        raise table.error(problem)
    if columns.values is not None or name or found["order"] or len(found["values"]) > 1:
        return
    # with every part guessed, texts that hardly recur are more likely to be sequences than symbols
    cells = table.frame[found["values"][0]].dropna()
    if pd.api.types.is_numeric_dtype(cells) or not all(isinstance(cell, str) for cell in cells):
        return
    if n_rows > 1 and cells.nunique() > n_rows / 2 and cells.str.len().median() >= 10:
        raise table.error(
            f"the cells of column {cells.name!r} look like whole sequences; {demand} (to read each as one "
            "symbol, name the column of the values)"
        )


def _choices(columns: Columns) -> list[ColumnChoice]:
    return [columns.sequence, columns.order, columns.target, columns.group]


def _read_values(
    table: Table,
    columns: list[str],
    wanted: Wanted,
    layout: _Layout,
    notes: list[str],
) -> Sequences:
    kind = wanted.kind
    as_words = len(columns) == 1 and _are_codes(table, columns[0], kind)
    numeric = [c for c in columns if pd.api.types.is_numeric_dtype(table.frame[c])]
    for column in columns:
        spelling = table.spelling(column)
        remedy = "; the kind 'symbols' reads all as symbols" if len(columns) == 1 else ""
        if spelling.unclear is not None and kind != "symbols":
            _fail_unclear(table, column, remedy)
        if spelling.mixed and kind != "symbols":
            _fail_mixed(table, column, spelling.mixed, remedy)
        if not as_words:
            _say_spelling(spelling, column, notes)
        if column not in numeric and (len(columns) > 1 or kind == "real"):
            raise table.error("expected numbers, got words", 0, column)
    if len(columns) > 1:
        if kind == "symbols":
            raise table.error(f"a symbol is one column, but there are {len(columns)}")
        kind = "real"
        whole = [c for c in columns if pd.api.types.is_integer_dtype(table.frame[c])]
        if whole:
            notes.append(f"whole numbers of {', '.join(map(repr, whole))} are read as measurements")

    def fail(problem: str, step: int | None, channel: int) -> DataError:
        row = None if step is None else int(layout.rank[step])
        return table.error(problem, row, columns[channel])

    floats = all(pd.api.types.is_float_dtype(table.frame[c]) for c in columns)
    real = not as_words and (kind == "real" or floats)
    if real:
        blocks = [table.frame[c].to_numpy(dtype=np.float64, na_value=np.nan) for c in columns]
        values = np.column_stack(blocks) if len(blocks) > 1 else blocks[0]
    else:
        _check_present(table, columns[0])
        values = _plain(table, columns[0], table.written(columns[0]) if as_words else None)
    X = as_kind(Sequences(values[layout.rank], layout.offsets), kind, fail)
    check_finite(X, wanted.missing, notes, fail)
    if wanted.kind is None:
        notes.append(_say_kind(table, columns, X, as_words))
    return X


def _are_codes(table: Table, column: str, kind: Kind | None) -> bool:
    """Whether numbers are names: two spellings of one whole number, or symbols are asked for."""
    spelling = table.spelling(column)
    if kind == "symbols":
        return bool(spelling.twins or spelling.decimal_comma)
    return kind is None and bool(spelling.twins) and pd.api.types.is_integer_dtype(table.frame[column])


def _say_kind(table: Table, columns: list[str], X: Sequences, as_words: bool) -> str:
    """Tell which kind was guessed for the values, and how to have the other."""
    names = ", ".join(map(repr, columns))
    if len(columns) > 1:
        return f"{names} are read as {len(columns)} channels of measurements"
    cells = table.frame[columns[0]]
    if X.kind == "symbols":
        n_symbols = (table.written(columns[0]) if as_words else cells).nunique()
        whole = X.values.dtype.kind in "iu"
        what = "whole numbers" if whole else "codes such as {} and {}" if as_words else "words"
        what = what.format(*(table.spelling(columns[0]).twins or ("", "")))
        return f"{names} holds {what}, read as {n_symbols} symbols" + (
            f"; {AS_REAL}" if whole or as_words else ""
        )
    whole = bool(are_whole(X.values[np.isfinite(X.values)]).all())
    remedy = "; the kind 'symbols' reads them as symbols" if whole else ""
    return f"{names} holds numbers, read as measurements ({cells.nunique()} different ones){remedy}"


def _say_spelling(spelling: Spelling, column: str, notes: list[str]) -> None:
    if spelling.decimal_comma:
        notes.append(f"the numbers of column {column!r} are read with a decimal comma")
    if spelling.twins:
        notes.append(f"in column {column!r}, {' and '.join(spelling.twins)} are read as the same number")


def _read_target(table: Table, column: str, wanted: Wanted, notes: list[str]) -> Values:
    """Return the target of every row; a number in two spellings is a class, unless numbers are asked for."""
    _check_present(table, column)
    spelling = table.spelling(column)
    if wanted.role == "value":
        if spelling.unclear is not None:
            _fail_unclear(table, column)
        _say_spelling(spelling, column, notes)
        return _plain(table, column)
    if spelling.twins:
        notes.append(
            f"column {column!r} holds {' and '.join(spelling.twins)}, so it holds classes, not numbers; "
            "the role 'value' reads numbers"
        )
        return _plain(table, column, table.written(column))
    if wanted.role is None:
        if spelling.unclear is not None:
            _fail_unclear(table, column, "; the role 'sequence' or 'step' reads words")
        _say_spelling(spelling, column, notes)
        return _plain(table, column)
    return _plain(table, column, table.written(column) if spelling.decimal_comma else None)


def _read_groups(table: Table, column: str, layout: _Layout) -> Values:
    _check_present(table, column)
    values = _plain(table, column, table.written(column))[layout.rank]
    first = np.repeat(layout.offsets[:-1], np.diff(layout.offsets))
    change = np.flatnonzero(values != values[first])
    if change.size:
        row = int(layout.rank[change[0]])
        was, now = values[first[change[0]]], values[change[0]]
        raise table.error(f"the group changes from {was} to {now} within a sequence", row, column)
    return values[layout.offsets[:-1]]


def _check_present(table: Table, column: str) -> None:
    absent = np.flatnonzero(table.frame[column].isna().to_numpy())
    if absent.size:
        raise table.error("there is no value", int(absent[0]), column)


def _plain(table: Table, column: str, cells: pd.Series | None = None) -> Values:
    """Return a column without missing values, or its `cells` as written, as an array of one kind."""
    values = (table.frame[column] if cells is None else cells).to_numpy()
    if values.dtype.kind == "O":
        lengths = [len(value) if isinstance(value, str) else 0 for value in values]
        row = int(np.argmax(lengths))
        if lengths[row] > LONGEST_SYMBOL:
            raise table.error(too_long(values[row]), row, column)
    return Sequences.from_concatenated(values).values


def _fail_mixed(table: Table, column: str, rows: tuple[int, int], remedy: str) -> None:
    number, word = rows
    cells = table.written(column)
    other = "" if table.lines is None else f" but line {table.lines[number]} has {cells.iloc[number]!r:.40}"
    problem = f"values must be all numbers or all words, got {cells.iloc[word]!r:.40}{other}{remedy}"
    raise table.error(problem, word, column)


def _fail_unclear(table: Table, column: str, remedy: str = "") -> None:
    row = table.spelling(column).unclear
    assert row is not None
    raise table.error(
        f"{table.written(column).iloc[row]!r:.40} could be a number with a decimal comma, one with thousands "
        f"separators or a word; expected numbers such as 1234.5{remedy}",
        row,
        column,
    )
