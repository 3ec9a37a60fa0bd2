"""The one data form inside: sequences of steps, laid end to end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqcompare.data.reading import Container, read_collection, read_column, read_steps

Kind = Literal["symbols", "real"]


class Sequences:
    """Ragged sequences: all steps end to end, and where each sequence starts.

    Integers, booleans, strings and categories are symbols; floats are real-valued.

    Parameters
    ----------
    X : list of sequences, array of shape (n, T) or (n, T, d), or Sequences
        A sequence is a 1-D array or list, a 2-D float array of shape ``(T_i, d)``, or a string, read as
        characters. A single sequence is ``[x]``.
    offsets : array of int, shape (n + 1,), optional
        If given, `X` has all steps of all sequences, shape (n_steps,) or (n_steps, d), and sequence ``i`` is
        ``X[offsets[i]:offsets[i + 1]]``, the layout of Arrow lists.
    numbers : bool, default=False
        Whether integers and booleans are counts or measurements here rather than symbols, and so become
        floats.
    name : str, default="X"
        What error messages call `X`.

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

    def __init__(
        self, X: Any, offsets: ArrayLike | None = None, *, numbers: bool = False, name: str = "X"
    ) -> None:
        self.container: Container = "sequences"
        if offsets is not None:
            self.values = read_steps(X, name, numbers=numbers)
            self.offsets = _check_layout(len(self.values), offsets)
        elif isinstance(X, Sequences):
            whole = numbers and X.values.dtype.kind in "iub"
            self.values = X.values.astype(np.float64) if whole else X.values
            self.offsets, self.container = X.offsets, X.container
        else:
            self.values, lengths, self.container = read_collection(X, name, numbers=numbers)
            self.offsets = offsets_of(lengths)
        self.values = self.values.view()
        self.values.flags.writeable = False

    @classmethod
    def _made(
        cls, values: NDArray[Any], offsets: NDArray[np.int64], container: Container = "sequences"
    ) -> Sequences:
        """Put together what is known to be sound: unlike input from outside, of any trailing shape."""
        made = cls.__new__(cls)
        made.values, made.offsets, made.container = values.view(), offsets, container
        made.values.flags.writeable = False
        return made

    @classmethod
    def from_concatenated(
        cls, X: ArrayLike, lengths: ArrayLike | None = None, *, numbers: bool = False
    ) -> Sequences:
        """Read hmmlearn's pair: all steps on the first axis, and the length of each sequence.

        Parameters
        ----------
        X : array of shape (n_steps,) or (n_steps, d)
            All steps. Integers of shape ``(n_steps, 1)``, hmmlearn's form of symbols, are read as symbols.
        lengths : array of int, shape (n,), optional
            Steps of each sequence; by default one sequence.
        numbers : bool, default=False
            Whether integers are counts or measurements rather than symbols.

        Raises
        ------
        ValueError
            If a length is not positive, or they do not add up to ``n_steps``.
        """
        values = read_steps(X, "X", numbers=numbers)
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
        return cls._made(values, offsets_of(sizes))

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
            For a column that is missing or there twice, a missing sequence or order, orders that repeat or
            do not compare, or values that are neither symbols nor numbers.
        """
        columns = [values] if isinstance(values, str) else list(values)
        for column in [sequence, *([] if order is None else [order]), *columns]:
            if column not in df.columns:
                raise ValueError(f"there is no column {column!r}; the columns are {list(df.columns)}")
            if df[column].ndim != 1:
                raise ValueError(f"there are {df[column].shape[1]} columns {column!r}, expected one")
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
        steps = _table_values(df, columns)[rank]
        return cls._made(steps, offsets_of(np.bincount(codes)))

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
        return Sequences._made(values, self.offsets, self.container)

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
        return Sequences._made(values, self.offsets)

    def take(self, indices: ArrayLike) -> Sequences:
        """Return the sequences at `indices`, in that order; a boolean mask works as well.

        Raises
        ------
        ValueError
            If no sequences are left.
        """
        wanted = np.asarray(indices)
        chosen = np.arange(len(self))[wanted] if wanted.size else wanted
        if not len(chosen):
            raise ValueError(f"no sequences are left: none of the {len(self)} was chosen")
        sizes = self.lengths[chosen]
        offsets = offsets_of(sizes)
        rows = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], sizes)
        return Sequences._made(self.values[rows], offsets, self.container)

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


def _check_layout(n_steps: int, offsets: ArrayLike) -> NDArray[np.int64]:
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


def _table_values(df: Any, columns: list[str]) -> NDArray[Any]:
    blocks = [read_column(df[column], column) for column in columns]
    if len(blocks) == 1:
        return blocks[0]
    if any(block.dtype.kind not in "fiu" for block in blocks):
        dtypes = {column: str(block.dtype) for column, block in zip(columns, blocks, strict=True)}
        raise ValueError(f"several columns must all be numeric, got {dtypes}")
    return np.column_stack([block.astype(np.float64) for block in blocks])
