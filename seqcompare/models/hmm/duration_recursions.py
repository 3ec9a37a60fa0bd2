"""The recursions of a hidden semi-Markov model, compiled: states that know how long they have lasted.

A state k is a row of m sub-states, its ages, that share what they emit. After i steps it is left with the
hazard h[k, i], for another by the transitions A, else it is a step older; at the last age it stays there, so
that longer durations have a geometric tail. With a[t, k, i] the probability of the age given steps 0..t,

    e[k]            = sum_i a[t-1, k, i] h[k, i]
    a[t, l, 0]      ~ b[t, l] sum_k e[k] A[k, l]
    a[t, k, i + 1]  ~ b[t, k] a[t-1, k, i] (1 - h[k, i]).

So a step costs K m + K^2, where the same chain written out as a matrix costs (K m)^2. What runs out of range
is done again with that matrix, in logarithms.

Arrays of the kernels, for K states of m ages, and n sequences of N steps together:

==============  =========  =============================================================================
start, hazards  (K, m)     as in `Ages`, and `trans`, (K, K)
b               (N, K)     how well each step fits each state; of one step (K,)
offsets         (n + 1,)   where each sequence starts
alpha, before   (K, m)     p(state, age | steps so far), in `_expect` (T, K, m); that of the step before
beta, u         (K, m)     what the steps after one tell of state and age there; what they and it tell
now, ahead      (N, K)     p(state | steps so far), and that of the next state
last            (n, K, m)  alpha at the end of each sequence
scale, trusted             (N,) and (n,), as in `recursions`
weights         (N,)       what each step counts for
posterior       (N, K)     p(state | all steps)
starts          (K, m)     expected number of sequences that start there
exits, stays    (K, m)     expected number of times that a state is left, and is not, at each age
transitions     (K, K)     expected number of transitions
==============  =========  =============================================================================
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.models.hmm.lanes import TRUSTED
from seqcompare.models.hmm.recursions import Likelihood, Offsets, expect_states, filter_states
from seqcompare.typing import Floats, Ints


class Ages(NamedTuple):
    """A chain of states and their ages.

    Attributes
    ----------
    start : ndarray of shape (K, m)
        Probabilities of the first state and how long it has lasted.
    trans : ndarray of shape (K, K)
        Probabilities of the next state (column) once a state (row) is left.
    hazards : ndarray of shape (K, m)
        Probability that a state is left after so many steps.
    """

    start: Floats
    trans: Floats
    hazards: Floats

    @classmethod
    def running(cls, startprob: Floats, trans: Floats, hazards: Floats) -> Ages:
        """Make a chain that is met while it runs: the first state has lasted as long as it typically has."""
        return cls(startprob[:, None] * typical_ages(hazards), trans, hazards)

    @property
    def flat(self) -> tuple[Floats, Floats]:
        """Probabilities of the first sub-state, (K m,), and of the transitions between them, (K m, K m)."""
        n_states, n_ages = self.hazards.shape
        steps = np.zeros((n_states, n_ages, n_states, n_ages))
        steps[..., 0] = self.hazards[..., None] * self.trans[:, None]
        older = np.minimum(np.arange(n_ages) + 1, n_ages - 1)
        state = np.arange(n_states)[:, None]
        steps[state, np.arange(n_ages), state, older] += 1 - self.hazards
        return self.start.ravel(), steps.reshape(n_states * n_ages, -1)

    def ahead(self, now: Floats) -> Floats:
        """Return the probabilities of sub-states a step later, shape (..., K, m)."""
        older = np.zeros_like(now)
        older[..., 1:] = (now * (1 - self.hazards))[..., :-1]
        older[..., -1] += now[..., -1] * (1 - self.hazards[:, -1])
        older[..., 0] += (now * self.hazards).sum(axis=-1) @ self.trans
        return older


class Aged(NamedTuple):
    """What states and ages are expected to have done, given all observations.

    Attributes
    ----------
    log_likelihood, posterior, transitions
        As in `Expected`, of states.
    start : ndarray of shape (K, m)
        Expected number of sequences that start in a state of an age.
    exits, stays : ndarray of shape (K, m)
        How often a state of an age is expected to be left, and not to be.
    """

    log_likelihood: Floats
    posterior: Floats
    start: Floats
    transitions: Floats
    exits: Floats
    stays: Floats


def typical_ages(hazards: Floats) -> Floats:
    """Return how long a state has lasted at a moment that is picked at random, shape (K, m)."""
    lasting = survival(hazards)
    lasting[:, -1] /= np.maximum(hazards[:, -1], 1e-12)
    return lasting / lasting.sum(axis=1, keepdims=True)


def survival(hazards: Floats) -> Floats:
    """Return the probability that a state comes to each age, shape (K, m); 1 for the first."""
    stay = np.cumprod(1 - hazards[:, :-1], axis=1)
    return np.concatenate([np.ones((len(hazards), 1)), stay], axis=1)


def filter_ages(chain: Ages, fit: Likelihood, offsets: Offsets) -> tuple[Floats, Floats, Floats, Floats]:
    """Run forward over all sequences.

    Returns
    -------
    log_likelihood : ndarray of shape (n,)
        As in `filter_states`.
    now, ahead : ndarray of shape (n_steps, K)
        p(z[t] = k | x[..t]) and p(z[t + 1] = k | x[..t]).
    last : ndarray of shape (n, K, m)
        Probabilities of sub-states at the last step of each sequence.
    """
    n_states, n_ages = chain.hazards.shape
    now, ahead = np.empty((len(fit.relative), n_states)), np.empty((len(fit.relative), n_states))
    last = np.empty((len(offsets) - 1, n_states, n_ages))
    scale = np.empty(len(now))
    trusted = np.empty(len(last), dtype=np.bool_)
    _filter(*chain, fit.relative, offsets, now, ahead, last, scale, trusted)
    log_likelihood = np.add.reduceat(np.log(scale) + fit.shift, offsets[:-1])
    start, trans = chain.flat if not trusted.all() else (np.empty(0), np.empty(0))
    for s in np.flatnonzero(~trusted):
        steps = slice(offsets[s], offsets[s + 1])
        part, ends = _written_out(fit, steps, n_ages)
        (log_likelihood[s],), alpha = filter_states(start, trans, part, ends)
        shape = (-1, n_states, n_ages)
        now[steps] = alpha.reshape(shape).sum(axis=2)
        ahead[steps] = chain.ahead(alpha.reshape(shape)).sum(axis=2)
        last[s] = alpha[-1].reshape(shape[1:])
    return log_likelihood, now, ahead, last


def expect_ages(chain: Ages, fit: Likelihood, offsets: Offsets, weights: Floats | None = None) -> Aged:
    """Run forward and backward over all sequences; `weights` of steps are those of `expect_states`."""
    n_states, n_ages = chain.hazards.shape
    posterior = np.empty((len(fit.relative), n_states))
    start, exits, stays = (np.zeros((n_states, n_ages)) for _ in range(3))
    transitions = np.zeros((n_states, n_states))
    scale = np.ones(len(posterior))
    trusted = np.empty(len(offsets) - 1, dtype=np.bool_)
    weight = np.ones(len(posterior)) if weights is None else weights
    counts = (start, transitions, exits, stays)
    _expect(*chain, fit.relative, weight, offsets, posterior, scale, trusted, *counts)
    log_likelihood = np.add.reduceat(np.log(scale) + fit.shift, offsets[:-1])
    found = Aged(log_likelihood, posterior, *counts)
    first, flat = chain.flat if not trusted.all() else (np.empty(0), np.empty(0))
    for s in np.flatnonzero(~trusted):
        steps = slice(offsets[s], offsets[s + 1])
        part, ends = _written_out(fit, steps, n_ages)
        one = expect_states(first, flat, part, ends, weight[steps])
        log_likelihood[s] = one.log_likelihood[0]
        posterior[steps] = one.posterior.reshape(-1, n_states, n_ages).sum(axis=2)
        start += one.start.reshape(n_states, n_ages)
        moves = one.transitions.reshape(n_states, n_ages, n_states, n_ages)
        exits += moves[..., 0].sum(axis=2)
        transitions += moves[..., 0].sum(axis=1)
        stays += np.einsum("kikj->ki", moves[..., 1:])
    return found


def _written_out(fit: Likelihood, steps: slice, n_ages: int) -> tuple[Likelihood, NDArray[np.int64]]:
    """Return how well some steps fit each sub-state, and where the one sequence of them starts and ends."""
    log = None if fit.log is None else np.repeat(fit.log[steps], n_ages, axis=1)
    part = Likelihood(np.repeat(fit.relative[steps], n_ages, axis=1), fit.shift[steps], log)
    return part, np.array([0, len(part.shift)])


@njit(cache=True, nogil=True)
def _first(start: Floats, b: Floats, alpha: Floats) -> float:
    """Write the probabilities of sub-states and the first step; return their sum."""
    total = 0.0
    for k in range(start.shape[0]):
        for i in range(start.shape[1]):
            alpha[k, i] = start[k, i] * b[k]
            total += alpha[k, i]
    return total


@njit(cache=True, nogil=True)
def _advance(trans: Floats, hazards: Floats, b: Floats, before: Floats, alpha: Floats) -> float:
    """Write the probabilities of sub-states and a step, from those of the step before; return their sum."""
    n_states, n_ages = hazards.shape
    for k in range(n_states):
        alpha[k, 0] = 0.0
    for k in range(n_states):
        left = 0.0
        for i in range(n_ages):
            left += before[k, i] * hazards[k, i]
        for j in range(n_states):
            alpha[j, 0] += left * trans[k, j]
    total = 0.0
    for k in range(n_states):
        for i in range(1, n_ages):
            alpha[k, i] = before[k, i - 1] * (1.0 - hazards[k, i - 1])
        alpha[k, n_ages - 1] += before[k, n_ages - 1] * (1.0 - hazards[k, n_ages - 1])
        for i in range(n_ages):
            alpha[k, i] *= b[k]
            total += alpha[k, i]
    return total


@njit(cache=True, nogil=True)
def _filter(
    start: Floats,
    trans: Floats,
    hazards: Floats,
    b: Floats,
    offsets: Ints,
    now: Floats,
    ahead: Floats,
    last: Floats,
    scale: Floats,
    trusted: Any,
) -> None:
    n_states, n_ages = hazards.shape
    alpha, before = np.empty((n_states, n_ages)), np.empty((n_states, n_ages))
    for s in range(len(offsets) - 1):
        first, end = offsets[s], offsets[s + 1]
        trusted[s] = True
        for t in range(first, end):
            if t == first:
                total = _first(start, b[t], alpha)
            else:
                total = _advance(trans, hazards, b[t], before, alpha)
            if not total > TRUSTED:
                trusted[s] = False
                break
            scale[t] = total
            ahead[t] = 0.0
            for k in range(n_states):
                all_ages, left = 0.0, 0.0
                for i in range(n_ages):
                    alpha[k, i] /= total
                    all_ages += alpha[k, i]
                    left += alpha[k, i] * hazards[k, i]
                now[t, k] = all_ages
                ahead[t, k] += all_ages - left
                for j in range(n_states):
                    ahead[t, j] += left * trans[k, j]
            alpha, before = before, alpha
        if trusted[s]:
            last[s] = before
        else:
            scale[first:end] = 1.0


@njit(cache=True, nogil=True)
def _expect(
    start: Floats,
    trans: Floats,
    hazards: Floats,
    b: Floats,
    weights: Floats,
    offsets: Ints,
    posterior: Floats,
    scale: Floats,
    trusted: Any,
    starts: Floats,
    transitions: Floats,
    exits: Floats,
    stays: Floats,
) -> None:
    n_states, n_ages = hazards.shape
    alpha = np.empty(((offsets[1:] - offsets[:-1]).max(), n_states, n_ages))
    beta, u = np.empty((n_states, n_ages)), np.empty((n_states, n_ages))
    counts = (np.empty_like(transitions), np.empty_like(exits), np.empty_like(stays))
    for s in range(len(offsets) - 1):
        first, n_steps = offsets[s], offsets[s + 1] - offsets[s]
        trusted[s] = True
        for t in range(n_steps):
            if t == 0:
                total = _first(start, b[first], alpha[0])
            else:
                total = _advance(trans, hazards, b[first + t], alpha[t - 1], alpha[t])
            if not total > TRUSTED:
                trusted[s] = False
                break
            scale[first + t] = total
            for k in range(n_states):
                for i in range(n_ages):
                    alpha[t, k, i] /= total
        for found in counts:
            found[:] = 0.0
        beta[:] = 1.0
        for t in range(n_steps - 1, -1, -1):
            if not trusted[s]:
                break
            step, largest = first + t, 0.0
            for k in range(n_states):
                seen = 0.0
                for i in range(n_ages):
                    seen += alpha[t, k, i] * beta[k, i]
                    u[k, i] = b[step, k] * beta[k, i] / scale[step]
                    largest = max(largest, u[k, i])
                posterior[step, k] = seen
            if not largest < 1.0 / TRUSTED:
                trusted[s] = False
            elif t > 0:
                _back(trans, hazards, alpha[t - 1], u, weights[step], beta, *counts)
        if trusted[s]:
            for k in range(n_states):
                for i in range(n_ages):
                    starts[k, i] += weights[first] * alpha[0, k, i] * beta[k, i]
            transitions += counts[0]
            exits += counts[1]
            stays += counts[2]
        else:
            scale[first : first + n_steps] = 1.0


@njit(cache=True, nogil=True)
def _back(
    trans: Floats,
    hazards: Floats,
    alpha: Floats,
    u: Floats,
    weight: float,
    beta: Floats,
    transitions: Floats,
    exits: Floats,
    stays: Floats,
) -> None:
    """Write what is ahead of each sub-state a step earlier, and count what this step's move says."""
    n_states, n_ages = hazards.shape
    for k in range(n_states):
        gone = 0.0
        for j in range(n_states):
            gone += trans[k, j] * u[j, 0]
        left = 0.0
        for i in range(n_ages):
            stay = (1.0 - hazards[k, i]) * u[k, min(i + 1, n_ages - 1)]
            go = hazards[k, i] * gone
            beta[k, i] = go + stay
            exits[k, i] += weight * alpha[k, i] * go
            stays[k, i] += weight * alpha[k, i] * stay
            left += alpha[k, i] * hazards[k, i]
        for j in range(n_states):
            transitions[k, j] += weight * left * trans[k, j] * u[j, 0]
