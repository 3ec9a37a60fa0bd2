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
from numpy.typing import NDArray

from seqcompare.models.kalman_kernels import chart_course, run_filter, run_smoother
from seqcompare.typing import Floats


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
    log_density = np.empty(len(x))
    _filter(model, x, offsets, log_density, *_NOTHING, *_NOTHING)
    return log_density


def filter_states(model: LinearGaussian, x: Floats, offsets: NDArray[np.int64]) -> Filtered:
    """Return what the steps before each say of its state; see `score_steps` for the parameters."""
    k = len(model.start_mean)
    log_density, mean, cov = np.empty(len(x)), np.empty((len(x), k)), np.empty((len(x), k, k))
    _filter(model, x, offsets, log_density, mean, cov, *_NOTHING)
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
    _filter(model, x, offsets, np.empty(len(x)), *_NOTHING, mean, cov)
    return mean, cov


def smooth_states(model: LinearGaussian, x: Floats, offsets: NDArray[np.int64], seen: Filtered) -> Smoothed:
    """Return what whole sequences say of each state, given what `filter_states` found."""
    mean, cov, cross = np.empty_like(seen.mean), np.empty_like(seen.cov), np.zeros_like(seen.cov)
    run_smoother(model, read_only(x), offsets, seen.mean, seen.cov, mean, cov, cross)
    return Smoothed(mean, cov, cross)


class Online(NamedTuple):
    """What is known of the state before the next step of a sequence that is read as it comes."""

    model: LinearGaussian
    mean: Floats
    """Shape (k,)."""
    cov: Floats
    """Shape (k, k)."""


def start(model: LinearGaussian) -> Online:
    """Return what is known before the first step."""
    return Online(model, model.start_mean, model.start_cov)


def step(known: Online, x: Floats) -> Online:
    """Return what is known after one more step x, shape (d,), NaN where missing."""
    model, mean, cov = known
    loading, offset, noise = model.loading, model.offset, model.noise
    gone = np.isnan(x)
    if gone.any():
        seen = ~gone
        x, loading, offset, noise = x[seen], loading[seen], offset[seen], noise[np.ix_(seen, seen)]
    if len(x):
        shown = cov @ loading.T
        spread = loading @ shown + noise
        gain = shown / spread if len(x) == 1 else np.linalg.solve(spread, shown.T).T
        mean = mean + gain @ (x - offset - loading @ mean)
        cov = cov - gain @ shown.T
    ahead = model.transition @ cov @ model.transition.T + model.state_noise
    return Online(model, model.transition @ mean, (ahead + ahead.T) / 2)


# Steps by which the covariance has settled, or hardly ever does.
_LONGEST_COURSE = 1000
_NOTHING = np.empty((0, 0)), np.empty((0, 0, 0))


def _filter(model: LinearGaussian, x: Floats, offsets: NDArray[np.int64], *out: Floats) -> None:
    course = chart_course(model, min(int(np.diff(offsets).max()), _LONGEST_COURSE))
    run_filter(model, course, read_only(x), offsets, *out)


def read_only(x: Floats) -> Floats:
    """Return steps as what only reads them takes them: kernels are compiled again for what can be written."""
    seen = x.view()
    seen.flags.writeable = False
    return seen
