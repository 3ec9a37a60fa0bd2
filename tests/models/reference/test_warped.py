"""The nearest sequence under dynamic time warping, against its recursion written out."""

import sys

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from seqcompare import DTWClassifier
from seqcompare.families import find_spec

RNG = np.random.default_rng(2)
X = [RNG.normal(size=(n, 2)).cumsum(axis=0) * [1.0, 5.0] for n in RNG.integers(3, 9, 30)]
y = np.array(["a", "b", "c"])[RNG.integers(0, 3, 30)]


def warped(a, b):
    cost = np.full((len(a) + 1, len(b) + 1), np.inf)
    cost[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            step = ((a[i] - b[j]) ** 2).sum()
            cost[i + 1, j + 1] = step + min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
    return np.sqrt(cost[-1, -1])


def test_answers_are_those_of_the_nearest_neighbour_by_the_recursion():
    train, test = X[:20], X[20:]
    model = DTWClassifier().fit(train, y[:20])
    steps = np.concatenate(train)
    standard = [(x - steps.mean(axis=0)) / steps.std(axis=0) for x in X]
    table = np.array([[warped(a, b) for b in standard[:20]] for a in standard])
    peer = KNeighborsClassifier(1, metric="precomputed").fit(table[:20], y[:20])
    assert model.predict(test).tolist() == peer.predict(table[20:]).tolist()
    nearest = np.stack([table[20:, y[:20] == label].min(axis=1) for label in "abc"], axis=1)
    expected = nearest ** (-1 / model.temperature_)
    np.testing.assert_allclose(
        model.predict_proba(test), expected / expected.sum(axis=1, keepdims=True), rtol=1e-8
    )


def test_noise_is_answered_with_little_confidence():
    model = DTWClassifier().fit(X[:20], y[:20])
    assert model.predict_proba(X[20:]).max() < 0.7


def test_sequences_given_twice_are_not_certain():
    model = DTWClassifier().fit(X + X, np.concatenate([y, y]))
    proba = model.predict_proba(X)
    assert np.isfinite(np.log(proba)).all()
    assert model.score(X, y) == 1


def test_symbols_are_refused():
    with pytest.raises(ValueError, match="expected numbers, got symbols"):
        DTWClassifier().fit(["ab", "ba"], [0, 1])


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dtaidistance.dtw_ndim", None)
    with pytest.raises(ImportError, match=r"pip install 'seqcompare\[archive\]'"):
        DTWClassifier().fit(X, y)


def test_comparisons_enter_it_if_asked_for():
    family, spec = find_spec("dtw")
    assert family.name == "reference"
    assert list(spec.grid(None)) == []
