"""Steps out of whatever a user may pass: lists, arrays, strings, columns of tables.

Symbols of which some are missing come as an array of objects, with None for what is missing.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from seqcompare.typing import SequencesLike, Values

Container = Literal["list", "array", "sequences"]

_SINGLE = "a single sequence is passed as [x]"


def read_collection(
    X: SequencesLike, name: str, *, numbers: bool = False
) -> tuple[Values, NDArray[np.int64], Container]:
    """Read a list of sequences, or an array of shape (n, T) or (n, T, d).

    Parameters
    ----------
    X : list of sequences or array
        What was passed.
    name : str
        What error messages call it.
    numbers : bool, default=False
        Whether integers and booleans become floats.

    Returns
    -------
    values : ndarray of shape (n_steps,) or (n_steps, d)
        All steps, end to end.
    lengths : ndarray of shape (n,)
        Steps of each sequence.
    container : {"list", "array"}
        What `X` was.

    Raises
    ------
    ValueError
        If `X` is no collection, or its sequences are empty or differ in kind or channels.
    """
    if isinstance(X, (str, bytes)):
        raise ValueError(f"{name} is one string, expected a collection of sequences: {_SINGLE}")
    if isinstance(X, (dict, set)) or not (hasattr(X, "__len__") and hasattr(X, "__iter__")):
        raise ValueError(f"{name} must be a list of sequences, an array or Sequences, got {type(X).__name__}")
    ndim = getattr(X, "ndim", 1)
    if ndim not in (1, 2, 3):
        raise ValueError(f"{name} must have 2 or 3 dimensions, got {ndim}")
    if len(X) == 0:
        raise ValueError(f"{name} holds no sequences")
    if ndim > 1:
        return _read_array(np.asarray(_unmask(X, name)), name, numbers)
    if isinstance(X, np.ndarray) and X.dtype.kind != "O":
        raise ValueError(
            f"{name} is one 1-D array of {len(X)} values, expected a collection of sequences: {_SINGLE}"
        )
    alike = _join_alike(X)
    if alike is not None:
        return _clean(alike, name, numbers), np.fromiter(map(len, X), np.int64, len(X)), "list"
    steps = _fill_blanks([_read_steps(x, f"{name}[{i}]", numbers) for i, x in enumerate(X)])
    _check_same_kind(steps, name)
    lengths = np.array([len(x) for x in steps], dtype=np.int64)
    return _join(steps, name), lengths, "list"


def _join_alike(X: SequencesLike) -> Values | None:
    """Return strings, or arrays that differ in length alone, end to end; None if each needs a look."""
    kinds = {type(x) for x in X}
    if kinds == {str}:
        joined = "".join(X)
        # NumPy takes a zero at the end for padding
        return np.array([joined]).view("<U1") if all(X) and joined[-1] != "\0" else None
    if kinds != {np.ndarray}:
        return None
    forms = {(x.dtype, x.ndim, x.shape[1:]) for x in X}
    dtype, ndim, _ = next(iter(forms))
    plain = (dtype.kind == "f" and ndim in (1, 2)) or (dtype.kind in "iub" and ndim == 1)
    return np.concatenate(X) if len(forms) == 1 and plain and all(map(len, X)) else None


def read_steps(x: Any, name: str, *, numbers: bool = False) -> Values:
    """Read one block of steps: symbols of shape (T,), or floats of shape (T,) or (T, d).

    Parameters
    ----------
    x : array-like or str
        What was passed; a string is read as its characters.
    name : str
        What error messages call it.
    numbers : bool, default=False
        Whether integers and booleans become floats.

    Raises
    ------
    ValueError
        If there are no steps, or these are neither symbols nor numbers.
    """
    steps = _read_steps(x, name, numbers)
    return steps.astype(np.float64) if _is_blank(steps) else steps


def _read_steps(x: Any, name: str, numbers: bool) -> Values:
    if isinstance(x, str):
        # one array view of the characters: a list of them would cost an object each
        x = np.array([x]).view("<U1") if x and not x.endswith("\0") else np.array(list(x), dtype="<U1")
    elif isinstance(x, (bytes, dict, set)) or not hasattr(x, "__len__") or getattr(x, "ndim", 1) == 0:
        raise ValueError(f"{name} must be a sequence of steps, got {type(x).__name__} {x!r:.40}: {_SINGLE}")
    if len(x) == 0:
        raise ValueError(f"{name} is empty: every sequence needs at least one step")
    try:
        array = np.asarray(_unmask(x, name))
    except ValueError as error:
        raise ValueError(f"{name} is ragged inside: every step needs the same number of values") from error
    if array.ndim == 1 and array.dtype.kind in "US" and not isinstance(x, np.ndarray):
        # NumPy turns [1, "a"] and [NaN, "a"] into strings without a word
        others = [type(v).__name__ for v in x if not isinstance(v, (str, bytes)) and not is_missing(v)]
        if others:
            raise ValueError(f"{name} mixes kinds: strings and {others[0]}")
        if any(is_missing(v) for v in x):
            array = np.array(list(x), dtype=object)
    return _clean(array, name, numbers)


def read_column(column: Any, name: str) -> Values:
    """Read a column of a table: symbols, or floats with NaN where there is none.

    Raises
    ------
    ValueError
        If the column holds neither symbols nor numbers.
    """
    if getattr(column.dtype, "kind", None) == "f":  # pandas' own float types hold NA, NumPy's hold NaN
        return np.asarray(column.astype("float64"))
    gone = column.isna().to_numpy()
    if gone.any():
        column = column.astype(object).where(~gone, None)
    return read_steps(np.asarray(column), f"column {name!r}")


def is_missing(value: object) -> bool:
    """Whether a value stands for none: None, NaN, or pandas' NA and NaT."""
    if value is None:
        return True
    if isinstance(value, (float, np.floating)):
        return bool(value != value)
    return type(value).__name__ in ("NAType", "NaTType")


