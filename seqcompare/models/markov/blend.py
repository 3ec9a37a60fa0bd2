"""The blend of orders: each context adds to the prediction of the shorter one what it knows, gated.

From the uniform distribution on, each context of a step, shortest first, makes of the prediction p' before it

    p(a) = g0 p'(a) + g1 (n_a - D(n_a)) / (N - D_N) + g2 (c_a - D'(c_a)) / (C - D_C),

with n_a the weight of a after the context and N its sum; c_a the number of contexts one step longer after
which a was seen, the continuation counts of Kneser and Ney (1995, "Improved backing-off for m-gram language
modeling"), and C its sum; D and D' what is taken from counts of 1, 2, and 3 or more, estimated for each
length as Chen and Goodman do (1998, "An empirical study of smoothing techniques for language modeling"); D_N
and D_C their sums. The gates g >= 0 add up to 1. With g0 = D_C / C and g1 = 0 this is Kneser and Ney's
smoothing in every order at once. Here that is only what the gates are drawn to: they are fitted to held-out
steps, by the length and the state of the context, which is the deleted interpolation of Jelinek and Mercer
(1980, "Interpolated estimation of Markov source parameters from sparse data").
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from seqcompare.models.markov.context_trie import (
    EMPTY,
    FIRST,
    IS_FULL,
    N_PAIRS,
    N_TARGETS,
    NEXT,
    NODES,
    ONES,
    PAIRS,
    PARENT,
    THREES,
    THRICE,
    TOTAL,
    TWICE,
    TWOS,
    ContextTrie,
    find,
)
from seqcompare.typing import Array

# The state of a context: how many targets, in powers of 2; how much the discounts take, in half powers of the
# odds; the weight for each continuation count, in powers of 2.
_N_WIDTHS, _N_BACKS, _N_RATIOS = 6, 20, 5
_EVEN_ODDS = 12
N_STATES = _N_WIDTHS * _N_BACKS * _N_RATIOS
# The gates of a state are drawn to what they would be without held-out steps as if by so many of these.
_PRIOR = 64.0
# What g1 then has of what is left by g0. Of .1 to .5, with priors of 16 to 200, this was best on text of 300
# to 100,000 characters and on DNA; none of these choices matters much from 10,000 steps on.
_RAW = 0.25
# Discounts where nothing is known, and the most that is taken: a count keeps something.
_DISCOUNTS = np.array([0.5, 1.0, 1.5])
_LEAST, _MOST = 0.05, np.array([0.95, 1.9, 2.85])
# An estimate of discounts from so many counts of counts weighs as much as that of the shorter contexts.
_SURE = 2.0


class HeldOut(NamedTuple):
    """What the contexts of held-out steps say of the targets that came.

    Attributes
    ----------
    start : ndarray of int64, shape (n_steps + 1,)
        Where the contexts of each step begin, shortest first.
    state : ndarray of int16, shape (n_contexts,)
        The state of each context.
    raw, continued : ndarray of float64, shape (n_contexts,)
        What g1 and g2 are the factors of.
    tree : ndarray of float64, shape (n_steps,)
        The probability of the target by context-tree weighting.
    weight : ndarray of float64, shape (n_steps,)
        What the steps count for.
    """

    start: Array
    state: Array
    raw: Array
    continued: Array
    tree: Array
    weight: Array


@njit(cache=True)
def _state(types: float, back: float, ratio: float) -> int:
    """Return the state of a context.

    Parameters
    ----------
    types : float
        Its targets.
    back : float
        The share that the discounts take from its continuation counts.
    ratio : float
        The weight for each continuation count.
    """
    width = min(int(np.ceil(np.log2(max(types, 1.0)))), _N_WIDTHS - 1)
    odds = int(np.floor(2.0 * np.log2(back / (1.0 - back)) + 0.5)) + _EVEN_ODDS
    step = 0 if ratio <= 1.0 else min(1 + int(np.log2(ratio)), _N_RATIOS - 1)
    return (width * _N_BACKS + min(max(odds, 0), _N_BACKS - 1)) * _N_RATIOS + step


@njit(cache=True)
def state_of_node(trie: ContextTrie, node: int, length: int) -> int:
    """Return the state of a context that came more than once."""
    sums = trie.sums[node]
    if trie.node[node, IS_FULL]:
        return _state(sums[ONES], 1.0 - raw_left(trie, node, length) / sums[TOTAL], 1.0)
    pairs = trie.node[node, N_PAIRS]
    return _state(sums[ONES], 1.0 - pairs_left(trie, node, length) / pairs, sums[TOTAL] / pairs)


@njit(cache=True)
def state_of_single(trie: ContextTrie, place: int, length: int) -> int:
    """Return the state of a context that came once, at `place`."""
    return _state(1.0, trie.discount[length, 1, 0], trie.weight[place])


@njit(cache=True)
def raw_left(trie: ContextTrie, node: int, length: int) -> float:
    """Return what the discounts leave of the weight after a context."""
    d, sums = trie.discount[length, 0], trie.sums[node]
    return sums[TOTAL] - d[0] * sums[ONES] - d[1] * sums[TWOS] - d[2] * sums[THREES]


@njit(cache=True)
def pairs_left(trie: ContextTrie, node: int, length: int) -> float:
    """Return what the discounts leave of the continuation counts of a context."""
    d, row = trie.discount[length, 1], trie.node[node]
    return row[N_PAIRS] - d[0] * row[N_TARGETS] - d[1] * row[TWICE] - d[2] * row[THRICE]


@njit(cache=True)
def discounted(discount: Array, n: float) -> float:
    """Return a count less its discount, which is linear between whole counts."""
    first, second, third = min(n, 1.0), min(max(n - 1.0, 0.0), 1.0), min(max(n - 2.0, 0.0), 1.0)
    return n - discount[0] * first - discount[1] * second - discount[2] * third


@njit(cache=True)
def terms(trie: ContextTrie, node: int, length: int, code: int) -> tuple[float, float, int]:
    """Return what g1 and g2 are the factors of for one target, and the state of the context; -1: no count."""
    if node < 0:
        place = -1 - node
        hit = 1.0 if trie.text[place] == code else 0.0
        return hit, hit, state_of_single(trie, place, length)
    if trie.sums[node, TOTAL] <= 0.0:
        return 0.0, 0.0, -1
    state = state_of_node(trie, node, length)
    entry = find(trie.target_key, node * (trie.n_symbols + 2) + code)
    if trie.target_key[entry] == EMPTY:
        return 0.0, 0.0, state
    pair = trie.target_of[entry]
    raw = discounted(trie.discount[length, 0], trie.pair_weight[pair]) / raw_left(trie, node, length)
    if trie.node[node, IS_FULL]:
        # nothing longer was counted: as in Kneser and Ney's highest order, its own count continues it
        return raw, raw, state
    pairs = float(trie.target[pair, PAIRS])
    return raw, discounted(trie.discount[length, 1], pairs) / pairs_left(trie, node, length), state


def set_discounts(trie: ContextTrie) -> None:
    """Estimate the discounts of each length from the counts of counts."""
    counts = _counts_of_counts(trie)
    for kind in range(2):
        discounts = _DISCOUNTS
        for length in range(trie.depth + 1):
            n = counts[length, kind]
            if n[1:4].all():
                y = n[1] / (n[1] + 2 * n[2])
                found = np.array([i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3)])
                # few counts of counts say little: what they leave open is as with the shorter contexts
                sure = n[1:4].min() / (n[1:4].min() + _SURE)
                discounts = sure * np.clip(found, _LEAST, _MOST) + (1 - sure) * discounts
            trie.discount[length, kind] = np.diff(discounts, prepend=0.0)


@njit(cache=True)
def _counts_of_counts(trie: ContextTrie) -> Array:
    """Return how many counts are 1, 2, 3 and 4, raw and continued, by length, shape (depth + 1, 2, 5)."""
    counts = np.zeros((trie.depth + 1, 2, 5))
    n_nodes, width = trie.size[NODES], trie.n_symbols + 2
    length = np.zeros(n_nodes, np.int32)
    for node in range(n_nodes):
        if node:
            length[node] = length[trie.node[node, PARENT]] + 1
        pair = trie.node[node, FIRST]
        while pair >= 0:
            counts[length[node], 0, int(min(trie.pair_weight[pair], 5.0)) % 5] += 1
            counts[length[node], 1, min(trie.target[pair, PAIRS], 5) % 5] += 1
            pair = trie.target[pair, NEXT]
    once = np.zeros(trie.depth + 2)
    for entry in range(len(trie.child_key)):
        if trie.child_key[entry] != EMPTY and trie.child_of[entry] < 0:
            once[length[trie.child_key[entry] // width] + 1] += 1
    # what came once comes once after all longer contexts
    for k in range(1, trie.depth + 1):
        once[k] += once[k - 1]
        counts[k, :, 1] += once[k]
    return counts


def default_gates() -> Array:
    """Return the gates that need no held-out steps, about Kneser and Ney's, shape (N_STATES, 3)."""
    odds = 2.0 ** ((np.arange(_N_BACKS) - _EVEN_ODDS) / 2)
    back = np.tile(np.repeat(odds / (1 + odds), _N_RATIOS), _N_WIDTHS)
    return np.stack([back, (1 - back) * _RAW, (1 - back) * (1 - _RAW)], axis=1)


