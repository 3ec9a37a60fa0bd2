"""Autoregressions whose variance follows from past squares, read over gaps.

The steps themselves go through a Kalman filter whose noise has the variance of the step. The square of an
error that is not known is replaced by what is expected of it, given all steps up to its own: behind a missing
step that is its variance. So the mean of the next variance is right, but for what later steps tell of an
error that was missing; that the variance is then not certain, and predictions a mixture, is left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.models.kalman import LinearGaussian
from seqcompare.models.markov.lags import Lags, as_state_space
from seqcompare.models.markov.volatility import Volatility
from seqcompare.typing import Floats, Ints


class Reading(NamedTuple):
    """What is known at each step, and after each sequence."""

    log_density: Floats
    """Of what is known of a step, given those before it, in nats, shape (n_steps,)."""
    mean: Floats
    """Of the step after each, shape (n_steps, d)."""
    covariance: Floats
    """Of the step after each, shape (n_steps, d, d)."""
    error: Floats
    """What is expected of each step's error, shape (n_steps, d)."""
    square: Floats
    """What is expected of its square, that of the long run for the first steps, shape (n_steps, d)."""
    variance: Floats
    """Of the error of the step after each, shape (n_steps, d)."""
    state: Floats
    """Mean of the lags after each sequence, shape (n, k)."""
    spread: Floats
    """Their covariance, without what is new in the step after, shape (n, k, k)."""


class Reader(NamedTuple):
    """What is known of a sequence before its next step.

    Attributes
    ----------
    machine : LinearGaussian
        How the lags go on.
    rule : Volatility
        How the variance follows.
    fresh : ndarray of shape (d, d)
        Covariance of what is new in each of the first steps.
    order : int
        How many first steps tell nothing of the variance.
    mean, cov : ndarray of shape (k,) and (k, k)
        Of the lags, the next step's number among them.
    variance : ndarray of shape (d,)
        Of the next step's error.
    squares : ndarray of shape (q, d)
        What is expected of the last squares, the newest first.
    n_steps : int
        How many steps there were.
    """

    machine: LinearGaussian
    rule: Volatility
    fresh: Floats
    order: int
    mean: Floats
    cov: Floats
    variance: Floats
    squares: Floats
    n_steps: int = 0


def first_reader(lags: Lags, rule: Volatility) -> Reader:
    """Return what is known before the first step."""
    machine = as_state_space(lags, max(len(lags.coef), 1))
    squares = np.tile(rule.long_run, (rule.shock.shape[1], 1))
    order = len(lags.coef)
    return Reader(
        machine,
        rule,
        lags.covariance,
        order,
        machine.start_mean,
        machine.start_cov,
        rule.long_run,
        squares,
    )


def read_on(known: Reader, x: Floats) -> tuple[Floats, Floats, Reader]:
    """Read one more step, shape (d,); return mean and covariance of the next, and what is known then."""
    d, machine, rule = len(x), known.machine, known.rule
    mean, cov, squares = known.mean.copy(), known.cov.copy(), known.squares.copy()
    variance, error = known.variance.copy(), np.empty(d)
    noise = _noise(known.n_steps, known.order, known.fresh, rule.correlation, variance)
    square = np.empty(d)
    _read(mean, cov, noise, x - machine.offset, error, square)
    if known.n_steps >= known.order:
        squares = np.concatenate([square[np.newaxis], squares])[: len(squares)]
        variance = rule.level + rule.persistence * variance + (rule.shock.T * squares).sum(axis=0)
    mean = machine.transition @ mean
    cov = machine.transition @ cov @ machine.transition.T
    n_steps = known.n_steps + 1
    cov[:d, :d] += _noise(n_steps, known.order, known.fresh, rule.correlation, variance)
    after = known._replace(mean=mean, cov=cov, variance=variance, squares=squares, n_steps=n_steps)
    return machine.offset + mean[:d], cov[:d, :d].copy(), after


