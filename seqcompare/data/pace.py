"""How far apart in time steps are, and whether that is always the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.look import epoch_unit
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import WrongUseError
from seqcompare.quantities import percent, time_span
from seqcompare.typing import Floats, Values

_DAY = 86400.0
#: What a column of numbers may be called, and how much of which unit one of it is.
_UNITS = {
    "ms": (1e-3, "s"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), (1.0, "s")),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), (60.0, "s")),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), (3600.0, "s")),
    **dict.fromkeys(("d", "day", "days"), (_DAY, "s")),
    **dict.fromkeys(("w", "week", "weeks"), (7 * _DAY, "s")),
    **dict.fromkeys(("month", "months"), (1.0, "months")),
    **dict.fromkeys(("y", "year", "years"), (12.0, "months")),
}
# letters alone are units behind a name or a number ("time_s", "30 s"), and no name of a column
_NO_NAMES = ("s", "h", "d", "w", "y", "min")
_TIMES = ("time", "times", "timestamp", "t", "clock", "elapsed", "age", "date")
_TEXT = re.compile(r"([0-9.]+(?:e[+-]?[0-9]+)?)\s*([a-z]*)", re.IGNORECASE)
_SECONDS = {"D": _DAY, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_MONTH = 30.436875 * _DAY
# of the usual gap: so much off is as good as equal, and so much from a whole multiple is one
_EQUAL, _MULTIPLE = 0.01, 0.1
_HOLE = 1.5
#: Of all gaps: so many that differ are worth a word, though none is a hole.
_SOME = 0.01


@dataclass(frozen=True)
class Pace:
    """How far apart steps are as a rule, and how far that holds.

    Parameters
    ----------
    usual : float
        The median gap between steps.
    unit : {"s", "months", ""}
        Its unit; nothing where the numbers that order the steps do not say theirs.
    n_gaps, unequal, holes, ties : int
        All gaps; those that differ from the usual one by more than 1%; those of 1.5 times it and more; those
        of 0.
    longest : float
        The longest gap.
    multiples : float
        The share of gaps that are whole multiples of the usual one, or nearly so.
    """

    usual: float
    unit: str
    n_gaps: int
    unequal: int
    holes: int
    ties: int
    longest: float
    multiples: float

    @property
    def is_even(self) -> bool:
        """Whether steps are as good as evenly spaced."""
        return not self.holes and self.unequal <= _SOME * self.n_gaps

    @property
    def is_regular(self) -> bool:
        """Whether steps are those of an even series, of which some are lacking."""
        return self.usual > 0 and self.holes > 0 and self.multiples >= 1 - _SOME

    @property
    def text(self) -> str:
        """The usual gap, as `read_gap` reads it."""
        return f"{self.usual!r} {self.unit}".strip()

    def say(self, gap: float) -> str:
        """Return a gap in words."""
        return time_span(gap, self.unit)

    @property
    def words(self) -> str:
        """How far apart steps are, in words."""
        if not self.unequal:
            return f"a step every {self.say(self.usual)}"
        if not self.usual:
            most = f"{self.ties:,} of {self.n_gaps:,} steps are at the time of the one before"
            return f"{most}; the largest gap is {self.say(self.longest)}"
        said = f"{self.say(self.usual)} between steps as a rule; {self._unequal()}"
        return said + (f", {self.ties:,} steps at the time of the one before" if self.ties else "")

    def warning(self) -> str:
        """Return a sentence on steps that are not evenly spaced."""
        return f"steps are not evenly spaced: {self.words}"

    def _unequal(self) -> str:
        more = "" if self.longest <= self.usual else f", the largest is {self.say(self.longest)}"
        return f"{percent(self.unequal / self.n_gaps)} of {self.n_gaps:,} gaps differ{more}"


def pace_of(dataset: SequenceDataset) -> Pace | None:
    """Return how far apart steps are; None where that is not known, or what orders them is no time.

    Numbers are a time if their column is called so, if no column but the user gave them, or if most gaps
    between them are equal.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    """
    gaps, unit = gaps_of(dataset)
    known = gaps[~np.isnan(gaps)]
    if not len(known):
        return None
    usual = float(np.median(known))
    unequal = np.abs(known - usual) > _EQUAL * usual
    if unequal.mean() > 0.5 and not unit and not _is_time(dataset):
        return None
    ratio = known / usual if usual > 0 else np.zeros_like(known)
    whole = (np.abs(ratio - np.round(ratio)) <= _MULTIPLE) & (ratio > 0.5)
    return Pace(
        usual,
        unit,
        len(known),
        int(unequal.sum()),
        int((known > _HOLE * usual).sum()),
        int((known == 0).sum()),
        float(known.max()),
        float(whole.mean()),
    )


def gaps_of(dataset: SequenceDataset, unit: str | None = None) -> tuple[Floats, str]:
    """Return the time since the step before, shape (n_steps,), NaN at first steps, and its unit.

    Moments that are the same one of every month, or its end, are counted in months.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    unit : {"s", "months", ""}, optional
        The unit that is wanted; by default that of the data.

    Raises
    ------
    WrongUseError
        If the data are not of that unit.
    """
    X = dataset.X
    gaps = np.full(X.n_steps, np.nan)
    if X.times is None:
        return gaps, ""
    inside = X.step_index > 0
    if X.times.dtype.kind == "M":
        times = moments_of_steps(X)
        months = months_of(times)
        # as floats moments are rounded: they are subtracted as they are
        numbers, found, scale = times, "s", _SECONDS[np.datetime_data(times.dtype)[0]]
        if months is not None and np.median(np.diff(months[0])[inside[1:]], axis=0) >= 1:
            numbers, found, scale = months[0], "months", 1.0
    else:
        scale, found = _unit_of(order_name(dataset)) or (1.0, "")
        numbers = X.times
        epoch = epoch_unit(numbers) if not found and np.isfinite(numbers).all() else None
        scale, found = (scale, found) if epoch is None else (epoch, "s")
    between = np.diff(numbers).astype(np.float64)
    gaps[1:] = np.where(inside[1:], between * scale, np.nan)
    if unit is None or unit == found:
        return gaps, found
    if "" in (unit, found):
        raise WrongUseError(
            f"the gap is in {unit or 'no unit'}, and the times of the data in {found or 'no unit'}"
        )
    return gaps * (_MONTH if unit == "s" else 1 / _MONTH), unit


def moments_of_steps(X: Sequences) -> Values:
    """Return moments that can be subtracted from each other: months begin with their first day."""
    assert X.times is not None
    is_long = np.datetime_data(X.times.dtype)[0] in "YMW"
    return X.times.astype("datetime64[D]") if is_long else X.times


def months_of(times: Values) -> tuple[NDArray[np.int64], np.timedelta64, bool] | None:
    """Return moments as months, what they are after the begin or before the end of one, and whether the end.

    None if they are not the same moment of every month.
    """
    begin = times.astype("datetime64[M]")
    after, before = times - begin, (begin + 1).astype(times.dtype) - times
    numbers = begin.astype(np.int64)
    if (after == after[0]).all() and after[0] < np.timedelta64(28, "D"):
        return numbers, after[0], False
    return (numbers, before[0], True) if (before == before[0]).all() else None


def read_gap(given: object, dataset: SequenceDataset, option: str) -> tuple[float, str]:
    """Return a gap and its unit: what the user said (``"15 min"``, ``0.5``), or else the usual one.

    Raises
    ------
    WrongUseError
        If that is no gap, or the data have no times.
    """
    if dataset.X.times is None:
        raise WrongUseError(
            f"{option} needs the times of the steps: dates, times or numbers in the column of the order"
        ).trying({option: None})
    if given is True:
        gaps, unit = gaps_of(dataset)
        known = gaps[gaps > 0]
        if not len(known):
            raise WrongUseError(f"{option} needs gaps between steps, and there are none").trying(
                {option: None}
            )
        return float(np.median(known)), unit
    match = _TEXT.fullmatch(str(given).strip())
    size, unit = (1.0, "")
    if match is not None and match[2]:
        size, unit = _UNITS.get(match[2].lower(), (0.0, ""))
    try:
        gap = float(match[1]) * size if match else 0.0
    except ValueError:
        gap = 0.0
    if not gap > 0:
        raise WrongUseError(f"{option} must be True or a gap such as '15 min', got {given!r:.40}")
    return gap, unit


def order_name(dataset: SequenceDataset) -> str:
    """Return the column that orders the steps; nothing where there is none."""
    return next((column.column for column in dataset.columns if column.use == "order"), "")


def _unit_of(name: str) -> tuple[float, str] | None:
    """Return of how much of which unit a column is, by its name: ``hour``, ``time_ms``, ``t [s]``."""
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word]
    if len(words) == 1:
        return None if words[0] in _NO_NAMES else _UNITS.get(words[0])
    return _UNITS.get(words[-1]) if len(words) == 2 and words[0] in _TIMES else None


def _is_time(dataset: SequenceDataset) -> bool:
    words = re.split(r"[^a-z]+", order_name(dataset).lower())
    return not dataset.columns or any(word in _TIMES for word in words)