def narrow(values: Values, name: str, *, missing: bool = False) -> Values:
    """Give an object array the one dtype that its entries share.

    Parameters
    ----------
    values : ndarray
        Any array.
    name : str
        What error messages call it.
    missing : bool, default=False
        Whether symbols may be missing: the answer then is an array of objects, with None there.

    Raises
    ------
    ValueError
        If strings are mixed with something else, or integers do not fit 64 bits.
    """
    if values.dtype.kind != "O":
        return values
    entries = values.ravel().tolist()
    types = {type(v) for v in entries}
    if missing:
        kept = {type(v) for v in entries if not is_missing(v)}
        if not kept:
            return np.full(values.shape, None, dtype=object)
        if any(is_missing(v) for v in entries) and issubclass(min(kept, key=_rank), _SYMBOLS):
            present = np.array([not is_missing(v) for v in entries])
            whole = np.full(len(entries), None, dtype=object)
            whole[present] = narrow(values.ravel()[present], name).tolist()
            return whole.reshape(values.shape)
    if types and all(issubclass(t, str) for t in types):
        return values.astype(str)
    if types and all(issubclass(t, (bool, np.bool_)) for t in types):
        return values.astype(bool)
    if types and all(issubclass(t, (int, np.integer)) for t in types):
        try:
            return values.astype(np.int64)
        except OverflowError as error:
            raise ValueError(f"{name} has integers that do not fit 64 bits") from error
    if any(issubclass(t, str) for t in types):
        raise ValueError(f"{name} mixes kinds: {', '.join(sorted(t.__name__ for t in types))}")
    return values.astype(np.float64)


_SYMBOLS = (str, bool, np.bool_, int, np.integer)


def _rank(kind: type) -> bool:
    """Order types such that one that makes numbers of all comes first."""
    return issubclass(kind, _SYMBOLS)


