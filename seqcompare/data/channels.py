"""Columns of a table as channels of steps: in which order, and as symbols, counts or measurements."""

from __future__ import annotations

from dataclasses import dataclass, replace
from shlex import quote
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.column_cells import (
    are_codes,
    check_present,
    marks_among,
    mixed,
    plain,
    say_spelling,
    unclear,
)
from seqcompare.data.columns import assemble
from seqcompare.data.kinds import (
    are_whole,
    as_kind,
    check_finite,
    judge_whole,
    no_answers,
    otherwise,
)
from seqcompare.data.layout import offsets_of
from seqcompare.data.look import Look
from seqcompare.data.midnight import days_passed, with_days
from seqcompare.data.options import Kind
from seqcompare.data.order import order_places
from seqcompare.data.roles import Wanted
from seqcompare.data.schema import Channel, ChannelKind
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, missing_marks
from seqcompare.data.table import Table
from seqcompare.data.usual import is_code, listing
from seqcompare.quantities import percent
from seqcompare.typing import Values


@dataclass(frozen=True)
class TableLayout:
    """Rows in the order of sequences and steps, the bounds of the sequences, and when the steps were."""

    rank: NDArray[np.int64]
    offsets: NDArray[np.int64]
    names: list[str]
    times: Values | None = None
    ids: Values | None = None

    @classmethod
    def of(
        cls, table: Table, sequence: str | None, order: str | None, notes: list[str], hint: str
    ) -> TableLayout:
        """Sort the rows by sequence and order; what was decided is added to `notes`, `hint` to errors."""
        n_rows = len(table.frame)
        codes = np.zeros(n_rows, dtype=np.int64)
        names, ids = ["the table"], None
        if sequence:
            check_present(table, sequence, "sequence")
            codes, uniques = pd.factorize(table.written(sequence))
            names, ids = [f"sequence {u!s:.40}" for u in uniques], np.asarray(uniques.astype(str))
        if order is None:
            return cls(np.argsort(codes, kind="stable"), offsets_of(np.bincount(codes)), names, None, ids)
        check_present(table, order, "order")
        cells = table.written(order)
        if table.spelling(order).decimal_comma:
            cells = cells.str.replace(",", ".")
        elif table.spelling(order).clothes:
            cells = table.frame[order]

        def fail(problem: str, row: int) -> DataError:
            return table.error(problem + hint, row, order).trying({"order": None}, {"order": False})

        places, how = order_places(cells, fail)
        if how:
            notes.append(f"column {order!r} orders the steps, read as {how}")
        look = Look(table, order)
        numbers = look.numbers
        days = days_passed(numbers, codes) if numbers is not None and look.is_time_of_day else None
        if numbers is not None and days is not None and days.any():
            numbers = with_days(numbers, days)
            places = np.unique(numbers, return_inverse=True)[1]
            notes.append(
                f"column {order!r} passes midnight: by the order of the rows, what follows is a day later"
            )
        rank = np.lexsort((places, codes))
        notes += _say_order(order, places, codes)
        repeated = (np.diff(codes[rank]) == 0) & (np.diff(places[rank]) == 0)
        if repeated.any():
            share = int(repeated.sum())
            notes.append(
                f"{share} step(s) have the {order!r} of the one before: among these, rows keep their order"
            )
        times = None
        if numbers is not None and not np.isnan(numbers).any():
            times = numbers[rank]
            if look.kind == "moments":
                fits = np.abs(times).max() < np.iinfo(np.int64).max
                unit, scale = ("ns", 1) if fits else ("us", 1000)
                times = (times / scale).astype(np.int64).astype(f"datetime64[{unit}]")
        return cls(rank, offsets_of(np.bincount(codes)), names, times, ids)


def _say_order(order: str, places: NDArray[np.int64], codes: NDArray[np.int64]) -> list[str]:
    """Return a note where the rows of sequences are not in the order of the steps."""
    rank = np.argsort(codes, kind="stable")
    steps = np.diff(places[rank])[np.diff(codes[rank]) == 0]
    if (steps >= 0).all():
        return []
    how = "in reverse, the newest first," if (steps <= 0).all() else "in another order"
    return [f"the rows stand {how} in the file, and are sorted by column {order!r}"]


