"""Finding one's way in a trie of contexts, and going on counting in it, compiled."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from seqcompare.models.markov.context_trie import (
    ALIKE,
    ALPHA,
    CHILDREN,
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
    N_PAIRS,
    N_TARGETS,
    NEXT,
    NODES,
    ONES,
    PAIRS,
    PARENT,
    SHARE,
    TARGETS,
    THRICE,
    TOTAL,
    TWICE,
    ContextTrie,
    Journal,
    find,
)
from seqcompare.typing import Array


@njit(cache=True)
def walk(trie: ContextTrie, place: int, path: Array) -> int:
    """Write the contexts of the step at `place`, shortest first, into `path`; return how many there are.

    Each is a node, or ``-1 - other`` where it came once before, at the place `other`.
    """
    text, width = trie.text, trie.n_symbols + 2
    node = 0
    path[0] = 0
    length = 0
    while length < trie.depth and (length == 0 or text[place - length] != trie.n_symbols):
        older = text[place - length - 1]
        if node >= 0:
            entry = find(trie.child_key, node * width + older)
            if trie.child_key[entry] == EMPTY:
                break
            node = trie.child_of[entry]
        elif text[-1 - node - length - 1] != older:
            break
        length += 1
        path[length] = node
    return length + 1


@njit(cache=True)
def has_room(trie: ContextTrie, journal: Journal) -> bool:
    """Whether one more step can be counted without more room."""
    most = trie.depth + 2
    free = (
        trie.size[NODES] + most <= len(trie.node)
        and trie.size[TARGETS] + 2 * most <= len(trie.pair_weight)
        and trie.size[CHILDREN] + 2 * most <= len(trie.pair_weight)
    )
    if journal.size[0] < 0:
        return free
    return (
        free
        and journal.size[0] + most <= len(journal.nodes)
        and journal.size[1] + most <= len(journal.pairs)
        and journal.size[2] + 2 * most <= len(journal.children)
        and journal.size[3] + 2 * most <= len(journal.targets)
    )


@njit(cache=True)
def _note(journal: Journal, kind: int, entries: Array, entry: int) -> None:
    if journal.size[0] >= 0:
        entries[journal.size[kind]] = entry
        journal.size[kind] += 1


@njit(cache=True)
def _count(trie: ContextTrie, journal: Journal, node: int, code: int, weight: float) -> int:
    """Add to the count of a target after a context; return their pair."""
    key = node * (trie.n_symbols + 2) + code
    entry = find(trie.target_key, key)
    if trie.target_key[entry] == EMPTY:
        pair = trie.size[TARGETS]
        trie.size[TARGETS] += 1
        _note(journal, 3, journal.targets, entry)
        trie.target_key[entry], trie.target_of[entry] = key, pair
        trie.target[pair, CODE] = code
        trie.target[pair, NEXT] = trie.node[node, FIRST]
        trie.target[pair, PAIRS] = 0
        trie.pair_weight[pair] = 0.0
        trie.node[node, FIRST] = pair
        trie.node[node, N_TARGETS] += 1
    else:
        pair = trie.target_of[entry]
        _note(journal, 1, journal.pairs, pair)
    before = trie.pair_weight[pair]
    after = before + weight
    trie.pair_weight[pair] = after
    trie.sums[node, TOTAL] += weight
    for k in range(3):
        trie.sums[node, ONES + k] += min(max(after - k, 0.0), 1.0) - min(max(before - k, 0.0), 1.0)
    return pair


@njit(cache=True)
def _point(trie: ContextTrie, journal: Journal, node: int, length: int, place: int, pair: int) -> None:
    """Let the longer context that came once, at `place`, be a child of `node`."""
    key = node * (trie.n_symbols + 2) + trie.text[place - length - 1]
    entry = find(trie.child_key, key)
    _note(journal, 2, journal.children, entry)
    trie.child_key[entry], trie.child_of[entry] = key, -1 - place
    trie.size[CHILDREN] += 1
    _count_pair(trie, node, pair)


@njit(cache=True)
def _count_pair(trie: ContextTrie, node: int, pair: int) -> None:
    """Take down that a target was seen in one more child of a node."""
    trie.target[pair, PAIRS] += 1
    trie.node[node, N_PAIRS] += 1
    if trie.target[pair, PAIRS] == 2:
        trie.node[node, TWICE] += 1
    elif trie.target[pair, PAIRS] == 3:
        trie.node[node, THRICE] += 1


@njit(cache=True)
def log_rising(base: float, n: float) -> float:
    """Return the logarithm of ``gamma(base + n) / gamma(base)``, for whole n that of base (base + 1) ..."""
    if n == 1.0:
        return np.log(base)
    return math.lgamma(base + n) - math.lgamma(base)


@njit(cache=True, inline="always")
def log_single(trie: ContextTrie, place: int) -> float:
    """Return the log-probability of the one target of a context that came once: leaf or not is the same."""
    return _log_alone(trie.leaf, trie.n_symbols, trie.weight[place])


@njit(cache=True, inline="always")
def leaf_rates(trie: ContextTrie, context: int) -> tuple[float, float]:
    """Return what a leaf gives to every target alike, and to each one for each of its counts."""
    if context >= 0:
        return trie.sums[context, ALIKE], trie.sums[context, EACH]
    return rates_alone(trie.leaf, trie.n_symbols, trie.weight[-1 - context])


# These take no trie: to pass all its arrays on costs more than what is computed here.


@njit(cache=True)
def _log_alone(leaf: Array, n_symbols: int, weight: float) -> float:
    """Return the log-probability of a weight of one target and none of others in a leaf."""
    if weight == 1.0:
        return -np.log(n_symbols)
    highest = -np.inf
    for kind in range(leaf.shape[1]):
        highest = max(highest, leaf[LOG_SHARE, kind] + _log_in_kind(leaf[ALPHA, kind], n_symbols, weight))
    p = 0.0
    for kind in range(leaf.shape[1]):
        log_p = leaf[LOG_SHARE, kind] + _log_in_kind(leaf[ALPHA, kind], n_symbols, weight)
        p += np.exp(log_p - highest)
    return highest + np.log(p)


@njit(cache=True)
def _log_in_kind(alpha: float, n_symbols: int, weight: float) -> float:
    """Return the same in a leaf of one kind."""
    return log_rising(alpha, weight) - log_rising(alpha * n_symbols, weight)


@njit(cache=True)
def belief_alone(leaf: Array, n_symbols: int, weight: float, kind: int) -> float:
    """Return the probability that a leaf with one target of this weight is of a kind."""
    if weight == 1.0:
        return leaf[SHARE, kind]
    log_p = leaf[LOG_SHARE, kind] + _log_in_kind(leaf[ALPHA, kind], n_symbols, weight)
    return np.exp(log_p - _log_alone(leaf, n_symbols, weight))


@njit(cache=True)
def rates_alone(leaf: Array, n_symbols: int, weight: float) -> tuple[float, float]:
    """Return the rates of a leaf with one target of this weight."""
    alike, each = 0.0, 0.0
    for kind in range(leaf.shape[1]):
        alpha = leaf[ALPHA, kind]
        rate = belief_alone(leaf, n_symbols, weight, kind) / (weight + alpha * n_symbols)
        each += rate
        alike += rate * alpha
    return alike, each


@njit(cache=True, inline="always")
def set_rates(trie: ContextTrie, node: int) -> None:
    """Compute the rates of a node from the probabilities of its kinds."""
    alike, each, total = 0.0, 0.0, trie.sums[node, TOTAL]
    for kind in range(trie.leaf.shape[1]):
        alpha = trie.leaf[ALPHA, kind]
        rate = trie.belief[node, kind] / (total + alpha * trie.n_symbols)
        each += rate
        alike += rate * alpha
    trie.sums[node, ALIKE], trie.sums[node, EACH] = alike, each


@njit(cache=True)
def _expand(trie: ContextTrie, journal: Journal, parent: int, length: int, place: int) -> int:
    """Make a node of the context of `length` steps that came once, at `place`, and now comes again."""
    node = trie.size[NODES]
    trie.size[NODES] += 1
    full = length == trie.depth or trie.text[place - length] == trie.n_symbols
    trie.node[node] = 0
    trie.node[node, PARENT], trie.node[node, FIRST] = parent, -1
    trie.node[node, IS_FULL] = 1 if full else 0
    trie.sums[node] = 0.0
    pair = _count(trie, journal, node, trie.text[place], trie.weight[place])
    if not full:
        _point(trie, journal, node, length, place, pair)
    log_p = log_single(trie, place)
    trie.sums[node, LOG_LEAF] = trie.sums[node, LOG_SPLIT] = trie.sums[node, LOG_TREE] = log_p
    for kind in range(trie.leaf.shape[1]):
        trie.belief[node, kind] = belief_alone(trie.leaf, trie.n_symbols, trie.weight[place], kind)
    set_rates(trie, node)
    return node


@njit(cache=True, inline="always")
def _believe(trie: ContextTrie, node: int, seen: float, total: float) -> float:
    """Learn of what kind a leaf is from one more target; return what probability that had.

    It came `seen` times before, of `total` targets.
    """
    p = 0.0
    for kind in range(trie.leaf.shape[1]):
        alpha = trie.leaf[ALPHA, kind]
        trie.belief[node, kind] *= (seen + alpha) / (total + alpha * trie.n_symbols)
        p += trie.belief[node, kind]
    for kind in range(trie.leaf.shape[1]):
        trie.belief[node, kind] /= p
    set_rates(trie, node)
    return p


@njit(cache=True)
def learn(trie: ContextTrie, journal: Journal, place: int, path: Array, weigh: bool) -> None:
    """Count the step at `place` after all its contexts.

    Parameters
    ----------
    trie : ContextTrie
        What counts.
    journal : Journal
        Where the changes are noted.
    place : int
        The step's place in the text.
    path : ndarray of int32, shape (depth + 1,)
        Room to work in.
    weigh : bool
        Whether to keep the log-probabilities in `sums` true (for steps of weight 1).
    """
    text, code, weight = trie.text, trie.text[place], trie.weight[place]
    width = trie.n_symbols + 2
    # a plain 0 has a type of its own at first, for which all that is called would be compiled once more
    node, length, pair = int(0), int(0), int(-1)  # noqa: RUF046, UP018
    below = 0.0  # how the log-probability of what is below the last node changes
    while True:
        _note(journal, 0, journal.nodes, node)
        path[length] = node
        total, n_targets = trie.sums[node, TOTAL], trie.size[TARGETS]
        shorter, pair = pair, _count(trie, journal, node, code, weight)
        if weigh:
            seen = trie.pair_weight[pair] - weight
            trie.sums[node, LOG_LEAF] += np.log(_believe(trie, node, seen, total))
        if length and trie.size[TARGETS] > n_targets:
            # new after this context: one more child of the shorter one has it
            _count_pair(trie, path[length - 1], shorter)
        if trie.node[node, IS_FULL]:
            break
        entry = find(trie.child_key, node * width + text[place - length - 1])
        if trie.child_key[entry] == EMPTY:
            _point(trie, journal, node, length, place, pair)
            if weigh:
                below = log_single(trie, place)
            break
        child = trie.child_of[entry]
        length += 1
        if child < 0:
            _note(journal, 2, journal.children, entry)
            child = _expand(trie, journal, node, length, -1 - child)
            trie.child_of[entry] = child
        node = child
    if weigh:
        for k in range(length, -1, -1):
            node = path[k]
            sums = trie.sums[node]
            sums[LOG_SPLIT] += below
            before = sums[LOG_TREE]
            sums[LOG_TREE] = mix_logs(trie, node)
            below = sums[LOG_TREE] - before


@njit(cache=True, inline="always")
def mix_logs(trie: ContextTrie, node: int) -> float:
    """Return the log-probability of a node's targets, be it a leaf or split."""
    if trie.node[node, IS_FULL]:
        return trie.sums[node, LOG_LEAF]
    leaf = trie.prior[LOG_KEEP] + trie.sums[node, LOG_LEAF]
    split = trie.prior[LOG_GO_ON] + trie.sums[node, LOG_SPLIT]
    high, low = max(leaf, split), min(leaf, split)
    return high + np.log1p(np.exp(low - high))


