"""A trie of contexts, newest step first, that can go on counting while it is read.

A node is a context that came at least twice; its children are the contexts that are one step older. A context
that came once is no node: its parent's entry points to that one place in the text, where the rest of the
context, its one target and the weight of it stand. So the trie grows with what recurs, not with the depth.

Children and counts are found in two open hash tables with the keys ``node * width + code``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from seqcompare.typing import Array, Record

EMPTY = -1
# columns of `node`
PARENT, FIRST, N_TARGETS, TWICE, THRICE, N_PAIRS, IS_FULL = range(7)
# columns of `sums`
TOTAL, ONES, TWOS, THREES, LOG_LEAF, LOG_SPLIT, LOG_TREE, ALIKE, EACH = range(9)
# columns of `target`
CODE, NEXT, PAIRS = range(3)
# entries of `size`
NODES, TARGETS, CHILDREN = range(3)
# entries of `prior`
LOG_KEEP, LOG_GO_ON = range(2)
# rows of `leaf`
ALPHA, SHARE, LOG_SHARE = range(3)


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
        Of each node: its parent; its first pair in `target`; its targets, and how many of them were seen in
        at least two and three children; the pairs of child and target (the continuation counts of Kneser and
        Ney, added up); and 1 if no context is longer.
    sums : ndarray of float64, shape (capacity, 9)
        Of each node: the summed weight of its targets; what each target's weight has below 1, from 1 to 2 and
        from 2 to 3, added up, which for whole weights is how many came at least once, twice and three times;
        the log-probabilities of its targets if it is a leaf, if it is split, and of the mixture of both, see
        `weighting`; and what a leaf gives to every target alike, and to each one for each of its counts.
    target : ndarray of int32, shape (capacity, 3)
        Of each pair of node and target: the target, the node's next pair (or -1), and in how many children
        of the node it was seen.
    pair_weight : ndarray of float64, shape (capacity,)
        The summed weight of each pair.
    child_key, child_of : ndarray of int64, int32, shape (power of 2,)
        Table of the children: node, or ``-1 - place`` where the context came once.
    target_key, target_of : ndarray of int64, int32, shape (power of 2,)
        Table of the pairs.
    prior : ndarray of float64, shape (2,)
        The logarithms of the probabilities that a node is a leaf and that it is split, see `weighting`.
    leaf : ndarray of float64, shape (3, n_kinds)
        The kinds of leaves there are: the parameter of the Dirichlet distribution of each, its share and the
        logarithm of that.
    belief : ndarray of float64, shape (capacity, n_kinds)
        Of each node: the probabilities that it is of these kinds, if it is a leaf.
    discount : ndarray of float64, shape (depth + 1, 2, 3)
        By length of the context, for weights and for continuation counts: what is taken from a count of 1,
        and how much more from one of 2 and of 3 and more, see `blend`.
    """

    depth: int
    n_symbols: int
    size: Array
    text: Array
    weight: Array
    node: Array
    sums: Array
    target: Array
    pair_weight: Array
    child_key: Array
    child_of: Array
    target_key: Array
    target_of: Array
    prior: Array
    leaf: Array
    belief: Array
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


def new_trie(text: Array, weight: Array, depth: int, n_symbols: int, leaf: Array, room: int) -> ContextTrie:
    """Return a trie that has counted nothing yet.

    Parameters
    ----------
    text, weight, depth, n_symbols, leaf
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
        np.zeros((room, 9)),
        np.empty((2 * room, 3), dtype=np.int32),
        np.empty(2 * room),
        *_new_table(2 * room),
        *_new_table(2 * room),
        np.zeros(2),
        leaf,
        np.empty((room, leaf.shape[1])),
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
        belief=_longer(trie.belief, room),
        target=_longer(trie.target, 2 * room),
        pair_weight=_longer(trie.pair_weight, 2 * room),
        child_key=child_key,
        child_of=child_of,
        target_key=target_key,
        target_of=target_of,
    )


def copied(trie: ContextTrie) -> ContextTrie:
    """Return a copy that can be changed while the other stays as it is."""
    arrays: Record = {
        name: array.copy() for name, array in trie._asdict().items() if isinstance(array, np.ndarray)
    }
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
    return int(place)


def new_journal(room: int) -> Journal:
    """Return a journal without an entry."""
    return Journal(np.zeros(4, dtype=np.int64), *(np.empty(room, dtype=np.int32) for _ in range(4)))


def lengthened(journal: Journal) -> Journal:
    """Return the same journal with twice the room."""
    return journal._replace(
        **{name: _longer(getattr(journal, name), 2 * len(journal.nodes)) for name in journal._fields[1:]}
    )
