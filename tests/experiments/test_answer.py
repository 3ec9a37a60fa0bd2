"""Scores of answers to real data, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, mean_squared_error, r2_score

from seqcompare import HMM, MarkovChain, MarkovTagger, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.measures import (
    ask,
    calibration_of,
    confusion_of,
    count_items,
    metrics_of,
    score_of,
    scored_items,
    unit_sums,
    units,
)


class Given:
    """A fitted model whose answer is given."""

    def __init__(self, answer, names, method):
        self.answer, self.classes_, self.symbols_ = answer, names, names
        setattr(self, method, lambda X: self.answer)


def make(X, y=None, weight=None, role="next", **more):
    return SequenceDataset(
        Sequences(Sequences(X).values, Sequences(X).offsets), y, weight, role, "test", **more
    )


def test_bits_of_the_next_symbol_are_those_of_the_chain():
    data = make(["abab", "aab", "c"])
    model = MarkovChain(order=1).fit(["abab", "aabb", "abc"])
    answers = ask(model, data, 1e12)
    proba = [np.asarray(p) for p in model.predict_next_proba([list(x) for x in data.X])]
    by_hand = [
        -np.log2(proba[i][t - 1]["abc".index(x[t])])
        for i, x in enumerate(["abab", "aab"])
        for t in range(1, len(x))
    ]
    np.testing.assert_allclose(answers.bits, by_hand, rtol=1e-9)
    assert data.X.values[answers.item].tolist() == list("babab")


def test_an_unseen_symbol_costs_every_model_the_same():
    data = make(["az"])
    costs = [ask(MarkovChain(order=k).fit(["abab"]), data, 4.0).bits[0] for k in (0, 1, 3)]
    np.testing.assert_allclose(costs, np.log2(3 * 5))


def test_steps_of_weight_zero_do_not_count():
    y = Sequences(["xyxy"])
    data = make(["abab"], y, Sequences([np.array([0.0, 2.0, 0.0, 1.0])]), "step")
    item, weight, truth = scored_items(data)
    assert (item.tolist(), weight.tolist(), truth.tolist()) == ([1, 3], [2.0, 1.0], ["y", "y"])
    proba = np.array([[1.0, 0.0], [0.1, 0.9], [1.0, 0.0], [0.8, 0.2]])
    answers = ask(Given(Sequences(proba, data.X.offsets), np.array(["x", "y"]), "predict_proba"), data, 1e9)
    assert metrics_of(answers, "step")["accuracy"] == pytest.approx(2 / 3)
    assert metrics_of(answers, "step")["bits"] == pytest.approx(-(2 * np.log2(0.9) + np.log2(0.2)) / 3)


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 200)
    proba = rng.dirichlet(np.ones(4), 200)
    data = make(rng.integers(0, 2, (200, 3)), truth, None, "sequence")
    answers = ask(Given(proba, np.arange(4), "predict_proba"), data, 1e12)
    guess = proba.argmax(axis=1)
    found = metrics_of(answers, "sequence")
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, guess))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, guess, average="macro"))
    table = np.zeros((4, 4))
    for a, b, n in confusion_of(answers):
        table[int(a), int(b)] += n
    np.testing.assert_array_equal(table, confusion_matrix(truth, guess))
    bins = calibration_of(answers)
    assert sum(b[1] for b in bins) == 200
    assert sum(b[3] for b in bins) == (truth == guess).sum()


def test_numbers_are_scored_by_squared_error():
    truth = np.array([1.0, 2.0, 4.0])
    data = make([[0.0], [1.0], [2.0]], truth, None, "value")
    answers = ask(Given(np.array([1.5, 2.0, 3.0]), None, "predict"), data, 3.0)
    found = metrics_of(answers, "value")
    assert found["mse"] == pytest.approx(mean_squared_error(truth, [1.5, 2.0, 3.0]))
    assert found["r2"] == pytest.approx(r2_score(truth, [1.5, 2.0, 3.0]))


def test_densities_are_scored_per_step():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 2)) for n in (5, 9, 30)]
    model = HMM(n_components=1, n_init=1).fit(X)
    answers = ask(model, make(X), 44.0)
    sums = unit_sums(answers, units(make(X), answers.item, n_parts=1), "bits")
    assert score_of(sums, "bits") == pytest.approx(-model.score_samples(X).sum() / np.log(2) / 44)


class WholeOnly:
    """A density that tells of whole sequences only."""

    def __init__(self, model):
        self.score_samples = model.score_samples


def test_steps_of_weight_zero_have_no_part_in_a_density():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=n) for n in (6, 1, 9)]
    weight = Sequences([np.array([0.0, 1, 1, 0, 2, 0]), np.zeros(1), np.arange(9) % 2.0])
    model = HMM(n_components=2, random_state=0).fit(X)
    data = make(X, weight=weight)
    answers = ask(model, data, 16.0)
    assert answers.item.tolist() == [1, 2, 4, 8, 10, 12, 14]
    assert answers.weight.tolist() == [1, 1, 2, 1, 1, 1, 1]

    def upto(i, t):
        return model.score_samples([X[i][:t]])[0] if t else 0.0

    by_hand = [upto(0, 2) - upto(0, 1), upto(0, 3) - upto(0, 2), upto(0, 5) - upto(0, 4)]
    by_hand += [upto(2, t + 1) - upto(2, t) for t in (1, 3, 5, 7)]
    np.testing.assert_allclose(answers.bits, -np.array(by_hand) / np.log(2))
    np.testing.assert_allclose(ask(WholeOnly(model), data, 16.0).bits, answers.bits)


def test_a_number_of_items_does_not_depend_on_the_scale_of_weights():
    weight = np.array([0.0, 0.25, 3.0])
    for scale in (1.0, 1e-3, 7.0):
        assert count_items(make(["ab"] * 3, np.arange(3), scale * weight, "sequence")) == 2
    # the first step of each is not predicted
    assert count_items(make(["abab", "aab", "c"])) == 5


@pytest.mark.parametrize(
    ("data", "model", "where"),
    [
        (
            make([[0.0], [1.0]], np.array([1.0, 2.0]), None, "value"),
            Given(np.array([1.0, np.nan]), None, "predict"),
            "sequence 1 of what was asked has nan .1 of 2",
        ),
        (
            make(["abab"], Sequences(["xyxy"]), None, "step"),
            Given(
                Sequences(np.array([[1.0, 0.0], [0.5, 0.5], [np.nan, 1.0], [0.5, np.nan]]), np.array([0, 4])),
                np.array(["x", "y"]),
                "predict_proba",
            ),
            "sequence 0, step 2 of what was asked has nan .2 of 4",
        ),
        (
            make([[[0.0], [1.0]], [[2.0]]]),
            Given(Sequences(np.array([-1.0, -2.0, -np.inf]), np.array([0, 2, 3])), None, "score_steps"),
            "sequence 1, step 0 of what was asked has inf .1 of 3",
        ),
    ],
)
def test_answers_that_no_score_can_be_made_of_are_refused(data, model, where):
    with pytest.raises(ValueError, match=where):
        ask(model, data, 3.0)


def test_classes_that_training_or_test_never_showed_have_their_scores():
    """Trained on a and b, tested on a and c."""
    data = make(["xy"] * 3, np.array(["a", "c", "c"]), None, "sequence")
    proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    answers = ask(Given(proba, np.array(["a", "b"]), "predict_proba"), data, 10.0)
    np.testing.assert_allclose(answers.bits, -np.log2(np.array([9 + 1 / 3, 1 / 3, 1 / 3]) / 11))
    found = metrics_of(answers, "sequence")
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert confusion_of(answers) == [("a", "a", 1.0), ("c", "a", 1.0), ("c", "b", 1.0)]
    assert sum(row[1] for row in calibration_of(answers)) == 3


def test_units_are_sequences_groups_or_runs():
    many = make(["abc"] * 30)
    assert units(many, scored_items(many)[0]).max() == 29
    grouped = make(["abc"] * 60, groups=np.repeat(np.arange(30), 2))
    assert units(grouped, scored_items(grouped)[0]).tolist() == np.repeat(np.arange(30), 4).tolist()
    single = make([np.arange(400) % 3])
    unit = units(single, scored_items(single)[0])
    assert unit.max() == 19
    assert np.bincount(unit).tolist() == [19] + [20] * 19


def test_sequences_of_weight_zero_make_no_unit():
    data = make(["ab"] * 4, np.array([0, 1, 0, 1]), np.array([1.0, 0.0, 1.0, 1.0]), "sequence")
    item, weight, truth = scored_items(data)
    assert (item.tolist(), weight.tolist(), truth.tolist()) == ([0, 2, 3], [1, 1, 1], [0, 0, 1])
    assert units(data, item).tolist() == [0, 1, 2]


def test_sums_add_up_to_the_score():
    rng = np.random.default_rng(0)
    y = Sequences(rng.integers(0, 2, (25, 8)))
    X = Sequences(rng.integers(0, 3, (25, 8)))
    data = make(X, Sequences(y.values, y.offsets), role="step")
    model = MarkovTagger(order=1).fit(data.X, data.y)
    answers = ask(model, data, 200)
    sums = unit_sums(answers, units(data, answers.item), "accuracy")
    assert sums.shape == (25, 3)
    assert score_of(sums, "accuracy") == pytest.approx(model.score(data.X, data.y))
