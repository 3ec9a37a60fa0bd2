"""Variance from past squares: the rule by hand, the gradient by differences, and the source's own loss."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import norm

from seqcompare import Autoregression
from seqcompare.data.sequences import offsets_of
from seqcompare.models.markov.volatility import Volatility, find_variances, loss_and_gradient
from seqcompare.models.markov.volatility_gaps import read_gaps

LOG2 = np.log(2)


def draw_garch(n, length, seed=0, level=0.05, shock=0.1, persistence=0.85, burn=300):
    rng = np.random.default_rng(seed)
    variance, e, out = np.ones(n), np.zeros(n), []
    for _ in range(burn + length):
        variance = level + shock * e**2 + persistence * variance
        e = np.sqrt(variance) * rng.normal(size=n)
        out.append((e, variance))
    return tuple(np.array(part).T for part in zip(*out[burn:], strict=True))


def test_variances_follow_the_rule():
    errors = np.random.default_rng(0).normal(size=(12, 1))
    rule = Volatility(np.array([0.2]), np.array([[0.1, 0.3]]), np.array([0.4]), np.eye(1))
    now, ahead = find_variances(rule, errors, offsets_of([3, 9]), 1)
    long_run = 0.2 / (1 - 0.8)
    for a, b in ((0, 3), (3, 12)):
        assert now[a, 0] == pytest.approx(long_run)
        variance, squares = long_run, {}
        for t in range(a + 1, b):
            assert now[t, 0] == pytest.approx(variance)
            squares[t] = errors[t, 0] ** 2
            variance = 0.2 + 0.1 * squares[t] + 0.3 * squares.get(t - 1, long_run) + 0.4 * variance
            assert ahead[t, 0] == pytest.approx(variance)


@pytest.mark.parametrize(("n_logits", "n_lags"), [(3, 1), (4, 2), (2, 1), (4, 3)])
def test_gradient_is_that_of_finite_differences(n_logits, n_lags):
    rng = np.random.default_rng(1)
    squares, weight = rng.gamma(1, size=30), rng.uniform(size=30)
    arguments = (squares, weight, offsets_of([10, 1, 19]), 1, n_lags)
    theta = rng.normal(size=1 + n_logits)
    _, gradient = loss_and_gradient(theta, *arguments)
    differences = approx_fprime(theta, lambda point: loss_and_gradient(point, *arguments)[0], 1e-7)
    np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=1e-6)


def test_garch_finds_the_source_and_its_loss():
    x, _ = draw_garch(40, 2000)
    model = Autoregression(0, volatility="garch").fit(x)
    rule = model.volatility_
    assert rule.level[0] == pytest.approx(0.05, abs=0.01)
    assert rule.shock[0, 0] == pytest.approx(0.1, abs=0.01)
    assert rule.persistence[0] == pytest.approx(0.85, abs=0.02)
    assert model.covariance_[0, 0] == pytest.approx(rule.long_run[0])
    # what the source's own variances give on other data, at steps late enough to know them
    test, truth = draw_garch(200, 400, seed=1)
    best = -norm.logpdf(test, scale=np.sqrt(truth))[:, 100:].mean() / LOG2
    ours = -np.array(model.score_steps(list(test)))[:, 100:].mean() / LOG2
    assert ours - best < 5e-4
    constant = -np.array(Autoregression(0).fit(x).score_steps(list(test)))[:, 100:].mean() / LOG2
    assert constant - best > 0.05
    assert model.entropy_rate(2) == pytest.approx(1.9847, abs=0.004)
    assert Autoregression(0, volatility="garch").fit(x[:5]).n_parameters_ == 2 + 2


def test_arch_of_several_squares():
    rng = np.random.default_rng(2)
    x = np.zeros((40, 500))
    for t in range(2, 500):
        x[:, t] = np.sqrt(0.4 + 0.2 * x[:, t - 1] ** 2 + 0.4 * x[:, t - 2] ** 2) * rng.normal(size=40)
    model = Autoregression(0, volatility="arch", volatility_lags=3).fit(x[:, 100:])
    np.testing.assert_allclose(model.volatility_.shock[0], [0.2, 0.4, 0], atol=0.03)
    assert model.volatility_.persistence[0] == 0


def test_mean_and_variance_together():
    e, _ = draw_garch(40, 500, seed=3)
    x = e.copy()
    for t in range(1, x.shape[1]):
        x[:, t] += 0.6 * x[:, t - 1]
    model = Autoregression(1, volatility="garch").fit(x)
    assert model.coef_[0, 0, 0] == pytest.approx(0.6, abs=0.02)
    ahead, steps = model.predict_next_distribution(x), model.score_steps(x)
    np.testing.assert_allclose(ahead[:, :-1].log_prob(x[:, 1:]), steps[:, 1:], rtol=1e-10)
    assert ahead.variance[:, 50:].std() > 0.05
    far = model.forecast(x, 60, n_samples=400, random_state=0)
    np.testing.assert_allclose(far.mean[:, 0], ahead[:, -1].mean)
    np.testing.assert_allclose(far.variance[:, 0], ahead[:, -1].variance, rtol=1e-6)
    long_run = model.covariance_[0, 0] / (1 - model.coef_[0, 0, 0] ** 2)
    assert far.variance[:, -1].mean() == pytest.approx(long_run, rel=0.1)
    drawn = np.stack(list(model.sample(2000, 60, random_state=0)))
    assert drawn.var() == pytest.approx(long_run, rel=0.1)
    late = drawn[:, 30:]
    assert ((late - late.mean()) ** 4).mean() / late.var() ** 2 > 3.1


def test_channels_keep_their_correlation():
    rng = np.random.default_rng(4)
    a, _ = draw_garch(30, 400, seed=5)
    x = np.stack([a, 0.8 * a + 0.6 * rng.normal(size=a.shape)], axis=2)
    model = Autoregression(1, volatility="garch").fit(x)
    assert model.volatility_.correlation[0, 1] == pytest.approx(0.8, abs=0.03)
    ahead, steps = model.predict_next_distribution(x), model.score_steps(x)
    np.testing.assert_allclose(ahead[:, :-1].log_prob(x[:, 1:]), steps[:, 1:], rtol=1e-8)
    assert model.score(x) > Autoregression(1).fit(x).score(x) + 0.01
    assert model.forecast(x[:2], 3, 50, 0).mean.shape == (2, 3, 2)
    assert model.sample(2, 4, random_state=0).n_channels == 2


def holes(x, share=0.2, seed=0):
    return np.where(np.random.default_rng(seed).random(x.shape) < share, np.nan, x)


def draw_both(n, length, seed, coef=0.6):
    """Return first-order autoregressions whose errors are GARCH."""
    x = draw_garch(n, length, seed=seed, shock=0.25, persistence=0.65, level=0.1)[0]
    for t in range(1, length):
        x[:, t] += coef * x[:, t - 1]
    return x


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("d", [1, 2])
def test_sequences_without_gaps_are_answered_as_ever(order, d):
    x = draw_both(12, 60 * d, 6).reshape(12, 60, d)
    x = x[:, :, 0] if d == 1 else x
    plain = Autoregression(order, volatility="garch").fit(x)
    ready = Autoregression(order, volatility="garch", missing="allow").fit(x)
    np.testing.assert_array_equal(plain.score_steps(x), ready.score_steps(x))
    # the way that gaps take comes to the same where there are none
    found = read_gaps(ready.lags_, ready.volatility_, x.reshape(-1, d), offsets_of([60] * 12))
    np.testing.assert_allclose(found.log_density, plain.score_steps(x).ravel(), rtol=1e-8)
    one, other = plain.start(), ready.start()
    for value in x[0]:
        expected, one = plain.step(one, value)
        answer, other = ready.step(other, value)
        np.testing.assert_allclose(answer.variance, expected.variance, rtol=1e-8)


def test_a_missing_square_is_what_is_expected_of_it():
    e, _ = draw_garch(1, 60, seed=7)
    model = Autoregression(0, volatility="garch", missing="allow").fit(e)
    x = e.copy()
    x[0, [0, 20, 21]] = np.nan
    rule, variance = model.volatility_, model.volatility_.long_run[0]
    for t, found in enumerate(model.predict_next_distribution(x)[0].variance):
        square = variance if np.isnan(x[0, t]) else (x[0, t] - model.intercept_[0]) ** 2
        variance = rule.level[0] + rule.shock[0, 0] * square + rule.persistence[0] * variance
        assert found == pytest.approx(variance, rel=1e-9)
    assert (model.score_steps(x)[0, [0, 20, 21]] == 0).all()


def test_behind_a_gap_the_level_and_the_error_share_what_came():
    x = draw_both(40, 300, 8)
    model = Autoregression(1, volatility="arch", missing="allow").fit(x)
    a, (level, shock) = model.coef_[0, 0, 0], (model.volatility_.level[0], model.volatility_.shock[0, 0])
    gappy = x[0, :6].copy()
    gappy[3] = np.nan
    ahead = model.predict_next_distribution([gappy])[0]
    # two errors make up what is off; the last has its share of the squared surprise
    first = ahead.variance[2]
    last = level + shock * first
    assert ahead.variance[3] == pytest.approx(a**2 * first + last, rel=1e-9)
    share = last / ahead.variance[3]
    square = (share * (gappy[4] - ahead.mean[3])) ** 2 + last * (1 - share)
    assert ahead.variance[4] == pytest.approx(level + shock * square, rel=1e-9)


def test_gaps_cost_little():
    x, test = draw_both(40, 400, 9), draw_both(60, 400, 10)
    whole = Autoregression(1, volatility="garch").fit(x)
    gappy = Autoregression(1, volatility="garch", missing="allow").fit(holes(x))
    assert gappy.coef_[0, 0, 0] == pytest.approx(0.6, abs=0.03)
    assert gappy.volatility_.shock[0, 0] == pytest.approx(0.25, abs=0.06)
    asked = holes(test, seed=1)
    known = ~np.isnan(asked)

    def bits(model):
        return -np.array(model.score_steps(list(asked)))[known].mean() / LOG2

    # what was learned of data with gaps, and what such a rule knows behind gaps that a constant one does not
    assert bits(gappy) - bits(whole.set_params(missing="allow")) < 0.003
    constant = Autoregression(1, missing="allow").fit(holes(x))
    assert bits(constant) - bits(gappy) > 0.03
    ahead = gappy.predict_next_distribution(asked)
    steps = np.array(gappy.score_steps(list(asked)))
    np.testing.assert_allclose(ahead[:, :-1].log_prob(asked[:, 1:]), steps[:, 1:], rtol=1e-8, atol=1e-12)
    far = gappy.forecast(asked, 2, n_samples=4000, random_state=0)
    np.testing.assert_allclose(far.mean[:, 0], ahead[:, -1].mean, atol=0.1)
    np.testing.assert_allclose(far.variance[:, 0], ahead[:, -1].variance, rtol=0.15)


def test_channels_may_be_missing_one_by_one():
    x = draw_both(20, 300, 11).reshape(20, 150, 2)
    model = Autoregression(1, volatility="garch", missing="allow").fit(holes(x))
    asked = holes(x, seed=1)
    ahead, steps = model.predict_next_distribution(asked), model.score_steps(asked)
    np.testing.assert_allclose(ahead[:, :-1].log_prob(asked[:, 1:]), steps[:, 1:], rtol=1e-8, atol=1e-12)
    state = model.start()
    for t, value in enumerate(asked[0]):
        found, state = model.step(state, value)
        np.testing.assert_allclose(found.covariances, ahead[0][t].covariances, rtol=1e-8)
