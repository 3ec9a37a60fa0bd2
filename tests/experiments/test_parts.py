"""The parts of data that candidates are raced on."""

import numpy as np
import pytest

from seqcompare.datasets import read
from seqcompare.experiments.parts import part_of


def whole(X):
    which = np.arange(len(X))
    return np.column_stack([which, np.zeros_like(which), X.lengths])


@pytest.fixture
def classes():
    y = np.array(["rare"] * 5 + ["a", "b"] * 200)
    dataset = read((["abc"] * len(y), y), role="sequence")
    return dataset, whole(dataset.X)


def test_a_smaller_part_is_in_every_larger_one(classes):
    dataset, pieces = classes
    sizes = [len(part_of(dataset, pieces, part)) for part in (16, 4)]
    small, large = (set(map(tuple, part_of(dataset, pieces, part))) for part in (16, 4))
    assert small < large
    assert sizes == pytest.approx([len(pieces) / 16, len(pieces) / 4], rel=0.2)


def test_every_class_is_in_a_part(classes):
    dataset, pieces = classes
    kept = np.asarray(dataset.y)[part_of(dataset, pieces, 16)[:, 0]]
    names, counts = np.unique(kept, return_counts=True)
    assert names.tolist() == ["a", "b", "rare"]
    assert counts.min() >= 3
    assert abs(counts[0] - counts[1]) <= 1


def test_few_long_sequences_give_their_last_steps():
    dataset = read(["ab" * 500, "ba" * 300])
    pieces = whole(dataset.X)
    assert part_of(dataset, pieces, 4).tolist() == [[0, 750, 1000], [1, 450, 600]]
    assert part_of(dataset, pieces, 16).tolist() == [[0, 938, 1000], [1, 563, 600]]


def test_a_part_does_not_depend_on_when_it_is_drawn(classes):
    dataset, pieces = classes
    first = part_of(dataset, pieces, 4)
    part_of(dataset, pieces, 16)
    np.testing.assert_array_equal(part_of(dataset, pieces, 4), first)
