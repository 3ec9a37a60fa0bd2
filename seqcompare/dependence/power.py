"""What would have been seen: how large a dependence must be to be detected."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import ncx2

from seqcompare.typing import Floats

NINE_IN_TEN = 0.9
HALF = 0.5
_BISECTIONS = 24


def chance_to_see(
    bits: ArrayLike, threshold: ArrayLike, n_pairs: ArrayLike, freedom: ArrayLike
) -> NDArray[np.float64]:
    """Return the chance that a dependence at one lag is detected.

    Counted information times twice the number of pairs, in nats, follows a chi-squared distribution, with
    what there is in truth as its noncentrality.

    Parameters
    ----------
    bits : array-like
        Mutual information in truth.
    threshold : array-like
        Counted information that is no longer chance, bias included, in bits.
    n_pairs : array-like
        Pairs counted.
    freedom : array-like
        Degrees of freedom: sources less one times targets less one.

    References
    ----------
    S. Kullback, "Information Theory and Statistics" (1959), chapter 6.
    """
    scale = 2 * np.log(2) * np.asarray(n_pairs, dtype=np.float64)
    at = np.maximum(np.asarray(threshold, dtype=np.float64), 0) * scale
    return np.asarray(ncx2.sf(at, freedom, np.asarray(bits) * scale), dtype=np.float64)


def least_seen(
    threshold: ArrayLike, n_pairs: ArrayLike, freedom: ArrayLike, power: float
) -> NDArray[np.float64]:
    """Return the information in bits that is detected in a share `power` of data sets.

    Parameters
    ----------
    threshold, n_pairs : array-like of shape (n_lags,)
        As in `chance_to_see`.
    freedom : array-like of shape (n_lags,), or a number
        Degrees of freedom.
    power : float
        How often it is to be seen.
    """
    threshold = np.nan_to_num(np.asarray(threshold, dtype=np.float64), nan=np.inf)
    n_pairs, freedom = np.asarray(n_pairs, dtype=np.float64), np.asarray(freedom, dtype=np.float64)
    at = np.maximum(threshold, 0) * 2 * np.log(2) * n_pairs
    low = np.zeros(at.shape)
    # noncentral chi-squared has mean freedom + c and variance 2 (freedom + 2 c)
    high = at + 10 + 6 * np.sqrt(2 * freedom + 4 * at + 40)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        enough = ncx2.sf(at, freedom, middle) >= power
        high, low = np.where(enough, middle, high), np.where(enough, low, middle)
    least: NDArray[np.float64] = high / (2 * np.log(2) * n_pairs)
    return least


def plant(
    source: NDArray[np.int64], offsets: NDArray[np.int64], lag: int, share: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return a series in random order, in which a share of steps repeats the one a lag before it.

    Single frequencies stay; this is the dependence that power is stated for.

    Parameters
    ----------
    source : ndarray of int64, shape (n_steps,)
        Symbols.
    offsets : ndarray of int64, shape (n + 1,)
        Bounds of the sequences: nothing is copied across them.
    lag : int
        How far back the copied step is.
    share : float
        Share of steps that are copies.
    rng : numpy Generator
        Of what is random.
    """
    made = rng.permutation(source)
    copies = rng.random(len(made)) < share
    for start, stop in itertools.pairwise(offsets):
        for t in range(start + lag, stop):
            if copies[t]:
                made[t] = made[t - lag]
    return made


def planted_bits(frequency: Floats, share: float) -> float:
    """Return the information in bits that such copies hold at their lag, for these symbol frequencies."""
    p = np.asarray(frequency, dtype=np.float64) / np.sum(frequency)
    joint = (1 - share) * np.outer(p, p) + share * np.diag(p)
    positive = joint > 0
    return float((joint[positive] * np.log2(joint[positive] / np.outer(p, p)[positive])).sum())
