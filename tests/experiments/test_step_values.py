"""Comparisons of models that answer every step with a number."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import seqcompare
from seqcompare.experiments.contestants import contestants_for, problem_of
from seqcompare.experiments.splits import plan_splits
from seqcompare.experiments.step_numbers import errors_of, step_distribution
from seqcompare.models.reference.chance import ChanceStepRegressor
from seqcompare.report.comparison_view import ComparisonView
from seqcompare.report.number_sections import numbers_section
from seqcompare.testing import Model, yield_checks


def draw(n, T=40, seed=0):
    """Return a sensor and the slow level that it drives; every third level is not measured."""
    rng = np.random.default_rng(seed)
    X, y = [], []
    for _ in range(n):
        x, level = rng.normal(size=T), 0.0
        y.append(np.empty(T))
        for t in range(T):
            level = 0.7 * level + x[t]
            y[-1][t] = np.nan if t % 3 == 1 else level + 0.3 * rng.normal()
        X.append(x)
    return X, y


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    models = {
        "ridge": seqcompare.WindowStepRegressor(before=7),
        "state": seqcompare.KalmanStepRegressor(2, tol=1e-6),
    }
    found = seqcompare.compare(draw(12), models, cv=3, out=tmp_path_factory.mktemp("run"), n_jobs=1)
    assert found.frame()["status"].eq("ok").all(), found.frame()["error"].tolist()
    return found


def test_all_are_judged_by_squared_error_and_shown_by_densities(run):
    summary = run.summary().set_index("entry")
    assert {"mse", "r2", "crps", "bits"} < set(summary.columns)
    # noise of .09 on top of what is known exactly
    assert summary.loc[["ridge", "state"], "score"].to_numpy() == pytest.approx(0.09, abs=0.03)
    assert summary.loc["chance", "score"] == pytest.approx(1 / (1 - 0.49) + 0.09, rel=0.2)
    # normal noise of .3: what is best in bits and CRPS
    assert summary.loc["state", "bits"] == pytest.approx(np.log2(0.3 * np.sqrt(2 * np.pi * np.e)), abs=0.15)
    assert summary.loc[["ridge", "state"], "crps"].to_numpy() == pytest.approx(0.3 / np.sqrt(np.pi), abs=0.03)
    channels = run.tables()["numbers_channels"].set_index("entry")
    assert channels.loc[["ridge", "state"], "coverage_95"].to_numpy() == pytest.approx(0.95, abs=0.04)
    assert channels["mase"].isna().all()


def test_the_verdict_says_how_far_back(run):
    verdict = run.verdict()
    assert verdict.kind == "model"
    assert 3 <= verdict.horizon <= 8
    said = str(verdict)
    assert "Numbers depend on steps up to" in said
    assert "squared error of chance" in said
    assert "bit" not in said.split("Before any model was chosen")[0]
    assert set(run.contexts()["control"]) & {"limited", "truncated"}


def test_new_sequences_get_numbers_with_quantiles(run):
    table = run.predict([np.random.default_rng(3).normal(size=5)])
    assert table.columns[:3].tolist() == ["sequence", "step", "answer"]
    assert table["step"].tolist() == [0, 1, 2, 3, 4]
    if run.verdict().model == "state":
        assert (table["q(0.05)"] < table["answer"]).all()


def test_the_page_shows_numbers_in_their_units(run):
    section = numbers_section(ComparisonView(run))
    parts = {part.name: part for part in section.parts}
    assert "from the input by a model that was fitted without them" in parts["number_forecasts"].caption
    assert "mase" not in parts["numbers_channels"].headings
    assert {"number_pit", "number_residuals"} < set(parts)


def test_a_model_without_densities_has_that_of_its_held_out_errors():
    data = seqcompare.datasets.read(draw(20, seed=1))
    model = seqcompare.WindowStepRegressor(before=7)
    found = errors_of(lambda: clone(model), data, plan_splits(data, 4).splits[:1])
    spread = np.sqrt(step_distribution(model.fit(data.X, data.y), data.X, found).variance)
    assert spread == pytest.approx(0.32, abs=0.05)


def test_the_reference_keeps_the_contract():
    for check in yield_checks(Model(ChanceStepRegressor(), "step-value", "real")):
        check()


def test_families_enter_with_what_they_have():
    data = seqcompare.datasets.read(draw(10))
    names = {c.name: c for c in contestants_for(data, None, problem_of(data, 0.8, 600))}
    assert {"HMM", "HMM (looks ahead)", "window", "window (looks ahead)", "recurrent"} <= set(names)
    kinds = {candidate.spec.name for c in names.values() for candidate in c.candidates}
    assert {"ridge", "boosting", "mlp", "gru", "bigru", "hmm", "hmm-smoothed", "state-space"} <= kinds


def plant(n=12, T=50):
    """Return a table of wind and the power that follows it by two steps, and at once a little."""
    rng = np.random.default_rng(0)
    parts = []
    for i in range(n):
        wind, power = rng.normal(size=T), np.zeros(T)
        for t in range(T):
            power[t] = 0.5 * power[t - 1] * (t > 0) + 2 * wind[t - 2] * (t > 1) + 0.5 * wind[t]
            power[t] += 0.2 * rng.normal()
        parts.append(pd.DataFrame({"id": i, "t": np.arange(T), "wind": wind, "power": power}))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize(("known", "variance"), [("past", 0.04 + 0.25), ("present", 0.04)])
def test_one_channel_is_predicted_from_what_is_known(known, variance, tmp_path):
    told = {"predict": "power", "known": known}
    run = seqcompare.compare(plant(), {"ridge": "ridge"}, cv=2, out=tmp_path, n_jobs=1, **told)
    assert run.frame()["status"].eq("ok").all()
    assert run.summary().set_index("entry").loc["ridge", "score"] == pytest.approx(variance, rel=0.15)
    verdict = run.verdict()
    assert verdict.horizon == 2
    words = "The last 2 steps matter" if known == "past" else "Numbers depend on steps up to 2 back"
    assert words in str(verdict)
    asked = run.predict(plant(1, 5))
    assert asked["step"].tolist() == ([1, 2, 3, 4, 5] if known == "past" else [1, 2, 3, 4])
    channels = run.tables()["numbers_channels"]
    assert channels["channel"].unique().tolist() == ["power"]


def test_nothing_that_looks_ahead_competes_for_one_channel():
    data = seqcompare.datasets.read(plant(10, 20), predict="power")
    problem = problem_of(data, 0.8, 600)
    assert not any(
        candidate.spec.ahead for c in contestants_for(data, None, problem) for candidate in c.candidates
    )
    with pytest.raises(ValueError, match="of which later ones hold what is predicted"):
        contestants_for(data, {"mine": seqcompare.WindowStepRegressor(after=1)}, problem)
    found = seqcompare.profile(data, max_lag=5)
    assert found.lags["lag"].min() == 0
    assert found.look_ahead is None
