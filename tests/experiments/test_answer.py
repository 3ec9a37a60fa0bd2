"""What models are asked and what they answer, by hand: bits, weights, densities and units."""

import tracemalloc

import numpy as np
import pytest
from answers_by_hand import Given, make

from seqcompare import HMM, MarkovChain, MarkovTagger
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments import answer as answer_module
from seqcompare.experiments.answer import (
    answer_blocks,
    ask,
    count_items,
    predict_answer,
    scored_items,
    unit_sums,
    units,
)
from seqcompare.experiments.data_source import scores_of
from seqcompare.metrics import METRICS, Metric


def mean_of(sums, name):
    return METRICS[name].as_score(sums[:, 1].sum() / sums[:, 0].sum())


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
    assert scores_of(answers, "step")["accuracy"] == pytest.approx(2 / 3)
    assert scores_of(answers, "step")["bits"] == pytest.approx(-(2 * np.log2(0.9) + np.log2(0.2)) / 3)


def test_densities_are_scored_per_step():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 2)) for n in (5, 9, 30)]
    model = HMM(n_components=1, n_init=1).fit(X)
    answers = ask(model, make(X), 44.0)
    sums = unit_sums(answers, units(make(X), answers.item, n_parts=1), METRICS["bits"])
    assert mean_of(sums, "bits") == pytest.approx(-model.score_samples(X).sum() / np.log(2) / 44)


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
    sums = unit_sums(answers, units(data, answers.item), METRICS["accuracy"])
    assert sums.shape == (25, 3)
    assert mean_of(sums, "accuracy") == pytest.approx(model.score(data.X, data.y))


@pytest.mark.parametrize("container", ["list", "sequences", "flat", "padded"])
def test_answers_come_in_any_container(container):
    X = make(["ab", "ba"]).X
    rows = np.arange(8.0).reshape(4, 2)
    answer = {
        "list": [rows[:2], rows[2:]],
        "sequences": Sequences(rows, X.offsets),
        "flat": rows,
        "padded": rows.reshape(2, 2, 2),
    }[container]
    found, names = predict_answer(Given(answer, np.array(["x", "y"]), "predict_proba"), X, "step")
    np.testing.assert_array_equal(found, rows)
    assert names.tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([np.ones((2, 2)), np.ones((3, 2))], "the answer to sequence 1 has 3 rows, expected 2, one a step"),
        ([np.ones((2, 2))], "the answer to sequence 1 has none rows, expected 2, one a step"),
        ([np.ones((2, 2))] * 3, "the answer to sequence 2 has 2 rows, expected no, one a step"),
        (np.ones((3, 2)), "the answer has 3 rows, expected 4, one a step"),
    ],
)
def test_answers_of_another_length_are_refused(answer, message):
    model = Given(answer, np.array(["x", "y"]), "predict_proba")
    with pytest.raises(ValueError, match=message):
        predict_answer(model, make(["ab", "ba"]).X, "step")


def test_a_row_a_sequence_is_expected_of_models_of_whole_sequences():
    model = Given(np.ones((3, 2)), np.array(["x", "y"]), "predict_proba")
    with pytest.raises(ValueError, match="the answer has 3 rows, expected 2, one a sequence"):
        predict_answer(model, make(["ab", "ba"]).X, "sequence")


def test_probabilities_need_the_names_of_their_columns():
    class Nameless:
        def predict_proba(self, X):
            raise AssertionError("never asked")

    with pytest.raises(ValueError, match="Nameless has predict_proba, but no classes_ that say what"):
        predict_answer(Nameless(), make(["ab"]).X, "step")


