"""Sequences that are copies of each other, or nearly so, in any order.

A copy in the test part of one that a model was fitted on makes it look far better than it is. Short
sequences repeat by nature, though: a process with four activities has few different traces. So what is
shared is compared with what sequences of a fitted chain share, which know nothing of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.coding import code_numbers, code_symbols, code_vectors
from seqcompare.dependence.linear import residuals

Array = NDArray[Any]

_FEWEST = 8
_LEAST_SHARE = 0.05
_MORE_THAN_CHANCE = 3
_N_HASHES = 128
_LEAST_SHARED = 0.2
_MOST_IN_BUCKET = 40
_GROUPING = 0.7
_MOST_STEPS = 2_000_000
_SHORTEST_NUMBERS = 8
_STEPS_A_PARAMETER = 20
_N_COMPONENTS = 12
_N_BINS = 4


@dataclass(frozen=True, eq=False)
class Copies:
    """Near-copies in data.

    Parameters
    ----------
    share : float
        Share of the sequences that are near-copies of another one.
    by_chance : float
        The same in sequences of a fitted chain.
    more_than_chance : bool
        Whether that is more than chance, so that copies have to be kept together.
    group : ndarray of int64, shape (n,)
        Sequences that are copies have the same number.
    """

    share: float
    by_chance: float
    more_than_chance: bool
    group: NDArray[np.int64]


def find_copies(X: Sequences, seed: int = 0) -> Copies | None:
    """Find near-copies; None where sequences are too few, or too many, to look for them.

    Symbols: runs of w steps are hashed, sequences with equal minima of some of 128 hashes are compared, and
    are near-copies if they share a fifth of the shorter one's runs. The length w is such that two sequences
    of a chain of order 1 share a run by chance in one pair of sixteen for each sequence there is. Numbers of
    equal length: the nearest neighbours among the first principal components are near-copies if they differ
    by less than half of what a regression on the last three steps leaves open.

    Parameters
    ----------
    X : Sequences
        Symbols or numbers.
    seed : int, default=0
        Of hashes and of the chain's sequences.

    References
    ----------
    A. Z. Broder, "On the resemblance and containment of documents" (1997).
    """
    if len(X) < _FEWEST or X.n_steps > _MOST_STEPS:
        return None
    rng = np.random.default_rng(seed)
    if X.kind == "real" and (X.lengths == X.lengths[0]).all() and X.lengths[0] >= _SHORTEST_NUMBERS:
        pairs, other = _number_pairs(X, rng)
        together = pairs
    else:
        codes = _codes(X, seed)
        width = _run_length(codes, X.offsets)
        pairs = _shared_runs(codes, X.offsets, width, rng)
        other = _shared_runs(_simulate(codes, X.offsets, rng), X.offsets, width, rng)
        together = pairs
        if len(pairs):
            together = _shared_runs(codes, X.offsets, max(1, int(np.ceil(_GROUPING * width))), rng)
    share, chance = (len(np.unique(found)) / len(X) for found in (pairs, other))
    more = share > _LEAST_SHARE and len(pairs) > _MORE_THAN_CHANCE * (1 + len(other))
    return Copies(share, chance, more, _join(together, len(X)))


def _join(pairs: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int64)


def _codes(X: Sequences, seed: int) -> NDArray[np.int64]:
    if X.kind == "symbols":
        return code_symbols(X.values).codes
    values = X.channels.astype(np.float64)
    if X.n_channels == 1:
        return code_numbers(values[:, 0], _N_BINS).codes
    return code_vectors(values, 2 * _N_BINS, seed).codes


def _run_length(codes: NDArray[np.int64], offsets: NDArray[np.int64]) -> int:
    """Return how long runs have to be for two sequences not to share one by chance."""
    n, length = len(offsets) - 1, float(np.median(np.diff(offsets)))
    wanted = 2 * np.log2(max(length, 2)) + np.log2(n) - 4
    run = np.ceil(wanted / max(_collision_rate(codes, offsets), 1e-3))
    return int(np.clip(run, 1, max(1, length // 2)))


def _collision_rate(codes: NDArray[np.int64], offsets: NDArray[np.int64]) -> float:
    """Return how many bits a step two sequences of a chain of order 1 need to stay the same."""
    kept = np.argsort(-np.bincount(codes), kind="stable")[:64]
    number = np.full(int(codes.max()) + 1, len(kept))
    number[kept] = np.arange(len(kept))
    inside = np.ones(len(codes), dtype=bool)
    inside[offsets[1:] - 1] = False
    at = np.flatnonzero(inside)
    small = number[codes]
    k = len(kept) + 1
    table = np.bincount(small[at] * k + small[at + 1], minlength=k * k).reshape(k, k).astype(np.float64)
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1)
    return float(-np.log2(max(np.abs(np.linalg.eigvals(table**2)).max(), 1e-12)))


def _shared_runs(
    codes: NDArray[np.int64], offsets: NDArray[np.int64], width: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the pairs of sequences that share runs of steps, shape (n_pairs, 2)."""
    base = np.uint64(rng.integers(2**32, 2**63) | 1)
    run, bounds = _hash_runs(codes, offsets, width, base)
    odd = (rng.integers(0, 2**31, _N_HASHES, dtype=np.uint32) * 2 + 1).astype(np.uint32)
    sketch = _sketch(run, bounds, odd)
    keys = sketch[:, 0::2].astype(np.uint64) << np.uint64(32) | sketch[:, 1::2]
    candidates = []
    for band in range(keys.shape[1]):
        order = np.argsort(keys[:, band], kind="stable")
        ordered = keys[order, band]
        # of many equal ones each is compared with those next to it, which is enough to join them
        for step in range(1, _MOST_IN_BUCKET):
            same = np.flatnonzero(ordered[step:] == ordered[:-step])
            if not len(same):
                break
            candidates.append(np.column_stack([order[same], order[same + step]]))
    if not candidates:
        return np.zeros((0, 2), dtype=np.int64)
    joined = np.sort(np.vstack(candidates), axis=1)
    numbers = np.unique(joined[:, 0] * np.int64(len(keys)) + joined[:, 1])
    pairs = np.column_stack(np.divmod(numbers, len(keys)))
    return pairs[_check_pairs(pairs, run, bounds) >= _LEAST_SHARED]


