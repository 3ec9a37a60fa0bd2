"""Ridge regression on windows of numbers over parts: products of columns are all it needs."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import linalg
from sklearn.base import clone
from sklearn.linear_model import Ridge

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_numbers, check_step_weights
from seqcompare.data.totals import Totals
from seqcompare.models.base import check_sequences
from seqcompare.models.over_parts.reading import kind_of, read_alike
from seqcompare.models.windows.fit import count_parameters
from seqcompare.models.windows.step_regressor import WindowStepRegressor
from seqcompare.typing import Floats

# Rows of windows that are made at a time.
_ROWS = 16_384


class _Means(NamedTuple):
    """What the means of columns and targets are made of, and what is learnt of the input."""

    weight: float
    columns: Floats
    targets: Floats
    kinds: list[tuple[str, int, bool]]
    flat: list[bool]
    first: list[Sequences]


def fit_ridge_windows(model: WindowStepRegressor, total: Totals) -> None:
    """Fit in two passes: the means of columns and targets, and products about them.

    Raises
    ------
    ValueError
        If the inner regressor is another, or the data are not numbers that are all known.
    """
    inner = model.inner
    if type(inner) is not Ridge or inner.positive or not inner.fit_intercept:
        raise ValueError(f"over parts, windows are fitted by Ridge() with an intercept, got {inner!r}")
    if model.standardize or model.missing != "error":
        raise ValueError("windows over parts take standardize=False and missing='error'")
    found = total(partial(_means, clone(model)))
    kind, n_channels, _ = read_alike(found.kinds)
    if kind != "real":
        raise ValueError("over parts, ridge regression takes windows of numbers, and steps here are symbols")
    means = found.columns / found.weight, found.targets / found.weight
    own, cross = total(partial(_products, clone(model), *means))
    alpha = np.broadcast_to(np.asarray(inner.alpha, dtype=np.float64), (cross.shape[1],))
    weights = [
        linalg.solve(own + a * np.eye(len(own)), column, assume_a="sym")
        for a, column in zip(alpha, cross.T, strict=True)
    ]
    fitted = clone(inner)
    fitted.coef_ = np.array(weights)
    fitted.intercept_ = means[1] - fitted.coef_ @ means[0]
    if found.flat[0]:
        fitted.coef_, fitted.intercept_ = fitted.coef_[0], float(fitted.intercept_[0])
    fitted.n_features_in_ = len(own)
    targets = () if found.flat[0] else (cross.shape[1],)
    model.kind_, model.n_channels_ = kind, n_channels
    model.window_ = model._new_window().fit(found.first[0])
    model.estimator_, model.dense_ = fitted, True
    model.target_mean_, model.target_scale_ = np.zeros(targets), np.ones(targets)
    model.n_parameters_ = count_parameters(fitted)


def _read(model: WindowStepRegressor, part: SequenceDataset) -> tuple[Sequences, Floats, Floats, bool]:
    """Return the input, the targets, shape (n_steps, m), their weights, and whether targets are plain."""
    if part.y is None:
        raise ValueError("the parts have no targets: expected a number for every step")
    sequences = check_sequences(model, part.X, reset=True, **model.reading)
    targets = check_step_numbers(part.y, sequences)
    weights = check_step_weights(part.sample_weight, sequences)
    return sequences, targets.reshape(len(targets), -1), weights, targets.ndim == 1


def _means(model: WindowStepRegressor, part: SequenceDataset) -> _Means:
    sequences, targets, weights, flat = _read(model, part)
    layout = model._new_window().fit(sequences).layout_
    columns = np.zeros(layout.n_columns)
    if sequences.kind == "real":
        at = 0
        for base in layout.pieces(sequences, size=_ROWS):
            rows = layout.expand(base)
            columns += weights[at : at + len(rows)] @ rows
            at += len(rows)
    first = sequences.take([0])
    return _Means(float(weights.sum()), columns, weights @ targets, [kind_of(sequences)], [flat], [first])


def _products(
    model: WindowStepRegressor, columns: Floats, means: Floats, part: SequenceDataset
) -> tuple[Floats, Floats]:
    sequences, targets, weights, _ = _read(model, part)
    layout = model._new_window().fit(sequences).layout_
    own, cross, at = np.zeros((len(columns), len(columns))), np.zeros((len(columns), len(means))), 0
    for base in layout.pieces(sequences, size=_ROWS):
        rows = layout.expand(base) - columns
        here = slice(at, at + len(rows))
        weighted = (rows * weights[here, np.newaxis]).T
        own += weighted @ rows
        cross += weighted @ (targets[here] - means)
        at += len(rows)
    return own, cross
