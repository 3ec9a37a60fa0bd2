"""Where sequences begin, what sorts their steps, and when these were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqcompare.typing import Values

if TYPE_CHECKING:
    import pandas as pd

Offsets = NDArray[np.int64]

#: So many times more rows than columns, or steps than channels, are no accident.
FAR_MORE = 5
MANY = 16


def channels_first(shape: tuple[int, ...]) -> bool:
    """Whether the second of three axes is probably that of the channels, rather than the steps."""
    _, second, third = shape
    return third >= max(FAR_MORE * second, MANY) and second < MANY


def offsets_of(lengths: ArrayLike) -> Offsets:
    """Return the bounds of sequences of these lengths, shape (n + 1,)."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def chosen_rows(offsets: Offsets, chosen: NDArray[np.int64]) -> tuple[Offsets, NDArray[np.int64]]:
    """Return the bounds of the chosen sequences among their own steps, and which steps these are."""
    sizes = np.diff(offsets)[chosen]
    bounds = offsets_of(sizes)
    return bounds, np.arange(bounds[-1]) + np.repeat(offsets[chosen] - bounds[:-1], sizes)


def check_offsets(n_steps: int, offsets: ArrayLike) -> Offsets:
    """Return bounds of sequences that cover so many steps.

    Raises
    ------
    ValueError
        If they do not, or a sequence would be empty.
    """
    bounds = np.asarray(offsets)
    if bounds.ndim != 1 or len(bounds) < 2:
        raise ValueError(f"offsets must be 1-D with at least two entries, got shape {bounds.shape}")
    if bounds.dtype.kind not in "iu":
        raise ValueError(f"offsets must be integers, got {bounds.dtype}")
    bounds = bounds.astype(np.int64, copy=False)
    if bounds[0] != 0 or bounds[-1] != n_steps:
        raise ValueError(
            f"offsets must run from 0 to the {n_steps} steps of values, got {bounds[0]} to {bounds[-1]}"
        )
    empty = np.flatnonzero(np.diff(bounds) < 1)
    if empty.size:
        raise ValueError(f"X[{empty[0]}] is empty: every sequence needs at least one step")
    return bounds


def read_lengths(lengths: ArrayLike | None, n_steps: int) -> Offsets:
    """Return the bounds of sequences of these lengths, by default of one sequence.

    Raises
    ------
    ValueError
        If a length is not positive, or they do not add up to `n_steps`.
    """
    sizes = np.asarray([n_steps] if lengths is None else lengths)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu":
        raise ValueError(f"lengths must be a 1-D array of integers, got {sizes.dtype} of shape {sizes.shape}")
    bad = np.flatnonzero(sizes < 1)
    if bad.size:
        raise ValueError(f"lengths[{bad[0]}] is {sizes[bad[0]]}: every sequence needs at least one step")
    if sizes.sum() != n_steps:
        raise ValueError(f"lengths add up to {sizes.sum()} steps but X has {n_steps}")
    return offsets_of(sizes)


