"""Symbols or measurements, and numbers that are not there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.options import Kind, Missing
from seqcompare.data.schema import Values
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError

FailAt = Callable[[str, int | None, int], DataError]
"""Makes the error for a problem at a step and channel, counted from 0 over all sequences."""

AS_REAL = "the kind 'real' reads them as measurements"

# every symbol takes the memory of the longest
LONGEST_SYMBOL = 1000


def too_long(word: str) -> str:
    """Say that a word is no symbol."""
    return f"a symbol of {len(word)} characters: expected at most {LONGEST_SYMBOL}, got {word[:20]!r}..."


def as_kind(X: Sequences, kind: Kind | None, fail: FailAt) -> Sequences:
    """Read whole numbers as measurements, or measurements that are whole numbers as symbols.

    Raises
    ------
    DataError
        If words are to be numbers, or numbers with fractions symbols.
    """
    if kind is None or kind == X.kind:
        return X
    if kind == "real":
        if X.values.dtype.kind == "U":
            raise fail(f"expected numbers, got {X.values[0]!s:.40}", 0, 0)
        return X.with_values(X.values.astype(np.float64))
    if X.n_channels > 1:
        raise fail(f"a symbol is one value, but a step has {X.n_channels}", None, 0)
    values = X.channels[:, 0]
    broken = np.flatnonzero(~are_whole(values))
    if broken.size:
        raise fail(f"expected symbols, got {values[broken[0]]:g}", int(broken[0]), 0)
    return X.with_values(values.astype(np.int64))


def are_whole(values: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return which numbers can become 64-bit integers without a change."""
    return np.asarray((values == np.floor(values)) & (np.abs(values) < 2.0**63))


def check_finite(X: Sequences, missing: Missing | None, notes: list[str], fail: FailAt) -> None:
    """Refuse infinite numbers always, and missing ones unless they are to be kept.

    Raises
    ------
    DataError
        For the first bad number; the message says where it is.
    """
    if X.kind == "symbols":
        if X.has_missing:
            absent_rows = np.flatnonzero(X.missing[:, 0])
            if missing != "keep":
                raise fail("there is no symbol; 'keep' for missing ones lets it pass", int(absent_rows[0]), 0)
            notes.append(f"{len(absent_rows)} symbols are missing")
        return
    if np.isfinite(X.values).all():
        return
    absent = np.isnan(X.channels)
    bad: Values = ~np.isfinite(X.channels) & ~(absent if missing == "keep" else False)
    if bad.any():
        step, channel = (int(i) for i in np.argwhere(bad)[0])
        if absent[step, channel]:
            problem = "there is no number (NaN); 'keep' for missing ones lets it pass, but few models do"
        else:
            problem = f"expected a finite number, got {X.channels[step, channel]}"
        raise fail(problem, step, channel)
    notes.append(f"{int(absent.sum())} numbers are missing (NaN): few models take that")
