"""Weights of the user's, on the scale that models count by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences


def level_weights(dataset: SequenceDataset) -> SequenceDataset:
    """Return the data with weights whose positive ones have the mean 1, so that only their ratios matter.

    What smooths by counts takes weights for counts: where all of them add up to 1, it would have seen next to
    nothing. Weights of 0 and 1 stay as they are.
    """
    given = dataset.sample_weight
    if given is None:
        return dataset
    weights = np.asarray(given.values if isinstance(given, Sequences) else given, dtype=np.float64)
    positive = weights[weights > 0]
    if not len(positive):
        return dataset
    # the mean first: a sum of tiny weights may be too small a number to divide by
    level = weights / positive.max()
    level = level / level[level > 0].mean()
    return replace(dataset, sample_weight=given.with_values(level) if isinstance(given, Sequences) else level)
