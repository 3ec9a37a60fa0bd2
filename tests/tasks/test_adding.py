from math import inf

import numpy as np
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from seqcompare.tasks import Adding


def test_sequences_by_hand():
    task = Adding(6)
    for length in (None, 20):
        dataset = task.sample(300, length, random_state=0)
        for x, y in zip(dataset.X, dataset.y, strict=True):
            first, second = np.flatnonzero(x[:, 1])
            assert second - first == 6
            assert x[first, 0] + x[second, 0] == y
            assert set(x[:, 1]) == {0.0, 1.0}
    assert task.optimal_prediction([np.array([[0.25, 1.0], [0.9, 0.0], [0.5, 1.0]])]) == [0.75]


def error(task, features, model):
    train, test = (task.sample(4000, random_state=seed) for seed in (0, 1))
    model.fit(features(train), train.y)
    return task.score(test, model.predict(features(test)))


def flagged(data, which):
    return np.array([x[np.flatnonzero(x[:, 1])[which], 0] for x in data.X])


def test_chance_is_what_the_last_flag_alone_gets():
    task = Adding(4)
    assert task.chance_score == pytest.approx(1 / 12)
    last = error(task, lambda data: flagged(data, [-1]), LinearRegression())
    assert last == pytest.approx(task.chance_score, abs=0.005)
    both = error(task, lambda data: flagged(data, [0, 1]), LinearRegression())
    assert both == pytest.approx(task.optimal_score, abs=1e-12)
    nothing = error(task, lambda data: np.zeros((len(data), 1)), DummyRegressor())
    assert nothing == pytest.approx(1 / 6, abs=0.01)


def test_position_length_and_all_but_the_flagged_numbers_are_uninformative():
    task = Adding(4)

    def rest(data):
        return np.array(
            [
                [*np.flatnonzero(x[:, 1]), len(x), x[x[:, 1] == 0, 0].mean(), x[x[:, 1] == 0, 0].max()]
                for x in data.X
            ]
        )

    forest = RandomForestRegressor(25, min_samples_leaf=50, random_state=0)
    assert error(task, rest, forest) > 1 / 6 - 0.01


def test_wrong_predictions_and_sequences_raise():
    task = Adding(2)
    dataset = task.sample(10, random_state=0)
    assert task.memory_bits == inf
    assert task.score(dataset, dataset.y[:, np.newaxis]) == 0
    with pytest.raises(ValueError, match=r"a number for each of 10 sequences, got shape \(9,\)"):
        task.score(dataset, dataset.y[1:])
    with pytest.raises(ValueError, match="must be finite, got NaN or infinity"):
        task.score(dataset, dataset.y * np.nan)
    with pytest.raises(ValueError, match="Adding has 2 channels, numbers and flags, got"):
        task.optimal_prediction([[0.5, 0.5]])
    with pytest.raises(ValueError, match=r"2 flags in every sequence, X\[0\] has 1"):
        task.optimal_prediction([np.array([[0.5, 1.0], [0.5, 0.0]])])
