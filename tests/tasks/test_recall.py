import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sources import answers, assert_matches, bag_of_prefix, enumerate_predictions, one_hot_taps

from seqcompare import HMM
from seqcompare.tasks import Recall


def source(task):
    """Return the definition as a state machine: gap, cue held for k steps, asked."""
    cues, fillers = range(task.n_cues), range(task.n_cues, task.n_cues + task.n_fillers)

    def follow(state):
        if state == "gap":
            yield from ((f, 4 / 5 / task.n_fillers, "gap") for f in fillers)
            yield from ((c, 1 / 5 / task.n_cues, (c, 1)) for c in cues)
        elif state[1] < task.distance - 1:
            yield from ((f, 1 / task.n_fillers, (state[0], state[1] + 1)) for f in fillers)
        elif state[1] == task.distance - 1:
            yield task.n_cues + task.n_fillers, 1.0, (state[0], task.distance)
        else:
            for c in cues:
                yield c, (1 - task.noise) * (c == state[0]) + task.noise / task.n_cues, "gap"

    return follow


@pytest.mark.parametrize(
    ("task", "length"),
    [
        (Recall(2, n_fillers=1), 7),
        (Recall(4, n_fillers=2), 6),
        (Recall(3, n_cues=3, n_fillers=1, noise=0.3), 6),
    ],
    ids=repr,
)
def test_optimum_is_that_of_the_definition(task, length):
    assert_matches(task, enumerate_predictions({"gap": 1.0}, source(task), length))


def test_a_stream_by_hand():
    dataset = Recall(4).sample(200, random_state=0)
    for x, w in zip(dataset.X, dataset.sample_weight, strict=True):
        queries = np.flatnonzero(x == 6)
        np.testing.assert_array_equal(np.flatnonzero(w), queries[queries < len(x) - 1] + 1)
        for t in np.flatnonzero(w):
            assert x[t] == x[t - 4] < 2
            assert ((x[t - 3 : t - 1] >= 2) & (x[t - 3 : t - 1] < 6)).all()


@pytest.mark.parametrize("distance", [4, 6])
def test_chance_is_what_is_left_without_the_cue(distance):
    """A forest on all steps that do not reach the cue."""
    task = Recall(distance, n_cues=2)
    train, test = (task.sample(1500, random_state=seed) for seed in (0, 1))

    def accuracy(features):
        forest = RandomForestClassifier(20, min_samples_leaf=5, random_state=0)
        rows, truth = answers(task, train)
        forest.fit(features(train, rows), truth)
        rows, truth = answers(task, test)
        return (forest.predict(features(test, rows)) == truth).mean()

    def window(reach):
        return lambda dataset, rows: one_hot_taps(dataset, rows, range(1, reach + 1), 7)

    noise = 0.5 / np.sqrt(task.scored(test).sum())
    assert abs(accuracy(window(1)) - task.chance_score) < 4 * noise
    assert abs(accuracy(window(distance - 1)) - task.chance_score) < 4 * noise
    assert accuracy(window(distance)) > 0.95
    # whoever can keep all that came before needs no order: a cue is there an odd number of times
    assert accuracy(lambda dataset, rows: bag_of_prefix(dataset, rows, 7)) > 0.95


def test_hand_made_machine_scores_the_optimum():
    for task in (Recall(2), Recall(128), Recall(16, n_cues=8), Recall(8, n_cues=3, noise=0.4)):
        machine = task.exact_model()
        assert machine.n_components == task.n_cues
        dataset = task.sample(300, random_state=3)
        best = task.score(dataset, task.optimal_proba(dataset.X))
        assert task.score(dataset, machine.predict_next_proba(dataset.X), machine.symbols_) == best


def test_an_arg_max_can_hide_a_cue_in_the_digits_of_a_belief():
    """Two states recall three cues by a hair: what is impossible is to be sure of them."""
    for distance in (2, 8, 24):
        task = Recall(distance, n_cues=3)
        stay, faint = 0.6, 1e-3
        hair = stay**distance * (1 + stay) / 4
        first, middle = 1 / (0.5 + hair + faint * (0.5 - hair)), 1.0
        emission = np.full((2, 8), 0.1)
        emission[0, :3] = first, middle, first * faint
        emission[1, :3] = first * faint, middle, first
        emission[:, :3] /= 2 * emission[:, :3].sum(axis=1, keepdims=True)
        machine = HMM.from_parameters(
            startprob=[0.5, 0.5],
            transmat=np.full((2, 2), (1 - stay) / 2) + stay * np.eye(2),
            emissionprob=emission,
            symbols=task.symbols,
        )
        dataset = task.sample(500, random_state=4)
        proba = machine.predict_next_proba(dataset.X)
        assert task.score(dataset, proba) == 1
        assert task.can_represent("hmm", 2) is False
        rows, truth = answers(task, dataset)
        among_cues = proba.values[rows - 1, :3]
        sure = among_cues[np.arange(len(rows)), truth] / among_cues.sum(axis=1)
        assert sure.mean() < 0.5
