import time

import numpy as np
import pytest
from sklearn.base import clone

from seqcompare import RNNClassifier, RNNRegressor, RNNTagger
from seqcompare.models.recurrent import chunks
from seqcompare.models.recurrent.losses import LOSSES, best_constant, constant_losses
from seqcompare.models.recurrent.optimizers import Descent, descend, fresh_memory

RNG = np.random.default_rng(0)
X = RNG.integers(0, 2, (300, 10))
EASY = X
NOISE = RNG.integers(0, 2, X.shape)


def test_stops_when_solved():
    model = RNNTagger("gru", random_state=0).fit(X, EASY)
    assert model.stop_reason_ == "solved"
    assert 1e-4 < model.validation_loss_curve_[-1] < 1e-3
    assert model.n_iter_ < 200


def test_what_is_rare_is_learned_before_it_is_solved():
    rng = np.random.default_rng(0)
    rare = [(rng.random(600) < 1 / 5000).astype(int) for _ in range(40)]
    after = [np.append(0, x[:-1]) for x in rare]
    model = RNNTagger("lru", hidden_size=8, random_state=0, learning_rate_init=0.02).fit(rare, after)
    asked = np.zeros(50, dtype=int)
    asked[10] = 1
    assert model.predict_proba([asked])[0][11, 1] > 0.5


def test_does_not_stop_on_a_plateau_at_chance():
    model = RNNTagger("gru", random_state=0, n_iter_no_change=3, max_iter=25).fit(X, NOISE)
    assert model.stop_reason_ == "max_iter"
    assert model.n_iter_ == 25


def test_stops_for_want_of_progress_above_chance():
    y = np.where(RNG.random(X.shape) < 0.2, 1 - X, X)  # best possible accuracy: 0.8
    model = RNNTagger("gru", random_state=0, n_iter_no_change=4).fit(X, y)
    assert model.stop_reason_ == "patience"
    best = int(np.argmin(model.validation_loss_curve_)) + 1
    assert model.best_iter_ == best
    assert model.n_iter_ >= best + 1


def test_the_best_weights_come_back():
    y = np.where(RNG.random(X.shape) < 0.2, 1 - X, X)
    full = RNNTagger("gru", hidden_size=64, random_state=0, n_iter_no_change=8).fit(X, y)
    assert full.best_iter_ < full.n_iter_
    cut = RNNTagger("gru", hidden_size=64, random_state=0, max_iter=full.best_iter_).fit(X, y)
    np.testing.assert_array_equal(full.weights_, cut.weights_)


def test_keeps_the_last_weights_without_held_out_data():
    model = RNNTagger("elman", early_stopping=False, max_iter=5, random_state=0).fit(X, EASY)
    assert model.best_iter_ == model.n_iter_ == 5
    assert model.validation_scores_ == []


def test_the_clock_stops_training():
    began = time.perf_counter()
    model = RNNTagger("elman", max_seconds=0.2, max_iter=100_000, random_state=0).fit(X, NOISE)
    assert model.stop_reason_ == "max_seconds"
    assert time.perf_counter() - began < 5
    assert np.isfinite(model.weights_).all()


def test_a_single_class_is_learned_at_once():
    model = RNNClassifier(max_iter=50, random_state=0).fit(X, np.zeros(300, int))
    assert (model.predict(X) == 0).all()
    assert model.n_iter_ == 1


def test_a_constant_target_is_answered():
    model = RNNRegressor(max_iter=50, random_state=0).fit(X, np.full(300, 7.5))
    np.testing.assert_allclose(model.predict(X), 7.5, atol=0.2)


def test_truncated_training_learns_what_lies_within_a_chunk():
    rng = np.random.default_rng(1)
    long = rng.integers(0, 2, (20, 400))
    y = np.concatenate([np.zeros((20, 2), int), long[:, :-2]], axis=1)
    model = RNNTagger("gru", truncation=16, max_iter=15, random_state=0).fit(long, y)
    assert model.score(long, y) > 0.99


@pytest.mark.parametrize("pooling", ["last", "mean", "attention"])
def test_truncated_training_of_whole_sequences(pooling):
    rng = np.random.default_rng(1)
    long = rng.integers(0, 2, (60, 50))
    y = long[:, -1] if pooling == "last" else (long.mean(axis=1) > 0.5).astype(int)
    model = RNNClassifier("gru", truncation=8, pooling=pooling, max_iter=60, random_state=0).fit(long, y)
    assert model.score(long, y) > 0.85


def test_adam_makes_the_published_steps():
    rng = np.random.default_rng(2)
    w = rng.normal(size=5)
    by_hand, m, v = w.copy(), np.zeros(5), np.zeros(5)
    memory = fresh_memory("adam", w)
    for step in range(1, 6):
        g = rng.normal(size=5)
        descend(w, g, memory, Descent("adam", 0.1, 0.0, np.inf, 0.0), np.ones(5, bool))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        by_hand -= 0.1 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    np.testing.assert_allclose(w, by_hand, rtol=1e-6)


