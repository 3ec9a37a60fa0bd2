"""Tests and intervals over units and over time: what they say of tables whose truth is known."""

import numpy as np
import pytest
from scipy import stats

from seqcompare.results.inference import Estimate, fold_inflation, more_units, over_time, over_units


def test_pseudo_units_are_what_they_are_called():
    """One unit above and one below the value that is asked about, in the t test of all together."""
    d = np.random.default_rng(0).random(40)
    with_them = np.concatenate([d - 0.2, [1.0, -1.0]])
    t = with_them.mean() / (with_them.std(ddof=1) / np.sqrt(42))
    assert over_units(d).statistic(0.2) == pytest.approx(t)
    assert over_units(d).p_value(0.2) == pytest.approx(stats.ttest_1samp(with_them, 0).pvalue)
    # of few the variance is widened
    few = np.concatenate([d[:5] - 0.2, [1.0, -1.0]])
    t = few.mean() / (few.std(ddof=1) / np.sqrt(7)) / np.sqrt(1 + 5 / 5)
    assert over_units(d[:5]).statistic(0.2) == pytest.approx(t)


def test_the_interval_is_what_the_test_does_not_refuse():
    rng = np.random.default_rng(0)
    for n, bounded in ((6, True), (20, False), (60, False)):
        found = over_units(rng.exponential(size=n) - 1, bounded=bounded, inflation=1.5)
        low, high = found.interval(0.9)
        assert low < found.mean < high
        assert [found.p_value(low), found.p_value(high)] == pytest.approx([0.1, 0.1])
        assert found.p_above(found.lower(0.95)) == pytest.approx(0.05)
        assert found.p_below(found.upper(0.95)) == pytest.approx(0.05)


def test_an_interval_ends_where_the_metric_does():
    low, high = over_units([0.0] * 11 + [1.0]).interval(least=0.0, greatest=1.0)
    assert (low, round(float(high), 2)) == (0.0, 0.48)


def test_one_unit_says_nothing_and_equal_units_are_no_certainty():
    assert over_units([1.0]).p_value() > 0.2
    assert over_units([0.0] * 9).p_value() == 1.0
    assert 0.01 < over_units([0.5] * 5, bounded=False).p_value() < 1
    assert np.isinf(over_units([0.5], bounded=False).interval()[1])


def test_copies_count_once():
    d = np.random.default_rng(0).normal(size=30)
    once, thrice = over_units(d), over_units(np.tile(d, 3), copies=3)
    assert thrice.interval() == pytest.approx(once.interval())
    assert thrice.n == once.n == 30


def test_units_of_uneven_weight_make_a_ratio():
    w = np.array([1.0, 5.0, 2.0, 9.0])
    assert over_units(0.3 * w, w).mean == pytest.approx(0.3)
    assert over_units(0.3 * w, w).error == pytest.approx(over_units([0.3] * 4).error)


def test_tables_are_judged_at_once_as_one_by_one():
    d = np.random.default_rng(0).normal(size=(3, 50))
    for of in (lambda x: over_units(x, bounded=False), over_time):
        assert of(d).p_value() == pytest.approx([of(row).p_value() for row in d])


def test_what_differs_by_fold_is_less_certain():
    assert fold_inflation([["a"] * 5, ["b"] * 5], 0.25) == 1.0
    assert fold_inflation([["a", "a", "c", "a", "a"], ["b"] * 5], 0.25) == pytest.approx(2.25)
    assert fold_inflation([["a"]], 0.5) == 1.0


def test_a_sticky_series_that_is_short_says_nothing():
    walk = np.cumsum(np.random.default_rng(0).normal(size=300))
    assert over_time(walk).p_value(100.0) == 1.0
    assert over_time(np.full(50, 0.2)).p_above() < 1e-6  # always ahead, and by the same


def test_how_many_more_units_would_tell():
    rng = np.random.default_rng(1)
    found = over_units(rng.normal(0.2, 1.0, 60))
    more = more_units(found, 0.0)
    assert 0 < more < 1000
    assert more_units(found, float(found.mean)) == np.inf
    assert more_units(Estimate(1.0, 0.01, 99, n=100), 0.0) == 0.0


@pytest.mark.parametrize("n", [10, 50, 200])
@pytest.mark.parametrize("bounded", [True, False])
def test_equal_models_are_told_apart_no_more_often_than_stated(n, bounded):
    rng = np.random.default_rng(n)
    logit = 1 + 1.5 * rng.normal(size=(2, 2000, n))
    a, b = (logit < 0).astype(float) if bounded else np.log2(1 + np.exp(-logit))
    found = over_units(a - b, bounded=bounded)
    low, high = found.interval()
    assert (found.p_value() < 0.05).mean() <= 0.065
    assert ((low <= 0) & (high >= 0)).mean() >= 0.93
    if n >= 50 and not bounded:
        assert (found.p_value() < 0.05).mean() >= 0.03


@pytest.mark.parametrize(
    ("rho", "n"), [(0.0, 800), (0.6, 800), (0.9, 800), (0.9, 200), (0.95, 300), (0.98, 1000)]
)
def test_a_series_is_told_from_zero_no_more_often_than_stated(rho, n):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, n))
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho**2) * x[:, t]
    found = over_time(x)
    # treated as independent they would be told apart in .50 at .6, and in .65 at .9; eight frequencies would
    # in .10 at .9 and 200 steps, in .14 at .95 and 300, in .10 at .98 and 1,000
    assert (found.p_value() < 0.05).mean() <= 0.07
    assert np.isfinite(found.error).mean() > 0.25
