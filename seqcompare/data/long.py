"""Tables into sequences: which column is what, one row a step or a sequence, and what the values are."""

from __future__ import annotations

from dataclasses import replace
from shlex import quote

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.assign import Assigned, ColumnChoice, Columns, assign
from seqcompare.data.calendar_rows import unroll
from seqcompare.data.channels import TableLayout, read_values
from seqcompare.data.column_cells import check_present, plain, say_spelling, unclear
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.fill import as_durations, fill_down, join_calendar
from seqcompare.data.keys import join_date_and_time, join_keys
from seqcompare.data.kinds import are_many
from seqcompare.data.look import Look
from seqcompare.data.molten import refuse_molten
from seqcompare.data.nested import nest
from seqcompare.data.roles import Wanted, settle_role
from seqcompare.data.sequence_cells import find_cells, open_cells
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError
from seqcompare.data.table import Table
from seqcompare.data.usual import is_code
from seqcompare.data.wide import check_steps, find_shape, melt
from seqcompare.typing import Values

__all__ = ["ColumnChoice", "Columns", "read_long"]


def read_long(
    table: Table,
    columns: Columns,
    wanted: Wanted,
    name: str,
    *,
    wide: bool | None = None,
    cell: str | None = None,
) -> SequenceDataset:
    """Turn a table into sequences with targets.

    Parameters
    ----------
    table : Table
        The table.
    columns : Columns
        What the user said which column is.
    wanted : Wanted
        What the user said of role, kind and missing values.
    name : str
        What the data are called.
    wide : bool, optional
        Whether a row is a sequence rather than a step.
    cell : str, optional
        The column whose cells hold whole sequences.

    Raises
    ------
    DataError
        If a column is missing or ambiguous, a sequence, order, target or group is missing, a group changes
        within a sequence, or the values are neither symbols nor finite numbers.
    """
    _check_cells(table)
    told = columns
    # with role="next" there is no target to look for
    if wanted.role == "next" and columns.target is None:
        columns = replace(columns, target=False)
    if columns.sequence:
        table = join_keys(table, columns.sequence)
    table = fill_down(table, columns.sequence)
    looks = _look(table)
    named = [columns.sequence, columns.target, columns.group, *_named_values(columns)]
    free = {name: look for name, look in looks.items() if name not in named}
    joined = join_date_and_time(table, free) or join_calendar(table, free) if columns.order is None else None
    if joined is not None:
        table, columns = joined[0], replace(columns, order=joined[1])
        table = replace(table, reasons={**table.reasons, joined[1]: "it is made of these columns"})
        looks = _look(table)
    unrolled = None
    if wide is None and not cell and columns.order is None and columns.sequence is None and not any(named):
        unrolled = unroll(table, looks)
    if unrolled is not None:
        table, wide = unrolled, False
        looks = _look(table)
    shape, column = None if cell else find_shape(table, columns, looks, wide), None
    if shape is not None:
        check_steps(table, shape, wanted.steps)
        table, columns = melt(table, columns, shape)
    elif cell or wide is not False:
        column = cell or find_cells(table, columns, looks)
        if column is not None:
            if column not in looks:
                missing = f"there is no column {column!r}; the columns are {', '.join(looks)}"
                raise table.error(missing).trying({"cell": None})
            table, columns = open_cells(table, columns, column)
    known = {str(name) for name in table.frame.columns}
    if shape is None and column is None and columns.sequence is None:
        taken = {columns.order, columns.target, columns.group, *_named_values(columns)}
        free = {name: look for name, look in looks.items() if name not in taken}
        table = nest(table, free, columns.order is None)
    if shape is not None or column is not None or table.keys:
        looks = _look(table)
    found = assign(table, columns, looks)
    table = as_durations(table, looks, found.values)
    notes = [*table.notes, *found.notes]
    uses = found.uses
    _tell_words(table, found, notes)
    hint = "; if the column is not the order, say which is, or that none is" if columns.order is None else ""
    layout = TableLayout.of(table, found.sequence, found.order, notes, hint)
    refuse_molten(table, looks, (found.sequence, found.order), _steps_of(table, found))
    X = read_values(table, found.values, wanted, layout, notes)
    target = groups = None
    if found.target:
        table = _spread(table, found.target, layout, notes)
        target = Sequences(_read_target(table, found.target, wanted, notes)[layout.rank], layout.offsets)
    if found.group:
        groups = _read_groups(table, found.group, layout)
    if not wanted.kinds:  # a part of data that have sequences may have one step of each
        _check_long(table, columns, found, layout)

    def fail(problem: str, step: int | None) -> DataError:
        row = None if step is None else int(layout.rank[step])
        return table.error(problem, row, found.target)

    if wanted.role is None and found.target and _are_amounts(table, found.target, target):
        wanted = replace(wanted, role="value")
        notes.append(
            "the target is the same all through each sequence, and its whole numbers hardly repeat: the role "
            "is value; the role 'sequence' reads them as classes"
        )
    y, weight, settled = settle_role(X, target, wanted, notes, fail)
    again: dict[str, object] = {"cell": column} if column else {"wide": True}
    if shape is not None:
        again["steps"] = dict(shape.channels)
    if unrolled is not None:
        again = {}
    elif table.keys:
        again = {"values": found.values, "wide": False}
        # what is made of others, but for keys that are joined, is found again
        for part in ("sequence", "order"):
            chosen = getattr(found, part)
            if part in table.keys and (chosen in known or {*chosen.split(",")} <= known):
                again[part] = chosen
    elif shape is None and column is None:
        again = {"sequence": told.sequence or found.sequence or False, "values": found.values, "wide": False}
        if joined is None:
            again["order"] = found.order or False
    return SequenceDataset(
        X,
        y,
        weight,
        settled,
        name,
        groups=groups,
        notes=tuple(notes),
        columns=tuple(uses),
        ids=layout.ids,
        reading={**again, "target": found.target or False},
    )


