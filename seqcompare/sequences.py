"""The one data form inside: sequences of steps, laid end to end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Kind = Literal["symbols", "real"]
Container = Literal["list", "array", "sequences"]

_SINGLE = "a single sequence is passed as [x]"


class Sequences:
    """Ragged sequences: all steps end to end, and where each sequence starts.

    Integers, booleans, strings and categories are symbols; floats are real-valued.

    Parameters
    ----------
    X : list of sequences, array of shape (n, T) or (n, T, d), or Sequences
        A sequence is a 1-D array or list, a 2-D float array of shape ``(T_i, d)``, or a string, read as
        characters. A single sequence is ``[x]``.
    offsets : array of int, shape (n + 1,), optional
        If given, `X` is an array with all steps of all sequences on its first axis and sequence ``i`` is
        ``X[offsets[i]:offsets[i + 1]]``, the layout of Arrow lists. Any trailing shape is allowed.

    Attributes
    ----------
    values : ndarray of shape (n_steps,) or (n_steps, d)
        All steps.
    offsets : ndarray of int64, shape (n + 1,)
        Bounds of the sequences in `values`.

    Raises
    ------
    ValueError
        For no sequences, an empty sequence, mixed kinds, or differing numbers of channels; the message
        names the sequence, what was expected and what came.
    TypeError
        If `X` is not a collection of sequences at all.

    Examples
    --------
    >>> from seqcompare import Sequences
    >>> X = Sequences(["ACGT", "GG"])
    >>> len(X), X.n_steps, X.kind
    (2, 6, 'symbols')
    >>> X[1]
    array(['G', 'G'], dtype='<U1')
    """

    def __init__(self, X: Any, offsets: ArrayLike | None = None) -> None:
        self.container: Container = "sequences"
        if offsets is not None:
            self.values, self.offsets = _check_layout(np.asarray(X), offsets)
        elif isinstance(X, Sequences):
            self.values, self.offsets, self.container = X.values, X.offsets, X.container
        else:
            self.values, self.offsets, self.container = _collect(X)
        self.values = self.values.view()
        self.values.flags.writeable = False

    @classmethod
    def from_concatenated(cls, X: ArrayLike, lengths: ArrayLike | None = None) -> Sequences:
        """Read hmmlearn's pair: all steps on the first axis, and the length of each sequence.

        Parameters
        ----------
        X : array of shape (n_steps,) or (n_steps, d)
            All steps. Integers of shape ``(n_steps, 1)``, hmmlearn's form of symbols, are read as symbols.
        lengths : array of int, shape (n,), optional
            Steps of each sequence; by default one sequence.

        Raises
        ------
        ValueError
            If a length is not positive, or they do not add up to ``n_steps``.
        """
        values = _clean(np.asarray(X), "X")
        sizes = np.asarray([len(values)] if lengths is None else lengths)
        if sizes.ndim != 1 or sizes.dtype.kind not in "iu":
            raise ValueError(
                f"lengths must be a 1-D array of integers, got {sizes.dtype} of shape {sizes.shape}"
            )
        bad = np.flatnonzero(sizes < 1)
        if bad.size:
            raise ValueError(f"lengths[{bad[0]}] is {sizes[bad[0]]}: every sequence needs at least one step")
        if sizes.sum() != len(values):
            raise ValueError(f"lengths add up to {sizes.sum()} steps but X has {len(values)}")
        return cls(values, offsets_of(sizes))

    @classmethod
    def from_frame(
        cls, df: Any, *, sequence: str, order: str | None = None, values: str | list[str]
    ) -> Sequences:
        """Read a long table: one row a step.

        Parameters
        ----------
        df : pandas.DataFrame
            The table.
        sequence : str
            Column that says which sequence a row belongs to. Sequences come out in the order in which
            they first appear.
        order : str, optional
            Column to sort the steps of a sequence by; by default rows keep their order. Two rows of one
            sequence with the same order are an error.
        values : str or list of str
            The column of symbols or numbers, or several numeric columns, one a channel.

        Raises
        ------
        ValueError
            For a missing column, a missing sequence or order, a repeated order, or values that are
            neither symbols nor numbers.
        """
        columns = [values] if isinstance(values, str) else list(values)
        for column in [sequence, *([] if order is None else [order]), *columns]:
            if column not in df.columns:
                raise ValueError(f"there is no column {column!r}; the columns are {list(df.columns)}")
        if not columns:
            raise ValueError("values names no column")
        if len(df) == 0:
            raise ValueError("the table has no rows")
        for column in [sequence] if order is None else [sequence, order]:
            missing = np.flatnonzero(df[column].isna().to_numpy())
            if missing.size:
                raise ValueError(f"column {column!r} has no value in row {missing[0]}")
        codes, names = df[sequence].factorize()
        if order is None:
            rank = np.argsort(codes, kind="stable")
        else:
            rank = np.lexsort((df[order].rank(method="dense").to_numpy(), codes))
            places = df[order].to_numpy()[rank]
            repeated = (np.diff(codes[rank]) == 0) & (places[1:] == places[:-1])
            if repeated.any():
                row = rank[1:][repeated][0]
                raise ValueError(
                    f"sequence {names[codes[row]]!r} has two rows with {order} = {df[order].iloc[row]!r} "
                    f"(the second is row {row})"
                )
        steps = _table_values(df, columns)[rank]
        return cls(steps, offsets_of(np.bincount(codes)))

    @property
    def kind(self) -> Kind:
        """``"real"`` for floats, else ``"symbols"``."""
        return "real" if self.values.dtype.kind == "f" else "symbols"

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each sequence, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def n_steps(self) -> int:
        """Steps of all sequences together."""
        return len(self.values)

    @property
    def n_channels(self) -> int:
        """Numbers in a step; 1 for symbols."""
        return 1 if self.values.ndim == 1 else int(self.values.shape[1])

    @property
    def channels(self) -> NDArray[Any]:
        """`values` with channels always on a second axis, shape (n_steps, d)."""
        return self.values.reshape(self.n_steps, self.n_channels)

    @property
    def sequence_index(self) -> NDArray[np.int64]:
        """The sequence of each step, shape (n_steps,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def step_index(self) -> NDArray[np.int64]:
        """The position of each step in its sequence, from 0, shape (n_steps,)."""
        return np.arange(self.n_steps) - np.repeat(self.offsets[:-1], self.lengths)

    def with_values(self, values: NDArray[Any]) -> Sequences:
        """Return the same sequences with other per-step values, shape (n_steps, ...)."""
        other = Sequences(values, self.offsets)
        other.container = self.container
        return other

    def pack(self, values: NDArray[Any]) -> Any:
        """Return per-step values in the container that these sequences came in.

        Parameters
        ----------
        values : ndarray of shape (n_steps, ...)
            One entry a step.

        Returns
        -------
        list of ndarray, ndarray of shape (n, T, ...), or Sequences
        """
        if self.container == "array":
            return values.reshape(len(self), -1, *values.shape[1:])
        if self.container == "list":
            return [values[a:b] for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True)]
        return Sequences(values, self.offsets)

    def take(self, indices: ArrayLike) -> Sequences:
        """Return the sequences at `indices`, in that order; a boolean mask works as well."""
        chosen = np.arange(len(self))[np.asarray(indices)]
        sizes = self.lengths[chosen]
        offsets = offsets_of(sizes)
        rows = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], sizes)
        other = Sequences(self.values[rows], offsets)
        other.container = self.container
        return other

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (int, np.integer)):
            i = range(len(self))[key]
            return self.values[self.offsets[i] : self.offsets[i + 1]]
        return self.take(np.arange(len(self))[key])

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            yield self.values[a:b]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sequences)
            and np.array_equal(self.offsets, other.offsets)
            and np.array_equal(self.values, other.values)
        )

    __hash__ = None  # type: ignore[assignment]  # mutable comparison by value, as for arrays

    def __repr__(self) -> str:
        shape = "" if self.kind == "symbols" else f", {self.n_channels} channel(s)"
        shortest, longest = self.lengths.min(), self.lengths.max()
        return f"<Sequences: {len(self)} of {shortest}-{longest} steps, {self.kind}{shape}>"


