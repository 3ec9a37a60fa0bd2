"""The recursions of a hidden Markov model over ragged sequences, compiled.

They are Rabiner's (1989, A tutorial on hidden Markov models), with his scaling; where that runs out of range,
the sequence is done again in logarithms. Many sequences of few states go through `lanes`, side by side.

Arrays of the kernels, for K states, and n sequences of N steps together:

================  ========  =============================================================================
start             (K,)      probabilities of the first state
trans, trans_t    (K, K)    of the next state (column) after a state (row), and their transpose
b, log_b          (N, K)    how well each step fits each state, `Likelihood.relative`, and its logarithm
offsets           (n + 1,)  where each sequence starts
alpha, log_alpha  (N, K)    p(state | steps so far); log p(state, steps so far)
scale             (N,)      p(step | steps before), as `relative` is scaled; 1 where it is not trusted
trusted           (n,)      whether a sequence stayed in range
ahead             (N, K)    what a step and those after it tell of the state before; 0 at first steps
log_beta          (N, K)    log p(steps after | state)
posterior         (N, K)    p(state | all steps)
after, back       (K,)      what comes after the last step tells of its state; what all tell of the first
pairs             (K, K)    expected transitions, added to
================  ========  =============================================================================
"""

from __future__ import annotations

from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.models.hmm.lanes import FASTMATH, TRUSTED, count_states, pays
from seqcompare.models.hmm.underflow import NEVER, distrust_losses
from seqcompare.typing import Floats, Ints

MANY = 32  # states from which on it is worth looking which of them are possible at all

Offsets = NDArray[np.int64]


class Likelihood(NamedTuple):
    """How well each step fits each state.

    Attributes
    ----------
    relative : ndarray of shape (n_steps, K)
        Likelihood of the step in a state over ``exp(shift)``, what all states share; so it stays in range.
    shift : ndarray of shape (n_steps,)
        Logarithm of what was taken out.
    log : ndarray of shape (n_steps, K) or None
        Logarithm of `relative`, where that may have underflowed.
    """

    relative: Floats
    shift: Floats
    log: Floats | None = None

    @classmethod
    def from_log(cls, log_likelihood: Floats) -> Likelihood:
        """Take out of each step's log-likelihoods, shape (n_steps, K), the largest."""
        # NumPy is slow along a short axis, and states are few
        shift = reduce(np.maximum, log_likelihood.T)
        log = log_likelihood - shift[:, None]
        return cls(np.exp(log), shift, log)

    def log_of(self, steps: slice) -> Floats:
        """Return the logarithm of `relative` at some steps, a copy."""
        return _log(self.relative[steps]) if self.log is None else self.log[steps].copy()


class Expected(NamedTuple):
    """What the states are expected to have done, given all observations.

    Attributes
    ----------
    log_likelihood : ndarray of shape (n,)
        Log-likelihood of each sequence in nats; -inf where the model rules it out.
    posterior : ndarray of shape (n_steps, K)
        p(z[t] = k | x), the whole sequence given.
    start : ndarray of shape (K,)
        Expected number of sequences that start in a state.
    transitions : ndarray of shape (K, K)
        Expected number of transitions from one state (row) to another.
    """

    log_likelihood: Floats
    posterior: Floats
    start: Floats
    transitions: Floats


def filter_states(start: Floats, trans: Floats, fit: Likelihood, offsets: Offsets) -> tuple[Floats, Floats]:
    """Return the log-likelihood of each sequence, shape (n,), and p(z[t] = k | x[..t]), shape (n_steps, K).

    A step that no state allows makes the log-likelihood -inf and is then passed over as if it were missing.

    Parameters
    ----------
    start, trans : ndarray of shape (K,) and (K, K)
        Probabilities of the first state, and of the next state (column) after a state (row).
    fit : Likelihood
        How well each step fits each state.
    offsets : ndarray of shape (n + 1,)
        Where each sequence starts.
    """
    alpha = np.empty_like(fit.relative)
    scale = np.empty(len(alpha))
    trusted = np.empty(len(offsets) - 1, dtype=np.bool_)
    _forward_all(start, np.ascontiguousarray(trans.T), fit.relative, offsets, alpha, scale, trusted)
    allowed = (fit.relative, 0.0) if fit.log is None else (fit.log, NEVER)
    distrust_losses(start, trans, fit.relative, *allowed, offsets, alpha, scale, trusted)
    log_likelihood = _sum_logs(scale, fit.shift, offsets)
    for s in np.flatnonzero(~trusted):
        steps = slice(offsets[s], offsets[s + 1])
        log_b = fit.log_of(steps)
        log_alpha = np.empty_like(log_b)
        log_likelihood[s] += _log_forward(_log(start), _log(trans), log_b, log_alpha)
        alpha[steps] = _from_logs(log_alpha)
    return log_likelihood, alpha


