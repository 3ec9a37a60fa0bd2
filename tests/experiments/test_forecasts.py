"""What is kept of predictions of numbers, against counts by hand and models that are known to be right."""

from functools import partial

import numpy as np
import pytest
from scipy.stats import norm

import seqcompare
from seqcompare import Autoregression, CountAutoregression, LastValue, NextStep, Sequences
from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.answer import ask, units
from seqcompare.experiments.forecasts import (
    forecast_details,
    naive_errors,
    next_stretch,
    number_scores,
    with_forecast,
)
from seqcompare.experiments.influence import influence_of_numbers
from seqcompare.metrics import METRICS
from seqcompare.tasks import Counts, LinearSeries, Volatility

RNG = np.random.default_rng(0)


def dataset(X, **more):
    return SequenceDataset(Sequences(X), None, None, "next", "series", **more)


def predicted(model, data, period=1):
    naive = naive_errors(data, period)
    return with_forecast(ask(model, data, 1.0), model, data, naive)


def test_each_step_is_held_against_what_was_said_of_it():
    data = dataset([RNG.normal(size=30), RNG.normal(size=1), RNG.normal(size=12)])
    model = Autoregression(1).fit(data.X)
    found = predicted(model, data).forecast
    rows = np.concatenate([np.array([None]), data.X.values[:-1]])
    first = data.X.step_index == 0
    assert (found.known == ~first).all()
    coefficient, constant = model.coef_.ravel()[0], model.intercept_.ravel()[0]
    mean = constant + coefficient * rows[~first].astype(float)
    np.testing.assert_allclose(found.mean[~first, 0], mean)
    scale = np.sqrt(model.covariance_.ravel()[0])
    np.testing.assert_allclose(found.upto[~first, 0], norm.cdf((data.X.values[~first] - mean) / scale))


def test_the_naive_error_is_that_of_the_season():
    series = np.array([1.0, 5.0, 2.0, 5.5, 2.5, 7.0])
    assert naive_errors(dataset([series]), 1)[0] == pytest.approx(np.abs(np.diff(series)).mean())
    # the first step has no season before it, and is answered by the one before
    by_hand = [4.0, 1.0, 0.5, 0.5, 1.5]
    assert naive_errors(dataset([series]), 2)[0] == pytest.approx(np.mean(by_hand))


def kept_of(answers, model, *more):
    return forecast_details(answers, partial(next_stretch, model), *more)


def test_a_right_model_is_calibrated_and_leaves_noise():
    data = LinearSeries(2, coefficients=(1.6, -0.8)).sample(40, 200, random_state=0)
    model = Autoregression(2).fit(data.X)
    answers = predicted(model, data)
    kept = kept_of(answers, model, data, units(data, answers.item), np.array([data.X.values.std()]), ["x"])
    assert kept["channels"][0]["coverage_95"] == pytest.approx(0.95, abs=0.01)
    assert kept["channels"][0]["coverage_50"] == pytest.approx(0.5, abs=0.02)
    assert kept["channels"][0]["rmse"] == pytest.approx(1, abs=0.03)
    weights = np.array([row[2] for row in kept["pit"]])
    assert weights.sum() == pytest.approx(40 * 198)  # the task counts steps from the second on
    assert np.abs(weights / weights.sum() - 0.05).max() < 0.01
    sums = {(power, lag): total for _, power, lag, total in kept["residuals"]}
    assert max(abs(sums[1, lag] / sums[1, 0]) for lag in range(1, 41)) < 0.05
    assert len(kept["stretch"]) == 120


def test_counts_are_spread_over_their_range():
    data = Counts(survival=0.6, arrivals=2.0).sample(30, 200, random_state=0)
    model = CountAutoregression().fit(data.X)
    numbers = dataset([np.asarray(x, dtype=float) for x in data.X])
    answers = predicted(model, numbers)
    kept = forecast_details(
        answers, partial(next_stretch, model), numbers, units(numbers, answers.item), np.ones(1), ["n"]
    )
    weights = np.array([row[2] for row in kept["pit"]])
    assert weights.sum() == pytest.approx(30 * 199)
    assert np.abs(weights / weights.sum() - 0.05).max() < 0.01


