"""Linear prediction from the last steps: its start, its predictions, and how it looks to a Kalman filter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov

from seqcompare.models.kalman import LinearGaussian, linear_gaussian
from seqcompare.typing import Floats

# A spectral radius from here on counts as 1: the variance of the long run would be all rounding.
_UNIT_ROOT = 1 - 1e-9


class Lags(NamedTuple):
    """x[t] = intercept + sum over k of coef[k-1] x[t-k] + N(0, covariance), and what is before the start."""

    coef: Floats
    """Matrices of the lags 1..p, shape (p, d, d)."""
    intercept: Floats
    """Shape (d,)."""
    covariance: Floats
    """Of what is new in a step, shape (d, d)."""
    level_mean: Floats
    """Mean of all steps, shape (d,); it only matters where there is no long run."""
    level_cov: Floats
    """Their covariance, shape (d, d)."""


class Predictors(NamedTuple):
    """The best linear prediction of a step from the m steps before it, for m = 0..p.

    The first p are for the start of a sequence, where fewer than p steps are to be had.
    """

    intercept: Floats
    """Shape (p + 1, d)."""
    coef: Floats
    """Matrices by lag, 0 beyond m, shape (p + 1, p, d, d)."""
    covariance: Floats
    """Of the error, shape (p + 1, d, d)."""


def spectral_radius(coef: Floats) -> float:
    """Return the largest modulus among the roots: below 1, what happened is forgotten in the long run."""
    if not len(coef):
        return 0.0
    return float(np.abs(np.linalg.eigvals(_companion(coef, len(coef)))).max())


def long_run_mean(lags: Lags) -> Floats:
    """Return what steps are on average in the long run; where there is none, what those of training were."""
    if spectral_radius(lags.coef) < _UNIT_ROOT:
        found: Floats = np.linalg.solve(np.eye(len(lags.intercept)) - lags.coef.sum(axis=0), lags.intercept)
        return found
    return lags.level_mean


def as_state_space(lags: Lags, n_lags: int) -> LinearGaussian:
    """Return the same as a state-space model: the state is the last `n_lags` steps, the newest first."""
    d = len(lags.intercept)
    transition = _companion(lags.coef, n_lags)
    fresh = np.zeros((n_lags * d, n_lags * d))
    fresh[:d, :d] = lags.covariance
    centre = long_run_mean(lags)
    if spectral_radius(lags.coef) < _UNIT_ROOT:
        # in units of each channel's errors, so that volts beside kilometres are no ill-conditioned problem
        spread = np.sqrt(np.diag(lags.covariance))
        unit = np.tile(np.where(spread > 0, spread, 1.0), n_lags)
        start_mean, product = np.zeros(n_lags * d), np.outer(unit, unit)
        start_cov = product * solve_discrete_lyapunov(
            transition * unit / unit[:, np.newaxis], fresh / product
        )
    else:
        # there is no long run to begin in: each step before the start was like those in training, by itself
        still = np.kron(np.eye(n_lags), lags.level_cov)
        start_cov = transition @ still @ transition.T + fresh
        start_mean = np.zeros(n_lags * d)
        start_mean[:d] = lags.intercept + lags.coef.sum(axis=0) @ centre - centre
    # the state is kept as it differs from the centre; what drifts is carried by a last entry, which is 1
    drift = lags.intercept + lags.coef.sum(axis=0) @ centre - centre
    if np.abs(drift).max() > 1e-12 * np.sqrt(np.diag(lags.covariance)).max():
        transition = np.pad(transition, (0, 1))
        transition[:d, -1], transition[-1, -1] = drift, 1
        fresh, start_cov = np.pad(fresh, (0, 1)), np.pad(start_cov, (0, 1))
        start_mean = np.append(start_mean, 1)
    return linear_gaussian(
        transition=transition,
        loading=np.eye(d, len(start_mean)),
        offset=centre,
        state_noise=fresh,
        noise=np.zeros((d, d)),
        start_mean=start_mean,
        start_cov=(start_cov + start_cov.T) / 2,
    )


def find_predictors(lags: Lags) -> Predictors:
    """Return the predictions from fewer steps than there are lags: those of the joint normal distribution."""
    p, d, _ = lags.coef.shape
    intercept, covariance = np.empty((p + 1, d)), np.empty((p + 1, d, d))
    coef = np.zeros((p + 1, p, d, d))
    intercept[p], coef[p], covariance[p] = lags.intercept, lags.coef, lags.covariance
    mean, spread = _joint(lags)
    for m in range(p):
        past, now = slice(0, m * d), slice(m * d, (m + 1) * d)
        weights = np.linalg.lstsq(spread[past, past], spread[past, now], rcond=None)[0].T
        # fewer steps never tell more: what is left is at least the noise, whatever rounding says
        values, vectors = np.linalg.eigh(spread[now, now] - weights @ spread[past, now] - lags.covariance)
        covariance[m] = lags.covariance + (vectors * np.maximum(values, 0)) @ vectors.T
        intercept[m] = mean[now] - weights @ mean[past]
        for k in range(1, m + 1):
            coef[m, k - 1] = weights[:, (m - k) * d : (m - k + 1) * d]
    return Predictors(intercept, coef, covariance)


def predict_ahead(
    predictors: Predictors, x: Floats, step_index: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int64]]:
    """Predict the step after each, from steps without gaps.

    Parameters
    ----------
    predictors : Predictors
        From 0..p steps.
    x : ndarray of shape (n_steps, d)
        Steps, sequences end to end.
    step_index : ndarray of int, shape (n_steps,)
        Position of each in its sequence.

    Returns
    -------
    mean : ndarray of shape (n_steps, d)
        The predictions.
    used : ndarray of int, shape (n_steps,)
        From how many steps each is; `predictors.covariance` at it is its error's.
    """
    p = predictors.coef.shape[1]
    mean = np.empty_like(x)
    mean[:] = predictors.intercept[p]
    for k in range(1, p + 1):
        mean[k - 1 :] += _times(x[: len(x) - k + 1], predictors.coef[p, k - 1])
    used = np.minimum(step_index + 1, p)
    for m in range(1, p):
        rows = np.flatnonzero(step_index == m - 1)
        mean[rows] = predictors.intercept[m]
        for k in range(1, m + 1):
            mean[rows] += _times(x[rows - k + 1], predictors.coef[m, k - 1])
    return mean, used


def _times(x: Floats, matrix: Floats) -> Floats:
    """Multiply each row of `x` by `matrix`; one number a step needs no matrix product."""
    return x * matrix[0, 0] if matrix.size == 1 else x @ matrix.T


def _companion(coef: Floats, n_lags: int) -> Floats:
    """Return the matrix that carries the last `n_lags` steps, the newest first, to the next ones."""
    p, d = len(coef), coef.shape[-1]
    matrix = np.eye(n_lags * d, k=-d)
    matrix[:d, : p * d] = np.concatenate(list(coef), axis=1) if p else 0
    return matrix


def _joint(lags: Lags) -> tuple[Floats, Floats]:
    """Return mean and covariance of the first p steps together, the first step first."""
    p, d, _ = lags.coef.shape
    machine = as_state_space(lags, max(p, 1))
    mean, spread = np.empty((p, d)), np.empty((p, d, p, d))
    state, cov = machine.start_mean, machine.start_cov
    for t in range(p):
        mean[t] = machine.offset + machine.loading @ state
        across = cov  # of z[s] with z[t]
        for s in range(t, p):
            spread[s, :, t] = across[:d, :d]
            spread[t, :, s] = across[:d, :d].T
            across = machine.transition @ across
        state = machine.transition @ state
        cov = machine.transition @ cov @ machine.transition.T + machine.state_noise
    return mean.ravel(), spread.reshape(p * d, p * d)
