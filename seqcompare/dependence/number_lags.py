"""Which earlier numbers tell of a number: partial correlations nominate them, one after the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_TOPS = (8, 32)
_FEWEST_ROWS = 40
_ROWS_A_TAP = 8
_LEAST_KEPT = (0.5, 0.25, 0.05)
_MOST_TAPS = 12
_SAME = 1e-6


class Tap(NamedTuple):
    """One earlier number: which channel's, and how many steps back."""

    channel: int
    lag: int


def lagged(sources: Floats, taps: list[Tap], at: Ints) -> Floats:
    """Return the numbers at these taps of the steps `at`, which have to have them, shape (n, n_taps)."""
    return np.column_stack([np.zeros((len(at), 0)), *(sources[at - lag, channel] for channel, lag in taps)])


def nominate(
    target: Floats, sources: Floats, room: Ints, lags: Ints, share: float, bias: float = 0.0
) -> list[Tap]:
    """Return the taps that tell of the target, nearest first.

    The tap with the largest partial correlation, given those that were taken already, is taken as long as
    there is one that would be so large by chance in no more than a share of data sets, over all channels
    and lags together. Near lags come first, since nearly all steps have them; what is not needed any more in
    the end is put back. Errors are White's (1980) where these are larger than the usual ones, so that a
    changing spread is no correlation.

    Parameters
    ----------
    target : ndarray of shape (n_steps,)
        What is to be told; NaN where nothing is.
    sources : ndarray of shape (n_steps, n_channels)
        Without gaps.
    room : ndarray of int64, shape (n_steps,)
        Steps of the same sequence before each one.
    lags : ndarray of int64, shape (n_lags,)
        From 0 or 1 on, rising.
    share : float
        Data sets without dependence in which a tap is taken.
    bias : float, default=0.0
        Partial correlations up to this size are no sign: of what was made of the numbers before.

    References
    ----------
    S. Chen, S. A. Billings and W. Luo, "Orthogonal least squares methods and their application to non-linear
    system identification" (1989); H. White, "A heteroskedasticity-consistent covariance matrix estimator"
    (1980).
    """
    taps: list[Tap] = []
    if not len(lags):
        return taps
    per_tap = share / (len(lags) * sources.shape[1])
    known = np.flatnonzero(np.isfinite(target))
    first = 0
    for top, least in zip((*_TOPS, int(lags[-1])), _LEAST_KEPT, strict=True):
        last = _last_lag(room[known], min(top, int(lags[-1])), least)
        block = lags[(lags >= first) & (lags <= last)]
        if len(block):
            rows = known[room[known] >= last]
            taps = _forward(target, sources, rows, block, taps, per_tap, bias)
            first = last + 1
    kept = _backward(target, sources, room, known, taps, per_tap, bias)
    return sorted(kept, key=lambda tap: (tap.lag, tap))


def _last_lag(room: Ints, top: int, least: float) -> int:
    """Return the largest lag up to `top` that enough steps have; -1 if none."""
    count = np.bincount(np.minimum(room, top), minlength=top + 1)[::-1].cumsum()[::-1]
    enough = np.flatnonzero(count >= max(_FEWEST_ROWS, least * len(room)))
    return int(enough.max()) if len(enough) else -1


