"""Times of the day without a date: rows that go on past midnight are in order, and those days later."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_DAY = 86_400 * 10**9


def days_passed(times: NDArray[np.float64], codes: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return how many midnights lie before each row of its sequence, by the order of the rows.

    Parameters
    ----------
    times : ndarray of shape (n,)
        Times of the day, in nanoseconds.
    codes : ndarray of int, shape (n,)
        The sequence of each row.

    Returns
    -------
    days : ndarray of int, shape (n,), or None
        None if the rows do not go on in time, but for falls by half a day and more, which are midnights.
        Rows that go back in time, the newest first, count midnights down.
    """
    if not len(times) or not np.isfinite(times).all() or np.ptp(times) > _DAY:
        return None
    rank = np.argsort(codes, kind="stable")
    steps = np.diff(times[rank])
    steps[np.diff(codes[rank]) != 0] = 0
    days = np.zeros(len(times), dtype=np.int64)
    for way in (1, -1):
        wraps = way * steps < 0
        if (np.abs(steps[wraps]) >= _DAY / 2).all():
            passed = np.concatenate([[0], way * np.cumsum(wraps)])
            starts = np.concatenate([[True], np.diff(codes[rank]) != 0])
            days[rank] = passed - passed[np.flatnonzero(starts)][np.cumsum(starts) - 1]
            return days
    return None


def with_days(times: NDArray[np.float64], days: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return times that go on over midnights."""
    return np.asarray(times + days * float(_DAY))
