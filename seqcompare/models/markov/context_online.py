"""A context tree that reads a sequence as it comes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from seqcompare.models.markov.context_reader import with_more_text
from seqcompare.models.markov.context_trie import ContextTrie
from seqcompare.models.markov.mixture import Mixture, row_after
from seqcompare.models.online import plain
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


def start(model: Any) -> Recent:
    """Return the state of a fitted tree before the first step."""
    room = np.full(max(model._trie.depth, 1), len(model.symbols_), dtype=np.int32)
    known = {symbol: code for code, symbol in enumerate(model.symbols_.tolist())}
    return Recent(with_more_text(model._trie, room), model._mixture, known, room[:1])


def read(model: Any, state: Recent, x: Any) -> tuple[Floats, Recent]:
    """Read one more step; return the distribution of the next, and what to pass on."""
    key = plain(x)
    code = state.known.get(key)
    if code is None:
        model._check([np.asarray(x)[np.newaxis]])  # of another kind, it is an error
        code = state.known[key] = len(model.symbols_) + 1
    codes = np.append(state.codes, np.int32(code))[-max(state.trie.depth, 1) :]
    return row_after(state.trie, state.mixture, codes), state._replace(codes=codes)