def _steps_of(table: Table, found: Assigned) -> NDArray[np.int64] | None:
    """Return the step of each row by its sequence and order; None where nothing orders the rows."""
    if found.order is None:
        return None
    keys = [table.written(name) for name in (found.sequence, found.order) if name]
    return np.asarray(keys[0].groupby(keys, dropna=False, sort=False).ngroup())


def _check_cells(table: Table) -> None:
    """Refuse cells that hold several values."""
    if table.lines is not None:
        return  # a file of text holds no lists
    for column, cells in table.frame.items():
        if cells.dtype != object and not isinstance(cells.dtype, pd.ArrowDtype):
            continue
        for row, cell in enumerate(cells):
            if isinstance(cell, (list, tuple, dict, set, np.ndarray)):
                several = f"expected one value, got several ({type(cell).__name__})"
                raise table.error(f"{several}: a table has a row for each step", row, str(column))


def _named_values(columns: Columns) -> list[str]:
    return [columns.values] if isinstance(columns.values, str) else list(columns.values or [])


def _look(table: Table) -> dict[str, Look]:
    return {str(name): Look(table, str(name)) for name in table.frame.columns}


def _tell_words(table: Table, found: Assigned, notes: list[str]) -> None:
    """Tell of words that may mean that there is no value."""
    parts = [part for part in (found.sequence, found.order, found.target, found.group) if part]
    for column in [*found.values, *parts]:
        word = table.spelling(column).not_available
        if word and column != found.order:
            mark = f" (unless so: --missing-mark {quote(f'{column}={word}')} --missing keep)"
            notes.append(
                f"column {column!r} holds {word!r}: a word like any other, only empty cells are missing"
                + (mark if column in found.values else "")
            )


