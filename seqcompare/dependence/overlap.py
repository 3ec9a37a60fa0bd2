"""Whether sequences are windows cut out of one series, so that neighbours share steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences

_FEWEST = 4
_MOST_NEIGHBOURS = 40
_LEAST_SHARED = 0.25
_HALF = 0.5
_COARSE = 0.01
_RUNS = (3, 6, 12)


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
    """Whether most sequences of numbers share runs of steps with others, in whatever order they came.

    Runs are as long as it takes for none to come again within a sequence: three exact numbers in a row hardly
    do, of coarse ones a dozen. What sequences share that have changed steps of one place is no sign either.

    Parameters
    ----------
    X : Sequences
        Numbers.
    """
    if X.kind != "real" or len(X) < _FEWEST:
        return False
    rows = np.unique(X.channels, axis=0, return_inverse=True)[1].ravel()
    by_place = np.argsort(X.step_index, kind="stable")
    shuffled = rows.copy()
    shuffled[by_place] = rows[np.lexsort((np.random.default_rng(0).random(len(rows)), X.step_index))]
    for width in _RUNS:
        found, repeated = _shared(rows, X, width)
        if repeated <= _COARSE:
            return found >= _HALF and _shared(shuffled, X, width)[0] < found / 2
    return False


def _shared(rows: NDArray[np.int64], X: Sequences, width: int) -> tuple[float, float]:
    """Return the share of sequences with many runs of others, and of runs that come again in their own."""
    at = np.flatnonzero(X.step_index >= width - 1)
    runs = np.column_stack([rows[at - back] for back in range(width)])
    varied = (runs != runs[:, :1]).any(axis=1)
    at, runs = at[varied], runs[varied]
    if not len(at):
        return 0.0, 0.0
    run = np.unique(runs, axis=0, return_inverse=True)[1].ravel()
    owner = X.sequence_index[at]
    # in how many sequences each run is, and how often it comes in one
    pairs, counts = np.unique(np.column_stack([run, owner]), axis=0, return_counts=True)
    spread = np.bincount(pairs[:, 0])
    shared = np.bincount(owner, spread[run] > 1, minlength=len(X))
    share = shared / np.maximum(np.bincount(owner, minlength=len(X)), 1)
    return float((share >= _LEAST_SHARED).mean()), float((counts > 1).mean())


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
