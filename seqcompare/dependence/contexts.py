"""Contexts of growing length: which steps share one, and whether a longer one tells more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.dependence.strata import Strata, everything
from seqcompare.typing import Array


@dataclass(frozen=True, eq=False)
class OrderTest:
    """Whether one more step of context tells more about the target than chance.

    Parameters
    ----------
    information : float
        Conditional mutual information in bits a target.
    surrogates : dict of str to ndarray of shape (n_permutations,)
        The same for each null hypothesis: its name, and the information in its surrogates.
    recurring : float
        Share of the targets whose shorter context occurs again with another target: only those can show
        anything.
    """

    information: float
    surrogates: dict[str, NDArray[np.float64]]
    recurring: float

    @property
    def excess(self) -> float:
        """Information in bits above what chance gives under the null hypothesis that gives most."""
        return self.information - max(float(values.mean()) for values in self.surrogates.values())


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
    strata: Sequence[Strata] = (),
    elsewhere: list[NDArray[np.int64]] | None = None,
) -> OrderTest:
    """Test whether targets depend on the longer context beyond the shorter one.

    Under the null hypothesis targets of one shorter context are exchangeable, so they are permuted among
    themselves; no large-sample distribution is needed, which sparse counts would not follow. That is so for
    the next step of a Markov chain that is the same everywhere. Where frequencies go by the place or the
    time, only targets of one stratum are exchangeable; and labels may have a memory of their own, which no
    context explains: for them there are targets from elsewhere in the data as well.

    Parameters
    ----------
    shorter, longer : ndarray of int64, shape (n_targets,)
        Context of each target; each longer one is part of a shorter one.
    target : ndarray of int64, shape (n_targets,)
        What is predicted.
    n_permutations, seed : int
        How many permutations, and their seed.
    strata : sequence of Strata, optional
        The null hypotheses, each with a key for each target; by default one, of free permutation.
    elsewhere : list of ndarray of int64, shape (n_targets,), optional
        For each surrogate, where to take targets from elsewhere, to compare with them too.

    References
    ----------
    S. D. Pethel and D. W. Hahs, "Exact significance test for Markov order" (2014), who also keep the
    chain's own constraints, which matter in short single sequences.
    """
    nulls = list(strata) or [everything(len(target))]
    order = np.lexsort((longer, shorter))
    bounds = _bounds(shorter[order])
    targets = target[order]
    least, most = np.minimum.reduceat(targets, bounds[:-1]), np.maximum.reduceat(targets, bounds[:-1])
    # where a context has one target only, there is nothing to tell and nothing to permute
    kept = np.repeat(least < most, np.diff(bounds))
    n = len(target)
    recurring = float(kept.mean())
    outer, inner = _bounds(shorter[order][kept]), _bounds(longer[order][kept])
    n_codes = int(target.max()) + 1 if n else 1
    surrogates = {}
    information = 0.0
    if len(inner) > len(outer):
        information = float(_told(targets[kept], outer, inner, n_codes)) / n
    for number, null in enumerate(nulls):
        if len(inner) == len(outer):
            surrogates[null.name] = np.zeros(n_permutations)
            continue
        rng = np.random.default_rng([seed, number])
        cells = null.take(order[kept]).cells(shorter[order][kept])
        surrogates[null.name] = (
            _permute(targets[kept], cells.order, cells.bounds, outer, inner, n_codes, n_permutations, rng) / n
        )
    if elsewhere is not None:
        ends = _bounds(longer[order])
        told = [_told(target[taken][order], bounds, ends, n_codes) / n for taken in elsewhere]
        surrogates["elsewhere"] = np.array(told)
    return OrderTest(information, surrogates, recurring)


def _bounds(sorted_groups: NDArray[np.int64]) -> NDArray[np.int64]:
    change = np.flatnonzero(np.diff(sorted_groups)) + 1
    ends = np.concatenate([change, [len(sorted_groups)]]) if len(sorted_groups) else change
    return np.concatenate([[0], ends]).astype(np.int64)


@njit(cache=True)
def _permute(
    target: Array,
    order: Array,
    cells: Array,
    outer: Array,
    inner: Array,
    n_codes: int,
    n: int,
    rng: np.random.Generator,
) -> Array:
    """Return what the inner groups tell beyond the outer ones, in bits, for targets permuted in cells.

    Cells are inside outer groups, so that all terms but one stay the same in every permutation.
    """
    count = np.zeros(n_codes, np.int64)
    fixed = _sum_counts(target, outer, count) - _sum_sizes(outer) + _sum_sizes(inner)
    mixed = target.copy()
    surrogates = np.empty(n)
    for k in range(n):
        for g in range(len(cells) - 1):
            low = cells[g]
            for i in range(cells[g + 1] - 1, low, -1):
                j = low + int(rng.random() * (i + 1 - low))
                a, b = order[i], order[j]
                mixed[a], mixed[b] = mixed[b], mixed[a]
        surrogates[k] = _sum_counts(mixed, inner, count) - fixed
    return surrogates


@njit(cache=True)
def _told(target: Array, outer: Array, inner: Array, n_codes: int) -> float:
    """Return what the inner groups tell of the targets beyond the outer ones, in bits for all together."""
    count = np.zeros(n_codes, np.int64)
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
