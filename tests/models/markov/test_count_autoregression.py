"""Counts that survive and arrive: against sums over all that may have happened, and the source's own loss."""

from itertools import product
from math import comb

import numpy as np
import pytest
from scipy.stats import poisson

from seqcompare import CountAutoregression
from seqcompare.models.markov.thinning import Thinning, log_proba, mix_in_all, predict

LOG2 = np.log(2)


def draw_counts(survival, rate, n, length, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.poisson(rate / (1 - survival), size=n)
    out = []
    for _ in range(length):
        out.append(x)
        x = rng.binomial(x, survival) + rng.poisson(rate, size=n)
    return np.array(out).T


def by_hand(count, past, survival, arrivals):
    """Sum over how many of each survived."""
    total = 0.0
    for alive in product(*(range(n + 1) for n in past)):
        if sum(alive) <= count:
            ways = [
                comb(n, k) * a**k * (1 - a) ** (n - k) for n, k, a in zip(past, alive, survival, strict=True)
            ]
            total += np.prod(ways) * arrivals(count - sum(alive))
    return total


@pytest.mark.parametrize("survival", [[], [0.7], [0.5, 0.2], [0.0, 1.0, 0.3]])
def test_probabilities_are_sums_over_all_that_may_have_happened(survival):
    table = np.array([0.3, 0.4, 0.2])
    model = Thinning(np.array(survival), table, 0.3, 0.1)

    def arrivals(k):
        return table[k] if k < 3 else 0.1 * 0.7 * 0.3 ** (k - 3)

    past = np.random.default_rng(0).integers(0, 5, size=(20, len(survival)))
    count = np.random.default_rng(1).integers(0, 12, size=20)
    expected = [by_hand(c, p, survival, arrivals) for c, p in zip(count, past, strict=True)]
    possible = np.array(expected) > 0
    np.testing.assert_allclose(np.exp(log_proba(model, count, past))[possible], np.array(expected)[possible])
    ahead = predict(model, past)
    np.testing.assert_allclose(np.exp(ahead.log_prob(count)), expected, rtol=1e-10)
    np.testing.assert_allclose(np.exp(ahead.log_prob(np.arange(200)[:, None])).sum(axis=0), 1, rtol=1e-10)


def test_one_observation_is_spread_over_all_counts():
    proba, ratio, tail = mix_in_all(np.array([0.5, 0.0, 0.5]), 9.0)
    assert proba.sum() + tail == pytest.approx(1)
    assert proba[1] == pytest.approx(0.1 * 0.5 * 0.5)
    assert ratio == 0.5


@pytest.mark.parametrize(("survival", "rate", "optimum"), [(0.9, 0.5, 1.969), (0.6, 2.0, 2.861)])
def test_thinning_reaches_the_optimum_of_its_source(survival, rate, optimum):
    x, test = draw_counts(survival, rate, 40, 200), draw_counts(survival, rate, 400, 500, seed=1)
    losses = {}
    for arrivals in ("poisson", "free"):
        model = CountAutoregression(arrivals=arrivals).fit(x)
        steps = np.array(model.score_steps(list(test)))
        losses[arrivals] = -steps[:, 1:].mean() / LOG2
        assert model.survival_[0] == pytest.approx(survival, abs=0.02)
        assert model.entropy_rate(2) == pytest.approx(optimum, abs=0.03)
    source = CountAutoregression().fit(x)
    table = poisson.pmf(np.arange(60), rate)
    source.thinning_ = Thinning(np.array([survival]), table, 0.1, 1e-30)
    best = -np.array(source.score_steps(list(test)))[:, 1:].mean() / LOG2
    assert best == pytest.approx(optimum, abs=0.01)
    assert 0 < losses["poisson"] - best < 1e-3
    assert 0 < losses["free"] - best < 4e-3


def test_em_reaches_a_maximum_of_the_likelihood():
    x = draw_counts(0.6, 2.0, 20, 50)
    model = CountAutoregression(2).fit(x)
    best = np.array(model.score_steps(list(x)))[:, 2:].sum()
    rng = np.random.default_rng(0)
    for _ in range(20):
        survival = np.clip(model.survival_ + rng.normal(size=2) * 0.01, 0, 1)
        rate = float(model.arrivals_.mean) * np.exp(rng.normal() * 0.01)
        near = Thinning(survival, poisson.pmf(np.arange(40), rate), 0.1, 1e-30)
        past = np.stack([x[:, 1:-1].ravel(), x[:, :-2].ravel()], axis=1)
        assert log_proba(near, x[:, 2:].ravel(), past).sum() < best + 1e-6


def test_free_arrivals_find_what_no_poisson_rate_says():
    rng = np.random.default_rng(0)
    x = np.zeros((40, 300), dtype=int)
    for t in range(1, 300):
        x[:, t] = rng.binomial(x[:, t - 1], 0.5) + 4 * (rng.random(40) < 0.3)
    free, stiff = CountAutoregression(arrivals="free").fit(x), CountAutoregression().fit(x)
    np.testing.assert_allclose(free.thinning_.arrivals[:5], [0.7, 0, 0, 0, 0.3], atol=0.02)
    assert free.score(x) > stiff.score(x) + 0.1
    assert free.n_parameters_ < 12
    assert stiff.n_parameters_ == 2


def test_start_is_the_stationary_distribution():
    x = draw_counts(0.6, 2.0, 40, 200)
    model = CountAutoregression().fit(x)
    drawn = np.stack(list(model.sample(40_000, 6, random_state=0)))
    for t in (0, 5):
        assert drawn[:, t].mean() == pytest.approx(float(model.start_.mean), abs=0.05)
        assert drawn[:, t].var() == pytest.approx(float(model.start_.variance), rel=0.04)
    free = CountAutoregression(2, arrivals="free").fit(x)
    assert float(free.start_.mean) == pytest.approx(x.mean(), rel=1e-3)


@pytest.mark.parametrize("order", [0, 1, 3])
def test_predictions_are_those_that_the_likelihood_is_made_of(order):
    x = draw_counts(0.6, 2.0, 10, 30)
    model = CountAutoregression(order, arrivals="free").fit(x)
    ahead, steps = model.predict_next_distribution(x), model.score_steps(x)
    np.testing.assert_allclose(ahead[:, :-1].log_prob(x[:, 1:]), steps[:, 1:], rtol=1e-9)
    assert np.isfinite(model.score_steps(np.where(x == 3, 400, x))).all()
    short = [x[0, :1], x[1, :2]]
    first = model.forecast(short, 2, random_state=0)
    np.testing.assert_allclose(first.proba.sum(axis=-1) + first.tail, 1, rtol=1e-9)
    np.testing.assert_allclose(model.forecast(x, 1).mean[:, 0], ahead[:, -1].mean, rtol=1e-9)


def test_forecasts_return_to_the_mean():
    x = draw_counts(0.6, 2.0, 40, 200)
    model = CountAutoregression().fit(x)
    ahead = model.forecast(x[:5], 30, n_samples=500, random_state=0)
    a, rate = model.survival_[0], float(model.arrivals_.mean)
    for h in (1, 2, 30):
        expected = a**h * x[:5, -1] + rate * (1 - a**h) / (1 - a)
        np.testing.assert_allclose(ahead.mean[:, h - 1], expected, atol=0.25)


def test_what_is_no_count_raises():
    with pytest.raises(ValueError, match=r"Negative values in data: .* X\[1\] has -1.0 at step 2"):
        CountAutoregression().fit([[1, 2], [0, 1, -1]])
    with pytest.raises(ValueError, match=r"expected counts .* X\[0\] has 0.5 at step 1"):
        CountAutoregression().fit([[1.0, 0.5]])
    with pytest.raises(ValueError, match="one count a step, got 2"):
        CountAutoregression().fit([np.ones((4, 2))])
    with pytest.raises(ValueError, match="arrivals must be"):
        CountAutoregression(arrivals="normal").fit([[1, 2]])
    with pytest.raises(ValueError, match="no step to learn from"):
        CountAutoregression(3).fit([[1, 2]])


def test_weights_are_repetitions():
    x = draw_counts(0.6, 2.0, 6, 20)
    twice = CountAutoregression().fit(np.concatenate([x, x[:2]]))
    weighted = CountAutoregression().fit(x, sample_weight=[2, 2, 1, 1, 1, 1])
    np.testing.assert_allclose(twice.survival_, weighted.survival_, rtol=1e-6)


def test_nothing_but_zeros_is_no_trouble():
    model = CountAutoregression().fit([[0] * 8])
    assert np.isfinite(model.score([[0, 0, 3]]))
    assert model.predict_next([[0, 0]])[0] == pytest.approx([0, 0], abs=1e-6)
