"""Walks along sequences through a trie of contexts: scoring, prediction and sampling, one pass each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from seqcompare.models.markov.counts import NgramCounts
from seqcompare.models.markov.kernels import find_child, tabulate_children
from seqcompare.models.markov.smoothing import Interpolation
from seqcompare.typing import Array

_PAID = 32  # entries of a table of children that are worth one step: making them costs less than searching
_TABLE = 2**22  # and at most these: a larger one does not stay in the cache


class Trie(NamedTuple):
    """What a walk needs of counts and their smoothing, in a form that Numba reads.

    `children` has what `tabulate_children` makes of `code` and `first_child`, or is None.
    """

    depth: int
    start: int
    first_target: int
    n_targets: int
    code: Array
    first_child: Array
    backoff: Array
    gain: Array
    children: Array | None


def smoothed_trie(counts: NgramCounts, weights: Interpolation, n_steps: int = 0) -> Trie:
    """Join counts and their smoothing.

    Parameters
    ----------
    counts : NgramCounts
        Of all contexts.
    weights : Interpolation
        Their smoothing.
    n_steps : int
        How many steps will be looked up: where they are many, children are found in a table.

    Raises
    ------
    ValueError
        If they are not of the same trie.
    """
    if len(weights.gain) != len(counts.code) or len(weights.backoff) != len(counts.first_child) - 1:
        raise ValueError("counts and their smoothing do not fit together")
    children = None
    if (len(counts.first_child) - 1) * counts.n_codes <= min(_PAID * n_steps, _TABLE):
        children = tabulate_children(counts.code, counts.first_child, counts.n_codes)
    return Trie(
        counts.depth,
        counts.n_inputs,
        counts.first_target,
        counts.n_targets,
        counts.code,
        counts.first_child,
        weights.backoff,
        weights.gain,
        children,
    )


# The walker keeps `path`: path[m] is the node of the last m inputs, or -1 if they were never seen in a
# row; then no longer context was seen either. path[0] is the empty context.


@njit(cache=True)
def _begin(path: Array, trie: Trie) -> None:
    path[:] = -1
    path[0] = 0
    if len(path) > 1:
        path[1] = find_child(trie.code, trie.first_child, 0, trie.start, trie.children)


@njit(cache=True)
def _advance(path: Array, step: int, trie: Trie) -> None:
    for m in range(len(path) - 1, 0, -1):
        context = path[m - 1]
        path[m] = -1
        if context >= 0:
            path[m] = find_child(trie.code, trie.first_child, context, step, trie.children)


@njit(cache=True)
def _fill_row(row: Array, path: Array, trie: Trie) -> None:
    deepest = 0
    while deepest + 1 < len(path) and path[deepest + 1] >= 0:
        deepest += 1
    # from the longest context down, what is left for the shorter ones is one factor: no pass over the
    # row is needed for each
    left = 1.0
    row[:] = 0.0
    for m in range(deepest, -1, -1):
        context = path[m]
        for child in range(trie.first_child[context + 1] - 1, trie.first_child[context] - 1, -1):
            target = trie.code[child] - trie.first_target
            if target < 0:
                break
            if target < len(row):
                row[target] += left * trie.gain[child]
        left *= trie.backoff[context]
        if left == 0.0:
            return
    row += left / len(row)


@njit(cache=True)
def predict_rows(codes: Array, offsets: Array, trie: Trie) -> Array:
    """Return p(target | the steps up to and with this one) for every step, shape (n_steps, n_targets)."""
    rows = np.empty((len(codes), trie.n_targets))
    path = np.empty(trie.depth + 1, np.int64)
    for i in range(len(offsets) - 1):
        _begin(path, trie)
        for t in range(offsets[i], offsets[i + 1]):
            _advance(path, codes[t], trie)
            _fill_row(rows[t], path, trie)
    return rows


@njit(cache=True)
def first_row(trie: Trie) -> Array:
    """Return p(x[0]), shape (n_targets,)."""
    path = np.empty(trie.depth + 1, np.int64)
    _begin(path, trie)
    row = np.empty(trie.n_targets)
    _fill_row(row, path, trie)
    return row


@njit(cache=True)
def step_proba(codes: Array, offsets: Array, unknown: float, trie: Trie) -> Array:
    """Return p(x[t] | x[..t-1]) for every step, shape (n_steps,); `unknown` for a code of -1."""
    proba = np.empty(len(codes))
    path = np.empty(trie.depth + 1, np.int64)
    for i in range(len(offsets) - 1):
        _begin(path, trie)
        for t in range(offsets[i], offsets[i + 1]):
            if codes[t] < 0:
                proba[t] = unknown
                path[1:] = -1
                continue
            p = 1.0 / trie.n_targets
            context = path[0]
            for m in range(trie.depth + 1):
                child = find_child(trie.code, trie.first_child, context, codes[t], trie.children)
                p = p * trie.backoff[context] + (trie.gain[child] if child >= 0 else 0.0)
                # the same look-up serves the prediction and the next step's context
                if m == trie.depth:
                    break
                context = path[m + 1]
                path[m + 1] = child
                if context < 0:
                    for k in range(m + 2, trie.depth + 1):
                        path[k] = -1
                    break
            proba[t] = p
    return proba


@njit(cache=True)
def draw(uniform: Array, offsets: Array, trie: Trie) -> Array:
    """Return codes of sequences with these bounds, each from a uniform number in [0, 1), shape (n_steps,)."""
    drawn = np.empty(len(uniform), np.int64)
    path = np.empty(trie.depth + 1, np.int64)
    for i in range(len(offsets) - 1):
        _begin(path, trie)
        for t in range(offsets[i], offsets[i + 1]):
            drawn[t] = _draw_step(uniform[t], path, trie)
            _advance(path, drawn[t], trie)
    return drawn


@njit(cache=True)
def _draw_step(u: float, path: Array, trie: Trie) -> int:
    """Draw from the mixture: a child of the longest context, or else back off with the rest of `u`."""
    deepest = 0
    while deepest + 1 < len(path) and path[deepest + 1] >= 0:
        deepest += 1
    last = -1
    for m in range(deepest, -1, -1):
        context = path[m]
        for child in range(trie.first_child[context], trie.first_child[context + 1]):
            if trie.gain[child] > 0.0:
                if u < trie.gain[child]:
                    return trie.code[child]
                u -= trie.gain[child]
                last = trie.code[child]
        if trie.backoff[context] == 0.0:
            return last  # rounding left a sliver above the last symbol
        u = min(max(u / trie.backoff[context], 0.0), 1.0)
    return min(int(u * trie.n_targets), trie.n_targets - 1)
