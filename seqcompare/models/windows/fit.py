"""Fitting a scikit-learn estimator on the rows of windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import issparse
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import check_scalar, get_tags
from sklearn.utils.validation import has_fit_parameter

from seqcompare.typing import Floats, Labels, Record

# the most rows that are made at a time where not all are needed at once
CHUNK = 65536

# numbers in a matrix that may be dense: 32 MiB
FEW = 2**22
# 2 MiB
IN_CACHE = 2**18

# A temperature is one number, and found well enough on so many rows of so many sequences: with the rest of
# three folds the log loss is less than .001 nats better.
_ENOUGH_ROWS, _ENOUGH_SEQUENCES = 1000, 20

# the arrays of fitted numbers that scikit-learn's estimators predict with
_FITTED_NUMBERS = (
    "coef_",
    "intercept_",
    "coefs_",
    "intercepts_",
    "dual_coef_",
    "support_vectors_",
    "components_",
    "normalization_",
    "mean_",
    "scale_",
    "theta_",
    "feature_log_prob_",
    "class_log_prior_",
)


def wants_dense(estimator: BaseEstimator, rows: Any) -> bool:
    """Whether to hand `estimator` dense rows: it takes no others, or they are few and well filled.

    There dense rows are 1.5 to 3 times faster for support vectors and nets. Linear models are up to a quarter
    faster on dense rows that fit in the processor's cache, and up to two times slower on others.
    What is fitted on one form is asked in the same form.
    """
    if not issparse(rows) or not get_tags(estimator).input_tags.sparse:
        return True
    size = rows.shape[0] * rows.shape[1]
    linear = hasattr(estimator, "sparsify")
    filled, most = (1 / 5, IN_CACHE) if linear else (1 / 20, FEW)
    return size <= most and rows.nnz >= filled * size


def as_form(rows: Any, dense: bool) -> Floats:
    """Return `rows`, dense if so wanted."""
    return rows.toarray() if dense and issparse(rows) else rows


def fit_rows(estimator: BaseEstimator, rows: Floats, y: Labels, weights: NDArray[np.float64]) -> Any:
    """Fit a clone of `estimator`; weights are passed on unless all are 1.

    Raises
    ------
    ValueError
        If there are weights and `estimator` takes none.
    """
    model = clone(estimator)
    return model.fit(rows, y, **weight_argument(model, weights))


def weight_argument(estimator: BaseEstimator, weights: NDArray[np.float64], method: str = "fit") -> Record:
    """Return the keyword argument that hands `weights` to `estimator`, none if all are 1.

    A pipeline hands them to its last step.
    """
    if np.all(weights == 1):
        return {}
    taker, prefix = estimator, ""
    while isinstance(taker, Pipeline):
        name, taker = taker.steps[-1]
        prefix += f"{name}__"
    if not has_fit_parameter(taker, "sample_weight"):
        raise ValueError(f"sample_weight was given, but {type(taker).__name__}.{method} takes none")
    return {f"{prefix}sample_weight": weights}


def decisions(estimator: BaseEstimator, rows: Floats) -> NDArray[np.float64]:
    """Return one decision value a class, shape (n_rows, n_classes); for two classes the first one's is 0."""
    values = np.asarray(estimator.decision_function(rows), dtype=np.float64)
    if values.ndim == 1:
        return np.stack([np.zeros_like(values), values], axis=1)
    if values.shape[1] != len(estimator.classes_):
        raise ValueError(
            f"calibration needs a decision value for each of the {len(estimator.classes_)} classes, but "
            f"{type(estimator).__name__} gives {values.shape[1]}: give another one, or calibration_cv=None"
        )
    return values


def probabilities(estimator: BaseEstimator, rows: Any, temperature: float | None) -> Any:
    """Return the estimator's own probabilities, or those of its decision values at `temperature`."""
    if temperature is None:
        return estimator.predict_proba(rows)
    return softmax(decisions(estimator, rows) / temperature, axis=1)


