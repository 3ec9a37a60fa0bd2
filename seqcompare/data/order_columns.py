"""Which column of a table orders its steps, by what it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.dates import read_cyclic
from seqcompare.data.look import Look, even, starts_of
from seqcompare.data.midnight import days_passed
from seqcompare.data.order import looks_ordered, order_places
from seqcompare.data.source import DataError
from seqcompare.data.table import UNNAMED, Table
from seqcompare.data.usual import is_serial

# numbers of a million and more may be amounts of money, unless their name is that of a time
_TIMELY = re.compile(r"time|date|epoch|unix|stamp|(?:^|[_ .-])(?:ts|t|at|on)(?:$|[_ .-])", re.IGNORECASE)
# so many rows have to say it, where no name does
_FEW = 10
# of the gaps between numbers in their order so many are equal
_MANY, _MOST = 0.6, 0.95


def order_by_content(
    table: Table, looks: Mapping[str, Look], codes: NDArray[np.int64]
) -> tuple[str, str] | None:
    """Return the column that orders the steps, whatever its name, and the reason; None if there is none.

    Parameters
    ----------
    table : Table
        The table.
    looks : dict of str to Look
        The columns that may be it, looked at.
    codes : ndarray of int, shape (n,)
        The sequence of each row.
    """
    for name, look in looks.items():
        # paces and durations look like times of the day, but go up and down
        steady = not look.is_time_of_day or goes_on(look, codes)
        if look.kind == "moments" and steady and why_no_order(table, look, codes) is None:
            return name, "it holds dates or times"
    rank = np.argsort(codes, kind="stable")
    starts = starts_of(codes[rank])
    parted = bool((np.diff(codes) != 0).sum() + 1 > starts.sum()) or bool(starts.sum() == 1)
    for name, look in looks.items():
        if look.kind in ("whole", "fraction") and look.is_clock and _is_epoch(look, rank, starts):
            return name, "it is a clock, in time since 1970"
    for name, look in looks.items():
        if look.kind in ("whole", "fraction") and _is_counter(look, rank, starts, parted):
            return name, "it counts the steps"
    return None


def _steps(look: Look, rank: NDArray[np.int64], starts: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Return by how much numbers change within sequences from row to row; None if some are missing."""
    numbers = look.numbers
    if numbers is None or not np.isfinite(numbers).all():
        return None
    return np.asarray(np.diff(numbers[rank])[~starts[1:]])


def _regular(look: Look, rank: NDArray[np.int64], starts: NDArray[np.bool_]) -> float:
    """Return the share of equal gaps between the sorted numbers of each sequence; 0 if some repeat."""
    numbers = np.asarray(look.numbers)[rank]
    gaps = np.diff(numbers[np.lexsort((numbers, starts.cumsum()))])[~starts[1:]]
    if not len(gaps) or (gaps == 0).any():
        return 0.0
    return float(np.mean(np.abs(gaps - np.median(gaps)) < 1e-6 * np.median(gaps)))


def _is_epoch(look: Look, rank: NDArray[np.int64], starts: NDArray[np.bool_]) -> bool:
    """Whether numbers that may be times since 1970 go one way in each sequence, or are called times."""
    steps = _steps(look, rank, starts)
    if steps is None or not len(steps) or not steps.any():
        return False
    if any(bool((way * steps >= 0).all()) for way in (1, -1)):
        return True
    many = 10 * look.distinct > len(look.codes)
    return many and (_TIMELY.search(look.name) is not None or _regular(look, rank, starts) > _MOST)


def _is_counter(look: Look, rank: NDArray[np.int64], starts: NDArray[np.bool_], parted: bool) -> bool:
    """Whether numbers count the steps of each sequence, though the rows are not in their order.

    Where they are, the numbers tell nothing that the rows do not, unless some are left out.
    """
    steps = _steps(look, rank, starts)
    if steps is None or len(steps) < _FEW or (steps == 0).any():
        return False
    rising = bool((steps > 0).all())
    if not (rising or parted):
        return False
    numbers, whole = np.asarray(look.numbers), look.kind == "whole"
    regular = _regular(look, rank, starts) > (_MANY if whole else _MOST)
    serial = whole and look.every_row_its_own and np.ptp(numbers) < 1.2 * len(numbers)
    if not (regular or serial):
        return False
    if rising:
        anew = starts.sum() == 1 or bool((np.diff(numbers) < 0).any())
        return whole and anew and bool((steps > 1).any()) and float(np.mean(steps == 1)) > _MANY
    named = is_serial(look.name) or look.name.startswith(UNNAMED)
    # what is left counts down as well, and so do numbers of rows in a file that is sorted otherwise
    return named or not bool((steps < 0).all())


def why_no_order(table: Table, look: Look, codes: NDArray[np.int64]) -> str | None:
    """Return why a column does not order the steps, whatever its name; None if it does."""
    if look.kind in ("words", "other"):
        cells = table.written(look.name)
        texts = [str(text) for text in cells.dropna().unique()]
        if len(codes) > 1 and len(texts) == 1:
            return "all its cells are the same"
        try:
            order_places(cells.dropna(), table.error)
        except DataError:
            return None if looks_ordered(texts) else "its words have no order"
        if read_cyclic(texts) is not None and pd.Series(codes * len(codes) + look.codes).duplicated().any():
            return "its months or days come round again"
        return None
    numbers = look.numbers
    assert numbers is not None
    if look.is_time_of_day and not goes_on(look, codes):
        pairs = pd.Series(codes * (look.distinct + 1) + look.codes)
        return "its times go up and down, and repeat" if pairs.duplicated().any() else None
    by_sequence = np.argsort(codes, kind="stable")
    grouped = numbers[by_sequence]
    if not np.isfinite(grouped).all() or look.kind == "moments":
        return None
    starts = starts_of(codes[by_sequence])
    gaps = np.diff(grouped)[~starts[1:]]
    if not len(gaps) or (gaps > 0).all():
        return None
    if (gaps == 0).all():
        return "it is the same all through each sequence"
    if look.distinct == 1 and len(codes) > 1:
        return "all its cells are the same"
    if look.kind == "whole" and (gaps >= 0).all():
        return None
    parts = np.split(grouped, np.flatnonzero(starts)[1:])
    repeated = sum(len(part) - len(np.unique(part)) for part in parts)
    if repeated:
        return "its values go up and down, and repeat"
    if look.is_clock:
        return None
    regular = np.mean([even(part, 0.5 if look.kind == "whole" else 0.8) for part in parts])
    if regular > 0.5 or (look.kind == "whole" and _begin_alike(parts)):
        return None
    fractions = "have fractions and go" if look.kind == "fraction" else "go"
    return f"its values {fractions} up and down, unevenly spaced"


def _begin_alike(parts: list[NDArray[np.float64]]) -> bool:
    """Whether nearly all sequences have the same smallest number, as if timed from their start."""
    least = pd.Series([part.min() for part in parts])
    return len(parts) > 2 and bool(least.value_counts(normalize=True).iloc[0] > 0.9)


def goes_on(look: Look, codes: NDArray[np.int64]) -> bool:
    """Whether times of the day go on in the order of the rows, over midnights."""
    return look.numbers is not None and days_passed(look.numbers, codes) is not None
