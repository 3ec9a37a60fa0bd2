"""Numbers less what is no memory: level and spread by the place, a clock, the sequence, or a drift."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.drift import Drift
from seqcompare.dependence.levels import alike, less_means
from seqcompare.dependence.nulls import Nulls
from seqcompare.dependence.number_profile import Numbers
from seqcompare.dependence.question import Question

Floats = NDArray[np.float64]

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
    # less the mean of a sequence, each of its numbers is told by the others: by up to (1 + phi) / T of them
    # (Nickell, "Biases in dynamic models with fixed effects", 1981)
    n_means = 2 * len(X) if nulls.own_frequencies else 0
    if nulls.clock is not None and "position" not in {null.name for null in nulls.strata}:
        # and less the mean of a phase, those of one phase
        n_means += len(np.unique(nulls.clock.phase))
    bias = n_means / X.n_steps
    if nulls.drift is not None and nulls.drift.changes:
        bias += 1 / _width(X)
    return Numbers(target, sources, question.own, X, question.groups_of(dataset), bias)


def beyond_levels(question: Question, nulls: Nulls) -> Floats | None:
    """Return numbers less the levels of their place and of their sequence, where both may differ.

    What both tell together neither tells alone, so that steps that change places among those of one place, or
    of one sequence, would leave it to lags. None where there is nothing to take away.
    """
    keys = {null.name for null in nulls.strata}
    if question.raw.kind != "real" or not question.own or not {"position", "sequence"} <= keys:
        return None
    values = question.raw.channels.astype(np.float64)
    if any(_has_spike(channel) for channel in values.T):
        return None
    return _without(values, Sequences(np.arange(question.X.n_steps), question.X.offsets), question, nulls)


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
        values = np.where(lingers, values, less_means(values, keys["sequence"], always=True))
    if "position" in keys:
        values = np.where(
            lingers,
            less_means(values, keys["position"], always=False),
            alike(values, keys["position"], always=False),
        )
    if nulls.clock is not None and "position" not in keys:
        values = alike(values, nulls.clock.phase[question.index], always=True)
    if "sequence" in keys:
        values = np.where(lingers, values, alike(values, keys["sequence"], always=True))
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


def _without_drift(values: Floats, X: Sequences, drift: Drift) -> Floats:
    """Return numbers less their mean over some time, in their spread over it: up to the drift, or from it."""
    # others may change where the one does that does so most
    places = X.offsets[:-1] + drift.step
    bounds = np.unique(np.append(X.offsets, places[places < X.offsets[1:]]))
    width = _width(X)
    values = _without_lines(values, bounds)
    result = values - _running_mean(np.where(np.isnan(values), 0.0, values), bounds, width)
    squares = np.where(np.isnan(result), np.nanmean(result**2, axis=0), result**2)
    spread = np.sqrt(np.maximum(_running_mean(squares, bounds, width), 0))
    usual = np.sqrt(squares.mean(axis=0))
    return np.asarray(result * usual / np.where(spread > 0, spread, usual))


def _width(X: Sequences) -> int:
    """Return over how many steps the mean of a source that changes is taken."""
    return max(_SHORTEST_MEAN, int(X.lengths.max()) // _PARTS_OF_A_TREND)


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
