"""What a part of the data gives to `fit`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_weights
from seqcompare.models.alphabet import encode
from seqcompare.models.base import Reading, check_sequences
from seqcompare.typing import Floats, Labels


def arguments(part: SequenceDataset) -> dict[str, Any]:
    """Return the part as keyword arguments of `fit`."""
    weights = {} if part.sample_weight is None else {"sample_weight": part.sample_weight}
    return {"X": part.X, "y": part.y, **weights}


def weighed_steps(model: BaseEstimator, reading: Reading, part: SequenceDataset) -> tuple[Sequences, Floats]:
    """Return the sequences of weight above 0 as a model reads them, and the weight of each step.

    The model learns of what kind they are.
    """
    sequences = check_sequences(model, part.X, reset=True, **reading)
    weight = check_step_weights(part.sample_weight, sequences, steps_as_array=False)
    used = np.add.reduceat(weight, sequences.offsets[:-1]) > 0
    if used.all():
        return sequences, weight
    return sequences.take(used), weight[np.repeat(used, sequences.lengths)]


def read_alike(kinds: list[tuple[str, int, bool]]) -> tuple[str, int, bool]:
    """Return the kind of the steps, their channels and whether they are plain numbers, of all parts.

    Raises
    ------
    ValueError
        If parts differ.
    """
    first = kinds[0]
    for other in kinds:
        if other != first:
            raise ValueError(
                f"expected steps of {first[1]} channel(s) of kind {first[0]!r} in all parts, got "
                f"{other[1]} of kind {other[0]!r}"
            )
    return first


def kind_of(sequences: Sequences) -> tuple[str, int, bool]:
    """Return what `read_alike` compares."""
    return str(sequences.kind), sequences.n_channels, sequences.values.ndim == 1


def union_of(alphabets: list[Labels]) -> Labels:
    """Return all symbols of the parts, sorted.

    Raises
    ------
    ValueError
        If some parts have words and others numbers.
    """
    for other in alphabets[1:]:
        encode(other[:1], alphabets[0])  # strings and numbers are no common alphabet
    return np.unique(np.concatenate(alphabets))
