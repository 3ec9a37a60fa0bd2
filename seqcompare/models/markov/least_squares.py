"""Least squares of each step on those before it, by one pass over products of steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.data.resolution import least_scale, no_narrower
from seqcompare.data.sequences import Sequences
from seqcompare.models.kalman import filter_states, smooth_states
from seqcompare.models.markov.lags import Lags, as_state_space
from seqcompare.typing import Floats, Ints

# Numbers in a lagged step up to which plain loops are faster than matrix products of blocks.
_FEW = 12
# Rows of lagged steps that are made at a time: few enough to stay in the cache.
_ROWS = 8192
_MOST_ROUNDS = 200
_ROUND_TOLERANCE = 1e-7


class Level(NamedTuple):
    """What is known of the steps, whatever came before them."""

    mean: Floats
    """Shape (d,)."""
    variance: Floats
    """Shape (d,)."""
    covariance: Floats
    """Shape (d, d), positive definite."""
    least: Floats
    """The least variance of what is new in a step, shape (d,): see `seqcompare.data.resolution`."""
    whole: bool
    """Whether no step is missing."""


class Moments(NamedTuple):
    """Weighted products of lagged steps, about `centre`, for steps with `order` steps before them."""

    order: int
    total: float
    """Summed weight."""
    first: Floats
    """Sums of x[t], x[t-1], ..., x[t-p], shape ((p + 1) d,)."""
    second: Floats
    """Sums of their products, shape ((p + 1) d, (p + 1) d)."""
    level: Level
    """Of all steps; its mean was subtracted from every one."""

    def lower(self, order: int) -> Moments:
        """Return those of fewer lags over the same steps."""
        size = (order + 1) * len(self.level.mean)
        return self._replace(order=order, first=self.first[:size], second=self.second[:size, :size])


def find_moments(sequences: Sequences, weight: Floats, order: int, level: Level | None = None) -> Moments:
    """Add up the products of lagged steps; a step with a gap among it and its lags is left out.

    Parameters
    ----------
    sequences : Sequences
        The data, NaN where missing.
    weight : ndarray of shape (n_steps,)
        Weight of the prediction of each step.
    order : int
        Lags.
    level : Level, optional
        What `find_level` says of the data, if it is known.
    """
    x = np.ascontiguousarray(sequences.channels, dtype=np.float64)
    level = find_level(x, weight) if level is None else level
    size = (order + 1) * x.shape[1]
    first, second = np.zeros(size), np.zeros((size, size))
    if x.shape[1] == 1 and level.whole and _is_even(weight):
        n = _add_shifted(x[:, 0], np.array(sequences.offsets), order, level.mean[0], first, second)
        each = float(weight[0])
        return Moments(order, each * n, each * first, each * second, level)
    if size <= _FEW:
        offsets, weight = np.array(sequences.offsets), np.ascontiguousarray(weight)
        total = _add_products(x, offsets, weight, order, level.mean, first, second)
        return Moments(order, total, first, second, level)
    x, total = x - level.mean, 0.0
    for rows in _pieces(sequences, weight, order):
        lagged = np.concatenate([x[rows - k] for k in range(order + 1)], axis=1)
        share = weight[rows]
        whole = ~np.isnan(lagged.sum(axis=1))
        if not whole.all():
            lagged, share = lagged[whole], share[whole]
        weighted = lagged * share[:, np.newaxis]
        total += share.sum()
        first += weighted.sum(axis=0)
        second += lagged.T @ weighted
    return Moments(order, float(total), first, second, level)


@njit(cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _add_shifted(x: Floats, offsets: Ints, order: int, centre: float, first: Floats, second: Floats) -> float:
    """Add up products of steps of one number and weight 1, none missing, and return how many steps there are.

    All lags see the same numbers but for the ends: one pass for each lag gives the products with the present,
    and those between lags follow one from another.
    """
    longest = 0
    for s in range(len(offsets) - 1):
        longest = max(longest, offsets[s + 1] - offsets[s])
    y = np.empty(longest)
    total = 0.0
    for s in range(len(offsets) - 1):
        length = offsets[s + 1] - offsets[s]
        if length <= order:
            continue
        mine, now = x[offsets[s] : offsets[s + 1]], y[order:length]
        for t in range(length):
            y[t] = mine[t] - centre
        total += length - order
        sum_now = 0.0
        for t in range(len(now)):
            sum_now += now[t]
        for k in range(order + 1):
            first[k] += sum_now
            sum_now += y[order - 1 - k] - y[length - 1 - k]
        for lag in range(order + 1):
            product, before = 0.0, y[order - lag : length - lag]
            for t in range(len(now)):
                product += now[t] * before[t]
            for k in range(order + 1 - lag):
                second[k + lag, k] += product
                if k + lag < order:
                    product += y[order - 1 - k] * y[order - 1 - k - lag]
                    product -= y[length - 1 - k] * y[length - 1 - k - lag]
    for i in range(order + 1):
        for j in range(i):
            second[j, i] = second[i, j]
    return total


@njit(cache=True)
def _add_products(
    x: Floats, offsets: Ints, weight: Floats, order: int, centre: Floats, first: Floats, second: Floats
) -> float:
    """Add up what `find_moments` asks for, step by step, and return the summed weight."""
    d = x.shape[1]
    size = (order + 1) * d
    lagged = np.empty(size)
    total = 0.0
    for s in range(len(offsets) - 1):
        for t in range(offsets[s] + order, offsets[s + 1]):
            share = weight[t]
            if share == 0:
                continue
            check = 0.0
            for k in range(order + 1):
                for c in range(d):
                    value = x[t - k, c] - centre[c]
                    lagged[k * d + c] = value
                    check += value
            if np.isnan(check):
                continue
            total += share
            for i in range(size):
                value = share * lagged[i]
                first[i] += value
                for j in range(i + 1):
                    second[i, j] += value * lagged[j]
    for i in range(size):
        for j in range(i):
            second[j, i] = second[i, j]
    return total


def solve(moments: Moments, ridge: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Return the coefficients, shape (p, d, d), the intercept, (d,), and the covariance of the rest, (d, d).

    Parameters
    ----------
    moments : Moments
        Products of lagged steps.
    ridge : float
        What is added to the sum of squared errors, in units of a channel's variance, for each squared
        coefficient between channels of variance 1.
    """
    level = moments.level
    p, d = moments.order, len(level.mean)
    mean = moments.first / moments.total
    spread = moments.second / moments.total - np.outer(mean, mean)
    # in units of the channels, so that neither ridge nor rounding depends on them
    unit = np.sqrt(np.maximum(level.variance, level.least))
    units = np.tile(unit, p + 1)
    spread = spread / np.outer(units, units)
    own, cross = spread[d:, d:], spread[d:, :d]
    weights = np.linalg.lstsq(
        own + ridge / moments.total * np.eye(p * d), cross, rcond=max(p * d, 1) * 2.0**-52
    )[0]
    rest = spread[:d, :d] - weights.T @ cross - cross.T @ weights + weights.T @ own @ weights
    rest = no_narrower((rest + rest.T) / 2, level.least / unit**2)
    coef = (weights.T * unit[:, None] / units[None, d:]).reshape(d, p, d).transpose(1, 0, 2)
    past = (mean[d:].reshape(p, d) + level.mean)[:, :, np.newaxis]
    intercept = mean[:d] + level.mean - (coef @ past)[:, :, 0].sum(axis=0)
    return np.ascontiguousarray(coef), intercept, rest * np.outer(unit, unit)


