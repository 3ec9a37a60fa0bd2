"""Trials of a comparison: what they are fitted on, and what becomes of what goes wrong in them."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from seqcompare import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.chance import ChanceRegressor
from seqcompare.experiments.fold_trials import (
    FoldTrial,
    error_of_the_mean,
    parts_of,
    run_fold_trial,
    tuning_trials,
)
from seqcompare.experiments.ladder import build_ladders
from seqcompare.experiments.measures import score_of
from seqcompare.experiments.splits import Split, plan_splits
from seqcompare.results.stored_comparison import TEST, TUNING


def packed(X):
    return Sequences(Sequences(X).values, Sequences(X).offsets)


def whole(indices, length):
    indices = np.asarray(indices)
    return np.column_stack([indices, np.zeros_like(indices), np.full_like(indices, length)])


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
    _, entry = build_ladders(data, {"unsure": Unsure()})
    row = run_fold_trial(
        FoldTrial(0, TEST, data, plan_splits(data, 4).splits[0], 0, entry.name, entry.rungs[0])
    ).row
    assert row["status"] == "error"
    assert "sequence 2 of what was asked has nan (1 of 3 answers are not finite)" in row["error"]


def test_validation_keeps_the_gap_that_was_asked_for():
    data = SequenceDataset(packed([np.arange(2000)]), None, None, "next", "places")
    plan = plan_splits(data, 5, gap=90)
    folds = {trial.fold: trial for trial in tuning_trials(data, plan, build_ladders(data, ["markov"]))}
    assert len(folds) == 5
    for trial in folds.values():
        inner, validation = (np.asarray(part.X.values) for part in parts_of(trial))
        assert len(validation) > 250
        assert np.abs(inner[:, None] - validation).min() > 90


def test_the_error_of_the_mean_is_that_of_chance():
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(20, 4)), rng.normal(3, 2, 20), rng.integers(0, 3, 20).astype(float)
    data = SequenceDataset(packed(list(X)), y, w, "value", "numbers")
    train, test = data.take(np.arange(15)), data.take(np.arange(15, 20))
    guess = ChanceRegressor().fit(train.X, train.y, sample_weight=train.sample_weight).predict(test.X)
    expected = np.average((guess - test.y) ** 2, weights=test.sample_weight)
    assert error_of_the_mean(train, test) == pytest.approx(expected)
    _, entry = build_ladders(data, ["window"])
    split = plan_splits(data, 4).splits[0]
    tuning = FoldTrial(0, TUNING, data, split, 0, entry.name, entry.rungs[0])
    assert run_fold_trial(tuning).row["chance"] == pytest.approx(error_of_the_mean(*parts_of(tuning)))


@pytest.mark.parametrize("model", ["Markov chains", "HMMs", "window", "recurrent"])
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
    _, entry = build_ladders(data, [model], max_seconds=1)
    row = run_fold_trial(
        FoldTrial(0, TEST, data, Split(whole(train, 8), whole(test, 8)), 0, entry.name, entry.rungs[0])
    ).row
    assert row["status"] == "ok", row["error"]
    assert row["score"] == score_of(row["sums"], "accuracy")
    found = row["details"]["metrics"]
    assert 0 <= found["macro_f1"] <= 1
    assert np.isfinite(found["bits"])
    assert {a for a, _, _ in row["details"]["confusion"]} == set(y[test])
    assert {b for _, b, _ in row["details"]["confusion"]} <= set(y[train])
