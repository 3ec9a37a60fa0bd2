"""A Markov chain in the long run, and as a machine of states."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from seqcompare.models.markov.kernels import find_child, find_suffixes
from seqcompare.models.markov.walk import Trie
from seqcompare.typing import Array

# A chain is in one state after each step: the longest end of its history that is a context in the trie.
# The states are the contexts, and the step s leads from context c to the child s of c, or of the longest
# suffix of c that has one.

_TOLERANCE = 1e-13
_WORK = 10**9  # visits of nodes that the iteration may cost
_MAX_STATES = 5000


class LongRun(NamedTuple):
    """What a chain does on average."""

    frequencies: NDArray[np.float64]
    """Share of each symbol among all steps, shape (n_symbols,)."""
    entropy_rate: float
    """Mean entropy of the next step, in nats."""


def long_run(trie: Trie) -> LongRun:
    """Average over all time, from the start of a sequence on.

    This is the mean of all later distributions, which always exists: of a periodic chain it is the average
    over the period, and of one that falls apart into classes the mixture that its beginning leads to.

    Warns
    -----
    ConvergenceWarning
        If the chain forgets its start so slowly that the work runs out before the result has settled.
    """
    suffix = find_suffixes(trie.code, trie.first_child)
    proba = _node_proba(suffix, trie)
    states = np.zeros(len(trie.first_child) - 1)
    states[_first_state(trie)] = 1.0
    max_iter = max(1000, _WORK // len(trie.code))
    flow, n_iter = _settle(states, proba, suffix, max_iter, _TOLERANCE, trie)
    if n_iter == max_iter:
        warnings.warn(
            f"the long-run distribution has not settled after {max_iter} iterations: "
            "the chain forgets its start very slowly",
            ConvergenceWarning,
            stacklevel=3,
        )
    frequencies = np.bincount(trie.code[1:], weights=flow[1:], minlength=trie.n_targets)[: trie.n_targets]
    return LongRun(frequencies / frequencies.sum(), float(states @ _entropies(proba, suffix, trie)))


class Machine(NamedTuple):
    """A chain as a hidden Markov model whose states each emit one symbol."""

    startprob: NDArray[np.float64]
    """Distribution of the first state, shape (K,)."""
    transmat: NDArray[np.float64]
    """Distribution after each state, shape (K, K)."""
    emitted: NDArray[np.int64]
    """The code that each state emits, shape (K,)."""


def as_machine(trie: Trie) -> Machine:
    """Return the states that can be reached, the histories that differ for the future.

    Raises
    ------
    ValueError
        If they are too many for a dense matrix.
    """
    suffix = find_suffixes(trie.code, trie.first_child)
    proba = _node_proba(suffix, trie)
    first = _first_state(trie)
    nodes = _reachable(first, proba, suffix, _MAX_STATES, trie)
    if len(nodes) > _MAX_STATES:
        raise ValueError(f"this chain has more than {_MAX_STATES} histories, too many states for a matrix")
    transmat = np.zeros((len(nodes) + 1, len(nodes)))
    _fill_transitions(transmat, np.append(nodes, first), nodes, proba, suffix, trie)
    return Machine(transmat[-1], transmat[:-1], trie.code[nodes].astype(np.int64))


def _first_state(trie: Trie) -> int:
    return int(find_child(trie.code, trie.first_child, 0, trie.start)) if trie.depth else 0


@njit(cache=True)
def _node_proba(suffix: Array, trie: Trie) -> Array:
    """Return for each node p(its last step | the steps before it), shape (n_nodes,); 0 for the start mark."""
    proba = np.zeros(len(trie.code))
    for context in range(len(trie.first_child) - 1):
        for child in range(trie.first_child[context], trie.first_child[context + 1]):
            if trie.code[child] < trie.n_targets:
                shorter = 1.0 / trie.n_targets if context == 0 else proba[suffix[child]]
                proba[child] = trie.gain[child] + trie.backoff[context] * shorter
    return proba


@njit(cache=True)
def _pass_on(states: Array, proba: Array, suffix: Array, trie: Trie, flow: Array, arriving: Array) -> None:
    """Fill `flow` with the probability that passes through each node as the next step is taken.

    What a context does not know goes down to the shorter one; what it knows has to be taken out there.
    `arriving` is room to work in, as long as `states`.
    """
    arriving[:] = states
    flow[:] = 0.0  # until its turn comes, a node's entry is what longer contexts know of it
    for context in range(len(states) - 1, -1, -1):
        if arriving[context] == 0.0:
            for child in range(trie.first_child[context], trie.first_child[context + 1]):
                flow[child] = 0.0
            continue
        down = trie.backoff[context] * arriving[context]
        if context:
            arriving[suffix[context]] += down
        for child in range(trie.first_child[context], trie.first_child[context + 1]):
            flow[child] = proba[child] * max(arriving[context] - flow[child], 0.0)
            if context:
                flow[suffix[child]] += down


@njit(cache=True)
def _settle(
    states: Array, proba: Array, suffix: Array, max_iter: int, tolerance: float, trie: Trie
) -> tuple[Array, int]:
    """Move `states` by half steps, which damp periods, to their limit; return the flow, and how many."""
    flow, arriving, after = np.empty(len(proba)), np.empty(len(states)), np.empty(len(states))
    for iteration in range(max_iter):
        _pass_on(states, proba, suffix, trie, flow, arriving)
        after[:] = 0.0
        for node in range(1, len(flow)):
            after[node if node < len(states) else suffix[node]] += flow[node]
        total = after.sum()
        change = 0.0
        for c in range(len(states)):
            moved = (after[c] / total - states[c]) / 2
            states[c] += moved
            change += abs(moved)
        if not change > tolerance:
            return flow, iteration
    return flow, max_iter


@njit(cache=True)
def _entropies(proba: Array, suffix: Array, trie: Trie) -> Array:
    """Return the entropy of the next step after each context in nats, shape (n_contexts,)."""
    plogp = np.zeros(len(trie.first_child) - 1)
    for context in range(len(plogp)):
        backoff = trie.backoff[context]
        rest, total = 1.0, 0.0
        if context:
            total = backoff * plogp[suffix[context]]
        for child in range(trie.first_child[context], trie.first_child[context + 1]):
            p = proba[child]
            if p > 0.0:
                total += p * np.log(p)
            if context:  # a child has its own probability in place of the shorter context's
                shorter = proba[suffix[child]]
                rest -= shorter
                if shorter > 0.0:
                    total -= backoff * shorter * np.log(shorter)
        if context and backoff > 0.0 and rest > 0.0:
            total += rest * backoff * np.log(backoff)
        plogp[context] = total
    return -plogp


@njit(cache=True)
def _follow(state: int, symbol: int, proba: Array, suffix: Array, trie: Trie) -> tuple[int, float]:
    """Return where `symbol` leads from `state`, and its probability."""
    n_contexts = len(trie.first_child) - 1
    # of order 0, where no symbol is a context, the states are the symbols all the same
    context, chance = (state if state < n_contexts else 0), 1.0
    child = find_child(trie.code, trie.first_child, context, symbol)
    while child < 0:  # every symbol follows the empty context
        chance *= trie.backoff[context]
        context = suffix[context]
        child = find_child(trie.code, trie.first_child, context, symbol)
    longest = trie.depth > 0 and child >= n_contexts
    return (suffix[child] if longest else child), chance * proba[child]


@njit(cache=True)
def _reachable(first: int, proba: Array, suffix: Array, limit: int, trie: Trie) -> Array:
    """Return the states that `first` leads to, sorted; one more than `limit` of them if there are more."""
    found = np.zeros(len(trie.code), np.bool_)
    waiting = [first]
    n_found = 0
    while len(waiting) and n_found <= limit:
        state = waiting.pop()
        for symbol in range(trie.n_targets):
            target, chance = _follow(state, symbol, proba, suffix, trie)
            if chance > 0.0 and not found[target]:
                found[target] = True
                n_found += 1
                waiting.append(target)
    return np.flatnonzero(found)[: limit + 1]


@njit(cache=True)
def _fill_transitions(
    transmat: Array, sources: Array, nodes: Array, proba: Array, suffix: Array, trie: Trie
) -> None:
    for i in range(len(sources)):
        for symbol in range(trie.n_targets):
            target, chance = _follow(sources[i], symbol, proba, suffix, trie)
            if chance > 0.0:
                transmat[i, np.searchsorted(nodes, target)] += chance
