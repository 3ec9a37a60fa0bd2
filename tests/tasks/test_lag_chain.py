from itertools import product

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sources import answers, assert_matches, enumerate_predictions, one_hot_taps

from seqcompare.tasks import LagChain


def rule(task, old, new):
    n = task.n_symbols
    return task.fidelity * (new == (old + 1) % n) + (1 - task.fidelity) / n


@pytest.mark.parametrize("task", [LagChain(1, n_symbols=3), LagChain(3, n_symbols=2, fidelity=0.4)], ids=repr)
def test_optimum_is_that_of_the_definition(task):
    def follow(past):
        for s in range(task.n_symbols):
            old = len(past) - task.distance
            yield s, rule(task, past[old], s) if old >= 0 else 1 / task.n_symbols, (*past, s)

    assert_matches(task, enumerate_predictions({(): 1.0}, follow, 6))


def test_optimal_score_is_the_entropy_of_all_continuations():
    task = LagChain(2, n_symbols=3, fidelity=0.6)
    total = 0.0
    for a, b, c in product(range(3), repeat=3):
        total -= rule(task, a, c) / 9 * np.log2(rule(task, a, c))
        assert 0 <= b < 3
    assert task.optimal_score == pytest.approx(total, abs=1e-12)
    # .925 that it follows, .025 for each of three others
    by_hand = -(0.925 * np.log2(0.925) + 0.075 * np.log2(0.025))
    assert LagChain(8).optimal_score == pytest.approx(by_hand, abs=1e-12)


def test_chance_is_what_is_left_without_the_lag():
    task = LagChain(4)
    train, test = (task.sample(1500, random_state=seed) for seed in (0, 1))

    def bits(taps):
        rows, truth = answers(task, train)
        model = LogisticRegression(C=0.1).fit(one_hot_taps(train, rows, taps, 4), truth)
        rows, truth = answers(task, test)
        proba = model.predict_proba(one_hot_taps(test, rows, taps, 4))
        return -np.log2(proba[np.arange(len(rows)), truth]).mean()

    assert bits([1]) == pytest.approx(task.chance_score, abs=0.005)
    assert bits([1, 2, 3]) == pytest.approx(task.chance_score, abs=0.005)
    assert bits([1, 2, 3, 4]) == pytest.approx(task.optimal_score, abs=0.02)


def test_hand_made_machine_is_exact_at_every_step():
    for task in (LagChain(1), LagChain(3, n_symbols=3), LagChain(5, n_symbols=2)):
        dataset = task.sample(100, random_state=2)
        machine = task.exact_model()
        assert machine.n_components == task.n_symbols**task.distance
        np.testing.assert_allclose(
            machine.predict_next_proba(dataset.X).values, task.optimal_proba(dataset.X).values, atol=1e-9
        )
    assert LagChain(5).exact_model() is None
