"""How steps are held: as an array, as codes of symbols, or column by column, symbols beside numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from seqcompare.data.schema import (
    Channel,
    ChannelKind,
    Schema,
    StepKind,
    check_distinct,
    default_schema,
)
from seqcompare.data.steps import is_missing, read_column, read_steps
from seqcompare.data.symbols import Coded, find_symbols
from seqcompare.typing import Values

Column = Coded | NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Plain:
    """Steps held as they are: whole-number symbols, floats, or answers of any shape.

    Parameters
    ----------
    array : ndarray of shape (n_steps, ...)
        The steps.
    """

    array: Values

    def __post_init__(self) -> None:
        frozen = self.array.view()
        frozen.flags.writeable = False
        object.__setattr__(self, "array", frozen)

    def __len__(self) -> int:
        return len(self.array)

    @property
    def kind(self) -> StepKind:
        """``"real"`` for floats, else ``"symbols"``."""
        return "real" if self.array.dtype.kind == "f" else "symbols"

    @property
    def n_channels(self) -> int:
        """Numbers in a step."""
        return 1 if self.array.ndim == 1 else int(self.array.shape[1])

    @property
    def schema(self) -> Schema:
        """Channels of one kind, named by their place."""
        return default_schema("real" if self.kind == "real" else "symbols", self.n_channels)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which values are missing, shape (n_steps, n_channels); no whole number is."""
        if self.kind == "real":
            return np.asarray(np.isnan(self.array.reshape(len(self), self.n_channels)))
        return np.zeros((len(self), self.n_channels), dtype=bool)

    @property
    def has_missing(self) -> bool:
        """Whether any value is missing."""
        return self.kind == "real" and bool(np.isnan(self.array).any())

    def take(self, rows: slice | NDArray[np.int64]) -> Plain:
        """Return some steps."""
        return Plain(self.array[rows])

    def decode(self, rows: slice = slice(None)) -> Values:
        """Return the array, or some steps of it."""
        return self.array[rows]