def expect_states(
    start: Floats,
    trans: Floats,
    fit: Likelihood,
    offsets: Offsets,
    weights: Floats | None = None,
    *,
    after: Floats | None = None,
    back: Floats | None = None,
) -> Expected:
    """Run forward and backward over all sequences.

    Parameters
    ----------
    start, trans, fit, offsets
        As in `filter_states`.
    weights : ndarray of shape (n_steps,), optional
        What a step counts for in `start` and, as the second of its two, in `transitions`; by default 1.
    after : ndarray of shape (K,), optional
        What is told of the states at the last step of one sequence by what comes after it; by default 1.
    back : ndarray of shape (K,), optional
        Written to: what its first step, and all after it, tell of the states there; of any scale.
    """
    if after is None and back is None and pays(len(start), offsets):
        return _expect_in_lanes(start, trans, fit, offsets, weights)
    after = np.ones(len(start)) if after is None else after
    back = np.empty(len(start)) if back is None else back
    alpha, ahead, posterior = (np.empty_like(fit.relative) for _ in range(3))
    scale = np.empty(len(alpha))
    trusted = np.empty(len(offsets) - 1, dtype=np.bool_)
    trans_t = np.ascontiguousarray(trans.T)
    _forward_all(start, trans_t, fit.relative, offsets, alpha, scale, trusted)
    _backward_all(trans, fit.relative, offsets, alpha, scale, trusted, ahead, posterior, after, back)
    first = posterior[offsets[:-1]]
    if weights is not None:
        ahead *= weights[:, None]
        first = first * weights[offsets[:-1], None]
    # what crosses from one sequence to the next is zero in `ahead`
    transitions = (alpha[:-1].T @ ahead[1:]) * trans
    found = Expected(_sum_logs(scale, fit.shift, offsets), posterior, first.sum(axis=0), transitions)
    if not trusted.all():
        _expect_in_logs(start, trans, fit, offsets, weights, np.flatnonzero(~trusted), found, after, back)
    return found


def _expect_in_lanes(
    start: Floats, trans: Floats, fit: Likelihood, offsets: Offsets, weights: Floats | None
) -> Expected:
    steps = np.arange(len(fit.relative))
    log_likelihood, posterior, first, transitions, trusted = count_states(
        start, trans, fit.relative, steps, offsets, weights
    )
    log_likelihood += np.add.reduceat(fit.shift, offsets[:-1])
    found = Expected(log_likelihood, posterior, first, transitions)
    if not trusted.all():
        after, back = np.ones(len(start)), np.empty(len(start))
        _expect_in_logs(start, trans, fit, offsets, weights, np.flatnonzero(~trusted), found, after, back)
    return found


def _expect_in_logs(
    start: Floats,
    trans: Floats,
    fit: Likelihood,
    offsets: Offsets,
    weights: Floats | None,
    sequences: NDArray[np.intp],
    found: Expected,
    after: Floats,
    back: Floats,
) -> None:
    """Add to `found` what some sequences come to in logarithms; write `back`."""
    for s in sequences:
        steps = slice(offsets[s], offsets[s + 1])
        log_b = fit.log_of(steps)
        log_alpha, log_beta = np.empty_like(log_b), np.zeros_like(log_b)
        log_beta[-1] = _log(after)
        found.log_likelihood[s] += _log_forward(_log(start), _log(trans), log_b, log_alpha)
        weight = np.ones(len(log_b)) if weights is None else weights[steps]
        _log_backward(_log(trans), log_b, log_alpha, log_beta, weight, found.transitions)
        back[:] = _from_logs((log_b[0] + log_beta[0])[None])[0]
        found.posterior[steps] = _from_logs(log_alpha + log_beta)
        found.start[:] += found.posterior[offsets[s]] * weight[0]


@njit(cache=True, nogil=True)
def add_rows(codes: Ints, rows: Floats, sums: Floats) -> None:
    """Add each row, shape (n_steps, K), to that of `sums`, (n_codes, K), which its code names, if any."""
    for t in range(len(codes)):
        if codes[t] < len(sums):
            for k in range(rows.shape[1]):
                sums[codes[t], k] += rows[t, k]


def _sum_logs(scale: Floats, shift: Floats, offsets: NDArray[np.int64]) -> Floats:
    return np.asarray(np.add.reduceat(np.log(scale) + shift, offsets[:-1]))