def read_values(
    table: Table, columns: list[str], wanted: Wanted, layout: TableLayout, notes: list[str]
) -> Sequences:
    """Return the steps that the columns of the values hold; say what was guessed.

    Raises
    ------
    DataError
        If a column holds neither symbols nor finite numbers, or not what was asked for.
    """
    odd = next((name for name in wanted.kinds_told if name not in columns), None)
    if odd is not None:
        said = f"the kind of {odd!r} is told, and the columns of the values are {listing(columns)}"
        raise table.error(said).trying({"kind": None})
    kinds: dict[str, ChannelKind] = {}
    blocks: dict[str, Values] = {}
    alone = len(columns) == 1
    starts = np.zeros(len(layout.rank), dtype=bool)
    starts[layout.offsets[:-1]] = True
    for column in columns:
        kinds[column], blocks[column] = _read_channel(table, column, wanted, columns, layout, starts, notes)

    coded = [c for c in columns if kinds[c] == "symbols" and c not in wanted.kinds_told]
    if (
        wanted.kind is None
        and not wanted.kinds
        and 0 < len(coded) < len(columns)
        and all(map(_is_binary, map(blocks.get, coded)))
    ):
        # a number says all that two symbols do, and models take several channels of numbers
        for column in coded:
            kinds[column], blocks[column] = "real", np.asarray(blocks[column], dtype=np.float64)
            notes[:] = [note for note in notes if not note.startswith(f"{column!r} holds whole numbers")]
            notes.append(f"{column!r} has two values, read as measurements, as the other channels are")

    def fail(problem: str, step: int | None, channel: int) -> DataError:
        row = None if step is None else int(layout.rank[step])
        return table.error(problem, row, columns[channel])

    if wanted.missing != "keep" and wanted.kind is None and not wanted.kinds:
        guessed = [c for c in columns if kinds[c] == "symbols" and c not in wanted.kinds_told]
        _refuse_blanks(table, guessed, alone)
    if alone:
        values = blocks[columns[0]]
        if kinds[columns[0]] == "symbols" and values.dtype.kind == "f":
            X = as_kind(Sequences(values, layout.offsets), "symbols", fail)
        else:
            X = Sequences(values, layout.offsets)
            X = as_kind(X, "real" if kinds[columns[0]] != "symbols" else None, fail)
        X = Sequences(X, schema=[Channel(columns[0], kinds[columns[0]])], times=layout.times)
    else:
        steps, schema = assemble(blocks, kinds)
        X = Sequences._made(steps, layout.offsets, schema=schema, times=layout.times)
        more = ", ..." if len(schema) > 12 else ""
        what = ", ".join(f"{c.name!r} ({c.kind})" for c in schema[:12]) + more
        notes.append(
            f"{listing(columns)} are read as {len(columns)} channels of measurements"
            if X.kind == "real"
            else f"the channels are {what}"
        )
    check_finite(X, wanted.missing, notes, fail)
    return X


def _refuse_blanks(table: Table, columns: list[str], alone: bool) -> None:
    """Refuse cells of symbols that hold nothing but white space: they are symbols only if that is said."""
    for column in columns:
        gone = table.frame[column].isna()
        blank = gone & table.written(column).notna()
        if table.spelling(column).blanks and blank.any():
            problem = "there is nothing but white space, which the kind 'symbols' reads as a symbol"
            told: object = "symbols" if alone else {column: "symbols"}
            refused = table.error(f"{problem}, and 'keep' as missing", int(np.argmax(blank)), column)
            raise refused.trying({"kind": told}, {"missing": "keep"})


def _is_binary(block: Values | None) -> bool:
    """Whether steps are numbers, and not more than two different ones."""
    return isinstance(block, np.ndarray) and block.dtype.kind in "biuf" and len(np.unique(block)) <= 2