def read_gaps(lags: Lags, rule: Volatility, x: Floats, offsets: NDArray[np.int64]) -> Reading:
    """Read whole sequences, NaN where a number is missing.

    Parameters
    ----------
    lags, rule : Lags and Volatility
        The parameters.
    x : ndarray of shape (n_steps, d)
        All steps.
    offsets : ndarray of int64, shape (n + 1,)
        Where sequences begin.
    """
    order, (n_steps, d), n = len(lags.coef), x.shape, len(offsets) - 1
    machine = as_state_space(lags, max(order, 1))
    k = len(machine.start_mean)
    found = Reading(
        np.empty(n_steps),
        np.empty((n_steps, d)),
        np.empty((n_steps, d, d)),
        np.empty((n_steps, d)),
        np.empty((n_steps, d)),
        np.empty((n_steps, d)),
        np.empty((n, k)),
        np.empty((n, k, k)),
    )
    _run(
        np.ascontiguousarray(x - machine.offset),
        offsets,
        order,
        machine.transition,
        machine.start_mean,
        machine.start_cov,
        lags.covariance,
        rule.level,
        rule.shock,
        rule.persistence,
        rule.correlation,
        rule.long_run,
        *found,
    )
    found.mean[:] += machine.offset
    return found


@njit(cache=True)
def _noise(t: int, order: int, fresh: Floats, correlation: Floats, variance: Floats) -> Any:
    """Return the covariance of what is new in a step: of the first ones that of the long run."""
    if t < order:
        return fresh.copy()
    scale = np.sqrt(variance)
    return correlation * np.outer(scale, scale)


@njit(cache=True)
def _read(mean: Floats, cov: Floats, noise: Floats, x: Floats, error: Floats, square: Floats) -> float:
    """Learn from a step what the lags and what was new in it were; return its log-density."""
    d, k = len(x), len(mean)
    # what was new stands beside the lags, so that both learn alike
    centre, joint = np.zeros(k + d), np.zeros((k + d, k + d))
    centre[:k] = mean
    joint[:k, :k] = cov
    joint[k:, k:] = noise
    joint[:d, k:] = noise
    joint[k:, :d] = noise.T
    log = 0.0
    for c in range(d):
        if np.isnan(x[c]):
            continue
        variance, off = joint[c, c], x[c] - centre[c]
        log -= (np.log(2 * np.pi * variance) + off * off / variance) / 2
        gain = joint[:, c] / variance
        for a in range(k + d):
            centre[a] += gain[a] * off
            for b in range(k + d):
                joint[a, b] -= gain[a] * gain[b] * variance
        centre[c] = x[c]
        joint[c, :] = 0.0
        joint[:, c] = 0.0
    mean[:] = centre[:k]
    cov[:] = joint[:k, :k]
    for c in range(d):
        error[c] = centre[k + c]
        square[c] = error[c] * error[c] + max(joint[k + c, k + c], 0.0)
    return log


@njit(cache=True)
def _run(
    x: Floats,
    offsets: Ints,
    order: int,
    transition: Floats,
    start_mean: Floats,
    start_cov: Floats,
    fresh: Floats,
    level: Floats,
    shock: Floats,
    persistence: Floats,
    correlation: Floats,
    long_run: Floats,
    log: Floats,
    ahead: Floats,
    covariance: Floats,
    error: Floats,
    square: Floats,
    variances: Floats,
    state: Floats,
    spread: Floats,
) -> None:
    d = x.shape[1]
    turned = np.ascontiguousarray(transition.T)
    for s in range(len(offsets) - 1):
        mean, cov, variance = start_mean.copy(), start_cov.copy(), long_run.copy()
        first = offsets[s] + order
        for t in range(offsets[s], offsets[s + 1]):
            noise = _noise(t - offsets[s], order, fresh, correlation, variance)
            log[t] = _read(mean, cov, noise, x[t], error[t], square[t])
            if t < first:
                square[t] = long_run
            else:
                for c in range(d):
                    following = level[c] + persistence[c] * variance[c]
                    for j in range(shock.shape[1]):
                        following += shock[c, j] * (square[t - j, c] if t - j >= first else long_run[c])
                    variance[c] = following
            mean = transition @ mean
            cov = transition @ cov @ turned
            if t == offsets[s + 1] - 1:
                state[s] = mean
                spread[s] = cov
            cov[:d, :d] += _noise(t + 1 - offsets[s], order, fresh, correlation, variance)
            ahead[t], covariance[t], variances[t] = mean[:d], cov[:d, :d], variance
