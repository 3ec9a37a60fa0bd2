"""Symbols and their codes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def find_symbols(values: NDArray[Any]) -> NDArray[Any]:
    """Return the sorted distinct symbols of `values`."""
    return np.unique(values)


def encode(values: NDArray[Any], symbols: NDArray[Any]) -> NDArray[np.int64]:
    """Return each value's position in the sorted `symbols`; an unknown one gets ``len(symbols)``.

    Raises
    ------
    ValueError
        If one side is strings and the other numbers: not an unseen symbol but another kind of data.
    """
    if (values.dtype.kind == "U") != (symbols.dtype.kind == "U"):
        raise ValueError(f"expected symbols of dtype {symbols.dtype}, as in fit, got {values.dtype}")
    codes = np.minimum(np.searchsorted(symbols, values), len(symbols) - 1)
    return np.where(symbols[codes] == values, codes, len(symbols))
