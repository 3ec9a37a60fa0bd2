"""Whether sequences are windows cut out of one series, so that neighbours share steps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences

_FEWEST = 4
_MOST_NEIGHBOURS = 40
_LEAST_SHARED = 0.25
_HALF = 0.5
_COARSE = 0.01
_RUNS = (3, 6, 12)
_FEWEST_CHANGES = 3
_MOST_TRIED = 500
_FACTOR = np.int64(6364136223846793005)


def overlap(X: Sequences) -> int | None:
    """Return by how many steps each sequence is shifted against the one before it; None without overlap.

    Neighbours, spread over the data, are laid over each other: in most of them the end of the one has to be
    the start of the next, by one and the same shift and over a quarter of the steps. What is periodic fits
    the other way round as well, and does not count.

    Parameters
    ----------
    X : Sequences
        Symbols or numbers, in the order in which they came.
    """
    if len(X) < _FEWEST:
        return None
    neighbours = np.unique(np.linspace(0, len(X) - 2, _MOST_NEIGHBOURS).astype(int))
    forward = [_shift(X[i], X[i + 1]) for i in neighbours]
    known = [shift for shift in forward if shift is not None]
    if not known:
        return None
    shift = int(np.bincount(known).argmax())
    agreeing = np.mean([found == shift for found in forward])
    backward = np.mean([_shift(X[i + 1], X[i]) is not None for i in neighbours])
    return shift if agreeing >= _HALF and backward < agreeing / 2 else None


def shares_parts(X: Sequences) -> bool:
    """Whether most sequences share their ends with others, in whatever order they came.

    Runs of steps are as long as it takes for none to come again within a sequence: three exact numbers in a
    row hardly do, of symbols a dozen. Where two sequences share one, they are laid over each other: windows
    of one series then agree in all steps that both have, others hardly ever.

    Parameters
    ----------
    X : Sequences
        Symbols or numbers.
    """
    if len(X) < _FEWEST:
        return False
    rows = np.zeros(X.n_steps, dtype=np.int64)
    for channel in X.channels.T:
        # missing symbols do not sort among others
        rows = _mixed(rows, pd.factorize(channel)[0].astype(np.int64))
    # whether a step is as the one before it, and how many are by then
    quiet = np.append(0, np.cumsum(rows[1:] == rows[:-1]))
    position, owner = X.step_index, X.sequence_index
    run, length = np.zeros(X.n_steps, dtype=np.int64), 0
    for width in _RUNS:
        for back in range(length, width):
            run[back:] = _mixed(run[back:], rows[: len(rows) - back])
        length = width
        at = np.flatnonzero(position >= width - 1)
        at = at[quiet[at] - quiet[at - width + 1] < width - 1]
        if not len(at):
            return False
        runs = run[at]
        order = np.lexsort((owner[at], runs))
        runs, at = runs[order], at[order]
        again = runs[1:] == runs[:-1]
        own = again & (owner[at[1:]] == owner[at[:-1]])
        shared = again & ~own
        if own.mean() <= _COARSE and _laid_over(rows, X, at[:-1][shared], at[1:][shared]):
            return True
    return False


def _laid_over(
    rows: NDArray[np.int64], X: Sequences, one: NDArray[np.int64], other: NDArray[np.int64]
) -> bool:
    """Whether most sequences agree with another in all steps that both have, a quarter of them at least.

    Parameters
    ----------
    rows : ndarray of shape (n_steps,)
        Numbers for equal steps.
    X : Sequences
        For the bounds.
    one, other : ndarray of int, shape (n_pairs,)
        Steps of different sequences, at which equal runs end.
    """
    position, owner, lengths = X.step_index, X.sequence_index, X.lengths
    left = np.repeat(lengths, lengths) - 1 - position
    before = np.minimum(position[one], position[other])
    after = np.minimum(left[one], left[other])
    # of those that start together one is a copy of the other, in full or as far as it goes
    shifted = position[one] != position[other]
    chosen = shifted & (
        before + after + 1 >= _LEAST_SHARED * np.minimum(lengths[owner[one]], lengths[owner[other]])
    )
    one, other, before, after = one[chosen], other[chosen], before[chosen], after[chosen]

    def agrees(k: int) -> bool:
        a = rows[one[k] - before[k] : one[k] + after[k] + 1]
        b = rows[other[k] - before[k] : other[k] + after[k] + 1]
        # where hardly anything happens, it is the same everywhere
        return bool((a == b).all() and (a[1:] != a[:-1]).sum() >= _FEWEST_CHANGES)

    some = np.random.default_rng(0).permutation(len(one))[:_MOST_TRIED]
    if not len(some) or np.mean([agrees(k) for k in some]) < _HALF:
        return False
    # two sequences need be laid over each other once for each shift
    pair = np.column_stack([owner[one], owner[other], position[one] - position[other]])
    first = np.unique(pair, axis=0, return_index=True)[1]
    found = pair[[k for k in first if agrees(k)], :2]
    return len(np.unique(found)) >= _HALF * len(X)


def _mixed(hashed: NDArray[np.int64], more: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a hash of what was hashed and of one number more; that two agree by chance is looked into."""
    return np.asarray((hashed ^ (hashed >> 29)) * _FACTOR + more)


def _shift(first: NDArray[np.generic], second: NDArray[np.generic]) -> int | None:
    """Return the smallest shift by which the end of the first is the start of the second."""
    longest = len(first) - max(2, int(np.ceil(_LEAST_SHARED * len(first))))
    if longest < 1:
        return None
    # only where the second's first step occurs can it begin
    steps = np.asarray(first[1 : longest + 1])
    starts = np.flatnonzero((steps == second[0]).reshape(len(steps), -1).all(axis=1)) + 1
    for shift in starts:
        shared = len(first) - shift
        tail = first[shift:]
        # a run of one symbol lies over anything
        if shared <= len(second) and (tail == second[:shared]).all() and (tail != first[:shared]).any():
            return int(shift)
    return None
