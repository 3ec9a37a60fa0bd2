"""What the scores of a comparison are made of: sequences, groups of them, or stretches of time."""

from __future__ import annotations

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.options import STEPWISE
from seqcompare.experiments.forward import FORWARD
from seqcompare.experiments.splits import Plan

#: Sequences, or groups, of which a mean with an error can be made.
_FEWEST_UNITS = 5


def count_independent(dataset: SequenceDataset, plan: Plan) -> int:
    """Return how many sequences, or groups of sequences, scores were made of: those that were tested."""
    tested = np.unique(np.concatenate([split.test[:, 0] for split in plan.splits]))
    return len(tested) if dataset.groups is None else len(np.unique(np.asarray(dataset.groups)[tested]))


def tested_in_time(dataset: SequenceDataset, plan: Plan) -> bool:
    """Whether stretches of time are tested, and not sequences, of which there are too few."""
    stepwise = dataset.role in STEPWISE
    return plan.kind in ("blocked", FORWARD) or (
        stepwise and count_independent(dataset, plan) < _FEWEST_UNITS
    )
