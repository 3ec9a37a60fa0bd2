"""Context trees over parts: exact counts of the contexts that a sample says may matter.

A tree in memory keeps all of its data, since any context may turn out to recur. Over parts the contexts are
chosen first, then counted: those that came at least twice in a sample of sequences may be split by the step
before them, and no others. What then counts is of each step the longest context it can be told by (a leaf)
and the step itself, which is one number; the sums of these over all data say all there is to know of trees
within the contexts chosen, exactly. Where these are more than fit, a context has to come twice as often in
the sample, and so on: leaves that are no longer told apart are added up, as if they had never been. So
memory has a bound, and the sums do not depend on where that was noticed.

The tree that is left is that of a much shorter text, in which every leaf is written once before each step
that followed it, with the weight of all of these. How tree and blend are mixed is as the sample has it.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from sklearn.base import clone

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.totals import Totals
from seqcompare.models.alphabet import choose_alphabet
from seqcompare.models.markov.context_tree import ContextTree
from seqcompare.models.markov.context_trie import EMPTY, NODES, PARENT, TOTAL, find
from seqcompare.models.over_parts.reading import union_of, weighed_steps
from seqcompare.typing import Array, Floats, Ints, Labels

SAMPLE = 1_000_000
"""Steps that choose the contexts; no more than these are simply learnt."""

MOST_LEAVES = 1_000_000
"""Pairs of a leaf and what followed it that are counted at most."""


class Contexts(NamedTuple):
    """The contexts of a sample, which are numbered as nodes are in `ContextTrie`.

    Attributes
    ----------
    depth, n_symbols : int
        Steps in the longest context; the start mark is `n_symbols`.
    child_key, child_of : ndarray
        Table of the children; below 0 where a context came once.
    came : ndarray of float64, shape (n_nodes,)
        How often each came in the sample.
    parent, oldest : ndarray of int32, shape (n_nodes,)
        The context that is one step shorter, and the step that it lacks.
    """

    depth: int
    n_symbols: int
    child_key: Array
    child_of: Array
    came: Array
    parent: Array
    oldest: Array


class Leaves(NamedTuple):
    """What followed each leaf.

    Attributes
    ----------
    least : float
        How often a context came in the sample that is split.
    key : ndarray of int64, shape (n_leaves,)
        ``(node * (n_symbols + 2) + older) * n_symbols + code``, rising: the leaf is the context `node`, and
        the step before it, or `n_symbols` + 1 for none; the code is what followed.
    weight : ndarray of float64, shape (n_leaves,)
        Of all steps with this key.
    """

    least: float
    key: NDArray[np.int64]
    weight: Floats


def fit_context_tree(model: ContextTree, total: Totals) -> None:
    """Fit in three passes: the alphabet, a sample, and counts of the contexts that the sample chose."""
    symbols, n_steps = total(partial(_look_at, clone(model)))
    drawn = total.sample(SAMPLE, seed=0)
    alphabet = union_of(symbols)
    sketch = clone(model).set_params(symbols=alphabet).fit(drawn.X, sample_weight=drawn.sample_weight)
    for name in ("kind_", "n_channels_", "symbols_"):
        setattr(model, name, getattr(sketch, name))
    if n_steps == drawn.X.n_steps:
        model._text, model._weight = sketch._text, sketch._weight
    else:
        contexts = _contexts_of(sketch)
        add = partial(_add, contexts._replace(child_key=np.zeros(0), child_of=np.zeros(0)))
        leaves = total(partial(_count, clone(sketch), contexts), add)
        model._text, model._weight = _spell(contexts, leaves)
    model._learn(sketch._mixture)


def _look_at(model: ContextTree, part: SequenceDataset) -> tuple[list[Labels], int]:
    sequences, _ = weighed_steps(model, model.reading, part)
    return [choose_alphabet(sequences.values, model.symbols)], part.X.n_steps


def _contexts_of(tree: ContextTree) -> Contexts:
    trie = tree._trie
    n_nodes, width = int(trie.size[NODES]), trie.n_symbols + 2
    oldest = np.full(n_nodes, width - 1, dtype=np.int32)
    inner = (trie.child_key != EMPTY) & (trie.child_of >= 0)
    oldest[trie.child_of[inner]] = trie.child_key[inner] % width
    return Contexts(
        trie.depth,
        trie.n_symbols,
        trie.child_key,
        trie.child_of,
        trie.sums[:n_nodes, TOTAL].copy(),
        trie.node[:n_nodes, PARENT].copy(),
        oldest,
    )


def _count(model: ContextTree, contexts: Contexts, part: SequenceDataset) -> Leaves:
    """Return the leaves of a part; `model` has the whole alphabet."""
    sequences, weight = weighed_steps(model, model.reading, part)
    _, text, weight = model._take_down(sequences, sequences.with_values(weight))
    keys = np.empty(len(text), dtype=np.int64)
    _find_leaves(contexts, text, weight, keys)
    return _within_bound(contexts, _added(2.0, keys[keys >= 0], weight[keys >= 0]))


def _add(contexts: Contexts, first: Leaves, second: Leaves) -> Leaves:
    least = max(first.least, second.least)
    parts = [_coarser(contexts, leaves, least) for leaves in (first, second)]
    key = np.concatenate([part.key for part in parts])
    weight = np.concatenate([part.weight for part in parts])
    return _within_bound(contexts, _added(least, key, weight))


def _added(least: float, key: Ints, weight: Floats) -> Leaves:
    """Return each key once, with the sum of its weights."""
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]][: len(key)])
    return Leaves(least, key[starts], np.add.reduceat(weight[order], starts) if len(key) else weight)


def _within_bound(contexts: Contexts, leaves: Leaves) -> Leaves:
    while len(leaves.key) > MOST_LEAVES and np.isfinite(leaves.least):
        # beyond all counts there is but the empty context
        least = 2 * leaves.least if leaves.least <= contexts.came[0] else np.inf
        leaves = _coarser(contexts, leaves, least)
    return leaves


def _coarser(contexts: Contexts, leaves: Leaves, least: float) -> Leaves:
    """Return the leaves where only contexts that came so often are split."""
    if least == leaves.least:
        return leaves
    width = contexts.n_symbols + 2
    leaf, code = np.divmod(leaves.key, contexts.n_symbols)
    node, older = np.divmod(leaf, width)
    while (rare := (contexts.came[node] < least) & (node > 0)).any():
        older[rare], node[rare] = contexts.oldest[node[rare]], contexts.parent[node[rare]]
    return _added(least, (node * width + older) * contexts.n_symbols + code, leaves.weight)


@njit(cache=True)
def _find_leaves(contexts: Contexts, text: Array, weight: Array, keys: Array) -> None:
    """Write the key of every step that counts, and -1 for others."""
    width, start = contexts.n_symbols + 2, contexts.n_symbols
    for place in range(len(text)):
        code = text[place]
        if code >= start or weight[place] == 0.0:
            keys[place] = -1
            continue
        node, length = np.int64(0), 0
        older = np.int64(width - 1)
        while length < contexts.depth and (length == 0 or text[place - length] != start):
            step = text[place - length - 1]
            entry = find(contexts.child_key, node * width + step)
            if contexts.child_key[entry] == EMPTY or contexts.child_of[entry] < 0:
                older = np.int64(step)
                break
            node = np.int64(contexts.child_of[entry])
            length += 1
        keys[place] = (node * width + older) * contexts.n_symbols + code


def _spell(contexts: Contexts, leaves: Leaves) -> tuple[NDArray[np.int32], Floats]:
    """Return a text in which every leaf comes once before each step that followed it, and its weights."""
    length = np.zeros(len(contexts.parent), dtype=np.int64)
    for node in range(1, len(length)):
        length[node] = length[contexts.parent[node]] + 1
    nodes = leaves.key // contexts.n_symbols // (contexts.n_symbols + 2)
    # a start mark and a step before the context, which either may lack, and the step after it
    text = np.empty(int((length[nodes] + 3).sum()), dtype=np.int32)
    weight = np.zeros(len(text))
    n = _write(contexts, leaves.key, leaves.weight, text, weight)
    return text[:n].copy(), weight[:n].copy()


@njit(cache=True)
def _write(contexts: Contexts, keys: Array, weights: Array, text: Array, weight: Array) -> int:
    start, width, n = contexts.n_symbols, contexts.n_symbols + 2, 0
    for k in range(len(keys)):
        leaf, code = keys[k] // start, keys[k] % start
        node, older = leaf // width, leaf % width
        text[n] = start
        n += 1
        if older < start:
            text[n] = older
            n += 1
        while node > 0:
            if contexts.oldest[node] != start:
                text[n] = contexts.oldest[node]
                n += 1
            node = contexts.parent[node]
        text[n] = code
        weight[n] = weights[k]
        n += 1
    return n
