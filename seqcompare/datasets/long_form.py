"""Long tables, one row a step: which column is what, and the sequences they hold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.datasets.kinds import as_kind, check_finite
from seqcompare.datasets.roles import Wanted, settle_role
from seqcompare.datasets.source import DataError
from seqcompare.datasets.table import Table
from seqcompare.sequence_dataset import SequenceDataset
from seqcompare.sequences import Sequences, offsets_of

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
    layout = _Layout.of(table, found["sequence"], found["order"])
    X = _read_values(table, found["values"], wanted, layout, notes)
    target = groups = None
    if found["target"]:
        column = found["target"]
        _check_present(table, column)
        target = Sequences(_plain(table, column)[layout.rank], layout.offsets)
    if found["group"]:
        groups = _read_groups(table, found["group"], layout)

    if columns.sequence is None and found["sequence"] and len(layout.names) == len(layout.rank) > 1:
        rows = f"column {found['sequence']!r} makes every row a sequence of its own"
        if target is None:
            raise table.error(
                f"{rows}; if it numbers the rows, it is the order (order=...) and no column is the "
                "sequence (sequence=False)"
            )
        notes.append(rows)

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
    def of(cls, table: Table, sequence: str | None, order: str | None) -> _Layout:
        n_rows = len(table.frame)
        codes = np.zeros(n_rows, dtype=np.int64)
        names = ["the table"]
        if sequence:
            _check_present(table, sequence)
            codes, uniques = pd.factorize(table.frame[sequence])
            names = [f"sequence {u!s}" for u in uniques]
        if order is None:
            rank = np.argsort(codes, kind="stable")
        else:
            _check_present(table, order)
            if order in table.mixed:
                _fail_mixed(table, order, "the order must be")
            places = pd.factorize(table.frame[order], sort=True)[0]
            rank = np.lexsort((places, codes))
            repeated = (np.diff(codes[rank]) == 0) & (np.diff(places[rank]) == 0)
            if repeated.any():
                first, second = np.sort(rank[int(np.argmax(repeated)) :][:2])
                value = table.frame[order].iloc[second]
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
            free = {n.lower(): n for n in names if n not in taken}
            found[part] = next((free[usual] for usual in _NAMES[part] if usual in free), None)
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
            raise table.error("no column is left for the values")
        words = [n for n in listed if not pd.api.types.is_numeric_dtype(table.frame[n])]
        if len(listed) > 1 and words:
            raise table.error(
                f"the values could be any of {', '.join(listed)}, and {words[0]!r} is not numeric: "
                "say which with values"
            )
        notes.append(f"the values are {', '.join(map(repr, listed))}")
    found["values"] = listed
    return found


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
    numeric = [c for c in columns if pd.api.types.is_numeric_dtype(table.frame[c])]
    for column in columns:
        if column in table.mixed and kind != "symbols":
            remedy = "; kind='symbols' reads all as symbols" if len(columns) == 1 else ""
            _fail_mixed(table, column, "values must be", remedy)
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

    real = kind == "real" or all(pd.api.types.is_float_dtype(table.frame[c]) for c in columns)
    if real:
        blocks = [table.frame[c].to_numpy(dtype=np.float64, na_value=np.nan) for c in columns]
        values = np.column_stack(blocks) if len(blocks) > 1 else blocks[0]
    else:
        _check_present(table, columns[0])
        values = _plain(table, columns[0])
    X = as_kind(Sequences(values[layout.rank], layout.offsets), kind, fail)
    check_finite(X, wanted.missing, notes, fail)
    n_symbols = len(np.unique(X.values)) if X.kind == "symbols" and X.values.dtype.kind in "iu" else 0
    if n_symbols > 50:
        notes.append(
            f"{columns[0]!r} holds whole numbers, read as {n_symbols} symbols; "
            "kind='real' reads them as measurements"
        )
    return X


def _read_groups(table: Table, column: str, layout: _Layout) -> NDArray[Any]:
    _check_present(table, column)
    values = _plain(table, column)[layout.rank]
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


def _plain(table: Table, column: str) -> NDArray[Any]:
    """Return a column without missing values as an array of one kind."""
    return Sequences.from_concatenated(table.frame[column].to_numpy()).values


def _fail_mixed(table: Table, column: str, what: str, remedy: str = "") -> None:
    number, word = table.mixed[column]
    cells = table.frame[column]
    other = "" if table.lines is None else f" but line {table.lines[number]} has {cells.iloc[number]!r:.40}"
    raise table.error(
        f"{what} all numbers or all words, got {cells.iloc[word]!r:.40}{other}{remedy}", word, column
    )