@dataclass(frozen=True, eq=False)
class Columns:
    """Channels of which at least one holds symbols.

    Parameters
    ----------
    schema : tuple of Channel
        Their names and kinds.
    columns : tuple of Coded or ndarray of float64, each of shape (n_steps,)
        What they hold.
    """

    schema: Schema
    columns: tuple[Column, ...]
    kind: ClassVar[StepKind] = "mixed"

    def __len__(self) -> int:
        return len(self.columns[0])

    @property
    def n_channels(self) -> int:
        """Values in a step."""
        return len(self.columns)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which values are missing, shape (n_steps, n_channels)."""
        gone = [c.missing[:, 0] if isinstance(c, Coded) else np.isnan(c) for c in self.columns]
        return np.column_stack(gone)

    @cached_property
    def has_missing(self) -> bool:
        """Whether any value is missing."""
        return bool(self.missing.any())

    def take(self, rows: slice | NDArray[np.int64]) -> Columns:
        """Return some steps."""
        picked = (c.take(rows) if isinstance(c, Coded) else c[rows] for c in self.columns)
        return Columns(self.schema, tuple(picked))

    def decode(self, rows: slice = slice(None)) -> Values:
        """Return a structured array: a field a channel."""
        found = [c.decode(rows) if isinstance(c, Coded) else c[rows] for c in self.columns]
        names = [channel.name for channel in self.schema]
        answer = np.empty(len(found[0]), [(n, c.dtype) for n, c in zip(names, found, strict=True)])
        for name, column in zip(names, found, strict=True):
            answer[name] = column
        return answer


Steps = Plain | Coded | Columns


def join(first: Steps, second: Steps) -> Steps:
    """Return the steps of both, one after the other.

    Raises
    ------
    ValueError
        If they are not of the same kinds of channels.
    """
    kinds = [[channel.kind for channel in steps.schema] for steps in (first, second)]
    if kinds[0] != kinds[1]:
        raise ValueError(f"the steps hold {', '.join(kinds[0])} here and {', '.join(kinds[1])} there")
    if isinstance(first, Columns) and isinstance(second, Columns):
        both = zip(first.columns, second.columns, strict=True)
        return Columns(first.schema, tuple(_join_columns(a, b) for a, b in both))
    if isinstance(first, Plain) and isinstance(second, Plain):
        return Plain(np.concatenate([first.array, second.array]))
    joined = _join_columns(_coded(first), _coded(second))
    assert isinstance(joined, Coded)
    return joined


def _coded(steps: Steps) -> Coded:
    return steps if isinstance(steps, Coded) else Coded.of(steps.decode())


def _join_columns(first: Column, second: Column) -> Column:
    if not isinstance(first, Coded) or not isinstance(second, Coded):
        return np.concatenate([np.asarray(first), np.asarray(second)])
    if (first.alphabet.dtype.kind == "U") != (second.alphabet.dtype.kind == "U"):
        raise ValueError("the symbols are words here and numbers there")
    alphabet = find_symbols(np.concatenate([first.alphabet, second.alphabet]))
    codes = [part.codes_in(alphabet) for part in (first, second)]
    return Coded(np.concatenate(codes), alphabet)


def hold(values: Values) -> Plain | Coded:
    """Hold an array of steps: words, and symbols of which some are missing, as codes."""
    return Coded.of(values) if values.dtype.kind in "UO" else Plain(values)


def is_structured(X: object) -> bool:
    """Whether `X` is steps of named channels in one array, or a list of such."""
    first = X[0] if isinstance(X, (list, tuple)) and len(X) else X
    return isinstance(first, np.ndarray) and first.dtype.names is not None


def hold_structured(parts: Sequence[Values], schema: Schema = ()) -> tuple[Steps, Schema]:
    """Hold structured arrays, end to end: unless a schema says so, floats are measurements, all else symbols.

    Raises
    ------
    ValueError
        If they have not the same channels.
    """
    names = parts[0].dtype.names or ()
    for i, part in enumerate(parts):
        if part.dtype.names != names:
            came = ", ".join(part.dtype.names or ["no names"])
            raise ValueError(f"X[{i}] has the channels {came}, expected {', '.join(names)} as in X[0]")
    columns = {name: np.concatenate([part[name] for part in parts]) for name in names}
    kinds: dict[str, ChannelKind] = {
        name: "real" if column.dtype.kind == "f" else "symbols" for name, column in columns.items()
    }
    return assemble(columns, kinds | {channel.name: channel.kind for channel in schema})


def hold_steps(X: ArrayLike, *, numbers: bool) -> tuple[Steps, Schema | None]:
    """Hold all steps, end to end; of named channels, return the schema as well."""
    if is_structured(X):
        return hold_structured([np.asarray(X)])
    return hold(read_steps(X, "X", numbers=numbers)), None


def assemble(columns: Mapping[str, ArrayLike], kinds: Mapping[str, ChannelKind]) -> tuple[Steps, Schema]:
    """Put named columns together: as a matrix if all are numbers, else column by column.

    Parameters
    ----------
    columns : mapping of str to array-like of shape (n_steps,)
        What each channel holds.
    kinds : mapping of str to {"symbols", "real", "count"}
        What some of them are. Others are measurements if they hold floats, or integers beside no symbols,
        and symbols else.

    Raises
    ------
    ValueError
        If there are no columns, their lengths differ, or one does not hold what its kind demands.
    """
    if not columns:
        raise ValueError("there are no columns")
    check_distinct(list(columns))
    for name in kinds:
        if name not in columns:
            raise ValueError(f"there is no column {name!r} of kind {kinds[name]}; there are {list(columns)}")
    found = {name: _read(column, name) for name, column in columns.items()}
    lengths = {name: len(values) for name, values in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns differ in length: {lengths}")
    # a table of numbers is one of measurements, whether or not some happen to be whole
    several = len(found) > 1 and not any(
        kinds.get(name, "real") == "symbols" or values.dtype.kind in "UOb" for name, values in found.items()
    )
    schema = tuple(
        Channel(name, kinds.get(name) or ("real" if values.dtype.kind == "f" or several else "symbols"))
        for name, values in found.items()
    )
    made = tuple(as_channel(found[channel.name], channel) for channel in schema)
    numbers = [column for column in made if not isinstance(column, Coded)]
    if len(numbers) == len(made):
        return Plain(np.column_stack(numbers) if len(made) > 1 else numbers[0]), schema
    return made[0] if isinstance(made[0], Coded) and len(made) == 1 else Columns(schema, made), schema


def _read(column: ArrayLike, name: str) -> Values:
    what = f"column {name!r}"
    values = read_column(column, name) if hasattr(column, "isna") else read_steps(column, what)
    if values.ndim != 1:
        raise ValueError(f"{what} has shape {values.shape}, expected one value a step")
    return values


def as_channel(values: Values, channel: Channel) -> Column:
    """Return values as what the channel's kind demands.

    Raises
    ------
    ValueError
        If they are words where numbers are due, numbers with fractions where symbols are, or no counts.
    """
    what = f"column {channel.name!r}"
    if channel.kind == "symbols":
        if values.dtype.kind != "f":
            return Coded.of(values)
        known = values[~np.isnan(values)]
        broken = known[known != np.floor(known)]
        if broken.size:
            raise ValueError(f"{what}: expected symbols, got {broken[0]:g}")
        whole = np.full(len(values), None, dtype=object)
        whole[~np.isnan(values)] = known.astype(np.int64)
        return Coded.of(whole if len(known) < len(values) else known.astype(np.int64))
    if values.dtype.kind == "O":
        numbers = np.array([np.nan if is_missing(v) or isinstance(v, str) else v for v in values], np.float64)
        words = [v for v in values if isinstance(v, str)]
    else:
        words = values[:1].tolist() if values.dtype.kind == "U" else []
        numbers = np.empty(0) if words else values.astype(np.float64)
    if words:
        raise ValueError(f"{what}: expected numbers, got {words[0]!r:.40}")
    if channel.kind == "count":
        known = numbers[~np.isnan(numbers)]
        broken = known[(known < 0) | (known != np.floor(known))]
        if broken.size:
            raise ValueError(f"{what}: expected counts, which are whole numbers from 0, got {broken[0]:g}")
    return numbers


def fit_schema(steps: Steps, schema: Schema) -> Schema:
    """Hold steps against a schema: how many channels they have, and what these hold.

    Raises
    ------
    ValueError
        If it does not fit.
    """
    if len(schema) != steps.n_channels:
        raise ValueError(f"the schema has {len(schema)} channel(s), but a step has {steps.n_channels}")
    for i, (channel, own) in enumerate(zip(schema, steps.schema, strict=True)):
        if (channel.kind == "symbols") != (own.kind == "symbols"):
            raise ValueError(f"channel {channel.name!r} holds {own.kind}, but the schema says {channel.kind}")
        if channel.kind == "count":
            values = steps.decode()
            mixed = isinstance(steps, Columns)
            as_channel(values[own.name] if mixed else values.reshape(len(steps), -1)[:, i], channel)
    return schema


def as_floats(steps: Steps) -> Plain:
    """Return whole-number symbols as floats, NaN where one is missing."""
    values = steps.decode()
    return Plain(np.where(steps.missing[:, 0], np.nan, values).astype(np.float64))
