"""What each step adds to the level, the spread and the frequencies of a part of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.ranks import normal_scores
from seqcompare.typing import Labels, Values

MOST_SYMBOLS = 8
"""Symbols that have a feature each: the most frequent ones."""
REPEATED = "the share of steps that repeat the one before is"


def step_features(X: Sequences) -> tuple[NDArray[np.float64], list[str]]:
    """Return what is summed up of each step, shape (n_steps, n_features), and a name of each feature.

    Of symbols the most frequent ones, each 1 where it is, and repetitions; of each channel of numbers its
    normal score and its square.
    """
    if X.kind == "symbols":
        return _symbol_features(X)
    return _number_features(X.channels.astype(np.float64))


def _symbol_features(X: Sequences) -> tuple[NDArray[np.float64], list[str]]:
    symbols, codes, counts = _most_frequent(X.values)
    parts: list[Any] = [codes == k for k in range(len(symbols))]
    names = [f"the share of {symbol!s:.20} is" for symbol in symbols]
    if len(counts) == 2:
        # the other symbol's frequency is what is left
        parts, names = parts[:1], names[:1]
    repeated = np.zeros(X.n_steps)
    repeated[1:] = X.values[1:] == X.values[:-1]
    repeated[X.offsets[:-1]] = 0
    return np.column_stack([*parts, repeated]).astype(np.float64), [
        *names,
        REPEATED,
    ]


def _most_frequent(values: Labels) -> tuple[Values, NDArray[np.int64], NDArray[np.int64]]:
    from seqcompare.models.alphabet import encode, find_symbols

    known = find_symbols(values)
    codes = encode(values, known)
    counts = np.bincount(codes, minlength=len(known))
    kept = np.argsort(-counts, kind="stable")[:MOST_SYMBOLS]
    renumbered = np.full(len(known), -1)
    renumbered[kept] = np.arange(len(kept))
    return known[kept], renumbered[codes], counts


def _number_features(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[str]]:
    features, names = [], []
    for c in range(values.shape[1]):
        x = values[:, c]
        score = normal_scores(x)
        which = f" of channel {c}" if values.shape[1] > 1 else ""
        features += [score, score**2]
        names += [
            f"the level{which}, in normal scores, is",
            f"the spread{which}, in squared normal scores, is",
        ]
    return np.column_stack(features), names
