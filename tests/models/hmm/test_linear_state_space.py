"""Linear state-space models: published series, sources whose optimum is known, and other ways to the same."""

import numpy as np
import pytest
from published_series import NILE
from scipy.optimize import approx_fprime
from sklearn.exceptions import ConvergenceWarning

from seqcompare import Autoregression, LinearStateSpace, load, save
from seqcompare.models.hmm.state_space_forms import Stationary, Trend
from seqcompare.models.kalman_gradient import likelihood_and_gradient

LOG2 = np.log(2)


def draw_noisy_state(memory, n, length, seed=0, noise=4.0):
    """Draw an AR(1) of variance 1 under noise."""
    rng = np.random.default_rng(seed)
    f = np.exp(-1 / memory)
    z, out = rng.normal(size=n), []
    for _ in range(length):
        out.append(z + np.sqrt(noise) * rng.normal(size=n))
        z = f * z + np.sqrt(1 - f**2) * rng.normal(size=n)
    return np.array(out).T


def rate_of_noisy_state(memory, noise=4.0):
    f = np.exp(-1 / memory)
    q = 1 - f**2
    root = q - noise * (1 - f**2)
    p = (root + np.sqrt(root**2 + 4 * q * noise)) / 2
    return np.log2(2 * np.pi * np.e * (p + noise)) / 2


def test_nile_has_the_published_variances_and_likelihood():
    # Durbin and Koopman (2012), section 2.10: 15099 and 1469.1; the first step sets the level
    model = LinearStateSpace(structure="local level", initialization="diffuse").fit([NILE])
    assert model.noise_covariance_[0, 0] == pytest.approx(15099, abs=2)
    assert model.state_covariance_[0, 0] == pytest.approx(1469.1, abs=1)
    assert model.score_steps([NILE])[0][1:].sum() == pytest.approx(-632.546, abs=1e-3)
    assert model.log_likelihood_ == pytest.approx(model.score_samples([NILE])[0], abs=1e-6)
    smoothed, spread = model.smooth([NILE])
    level = smoothed[0][:, 0] + model.offset_[0]
    # statsmodels 0.15.0: UnobservedComponents(level).smooth at these variances, 1871 and 1970
    assert level[0] == pytest.approx(1111.2, abs=0.5)
    assert level[-1] == pytest.approx(798.4, abs=0.5)
    assert spread[0].shape == (100, 1, 1)
    level_now, _ = model.filter([NILE])
    assert level_now[0][-1, 0] == pytest.approx(smoothed[0][-1, 0])


def test_marginal_start_makes_of_the_first_step_what_it_is():
    model = LinearStateSpace(structure="local level").fit([NILE])
    first = model.score_steps([NILE])[0][0]
    assert first == pytest.approx(-np.log(NILE.std() * np.sqrt(2 * np.pi)), abs=1)
    diffuse = LinearStateSpace(structure="local level", initialization="diffuse").fit([NILE])
    assert diffuse.score_steps([NILE])[0][0] < first - 5


def test_a_trend_is_followed():
    rng = np.random.default_rng(0)
    slope = 0.5 + rng.normal(size=(5, 80)).cumsum(axis=1) * 0.05
    x = slope.cumsum(axis=1) + rng.normal(size=(5, 80))
    model = LinearStateSpace(structure="local trend").fit(x)
    assert model.score(x) > LinearStateSpace(structure="local level").fit(x).score(x) + 0.1
    ahead = model.forecast(x, 5)
    np.testing.assert_allclose(
        np.diff(ahead.mean, axis=1), np.diff(ahead.mean, axis=1)[:, :1].repeat(4, axis=1)
    )
    assert (np.diff(ahead.variance, axis=1) > 0).all()
    assert model.n_parameters_ == 4