def fit_temperature(
    estimator: BaseEstimator,
    rows: Floats,
    y: Labels,
    weights: NDArray[np.float64],
    groups: NDArray[np.int64],
    n_folds: int,
) -> float:
    """Find the temperature at which the softmax of decision values gives the best held-out probabilities.

    Temperature scaling (Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", 2017)
    on decision values of rows that the estimator was not fitted on. It has one number to find, so it needs
    few rows: further folds are fitted only up to 1,000 rows of 20 sequences. It never changes which class is
    the most probable. Targets are softened as by Platt
    ("Probabilistic outputs for support vector machines", 1999), so that faultless folds do not end in
    certainty.

    Parameters
    ----------
    estimator : estimator with ``decision_function``
        Not fitted.
    rows : matrix of shape (n_rows, n_columns)
        The design matrix.
    y : ndarray of shape (n_rows,)
        Labels.
    weights : ndarray of shape (n_rows,)
        Weights.
    groups : ndarray of int, shape (n_rows,)
        The sequence of each row; no sequence is on both sides of a fold.
    n_folds : int
        Folds, of which the first may be enough.

    Raises
    ------
    ValueError
        If no fold leaves two classes to train on.
    """
    classes, codes = np.unique(y, return_inverse=True)
    fold = assign_folds(codes, groups, n_folds)
    held_out = np.full((len(y), len(classes)), -np.inf)
    known = np.zeros(0, dtype=np.int64)
    for k in range(n_folds):
        if len(known) >= _ENOUGH_ROWS and len(np.unique(groups[known])) >= _ENOUGH_SEQUENCES:
            break
        train, test = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
        present = np.unique(codes[train])
        if len(present) < 2 or not len(test):
            continue
        model = fit_rows(estimator, rows[train], y[train], weights[train])
        held_out[np.ix_(test, present)] = decisions(model, rows[test])
        # a fold that never saw a class says nothing about the rows of that class
        known = np.flatnonzero(np.isfinite(held_out[np.arange(len(y)), codes]))
    if not len(known):
        raise ValueError(
            f"probabilities of {type(estimator).__name__} are calibrated on {n_folds} folds of whole "
            f"sequences, but no fold leaves two classes to train on: {len(np.unique(groups))} sequence(s), "
            f"{len(classes)} class(es), {len(y)} sample(s); give more sequences, or calibration_cv=None"
        )
    return best_temperature(held_out[known], codes[known], weights[known], 1 / (len(known) + 2))


def best_temperature(
    values: NDArray[np.float64], truth: NDArray[np.int64], share: NDArray[np.float64], softness: float
) -> float:
    """Return the temperature at which the softmax of decision values has the least log loss.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_classes)
        Decision values; -inf for a class that the model of a row does not know.
    truth, share : ndarray of shape (n_rows,)
        The class of each row, and its weight.
    softness : float
        The share of a row that is given to all other classes.
    """

    def loss(log_inverse: float) -> float:
        logp = log_softmax(values * np.exp(log_inverse), axis=1)
        right = logp[np.arange(len(truth)), truth]
        everything = np.where(np.isfinite(logp), logp, 0).sum(axis=1)
        return -float(np.average((1 - softness) * right + softness * (everything - right), weights=share))

    best = minimize_scalar(loss, bounds=(-10, 10), method="bounded", options={"xatol": 1e-10})
    return float(np.exp(-best.x))


def assign_folds(codes: NDArray[np.int64], groups: NDArray[np.int64], n_folds: int) -> NDArray[np.int64]:
    """Deal whole groups to folds, evenly within each class, shape (n_rows,).

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        The class of each row.
    groups : ndarray of int, shape (n_rows,)
        The group of each row.
    n_folds : int
        Folds.
    """
    names, members = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), codes.max() + 1))
    np.add.at(counts, (members, codes), 1)
    # dealt out like cards from a deck sorted by the commonest class of each group
    deck = np.argsort(counts.argmax(axis=1), kind="stable")
    fold = np.empty(len(names), dtype=np.int64)
    fold[deck] = np.arange(len(names)) % n_folds
    return fold[members]


