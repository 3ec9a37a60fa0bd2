"""How finely numbers are recorded: what a density may not be narrower than."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.typing import Floats

# Values that are looked at: of more, so many are taken evenly.
_MOST = 1000
# Differences below this share of the largest value are rounding of the machine; of numbers of 32 bits.
_ROUNDING, _ROUNDING_32 = 2.0**-40, 2.0**-22
# A step that is so small a share of the range is none: numbers of so many digits are as good as continuous.
_FINEST = 1e-5
# Distances between quartiles beyond which numbers are not looked at.
_FARTHEST = 50.0
# Of a channel that never varies: decimals that are looked for.
_DECIMALS = 9
# The least standard deviation of any density, as a share of the channel's.
_LEAST_SHARE = np.sqrt(1e-9)

_by_cell: ContextVar[bool] = ContextVar("_by_cell", default=False)


def resolution(values: NDArray[np.generic]) -> Floats:
    """Return the step by which the numbers of each channel go, 0 where there is none.

    It is the largest number of which all differences are multiples: .1 for temperatures with one decimal, 5
    for minutes that were rounded to five. Of a channel that never varies it is its last decimal place, 1 for
    a whole number.

    Parameters
    ----------
    values : ndarray of shape (n_steps,) or (n_steps, d)
        Numbers, NaN where missing.

    Returns
    -------
    ndarray of shape (d,)
        In units of the data.
    """
    channels = values.reshape(len(values), -1)
    rows = np.linspace(0, len(channels) - 1, min(_MOST, len(channels))).astype(np.int64)
    return np.array([_step_of(channel) for channel in channels[rows].T.astype(np.float64)])


def least_scale(values: NDArray[np.generic], spread: Floats) -> Floats:
    """Return the standard deviation that no density of a channel is narrower than, shape (d,).

    It is half a step of the recording, so that no density gains by peaks on values that come back because
    they were rounded: normal peaks of this width on all of them are nowhere 1.5% above an even density. And
    it is at least a share of 3e-5 of the channel's spread.

    Parameters
    ----------
    values : ndarray of shape (n_steps,) or (n_steps, d)
        The training data, NaN where missing.
    spread : ndarray of shape (d,)
        Standard deviation of each channel.
    """
    half = resolution(values) / 2
    if _by_cell.get():
        half = np.where(spread > 0, 0.0, half / 3)  # with nearly all of the density in the cell
    found = np.maximum(half, _LEAST_SHARE * spread)
    return np.asarray(found)


def no_narrower(covariances: Floats, least: Floats) -> Floats:
    """Return the most likely covariances that are nowhere smaller than a diagonal one.

    Parameters
    ----------
    covariances : ndarray of shape (..., d, d)
        As they were found.
    least : ndarray of shape (d,)
        The least variance of each channel.
    """
    unit = np.sqrt(least)
    values, vectors = np.linalg.eigh(covariances / np.outer(unit, unit))
    if values.min() >= 1:
        return covariances
    root = unit[:, np.newaxis] * vectors
    raised = (root * np.maximum(values, 1.0)[..., np.newaxis, :]) @ np.swapaxes(root, -1, -2)
    small = np.asarray(values.min(axis=-1) < 1)[..., np.newaxis, np.newaxis]
    return np.where(small, raised, covariances)


@contextmanager
def probabilities_of_cells() -> Iterator[None]:
    """Fit densities whose probability of a whole step of the recording counts: these may be narrower."""
    token = _by_cell.set(True)
    try:
        yield
    finally:
        _by_cell.reset(token)


def _step_of(x: Floats) -> float:
    known = np.sort(x[~np.isnan(x)])
    if not len(known):
        return 1.0
    low, high = known[len(known) // 4], known[3 * len(known) // 4]
    if high > low:  # a wild reading is no measure of rounding
        known = known[np.abs(known / 2 - low / 2) <= _FARTHEST * (high / 2 - low / 2)]
    gaps = np.diff(known)
    with np.errstate(over="ignore"):
        of_32_bits = (known == known.astype(np.float32)).all() and (known != np.floor(known)).any()
    rounding = (_ROUNDING_32 if of_32_bits else _ROUNDING) * max(abs(known[0]), abs(known[-1]))
    gaps = gaps[gaps > rounding]
    if not len(gaps):
        return _last_place(float(known[0]))
    finest = max(_FINEST * (known[-1] - known[0]), 4 * rounding)
    # Euclid's algorithm on all differences at once; sums of differences may be off by as much as each
    step = float(gaps.min())
    while step > finest:
        rest = np.abs(gaps - step * np.round(gaps / step))
        rest = rest[rest > np.maximum(rounding, 1e-6 * step)]
        if not len(rest):
            return step
        step = float(rest.min())
    return 0.0


def _last_place(x: float) -> float:
    """Return the last decimal place of a number; with more than nine, a billionth of it."""
    for k in range(_DECIMALS + 1):
        if abs(x * 10**k - round(x * 10**k)) <= _ROUNDING * abs(x) * 10**k:
            return 10.0**-k
    return abs(x) * 10.0**-_DECIMALS
