"""Distributions of positive numbers whose logarithms are mixtures of normal ones."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from seqcompare.data.sequences import Sequences
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture
from seqcompare.typing import Floats


class LogNormalMixture(Distribution):
    """What numbers are whose logarithms have a mixture of normal distributions; densities are of the numbers.

    Parameters
    ----------
    logs : NormalMixture or MultivariateNormalMixture
        The distribution of the logarithms.
    """

    def __init__(self, logs: NormalMixture | MultivariateNormalMixture) -> None:
        self.logs = logs

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Shape of the batch."""
        return self.logs.batch_shape

    @property
    def event_shape(self) -> tuple[int, ...]:
        """As of the logarithms: () or (d,)."""
        return self.logs.event_shape

    @property
    def mean(self) -> Floats:
        """Expected values, exp(m + s^2 / 2) of each component."""
        return self._moment(1)

    @property
    def variance(self) -> Floats:
        """Variances of the channels."""
        return self._moment(2) - self._moment(1) ** 2

    def log_prob(self, x: ArrayLike) -> Floats:
        """Return the log-density of `x` in nats, that of its logarithm less this; see `Distribution`.

        It is -inf where a number is not above 0.
        """
        logs = _log(x)
        slope = np.where(np.isnan(logs), 0.0, logs)
        slope = slope.sum(axis=-1) if self.event_shape else slope
        with np.errstate(invalid="ignore"):  # of what is impossible both are infinite
            found = self.logs.log_prob(logs) - slope
        return np.where(np.isneginf(slope), -np.inf, found)

    def cdf(self, x: ArrayLike) -> Floats:
        """Return the probability of values up to `x`, of each channel by itself."""
        return self.logs.cdf(_log(x))

    def crps(self, x: ArrayLike) -> Floats:
        """Return the continuous ranked probability score of `x`; see `Distribution.crps`.

        It is E|X - x| - E|X - X'| / 2 in closed form, as the mean of a log-normal number up to a bound, and
        of the larger of two, follow from the normal distribution (for one component Baran and Lerch 2015,
        "Log-normal distribution based EMOS models for probabilistic wind speed forecasting").
        """
        given = np.asarray(x, dtype=np.float64)
        if not self.event_shape:
            return _crps(self._channels()[0], given)
        return np.stack([_crps(c, given[..., k]) for k, c in enumerate(self._channels())], axis=-1)

    def _moment(self, power: int) -> Floats:
        found = [
            (c.weights * np.exp(power * c.means + (power * c.scales) ** 2 / 2)).sum(axis=-1)
            for c in self._channels()
        ]
        return np.stack(found, axis=-1) if self.event_shape else found[0]

    def _channels(self) -> list[NormalMixture]:
        if isinstance(self.logs, NormalMixture):
            return [self.logs]
        return [self.logs.marginal(c) for c in range(self.logs.event_shape[0])]

    def _invert(self, u: Floats) -> Floats:
        return np.exp(self.logs._invert(u))

    def _draw(self, n: int, random_state: np.random.RandomState) -> Floats:
        return np.exp(self.logs._draw(n, random_state))

    def _map(self, change: Any) -> Self:
        return type(self)(self.logs._map(change))


def take_logarithms(sequences: Sequences) -> Sequences:
    """Return sequences of the logarithms of numbers, NaN where missing.

    Raises
    ------
    ValueError
        If a number is not above 0.
    """
    wrong = np.flatnonzero((sequences.channels <= 0).any(axis=1))
    if len(wrong):
        i, t = sequences.sequence_index[wrong[0]], sequences.step_index[wrong[0]]
        came = sequences.channels[wrong[0]].min()
        raise ValueError(f"only numbers above 0 have a logarithm: sequence {i}, step {t} has {came}")
    return sequences.with_values(np.log(sequences.values))


def _log(x: ArrayLike) -> Floats:
    """Return logarithms, -inf of what has none."""
    given = np.asarray(x, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.log(np.where(given <= 0, 0.0, given))


def _crps(logs: NormalMixture, x: Floats) -> Floats:
    w, m, s = logs.weights, logs.means, logs.scales
    mean = np.exp(m + s**2 / 2)
    z = (_log(x)[..., np.newaxis] - m) / s
    given = x[..., np.newaxis]
    error = (w * (given * (2 * ndtr(z) - 1) + mean * (1 - 2 * ndtr(z - s)))).sum(axis=-1)
    spread = np.zeros(logs.batch_shape)
    for j in range(m.shape[-1]):
        apart, scale = m - m[..., j, None], np.hypot(s, s[..., j, None])
        # E|A - B| = E[A (2 [A > B] - 1)] + E[B (2 [B > A] - 1)]
        mine = mean * (2 * ndtr((apart + s**2) / scale) - 1)
        other = mean[..., j, None] * (2 * ndtr((s[..., j, None] ** 2 - apart) / scale) - 1)
        spread += w[..., j] * (w * (mine + other)).sum(axis=-1)
    return error - spread / 2
