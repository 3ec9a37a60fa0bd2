"""Context-tree weighting: the mixture of all prunings of a tree of contexts, exactly.

Each leaf of a pruning has a distribution of its own, and is of one of several kinds: of kind k, which has the
share s_k, that distribution is drawn from a symmetric Dirichlet distribution with the parameter a_k. So the
targets n_1 .. n_S after it have the probability

    leaf = sum_k s_k prod_a gamma(a_k + n_a) / gamma(a_k)  /  (gamma(S a_k + N) / gamma(S a_k)).

Small parameters make leaves after which one target is nearly certain, large ones those that are noise; one
data set has both. The shares are those that make all targets most probable, found by EM (MacKay and Peto
1995, "A hierarchical Dirichlet language model", fit their parameters likewise to the evidence).

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
from numpy.typing import ArrayLike, NDArray

from seqcompare.models.markov.context_kernels import (
    belief_alone,
    log_rising,
    log_single,
    mix_logs,
    rates_alone,
    set_rates,
)
from seqcompare.models.markov.context_trie import (
    ALIKE,
    ALPHA,
    CODE,
    EACH,
    EMPTY,
    FIRST,
    IS_FULL,
    LOG_GO_ON,
    LOG_KEEP,
    LOG_LEAF,
    LOG_SHARE,
    LOG_SPLIT,
    LOG_TREE,
    NEXT,
    NODES,
    PARENT,
    SHARE,
    TOTAL,
    ContextTrie,
    find,
)
from seqcompare.typing import Array

_TABLE = 512
_MOST_ROUNDS, _LEAST_GAIN = 30, 1e-6


def kinds_of(alphas: ArrayLike, shares: ArrayLike) -> Array:
    """Return `leaf` of a `ContextTrie` from the parameters of leaves, per symbol, and their shares."""
    return np.array([alphas, shares, np.log(shares)], dtype=np.float64)


# From leaves after which one target is nearly certain to those that are noise, an eighth apart.
KINDS = kinds_of([1 / 256, 1 / 32, 1 / 4, 2], [1 / 4] * 4)


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


def weigh_all(trie: ContextTrie) -> None:
    """Compute all log-probabilities from the counts."""
    trie.prior[LOG_KEEP], trie.prior[LOG_GO_ON] = log_keep(trie.n_symbols)
    _weigh_leaves(trie)
    _mix(trie)


def fit_shares(trie: ContextTrie) -> None:
    """Fit the shares of the kinds of leaves to the evidence, by EM; each begins with one leaf."""
    evidence = trie.sums[0, LOG_TREE]
    for _ in range(_MOST_ROUNDS):
        found = _count_kinds(trie) + 1.0
        _change_shares(trie, found / found.sum())
        before, evidence = evidence, _mix(trie)
        if evidence - before < max(0.01, _LEAST_GAIN * -evidence):
            break
    weigh_all(trie)  # as a tree is that is given these shares, to the last bit


def log_keep(n_symbols: int) -> tuple[float, float]:
    """Return the logarithms of the probabilities that a node is a leaf, and that it is not."""
    ways = max(n_symbols - 1, 1)
    return math.log1p(-(2.0**-ways)) if ways < 1000 else 0.0, -ways * math.log(2.0)


@njit(cache=True)
def _weigh_leaves(trie: ContextTrie) -> None:
    """Compute of each node how probable its targets are if it is a leaf, and of what kind it then is."""
    n_kinds = trie.leaf.shape[1]
    # counts are mostly small and whole
    table = np.zeros((n_kinds, _TABLE))
    for kind in range(n_kinds):
        for n in range(1, _TABLE):
            table[kind, n] = table[kind, n - 1] + np.log(trie.leaf[ALPHA, kind] + n - 1)
    logs = np.empty(n_kinds)
    for node in range(trie.size[NODES]):
        total = trie.sums[node, TOTAL]
        for kind in range(n_kinds):
            alpha = trie.leaf[ALPHA, kind]
            logs[kind] = trie.leaf[LOG_SHARE, kind] - log_rising(alpha * trie.n_symbols, total)
        pair = trie.node[node, FIRST]
        while pair >= 0:
            n = trie.pair_weight[pair]
            whole = int(n)
            for kind in range(n_kinds):
                logs[kind] += (
                    table[kind, whole]
                    if whole == n and whole < _TABLE
                    else log_rising(trie.leaf[ALPHA, kind], n)
                )
            pair = trie.target[pair, NEXT]
        log_p = logs.max()
        log_p += np.log(np.exp(logs - log_p).sum())
        trie.sums[node, LOG_LEAF] = log_p
        trie.belief[node] = np.exp(logs - log_p)
        set_rates(trie, node)


@njit(cache=True)
def _change_shares(trie: ContextTrie, shares: Array) -> None:
    """Compute the same under other shares of the kinds."""
    ratio = shares / trie.leaf[SHARE]
    trie.leaf[SHARE], trie.leaf[LOG_SHARE] = shares, np.log(shares)
    for node in range(trie.size[NODES]):
        belief, p = trie.belief[node], 0.0
        for kind in range(len(ratio)):
            belief[kind] *= ratio[kind]
            p += belief[kind]
        for kind in range(len(ratio)):
            belief[kind] /= p
        trie.sums[node, LOG_LEAF] += np.log(p)


@njit(cache=True)
def _count_kinds(trie: ContextTrie) -> Array:
    """Return how many leaves of each kind the tree has, by the probability of each to be one.

    One target of weight 1 says nothing of its leaf's kind, and is not counted.
    """
    n_nodes, width = trie.size[NODES], trie.n_symbols + 2
    found, split = np.zeros(trie.leaf.shape[1]), np.empty(n_nodes)
    for node in range(n_nodes):  # a child has a greater number than its parent
        parent = trie.node[node, PARENT]
        there = split[parent] if parent >= 0 else 1.0
        keep = leaf_share(trie, node)
        split[node] = there * (1.0 - keep)
        found += there * keep * trie.belief[node]
    for entry in range(len(trie.child_key)):
        if trie.child_key[entry] != EMPTY and trie.child_of[entry] < 0:
            place = -1 - trie.child_of[entry]
            for kind in range(len(found) if trie.weight[place] != 1.0 else 0):
                there = split[trie.child_key[entry] // width]
                found[kind] += there * belief_alone(trie.leaf, trie.n_symbols, trie.weight[place], kind)
    return found


@njit(cache=True)
def _mix(trie: ContextTrie) -> float:
    """Compute how probable the targets of each node are, be it a leaf or split; return that of the root."""
    n_nodes, width = trie.size[NODES], trie.n_symbols + 2
    trie.sums[:n_nodes, LOG_SPLIT] = 0.0
    for entry in range(len(trie.child_key)):
        if trie.child_key[entry] != EMPTY and trie.child_of[entry] < 0:
            node = trie.child_key[entry] // width
            trie.sums[node, LOG_SPLIT] += log_single(trie, -1 - trie.child_of[entry])
    # a child has a greater number than its parent
    for node in range(n_nodes - 1, -1, -1):
        trie.sums[node, LOG_TREE] = mix_logs(trie, node)
        parent = trie.node[node, PARENT]
        if parent >= 0:
            trie.sums[parent, LOG_SPLIT] += trie.sums[node, LOG_TREE]
    return trie.sums[0, LOG_TREE]


@njit(cache=True, inline="always")
def leaf_share(trie: ContextTrie, node: int) -> float:
    """Return the probability that a node that is there is a leaf, given the targets."""
    if trie.node[node, IS_FULL]:
        return 1.0
    sums = trie.sums[node]
    return float(np.exp(min(trie.prior[LOG_KEEP] + sums[LOG_LEAF] - sums[LOG_TREE], 0.0)))


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
            keep = leaf_share(trie, node)
        else:
            full = length == trie.depth or trie.text[place - length] == trie.n_symbols
            keep = 1.0 if full else np.exp(trie.prior[LOG_KEEP])
        shares[length] = left * keep
        left *= 1.0 - keep
    return left


@njit(cache=True)
def tree_proba(
    trie: ContextTrie, place: int, path: Array, n_contexts: int, code: int, shares: Array
) -> float:
    """Return the probability of a target at `place`; `shares` is room to work in."""
    p = leaf_shares(trie, place, path, n_contexts, shares) / trie.n_symbols
    # the arrays by themselves: to pass all of the trie on, or to ask it each time, takes five times as long
    sums, keys, pair_of, weights = trie.sums, trie.target_key, trie.target_of, trie.pair_weight
    text, alone, leaf, width = trie.text, trie.weight, trie.leaf, trie.n_symbols + 2
    for length in range(n_contexts):
        node, share = path[length], shares[length]
        if share <= 0.0:
            continue
        if node >= 0:
            entry = find(keys, node * width + code)
            n = 0.0 if keys[entry] == EMPTY else weights[pair_of[entry]]
            p += share * (sums[node, ALIKE] + sums[node, EACH] * n)
        else:
            other = -1 - node
            alike, each = rates_alone(leaf, trie.n_symbols, alone[other])
            p += share * (alike + (each * alone[other] if text[other] == code else 0.0))
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
