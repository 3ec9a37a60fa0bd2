"""Forward and backward over many sequences side by side, compiled: vectors hold a step of several sequences.

One sequence is a chain of dependent steps, which a processor mostly waits for. Sequences do not wait for each
other, so loops over them, the innermost here, run in vector registers. States are counted in fours, the last
of which may be of probability zero, so that a loop does enough to be worth its start.

What a step shows is a code, and how well codes fit states a table: of symbols, a row each; of other
observations, a row for each step. Expected counts come back by code, so that of symbols nothing is ever held
step by step.

Arrays of the kernels, for K states in fours, L sequences at a time, and T steps of the longest of them:

================  =============  =====================================================================
start, trans      (K,), (K, K)   probabilities of the first state, and of the next (column) after one (row)
table, codes      (S, k), (N,)   how well each code fits each of the k states there are; codes of all steps
weights           (N,)           what a step counts for among first states, and in pairs as the second of two;
                                 or none, for 1 each
counts            (S, k)         expected steps by code and state, added to
pairs             (K, K)         expected transitions over `trans`, added to
b                 (T, K, L)      how well steps fit states; on the way back, what a step and those after it
                                 tell of the state before
alpha             (T, K, L)      p(state | steps so far); on the way back, p(state | all steps)
inverse           (T, L)         1 / p(step | steps before)
beta              (K + 1, L)     what the steps after tell of the state; zeros in the last row
weight            (L,)           weights of the steps at a time
partial           (2, L)         zeros; a sum that is not complete yet
log_p, p          (L,)           log-likelihood of the steps so far, but for the factor p
length, at        (L,)           steps of a sequence, the longest first, and where its codes begin
trusted           (n,)           whether a sequence stayed in range; if not, it adds to nothing
================  =============  =====================================================================
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.typing import Floats, Ints

# Below this share of probability a step's scaling is no longer trusted: what the step loses to underflow, at
# most 1e-308, is then 1e-163 of what is left. Nor is a way back on which a state counts for more than the
# inverse: so what only a lost state explains later is at most 1e-18 of all.
TRUSTED = 1e-145
# Sums may be reordered and fused, which lets loops run in vector registers; NaN and inf keep their meaning.
FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
# Fewer sequences do not fill the registers, and sums over more states fill them by themselves.
_LEAST_SEQUENCES = 16
_MOST_STATES = 12
# Sequences at a time, if what is held of them is no more than so many numbers, which stay in the cache.
_LANES = 64
_HELD = 1 << 18
# A product of probabilities goes into its logarithm before it leaves this range.
_SMALL, _LARGE = 1e-100, 1e100


class Counted(NamedTuple):
    """What the states are expected to have done.

    Attributes
    ----------
    log_likelihood : ndarray of shape (n,)
        Log-likelihood of each sequence in nats.
    counts : ndarray of shape (n_codes, K)
        Expected steps of each code in each state.
    start : ndarray of shape (K,)
        Expected number of sequences that start in a state.
    transitions : ndarray of shape (K, K)
        Expected number of transitions from one state (row) to another.
    trusted : ndarray of bool, shape (n,)
        Whether a sequence stayed in range; what did not is in none of the sums.
    """

    log_likelihood: Floats
    counts: Floats
    start: Floats
    transitions: Floats
    trusted: NDArray[np.bool_]


def pays(n_states: int, offsets: NDArray[np.int64]) -> bool:
    """Whether sequences side by side are sooner done than one by one; their sizes alone decide."""
    if len(offsets) <= _LEAST_SEQUENCES or n_states > _MOST_STATES:
        return False
    return _n_lanes(n_states, int(np.diff(offsets).max())) >= _LEAST_SEQUENCES


def count_states(
    start: Floats,
    trans: Floats,
    table: Floats,
    codes: NDArray[np.int64],
    offsets: NDArray[np.int64],
    weights: Floats | None = None,
) -> Counted:
    """Run forward and backward over all sequences.

    Parameters
    ----------
    start, trans : ndarray of shape (K,) and (K, K)
        Probabilities of the first state, and of the next state (column) after a state (row).
    table : ndarray of shape (n_codes, K)
        How well each code fits each state.
    codes : ndarray of shape (n_steps,)
        What is seen at each step.
    offsets : ndarray of shape (n + 1,)
        Where each sequence starts.
    weights : ndarray of shape (n_steps,), optional
        What a step counts for in `start` and, as the second of its two, in `transitions`; by default 1. All
        steps count for one in `counts`.
    """
    n_states, n, length = len(start), len(offsets) - 1, np.diff(offsets)
    padded = _in_fours(n_states)
    all_start, all_trans = np.zeros(padded), np.zeros((padded, padded))
    all_start[:n_states] = start
    all_trans[:n_states, :n_states] = trans
    log_likelihood, trusted = np.zeros(n), np.ones(n, dtype=np.bool_)
    counts, first, pairs = np.zeros_like(table), np.zeros(padded), np.zeros((padded, padded))
    n_lanes = min(_n_lanes(n_states, int(length.max())), n)
    longest_first = np.argsort(-length, kind="stable")
    _count_all(
        all_start,
        all_trans,
        table,
        codes,
        offsets,
        np.empty(0) if weights is None else weights,
        longest_first,
        n_lanes,
        counts,
        first,
        pairs,
        log_likelihood,
        trusted,
    )
    transitions = pairs[:n_states, :n_states] * trans
    return Counted(log_likelihood, counts, first[:n_states], transitions, trusted)


def _in_fours(n_states: int) -> int:
    return -(-n_states // 4) * 4


def _n_lanes(n_states: int, longest: int) -> int:
    return min(_LANES, _HELD // (2 * _in_fours(n_states) * longest))


@njit(cache=True, nogil=True, fastmath=FASTMATH, error_model="numpy")
def _count_all(
    start: Floats,
    trans: Floats,
    table: Floats,
    codes: Ints,
    offsets: Ints,
    weights: Floats,
    order: Ints,
    n_lanes: int,
    counts: Floats,
    first: Floats,
    pairs: Floats,
    log_likelihood: Floats,
    trusted: Any,
) -> None:
    n_states, longest = len(start), offsets[order[0] + 1] - offsets[order[0]]
    alpha = np.empty((longest, n_states, n_lanes))
    b = np.zeros((longest, n_states, n_lanes))
    inverse = np.empty((longest, n_lanes))
    log_p = np.empty(n_lanes)
    at, length, who = np.empty((3, n_lanes), dtype=np.int64)
    for begin in range(0, len(order), n_lanes):
        n = 0
        for one in order[begin : begin + n_lanes]:
            at[n], length[n], who[n] = offsets[one], offsets[one + 1] - offsets[one], one
            n += 1
        while n > 0:
            _forward(start, trans, table, codes, at, length, n, alpha, b, inverse, log_p, trusted, who)
            kept = _kept(n, at, length, who, trusted)
            if kept == n:
                _backward(trans, weights, at, length, n, alpha, b, inverse, pairs, trusted, who)
                kept = _kept(n, at, length, who, trusted)
            if kept == n:
                break
            # without those that left the range, and from the start: their neighbours are as they were
            n = kept
        if n > 0:
            for s in range(n):
                log_likelihood[who[s]] = log_p[s]
            _add_up(alpha, codes, weights, at, length, n, counts, first)


@njit(cache=True, nogil=True)
def _kept(n: int, at: Ints, length: Ints, who: Ints, trusted: Any) -> int:
    """Move what is trusted to the front; return how many there are."""
    kept = 0
    for s in range(n):
        if trusted[who[s]]:
            at[kept], length[kept], who[kept] = at[s], length[s], who[s]
            kept += 1
    return kept


@njit(cache=True, nogil=True, fastmath=FASTMATH, error_model="numpy")
def _forward(
    start: Floats,
    trans: Floats,
    table: Floats,
    codes: Ints,
    at: Ints,
    length: Ints,
    n: int,
    alpha: Floats,
    b: Floats,
    inverse: Floats,
    log_p: Floats,
    trusted: Any,
    who: Ints,
) -> None:
    n_states, n_lanes = len(start), len(log_p)
    partial = np.zeros((2, n_lanes))
    p, next_p = np.ones(n_lanes), np.ones(n_lanes)
    log_p[:] = 0.0
    going = n
    for t in range(length[0]):
        while length[going - 1] <= t:
            going -= 1
        for s in range(going):
            code = codes[at[s] + t]
            inverse[t, s] = 0.0
            for j in range(table.shape[1]):
                b[t, j, s] = table[code, j]
        for j in range(n_states):
            if t == 0:
                w = start[j]
                for s in range(going):
                    x = w * b[t, j, s]
                    alpha[t, j, s] = x
                    inverse[t, s] += x
                continue
            row = 0
            for i in range(0, n_states - 4, 4):
                w0, w1, w2, w3 = trans[i, j], trans[i + 1, j], trans[i + 2, j], trans[i + 3, j]
                for s in range(going):
                    partial[1, s] = (
                        partial[row, s]
                        + alpha[t - 1, i, s] * w0
                        + alpha[t - 1, i + 1, s] * w1
                        + alpha[t - 1, i + 2, s] * w2
                        + alpha[t - 1, i + 3, s] * w3
                    )
                row = 1
            i = n_states - 4
            w0, w1, w2, w3 = trans[i, j], trans[i + 1, j], trans[i + 2, j], trans[i + 3, j]
            for s in range(going):
                x = b[t, j, s] * (
                    partial[row, s]
                    + alpha[t - 1, i, s] * w0
                    + alpha[t - 1, i + 1, s] * w1
                    + alpha[t - 1, i + 2, s] * w2
                    + alpha[t - 1, i + 3, s] * w3
                )
                alpha[t, j, s] = x
                inverse[t, s] += x
        n_far = 0
        for s in range(going):
            next_p[s] = p[s] * inverse[t, s]
            n_far += not _SMALL < next_p[s] < _LARGE
        if n_far > 0:
            for s in range(going):
                if not _SMALL < next_p[s] < _LARGE:
                    if not inverse[t, s] > TRUSTED:
                        trusted[who[s]] = False
                        inverse[t, s] = 1.0
                    log_p[s] += np.log(p[s]) + np.log(inverse[t, s])
                    next_p[s] = 1.0
        for s in range(going):
            p[s] = next_p[s]
            inverse[t, s] = 1.0 / inverse[t, s]
        for j in range(n_states):
            for s in range(going):
                alpha[t, j, s] *= inverse[t, s]
    for s in range(n):
        log_p[s] += np.log(p[s])


@njit(cache=True, nogil=True, fastmath=FASTMATH, error_model="numpy")
def _backward(
    trans: Floats,
    weights: Floats,
    at: Ints,
    length: Ints,
    n: int,
    alpha: Floats,
    b: Floats,
    inverse: Floats,
    pairs: Floats,
    trusted: Any,
    who: Ints,
) -> None:
    n_states, n_lanes = len(trans), inverse.shape[1]
    beta = np.ones((n_states + 1, n_lanes))
    beta[n_states] = 0.0
    found = np.zeros_like(pairs)
    weight = np.ones(n_lanes)
    going = 0
    for t in range(length[0] - 1, -1, -1):
        while going < n and length[going] > t:
            going += 1
        total = 0.0
        for j in range(n_states):
            for s in range(going):
                x = b[t, j, s] * beta[j, s] * inverse[t, s]
                b[t, j, s] = x
                total += x
                alpha[t, j, s] *= beta[j, s]
        if t == 0:
            break
        if not total < 1.0 / TRUSTED:
            for s in range(going):
                for j in range(n_states):
                    if not b[t, j, s] < 1.0 / (TRUSTED * n_states * n_lanes):
                        trusted[who[s]] = False
            return
        if len(weights) > 0:
            for s in range(going):
                weight[s] = weights[at[s] + t]
        for i in range(n_states):
            for j in range(0, n_states, 4):
                row = n_states if j == 0 else i
                w0, w1, w2, w3 = trans[i, j], trans[i, j + 1], trans[i, j + 2], trans[i, j + 3]
                sum0 = sum1 = sum2 = sum3 = 0.0
                for s in range(going):
                    a = alpha[t - 1, i, s] * weight[s]
                    ahead0, ahead1 = b[t, j, s], b[t, j + 1, s]
                    ahead2, ahead3 = b[t, j + 2, s], b[t, j + 3, s]
                    sum0 += a * ahead0
                    sum1 += a * ahead1
                    sum2 += a * ahead2
                    sum3 += a * ahead3
                    beta[i, s] = beta[row, s] + ahead0 * w0 + ahead1 * w1 + ahead2 * w2 + ahead3 * w3
                found[i, j] += sum0
                found[i, j + 1] += sum1
                found[i, j + 2] += sum2
                found[i, j + 3] += sum3
    pairs += found


@njit(cache=True, nogil=True)
def _add_up(
    alpha: Floats,
    codes: Ints,
    weights: Floats,
    at: Ints,
    length: Ints,
    n: int,
    counts: Floats,
    first: Floats,
) -> None:
    for s in range(n):
        weight = weights[at[s]] if len(weights) > 0 else 1.0
        for j in range(alpha.shape[1]):
            first[j] += alpha[0, j, s] * weight
    going = n
    for t in range(length[0]):
        while length[going - 1] <= t:
            going -= 1
        for s in range(going):
            code = codes[at[s] + t]
            for j in range(counts.shape[1]):
                counts[code, j] += alpha[t, j, s]
