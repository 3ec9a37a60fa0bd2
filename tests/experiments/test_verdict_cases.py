"""Data whose answer is known, and what `compare` says of them."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import seqcompare
from seqcompare import HMM, BayesClassifier, WindowClassifier

CASES = Path(__file__).parents[1] / "cases"
LOGISTIC = {"logistic": WindowClassifier(LogisticRegression(), width=4, pooling="mean")}


def verdict_of(data, models, tmp_path, **options):
    return seqcompare.compare(data, models, out=tmp_path / "run", n_jobs=1, **options)


def separable(n, wrong=0):
    """Return noise around 2 or -2, by class; some of the last class are like the first."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    centre = np.where(y == 1, 2.0, -2.0)
    centre[len(y) - 2 * np.arange(1, wrong + 1) + 1] = -2.0
    X = [c + 0.5 * rng.normal(size=(8, 1)) for c in centre]
    return X, np.array(["down", "up"])[y]


@pytest.mark.parametrize(("n", "wrong", "cv"), [(20, 0, 5), (30, 0, 5), (40, 1, 5), (60, 0, 3)])
def test_what_is_right_nearly_everywhere_is_a_model(n, wrong, cv, tmp_path):
    run = verdict_of(separable(n, wrong), LOGISTIC, tmp_path, cv=cv)
    assert run.summary().set_index("entry").loc["logistic", "accuracy"] == pytest.approx(1 - wrong / n)
    assert run.verdict().kind == "model"
    frame = run.answer().frame().set_index("entry")
    assert frame.loc["logistic", "status"] == "enough"
    assert frame.loc["logistic", "low"] >= 0


def test_twenty_separable_sequences_of_a_file_are_a_model_whoever_competes(tmp_path):
    rivals = {"by class": BayesClassifier(HMM(2, n_init=1, random_state=0)), **LOGISTIC}
    run = verdict_of(CASES / "k15_separable_20.csv", rivals, tmp_path)
    assert run.verdict().kind == "model"
    frame = run.answer().frame().set_index("entry")
    assert frame.loc["chance", "status"] == "inferior"
    assert (run.summary().set_index("entry").drop("chance")["accuracy"] == 1.0).all()


def test_of_coins_chance_is_enough_within_what_was_searched(tmp_path):
    rng = np.random.default_rng(0)
    X = list(rng.integers(0, 3, (2000, 10)))
    run = verdict_of((X, rng.integers(0, 2, 2000)), ["markov"], tmp_path)
    verdict = run.verdict()
    assert verdict.kind == "chance"
    assert "Tried were chain or autoregression (order 0 to" in verdict.sentences[0]
    assert "more sequences" not in str(verdict)
    assert run.answer().frame().set_index("entry").loc["chance", "status"] == "enough"


def test_few_coins_tell_nothing(tmp_path):
    rng = np.random.default_rng(1)
    X = list(rng.normal(size=(24, 8, 1)))
    verdict = verdict_of((X, np.arange(24) % 2), LOGISTIC, tmp_path).verdict()
    assert verdict.kind == "cannot tell"


def test_one_long_series_can_tell(tmp_path):
    """Two states that last 50 steps and move the mean by a little: a gain of about a twentieth of a bit."""
    rng = np.random.default_rng(0)
    state = np.cumsum(rng.random(2000) < 0.02) % 2
    x = np.where(state == 1, 1.0, 0.0) + rng.normal(size=2000)
    run = verdict_of([x[:, None]], {"two states": HMM(2, n_init=1, random_state=0)}, tmp_path)
    verdict = run.verdict()
    assert verdict.kind == "model"
    assert "divided along time" in str(verdict)
    assert "more sequences" not in str(verdict)


def test_where_every_model_fails_the_models_are_blamed(tmp_path):
    class Broken(WindowClassifier):
        def fit(self, X, y, sample_weight=None):
            raise RuntimeError("out of order")

    verdict = verdict_of(separable(20), {"broken": Broken(LogisticRegression())}, tmp_path).verdict()
    assert (verdict.kind, verdict.family) == ("nothing", None)
    assert "a fault of the models" in verdict.sentences[0]
    assert "out of order" in verdict.sentences[0]


def test_a_model_that_gives_labels_alone_is_judged_by_accuracy(tmp_path):
    from sklearn.svm import LinearSVC

    silent = WindowClassifier(LinearSVC(), width=4, pooling="mean", calibration_cv=None)
    assert not hasattr(silent, "predict_proba")
    run = verdict_of(separable(40), {"silent": silent, **LOGISTIC}, tmp_path)
    assert (run.frame()["status"] == "ok").all()
    assert run.result.metric.name == "accuracy"
    assert any("silent give labels and no probabilities" in note for note in run.config["data"]["notes"])
    assert run.verdict().kind == "model"


def test_tails_of_nan_keep_no_family_out_and_the_classes_are_told_apart(tmp_path):
    kinds = ["autoregression", "hmm", "logistic", "echo-state"]
    run = verdict_of(CASES / "k11c_nan_padded_tail.ts", kinds, tmp_path, cv=2)
    assert (run.config["data"]["shortest"], run.config["data"]["longest"]) == (7, 10)
    assert run.config["data"]["not_tried"] == {}
    summary = run.summary().set_index("entry")
    assert len(summary) == 1 + len(kinds)
    assert (summary["n_failed"] == 0).all()
    # the classes are 2 apart at each of seven steps and more, with noise of 1
    assert (summary.drop("chance")["accuracy"] > 0.98).all()
    assert run.verdict().kind == "model"
    assert run.answer().frame().set_index("entry").loc["chance", "status"] == "inferior"
