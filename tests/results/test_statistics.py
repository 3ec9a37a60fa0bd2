"""Statistics against scipy, published numbers and hand-worked cases; intervals cover what they say."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from seqcompare.results.statistics import (
    ENOUGH,
    average_ranks,
    critical_difference,
    holm,
    mean_interval,
    paired_bootstrap,
    paired_test,
    resampled_interval,
    resampled_test,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_mean_interval_is_scipys(rng):
    x = rng.normal(size=ENOUGH)
    found = mean_interval(x, confidence=0.9)
    expected = stats.ttest_1samp(x, 0).confidence_interval(0.9)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-12)
    assert (found.mean, found.n, found.kind) == (pytest.approx(x.mean()), ENOUGH, "t")


def test_few_values_have_a_range_and_no_test():
    x, y = np.arange(9.0), np.zeros(9)
    assert mean_interval(x) == (found := paired_test(x, y)).difference
    assert (found.difference.low, found.difference.high, found.difference.kind) == (0, 8, "range")
    assert math.isnan(found.p_value)


def test_paired_test_is_scipys(rng):
    a, b = rng.normal(size=(2, 12))
    found = paired_test(a, b)
    assert found.p_value == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-12)
    d = a - b
    assert found.effect_size == pytest.approx(d.mean() / d.std(ddof=1) * (1 - 3 / (4 * 11 - 1)))


def test_differences_without_spread():
    ones, zeros = np.ones(10), np.zeros(10)
    same, apart = paired_test(ones, ones), paired_test(ones, zeros)
    assert (same.p_value, same.effect_size) == (1.0, 0.0)
    # the sign test's answer for ten of ten
    assert (apart.p_value, apart.effect_size) == (2 * 0.5**10, math.inf)


def test_nadeau_bengio_by_hand():
    # ten folds: the variance of the mean is (1/10 + 1/9) of that of a fold
    d = np.array([0.1, 0.3, 0.2, 0.0, 0.4, 0.1, 0.2, 0.3, 0.2, 0.2])
    found = resampled_test(d, np.zeros(10), test_fraction=1 / 9)
    t = 0.2 / math.sqrt((1 / 10 + 1 / 9) * d.var(ddof=1))
    assert found.p_value == pytest.approx(2 * stats.t.sf(t, 9), rel=1e-12)
    half = stats.t.ppf(0.975, 9) * 0.2 / t
    assert found.difference.low == pytest.approx(0.2 - half)
    assert resampled_interval(d, 0.0).low == pytest.approx(mean_interval(d).low)


def test_paired_bootstrap_agrees_with_scipy(rng):
    a = rng.normal(0.3, 1, 200)
    b = rng.normal(0, 1, 200)
    found = paired_bootstrap(a, b)
    expected = stats.bootstrap(
        (a - b,), np.mean, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert (found.difference.low, found.difference.high) == pytest.approx(tuple(expected), abs=0.01)
    assert found.p_value == pytest.approx(stats.ttest_rel(a, b).pvalue, abs=0.01)
    assert paired_bootstrap(a, a).p_value == 1.0


def test_weights_of_the_bootstrap_count_like_repetition(rng):
    a = rng.normal(size=5)
    weights = np.array([1.0, 2, 1, 3, 1])
    found = paired_bootstrap(a, np.zeros(5), weights=weights)
    assert found.difference.mean == pytest.approx(np.repeat(a, weights.astype(int)).mean())


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([0.02, math.nan, 0.03]) == pytest.approx([0.04, math.nan, 0.04], nan_ok=True)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_the_order_and_never_lowers(p_values):
    adjusted = holm(p_values)
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()
    assert (adjusted >= np.array(p_values)).all()
    assert adjusted.max() <= 1


# AUC of C4.5 and three variants on 14 data sets: Demsar 2006, table 6
DEMSAR = [
    *[(0.763, 0.768, 0.771, 0.798), (0.599, 0.591, 0.590, 0.569), (0.954, 0.971, 0.968, 0.967)],
    *[(0.628, 0.661, 0.654, 0.657), (0.882, 0.888, 0.886, 0.898), (0.936, 0.931, 0.916, 0.931)],
    *[(0.661, 0.668, 0.609, 0.685), (0.583, 0.583, 0.563, 0.625), (0.775, 0.838, 0.866, 0.875)],
    *[(1.000, 1.000, 1.000, 1.000), (0.940, 0.962, 0.965, 0.962), (0.619, 0.666, 0.614, 0.669)],
    *[(0.972, 0.981, 0.9751, 0.975), (0.957, 0.978, 0.946, 0.970)],
]


def test_ranks_of_demsar():
    found = average_ranks(pd.DataFrame(DEMSAR, columns=["C4.5", "+m", "+cf", "+m+cf"]))
    assert found.mean_ranks.tolist() == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    # the book's 9.28 takes no account of ties; scipy's does
    ranks = found.mean_ranks.to_numpy()
    assert 12 * 14 / 20 * ((ranks**2).sum() - 4 * 25 / 4) == pytest.approx(9.28, abs=0.01)
    assert found.statistic == pytest.approx(10.228, abs=1e-3)
    assert found.critical_difference == pytest.approx(1.25, abs=5e-3)
    # two methods differ by Nemenyi's test exactly where their ranks are the critical difference apart
    apart = np.abs(np.subtract.outer(ranks, ranks)) > found.critical_difference
    assert ((found.nemenyi.to_numpy() < 0.05) == apart).all()


def test_critical_difference_against_the_published_table():
    # q at .05 for 2 to 6 methods: Demsar 2006, table 5a
    for k, q in zip(range(2, 7), (1.960, 2.343, 2.569, 2.728, 2.850), strict=True):
        assert critical_difference(k, 10) == pytest.approx(q * math.sqrt(k * (k + 1) / 60), abs=1e-3)


def test_ranks_of_equals_say_nothing():
    found = average_ranks(pd.DataFrame(np.ones((5, 3)), columns=list("abc")))
    assert (found.statistic, found.p_value) == (0.0, 1.0)
    assert found.mean_ranks.tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.ones((5, 2)), "at least 3 methods and 2 data sets, got 2 and 5"),
        (np.array([[1.0, 2, math.nan]] * 3), "score of every method"),
    ],
)
def test_ranks_that_cannot_be_made(scores, message):
    with pytest.raises(ValueError, match=message):
        average_ranks(pd.DataFrame(scores))


@pytest.mark.parametrize(
    ("values", "message"),
    [([], "at least one value"), ([1.0, math.inf], r"finite, but values\[1\] is not"), ([[1.0]], "1-D")],
)
def test_values_that_cannot_be_averaged(values, message):
    with pytest.raises(ValueError, match=message):
        mean_interval(values)


def test_pairs_must_be_pairs():
    with pytest.raises(ValueError, match="a has 2 values but b has 3"):
        paired_test([1, 2], [1, 2, 3])


@pytest.mark.parametrize("n", [10, 20])
@pytest.mark.parametrize("draw", ["normal", "skewed"])
def test_t_intervals_cover_what_they_say(rng, n, draw):
    rounds = 4000
    samples = rng.normal(size=(rounds, n)) if draw == "normal" else rng.beta(8, 2, (rounds, n)) - 0.8
    covered = np.mean([(i := mean_interval(x)).low <= 0 <= i.high for x in samples])
    # skills crowd below 1: a little less is expected there
    assert covered == pytest.approx(0.95, abs=0.012 if draw == "normal" else 0.025)


def test_corrected_intervals_of_folds_cover_where_naive_ones_do_not(rng):
    """Scores of folds that share training data are correlated: by 1/10, as Nadeau and Bengio assume."""
    rounds, k = 3000, 10
    shared, own = rng.normal(size=(rounds, 1)), rng.normal(size=(rounds, k))
    folds = math.sqrt(0.1) * shared + math.sqrt(0.9) * own

    def coverage(test_fraction):
        return np.mean([(i := resampled_interval(x, test_fraction)).low <= 0 <= i.high for x in folds])

    assert coverage(1 / 9) == pytest.approx(0.95, abs=0.012)
    assert coverage(0.0) < 0.9


def test_bootstrap_intervals_cover_what_they_say(rng):
    rounds, n = 400, 60
    covered = 0
    for _ in range(rounds):
        a, b = rng.normal(0.2, 1, n), rng.normal(0, 1, n)
        found = paired_bootstrap(a, b, n_resamples=500, random_state=int(rng.integers(2**31))).difference
        covered += found.low <= 0.2 <= found.high
    assert covered / rounds == pytest.approx(0.95, abs=0.03)