def fit_gates(held_out: HeldOut, n_symbols: int, depth: int, n_iter: int = 200) -> tuple[Array, float]:
    """Fit the gates, and the share of the blend beside the tree, to held-out steps by EM.

    Parameters
    ----------
    held_out : HeldOut
        The steps.
    n_symbols, depth : int
        Size of the alphabet, steps of the longest context.
    n_iter : int
        Most iterations; small alphabets need many.

    Returns
    -------
    gates : ndarray of shape (depth + 1, N_STATES, 3)
        g0, g1 and g2 by length and state of the context.
    share : float
        The share of the blend.
    """
    if not len(held_out.tree):
        return np.tile(default_gates(), (depth + 1, 1, 1)), 0.5
    # first all lengths alike, which is what the gates of each length are then drawn to
    pooled, share = _run_em(held_out, default_gates(), 0, n_symbols, 0.5, n_iter)
    gates, share = _run_em(held_out, np.tile(pooled, (depth + 1, 1)), N_STATES, n_symbols, share, n_iter)
    return gates.reshape(depth + 1, N_STATES, 3), share


def _run_em(
    held_out: HeldOut, prior: Array, per_length: int, n_symbols: int, share: float, n_iter: int
) -> tuple[Array, float]:
    """Run EM; the gates of a state lie `per_length` rows further with each step of the context."""
    gates, last = prior.copy(), -np.inf
    total = held_out.weight.sum()
    for _ in range(n_iter):
        expected = _PRIOR * prior
        log_likelihood, of_blend = _expect(held_out, gates, per_length, n_symbols, share, expected)
        gates = expected / expected.sum(axis=1, keepdims=True)
        share = (of_blend + 1.0) / (total + 2.0)
        if log_likelihood - last < 1e-6 * total:
            break
        last = log_likelihood
    return gates, float(share)


