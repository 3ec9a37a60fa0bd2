"""Fitting the mixture of tree and blend, and reading sequences with it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from seqcompare.models.markov.blend import HeldOut, fit_gates, set_discounts
from seqcompare.models.markov.context_kernels import (
    count_range,
    has_room,
    restore,
)
from seqcompare.models.markov.context_trie import (
    ContextTrie,
    Journal,
    copied,
    grown,
    lengthened,
    new_journal,
    new_trie,
)
from seqcompare.models.markov.mixture import Mixture, collect
from seqcompare.models.markov.weighting import KINDS, fit_shares, weigh_all
from seqcompare.typing import Array

_N_BLOCKS, _N_RUNS = 5, 500
# So many held-out steps determine the gates; more would only take time.
_MOST_HELD_OUT = 100_000
#: For what is never to be as it was.
NO_JOURNAL = Journal(np.full(4, -1), *(np.empty(0, dtype=np.int32) for _ in range(4)))


def count_text(
    text: Array,
    weight: Array,
    depth: int,
    n_symbols: int,
    leaf: Array | None,
    skip: Array | None = None,
) -> ContextTrie:
    """Return a trie that has counted a text, ready to predict.

    Parameters
    ----------
    text, weight, depth, n_symbols
        As in `ContextTrie`.
    leaf : ndarray of float64, shape (3, n_kinds), optional
        The kinds of leaves, as in `ContextTrie`; by default their shares are fitted.
    skip : ndarray of bool, shape (n_places,), optional
        Steps that are not counted, but still context.
    """
    kinds = KINDS if leaf is None else leaf
    trie = new_trie(text, weight, depth, n_symbols, kinds.copy(), int(np.count_nonzero(weight)))
    skip = np.zeros(len(text), dtype=bool) if skip is None else skip
    place = 0
    while place < len(text):
        place = count_range(trie, NO_JOURNAL, place, len(text), skip)
        if place < len(text):
            trie = grown(trie)
    weigh_all(trie)
    if leaf is None:
        fit_shares(trie)
    set_discounts(trie)
    return trie


def with_more_text(trie: ContextTrie, text: Array) -> ContextTrie:
    """Return the same trie with more text after its own, not counted yet, of weight 1."""
    return trie._replace(
        text=np.concatenate([trie.text, text]), weight=np.concatenate([trie.weight, np.ones(len(text))])
    )


class ContextReader:
    """Reads one sequence after the other with a fitted trie, which stays as it is.

    Where it learns what it reads, it learns in a copy, and forgets that with each new sequence.

    Parameters
    ----------
    trie : ContextTrie
        It has counted, and its text includes what will be read.
    mixture : Mixture
        What predicts.
    """

    def __init__(self, trie: ContextTrie, mixture: Mixture) -> None:
        self.mixture = mixture
        self.trie = self._fitted = trie
        self._journal = NO_JOURNAL
        self._moved = False
        if mixture.update:
            while not has_room(self._fitted, NO_JOURNAL):
                self._fitted = grown(self._fitted)
            self.trie = copied(self._fitted)
            self._journal = new_journal(64 * (trie.depth + 2))

    def read(self, kernel: Callable[..., int], first: int, last: int, out: Array) -> None:
        """Run a kernel of `mixture` from place `first` to before `last`, which are the rows of `out`."""
        place = first
        while place < last:
            place = self.read_on(kernel, place, last, out[place - first :])

    def read_on(self, kernel: Callable[..., int], first: int, last: int, *more: Any) -> int:
        """Run a kernel until it is done or lacks room, and make room; return where to go on."""
        place = kernel(self.trie, self._journal, self.mixture, first, last, *more)
        if place < last and self.mixture.update and not has_room(self.trie, self._journal):
            if has_room(self.trie, NO_JOURNAL):
                self._journal = lengthened(self._journal)
            else:
                self.trie = grown(self.trie)
                self._moved = True  # entries of the tables lie elsewhere than the journal says
        return place

    def forget(self) -> None:
        """Be as fitted again."""
        if self._moved:
            while len(self._fitted.node) < len(self.trie.node):
                self._fitted = grown(self._fitted)
            self.trie = copied(self._fitted)
            self._journal.size[:] = 0
            self._moved = False
        elif self.mixture.update:
            restore(self.trie, self._fitted, self._journal)


def fit_mixture(trie: ContextTrie, unknown: float, update: bool) -> Mixture:
    """Fit the gates and shares on held-out blocks of the text that a trie has counted.

    Where there are many sequences they are dealt to the blocks in small runs, as folds of a cross-validation
    would have them; else the blocks are contiguous fifths. Leaving out single steps would be too hopeful,
    since what is rare comes in bursts.

    Parameters
    ----------
    trie : ContextTrie
        It has counted.
    unknown, update
        As in `Mixture`; with `update` the blocks are learnt while they are predicted.
    """
    start = Mixture(np.zeros((0, 0, 3)), 0.5, unknown, update)
    blocks = _deal(trie)
    n_used = min(len(blocks), -(-_MOST_HELD_OUT * _N_BLOCKS // len(trie.text)))
    used = np.linspace(0, len(blocks) - 1, n_used).astype(int)
    held_out = [_hold_out(trie, start, blocks[k]) for k in used]
    gates, share = fit_gates(_joined(held_out), trie.n_symbols, trie.depth)
    return start._replace(gates=gates, share=share)


def _deal(trie: ContextTrie) -> list[list[tuple[int, int]]]:
    """Return the pieces of the text, from a place to before another, that make up each block."""
    n_places = len(trie.text)
    starts = np.flatnonzero(trie.text == trie.n_symbols)
    if len(starts) > 4 * _N_BLOCKS:
        # neighbours stay together, since they are often alike
        firsts = starts[np.unique(np.linspace(0, len(starts), _N_RUNS, endpoint=False).astype(int))]
        runs = list(pairwise([*firsts.tolist(), n_places]))
        return [runs[k::_N_BLOCKS] for k in range(_N_BLOCKS)]
    bounds = np.unique(np.linspace(0, n_places, _N_BLOCKS + 1).astype(int)).tolist()
    return [[piece] for piece in pairwise(bounds)]


def _hold_out(trie: ContextTrie, mixture: Mixture, pieces: list[tuple[int, int]]) -> HeldOut:
    """Return what the rest of the text says of some pieces of it."""
    skip = np.zeros(len(trie.text), dtype=bool)
    left, used = _MOST_HELD_OUT, []
    for first, last in pieces:
        if left > 0:
            used.append((first, min(last, first + left)))
            skip[slice(*used[-1])] = True
            left -= last - first
    rest = count_text(trie.text, trie.weight, trie.depth, trie.n_symbols, trie.leaf, skip)
    reader = ContextReader(rest, mixture)
    size = np.zeros(2, dtype=np.int64)
    n_places = int(skip.sum())
    found = _room(n_places, 8 * n_places + trie.depth + 1)
    # one that goes on learning starts anew with each sequence
    cuts = np.flatnonzero(skip & (trie.text == trie.n_symbols)) if mixture.update else np.empty(0, dtype=int)
    ends = {last for _, last in used}
    for first, last in pairwise(sorted({first for first, _ in used} | ends | set(cuts.tolist()))):
        place = first
        while place < last and skip[first]:
            place = reader.read_on(collect, place, last, size, found)
            if size[1] + trie.depth + 1 > len(found.state):
                longer = _room(len(found.tree), 2 * len(found.state))
                for old, new in zip(found, longer, strict=True):
                    new[: len(old)] = old
                found = longer
        reader.forget()
    steps, contexts = size
    return HeldOut(
        found.start[: steps + 1],
        found.state[:contexts],
        found.raw[:contexts],
        found.continued[:contexts],
        found.tree[:steps],
        found.weight[:steps],
    )


def _room(n_steps: int, n_contexts: int) -> HeldOut:
    return HeldOut(
        np.zeros(n_steps + 1, dtype=np.int64),
        np.empty(n_contexts, dtype=np.int16),
        *(np.empty(n) for n in (n_contexts, n_contexts, n_steps, n_steps)),
    )


def _joined(blocks: list[HeldOut]) -> HeldOut:
    ends = np.cumsum([block.start[-1] for block in blocks])
    starts = [block.start[1:] + end - block.start[-1] for block, end in zip(blocks, ends, strict=True)]
    joined = {
        name: np.concatenate([getattr(block, name) for block in blocks]) for name in HeldOut._fields[1:]
    }
    return HeldOut(np.concatenate([[0], *starts]), **joined)
