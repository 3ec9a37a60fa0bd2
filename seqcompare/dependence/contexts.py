"""Contexts of growing length: which steps share one, and whether a longer one tells more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class OrderTest:
    """Whether one more step of context tells more about the target than chance.

    Parameters
    ----------
    information : float
        Conditional mutual information in bits a target.
    surrogates : ndarray of shape (n_permutations,)
        The same for permuted targets.
    elsewhere : ndarray of shape (n_permutations,) or None
        The same for targets from elsewhere in the data.
    recurring : float
        Share of the targets whose shorter context occurs again with another target: only those can show
        anything.
    """

    information: float
    surrogates: NDArray[np.float64]
    recurring: float
    elsewhere: NDArray[np.float64] | None = None


def extend(
    context: NDArray[np.int64],
    source: NDArray[np.int64],
    at: NDArray[np.int64],
    room: NDArray[np.int64],
    lag: int,
    n_sources: int,
) -> NDArray[np.int64]:
    """Return numbers for the contexts that are one step longer.

    Parameters
    ----------
    context : ndarray of int64, shape (n_targets,)
        The context of each target, numbered from 0.
    source : ndarray of int64, shape (n_steps,)
        Symbols.
    at, room : ndarray of int64, shape (n_targets,)
        Where each target is, and how many steps its sequence has in the direction of the lag.
    lag : int
        The step to add is this many before the target, or after it if negative; where the sequence has
        none, its bound is added.
    n_sources : int
        Size of the alphabet.
    """
    there = room >= abs(lag)
    added = np.where(there, source[np.where(there, at - lag, 0)], n_sources)
    return np.unique(context * (n_sources + 1) + added, return_inverse=True)[1].astype(np.int64)


def compare_orders(
    shorter: NDArray[np.int64],
    longer: NDArray[np.int64],
    target: NDArray[np.int64],
    n_permutations: int,
    seed: int,
    *,
    elsewhere: list[NDArray[np.int64]] | None = None,
) -> OrderTest:
    """Test whether targets depend on the longer context beyond the shorter one.

    Under the null hypothesis targets of one shorter context are exchangeable, so they are permuted among
    themselves; no large-sample distribution is needed, which sparse counts would not follow. That is so for
    the next step of a Markov chain. Labels may have a memory of their own, which no context explains: for
    them there are targets from elsewhere in the data as well.

    Parameters
    ----------
    shorter, longer : ndarray of int64, shape (n_targets,)
        Context of each target; each longer one is part of a shorter one.
    target : ndarray of int64, shape (n_targets,)
        What is predicted.
    n_permutations, seed : int
        How many permutations, and their seed.
    elsewhere : list of ndarray of int64, shape (n_targets,), optional
        For each surrogate, where to take targets from elsewhere, to compare with them too.

    References
    ----------
    S. D. Pethel and D. W. Hahs, "Exact significance test for Markov order" (2014), who also keep the
    chain's own constraints, which matter in short single sequences.
    """
    order = np.lexsort((longer, shorter))
    bounds = _bounds(shorter[order])
    sizes = np.diff(bounds)
    targets = target[order]
    least, most = np.minimum.reduceat(targets, bounds[:-1]), np.maximum.reduceat(targets, bounds[:-1])
    # where a context has one target only, there is nothing to tell and nothing to permute
    kept = np.repeat(least < most, sizes)
    n = len(target)
    recurring = float(kept.mean())
    outer, inner = _bounds(shorter[order][kept]), _bounds(longer[order][kept])
    if len(inner) == len(outer):
        nothing = np.zeros(n_permutations)
        return OrderTest(0.0, nothing, recurring, None if elsewhere is None else nothing)
    rng = np.random.default_rng(seed)
    observed, surrogates, fixed = _permute(targets[kept], outer, inner, n_permutations, rng)
    others = None
    if elsewhere is not None:
        ends = _bounds(longer[order])
        others = np.array([_told(target[taken][order], bounds, ends) / n for taken in elsewhere])
    return OrderTest((observed - fixed) / n, (surrogates - fixed) / n, recurring, others)


def _bounds(sorted_groups: NDArray[np.int64]) -> NDArray[np.int64]:
    change = np.flatnonzero(np.diff(sorted_groups)) + 1
    ends = np.concatenate([change, [len(sorted_groups)]]) if len(sorted_groups) else change
    return np.concatenate([[0], ends]).astype(np.int64)


@njit(cache=True)
def _permute(
    target: Array, outer: Array, inner: Array, n: int, rng: np.random.Generator
) -> tuple[float, Array, float]:
    """Return the summed n log2 n of counts in the inner groups, for targets as they are and permuted.

    All other terms of the conditional information stay the same in every permutation; they come last.
    """
    count = np.zeros(target.max() + 1, np.int64)
    observed = _sum_counts(target, inner, count)
    mixed = target.copy()
    surrogates = np.empty(n)
    for k in range(n):
        for g in range(len(outer) - 1):
            low = outer[g]
            for i in range(outer[g + 1] - 1, low, -1):
                j = low + int(rng.random() * (i + 1 - low))
                mixed[i], mixed[j] = mixed[j], mixed[i]
        surrogates[k] = _sum_counts(mixed, inner, count)
    fixed = _sum_counts(target, outer, count) - _sum_sizes(outer) + _sum_sizes(inner)
    return observed, surrogates, fixed


@njit(cache=True)
def _told(target: Array, outer: Array, inner: Array) -> float:
    """Return what the inner groups tell of the targets beyond the outer ones, in bits for all together."""
    count = np.zeros(target.max() + 1, np.int64)
    return (
        _sum_counts(target, inner, count)
        - _sum_counts(target, outer, count)
        - _sum_sizes(inner)
        + _sum_sizes(outer)
    )


@njit(cache=True)
def _sum_counts(target: Array, inner: Array, count: Array) -> float:
    total = 0.0
    for g in range(len(inner) - 1):
        low, high = inner[g], inner[g + 1]
        if high - low == 1:
            continue
        for i in range(low, high):
            count[target[i]] += 1
        for i in range(low, high):
            c = count[target[i]]
            if c > 1:
                total += c * np.log2(c)
            count[target[i]] = 0
    return total


@njit(cache=True)
def _sum_sizes(bounds: Array) -> float:
    total = 0.0
    for g in range(len(bounds) - 1):
        size = bounds[g + 1] - bounds[g]
        total += size * np.log2(size)
    return total
