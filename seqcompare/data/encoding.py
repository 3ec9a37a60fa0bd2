"""Steps of mixed channels for models of one kind: as numbers, or as one symbol."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.schema import Channel, Schema
from seqcompare.data.sequences import Sequences
from seqcompare.typing import Floats, Labels

# what a joint symbol may come to: symbols in all, and steps seen of each on average
_MOST_JOINT = 256
_LEAST_SEEN = 5
# into how many parts numbers are cut, from the finest
_PARTS = (8, 4, 3, 2)


@dataclass(frozen=True, eq=False)
class AsNumbers:
    """Mixed channels as numbers: symbols one-hot, numbers as they are.

    Parameters
    ----------
    schema : tuple of Channel
        What is encoded.
    alphabets : list of (ndarray or None)
        The symbols of each channel, None for numbers.
    """

    schema: Schema
    alphabets: list[Labels | None]

    @classmethod
    def of(cls, X: Sequences) -> AsNumbers:
        """Learn the alphabets."""
        symbols = [channel.kind == "symbols" for channel in X.schema]
        return cls(X.schema, [X.channel(i).present() if s else None for i, s in enumerate(symbols)])

    @property
    def columns(self) -> Schema:
        """The channels that come out: ``event=buy``, ``event=sell``, ``amount``."""
        names: list[str] = []
        for channel, alphabet in zip(self.schema, self.alphabets, strict=True):
            names += [channel.name] if alphabet is None else [f"{channel.name}={s}" for s in alphabet]
        return tuple(Channel(name, "real") for name in dict.fromkeys(names))

    def transform(self, X: Sequences) -> Sequences:
        """Return the steps as numbers, shape (n_steps, n_columns).

        A symbol that is not known is 0 in all columns of its channel, a missing one NaN in all.
        """
        check_same(self.schema, X)
        blocks = []
        for i, alphabet in enumerate(self.alphabets):
            one = X.channel(i)
            if alphabet is None:
                blocks.append(one.values.astype(np.float64)[:, np.newaxis])
                continue
            codes = one.codes_in(alphabet)
            block = np.zeros((X.n_steps, len(alphabet) + 1))
            block[np.arange(X.n_steps), codes] = 1.0
            if one.has_missing:
                block[one.missing[:, 0]] = np.nan
            blocks.append(block[:, :-1])
        values = np.concatenate(blocks, axis=1)
        columns = self.columns
        named = Sequences(values, X.offsets, schema=columns if len(columns) == values.shape[1] else None)
        return _holding(X, named)


@dataclass(frozen=True, eq=False)
class AsSymbols:
    """Mixed channels as one symbol: the joint one of symbols and of parts of numbers, while it is small.

    Where it is not, numbers are cut into fewer parts, and then channels are left out, the last ones first.

    Parameters
    ----------
    schema : tuple of Channel
        What is encoded.
    kept : list of int
        The channels that make up the symbol.
    edges : list of (ndarray or None)
        Where each of them is cut, None for symbols.
    """

    schema: Schema
    kept: list[int]
    edges: list[Floats | None]

    @classmethod
    def of(cls, X: Sequences) -> AsSymbols:
        """Find the finest joint symbol that is seen often enough."""
        limit = min(_MOST_JOINT, max(2, X.n_steps // _LEAST_SEEN))
        numbers = any(channel.kind != "symbols" for channel in X.schema)
        for n_kept in range(X.n_channels, 0, -1):
            for n_parts in _PARTS if numbers else _PARTS[:1]:
                found = cls(X.schema, list(range(n_kept)), [_edges(X, i, n_parts) for i in range(n_kept)])
                if n_kept == 1 and n_parts == _PARTS[-1]:
                    return found
                if len(np.unique(found.transform(X).codes)) <= limit:
                    return found
        return found

    @property
    def left_out(self) -> list[str]:
        """The names of the channels that the symbol says nothing of."""
        return [channel.name for i, channel in enumerate(self.schema) if i not in self.kept]

    def transform(self, X: Sequences) -> Sequences:
        """Return one symbol a step, such as ``buy | 3``."""
        check_same(self.schema, X)
        joint: Labels | None = None
        for i, edges in zip(self.kept, self.edges, strict=True):
            one = X.channel(i)
            if edges is None:
                words = np.array([*map(str, one.present()), "?"])
                part = words[one.codes_in(one.present())]
            else:
                places = np.searchsorted(edges, one.values, side="right").astype(str)
                part = np.where(np.isnan(one.values), "?", places)
            joint = part if joint is None else np.char.add(np.char.add(joint, " | "), part)
        assert joint is not None
        return _holding(X, Sequences(joint, X.offsets))


Encoding = AsNumbers | AsSymbols


def _edges(X: Sequences, i: int, n_parts: int) -> Floats | None:
    """Return where a channel of numbers is cut into parts of about as many steps each."""
    if X.schema[i].kind == "symbols":
        return None
    values = X.channel(i).values.astype(np.float64)
    known = values[~np.isnan(values)]
    if not len(known):
        return np.empty(0)
    return np.unique(np.quantile(known, np.arange(1, n_parts) / n_parts))


def _holding(X: Sequences, steps: Sequences) -> Sequences:
    """Return `steps` in the container of `X`, at its times."""
    return Sequences._made(steps._steps, X.offsets, X.container, steps._schema, X.times)


def check_same(schema: Schema, X: Sequences) -> None:
    """Raise ValueError unless the channels of `X` are called, and hold, what those of a schema do.

    Measurements and counts are both numbers.
    """
    expected = [(channel.name, channel.kind == "symbols") for channel in schema]
    if expected != [(channel.name, channel.kind == "symbols") for channel in X.schema]:
        known = ", ".join(f"{channel.name} ({channel.kind})" for channel in schema)
        came = ", ".join(f"{channel.name} ({channel.kind})" for channel in X.schema)
        raise ValueError(f"expected steps of the channels {known}, as in fit, got {came}")


def of_one_kind(dataset: SequenceDataset) -> SequenceDataset:
    """Return a data set whose channels are of one kind: joint symbols to predict, else numbers."""
    if dataset.X.kind != "mixed":
        return dataset
    if dataset.role == "next":
        return with_joint_symbols(dataset)
    return replace(dataset, X=as_numbers(dataset.X))


def as_numbers(X: Sequences) -> Sequences:
    """Return sequences whose channels have a common matrix: mixed ones as numbers, others as they are."""
    return AsNumbers.of(X).transform(X) if X.kind == "mixed" else X


def with_joint_symbols(dataset: SequenceDataset) -> SequenceDataset:
    """Return data whose next step is to be predicted with one symbol a step, of all channels of symbols.

    Where there are too many joint symbols, channels are left out from the last, which a note says. Where
    something else is predicted, the data stay as they are, and a note says what chains read.

    Raises
    ------
    ValueError
        If there are numbers among the channels: a step of symbols and numbers has no loss of one kind.
    """
    if dataset.X.kind != "mixed":
        return dataset
    if dataset.role != "next":
        return replace(dataset, notes=(*dataset.notes, _as_chains_read(AsSymbols.of(dataset.X))))
    numbers = [channel.name for channel in dataset.X.schema if channel.kind != "symbols"]
    names = [channel.name for channel in dataset.X.schema if channel.kind == "symbols"]
    if numbers:
        raise ValueError(
            f"the next step has symbols ({', '.join(names)}) beside numbers ({', '.join(numbers)}), which "
            f"are not predicted together: name those that are (--values {names[0]}), or a target (--target)"
        )
    encoding = AsSymbols.of(dataset.X)
    note = f"channels {', '.join(names)} are predicted as one joint symbol"
    if encoding.left_out:
        kept = [name for name in names if name not in encoding.left_out]
        note = (
            f"joint symbols of {', '.join(names)} are too many to be learnt: {', '.join(kept)} is predicted, "
            f"and {', '.join(encoding.left_out)} left out"
        )
    return replace(dataset, X=encoding.transform(dataset.X), notes=(*dataset.notes, note))


def _as_chains_read(encoding: AsSymbols) -> str:
    """Say of what the one symbol is made that chains read of each step."""
    cut = [edges for edges in encoding.edges if edges is not None]
    kept = [encoding.schema[i].name for i in encoding.kept]
    said = f"models of symbols alone read the channels {', '.join(kept)} as one joint symbol"
    if len(kept) == 1:
        said = f"models of symbols alone read the channel {kept[0]} only"
    said += f", numbers cut into up to {max(map(len, cut)) + 1} parts" if cut else ""
    left_out = encoding.left_out
    return said + (
        f"; {', '.join(left_out)} would make too many symbols, and is left out" if left_out else ""
    )
