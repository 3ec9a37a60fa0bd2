"""Context-tree weighting: the mixture of all prunings of a tree of contexts, exactly.

Each leaf of a pruning has a distribution of its own, drawn from a symmetric Dirichlet distribution with the
parameter alpha, so that the targets n_1 .. n_S after it have the probability

    leaf = prod_a gamma(alpha + n_a) / gamma(alpha)  /  (gamma(S alpha + N) / gamma(S alpha)).

A node is a leaf with probability `keep`, or else its children are nodes, and so

    tree = keep * leaf + (1 - keep) * prod_children tree(child),

the probability of all targets under the mixture (Willems, Shtarkov and Tjalkens 1995, "The context-tree
weighting method: basic properties"). A context that never came says nothing: its factor is 1. The prediction
is the same mixture along the path of a step's contexts. With ``keep = 1 - 2 ** (1 - S)`` these are the
Bayesian context trees of Kontoyiannis, Mertzanis, Panotopoulou, Papageorgiou and Skoularidou (2022,
"Bayesian context trees: modelling and exact inference for discrete time series").
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.models.markov.context_kernels import (
    log_rising,
    log_single,
    mix_logs,
)
from seqcompare.models.markov.context_trie import (
    ALPHA,
    CODE,
    EMPTY,
    FIRST,
    IS_FULL,
    LOG_GO_ON,
    LOG_KEEP,
    LOG_LEAF,
    LOG_SPLIT,
    LOG_TREE,
    NEXT,
    NODES,
    PARENT,
    TOTAL,
    ContextTrie,
    find,
)
from seqcompare.typing import Array

# per symbol; a leaf's prior then weighs as much as so many steps in all, times S
_ALPHAS = 2.0 ** np.arange(-8, 2)
_TABLE = 512


class TreeContext(NamedTuple):
    """A context of the most probable tree.

    Attributes
    ----------
    steps : tuple
        The steps, oldest first; None is the start of a sequence.
    weight : float
        How many steps came after it, by their weight.
    proba : ndarray of shape (n_symbols,)
        The distribution of what comes next.
    """

    steps: tuple[Any, ...]
    weight: float
    proba: NDArray[np.float64]


def choose_alpha(trie: ContextTrie, alpha: float | None) -> float:
    """Set the prior of the leaves and weigh all nodes with it; by default that of the greatest evidence.

    Returns
    -------
    float
        The parameter of the Dirichlet distribution, of each symbol alike.
    """
    trie.prior[LOG_KEEP], trie.prior[LOG_GO_ON] = log_keep(trie.n_symbols)
    if alpha is None:
        evidence = [weigh(trie, a) for a in _ALPHAS]
        alpha = float(_ALPHAS[int(np.argmax(evidence))])
    weigh(trie, alpha)
    return alpha


def log_keep(n_symbols: int) -> tuple[float, float]:
    """Return the logarithms of the probabilities that a node is a leaf, and that it is not."""
    ways = max(n_symbols - 1, 1)
    return math.log1p(-(2.0**-ways)) if ways < 1000 else 0.0, -ways * math.log(2.0)


@njit(cache=True)
def weigh(trie: ContextTrie, alpha: float) -> float:
    """Compute all log-probabilities under `alpha`; return that of all targets, the evidence."""
    trie.prior[ALPHA] = alpha
    n_nodes, width = trie.size[NODES], trie.n_symbols + 2
    # counts are mostly small and whole
    table = np.zeros(_TABLE)
    for n in range(1, _TABLE):
        table[n] = table[n - 1] + np.log(alpha + n - 1)
    trie.sums[:n_nodes, LOG_SPLIT] = 0.0
    for entry in range(len(trie.child_key)):
        if trie.child_key[entry] != EMPTY and trie.child_of[entry] < 0:
            node = trie.child_key[entry] // width
            trie.sums[node, LOG_SPLIT] += log_single(trie, -1 - trie.child_of[entry])
    # a child has a greater number than its parent
    for node in range(n_nodes - 1, -1, -1):
        log_p = 0.0
        pair = trie.node[node, FIRST]
        while pair >= 0:
            n = trie.pair_weight[pair]
            whole = int(n)
            log_p += table[whole] if whole == n and whole < _TABLE else log_rising(alpha, n)
            pair = trie.target[pair, NEXT]
        log_p -= log_rising(alpha * trie.n_symbols, trie.sums[node, TOTAL])
        trie.sums[node, LOG_LEAF] = log_p
        trie.sums[node, LOG_TREE] = mix_logs(trie, node)
        parent = trie.node[node, PARENT]
        if parent >= 0:
            trie.sums[parent, LOG_SPLIT] += trie.sums[node, LOG_TREE]
    return trie.sums[0, LOG_TREE]


@njit(cache=True)
def leaf_shares(trie: ContextTrie, place: int, path: Array, n_contexts: int, shares: Array) -> float:
    """Write how much each context of a step says in the prediction; return what is left to the uniform one.

    Parameters
    ----------
    trie : ContextTrie
        Weighed.
    place : int
        The step.
    path, n_contexts
        Its contexts, as `walk` finds them.
    shares : ndarray of float64, shape (depth + 1,)
        Where to write.
    """
    left = 1.0
    for length in range(n_contexts):
        node = path[length]
        if node >= 0:
            keep = 1.0
            if not trie.node[node, IS_FULL]:
                sums = trie.sums[node]
                keep = np.exp(min(trie.prior[LOG_KEEP] + sums[LOG_LEAF] - sums[LOG_TREE], 0.0))
        else:
            full = length == trie.depth or trie.text[place - length] == trie.n_symbols
            keep = 1.0 if full else np.exp(trie.prior[LOG_KEEP])
        shares[length] = left * keep
        left *= 1.0 - keep
    return left


@njit(cache=True)
def leaf_proba(trie: ContextTrie, node: int, code: int) -> float:
    """Return the probability of a target if the context is a leaf."""
    n, total = count_of(trie, node, code)
    return (n + trie.prior[ALPHA]) / (total + trie.prior[ALPHA] * trie.n_symbols)


@njit(cache=True)
def count_of(trie: ContextTrie, node: int, code: int) -> tuple[float, float]:
    """Return the count of a target after a context, and that of all targets."""
    if node < 0:
        weight = trie.weight[-1 - node]
        return (weight if trie.text[-1 - node] == code else 0.0), weight
    entry = find(trie.target_key, node * (trie.n_symbols + 2) + code)
    total = trie.sums[node, TOTAL]
    if trie.target_key[entry] == EMPTY:
        return 0.0, total
    return trie.pair_weight[trie.target_of[entry]], total


@njit(cache=True)
def tree_proba(
    trie: ContextTrie, place: int, path: Array, n_contexts: int, code: int, shares: Array
) -> float:
    """Return the probability of a target at `place`; `shares` is room to work in."""
    p = leaf_shares(trie, place, path, n_contexts, shares) / trie.n_symbols
    for length in range(n_contexts):
        if shares[length] > 0.0:
            p += shares[length] * leaf_proba(trie, path[length], code)
    return p


def most_probable(trie: ContextTrie) -> list[tuple[int, tuple[int, ...]]]:
    """Return the leaves of the most probable tree given the targets, those that came.

    Returns
    -------
    list of (context, codes)
        A context is a node, or ``-1 - place`` where it came once; its codes are oldest first.
    """
    split = _best_splits(trie)
    width = trie.n_symbols + 2
    children: dict[int, list[tuple[int, int]]] = {}
    used = np.flatnonzero(trie.child_key != EMPTY)
    for entry in used[np.argsort(-trie.child_key[used])]:
        node, code = divmod(int(trie.child_key[entry]), width)
        children.setdefault(node, []).append((int(trie.child_of[entry]), code))
    leaves: list[tuple[int, tuple[int, ...]]] = []
    open_nodes: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    while open_nodes:
        context, codes = open_nodes.pop()
        if context < 0 or not split[context]:
            leaves.append((context, codes))
        else:
            open_nodes += [(child, (code, *codes)) for child, code in children[context]]
    return leaves


def target_counts(trie: ContextTrie, context: int) -> NDArray[np.float64]:
    """Return the weight of each target after a context, shape (n_symbols,)."""
    counts = np.zeros(trie.n_symbols)
    if context < 0:
        counts[trie.text[-1 - context]] = trie.weight[-1 - context]
        return counts
    pair = trie.node[context, FIRST]
    while pair >= 0:
        counts[trie.target[pair, CODE]] = trie.pair_weight[pair]
        pair = trie.target[pair, NEXT]
    return counts


@njit(cache=True)
def _best_splits(trie: ContextTrie) -> Array:
    """Return which nodes the best tree splits, by the log-probability of the best tree from each node on.

    A sibling that never came is a leaf of the best tree, too, and has its probability as one.
    """
    n_nodes, width = trie.size[NODES], trie.n_symbols + 2
    keep, go_on = trie.prior[LOG_KEEP], trie.prior[LOG_GO_ON]
    length = np.zeros(n_nodes, np.int32)
    below, n_children = np.zeros(n_nodes), np.zeros(n_nodes)
    for node in range(1, n_nodes):
        length[node] = length[trie.node[node, PARENT]] + 1
    for entry in range(len(trie.child_key)):
        if trie.child_key[entry] == EMPTY:
            continue
        node, code = trie.child_key[entry] // width, trie.child_key[entry] % width
        if code < trie.n_symbols:
            n_children[node] += 1
        if trie.child_of[entry] < 0:
            full = length[node] + 1 == trie.depth or code == trie.n_symbols
            below[node] += log_single(trie, -1 - trie.child_of[entry]) + (0.0 if full else keep)
    best, split = np.empty(n_nodes), np.zeros(n_nodes, np.bool_)
    for node in range(n_nodes - 1, -1, -1):
        leaf = trie.sums[node, LOG_LEAF]
        if trie.node[node, IS_FULL]:
            best[node] = leaf
        else:
            missing = 0.0 if length[node] + 1 == trie.depth else (trie.n_symbols - n_children[node]) * keep
            more = go_on + below[node] + missing
            split[node] = more > keep + leaf
            best[node] = more if split[node] else keep + leaf
        if node:
            below[trie.node[node, PARENT]] += best[node]
    return split