def _check_long(table: Table, columns: Columns, found: Assigned, layout: TableLayout) -> None:
    """Refuse a table that has a row for each sequence instead of each step."""
    n_rows, name = len(layout.rank), found.sequence
    demand = "a table has a row for each step, not for each sequence"
    if name and n_rows > 1 and len(layout.names) == n_rows:
        problem = f"column {name!r} makes every row a sequence of its own; {demand}"
        raise table.error(problem).trying({"wide": True}, {"sequence": None}, {"sequence": False})
    if columns.values is not None or name or found.order or len(found.values) > 1:
        return
    # with every part guessed, texts that hardly recur are more likely to be sequences than symbols
    cells = table.frame[found.values[0]].dropna()
    if pd.api.types.is_numeric_dtype(cells) or not all(isinstance(cell, str) for cell in cells):
        return
    if n_rows > 1 and cells.nunique() > n_rows / 2 and cells.str.len().median() >= 10:
        raise table.error(
            f"the cells of column {cells.name!r} look like whole sequences; {demand} (to read each cell as a "
            f"sequence: --cell {cells.name!r}; as one symbol, name the column of the values)"
        ).trying({"cell": str(cells.name)}, {"values": [str(cells.name)]})


def _spread(table: Table, column: str, layout: TableLayout, notes: list[str]) -> Table:
    """Return the table with a target of each sequence on all its rows, where it is written on some only."""
    cells = table.frame[column]
    if not cells.isna().any() or len(layout.names) < 2:
        return table
    sequence = np.empty(len(cells), dtype=np.int64)
    sequence[layout.rank] = np.repeat(np.arange(len(layout.names)), np.diff(layout.offsets))
    known = cells.groupby(sequence).agg(["first", "nunique"])
    if not (known["nunique"] == 1).all() or cells.notna().sum() > 0.5 * len(cells):
        return table
    notes.append(f"column {column!r} has one value a sequence, written on some of its rows only")
    text = dict(table.text)
    if column in text:
        text[column] = text[column].groupby(sequence).transform("first")
    return replace(
        table, frame=table.frame.assign(**{column: cells.groupby(sequence).transform("first")}), text=text
    )


def _read_target(table: Table, column: str, wanted: Wanted, notes: list[str]) -> Values:
    """Return the target of every row; a number in two spellings is a class, unless numbers are asked for."""
    spelling = table.spelling(column)
    if wanted.role != "step-value" and not (wanted.role is None and _is_measured(table, column)):
        check_present(table, column, "target")
    if wanted.role in ("value", "step-value"):
        if spelling.unclear is not None:
            raise unclear(table, column)
        say_spelling(spelling, column, notes)
        return plain(table, column)
    if spelling.twins:
        notes.append(
            f"column {column!r} holds {' and '.join(spelling.twins)}, so it holds classes, not numbers; "
            "the role 'value' reads numbers"
        )
        return plain(table, column, table.written(column))
    if wanted.role is None:
        if spelling.unclear is not None:
            words = unclear(table, column, "; the role 'sequence' or 'step' reads words")
            raise words.trying({"role": "sequence"}, {"role": "step"})
        say_spelling(spelling, column, notes)
        return plain(table, column)
    return plain(table, column, table.written(column) if spelling.decimal_comma else None)


def _are_amounts(table: Table, column: str, target: Sequences | None) -> bool:
    """Whether whole numbers, one a sequence, are as many different ones as no classes are."""
    if target is None or target.values.dtype.kind not in "iu" or is_code(column):
        return False
    first = np.repeat(target.values[target.offsets[:-1]], target.lengths)
    own = target.values[target.offsets[:-1]]
    return bool((target.values == first).all()) and are_many(own)


def _is_measured(table: Table, column: str) -> bool:
    """Whether a column holds numbers with fractions, of which some may be missing."""
    cells = table.frame[column]
    if not pd.api.types.is_float_dtype(cells):
        return False
    known = cells.dropna().to_numpy(np.float64)
    return bool((known % 1 != 0).any())


def _read_groups(table: Table, column: str, layout: TableLayout) -> Values:
    check_present(table, column, "group")
    values = plain(table, column, table.written(column))[layout.rank]
    first = np.repeat(layout.offsets[:-1], np.diff(layout.offsets))
    change = np.flatnonzero(values != values[first])
    if change.size:
        row = int(layout.rank[change[0]])
        was, now = values[first[change[0]]], values[change[0]]
        changes = table.error(f"the group changes from {was} to {now} within a sequence", row, column)
        raise changes.trying({"group": None}, {"group": False})
    return values[layout.offsets[:-1]]
