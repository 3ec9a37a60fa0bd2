"""Rules that take turns, read over gaps: a Kalman filter for each state, collapsed after every step.

What the last steps were is, given the last state, taken for one normal distribution. That is so as long as
they are known, and just behind a single missing one; where it is a mixture, its mean and covariance are kept
(Kim 1994, "Dynamic linear models with Markov-switching"). With a single state all is exact.

Arrays of the kernels, for K states that look p steps of d numbers back, and N steps together:

============  ==================  ==================================================================
start, trans                      (K,) and (K, K), probabilities of the first state, and of the next
coef          (p + 1, K, d, p d)  as in `Rules`, and so the other two; `_read` gets those of one m
x             (N, d)              the steps, NaN where missing; in `_read` one, (d,)
offsets       (n + 1,)            where each of n sequences starts
weights       (K, K)              p(state before, state | steps before)
log           (N, K)              log-likelihood of a step in each state
mean, cov     (N, K, p d)         of the last p steps, given the state; cov (N, K, p d, p d)
============  ==================  ==================================================================
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.typing import Floats, Ints


class Rules(NamedTuple):
    """What each state says of a step from m = 0..p steps before it."""

    coef: Floats
    """Matrices of the lags side by side, the newest first, shape (p + 1, K, d, p d)."""
    intercept: Floats
    """Shape (p + 1, K, d)."""
    covariance: Floats
    """Shape (p + 1, K, d, d)."""

    def ahead(self, known: Lagged, m: int | NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return means (..., K, K, d) and covariances of the next step: by the last state, and the next."""
        coef, noise = self.coef[m], self.covariance[m]
        means = self.intercept[m][..., np.newaxis, :, :] + np.einsum("...jdn,...in->...ijd", coef, known.mean)
        spread = np.einsum("...jdn,...inm,...jem->...ijde", coef, known.cov, coef)
        return means, spread + noise[..., np.newaxis, :, :, :]


class Lagged(NamedTuple):
    """What is known of the last p steps, the newest first, given the state of the last one."""

    mean: Floats
    """Shape (..., K, p d)."""
    cov: Floats
    """Shape (..., K, p d, p d)."""


def no_steps(rules: Rules) -> Lagged:
    """Return what is known before the first step: lags that are not there have no weight."""
    _, n_states, _, n = rules.coef.shape
    return Lagged(np.zeros((n_states, n)), np.zeros((n_states, n, n)))


def read_one(weights: Floats, known: Lagged, rules: Rules, m: int, x: Floats) -> tuple[Floats, Lagged]:
    """Read one more step.

    Parameters
    ----------
    weights : ndarray of shape (K, K)
        Probabilities of the last state (row) and that of the step (column) together.
    known : Lagged
        What came so far.
    rules : Rules
        The states' rules.
    m : int
        How many steps there were, p at most.
    x : ndarray of shape (d,)
        The step, NaN where missing.

    Returns
    -------
    log_likelihood : ndarray of shape (K,)
        Of the step in each state, in nats.
    known : Lagged
        What is known then.
    """
    log, mean, cov = np.empty(len(weights)), np.empty_like(known.mean), np.empty_like(known.cov)
    _read(weights, *known, rules.coef[m], rules.intercept[m], rules.covariance[m], x, log, mean, cov)
    return log, Lagged(mean, cov)


def read_all(
    start: Floats, trans: Floats, rules: Rules, x: Floats, offsets: NDArray[np.int64]
) -> tuple[Floats, Lagged]:
    """Return what `read_one` does at every step: log-likelihoods (n_steps, K), and what is known after it."""
    _, n_states, _, n = rules.coef.shape
    log = np.empty((len(x), n_states))
    known = Lagged(np.empty((len(x), n_states, n)), np.empty((len(x), n_states, n, n)))
    _read_all(start, trans, *rules, np.ascontiguousarray(x), offsets, log, *known)
    return log, known


