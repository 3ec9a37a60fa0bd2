"""Symbols and their codes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqcompare.data.steps import read_steps
from seqcompare.data.symbols import encode, find_symbols
from seqcompare.typing import Labels

__all__ = ["choose_alphabet", "encode", "encode_labels", "find_symbols", "read_symbols"]


def choose_alphabet(values: Labels, symbols: ArrayLike | None) -> Labels:
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


def read_symbols(symbols: ArrayLike) -> Labels:
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


def encode_labels(
    labels: Labels, classes: Labels, counted: NDArray[np.bool_] | bool = True
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
