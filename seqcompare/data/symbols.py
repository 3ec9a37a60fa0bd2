"""Symbols and their codes: small whole numbers beside a sorted alphabet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.schema import Schema, StepKind, default_schema
from seqcompare.data.steps import is_missing, narrow
from seqcompare.typing import Values

Symbols = Values
Codes = NDArray[np.unsignedinteger]

# Symbols within such a range of integers are looked up in a table, which beats sorting and bisection tenfold.
_TABLE = 2**16


@dataclass(frozen=True, eq=False)
class Coded:
    """One symbol a step, held as its place in an alphabet.

    A missing symbol has the place behind the last one.

    Parameters
    ----------
    codes : ndarray of uint8, uint16 or uint32, shape (n_steps,)
        The places; the type is the smallest that the alphabet allows.
    alphabet : ndarray of shape (n_symbols,)
        The symbols, sorted; some may not occur.
    """

    codes: Codes
    alphabet: Symbols
    kind: ClassVar[StepKind] = "symbols"
    n_channels: ClassVar[int] = 1
    schema: ClassVar[Schema] = default_schema("symbols", 1)

    def __len__(self) -> int:
        return len(self.codes)

    @classmethod
    def of(cls, values: Symbols) -> Coded:
        """Give codes to symbols; in an array of objects, None marks a missing one."""
        gone = missing_objects(values)
        present = values if gone is None else narrow(values[~gone], "symbols")
        alphabet = find_symbols(present)
        dtype = code_type(len(alphabet))
        codes = np.full(len(values), len(alphabet), dtype=dtype)
        codes[slice(None) if gone is None else ~gone] = encode(present, alphabet)
        return cls(codes, alphabet)

    @classmethod
    def of_places(cls, places: NDArray[np.int64], symbols: Symbols) -> Coded:
        """Give codes to symbols known by their places among distinct, unsorted ones; -1 is missing."""
        alphabet = np.sort(symbols)
        new = np.append(np.searchsorted(alphabet, symbols), len(symbols))
        return cls(new.astype(code_type(len(symbols)))[places], alphabet)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which symbols are missing, shape (n_steps, 1)."""
        return np.asarray(self.codes == len(self.alphabet))[:, np.newaxis]

    @cached_property
    def has_missing(self) -> bool:
        """Whether any symbol is missing."""
        return bool(self.missing.any())

    def take(self, rows: slice | NDArray[np.int64]) -> Coded:
        """Return the symbols of some steps."""
        return Coded(self.codes[rows], self.alphabet)

    def decode(self, rows: slice = slice(None)) -> Symbols:
        """Return the symbols themselves: an array of objects with None if some are missing anywhere."""
        codes = self.codes[rows]
        if not self.has_missing:
            return self.alphabet[codes]
        return np.append(self.alphabet.astype(object), [None])[codes]

    def present(self) -> Symbols:
        """Return the symbols that occur, sorted."""
        return self.alphabet[np.bincount(self.codes, minlength=len(self.alphabet) + 1)[:-1] > 0]

    def codes_in(self, symbols: Symbols) -> Codes:
        """Return each symbol's place in other sorted `symbols`.

        An unknown one gets ``len(symbols)``, and so does a missing one.
        """
        places = np.append(encode(self.alphabet, symbols), len(symbols))
        return places.astype(code_type(len(symbols)))[self.codes]


def code_type(n_symbols: int) -> type[np.unsignedinteger]:
    """Return the smallest type that holds the codes of so many symbols, and one for what is missing."""
    for dtype in (np.uint8, np.uint16):
        if n_symbols <= np.iinfo(dtype).max:
            return dtype
    return np.uint32


def missing_objects(values: Symbols) -> NDArray[np.bool_] | None:
    """Return which objects stand for nothing; None if none does."""
    if values.dtype.kind != "O":
        return None
    gone = np.fromiter((is_missing(value) for value in values), dtype=bool, count=len(values))
    return gone if gone.any() else None


def find_symbols(values: Symbols) -> Symbols:
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


def encode(values: Symbols, symbols: Symbols) -> NDArray[np.int64]:
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


def code_texts(texts: Sequence[str]) -> Coded:
    """Return the characters of texts, end to end.

    Only one text's characters are held as such at a time, and of all texts the codes.
    """
    characters: set[str] = set().union(*texts)
    alphabet = np.array(sorted(characters), dtype="<U1")
    dtype = code_type(len(alphabet))
    parts = (np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<U1") for text in texts)
    return Coded(np.concatenate([encode(part, alphabet).astype(dtype) for part in parts]), alphabet)


def _as_integers(values: Symbols) -> Symbols | None:
    """Return integers, booleans or single characters as integers of the same order; None for others."""
    if values.dtype == np.dtype("U1"):
        return np.ascontiguousarray(values).view(np.uint32)
    if values.dtype.kind == "b":
        return values.view(np.uint8)
    return values if values.dtype.kind in "iu" and values.dtype != np.uint64 else None