@pytest.mark.parametrize("role", ["next", "step", "sequence"])
@pytest.mark.parametrize("whole", [False, True])
def test_asking_in_parts_says_the_same(monkeypatch, role, whole):
    rng = np.random.default_rng(0)
    X = Sequences([rng.integers(0, 3, n) for n in (5, 40, 1, 7, 12)])
    X = Sequences(X.values, X.offsets)
    y = {"next": None, "step": X.with_values(X.values % 2), "sequence": np.arange(5) % 2}[role]
    data = make(X, y, role=role)

    class Steady:
        """Answers each sequence by itself."""

        symbols_ = np.arange(3)
        classes_ = np.arange(2)

        def __init__(self):
            self.asked = []

        def predict_next_proba(self, X):
            self.asked.append(X.n_steps)
            table = np.array([[0.5, 0.2, 0.3], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
            return X.pack(table[X.values])

        def predict_proba(self, X):
            self.asked.append(X.n_steps)
            if role == "sequence":
                share = np.array([(x == 0).mean() for x in X])
                return np.column_stack([share, 1 - share])
            return X.pack(np.column_stack([X.values / 3, 1 - X.values / 3]))

    model = Steady()
    at_once = ask(model, data, 10.0, whole=whole)
    assert model.asked == [65]
    monkeypatch.setattr(answer_module, "MOST_PROBABILITIES", 30)
    in_parts = ask(model, data, 10.0, whole=whole)
    assert len(model.asked) >= 3
    assert sum(model.asked) == 130
    for name in ("item", "owner", "truth", "guess", "bits", "confidence", "proba"):
        np.testing.assert_array_equal(getattr(in_parts, name), getattr(at_once, name))
    assert (at_once.proba is None) == (not whole)


def test_a_density_that_can_answer_in_parts_is_asked_in_parts(monkeypatch):
    rng = np.random.default_rng(0)
    data = make([rng.integers(0, 4, 300)])
    model = MarkovChain(order=2).fit(data.X)
    at_once = ask(model, data, 9.0)
    monkeypatch.setattr(answer_module, "MOST_PROBABILITIES", 200)
    blocks = [(first, len(rows)) for first, rows, _ in answer_blocks(model, data.X, "next")]
    assert blocks == [(50 * i, 50) for i in range(6)]
    np.testing.assert_allclose(ask(model, data, 9.0).bits, at_once.bits, rtol=1e-12)


def test_numbers_of_steps_are_asked_one_a_step():
    data = make(
        [[[0.0], [1.0]], [[2.0]]], Sequences([np.array([1.0, 2.0]), np.array([4.0])]), role="step-value"
    )
    answers = ask(Given([np.array([1, 2]), np.array([3])], None, "predict"), data, 3.0)
    assert answers.guess.dtype == np.float64
    assert answers.owner.tolist() == [0, 0, 1]
    assert METRICS["mse"].score_of(answers) == pytest.approx(1 / 3)


def test_only_means_over_items_have_sums():
    data = make(["ab"] * 2, np.array([0, 1]), role="sequence")
    answers = ask(Given(np.array([0, 1]), None, "predict"), data, 2.0)
    with pytest.raises(AssertionError, match="macro_f1 is no mean over items"):
        unit_sums(answers, units(data, answers.item), METRICS["macro_f1"])
    twice = Metric("twice", "", False, loss=lambda answers: 2.0 * (answers.guess != 7))
    np.testing.assert_array_equal(unit_sums(answers, np.array([0, 1]), twice)[:, :2], [[1, 2], [1, 2]])


def test_answers_are_read_in_parts_that_memory_holds():
    rng = np.random.default_rng(0)
    X = Sequences([rng.integers(2000, size=15_000), rng.integers(2000, size=5_000)])
    data = SequenceDataset(X, None, None, "next", "wide")
    chain = MarkovChain(order=1).fit(X)
    chain.predict_next_proba(Sequences([X[1][:10]]))  # compiled before
    tracemalloc.start()
    answers = ask(chain, data, 20_000.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # all probabilities at once would be 320 MB
    assert peak < 120e6
    some = slice(4_990, 5_010)
    whole = chain.predict_next_proba([X[0][:5_100]])[0]
    np.testing.assert_array_equal(answers.confidence[some], whole[some].max(axis=1))
