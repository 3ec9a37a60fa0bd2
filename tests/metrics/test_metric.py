"""Metrics of users' functions, what a run keeps of a metric, and which are found by name."""

import json

import numpy as np
import pytest
from sklearn.metrics import f1_score, log_loss, median_absolute_error

from seqcompare.metrics import METRICS, Answers, Metric, find_metrics, register_metric

TRUTH = np.array([0, 1, 1, 2])
PROBA = np.array([[0.7, 0.2, 0.1], [0.5, 0.4, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
WEIGHT = np.array([1.0, 2.0, 1.0, 3.0])


def answers(truth=TRUTH, proba=PROBA, names=None, weight=WEIGHT):
    names = np.arange(3) if names is None else names
    m = len(truth)
    nothing = np.full(m, np.nan)
    return Answers(
        np.arange(m), np.arange(m), weight, truth, names[proba.argmax(axis=1)], nothing, nothing, names, proba
    )


def constant(truth, answer):
    return 0.25


def test_a_function_of_labels_gets_the_weights_that_it_takes():
    metric = Metric.of(f1_score, average="macro")
    assert (metric.name, metric.greater_is_better, metric.needs) == ("f1_score", True, "labels")
    expected = f1_score(TRUTH, PROBA.argmax(axis=1), average="macro", sample_weight=WEIGHT)
    assert metric.score_of(answers()) == pytest.approx(expected)
    assert Metric.of(constant).score_of(answers()) == 0.25
    unweighted = Metric.of(f1_score, average="macro", sample_weight=None)
    expected = f1_score(TRUTH, PROBA.argmax(axis=1), average="macro")
    assert unweighted.score_of(answers()) == pytest.approx(expected)


def test_a_function_of_probabilities_gets_all_columns_and_their_names():
    metric = Metric.of(log_loss, needs="probabilities", greater_is_better=False)
    assert metric.score_of(answers()) == pytest.approx(log_loss(TRUTH, PROBA, sample_weight=WEIGHT))
    # of fewer classes than came, and of more
    few = answers(truth=np.array([0, 1, 1, 0]))
    expected = log_loss([0, 1, 1, 0], PROBA, labels=[0, 1, 2], sample_weight=WEIGHT)
    assert metric.score_of(few) == pytest.approx(expected)
    seen = []
    Metric.of(lambda truth, proba: seen.append(proba) or 0.0, "spy", needs="probabilities").score_of(
        answers(truth=np.array([0, 3, 1, 2]))
    )
    np.testing.assert_allclose(seen[0], np.column_stack([PROBA, np.zeros(4)]))


def test_a_function_of_two_classes_gets_the_probability_of_the_last():
    seen = []
    metric = Metric.of(lambda truth, proba: seen.append(proba) or 0.0, "spy", needs="probabilities")
    two = np.column_stack([PROBA[:, 0], 1 - PROBA[:, 0]])
    metric.score_of(answers(np.array(["no", "yes", "no", "no"]), two, np.array(["no", "yes"])))
    np.testing.assert_allclose(seen[0], 1 - PROBA[:, 0])
    without = Answers(*[np.zeros(1)] * 7)
    with pytest.raises(ValueError, match="the model gives no probabilities, which this metric is made of"):
        metric.score_of(without)


def test_what_is_said_of_a_function_is_its_name():
    metric = Metric.of(median_absolute_error, "a {name}", needs="numbers", roles=("value",))
    assert metric.say(0.5) == "a {name} 0.500"
    assert metric.roles == ("value",)
    assert Metric.of(lambda truth, answer: 1.0).name == "<lambda>"


def test_a_score_is_of_the_mean_loss_unless_it_has_its_own():
    loss = Metric("cost", "", False, loss=lambda answers: answers.truth.astype(float))
    gain = Metric("gain", "", True, loss=lambda answers: answers.truth.astype(float))
    mean = np.average(TRUTH, weights=WEIGHT)
    assert loss.score_of(answers()) == pytest.approx(mean)
    assert gain.score_of(answers()) == pytest.approx(1 - mean)
    own = Metric("own", "", True, loss=gain.loss, score=lambda answers: 7)
    assert own.score_of(answers()) == 7.0
    with pytest.raises(AssertionError, match="neither has neither loss nor score"):
        Metric("neither", "", True).score_of(answers())


@pytest.mark.parametrize("name", list(METRICS))
def test_what_a_run_keeps_says_the_same(name):
    metric = METRICS[name]
    kept = json.loads(json.dumps(metric.describe()))
    again = Metric.from_plain({**kept, "of a later version": 3})
    assert again.describe() == metric.describe()
    assert (again.loss, again.score) == (None, None)
    plain = (
        "name",
        "unit",
        "needs",
        "roles",
        "tolerance",
        "relative",
        "least",
        "greatest",
        "greater_is_better",
    )
    assert [getattr(again, key) for key in plain] == [getattr(metric, key) for key in plain]
    assert again.say(0.123) == metric.say(0.123)
    assert again.say_difference(0.123) == metric.say_difference(0.123)
    assert again.say_figure(0.123) == metric.say_figure(0.123)


def test_differences_and_figures_have_their_own_words():
    assert METRICS["accuracy"].say_difference(0.021) == "2.1 percentage points"
    assert METRICS["accuracy"].say_figure(0.873) == "87.3%"
    assert METRICS["bits"].say_difference(0.1) == "0.100 bit"
    assert METRICS["bits"].say_figure(0.1) == "0.100"


def test_answers_are_picked_row_by_row():
    some = answers().pick(np.array([3, 0]))
    assert (some.item.tolist(), some.weight.tolist(), some.truth.tolist()) == ([3, 0], [3.0, 1.0], [2, 0])
    np.testing.assert_array_equal(some.proba, PROBA[[3, 0]])
    assert some.names.tolist() == [0, 1, 2]
    assert Answers(*[np.arange(2.0)] * 7).pick(np.array([1])).proba is None


def test_metrics_are_found_in_every_form():
    mine = Metric.of(constant, "mine")
    assert find_metrics(None, "step") == []
    assert find_metrics("f1", "step") == [METRICS["f1"]]
    assert find_metrics(["f1", mine], "sequence") == [METRICS["f1"], mine]
    (found,) = find_metrics("seqcompare.metrics.standard:_brier", "step")
    assert found.name == "_brier"
    for role in ("next", "step", "sequence", "value"):
        assert [metric.name for metric in find_metrics(constant, role)] == ["constant"]


@pytest.mark.parametrize(
    ("given", "role", "message"),
    [
        ("makro_f1", "step", r"metric: there is no 'makro_f1'; did you mean 'macro_f1'\?"),
        ("zzz", "step", "metric: there is no 'zzz'; there are bits, accuracy, "),
        ("mse", "step", "metric 'mse' is not for the role 'step'; there are accuracy, label bits, macro_f1"),
        ("f1", "value", "metric 'f1' is not for the role 'value'; there are mse, rmse, mae, r2$"),
        ([3], "step", "metric must be a name, a Metric or a function of truth and answer, got 3"),
        (["f1", "span_f1"], "sequence", "metric 'span_f1' is not for the role 'sequence'"),
    ],
)
def test_metrics_that_there_are_not(given, role, message):
    with pytest.raises(ValueError, match=message):
        find_metrics(given, role)


def test_a_metric_of_the_users_is_found_by_its_name():
    mine = Metric.of(constant, "mine")
    assert register_metric(mine) is mine
    try:
        assert find_metrics("mine", "step") == [mine]
        with pytest.raises(ValueError, match="there is a metric 'mine' already"):
            register_metric(Metric.of(constant, "mine"))
    finally:
        METRICS.unregister("mine")
    with pytest.raises(ValueError, match="metric: there is no 'mine'"):
        find_metrics("mine", "step")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"least": None}, "metric 'mine': least must be a number, got None"),
        ({"tolerance": float("nan")}, "metric 'mine': tolerance must be a number, got nan"),
        ({"needs": "words"}, "metric 'mine': needs is one of labels, .*, got 'words'"),
    ],
)
def test_what_a_metric_is_made_of_is_checked_when_it_is_made(wrong, message):
    with pytest.raises(ValueError, match=message):
        Metric("mine", "", True, **wrong)
