"""Means of losses over units or over time, and what they allow to say: one-sided tests and intervals.

Everything here is a pure function of arrays. Leading axes are tables of their own, so that thousands are
judged at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

Numbers = NDArray[np.float64]

#: Units from which on the third moment is known well enough to correct the tail by it.
_KNOWN_SKEWNESS = 36
#: The transformation is an expansion in skewness over the root of n: past this, as where one answer of forty
#: costs 4 bits and all others nothing, it takes 39 right answers for luck.
_MOST_BENT = 0.25
#: By how much the variance of few bounded losses is widened (1 + 5/n): a model of seven units may be the
#: wrong way round, and then all of its fold is.
_WIDER_BOUNDED = 5.0
#: By how much the variance of few unbounded losses is widened (1 + 10/n), and how much farther off their
#: pseudo-units are: ten right answers of a model that is too sure of itself hide the wrong one, which costs
#: 4 bits. From where skewness is known on that is less where all was tested with one model: what folds lose
#: depends on each other's training parts (Bengio and Grandvalet 2004), by how much their units do not tell.
_WIDER, _WIDER_ONE, _FARTHER = 10.0, 7.0, 2.0
#: Autocorrelation from which on few frequencies are averaged, at most how many, at least how many, and how
#: much of n (1 - autocorrelation) each takes.
_STICKY, _MOST_STICKY, _LEAST_STICKY, _ROOM = 0.7, 8, 3, 8.0


@dataclass(frozen=True)
class Estimate:
    """A mean and the distribution of its error; the test of every value and the interval are one thing.

    The statistic of a value v is ``u / sqrt(error**2 + (pull * u)**2)`` with u the mean minus v.

    Parameters
    ----------
    mean : float or array
        The mean.
    error : float or array
        Its standard error; infinite where nothing is known of it.
    freedom : float
        Degrees of freedom of t.
    pull : float, default=0.0
        How much a value far off widens its own error, as pseudo-units around it do.
    bend : float or array, default=0.0
        Skewness over the root of the number of units; 0 where it is not corrected for.
    n : int, default=0
        Units, or steps of time.
    """

    mean: Any
    error: Any
    freedom: Any
    pull: Any = 0.0
    bend: Any = 0.0
    n: int = 0

    def statistic(self, value: Any = 0.0) -> Any:
        """Return how many standard errors the mean is above a value, skewness corrected for.

        By the monotone cubic of Hall (1992), On the removal of skewness by transformation.
        """
        u = np.asarray(self.mean - value, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = u / np.sqrt(self.error**2 + (self.pull * u) ** 2)
        # 0 / 0: a mean that is the value for sure is not above it, and not below
        t = np.where(np.isnan(t), 0.0, np.clip(t, -1e100, 1e100))
        a = self.bend
        return t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6

    def p_above(self, value: Any = 0.0) -> Any:
        """Return the one-sided p-value against "the mean is `value` or less": small where it is above."""
        return stats.t.sf(self.statistic(value), self.freedom)

    def p_below(self, value: Any = 0.0) -> Any:
        """Return the one-sided p-value against "the mean is `value` or more": small where it is below."""
        return stats.t.cdf(self.statistic(value), self.freedom)

    def p_value(self, value: Any = 0.0) -> Any:
        """Return the two-sided p-value."""
        return np.minimum(1.0, 2 * np.minimum(self.p_above(value), self.p_below(value)))

    def interval(
        self, confidence: float = 0.95, least: float = -np.inf, greatest: float = np.inf
    ) -> tuple[Any, Any]:
        """Return the values that the two-sided test does not refuse, as far as the metric reaches.

        Parameters
        ----------
        confidence : float, default=0.95
            What it is to cover.
        least, greatest : float
            What the mean can be at all.
        """
        low, high = self.lower((1 + confidence) / 2), self.upper((1 + confidence) / 2)
        return np.clip(low, least, greatest), np.clip(high, least, greatest)

    def lower(self, confidence: float = 0.95) -> Any:
        """Return the bound that the mean is above with this confidence."""
        return self.mean - self._distance(stats.t.ppf(confidence, self.freedom))

    def upper(self, confidence: float = 0.95) -> Any:
        """Return the bound that the mean is below with this confidence."""
        return self.mean - self._distance(-stats.t.ppf(confidence, self.freedom))

    def _distance(self, quantile: float) -> Any:
        """Return by how much a value is below the mean whose statistic is this quantile."""
        a = np.asarray(self.bend, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            bent = 3 / a * (np.cbrt(1 + a * (quantile - a / 6)) - 1)
            t = np.where(np.abs(a) < 1e-6, quantile, bent)
            return t * self.error / np.sqrt(np.maximum(1 - (self.pull * t) ** 2, 0.0))


def over_units(
    values: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    scale: float = 1.0,
    bounded: bool = True,
    inflation: float = 1.0,
    copies: int = 1,
    folds: int = 2,
) -> Estimate:
    """Return the mean of independent units, such as all out-of-fold differences of loss together.

    Two pseudo-units, one `scale` above and one below whatever value is asked about, keep a few units that
    agree by luck from being certain (as adding successes and failures does for a share: Agresti and Coull
    1998). The mean of units of uneven weight is a ratio, and its error that of one (Cochran 1977, Sampling
    Techniques, chapter 6).

    Parameters
    ----------
    values : array of shape (..., n)
        The sum over each unit of weight times value.
    weights : array of shape (n,), optional
        The weight of each unit; by default 1.
    scale : float, default=1.0
        How far units may naturally lie apart.
    bounded : bool, default=True
        Whether a unit is never much further off than `scale`, as the share of right answers. Of others, such
        as bits, the error of few is widened more, and from 36 on the skewness corrected for.
    inflation : float, default=1.0
        By what the variance is larger than that of independent units; see `fold_inflation`.
    copies : int, default=1
        How often each unit is there, as where folds were drawn repeatedly; they count as one.
    folds : int, default=2
        Training parts that the units were tested after: 1 where all had the same models.
    """
    x = np.asarray(values, dtype=np.float64)
    w = np.ones(x.shape[-1]) if weights is None else np.asarray(weights, dtype=np.float64)
    x, w = x / w.mean(), w / w.mean()
    n = x.shape[-1] / copies
    n_all = n + 2
    mean = x.mean(axis=-1)
    residual = x - mean[..., None] * w
    few = n < _KNOWN_SKEWNESS
    skewed = few and not bounded
    squares = (residual**2).sum(axis=-1) / copies + 2 * (scale * (_FARTHER if skewed else 1.0)) ** 2
    if bounded:
        wider = _WIDER_BOUNDED if few else 0.0
    else:
        wider = scale * (_WIDER_ONE if folds == 1 and not few else _WIDER)
    k = inflation * (1 + wider / n)
    error = np.sqrt(k * n_all * squares / (n**2 * (n_all - 1)))
    pull = np.sqrt(2 * k / (n * (n_all - 1)))
    bend: Any = 0.0
    if not bounded and not skewed:
        with np.errstate(divide="ignore", invalid="ignore"):
            third = (residual**3).sum(axis=-1) / copies / n_all
            bend = np.nan_to_num(third / (squares / n_all) ** 1.5) / np.sqrt(n_all)
        bend = np.clip(bend, -_MOST_BENT, _MOST_BENT)
    return Estimate(mean, error, n_all - 1, pull, bend, round(n))


def over_time(values: ArrayLike, weights: ArrayLike | None = None, *, inflation: float = 1.0) -> Estimate:
    """Return the mean of a series whose steps depend on each other.

    Its long-run variance is the mean of equally weighted cosine projections, as many as
    Lazarus, Lewis, Stock and Watson (2018), HAR inference: recommendations for practice, advise; it is the
    test of Diebold and Mariano (1995) where the series is one of loss differences. Where the autocorrelation
    r at lag 1 is above .7 there are fewer, an eighth of n (1 - r), and nothing is said if that is not three.

    Parameters
    ----------
    values : array of shape (..., n)
        The sum over each stretch of time of weight times value, in order.
    weights : array of shape (n,), optional
        The weight of each stretch; by default 1.
    inflation : float, default=1.0
        By what the variance is larger than that of one model; see `fold_inflation`.
    """
    x = np.asarray(values, dtype=np.float64)
    n = x.shape[-1]
    w = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    x, w = x / w.mean(), w / w.mean()
    mean = x.mean(axis=-1)
    residual = x - mean[..., None] * w
    # what is left of rounding has an autocorrelation of its own
    residual = np.where(np.abs(residual) > 1e-12 * np.abs(mean)[..., None], residual, 0.0)
    squares = (residual**2).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.nan_to_num((residual[..., 1:] * residual[..., :-1]).sum(axis=-1) / squares)
    sticky = r > _STICKY
    many = min(max(_MOST_STICKY, int(0.4 * n ** (2 / 3))), max(n - 1, 1))
    phase = np.pi * np.outer(np.arange(1, many + 1), np.arange(n) + 0.5) / n
    power = (residual @ (np.sqrt(2 / n) * np.cos(phase)).T) ** 2
    few = (n * (1 - r) / _ROOM).astype(int)
    freedom = np.where(sticky, np.clip(few, 1, min(_MOST_STICKY, many)), many)
    variance = np.where(np.arange(many) < freedom[..., None], power, 0.0).sum(axis=-1) / freedom
    error = np.sqrt(inflation * variance / n)
    unknown = (sticky & (few < _LEAST_STICKY)) | (n < 3)
    return Estimate(mean, np.where(unknown, np.inf, error), freedom, n=n)


def fold_inflation(choices: Sequence[Sequence[object]], test_fraction: float) -> float:
    """Return by what the variance of a mean over folds is larger than its units say.

    1 where all folds chose one candidate. Where they did not, what is tested differs with the training part,
    and the factor of Nadeau and Bengio (2003), Inference for the generalization error, is due: 1 + k times
    the test part over the training part, on the variance of units.

    Parameters
    ----------
    choices : sequence of sequences
        For each model the candidate that each fold chose.
    test_fraction : float
        Test part over training part, in a fold.
    """
    if all(len(set(of_one)) <= 1 for of_one in choices):
        return 1.0
    return 1 + max(len(of_one) for of_one in choices) * test_fraction


def more_units(estimate: Estimate, value: float, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return about how many more units would tell the mean from a value, if it is what it seems to be.

    Parameters
    ----------
    estimate : Estimate
        What is known by now.
    value : float
        What the mean is to be told from.
    alpha : float, default=0.05
        Of a one-sided test.
    power : float, default=0.8
        How likely that test is to find it then.

    Returns
    -------
    float
        Infinite where the mean is the value, 0 where it is told already.
    """
    distance = abs(float(estimate.mean) - value)
    if not distance > 0 or not np.isfinite(estimate.error):
        return float("inf")
    needed = float(stats.norm.isf(alpha) + stats.norm.ppf(power)) * float(estimate.error) / distance
    return max(0.0, estimate.n * (needed**2 - 1))
