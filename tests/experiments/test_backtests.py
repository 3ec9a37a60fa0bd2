"""Forecasts held against what came: from which points, and what they score, against sums by hand."""

import numpy as np
import pytest
from scipy.stats import norm

import seqcompare
from seqcompare import Autoregression, SequenceDataset, Sequences
from seqcompare.experiments.backtests import N_ORIGINS, backtest, furthest_ahead, steps_shown
from seqcompare.models.distributions.mixtures import NormalMixture
from seqcompare.models.reference.chance import ChanceDensity
from seqcompare.results.numbers import COLUMNS


def dataset(x, told=0):
    X = Sequences(x)
    return SequenceDataset(X, None, X.with_values((X.step_index >= told) * 1.0), "next", "test")


def test_forecasts_reach_a_dozen_steps_or_a_season_and_half_of_what_is_tested():
    assert furthest_ahead(1) == 1
    assert furthest_ahead(10) == 5
    assert furthest_ahead(100) == furthest_ahead(100, 7) == furthest_ahead(100, 52) == 12
    assert furthest_ahead(100, 24) == 24
    assert furthest_ahead(100, 24, 3) == 3
    assert furthest_ahead(10, 1, 30) == 10


def test_steps_that_are_shown_double():
    assert steps_shown(1) == [1]
    assert steps_shown(8) == [1, 2, 4, 8]
    assert steps_shown(12) == [1, 2, 4, 8, 12]


def test_scores_are_those_of_the_forecasts_from_every_origin():
    rng = np.random.default_rng(0)
    x = np.zeros(60)
    for t in range(1, 60):
        x[t] = 0.8 * x[t - 1] + rng.normal()
    model = Autoregression(1).fit([x[:40]])
    found = backtest(model, dataset([x], 40), np.array([2.0]), ["x"], ahead=8)
    assert [row[1] for row in found["ahead"]] == [1, 2, 4, 8]
    # by hand: the origins are the steps from 40 on that leave room for 8, at most twelve, evenly
    origins = np.unique(np.linspace(40, 52, N_ORIGINS).astype(int))
    phi, c, v = model.coef_[0, 0, 0], model.intercept_[0], model.covariance_[0, 0]
    for name, h, n, mase, crps, in_50, in_95 in found["ahead"]:
        mean = np.array([phi**h * x[t - 1] + c * sum(phi**k for k in range(h)) for t in origins])
        scale = np.sqrt(v * sum(phi ** (2 * k) for k in range(h)))
        came = x[origins + h - 1]
        z = (came - mean) / scale
        expected = scale * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
        assert (name, n) == ("x", len(origins))
        assert mase == pytest.approx(np.abs(came - mean).mean() / 2.0)
        assert crps == pytest.approx(expected.mean())
        assert in_50 == pytest.approx((np.abs(z) <= norm.ppf(0.75)).mean())
        assert in_95 == pytest.approx((np.abs(z) <= norm.ppf(0.975)).mean())
    assert np.shape(found["origins"]) == (len(origins), 8)
    assert np.mean(found["origins"], axis=0)[7] == pytest.approx(expected.mean() / 2)
    fan = found["fan"]
    assert [row[1] for row in fan] == list(range(-35, 9))
    assert [row[2] for row in fan] == x[52 - 36 : 60].tolist()
    assert fan[0][3] is None
    assert fan[-1][3] == pytest.approx(mean[-1])


def test_without_a_past_forecasts_start_from_the_second_half():
    rng = np.random.default_rng(0)
    X = list(rng.normal(size=(3, 20, 2)))
    X[1][15, 0] = np.nan
    model = Autoregression(1, missing="allow").fit(X)
    found = backtest(model, dataset(X), np.array([1.0, 0.0]), ["a", "b"], ahead=8)
    counts = {(row[0], row[1]): row[2] for row in found["ahead"]}
    # steps 10, 11 and 12 of each leave room for 8
    assert counts["b", 1] == counts["b", 8] == 9
    # a number that is missing scores nothing, and an error of 0 of the naive forecast scales nothing
    assert counts["a", 4] == 8
    assert all(np.isnan(row[3]) for row in found["ahead"] if row[0] == "b")
    assert backtest(object(), dataset(X), np.ones(2), ["a", "b"]) == {}


def test_of_what_is_missing_there_is_no_score_and_of_no_number_an_infinite_one():
    x = np.arange(20.0)
    x[15] = np.nan

    class Lost:
        def forecast(self, X, steps, random_state):
            found = NormalMixture.normal(np.zeros((len(X), steps)), np.ones((len(X), steps)))
            found.crps = lambda came: np.where(came == 14.0, np.nan, came)
            return found

    found = backtest(Lost(), dataset([x], 10), np.array([2.0]), ["x"], ahead=3)
    # row k: steps 10 + k to 12 + k, each scored by its own number here
    assert found["origins"][0] == [5.0, 5.5, 6.0]
    assert found["origins"][3] == [6.5, np.inf, None]


def test_chance_forecasts_what_it_always_expects():
    X = list(np.random.default_rng(0).normal(size=(6, 30)))
    model = ChanceDensity().fit(X)
    far = model.forecast(X[:2], 3)
    np.testing.assert_allclose(far.mean, model.predict_next_distribution(X[:2])[0].mean[0])


def test_a_comparison_keeps_and_shows_how_far_ahead_forecasts_hold(tmp_path):
    rng = np.random.default_rng(0)
    x = np.zeros(300)
    for t in range(1, 300):
        x[t] = 0.9 * x[t - 1] + rng.normal()
    run = seqcompare.compare([x], ["autoregression", "last-value"], cv=2, out=tmp_path / "run", n_jobs=1)
    ahead = run.tables()["numbers_ahead"].set_index(["entry", "ahead"])
    assert ahead.reset_index()["ahead"].unique().tolist() == [1, 2, 4, 8, 12]
    entry = next(e for e in ahead.index.get_level_values(0) if e not in ("chance", "last value"))
    # the farther, the less is known, and never more than chance by much
    assert ahead.loc[(entry, 1), "crps"] < ahead.loc[(entry, 8), "crps"]
    assert ahead.loc[(entry, 1), "crps"] < 0.7 * ahead.loc[("chance", 1), "crps"]
    assert ahead.loc[(entry, 8), "crps"] < ahead.loc[("last value", 8), "crps"]
    assert set(run.tables()["numbers_fan"].columns) == set(COLUMNS["fan"])
    page = run.report().read_text(encoding="utf-8")
    assert "How far ahead forecasts hold" in page
    assert "Forecasts by the steps ahead" in page
    assert (tmp_path / "run" / "figures" / "number_fan.svg").is_file()
    named = run.answer().forecaster
    assert (named.steps, named.entry) == (12, entry)
    assert "Who forecasts best" in page
    assert "To forecast 12 steps" in page
