"""Weights on the scale that models count by."""

import numpy as np
import pytest

from seqcompare import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.data_source import level_weights


def weighted(values):
    X = Sequences(np.zeros((1, len(values)), dtype=int))
    X = Sequences(X.values, X.offsets)
    return SequenceDataset(X, None, X.with_values(np.asarray(values, dtype=float)), "next", "weighted")


@pytest.mark.parametrize("values", [[0.0, 1.0, 1.0, 0.0, 1.0], [1.0] * 7, [0.0, 0.0]])
def test_weights_of_0_and_1_stay_exactly_as_they_are(values):
    assert level_weights(weighted(values)).sample_weight.values.tolist() == values


@pytest.mark.parametrize("scale", [1.0, 1 / 512, 1e-3, 7e5, 1e-308])
def test_positive_weights_have_the_mean_1(scale):
    found = level_weights(weighted(scale * np.array([0.0, 2.0, 1.0, 3.0]))).sample_weight.values
    np.testing.assert_allclose(found, [0.0, 1.0, 0.5, 1.5], rtol=1e-12)


def test_weights_of_sequences_are_levelled_alike():
    X, y = Sequences(np.zeros((3, 2), dtype=int)), np.array([0, 1, 1])
    X = Sequences(X.values, X.offsets)
    data = SequenceDataset(X, y, np.array([0.5, 1.5, 0.0]), "sequence", "weighted")
    assert level_weights(data).sample_weight.tolist() == [0.5, 1.5, 0.0]
    assert level_weights(SequenceDataset(X, y, None, "sequence", "plain")).sample_weight is None