def count_parameters(estimator: BaseEstimator) -> float:
    """Count the numbers that a fitted estimator predicts with.

    For a kernel machine these are its support vectors and their coefficients, for an ensemble those of all
    its members, for a pipeline those of all its steps. NaN where the estimator does not show them.
    """
    if isinstance(estimator, Pipeline):
        # a step without numbers of its own only reshapes, unless it is the last
        before = [count_parameters(step) for _, step in estimator.steps[:-1]]
        return count_parameters(estimator.steps[-1][1]) + sum(n for n in before if not math.isnan(n))
    if hasattr(estimator, "estimators_"):
        members = np.asarray(estimator.estimators_, dtype=object)
        return sum(count_parameters(member) for member in members.ravel())
    for inner in ("best_estimator_", "estimator_"):
        if hasattr(estimator, inner):
            return count_parameters(getattr(estimator, inner))
    if hasattr(estimator, "tree_"):
        return estimator.tree_.node_count * 2 + estimator.tree_.value.size
    names = [name for name in _FITTED_NUMBERS if hasattr(estimator, name)]
    if "support_vectors_" in names and "coef_" in names:
        names = ["coef_", "intercept_"]  # of a linear kernel the weights are enough
    found = [getattr(estimator, name) for name in names]
    sizes = [sum(map(_size, block)) if isinstance(block, list) else _size(block) for block in found]
    return sum(sizes) if sizes else math.nan


def _size(block: float | Floats) -> int:
    return int(np.prod(block.shape)) if hasattr(block, "shape") else int(np.size(block))


def inner_has(method: str) -> Callable[[Any], bool]:
    """Return the condition that a model's inner estimator has `method`."""
    return lambda model: hasattr(model.inner, method)


def gives_probabilities(model: BaseEstimator) -> bool:
    """Whether a model has probabilities: its inner classifier's, or calibrated decision values."""
    if hasattr(model, "estimator_"):
        return model.temperature_ is not None or hasattr(model.estimator_, "predict_proba")
    calibrated = model.calibration_cv is not None and hasattr(model.inner, "decision_function")
    return calibrated or hasattr(model.inner, "predict_proba")


def checked_classifier(estimator: BaseEstimator) -> Any:
    """Return `estimator` unless it is a regressor."""
    if is_regressor(estimator):
        raise ValueError(f"estimator must be a classifier, got the regressor {type(estimator).__name__}")
    return estimator


def fit_calibrated(
    estimator: BaseEstimator,
    rows: Floats,
    labels: Labels,
    weights: NDArray[np.float64],
    groups: NDArray[np.int64],
    n_folds: int | None,
) -> tuple[Any, float | None]:
    """Fit a classifier; return it, and the temperature if it has decision values but no probabilities.

    Several labels a row, or None for `n_folds`, are not calibrated.
    """
    if np.ndim(labels) == 1 and len(np.unique(labels)) == 1:
        # most classifiers refuse what needs no boundary: where all are of one class, that is the answer
        return DummyClassifier(strategy="prior").fit(rows, labels), None
    if (
        n_folds is None
        or labels.ndim > 1
        or hasattr(estimator, "predict_proba")
        or not hasattr(estimator, "decision_function")
    ):
        return fit_rows(estimator, rows, labels, weights), None
    check_scalar(n_folds, "calibration_cv", Integral, min_val=2)
    # support vector machines may give a value for each pair of classes; wanted is one for each class
    shapes = [name for name in estimator.get_params() if name.split("__")[-1] == "decision_function_shape"]
    estimator = clone(estimator).set_params(**dict.fromkeys(shapes, "ovr"))
    model = fit_rows(estimator, rows, labels, weights)
    return model, fit_temperature(estimator, rows, labels, weights, groups, n_folds)