@njit(cache=True)
def _hash_runs(codes: Array, offsets: Array, width: int, base: np.uint64) -> tuple[Array, Array]:
    """Return a hash of each run of `width` steps, sorted in each sequence, and where sequences start.

    A sequence that is shorter than that is one run.
    """
    n = len(offsets) - 1
    bounds = np.zeros(n + 1, np.int64)
    for i in range(n):
        bounds[i + 1] = bounds[i] + max(1, offsets[i + 1] - offsets[i] - width + 1)
    hashes = np.empty(bounds[n], np.uint32)
    for i in range(n):
        for r in range(bounds[i + 1] - bounds[i]):
            h = np.uint64(1469598103934665603)
            for t in range(offsets[i] + r, min(offsets[i] + r + width, offsets[i + 1])):
                h = (h ^ np.uint64(codes[t] + 1)) * base
                h ^= h >> np.uint64(29)
            hashes[bounds[i] + r] = np.uint32(h >> np.uint64(32))
        hashes[bounds[i] : bounds[i + 1]].sort()
    return hashes, bounds


@njit(cache=True)
def _sketch(run: Array, bounds: Array, odd: Array) -> Array:
    sketch = np.full((len(bounds) - 1, len(odd)), np.uint32(0xFFFFFFFF), np.uint32)
    for i in range(len(bounds) - 1):
        row = sketch[i]
        for r in range(bounds[i], bounds[i + 1]):
            h = run[r]
            for k in range(len(odd)):
                value = np.uint32((h ^ odd[k]) * odd[k])
                value = np.uint32((value ^ (value >> np.uint32(15))) * np.uint32(0x2C1B3C6D))
                row[k] = min(row[k], value)
    return sketch


@njit(cache=True)
def _check_pairs(pairs: Array, run: Array, bounds: Array) -> Array:
    """Return the share of the shorter one's different runs that both have, for each pair."""
    result = np.empty(len(pairs))
    for p in range(len(pairs)):
        a, a_end = bounds[pairs[p, 0]], bounds[pairs[p, 0] + 1]
        b, b_end = bounds[pairs[p, 1]], bounds[pairs[p, 1] + 1]
        left, right, both = 0, 0, 0
        # runs are sorted: walk along both
        while a < a_end or b < b_end:
            if b == b_end or (a < a_end and run[a] <= run[b]):
                value = run[a]
            else:
                value = run[b]
            here = there = False
            while a < a_end and run[a] == value:
                a, here = a + 1, True
            while b < b_end and run[b] == value:
                b, there = b + 1, True
            left += here
            right += there
            both += here and there
        result[p] = both / max(1, min(left, right))
    return result


