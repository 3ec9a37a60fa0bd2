"""What input is, and what is wrong with it: the questions that `check_sequences` asks."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np

from seqcompare.data.sequences import Sequences
from seqcompare.typing import SequencesLike


def is_table(X: Any) -> bool:
    """Whether `X` is for scikit-learn's validation: an array or table, rather than a list of sequences."""
    if isinstance(X, (list, tuple, str)):
        return False
    shape = getattr(X, "shape", None)
    if shape is None:
        return hasattr(X, "__array__")
    if len(shape) == 1:
        # a Series or object array of sequences is a list of them
        return not shape[0] or (np.ndim(next(iter(X))) == 0 and not isinstance(next(iter(X)), str))
    return len(shape) != 3


def is_nested_table(X: SequencesLike) -> bool:
    """Whether `X` is scikit-learn's list of equally long lists, after which arrays of that width are due."""
    return (
        isinstance(X, list)
        and len(X) > 0
        and all(type(x) is list for x in X)
        and len({len(x) for x in X}) == 1
        and len(X[0]) > 0
        and np.isscalar(X[0][0])
    )


def kind_words(kind: str) -> str:
    """Return what the steps of such sequences are called."""
    return {"symbols": "symbols", "mixed": "mixed channels"}.get(kind, "real-valued steps")


def check_readable(sequences: Sequences, reader: str, *, mixed: bool = False, missing: bool = False) -> None:
    """Raise ValueError for steps that `reader` does not take: mixed channels, missing symbols."""
    if sequences.kind == "mixed" and not mixed:
        channels = ", ".join(f"{channel.name} ({channel.kind})" for channel in sequences.schema)
        raise ValueError(
            f"the steps of X mix kinds of channels, {channels}, which {reader} does not take; read one of "
            f"them by values (--values), or take X.column({sequences.schema[0].name!r})"
        )
    if sequences.kind == "symbols" and sequences.has_missing and not missing:
        i, t = locate_step(sequences, int(np.argmax(sequences.missing[:, 0])))
        raise ValueError(f"X[{i}] has no symbol at step {t}, and {reader} takes no missing symbols")


def locate_step(sequences: Sequences, row: int) -> tuple[int, int]:
    """Return which sequence a row of the values belongs to, and which of its steps it is."""
    i = int(np.searchsorted(sequences.offsets, row, side="right")) - 1
    return i, row - int(sequences.offsets[i])


#: The largest number whose square is one.
LARGEST = 1e154


def check_finite(
    sequences: Sequences,
    *,
    allow_nan: bool = False,
    name: str = "X",
    largest: float = LARGEST,
    hint: Callable[[], str] = str,
) -> None:
    """Raise ValueError for the first step that is infinite or too large, or NaN where that is not allowed.

    Of NaN it ends in what `hint` returns.
    """
    values = sequences.channels
    with np.errstate(invalid="ignore", over="ignore"):
        total = np.abs(values).sum(dtype=np.float64)
        if total <= largest and np.isfinite(total):  # one cheap pass: a bad value spoils the sum
            return
    bad = np.isinf(values) if allow_nan else ~np.isfinite(values)
    rows = np.flatnonzero(bad.any(axis=1))
    if rows.size:
        i, t = locate_step(sequences, int(rows[0]))
        is_nan = np.isnan(values[rows[0]]).any() and not allow_nan
        what = "NaN" if is_nan else "infinity (inf)"
        words = f"{name}[{i}] contains {what} at step {t}: expected finite numbers"
        raise ValueError(words + (hint() if is_nan else ""))
    large = np.argwhere(np.abs(values) > np.float64(largest))
    if len(large):
        row, channel = map(int, large[0])
        i, t = locate_step(sequences, row)
        raise ValueError(
            f"{name}[{i}] at step {t} is {values[row, channel]:g}: too large to compute with, "
            f"expected at most {largest:g}"
        )


def without_nan(estimator: Any) -> str:
    """Return how an estimator does without missing values, to end what is said of NaN, if it can."""
    from sklearn.utils import get_tags  # slow to import, and data are read without

    for way in ("allow", "marginalize") if getattr(estimator, "missing", "") == "error" else ():
        other = copy(estimator)
        other.missing = way
        if get_tags(other).input_tags.allow_nan:
            return f", or missing={way!r}, where NaN is a missing value"
    return ""


def check_channels(sequences: Sequences, *, allow_nan: bool) -> None:
    """Raise ValueError for the first value of mixed channels that is infinite, or missing if none may be."""
    for i, channel in enumerate(sequences.schema):
        one = sequences.channel(i)
        if channel.kind != "symbols":
            check_finite(one, allow_nan=allow_nan)
        elif one.has_missing and not allow_nan:
            where, t = locate_step(sequences, int(np.argmax(one.missing[:, 0])))
            raise ValueError(f"X[{where}] has no symbol of channel {channel.name!r} at step {t}")


def whole_numbers(sequences: Sequences) -> Sequences:
    """Return whole-number floats as integers; raise ValueError for the first that is none."""
    if sequences.n_channels != 1:
        raise ValueError(f"expected symbols, got real-valued steps of {sequences.n_channels} channels")
    values = sequences.channels[:, 0]
    broken = np.flatnonzero(values != np.floor(values))
    if broken.size:
        i, t = locate_step(sequences, int(broken[0]))
        raise ValueError(
            f"expected symbols (integers, booleans, strings), but X[{i}] is real-valued: "
            f"{values[broken[0]]} at step {t}"
        )
    return sequences.with_values(values.astype(np.int64))
