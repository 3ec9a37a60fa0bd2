"""Standard units, and weights of classes."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from seqcompare.typing import Array


def mean_and_scale(
    values: Array, counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weighted mean and standard deviation of each column; 1 where a column does not vary."""
    values = values.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is an error in `standardised`
        mean = np.average(values, axis=0, weights=counts)
        scale = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=counts))
    constant = scale <= 10 * np.finfo(np.float64).eps * np.abs(mean)
    return mean, np.where(constant, 1.0, scale)


def standardised(
    values: Array, mean: Array, scale: Array, dtype: DTypeLike, place: Callable[[int], str]
) -> Array:
    """Return the columns of `values` in standard units.

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_columns)
        Finite numbers.
    mean, scale : ndarray, shape (n_columns,)
        What `mean_and_scale` returns.
    dtype : dtype
        Of the result.
    place : callable
        (row) -> what an error calls it.

    Raises
    ------
    ValueError
        If a number is so large that its square, and with it a product of the network, would overflow.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        standard = (values - mean) / scale
    limit = np.sqrt(np.finfo(dtype).max)
    if not (standard.max() <= limit and -standard.min() <= limit and np.isfinite(scale).all()):
        fits = (np.abs(standard) <= limit) & np.isfinite(scale)
        row, column = np.unravel_index(np.where(fits, 0, np.abs(values)).argmax(), values.shape)
        raise ValueError(
            f"{place(int(row))} is {values[row, column]:g}: too large for a network of {np.dtype(dtype)}, "
            f"which takes at most {limit:.1e} in standard units"
        )
    return np.ascontiguousarray(standard, dtype=dtype)


def reweighted(
    codes: NDArray[np.int64], weights: NDArray[np.float64], class_weight: Any, classes: Array
) -> NDArray[np.float64]:
    """Return `weights` times the factor of each one's class.

    "balanced" makes the weights of all classes that occur add up alike; a dict gives factors by label, and 1
    to those it does not name.

    Raises
    ------
    ValueError
        If `class_weight` is neither, names an unknown label, has a factor that is no number from 0 on, or
        leaves no weight.
    """
    if class_weight is None:
        return weights
    if isinstance(class_weight, dict):
        unknown = set(class_weight) - set(classes.tolist())
        if unknown:
            raise ValueError(
                f"class_weight names {sorted(unknown, key=str)}; the classes are {classes.tolist()}"
            )
        for label, factor in class_weight.items():
            if not isinstance(factor, Real) or not 0 <= float(factor) < np.inf:
                raise ValueError(
                    f"class_weight must be finite numbers from 0 on, but that of {label!r} is {factor!r}"
                )
        factors = np.array([class_weight.get(label, 1.0) for label in classes.tolist()], dtype=np.float64)
    elif isinstance(class_weight, str) and class_weight == "balanced":
        counts = np.bincount(codes, weights=weights, minlength=len(classes))
        present = counts > 0
        factors = np.ones(len(classes))
        factors[present] = counts.sum() / (present.sum() * counts[present])
    else:
        raise ValueError(f"class_weight must be None, 'balanced' or a dict, got {class_weight!r}")
    changed = weights * factors[codes]
    if not changed.any():
        raise ValueError(f"class_weight={class_weight!r} leaves nothing to train on: all weights are 0")
    return changed
