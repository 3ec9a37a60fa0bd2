"""The recursions of linear Gaussian models with a hidden state: filter and smoother, apart from any model.

The model is

    z[0] ~ N(start_mean, start_cov)
    z[t] = transition z[t-1] + N(0, state_noise)
    x[t] = offset + loading z[t] + N(0, noise)

with k numbers in a state z and d in a step x. A missing number is NaN, and what is known is used as it is:
every answer is exact. Kalman (1960), "A new approach to linear filtering and prediction problems"; the
smoother is that of de Jong (1989), "Smoothing and interpolation with the state-space model", which inverts no
covariance of states and so may be used where one is singular, as those of an autoregression are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The covariance has settled once it moves by less than this share of itself from one step to the next.
_SETTLED = 1e-13


class LinearGaussian(NamedTuple):
    """The parameters, as arrays that Numba reads: float64, C-contiguous."""

    transition: Floats  # (k, k)
    loading: Floats  # (d, k)
    offset: Floats  # (d,)
    state_noise: Floats  # (k, k)
    noise: Floats  # (d, d)
    start_mean: Floats  # (k,)
    start_cov: Floats  # (k, k)


class Filtered(NamedTuple):
    """What is known of the state before each step."""

    log_density: Floats
    """log p(x[t] | x[..t-1]) of what is not missing, in nats, shape (n_steps,)."""
    mean: Floats
    """Mean of z[t] given x[..t-1], shape (n_steps, k)."""
    cov: Floats
    """Its covariance, shape (n_steps, k, k)."""


class Smoothed(NamedTuple):
    """What is known of the states given whole sequences."""

    mean: Floats
    """Mean of z[t], shape (n_steps, k)."""
    cov: Floats
    """Its covariance, shape (n_steps, k, k)."""
    cross: Floats
    """Covariance of z[t+1] (rows) and z[t] (columns), shape (n_steps, k, k); 0 at the end of a sequence."""


def linear_gaussian(**parameters: Any) -> LinearGaussian:
    """Return parameters in the form that the recursions read."""
    arrays = {name: np.ascontiguousarray(value, dtype=np.float64) for name, value in parameters.items()}
    return LinearGaussian(**arrays)


def score_steps(model: LinearGaussian, x: Floats, offsets: NDArray[np.int64]) -> Floats:
    """Return the log-density of each step given those before it, in nats, shape (n_steps,).

    Parameters
    ----------
    model : LinearGaussian
        The parameters.
    x : ndarray of shape (n_steps, d)
        All steps, NaN where missing.
    offsets : ndarray of int64, shape (n + 1,)
        Where sequences begin.
    """
    nothing = np.empty((0, 0)), np.empty((0, 0, 0))
    log_density = np.empty(len(x))
    _filter(model, x, offsets, log_density, *nothing, *nothing)
    return log_density


def filter_states(model: LinearGaussian, x: Floats, offsets: NDArray[np.int64]) -> Filtered:
    """Return what the steps before each say of its state; see `score_steps` for the parameters."""
    k = len(model.start_mean)
    log_density, mean, cov = np.empty(len(x)), np.empty((len(x), k)), np.empty((len(x), k, k))
    _filter(model, x, offsets, log_density, mean, cov, np.empty((0, 0)), np.empty((0, 0, 0)))
    return Filtered(log_density, mean, cov)


def predict_states(model: LinearGaussian, x: Floats, offsets: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return mean and covariance of the state after each step, z[t+1] given x[..t].

    Returns
    -------
    mean : ndarray of shape (n_steps, k)
    cov : ndarray of shape (n_steps, k, k)
    """
    k = len(model.start_mean)
    mean, cov = np.empty((len(x), k)), np.empty((len(x), k, k))
    _filter(model, x, offsets, np.empty(len(x)), np.empty((0, 0)), np.empty((0, 0, 0)), mean, cov)
    return mean, cov


