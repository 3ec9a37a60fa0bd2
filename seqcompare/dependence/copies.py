"""Sequences that are copies of each other, or nearly so, in any order.

A copy in the test part of one that a model was fitted on makes it look far better than it is. Short
sequences repeat by nature, though: a process with four activities has few different traces. So what is
shared is compared with what sequences of a fitted chain share, which know nothing of each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from seqcompare.data.encoding import as_numbers
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.coding import code_numbers, code_symbols, code_vectors
from seqcompare.dependence.number_copies import number_pairs
from seqcompare.typing import Array, Labels, Values

_FEWEST = 8
LEAST_SHARE = 0.05
"""Copies that are worth a word, as a share of the sequences."""

_MORE_THAN_CHANCE = 3
_N_HASHES = 128
_LEAST_SHARED = 0.2
_MOST_IN_BUCKET = 10
_MOST_CANDIDATES = 3_000_000
_GROUPING = 0.7
_MOST_STEPS = 2_000_000
_MOST_SIMULATED = 50_000
_SHORTEST_NUMBERS = 8
_STEPS_A_CONTEXT = 8
_LONGEST_CONTEXT = 10
_HALF = 0.5
_N_BINS = 4


@dataclass(frozen=True, eq=False)
class Copies:
    """Near-copies in data.

    Parameters
    ----------
    share : float
        Share of the sequences that are near-copies of another one.
    by_chance : float
        The same in sequences of a fitted chain, or with their steps in random order, whichever is more.
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
    of a chain, fitted to each different sequence once, or two with their steps in random order, hardly share
    a run by chance. Numbers of equal length: the nearest neighbours among the first principal components are
    near-copies if they differ by less than half of what a regression on the last three steps leaves open in
    either of them, and are near beside others.

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
    X = as_numbers(X)
    rng = np.random.default_rng(seed)
    if X.kind == "real" and (X.lengths == X.lengths[0]).all() and X.lengths[0] >= _SHORTEST_NUMBERS:
        pairs, other = number_pairs(X, rng)
        together, weight, by_chance = pairs, float(len(pairs)), float(len(other))
    else:
        pairs, weight, other, by_chance, together = _symbol_pairs(_codes(X, seed), X.offsets, rng)
    share, chance = (len(np.unique(found)) / len(X) for found in (pairs, other))
    # pairs count by how much they share: what is shared by chance is little
    more = share > LEAST_SHARE and weight > _MORE_THAN_CHANCE * (_HALF + by_chance)
    return Copies(share, chance, more, _join(together, len(X)))


def join_groups(copies: Copies, groups: Values | None) -> NDArray[np.int64]:
    """Return the group of each sequence, shape (n,), when copies join the groups that they are in."""
    if groups is None:
        return copies.group
    given = np.unique(groups, return_inverse=True)[1]
    n = len(given)
    # a sequence ties its group of copies to the group that it was given
    rows, columns = copies.group, given + int(copies.group.max()) + 1
    size = int(columns.max()) + 1
    links = coo_array((np.ones(n), (rows, columns)), shape=(size, size))
    return np.asarray(connected_components(links, directed=False)[1][rows], dtype=np.int64)


def _symbol_pairs(
    codes: NDArray[np.int64], offsets: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], float, NDArray[np.int64], float, NDArray[np.int64]]:
    """Return near-copies and how much they share, the same of a chain, and what is to be kept together."""
    nothing = np.zeros((0, 2), dtype=np.int64)
    some = offsets[: max(_FEWEST, int(np.searchsorted(offsets, _MOST_SIMULATED))) + 1]
    n = len(offsets) - 1
    # a chain of high order that has learned from copies makes more of them
    source = _once(codes, offsets, rng)
    width = _run_length(_simulate(*source, some, rng), some, n)
    mixed = _mixed(codes, offsets, rng)
    if width:
        # sequences may have frequencies of their own, so that some share more than others
        own = _run_length(mixed[: some[-1]], some, n)
        width = max(width, own) if own else 0
    if not width:
        # whole sequences are compared, and short ones come as often as they do
        source = codes, offsets
    pairs, shared = _shared_runs(codes, offsets, width, rng)
    if len(np.unique(pairs)) <= LEAST_SHARE * (len(offsets) - 1):
        return pairs, shared.sum(), nothing, 0.0, nothing
    other, by_chance = max(
        (_shared_runs(made, offsets, width, rng) for made in (_simulate(*source, offsets, rng), mixed)),
        key=lambda found: float(found[1].sum()),
    )
    together, _ = _shared_runs(codes, offsets, int(np.ceil(_GROUPING * width)), rng)
    return pairs, shared.sum(), other, by_chance.sum(), together


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


def _run_length(made: NDArray[np.int64], offsets: NDArray[np.int64], n: int) -> int:
    """Return how long runs have to be for two sequences not to share one by chance.

    That is 0 where sequences are too short for it: then only whole ones can be compared.

    Parameters
    ----------
    made : ndarray of int64, shape (n_steps,)
        Sequences that have nothing to do with each other.
    offsets : ndarray of int64, shape (n + 1,)
        Their bounds.
    n : int
        How many sequences there are in the data.
    """
    length = float(np.median(np.diff(offsets)))
    wanted = 2 * np.log2(max(length, 2)) + np.log2(n) - 4
    run = np.ceil(wanted / max(_collision_rate(made, offsets), 1e-2))
    return 0 if run > length / 2 else int(max(run, 1))


