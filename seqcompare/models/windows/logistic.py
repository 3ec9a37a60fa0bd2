"""Logistic regression on rows that are never all in memory: over symbols none is made, over numbers some are.

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
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from seqcompare.data.sequences import Sequences
from seqcompare.data.symbols import encode, find_symbols
from seqcompare.models.windows.fit import FEW
from seqcompare.models.windows.layout import WindowLayout
from seqcompare.models.windows.one_hot import OneHotRows, Places
from seqcompare.typing import Array, Floats, Integers, Ints, Labels

# What may be chosen of the classifier; the rest is as scikit-learn has it.
_CHOSEN = {"C", "tol", "max_iter", "fit_intercept", "verbose", "random_state", "n_jobs"}
# Numbers that lines say of the rows that are made at a time: they stay in the processor's cache.
_ANSWERS = 2**14


def is_plain(estimator: BaseEstimator) -> bool:
    """Whether it is logistic regression with scikit-learn's usual solver and penalty."""
    if type(estimator) is not LogisticRegression:
        return False
    usual = LogisticRegression().get_params()
    return {name for name, value in estimator.get_params().items() if value != usual[name]} <= _CHOSEN


def goes_in_pieces(estimator: BaseEstimator, layout: WindowLayout, labels: Labels) -> bool:
    """Whether `fit_in_pieces` is for it: windows over symbols, or of more numbers than memory should hold.

    Parameters
    ----------
    estimator : classifier
        What is fitted.
    layout : WindowLayout
        How windows become columns.
    labels : ndarray of shape (n_rows,) or (n_rows, n_labels)
        Of which classes rows are.
    """
    if not is_plain(estimator) or labels.ndim > 1 or not (labels != labels[0]).any():
        return False
    if layout.symbols is None:
        return layout.filling is None and layout.n_columns * len(labels) > FEW
    return True


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
    classes = find_symbols(labels)
    codes = encode(labels, classes).astype(np.int32)
    rows = rows_of(layout, sequences, steps)
    loss = partial(loss_and_gradient, rows=rows, codes=codes, weights=weights)
    return descend(clone(estimator), classes, layout.n_columns, float(weights.sum()), loss)


class Numbers(NamedTuple):
    """Some rows of numbers, shape (n_rows, n_columns)."""

    rows: Floats

    def times(self, weights: Floats) -> Floats:
        """Return the product of the rows and `weights`; see `seqcompare.models.windows.one_hot.Places`."""
        return self.rows @ weights[:-2] + weights[-2]

    def add_transposed(self, answers: Floats, total: Floats) -> None:
        """Add the product of the rows, transposed, and `answers` to `total`."""
        total[:-2] += self.rows.T @ answers
        total[-2] += answers.sum(axis=0)


class NumberRows(NamedTuple):
    """The rows of windows over numbers, which are made as they are asked for."""

    layout: WindowLayout
    sequences: Sequences
    steps: Ints | None

    @property
    def n_columns(self) -> int:
        """Columns of a row."""
        return self.layout.n_columns

    def tiles(self, size: int) -> Iterator[Numbers]:
        """Yield `size` rows at a time."""
        for base in self.layout.pieces(self.sequences, self.steps, size):
            yield Numbers(self.layout.expand(base))


def rows_of(layout: WindowLayout, sequences: Sequences, steps: Ints | None) -> OneHotRows | NumberRows:
    """Return the rows of the windows at `steps`, by default all."""
    if layout.symbols is None:
        return NumberRows(layout, sequences, steps)
    return OneHotRows.of(layout, sequences, steps)


