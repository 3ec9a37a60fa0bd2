"""Sequences in Python's own containers, and targets beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from seqcompare.data.axes import refuse_lengths
from seqcompare.data.contents import Contents
from seqcompare.data.dataset import PerSequence, Target
from seqcompare.data.layout import channels_first
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError
from seqcompare.data.targets import check_same_lengths, check_step_labels
from seqcompare.data.usual import listing
from seqcompare.typing import TargetsLike


def read_container(data: Any, group: object = None, role: str | None = None) -> Contents:
    """Read sequences, or a tuple ``(X, y)`` of sequences and targets.

    Raises
    ------
    DataError
        If the sequences are not as `Sequences` accepts them, a number is not finite, or the targets are
        not one a sequence or step.
    """
    X, y = data, None
    if isinstance(data, tuple):
        if len(data) != 2:
            raise DataError(f"a tuple must be (X, y), got {len(data)} entries; sequences come in a list")
        X, y = data
    notes: tuple[str, ...] = ()
    if isinstance(X, dict):
        X, notes = list(X.values()), (f"each of {listing([str(name) for name in X])} is a sequence",)
    if isinstance(X, np.ndarray) and X.ndim == 3 and channels_first(X.shape):
        notes = (
            f"the array is read as {X.shape[0]} sequences of {X.shape[1]} steps of {X.shape[2]} channels; if "
            "the second axis is that of channels, give X.transpose(0, 2, 1)",
        )
    try:
        refuse_lengths(X, y)
        steps = Sequences(X)
        target = None if y is None else _read_targets(y, steps, role)
    except DataError:
        raise
    except ValueError as error:
        raise DataError(str(error)) from None
    except TypeError as error:
        raise DataError(
            f"steps must be numbers or symbols ({error}); of dicts of features, make named channels: "
            "Sequences.from_columns({name: values, ...}, lengths)"
        ) from None
    return Contents(steps, target, groups=_read_groups(group, len(steps)), notes=notes)


def _read_targets(y: TargetsLike, X: Sequences, role: str | None) -> Target:
    """Return targets per step or per sequence, whichever `y` holds."""
    if isinstance(y, str) or not (hasattr(y, "__len__") and hasattr(y, "__iter__")):
        raise DataError(f"the targets y must be a list or array, got {type(y).__name__}")
    if len(y) != len(X):
        raise DataError(f"there are {len(X)} sequences but {len(y)} targets")
    # words are labels of sequences, unless labels of steps are asked for
    first = next(iter(y))
    if np.ndim(first) > 0 and role != "step":
        given = Sequences(y, name="y", numbers=role == "step-value")
        if given.kind == "real" or role == "step-value":
            return _numbers_a_step(given, X)
    if np.ndim(first) > 0 or (role == "step" and isinstance(first, str)):
        return X.with_values(check_step_labels(y, X))
    values = np.asarray(y)
    # a masked array hides what is missing
    absent = np.flatnonzero(pd.isna(values) | np.ma.getmaskarray(np.asanyarray(y)))
    if absent.size:
        raise DataError(f"sequence {absent[0]}: there is no target")
    if values.dtype.kind in "US":
        kinds = {isinstance(value, (str, bytes)) for value in y}
        if len(kinds) > 1:
            raise DataError("the targets mix words and numbers")
    cleaned = Sequences.from_concatenated(values).values
    if cleaned.dtype.kind == "f" and not np.isfinite(cleaned).all():
        raise DataError(f"sequence {np.argmin(np.isfinite(cleaned))}: expected a finite target")
    return cleaned


def _numbers_a_step(given: Sequences, X: Sequences) -> Sequences:
    """Return a target that is a number a step, NaN where there is none."""
    check_same_lengths(given, X, "y", "numbers")
    if given.n_channels != 1:
        raise DataError(f"y must have one number a step, got {given.n_channels}")
    if given.kind != "real":
        raise DataError(f"the role step-value predicts numbers, got {given.values[0]!s:.40}")
    return X.with_values(given.channels[:, 0].astype(np.float64))


def _read_groups(group: object, n_sequences: int) -> PerSequence | None:
    if group is None or group is False:
        return None
    if isinstance(group, str):
        raise DataError(f"group {group!r} names a column, but only a table has columns")
    groups = np.asarray(group)
    if groups.shape != (n_sequences,):
        raise DataError(f"expected one group for each of {n_sequences} sequences, got shape {groups.shape}")
    absent = np.flatnonzero(pd.isna(groups))
    if absent.size:
        raise DataError(f"sequence {absent[0]}: there is no group")
    return groups