def _collision_rate(codes: NDArray[np.int64], offsets: NDArray[np.int64]) -> float:
    """Return how many bits a step two places of the data need to stay the same (Renyi's entropy rate)."""
    longest = int(np.median(np.diff(offsets))) // 2
    short, long = max(1, longest // 3), min(max(2, longest), _LONGEST_CONTEXT)
    short = min(short, long // 2)
    rates = []
    for width in (short, long):
        run, _ = _hash_runs(codes, offsets, width, np.uint64(0x9E3779B97F4A7C15))
        counts = np.unique(run, return_counts=True)[1].astype(np.float64)
        pairs = (counts * (counts - 1)).sum() / (len(run) * (len(run) - 1.0))
        rates.append(-np.log2(max(pairs, 1 / len(run) ** 2)))
    return float((rates[1] - rates[0]) / (long - short))


def _shared_runs(
    codes: NDArray[np.int64], offsets: NDArray[np.int64], width: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the pairs of sequences that share runs of steps, shape (n_pairs, 2), and how much they share."""
    base = np.uint64(rng.integers(2**32, 2**63) | 1)
    whole, _ = _hash_runs(codes, offsets, int(np.diff(offsets).max()), base)
    order = np.argsort(whole, kind="stable")
    equal = whole[order][1:] == whole[order][:-1]
    # each copy is tied to the next one; of equal sequences one is compared with all others
    exact = np.sort(np.column_stack([order[:-1][equal], order[1:][equal]]), axis=1)
    if not width:
        return exact, np.ones(len(exact))
    distinct = np.sort(order[np.append(True, ~equal)])
    run, bounds = _hash_runs(codes, offsets, width, base)
    odd = (rng.integers(0, 2**31, _N_HASHES, dtype=np.uint32) * 2 + 1).astype(np.uint32)
    pairs = _candidates(_sketch(run, bounds, odd)[distinct])
    pairs = distinct[pairs]
    shared = _check_pairs(pairs, run, bounds)
    near = shared >= _LEAST_SHARED
    return np.vstack([exact, pairs[near]]), np.append(np.ones(len(exact)), shared[near])


def _candidates(sketch: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return pairs of rows that agree in some two neighbouring columns, shape (n_pairs, 2)."""
    n = len(sketch)
    keys = sketch[:, 0::2].astype(np.uint64) << np.uint64(32) | sketch[:, 1::2]
    numbers = np.zeros(0, dtype=np.int64)
    orders = [np.argsort(keys[:, band], kind="stable") for band in range(keys.shape[1])]
    # of many that agree each is compared with those next to it, which is enough to join them
    for step in range(1, _MOST_IN_BUCKET):
        found = []
        for band, order in enumerate(orders):
            ordered = keys[order, band]
            same = np.flatnonzero(ordered[step:] == ordered[:-step])
            first, second = order[same], order[same + step]
            found.append(np.minimum(first, second) * np.int64(n) + np.maximum(first, second))
        new = np.concatenate(found)
        if not len(new) or len(numbers) + len(new) > _MOST_CANDIDATES:
            break
        numbers = np.unique(np.concatenate([numbers, new]))
    return np.column_stack(np.divmod(numbers, max(n, 1))).astype(np.int64)


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
            value = run[a] if b == b_end or (a < a_end and run[a] <= run[b]) else run[b]
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


def _once(
    codes: NDArray[np.int64], offsets: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each different sequence once, end to end, and their bounds."""
    base = np.uint64(rng.integers(2**32, 2**63) | 1)
    whole, _ = _hash_runs(codes, offsets, int(np.diff(offsets).max()), base)
    kept = np.sort(np.unique(whole, return_index=True)[1])
    lengths = np.diff(offsets)[kept]
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.arange(bounds[-1]) + np.repeat(offsets[kept] - bounds[:-1], lengths)
    return codes[rows], bounds


def _simulate(
    codes: NDArray[np.int64],
    offsets: NDArray[np.int64],
    wanted: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return sequences with the bounds `wanted` from a chain of as high an order as the data bear."""
    inside = np.ones(len(codes), dtype=bool)
    inside[offsets[:-1]] = False
    state: Labels = codes
    longer: Labels = codes
    for order in range(1, _LONGEST_CONTEXT + 1):
        # with little data a chain of high order would repeat the data themselves
        if (int(longer.max()) + 1) * _STEPS_A_CONTEXT > len(codes) and order > 1:
            break
        state = longer
        at = np.flatnonzero(np.arange(len(codes)) - np.repeat(offsets[:-1], np.diff(offsets)) >= order)
        before = np.zeros(len(codes), dtype=np.int64)
        before[at] = codes[at - order] + 1
        longer = np.unique(state * (int(codes.max()) + 2) + before, return_inverse=True)[1]
    followed = np.flatnonzero(inside) - 1
    successors = followed[np.argsort(state[followed], kind="stable")]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(state[followed], minlength=int(state.max()) + 1))])
    return _walk(codes, state, offsets, successors, bounds, wanted, rng)


def _mixed(
    codes: NDArray[np.int64], offsets: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return each sequence with its steps in random order."""
    order = np.lexsort((rng.random(len(codes)), np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))))
    return codes[order]


@njit(cache=True)
def _walk(
    codes: Array,
    state: Array,
    offsets: Array,
    order: Array,
    bounds: Array,
    wanted: Array,
    rng: np.random.Generator,
) -> Array:
    """Return sequences that go on, from each state, as the data did at some random time in that state."""
    made = np.empty(wanted[-1], codes.dtype)
    n = len(offsets) - 1
    for i in range(len(wanted) - 1):
        at = offsets[int(rng.random() * n)]
        for t in range(wanted[i], wanted[i + 1]):
            made[t] = codes[at]
            low, high = bounds[state[at]], bounds[state[at] + 1]
            if high > low:
                at = order[low + int(rng.random() * (high - low))] + 1
            else:
                at = int(rng.random() * len(codes))
    return made
