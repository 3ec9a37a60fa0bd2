"""Forms of a linear state-space model: which parameters are free, and how a search may move them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from seqcompare.data.resolution import least_scale
from seqcompare.data.sequences import Sequences
from seqcompare.models.kalman import LinearGaussian, linear_gaussian
from seqcompare.models.kalman_gradient import Gradient
from seqcompare.models.markov.lags import Lags, as_state_space
from seqcompare.models.markov.least_squares import fit_lags
from seqcompare.typing import Floats

# Variance of a level of which nothing is known, in units of the data's: the first step sets it.
_DIFFUSE = 1e6
# Lags of the autoregression that the search starts from; fewer where sequences are short.
_LAGS = 12


class Form(ABC):
    """A map from free numbers to a model of steps in units of mean 0 and variance 1 a channel."""

    @abstractmethod
    def starts(self, lags: Lags, n_steps: float) -> Iterator[Floats]:
        """Yield points to search from.

        Parameters
        ----------
        lags : Lags
            An autoregression of the data.
        n_steps : float
            Mean length of a sequence.
        """

    @property
    @abstractmethod
    def bounds(self) -> list[tuple[float, float]]:
        """How far each number may go: far out, and short of where squares overflow."""

    @abstractmethod
    def build(self, theta: Floats) -> LinearGaussian:
        """Return the model at a point."""

    @abstractmethod
    def pull(self, theta: Floats, slope: Gradient) -> Floats:
        """Return the derivatives by theta, given those by the model's parameters."""

    @abstractmethod
    def in_units(self, model: LinearGaussian, centre: Floats, unit: Floats) -> LinearGaussian:
        """Return a model of standardised steps as one of steps in their own units."""

    @property
    @abstractmethod
    def n_parameters(self) -> int:
        """Free parameters that the distribution of the steps depends on, means included."""


