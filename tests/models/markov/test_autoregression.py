"""Autoregressions against the joint normal distribution, statsmodels, and what is known of their sources."""

import numpy as np
import pytest
from published_series import SUNSPOTS
from scipy.linalg import toeplitz
from scipy.stats import multivariate_normal
from statsmodels.tsa.ar_model import AutoReg

from seqcompare import Autoregression, Sequences, select_order
from seqcompare.models.markov.autoregression_order import most_lags
from seqcompare.models.markov.least_squares import find_moments

LOG2 = np.log(2)


def draw_ar(coefficients, n, length, seed=0, burn=300):
    """Draw sequences from x[t] = sum of coefficients times the last steps, plus standard normal noise."""
    rng = np.random.default_rng(seed)
    p = len(coefficients)
    x = rng.normal(size=(n, burn + length))
    for t in range(p, burn + length):
        x[:, t] += x[:, t - p : t][:, ::-1] @ np.asarray(coefficients)
    return x[:, burn:]


def joint_covariance(coefficients, variance, length):
    """Return the covariance of successive steps by long impulse responses rather than by an equation."""
    response = np.zeros(4000)
    response[0] = 1
    for t in range(1, len(response)):
        past = response[max(t - len(coefficients), 0) : t][::-1]
        response[t] = past @ np.asarray(coefficients)[: len(past)]
    lags = [response[k:] @ response[: len(response) - k] for k in range(length)]
    return variance * toeplitz(lags)


def by_hand(x, order):
    """Fit by numpy's least squares on a matrix of lags."""
    rows = [(np.r_[1, row[t - order : t][::-1].ravel()], row[t]) for row in x for t in range(order, len(row))]
    A, b = (np.array(part) for part in zip(*rows, strict=True))
    weights = np.linalg.lstsq(A, b, rcond=None)[0]
    return weights, np.mean((b - A @ weights) ** 2)


@pytest.mark.parametrize("order", [0, 1, 3])
def test_fit_is_least_squares(order):
    x = 100 + draw_ar([1.2, -0.5], 7, 30)
    model = Autoregression(order).fit(x)
    weights, variance = by_hand(x, order)
    np.testing.assert_allclose(model.intercept_, weights[0], rtol=1e-8)
    np.testing.assert_allclose(model.coef_.ravel(), weights[1:], rtol=1e-8)
    np.testing.assert_allclose(model.covariance_, variance, rtol=1e-6)