def offsets_of(lengths: ArrayLike) -> NDArray[np.int64]:
    """Return the bounds of sequences of these lengths, shape (n + 1,)."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _check_layout(values: NDArray[Any], offsets: ArrayLike) -> tuple[NDArray[Any], NDArray[np.int64]]:
    bounds = np.asarray(offsets, dtype=np.int64)
    if bounds.ndim != 1 or len(bounds) < 2:
        raise ValueError(f"offsets must be 1-D with at least two entries, got shape {bounds.shape}")
    if bounds[0] != 0 or bounds[-1] != len(values):
        raise ValueError(
            f"offsets must run from 0 to the {len(values)} steps of values, got {bounds[0]} to {bounds[-1]}"
        )
    empty = np.flatnonzero(np.diff(bounds) < 1)
    if empty.size:
        raise ValueError(f"X[{empty[0]}] is empty: every sequence needs at least one step")
    return values, bounds


def _collect(X: Any) -> tuple[NDArray[Any], NDArray[np.int64], Container]:
    """Read every accepted form but `Sequences` itself."""
    if isinstance(X, (str, bytes)):
        raise ValueError(f"X is one string, expected a collection of sequences: {_SINGLE}")
    if isinstance(X, (dict, set)) or not (hasattr(X, "__len__") and hasattr(X, "__iter__")):
        raise ValueError(f"X must be a list of sequences, an array or Sequences, got {type(X).__name__}")
    if len(X) == 0:
        raise ValueError("X holds no sequences")
    ndim = getattr(X, "ndim", None)
    if ndim in (2, 3):
        return _collect_array(np.asarray(X))
    if ndim is not None and ndim != 1:
        raise ValueError(f"X must have 2 or 3 dimensions, got {ndim}")
    if ndim == 1 and isinstance(X, np.ndarray) and X.dtype.kind != "O":
        raise ValueError(
            f"X is one 1-D array of {len(X)} values, expected a collection of sequences: {_SINGLE}"
        )
    steps = [_read_sequence(x, f"X[{i}]") for i, x in enumerate(X)]
    _check_same_kind(steps)
    return np.concatenate(steps), offsets_of([len(x) for x in steps]), "list"


def _collect_array(X: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64], Container]:
    n, length = X.shape[:2]
    if length == 0 or X.size == 0:
        raise ValueError(f"X has shape {X.shape}: every sequence needs at least one step and channel")
    flat = _clean(X.reshape(n * length, *X.shape[2:]), "X")
    return flat, np.arange(n + 1, dtype=np.int64) * length, "array"


def _read_sequence(x: Any, name: str) -> NDArray[Any]:
    if isinstance(x, str):
        # one array view of the characters: a list of them would cost an object each
        x = np.array([x]).view("<U1") if x and not x.endswith("\0") else np.array(list(x), dtype="<U1")
    elif isinstance(x, (bytes, dict, set)) or not hasattr(x, "__len__"):
        raise ValueError(f"{name} must be a sequence of steps, got {type(x).__name__} {x!r:.40}: {_SINGLE}")
    if len(x) == 0:
        raise ValueError(f"{name} is empty: every sequence needs at least one step")
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"{name} is ragged inside: every step needs the same number of values") from error
    if array.ndim == 1 and array.dtype.kind in "US" and not isinstance(x, np.ndarray):
        # NumPy turns [1, "a"] into strings without a word
        others = [type(v).__name__ for v in x if not isinstance(v, (str, bytes))]
        if others:
            raise ValueError(f"{name} mixes kinds: strings and {others[0]}")
    return _clean(array, name)


def _clean(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Reduce one block of steps to symbols of shape (T,) or floats of shape (T,) or (T, d)."""
    if values.ndim not in (1, 2):
        raise ValueError(f"{name} has {values.ndim} dimensions, expected (T,) or (T, d)")
    if values.dtype.kind == "O":
        values = _narrow(values, name)
    kind = values.dtype.kind
    if kind == "c":
        raise ValueError(f"Complex data not supported: {name} has dtype {values.dtype}")
    if kind not in "fiubU":
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