class Stationary(Form):
    """k numbers that forget: any transition matrix with a stationary distribution, any loading and noise.

    The states are scaled so that their stationary covariance is the identity. Then the state's noise has the
    covariance I - F F' for the transition F, and F may be any matrix that shortens all vectors. All such are
    F = C^-1 A with C C' = I + A A', C lower triangular, for any matrix A: so a search in A needs no bounds.
    Turning the states changes nothing, which leaves directions in which the likelihood is flat.
    """

    def __init__(self, n_states: int, n_channels: int) -> None:
        self.k, self.d = n_states, n_channels

    def starts(self, lags: Lags, n_steps: float) -> Iterator[Floats]:
        """Yield states of memories from two steps to a fifth of a sequence, and an autoregression's."""
        memories = np.geomspace(2, max(n_steps / 5, 4), self.k) if self.k > 1 else np.array([8.0])
        # the channels' first principal axes carry half of the variance
        values, vectors = np.linalg.eigh(lags.level_cov)
        axes = vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 1e-3))
        loading = np.stack([axes[:, i % self.d] for i in range(self.k)], axis=1) / np.sqrt(2 * self.k)
        yield self._point(np.diag(np.exp(-1 / memories)), loading, 0.5 * lags.level_cov)
        yield self._point(*_reduce(lags, self.k))

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """A memory of 1e8 steps, and a noise of e^-40 of the variance."""
        rows, columns = np.tril_indices(self.d)
        root = [(-20.0, 5.0) if i == j else (-1e3, 1e3) for i, j in zip(rows, columns, strict=True)]
        return [(-1e4, 1e4)] * self.k**2 + [(-1e3, 1e3)] * (self.d * (self.k + 1)) + root

    def build(self, theta: Floats) -> LinearGaussian:
        """Return the model at a point: A, the loading, the offset, and the factor of the noise."""
        a, loading, offset, root = self._split(theta)
        inverse = np.linalg.inv(np.linalg.cholesky(np.eye(self.k) + a @ a.T))
        return linear_gaussian(
            transition=inverse @ a,
            loading=loading,
            offset=offset,
            state_noise=inverse @ inverse.T,
            noise=root @ root.T,
            start_mean=np.zeros(self.k),
            start_cov=np.eye(self.k),
        )

    def pull(self, theta: Floats, slope: Gradient) -> Floats:
        """Return the derivatives by theta."""
        a, _, _, root = self._split(theta)
        inverse = np.linalg.inv(np.linalg.cholesky(np.eye(self.k) + a @ a.T))
        transition, noise = inverse @ a, inverse @ inverse.T
        by_a = np.empty_like(a)
        for i, j in np.ndindex(a.shape):
            moved = np.zeros_like(a)
            moved[i, j] = 1
            # how C moves: C times the lower half of C^-1 (moved A' + A moved') C^-T
            half = inverse @ (moved @ a.T + a @ moved.T) @ inverse.T
            half = np.tril(half) - np.diag(np.diag(half)) / 2
            by_transition = inverse @ moved - half @ transition
            by_noise = -(half @ noise + noise @ half.T)
            by_a[i, j] = (slope.transition * by_transition).sum() + (slope.state_noise * by_noise).sum()
        by_root = 2 * slope.noise @ root
        diagonal = np.diag_indices(self.d)
        by_root[diagonal] *= root[diagonal]
        return np.concatenate(
            [by_a.ravel(), slope.loading.ravel(), slope.offset, by_root[np.tril_indices(self.d)]]
        )

    def in_units(self, model: LinearGaussian, centre: Floats, unit: Floats) -> LinearGaussian:
        """Return the model of steps in their own units: the states stay as they are."""
        return model._replace(
            loading=model.loading * unit[:, np.newaxis],
            offset=centre + unit * model.offset,
            noise=model.noise * np.outer(unit, unit),
        )

    @property
    def n_parameters(self) -> int:
        """Those of the form that has fewest: the states' noise, or the gain of the steps' errors."""
        k, d = self.k, self.d
        return min(d * k + k * (k + 1) // 2, 2 * d * k) + d * (d + 1) // 2 + d

    def _point(self, transition: Floats, loading: Floats, noise: Floats) -> Floats:
        # inside what the map reaches
        longest = float(np.linalg.svd(transition, compute_uv=False)[0])
        transition = transition * (0.9999 / max(longest, 0.9999))
        inverse = np.linalg.cholesky(np.eye(self.k) - transition @ transition.T)
        root = np.linalg.cholesky(noise)
        diagonal = np.diag_indices(self.d)
        root[diagonal] = np.log(root[diagonal])
        a = np.linalg.solve(inverse, transition)
        return np.concatenate([a.ravel(), loading.ravel(), np.zeros(self.d), root[np.tril_indices(self.d)]])

    def _split(self, theta: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        k, d = self.k, self.d
        a, loading, offset, rest = np.split(theta, np.cumsum([k * k, d * k, d]))
        root = np.zeros((d, d))
        root[np.tril_indices(d)] = rest
        diagonal = np.diag_indices(d)
        root[diagonal] = np.exp(root[diagonal])
        return a.reshape(k, k), loading.reshape(d, k), offset, root


class Trend(Form):
    """A level in each channel that wanders, and, if asked for, a slope that does: Harvey's local trend.

    Harvey (1989), Forecasting, structural time series models and the Kalman filter. The parameters are the
    logarithms of the variances: of the level, the slope and the step, channel by channel.
    """

    def __init__(self, n_channels: int, *, slope: bool, diffuse: bool) -> None:
        self.d, self.size, self.diffuse = n_channels, 2 if slope else 1, diffuse

    def starts(self, lags: Lags, n_steps: float) -> Iterator[Floats]:
        """Yield levels that wander slowly and levels that hardly have noise about them."""
        for level, noise in ((0.1, 0.5), (0.5, 0.01)):
            slope = [1e-3] * (self.size - 1)
            yield np.log(np.tile([level, *slope, noise], self.d))

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Variances of e^-30 to e^10 of that of the data."""
        return [(-30.0, 10.0)] * (self.d * (self.size + 1))

    def build(self, theta: Floats) -> LinearGaussian:
        """Return the model at a point."""
        variances = np.exp(theta).reshape(self.d, self.size + 1)
        one = np.array([[1.0, 1.0], [0.0, 1.0]])[: self.size, : self.size]
        # a level is like the steps in training, of a slope nothing is known but that it is no steeper
        start = np.ones(self.d * self.size) * (_DIFFUSE if self.diffuse else 1.0)
        return linear_gaussian(
            transition=np.kron(np.eye(self.d), one),
            loading=np.kron(np.eye(self.d), np.eye(1, self.size)),
            offset=np.zeros(self.d),
            state_noise=np.diag(variances[:, :-1].ravel()),
            noise=np.diag(variances[:, -1]),
            start_mean=np.zeros(self.d * self.size),
            start_cov=np.diag(start),
        )

    def pull(self, theta: Floats, slope: Gradient) -> Floats:
        """Return the derivatives by the logarithms of the variances."""
        by_state = np.diag(slope.state_noise).reshape(self.d, self.size)
        by_variance = np.concatenate([by_state, np.diag(slope.noise)[:, np.newaxis]], axis=1)
        return by_variance.ravel() * np.exp(theta)

    def in_units(self, model: LinearGaussian, centre: Floats, unit: Floats) -> LinearGaussian:
        """Return the model of steps in their own units: levels are in them too, about the mean."""
        units = np.repeat(unit, self.size)
        return model._replace(
            offset=centre,
            state_noise=model.state_noise * np.outer(units, units),
            noise=model.noise * np.outer(unit, unit),
            start_cov=model.start_cov * np.outer(units, units),
        )

    @property
    def n_parameters(self) -> int:
        """The variances, and the mean that the level starts about."""
        return self.d * (self.size + 2)


def _reduce(lags: Lags, n_states: int) -> tuple[Floats, Floats, Floats]:
    """Return transition, loading and noise of the states that carry most of an autoregression's future.

    Balanced truncation (Moore 1981, "Principal component analysis in linear systems"): in states of unit
    covariance, those directions are kept that later steps show most of.
    """
    machine = as_state_space(lags, max(len(lags.coef), n_states))
    size = len(machine.start_mean)
    root = np.linalg.cholesky(machine.start_cov + 1e-9 * np.eye(size))
    transition = np.linalg.solve(root, machine.transition @ root)
    shown = machine.transition @ root  # of the next step on
    seen = np.zeros((size, size))
    power = shown
    for _ in range(50):
        part = machine.loading @ power
        seen += part.T @ part
        power = machine.transition @ power
    axes = np.linalg.eigh(seen)[1][:, ::-1][:, :n_states]
    loading = machine.loading @ root @ axes
    total = machine.loading @ machine.start_cov @ machine.loading.T
    values, vectors = np.linalg.eigh(total - loading @ loading.T)
    noise = (vectors * np.maximum(values, 0.05 * np.diag(total).min())) @ vectors.T
    return axes.T @ transition @ axes, loading, noise


def standardise(x: Floats, weight: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return steps of mean 0 and variance 1 a channel, the centre and unit that were taken out, and a floor.

    The floor is the least variance of the noise in these units: see `seqcompare.data.resolution`.
    """
    known = ~np.isnan(x)
    amount = (known * weight[:, np.newaxis]).sum(axis=0)
    if not amount.all():
        raise ValueError("a channel has no value at all: every step of it is missing")
    centre = np.where(known, x * weight[:, np.newaxis], 0).sum(axis=0) / amount
    off = np.where(known, x - centre, 0)
    spread = np.sqrt((off**2 * weight[:, np.newaxis]).sum(axis=0) / amount)
    least = least_scale(x, spread)
    unit = np.maximum(spread, least)
    return (x - centre) / unit, centre, unit, (least / unit) ** 2


def rough_lags(x: Floats, sequences: Sequences, weight: Floats) -> Lags:
    """Return an autoregression of the data with its gaps filled by the mean: only a start."""
    filled = Sequences(np.nan_to_num(x), sequences.offsets)
    order = int(np.clip(sequences.lengths.max() // 4, 0, _LAGS))
    lags, _ = fit_lags(filled, weight, order, ridge=1.0)
    return lags
