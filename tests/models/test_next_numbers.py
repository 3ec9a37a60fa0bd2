"""Densities over numbers from regressors on windows: against closed forms and sources with an optimum."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.tree import DecisionTreeRegressor

from seqcompare import (
    Autoregression,
    NextStep,
    RNNStepRegressor,
    Sequences,
    WindowStepRegressor,
    WindowTagger,
)
from seqcompare.models.distributions.counts import CountDistribution
from seqcompare.models.distributions.drawing import forecast_by_drawing
from seqcompare.tasks import LinearSeries, ThresholdAutoregression, Volatility

RNG = np.random.default_rng(0)


def excess(task, model, length=None, seed=1):
    """Fit on 40 sequences; return the bits a step over the optimum on 400 others."""
    train, test = task.sample(40, length=length, random_state=seed), task.sample(400, random_state=seed + 50)
    model.fit(train.X)
    return task.score(test, model.score_steps(test.X)) - task.score(test, task.optimal_proba(test.X))


def test_a_linear_window_is_an_autoregression():
    x = LinearSeries(2, coefficients=(1.2, -0.5)).sample(20, length=100, random_state=0).X
    window = NextStep(WindowStepRegressor(LinearRegression(), before=1), max_components=1).fit(x)
    chain = Autoregression(2).fit(x)
    np.testing.assert_allclose(
        window.predict_next_distribution(x).mean[5:90], chain.predict_next(x).values[5:90], atol=0.02
    )
    ours = np.array([window.score_steps(x).values, chain.score_steps(x).values])[:, x.step_index > 1]
    assert abs(ours.mean(axis=1) @ [1, -1]) < 2e-3
    assert window.n_parameters_ == 4 + 0 + 2 * 2  # two lags, mark and intercept; errors; a first step


def test_errors_are_those_of_models_that_did_not_see_the_steps():
    """A tree that learns by heart has no errors where it was fitted; its density is not infinite for that."""
    x = RNG.normal(size=(30, 50))
    model = NextStep(WindowStepRegressor(DecisionTreeRegressor(random_state=0)), max_components=1).fit(x)
    assert model.errors_.covariances[0, 0, 0] == pytest.approx(2, rel=0.15)
    fresh = RNG.normal(size=(200, 50))
    off = fresh[:, 1:] - model.estimator_.predict(fresh)[:, :-1]
    assert off.var() == pytest.approx(model.errors_.covariances[0, 0, 0], rel=0.1)


def test_errors_in_two_heaps_are_found():
    x = RNG.normal(size=(20, 100)) * 0.2 + RNG.choice([-2.0, 2.0], size=(20, 100))
    model = NextStep(WindowStepRegressor()).fit(x)
    assert len(model.errors_.weights) == 2
    expected = np.log(0.5 * norm.pdf(2.1, 2, 0.2))
    found = model.predict_next_distribution(x)[:, -1].log_prob(2.1)
    np.testing.assert_allclose(found, expected, atol=0.15)
    one = NextStep(WindowStepRegressor(), max_components=1).fit(x)
    assert model.score(x) > one.score(x) + 0.5


@pytest.mark.parametrize(
    ("task", "estimator", "bits"),
    [
        (LinearSeries(1), WindowStepRegressor(Ridge()), 0.003),
        (
            ThresholdAutoregression(),
            WindowStepRegressor(GradientBoostingRegressor(random_state=0)),
            0.02,
        ),
    ],
    ids=["linear", "threshold"],
)
def test_windows_reach_the_optimum(task, estimator, bits):
    assert 0 < excess(task, NextStep(estimator)) < bits


def test_a_model_of_the_scale_finds_volatility():
    boosting = HistGradientBoostingRegressor(
        loss="gamma", max_iter=30, learning_rate=0.1, max_leaf_nodes=4, early_stopping=False
    )
    scale = WindowStepRegressor(boosting, before=10)
    plain = excess(Volatility(), NextStep(WindowStepRegressor(), max_components=1), 300)
    scaled = excess(Volatility(), NextStep(WindowStepRegressor(), scale=scale, max_components=1), 300)
    assert plain > 0.05
    assert scaled < 0.04


def test_vectors_are_predicted_together():
    a = RNG.normal(size=(20, 60, 2))
    for t in range(1, 60):
        a[:, t] += 0.7 * a[:, t - 1, ::-1]
    model = NextStep(WindowStepRegressor()).fit(a)
    steps, ahead = model.score_steps(a), model.predict_next_distribution(a)
    np.testing.assert_allclose(ahead[:, :-1].log_prob(a[:, 1:]), steps[:, 1:], rtol=1e-8)
    assert model.score(a) == pytest.approx(Autoregression(1).fit(a).score(a), abs=0.05)
    assert model.sample(3, [4, 2, 7], random_state=0).n_channels == 2
    assert model.forecast(a, 3, 20, random_state=0).mean.shape == (20, 3, 2)


def test_draws_and_forecasts_are_of_the_model():
    x = LinearSeries(1, strength=0.8).sample(40, random_state=0).X
    model = NextStep(WindowStepRegressor(before=1), max_components=1).fit(x)
    drawn = np.stack(list(model.sample(500, 30, random_state=0)))
    assert drawn[:, 20:].var() == pytest.approx(1 / 0.36, rel=0.15)
    assert np.corrcoef(drawn[:, 20], drawn[:, 21])[0, 1] == pytest.approx(0.8, abs=0.06)
    far = model.forecast(list(x)[:5], 2, n_samples=400, random_state=0)
    exact = Autoregression(1).fit(x).forecast(list(x)[:5], 2)
    np.testing.assert_allclose(far.mean, exact.mean, atol=0.25)
    np.testing.assert_allclose(far.variance, exact.variance, rtol=0.15)


def test_one_series_is_enough():
    x = LinearSeries(1, strength=0.8).sample(1, length=400, random_state=0).X
    model = NextStep(WindowStepRegressor(), max_components=1).fit(x)
    assert model.errors_.covariances[0, 0, 0] == pytest.approx(1, rel=0.2)


def test_what_does_not_fit_together_raises():
    x = RNG.normal(size=(5, 10))
    numbers = NextStep(WindowStepRegressor()).fit(x)
    with pytest.raises(ValueError, match="predict_next_proba is for symbols"):
        numbers.predict_next_proba(x)
    symbols = NextStep(WindowTagger()).fit(["abab", "ba"])
    with pytest.raises(ValueError, match="predict_next_distribution is for numbers"):
        symbols.predict_next_distribution(["ab"])
    with pytest.raises(ValueError, match="causal"):
        NextStep(WindowStepRegressor(after=1)).fit(x)
    with pytest.raises(ValueError, match="max_components"):
        NextStep(WindowStepRegressor(), max_components=0).fit(x)
    with pytest.raises(ValueError, match="no next step to learn"):
        NextStep(WindowStepRegressor()).fit([[1.0], [2.0]])


def test_step_regressors_answer_with_numbers():
    X = [np.arange(5.0), np.arange(3.0)]
    y = [2 * x + 1 for x in X]
    model = WindowStepRegressor(LinearRegression(), before=1).fit(X, y)
    for answer, target in zip(model.predict(X), y, strict=True):
        np.testing.assert_allclose(answer, target)
    assert model.score(X, y) == pytest.approx(1)
    several = WindowStepRegressor(LinearRegression()).fit(X, [np.stack([t, -t], axis=1) for t in y])
    assert several.predict(X)[0].shape == (5, 2)
    weights = [np.array([1.0, 1, 0, 1, 1]), np.ones(3)]
    spoiled = [np.where(w > 0, t, 99.0) for t, w in zip(y, weights, strict=True)]
    np.testing.assert_allclose(model.fit(X, spoiled, weights).predict(X)[0], y[0])
    assert model.causal
    assert not WindowStepRegressor(after=1).causal
    with pytest.raises(ValueError, match=r"y\[1\] has 2 numbers but X\[1\] has 3 steps"):
        model.fit(X, [y[0], y[1][:2]])
    with pytest.raises(ValueError, match="y is None"):
        model.fit(X, None)
    assert isinstance(model.predict(Sequences(X)), list)


def test_forecasts_that_are_carried_on_are_those_that_read_all_anew():
    x = LinearSeries(1).sample(12, 30, random_state=0).X
    net = NextStep(RNNStepRegressor(hidden_size=4, max_iter=5, dtype="float64", random_state=0)).fit(x)
    rng = [np.random.RandomState(0), np.random.RandomState(0)]
    carried = net.forecast(x.take([0, 1]), 4, n_samples=300, random_state=rng[0])
    anew = forecast_by_drawing(net._ahead, x.take([0, 1]), 4, 300, rng[1])
    np.testing.assert_allclose(carried.mean, anew.mean, rtol=1e-6)
    np.testing.assert_allclose(carried.variance, anew.variance, rtol=1e-6)


def test_counts_of_a_network_are_forecast_as_counts():
    counts = np.random.default_rng(0).poisson(3.0, (10, 20)).astype(float)
    net = NextStep(RNNStepRegressor(hidden_size=4, max_iter=20, output="poisson", random_state=0)).fit(counts)
    far = net.forecast(counts[:2], 3, n_samples=40, random_state=0)
    assert isinstance(far, CountDistribution)
    assert far.batch_shape == (2, 3)
    np.testing.assert_allclose(far.cdf(np.full((2, 3), 1e6)), 1)
    ahead = net.predict_next_distribution(counts[:2])[:, -1]
    np.testing.assert_allclose(far[:, 0].mean, ahead.mean)
    np.testing.assert_allclose(far[:, 0].cdf(4.0), ahead.cdf(4.0))
