"""Logistic regression on rows that are made a piece at a time, so that all of them are never in memory.

With the row x of a window, its weight w and the class c, the loss is that of scikit-learn's
`LogisticRegression`,

    ( sum_rows -w log p(c | x) ) / W  +  |coef|^2 / (2 C W),        W the sum of weights,

with p the logistic function of one line for two classes, and the softmax of a line a class for more. Its
gradient by a line is the sum of w (p - [c is its class]) x, to which every row adds its part by itself.
L-BFGS runs as scikit-learn has it, and comes to the same numbers but for the order of sums (which are of 64
bits, also of rows of 32).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from scipy.optimize import minimize
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from seqcompare.data.sequences import Sequences
from seqcompare.models.windows.fit import FEW
from seqcompare.models.windows.layout import WindowLayout
from seqcompare.typing import Array, Floats, Integers, Ints, Labels

# What may be chosen of the classifier; the rest is as scikit-learn has it.
_CHOSEN = {"C", "tol", "max_iter", "fit_intercept", "verbose", "random_state", "n_jobs"}
# Rows of windows that are made at a time.
_ROWS = 16_384


def is_plain(estimator: BaseEstimator) -> bool:
    """Whether it is logistic regression with scikit-learn's usual solver and penalty."""
    usual = LogisticRegression().get_params()
    given = estimator.get_params()
    chosen = {name for name, value in given.items() if value != usual.get(name)}
    return type(estimator) is LogisticRegression and chosen <= _CHOSEN


def too_large(layout: WindowLayout, sequences: Sequences, steps: Ints) -> bool:
    """Whether the rows of these steps fill more numbers than should be in memory at a time."""
    some = layout.expand(next(layout.pieces(sequences, steps[:100])))
    filled = some.nnz if issparse(some) else some.size
    return bool(filled / some.shape[0] * len(steps) > FEW)


def fit_in_pieces(
    estimator: LogisticRegression,
    layout: WindowLayout,
    sequences: Sequences,
    steps: Ints | None,
    labels: Labels,
    weights: Floats,
) -> LogisticRegression:
    """Return a fitted clone of `estimator`, of two classes or more.

    Parameters
    ----------
    estimator : LogisticRegression
        See `is_plain`.
    layout, sequences
        What rows are made of.
    steps : ndarray of shape (n_rows,), or None
        Where they are; None for all steps.
    labels, weights : ndarray of shape (n_rows,)
        Of which class they are, and what they count for.
    """
    classes = np.unique(labels)
    codes = np.searchsorted(classes, labels).astype(np.int32)

    def loss(lines: Floats) -> tuple[float, Floats]:
        return loss_and_gradient(lines, layout, sequences, steps, codes, weights)

    return descend(clone(estimator), classes, layout.n_columns, float(weights.sum()), loss)


def loss_and_gradient(
    lines: Floats,
    layout: WindowLayout,
    sequences: Sequences,
    steps: Ints | None,
    codes: Integers,
    weights: Floats,
) -> tuple[float, Floats]:
    """Return the summed loss of rows, and its gradient, shape of `lines`.

    Parameters
    ----------
    lines : ndarray of shape (n_lines, n_columns) or (n_lines, n_columns + 1)
        Weights of columns, and an intercept behind them where there is one.
    layout, sequences, steps, weights
        As in `fit_in_pieces`.
    codes : ndarray of int, shape (n_rows,)
        The number of each row's class.
    """
    value, gradient, at = 0.0, np.zeros(lines.shape), 0
    slopes_of = np.ascontiguousarray(lines[:, : layout.n_columns].T)
    for base in layout.pieces(sequences, steps, min(_ROWS, max(FEW // len(lines), 256))):
        rows = layout.expand(base)
        here = slice(at, at + rows.shape[0])
        answers = np.ascontiguousarray(rows @ slopes_of, dtype=np.float64)
        if lines.shape[1] > layout.n_columns:
            answers += lines[:, layout.n_columns]
        value += _to_slopes(answers, codes[here], weights[here])
        gradient[:, : layout.n_columns] += (rows.T @ answers).T
        gradient[:, layout.n_columns :] += answers.sum(axis=0)[:, np.newaxis]
        at = here.stop
    return value, gradient


@njit(cache=True)
def _to_slopes(answers: Array, codes: Array, weights: Array) -> float:
    """Return the summed loss of rows, and put its derivatives by their answers in place of these."""
    n_rows, n_lines = answers.shape
    value = 0.0
    for i in range(n_rows):
        row, weight = answers[i], weights[i]
        if n_lines == 1:
            sign = 1.0 if codes[i] == 1 else -1.0
            wrong = np.exp(-abs(row[0]))
            value += weight * (np.log1p(wrong) + max(-sign * row[0], 0.0))
            share = (1.0 if sign * row[0] < 0 else wrong) / (1.0 + wrong)
            row[0] = -sign * weight * share
            continue
        highest = row[0]
        for k in range(1, n_lines):
            highest = max(highest, row[k])
        truth, total = row[codes[i]] - highest, 0.0
        for k in range(n_lines):
            row[k] = np.exp(row[k] - highest)
            total += row[k]
        value += weight * (np.log(total) - truth)
        for k in range(n_lines):
            row[k] *= weight / total
        row[codes[i]] -= weight
    return value


def descend(
    fitted: LogisticRegression,
    classes: Labels,
    n_columns: int,
    weight: float,
    loss: Callable[[Floats], tuple[float, Floats]],
) -> LogisticRegression:
    """Fit a classifier in place and return it.

    Parameters
    ----------
    fitted : LogisticRegression
        Not fitted.
    classes : ndarray of shape (n_classes,)
        Sorted, two or more.
    n_columns : int
        Of the rows.
    weight : float
        The sum of the weights of rows.
    loss : callable (lines) -> (float, ndarray)
        The summed loss and its gradient, as `loss_and_gradient`.
    """
    fitted._validate_params()
    n_lines, n_numbers = (1 if len(classes) == 2 else len(classes)), n_columns + int(fitted.fit_intercept)
    strength = 1 / (fitted.C * weight)

    def penalized(flat: Floats) -> tuple[float, Floats]:
        lines = flat.reshape(n_lines, n_numbers)
        value, gradient = loss(lines)
        slopes = lines[:, :n_columns]
        gradient = gradient / weight
        gradient[:, :n_columns] += strength * slopes
        return float(value / weight + strength / 2 * (slopes**2).sum()), gradient.ravel()

    options: dict[str, Any] = {
        "maxiter": fitted.max_iter,
        "maxls": 50,
        "gtol": fitted.tol,
        "ftol": 64 * np.finfo(float).eps,
    }
    found = minimize(penalized, np.zeros(n_lines * n_numbers), method="L-BFGS-B", jac=True, options=options)
    if not found.success:
        warnings.warn(
            f"logistic regression did not converge in {found.nit} iterations (max_iter={fitted.max_iter}): "
            f"{found.message}",
            ConvergenceWarning,
            stacklevel=2,
        )
    lines = found.x.reshape(n_lines, n_numbers)
    fitted.coef_, fitted.classes_ = lines[:, :n_columns].copy(), classes
    fitted.intercept_ = lines[:, n_columns].copy() if fitted.fit_intercept else np.zeros(n_lines)
    fitted.n_features_in_, fitted.n_iter_ = n_columns, np.array([found.nit], dtype=np.int32)
    return fitted