def _simulate(
    codes: NDArray[np.int64], offsets: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return sequences of these lengths from the chain that the data follow, of order 1 or 2."""
    inside = np.ones(len(codes), dtype=bool)
    inside[offsets[:-1]] = False
    state = codes + 1
    k = int(codes.max()) + 2
    if k**3 * _STEPS_A_PARAMETER < len(codes):
        # with little data a chain of order 2 would repeat the data themselves
        before = np.concatenate([[0], codes[:-1] + 1])
        state = state * k + np.where(inside, before, 0)
    _, state = np.unique(state, return_inverse=True)
    followed = np.flatnonzero(inside) - 1
    order = followed[np.argsort(state[followed], kind="stable")]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(state[followed], minlength=int(state.max()) + 1))])
    return _walk(codes, state, offsets, order, bounds, rng)


@njit(cache=True)
def _walk(
    codes: Array, state: Array, offsets: Array, order: Array, bounds: Array, rng: np.random.Generator
) -> Array:
    """Return sequences that go on, from each state, as the data did at some random time in that state."""
    made = np.empty_like(codes)
    n = len(offsets) - 1
    for i in range(n):
        at = offsets[int(rng.random() * n)]
        for t in range(offsets[i], offsets[i + 1]):
            made[t] = codes[at]
            low, high = bounds[state[at]], bounds[state[at] + 1]
            if high > low:
                at = order[low + int(rng.random() * (high - low))] + 1
            else:
                at = int(rng.random() * len(codes))
    return made


def _number_pairs(
    X: Sequences, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return near-copies among numbers, and among those of a fitted autoregression."""
    left = residuals(X, 3)
    values = X.channels.astype(np.float64)
    values = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    spread = np.maximum(left.std(axis=0), 1e-9 * np.maximum(values.std(axis=0), 1e-300))
    shape = (len(X), -1)
    pairs = _near(values.reshape(shape), np.tile(spread, X.lengths[0]))
    made = _autoregression(values, left, X, rng)
    return pairs, _near(made.reshape(shape), np.tile(spread, X.lengths[0]))


def _autoregression(
    values: NDArray[np.float64], left: NDArray[np.float64], X: Sequences, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return numbers that have the data's regression on three steps, and its residuals in random order."""
    centred = values - values.mean(axis=0)
    length, channels = int(X.lengths[0]), values.shape[1]
    # what is explained, by least squares on the taps again, gives the coefficients
    taps = np.zeros((len(values), 3 * channels))
    for lag in range(1, 4):
        inside = X.step_index >= lag
        taps[inside, (lag - 1) * channels : lag * channels] = centred[np.flatnonzero(inside) - lag]
    weights = np.linalg.lstsq(taps, centred - left, rcond=None)[0]
    later = left[X.step_index >= min(3, length - 1)]
    first = centred.reshape(len(X), length, channels)[:, :3]
    made = np.zeros((len(X), length, channels))
    made[:, :3] = first[rng.permutation(len(X))]
    limit = 10 * np.abs(centred).max()
    for t in range(3, length):
        past = np.concatenate([made[:, t - lag] for lag in range(1, 4)], axis=1)
        made[:, t] = np.clip(past @ weights, -limit, limit) + later[rng.integers(len(later), size=len(X))]
    return made.reshape(-1, channels)


def _near(rows: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the pairs of rows that differ by less than half a spread, shape (n_pairs, 2)."""
    scaled = rows / spread
    centred = scaled - scaled.mean(axis=0)
    k = min(_N_COMPONENTS, *centred.shape)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    tree = cKDTree(centred @ vectors[:, -k:])
    nearest = tree.query(tree.data, k=min(4, len(rows)))[1][:, 1:]
    first = np.repeat(np.arange(len(rows)), nearest.shape[1])
    pairs = np.sort(np.column_stack([first, nearest.ravel()]), axis=1)
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    distance = np.sqrt(((scaled[pairs[:, 0]] - scaled[pairs[:, 1]]) ** 2).mean(axis=1))
    return pairs[distance < 0.5]
