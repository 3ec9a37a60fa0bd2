"""Numbers less what is no memory: level and spread by the place, a clock, the sequence, or a drift."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.stats import f as fisher

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.drift import Drift
from seqcompare.dependence.nulls import Nulls
from seqcompare.dependence.number_profile import Numbers
from seqcompare.dependence.question import Question

Floats = NDArray[np.float64]

_SURE = 0.01
_OFTEN = 0.1
_STANDS_OUT = 5
_LINGERS = 0.95
_PARTS_OF_A_TREND = 10
_SHORTEST_MEAN = 20


def numbers_of(dataset: SequenceDataset, question: Question, nulls: Nulls) -> Numbers | None:
    """Return the numbers that a question is about; None where it is about symbols.

    Parameters
    ----------
    dataset : SequenceDataset
        The whole data.
    question : Question
        A part of it.
    nulls : Nulls
        What is kept: for the steps of the whole data.
    """
    if question.raw.kind != "real":
        return None
    if question.own:
        target = question.raw.channels.astype(np.float64)
    elif isinstance(dataset.y, Sequences) and dataset.role == "step-value":
        target = dataset.y.channels[question.index].astype(np.float64)
    else:
        return None
    X = Sequences(np.arange(question.X.n_steps), question.X.offsets)
    # where one number comes again and again there is no density: bins tell of it
    scored = question.scored[:, None] & ~np.array([_has_spike(channel) for channel in target.T])
    target = _without(target, X, question, nulls)
    sources = (
        target if question.own else _without(question.raw.channels.astype(np.float64), X, question, None)
    )
    sources = np.where(np.isnan(sources), 0.0, sources)
    target = np.where(scored, target, np.nan)
    return Numbers(target, sources, question.own, X, question.groups_of(dataset))


def _has_spike(x: Floats) -> bool:
    """Whether one number comes often, and far more often than any other."""
    counts = np.sort(np.unique(x[np.isfinite(x)], return_counts=True)[1])
    return len(counts) > 2 and bool(counts[-1] > max(_OFTEN * counts.sum(), _STANDS_OUT * counts[-2]))


def _without(values: Floats, X: Sequences, question: Question, nulls: Nulls | None) -> Floats:
    """Return numbers about 0, less what the null hypotheses keep."""
    values = values - np.nanmean(values, axis=0)
    if nulls is None:
        return values
    # of what lingers for longer than sequences last, means and spreads of their own are what it remembers
    lingers = _lingers(values, X)
    keys = {null.name: null.take(question.index).key for null in nulls.strata}
    if "sequence" in keys:
        # beside levels that differ, no spread by the place would be seen
        values = np.where(lingers, values, _less_means(values, keys["sequence"], always=True))
    if "position" in keys:
        values = np.where(
            lingers,
            _less_means(values, keys["position"], always=False),
            _alike(values, keys["position"], always=False),
        )
    if nulls.clock is not None and "position" not in keys:
        values = _alike(values, nulls.clock.phase[question.index], always=True)
    if "sequence" in keys:
        values = np.where(lingers, values, _alike(values, keys["sequence"], always=True))
    if "time" in keys and nulls.drift is not None:
        values = _without_drift(values, X, nulls.drift)
    return values


def _lingers(values: Floats, X: Sequences) -> NDArray[np.bool_]:
    """Return which channels hardly come back to the level of their sequence, shape (n_channels,).

    By the regression of each number on the one before it, about the means of sequences; that is too low by
    (1 + phi) / T in sequences of T steps (Nickell, "Biases in dynamic models with fixed effects", 1981).
    """
    later = np.flatnonzero(X.step_index > 0)
    found = np.zeros(values.shape[1], dtype=bool)
    for c in range(values.shape[1]):
        known = later[np.isfinite(values[later, c]) & np.isfinite(values[later - 1, c])]
        if not len(known):
            continue
        owner = X.sequence_index[known]
        count = np.maximum(np.bincount(owner), 1)
        x, y = (z - (np.bincount(owner, z) / count)[owner] for z in (values[known - 1, c], values[known, c]))
        slope = float(x @ y) / max(float(x @ x), 1e-300)
        found[c] = slope + (1 + slope) * len(np.unique(owner)) / len(known) >= _LINGERS
    return found


def _alike(values: Floats, key: NDArray[np.int64], *, always: bool) -> Floats:
    """Return numbers less the level of their key, in the spread of their key."""
    return _of_one_spread(_less_means(values, key, always=always), key)


def _less_means(values: Floats, key: NDArray[np.int64], *, always: bool) -> Floats:
    """Return numbers less the means of those of one key, where (or if always) these differ."""
    result = values.copy()
    for c in range(values.shape[1]):
        mean, differ = _means(values[:, c], key)
        if always or differ:
            result[:, c] -= mean
    return result


def _of_one_spread(values: Floats, key: NDArray[np.int64]) -> Floats:
    """Return numbers about 0 over the spread of those of one key, where spreads differ."""
    result = values.copy()
    for c in range(values.shape[1]):
        # by Levene's test, since tails are as they are
        if _means(np.abs(values[:, c]), key)[1]:
            spread = np.sqrt(_means(values[:, c] ** 2, key)[0])
            result[:, c] *= np.sqrt(np.nanmean(values[:, c] ** 2)) / np.where(spread > 0, spread, np.inf)
    return result


def _means(x: Floats, key: NDArray[np.int64]) -> tuple[Floats, bool]:
    """Return the mean of the numbers of each one's key, shape (n_steps,), and whether these means differ."""
    index = np.unique(key, return_inverse=True)[1]
    present = np.isfinite(x)
    x, which = x[present], index[present]
    count = np.bincount(which, minlength=int(index.max()) + 1)
    mean = np.bincount(which, x, minlength=len(count)) / np.maximum(count, 1)
    k, n = int((count > 0).sum()), len(x)
    if k < 2 or n <= k + 1:
        return np.full(len(index), x.mean()), False
    within = float(((x - mean[which]) ** 2).sum()) / (n - k)
    between = float((count * (mean - x.mean()) ** 2).sum()) / (k - 1)
    differ = fisher.sf(between / max(within, 1e-300), k - 1, n - k) <= _SURE
    return mean[index], bool(differ)