def _log(p: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.log(p)


def _from_logs(log_p: Floats) -> Floats:
    p = np.exp(log_p - log_p.max(axis=1, keepdims=True))
    return np.asarray(p / p.sum(axis=1, keepdims=True))


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _forward_all(
    start: Floats,
    trans_t: Floats,
    b: Floats,
    offsets: Ints,
    alpha: Floats,
    scale: Floats,
    trusted: Any,
) -> None:
    # a step waits for the one before it, and a processor with it: so two sequences go on in turn
    n_states, n = len(start), len(offsets) - 1
    live = np.empty(n_states, np.int64)  # states that the step before allows, where they are looked for
    for one in range(0, n, 2):
        other = min(one + 1, n - 1)
        trusted[one : other + 1] = True
        for place in range(max(offsets[one + 1] - offsets[one], offsets[other + 1] - offsets[other])):
            for s in range(one, other + 1):
                t = offsets[s] + place
                if t >= offsets[s + 1]:
                    continue
                total = 0.0
                n_live = n_states
                if place and n_states >= MANY:
                    n_live = 0
                    for i in range(n_states):
                        live[n_live] = i
                        n_live += alpha[t - 1, i] > 0.0
                few = n_live * 8 < n_states
                for j in range(n_states):
                    p = 0.0
                    if place == 0:
                        p = start[j]
                    elif few:
                        if b[t, j] > 0.0:
                            for k in range(n_live):
                                p += alpha[t - 1, live[k]] * trans_t[j, live[k]]
                    else:
                        for i in range(n_states):
                            p += alpha[t - 1, i] * trans_t[j, i]
                    p *= b[t, j]
                    alpha[t, j] = p
                    total += p
                if not total > TRUSTED:
                    trusted[s] = False
                    total = 1.0
                scale[t] = total
                share = 1.0 / total
                for j in range(n_states):
                    alpha[t, j] *= share
        for s in range(one, other + 1):
            if not trusted[s]:
                scale[offsets[s] : offsets[s + 1]] = 1.0


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _backward_all(
    trans: Floats,
    b: Floats,
    offsets: Ints,
    alpha: Floats,
    scale: Floats,
    trusted: Any,
    ahead: Floats,
    posterior: Floats,
    after: Floats,
    back: Floats,
) -> None:
    """Write the posterior, and into ``ahead[t]`` what step t tells of the state before it.

    The first step of a sequence has no state before it here: what it tells is in `back`.
    """
    n_states = len(trans)
    beta = np.empty(n_states)
    for s in range(len(offsets) - 1):
        first, end = offsets[s], offsets[s + 1]
        if trusted[s]:
            beta[:] = after
            for t in range(end - 1, first - 1, -1):
                share = 1.0 / scale[t]
                largest = 0.0
                for j in range(n_states):
                    posterior[t, j] = alpha[t, j] * beta[j]
                    ahead[t, j] = b[t, j] * beta[j] * share
                    largest = max(largest, ahead[t, j])
                if t == first:
                    break
                if not largest < 1.0 / TRUSTED:
                    trusted[s] = False
                    break
                for i in range(n_states):
                    p = 0.0
                    for j in range(n_states):
                        p += trans[i, j] * ahead[t, j]
                    beta[i] = p
        if trusted[s]:
            back[:] = ahead[first]
            ahead[first] = 0.0
        else:
            scale[first:end] = 1.0
            alpha[first:end] = ahead[first:end] = posterior[first:end] = 0.0


@njit(cache=True, nogil=True)
def _log_sum(terms: Floats) -> float:
    top = terms.max()
    if top == -np.inf:
        return top
    return top + np.log(np.exp(terms - top).sum())


@njit(cache=True, nogil=True)
def _log_forward(log_start: Floats, log_trans: Floats, log_b: Floats, log_alpha: Floats) -> float:
    n_steps, n_states = log_b.shape
    possible = True
    for t in range(n_steps):
        for j in range(n_states):
            log_alpha[t, j] = log_start[j] if t == 0 else _log_sum(log_alpha[t - 1] + log_trans[:, j])
        if (log_alpha[t] + log_b[t]).max() > -np.inf:
            log_alpha[t] += log_b[t]
        else:
            # no state allows this step: from here on the sequence is read as if the step were missing
            possible = False
            log_b[t] = 0.0
    return _log_sum(log_alpha[n_steps - 1]) if possible else -np.inf


@njit(cache=True, nogil=True)
def _log_backward(
    log_trans: Floats,
    log_b: Floats,
    log_alpha: Floats,
    log_beta: Floats,
    weights: Floats,
    pairs: Floats,
) -> None:
    n_steps, n_states = log_b.shape
    total = _log_sum(log_alpha[n_steps - 1] + log_beta[n_steps - 1])
    for t in range(n_steps - 2, -1, -1):
        ahead = log_b[t + 1] + log_beta[t + 1]
        for i in range(n_states):
            log_beta[t, i] = _log_sum(log_trans[i] + ahead)
            for j in range(n_states):
                pairs[i, j] += weights[t + 1] * np.exp(log_alpha[t, i] + log_trans[i, j] + ahead[j] - total)
