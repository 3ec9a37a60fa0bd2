"""Symbols and their codes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqcompare.data.reading import narrow, read_steps

# Symbols within such a range of integers are looked up in a table, which beats sorting and bisection tenfold.
_TABLE = 2**16


def find_symbols(values: NDArray[Any]) -> NDArray[Any]:
    """Return the sorted distinct symbols of `values`."""
    values = narrow(values, "symbols")
    numbers = _as_integers(values)
    if numbers is None or not len(numbers):
        return np.unique(values)
    low, high = int(numbers.min()), int(numbers.max())
    if high - low >= _TABLE:
        return np.unique(values)
    seen = np.zeros(high - low + 1, dtype=bool)
    seen[numbers.astype(np.int64) - low] = True
    return (np.flatnonzero(seen) + low).astype(numbers.dtype).view(values.dtype)


def choose_alphabet(values: NDArray[Any], symbols: ArrayLike | None) -> NDArray[Any]:
    """Return the given `symbols`, sorted, or by default those of `values`.

    Raises
    ------
    ValueError
        If `values` has others.
    """
    if symbols is None:
        return find_symbols(values)
    alphabet = find_symbols(read_symbols(symbols))
    strangers = values[encode(values, alphabet) == len(alphabet)]
    if len(strangers):
        raise ValueError(f"X holds {strangers[0].item()!r}, which is not among symbols")
    return alphabet


def read_symbols(symbols: ArrayLike) -> NDArray[Any]:
    """Return given symbols, a string being read as its characters, and whole-number floats as integers.

    Raises
    ------
    ValueError
        If they are no symbols.
    """
    found = read_steps(symbols, "symbols")
    if found.dtype.kind != "f":
        return found
    if found.ndim > 1 or not (found == np.floor(found)).all():
        raise ValueError(f"symbols must be integers, booleans or strings, got {found.dtype} {symbols!r:.60}")
    return found.astype(np.int64)


def encode(values: NDArray[Any], symbols: NDArray[Any]) -> NDArray[np.int64]:
    """Return each value's position in the sorted `symbols`; an unknown one gets ``len(symbols)``.

    Raises
    ------
    ValueError
        If one side is strings and the other numbers: not an unseen symbol but another kind of data.
    """
    values, symbols = narrow(values, "values"), narrow(symbols, "symbols")
    if (values.dtype.kind == "U") != (symbols.dtype.kind == "U"):
        raise ValueError(f"expected symbols of dtype {symbols.dtype}, as in fit, got {values.dtype}")
    numbers, known = _as_integers(values), _as_integers(symbols)
    low, span = (0, _TABLE) if known is None else (int(known[0]), int(known[-1]) - int(known[0]))
    if numbers is None or known is None or span >= _TABLE or abs(low) > 2**62:
        codes = np.minimum(np.searchsorted(symbols, values), len(symbols) - 1)
        return np.where(symbols[codes] == values, codes, len(symbols))
    # one entry more at both ends, for what lies outside
    table = np.full(span + 3, len(symbols))
    table[known.astype(np.int64) - low + 1] = np.arange(len(symbols))
    return table[np.clip(numbers.astype(np.int64), low - 1, low + span + 1) - (low - 1)]


def encode_labels(
    labels: NDArray[Any], classes: NDArray[Any], counted: NDArray[np.bool_] | bool = True
) -> NDArray[np.int64]:
    """Return each label's position in the sorted `classes`.

    Raises
    ------
    ValueError
        If a label is none of `classes`, unless it is not `counted`: it then gets ``len(classes)``.
    """
    codes = encode(labels, classes)
    strange = np.flatnonzero((codes == len(classes)) & counted)
    if strange.size:
        raise ValueError(f"y has the label {labels[strange[0]].item()!r}; the classes are {classes.tolist()}")
    return codes


def _as_integers(values: NDArray[Any]) -> NDArray[Any] | None:
    """Return integers, booleans or single characters as integers of the same order; None for others."""
    if values.dtype == np.dtype("U1"):
        return np.ascontiguousarray(values).view(np.uint32)
    if values.dtype.kind == "b":
        return values.view(np.uint8)
    return values if values.dtype.kind in "iu" and values.dtype != np.uint64 else None
