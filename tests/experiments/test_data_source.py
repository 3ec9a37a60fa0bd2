"""Trials of a comparison: what they are fitted on, how they are scored, and what may go wrong in them."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from answers_by_hand import Given, make
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    mean_squared_error,
    r2_score,
    roc_auc_score,
)

from seqcompare import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import ask
from seqcompare.experiments.compare import plan_comparison
from seqcompare.experiments.contestants import contestants_for, problem_of
from seqcompare.experiments.data_source import (
    DataSource,
    calibration_of,
    confusion_of,
    loss_of_the_mean,
    metric_of,
    scores_of,
)
from seqcompare.experiments.planned import tuning_trials
from seqcompare.experiments.splits import Plan, Split, plan_splits
from seqcompare.experiments.trial import CONTEXT, TEST, TUNING, Trial, run_trial
from seqcompare.metrics import METRICS, Metric, find_metrics
from seqcompare.models.reference.chance import ChanceRegressor


def packed(X):
    return Sequences(Sequences(X).values, Sequences(X).offsets)


def whole(indices, length):
    indices = np.asarray(indices)
    return np.column_stack([indices, np.zeros_like(indices), np.full_like(indices, length)])


def source_of(data, plan, max_seconds=600.0, shown=()):
    problem = problem_of(data, 1 / (1 + plan.test_fraction), max_seconds)
    return DataSource(data, plan, problem, metric_of(data), tuple(shown))


def first_trial(source, models, phase=TEST):
    """Return the trial of the first candidate that is no reference, in the first fold."""
    contestant = contestants_for(source.dataset, models, source.problem())[1]
    candidate = contestant.candidates[0]
    return Trial(0, source, candidate, 0, phase, contestant.name, contestant.seed_key)


class Unsure(RegressorMixin, BaseEstimator):
    """Answers NaN to the last sequence."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return np.where(np.arange(len(X)) == len(X) - 1, np.nan, 0.0)


def test_an_answer_of_nan_is_a_row_with_its_error():
    X = np.random.default_rng(0).normal(size=(12, 5))
    data = SequenceDataset(packed(list(X)), X.sum(axis=1), None, "value", "sums")
    row = run_trial(first_trial(source_of(data, plan_splits(data, 4)), {"unsure": Unsure()})).row
    assert row["status"] == "error"
    assert "sequence 2 of what was asked has nan (1 of 3 answers are not finite)" in row["error"]


def test_validation_keeps_the_gap_that_was_asked_for():
    data = SequenceDataset(packed([np.arange(2000)]), None, None, "next", "places")
    planned = plan_comparison(data, ["markov"], cv=5, gap=90, along="blocks")
    folds = {trial.seed: trial for trial in tuning_trials(planned)}
    assert len(folds) == 5
    for trial in folds.values():
        train, parts = trial.source.parts(trial)
        inner, validation = (np.asarray(part.X.values) for part in (train, parts["validation_score"]))
        assert len(validation) > 250
        assert np.abs(inner[:, None] - validation).min() > 90


def test_the_error_of_the_mean_is_that_of_chance():
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(20, 4)), rng.normal(3, 2, 20), rng.integers(0, 3, 20).astype(float)
    data = SequenceDataset(packed(list(X)), y, w, "value", "numbers")
    train, test = data.take(np.arange(15)), data.take(np.arange(15, 20))
    guess = ChanceRegressor().fit(train.X, train.y, sample_weight=train.sample_weight).predict(test.X)
    expected = np.average((guess - test.y) ** 2, weights=test.sample_weight)
    assert loss_of_the_mean(train, test, METRICS["mse"]) == pytest.approx(expected)
    absolute = np.average(np.abs(guess - test.y), weights=test.sample_weight)
    assert loss_of_the_mean(train, test, METRICS["mae"]) == pytest.approx(absolute)
    source = replace(source_of(data, plan_splits(data, 4)), inner_cv=1)
    tuning = first_trial(source, ["window"], TUNING)
    fitted, parts = tuning.source.parts(tuning)
    expected = loss_of_the_mean(fitted, parts["validation_score"], METRICS["mse"])
    assert run_trial(tuning).row["chance"] == pytest.approx(expected)


