"""What the columns of a table hold, apart from what they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.cells import stands_for_nothing
from seqcompare.data.dates import read_compact
from seqcompare.data.order import moments_of
from seqcompare.data.table import Table
from seqcompare.typing import Values

ColumnKind = Literal["whole", "fraction", "words", "moments", "other"]

_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:\s*[AaPp]\.?[Mm]\.?)?")
# what seconds since 1970 look like, from 1990 on, and their thousandths, millionths and so on
_EPOCHS = tuple((6.3e8 / unit, 4.2e9 / unit, unit) for unit in (1.0, 1e-3, 1e-6, 1e-9))


@dataclass(frozen=True, eq=False)
class Look:
    """A column, looked at.

    Parameters
    ----------
    table : Table
        The table.
    name : str
        The column.
    """

    table: Table
    name: str

    @cached_property
    def kind(self) -> ColumnKind:
        """What the cells are: whole numbers, numbers with fractions, words, or dates and times."""
        cells = self.table.frame[self.name]
        if pd.api.types.is_bool_dtype(cells):
            return "words"
        if pd.api.types.is_integer_dtype(cells):
            return "whole" if self._compact is None else "moments"
        if pd.api.types.is_float_dtype(cells):
            return "fraction"
        if pd.api.types.is_datetime64_any_dtype(cells) or pd.api.types.is_timedelta64_dtype(cells):
            return "moments"
        if isinstance(cells.dtype, pd.CategoricalDtype):
            return "words"
        if not (pd.api.types.is_object_dtype(cells) or pd.api.types.is_string_dtype(cells)):
            return "other"
        return "words" if self._moments is None else "moments"

    @cached_property
    def _codes(self) -> tuple[NDArray[np.int64], list[object]]:
        try:
            codes, uniques = pd.factorize(self.table.written(self.name))
        except TypeError:  # cells that hold several values
            return np.arange(len(self.table.frame)), []
        return codes, list(uniques)

    @property
    def codes(self) -> NDArray[np.int64]:
        """The number of each cell's value in the order of first appearance; -1 where there is none."""
        return self._codes[0]

    @property
    def distinct(self) -> int:
        """How many values differ."""
        return int(self.codes.max()) + 1 if len(self.codes) else 0

    @cached_property
    def blocks(self) -> int:
        """How many runs of equal cells there are."""
        return int(starts_of(self.codes).sum())

    @property
    def every_row_its_own(self) -> bool:
        """Whether no value occurs twice."""
        return self.distinct == len(self.codes) and len(self.codes) > 1

    @property
    def texts(self) -> list[str]:
        """The distinct cells as text."""
        return [str(value) for value in self._codes[1]]

    @property
    def is_time_of_day(self) -> bool:
        """Whether the cells are times without a date, such as 9:30."""
        if self.kind in ("whole", "fraction"):  # to write them all takes long
            return False
        return bool(self.texts) and all(_CLOCK.fullmatch(text.strip()) for text in self.texts)

    def counts(self, starts: NDArray[np.bool_]) -> bool:
        """Whether the column goes up by the same number from row to row, but where a sequence starts."""
        numbers = self.numbers
        if numbers is None or not np.isfinite(numbers).all():
            return False
        steps = np.diff(numbers)[~starts[1:]]
        return len(steps) > 3 and bool((steps == steps[0]).all())

    @cached_property
    def _compact(self) -> NDArray[np.int64] | None:
        """Dates written as whole numbers, such as 20240131, in nanoseconds; None if they are none."""
        cells = self.table.frame[self.name]
        if cells.isna().any() or not 190001 <= cells.iloc[0] <= 21001231235959:
            return None
        codes, numbers = pd.factorize(cells.to_numpy(dtype=np.int64))
        found = read_compact(numbers)
        return None if found is None else found.astype("datetime64[ns]").astype(np.int64)[codes]

    @cached_property
    def _moments(self) -> NDArray[np.float64] | None:
        """The moment of each distinct text, in nanoseconds; NaN where there is none; None for no dates."""
        texts = self._codes[1]
        if not texts or not all(isinstance(text, str) for text in texts):
            return None
        stripped = [str(text).strip() for text in texts]
        # among dates, what stands for no number stands for no date
        gone = np.array([stands_for_nothing(text) for text in stripped])
        found = moments_of([text for text, none in zip(stripped, gone, strict=True) if not none])
        if found is None:
            return None
        moments = np.full(len(texts), np.nan)
        moments[~gone] = in_nanoseconds(found)
        return moments

    @cached_property
    def numbers(self) -> NDArray[np.float64] | None:
        """Numbers, or dates and times as such; NaN where there is none; None for words."""
        cells = self.table.frame[self.name]
        if self.kind in ("whole", "fraction"):
            numbers = cells.to_numpy(dtype=np.float64, na_value=np.nan)
            return np.where(np.isinf(numbers), np.nan, numbers)
        if self.kind != "moments":
            return None
        if pd.api.types.is_integer_dtype(cells):
            assert self._compact is not None
            return self._compact.astype(np.float64)
        if self._moments is not None and not pd.api.types.is_datetime64_any_dtype(cells):
            return np.append(self._moments, np.nan)[self.codes]
        zoned = isinstance(cells.dtype, pd.DatetimeTZDtype)
        return in_nanoseconds((cells.dt.tz_convert(None) if zoned else cells).to_numpy("datetime64"))

    @property
    def is_whole(self) -> bool:
        """Whether all numbers are whole, also where they are written with a fraction of zero."""
        return self.numbers is not None and bool((np.nan_to_num(self.numbers) % 1 == 0).all())

    @property
    def is_clock(self) -> bool:
        """Whether the column says when: dates, times, or seconds since 1970."""
        if self.kind == "moments":
            return True
        numbers = self.numbers
        if numbers is None or not len(numbers) or not np.isfinite(numbers).all():
            return False
        return epoch_unit(numbers) is not None

    def rises(self, starts: NDArray[np.bool_], *, strictly: bool) -> bool:
        """Whether the column never goes back (or always forth), but where a sequence starts."""
        numbers = self.numbers
        if numbers is None or not np.isfinite(numbers).all():
            return False
        steps = np.diff(numbers)[~starts[1:]]
        return bool((steps > 0).all() if strictly else (steps >= 0).all())


def epoch_unit(numbers: NDArray[np.float64]) -> float | None:
    """Return the unit in seconds of numbers, all finite, that may be times since 1970; None of others."""
    low, high = float(numbers.min()), float(numbers.max())
    return next((unit for first, last, unit in _EPOCHS if first <= low and high <= last), None)


_NANOSECONDS = {"D": 86400e9, "s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}


def in_nanoseconds(moments: Values) -> NDArray[np.float64]:
    """Return moments as nanoseconds since 1970, NaN for none: floats hold those of any century."""
    scale = _NANOSECONDS[np.datetime_data(moments.dtype)[0]]
    return np.where(np.isnat(moments), np.nan, moments.astype(np.int64) * scale)


def even(values: NDArray[np.float64], share: float) -> bool:
    """Whether so large a share of the gaps between sorted, distinct values is the same."""
    gaps = np.diff(np.unique(values))
    if len(gaps) < 2:
        return True
    middle = np.median(gaps)
    return bool(np.mean(np.abs(gaps - middle) <= 1e-6 * max(abs(middle), 1e-300)) >= share)


def starts_of(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where a run of equal codes begins, shape (n,)."""
    starts = np.ones(len(codes), dtype=bool)
    starts[1:] = codes[1:] != codes[:-1]
    return starts