def test_missing_numbers_are_neither_scored_nor_spoil_the_others():
    x = RNG.normal(size=60)
    x[[5, 30]] = np.nan
    data = dataset([x])
    model = Autoregression(1, missing="allow").fit(data.X)
    answers = with_forecast(ask(model, data, 1.0), model, data, naive_errors(data, 1))
    # what is missing is not asked about, and of the first step nothing is predicted
    assert len(answers.item) == 58
    assert np.flatnonzero(~answers.forecast.known).tolist() == [0]
    scores = number_scores(answers, tuple(METRICS[name] for name in ("rmse", "crps", "mase")))
    assert all(np.isfinite(score) and score > 0 for score in scores.values())


def test_scores_in_units_of_several_channels_are_told_apart():
    steps = RNG.normal(size=(3, 50, 2)) * np.array([1.0, 1e6])
    data = dataset(list(steps))
    model = Autoregression(1).fit(data.X)
    answers = predicted(model, data)
    metrics = tuple(METRICS[name] for name in ("rmse", "mae", "mase", "crps", "coverage_95"))
    assert set(number_scores(answers, metrics)) == {"mase", "coverage_95"}
    kept = forecast_details(
        answers,
        partial(next_stretch, model),
        data,
        units(data, answers.item),
        np.array([1.0, 1e6]),
        ["a", "b"],
    )
    first, second = (record["rmse"] for record in kept["channels"])
    assert second / first == pytest.approx(1e6, rel=0.3)


def test_the_lag_and_the_channel_that_matter_are_found():
    n = 400
    noise = RNG.normal(size=(n, 2))
    x = noise.copy()
    for t in range(3, n):
        x[t, 0] += 0.9 * x[t - 3, 1]
    data = dataset([x])
    table = influence_of_numbers(Autoregression(4).fit(data.X), data, 0, ["0", "1"])
    most = max(table, key=lambda row: row["mean"])
    assert (most["channel"], most["lag"]) == ("1", 3)
    assert max(row["mean"] for row in table if (row["channel"], row["lag"]) != ("1", 3)) < most["mean"] / 4


def test_a_model_of_variance_is_moved_in_its_spread_alone():
    data = Volatility().sample(20, 200, random_state=0)
    model = Autoregression(0, volatility="garch").fit(data.X)
    table = influence_of_numbers(model, data, 0, ["x"])
    assert max(row["mean"] for row in table) < 1e-9
    spread = [row["spread"] for row in table]
    assert spread[0] == max(spread) > 0.03


@pytest.mark.filterwarnings("ignore")
def test_skill_of_mean_and_of_density_are_told_apart(tmp_path):
    X = Volatility().sample(25, 200, random_state=1).X
    models = {"garch": Autoregression(0, volatility="garch"), "naive": NextStep(LastValue())}
    comparison = seqcompare.compare(X, models, cv=2, out=tmp_path, n_jobs=1)
    skill = comparison.tables()["numbers_skill"].set_index("entry")
    assert skill.loc["garch", "low"] < 0 < skill.loc["garch", "high"]
    assert skill.loc["garch", "gain"] > 0.03
    assert skill.loc["naive", "mean_skill"] == pytest.approx(-1, abs=0.1)
    said = " ".join(comparison.verdict().sentences)
    assert "Its mean is not shown to be better than that of chance" in said
    assert "how far from its mean the next step may lie" in said
    assert {"rmse", "mae", "mase", "crps", "coverage_50", "coverage_95"} <= set(comparison.summary().columns)


def test_a_score_of_numbers_is_refused_for_symbols(tmp_path):
    with pytest.raises(ValueError, match="metric 'crps' is for numbers, but the steps are symbols"):
        seqcompare.compare(["abab"] * 6, "markov", metric="crps", out=tmp_path)
