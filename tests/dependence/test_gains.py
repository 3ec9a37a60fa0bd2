import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from seqcompare import MarkovChain, MarkovTagger, Sequences
from seqcompare.dependence.gains import (
    Loss,
    blocked_folds,
    class_losses,
    cut,
    make_folds,
    next_losses,
    step_losses,
)


def test_gain_and_its_error_are_those_of_a_ratio():
    rng = np.random.default_rng(0)
    size = rng.integers(5, 50, 400).astype(float)
    saved = size * 0.3 + rng.normal(size=400) * np.sqrt(size)
    base = rng.uniform(10, 20, 400)
    gain, error = Loss(base - saved, size).gain_over(Loss(base, size))
    assert gain == pytest.approx(saved.sum() / size.sum())
    draws = rng.integers(0, 400, size=(4000, 400))
    bootstrap = saved[draws].sum(axis=1) / size[draws].sum(axis=1)
    assert error == pytest.approx(bootstrap.std(), rel=0.05)


def test_every_sequence_is_tested_once_and_never_counted_then():
    folds = make_folds(23, 5, 0)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(23))
    for train, test in folds:
        assert not set(train) & set(test)
        assert len(train) + len(test) == 23
        assert len(test) in (4, 5)


def test_groups_stay_whole():
    groups = np.array(list("aabbbcddef"))
    for train, test in make_folds(10, 3, 0, groups=groups):
        assert not set(groups[train]) & set(groups[test])


def test_classes_are_spread_over_folds():
    classes = np.repeat([0, 1], [40, 10])
    for _, test in make_folds(50, 5, 0, classes=classes):
        assert np.bincount(classes[test]).tolist() == [8, 2]


def test_too_little_has_no_folds():
    assert make_folds(1, 5, 0) == []
    assert make_folds(4, 5, 0, groups=np.zeros(4)) == []
    assert blocked_folds(1, 5) == []


def test_blocks_are_neighbours():
    folds = blocked_folds(10, 3)
    assert [test.tolist() for _, test in folds] == [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9]]


def test_pieces_are_contiguous_and_long_enough():
    offsets = np.array([0, 1000, 1010])
    bounds = cut(offsets, 10, 30)
    assert bounds[-2:].tolist() == [1000, 1010]  # the short sequence stays whole
    assert set(np.diff(bounds[:-1])) == {100}
    assert np.diff(cut(np.array([0, 100]), 40, 30)).tolist() == [34, 33, 33]


def test_next_losses_are_the_chain_s_own():
    rng = np.random.default_rng(0)
    X = Sequences([rng.integers(0, 3, n) for n in rng.integers(5, 30, 20)])
    folds = make_folds(20, 4, 0)
    losses = list(next_losses(X, np.ones(X.n_steps), folds, range(3)))
    for order, loss in enumerate(losses):
        for train, test in folds:
            log_likelihood = MarkovChain(order).fit(X.take(train)).score_samples(X.take(test))
            np.testing.assert_allclose(loss.bits[test], -log_likelihood / np.log(2), rtol=1e-10)
    np.testing.assert_array_equal(losses[0].size, X.lengths)


def test_an_unseen_symbol_costs_what_the_chain_says():
    X = Sequences([["a", "b", "a"], ["b", "a", "z"]])
    (loss,) = next_losses(X, np.ones(6), [(np.array([0]), np.array([1]))] * 1, range(1, 2))
    expected = MarkovChain(1).fit([["a", "b", "a"]]).score_samples([["b", "a", "z"]])[0]
    assert loss.bits[1] == pytest.approx(-expected / np.log(2))


def test_steps_of_weight_zero_cost_nothing_and_teach_nothing():
    X = Sequences([[0, 1, 0, 1], [1, 0, 1, 0]] * 5)
    weight = (X.step_index >= 2).astype(float)
    (loss,) = next_losses(X, weight, make_folds(10, 5, 0), range(1, 2))
    assert (loss.size == 2).all()
    chain = MarkovChain(1).fit(X, sample_weight=X.with_values(weight))
    assert chain.counts_.total == 20


def test_step_losses_are_the_tagger_s_own():
    rng = np.random.default_rng(0)
    X = Sequences(rng.integers(0, 3, (20, 15)))
    y = rng.integers(0, 2, X.n_steps)
    folds = make_folds(20, 4, 0)
    labels = X.with_values(y)
    _, _, loss = step_losses(X, y, np.ones(X.n_steps), folds, range(-1, 2))
    for train, test in folds:
        tagger = MarkovTagger(1).fit(X.take(train), labels.take(train))
        proba = np.concatenate(list(tagger.predict_proba(X.take(test))))
        cost = -np.log2(proba[np.arange(len(proba)), labels.take(test).values])
        np.testing.assert_allclose(loss.bits[test], cost.reshape(-1, 15).sum(axis=1), rtol=1e-10)


def test_without_context_labels_cost_their_entropy():
    rng = np.random.default_rng(0)
    X = Sequences(rng.integers(0, 3, (100, 50)))
    y = (rng.random(X.n_steps) < 0.2).astype(np.int64)
    (loss,) = step_losses(X, y, np.ones(X.n_steps), make_folds(100, 5, 0), range(-1, 0))
    assert loss.mean == pytest.approx(0.7219, abs=0.02)


def test_class_losses_are_calibrated():
    # every step is said five times, so that a chain of order 0 is five times too sure
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 600)
    steps = (rng.random((600, 6)) < 0.35 + 0.3 * y[:, None]).astype(np.int64)
    X = Sequences(np.repeat(steps, 5, axis=1))
    folds = make_folds(600, 5, 0, classes=y)
    alone, bag = class_losses(X, y, folds, range(-1, 1))
    assert alone.mean == pytest.approx(1.0, abs=0.01)
    # the count of ones is all there is to know
    count = steps.sum(axis=1, keepdims=True)
    cost = np.empty(600)
    for train, test in folds:
        proba = LogisticRegression().fit(count[train], y[train]).predict_proba(count[test])
        cost[test] = -np.log2(proba[np.arange(len(test)), y[test]])
    assert bag.mean == pytest.approx(cost.mean(), abs=0.01)


def test_a_class_missing_in_training_has_a_finite_cost():
    X = Sequences(np.random.default_rng(0).integers(0, 2, (10, 5)))
    y = np.array([0] * 9 + [1])
    for loss in class_losses(X, y, make_folds(10, 5, 0), range(-1, 2)):
        assert np.isfinite(loss.bits).all()


def test_errors_are_over_groups_where_there_are_any():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 8)
    saved = rng.normal(size=30)[groups] + 0.5
    base, size = np.full(240, 9.0), np.ones(240)
    one, other = Loss(base - saved, size), Loss(base, size)
    gain, error = one.gain_over(other)
    grouped_gain, grouped_error = one.grouped(groups).gain_over(other.grouped(groups))
    assert grouped_gain == pytest.approx(gain)
    # eight copies of each number are no more than one
    assert grouped_error == pytest.approx(error * np.sqrt(8), rel=0.05)
    assert one.grouped(None) is one
