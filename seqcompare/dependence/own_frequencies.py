"""Whether each sequence has frequencies of its own: then they are no memory, and lags are not credited."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.step_features import REPEATED, step_features

LONG_ENOUGH = 18
"""Steps of sequences whose frequencies can be told from a memory of a few steps."""

_SHORTEST = 6
_MANY_SEQUENCES = 20
# three parts of three sequences can be dealt out in 280 ways, of two sequences in 10
_FEWEST_SEQUENCES = 3
_N_PARTS = 3


def find_own_frequencies(X: Sequences, n_permutations: int, seed: int) -> float | None:
    """Return the chance of sequences that agree with themselves so much; None where it cannot be told.

    Whether each sequence has frequencies of its own. Of many sequences, what the first third of each has more
    of than its positions have on average is compared with its last third, and with last thirds of others. Of
    few, all thirds are dealt out to sequences at random (an analysis of variance by permutation). Where
    sequences have fewer than `LONG_ENOUGH` steps, it may be memory as well.

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
    rng = np.random.default_rng(seed)
    if len(X) < _MANY_SEQUENCES:
        return _of_few(_thirds(X, features), rng, n_permutations)
    count = np.bincount(X.step_index).astype(np.float64)
    usual = [np.bincount(X.step_index, feature) / count for feature in features.T]
    features = features - np.column_stack(usual)[X.step_index]
    thirds = _thirds(X, features)
    first, last = thirds[0] - thirds[0].mean(axis=0), thirds[2] - thirds[2].mean(axis=0)
    scale = first.std(axis=0) * last.std(axis=0)
    differ = scale > 0
    if not differ.any():
        return None
    first, last, scale = first[:, differ], last[:, differ], scale[differ]
    orders = [np.arange(len(X)), *(rng.permutation(len(X)) for _ in range(n_permutations))]
    agreement = np.array([((first * last[order]).mean(axis=0) / scale).max() for order in orders])
    return float((agreement >= agreement[0] - 1e-12).mean())


def _thirds(X: Sequences, features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of each feature over thirds of sequences, shape (3, n_sequences, n_features)."""
    part = X.step_index * _N_PARTS // np.repeat(X.lengths, X.lengths)
    cell = part * len(X) + X.sequence_index
    sums = [np.bincount(cell, feature, minlength=_N_PARTS * len(X)) for feature in features.T]
    steps = np.maximum(np.bincount(cell, minlength=_N_PARTS * len(X)), 1)
    means = np.column_stack(sums) / steps[:, None]
    return np.asarray(means.reshape(_N_PARTS, len(X), -1))


def _of_few(thirds: NDArray[np.float64], rng: np.random.Generator, n_permutations: int) -> float | None:
    """Return the chance of sequences that differ so much from each other, beside how their thirds differ."""
    n, n_features = thirds.shape[1:]
    # what all sequences have alike in one third is no difference between them
    rows = (thirds - thirds.mean(axis=1, keepdims=True)).transpose(1, 0, 2).reshape(-1, n_features)
    whole = (rows**2).sum(axis=0)
    rows, whole = rows[:, whole > 1e-12], whole[whole > 1e-12]
    if not len(whole):
        return None
    orders = [np.arange(len(rows)), *(rng.permutation(len(rows)) for _ in range(n_permutations))]
    means = [rows[order].reshape(n, _N_PARTS, -1).mean(axis=1) for order in orders]
    shares = np.array([((mean**2).sum(axis=0) * _N_PARTS / whole).max() for mean in means])
    return float((shares >= shares[0] - 1e-12).mean())
