"""How much of its past input a reservoir holds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from seqcompare.typing import Floats


class MemoryCapacity(NamedTuple):
    """How well past inputs can be read from the present state.

    Attributes
    ----------
    by_delay : ndarray, shape (n_delays,)
        Of the input 0, 1, 2, ... steps ago: the squared correlation with its best linear reconstruction, on
        steps that this was not fitted on.
    total : float
        Their sum: so many past inputs are held. At most the number of units (Jaeger 2002, "Short term memory
        in echo state networks"), but for the error of estimating it.
    """

    by_delay: Floats
    total: float


def memory_capacity(x: Floats, states: Floats, n_delays: int) -> MemoryCapacity:
    """Fit a linear read-out for each delay on the first half of a stream, and ask it about the second half.

    Parameters
    ----------
    x : ndarray, shape (2 T,)
        Independent numbers.
    states : ndarray, shape (2 T, n_units)
        The state after each.
    n_delays : int
        Delays, from 0 on.
    """
    half = len(x) // 2
    delays = np.arange(n_delays)
    fitted, asked = np.arange(n_delays, half), np.arange(half + n_delays, len(x))
    mean = states[fitted].mean(axis=0)
    coef = np.linalg.lstsq(states[fitted] - mean, x[fitted[:, np.newaxis] - delays], rcond=1e-10)[0]
    answers, truth = (states[asked] - mean) @ coef, x[asked[:, np.newaxis] - delays]
    answers, truth = answers - answers.mean(axis=0), truth - truth.mean(axis=0)
    spread = (answers**2).sum(axis=0) * (truth**2).sum(axis=0)
    together = (answers * truth).sum(axis=0) ** 2
    by_delay = np.where(spread > 0, together / np.where(spread > 0, spread, 1.0), 0.0)
    return MemoryCapacity(by_delay, float(by_delay.sum()))
