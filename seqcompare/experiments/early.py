"""How early it can be said: scores by the first k steps, beside those by the last k."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.options import LABELLED_STEPS
from seqcompare.experiments.answer import asker, fit_model, unit_sums
from seqcompare.experiments.context import Curve, curve_units, doubling, tolerance_of
from seqcompare.experiments.models import Candidate
from seqcompare.experiments.splits import cut
from seqcompare.families import Problem
from seqcompare.metrics import Metric
from seqcompare.models.causality import is_causal
from seqcompare.results.grids import paired_difference
from seqcompare.results.reach import kept_units
from seqcompare.typing import Model, Record

#: How a model saw no more than the beginning: fitted to it, or asked as it came.
FIRST, AT = "first", "at"
#: Sequences from which on a place in them means something.
_FEWEST = 5


def trace_beginnings(
    candidate: Candidate,
    problem: Problem,
    model: Model,
    train: SequenceDataset,
    test: SequenceDataset,
    metric: Metric,
    seed: int,
) -> Record:
    """Return the scores by the first k steps, in plain values; nothing where beginnings mean nothing.

    Of whole sequences the candidate is fitted anew to the first 1, 2, 4, ... steps of them and asked about as
    many: that is what could be known by then. Of labels and numbers per step the model itself is asked, and
    the answers at steps up to 1, 2, 4, ... are scored apart, each at those beyond the one before: an answer
    at a step uses what came before it, if the model does not look ahead.

    Parameters
    ----------
    candidate, problem, model, train, test, metric, seed
        As in `seqcompare.experiments.context.trace_context`.

    Returns
    -------
    dict
        ``curves``, ``needed``, ``units`` and ``tolerance``, as of context curves.
    """
    if test.role in ("sequence", "value"):
        return _of_sequences(candidate, problem, train, test, metric, seed)
    if test.role in LABELLED_STEPS and is_causal(model) and len(test) >= _FEWEST:
        return _of_steps(model, train, test, metric)
    return {}


def _of_sequences(
    candidate: Candidate,
    problem: Problem,
    train: SequenceDataset,
    test: SequenceDataset,
    metric: Metric,
    seed: int,
) -> Record:
    found: dict[int, NDArray[np.float64]] = {}
    longest = int(test.X.lengths.max())
    for k in doubling(longest, 1):
        # what cannot learn from so little has no place on the curve
        with suppress(ValueError):
            again, _ = candidate.build(problem, seed)
            begun = _first(train, k)
            fit_model(again, begun)
            answers = asker(begun)(again, _first(test, k))
            found[k] = unit_sums(answers, curve_units(test, answers.item), metric)
    if len(found) < 2:
        return {}
    tolerance = tolerance_of(test, metric)
    curve = Curve(FIRST, list(found), list(found.values()), tolerance)
    return {
        "curves": curve.rows(),
        "needed": {FIRST: curve.needed()},
        "units": {FIRST: kept_units(curve.contexts, curve.sums)},
        "tolerance": tolerance,
    }


def _of_steps(model: Model, train: SequenceDataset, test: SequenceDataset, metric: Metric) -> Record:
    answers = asker(train)(model, test)
    place = test.X.step_index[answers.item] + 1
    bounds = doubling(int(place.max()), 1)
    rows: list[dict[str, Any]] = []
    for low, high in zip([0, *bounds[:-1]], bounds, strict=True):
        here = np.flatnonzero((place > low) & (place <= high))
        if not len(here):
            continue
        part = answers.pick(here)
        sums = unit_sums(part, curve_units(test, part.item), metric)
        loss = float(sums[:, 1].sum() / sums[:, 0].sum())
        # the mean of units against one that loses this everywhere
        level = np.column_stack([sums[:, 0], loss * sums[:, 0], sums[:, 2]])
        error = paired_difference(sums, level)[1]
        rows.append({"control": AT, "context": high, "loss": loss, "behind": np.nan, "error": error})
    return {"curves": rows} if len(rows) > 1 else {}


def _first(dataset: SequenceDataset, k: int) -> SequenceDataset:
    """Return the first k steps of every sequence."""
    lengths = dataset.X.lengths
    which = np.arange(len(dataset))
    return cut(dataset, np.column_stack([which, np.zeros_like(which), np.minimum(lengths, k)]))
