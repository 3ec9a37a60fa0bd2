import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from seqcompare.tasks import KeyedRecall


@pytest.mark.parametrize("task", [KeyedRecall(3, n_pairs=2), KeyedRecall(9), KeyedRecall(1, 5)], ids=repr)
def test_a_sequence_by_hand(task):
    dataset = task.sample(200, random_state=0)
    n = k = task.n_pairs
    seen = set()
    for x, y, w in zip(dataset.X, dataset.y, dataset.sample_weight, strict=True):
        marks = np.flatnonzero(x != task.blank)
        pairs, asked = marks[: 2 * n].reshape(n, 2), marks[2 * n :]
        assert (np.diff(marks[: 2 * n]) == 1).all()
        assert asked[0] - pairs[-1, 1] == task.distance
        assert set(x[pairs[:, 0]]) == set(x[asked]) == set(range(k, k + n))
        np.testing.assert_array_equal(np.flatnonzero(w), asked)
        value_of = {x[a]: x[b] for a, b in pairs}
        assert y[asked].tolist() == [value_of[x[t]] for t in asked]
        assert (np.delete(y, asked) == k).all()
        place = {x[a]: b for a, b in pairs}
        seen |= {t - place[x[t]] for t in asked}
    assert (min(seen), max(seen)) == (task.distance, task.needs().distance)
    assert task.score(dataset, task.optimal_proba(dataset.X)) == 1


def test_no_bag_and_no_fixed_place_is_better_than_chance():
    task = KeyedRecall(2, n_pairs=3)
    farthest = task.needs().distance

    def rows_of(dataset):
        """What a bag holds, and the values at every distance; of the questions, which key is asked."""
        x, step = dataset.X.values, dataset.X.step_index
        rows = np.flatnonzero(task.scored(dataset))
        taps = np.array([np.where(step[rows] >= d, x[rows - d], -1) for d in range(1, farthest + 1)]).T
        taps[taps >= task.n_pairs] = -1
        counts = np.array([(taps == value).sum(axis=1) for value in range(task.n_pairs)]).T
        return np.hstack([counts, taps]), dataset.y.values[rows]

    train, test = (rows_of(task.sample(2000, random_state=seed)) for seed in (0, 1))
    forest = RandomForestClassifier(20, min_samples_leaf=10, random_state=0).fit(*train)
    assert task.chance_score - 0.05 < forest.score(*test) < task.chance_score + 0.02


def test_what_is_impossible_is_named():
    task = KeyedRecall(3, n_pairs=2)
    with pytest.raises(
        ValueError, match=r"X\[0\] is no sequence of KeyedRecall: at step 1 expected one whose"
    ):
        task.optimal_proba([[4, 2, 4, 4]])


def test_theory():
    task = KeyedRecall(4, n_pairs=2)
    assert [task.can_represent("window", width, variant="mlp") for width in (7, 8)] == [False, True]
    assert task.can_represent("window", 20, variant="logistic") is False
    assert [task.can_represent("hmm", states) for states in (1, 2)] == [False, None]
    assert task.can_represent("recurrent", 64, variant="lstm") is None
    assert task.can_represent("attention", 32) is None
    assert task.memory_bits == 1