@pytest.mark.parametrize("order", [0, 1, 4])
def test_sums_of_even_weights_are_those_of_any(order):
    rng = np.random.default_rng(1)
    x = Sequences([50 + rng.normal(size=length) for length in (30, 3, 4, 5, 1)])
    even = find_moments(x, np.full(x.n_steps, 2.0), order)
    nearly = np.where(x.step_index == 0, 2.0 - 1e-13, 2.0)  # one by one, as unequal ones
    other = find_moments(x, nearly, order, even.level)
    np.testing.assert_allclose(even.total, other.total, rtol=1e-12)
    np.testing.assert_allclose(even.first, other.first, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(even.second, other.second, rtol=1e-9, atol=1e-10)


def test_ridge_shrinks_the_coefficients_of_standardised_steps():
    x = draw_ar([0.9], 5, 40)
    plain, shrunk = Autoregression(1).fit(x), Autoregression(1, ridge=50.0).fit(x)
    assert 0 < shrunk.coef_[0, 0, 0] < plain.coef_[0, 0, 0]
    scaled = Autoregression(1, ridge=50.0).fit(1000 * x)
    np.testing.assert_allclose(scaled.coef_, shrunk.coef_, rtol=1e-9)


def test_sunspots_have_the_published_order_and_fit():
    # statsmodels 0.15.0: AutoReg(9) and ar_select_order(maxlag=15)
    x = [SUNSPOTS]
    model = Autoregression(9).fit(x)
    assert model.intercept_[0] == pytest.approx(6.7430535917331635, rel=1e-8)
    expected = [1.16494219711287, -0.40535742259303487, -0.16653934246587254, 0.14980629416031493]
    np.testing.assert_allclose(model.coef_.ravel()[:4], expected, rtol=1e-8)
    assert model.covariance_[0, 0] == pytest.approx(221.22577574176958, rel=1e-7)
    late = np.asarray(model.score_steps(x)[0])[9:]
    assert late.sum() == pytest.approx(-1235.5591284195486, rel=1e-9)
    for criterion in ("aic", "bic"):
        assert select_order(x, range(16), criterion).best_order == 9


@pytest.mark.parametrize(
    ("gaps", "expected"), [([], -1307.3235444957031), ([5, 6, 50, 51, 52, 200], -1281.7117602901467)]
)
def test_likelihood_of_sunspots_is_that_of_statsmodels(gaps, expected):
    # statsmodels 0.15.0: ARIMA((2, 0, 0)).loglike at the conditional fit of AutoReg(2)
    model = Autoregression(2, missing="allow").fit([SUNSPOTS])
    np.testing.assert_allclose(model.coef_.ravel(), [1.3918052477893526, -0.6902869279589956], rtol=1e-8)
    x = SUNSPOTS.copy()
    x[gaps] = np.nan
    assert model.score_samples([x])[0] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("coefficients", [[0.7], [1.6, -0.8], [0.3, 0, 0.4]])
def test_likelihood_is_that_of_the_joint_distribution(coefficients):
    x = draw_ar(coefficients, 3, 400)
    model = Autoregression(len(coefficients)).fit(x)
    for length in (1, 2, 9):
        spread = joint_covariance(model.coef_.ravel(), model.covariance_[0, 0], length)
        mean = model.intercept_[0] / (1 - model.coef_.sum())
        expected = multivariate_normal.logpdf(x[:, :length], np.full(length, mean), spread)
        np.testing.assert_allclose(
            model.score_samples(list(x[:, :length])), np.atleast_1d(expected), rtol=1e-7
        )


def test_vectors_are_likely_as_their_joint_distribution_says():
    rng = np.random.default_rng(0)
    A = np.array([[0.5, 0.3], [-0.2, 0.6]])
    x = np.zeros((20, 60, 2))
    for t in range(1, 60):
        x[:, t] = x[:, t - 1] @ A.T + rng.normal(size=(20, 2)) @ [[1, 0.8], [0, 0.5]]
    model = Autoregression(1).fit(x)
    spread = np.zeros((2, 2))
    power = np.eye(2)
    for _ in range(500):
        spread += power @ model.covariance_ @ power.T
        power = model.coef_[0] @ power
    lag = model.coef_[0] @ spread
    joint = np.block([[spread, lag.T], [lag, spread]])
    mean = np.tile(np.linalg.solve(np.eye(2) - model.coef_[0], model.intercept_), 2)
    expected = multivariate_normal.logpdf(x[:, :2].reshape(20, 4), mean, joint)
    np.testing.assert_allclose(model.score_samples(x[:, :2]), expected, rtol=1e-8)
    assert model.n_parameters_ == 4 + 2 + 3


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("channels", [1, 2])
def test_missing_steps_are_marginalised(order, channels):
    """The density of what is seen is that of the joint distribution with the rest left out."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(6, 40, channels)).cumsum(axis=1) * 0.3 + rng.normal(size=(6, 40, channels))
    model = Autoregression(order, missing="allow").fit(x)
    assert model.spectral_radius_ < 1
    short = x[:1, :6].copy()
    gone = np.random.default_rng(4).random(short.shape) < 0.4
    short[gone] = np.nan
    many = model.sample(400_000, 6, random_state=0).values.reshape(400_000, -1)
    known = ~gone.reshape(-1)
    seen = multivariate_normal.logpdf(
        short.reshape(-1)[known], many.mean(axis=0)[known], np.cov(many.T)[np.ix_(known, known)]
    )
    assert model.score_samples(short)[0] == pytest.approx(seen, abs=0.05)


def test_em_with_gaps_reaches_a_maximum_of_the_exact_likelihood():
    rng = np.random.default_rng(0)
    x = draw_ar([1.6, -0.8], 40, 200)
    x[rng.random(x.shape) < 0.2] = np.nan
    model = Autoregression(2, missing="allow").fit(x)
    assert 0 < model.n_iter_ < 50
    np.testing.assert_allclose(model.coef_.ravel(), [1.6, -0.8], atol=0.03)
    best = model.score(x)
    for i in range(2):
        for step in (-0.01, 0.01):
            moved = Autoregression(2, missing="allow").fit(x)
            moved.lags_.coef[i] += step
            assert moved.score(x) < best
    # on whole data it costs what the lost fifth of the steps is worth, not more
    test = draw_ar([1.6, -0.8], 400, 200, seed=9)
    assert -model.score(test) / LOG2 == pytest.approx(
        -Autoregression(2).fit(test).score(test) / LOG2, abs=0.002
    )


def test_weights_are_repetitions_and_weigh_predictions():
    x = draw_ar([0.8], 6, 20)
    twice = Autoregression(1).fit(np.concatenate([x, x[:2]]))
    weighted = Autoregression(1).fit(x, sample_weight=[2, 2, 1, 1, 1, 1])
    np.testing.assert_allclose(twice.coef_, weighted.coef_, rtol=1e-10)
    weight = np.zeros((6, 20))
    weight[:, 5] = 1
    alone = Autoregression(1).fit(list(x), sample_weight=list(weight))
    slope = np.polyfit(x[:, 4], x[:, 5], 1)[0]
    assert alone.coef_[0, 0, 0] == pytest.approx(slope)


def test_predictions_are_those_that_the_likelihood_is_made_of():
    x = draw_ar([1.2, -0.5], 4, 15)
    x[1, 4:7] = np.nan
    model = Autoregression(2, missing="allow").fit(x)
    ahead, steps = model.predict_next_distribution(x), model.score_steps(x)
    seen = ~np.isnan(x[:, 1:])
    np.testing.assert_allclose(ahead[:, :-1].log_prob(x[:, 1:])[seen], steps[:, 1:][seen], rtol=1e-9)
    assert (steps[np.isnan(x)] == 0).all()
    np.testing.assert_allclose(model.predict_next(x), ahead.mean)
    as_list = model.predict_next_distribution(list(x))
    np.testing.assert_allclose(as_list[2].mean, ahead[2].mean)
    vectors = Autoregression(1).fit(x[[0, 2, 3]].reshape(3, 15, 1)).predict_next_distribution(x[:1, :3, None])
    assert vectors.event_shape == (1,)


def test_forecasts_go_on_from_the_last_prediction():
    x = draw_ar([1.2, -0.5], 5, 30)
    model = Autoregression(2).fit(x)
    exact = model.forecast(x, 40)
    last = model.predict_next_distribution(x)[:, -1]
    np.testing.assert_allclose(exact.mean[:, 0], last.mean, rtol=1e-9)
    mean = model.intercept_[0] / (1 - model.coef_.sum())
    np.testing.assert_allclose(exact.mean[:, -1], mean, atol=1e-2)
    longest = joint_covariance(model.coef_.ravel(), model.covariance_[0, 0], 1)[0, 0]
    np.testing.assert_allclose(exact.variance[:, -1], longest, rtol=1e-3)
    drawn = model.forecast(x, 4, n_samples=4000, random_state=0)
    np.testing.assert_allclose(drawn.variance, exact.variance[:, :4], rtol=0.1)
    np.testing.assert_allclose(drawn.mean, exact.mean[:, :4], atol=0.1)
    # the start of a sequence is a forecast from nothing but the stationary distribution
    nothing = [np.full(1, np.nan)]
    blind = Autoregression(2, missing="allow").fit(x)
    np.testing.assert_allclose(blind.forecast(nothing, 1).variance, longest, rtol=1e-6)


def test_draws_have_the_joint_distribution_of_the_source():
    model = Autoregression(2).fit(draw_ar([1.2, -0.5], 40, 200))
    drawn = np.stack(list(model.sample(50_000, 5, random_state=1)))
    expected = joint_covariance(model.coef_.ravel(), model.covariance_[0, 0], 5)
    np.testing.assert_allclose(np.cov(drawn.T), expected, rtol=0.05, atol=0.08)
    ragged = model.sample(3, [2, 5, 1], random_state=0)
    assert ragged.lengths.tolist() == [2, 5, 1]
    np.testing.assert_array_equal(model.sample(3, 4, random_state=0).values, model.sample(3, 4, 0).values)


def test_a_series_without_a_long_run_starts_at_the_level_of_the_training_data():
    rng = np.random.default_rng(0)
    x = 50 + 0.3 * np.arange(60) + rng.normal(size=(20, 60)).cumsum(axis=1)
    model = unit_root(Autoregression(1).fit(x))
    assert model.spectral_radius_ == pytest.approx(1)
    first = model.score_steps(x)[:, 0]
    scale = np.sqrt(x.var() + 1)
    np.testing.assert_allclose(
        first,
        [-np.log(scale) - np.log(2 * np.pi) / 2 - (v - x.mean() - 0.3) ** 2 / scale**2 / 2 for v in x[:, 0]],
        rtol=1e-6,
    )
    later = model.score_steps(x)[:, 5]
    np.testing.assert_allclose(later, -np.log(2 * np.pi) / 2 - (x[:, 5] - x[:, 4] - 0.3) ** 2 / 2, rtol=1e-9)
    drift = model.forecast(x, 10)
    np.testing.assert_allclose(drift.mean[:, -1], x[:, -1] + 3, rtol=1e-9)
    np.testing.assert_allclose(drift.variance[:, -1], 10, rtol=1e-6)
    x[0, 20:24] = np.nan
    model.missing = "allow"
    gap = model.predict_next_distribution(x)[0, 23]
    assert gap.mean == pytest.approx(x[0, 19] + 5 * 0.3)
    assert gap.variance == pytest.approx(5)


def unit_root(model):
    """Return the model as a random walk with a drift of .3 and noise of variance 1."""
    model.lags_ = model.lags_._replace(
        coef=np.ones((1, 1, 1)), intercept=np.array([0.3]), covariance=np.ones((1, 1))
    )
    return model


def test_entropy_rate_is_the_loss_of_the_source():
    model = Autoregression(2).fit(draw_ar([1.6, -0.8], 40, 2000))
    assert model.entropy_rate(2) == pytest.approx(np.log2(2 * np.pi * np.e) / 2, abs=0.01)
    test = model.sample(200, 500, random_state=3)
    assert -model.score(test) == pytest.approx(model.entropy_rate(), abs=0.01)


def test_constant_and_extreme_numbers_are_no_trouble():
    flat = Autoregression(1).fit([[3.0] * 10])
    assert np.isfinite(flat.score([[3.0] * 10]))
    assert flat.predict_next([[3.0, 3.0]])[0] == pytest.approx([3, 3])
    x = draw_ar([0.9], 5, 50)
    plain = Autoregression(1).fit(x)
    moved = Autoregression(1).fit(1e8 + 1e3 * x)
    np.testing.assert_allclose(moved.coef_, plain.coef_, rtol=1e-6)
    assert moved.score(1e8 + 1e3 * x) == pytest.approx(plain.score(x) - np.log(1e3), rel=1e-5)
    counts = Autoregression(1).fit([[0, 3, 1, 2, 5, 1, 0, 4]])
    assert counts.kind_ == "real"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Autoregression(-1), "order"),
        (Autoregression(1, ridge=-1.0), "ridge"),
        (Autoregression(volatility="figarch"), "volatility must be"),
        (Autoregression(volatility="arch", volatility_lags=0), "volatility_lags"),
        (Autoregression(season=0), "season"),
        (Autoregression(season=2, seasons=0), "seasons"),
        (Autoregression("bic", max_order=-1), "max_order"),
        (Autoregression(missing="drop"), "missing must be"),
        (Autoregression(30), "no step to learn from: an autoregression of order 30"),
    ],
)
def test_impossible_settings_raise(model, message):
    with pytest.raises(ValueError, match=message):
        model.fit(draw_ar([0.5], 3, 10))


def test_orders_are_chosen_on_the_same_steps():
    x = draw_ar([1.6, -0.8], 10, 100)
    chosen = select_order(x, range(5), "bic")
    assert chosen.best_order == 2
    assert chosen.n_steps == 10 * 96
    table = chosen.frame()
    assert (np.diff(table["log_likelihood"]) > 0).all()
    assert table["n_parameters"].tolist() == [2, 3, 4, 5, 6]
    late = Autoregression(2).fit(list(x), sample_weight=list(np.tile(np.arange(100) >= 4, (10, 1)) * 1.0))
    assert table["log_likelihood"][2] == pytest.approx(late.score_steps(x)[:, 4:].sum(), rel=1e-9)
    x[0, 3] = np.nan
    gappy = select_order(x, range(4), "bic", estimator=Autoregression(missing="allow"))
    assert gappy.best_order == 2
    with pytest.raises(ValueError, match="no sequence is longer than the largest order, 200"):
        select_order(x[1:], [200])


REACHES = dict(enumerate([0.2, 0.5, 0.2, -0.3, 0.2, 0.25], start=1))


@pytest.mark.parametrize("order", REACHES)
def test_bic_finds_the_reach_of_an_autoregression(order):
    """From partial autocorrelations (Levinson and Durbin) follow coefficients of exactly that order.

    Of 20 sets an order, one of 120 is off: a last coefficient too many passes log(n) once in 300 times.
    """
    hits = 0
    for seed in range(5):
        rng = np.random.default_rng(100 + seed)
        pacf = [*rng.uniform(-0.6, 0.6, size=order - 1), REACHES[order]]
        a = np.zeros(0)
        for r in pacf:
            a = np.append(a - r * a[::-1], r)
        hits += select_order(draw_ar(a, 40, 200, seed=seed), range(9), "bic", cv=2).best_order == order
    assert hits >= 4


def test_sequences_read_alike_in_every_container():
    x = draw_ar([0.5], 4, 12)
    model = Autoregression(1).fit(x)
    packed = model.score_steps(Sequences(x.ravel(), np.arange(5) * 12))
    np.testing.assert_array_equal(model.score_steps(x).ravel(), packed.values)


def test_hard_series_have_finite_scores():
    """A wave without noise, more lags than rows, channels that are copies, an outlier."""
    rng = np.random.default_rng(0)
    wave = [np.sin(np.arange(100.0))]
    assert Autoregression(2).fit(wave).score(wave) > 0
    assert np.isfinite(Autoregression(40).fit(rng.normal(size=(2, 60))).score(rng.normal(size=(2, 60))))
    one = rng.normal(size=(10, 30, 1))
    copies = np.concatenate([one, one, 2 * one], axis=2)
    assert np.isfinite(Autoregression(2).fit(copies).score(copies))
    x = rng.normal(size=(5, 40))
    x[2, 7] = 1e8
    for volatility in (None, "garch"):
        assert np.isfinite(Autoregression(3, volatility=volatility).fit(x).score(x))


def seasonal(n, seed=0):
    """Draw a series that goes on from the season before, four steps back, with changes that are an AR(1)."""
    rng = np.random.default_rng(seed)
    change, x = 0.0, [3.0, 5.0, 4.0, 6.0]
    for _ in range(n):
        change = 0.6 * change + 0.1 * rng.normal()
        x.append(x[-4] + change)
    return np.array(x)


def test_the_order_is_that_of_the_best_aic_or_bic():
    x = list(draw_ar([1.6, -0.8], 5, 60))
    model = Autoregression("bic", max_order=6).fit(x)
    assert model.order_ == select_order(x, range(7), "bic").best_order == 2
    np.testing.assert_array_equal(model.coef_, Autoregression(2).fit(x).coef_)
    # of white noise the other criterion takes a lag too many now and then
    noise = list(np.random.default_rng(8).normal(size=(40, 60)))
    orders = {by: [Autoregression(by).fit([one]).order_ for one in noise] for by in ("aic", "bic")}
    assert orders["aic"] == [select_order([one], range(8), "aic").best_order for one in noise]
    assert sum(orders["aic"]) > sum(orders["bic"])
    # 10 log10(n), at most an eighth of the steps, of vectors in units of what a lag costs
    assert [most_lags(n) for n in (7, 40, 100, 1000)] == [0, 5, 12, 30]
    assert most_lags(100, 4) == 3
    assert Autoregression("bic").fit([x[0][:7]]).order_ == 0


def test_changes_since_the_mean_of_seasons_are_a_rule_of_as_many_lags():
    x = seasonal(120)
    change = x[9:] - (x[6:-3] + x[3:-6] + x[:-9]) / 3
    model, plain = Autoregression(1, season=3, seasons=3).fit([x]), Autoregression(1).fit([change])
    phi = plain.coef_[0, 0, 0]
    third = [0, 0, 1 / 3, -phi / 3, 0, 1 / 3, -phi / 3, 0, 1 / 3, -phi / 3]
    np.testing.assert_allclose(model.coef_[:, 0, 0], np.add(third, [phi, *[0] * 9]), atol=1e-12)
    # the next step by hand, and by the model
    expected = x[[-3, -6, -9]].mean() + phi * change[-1] + plain.intercept_[0]
    assert model.forecast([x], 1).mean[0, 0] == pytest.approx(expected)


def test_seasons_are_no_more_than_half_of_the_steps_have():
    x = seasonal(120)
    few, one, two = x[:20], Autoregression(1, season=4), Autoregression(1, season=4, seasons=2)
    np.testing.assert_array_equal(
        Autoregression(1, season=4, seasons=9).fit([few]).coef_, two.fit([few]).coef_
    )
    np.testing.assert_array_equal(two.fit([x[:15]]).coef_, one.fit([x[:15]]).coef_)


def test_the_mean_of_seasons_tells_a_season_that_stays_better_than_the_last_one():
    rng = np.random.default_rng(0)
    x = 5 * np.sin(np.arange(240) * np.pi / 6) + rng.normal(size=240)
    bits = [
        -Autoregression(0, season=12, seasons=k).fit([x[:180]]).score_steps([x])[0][180:].mean()
        for k in (1, 4)
    ]
    # the variance of what is new is 2 and 1 + 1/4 times that of the noise
    assert bits[0] - bits[1] == pytest.approx(np.log(2 / 1.25) / 2, abs=0.1)


@pytest.mark.parametrize(("coefficients", "seed"), [([1.6, -0.8], 0), ([0.5], 1), ([0.3, 0.2, 0.3], 2)])
def test_with_gaps_the_order_is_that_of_fits_to_every_order(coefficients, seed):
    x = draw_ar(coefficients, 1, 200, seed=seed)[0]
    x[np.random.default_rng(seed).random(200) < 0.2] = np.nan
    estimator = Autoregression(missing="allow")
    for criterion in ("aic", "bic"):
        full = select_order([x], range(6), criterion, estimator=estimator).best_order
        assert Autoregression(criterion, max_order=5, missing="allow").fit([x]).order_ == full


def test_a_seasonal_rule_is_the_rule_of_the_changes_since_the_season_before():
    x = seasonal(80)
    change = x[4:] - x[:-4]
    model, plain = Autoregression(1, season=4).fit([x]), Autoregression(1).fit([change])
    np.testing.assert_allclose(model.coef_[:, 0, 0], [phi := plain.coef_[0, 0, 0], 0, 0, 1, -phi])
    # how steps vary counts for one change more than the 79 that have one before them
    widened = (79 * plain.covariance_[0, 0] + x.var()) / 80
    assert model.covariance_[0, 0] == pytest.approx(widened)
    off = change[1:] - plain.predict_next([change])[0][:-1]
    expected = -(off**2 / widened + np.log(2 * np.pi * widened)) / 2
    np.testing.assert_allclose(model.score_steps([x])[0][5:], expected)
    assert model.n_parameters_ == plain.n_parameters_ == 3
    # statsmodels forecasts the changes; each is added to the season before
    peer = AutoReg(change, 1, trend="c").fit().forecast(6)
    expected = list(x)
    for step in peer:
        expected.append(expected[-4] + step)
    np.testing.assert_allclose(model.forecast([x], 6).mean[0], expected[-6:], rtol=1e-8)
    gappy = x.copy()
    gappy[[20, 41]] = np.nan
    found = Autoregression(1, season=4, missing="allow").fit([gappy])
    assert found.coef_[0, 0, 0] == pytest.approx(model.coef_[0, 0, 0], abs=0.1)
    with pytest.raises(ValueError, match="a season of 4 needs a sequence of at least 5 steps"):
        Autoregression(0, season=4).fit([x[:4]])


def test_a_rule_of_logarithms_has_densities_of_the_numbers():
    x = np.exp(seasonal(60))
    logs, model = Autoregression(1).fit([np.log(x)]), Autoregression(1, log=True).fit([x])
    np.testing.assert_allclose(model.score_steps([x])[0], logs.score_steps([np.log(x)])[0] - np.log(x))
    ahead = model.predict_next_distribution([x])[0]
    np.testing.assert_allclose(ahead.log_prob(np.append(x[1:], 1.0))[:-1], model.score_steps([x])[0][1:])
    state = model.start()
    for value in x:
        found, state = model.step(state, value)
    assert found.mean == pytest.approx(ahead[-1].mean)
    np.testing.assert_allclose(
        model.forecast([x], 3).quantile(0.5), np.exp(logs.forecast([np.log(x)], 3).mean)
    )
    assert (model.sample(2, 50, random_state=0).values > 0).all()
    assert model.score([x]) == pytest.approx(model.score_steps([x])[0].mean())
    with pytest.raises(ValueError, match=r"only numbers above 0 .* sequence 0, step 1 has 0\.0"):
        model.score([[1.0, 0.0]])