def _forward(
    target: Floats, sources: Floats, rows: Ints, block: Ints, taps: list[Tap], per_tap: float, bias: float
) -> list[Tap]:
    taps = list(taps)
    candidates = [Tap(channel, int(lag)) for lag in block for channel in range(sources.shape[1])]
    left = target[rows] - target[rows].mean()
    # an orthonormal basis of what was taken
    basis: list[Floats] = []
    size = _products(sources, rows, block, None)
    whole = size.copy()
    told = _products(sources, rows, block, left)
    open_ = np.ones(len(candidates), dtype=bool)
    most = min(_MOST_TAPS, len(rows) // _ROWS_A_TAP)
    for tap in taps:
        left, size, told = _take(tap, sources, rows, block, basis, left, size, told)
    while len(taps) < most and open_.any():
        # what those taken tell already is no candidate
        open_ &= size > _SAME * np.maximum(whole, 1e-300)
        strength = np.where(open_, told**2 / np.where(open_, size, 1.0), -1.0)
        best = int(np.argmax(strength))
        if strength[best] <= 0:
            break
        direction = _orthogonal(sources[rows - candidates[best].lag, candidates[best].channel], basis)
        if _p_value(direction, left, len(basis), bias) > per_tap:
            if strength[best] < _ordinary_limit(left, per_tap):
                break
            # large for the sake of a few wild steps
            open_[best] = False
            continue
        taps.append(candidates[best])
        open_[best] = False
        left, size, told = _take(candidates[best], sources, rows, block, basis, left, size, told)
    return taps


def _ordinary_limit(left: Floats, per_tap: float) -> float:
    return float(norm.isf(per_tap / 2) ** 2 * (left @ left) / len(left))


def _take(
    tap: Tap,
    sources: Floats,
    rows: Ints,
    block: Ints,
    basis: list[Floats],
    left: Floats,
    size: Floats,
    told: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Return what is left of the target, of candidates' squares and of products when a tap is taken."""
    direction = _orthogonal(sources[rows - tap.lag, tap.channel], basis)
    norm_ = np.sqrt(direction @ direction)
    if norm_ <= 0:
        return left, size, told
    direction = direction / norm_
    basis.append(direction)
    along = _products(sources, rows, block, direction)
    weight = float(direction @ left)
    return left - weight * direction, np.maximum(size - along**2, 0.0), told - weight * along


def _orthogonal(values: Floats, basis: list[Floats]) -> Floats:
    values = values - values.mean()
    for _ in range(2):
        for direction in basis:
            values = values - (direction @ values) * direction
    return values


def _products(sources: Floats, rows: Ints, block: Ints, other: Floats | None) -> Floats:
    """Return the product of each centred candidate with a centred vector, or with itself, lag by lag."""
    found = []
    for lag in block:
        values = sources[rows - lag]
        if other is None:
            found.append(((values - values.mean(axis=0)) ** 2).sum(axis=0))
        else:
            found.append(other @ values)
    return np.concatenate(found)


def _p_value(direction: Floats, left: Floats, n_taken: int, bias: float) -> float:
    """Return the chance of so large a product, were there none, by the larger of White's and usual errors."""
    size = float(direction @ direction)
    freedom = max(1, len(left) - n_taken - 2)
    errors = left - float(direction @ left) / size * direction
    white = float(((direction * errors) ** 2).sum()) * len(left) / freedom
    usual = size * float(errors @ errors) / freedom
    spread = float(np.sqrt(max(white, usual, 1e-300)))
    beyond = abs(float(direction @ left)) - bias * np.sqrt(size * float(left @ left))
    return float(2 * student.sf(max(beyond, 0.0) / spread, freedom))


def _backward(
    target: Floats, sources: Floats, room: Ints, known: Ints, taps: list[Tap], per_tap: float, bias: float
) -> list[Tap]:
    taps = list(taps)
    while len(taps) > 1:
        rows = known[room[known] >= max(tap.lag for tap in taps)]
        values = lagged(sources, taps, rows)
        p_values = []
        for k in range(len(taps)):
            basis: list[Floats] = []
            for other in np.delete(np.arange(len(taps)), k):
                rest = _orthogonal(values[:, other], basis)
                length = np.sqrt(rest @ rest)
                if length > 0:
                    basis.append(rest / length)
            left = _orthogonal(target[rows], basis)
            p_values.append(_p_value(_orthogonal(values[:, k], basis), left, len(basis), bias))
        worst = int(np.argmax(p_values))
        if p_values[worst] <= per_tap:
            break
        taps.pop(worst)
    return taps
