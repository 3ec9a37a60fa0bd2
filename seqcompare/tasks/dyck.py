"""Well-nested brackets of one kind: words of bounded depth, drawn uniformly, and who closes whom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences


def count_completions(n_steps: int, max_depth: int) -> list[list[int]]:
    """Count how many ways there are to close everything in a given number of steps.

    Parameters
    ----------
    n_steps : int
        Up to how many steps are left.
    max_depth : int
        How many brackets may be open at once.

    Returns
    -------
    list of list of int
        Entry ``[r][h]``: words of r steps that lead from h open brackets to none, exactly.
    """
    counts = [[1] + [0] * max_depth]
    for _ in range(n_steps):
        above = [*counts[-1][1:], 0]
        below = [0, *counts[-1][:-1]]
        counts.append([up + down for up, down in zip(above, below, strict=True)])
    return counts


def opening_probabilities(n_steps: int, max_depth: int) -> NDArray[np.float64]:
    """Return how often a uniform word goes on with an opener.

    Parameters
    ----------
    n_steps, max_depth : int
        As in `count_completions`.

    Returns
    -------
    ndarray of shape (n_steps + 1, max_depth + 1)
        Entry ``[r, h]``: with r steps left and h brackets open; 0 where there is no word.
    """
    counts = count_completions(n_steps, max_depth)
    table = np.zeros((n_steps + 1, max_depth + 1))
    for r in range(1, n_steps + 1):
        for h in range(max_depth):
            if counts[r][h]:
                # a ratio of integers, right to the last digit however long the word is
                table[r, h] = counts[r - 1][h + 1] / counts[r][h]
    return table


def heights(sequences: Sequences, is_opener: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many brackets are open after each step, shape (n_steps,)."""
    walk = np.cumsum(np.where(is_opener, 1, -1))
    before = np.concatenate([[0], walk])[sequences.offsets[:-1]]
    return np.asarray(walk - before[sequences.sequence_index], dtype=np.int64)


def innermost_openers(sequences: Sequences, is_opener: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the row of the innermost bracket that is open after each step, shape (n_steps,); -1 for none.

    No sequence may ever close more than it has opened.
    """
    height = heights(sequences, is_opener)
    # among the steps that end at one height, the last opener is the innermost
    order = np.lexsort((np.arange(len(height)), height, sequences.sequence_index))
    place = np.maximum.accumulate(np.where(is_opener[order], np.arange(len(order)), 0))
    inner = np.empty_like(order)
    inner[order] = order[place]
    return np.where(height > 0, inner, -1)
