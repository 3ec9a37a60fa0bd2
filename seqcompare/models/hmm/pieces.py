"""Long sequences a piece at a time, so that memory does not grow with them.

What a piece has to know of the steps before it is the state at their end; of those after it, the message that
they send back. On the way back the states of a piece are found again from those at its start (checkpoints),
which costs a second way forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from seqcompare.models.hmm.recursions import Expected, Likelihood, expect_states, filter_states
from seqcompare.typing import Floats

#: Numbers in an array over the steps and states of what is read at once: 8 MiB.
NUMBERS = 2**20


def cut(offsets: NDArray[np.int64], size: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds of parts of at most `size` steps: whole sequences, or a piece of a longer one."""
    first, n = 0, len(offsets) - 1
    while first < n:
        last = int(np.searchsorted(offsets, offsets[first] + size, side="right")) - 1
        if last > first:
            yield int(offsets[first]), int(offsets[last])
        else:
            last = first + 1
            start, end = int(offsets[first]), int(offsets[last])
            yield from pairwise([*range(start, end, size), end])
        first = last


def expect_pieces(
    start: Floats,
    trans: Floats,
    likelihood: Callable[[int, int], Likelihood],
    bounds: list[tuple[int, int]],
    weights: Floats | None = None,
) -> Iterator[tuple[int, int, Expected]]:
    """Yield what the states of one sequence are expected to have done, a piece at a time, the last one first.

    Added up, that is what `expect_states` returns of the whole; the transition into a piece is counted there.

    Parameters
    ----------
    start, trans
        As in `expect_states`.
    likelihood : callable (a, z) -> Likelihood
        How well the steps from a to z fit each state.
    bounds : list of tuple of int
        Where pieces begin and end.
    weights : ndarray of shape (n_steps,), optional
        What a step counts for, as in `expect_states`; the places of `bounds` are places in it.
    """
    befores, ends = [start], [start]
    for a, z in bounds[:-1]:
        _, now = filter_states(befores[-1], trans, likelihood(a, z), np.array([0, z - a]))
        ends.append(now[-1])
        befores.append(now[-1] @ trans)
    after = np.ones(len(start))
    for k in range(len(bounds) - 1, -1, -1):
        a, z = bounds[k]
        share = None if weights is None else weights[a:z]
        back = np.empty(len(start))
        found = expect_states(
            befores[k], trans, likelihood(a, z), np.array([0, z - a]), share, after=after, back=back
        )
        if k:
            # what the piece tells of the state before it: scaled so that with what was known it sums to 1
            back /= befores[k] @ back
            found.transitions[:] += ends[k][:, None] * trans * back * (1.0 if share is None else share[0])
            found.start[:] = 0.0
            after = trans @ back
        yield a, z, found
