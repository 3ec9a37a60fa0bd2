"""Outputs that are densities of numbers or counts: losses with gradients, and the distributions they mean.

Bishop (1994), "Mixture density networks". The outputs of a mixture of M normal distributions of d channels
are M logits, M d means and M d logarithms of standard deviations; one alone has no logit. Channels are
independent within a component. The outputs of counts are the logarithms of Poisson distributions' rates.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln
from scipy.stats import poisson

from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.counts import CountDistribution
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture
from seqcompare.typing import Array, Floats

# Logarithms of standard deviations, in standard units, and of rates stay within these, so that no density is
# infinite; beyond them they have no gradient.
_LOG_SCALES = (-7.0, 7.0)
_LOG_RATES = (-12.0, 12.0)
_HALF_LOG_2PI = float(np.log(2 * np.pi) / 2)
# Where the table of a Poisson distribution ends.
_NEGLIGIBLE = 1e-15


def n_outputs(output: str, n_channels: int, n_components: int) -> int:
    """Return how many outputs a density of `n_channels` numbers or counts takes."""
    if output == "poisson":
        return n_channels
    return 2 * n_channels if output == "gaussian" else n_components * (2 * n_channels + 1)


def look_gaussian(z: Array, numbers: Array) -> tuple[Array, Array]:
    """Return minus the log-density of a normal distribution with its gradient; see `losses.Loss`."""
    d = numbers.shape[1]
    raw = z[:, d:]
    log_scale = np.clip(raw, *_LOG_SCALES)
    precise = np.exp(-log_scale)
    off = (numbers - z[:, :d]) * precise
    squares = off * off
    slope = np.empty_like(z)
    np.multiply(off, -precise, out=slope[:, :d])
    np.multiply(1 - squares, raw == log_scale, out=slope[:, d:])
    return (squares / 2 + log_scale).sum(axis=1) + d * _HALF_LOG_2PI, slope


def look_mixture(z: Array, numbers: Array) -> tuple[Array, Array]:
    """Return minus the log-density of a mixture with its gradient; see `losses.Loss`.

    Items are last inside: components and channels are few, and sums along such a last axis take longest.
    """
    n, d = numbers.shape
    outputs = np.ascontiguousarray(z.T)
    m = len(outputs) // (2 * d + 1)
    logits, pairs = outputs[:m], outputs[m:].reshape(2, m, d, n)
    log_scale = np.clip(pairs[1], *_LOG_SCALES)
    precise = np.exp(-log_scale)
    off = (np.ascontiguousarray(numbers.T) - pairs[0]) * precise
    squares = off * off
    prior, log_all = _shares(logits)
    own, log_total = _shares(logits - (squares / 2 + log_scale).sum(axis=1))
    slope = np.empty_like(outputs)
    by_mean, by_scale = slope[m:].reshape(2, m, d, n)
    np.subtract(prior, own, out=slope[:m])
    np.multiply(own[:, np.newaxis], off * -precise, out=by_mean)
    np.multiply(own[:, np.newaxis], (1 - squares) * (pairs[1] == log_scale), out=by_scale)
    return log_all - log_total + d * _HALF_LOG_2PI, slope.T


def _shares(logits: Array) -> tuple[Array, Array]:
    """Return the softmax along the first axis, and the logarithm of the sum of exponentials."""
    most = logits.max(axis=0)
    shares = np.exp(logits - most)
    total = shares.sum(axis=0)
    return shares / total, np.log(total) + most


def look_poisson(z: Array, counts: Array) -> tuple[Array, Array]:
    """Return minus the log-probability of Poisson counts with its gradient; see `losses.Loss`."""
    log_rate = np.clip(z, *_LOG_RATES)
    rate = np.exp(log_rate)
    items = (rate - counts * log_rate + gammaln(counts + 1)).sum(axis=1)
    return items, (rate - counts) * (z == log_rate)


def constant(output: str, targets: Array, weights: Floats, size: int) -> Array:
    """Return the outputs of a density that ignores its input, shape (1, size)."""
    mean = np.average(targets, weights=weights, axis=0)
    if output == "poisson":
        return np.log(np.maximum(mean, 1e-5))[np.newaxis]
    spread = np.sqrt(np.average((targets - mean) ** 2, weights=weights, axis=0))
    scale = np.log(np.maximum(spread, 1e-3))
    if output == "gaussian":
        return np.concatenate([mean, scale])[np.newaxis]
    m = size // (2 * len(mean) + 1)
    return np.concatenate([np.zeros(m), np.tile(mean, m), np.tile(scale, m)])[np.newaxis]


def distribution(
    output: str, z: Array, mean: Floats, scale: Floats, least: Floats, *, flat: bool
) -> Distribution:
    """Return the distributions that outputs stand for, a batch (n,).

    Parameters
    ----------
    output : {"gaussian", "mixture", "poisson"}
        What they are.
    z : ndarray of shape (n, n_outputs)
        Outputs.
    mean, scale : ndarray of shape (d,)
        What standard units were made with.
    least : ndarray of shape (d,)
        No standard deviation is smaller.
    flat : bool
        Whether a step is a plain number.
    """
    z = z.astype(np.float64)
    if output == "poisson":
        rates = np.exp(np.clip(z[:, 0], *_LOG_RATES))
        size = int(poisson.isf(_NEGLIGIBLE, rates.max())) + 2
        table = poisson.pmf(np.arange(size), rates[:, np.newaxis])
        return CountDistribution(table, np.minimum(rates / size, 0.5), poisson.sf(size - 1, rates))
    logits, means, raw = _parts(z, len(mean))
    weights = _shares(logits.T)[0].T
    means = means * scale + mean
    scales = np.maximum(np.exp(np.clip(raw, *_LOG_SCALES)) * scale, least)
    if flat:
        return NormalMixture(weights, means[..., 0], scales[..., 0])
    return MultivariateNormalMixture(weights, means, scales[..., np.newaxis] ** 2 * np.eye(len(mean)))


def expectation(output: str, z: Array, mean: Floats, scale: Floats) -> Floats:
    """Return the mean of what outputs stand for, shape (n, d)."""
    z = z.astype(np.float64)
    if output == "poisson":
        return np.exp(np.clip(z, *_LOG_RATES))
    logits, means, _ = _parts(z, len(mean))
    return (_shares(logits.T)[0].T[..., np.newaxis] * means).sum(axis=1) * scale + mean


def _parts(z: Array, d: int) -> tuple[Array, Array, Array]:
    """Return logits (n, M), means and logarithms of scales (n, M, d)."""
    n, m = len(z), max(z.shape[1] // (2 * d + 1), 1)
    if z.shape[1] == 2 * d:
        return np.zeros((n, 1), z.dtype), z[:, np.newaxis, :d], z[:, np.newaxis, d:]
    return z[:, :m], z[:, m : m + m * d].reshape(n, m, d), z[:, m + m * d :].reshape(n, m, d)
