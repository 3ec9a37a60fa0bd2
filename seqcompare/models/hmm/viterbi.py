"""The most probable path of states (Viterbi 1967), compiled: the numbers and the ties are hmmlearn's.

Arrays of the kernels, for K states, and n sequences of N steps together:

===============  ======  ====================================================================================
start, trans     (K, K)  p of the first state, (K,), and of the next state (column) after a state (row)
log_start        (K,)    log p of the first state
log_trans        (K, K)  log p of the next state after a state
log_into         (K, K)  its transpose: a row has all ways into one state
best             (N, K)  at first log p of each step in each state, then of the best path that ends there
offsets          (n+1,)  where each sequence starts
path             (N,)    the states found
log_probability  (n,)    of each sequence's path
===============  ======  ====================================================================================
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.models.hmm.recursions import Likelihood, Offsets
from seqcompare.typing import Floats, Ints

_FEW = 24  # states for which one after the other is faster than all of them in vector registers


def best_path(
    start: Floats, trans: Floats, fit: Likelihood, offsets: Offsets
) -> tuple[NDArray[np.int64], Floats]:
    """Return the most probable states (Viterbi), shape (n_steps,), and each path's log-probability, (n,).

    A step that no state allows is passed over as if it were missing; the log-probability is then -inf.
    """
    best = fit.log_of(slice(None))
    path, log_probability = np.empty(len(best), dtype=np.int64), np.empty(len(offsets) - 1)
    _find_paths(start, trans, best, offsets, path, log_probability)
    return path, log_probability + np.add.reduceat(fit.shift, offsets[:-1])


@njit(cache=True, nogil=True)
def _find_paths(
    start: Floats, trans: Floats, best: Floats, offsets: Ints, path: Ints, log_probability: Floats
) -> None:
    log_start, log_trans = np.log(start), np.log(trans)
    log_into = np.ascontiguousarray(log_trans.T)
    for s in range(len(offsets) - 1):
        first, end = offsets[s], offsets[s + 1]
        rows = best[first:end]
        done = _ahead_of_few(log_start, log_into, rows) if len(log_start) <= _FEW else 0
        possible = _ahead(log_start, log_trans, rows, done)
        state = rows[-1].argmax()
        log_probability[s] = rows[-1, state] if possible else -np.inf
        path[end - 1] = state
        _back(log_into, rows, path[first:end])


@njit(cache=True, nogil=True)
def _ahead_of_few(log_start: Floats, log_into: Floats, best: Floats) -> int:
    """Fill `best`, one state after the other; return the first step that no state allows, or their number."""
    for t in range(len(best)):
        before, now = best[t - 1], best[t]
        most = -np.inf
        for j in range(len(now)):
            into, top = log_into[j], log_start[j] if t == 0 else -np.inf
            if t > 0:
                for i in range(len(now)):
                    top = max(top, before[i] + into[i])
            now[j] += top
            most = max(most, now[j])
        if most == -np.inf:
            return t
    return len(best)


@njit(cache=True, nogil=True)
def _ahead(log_start: Floats, log_trans: Floats, best: Floats, done: int) -> bool:
    """Fill `best` after `done` steps, states in vector registers; return whether all steps are possible."""
    reach, possible = np.empty(len(log_start)), True
    for t in range(done, len(best)):
        now = best[t]
        if t == 0:
            reach[:] = log_start
        else:
            before = best[t - 1]
            reach[:] = -np.inf
            for i in range(len(reach)):
                p, out_of = before[i], log_trans[i]
                for j in range(len(reach)):
                    candidate = p + out_of[j]
                    if candidate > reach[j]:
                        reach[j] = candidate
        most = -np.inf
        for j in range(len(reach)):
            most = max(most, reach[j] + now[j])
        if most > -np.inf:
            for j in range(len(reach)):
                now[j] += reach[j]
        else:
            now[:] = reach
            possible = False
    return possible


@njit(cache=True, nogil=True)
def _back(log_into: Floats, best: Floats, path: Ints) -> None:
    """Find the way back from the last state, which is cheaper than to write it down on the way ahead."""
    state = path[-1]
    for t in range(len(path) - 2, -1, -1):
        into, top = log_into[state], -np.inf
        for i in range(len(into)):
            candidate = best[t, i] + into[i]
            if candidate >= top:  # of equals the last, as hmmlearn has it
                state, top = i, candidate
        path[t] = state