def _read_channel(
    table: Table,
    column: str,
    wanted: Wanted,
    columns: list[str],
    layout: TableLayout,
    starts: NDArray[np.bool_],
    notes: list[str],
) -> tuple[ChannelKind, Values]:
    """Return what a column holds, and its cells in the order of the steps; say what was guessed."""
    kind, spelling, cells = (
        wanted.kinds_told.get(column, wanted.kind),
        table.spelling(column),
        table.frame[column],
    )
    if column in wanted.kinds:
        return _read_alike(table, column, *wanted.kinds[column], layout)
    alone = len(columns) == 1
    remedy = "; the kind 'symbols' reads all as symbols" if alone else ""
    # of several channels, the others may do without this one
    others = {"kind": "symbols"} if alone else {"values": [name for name in columns if name != column]}
    if spelling.unclear is not None and kind != "symbols":
        raise unclear(table, column, remedy).trying(others)
    if spelling.units and kind != "symbols":
        units = " and ".join(map(repr, spelling.units))
        several = f"the numbers have several units, {units}: bring them to one{remedy}"
        raise table.error(several, None, column).trying(others)
    if spelling.mixed and kind != "symbols":
        if kind is None and is_code(column):
            notes.append(f"{column!r} holds numbers and words, by its name codes: read as symbols")
            return "symbols", _symbols(table, column, layout, written=True)
        if kind is None and are_codes(table.written(column)):
            different = table.written(column).nunique()
            notes.append(f"{column!r} holds {different} short codes, numbers and words: read as symbols")
            return "symbols", _symbols(table, column, layout, written=True)
        raise mixed(table, column, spelling.mixed, remedy).trying(*marks_among(table, column), others)
    if kind == "symbols" and (
        spelling.twins or spelling.decimal_comma or spelling.clothes or spelling.marks or spelling.blanks
    ):
        return "symbols", _symbols(table, column, layout, written=True)
    say_spelling(spelling, column, notes)
    if not pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells):
        if kind in ("real", "count") and not pd.api.types.is_bool_dtype(cells):
            raise table.error("expected numbers, got words", 0, column).trying({"kind": None}, others)
        values = _symbols(table, column, layout)
        if kind is None and alone:
            notes.append(f"{column!r} holds words, read as {cells.nunique()} symbols")
        return ("real" if kind == "real" else "symbols"), values
    numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)[layout.rank]
    if pd.api.types.is_float_dtype(cells):
        different = cells.nunique()
        if kind is None and table.text and is_code(column) and different <= 0.9 * len(numbers):
            notes.append(
                f"{column!r} holds numbers, by its name codes: read as {different} symbols; "
                "the kind 'real' reads them as measurements"
            )
            return "symbols", _symbols(table, column, layout, written=True)
        if kind is None and alone:
            whole = bool(are_whole(numbers[np.isfinite(numbers)]).all())
            other = "; the kind 'symbols' reads them as symbols" if whole else ""
            notes.append(
                f"{column!r} holds numbers, read as measurements ({cells.nunique()} different ones){other}"
            )
        return ("real" if kind is None else kind), _as_counts(table, column, numbers, kind)
    return _read_whole(table, column, kind, alone, layout, numbers, starts, notes)


def _read_alike(
    table: Table, column: str, kind: str, words: bool, layout: TableLayout
) -> tuple[ChannelKind, Values]:
    """Return a column as the kind that it has in the part that is learned from."""
    cells = table.frame[column]
    if kind == "symbols" and (words or pd.api.types.is_bool_dtype(cells)):
        return "symbols", _symbols(table, column, layout, written=words)
    if cells.isna().all():
        return cast(ChannelKind, kind), np.full(len(cells), np.nan)
    known = pd.to_numeric(cells, errors="coerce")
    wrong = cells.notna() & (known.isna() | ((known % 1 != 0) if kind == "symbols" else False))
    if wrong.any():
        row, what = int(np.argmax(wrong)), "whole numbers" if kind == "symbols" else "numbers"
        came = table.written(column).iloc[row]
        raise table.error(f"expected {what}, as in the data learned from, got {came!r:.40}", row, column)
    if kind == "symbols":
        if pd.api.types.is_float_dtype(known):  # some are missing
            table = replace(table, frame=table.frame.assign(**{column: known.astype("Int64")}))
        return "symbols", _symbols(table, column, layout)
    numbers = known.to_numpy(dtype=np.float64, na_value=np.nan)[layout.rank]
    return cast(ChannelKind, kind), _as_counts(table, column, numbers, "count" if kind == "count" else None)


