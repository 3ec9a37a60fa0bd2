"""Sequences of numbers that are copies of each other, or nearly so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh
from scipy.spatial import cKDTree

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.levels import less_means
from seqcompare.dependence.linear import residuals

_N_COMPONENTS = 12
_N_NEIGHBOURS = 21
# the cost of all components goes with the third power of their number
_MOST_BY_ALL = 1000
_NEARER = 0.35
_HALF = 0.5


def number_pairs(X: Sequences, rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return near-copies among numbers, and among those of a fitted autoregression."""
    values = X.channels.astype(np.float64)
    values = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    shape = (len(X), int(X.lengths[0]), -1)
    least = 1e-9 * np.maximum(values.std(axis=0), 1e-300)
    # what stays the same all along is equal to its like, and no copy of it
    moves = (np.ptp(values.reshape(shape), axis=1) > 0).any(axis=1)
    # a shape that all have by the place makes none of them a copy
    values = less_means(values, X.step_index, always=False)
    varies = np.ptp(values, axis=0) > least  # what does not is the same in all, and no sign of a copy
    if not varies.any():
        return np.empty((0, 2), dtype=np.int64), np.empty((0, 2), dtype=np.int64)
    left = residuals(X.with_values(values), range(1, 4))[:, varies]
    values, least = values[:, varies], least[varies]
    # quiet sequences are near each other, and no copies: each has a spread of its own
    spread = np.maximum(left.reshape(shape).std(axis=1), least)
    pairs = _near(values.reshape(shape), spread, moves)
    # residuals change places in time, or with those of others: then each place keeps what it has
    made = [_autoregression(values, left, X, rng, axis).reshape(shape) for axis in (1, 0)]
    return pairs, max((_near(one, spread, moves) for one in made), key=len)


def _autoregression(
    values: NDArray[np.float64],
    left: NDArray[np.float64],
    X: Sequences,
    rng: np.random.Generator,
    axis: int,
) -> NDArray[np.float64]:
    """Return numbers by the data's regression on three steps, with residuals in random order on an axis."""
    centred = values - values.mean(axis=0)
    length, channels = int(X.lengths[0]), values.shape[1]
    # what is explained, by least squares on the taps again, gives the coefficients
    taps = np.zeros((len(values), 3 * channels))
    for lag in range(1, 4):
        inside = X.step_index >= lag
        taps[inside, (lag - 1) * channels : lag * channels] = centred[np.flatnonzero(inside) - lag]
    weights = np.linalg.lstsq(taps, centred - left, rcond=None)[0]
    later = rng.permuted(left.reshape(len(X), length, channels)[:, min(3, length - 1) :], axis=axis)
    made = np.zeros((len(X), length, channels))
    made[:, :3] = centred.reshape(len(X), length, channels)[:, :3]
    limit = 10 * np.abs(centred).max()
    for t in range(3, length):
        past = np.concatenate([made[:, t - lag] for lag in range(1, 4)], axis=1)
        made[:, t] = np.clip(past @ weights, -limit, limit) + later[:, t - 3]
    return made.reshape(-1, channels)


def _near(
    values: NDArray[np.float64], spread: NDArray[np.float64], moves: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the pairs of sequences that differ by less than half a spread, shape (n_pairs, 2).

    Parameters
    ----------
    values : ndarray of shape (n, length, n_channels)
        The sequences.
    spread : ndarray of shape (n, n_channels)
        What is left open in each of them.
    moves : ndarray of bool, shape (n,)
        Which of them can be copies.
    """
    rows = (values / np.sqrt((spread**2).mean(axis=0))).reshape(len(values), -1)
    centred = rows - rows.mean(axis=0)
    tree = cKDTree(_components(centred, min(_N_COMPONENTS, *centred.shape)))
    distance, nearest = tree.query(tree.data, k=min(_N_NEIGHBOURS, len(rows)))
    # in clusters all neighbours are near: a copy is near beside the others
    close = distance[:, 1:4] < _NEARER * distance[:, -1:]
    first = np.repeat(np.arange(len(rows)), close.sum(axis=1))
    pairs = np.sort(np.column_stack([first, nearest[:, 1:4][close]]), axis=1)
    pairs = np.unique(pairs[(pairs[:, 0] != pairs[:, 1]) & moves[pairs].all(axis=1)], axis=0)
    one, other = pairs.T
    apart = (values[one] - values[other]) / np.minimum(spread[one], spread[other])[:, None]
    return np.asarray(pairs[np.sqrt((apart**2).mean(axis=(1, 2))) < _HALF], dtype=np.int64)


def _components(centred: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Return the first principal components of centred rows, shape (n, k)."""
    # rows that are few and long have the same components by their own, far smaller, matrix of products
    by_rows = len(centred) < centred.shape[1]
    products = centred @ centred.T if by_rows else centred.T @ centred
    if len(products) > _MOST_BY_ALL:
        values, vectors = eigsh(products, k, v0=np.ones(len(products)))
    else:
        values, vectors = np.linalg.eigh(products)
    if by_rows:
        return np.asarray(vectors[:, -k:] * np.sqrt(np.maximum(values[-k:], 0)))
    return np.asarray(centred @ vectors[:, -k:])
