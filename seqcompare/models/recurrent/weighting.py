"""Weighted scales, and weights of classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def mean_and_scale(
    values: Array, counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weighted mean and standard deviation of each column; 1 where a column does not vary."""
    values = values.astype(np.float64)
    mean = np.average(values, axis=0, weights=counts)
    scale = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=counts))
    constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(mean)
    return mean, np.where(constant, 1.0, scale)


def class_weights(
    codes: NDArray[np.int64], weights: NDArray[np.float64], class_weight: Any, classes: Array
) -> NDArray[np.float64]:
    """Return the factor of each class, shape (n_classes,).

    "balanced" makes the weights of all classes that occur add up alike; a dict gives factors by label, and 1
    to those it does not name.
    """
    factors = np.ones(len(classes))
    if class_weight is None:
        return factors
    if isinstance(class_weight, dict):
        unknown = set(class_weight) - set(classes.tolist())
        if unknown:
            raise ValueError(
                f"class_weight names {sorted(unknown, key=str)}; the classes are {classes.tolist()}"
            )
        for i, label in enumerate(classes.tolist()):
            factors[i] = class_weight.get(label, 1.0)
        return factors
    if class_weight != "balanced":
        raise ValueError(f"class_weight must be None, 'balanced' or a dict, got {class_weight!r}")
    counts = np.bincount(codes, weights=weights, minlength=len(classes))
    present = counts > 0
    factors[present] = counts.sum() / (present.sum() * counts[present])
    return factors
