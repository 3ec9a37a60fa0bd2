"""The compiled loop of a reservoir."""

from __future__ import annotations

import math

from seqcompare.models.recurrent.kernels import compiled
from seqcompare.typing import Floats, Ints


@compiled
def run(
    given: Floats,
    index: Ints,
    bias: Floats,
    sources: Ints,
    weights: Floats,
    leak: Floats,
    squash: bool,
    first: Ints,
    h: Floats,
    states: Floats,
) -> None:
    """Run h = (1 - a) h + a f(x + b + W h) over the steps of sequences that stand end to end.

    Parameters
    ----------
    given, index : ndarray, shape (m, N) and (n_steps,)
        What comes in: the row of `given` that is `index` at each step, x V.
    bias : ndarray, shape (N,)
        b.
    sources, weights : ndarray, shape (N, k)
        W by rows: the units that each unit listens to, and how much.
    leak : ndarray, shape (N,)
        a.
    squash : bool
        Whether f is tanh, else the identity.
    first : ndarray of bool, shape (n_steps,)
        Where a sequence begins, and so h from 0.
    h : ndarray, shape (N,)
        The state before the first step; afterwards, after the last.
    states : ndarray, shape (n_steps, N or more)
        Filled with the state after each step, in its first columns.
    """
    N, k = weights.shape
    for t in range(len(index)):
        if first[t]:
            h[:] = 0.0
        x, new = given[index[t]], states[t]
        # all units listen to the state before the step, which must therefore stand until the last has
        for i in range(N):
            z = x[i] + bias[i]
            for j in range(k):
                z += weights[i, j] * h[sources[i, j]]
            new[i] = z
        for i in range(N):
            f = math.tanh(new[i]) if squash else new[i]
            h[i] += leak[i] * (f - h[i])
            new[i] = h[i]
