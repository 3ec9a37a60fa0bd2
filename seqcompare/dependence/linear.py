"""What is left of numbers when the linear part of their past is taken away.

Numbers in bins do not keep the order that the numbers have: the bin of the last step leaves something
open that the bin of the one before it tells. What is left of a linear regression on the last steps
themselves has no such leak.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.coding import Coded, code_numbers, code_vectors

_N_BINS = 3


def residuals(X: Sequences, lags: Iterable[int]) -> NDArray[np.float64]:
    """Return numbers less what least squares predicts of them from steps before.

    Parameters
    ----------
    X : Sequences
        Numbers. Missing ones, and those before the start, count as the mean.
    lags : iterable of int
        How many steps before.

    Returns
    -------
    ndarray of shape (n_steps, n_channels)
    """
    values = X.channels.astype(np.float64)
    values = values - np.nanmean(values, axis=0)
    values[np.isnan(values)] = 0.0
    taps = []
    for lag in lags:
        tap = np.zeros_like(values)
        tap[lag:] = values[:-lag]
        tap[X.step_index < lag] = 0.0
        taps.append(tap)
    if not taps:
        return np.asarray(values, dtype=np.float64)
    inputs = np.hstack(taps)
    solution = np.linalg.lstsq(inputs, values, rcond=None)[0]
    return np.asarray(values - inputs @ solution)


def code_residuals(X: Sequences, lags: Iterable[int], seed: int) -> Coded:
    """Return what the steps at these lags leave open, as one of a few symbols."""
    left = residuals(X, lags)
    # exactly predicted numbers leave nothing but rounding
    left[:, left.std(axis=0) < 1e-9 * np.maximum(1e-300, np.nanstd(X.channels, axis=0))] = 0.0
    if left.shape[1] == 1:
        return code_numbers(left[:, 0], _N_BINS)
    return code_vectors(left, 2 * _N_BINS, seed)
