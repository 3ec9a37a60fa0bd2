"""The exact gradient of the loss of predictions through the forward filter, compiled.

With pi[t] = p(z[t] | x[..t-1]), b[t] how well step t fits the states and u[t] = pi[t] b[t], the filter is

    p[t] = sum_k u[t, k],    alpha[t] = u[t] / p[t],    pi[t + 1] = alpha[t] A,

and the loss sum_t -w[t] log p[t]. Let a[t] be its derivative by alpha[t], from the steps after t. Backwards,

    du[t] = (a[t] - a[t] . alpha[t] - w[t]) / p[t],    dpi[t] = du[t] b[t],    a[t - 1] = A dpi[t],

and A gathers the outer products of alpha[t - 1] and dpi[t], b[t] gathers du[t] pi[t]: reverse accumulation,
by hand, at the cost of two passes, as one iteration of EM.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from seqcompare.typing import Floats, Ints

# A step less probable than this is passed over, as if it were missing: its gradient would be noise.
_SMALLEST = 1e-280


@njit(cache=True, nogil=True)
def weighted_loss(start: Floats, trans: Floats, b: Floats, weights: Floats, offsets: Ints) -> float:
    """Return the sum of ``-w[t] log p(x[t] | x[..t-1])`` over all steps, in nats.

    Parameters
    ----------
    start, trans : ndarray of shape (K,) and (K, K)
        Probabilities of the first state, and of the next state (column) after a state (row).
    b : ndarray of shape (n_steps, K)
        How well each step fits each state.
    weights : ndarray of shape (n_steps,)
        What each step counts for.
    offsets : ndarray of int64, shape (n + 1,)
        Where each sequence starts.
    """
    n_states = len(start)
    ahead, u = np.empty(n_states), np.empty(n_states)
    loss = 0.0
    for s in range(len(offsets) - 1):
        ahead[:] = start
        for t in range(offsets[s], offsets[s + 1]):
            p = 0.0
            for k in range(n_states):
                u[k] = ahead[k] * b[t, k]
                p += u[k]
            if p > _SMALLEST:
                loss -= weights[t] * np.log(p)
            else:
                loss -= weights[t] * np.log(_SMALLEST)
                u[:] = ahead
                p = u.sum()
            ahead[:] = 0.0
            for i in range(n_states):
                share = u[i] / p
                for j in range(n_states):
                    ahead[j] += share * trans[i, j]
    return loss


@njit(cache=True, nogil=True)
def loss_gradient(
    start: Floats,
    trans: Floats,
    b: Floats,
    weights: Floats,
    offsets: Ints,
    d_start: Floats,
    d_trans: Floats,
    d_log_b: Floats,
) -> float:
    """Return `weighted_loss`; add its derivatives by `start` and `trans`, write that by the log of `b`."""
    n_states = len(start)
    longest = (offsets[1:] - offsets[:-1]).max()
    alpha, pi = np.empty((longest, n_states)), np.empty((longest, n_states))
    p = np.empty(longest)
    a, d_pi = np.empty(n_states), np.empty(n_states)
    loss = 0.0
    for s in range(len(offsets) - 1):
        first, n_steps = offsets[s], offsets[s + 1] - offsets[s]
        for t in range(n_steps):
            if t == 0:
                pi[0] = start
            else:
                pi[t] = 0.0
                for i in range(n_states):
                    for j in range(n_states):
                        pi[t, j] += alpha[t - 1, i] * trans[i, j]
            p[t] = 0.0
            for k in range(n_states):
                alpha[t, k] = pi[t, k] * b[first + t, k]
                p[t] += alpha[t, k]
            if p[t] > _SMALLEST:
                loss -= weights[first + t] * np.log(p[t])
                for k in range(n_states):
                    alpha[t, k] /= p[t]
            else:
                loss -= weights[first + t] * np.log(_SMALLEST)
                p[t] = 0.0
                alpha[t] = pi[t]
        a[:] = 0.0
        for t in range(n_steps - 1, -1, -1):
            step = first + t
            if p[t] > 0.0:
                common = weights[step]
                for k in range(n_states):
                    common += a[k] * alpha[t, k]
                for k in range(n_states):
                    du = (a[k] - common) / p[t]
                    d_pi[k] = du * b[step, k]
                    d_log_b[step, k] = du * b[step, k] * pi[t, k]
            else:
                d_pi[:] = a
                d_log_b[step] = 0.0
            if t == 0:
                d_start += d_pi
                break
            for i in range(n_states):
                a[i] = 0.0
                for j in range(n_states):
                    a[i] += trans[i, j] * d_pi[j]
                    d_trans[i, j] += alpha[t - 1, i] * d_pi[j]
    return loss
