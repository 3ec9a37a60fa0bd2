"""Every metric that comes with the package, against scikit-learn's function or a count by hand."""

import numpy as np
import pytest
from sklearn import metrics as theirs

from seqcompare.metrics import METRICS, Answers

RNG = np.random.default_rng(0)
N = 300
WEIGHT = RNG.integers(1, 4, N).astype(float)


def answers(truth, guess=None, proba=None, names=None, weight=None, owner=None, bits=None):
    m = len(truth)
    nothing = np.full(m, np.nan)
    if proba is not None:
        names = np.arange(proba.shape[1]) if names is None else names
        guess = names[proba.argmax(axis=1)] if guess is None else guess
    return Answers(
        np.arange(m),
        np.arange(m) if owner is None else np.asarray(owner),
        np.ones(m) if weight is None else weight,
        np.asarray(truth),
        np.asarray(guess),
        nothing if bits is None else np.asarray(bits),
        nothing if proba is None else proba.max(axis=1),
        names,
        proba,
    )


def of_classes(n_classes):
    truth = RNG.integers(0, n_classes, N)
    proba = RNG.dirichlet(np.ones(n_classes), N)
    proba[np.arange(N), truth] += 0.5
    return truth, proba / proba.sum(axis=1, keepdims=True)


TWO, FOUR = of_classes(2), of_classes(4)
NUMBERS = RNG.normal(3, 2, N), RNG.normal(3, 2, N)

LABELS = {
    "accuracy": theirs.accuracy_score,
    "macro_f1": lambda truth, guess, **more: theirs.f1_score(truth, guess, average="macro", **more),
    "balanced_accuracy": theirs.balanced_accuracy_score,
}
OF_NUMBERS = {
    "mse": theirs.mean_squared_error,
    "rmse": theirs.root_mean_squared_error,
    "mae": theirs.mean_absolute_error,
    "r2": theirs.r2_score,
}


def test_all_metrics_are_tested_here():
    others = {"bits", "label bits", "f1", "auroc", "brier", "span_f1"}
    others |= {"mase", "crps", "coverage_50", "coverage_95"}  # in test_forecast_scores.py
    assert set(METRICS) == {*LABELS, *OF_NUMBERS, *others}


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("case", [TWO, FOUR], ids=["two", "four"])
def test_labels_as_scikit_learn(name, case, weight):
    truth, proba = case
    found = METRICS[name].score_of(answers(truth, proba=proba, weight=weight))
    assert found == pytest.approx(LABELS[name](truth, proba.argmax(axis=1), sample_weight=weight))


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("name", OF_NUMBERS)
def test_numbers_as_scikit_learn(name, weight):
    truth, guess = NUMBERS
    found = METRICS[name].score_of(answers(truth, guess, weight=weight))
    assert found == pytest.approx(OF_NUMBERS[name](truth, guess, sample_weight=weight))


def test_numbers_that_never_vary_have_no_share_that_is_explained():
    assert np.isnan(METRICS["r2"].score_of(answers([2.0, 2.0], [1.0, 2.0])))


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_f1_is_that_of_the_last_class(weight):
    truth, proba = TWO
    guess = proba.argmax(axis=1)
    found = METRICS["f1"].score_of(answers(truth, guess, weight=weight))
    assert found == pytest.approx(theirs.f1_score(truth, guess, sample_weight=weight))
    words = np.array(["no", "yes"])
    assert METRICS["f1"].score_of(answers(words[truth], words[guess], weight=weight)) == found
    # with one class given only, the last is that of both
    assert METRICS["f1"].score_of(answers(["no", "yes", "yes"], ["no", "no", "no"])) == 0
    with pytest.raises(ValueError, match="f1 is for two classes, got 4: macro_f1 is its mean over all"):
        METRICS["f1"].score_of(answers(*[FOUR[0]] * 2))


def test_macro_f1_is_over_the_classes_that_came():
    truth, guess = ["a", "c", "c"], ["a", "a", "b"]
    assert METRICS["macro_f1"].score_of(answers(truth, guess)) == pytest.approx((2 / 3 + 0) / 2)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_the_area_of_two_classes_as_scikit_learn(weight):
    truth, proba = TWO
    found = METRICS["auroc"].score_of(answers(truth, proba=proba, weight=weight))
    assert found == pytest.approx(theirs.roc_auc_score(truth, proba[:, 1], sample_weight=weight))


def test_the_area_of_several_classes_is_the_mean_over_pairs():
    truth, proba = FOUR
    found = METRICS["auroc"].score_of(answers(truth, proba=proba))
    assert found == pytest.approx(theirs.roc_auc_score(truth, proba, multi_class="ovo"))


