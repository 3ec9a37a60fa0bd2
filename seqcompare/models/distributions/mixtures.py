"""Mixtures of normal distributions, of numbers and of vectors; one component makes a plain normal one."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp, ndtr, ndtri

from seqcompare.models.distributions.base import Distribution
from seqcompare.typing import Floats, Ints

_LOG_2PI = float(np.log(2 * np.pi))
_HALVINGS = 80  # of the bracket around a quantile: beyond what a float can tell apart


class NormalMixture(Distribution):
    """Mixtures of normal distributions over numbers.

    Parameters
    ----------
    weights, means, scales : array of shape (*batch_shape, K), or such as broadcast to it
        Probabilities of the components, which add up to 1, their means and their standard deviations.
    """

    def __init__(self, weights: ArrayLike, means: ArrayLike, scales: ArrayLike) -> None:
        arrays = [np.asarray(a, dtype=np.float64) for a in (weights, means, scales)]
        if not arrays[0].shape == arrays[1].shape == arrays[2].shape:  # it takes longer than all else
            arrays = list(np.broadcast_arrays(*arrays))
        self.weights, self.means, self.scales = arrays

    @classmethod
    def normal(cls, mean: ArrayLike, scale: ArrayLike) -> NormalMixture:
        """Return plain normal distributions, given means and standard deviations of shape batch_shape."""
        return cls([1.0], np.asarray(mean)[..., np.newaxis], np.asarray(scale)[..., np.newaxis])

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Shape of the batch."""
        return self.means.shape[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Numbers: ()."""
        return ()

    @property
    def mean(self) -> Floats:
        """Expected values."""
        return (self.weights * self.means).sum(axis=-1)

    @property
    def variance(self) -> Floats:
        """Variances."""
        spread = (self.means - self.mean[..., np.newaxis]) ** 2 + self.scales**2
        return (self.weights * spread).sum(axis=-1)

    def log_prob(self, x: ArrayLike) -> Floats:
        """Return the log-density of `x` in nats; see `Distribution.log_prob`."""
        with np.errstate(divide="ignore"):  # a component may have weight 0
            logs = np.log(self.weights) - np.log(self.scales)
        logs = logs - (self._standardised(x) ** 2 + _LOG_2PI) / 2
        found = logs[..., 0] if logs.shape[-1] == 1 else np.asarray(logsumexp(logs, axis=-1))
        return np.where(np.isnan(x), 0.0, found)

    def cdf(self, x: ArrayLike) -> Floats:
        """Return the probability of numbers up to `x`."""
        return (self.weights * ndtr(self._standardised(x))).sum(axis=-1)

    def crps(self, x: ArrayLike) -> Floats:
        """Return the continuous ranked probability score of `x`; see `Distribution.crps`.

        With A(m, v) the mean absolute value of a normal number, it is the mean of A over the components
        about `x` less half of that over all pairs of components (Grimit, Gneiting, Berrocal and Johnson 2006,
        "The continuous ranked probability score for circular variables", section 3).
        """
        given = np.asarray(x, dtype=np.float64)[..., np.newaxis]
        error = (self.weights * _mean_absolute(given - self.means, self.scales)).sum(axis=-1)
        spread = np.zeros(self.batch_shape)
        # one component after the other: K arrays of batch size in place of K^2
        for j in range(self.means.shape[-1]):
            scale = np.hypot(self.scales, self.scales[..., j, None])
            apart = _mean_absolute(self.means - self.means[..., j, None], scale)
            spread += self.weights[..., j] * (self.weights * apart).sum(axis=-1)
        return error - spread / 2

    def _standardised(self, x: ArrayLike) -> Floats:
        return (np.asarray(x, dtype=np.float64)[..., np.newaxis] - self.means) / self.scales

    def _invert(self, u: Floats) -> Floats:
        ends = self.means + self.scales * ndtri(u)[..., np.newaxis]
        low, high = ends.min(axis=-1), ends.max(axis=-1)
        if self.means.shape[-1] == 1:
            return low
        # between the components' own quantiles lies the mixture's, and nothing is steeper than a step
        for _ in range(_HALVINGS):
            with np.errstate(invalid="ignore"):  # at the levels 0 and 1 both ends are infinite
                middle = low / 2 + high / 2
                below = self.cdf(middle) < u
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return high

    def _draw(self, n: int, random_state: np.random.RandomState) -> Floats:
        shape = (n, *self.batch_shape)
        chosen = _choose(self.weights, random_state.uniform(size=shape))[..., np.newaxis]
        mean, scale = (
            np.take_along_axis(np.broadcast_to(a, (n, *a.shape)), chosen, axis=-1)[..., 0]
            for a in (self.means, self.scales)
        )
        return mean + scale * random_state.normal(size=shape)

    def _map(self, change: Any) -> Self:
        return type(self)(change(self.weights, 1), change(self.means, 1), change(self.scales, 1))


class MultivariateNormalMixture(Distribution):
    """Mixtures of normal distributions over vectors of d numbers.

    Quantiles, cumulative probabilities and the CRPS are those of each channel by itself; `log_prob` and
    `sample` know how channels go together.

    Parameters
    ----------
    weights : array of shape (*batch_shape, K)
        Probabilities of the components, which add up to 1.
    means : array of shape (*batch_shape, K, d)
        Their means.
    covariances : array of shape (*batch_shape, K, d, d)
        Their covariances, positive definite. Each of the three may be such as broadcasts to its shape.
    """

    def __init__(self, weights: ArrayLike, means: ArrayLike, covariances: ArrayLike) -> None:
        w, m, c = (np.asarray(a, dtype=np.float64) for a in (weights, means, covariances))
        shape = np.broadcast_shapes(w.shape, m.shape[:-1], c.shape[:-2])
        self.weights = np.broadcast_to(w, shape)
        self.means = np.broadcast_to(m, (*shape, m.shape[-1]))
        self.covariances = np.broadcast_to(c, (*shape, *c.shape[-2:]))

    @classmethod
    def normal(cls, mean: ArrayLike, covariance: ArrayLike) -> MultivariateNormalMixture:
        """Return plain normal distributions, given means (..., d) and covariances (..., d, d)."""
        return cls([1.0], np.asarray(mean)[..., None, :], np.asarray(covariance)[..., None, :, :])

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Shape of the batch."""
        return self.weights.shape[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Vectors: (d,)."""
        return self.means.shape[-1:]

    @property
    def mean(self) -> Floats:
        """Expected values."""
        return (self.weights[..., None] * self.means).sum(axis=-2)

    @property
    def variance(self) -> Floats:
        """Variances of the channels."""
        return np.stack([self.marginal(c).variance for c in range(self.means.shape[-1])], axis=-1)

    def marginal(self, channel: int) -> NormalMixture:
        """Return the distributions of one channel by itself."""
        scales = np.sqrt(self.covariances[..., channel, channel])
        return NormalMixture(self.weights, self.means[..., channel], scales)

    def log_prob(self, x: ArrayLike) -> Floats:
        """Return the log-density of `x` in nats; see `Distribution.log_prob`."""
        given = np.asarray(x, dtype=np.float64)
        if np.isnan(given).any():
            return self._log_prob_of_known(given)
        factor = np.linalg.cholesky(self.covariances)
        off = given[..., None, :] - self.means
        whitened = np.linalg.solve(factor, off[..., None])[..., 0]
        with np.errstate(divide="ignore"):  # a component may have weight 0
            logs = np.log(self.weights)
        logs = logs - np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(axis=-1)
        logs = logs - ((whitened**2).sum(axis=-1) + _LOG_2PI * self.means.shape[-1]) / 2
        return logs[..., 0] if logs.shape[-1] == 1 else np.asarray(logsumexp(logs, axis=-1))

    def _log_prob_of_known(self, x: Floats) -> Floats:
        """Return the log-density of the channels that are known, those with the same ones together."""
        shape = np.broadcast_shapes(x.shape, (*self.batch_shape, *self.event_shape))
        given = np.broadcast_to(x, shape).reshape(-1, shape[-1])
        means, covariances, weights = (
            np.broadcast_to(a, (*shape[:-1], *a.shape[len(self.batch_shape) :])).reshape(
                len(given), *a.shape[len(self.batch_shape) :]
            )
            for a in (self.means, self.covariances, self.weights)
        )
        found, known = np.zeros(len(given)), ~np.isnan(given)
        for pattern in np.unique(known, axis=0):
            rows = np.flatnonzero((known == pattern).all(axis=1))
            if pattern.any():
                seen = np.flatnonzero(pattern)
                part = covariances[rows][:, :, seen[:, None], seen]
                here = MultivariateNormalMixture(weights[rows], means[rows][..., seen], part)
                found[rows] = here.log_prob(given[rows][:, seen])
        return found.reshape(shape[:-1])

    def cdf(self, x: ArrayLike) -> Floats:
        """Return the probability of numbers up to `x` in each channel by itself."""
        given = np.asarray(x, dtype=np.float64)
        return self._by_channel(lambda c, channel: channel.cdf(given[..., c]))

    def crps(self, x: ArrayLike) -> Floats:
        """Return the continuous ranked probability score of each channel; see `Distribution.crps`."""
        given = np.asarray(x, dtype=np.float64)
        return self._by_channel(lambda c, channel: channel.crps(given[..., c]))

    def _by_channel(self, answer: Any) -> Floats:
        channels = range(self.means.shape[-1])
        return np.stack([answer(c, self.marginal(c)) for c in channels], axis=-1)

    def _invert(self, u: Floats) -> Floats:
        last = np.broadcast_to(u, (*u.shape[:-1], self.means.shape[-1]))
        return self._by_channel(lambda c, channel: channel._invert(last[..., c]))

    def _draw(self, n: int, random_state: np.random.RandomState) -> Floats:
        shape = (n, *self.batch_shape)
        chosen = _choose(self.weights, random_state.uniform(size=shape))
        noise = random_state.normal(size=(*shape, self.means.shape[-1], 1))
        factor = np.linalg.cholesky(self.covariances)
        mean = np.take_along_axis(self.means[None], chosen[..., None, None], axis=-2)[..., 0, :]
        factor = np.take_along_axis(factor[None], chosen[..., None, None, None], axis=-3)[..., 0, :, :]
        return mean + (factor @ noise)[..., 0]

    def _map(self, change: Any) -> Self:
        return type(self)(change(self.weights, 1), change(self.means, 2), change(self.covariances, 3))


def _mean_absolute(mean: Floats, scale: Floats) -> Floats:
    """Return E|X| of normal numbers."""
    z = mean / scale
    bell = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return 2 * scale * bell + mean * (2 * ndtr(z) - 1)


def _choose(weights: Floats, uniform: Floats) -> Ints:
    """Return which component each uniform number falls into, shape of `uniform`."""
    bounds = np.cumsum(weights, axis=-1)[..., :-1]  # the last bound is 1 up to rounding
    return (uniform[..., None] >= bounds).sum(axis=-1)
