"""Real-valued steps as symbols, and learning in pieces."""

import numpy as np
import pytest
from sklearn.base import clone

from seqcompare import BayesClassifier, MarkovChain, MarkovTagger, RNNTagger, load, save
from seqcompare.data.sequences import Sequences
from seqcompare.models.pieces import InPieces
from seqcompare.models.quantized import Quantized


def blobs(rng, n=40, length=12):
    """Return sequences that jump between four far corners; class 1 goes round, class 0 anywhere."""
    y = np.arange(n) % 2
    corners = np.array([[0, 0], [100, 0], [100, 1], [0, 1]], dtype=float)
    states = rng.integers(0, 4, (n, length))
    states[y == 1] = (states[y == 1][:, :1] + np.arange(length)) % 4
    return list(corners[states] + 0.02 * rng.normal(size=(n, length, 2)) * [100, 1]), y, states


def test_separate_clusters_become_the_symbols_they_are():
    rng = np.random.default_rng(0)
    X, y, states = blobs(rng)
    model = Quantized(BayesClassifier(MarkovChain(order=1)), n_symbols=4, random_state=0).fit(X, y)
    symbols = model._symbols(Sequences(X)).values
    for state in range(4):
        assert len(set(symbols[states.ravel() == state])) == 1
    other, truth, same = blobs(np.random.default_rng(1))
    by_hand = BayesClassifier(MarkovChain(order=1)).fit(list(states), y)
    np.testing.assert_allclose(model.predict_proba(other), by_hand.predict_proba(list(same)), rtol=1e-6)
    assert (model.predict(other) == truth).mean() > 0.95
    assert model.n_parameters_ == by_hand.n_parameters_ + 8


def test_labels_of_steps_come_back_in_the_container():
    rng = np.random.default_rng(0)
    X, _, states = blobs(rng)
    model = Quantized(MarkovTagger(order=0), n_symbols=4, random_state=0).fit(X, list(states))
    assert isinstance(model.predict(X), list)
    assert all((a == b).all() for a, b in zip(model.predict(X), states, strict=True))
    assert model.causal


def test_symbols_need_no_quantisation():
    with pytest.raises(ValueError, match="symbols already"):
        Quantized(MarkovTagger()).fit(["ab"], [[0, 1]])


def test_pieces_cover_every_step_once():
    lengths = [250, 99, 100, 1]
    X = Sequences([np.arange(n) % 7 for n in lengths])
    offsets = InPieces(MarkovTagger(), length=100)._bounds(X)
    assert np.diff(offsets).max() <= 100
    assert set(X.offsets) <= set(offsets)
    assert len(offsets) == 3 + 1 + 1 + 1 + 1


def test_pieces_are_fitted_as_sequences():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, 300)
    y = np.roll(x, 1)
    weight = rng.integers(0, 3, 300).astype(float)
    model = InPieces(MarkovTagger(order=2), length=50).fit([x], [y], sample_weight=[weight])
    cut = MarkovTagger(order=2).fit(
        list(x.reshape(6, 50)), list(y.reshape(6, 50)), sample_weight=list(weight.reshape(6, 50))
    )
    np.testing.assert_allclose(model.predict_proba([x])[0], cut.predict_proba([x])[0])
    assert model.n_parameters_ == cut.n_parameters_


def test_both_can_be_saved(tmp_path):
    rng = np.random.default_rng(0)
    X, y, states = blobs(rng, 12)
    symbols = list(states)
    for model, args in (
        (Quantized(BayesClassifier(MarkovChain()), 4, random_state=0), (X, y)),
        (InPieces(RNNTagger(hidden_size=2, max_iter=2, random_state=0), 5), (symbols, symbols)),
    ):
        fitted = clone(model).fit(*args)
        save(fitted, tmp_path / "model.skops")
        again = load(tmp_path / "model.skops")
        for a, b in zip(again.predict_proba(args[0]), fitted.predict_proba(args[0]), strict=True):
            np.testing.assert_array_equal(a, b)