def read_times(times: object, offsets: Offsets) -> Values:
    """Return when each step was, shape (n_steps,).

    Parameters
    ----------
    times : array of shape (n_steps,), or one array a sequence
        Numbers or moments.
    offsets : ndarray of int, shape (n + 1,)
        Bounds of the sequences.

    Raises
    ------
    ValueError
        If there is not one time a step, one is missing, or they go back within a sequence.
    """
    if isinstance(times, (list, tuple)) and len(times) and np.ndim(times[0]) == 1:
        parts = [np.asarray(part) for part in times]
        sizes = np.diff(offsets)
        if len(parts) != len(sizes):
            raise ValueError(f"times has {len(parts)} sequences but X has {len(sizes)}")
        for i, (part, size) in enumerate(zip(parts, sizes, strict=True)):
            if len(part) != size:
                raise ValueError(f"times[{i}] has {len(part)} entries but X[{i}] has {size} steps")
        times = np.concatenate(parts)
    found = np.asarray(times)
    found = found.ravel() if found.ndim == 2 and found.size == offsets[-1] else found
    if found.shape != (offsets[-1],):
        raise ValueError(f"times has shape {found.shape}, expected one for each of {offsets[-1]} steps")
    if found.dtype.kind not in "iufM":
        raise ValueError(f"times must be numbers or moments (datetime64), got {found.dtype}")
    if found.dtype.kind != "M":
        found = found.astype(np.float64)
    broken = np.flatnonzero(np.isnat(found) if found.dtype.kind == "M" else ~np.isfinite(found))
    if not broken.size:
        back = np.zeros(len(found), dtype=bool)
        back[1:] = found[1:] < found[:-1]
        back[offsets[:-1]] = False
        broken = np.flatnonzero(back)
    if broken.size:
        i = int(np.searchsorted(offsets, broken[0], side="right")) - 1
        t, value = broken[0] - offsets[i], found[broken[0]]
        what = f"goes back to {value}" if value == value else "is missing"
        raise ValueError(f"the time of step {t} of X[{i}] {what}")
    return found


def check_frame(df: pd.DataFrame, sequence: str, order: str | None, values: list[str]) -> None:
    """Raise ValueError unless a frame is pandas' and has rows, and each of these columns once."""
    if not hasattr(df, "iloc"):
        came = f"{type(df).__module__.partition('.')[0]}'s {type(df).__name__}"
        raise ValueError(f"df must be a pandas DataFrame, got {came}; datasets.read takes frames of any make")
    for column in [sequence, *([] if order is None else [order]), *values]:
        if column not in df.columns:
            raise ValueError(f"there is no column {column!r}; the columns are {list(df.columns)}")
        if df[column].ndim != 1:
            raise ValueError(f"there are {df[column].shape[1]} columns {column!r}, expected one")
    if not values or len(df) == 0:
        raise ValueError("the table has no rows" if values else "values names no column")


def frame_rows(
    df: pd.DataFrame, sequence: str, order: str | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], Values | None]:
    """Return how rows of a long table are sorted into sequences and steps.

    Returns
    -------
    rank : ndarray of int, shape (n_rows,)
        The rows in the order of sequences, as these first appear, and of steps.
    sizes : ndarray of int, shape (n,)
        Steps of each sequence.
    times : ndarray of shape (n_rows,) or None
        What orders the sorted rows, if these are numbers or moments.

    Raises
    ------
    ValueError
        If a sequence or an order is missing, or orders repeat within a sequence or do not compare.
    """
    for column in [sequence] if order is None else [sequence, order]:
        missing = np.flatnonzero(df[column].isna().to_numpy())
        if missing.size:
            raise ValueError(f"column {column!r} has no value in row {missing[0]}")
    codes, names = df[sequence].factorize()
    if order is None:
        return np.argsort(codes, kind="stable"), np.bincount(codes), None
    try:
        places = df[order].rank(method="dense").to_numpy()
    except TypeError as error:
        raise ValueError(f"column {order!r} has values that do not compare: {error}") from error
    rank = np.lexsort((places, codes))
    places = places[rank]
    repeated = (np.diff(codes[rank]) == 0) & (places[1:] == places[:-1])
    if repeated.any():
        row = rank[1:][repeated][0]
        raise ValueError(
            f"sequence {names[codes[row]]!r} has two rows with {order} = {df[order].iloc[row]!r} "
            f"(the second is row {row})"
        )
    return rank, np.bincount(codes), column_times(df[order], rank)


def column_times(column: pd.Series, rank: NDArray[np.int64]) -> Values | None:
    """Return a column of numbers or moments as times, sorted; None if it holds neither."""
    if column.dtype.kind in "iuf":
        return column.to_numpy(dtype=np.float64)[rank]
    if column.dtype.kind == "M":
        moments = column.dt.tz_convert(None) if getattr(column.dtype, "tz", None) else column
        return moments.to_numpy(dtype="datetime64[ns]")[rank]
    return None
