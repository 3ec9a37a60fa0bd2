"""What a way forward loses to underflow, compiled; arrays as in `recursions`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from seqcompare.models.hmm.lanes import FASTMATH
from seqcompare.typing import Floats, Ints

# What a step loses to underflow, at most; states of a share below `_FADED` may have lost something.
_LOST, _FADED = 1e-307, 1e-290
# Lost shares that change nothing: of each state, of all.
_NOTHING = 1e-17
# Logarithms below this stand for zeros.
NEVER = -1e200


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def distrust_losses(
    start: Floats,
    trans: Floats,
    b: Floats,
    allowed: Floats,
    floor: float,
    offsets: Ints,
    alpha: Floats,
    scale: Floats,
    trusted: Any,
) -> None:
    """Trust no sequence of which states that underflow has ended may come to matter later.

    A bound of what is lost goes forward as the states do, until they are more than it, each of them: then
    they stay so, whatever comes. A step allows the states whose `allowed` is above the floor.
    """
    n_states = len(start)
    lost, ahead, come = np.empty(n_states), np.empty(n_states), np.empty(n_states)
    most = 1.0  # of what goes on from a state: more than 1 where weights stand for probabilities
    for i in range(n_states):
        most = max(most, trans[i].sum())
    for s in range(len(offsets) - 1):
        # no share of a state grows by more than this, as no step fits a state better than by 1
        growth = 1.0
        for t in range(offsets[s], offsets[s + 1]):
            growth *= max(1.0, most / scale[t])
        if not trusted[s] or growth < _NOTHING / _LOST / (offsets[s + 1] - offsets[s]):
            continue
        lost[:] = 0.0
        anything = False
        for t in range(offsets[s], offsets[s + 1]):
            faded = anything
            for j in range(n_states):
                faded |= alpha[t, j] < _FADED and allowed[t, j] > floor
            if not faded:
                continue
            ahead[:], come[:] = 0.0, 0.0
            if t == offsets[s]:
                ahead[:] = start
            else:
                for i in range(n_states):
                    share, gone = alpha[t - 1, i], lost[i]
                    for j in range(n_states):
                        ahead[j] += share * trans[i, j]
                        come[j] += gone * trans[i, j]
            matters = False
            for j in range(n_states):
                matters |= come[j] > _NOTHING * ahead[j]
            anything = False
            for j in range(n_states):
                lost[j] = come[j] * b[t, j] / scale[t] if matters else 0.0
                if alpha[t, j] < _FADED and allowed[t, j] > floor and (ahead[j] > 0.0 or come[j] > 0.0):
                    lost[j] += _LOST / scale[t]
                anything |= lost[j] > 0.0
            if lost.sum() > _NOTHING:
                trusted[s] = False
                scale[offsets[s] : offsets[s + 1]] = 1.0
                break