def smooth_states(model: LinearGaussian, x: Floats, offsets: NDArray[np.int64], seen: Filtered) -> Smoothed:
    """Return what whole sequences say of each state, given what `filter_states` found."""
    mean, cov, cross = np.empty_like(seen.mean), np.empty_like(seen.cov), np.zeros_like(seen.cov)
    _smooth(model, x, offsets, seen.mean, seen.cov, mean, cov, cross)
    return Smoothed(mean, cov, cross)


@njit(cache=True)
def _cholesky(matrix: Floats, size: int) -> None:
    """Replace the lower triangle of the first `size` rows by the Cholesky factor."""
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for m in range(j):
                total -= matrix[i, m] * matrix[j, m]
            # rounding may leave a variance of 0 a trace below it
            matrix[i, j] = np.sqrt(max(total, 1e-300)) if i == j else total / matrix[j, j]


@njit(cache=True)
def _observe(row: Floats, model: LinearGaussian, cov: Floats, factor: Floats, gain: Floats, seen: Any) -> int:
    """Prepare for a step of which `row` is known: its covariance's factor L and L^-1 loading cov in `gain`.

    Returns how many numbers of the step are known; their places are the first so many of `seen`.
    """
    n_known = 0
    for i in range(len(row)):
        if not np.isnan(row[i]):
            seen[n_known] = i
            n_known += 1
    k = cov.shape[0]
    for a in range(n_known):
        for j in range(k):
            total = 0.0
            for i in range(k):
                total += model.loading[seen[a], i] * cov[i, j]
            gain[a, j] = total
        for b in range(a + 1):
            total = model.noise[seen[a], seen[b]]
            for j in range(k):
                total += gain[a, j] * model.loading[seen[b], j]
            factor[a, b] = total
    _cholesky(factor, n_known)
    for a in range(n_known):
        for j in range(k):
            total = gain[a, j]
            for b in range(a):
                total -= factor[a, b] * gain[b, j]
            gain[a, j] = total / factor[a, a]
    return n_known


@njit(cache=True)
def _whiten(
    row: Floats, model: LinearGaussian, mean: Floats, factor: Floats, seen: Any, n_known: int, out: Floats
) -> float:
    """Write L^-1 (x - expected x) to `out` and return the log-density of the step."""
    log_density = 0.0
    for a in range(n_known):
        place = seen[a]
        total = row[place] - model.offset[place]
        for i in range(len(mean)):
            total -= model.loading[place, i] * mean[i]
        for b in range(a):
            total -= factor[a, b] * out[b]
        out[a] = total / factor[a, a]
        log_density -= np.log(factor[a, a]) + (out[a] ** 2 + np.log(2 * np.pi)) / 2
    return log_density


@njit(cache=True)
def _carry_cov(model: LinearGaussian, cov: Floats, work: Floats) -> None:
    """Replace the covariance by that of the next state."""
    k = cov.shape[0]
    transition = model.transition
    for i in range(k):
        for j in range(k):
            total = 0.0
            for m in range(k):
                total += transition[i, m] * cov[m, j]
            work[i, j] = total
    for i in range(k):
        for j in range(i + 1):
            total = model.state_noise[i, j]
            for m in range(k):
                total += work[i, m] * transition[j, m]
            cov[i, j] = total
            cov[j, i] = total


@njit(cache=True)
def _moved(cov: Floats, before: Floats) -> bool:
    """Whether the covariance has moved since `before`, which is brought up to date."""
    largest, size = 0.0, 0.0
    for i in range(cov.shape[0]):
        for j in range(cov.shape[0]):
            largest = max(largest, abs(cov[i, j] - before[i, j]))
            size = max(size, abs(cov[i, j]))
            before[i, j] = cov[i, j]
    return largest > _SETTLED * size


