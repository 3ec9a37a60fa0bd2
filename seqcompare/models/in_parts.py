"""Answers of steps a part of bearable size at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.typing import Floats

#: Probabilities that are held at a time: 8 MiB.
PROBABILITIES = 2**20


def runs(X: Sequences, n_rows: int) -> Iterator[Sequences]:
    """Yield whole sequences in runs of about so many steps; a longer one is a run of its own."""
    if X.n_steps <= n_rows:
        yield X
        return
    run = X.offsets[:-1] // n_rows
    bounds = np.flatnonzero(np.diff(run, prepend=-1))
    for a, b in zip(bounds, np.append(bounds[1:], len(X)), strict=True):
        yield X.take(np.arange(a, b))


def proba_in_parts(tagger: Any, X: Sequences, n_rows: int) -> Iterator[Floats]:
    """Yield a fitted tagger's probabilities, end to end.

    Taggers that can answer long sequences in parts say so by ``iter_proba(X, n_rows)``.
    """
    if hasattr(tagger, "iter_proba"):
        yield from tagger.iter_proba(X, n_rows)
    else:
        for part in runs(X, n_rows):
            yield Sequences(tagger.predict_proba(part)).channels


def given_to_next(
    parts: Iterator[Floats], codes: NDArray[np.int64], floor: float
) -> Iterator[NDArray[np.float64]]:
    """Yield the probability that each row of a density gave to the step behind it; `floor` to an unknown one.

    Parameters
    ----------
    parts : iterator of ndarray of shape (n_rows, n_symbols)
        The rows, end to end.
    codes : ndarray of int, shape (n_steps,)
        The steps; the size of the alphabet is an unknown one.
    floor : float
        What that is given.
    """
    first = 1
    for rows in parts:
        came = codes[first : first + len(rows)]
        known = came < rows.shape[1]
        yield np.where(known, rows[np.arange(len(came)), np.where(known, came, 0)], floor)
        first += len(rows)
