"""Numbers less the level, or in the spread, of those that share a place, a phase or a sequence."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as fisher

Floats = NDArray[np.float64]

_SURE = 0.01


def alike(values: Floats, key: NDArray[np.int64], *, always: bool) -> Floats:
    """Return numbers less the level of their key, in the spread of their key."""
    return of_one_spread(less_means(values, key, always=always), key)


def less_means(values: Floats, key: NDArray[np.int64], *, always: bool) -> Floats:
    """Return numbers less the means of those of one key, where (or if always) these differ."""
    result = values.copy()
    for c in range(values.shape[1]):
        mean, differ = _means(values[:, c], key)
        if always or differ:
            result[:, c] -= mean
    return result


def of_one_spread(values: Floats, key: NDArray[np.int64]) -> Floats:
    """Return numbers about 0 over the spread of those of one key, where spreads differ."""
    result = values.copy()
    for c in range(values.shape[1]):
        # by Levene's test, since tails are as they are
        if _means(np.abs(values[:, c]), key)[1]:
            spread = np.sqrt(_means(values[:, c] ** 2, key)[0])
            result[:, c] *= np.sqrt(np.nanmean(values[:, c] ** 2)) / np.where(spread > 0, spread, np.inf)
    return result


def _means(x: Floats, key: NDArray[np.int64]) -> tuple[Floats, bool]:
    """Return the mean of the numbers of each one's key, shape (n_steps,), and whether these means differ."""
    index = np.unique(key, return_inverse=True)[1]
    present = np.isfinite(x)
    x, which = x[present], index[present]
    count = np.bincount(which, minlength=int(index.max()) + 1)
    mean = np.bincount(which, x, minlength=len(count)) / np.maximum(count, 1)
    k, n = int((count > 0).sum()), len(x)
    if k < 2 or n <= k + 1:
        return np.full(len(index), x.mean()), False
    within = float(((x - mean[which]) ** 2).sum()) / (n - k)
    between = float((count * (mean - x.mean()) ** 2).sum()) / (k - 1)
    differ = fisher.sf(between / max(within, 1e-300), k - 1, n - k) <= _SURE
    return mean[index], bool(differ)
