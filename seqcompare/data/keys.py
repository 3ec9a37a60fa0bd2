"""Which column keeps sequences apart where no name says so, and keys made of several columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from seqcompare.data.look import Look, starts_of
from seqcompare.data.table import Table

# comparing every column with every other is for tables of few
_FEW = 30


@dataclass(frozen=True)
class Guess:
    """A column that keeps sequences apart.

    Parameters
    ----------
    column : str
        Its name.
    reason : str
        Why it does.
    order : str, optional
        The column that counts the steps of each, where no name said so.
    """

    column: str
    reason: str
    order: str | None = None


def guess_sequence(looks: Mapping[str, Look], orders: Sequence[str]) -> Guess | None:
    """Return the one column that keeps sequences apart by what it holds; None if there is no such.

    Parameters
    ----------
    looks : mapping of str to Look
        The columns that may be it, or an order.
    orders : sequence of str
        Those whose names say that they are an order.
    """
    clocks = [name for name, look in looks.items() if look.is_clock]
    for order in [*orders, *(name for name in clocks if name not in orders)]:
        rising = [n for n, look in looks.items() if n != order and _restarts(look, looks[order])]
        if len(rising) == 1:
            return Guess(rising[0], f"column {order!r} starts anew with each of its values")
    coming = [n for n, look in looks.items() if n not in (*orders, *clocks) and _keeps_coming(look)]
    if clocks and len(coming) == 1 and len({*looks} - {*orders, *clocks}) > 1:
        return Guess(coming[0], "new values of it come up to the end, each several times")
    panels = [
        (n, order)
        for order in orders or clocks
        for n, look in looks.items()
        if n != order and _panel(look, looks[order])
    ]
    if len(panels) == 1:
        return Guess(
            panels[0][0], f"column {panels[0][1]!r} has each of its times once with each of its values"
        )
    if orders or len(looks) > _FEW:
        return None
    counted = [
        (name, order)
        for order, other in looks.items()
        for name, look in looks.items()
        if name != order and look.kind in ("words", "whole") and other.kind == "whole"
        if _restarts(look, other) and other.counts(starts_of(look.codes))
        if look.kind == "words" or _starts_alike(look, other)
    ]
    if len(counted) != 1:
        return None
    name, order = counted[0]
    return Guess(name, f"column {order!r} counts anew with each of its values", order)


def _restarts(look: Look, order: Look) -> bool:
    """Whether the rows are blocks of one value each, and an order starts anew in each of them."""
    n_rows = len(look.codes)
    starts = starts_of(look.codes)
    blocks = int(starts.sum())
    if look.kind not in ("words", "whole") or blocks != look.distinct or not 2 <= blocks <= n_rows / 2:
        return False
    numbers = order.numbers
    if numbers is None or order.kind == "fraction" or not order.rises(starts, strictly=True):
        return False
    falls = np.diff(numbers)[starts[1:]] <= 0
    return bool(falls.mean() > 0.5)


def _starts_alike(look: Look, order: Look) -> bool:
    """Whether an order has the same number wherever a value of a column begins, and the column counts up."""
    starts = starts_of(look.codes)
    assert order.numbers is not None
    return len(np.unique(order.numbers[starts])) == 1 and look.rises(
        np.zeros(len(starts), bool), strictly=False
    )


def _panel(look: Look, order: Look) -> bool:
    """Whether each time stands for several rows, one for each value of a column, in whatever order."""
    n_rows, times, values = len(look.codes), order.distinct, look.distinct
    if (
        look.kind not in ("words", "whole")
        or not 2 <= values <= n_rows / 3
        or times > n_rows / 2
        or times < 3
    ):
        return False
    if (look.codes < 0).any() or (order.codes < 0).any():
        return False
    pairs = len(np.unique(order.codes * values + look.codes))
    # nearly all times have nearly all values, none twice
    return pairs == n_rows and n_rows > 0.8 * times * values


def _keeps_coming(look: Look) -> bool:
    """Whether values come up for the first time all through the column, and nearly all of them again."""
    n_rows = len(look.codes)
    if look.kind not in ("words", "whole") or look.distinct < 4 or (look.codes < 0).any():
        return False
    first = np.unique(look.codes, return_index=True)[1]
    if look.numbers is not None and np.mean(np.diff(look.numbers[first]) > 0) < 0.9:
        return False  # numbers of cases count up, measurements go up and down
    counts = np.bincount(look.codes)
    last_new = int(first.max())
    return bool(last_new > 0.7 * n_rows and np.mean(counts >= 2) >= 0.8 and counts.max() <= n_rows / 3)


def join_keys(table: Table, name: str) -> Table:
    """Return the table with a column more, of the cells of the columns that commas separate in `name`.

    A table that has such a column, or has not the others, stays as it is.
    """
    names = [part.strip() for part in name.split(",")]
    known = set(map(str, table.frame.columns))
    if name in known or len(names) < 2 or not set(names) <= known:
        return table
    cells = [table.written(part) for part in names]
    joint = cells[0].astype(str)
    for other in cells[1:]:
        joint = joint + ", " + other.astype(str)
    gone = pd.concat(cells, axis=1).isna().any(axis=1)
    return replace(table, frame=table.frame.assign(**{name: joint.astype(object).where(~gone, None)}))


def join_date_and_time(table: Table, looks: Mapping[str, Look]) -> tuple[Table, str] | None:
    """Return the table with one column in place of one of dates and one of times, and its name; None else."""
    if not table.text or len(looks) > _FEW * 10:
        return None
    dates = [n for n, look in looks.items() if look.kind == "moments" and not look.is_time_of_day]
    times = [n for n, look in looks.items() if look.kind == "moments" and look.is_time_of_day]
    if len(dates) != 1 or len(times) != 1:
        return None
    day, clock = looks[dates[0]], looks[times[0]]
    # a column of both needs no other, and cells that are missing have no place in any order
    if any(":" in text for text in day.texts) or (day.codes < 0).any() or (clock.codes < 0).any():
        return None
    name = f"{day.name} {clock.name}"
    joint = table.written(day.name) + " " + table.written(clock.name)
    kept = table.frame.drop(columns=[day.name, clock.name])
    note = f"columns {day.name!r} and {clock.name!r} are read as one of dates and times, {name!r}"
    joined = replace(
        table,
        frame=kept.assign(**{name: joint.astype(object)}),
        text={**{k: v for k, v in table.text.items() if k in kept}, name: joint.astype(object)},
        notes=(*table.notes, note),
    )
    return joined, name
