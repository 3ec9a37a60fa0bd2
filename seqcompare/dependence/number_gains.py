"""Predictions of numbers, each step by a fit to other folds, and what their errors cost in bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.signal import lfilter
from scipy.stats import kurtosis, skew

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.number_lags import Tap
from seqcompare.models.next_numbers import find_errors

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RIDGE = 1e-3
_MEMORIES = (0.5, 0.2, 0.06)
_FAR_FROM_NORMAL = 20.0
_MOST_COMPONENTS = 3
_MOST_ROWS = 8_000


def ridge(inputs: Floats, y: Floats, fold: Ints) -> Floats:
    """Return held-out predictions by ridge regression, or by the mean where there are no inputs."""
    predicted = np.empty(len(y))
    for k in np.unique(fold):
        train, test = fold != k, fold == k
        middle, centre = inputs[train].mean(axis=0), y[train].mean()
        rows = inputs[train] - middle
        products = rows.T @ rows
        penalty = _RIDGE * np.diag(products).mean() if len(products) else 0.0
        weights = np.linalg.lstsq(
            products + penalty * np.eye(len(products)) / max(1, len(rows)) ** 0.5,
            rows.T @ (y[train] - centre),
            rcond=None,
        )[0]
        predicted[test] = centre + (inputs[test] - middle) @ weights
    return predicted


def boost(inputs: Floats, y: Floats, fold: Ints, most: int) -> Floats:
    """Return held-out predictions by gradient-boosted trees, each fitted to at most `most` steps."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    predicted = np.empty(len(y))
    for k in np.unique(fold):
        train = np.flatnonzero(fold != k)
        train = train[:: -(-len(train) // min(most, _MOST_ROWS))]
        model = HistGradientBoostingRegressor(
            max_iter=60, max_leaf_nodes=8, min_samples_leaf=20, early_stopping=False, random_state=0
        )
        predicted[fold == k] = model.fit(inputs[train], y[train]).predict(inputs[fold == k])
    return predicted


def classify(inputs: Floats, labels: Ints, fold: Ints) -> Floats:
    """Return what held-out labels cost in bits by gradient-boosted trees, or by their shares, shape (n,)."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    n_classes = int(labels.max()) + 1
    bits = np.empty(len(labels))
    for k in np.unique(fold):
        train, test = np.flatnonzero(fold != k), fold == k
        train = train[:: -(-len(train) // _MOST_ROWS)]
        # what was never seen has a share of one in all that were
        least = 1 / (len(train) + n_classes)
        share = np.bincount(labels[train], minlength=n_classes) / len(train)
        chance = np.tile(np.maximum(share, least), (int(test.sum()), 1))
        if inputs.shape[1] and len(np.unique(labels[train])) > 1:
            model = HistGradientBoostingClassifier(
                max_iter=60, max_leaf_nodes=8, min_samples_leaf=20, early_stopping=False, random_state=0
            )
            model.fit(inputs[train], labels[train])
            chance[:, model.classes_] = np.maximum(model.predict_proba(inputs[test]), least)
        told = chance[np.arange(len(chance)), labels[test]]
        bits[test] = -np.log2(told / chance.sum(axis=1))
    return bits


def variances(
    errors: Floats, whole: Floats, signs: Floats, taps: list[Tap], at: Ints, X: Sequences, fold: Ints
) -> Floats:
    """Return held-out variances of errors: a constant and earlier squares, with weights of 0 or more.

    Parameters
    ----------
    errors : ndarray of shape (n,)
        Errors of the steps `at`.
    whole : ndarray of shape (n_steps,)
        The same at their steps; 0 at others.
    signs : ndarray of shape (n_steps, n_channels)
        What tells of the spread; its squares are the inputs.
    taps : list of Tap
        Which of them, and how far back.
    at : ndarray of int64, shape (n,)
        Steps.
    X : Sequences
        For the bounds.
    fold : ndarray of int64, shape (n,)
        Folds.
    """
    # squares that fade into the past at some rates are what variances of long memory are made of
    squares = whole**2
    usual = float((errors**2).mean())
    inputs = [signs[np.maximum(at - lag, 0), channel] ** 2 for channel, lag in taps]
    inputs = [np.where(X.step_index[at] >= tap.lag, x, x.mean()) for x, tap in zip(inputs, taps, strict=True)]
    for rate in _MEMORIES if squares.any() else ():
        faded = np.empty(len(squares))
        for start, stop in zip(X.offsets[:-1], X.offsets[1:], strict=True):
            past = np.append(usual, squares[start : stop - 1])
            faded[start:stop] = lfilter([rate], [1, rate - 1], past, zi=[usual * (1 - rate)])[0]
        inputs.append(faded[at])
    terms = np.column_stack([np.ones(len(at)), *(x / max(float(x.mean()), 1e-300) for x in inputs)])
    result = np.empty(len(at))
    for k in np.unique(fold):
        train = fold != k
        result[fold == k] = terms[fold == k] @ _fit_variance(terms[train], errors[train] ** 2 / usual)
    return usual * np.maximum(result, 1e-6)


def _fit_variance(terms: Floats, squares: Floats) -> Floats:
    """Return the weights of terms with the largest normal likelihood of these squares."""

    def loss(weights: Floats) -> tuple[float, Floats]:
        variance = np.maximum(terms @ weights, 1e-9)
        slope = (1 / variance - squares / variance**2) @ terms / len(terms)
        return float((np.log(variance) + squares / variance).mean()), slope

    n = terms.shape[1]
    start = np.append(0.6, np.full(n - 1, 0.4 / max(1, n - 1)))
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(1e-4, None)] + [(0.0, None)] * (n - 1)
    )
    return np.asarray(found.x, dtype=np.float64)


def bits_of(errors: Floats, scale: Floats | None = None) -> Floats:
    """Return what each error costs in bits, by the density of all of them: normal, or a mixture of a few.

    Parameters
    ----------
    errors : ndarray of shape (n,)
        Held-out errors.
    scale : ndarray of shape (n,), optional
        Predicted spreads.
    """
    scale = np.ones(len(errors)) if scale is None else scale
    plain = (errors / scale)[:, np.newaxis]
    spread = float(plain.std())
    if spread <= 1e-12 * max(1.0, float(np.abs(errors).max())):
        spread = 1e-12
    plain = plain / spread
    # Jarque and Bera's statistic
    shape = len(plain) / 6 * (float(skew(plain[:, 0])) ** 2 + float(kurtosis(plain[:, 0])) ** 2 / 4)
    components = _MOST_COMPONENTS if shape > _FAR_FROM_NORMAL else 1
    density = find_errors(plain, np.ones(len(plain)), None, plain, components)
    logs = density.around(np.zeros((1, 1)), np.ones(1), flat=True).log_prob(plain[:, 0])
    return np.asarray((np.log(scale * spread) - logs) / np.log(2), dtype=np.float64)
