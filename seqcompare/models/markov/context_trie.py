"""A trie of contexts, newest step first, that can go on counting while it is read.

A node is a context that came at least twice; its children are the contexts that are one step older. A context
that came once is no node: its parent's entry points to that one place in the text, where the rest of the
context, its one target and the weight of it stand. So the trie grows with what recurs, not with the depth.

Children and counts are found in two open hash tables with the keys ``node * width + code``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]

EMPTY = -1
# columns of `node`
PARENT, FIRST, N_TARGETS, TWICE, THRICE, N_PAIRS, IS_FULL = range(7)
# columns of `sums`
TOTAL, ONES, TWOS, THREES, LOG_LEAF, LOG_SPLIT, LOG_TREE = range(7)
# columns of `target`
CODE, NEXT, PAIRS = range(3)
# entries of `size`
NODES, TARGETS, CHILDREN = range(3)
# entries of `prior`
ALPHA, LOG_KEEP, LOG_GO_ON = range(3)


class ContextTrie(NamedTuple):
    """Counts of what followed every context of 0 to `depth` steps.

    The text holds the sequences, each after a start mark, which is a step of a context like others and the
    oldest there can be. Room that is not used yet is at the end of the arrays.

    Attributes
    ----------
    depth : int
        Steps in the longest context.
    n_symbols : int
        Targets have the codes below it; the start mark is `n_symbols`, and an unknown symbol one more.
    size : ndarray of int64, shape (3,)
        How many nodes, pairs of node and target, and entries for children there are.
    text : ndarray of int32, shape (n_places,)
        The sequences, each after its start mark.
    weight : ndarray of float64, shape (n_places,)
        What each step counts for as a target.
    node : ndarray of int32, shape (capacity, 7)
        Of each node: its parent; its first pair in `target`; its targets, and how many of them were seen in at
        least two and three children; the pairs of child and target (the continuation counts of Kneser and
        Ney, added up); and 1 if no context is longer.
    sums : ndarray of float64, shape (capacity, 7)
        Of each node: the summed weight of its targets; what each target's weight has below 1, from 1 to 2 and
        from 2 to 3, added up, which for whole weights is how many came at least once, twice and three times;
        and the log-probabilities of its targets if it is a leaf, if it is split, and of the mixture of both,
        see `weighting`.
    target : ndarray of int32, shape (capacity, 3)
        Of each pair of node and target: the target, the node's next pair (or -1), and in how many children
        of the node it was seen.
    count : ndarray of float64, shape (capacity,)
        The summed weight of each pair.
    child_key, child_of : ndarray of int64, int32, shape (power of 2,)
        Table of the children: node, or ``-1 - place`` where the context came once.
    target_key, target_of : ndarray of int64, int32, shape (power of 2,)
        Table of the pairs.
    prior : ndarray of float64, shape (3,)
        The parameter of the Dirichlet distribution of a leaf, and the logarithms of the probabilities that a
        node is a leaf and that it is split, see `weighting`.
    discount : ndarray of float64, shape (depth + 1, 2, 3)
        By length of the context, for weights and for continuation counts: what is taken from a count of 1, and
        how much more from one of 2 and of 3 and more, see `blend`.
    """

    depth: int
    n_symbols: int
    size: Array
    text: Array
    weight: Array
    node: Array
    sums: Array
    target: Array
    count: Array
    child_key: Array
    child_of: Array
    target_key: Array
    target_of: Array
    prior: Array
    discount: Array


class Journal(NamedTuple):
    """Which entries of a trie were changed since it was last as it had been fitted.

    Attributes
    ----------
    size : ndarray of int64, shape (4,)
        How many of each kind; below 0 where none is kept.
    nodes, pairs, children, targets : ndarray of int32
        Rows of `node`, of `target`, and places in the two tables.
    """

    size: Array
    nodes: Array
    pairs: Array
    children: Array
    targets: Array


def new_trie(text: Array, weight: Array, depth: int, n_symbols: int, room: int) -> ContextTrie:
    """Return a trie that has counted nothing yet.

    Parameters
    ----------
    text, weight, depth, n_symbols
        As in `ContextTrie`.
    room : int
        Nodes to make room for; it can grow later, see `grown`.
    """
    room = max(room, 64 + 4 * depth)
    node = np.zeros((room, 7), dtype=np.int32)
    node[0, [PARENT, FIRST, IS_FULL]] = -1, -1, depth == 0
    return ContextTrie(
        depth,
        n_symbols,
        np.array([1, 0, 0]),
        text,
        weight,
        node,
        np.zeros((room, 7)),
        np.empty((2 * room, 3), dtype=np.int32),
        np.empty(2 * room),
        *_new_table(2 * room),
        *_new_table(2 * room),
        np.zeros(3),
        np.zeros((depth + 1, 2, 3)),
    )


def _new_table(room: int) -> tuple[Array, Array]:
    """Return a table that is at most half full with `room` entries."""
    size = 1 << (2 * room - 1).bit_length()
    return np.full(size, EMPTY, dtype=np.int64), np.empty(size, dtype=np.int32)


def grown(trie: ContextTrie) -> ContextTrie:
    """Return the same trie with twice the room; what it counted is shared with the old one or copied."""
    room = 2 * len(trie.node)
    child_key, child_of = _rehash(trie.child_key, trie.child_of, 2 * room)
    target_key, target_of = _rehash(trie.target_key, trie.target_of, 2 * room)
    return trie._replace(
        node=_longer(trie.node, room),
        sums=_longer(trie.sums, room),
        target=_longer(trie.target, 2 * room),
        count=_longer(trie.count, 2 * room),
        child_key=child_key,
        child_of=child_of,
        target_key=target_key,
        target_of=target_of,
    )


def copied(trie: ContextTrie) -> ContextTrie:
    """Return a copy that can be changed while the other stays as it is."""
    arrays = {name: array.copy() for name, array in trie._asdict().items() if isinstance(array, np.ndarray)}
    return trie._replace(**arrays)


def _longer(array: Array, room: int) -> Array:
    longer = np.zeros((room, *array.shape[1:]), dtype=array.dtype)
    longer[: len(array)] = array
    return longer


def _rehash(keys: Array, values: Array, room: int) -> tuple[Array, Array]:
    new_keys, new_values = _new_table(room)
    _move(keys, values, new_keys, new_values)
    return new_keys, new_values


@njit(cache=True)
def _move(keys: Array, values: Array, new_keys: Array, new_values: Array) -> None:
    for i in range(len(keys)):
        if keys[i] != EMPTY:
            k = find(new_keys, keys[i])
            new_keys[k], new_values[k] = keys[i], values[i]


@njit(cache=True, inline="always")
def find(keys: Array, key: int) -> int:
    """Return where `key` stands in a table, or the empty place where it would."""
    mask = len(keys) - 1
    mixed = np.int64(key) * np.int64(-7046029254386353131)  # 2^64 over the golden ratio: spreads neighbours
    place = (mixed ^ (mixed >> np.int64(32))) & mask
    while keys[place] != EMPTY and keys[place] != key:
        place = (place + 1) & mask
    return place


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
        and trie.size[TARGETS] + 2 * most <= len(trie.count)
        and trie.size[CHILDREN] + 2 * most <= len(trie.count)
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
        trie.count[pair] = 0.0
        trie.node[node, FIRST] = pair
        trie.node[node, N_TARGETS] += 1
    else:
        pair = trie.target_of[entry]
        _note(journal, 1, journal.pairs, pair)
    before = trie.count[pair]
    after = before + weight
    trie.count[pair] = after
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
def log_single(trie: ContextTrie, place: int) -> float:
    """Return the log-probability of the one target of a context that came once: leaf or not is the same."""
    weight, alpha = trie.weight[place], trie.prior[ALPHA]
    if weight == 1.0:
        return -np.log(trie.n_symbols)
    return log_rising(alpha, weight) - log_rising(alpha * trie.n_symbols, weight)


@njit(cache=True)
def log_rising(base: float, n: float) -> float:
    """Return the logarithm of ``gamma(base + n) / gamma(base)``, for whole n that of base (base + 1) ..."""
    if n == 1.0:
        return np.log(base)
    return math.lgamma(base + n) - math.lgamma(base)


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
    return node


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
    text, code, weight, alpha = trie.text, trie.text[place], trie.weight[place], trie.prior[ALPHA]
    width = trie.n_symbols + 2
    node, length, pair = 0, 0, -1
    below = 0.0  # how the log-probability of what is below the last node changes
    while True:
        _note(journal, 0, journal.nodes, node)
        path[length] = node
        total, n_targets = trie.sums[node, TOTAL], trie.size[TARGETS]
        shorter, pair = pair, _count(trie, journal, node, code, weight)
        if weigh:
            seen = trie.count[pair] - weight
            ratio = (seen + alpha) / (total + alpha * trie.n_symbols)
            trie.sums[node, LOG_LEAF] += np.log(ratio)
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
def count_range(
    trie: ContextTrie, journal: Journal, first: int, last: int, skip_from: int, skip_to: int
) -> int:
    """Count the steps from `first` to before `last` but for some; return where room ran out, or `last`."""
    path = np.empty(trie.depth + 1, np.int32)
    for place in range(first, last):
        if trie.text[place] >= trie.n_symbols or trie.weight[place] == 0.0:
            continue
        if skip_from <= place < skip_to:
            continue
        if not has_room(trie, journal):
            return place
        learn(trie, journal, place, path, False)
    return last


@njit(cache=True)
def restore(trie: ContextTrie, fitted: ContextTrie, journal: Journal) -> None:
    """Make `trie`, a copy of `fitted` that went on counting, what `fitted` is."""
    for k in range(journal.size[0]):
        node = journal.nodes[k]
        trie.node[node] = fitted.node[node]
        trie.sums[node] = fitted.sums[node]
    for k in range(journal.size[1]):
        pair = journal.pairs[k]
        trie.target[pair] = fitted.target[pair]
        trie.count[pair] = fitted.count[pair]
    for k in range(journal.size[2]):
        entry = journal.children[k]
        trie.child_key[entry], trie.child_of[entry] = fitted.child_key[entry], fitted.child_of[entry]
    for k in range(journal.size[3]):
        entry = journal.targets[k]
        trie.target_key[entry], trie.target_of[entry] = fitted.target_key[entry], fitted.target_of[entry]
    trie.size[:] = fitted.size
    journal.size[:] = 0


def new_journal(room: int) -> Journal:
    """Return a journal without an entry."""
    return Journal(np.zeros(4, dtype=np.int64), *(np.empty(room, dtype=np.int32) for _ in range(4)))


def lengthened(journal: Journal) -> Journal:
    """Return the same journal with twice the room."""
    return journal._replace(
        **{name: _longer(getattr(journal, name), 2 * len(journal.nodes)) for name in journal._fields[1:]}
    )