@njit(cache=True)
def count_range(trie: ContextTrie, journal: Journal, first: int, last: int, skip: Array) -> int:
    """Count the steps from `first` to before `last`, those to skip left out; return where room ran out."""
    path = np.empty(trie.depth + 1, np.int32)
    for place in range(first, last):
        if trie.text[place] >= trie.n_symbols or trie.weight[place] == 0.0 or skip[place]:
            continue
        if not has_room(trie, journal):
            return place
        learn(trie, journal, place, path, bool(0))
    return last


@njit(cache=True)
def restore(trie: ContextTrie, fitted: ContextTrie, journal: Journal) -> None:
    """Make `trie`, a copy of `fitted` that went on counting, what `fitted` is."""
    for k in range(journal.size[0]):
        node = journal.nodes[k]
        trie.node[node] = fitted.node[node]
        trie.sums[node] = fitted.sums[node]
        trie.belief[node] = fitted.belief[node]
    for k in range(journal.size[1]):
        pair = journal.pairs[k]
        trie.target[pair] = fitted.target[pair]
        trie.pair_weight[pair] = fitted.pair_weight[pair]
    for k in range(journal.size[2]):
        entry = journal.children[k]
        trie.child_key[entry], trie.child_of[entry] = fitted.child_key[entry], fitted.child_of[entry]
    for k in range(journal.size[3]):
        entry = journal.targets[k]
        trie.target_key[entry], trie.target_of[entry] = fitted.target_key[entry], fitted.target_of[entry]
    trie.size[:] = fitted.size
    journal.size[:] = 0