@pytest.mark.parametrize("model", ["Markov chain", "HMM", "window", "recurrent"])
@pytest.mark.parametrize(
    ("train", "test"),
    [
        ([*range(26)], [26, 27, 28, 29]),  # tested on a class that training never showed
        ([*range(2, 26), 28, 29], [0, 1, 26, 27]),
        ([*range(8, 30)], [*range(8)]),  # not tested on it
    ],
)
def test_classes_may_be_missing_from_a_part(model, train, test):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (30, 8))
    y = np.array(["a", "b"])[X[:, -1] % 2]
    y[26:] = "rare"
    data = SequenceDataset(packed(X), y, None, "sequence", "rare")
    plan = Plan("by hand", "", (Split(whole(train, 8), whole(test, 8)),), 0.25)
    row = run_trial(first_trial(source_of(data, plan, max_seconds=1), [model])).row
    assert row["status"] == "ok", row["error"]
    assert row["score"] == row["sums"][:, 1].sum() / row["sums"][:, 0].sum()
    found = row["details"]["metrics"]
    assert 0 <= found["macro_f1"] <= 1
    assert np.isfinite(found["bits"])
    assert {a for a, _, _ in row["details"]["confusion"]} == set(y[test])
    assert {b for _, b, _ in row["details"]["confusion"]} <= set(y[train])


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 200)
    proba = rng.dirichlet(np.ones(4), 200)
    data = make(rng.integers(0, 2, (200, 3)), truth, None, "sequence")
    answers = ask(Given(proba, np.arange(4), "predict_proba"), data, 1e12)
    guess = proba.argmax(axis=1)
    found = scores_of(answers, "sequence")
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
    found = scores_of(answers, "value")
    assert found["mse"] == pytest.approx(mean_squared_error(truth, [1.5, 2.0, 3.0]))
    assert found["r2"] == pytest.approx(r2_score(truth, [1.5, 2.0, 3.0]))


def test_classes_that_training_or_test_never_showed_have_their_scores():
    """Trained on a and b, tested on a and c."""
    data = make(["xy"] * 3, np.array(["a", "c", "c"]), None, "sequence")
    proba = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    answers = ask(Given(proba, np.array(["a", "b"]), "predict_proba"), data, 10.0)
    np.testing.assert_allclose(answers.bits, -np.log2(np.array([9 + 1 / 3, 1 / 3, 1 / 3]) / 11))
    found = scores_of(answers, "sequence")
    assert found["accuracy"] == pytest.approx(1 / 3)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)
    assert confusion_of(answers) == [("a", "a", 1.0), ("c", "a", 1.0), ("c", "b", 1.0)]
    assert sum(row[1] for row in calibration_of(answers)) == 3


def labelled(role="step", n=24, length=9):
    rng = np.random.default_rng(0)
    X = packed(rng.integers(0, 3, (n, length)))
    y = X.with_values(X.values % 2) if role == "step" else np.arange(n) % 2
    return SequenceDataset(X, y, None, role, "parity")


@pytest.mark.parametrize("role", ["step", "sequence"])
def test_labels_are_judged_by_their_bits_unless_a_model_gives_labels_alone(role):
    data = labelled(role)
    assert metric_of(data).name == "label bits"
    assert metric_of(data, ["mine"]).name == "accuracy"


def test_symbols_are_judged_by_bits_and_numbers_by_squared_error():
    assert metric_of(make(["abab"])).name == "bits"
    assert metric_of(make([[0.5, 1.5]])).name == "bits"
    assert metric_of(make(["ab"], np.array([1.0]), role="value")).name == "mse"


def test_seeds_are_made_of_data_contestant_label_and_fold():
    source = source_of(labelled("sequence"), plan_splits(labelled("sequence"), 4))
    trial = first_trial(source, ["markov"])
    # what contestants were called once, which numbers of old runs depend on
    assert (trial.entry, trial.entry_key) == ("Markov chain", "Markov chains")
    words = "parity/Markov chains/Markov order 0/0"
    assert trial.model_seed == int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big")
    assert trial.trial_id == "test/parity/Markov chain/Markov order 0/fold=0"