def fit_lags(
    sequences: Sequences, weight: Floats, order: int, ridge: float = 0.0, rounds: int = _MOST_ROUNDS
) -> tuple[Lags, int]:
    """Fit by least squares; with gaps, by the EM algorithm, of which it is the M-step.

    Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the EM algorithm": in place
    of the products of steps stand what the Kalman smoother expects of them, given all that is known.

    Returns
    -------
    lags : Lags
        The fit.
    n_rounds : int
        Rounds of EM; 0 where nothing is missing.

    Raises
    ------
    ValueError
        If no step of weight above 0 has `order` steps before it.
    """
    moments, n_rounds = expected_moments(sequences, weight, order, ridge, rounds)
    return as_lags(moments, ridge), n_rounds


def expected_moments(
    sequences: Sequences,
    weight: Floats,
    order: int,
    ridge: float = 0.0,
    rounds: int = _MOST_ROUNDS,
    start: Lags | None = None,
) -> tuple[Moments, int]:
    """Return the moments that lags are solved from, and the rounds of EM that they took; see `fit_lags`."""
    x = np.ascontiguousarray(sequences.channels, dtype=np.float64)
    _check_rows(sequences, weight, order)
    level = find_level(x, weight)
    moments = find_moments(sequences, weight, order, level)
    if level.whole:
        return moments, 0
    with_gaps = np.logical_or.reduceat(np.isnan(x).any(axis=1), sequences.offsets[:-1])
    whole = sequences.take(~with_gaps) if not with_gaps.all() else None
    steps = np.repeat(with_gaps, sequences.lengths)
    certain = None if whole is None else find_moments(whole, weight[~steps], order)
    gappy, shares = sequences.take(with_gaps), weight[steps]
    rough = moments.total < 5 * (order * len(level.mean) + 1)
    if rough:  # too few rows without a gap to begin with: take the gaps for the channel's mean
        filled = np.where(np.isnan(x), level.mean, x)
        moments = find_moments(Sequences(filled, sequences.offsets), weight, order, level)
    lags = as_lags(moments, ridge) if start is None else start
    n_rounds, moving = 0, True
    while moving and n_rounds < rounds:
        n_rounds += 1
        moments = _expect(lags, gappy, shares, moments, certain)
        last, lags = lags, as_lags(moments, ridge)
        scale = np.sqrt(np.diag(lags.covariance))
        far = np.abs(lags.coef - last.coef).max(initial=0.0)
        moving = max(far, (np.abs(lags.intercept - last.intercept) / scale).max()) > _ROUND_TOLERANCE
    return moments, n_rounds