@pytest.mark.parametrize("memory", [16, 64])
def test_a_noisy_state_is_found(memory):
    x, test = draw_noisy_state(memory, 40, 200), draw_noisy_state(memory, 400, 500, seed=1)
    model = LinearStateSpace(1).fit(x)
    assert model.spectral_radius_ == pytest.approx(np.exp(-1 / memory), abs=0.02)
    assert model.noise_covariance_[0, 0] == pytest.approx(4, rel=0.05)
    assert model.entropy_rate(2) == pytest.approx(rate_of_noisy_state(memory), abs=0.02)
    source = LinearStateSpace(1).fit(x)
    f = np.exp(-1 / memory)
    source.machine_ = source.machine_._replace(
        transition=np.array([[f]]),
        state_noise=np.array([[1 - f**2]]),
        loading=np.ones((1, 1)),
        offset=np.zeros(1),
        noise=np.array([[4.0]]),
    )
    assert source.entropy_rate(2) == pytest.approx(rate_of_noisy_state(memory), rel=1e-10)
    loss = (np.array(source.score_steps(list(test))) - np.array(model.score_steps(list(test)))).mean() / LOG2
    assert 0 < loss < 2e-3
    assert model.n_parameters_ == 4


def test_a_noisy_cycle_needs_two_states():
    rng = np.random.default_rng(3)
    turn = 0.97 * np.array([[np.cos(0.7), -np.sin(0.7)], [np.sin(0.7), np.cos(0.7)]])
    z, out = rng.normal(size=(30, 2)), []
    for _ in range(150):
        z = z @ turn.T + 0.25 * rng.normal(size=(30, 2))
        out.append(z[:, 0] + 0.7 * rng.normal(size=30))
    x = np.array(out).T
    one, two = LinearStateSpace(1).fit(x[:20]), LinearStateSpace(2).fit(x[:20])
    assert two.score(x[20:]) > one.score(x[20:]) + 0.1
    roots = np.linalg.eigvals(two.transition_)
    assert abs(np.angle(roots[0])) == pytest.approx(0.7, abs=0.03)
    # of short memory there is no better autoregression, even a long one
    assert two.score(x[20:]) > Autoregression(12).fit(x[:20]).score(x[20:])


def test_without_noise_it_is_the_autoregression():
    rng = np.random.default_rng(1)
    x = np.zeros((20, 300))
    for t in range(1, 300):
        x[:, t] = 0.9 * x[:, t - 1] + rng.normal(size=20)
    x = x[:, 100:]
    ours, chain = LinearStateSpace(1).fit(x), Autoregression(1).fit(x)
    assert ours.spectral_radius_ == pytest.approx(chain.spectral_radius_, abs=5e-3)
    assert ours.score(x) == pytest.approx(chain.score(x), abs=1e-3)


@pytest.mark.parametrize("form", [Stationary(2, 2), Stationary(3, 1), Trend(2, slope=True, diffuse=False)])
def test_gradient_by_free_numbers_is_that_of_finite_differences(form):
    rng = np.random.default_rng(2)
    d = form.d
    x, offsets, weight = rng.normal(size=(20, d)), np.array([0, 8, 20]), np.ones(2)
    size = 4 + 4 + 2 + 3 if d == 2 and isinstance(form, Stationary) else 9 + 3 + 1 + 1
    theta = rng.normal(size=size if isinstance(form, Stationary) else 6)
    _, slope = likelihood_and_gradient(form.build(theta), x, offsets, weight)
    differences = approx_fprime(
        theta, lambda point: likelihood_and_gradient(form.build(point), x, offsets, weight)[0], 1e-7
    )
    np.testing.assert_allclose(form.pull(theta, slope), differences, rtol=1e-4, atol=1e-5)


def test_stationary_states_have_covariance_one():
    model = Stationary(3, 2).build(np.random.default_rng(0).normal(size=9 + 6 + 2 + 3) * 2)
    spread = model.transition @ model.transition.T + model.state_noise
    np.testing.assert_allclose(spread, np.eye(3), atol=1e-12)
    assert np.abs(np.linalg.eigvals(model.transition)).max() < 1