@njit(cache=True)
def _expect(
    held_out: HeldOut, gates: Array, per_length: int, n_symbols: int, share: float, expected: Array
) -> tuple[float, float]:
    """Add to `expected` what each gate let through; return the log-likelihood and the blend's part of it."""
    log_likelihood, of_blend = 0.0, 0.0
    # the prediction before each context, and after the last
    path = np.empty((held_out.start[1:] - held_out.start[:-1]).max() + 1)
    for step in range(len(held_out.tree)):
        first, end = held_out.start[step], held_out.start[step + 1]
        path[0] = 1.0 / n_symbols
        for k in range(first, end):
            g = gates[held_out.state[k] + per_length * (k - first)]
            told = g[1] * held_out.raw[k] + g[2] * held_out.continued[k]
            path[k - first + 1] = g[0] * path[k - first] + told
        p = path[end - first]
        mixed = share * p + (1.0 - share) * held_out.tree[step]
        weight = held_out.weight[step]
        log_likelihood += weight * np.log(mixed)
        of_blend += weight * share * p / mixed
        # from the longest context down, `left` is what the longer ones let through
        left = weight * share / mixed
        for k in range(end - 1, first - 1, -1):
            row = held_out.state[k] + per_length * (k - first)
            g = gates[row]
            expected[row, 0] += left * g[0] * path[k - first]
            expected[row, 1] += left * g[1] * held_out.raw[k]
            expected[row, 2] += left * g[2] * held_out.continued[k]
            left *= g[0]
    return log_likelihood, of_blend
