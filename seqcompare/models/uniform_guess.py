"""One uniform guess mixed into what a tagger answers, see the notes of `NextStep`."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.typing import Floats, Ints, Reals


def mixed(answers: NDArray[np.floating], columns: Ints, size: int, n: float) -> NDArray[np.float64]:
    """Return answers with one uniform guess mixed in, shape (n_rows, size).

    Parameters
    ----------
    answers : ndarray of shape (n_rows, n_classes)
        Probabilities of the known classes.
    columns : ndarray of int, shape (n_classes,)
        The symbol that each class is.
    size : int
        Symbols in the alphabet.
    n : float
        Guesses that the answers stand for.
    """
    answers = answers / answers.sum(axis=1, keepdims=True, dtype=np.float64)  # of float32 rows, too
    rows = np.full((len(answers), size), 1 / (size * (n + 1)))
    rows[:, columns] += answers * (n / (n + 1))
    return rows


@njit(cache=True)
def smoothed(answer: Reals, columns: Ints, size: int, n: float) -> Floats:
    """Return one answer as `mixed` does, shape (size,)."""
    row, total = np.full(size, 1 / (size * (n + 1))), 0.0
    for share in answer:
        total += share
    for k in range(len(answer)):
        row[columns[k]] += answer[k] * (n / (n + 1) / total)
    return row
