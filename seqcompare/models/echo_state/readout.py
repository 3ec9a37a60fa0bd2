"""Ridge regression from sums alone, so that no more than a part of the rows is ever in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from seqcompare.typing import Floats

#: Penalties that are tried, as shares of the mean variance of what the rows hold.
_SHARES = 10.0 ** np.arange(-10, 4)
#: A penalty under which the fit leaves less than this share of the rows free is not tried.
_FREE = 0.1


class Readout(NamedTuple):
    """A linear map that was fitted by ridge regression.

    Attributes
    ----------
    coef : ndarray, shape (p, m)
        Its weights.
    intercept : ndarray, shape (m,)
        What is added.
    alpha : float
        The penalty.
    spent : float
        The share of the rows that the fit uses up: its degrees of freedom over the sum of weights.
    """

    coef: Floats
    intercept: Floats
    alpha: float
    spent: float


def fit_ridge(parts: Iterable[tuple[Floats, Floats, Floats]], alpha: float | None) -> Readout:
    """Fit a ridge regression with an intercept that is not penalised.

    Parameters
    ----------
    parts : iterable of (rows, targets, weights), shapes (n, p), (n, m), (n,)
        The data, a part at a time; a row of weight 2 counts as two.
    alpha : float or None
        The penalty; None takes the one of the least generalised cross-validation score, the squared error
        over the squared share of the rows that the fit leaves free (Golub, Heath and Wahba 1979, "Generalized
        cross-validation as a method for choosing a good ridge parameter"). It treats rows and their weights
        in such a way that a row that is given twice is a row of weight 2.

    Returns
    -------
    Readout
    """
    total = 0.0
    for rows, targets, weights in parts:
        if total == 0.0:
            p, m = rows.shape[1], targets.shape[1]
            # sums of squares are of differences from a row that is near the mean, so that digits stay
            near = np.concatenate([rows.mean(axis=0), targets.mean(axis=0)])
            sums, squares = np.zeros(p + m), np.zeros((p + m, p + m))
        both = np.concatenate([rows, targets], axis=1) - near
        weighed = both * weights[:, np.newaxis]
        sums += weighed.sum(axis=0)
        squares += weighed.T @ both
        total += float(weights.sum())
    squares -= np.outer(sums, sums) / total
    mean = near + sums / total
    size, turn = np.linalg.eigh(squares[:p, :p])
    size = np.maximum(size, 0.0)
    along = turn.T @ squares[:p, p:]
    if alpha is None:
        penalties = _SHARES * (size.mean() or 1.0)
        alpha = _least(penalties, size, (along**2).sum(axis=1), float(np.trace(squares[p:, p:])), total)
    coef = turn @ (along / np.maximum(size + alpha, np.finfo(np.float64).tiny)[:, np.newaxis])
    spent = _freedom(size, alpha) / total
    return Readout(coef, mean[p:] - mean[:p] @ coef, float(alpha), min(spent, 1 - _FREE))


def _least(penalties: Floats, size: Floats, along: Floats, everything: float, total: float) -> float:
    """Return the penalty of the least score; the largest one if all leave too little free."""
    best, least = penalties[-1], np.inf
    for alpha in penalties:
        free = total - _freedom(size, alpha)
        error = everything - float((along * (size + 2 * alpha) / (size + alpha) ** 2).sum())
        if free > _FREE * total and max(error, 0.0) / free**2 < least:
            best, least = alpha, max(error, 0.0) / free**2
    return float(best)


def _freedom(size: Floats, alpha: float) -> float:
    """Return the degrees of freedom: of the intercept, and of each direction as far as it is not shrunk."""
    return 1.0 + float((size / np.maximum(size + alpha, np.finfo(np.float64).tiny)).sum())
