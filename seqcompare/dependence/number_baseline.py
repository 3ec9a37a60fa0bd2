"""Numbers less what is no memory: the place in the sequence, a clock, each sequence's own level, a drift."""

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
from seqcompare.typing import Values

Floats = NDArray[np.float64]

_SURE = 0.01
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
    target = _without(target, X, question, nulls)
    sources = (
        target if question.own else _without(question.raw.channels.astype(np.float64), X, question, None)
    )
    sources = np.where(np.isnan(sources), 0.0, sources)
    target = np.where(question.scored[:, None], target, np.nan)
    groups: Values | None = None
    if dataset.groups is not None:
        first = question.index[question.X.offsets[:-1]]
        groups = dataset.groups[np.searchsorted(dataset.X.offsets, first, side="right") - 1]
    return Numbers(target, sources, question.own, X, groups)


def _without(values: Floats, X: Sequences, question: Question, nulls: Nulls | None) -> Floats:
    """Return numbers about 0, less what the null hypotheses keep."""
    values = values - np.nanmean(values, axis=0)
    if nulls is None:
        return values
    keys = {null.name: null.take(question.index).key for null in nulls.strata}
    if "position" in keys:
        values = _less_means(values, keys["position"], always=False)
    if nulls.clock is not None and "position" not in keys:
        values = _less_means(values, nulls.clock.phase[question.index], always=True)
    if "sequence" in keys:
        values = _less_means(values, keys["sequence"], always=True)
    if "time" in keys and nulls.drift is not None:
        values = _less_trend(values, X, nulls.drift)
    return values


def _less_means(values: Floats, key: NDArray[np.int64], *, always: bool) -> Floats:
    """Return numbers less the means of those of one key, where (or if always) these differ."""
    index = np.unique(key, return_inverse=True)[1]
    result = values.copy()
    for c in range(values.shape[1]):
        present = np.isfinite(values[:, c])
        x, which = values[present, c], index[present]
        count = np.bincount(which, minlength=int(index.max()) + 1)
        mean = np.bincount(which, x, minlength=len(count)) / np.maximum(count, 1)
        k, n = int((count > 0).sum()), len(x)
        if k < 2 or n <= k + 1:
            continue
        within = float(((x - mean[which]) ** 2).sum()) / (n - k)
        between = float((count * (mean - x.mean()) ** 2).sum()) / (k - 1)
        differ = fisher.sf(between / max(within, 1e-300), k - 1, n - k) <= _SURE
        if always or differ:
            result[:, c] -= mean[index]
    return result


def _less_trend(values: Floats, X: Sequences, drift: Drift) -> Floats:
    """Return numbers less their mean over some time, which does not look across the place of the drift."""
    place = int(X.offsets[drift.sequence]) + drift.step if drift.sequence < len(X) else 0
    bounds = np.unique(np.append(X.offsets, place))
    width = max(_SHORTEST_MEAN, int(X.lengths.max()) // _PARTS_OF_A_TREND)
    result = values.copy()
    for start, stop in pairwise(bounds):
        piece = np.where(np.isnan(values[start:stop]), 0.0, values[start:stop])
        result[start:stop] -= uniform_filter1d(piece, min(width, stop - start), axis=0, mode="nearest")
    return result
