"""Compiled parts of the trie: growing it by one step, and finding one's way in it."""

from __future__ import annotations

import numpy as np
from numba import njit

from seqcompare.typing import Array

_TABLE = 2**19  # pairs that are counted in a table: one that stays in the cache


def refine(
    context: Array, code: Array, weight: Array, n_contexts: int, n_codes: int
) -> tuple[Array, Array, Array, Array]:
    """Sort the distinct (context, code) pairs, number them and add up their weights.

    Parameters
    ----------
    context : ndarray of int, shape (n,)
        The context of each entry, from 0; -1 for entries to leave out.
    code : ndarray of int, shape (n,)
        What follows it.
    weight : ndarray, shape (n,) or (0,)
        Weights; none mean 1 each.
    n_contexts, n_codes : int
        Bounds of both.

    Returns
    -------
    bounds : ndarray, shape (n_contexts + 1,)
        Where the pairs of each context begin.
    codes : ndarray of int32, shape (n_pairs,)
        The code of each pair.
    counts : ndarray of float64, shape (n_pairs,)
        Its summed weight.
    pair : ndarray, shape (n,)
        Each entry's pair, -1 for those left out.
    """
    n_pairs = n_contexts * n_codes
    by = _refine_by_table if n_pairs <= min(_TABLE, 8 * len(context)) else _refine_by_sorting
    return by(context, code, weight, n_contexts, n_codes)


@njit(cache=True)
def steps_to_weight(weight: Array, is_start: Array) -> Array:
    """Return for each step how far ahead the next weight of its sequence is, shape (n_steps,)."""
    never = np.int32(2**31 - 1)
    wait = np.empty(len(weight), np.int32)
    ahead = never
    for t in range(len(weight) - 1, -1, -1):
        if weight[t] > 0:
            ahead = np.int32(0)
        elif ahead < never:
            ahead += np.int32(1)
        wait[t] = ahead
        if is_start[t]:
            ahead = never
    return wait


@njit(cache=True)
def _refine_by_table(
    context: Array, code: Array, weight: Array, n_contexts: int, n_codes: int
) -> tuple[Array, Array, Array, Array]:
    """Refine with one table entry for each pair that there could be."""
    total = np.zeros(n_contexts * n_codes)
    node_of = np.zeros(n_contexts * n_codes, context.dtype)
    for i in range(len(context)):
        if context[i] >= 0:
            pair = np.int64(context[i]) * n_codes + code[i]
            node_of[pair] = 1
            total[pair] += weight[i] if len(weight) else 1.0
    bounds = np.empty(n_contexts + 1, context.dtype)
    n_nodes = 0
    for c in range(n_contexts):
        bounds[c] = n_nodes
        for pair in range(c * n_codes, (c + 1) * n_codes):
            if node_of[pair]:
                node_of[pair] = n_nodes
                n_nodes += 1
            else:
                node_of[pair] = -1
    bounds[n_contexts] = n_nodes
    out_code = np.empty(n_nodes, np.int32)
    out_count = np.empty(n_nodes, np.float64)
    for pair in range(n_contexts * n_codes):
        if node_of[pair] >= 0:
            out_code[node_of[pair]] = pair % n_codes
            out_count[node_of[pair]] = total[pair]
    node = np.empty(len(context), context.dtype)
    for i in range(len(context)):
        node[i] = node_of[np.int64(context[i]) * n_codes + code[i]] if context[i] >= 0 else -1
    return bounds, out_code, out_count, node


@njit(cache=True)
def _refine_by_sorting(
    context: Array, code: Array, weight: Array, n_contexts: int, n_codes: int
) -> tuple[Array, Array, Array, Array]:
    """Refine at a cost that does not depend on how many pairs there could be.

    A counting sort brings the entries of a context together; few of them differ in their code.
    """
    bounds = np.zeros(n_contexts + 1, context.dtype)
    for i in range(len(context)):
        if context[i] >= 0:
            bounds[context[i] + 1] += 1
    for c in range(n_contexts):
        bounds[c + 1] += bounds[c]
    n_entries = bounds[n_contexts]
    # index and code side by side, so that bringing them together costs one miss of the cache, not two
    entry = np.empty((n_entries, 2), context.dtype)
    for i in range(len(context)):
        c = context[i]
        if c >= 0:
            k = bounds[c]
            entry[k, 0] = i
            entry[k, 1] = code[i]
            bounds[c] = k + 1
    # every bound now is where its context ends

    out_code = np.empty(n_entries, np.int32)
    out_count = np.empty(n_entries, np.float64)
    node = np.full(len(context), -1, context.dtype)
    node_of = np.full(n_codes, -1, np.int64)
    total = np.zeros(n_codes)
    seen = np.empty(n_codes, np.int32)
    n_nodes = 0
    low = 0
    for c in range(n_contexts):
        high = bounds[c]
        bounds[c] = n_nodes
        n_seen = 0
        for k in range(low, high):
            s = entry[k, 1]
            if node_of[s] < 0:
                node_of[s] = 0
                total[s] = 0.0
                seen[n_seen] = s
                n_seen += 1
            total[s] += weight[entry[k, 0]] if len(weight) else 1.0
        _sort(seen, n_seen)
        for k in range(n_seen):
            s = seen[k]
            node_of[s] = n_nodes
            out_code[n_nodes] = s
            out_count[n_nodes] = total[s]
            n_nodes += 1
        for k in range(low, high):
            node[entry[k, 0]] = node_of[entry[k, 1]]
        for k in range(n_seen):
            node_of[seen[k]] = -1
        low = high
    bounds[n_contexts] = n_nodes
    return bounds, out_code[:n_nodes].copy(), out_count[:n_nodes].copy(), node


@njit(cache=True)
def _sort(values: Array, n: int) -> None:
    """Sort the first `n` values; most often they are one, two or three."""
    if n > 16:
        values[:n].sort()
        return
    for i in range(1, n):
        value, k = values[i], i
        while k > 0 and values[k - 1] > value:
            values[k] = values[k - 1]
            k -= 1
        values[k] = value


def tabulate_children(code: Array, first_child: Array, n_codes: int) -> Array:
    """Return the child of each context with each code, or -1, as int32 of shape (n_contexts, n_codes)."""
    n_contexts = len(first_child) - 1
    table = np.full((n_contexts, n_codes), -1, np.int32)
    # node 0 is the empty context itself, no child
    child = np.arange(first_child[0], len(code))
    table[np.repeat(np.arange(n_contexts), np.diff(first_child)), code[child]] = child
    return table


@njit(cache=True)
def find_child(code: Array, first_child: Array, context: int, wanted: int, table: Array | None = None) -> int:
    """Return the child of `context` with the code `wanted`, or -1; by a table where there is one."""
    if table is not None:
        return -1 if wanted < 0 else table[context, wanted]
    low, end = first_child[context], first_child[context + 1]
    high = end
    while low < high:
        middle = (low + high) >> 1
        if code[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < end and code[low] == wanted else -1


@njit(cache=True)
def find_suffixes(code: Array, first_child: Array) -> Array:
    """Return for each node the one without its oldest step, shape (n_nodes,); -1 for node 0."""
    suffix = np.full(len(code), -1, np.int64)
    for context in range(len(first_child) - 1):
        for child in range(first_child[context], first_child[context + 1]):
            suffix[child] = 0 if context == 0 else find_child(code, first_child, suffix[context], code[child])
    return suffix