def _narrow(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Give an object array the one dtype that its entries share."""
    flat = values.ravel()
    types = {type(v) for v in flat.tolist()}
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


def _check_same_kind(steps: list[NDArray[Any]]) -> None:
    def kind(x: NDArray[Any]) -> str:
        return {"f": "real-valued", "U": "strings"}.get(x.dtype.kind, "whole-number symbols")

    first = steps[0]
    for i, x in enumerate(steps):
        if kind(x) != kind(first):
            raise ValueError(
                f"X mixes kinds: X[0] holds {kind(first)} ({first.dtype}) "
                f"but X[{i}] holds {kind(x)} ({x.dtype})"
            )
        if x.ndim != first.ndim or x.shape[1:] != first.shape[1:]:
            raise ValueError(
                f"X[{i}] has shape {x.shape} but X[0] has {first.shape}: "
                "every step needs the same number of values"
            )


def _table_values(df: Any, columns: list[str]) -> NDArray[Any]:
    blocks = [_column_values(df[column], column) for column in columns]
    if len(blocks) == 1:
        return blocks[0]
    if any(block.dtype.kind not in "fiu" for block in blocks):
        dtypes = {column: str(block.dtype) for column, block in zip(columns, blocks, strict=True)}
        raise ValueError(f"several columns must all be numeric, got {dtypes}")
    return np.column_stack([block.astype(np.float64) for block in blocks])


def _column_values(column: Any, name: str) -> NDArray[Any]:
    if getattr(column.dtype, "kind", None) == "f":  # pandas' own float types hold NA, NumPy's hold NaN
        return np.asarray(column.astype("float64"))
    missing = np.flatnonzero(column.isna().to_numpy())
    if missing.size:
        raise ValueError(f"column {name!r} has no value in row {missing[0]}")
    return _clean(np.asarray(column), f"column {name!r}")
