"""Whether each sequence has frequencies of its own: then they are no memory, and lags are not credited."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.ranks import normal_scores
from seqcompare.dependence.step_features import REPEATED, step_features

LONG_ENOUGH = 18
"""Steps of sequences whose frequencies can be told from a memory of a few steps."""

_SHORTEST = 6
_MANY_SEQUENCES = 20
# three parts of three sequences can be dealt out in 280 ways, of two sequences in 10
_FEWEST_SEQUENCES = 3
_N_PARTS = 3
_LASTING = 0.75


@dataclass(frozen=True)
class OwnFrequencies:
    """How sequences agree with themselves.

    Parameters
    ----------
    p_value : float
        Chance of so much agreement between parts of sequences in random order.
    lasts : bool
        Whether parts that are far from each other agree nearly as well as neighbours, which memory that fades
        does not do.
    """

    p_value: float
    lasts: bool


def find_own_frequencies(X: Sequences, n_permutations: int, seed: int) -> OwnFrequencies | None:
    """Find out whether each sequence has frequencies of its own; None where it cannot be told.

    Of many sequences, what the first third of each has more of than its positions have on average is compared
    with its last third, and with last thirds of others. Of few, all thirds are dealt out to sequences at
    random (an analysis of variance by permutation).

    Parameters
    ----------
    X : Sequences
        Symbols or numbers.
    n_permutations, seed : int
        Random orders, and their seed.

    References
    ----------
    M. J. Anderson, "A new method for non-parametric multivariate analysis of variance" (2001).
    """
    if len(X) < _FEWEST_SEQUENCES or np.median(X.lengths) < _SHORTEST:
        return None
    features, names = step_features(X)
    # sequences that differ in how often they repeat have memory: what a few steps tell of it is no frequency
    features = features[:, [name != REPEATED for name in names]]
    if X.kind == "symbols" and X.values.dtype.kind in "iu" and features.shape[1] > 1:
        # whole numbers have a level as well
        features = np.column_stack([features, normal_scores(X.values.astype(np.float64))])
    many = len(X) >= _MANY_SEQUENCES
    if many:
        count = np.bincount(X.step_index).astype(np.float64)
        usual = [np.bincount(X.step_index, feature) / count for feature in features.T]
        features = features - np.column_stack(usual)[X.step_index]
    thirds = _thirds(X, features)
    # what all sequences have alike in one third is no difference between them
    thirds = thirds - thirds.mean(axis=1, keepdims=True)
    thirds = thirds[:, :, (thirds.std(axis=1) > 1e-12).all(axis=0)]
    if not thirds.shape[2]:
        return None
    shares = _agreement(thirds, many, n_permutations, np.random.default_rng(seed))
    # of those that agree
    first, middle, last = (thirds / thirds.std(axis=(0, 1)))[:, :, shares[0] >= shares[0].max() / 2]
    near, far = ((first + last) * middle).sum() / 2, (first * last).sum()
    # one of them, or all a little
    most = np.maximum(shares.max(axis=1), np.sqrt(shares.shape[1]) * shares.mean(axis=1))
    return OwnFrequencies(float((most >= most[0] - 1e-12).mean()), bool(far >= _LASTING * near))


def _thirds(X: Sequences, features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each feature over thirds of sequences, shape (3, n_sequences, n_features)."""
    part = X.step_index * _N_PARTS // np.repeat(X.lengths, X.lengths)
    cell = part * len(X) + X.sequence_index
    sums = [np.bincount(cell, feature, minlength=_N_PARTS * len(X)) for feature in features.T]
    steps = np.maximum(np.bincount(cell, minlength=_N_PARTS * len(X)), 1)
    means = np.column_stack(sums) / steps[:, None]
    return np.asarray(means.reshape(_N_PARTS, len(X), -1))


def _agreement(
    thirds: NDArray[np.float64], many: bool, n_permutations: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return how thirds of sequences agree, and in random orders, shape (1 + n_permutations, n_features)."""
    n = thirds.shape[1]
    if many:
        first, last = thirds[0], thirds[2]
        scale = n * first.std(axis=0) * last.std(axis=0)
        orders = [np.arange(n), *(rng.permutation(n) for _ in range(n_permutations))]
        return np.array([(first * last[order]).sum(axis=0) / scale for order in orders])
    rows = thirds.transpose(1, 0, 2).reshape(_N_PARTS * n, -1)
    orders = [np.arange(len(rows)), *(rng.permutation(len(rows)) for _ in range(n_permutations))]
    means = [rows[order].reshape(n, _N_PARTS, -1).mean(axis=1) for order in orders]
    return np.asarray(np.array([(mean**2).sum(axis=0) for mean in means]) / (rows**2).sum(axis=0))