def test_a_test_shows_more_scores_than_it_is_judged_by():
    data = labelled("sequence")
    shown = find_metrics(
        ["balanced_accuracy", "auroc", Metric.of(f1_score, "mine", average="micro")], "sequence"
    )
    source = source_of(data, plan_splits(data, 4), shown=shown)
    trial = first_trial(source, ["markov"])
    row = run_trial(trial).row
    assert row["status"] == "ok", row["error"]
    train, parts = source.parts(trial)
    model, _ = trial.candidate.build(source.problem(), trial.model_seed)
    model.fit(train.X, train.y)
    test = parts["score"]
    proba, guess = model.predict_proba(test.X), model.predict(test.X)
    found = row["details"]["metrics"]
    assert list(found) == ["bits", "accuracy", "macro_f1", "balanced_accuracy", "auroc", "mine"]
    assert found["bits"] == row["score"]
    assert found["accuracy"] == pytest.approx(accuracy_score(test.y, guess))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(test.y, guess))
    assert found["auroc"] == pytest.approx(roc_auc_score(test.y, proba[:, 1]))
    assert found["mine"] == pytest.approx(f1_score(test.y, guess, average="micro"))
    assert {"confusion", "calibration"} <= set(row["details"])
    tuned = run_trial(first_trial(source, ["markov"], TUNING)).row
    assert set(tuned["details"]) == {"metrics"}
    assert np.isnan(tuned["score"])
    assert tuned["validation_score"] == tuned["details"]["metrics"]["bits"]


def test_a_score_that_a_model_gives_no_answer_for_is_nan():
    data = make(["ab"] * 4, np.array([0, 1, 0, 1]), role="sequence")
    answers = ask(Given(np.array([0, 1, 1, 1]), None, "predict"), data, 4.0)
    found = scores_of(answers, "sequence", (METRICS["auroc"], METRICS["f1"]))
    assert np.isnan([found["bits"], found["auroc"]]).all()
    assert found["accuracy"] == 0.75
    assert found["f1"] == pytest.approx(0.8)


def test_a_context_trial_has_the_curves_and_the_influence():
    data = SequenceDataset(packed(np.arange(1200).reshape(30, 40) % 5), None, None, "next", "round")
    source = source_of(data, plan_splits(data, 5))
    contestant = contestants_for(data, ["markov"], source.problem())[1]
    trial = Trial(0, source, contestant.candidates[2], 0, CONTEXT, contestant.name)
    row = run_trial(trial).row
    assert row["status"] == "ok", row["error"]
    details = row["details"]
    assert details["needed"] == {"limited": 1}
    assert [record["context"] for record in details["curves"]] == [1, 2, 3]
    assert [each["lag"] for each in details["influence"]][:3] == [1.0, 2.0, 3.0]
    assert details["metrics"]["bits"] == pytest.approx(row["score"])


def test_the_row_knows_its_fold_before_it_is_run():
    data = labelled()
    source = source_of(data, plan_splits(data, 4))
    row = source.coordinates(first_trial(source, ["markov"]))
    assert (row["axis"], row["task"], row["task_params"]) == ("test", "parity", '{"fold": 0}')
    assert (row["metric"], row["greater_is_better"], row["n_train"], row["n_test"]) == (
        "label bits",
        False,
        18,
        6,
    )
    assert source.n_asked_steps == 24 * 9 / 4


def test_chance_of_labels_knows_how_often_each_comes_in_what_is_tested():
    """Where classes are balanced, whoever leaves one out at a time expects the other."""
    data = SequenceDataset(packed(np.zeros((6, 4), dtype=int)), np.arange(6) % 2, None, "sequence", "coins")
    one_out = [Split(whole(np.delete(np.arange(6), i), 4), whole([i], 4)) for i in range(6)]
    source = source_of(data, Plan("by hand", "", tuple(one_out), 0.2))
    chance = contestants_for(data, ["markov"], source.problem())[0]
    row = run_trial(Trial(0, source, chance.candidates[0], 0, TEST, chance.name)).row
    # one uniform guess among three, mixed with five of the best constant
    assert row["score"] == pytest.approx(-np.log2((5 / 2 + 1 / 3) / 6))
    assert row["details"]["metrics"]["accuracy"] == 0.0
