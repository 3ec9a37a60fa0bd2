"""Several labels a step: an indicator matrix for each sequence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.typing import Floats, TargetsLike, Values


def is_indicator(y: Any) -> bool:
    """Whether `y` holds several labels a step: `Sequences` or an array of rows, or a list of matrices."""
    if isinstance(y, Sequences):
        return y.values.ndim == 2 and y.values.shape[1] > 1
    if getattr(y, "ndim", 1) == 3:
        return bool(y.shape[2] > 1)
    return isinstance(y, (list, tuple)) and len(y) > 0 and np.ndim(y[0]) == 2 and np.shape(y[0])[1] > 1


def check_step_indicators(y: TargetsLike, sequences: Sequences) -> NDArray[np.int64]:
    """Return one row of 0 and 1 a step, end to end, shape (n_steps, n_labels).

    Raises
    ------
    ValueError
        If `y` has not a row for each step of each sequence, of one width and of 0 and 1 only.
    """
    parts = [np.asarray(part) for part in y]
    if len(parts) != len(sequences):
        raise ValueError(f"y has {len(parts)} sequences but X has {len(sequences)}")
    for i, (part, length) in enumerate(zip(parts, sequences.lengths, strict=True)):
        expected = (int(length), parts[0].shape[1])
        if part.shape != expected:
            raise ValueError(f"y[{i}] has shape {part.shape}, expected {expected}: a row of labels a step")
        if not np.isin(part, [0, 1]).all():
            raise ValueError(f"y[{i}] has several columns and must be an indicator matrix of 0 and 1")
    return np.concatenate(parts).astype(np.int64)


def label_columns(parts: list[Values], classes: list[Values]) -> Floats:
    """Return the probability that each label is 1, shape (n_rows, n_labels), of one matrix a label."""
    columns = [
        part[:, list(seen).index(1)] if 1 in seen else np.zeros(len(part))
        for part, seen in zip(parts, classes, strict=True)
    ]
    return np.stack(columns, axis=1)
