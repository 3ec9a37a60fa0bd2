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

    Parameters
    ----------
    X : Sequences
        Numbers, exact: three of them in a row come again by chance only where they are coarse, and then all
        alike or within one sequence as well.
    """
    if X.kind != "real" or len(X) < _FEWEST:
        return False
    rows = np.unique(X.channels, axis=0, return_inverse=True)[1].ravel()
    at = np.flatnonzero(X.step_index >= 2)
    runs = np.column_stack([rows[at - 2], rows[at - 1], rows[at]])
    varied = (runs != runs[:, :1]).any(axis=1)
    at, runs = at[varied], runs[varied]
    if not len(at):
        return False
    run = np.unique(runs, axis=0, return_inverse=True)[1].ravel()
    owner = X.sequence_index[at]
    # in how many sequences each run is, and how often it comes in one
    pairs, counts = np.unique(np.column_stack([run, owner]), axis=0, return_counts=True)
    if (counts > 1).mean() > _COARSE:
        return False
    spread = np.bincount(pairs[:, 0])
    shared = np.bincount(owner, spread[run] > 1, minlength=len(X))
    share = shared / np.maximum(np.bincount(owner, minlength=len(X)), 1)
    return bool((share >= _LEAST_SHARED).mean() >= _HALF)


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