def test_an_area_needs_two_classes_that_came():
    assert np.isnan(METRICS["auroc"].score_of(answers([1, 1], proba=np.array([[0.5, 0.5], [0.1, 0.9]]))))
    # a class that never came has no part in it
    truth, proba = FOUR
    kept = truth != 3
    rest = proba[kept][:, :3] / proba[kept][:, :3].sum(axis=1, keepdims=True)
    expected = theirs.roc_auc_score(truth[kept], rest, multi_class="ovo")
    assert METRICS["auroc"].score_of(answers(truth[kept], proba=proba[kept])) == pytest.approx(expected)


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
def test_the_brier_score_by_hand(weight):
    truth, proba = FOUR
    by_hand = np.average(((proba - np.eye(4)[truth]) ** 2).sum(axis=1), weights=weight)
    assert METRICS["brier"].score_of(answers(truth, proba=proba, weight=weight)) == pytest.approx(by_hand)
    truth, proba = TWO
    twice = 2 * theirs.brier_score_loss(truth, proba[:, 1], sample_weight=weight)
    assert METRICS["brier"].score_of(answers(truth, proba=proba, weight=weight)) == pytest.approx(twice)


def test_a_class_that_training_never_showed_has_no_probability():
    names, proba = np.array(["a", "b"]), np.array([[0.8, 0.2], [0.6, 0.4]])
    found = METRICS["brier"].score_of(answers(["a", "c"], proba=proba, names=names))
    assert found == pytest.approx(((0.2**2 + 0.2**2) + (0.6**2 + 0.4**2 + 1)) / 2)


@pytest.mark.parametrize("name", ["bits", "label bits"])
def test_bits_are_averaged_by_weight(name):
    given = answers(["a", "b"], ["a", "a"], bits=[0.5, 2.0], weight=np.array([3.0, 1.0]))
    assert METRICS[name].score_of(given) == pytest.approx((3 * 0.5 + 2.0) / 4)
    truth, proba = FOUR
    bits = -np.log2(proba[np.arange(N), truth])
    expected = theirs.log_loss(truth, proba) / np.log(2)
    assert METRICS[name].score_of(answers(truth, proba=proba, bits=bits)) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["bits", "label bits", "auroc", "brier"])
def test_what_is_made_of_probabilities_needs_them(name):
    with pytest.raises(ValueError, match="the model gives no probabilities"):
        METRICS[name].score_of(answers([0, 1], [0, 1]))


def spans(truth, guess, owner=None):
    truth, guess = truth.split(), guess.split()
    return METRICS["span_f1"].score_of(answers(truth, guess, owner=owner or [0] * len(truth)))


@pytest.mark.parametrize(
    ("truth", "guess", "expected"),
    [
        ("B-x I-x O", "B-x I-x O", 1.0),
        ("B-x I-x O", "B-x O O", 0.0),  # another end
        ("B-x I-x O", "B-y I-y O", 0.0),  # another type
        ("B-x I-x B-x", "B-x I-x O", 2 / 3),
        ("B-x B-x", "B-x I-x", 0.0),  # two spans are not one
        ("O I-x I-x", "O B-x I-x", 1.0),  # an I that continues none begins one
        ("B-x I-y", "B-x B-y", 1.0),
        ("B-x O B-x", "B-x O B-x", 1.0),
        ("B I O", "B I O", 1.0),  # without types
        ("O O", "B-x O", 0.0),
    ],
)
def test_spans_by_hand(truth, guess, expected):
    assert spans(truth, guess) == pytest.approx(expected)


def test_spans_end_with_their_sequence():
    assert spans("B-x I-x", "B-x I-x", [0, 1]) == 1.0
    # a span over both would be one, and right where it is cut it is two
    assert spans("B-x I-x", "B-x B-x", [0, 1]) == 1.0
    assert spans("B-x I-x", "B-x B-x", [0, 0]) == 0.0
    assert np.isnan(spans("O O", "O O"))


def test_mistakes_cost_what_the_loss_says():
    given = answers([1.0, 2.0], [1.5, 0.0])
    assert METRICS["mse"].loss(given).tolist() == [0.25, 4.0]
    assert METRICS["mae"].loss(given).tolist() == [0.5, 2.0]
    assert METRICS["accuracy"].loss(answers(["a", "b"], ["a", "a"])).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("name", "score", "words"),
    [
        ("bits", 0.5, "0.500 bits a step"),
        ("accuracy", 0.873, "87.3% right"),
        ("label bits", 1.25, "1.250 bits a label"),
        ("mse", 0.01234, "a mean squared error of 0.01234"),
        ("balanced_accuracy", 0.5, "a balanced accuracy of 50.0%"),
        ("r2", 0.5, "R2 0.500"),
    ],
)
def test_scores_in_words(name, score, words):
    assert METRICS[name].say(score) == words


def test_directions_bounds_and_roles():
    smaller = {name for name, metric in METRICS.items() if not metric.greater_is_better}
    assert smaller == {"bits", "label bits", "mse", "brier", "rmse", "mae", "mase", "crps"}
    assert {name for name, metric in METRICS.items() if metric.relative} == {"mse", "mae", "crps"}
    assert {name for name, metric in METRICS.items() if "value" in metric.roles} == set(OF_NUMBERS)
    assert METRICS["span_f1"].roles == ("step",)
    assert (METRICS["accuracy"].least, METRICS["accuracy"].greatest) == (0.0, 1.0)