@njit(cache=True)
def _read_all(
    start: Floats,
    trans: Floats,
    coef: Floats,
    intercept: Floats,
    covariance: Floats,
    x: Floats,
    offsets: Ints,
    log: Floats,
    mean: Floats,
    cov: Floats,
) -> None:
    order, n_states = len(coef) - 1, len(start)
    weights, now = np.empty((n_states, n_states)), np.empty(n_states)
    first_mean, first_cov = np.zeros_like(mean[0]), np.zeros_like(cov[0])
    for s in range(len(offsets) - 1):
        for t in range(offsets[s], offsets[s + 1]):
            begun = t > offsets[s]
            for i in range(n_states):
                for j in range(n_states):
                    weights[i, j] = now[i] * trans[i, j] if begun else start[j] / n_states
            m = min(t - offsets[s], order)
            before_mean, before_cov = (mean[t - 1], cov[t - 1]) if begun else (first_mean, first_cov)
            _read(
                weights,
                before_mean,
                before_cov,
                coef[m],
                intercept[m],
                covariance[m],
                x[t],
                log[t],
                mean[t],
                cov[t],
            )
            most, total = log[t].max(), 0.0
            for j in range(n_states):
                now[j] = weights[:, j].sum() * np.exp(log[t, j] - most)
                total += now[j]
            now /= total


@njit(cache=True)
def _read(
    weights: Floats,
    mean: Floats,
    cov: Floats,
    coef: Floats,
    intercept: Floats,
    covariance: Floats,
    x: Floats,
    log: Floats,
    after_mean: Floats,
    after_cov: Floats,
) -> None:
    """Write for each state how well a step fits it, and mean and covariance of the last steps then."""
    n_states, d, n = coef.shape
    size = d + n  # the step, and the steps before it
    # where the last steps are known they are the same to all states
    sure = not cov.any()
    n_last = 1 if sure else n_states
    joint, centres, logs = np.empty((n_last, size, size)), np.empty((n_last, size)), np.empty(n_last)
    gain = np.empty(size)
    for j in range(n_states):
        share = weights[:, j].sum()
        for i in range(n_last):
            _predict(mean[i], cov[i], coef[j], intercept[j], covariance[j], centres[i], joint[i])
            logs[i] = 0.0
            # one channel after the other: no matrix has to be inverted
            for c in range(d):
                if np.isnan(x[c]):
                    continue
                variance, off = joint[i, c, c], x[c] - centres[i, c]
                logs[i] -= (np.log(2 * np.pi * variance) + off * off / variance) / 2
                for a in range(size):
                    gain[a] = joint[i, a, c] / variance
                for a in range(size):
                    centres[i, a] += gain[a] * off
                    for b in range(size):
                        joint[i, a, b] -= gain[a] * gain[b] * variance
                centres[i, c] = x[c]
                joint[i, c, :] = 0.0
                joint[i, :, c] = 0.0
        most, total = logs.max(), 0.0
        for i in range(n_last):
            # a state that cannot follow is known from nothing
            before = 1.0 if sure else (weights[i, j] / share if share > 0 else 1.0 / n_states)
            logs[i] = before * np.exp(logs[i] - most)
            total += logs[i]
        if not total > 0:
            logs[:], total = 1.0, float(n_last)
            log[j] = -np.inf
        else:
            log[j] = most + np.log(total)
        after_mean[j] = 0.0
        after_cov[j] = 0.0
        for i in range(n_last):
            for a in range(n):
                after_mean[j, a] += logs[i] / total * centres[i, a]
        for i in range(n_last):
            for a in range(n):
                for b in range(n):
                    apart = (centres[i, a] - after_mean[j, a]) * (centres[i, b] - after_mean[j, b])
                    after_cov[j, a, b] += logs[i] / total * (joint[i, a, b] + apart)


@njit(cache=True)
def _predict(
    mean: Floats, cov: Floats, coef: Floats, intercept: Floats, noise: Floats, centre: Floats, joint: Floats
) -> None:
    """Write mean and covariance of the next step and the last ones together."""
    d, n = coef.shape
    joint[d:, d:] = cov
    joint[:d, :d] = noise
    centre[d:] = mean
    for a in range(d):
        centre[a] = intercept[a]
        for e in range(n):
            centre[a] += coef[a, e] * mean[e]
            joint[a, d + e] = 0.0
            for f in range(n):
                joint[a, d + e] += coef[a, f] * cov[f, e]
            joint[d + e, a] = joint[a, d + e]
    for a in range(d):
        for b in range(d):
            for e in range(n):
                joint[a, b] += joint[a, d + e] * coef[b, e]