def _read_array(X: Values, name: str, numbers: bool) -> tuple[Values, NDArray[np.int64], Container]:
    n, length = X.shape[:2]
    if X.size == 0:
        raise ValueError(f"{name} has shape {X.shape}: every sequence needs at least one step and channel")
    flat = _clean(X.reshape(n * length, *X.shape[2:]), name, numbers)
    if _is_blank(flat):
        flat = flat.astype(np.float64)
    return flat, np.full(n, length, dtype=np.int64), "array"


def _unmask(x: Any, name: str) -> Any:
    """Return an array whose masked measurements are NaN, and whose masked symbols are None."""
    if not isinstance(x, np.ma.MaskedArray) or not x.mask.any():
        return x
    if x.dtype.kind == "f":
        return x.filled(np.nan)
    symbols = np.array(x.data, dtype=object)
    symbols[x.mask] = None
    return symbols


def _clean(values: Values, name: str, numbers: bool) -> Values:
    """Reduce an array to symbols of shape (T,) or floats of shape (T,) or (T, d)."""
    if values.ndim not in (1, 2):
        raise ValueError(f"{name} has {values.ndim} dimensions, expected (T,) or (T, d)")
    values = narrow(values, name, missing=not numbers)
    if numbers and values.dtype.kind in "iub":
        values = values.astype(np.float64)
    kind = values.dtype.kind
    if kind == "c":
        raise ValueError(f"Complex data not supported: {name} has dtype {values.dtype}")
    if kind not in "fiubUO":
        raise ValueError(
            f"{name} has dtype {values.dtype}: steps must be integers, booleans, strings or floats"
        )
    if kind == "f":
        return values if values.dtype in (np.float32, np.float64) else values.astype(np.float64)
    if values.ndim == 2:
        if values.shape[1] != 1:
            raise ValueError(
                f"{name} has {values.shape[1]} {values.dtype} values a step, but {values.dtype} values are "
                "symbols and a step is one symbol; convert them to float if they are measurements"
            )
        return values[:, 0]
    return values


def _is_blank(steps: Values) -> bool:
    """Whether nothing is there but missing values, of whatever kind."""
    return steps.dtype.kind == "O" and all(value is None for value in steps.flat)


def _fill_blanks(steps: list[Values]) -> list[Values]:
    """Make numbers of sequences of which nothing is known, unless others hold symbols."""
    blank = [_is_blank(x) for x in steps]
    if not any(blank) or any(x.dtype.kind != "f" for x, b in zip(steps, blank, strict=True) if not b):
        return steps
    return [x.astype(np.float64) if b else x for x, b in zip(steps, blank, strict=True)]


def _check_same_kind(steps: list[Values], name: str) -> None:
    def kind(x: Values) -> str:
        sample = x
        if x.dtype.kind == "O":
            sample = np.asarray(next(v for v in x if v is not None))
        return {"f": "real-valued", "U": "strings"}.get(sample.dtype.kind, "whole-number symbols")

    steps = [x for x in steps if not _is_blank(x)] or steps[:1]
    first = steps[0]
    for i, x in enumerate(steps):
        if kind(x) != kind(first):
            raise ValueError(
                f"{name} mixes kinds: {name}[0] holds {kind(first)} ({first.dtype}) "
                f"but {name}[{i}] holds {kind(x)} ({x.dtype})"
            )
        if x.ndim != first.ndim or x.shape[1:] != first.shape[1:]:
            raise ValueError(
                f"{name}[{i}] has shape {x.shape} but {name}[0] has {first.shape}: "
                "every step needs the same number of values"
            )


def _join(steps: list[Values], name: str) -> Values:
    values = np.concatenate(steps)
    if values.dtype.kind != "f" or steps[0].dtype.kind == "f":
        return values
    # NumPy makes floats of signed integers beside unsigned ones of 64 bits
    largest = max(int(x.max()) for x in steps)
    if largest > np.iinfo(np.int64).max:
        raise ValueError(f"{name} holds {largest} beside signed integers, which does not fit their 64 bits")
    return np.concatenate([x.astype(np.int64) for x in steps])