def _without_drift(values: Floats, X: Sequences, drift: Drift) -> Floats:
    """Return numbers less their mean over some time, in their spread over it: up to the drift, or from it."""
    place = int(X.offsets[drift.sequence]) + drift.step if drift.sequence < len(X) else 0
    bounds = np.unique(np.append(X.offsets, place))
    width = max(_SHORTEST_MEAN, int(X.lengths.max()) // _PARTS_OF_A_TREND)
    values = _without_lines(values, bounds)
    result = values - _running_mean(np.where(np.isnan(values), 0.0, values), bounds, width)
    squares = np.where(np.isnan(result), np.nanmean(result**2, axis=0), result**2)
    spread = np.sqrt(np.maximum(_running_mean(squares, bounds, width), 0))
    usual = np.sqrt(squares.mean(axis=0))
    return np.asarray(result * usual / np.where(spread > 0, spread, usual))


def _without_lines(values: Floats, bounds: NDArray[np.int64]) -> Floats:
    """Return numbers less a straight line in each piece: at its ends a running mean is off by a slope."""
    result = values.copy()
    for start, stop in pairwise(bounds):
        time = np.linspace(-1, 1, stop - start)
        for c in range(values.shape[1]):
            known = np.isfinite(values[start:stop, c])
            if known.sum() > _SHORTEST_MEAN:
                line = np.polynomial.Polynomial.fit(time[known], values[start:stop, c][known], 1)
                result[start:stop, c] -= line(time)
    return result


def _running_mean(values: Floats, bounds: NDArray[np.int64], width: int) -> Floats:
    """Return the mean over some time about each step, which does not look beyond bounds."""
    result = np.empty_like(values)
    for start, stop in pairwise(bounds):
        result[start:stop] = uniform_filter1d(
            values[start:stop], min(width, stop - start), axis=0, mode="nearest"
        )
    return result
