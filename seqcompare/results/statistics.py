"""Intervals, paired tests and ranks: what a handful of trials can and cannot tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

#: Repetitions from which on an interval is computed and a test made. A t interval of three values is too
#: wide to be of use, a percentile bootstrap of three covers 73% for a stated 95%, and Wilcoxon's test of
#: five pairs cannot go below .0625.
ENOUGH = 10


@dataclass(frozen=True)
class Interval:
    """A mean and how far it can be trusted.

    Parameters
    ----------
    mean, low, high : float
        The mean and the bounds, in the unit of the values.
    n : int
        Values it was made of.
    kind : {"t", "bootstrap", "exact", "range"}
        Whether the bounds are those of a t interval, percentiles of a bootstrap, those of an exact interval
        of a share, or the least and the greatest value.
    """

    mean: float
    low: float
    high: float
    n: int
    kind: Literal["t", "bootstrap", "exact", "range"]


@dataclass(frozen=True)
class PairedTest:
    """What a paired comparison of A and B says.

    Parameters
    ----------
    difference : Interval
        Of A minus B.
    p_value : float
        Two-sided; NaN below `ENOUGH` pairs, where no test is made.
    effect_size : float
        Mean difference over the standard deviation of the differences (Cohen's d_z) with Hedges' correction
        for few pairs; infinite where all pairs differ by the same amount, NaN below three pairs.
    """

    difference: Interval
    p_value: float
    effect_size: float


@dataclass(frozen=True)
class Ranks:
    """Average ranks of methods over data sets; descriptive, since a few chosen tasks are no sample.

    Parameters
    ----------
    mean_ranks : Series
        Method -> mean rank, 1 the best, ties shared.
    statistic, p_value : float
        Friedman's chi-squared, corrected for ties, and its p-value.
    critical_difference : float
        Mean ranks further apart than this differ by Nemenyi's test at .05.
    nemenyi : DataFrame
        p-value of each pair, by Nemenyi's test.
    n_blocks : int
        Data sets.
    """

    mean_ranks: pd.Series
    statistic: float
    p_value: float
    critical_difference: float
    nemenyi: pd.DataFrame
    n_blocks: int


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the mean with its t interval, or with the range if the values are fewer than `ENOUGH`.

    Raises
    ------
    ValueError
        If there are no values, or some are not finite.
    """
    x = _finite(values, "values")
    if len(x) < ENOUGH:
        return Interval(float(x.mean()), float(x.min()), float(x.max()), len(x), "range")
    return _t_interval(x, x.std(ddof=1) / math.sqrt(len(x)), confidence)


def resampled_interval(values: ArrayLike, test_fraction: float, confidence: float = 0.95) -> Interval:
    """Return the t interval of scores from resampled splits of one data set, such as folds.

    The splits share training data, so their scores vary less than those of fresh data would: the variance
    is inflated as in Nadeau and Bengio 2003, Inference for the generalization error.

    Parameters
    ----------
    values : array of shape (n,)
        A score, or a difference of scores, per split.
    test_fraction : float
        Test sequences over training sequences in a split; 1 / (k - 1) for k folds.
    confidence : float, default=0.95
        What the interval is to cover.
    """
    x = _finite(values, "values")
    if len(x) < 2:
        return Interval(float(x.mean()), float(x.min()), float(x.max()), len(x), "range")
    return _t_interval(x, _resampled_error(x, test_fraction), confidence)


def paired_test(a: ArrayLike, b: ArrayLike, confidence: float = 0.95) -> PairedTest:
    """Compare paired values of A and B by the t test of their differences.

    Where all pairs differ by the same amount, the t statistic is infinite; the p-value is then that of
    the sign test, 2**(1-n).

    Parameters
    ----------
    a, b : array of shape (n,)
        Values of the same trials.
    confidence : float, default=0.95
        What the interval of the difference is to cover.

    Raises
    ------
    ValueError
        If they differ in length, are empty or not finite.
    """
    x, y = _finite(a, "a"), _finite(b, "b")
    if len(x) != len(y):
        raise ValueError(f"a has {len(x)} values but b has {len(y)}: expected pairs")
    d = x - y
    p_value = _t_test(d, d.std(ddof=1) / math.sqrt(len(d))) if len(d) >= ENOUGH else math.nan
    return PairedTest(mean_interval(d, confidence), p_value, _effect_size(d))


def resampled_test(a: ArrayLike, b: ArrayLike, test_fraction: float) -> PairedTest:
    """Compare scores of A and B on the same resampled splits, by Nadeau and Bengio's corrected t test.

    Parameters
    ----------
    a, b : array of shape (n,)
        Scores on the same splits.
    test_fraction : float
        Test sequences over training sequences in a split.
    """
    x, y = _finite(a, "a"), _finite(b, "b")
    if len(x) != len(y):
        raise ValueError(f"a has {len(x)} values but b has {len(y)}: expected pairs")
    d = x - y
    p_value = _t_test(d, _resampled_error(d, test_fraction)) if len(d) > 1 else math.nan
    return PairedTest(resampled_interval(d, test_fraction), p_value, _effect_size(d))


def paired_bootstrap(
    a: ArrayLike,
    b: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    n_resamples: int = 10_000,
    confidence: float = 0.95,
    random_state: int = 0,
) -> PairedTest:
    """Compare losses or scores of A and B on the sequences of one test set.

    Sequences are drawn with replacement, the same for both (Efron and Tibshirani 1993); the p-value is
    twice the smaller share of resamples on one side of zero.

    Parameters
    ----------
    a, b : array of shape (n,)
        A value per test sequence.
    weights : array of shape (n,), optional
        What each sequence counts, such as its number of scored steps.
    n_resamples : int, default=10000
        Draws.
    confidence : float, default=0.95
        What the interval is to cover.
    random_state : int, default=0
        Seed of the draws.
    """
    x, y = _finite(a, "a"), _finite(b, "b")
    if len(x) != len(y):
        raise ValueError(f"a has {len(x)} values but b has {len(y)}: expected pairs")
    w = np.ones(len(x)) if weights is None else _finite(weights, "weights")
    d = x - y
    rng = np.random.default_rng(random_state)
    means = np.empty(n_resamples)
    for start in range(0, n_resamples, 500):  # in parts, so that memory stays small
        stop = min(start + 500, n_resamples)
        drawn = rng.integers(len(d), size=(stop - start, len(d)))
        means[start:stop] = (w * d)[drawn].sum(axis=1) / w[drawn].sum(axis=1)
    tail = (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    below, above = (means <= 0).mean(), (means >= 0).mean()
    p_value = min(1.0, 2 * max(min(below, above), 1 / n_resamples))
    difference = Interval(float(np.average(d, weights=w)), float(low), float(high), len(d), "bootstrap")
    return PairedTest(difference, p_value, _effect_size(d))


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p-values adjusted for their number by Holm's step-down method (Holm 1979).

    NaN, where no test was made, stays NaN and is not counted.
    """
    p = np.array(p_values, dtype=np.float64)
    adjusted = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factors * p[order]), 1.0)
    return adjusted


def average_ranks(scores: pd.DataFrame) -> Ranks:
    """Rank methods on each data set and average (Demsar 2006, Statistical comparisons of classifiers).

    Parameters
    ----------
    scores : DataFrame
        A row a data set, a column a method; larger is better.

    Raises
    ------
    ValueError
        If there are fewer than three methods or two data sets, or a score is missing.
    """
    n, k = scores.shape
    if k < 3 or n < 2:
        raise ValueError(f"ranks need at least 3 methods and 2 data sets, got {k} and {n}")
    if scores.isna().to_numpy().any():
        raise ValueError("ranks need a score of every method on every data set")
    from scikit_posthocs import posthoc_nemenyi_friedman  # slow to import

    ranks = scores.rank(axis=1, ascending=False)
    if (ranks.nunique(axis=1) == 1).all():  # all tied everywhere: the statistic is 0 / 0
        statistic, p_value = 0.0, 1.0
    else:
        statistic, p_value = stats.friedmanchisquare(*(scores[name] for name in scores))
    nemenyi = posthoc_nemenyi_friedman(ranks.to_numpy())
    nemenyi.index = nemenyi.columns = scores.columns
    return Ranks(ranks.mean(), float(statistic), float(p_value), critical_difference(k, n), nemenyi, n)


def critical_difference(n_methods: int, n_blocks: int, alpha: float = 0.05) -> float:
    """Return how far two mean ranks must be apart to differ by Nemenyi's test."""
    q = stats.studentized_range.ppf(1 - alpha, n_methods, np.inf) / math.sqrt(2)
    return float(q * math.sqrt(n_methods * (n_methods + 1) / (6 * n_blocks)))


def _t_interval(x: NDArray[np.float64], error: float, confidence: float) -> Interval:
    half = stats.t.ppf((1 + confidence) / 2, len(x) - 1) * error
    mean = float(x.mean())
    return Interval(mean, float(mean - half), float(mean + half), len(x), "t")


def _t_test(d: NDArray[np.float64], error: float) -> float:
    if np.ptp(d) == 0:
        return 1.0 if d[0] == 0 else 2.0 ** (1 - len(d))
    return float(2 * stats.t.sf(abs(d.mean()) / error, len(d) - 1))


def _resampled_error(d: NDArray[np.float64], test_fraction: float) -> float:
    return float(math.sqrt((1 / len(d) + test_fraction) * d.var(ddof=1)))


def _effect_size(d: NDArray[np.float64]) -> float:
    if len(d) < 3:  # Hedges' correction is 0 for two
        return math.nan
    if np.ptp(d) == 0:
        return math.copysign(math.inf, d[0]) if d[0] else 0.0
    return float(d.mean() / d.std(ddof=1) * (1 - 3 / (4 * (len(d) - 1) - 1)))


def _finite(values: Any, name: str) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not len(x):
        raise ValueError(f"{name} must be a 1-D array of at least one value, got shape {x.shape}")
    if not np.isfinite(x).all():
        raise ValueError(f"{name} must be finite, but {name}[{np.flatnonzero(~np.isfinite(x))[0]}] is not")
    return x
