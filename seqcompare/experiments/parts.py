"""A part of the data that models are fitted to, to race candidates on: each larger part holds the smaller."""

from __future__ import annotations

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.splits import Pieces

#: From so many pieces on a part is some of them; of fewer it is the end of each.
_MANY = 20
#: A part has at least so many of each class, where there are.
_OF_A_CLASS = 3


def part_of(dataset: SequenceDataset, pieces: Pieces, part: int) -> Pieces:
    """Return one in `part` of these pieces, evenly over classes; of few long ones the last steps of each.

    Parts are drawn with one fixed seed, so that all candidates of a race are fitted to the same one, and
    what is in a smaller part is in every larger one as well.

    Parameters
    ----------
    dataset : SequenceDataset
        What the pieces are of.
    pieces : ndarray of int64, shape (m, 3)
        The sequence, its first step and the step after its last.
    part : int
        One in how many.
    """
    whole = dataset.role in ("sequence", "value")
    if not whole and len(pieces) < _MANY * part:
        lengths = pieces[:, 2] - pieces[:, 1]
        starts = pieces[:, 2] - np.maximum(lengths // part, np.minimum(lengths, 2))
        return np.column_stack([pieces[:, 0], starts, pieces[:, 2]])
    order = np.random.default_rng(0).permutation(len(pieces))
    if dataset.role != "sequence":
        return pieces[np.sort(order[: -(-len(pieces) // part)])]
    labels = np.unique(np.asarray(dataset.y)[pieces[:, 0]].astype(str), return_inverse=True)[1][order]
    kept = [
        of_one[: max(-(-len(of_one) // part), _OF_A_CLASS)]
        for of_one in (order[labels == label] for label in range(labels.max() + 1))
    ]
    found: Pieces = pieces[np.sort(np.concatenate(kept))]
    return found
