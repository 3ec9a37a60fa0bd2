"""Information between a step and what is predicted a lag later, and what chance alone gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.dependence.surrogates import Elsewhere

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sources, and targets at steps of them.

    Parameters
    ----------
    source : ndarray of int64, shape (n_steps,)
        Symbols of all steps, end to end.
    at : ndarray of int64, shape (n_targets,)
        The step at which each target is.
    target : ndarray of int64, shape (n_targets,)
        Symbols of the targets.
    before, after : ndarray of int64, shape (n_targets,)
        Steps of the same sequence before and after the one at which the target is.
    n_sources, n_targets : int
        Sizes of the two alphabets.
    """

    source: NDArray[np.int64]
    at: NDArray[np.int64]
    target: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    n_sources: int
    n_targets: int

    def count(self, lags: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many targets have a step at each lag before them, shape (n_lags,)."""
        return np.array([int(((self.before >= k) & (self.after >= -k)).sum()) for k in lags])

    def information(self, lags: NDArray[np.int64], target: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the plug-in mutual information in bits at each lag, for these targets, shape (n_lags,)."""
        return _information(
            self.source, self.at, target, self.before, self.after, lags, self.n_sources, self.n_targets
        )


@dataclass(frozen=True, eq=False)
class NullBand:
    """What information appears where there is none.

    Parameters
    ----------
    mean, spread : ndarray of shape (n_lags,)
        Mean and standard deviation over surrogates, in bits.
    limit : float
        The maximum over lags, in spreads above the mean, stays below this in all but a share alpha of
        surrogates.
    maxima : ndarray of shape (n_surrogates,)
        That maximum for each surrogate.
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    limit: float
    maxima: NDArray[np.float64]

    @property
    def band(self) -> NDArray[np.float64]:
        """The information that is no longer chance, in bits, shape (n_lags,)."""
        return self.mean + self.limit * self.spread

    def p_values(self, information: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return for each lag the chance that the maximum over all lags reaches as far, shape (n_lags,)."""
        observed = _studentise(information, self.mean, self.spread)
        return (1 + (self.maxima >= observed[:, None]).sum(axis=1)) / (1 + len(self.maxima))


def shuffled(
    pairs: Pairs,
    lags: NDArray[np.int64],
    n: int,
    alpha: float,
    seed: int,
    *,
    groups: NDArray[np.int64] | None = None,
) -> NullBand:
    """Return the band of targets in random order: as if there were no dependence at all.

    The band is that of the maximum over all lags, so that noise exceeds it anywhere in a share `alpha` of
    all data sets, not at each lag.

    Parameters
    ----------
    pairs : Pairs
        Sources and targets.
    lags : ndarray of int64, shape (n_lags,)
        Lags examined.
    n : int
        Surrogates.
    alpha : float
        Share of surrogates above the band.
    seed : int
        Seed of the order.
    groups : ndarray of int64, shape (n_targets,), optional
        Groups, from 0, of one target each: they change places as a whole.
    """
    rng = np.random.default_rng(seed)
    if groups is None:
        return _band(pairs, lags, lambda: rng.permutation(pairs.target), n, alpha)
    of_group = pairs.target[np.unique(groups, return_index=True)[1]]
    return _band(pairs, lags, lambda: rng.permutation(of_group)[groups], n, alpha)


def elsewhere(pairs: Pairs, lags: NDArray[np.int64], n: int, alpha: float, seed: int) -> NullBand:
    """Return the band of targets from elsewhere in the data.

    Sources and targets keep their own memory, which makes chance information larger than in shuffled
    data; only what ties them together is gone. See `Elsewhere`.
    """
    rng = np.random.default_rng(seed)
    draws = Elsewhere(pairs.at - pairs.before)
    return _band(pairs, lags, lambda: pairs.target[draws.draw(rng)], n, alpha)


def _band(
    pairs: Pairs, lags: NDArray[np.int64], draw: Callable[[], NDArray[np.int64]], n: int, alpha: float
) -> NullBand:
    return null_band(np.array([pairs.information(lags, draw()) for _ in range(n)]), alpha)


def null_band(surrogates: NDArray[np.float64], alpha: float) -> NullBand:
    """Return the band of the maximum over lags from surrogates, shape (n_surrogates, n_lags)."""
    n = len(surrogates)
    mean, spread = surrogates.mean(axis=0), surrogates.std(axis=0, ddof=1)
    maxima = _studentise(surrogates, mean, spread).max(axis=1)
    # the smallest limit that is exact for a finite number of surrogates
    rank = min(int(np.ceil((1 - alpha) * (n + 1))), n)
    return NullBand(mean, spread, float(np.sort(maxima)[rank - 1]), maxima)


def _studentise(information: Array, mean: Array, spread: Array) -> Array:
    # where all surrogates agree, but for rounding, nothing can be found
    return np.where(spread > 1e-12, (information - mean) / np.where(spread > 1e-12, spread, 1.0), 0.0)


@njit(cache=True)
def _information(
    source: Array,
    at: Array,
    target: Array,
    before: Array,
    after: Array,
    lags: Array,
    n_sources: int,
    n_targets: int,
) -> Array:
    n = len(at)
    # n log2 n of all counts that can occur: a look-up is cheaper than a logarithm
    entropy = np.zeros(n + 1)
    for i in range(2, n + 1):
        entropy[i] = i * np.log2(i)
    result = np.zeros(len(lags))
    joint = np.zeros((n_sources, n_targets), np.int64)
    for j in range(len(lags)):
        lag = lags[j]
        joint[:] = 0
        total = 0
        for i in range(n):
            if before[i] >= lag and after[i] >= -lag:
                joint[source[at[i] - lag], target[i]] += 1
                total += 1
        if total == 0:
            continue
        bits = entropy[total]
        for a in range(n_sources):
            row = 0
            for b in range(n_targets):
                row += joint[a, b]
                bits += entropy[joint[a, b]]
            bits -= entropy[row]
        for b in range(n_targets):
            column = 0
            for a in range(n_sources):
                column += joint[a, b]
            bits -= entropy[column]
        result[j] = bits / total
    return result
