import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sources import answers, bag_of_prefix, one_hot_taps

from seqcompare.tasks import Copy


def test_a_sequence_by_hand():
    task = Copy(5, n_items=2, n_symbols=3)
    x = [3, 3, 0, 2, 3, 3, 4, 3, 3, 3]
    expected = [3, 3, 3, 3, 3, 3, 3, 0, 2, 3]
    np.testing.assert_array_equal(task.optimal_proba([x])[0], np.eye(4)[expected])


def test_every_label_is_certain():
    for task in (Copy(4), Copy(9, n_items=1), Copy(6, n_items=5, n_symbols=2)):
        for length in (None, 25):
            dataset = task.sample(300, length, random_state=0)
            proba = task.optimal_proba(dataset.X).values
            np.testing.assert_array_equal(proba, np.eye(task.n_symbols + 1)[dataset.y.values])


def test_every_item_is_shown_its_distance_before():
    task = Copy(7, n_items=4)
    dataset = task.sample(300, random_state=0)
    for x, y, w in zip(dataset.X, dataset.y, dataset.sample_weight, strict=True):
        due = np.flatnonzero(w)
        np.testing.assert_array_equal(due, np.flatnonzero(x == task.go)[0] + 1 + np.arange(4))
        np.testing.assert_array_equal(y[due], x[due - 7])
        assert ((x < 4).sum(), (x == task.go).sum()) == (4, 1)


def test_items_are_independent_of_when_they_are_shown():
    dataset = Copy(4, n_symbols=2).sample(4000, length=12, random_state=0)
    x = np.stack(list(dataset.X))
    first = np.argmax(x < 2, axis=1)
    assert set(first) == set(range(6))
    for start in range(6):
        shown = x[first == start][:, start : start + 3]
        assert np.abs(shown.mean(axis=0) - 0.5).max() < 4.5 * 0.5 / np.sqrt(len(shown))


def test_chance_is_what_is_left_without_the_item():
    task = Copy(6, n_items=3, n_symbols=4)
    train, test = (task.sample(2500, random_state=seed) for seed in (0, 1))

    def accuracy(features):
        rows, truth = answers(task, train)
        forest = RandomForestClassifier(20, min_samples_leaf=5, random_state=0)
        forest.fit(features(train, rows), truth)
        rows, truth = answers(task, test)
        return (forest.predict(features(test, rows)) == truth).mean()

    def window(reach):
        return lambda dataset, rows: one_hot_taps(dataset, rows, range(reach + 1), 6)

    noise = 0.5 / np.sqrt(3 * len(test))
    assert abs(accuracy(window(0)) - task.chance_score) < 4 * noise
    assert abs(accuracy(window(5)) - task.chance_score) < 4 * noise
    assert accuracy(window(6)) > 0.95
    # knowing the items but not their order: the commonest one is right 9/16 of the time
    assert abs(accuracy(lambda dataset, rows: bag_of_prefix(dataset, rows, 6)) - 9 / 16) < 4 * noise


def test_sequences_that_ask_for_nothing_shown_raise():
    with pytest.raises(
        ValueError, match=r"X\[0\] is no sequence of Copy: at step 1 expected one without items"
    ):
        Copy(4).optimal_proba([[4, 5, 4, 4, 4, 4, 4]])