@njit(cache=True)
def _filter(
    model: LinearGaussian,
    x: Floats,
    offsets: Any,
    log_density: Floats,
    mean_before: Floats,
    cov_before: Floats,
    mean_ahead: Floats,
    cov_ahead: Floats,
) -> None:
    """Run the filter; of the last four arrays, those that are not empty are filled."""
    d, k = model.loading.shape
    mean, moved_mean = np.empty(k), np.empty(k)
    cov, work, before = np.empty((k, k)), np.empty((k, k)), np.empty((k, k))
    factor, gain, whitened = np.empty((d, d)), np.empty((d, k)), np.empty(d)
    seen = np.empty(d, np.int64)
    for s in range(len(offsets) - 1):
        mean[:] = model.start_mean
        cov[:] = model.start_cov
        before[:] = np.inf
        # while whole steps come in, the covariance settles, and then factor and gain stay as they are
        settled, n_known = False, -1
        for t in range(offsets[s], offsets[s + 1]):
            if len(mean_before):
                mean_before[t] = mean
                cov_before[t] = cov
            whole = True
            for i in range(d):
                whole = whole and not np.isnan(x[t, i])
            settled = settled and whole
            if not settled:
                n_known = _observe(x[t], model, cov, factor, gain, seen)
            log_density[t] = _whiten(x[t], model, mean, factor, seen, n_known, whitened)
            for i in range(k):
                total = mean[i]
                for a in range(n_known):
                    total += gain[a, i] * whitened[a]
                moved_mean[i] = total
            for i in range(k):
                total = 0.0
                for j in range(k):
                    total += model.transition[i, j] * moved_mean[j]
                mean[i] = total
            if not settled:
                for i in range(k):
                    for j in range(k):
                        for a in range(n_known):
                            cov[i, j] -= gain[a, i] * gain[a, j]
                _carry_cov(model, cov, work)
                settled = not _moved(cov, before) and whole
            if len(mean_ahead):
                mean_ahead[t] = mean
                cov_ahead[t] = cov


@njit(cache=True)
def _smooth(
    model: LinearGaussian,
    x: Floats,
    offsets: Any,
    mean_before: Floats,
    cov_before: Floats,
    mean: Floats,
    cov: Floats,
    cross: Floats,
) -> None:
    """Run the smoother backwards: `pull` and `weight` are what the steps from t on say of z[t]."""
    d, k = model.loading.shape
    factor, gain, whitened = np.empty((d, d)), np.empty((d, k)), np.empty(d)
    rows = np.empty((d, k))  # L^-1 loading
    seen = np.empty(d, np.int64)
    for s in range(len(offsets) - 1):
        pull, weight = np.zeros(k), np.zeros((k, k))
        for t in range(offsets[s + 1] - 1, offsets[s] - 1, -1):
            prior = cov_before[t]
            n_known = _observe(x[t], model, prior, factor, gain, seen)
            _whiten(x[t], model, mean_before[t], factor, seen, n_known, whitened)
            for a in range(n_known):
                for j in range(k):
                    total = model.loading[seen[a], j]
                    for b in range(a):
                        total -= factor[a, b] * rows[b, j]
                    rows[a, j] = total / factor[a, a]
            # carried: how z[t+1] follows from what is left of z[t] once x[t] is known
            kept = np.eye(k)
            for a in range(n_known):
                for i in range(k):
                    for j in range(k):
                        kept[i, j] -= gain[a, i] * rows[a, j]
            carried = model.transition @ kept
            if t + 1 < offsets[s + 1]:
                cross[t] = (np.eye(k) - cov_before[t + 1] @ weight) @ (carried @ prior)
            pull = carried.T @ pull
            weight = carried.T @ weight @ carried
            for a in range(n_known):
                for i in range(k):
                    pull[i] += rows[a, i] * whitened[a]
                    for j in range(k):
                        weight[i, j] += rows[a, i] * rows[a, j]
            mean[t] = mean_before[t] + prior @ pull
            cov[t] = prior - prior @ weight @ prior
