"""Rules that take turns, over gaps: every path of states by hand, single rules, HMMs, and their source."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from test_autoregressive_hmm import draw

from seqcompare import HMM, Autoregression, AutoregressiveHMM, Sequences
from seqcompare.tasks import SwitchingAutoregression

NAN = np.nan


def holes(X, share=0.2, seed=0):
    rng = np.random.default_rng(seed)
    out = []
    for x in X:
        x = np.array(x, dtype=float)
        x[rng.random(x.shape) < share] = NAN
        out.append(x)
    return out


def density(model, x):
    """Return the density of what is known of a sequence: given each path of states it is normal."""
    x = np.reshape(x, (len(x), -1))
    (T, d), p, K = x.shape, model.order, model.n_components
    rules, total = model.regimes_.rules(), 0.0
    known = ~np.isnan(x.ravel())
    for path in product(range(K), repeat=T):
        mean, cov = np.zeros(T * d), np.zeros((T * d, T * d))
        proba = model.startprob_[path[0]]
        for t, k in enumerate(path):
            if t:
                proba *= model.transmat_[path[t - 1], k]
            m, now = min(t, p), slice(t * d, (t + 1) * d)
            # the weights of all steps before, the oldest first
            coef = np.zeros((d, T * d))
            for lag in range(1, m + 1):
                coef[:, (t - lag) * d : (t - lag + 1) * d] = rules.coef[m, k][:, (lag - 1) * d : lag * d]
            mean[now] = rules.intercept[m, k] + coef @ mean
            cov[now] = coef @ cov
            cov[:, now] = cov[now].T
            cov[now, now] = coef @ cov @ coef.T + rules.covariance[m, k]
        seen = multivariate_normal(mean[known], cov[np.ix_(known, known)])
        total += proba * seen.pdf(x.ravel()[known])
    return total


def fitted(d, order, n_states):
    return AutoregressiveHMM(n_states, order, n_init=1, missing="allow", random_state=1).fit(
        draw(d, [60, 35, 80, 51])
    )


@pytest.mark.parametrize(
    ("d", "order", "n_states", "gone"),
    [
        (1, 1, 2, [2]),
        (1, 1, 3, [1, 4]),
        (1, 1, 2, [0, 6]),
        (2, 1, 2, [2]),
        (1, 0, 2, [1, 2, 3]),
        (2, 2, 1, [1, 2, 4]),
    ],
)
def test_it_is_exact_where_no_two_missing_steps_follow_each_other(d, order, n_states, gone):
    model = fitted(d, order, n_states)
    x = draw(d, [7], seed=3)[0]
    x[gone] = NAN
    assert model.score_samples([x])[0] == pytest.approx(np.log(density(model, x)), rel=1e-9)
    assert (model.score_steps([x])[0][gone] == 0).all()


@pytest.mark.parametrize(("d", "order"), [(1, 1), (1, 2), (2, 1)])
def test_elsewhere_it_is_near(d, order):
    model = fitted(d, order, 2)
    gaps = []
    for seed in range(8):
        x = holes(draw(d, [7], seed=seed), 0.4, seed)[0]
        gaps.append(model.score_samples([x])[0] - np.log(density(model, x)))
    assert np.abs(gaps).max() < 0.1
    assert abs(np.mean(gaps)) < 0.02


def test_one_state_is_the_autoregression_with_gaps():
    X = holes(draw(2, [50, 31, 80]))
    one, plain = AutoregressiveHMM(1, 2, missing="allow").fit(X), Autoregression(2, missing="allow").fit(X)
    np.testing.assert_allclose(one.coef_[0], plain.coef_, rtol=1e-8)
    np.testing.assert_allclose(one.score_samples(X), plain.score_samples(X), rtol=1e-8)


def test_without_lags_it_is_the_gaussian_hmm_with_gaps():
    x = np.concatenate([np.random.default_rng(i).normal(4 * (i % 2), 1, size=30) for i in range(10)])
    x = holes([x])[0]
    ours = AutoregressiveHMM(2, 0, tol=1e-10, missing="allow", random_state=0).fit([x])
    other = HMM(2, tol=1e-10, missing="marginalize", random_state=0).fit([x])
    assert ours.score_samples([x])[0] == pytest.approx(other.score_samples([x])[0], rel=1e-6)


@pytest.mark.parametrize("d", [1, 2])
def test_predictions_are_the_densities_of_the_steps_that_come(d):
    X = holes(draw(d, [50, 3, 80, 1]))
    X[0][:3] = NAN
    model = AutoregressiveHMM(2, 2, missing="allow", random_state=0).fit(X)
    for x, ahead, steps in zip(X, model.predict_next_distribution(X), model.score_steps(X), strict=True):
        np.testing.assert_allclose(ahead[:-1].log_prob(x[1:]), steps[1:], rtol=1e-8, atol=1e-10)
        state = model.start()
        for t, value in enumerate(x):
            found, state = model.step(state, value)
            np.testing.assert_allclose(found.mean, ahead[t].mean, rtol=1e-8, atol=1e-10)
            np.testing.assert_allclose(found.variance, ahead[t].variance, rtol=1e-7)
    forecast = model.forecast(X, 3, n_samples=40, random_state=0)
    last = [each[-1] for each in model.predict_next_distribution(X)]
    np.testing.assert_allclose(forecast.mean[:, 0], [each.mean for each in last], rtol=1e-9)


def test_without_gaps_nothing_changes():
    X = draw(2, [50, 31, 80])
    plain = AutoregressiveHMM(2, random_state=0).fit(X)
    ready = AutoregressiveHMM(2, missing="allow", random_state=0).fit(X)
    np.testing.assert_array_equal(plain.coef_, ready.coef_)
    np.testing.assert_array_equal(plain.score_samples(X), ready.score_samples(X))
    ours, others = (Sequences(model.predict_next(X)).values for model in (ready, plain))
    np.testing.assert_allclose(ours, others, rtol=1e-9)


def test_regimes_are_found_behind_gaps():
    task = SwitchingAutoregression(32)
    whole = task.sample(40, length=200, random_state=11).X
    gappy, test = (
        Sequences(np.concatenate(holes([X.values], 0.2, seed)), X.offsets)
        for seed, X in enumerate((whole, task.sample(60, length=200, random_state=111).X))
    )
    model = AutoregressiveHMM(2, missing="allow", random_state=11).fit(gappy)
    np.testing.assert_allclose(np.sort(model.coef_.ravel()), [-0.9, 0.9], atol=0.07)
    assert np.diag(model.transmat_).min() > 0.9
    # parameters of whole data gain next to nothing on data with gaps
    other = AutoregressiveHMM(2, random_state=11).fit(whole).set_params(missing="allow")
    assert other.score(test) - model.score(test) < 0.005


def test_what_cannot_be_is_named():
    with pytest.raises(ValueError, match="missing must be 'error' or 'allow'"):
        AutoregressiveHMM(missing="drop").fit([[0.0, 1.0, 3.0, 2.0]])
    with pytest.raises(ValueError, match=r"X\[0\] contains .*NaN.* at step 1"):
        AutoregressiveHMM().fit([[0.0, NAN, 3.0, 2.0]])