def _read_whole(
    table: Table,
    column: str,
    kind: Kind | None,
    alone: bool,
    layout: TableLayout,
    numbers: NDArray[np.float64],
    starts: NDArray[np.bool_],
    notes: list[str],
) -> tuple[ChannelKind, Values]:
    """Return whole numbers as symbols, counts or measurements: in a file by what they do, else by dtype."""
    if kind == "symbols":
        return "symbols", _symbols(table, column, layout)
    if kind in ("real", "count"):
        return kind, _as_counts(table, column, numbers, kind)
    twins = table.spelling(column).twins
    as_numbers = otherwise("symbols", None if alone else column)
    if twins:
        notes.append(
            f"{column!r} holds codes such as {' and '.join(twins)}, read as "
            f"{table.written(column).nunique()} symbols; {as_numbers}"
        )
        return "symbols", _symbols(table, column, layout, written=True)
    n_different = int(table.frame[column].nunique())
    marks = no_answers(numbers) if "" not in missing_marks(column) and not is_code(column) else []
    if marks:
        share = percent(float(np.isin(numbers, marks).mean()))
        said = " ".join(f"--missing-mark {quote(f'{column}={mark}')}" for mark in marks)
        notes.append(
            f"in column {column!r}, {' and '.join(map(str, marks))} ({share} of the steps) stands apart as a "
            f"mark of missing answers does: to read it so, {said} --missing keep"
        )
    if not table.text:
        if alone:
            notes.append(f"{column!r} holds whole numbers, read as {n_different} symbols; {as_numbers}")
            return "symbols", _symbols(table, column, layout)
        notes.append(f"whole numbers of {column!r} are read as measurements")
        return "real", numbers
    judged, reason = judge_whole(numbers, starts)
    if judged != "symbols" and is_code(column) and n_different <= 0.9 * len(numbers):
        notes.append(
            f"{column!r} holds whole numbers, by its name codes: read as {n_different} symbols; {as_numbers}"
        )
        return "symbols", _symbols(table, column, layout)
    if judged == "symbols":
        notes.append(f"{column!r} holds whole numbers, read as {n_different} symbols; {as_numbers}")
        return "symbols", _symbols(table, column, layout)
    what = "counts" if judged == "count" else "measurements"
    number: ChannelKind = "count" if judged == "count" else "real"
    notes.append(
        f"{column!r} holds whole numbers, read as {what}: {reason}; "
        f"{otherwise(number, None if alone else column)}"
    )
    return number, numbers


def _as_counts(table: Table, column: str, numbers: Values, kind: Kind | None) -> Values:
    """Return numbers that are to be counts, if that is what they are; others as they are."""
    if kind == "count":
        written = table.frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        wrong = np.flatnonzero((written < 0) | (np.floor(written) != written) & ~np.isnan(written))
        if wrong.size:
            came = written[wrong[0]]
            words = f"expected counts, which are whole numbers from 0, got {came:g}"
            raise table.error(words, int(wrong[0]), column).trying({"kind": None})
    return numbers


def _symbols(table: Table, column: str, layout: TableLayout, *, written: bool = False) -> Values:
    """Return a column's symbols in the order of the steps: objects, None where one is missing."""
    cells = table.written(column) if written else table.frame[column]
    gone = cells.isna().to_numpy()
    if gone.all():
        raise table.error("there is no value", 0, column)
    present = plain(table, column, cells[~gone])
    if not gone.any():
        return present[layout.rank]
    values = np.full(len(cells), None, dtype=object)
    values[~gone] = present.tolist()
    return values[layout.rank]
