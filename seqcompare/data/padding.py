"""Values that fill up the ends of shorter sequences, cut off."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.layout import offsets_of
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError


def cut_padding(data: SequenceDataset, padding: object) -> SequenceDataset:
    """Return data without the run of `padding`, in all channels, at the end of each sequence.

    Parameters
    ----------
    data : SequenceDataset
        Sequences, some of which are filled up.
    padding : str or number
        What they are filled up with; of numbers, also as text.

    Raises
    ------
    DataError
        If a sequence holds nothing else, or no sequence ends with it.
    """
    X = data.X
    padded = np.ones(X.n_steps, dtype=bool)
    for i in range(X.n_channels):
        channel = X.channel(i)
        if channel.kind == "symbols":
            padded &= channel.values.astype(str) == str(padding)
            continue
        try:
            padded &= channel.values == float(str(padding))
        except ValueError:
            raise DataError(f"the padding of numbers must be a number, got {padding!r}") from None
    # where the last step that is none stands
    place = np.where(padded, -1, X.step_index)
    lengths = np.maximum.reduceat(place, X.offsets[:-1]) + 1
    if (lengths == 0).any():
        raise DataError(f"sequence {np.argmin(lengths)} holds nothing but the padding {padding!r}")
    n_cut = int(X.n_steps - lengths.sum())
    if not n_cut:
        raise DataError(f"no sequence ends with the padding {padding!r}").trying({"padding": None})
    rows = np.flatnonzero(X.step_index < np.repeat(lengths, X.lengths))
    offsets = offsets_of(lengths)
    n_shorter = int((lengths < X.lengths).sum())
    note = f"{n_cut} step(s) of padding, {padding!r}, are cut off the ends of {n_shorter} sequence(s)"
    return replace(
        data,
        X=X.cut(offsets, rows),
        y=data.y.cut(offsets, rows) if isinstance(data.y, Sequences) else data.y,
        sample_weight=data.sample_weight.cut(offsets, rows)
        if isinstance(data.sample_weight, Sequences)
        else data.sample_weight,
        notes=(*data.notes, note),
    )
