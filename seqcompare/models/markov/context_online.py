"""A context tree that reads a sequence as it comes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from seqcompare.models.markov.context_reader import NO_JOURNAL, with_more_text
from seqcompare.models.markov.context_trie import ContextTrie, copied, grown
from seqcompare.models.markov.mixture import Mixture, next_rows, row_after
from seqcompare.models.online import as_read, keep_symbol, plain
from seqcompare.typing import Array, Floats


class Recent(NamedTuple):
    """What is known of a sequence.

    Attributes
    ----------
    trie : ContextTrie
        It has counted, and has room for the last steps at the end of its text; all states of one start share
        it.
    mixture : Mixture
        What predicts.
    known : dict of symbol to int
        Codes.
    codes : ndarray of int32
        Those of the last steps, as many as are looked at, behind the mark of the start while that is near.
    """

    trie: ContextTrie
    mixture: Mixture
    known: dict[Any, int]
    codes: Array


class Learner:
    """A copy of a fitted tree that learns one sequence as it comes.

    Parameters
    ----------
    fitted : ContextTrie
        It stays as it is.
    mixture : Mixture
        What predicts.
    codes : ndarray of int32
        The steps to begin with.

    Attributes
    ----------
    n_read : int
        Steps so far.
    """

    def __init__(self, fitted: ContextTrie, mixture: Mixture, codes: Array) -> None:
        self.fitted, self.mixture, self.n_read = fitted, mixture, 0
        mark = np.array([fitted.n_symbols], dtype=np.int32)
        self._begin = len(fitted.text) + 1
        self._trie = copied(with_more_text(fitted, np.concatenate([mark, codes])))
        self._run(len(codes))

    def read(self, code: int) -> Floats:
        """Read and learn one more step; return the distribution of the next."""
        place = self._begin + self.n_read
        if place == len(self._trie.text):
            self._trie = with_more_text(self._trie, np.zeros(max(self.n_read, 64), dtype=np.int32))
        self._trie.text[place] = code
        return self._run(1)[0]

    def as_of(self, n_read: int) -> Learner:
        """Return one that has read so many of the steps, and no more."""
        codes = self._trie.text[self._begin : self._begin + n_read]
        return Learner(self.fitted, self.mixture, codes)

    def _run(self, n: int) -> Floats:
        place = first = self._begin + self.n_read
        rows = np.empty((n, self.fitted.n_symbols))
        while place < first + n:
            place = next_rows(self._trie, NO_JOURNAL, self.mixture, place, first + n, rows[place - first :])
            if place < first + n:
                self._trie = grown(self._trie)
        self.n_read += n
        return rows


class Learning(NamedTuple):
    """What is known of a sequence by a tree that goes on learning.

    Attributes
    ----------
    learner : Learner
        It goes on with the state that is read on from; from an earlier one, another reads anew.
    known : dict of symbol to int
        Codes.
    n_read : int
        Steps so far.
    """

    learner: Learner
    known: dict[Any, int]
    n_read: int


def start(model: Any) -> Recent | Learning:
    """Return the state of a fitted tree before the first step."""
    if model.update:
        known = {symbol: code for code, symbol in enumerate(model.symbols_.tolist())}
        return Learning(Learner(model._trie, model._mixture, np.empty(0, dtype=np.int32)), known, 0)
    return looking_back(model)


def looking_back(model: Any) -> Recent:
    """Return the state of a fitted tree, as it is, before the first step."""
    room = np.full(max(model._trie.depth, 1), len(model.symbols_), dtype=np.int32)
    known = {symbol: code for code, symbol in enumerate(model.symbols_.tolist())}
    return Recent(with_more_text(model._trie, room), model._mixture, known, room[:1])


def read(model: Any, state: Any, x: Any) -> tuple[Floats, Any]:
    """Read one more step; return the distribution of the next, and what to pass on."""
    key = plain(as_read(model, x))
    code = state.known.get(key)
    if code is None:
        model._check([np.asarray(x)[np.newaxis]])  # of another kind, it is an error
        code = len(model.symbols_) + 1
        keep_symbol(state.known, key, code, len(model.symbols_))
    if isinstance(state, Learning):
        learner, n = state.learner, state.n_read
        learner = learner if learner.n_read == n else learner.as_of(n)
        return learner.read(code), Learning(learner, state.known, n + 1)
    codes = np.append(state.codes, np.int32(code))[-max(state.trie.depth, 1) :]
    return row_after(state.trie, state.mixture, codes), state._replace(codes=codes)
