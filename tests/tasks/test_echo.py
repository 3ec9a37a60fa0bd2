from itertools import product

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sources import answers, one_hot_taps

from seqcompare import WindowTagger
from seqcompare.tasks import DelayedXor, Echo


@pytest.mark.parametrize(
    "task", [Echo(2), Echo(0, n_symbols=3), Echo(-1, n_symbols=3), DelayedXor(2)], ids=repr
)
def test_optimum_is_that_of_all_streams(task):
    """Average the labels over every way to continue the stream beyond both ends of the sequence."""
    length, n, margin = 3, len(task.symbols), abs(task.distance)
    seen = {}
    for stream in product(range(n), repeat=length + 2 * margin):
        x = stream[margin : margin + length]
        partners = stream[margin - task.distance :][:length]
        labels = [a ^ b if task.name == "DelayedXor" else b for a, b in zip(x, partners, strict=True)]
        seen.setdefault(x, []).append(np.eye(n)[labels])
    for x, labels in seen.items():
        np.testing.assert_allclose(task.optimal_proba([x])[0], np.mean(labels, axis=0), atol=1e-12)


@pytest.mark.parametrize("task", [Echo(3), Echo(-3), Echo(0), DelayedXor(3)], ids=repr)
def test_labels_by_hand(task):
    dataset = task.sample(50, random_state=0)
    for x, y, w in zip(dataset.X, dataset.y, dataset.sample_weight, strict=True):
        for t in range(len(x)):
            assert w[t] == (0 <= t - task.distance < len(x))
            if w[t]:
                partner = x[t - task.distance]
                assert y[t] == (x[t] ^ partner if task.name == "DelayedXor" else partner)


def accuracies(task, model, taps_of):
    train, test = (task.sample(800, length=24, random_state=seed) for seed in (0, 1))
    rows, truth = answers(task, train)
    n = len(task.symbols)
    for taps in taps_of:
        model.fit(one_hot_taps(train, rows, taps, n), truth)
        test_rows, test_truth = answers(task, test)
        yield (model.predict(one_hot_taps(test, test_rows, taps, n)) == test_truth).mean()


@pytest.mark.parametrize("distance", [-4, 4])
def test_chance_is_what_is_left_without_the_partner(distance):
    task = Echo(distance)
    forest = RandomForestClassifier(15, min_samples_leaf=10, random_state=0)
    between = range(-3, 4)
    blind, memoryless, short, enough = accuracies(task, forest, [[99], [0], between, [*between, distance]])
    assert max(abs(a - task.chance_score) for a in (blind, memoryless, short)) < 0.02
    assert enough > 0.95


def test_no_window_without_both_bits_and_no_linear_one_solves_xor():
    task = DelayedXor(3)
    forest = RandomForestClassifier(15, min_samples_leaf=5, random_state=0)
    short, one_bit, both = accuracies(task, forest, [range(3), [3], range(4)])
    assert max(abs(short - 0.5), abs(one_bit - 0.5)) < 0.02
    assert both > 0.95
    (linear,) = accuracies(task, LogisticRegression(), [range(8)])
    assert abs(linear - 0.5) < 0.02


@pytest.mark.parametrize("n_sequences", [4, 7, 50])
@pytest.mark.parametrize("distance", [1, 3])
def test_every_linear_ranking_of_xor_is_exactly_at_chance(n_sequences, distance):
    # every window, every offset by how much of it lies before the start, every sample
    generator = np.random.default_rng(0)
    task = DelayedXor(distance)
    for seed in range(20):
        dataset = task.sample(n_sequences, random_state=seed)
        taps = range(int(generator.integers(1, 12)))
        weights = {k: generator.normal(size=3) for k in taps}
        scores = [
            np.array([sum(weights[k][x[t - k] if t >= k else 2] for k in taps) for t in range(len(x))])
            for x in dataset.X
        ]
        p = [1 / (1 + np.exp(-s)) for s in scores]
        assert task.score(dataset, [np.column_stack([1 - q, q]) for q in p]) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_a_linear_model_of_xor_is_fitted_to_a_tie_and_has_no_skill_in_any_seed(seed):
    task = DelayedXor(2)
    train, test = task.sample(40, random_state=seed), task.sample(40, random_state=100 + seed)
    model = WindowTagger(LogisticRegression(), before=4).fit(train.X, train.y, train.sample_weight)
    assert task.score(test, model.predict_proba(test.X)) == pytest.approx(0.5, abs=1e-12)
    assert task.score(test, model.predict(test.X)) == pytest.approx(0.5, abs=1e-12)


def test_streams_of_xor_are_fair_and_their_labels_balanced_at_every_step():
    dataset = DelayedXor(3).sample(400, random_state=0)
    shape = (400, int(dataset.X.lengths[0]))
    x, y = dataset.X.values.reshape(shape), dataset.y.values.reshape(shape)
    assert (x.mean(axis=0) == 0.5).all()
    assert (y.mean(axis=0) == 0.5).all()
    pairs = 2 * x[:, 1:] + x[:, :-1]
    # a hundred independent streams
    assert np.abs(np.bincount(pairs.ravel()) / pairs.size - 0.25).max() < 0.02


def test_the_score_of_xor_is_the_area_under_the_curve():
    task = DelayedXor(2)
    dataset = task.sample(60, random_state=0)
    p = np.random.default_rng(1).random(dataset.X.n_steps).round(2)
    shape = (60, -1)
    y, q = dataset.y.values.reshape(shape)[:, 2:], p.reshape(shape)[:, 2:]
    expected = np.mean([roc_auc_score(a, b) for a, b in zip(y.T, q.T, strict=True)])
    assert task.score(dataset, np.column_stack([1 - p, p])) == pytest.approx(expected, abs=1e-12)
