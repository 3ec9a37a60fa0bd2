"""What automata do along sequences, compiled: beliefs over states, and EM of edges that are shared out."""

from __future__ import annotations

import numpy as np
from numba import njit

from seqcompare.typing import Floats, Ints


@njit(cache=True, nogil=True)
def follow(
    transitions: Ints, fits: Floats, start: Floats, codes: Ints, offsets: Ints, belief: Floats
) -> None:
    """Write the belief over states after each step.

    Parameters
    ----------
    transitions : ndarray of int64, shape (K, S)
        The state after a state reads a symbol; -1 where it never did.
    fits : ndarray of shape (K, S)
        What each symbol says of the state before it: 1 if nothing.
    start : ndarray of shape (K,)
        The belief before the first step, and again after a step that no state reads.
    codes : ndarray of int64, shape (n_steps,)
        The symbols; others are passed over.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    belief : ndarray of shape (n_steps, K)
        Where beliefs go.
    """
    n_states, n_symbols = transitions.shape
    now, new = np.empty(n_states), np.empty(n_states)
    for s in range(len(offsets) - 1):
        now[:] = start
        for t in range(offsets[s], offsets[s + 1]):
            if codes[t] < n_symbols:
                new[:] = 0.0
                for k in range(n_states):
                    after = transitions[k, codes[t]]
                    if after >= 0:
                        new[after] += now[k] * fits[k, codes[t]]
                total = new.sum()
                if total > 1e-300:
                    now[:] = new / total
                else:
                    now[:] = start
            belief[t] = now


@njit(cache=True, nogil=True)
def expect_edges(edges: Floats, start: Floats, codes: Ints, offsets: Ints, counts: Floats) -> None:
    """Add to `counts` how often each edge of a chain that emits on edges is expected to have been taken.

    Parameters
    ----------
    edges : ndarray of shape (K, S, K)
        p(symbol, next state | state).
    start, codes, offsets
        As in `follow`; all codes are symbols.
    counts : ndarray of shape (K, S, K)
        Where they are added.
    """
    n_states = len(start)
    longest = (offsets[1:] - offsets[:-1]).max()
    alpha, scale = np.empty((longest + 1, n_states)), np.empty(longest)
    beta, new = np.empty(n_states), np.empty(n_states)
    for s in range(len(offsets) - 1):
        first, n_steps = offsets[s], offsets[s + 1] - offsets[s]
        alpha[0] = start
        for t in range(n_steps):
            alpha[t + 1] = 0.0
            for i in range(n_states):
                for j in range(n_states):
                    alpha[t + 1, j] += alpha[t, i] * edges[i, codes[first + t], j]
            scale[t] = max(alpha[t + 1].sum(), 1e-300)
            alpha[t + 1] /= scale[t]
        beta[:] = 1.0
        for t in range(n_steps - 1, -1, -1):
            symbol = codes[first + t]
            new[:] = 0.0
            for i in range(n_states):
                for j in range(n_states):
                    way = edges[i, symbol, j] * beta[j] / scale[t]
                    new[i] += way
                    counts[i, symbol, j] += alpha[t, i] * way
            beta[:] = new


@njit(cache=True, nogil=True)
def log_from_each(
    transitions: Ints,
    log_proba: Floats,
    codes: Ints,
    truth: Ints,
    weights: Floats,
    offsets: Ints,
    found: Floats,
) -> None:
    """Write the log-probability of what came in each sequence, from each state that it may start in.

    Parameters
    ----------
    transitions, codes, offsets
        As in `follow`.
    log_proba : ndarray of shape (K, A)
        Logarithms of what each state predicts of the next step.
    truth : ndarray of int64, shape (n_steps,)
        What came; others than the A answers are passed over.
    weights : ndarray of shape (n_steps,)
        What each step counts for.
    found : ndarray of shape (n, K)
        Where it is written.
    """
    n_states, n_symbols = transitions.shape
    for s in range(len(offsets) - 1):
        for first in range(n_states):
            state, total = first, 0.0
            for t in range(offsets[s], offsets[s + 1]):
                if weights[t] > 0.0 and truth[t] < log_proba.shape[1]:
                    total += weights[t] * log_proba[state, truth[t]]
                if codes[t] < n_symbols:
                    after = transitions[state, codes[t]]
                    if after < 0:
                        total += -30.0
                    else:
                        state = after
            found[s, first] = total
