"""The one data form inside: sequences of steps, laid end to end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqcompare.data import layout
from seqcompare.data.columns import (
    Plain,
    Steps,
    as_floats,
    assemble,
    fit_schema,
    hold,
    hold_steps,
    hold_structured,
    is_structured,
    join,
)
from seqcompare.data.held import Held
from seqcompare.data.layout import offsets_of
from seqcompare.data.options import Kind
from seqcompare.data.schema import NUMERIC, Channel, ChannelKind, Schema, StepKind, measured, read_schema
from seqcompare.data.steps import Container, read_collection, read_steps
from seqcompare.data.symbols import code_texts
from seqcompare.typing import SequencesLike, Values

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Channel", "Kind", "Sequences", "StepKind", "offsets_of"]


class Sequences(Held):
    """Ragged sequences: all steps end to end, and where each sequence starts.

    Integers, booleans, strings and categories are symbols; floats are real-valued. None, NaN and pandas' NA
    mark what is missing, in either. Words are held as small whole numbers beside an alphabet.

    Parameters
    ----------
    X : list of sequences, array of shape (n, T) or (n, T, d), or Sequences
        A sequence is a 1-D array or list, a 2-D float array of shape ``(T_i, d)``, or a string, read as
        characters. A single sequence is ``[x]``. For symbols beside numbers see `from_columns`.
    offsets : array of int, shape (n + 1,), optional
        If given, `X` has all steps of all sequences, shape (n_steps,) or (n_steps, d), and sequence ``i`` is
        ``X[offsets[i]:offsets[i + 1]]``, the layout of Arrow lists.
    schema : sequence of Channel, or of pairs (name, kind), optional
        What the channels are called and hold; by default one of symbols, or several of measurements, named
        "0", "1", ...
    times : array of shape (n_steps,), or one array a sequence, optional
        When each step was: numbers or moments (datetime64) that never go back within a sequence.
    numbers : bool, default=False
        Whether integers and booleans are counts or measurements here rather than symbols, and so become
        floats.
    name : str, default="X"
        What error messages call `X`.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        Bounds of the sequences in `values`.
    times : ndarray of float64 or datetime64, shape (n_steps,), or None
        When each step was.
    container : {"list", "array", "sequences"}
        What `pack` answers in.

    Raises
    ------
    ValueError
        For no collection, no sequences, an empty one, mixed kinds, or differing numbers of channels; the
        message names the sequence, what was expected and what came.

    Examples
    --------
    >>> from seqcompare import Sequences
    >>> X = Sequences(["ACGT", "GG"])
    >>> len(X), X.n_steps, X.kind
    (2, 6, 'symbols')
    >>> X[1]
    array(['G', 'G'], dtype='<U1')
    >>> X.codes, X.alphabet
    (array([0, 1, 2, 3, 2, 2], dtype=uint8), array(['A', 'C', 'G', 'T'], dtype='<U1'))
    """

    offsets: NDArray[np.int64]
    times: Values | None
    container: Container

    def __init__(
        self,
        X: SequencesLike,
        offsets: ArrayLike | None = None,
        *,
        schema: Iterable[Channel | tuple[str, ChannelKind]] | None = None,
        times: object = None,
        numbers: bool = False,
        name: str = "X",
    ) -> None:
        named = None if schema is None else read_schema(schema)
        numbers = numbers or (named is not None and all(channel.kind in NUMERIC for channel in named))
        steps: Steps
        if is_structured(X):
            parts = [np.asarray(x) for x in ([X] if offsets is not None else X)]
            steps, own = hold_structured(parts)
            named = named or own
            self.container = (
                "sequences" if offsets is not None else "array" if getattr(X, "ndim", 1) > 1 else "list"
            )
            bounds = offsets_of(list(map(len, parts))) if offsets is None else offsets
            self.offsets = layout.check_offsets(len(steps), bounds)
        elif offsets is not None:
            steps, self.container = hold(read_steps(X, name, numbers=numbers)), "sequences"
            self.offsets = layout.check_offsets(len(steps), offsets)
        elif isinstance(X, Sequences):
            steps, self.offsets, self.container = X._steps, X.offsets, X.container
            if numbers and X.kind == "symbols" and X._coded().alphabet.dtype.kind in "iub":
                steps = as_floats(steps)
            elif named is None:
                named = X._schema
            times = X.times if times is None else times
        elif isinstance(X, list) and X and all(isinstance(x, str) and x for x in X):
            steps, self.offsets, self.container = code_texts(X), offsets_of([len(x) for x in X]), "list"
        else:
            values, lengths, self.container = read_collection(X, name, numbers=numbers)
            steps, self.offsets = hold(values), offsets_of(lengths)
        super().__init__(steps, None if named is None else fit_schema(steps, named))
        self.times = None if times is None else layout.read_times(times, self.offsets)

    @classmethod
    def _made(
        cls,
        steps: Steps,
        offsets: NDArray[np.int64],
        container: Container = "sequences",
        schema: Schema | None = None,
        times: Values | None = None,
    ) -> Sequences:
        """Put together what is known to be sound: unlike input from outside, of any trailing shape."""
        made = cls.__new__(cls)
        Held.__init__(made, steps, schema)
        made.offsets, made.container, made.times = offsets, container, times
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
        steps, schema = hold_steps(X, numbers=numbers)
        return cls._made(steps, layout.read_lengths(lengths, len(steps)), schema=schema)

    @classmethod
    def from_columns(
        cls,
        columns: Mapping[str, ArrayLike],
        lengths: ArrayLike | None = None,
        *,
        kinds: Mapping[str, ChannelKind] | None = None,
        times: object = None,
    ) -> Sequences:
        """Read named channels, symbols beside numbers.

        Parameters
        ----------
        columns : mapping of str to array-like of shape (n_steps,)
            What each channel holds, all sequences end to end.
        lengths : array of int, shape (n,), optional
            Steps of each sequence; by default one sequence.
        kinds : mapping of str to {"symbols", "real", "count"}, optional
            What channels are. By default floats are measurements, and so are integers where no channel
            holds symbols; all else is symbols.
        times : array of shape (n_steps,), or one array a sequence, optional
            When each step was.

        Raises
        ------
        ValueError
            If columns differ in length, do not hold what their kind demands, or lengths do not add up.

        Examples
        --------
        >>> from seqcompare import Sequences
        >>> X = Sequences.from_columns({"event": ["buy", "sell", "buy"], "amount": [0.5, 2.0, 1.5]}, [2, 1])
        >>> X
        <Sequences: 2 of 1-2 steps, mixed, channels event (symbols), amount (real)>
        """
        steps, schema = assemble(columns, kinds or {})
        offsets = layout.read_lengths(lengths, len(steps))
        given = None if times is None else layout.read_times(times, offsets)
        return cls._made(steps, offsets, schema=schema, times=given)

    @classmethod
    def from_frame(
        cls,
        df: pd.DataFrame,
        *,
        sequence: str,
        order: str | None = None,
        values: str | list[str],
        kinds: Mapping[str, ChannelKind] | None = None,
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
            sequence with the same order are an error. Numbers and moments become `times`.
        values : str or list of str
            The column of symbols or numbers, or several columns, one a channel.
        kinds : mapping of str to {"symbols", "real", "count"}, optional
            What channels are; by default as in `from_columns`.

        Raises
        ------
        ValueError
            For a column that is missing or there twice, a missing sequence or order, orders that repeat or
            do not compare, or values that are neither symbols nor numbers.
        """
        columns = [values] if isinstance(values, str) else list(values)
        layout.check_frame(df, sequence, order, columns)
        rank, sizes, times = layout.frame_rows(df, sequence, order)
        steps, schema = assemble({column: df[column] for column in columns}, kinds or {})
        return cls._made(steps.take(rank), offsets_of(sizes), schema=schema, times=times)

    def column(self, name: str) -> Sequences:
        """Return one channel alone.

        Raises
        ------
        ValueError
            If there is none of this name.
        """
        names = [channel.name for channel in self.schema]
        if name not in names:
            raise ValueError(f"there is no channel {name!r}; there are {', '.join(names)}")
        return self.channel(names.index(name))

    def channel(self, i: int) -> Sequences:
        """Return the channel at a place alone."""
        steps = self._steps if self.n_channels == 1 else self._channel(i)
        schema = (self.schema[i],) if self._schema is not None or i else None
        return Sequences._made(steps, self.offsets, self.container, schema, self.times)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each sequence, shape (n,)."""
        return np.diff(self.offsets)

    @property
    def n_steps(self) -> int:
        """Steps of all sequences together."""
        return int(self.offsets[-1])

    @property
    def sequence_index(self) -> NDArray[np.int64]:
        """The sequence of each step, shape (n_steps,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @property
    def step_index(self) -> NDArray[np.int64]:
        """The position of each step in its sequence, from 0, shape (n_steps,)."""
        return np.arange(self.n_steps) - np.repeat(self.offsets[:-1], self.lengths)

    def with_values(self, values: Values) -> Sequences:
        """Return the same sequences with other per-step values, shape (n_steps, ...).

        Times stay, and so do names of channels if the new values are as many numbers or symbols a step.
        """
        if is_structured(values):
            steps, schema = hold_structured([values], self.schema)
            return Sequences._made(steps, self.offsets, self.container, schema, self.times)
        kept = self._schema_for(values), self.times
        steps = hold(values) if values.dtype == object else Plain(values)
        return Sequences._made(steps, self.offsets, self.container, *kept)

    def cut(self, offsets: NDArray[np.int64], rows: NDArray[np.int64] | None = None) -> Sequences:
        """Return these steps, or some, with other bounds of sequences; times and schema stay.

        Parameters
        ----------
        offsets : ndarray of int, shape (n + 1,)
            The new bounds.
        rows : ndarray of int, shape (n_steps,), optional
            Which steps, in which order; by default all.
        """
        steps = self._steps if rows is None else self._steps.take(rows)
        times = self.times if rows is None or self.times is None else self.times[rows]
        return Sequences._made(steps, offsets, self.container, self._schema, times)

    def pack(self, values: Values) -> SequencesLike:
        """Return per-step values in the container that these sequences came in.

        Parameters
        ----------
        values : ndarray of shape (n_steps, ...)
            One entry a step.

        Returns
        -------
        list of ndarray, ndarray of shape (n, T, ...), or Sequences
            The last with times and, for as many numbers or symbols a step, its channels; counts become real.
        """
        if self.container == "array":
            return values.reshape(len(self), -1, *values.shape[1:])
        if self.container == "list":
            return [values[a:b] for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True)]
        schema = measured(self._schema_for(values))
        return Sequences._made(Plain(values), self.offsets, schema=schema, times=self.times)

    def followed_by(self, other: Sequences) -> Sequences:
        """Return these sequences and then those of `other`; times are kept if both have them.

        Raises
        ------
        ValueError
            If their channels are of other kinds.
        """
        times = None
        if self.times is not None and other.times is not None and self.times.dtype == other.times.dtype:
            times = np.concatenate([self.times, other.times])
        offsets = np.append(self.offsets, other.offsets[1:] + self.offsets[-1])
        return Sequences._made(join(self._steps, other._steps), offsets, schema=self._schema, times=times)

    def detached(self) -> Sequences:
        """Return the same sequences, out of the container they came in: `pack` answers in `Sequences`."""
        return Sequences._made(self._steps, self.offsets, schema=self._schema, times=self.times)

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
        return self.cut(*layout.chosen_rows(self.offsets, chosen))

    def _schema_for(self, values: Values) -> Schema | None:
        new = values.ndim < 3 and (Plain(values).kind, Plain(values).n_channels)
        return self._schema if new == (self.kind, self.n_channels) else None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (int, np.integer)):
            i = range(len(self))[key]
            return self._steps.decode(slice(self.offsets[i], self.offsets[i + 1]))
        return self.take(np.arange(len(self))[key])

    def __iter__(self) -> Iterator[Values]:
        for a, b in zip(self.offsets[:-1], self.offsets[1:], strict=True):
            yield self._steps.decode(slice(a, b))

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same steps; names of channels and times aside."""
        return (
            isinstance(other, Sequences)
            and np.array_equal(self.offsets, other.offsets)
            and np.array_equal(self.values, other.values)
        )

    __hash__ = None  # type: ignore[assignment]  # mutable comparison by value, as for arrays

    def __repr__(self) -> str:
        shape = "" if self.kind == "symbols" else f", {self.n_channels} channel(s)"
        if self.kind == "mixed":
            shape = f", channels {', '.join(f'{c.name} ({c.kind})' for c in self.schema)}"
        steps = f"{self.lengths.min()}-{self.lengths.max()} steps"
        return f"<Sequences: {len(self)} of {steps}, {self.kind}{shape}>"