def loss_and_gradient(
    lines: Floats, rows: OneHotRows | NumberRows, codes: Integers, weights: Floats
) -> tuple[float, Floats]:
    """Return the summed loss of rows, and its gradient, shape of `lines`.

    Parameters
    ----------
    lines : ndarray of shape (n_lines, n_columns) or (n_lines, n_columns + 1)
        Weights of columns, and an intercept behind them where there is one.
    rows : OneHotRows or NumberRows
        The rows.
    codes : ndarray of int, shape (n_rows,)
        The number of each row's class.
    weights : ndarray of shape (n_rows,)
        What they count for.
    """
    table = np.zeros((rows.n_columns + 2, len(lines)))
    table[: lines.shape[1]] = lines.T
    value, gradient, at = 0.0, np.zeros(table.shape), 0
    for tile in rows.tiles(max(_ANSWERS // len(lines), 64)):
        answers = tile.times(table)
        here = slice(at, at + len(answers))
        value += to_slopes(answers, codes[here], weights[here])
        tile.add_transposed(answers, gradient)
        at = here.stop
    return value, np.ascontiguousarray(gradient[: lines.shape[1]].T)


def to_slopes(answers: Floats, codes: Integers, weights: Floats) -> float:
    """Return the summed loss of rows, and put its derivatives by their answers in place of these.

    Parameters
    ----------
    answers : ndarray of shape (n_rows, n_lines)
        What lines say; one line is of the second of two classes.
    codes, weights : ndarray of shape (n_rows,)
        See `loss_and_gradient`.
    """
    if answers.shape[1] > 1:
        truth = _below_highest(answers, codes)
        np.exp(answers, out=answers)
        return float(weights @ (np.log(_shares(answers, codes, weights)) - truth))
    sign = np.where(codes == 1, 1.0, -1.0)
    margin = sign * answers[:, 0]
    wrong = np.exp(-np.abs(margin))
    answers[:, 0] = -sign * weights * np.where(margin < 0, 1.0, wrong) / (1 + wrong)
    return float(weights @ (np.log1p(wrong) - np.minimum(margin, 0.0)))


@njit(cache=True)
def _below_highest(answers: Array, codes: Array) -> Array:
    """Subtract from each row its highest; return what its class has then."""
    n_rows, n_lines = answers.shape
    truth = np.empty(n_rows)
    for i in range(n_rows):
        highest = answers[i, 0]
        for k in range(1, n_lines):
            highest = max(highest, answers[i, k])
        for k in range(n_lines):
            answers[i, k] -= highest
        truth[i] = answers[i, codes[i]]
    return truth


@njit(cache=True)
def _shares(answers: Array, codes: Array, weights: Array) -> Array:
    """Make derivatives of the exponentials of answers; return their sums."""
    n_rows, n_lines = answers.shape
    totals = np.empty(n_rows)
    for i in range(n_rows):
        total = 0.0
        for k in range(n_lines):
            total += answers[i, k]
        share = weights[i] / total
        for k in range(n_lines):
            answers[i, k] *= share
        answers[i, codes[i]] -= weights[i]
        totals[i] = total
    return totals


@njit(cache=True)
def _normalise(answers: Array) -> None:
    """Divide each row by its sum; NumPy takes far longer for short rows."""
    n_rows, n_lines = answers.shape
    for i in range(n_rows):
        total = 0.0
        for k in range(n_lines):
            total += answers[i, k]
        for k in range(n_lines):
            answers[i, k] /= total


class Lines(NamedTuple):
    """A fitted logistic regression that is asked by the places of ones.

    Attributes
    ----------
    weights : ndarray of shape (n_columns + 2, n_lines)
        See `Places.times`.
    classes : ndarray of shape (n_classes,)
        Sorted.
    """

    weights: Floats
    classes: Labels

    @property
    def chunk(self) -> int:
        """How many rows to ask about at a time."""
        return max(4 * _ANSWERS // self.weights.shape[1], 64)

    def predict(self, rows: Places) -> Labels:
        """Return the most probable class of each row, shape (n_rows,)."""
        answers = rows.times(self.weights)
        best = (answers[:, 0] > 0).astype(int) if len(self.classes) == 2 else answers.argmax(axis=1)
        return self.classes[best]

    def predict_proba(self, rows: Places) -> Floats:
        """Return the probability of each class, shape (n_rows, n_classes)."""
        answers = rows.times(self.weights)
        if len(self.classes) == 2:
            second = expit(answers[:, 0])
            return np.stack([1 - second, second], axis=1)
        _below_highest(answers, np.zeros(len(answers), dtype=np.int32))  # of whichever class
        np.exp(answers, out=answers)
        _normalise(answers)
        return answers


def lines_of(estimator: Any, layout: WindowLayout) -> Lines | None:
    """Return a fitted estimator as lines; None where it has to be asked itself."""
    if layout.symbols is None or not is_plain(estimator):
        return None
    weights = np.zeros((layout.n_columns + 2, len(estimator.coef_)))
    weights[:-2], weights[-2] = estimator.coef_.T, estimator.intercept_
    return Lines(weights, estimator.classes_)


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
