from itertools import pairwise, product
from time import perf_counter

import numpy as np
import pytest

from seqcompare import Sequences
from seqcompare.tasks import HiddenRegimes


def brute_force(task, x):
    """Return p(next | x) by summing over every path of regimes."""
    n, stay = task.n_regimes, 1 - 1 / task.distance
    joint = np.zeros(task.n_symbols)
    for path in product(range(n), repeat=len(x) + 1):
        weight = 1 / n
        for a, b in pairwise(path):
            weight *= stay * (a == b) + (1 - stay) / n
        for regime, symbol in zip(path[:-1], x, strict=True):
            weight *= task.emission[regime, symbol]
        joint += weight * task.emission[path[-1]]
    return joint / joint.sum()


@pytest.mark.parametrize(
    "task", [HiddenRegimes(4), HiddenRegimes(5, n_regimes=3, n_symbols=3, contrast=0.8)], ids=repr
)
def test_optimum_is_that_of_all_regime_paths(task):
    sequences = [list(x) for x in product(range(task.n_symbols), repeat=4)]
    sequences += [x[:2] for x in sequences[::16]]
    for x, proba in zip(sequences, task.optimal_proba(sequences), strict=True):
        for t in range(len(x)):
            np.testing.assert_allclose(proba[t], brute_force(task, x[: t + 1]), atol=1e-12)


def test_regimes_share_out_the_alphabet():
    np.testing.assert_allclose(
        HiddenRegimes(4).emission, [[0.325, 0.325, 0.175, 0.175], [0.175, 0.175, 0.325, 0.325]]
    )
    uneven = HiddenRegimes(4, n_regimes=2, n_symbols=3).emission
    np.testing.assert_allclose(uneven.sum(axis=1), 1)
    assert HiddenRegimes(4, n_regimes=2, n_symbols=3).chance_score < np.log2(3)


def belief_grid_score(task, n_points=1501):
    """Return the optimal score for two regimes by moving the law of the belief over a grid, step by step."""
    grid = np.linspace(0, 1, n_points)
    beliefs = np.column_stack([1 - grid, grid])
    proba = beliefs @ task.emission
    entropy = -(proba * np.log2(proba)).sum(axis=1)
    law = np.zeros(n_points)
    law[n_points // 2] = 1
    moves = []
    for s in range(task.n_symbols):
        posterior = beliefs[:, 1] * task.emission[1, s] / proba[:, s]
        place = (posterior * (1 - 1 / task.distance) + 0.5 / task.distance) * (n_points - 1)
        low = np.minimum(place.astype(int), n_points - 2)
        moves.append((low, place - low))
    scores = []
    for t in range(task.natural_length):
        if t >= task.distance:
            scores.append(law @ entropy)
        after = np.zeros(n_points)
        for s, (low, share) in enumerate(moves):
            after += np.bincount(low, law * proba[:, s] * (1 - share), n_points)
            after += np.bincount(low + 1, law * proba[:, s] * share, n_points)
        law = after
    return np.mean(scores)


@pytest.mark.parametrize("distance", [4, 32, 128])
def test_optimal_score_agrees_with_the_law_of_the_belief(distance):
    task = HiddenRegimes(distance)
    assert task.optimal_score == pytest.approx(belief_grid_score(task), abs=4e-4)
    assert 0.005 < task.chance_score - task.optimal_score < 0.055


def test_hand_made_machine_is_the_source():
    task = HiddenRegimes(8, n_regimes=3, n_symbols=5)
    dataset = task.sample(50, length=40, random_state=0)
    np.testing.assert_allclose(
        task.exact_model().predict_next_proba(dataset.X).values,
        task.optimal_proba(dataset.X).values,
        atol=1e-9,
    )


def test_chance_is_what_the_frequencies_of_symbols_get():
    task = HiddenRegimes(16, n_symbols=5)
    train, test = (task.sample(1500, random_state=seed).X.values for seed in (0, 1))
    frequencies = np.bincount(train) / len(train)
    bits = -np.log2(frequencies[test])
    assert bits.mean() == pytest.approx(task.chance_score, abs=0.002)


def test_regimes_last_as_long_as_the_distance_says():
    task = HiddenRegimes(10, n_symbols=2, contrast=0.9)
    x = np.stack(list(task.sample(4000, length=60, random_state=0).X)) - 0.5
    for lag in (5, 20):
        correlation = (x[:, lag:] * x[:, :-lag]).mean() * 4
        assert correlation == pytest.approx(0.9**2 * 0.9**lag, abs=0.015)


def test_four_thousand_sequences_take_seconds():
    task = HiddenRegimes(32)
    began = perf_counter()
    dataset = task.sample(4000, 256, random_state=0)
    proba = task.optimal_proba(dataset.X)
    assert isinstance(proba, Sequences)
    # .3 s on a quiet machine
    assert perf_counter() - began < 10
    assert task.score(dataset, proba) == pytest.approx(task.optimal_score, abs=0.003)
