"""What was understood of data, without anything being fitted: channels, lengths, gaps, targets, columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from seqcompare.data.dataset import ColumnUse, SequenceDataset
from seqcompare.data.pace import pace_of
from seqcompare.data.sequences import Sequences
from seqcompare.quantities import percent, several
from seqcompare.typing import Values

_LISTED = 6


@dataclass(frozen=True)
class ChannelFacts:
    """What a channel holds.

    Parameters
    ----------
    channel, kind : str
        Its name, and "symbols", "real" or "count".
    different : int
        How many values differ.
    missing : int
        How many steps have none.
    holds : str
        The commonest symbols, or the range of the numbers.
    """

    channel: str
    kind: str
    different: int
    missing: int
    holds: str


@dataclass(frozen=True)
class Inspection:
    """What was understood of data.

    Parameters
    ----------
    name, role : str
        What the data are called, and what is predicted.
    sequences, steps : int
        How many there are.
    lengths : str
        Steps of a sequence: least, middle, most.
    channels : tuple of ChannelFacts
        What a step holds.
    target : str
        Classes with their shares, or the range of numbers; empty without a target.
    times : str
        How far apart the steps are; empty where that is not known.
    groups, test : int
        How many groups there are, and sequences in the official test part; 0 for none.
    columns : tuple of ColumnUse
        What the columns of a table are for.
    notes : tuple of str
        What was guessed or decided.
    """

    name: str
    role: str
    sequences: int
    steps: int
    lengths: str
    channels: tuple[ChannelFacts, ...]
    target: str
    times: str
    groups: int
    test: int
    columns: tuple[ColumnUse, ...]
    notes: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Return the facts that are no tables, a sentence each."""
        said = [
            f"{self.name}: {several(self.sequences, 'sequence')} of {self.lengths} steps, "
            f"{self.steps:,} in all; "
            f"the role is {self.role}"
        ]
        said += [f"target: {self.target}"] if self.target else []
        said += [f"times: {self.times}"] if self.times else []
        said += [f"groups that stay on one side of a split: {self.groups}"] if self.groups else []
        said += [f"official test part: {several(self.test, 'sequence')}"] if self.test else []
        return said


def inspect(data: SequenceDataset) -> Inspection:
    """Return what was understood of data that were read.

    Parameters
    ----------
    data : SequenceDataset
        The data.
    """
    lengths = data.X.lengths
    middle = int(np.median(lengths))
    same = lengths.min() == lengths.max()
    return Inspection(
        name=data.name,
        role=data.role,
        sequences=len(data),
        steps=data.X.n_steps,
        lengths=str(middle) if same else f"{lengths.min()} to {lengths.max()} (half of them up to {middle})",
        channels=tuple(_channels(data.X)),
        target=_target(data),
        times="" if (pace := pace_of(data)) is None else pace.words,
        groups=0 if data.groups is None else len(np.unique(data.groups)),
        test=0 if data.test is None else int(data.test.sum()),
        columns=data.columns,
        notes=data.notes,
    )


def _channels(X: Sequences) -> Iterator[ChannelFacts]:
    for channel in X.schema:
        column = X.column(channel.name)
        missing = int(column.missing.sum())
        if column.kind == "symbols":
            counts = np.bincount(column.codes, minlength=len(column.alphabet) + 1)[:-1]
            most = np.argsort(-counts, kind="stable")[:_LISTED]
            shown = [
                f"{column.alphabet[i]} {percent(counts[i] / max(counts.sum(), 1))}" for i in most if counts[i]
            ]
            more = ", ..." if (counts > 0).sum() > len(shown) else ""
            yield ChannelFacts(
                channel.name, channel.kind, int((counts > 0).sum()), missing, ", ".join(shown) + more
            )
            continue
        values = column.values[~np.isnan(column.values)]
        different = len(np.unique(values))
        holds = (
            f"{values.min():g} to {values.max():g}, half up to {np.median(values):g}" if len(values) else ""
        )
        yield ChannelFacts(channel.name, channel.kind, different, missing, holds)


def _range(values: Values) -> str:
    return f"{values.min():g} to {values.max():g}, half up to {np.median(values):g}"


def _target(data: SequenceDataset) -> str:
    if data.y is None:
        return ""
    values = data.y.values if isinstance(data.y, Sequences) else np.asarray(data.y)
    if isinstance(data.sample_weight, Sequences):
        values = values[data.sample_weight.values > 0]
    if data.role in ("value", "step-value"):
        return _range(values)
    classes, counts = np.unique(values, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:_LISTED]
    shown = ", ".join(f"{classes[i]} {percent(counts[i] / counts.sum())}" for i in most)
    return f"{several(len(classes), 'class')}: {shown}" + (", ..." if len(classes) > len(most) else "")
