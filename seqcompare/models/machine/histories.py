"""What a fitted model answers after histories and a few steps more: its predictive states, as far as asked.

Two histories are in the same state where the model says the same of all futures. Futures are asked for in
words: the probabilities of all words up to some length; the labels after them; or, where only some steps
count, the answers after the words that come before these.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import encode
from seqcompare.typing import Floats, Labels

# As many histories are looked at, of so many steps at most, and as many words asked for after each.
_HISTORIES, _LONGEST, _WORDS = 1500, 80, 16
_DEEPEST = 4
# Of what came before steps that count so many pieces of each of these lengths are asked for.
_TAIL_LENGTHS, _TAILS = (1, 4, 10), 4


@dataclass(frozen=True)
class Asked:
    """Histories in a row, and what the model says after each.

    Attributes
    ----------
    features : ndarray of shape (n_histories, n_features)
        The answers, scaled so that distances compare.
    hard : list of ndarray of int64, shape (n_histories,)
        For labels, what histories have in common that no word up to 1, 2, ... steps tells apart by its
        likeliest label.
    state : ndarray of int64, shape (n_steps,)
        Which history a step of the sequences ends; -1 for those that are not looked at.
    sequences : Sequences
        What the histories are of.
    """

    features: Floats
    hard: list[NDArray[np.int64]]
    state: NDArray[np.int64]
    sequences: Sequences


def ask(
    model: Any,
    sequences: Sequences,
    weights: Floats | None,
    symbols: Labels,
    answers: Labels,
    rng: np.random.RandomState,
) -> Asked:
    """Ask a model what it says after histories.

    Parameters
    ----------
    model : estimator
        With `predict_next_proba`, or of labels with `predict_proba`.
    sequences : Sequences
        Where histories are from.
    weights : ndarray of shape (n_steps,), optional
        Which next steps count, where not all do.
    symbols, answers : ndarray
        What is read, and what is predicted.
    rng : RandomState
        Picks the sequences.
    """
    labels = not hasattr(model, "predict_next_proba")
    windows = _windows(sequences, rng, from_start=labels or weights is not None)
    burn = 0 if labels or weights is not None else min(16, int(windows.lengths.min()) // 3)
    at = np.flatnonzero(windows.step_index >= burn)
    state = np.full(windows.n_steps, -1)
    state[at] = np.arange(len(at))
    if weights is not None:
        said = [
            _answers_after(model, windows, at, tails, answers)[:, :, -1]
            for tails in _tails(sequences, weights, rng)
        ]
        return Asked(np.concatenate(said, axis=1).reshape(len(at), -1), [], state, windows)
    depth = 0
    while depth < _DEEPEST - 1 and len(symbols) ** (depth + 1) <= _WORDS:
        depth += 1
    words = [np.array(word, dtype=symbols.dtype) for word in product(symbols.tolist(), repeat=depth)]
    after = _answers_after(model, windows, at, words, answers)
    if labels:
        n_words, depth = after.shape[1], after.shape[2] - 1
        best = after.argmax(axis=3).reshape(len(at), n_words, depth + 1)
        hard = []
        for d in range(depth + 1):
            # words that share their first d steps say the same up to there
            known = best[:, :: len(symbols) ** (depth - d), : d + 1].reshape(len(at), -1)
            hard.append(np.unique(known, axis=0, return_inverse=True)[1].ravel())
        return Asked(after.reshape(len(at), -1), hard, state, windows)
    return Asked(_word_probabilities(after, words, symbols), [], state, windows)


def _windows(sequences: Sequences, rng: np.random.RandomState, *, from_start: bool) -> Sequences:
    """Return sequences, cut where they are long, with as many steps together as are looked at."""
    parts: list[Any] = []
    steps = 0
    for i in rng.permutation(len(sequences)):
        whole = sequences[int(i)]
        for begin in range(0, 1 if from_start else len(whole), _LONGEST):
            part = whole[begin : begin + _LONGEST]
            if begin and len(part) < _LONGEST // 2:
                continue
            parts.append(part)
            steps += len(part)
            if steps >= 1.3 * _HISTORIES:
                return Sequences(parts)
    return Sequences(parts)


def _tails(sequences: Sequences, weights: Floats, rng: np.random.RandomState) -> list[list[Labels]]:
    """Return what came right before steps that count, of several lengths: the last step, the last four, ...

    A model that was fitted to these steps alone may be at a loss where one comes out of the blue.
    """
    rows = np.flatnonzero(weights > 0)
    before = sequences.step_index[rows]
    found = []
    for length in _TAIL_LENGTHS:
        able = rows[before >= length]
        picked = able if len(able) <= _TAILS else rng.choice(able, _TAILS, replace=False)
        if len(picked):
            tails = np.stack([sequences.values[row - length : row] for row in np.sort(picked)])
            found.append(list(np.unique(tails, axis=0)))
    return found


def _answers_after(
    model: Any, windows: Sequences, at: NDArray[np.intp], words: list[Labels], answers: Labels
) -> Floats:
    """Return answers after each history and the steps of each word, shape (n, words, 1 + steps, answers)."""
    length = len(words[0])
    owner, end = windows.sequence_index[at], windows.step_index[at] + 1
    found = np.empty((len(at), len(words), length + 1, len(answers)))
    for number, word in enumerate(words):
        if not length:
            asked = windows
            last = at
        else:
            asked = Sequences(
                [np.concatenate([windows[int(i)][:t], word]) for i, t in zip(owner, end, strict=True)]
            )
            last = asked.offsets[1:] - 1 - length
        proba, columns = _proba(model, asked)
        for step in range(length + 1):
            rows = proba[last + step]
            found[:, number, step] = 0.0
            found[:, number, step, encode(columns, answers)] = rows
    return found


def _proba(model: Any, sequences: Sequences) -> tuple[Floats, Labels]:
    if hasattr(model, "predict_next_proba"):
        return np.asarray(Sequences(model.predict_next_proba(sequences)).values), model.symbols_
    return np.asarray(Sequences(model.predict_proba(sequences)).values), model.classes_


def _word_probabilities(said: Floats, words: list[Labels], symbols: Labels) -> Floats:
    """Return the probabilities of all words up to one longer than those asked, each length scaled alike."""
    n, n_symbols, depth = len(said), len(symbols), said.shape[2] - 1
    parts = []
    codes = np.array([encode(word, symbols) for word in words]).reshape(len(words), depth)
    for d in range(depth + 1):
        rows = np.arange(0, len(words), n_symbols ** (depth - d))
        p = said[:, rows, d]
        for step in range(d):
            p = p * said[:, rows, step, codes[rows, step]][:, :, None]
        parts.append(p.reshape(n, -1) * n_symbols ** (d / 2))
    return np.concatenate(parts, axis=1)