def test_missing_steps_are_not_observed():
    x = draw_noisy_state(16, 40, 200)
    gone = np.random.default_rng(0).random(x.shape) < 0.2
    gappy = np.where(gone, np.nan, x)
    model = LinearStateSpace(1, missing="allow").fit(gappy)
    assert model.spectral_radius_ == pytest.approx(np.exp(-1 / 16), abs=0.02)
    steps = model.score_steps(gappy)
    assert (steps[gone] == 0).all()
    ahead = model.predict_next_distribution(gappy)
    seen = ~gone[:, 1:]
    np.testing.assert_allclose(ahead[:, :-1].log_prob(x[:, 1:])[seen], steps[:, 1:][seen], rtol=1e-9)
    mean, spread = model.smooth(gappy)
    now, spread_now = model.filter(gappy)
    assert (spread <= spread_now + 1e-12).all()
    np.testing.assert_allclose(now[:, -1], mean[:, -1], rtol=1e-8)
    with pytest.raises(ValueError, match="NaN"):
        LinearStateSpace(1).fit(gappy)


def test_vectors_share_a_state():
    z = draw_noisy_state(32, 20, 200, noise=0.0)
    rng = np.random.default_rng(5)
    x = z[:, :, None] * [1.0, -2.0, 0.0] + rng.normal(size=(20, 200, 3)) * [1, 2, 1] + [10, 0, 5]
    model = LinearStateSpace(1).fit(x)
    loading = model.loading_[:, 0] * np.sign(model.loading_[0, 0])
    np.testing.assert_allclose(loading, [1, -2, 0], atol=0.25)
    np.testing.assert_allclose(np.diag(model.noise_covariance_), [1, 4, 1], rtol=0.1)
    x[3, 10:20, 1] = np.nan
    partly = LinearStateSpace(1, missing="allow").fit(x)
    np.testing.assert_allclose(partly.noise_covariance_, model.noise_covariance_, atol=0.1)
    assert partly.forecast(x, 2).mean.shape == (20, 2, 3)
    mean, _ = partly.filter(x)
    assert mean.shape == (20, 200, 1)


def test_draws_are_of_the_model():
    model = LinearStateSpace(1).fit(draw_noisy_state(16, 40, 200))
    drawn = model.sample(300, 100, random_state=0)
    again = LinearStateSpace(1).fit(drawn)
    assert again.spectral_radius_ == pytest.approx(model.spectral_radius_, abs=0.02)
    assert drawn.values.var() == pytest.approx((model.loading_**2 + model.noise_covariance_)[0, 0], rel=0.03)


def test_the_search_says_how_it_ended(tmp_path):
    x = draw_noisy_state(16, 5, 50)
    with pytest.warns(ConvergenceWarning, match="max_iter=1"):
        short = LinearStateSpace(2, max_iter=1).fit(x)
    assert short.stop_reason_ == "max_iter"
    model = LinearStateSpace(2).fit(x)
    assert model.stop_reason_ == "tol"
    assert len(model.init_scores_) == 2
    save(model, tmp_path / "m.skops")
    np.testing.assert_array_equal(load(tmp_path / "m.skops").score_samples(x), model.score_samples(x))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (LinearStateSpace(0), "n_components"),
        (LinearStateSpace(structure="seasonal"), "structure must be one of"),
        (LinearStateSpace(initialization="exact"), "initialization must be one of"),
        (LinearStateSpace(missing="drop"), "missing must be one of"),
    ],
)
def test_impossible_settings_raise(model, message):
    with pytest.raises(ValueError, match=message):
        model.fit(draw_noisy_state(4, 3, 10))


def test_constant_and_extreme_numbers_are_no_trouble():
    assert np.isfinite(LinearStateSpace(1).fit([[3.0] * 10]).score([[3.0] * 10]))
    x = draw_noisy_state(16, 10, 50)
    plain, moved = LinearStateSpace(1).fit(x), LinearStateSpace(1).fit(1e6 + 1e3 * x)
    assert moved.score(1e6 + 1e3 * x) == pytest.approx(plain.score(x) - np.log(1e3), abs=1e-4)


def test_hard_series_have_finite_scores():
    rng = np.random.default_rng(0)
    one = rng.normal(size=(10, 30, 1))
    copies = np.concatenate([one, one, 2 * one], axis=2)
    assert np.isfinite(LinearStateSpace(2, tol=1e-5).fit(copies).score(copies))
    x = rng.normal(size=(5, 40))
    x[2, 7] = 1e8
    assert np.isfinite(LinearStateSpace(2, tol=1e-5).fit(x).score(x))
