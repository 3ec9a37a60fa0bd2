"""Tree and blend together, step by step: what is predicted, and what that is learnt from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from seqcompare.models.markov.blend import (
    HeldOut,
    discounted,
    pairs_left,
    raw_left,
    state_of_node,
    state_of_single,
    terms,
)
from seqcompare.models.markov.context_kernels import (
    has_room,
    leaf_rates,
    learn,
    walk,
)
from seqcompare.models.markov.context_trie import (
    CODE,
    FIRST,
    IS_FULL,
    NEXT,
    PAIRS,
    TOTAL,
    ContextTrie,
    Journal,
)
from seqcompare.models.markov.weighting import leaf_shares, tree_proba
from seqcompare.typing import Array


class Mixture(NamedTuple):
    """What is mixed how.

    Attributes
    ----------
    gates : ndarray of float64, shape (depth + 1, n_states, 3)
        Of the blend, see `blend.fit_gates`.
    share : float
        The share of the blend; the rest is the tree's.
    unknown : float
        What stands for the probability of a symbol outside the alphabet.
    update : bool
        Whether each step is learnt once it is predicted.
    """

    gates: Array
    share: float
    unknown: float
    update: bool


@njit(cache=True)
def step_proba(
    trie: ContextTrie, journal: Journal, mixture: Mixture, first: int, last: int, proba: Array
) -> int:
    """Write p(step | the steps before it) for the places from `first` to before `last`.

    Returns
    -------
    int
        `last`, or the place where there was no room to learn; it is still to be read.
    """
    path, shares = np.empty(trie.depth + 1, np.int32), np.empty(trie.depth + 1)
    for place in range(first, last):
        code = trie.text[place]
        if code >= trie.n_symbols:
            proba[place - first] = mixture.unknown
            continue
        if mixture.update and not has_room(trie, journal):
            return place
        n_contexts = walk(trie, place, path)
        p = 1.0 / trie.n_symbols
        if mixture.share > 0.0:
            for length in range(n_contexts):
                raw, continued, state = terms(trie, path[length], length, code)
                if state >= 0:
                    g = mixture.gates[length, state]
                    p = g[0] * p + g[1] * raw + g[2] * continued
        if mixture.share < 1.0:
            tree = tree_proba(trie, place, path, n_contexts, code, shares)
            p = mixture.share * p + (1.0 - mixture.share) * tree
        proba[place - first] = p
        if mixture.update:
            learn(trie, journal, place, path, bool(1))
    return last


@njit(cache=True)
def next_rows(
    trie: ContextTrie, journal: Journal, mixture: Mixture, first: int, last: int, rows: Array
) -> int:
    """Write the distribution of what follows each place, shape (last - first, n_symbols); as `step_proba`."""
    path, shares = np.empty(trie.depth + 1, np.int32), np.empty(trie.depth + 1)
    for place in range(first, last):
        if mixture.update and trie.text[place] < trie.n_symbols:
            if not has_room(trie, journal):
                return place
            learn(trie, journal, place, path, bool(1))
        fill_row(trie, mixture, place + 1, path, shares, rows[place - first])
    return last


@njit(cache=True)
def row_after(trie: ContextTrie, mixture: Mixture, codes: Array) -> Array:
    """Return the distribution of what follows some codes, which are written over the end of the text."""
    n = len(trie.text)
    trie.text[n - len(codes) :] = codes
    path, shares = np.empty(trie.depth + 1, np.int32), np.empty(trie.depth + 1)
    row = np.empty(trie.n_symbols)
    fill_row(trie, mixture, n, path, shares, row)
    return row


@njit(cache=True)
def draw_steps(
    trie: ContextTrie, journal: Journal, mixture: Mixture, first: int, last: int, uniform: Array
) -> int:
    """Draw the steps from `first` to before `last` into the text, each from a number in [0, 1)."""
    path, shares = np.empty(trie.depth + 1, np.int32), np.empty(trie.depth + 1)
    row = np.empty(trie.n_symbols)
    for place in range(first, last):
        if mixture.update and not has_room(trie, journal):
            return place
        fill_row(trie, mixture, place, path, shares, row)
        code, u = 0, uniform[place - first] * row.sum()
        while code < trie.n_symbols - 1 and u >= row[code]:
            u -= row[code]
            code += 1
        trie.text[place] = code
        if mixture.update:
            learn(trie, journal, place, path, bool(1))
    return last


@njit(cache=True)
def fill_row(trie: ContextTrie, mixture: Mixture, place: int, path: Array, shares: Array, row: Array) -> None:
    """Write the distribution of the step at `place`, whatever stands there, shape (n_symbols,)."""
    n_contexts = walk(trie, place, path)
    blend, tree = mixture.share, 1.0 - mixture.share
    rest = tree * leaf_shares(trie, place, path, n_contexts, shares) / trie.n_symbols
    row[:] = 0.0
    # from the longest context down, what it leaves to the shorter ones is one factor: no pass over the row
    # is needed for each
    for length in range(n_contexts - 1, -1, -1):
        node = path[length]
        if node < 0:
            other = -1 - node
            weight = trie.weight[other]
            g = mixture.gates[length, state_of_single(trie, other, length)]
            alike, each = leaf_rates(trie, node)
            row[trie.text[other]] += blend * (g[1] + g[2]) + tree * shares[length] * each * weight
            rest += tree * shares[length] * alike
            blend *= g[0]
            continue
        total = trie.sums[node, TOTAL]
        alike, each = leaf_rates(trie, node)
        of_leaf = tree * shares[length] * each
        rest += tree * shares[length] * alike
        if total <= 0.0:
            continue
        g = mixture.gates[length, state_of_node(trie, node, length)]
        of_raw, of_pairs = blend * g[1], 0.0
        if trie.node[node, IS_FULL]:
            of_raw += blend * g[2]
        else:
            of_pairs = blend * g[2] / pairs_left(trie, node, length)
        of_raw /= raw_left(trie, node, length)
        pair = trie.node[node, FIRST]
        while pair >= 0:
            n = trie.pair_weight[pair]
            row[trie.target[pair, CODE]] += (
                of_raw * discounted(trie.discount[length, 0], n)
                + of_pairs * discounted(trie.discount[length, 1], float(trie.target[pair, PAIRS]))
                + of_leaf * n
            )
            pair = trie.target[pair, NEXT]
        blend *= g[0]
    row += rest + blend / trie.n_symbols


@njit(cache=True)
def collect(
    trie: ContextTrie,
    journal: Journal,
    mixture: Mixture,
    first: int,
    last: int,
    size: Array,
    held_out: HeldOut,
) -> int:
    """Write what the contexts say of the targets that count; as `step_proba`, and also if `held_out` is full.

    ``size[0]`` and ``size[1]`` are how many steps and contexts it holds.
    """
    path, shares = np.empty(trie.depth + 1, np.int32), np.empty(trie.depth + 1)
    for place in range(first, last):
        code = trie.text[place]
        if code >= trie.n_symbols or trie.weight[place] == 0.0:
            continue
        step, k = size[0], size[1]
        if step == len(held_out.tree) or k + trie.depth + 1 > len(held_out.state):
            return place
        if mixture.update and not has_room(trie, journal):
            return place
        n_contexts = walk(trie, place, path)
        held_out.tree[step] = tree_proba(trie, place, path, n_contexts, code, shares)
        held_out.weight[step] = trie.weight[place]
        for length in range(n_contexts):
            raw, continued, state = terms(trie, path[length], length, code)
            if state >= 0:
                held_out.raw[k], held_out.continued[k], held_out.state[k] = raw, continued, state
                k += 1
        held_out.start[step + 1] = k
        size[0], size[1] = step + 1, k
        if mixture.update:
            learn(trie, journal, place, path, bool(1))
    return last
