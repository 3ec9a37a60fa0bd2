"""Missing values: what stands in for them, against the joint normal distribution; what models make of it."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.linear_model import LinearRegression

from seqcompare import (
    HMM,
    Autoregression,
    Filled,
    FilledNext,
    LastValue,
    MarkovChain,
    NextStep,
    RNNStepRegressor,
    RNNTagger,
    Sequences,
    SlidingWindow,
    WindowClassifier,
    WindowStepRegressor,
    WindowTagger,
)
from seqcompare.models.distributions.counts import CountDistribution
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture
from seqcompare.models.filling import Filling, learn_filling
from seqcompare.models.markov.lags import Lags
from seqcompare.tasks import LinearSeries

NAN = float("nan")


def holes(X, share=0.2, seed=0):
    values = X.values.copy()
    values[np.random.default_rng(seed).random(values.shape) < share] = np.nan
    return Sequences(values, X.offsets)


def joint_of(lags, n):
    """Return mean and covariance of n steps of a stationary AR(1) of d channels."""
    a, d = lags.coef[0], len(lags.intercept)
    mean = np.linalg.solve(np.eye(d) - a, lags.intercept)
    spread = np.linalg.solve(np.eye(d * d) - np.kron(a, a), lags.covariance.ravel()).reshape(d, d)
    cov = np.empty((n, d, n, d))
    for s in range(n):
        for t in range(n):
            late, early = max(s, t), min(s, t)
            block = np.linalg.matrix_power(a, late - early) @ spread
            cov[s, :, t] = block if s >= t else block.T
    return np.tile(mean, n), cov.reshape(n * d, n * d)


def given(mean, cov, x):
    """Return mean and covariance of all numbers, given those of x that are known."""
    known = ~np.isnan(x)
    gain = cov[:, known] @ np.linalg.inv(cov[np.ix_(known, known)])
    return mean + gain @ (x[known] - mean[known]), cov - gain @ cov[known]


def test_what_is_expected_is_what_the_joint_distribution_says():
    lags = Lags(
        np.array([[[0.7, 0.2], [-0.1, 0.5]]]),
        np.array([1.0, -0.5]),
        np.array([[1.0, 0.3], [0.3, 0.5]]),
        np.zeros(2),
        np.eye(2),
    )
    filling = Filling((lags,), 3)
    x = np.random.default_rng(0).normal(size=(6, 2))
    x[[1, 2, 2, 4], [0, 0, 1, 1]] = np.nan
    expected = filling.expect(Sequences([x]))
    mean, cov = joint_of(lags, 7)
    for t in range(6):
        seen = np.full(14, np.nan)
        seen[: 2 * t + 2] = x[: t + 1].ravel()
        now, left = (part.reshape(7, 2, *part.shape[1:]) for part in given(mean, cov, seen))
        np.testing.assert_allclose(expected.ahead[t], now[t + 1], atol=1e-9)
        for back in range(min(t + 1, 3)):
            np.testing.assert_allclose(expected.past[t, back], now[t - back], atol=1e-9)
        spread = np.diagonal(left.reshape(7, 2, 7, 2)[t + 1, :, t + 1])
        np.testing.assert_allclose(
            expected.variance[t], (spread / np.diag(lags.covariance)).mean(), rtol=1e-9
        )


@pytest.mark.parametrize("d", [1, 3, 8])
def test_step_by_step_the_same_is_expected(d):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, d)).cumsum(axis=0) * 0.1
    x[rng.random(x.shape) < 0.2] = np.nan
    filling = learn_filling(Sequences([x]))
    assert len(filling.rules) == (d if d > 6 else 1)
    whole, state = filling.expect(Sequences([x[:20]])), filling.start()
    for t in range(20):
        now, state = filling.step(state, x[t])
        for one, all_steps in zip(now, whole, strict=True):
            np.testing.assert_allclose(one[0], all_steps[t], atol=1e-8)


def test_windows_show_what_is_expected_from_their_last_step_and_mark_it():
    X = LinearSeries(1).sample(20, 60, random_state=0).X
    window = SlidingWindow(1, 1, missing="allow").fit(holes(X))
    x = np.array([1.0, NAN, 3.0, 2.0])
    rows, _ = window.rows([x])
    expected = window.layout_.filling.expect(Sequences([x]))
    taps, marks = rows[:, [0, 2, 4]], rows[:, [1, 3, 5]]
    np.testing.assert_array_equal(marks, [[0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 0]])
    # row t ends with step t + 1, from which step 1 lies t steps back
    np.testing.assert_allclose(taps[0, 2], expected.past[1, 0, 0])
    np.testing.assert_allclose(taps[1, 1], expected.past[2, 1, 0])
    np.testing.assert_allclose(taps[2, 0], expected.past[3, 2, 0])
    np.testing.assert_array_equal(taps[1, [0, 2]], [1.0, 3.0])


def test_a_linear_window_loses_what_the_exact_filter_does():
    task = LinearSeries(2, coefficients=(1.6, -0.8))
    train, test = (holes(task.sample(40, random_state=s).X, seed=s) for s in (0, 1))
    known = ~np.isnan(test.values)
    exact = Autoregression(2, missing="allow").fit(train)
    window = NextStep(WindowStepRegressor(LinearRegression(), before=3, missing="allow")).fit(train)
    bits = [-model.score_steps(test).values[known].mean() / np.log(2) for model in (exact, window)]
    assert bits[1] - bits[0] < 0.02
    # what is missing costs nothing
    assert not window.score_steps(test).values[~known].any()


GAPPY = {
    "window": NextStep(WindowStepRegressor(before=2, missing="allow")),
    "net": NextStep(Filled(RNNStepRegressor(hidden_size=4, max_iter=3, dtype="float64", random_state=0))),
    "last": NextStep(LastValue(missing="allow")),
    "seasonal": NextStep(LastValue(4, missing="allow")),
}


@pytest.mark.parametrize("d", [1, 2])
@pytest.mark.parametrize("name", GAPPY)
def test_densities_read_gaps_step_by_step_as_at_once(name, d):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 25, d)).cumsum(axis=1)
    X[rng.random(X.shape) < 0.25] = np.nan
    X = list(X[..., 0] if d == 1 else X)
    model = GAPPY[name].fit(X)
    whole, state = model.predict_next_distribution(X)[0], model.start()
    for t, x in enumerate(X[0]):
        now, state = model.step(state, x)
        np.testing.assert_allclose(now.mean, whole[t].mean, atol=1e-8)
        np.testing.assert_allclose(now.variance, whole[t].variance, rtol=1e-7)
    assert np.isfinite(model.score_samples(X)).all()
    assert np.isfinite(model.forecast(X[:2], 3, n_samples=5, random_state=0).mean).all()


def test_the_last_value_is_the_last_known_one_of_a_season():
    model = LastValue(2, missing="allow").fit([[1.0, 5.0, 2.0, 6.0]])
    np.testing.assert_array_equal(
        model.predict([[NAN, 5.0, NAN, NAN, 3.0, NAN]])[0], [model.mean_[0], 5.0, 5.0, 5.0, 5.0, 3.0]
    )


def test_nothing_came_has_no_density_and_what_came_has_its_own():
    plain = NormalMixture.normal(np.zeros(2), np.ones(2))
    np.testing.assert_allclose(plain.log_prob([0.0, NAN]), [-np.log(2 * np.pi) / 2, 0.0])
    rng = np.random.default_rng(0)
    weights, means = np.array([0.3, 0.7]), rng.normal(size=(2, 3))
    roots = rng.normal(size=(2, 3, 3))
    covariances = roots @ np.swapaxes(roots, 1, 2) + np.eye(3)
    mixture = MultivariateNormalMixture(np.tile(weights, (2, 1)), means, covariances)
    x = np.array([[0.5, NAN, -1.0], [NAN, NAN, NAN]])
    kept = np.ix_([0, 2], [0, 2])
    parts = [multivariate_normal(means[k][[0, 2]], covariances[k][kept]).pdf([0.5, -1.0]) for k in (0, 1)]
    np.testing.assert_allclose(mixture.log_prob(x), [np.log(weights @ parts), 0.0])
    counts = CountDistribution(np.array([[0.5, 0.5]] * 2))
    np.testing.assert_allclose(counts.log_prob([1.0, NAN]), [np.log(0.5), 0.0])


def test_a_hidden_state_sums_over_symbols_that_are_missing():
    chain, emission = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([[0.8, 0.2], [0.1, 0.9]])
    rng = np.random.default_rng(0)
    X = HMM.from_parameters(
        startprob=[0.75, 0.25], transmat=chain, emissionprob=emission, symbols=["a", "b"]
    ).sample(10, 40, random_state=0)
    gone = rng.random(X.n_steps) < 0.2
    gappy = Sequences(np.where(gone, None, X.values), X.offsets)
    model = FilledNext(HMM(2, n_init=1, random_state=0)).fit(gappy)
    # the same by hand, from what was fitted
    inner = model.estimator_
    shown = inner.emissionprob_[:, model._kept]
    shown = shown / shown.sum(axis=1, keepdims=True)
    belief = inner.startprob_
    proba = model.predict_next_proba([["a", None, "b"]])[0]
    for t, code in enumerate([0, None, 1]):
        told = (
            inner.emissionprob_[:, ~model._kept][:, 0] if code is None else inner.emissionprob_[:, code + 1]
        )
        belief = belief * told / (belief @ told)
        belief = belief @ inner.transmat_
        row = belief @ inner.emissionprob_[:, model._kept]
        np.testing.assert_allclose(proba[t], row / row.sum(), atol=1e-6)
    assert model.symbols_.tolist() == ["a", "b"]


def test_a_missing_symbol_is_seen_and_never_predicted():
    X = [["a", "b", None, "b", "a", None, "a", "b"], ["b", None, "b", "a", "b", "a"]] * 10
    model = FilledNext(MarkovChain(2)).fit(X)
    assert model.symbols_.tolist() == ["a", "b"]
    rows = model.predict_next_proba(X)
    np.testing.assert_allclose(np.concatenate(rows).sum(axis=1), 1)
    steps = model.score_steps(X)[0]
    assert steps[2] == steps[5] == 0.0
    np.testing.assert_allclose(steps[1], np.log(rows[0][0, 1]))
    assert set(model.sample(3, 20, random_state=0).values) <= {"a", "b"}
    numbers = FilledNext(MarkovChain(1)).fit([[1, None, 2, 1, 2, None, 1]] * 5)
    assert numbers.symbols_.tolist() == [1, 2]


def test_taggers_and_classifiers_take_gaps():
    rng = np.random.default_rng(0)
    y = [rng.integers(0, 2, 20) for _ in range(30)]
    X = [3.0 * labels + rng.normal(size=20) for labels in y]
    for x in X:
        x[rng.random(20) < 0.2] = np.nan
    for model in (WindowTagger(before=1, missing="allow"), Filled(RNNTagger(max_iter=30, random_state=0))):
        known = np.concatenate(X) == np.concatenate(X)
        right = np.concatenate(model.fit(X, y).predict(X)) == np.concatenate(y)
        assert right[known].mean() > 0.85
        state, proba = model.start(), model.predict_proba(X)[0]
        for t, x in enumerate(X[0]):
            now, state = model.step(state, x)
            np.testing.assert_allclose(now, proba[t], atol=1e-5)
    label = np.arange(30) % 2
    shifted = [x + 2 * k for x, k in zip(X, label, strict=True)]
    model = WindowClassifier(width=3, pooling="mean", missing="allow").fit(shifted, label)
    assert model.score(shifted, label) > 0.8
    words = [["a", None, "b"], ["b", "b", None, "a"]] * 8
    tagged = [["x", "y", "x"], ["y", "x", "y", "x"]] * 8
    assert len(Filled(WindowTagger(before=1)).fit(words, tagged).predict(words)[1]) == 4


def test_a_channel_without_any_value_is_one_clear_error():
    with pytest.raises(ValueError, match="channel 1 has no value at all"):
        SlidingWindow(1, missing="allow").fit([[[1.0, NAN], [2.0, NAN]]])
    with pytest.raises(ValueError, match="missing must be one of 'error', 'allow', got 'skip'"):
        WindowTagger(missing="skip").fit([[1.0, 2.0]], [[0, 1]])
