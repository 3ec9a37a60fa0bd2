"""Whether sequences are windows cut out of one series, so that neighbours share steps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences

_FEWEST = 4
_MOST_NEIGHBOURS = 40
_LEAST_SHARED = 0.25
_HALF = 0.5


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
