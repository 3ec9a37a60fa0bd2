import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from seqcompare.tasks import TemporalOrder


def test_sequences_by_hand():
    task = TemporalOrder(5, n_fillers=3)
    for length in (None, 30):
        dataset = task.sample(300, length, random_state=0)
        for x, y in zip(dataset.X, dataset.y, strict=True):
            first, second = np.flatnonzero(x < 2)
            assert second - first == 5 <= first
            assert y == 2 * x[first] + x[second]
    np.testing.assert_array_equal(task.optimal_proba([[2, 3, 1, 4, 0], [0, 0]]), np.eye(4)[[2, 0]])


def windows_of(x, width):
    """Return the steps as A, B, filler or start, cut into windows that end at every step."""
    padded = np.concatenate([np.full(width - 1, 3), np.minimum(x, 2)])
    return np.lib.stride_tricks.sliding_window_view(padded, width) @ 4 ** np.arange(width)


def bags_of_windows(dataset, width):
    return np.stack([np.bincount(windows_of(x, width), minlength=4**width) for x in dataset.X])


def gap_after(data):
    return np.array([len(x) - 1 - np.flatnonzero(x < 2)[-1] for x in data.X])


def accuracy(task, features, model=None, least_gap_after=0):
    train, test = (task.sample(4000, random_state=seed) for seed in (0, 1))
    train, test = (data.take(gap_after(data) >= least_gap_after) for data in (train, test))
    model = RandomForestClassifier(25, min_samples_leaf=5, random_state=0) if model is None else model
    model.fit(features(train), train.y)
    return (model.predict(features(test)) == test.y).mean()


def test_chance_is_what_a_bag_gets():
    task = TemporalOrder(3)
    noise = 0.5 / np.sqrt(2500)
    symbols = accuracy(task, lambda data: bags_of_windows(data, 1), LogisticRegression(max_iter=1000))
    assert abs(symbols - task.chance_score) < 4 * noise
    # any bag of windows that never hold both marks, nor a mark and the start; where the gap after cuts
    # none of them off, which would tell the last mark from the first
    whole = accuracy(task, lambda data: bags_of_windows(data, 3), least_gap_after=2)
    assert abs(whole - task.chance_score) < 4 * noise
    assert accuracy(task, lambda data: bags_of_windows(data, 4), least_gap_after=2) > 0.95


def test_last_mark_length_and_position_get_less():
    task = TemporalOrder(3)
    noise = 0.5 / np.sqrt(2500)

    def last_mark(data):
        return np.array([[x[np.flatnonzero(x < 2)[-1]]] for x in data.X])

    def places(data):
        return np.array([[*np.flatnonzero(x < 2), len(x)] for x in data.X])

    assert abs(accuracy(task, last_mark) - 1 / 2) < 4 * noise
    assert abs(accuracy(task, places) - 1 / 4) < 4 * noise


def test_sequences_without_two_marks_raise():
    with pytest.raises(ValueError, match=r"has 2 marks in every sequence, X\[1\] has 3"):
        TemporalOrder(2).optimal_proba([[2, 0, 1], [0, 0, 0]])