def test_momentum_clipping_and_decay():
    w, memory = np.array([1.0, 1.0]), fresh_memory("sgd", np.zeros(2))
    descent = Descent("sgd", 0.1, 0.5, 1.0, 0.2)
    norm = descend(w, np.array([3.0, 4.0]), memory, descent, np.array([True, False]))
    assert norm == 5
    np.testing.assert_allclose(w, [0.98 - 0.06, 1 - 0.08])
    descend(w, np.zeros(2), memory, descent, np.array([False, False]))
    np.testing.assert_allclose(w, [0.92 - 0.03, 0.92 - 0.04])


def test_a_gradient_that_is_not_finite_changes_nothing():
    w = np.ones(2)
    norm = descend(
        w,
        np.array([np.inf, 1.0]),
        fresh_memory("adam", w),
        Descent("adam", 0.1, 0.0, 1.0, 0.1),
        np.ones(2, bool),
    )
    assert norm == np.inf
    np.testing.assert_array_equal(w, 1)


# a mixture's constant is one of its components alike, and only good enough to compare with
@pytest.mark.parametrize("link", sorted(set(LOSSES) - {"mixture"}))
def test_no_constant_beats_the_best_one(link):
    rng = np.random.default_rng(3)
    targets = {
        "softmax": rng.integers(0, 3, 50),
        "sigmoid": rng.integers(0, 2, (50, 3)).astype(float),
        "identity": rng.normal(2, 1, (50, 3)),
        "gaussian": rng.normal(2, 3, (50, 1)),
        "poisson": rng.poisson(2.0, (50, 3)).astype(float),
    }[link]
    weights = rng.uniform(0, 2, 50)
    size = 2 if link == "gaussian" else 3
    best = best_constant(link, targets, weights, size)

    def loss(z):
        items = LOSSES[link].look(np.repeat(z, 50, axis=0), targets)[0]
        np.testing.assert_allclose(constant_losses(link, z, targets), items)
        return weights @ items

    for _ in range(50):
        assert loss(best) <= loss(best + rng.normal(0, 0.1, (1, size))) + 1e-9


def test_losses_survive_extreme_outputs():
    z = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype=np.float32)
    for link, targets in (("softmax", np.array([0, 0])), ("sigmoid", np.array([[1.0, 0], [1, 0]]))):
        items, gradient = LOSSES[link].look(z, targets)
        assert items[0] == 0
        assert items[1] >= 1e4
        assert np.isfinite(gradient).all()


def test_a_model_worse_than_any_constant_is_at_chance():
    model = RNNTagger("elman", learning_rate_init=1.0, random_state=0, n_iter_no_change=2, max_iter=12).fit(
        X, NOISE
    )
    assert min(model.validation_loss_curve_) > np.log(2)
    assert model.stop_reason_ == "max_iter"


def test_outputs_are_held_a_few_at_a_time(monkeypatch):
    rng = np.random.default_rng(3)
    X = [rng.integers(0, 9, n) for n in (12, 7, 30, 1, 18) * 6]
    y = [(3 * x) % 7 for x in X]
    model = RNNTagger("gru", early_stopping=True, max_iter=3, dtype="float64", random_state=0)
    whole, long = clone(model).fit(X, y), np.concatenate(X)
    monkeypatch.setattr(chunks, "OUTPUTS_AT_ONCE", 7 * 5)
    seen = []
    look = LOSSES["softmax"].look
    watched = LOSSES["softmax"]._replace(look=lambda z, codes: seen.append(len(z)) or look(z, codes))
    monkeypatch.setitem(LOSSES, "softmax", watched)
    parts = clone(model).fit(X, y)
    assert max(seen) == 5
    np.testing.assert_allclose(parts.loss_curve_, whole.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(parts.validation_loss_curve_, whole.validation_loss_curve_, rtol=1e-10)
    assert parts.validation_scores_ == whole.validation_scores_
    np.testing.assert_allclose(parts.weights_, whole.weights_, rtol=1e-6)
    rows = list(parts.iter_proba([long], 10))
    assert [len(part) for part in rows[:-1]] == [5] * (len(rows) - 1)
    np.testing.assert_allclose(np.concatenate(rows), parts.predict_proba([long])[0], rtol=1e-10)


def test_what_a_constant_loses_takes_no_square_of_the_classes():
    constant = np.zeros((1, 200_000), np.float32)
    items = constant_losses("softmax", constant, np.array([0, 199_999]))
    np.testing.assert_allclose(items, np.log(200_000), rtol=1e-5)