def as_lags(moments: Moments, ridge: float) -> Lags:
    """Return the rule that the moments say."""
    return Lags(*solve(moments, ridge), moments.level.mean, moments.level.covariance)


def _expect(
    lags: Lags, gappy: Sequences, weight: Floats, moments: Moments, certain: Moments | None
) -> Moments:
    """Return the moments that are to be expected, given what is known and a model."""
    centre = moments.level.mean
    order, d = moments.order, len(centre)
    machine = as_state_space(lags, order + 1)
    x = gappy.channels.astype(np.float64)
    offsets = np.array(gappy.offsets)
    found = smooth_states(machine, x, offsets, filter_states(machine, x, offsets))
    rows = np.flatnonzero((gappy.step_index >= order) & (weight > 0))
    size, share = (order + 1) * d, weight[rows]
    mean = found.mean[rows, :size] + np.tile(machine.offset - centre, order + 1)
    weighted = mean * share[:, np.newaxis]
    second = mean.T @ weighted + np.tensordot(share, found.cov[rows, :size, :size], axes=1)
    total, first = share.sum(), weighted.sum(axis=0)
    if certain is not None:
        shift = np.tile(certain.level.mean - centre, order + 1)
        moved = np.outer(certain.first, shift)
        total, first = total + certain.total, first + certain.first + certain.total * shift
        second = second + certain.second + moved + moved.T + certain.total * np.outer(shift, shift)
    return moments._replace(total=total, first=first, second=second)


def find_level(x: Floats, weight: Floats) -> Level:
    """Return mean, variance and covariance of the steps of weight above 0, as far as they are known.

    The covariance is only for the start, and kept positive definite.
    """
    whole = not np.isnan(x.sum())
    if whole and _is_even(weight):
        if x.shape[1] == 1:
            mean, cov = _mean_and_variance(x[:, 0])
        else:
            mean = x.mean(axis=0)
            off = x - mean
            cov = off.T @ off / len(x)
    else:
        known = ~np.isnan(x) & (weight > 0)[:, np.newaxis]
        shares = known * weight[:, np.newaxis]
        amount = shares.sum(axis=0)
        if not amount.all():
            raise ValueError("a channel has no value at all: every step of it is missing")
        mean = np.where(known, x * shares, 0).sum(axis=0) / amount
        off = np.where(known, x - mean, 0)
        # of pairs of channels, where both are known
        cov = (off * weight[:, np.newaxis]).T @ off / np.maximum(shares.T @ known, 1e-300)
    variance = np.diag(cov).copy()
    least = least_scale(x, np.sqrt(variance)) ** 2
    return Level(mean, variance, no_narrower(cov, least), least, whole)


@njit(cache=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _mean_and_variance(x: Floats) -> tuple[Floats, Floats]:
    """Return what numpy does, shapes (1,) and (1, 1), without a copy of the numbers: that takes longest."""
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    mean, squares = total / len(x), 0.0
    for i in range(len(x)):
        squares += (x[i] - mean) ** 2
    return np.array([mean]), np.array([[squares / len(x)]])


def _is_even(weight: Floats) -> bool:
    return bool(weight[0] != 0 and (weight.strides == (0,) or (weight == weight[0]).all()))


def _check_rows(sequences: Sequences, weight: Floats, order: int) -> None:
    longest = int(sequences.lengths.max())
    if longest > order and weight[0] > 0 and _is_even(weight):
        return
    if not ((sequences.step_index >= order) & (weight > 0)).any():
        raise ValueError(
            f"no step to learn from: an autoregression of order {order} needs a sequence of at least "
            f"{order + 1} steps, some later one of weight above 0; the longest has {longest} step(s) "
            f"({longest} feature(s) in an array)"
        )


def _pieces(sequences: Sequences, weight: Floats, order: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of steps that have `order` steps before them and a weight, some at a time."""
    rows = np.flatnonzero((sequences.step_index >= order) & (weight > 0))
    for a in range(0, len(rows), _ROWS):
        yield rows[a : a + _ROWS]
