"""How far back numbers tell of labels, beyond what can be counted in bins."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.dependence.coding import lump
from seqcompare.dependence.gains import Loss, loss_by_unit, units
from seqcompare.dependence.number_gains import classify
from seqcompare.dependence.number_lags import Tap, lagged
from seqcompare.dependence.question import Question
from seqcompare.threads import one_thread
from seqcompare.typing import Values

_MOST_CLASSES = 8
_MOST_LAGS = 12
_FEWEST_ROWS = 100
_NOTHING = 0.01
"""Bits that are not worth a longer reach."""


class LabelReach(NamedTuple):
    """How far back numbers tell of labels, what that saves in bits with its error, and where that lies."""

    reach: int
    gain: float
    error: float
    timescale: float


def label_reach(
    question: Question, reach: int, seen: NDArray[np.int64], ahead: int, groups: Values | None, seed: int
) -> LabelReach | None:
    """Return how far back numbers tell of labels, where that is farther than bins show.

    What many numbers tell together, each a little, is lost among the many contexts that bins make of them.
    Gradient-boosted trees do not count contexts: they are given the numbers up to the reach that bins show,
    and further ones that tell by themselves. The reach is as far as these save what is more than its error.

    Parameters
    ----------
    question : Question
        Numbers, and labels at some of their steps.
    reach : int
        How far back it is by bins; -1 where nothing behind tells.
    seen : ndarray of int64
        Lags that tell by themselves.
    ahead : int
        Steps ahead that tell.
    groups : ndarray of shape (n,) or None
        Sequences that stay in one fold.
    seed : int
        Of the folds.
    """
    farther = np.sort(seen[seen > reach])[:_MOST_LAGS].tolist()
    if not farther:
        return None
    X = question.X
    at = np.flatnonzero(question.scored & (X.step_index >= farther[-1]) & (question.after >= ahead))
    fold, unit = units(X, groups, seed)
    if len(at) < _FEWEST_ROWS or len(np.unique(fold[at])) < 2:
        return None
    sources = question.raw.channels.astype(np.float64)
    labels = lump(question.labels, _MOST_CLASSES).codes[at]

    def loss(lags: list[int]) -> Loss:
        taps = [Tap(channel, lag) for lag in lags for channel in range(sources.shape[1])]
        return loss_by_unit(classify(lagged(sources, taps, at), labels, fold[at]), unit[at])

    near = [*range(-ahead, 0), *range(reach + 1)]
    with one_thread():
        whole = loss([*near, *farther])
        for kept in range(len(farther)):
            lost, error = whole.gain_over(loss([*near, *farther[:kept]]))
            if lost <= max(_NOTHING, 2 * error):
                break
        else:
            kept = len(farther)
        if not kept:
            return None
        told = [*near, *farther[:kept]]
        losses = [loss(told[:k]) for k in range(ahead, len(told) + 1)]
    gain, error = losses[-1].gain_over(loss([]))
    worth = np.maximum([before.mean - after.mean for before, after in pairwise(losses)], 0)
    distance = float(np.average(told[ahead:], weights=worth)) if worth.sum() > 0 else np.nan
    return LabelReach(told[-1], gain, error, distance)
