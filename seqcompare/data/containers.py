"""Sequences that are already sequences: Python's containers and series from ``.ts`` files."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.kinds import AS_REAL, as_kind, check_finite
from seqcompare.data.readers.ts import read_ts
from seqcompare.data.roles import Wanted, settle_role
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.source import DataError
from seqcompare.data.targets import check_step_labels

_PART = re.compile(r"_(train)(\.ts(?:\.gz)?)$", re.IGNORECASE)


def read_container(data: Any, group: Any, wanted: Wanted, name: str) -> SequenceDataset:
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
    try:
        steps = Sequences(X)
        steps.container = "sequences"
        target = None if y is None else _read_targets(y, steps, wanted.role)
    except DataError:
        raise
    except ValueError as error:
        raise DataError(str(error)) from None
    return _assemble(steps, target, wanted, name, groups=_read_groups(group, len(steps)))


def read_series(path: Path, wanted: Wanted, name: str | None) -> SequenceDataset:
    """Read a ``.ts`` file, and ``..._TEST.ts`` beside ``..._TRAIN.ts`` as the official test part.

    Raises
    ------
    DataError
        If a file is not as the format demands; see `read_ts`.
    """
    files = [path]
    notes = []
    part = _PART.search(path.name)
    if part:
        word = "test" if part[1].islower() else "TEST" if part[1].isupper() else "Test"
        other = path.with_name(path.name[: part.start()] + f"_{word}" + part[2])
        if other.exists():
            files.append(other)
            notes.append(f"{other.name} is taken for the official test part")
    read = [read_ts(file) for file in files]
    if len({None if part.target is None else part.target.dtype.kind for part in read}) > 1:
        raise DataError(f"the targets are of another kind than those of {path.name}", files[-1])
    series = [x for part in read for x in part.series]
    if len({x.shape[1:] for x in series}) > 1:
        raise DataError(f"the series have another number of dimensions than those of {path.name}", files[-1])
    places = [(file, line) for file, part in zip(files, read, strict=True) for line in part.lines]
    X = Sequences(np.concatenate(series), offsets_of([len(x) for x in series]))
    target = None
    if read[0].target is not None:
        target = np.concatenate([part.target for part in read if part.target is not None])
        if target.dtype.kind == "f" and wanted.role is None:
            # the header says so, whether or not the numbers happen to be whole
            wanted = replace(wanted, role="value")
            notes.append("the header declares numbers as targets, so the role is value")
    test = np.repeat([False, True], [len(read[0].series), len(series) - len(read[0].series)])
    return _assemble(
        X,
        target,
        wanted,
        name or read[0].name,
        test=test if len(read) > 1 else None,
        notes=notes,
        places=places,
        declared=all(part.missing for part in read),
    )


def _assemble(
    X: Sequences,
    target: Sequences | NDArray[Any] | None,
    wanted: Wanted,
    name: str,
    *,
    groups: NDArray[Any] | None = None,
    test: NDArray[np.bool_] | None = None,
    notes: list[str] | None = None,
    places: list[tuple[Path, int]] | None = None,
    declared: bool = False,
) -> SequenceDataset:
    """Settle kind and role; `places` are file and line of each sequence, `declared` lets NaN pass."""
    said = list(notes or [])

    def fail(problem: str, i: int | None, step: int | None = None, channel: int = 0) -> DataError:
        if i is None:
            return DataError(problem, places[0][0] if places else None)
        where = "" if step is None else f"step {step}: "
        if step is not None and X.n_channels > 1:
            where = f"step {step}, channel {channel}: "
        if places:
            return DataError(where + problem, *places[i])
        return DataError(f"sequence {i}, {where}{problem}" if where else f"sequence {i}: {problem}")

    def fail_at(problem: str, row: int | None, channel: int) -> DataError:
        if row is None:
            return fail(problem, None)
        i = int(np.searchsorted(X.offsets, row, side="right")) - 1
        return fail(problem, i, row - int(X.offsets[i]), channel)

    def fail_target(problem: str, where: int | None) -> DataError:
        return fail_at(problem, where, 0) if isinstance(target, Sequences) else fail(problem, where)

    missing = wanted.missing or ("keep" if declared else None)
    X = as_kind(X, wanted.kind, fail_at)
    if wanted.kind is None and X.values.dtype.kind in "iu":
        said.append(f"whole numbers are read as {len(np.unique(X.values))} symbols; {AS_REAL}")
    check_finite(X, missing, said, fail_at)
    y, weight, role = settle_role(X, target, wanted, said, fail_target)
    return SequenceDataset(X, y, weight, role, name, groups=groups, test=test, notes=tuple(said))


def _read_targets(y: Any, X: Sequences, role: str | None) -> Sequences | NDArray[Any]:
    """Return targets per step or per sequence, whichever `y` holds."""
    if not isinstance(y, Sequences) and (isinstance(y, str) or not hasattr(y, "__len__")):
        raise DataError(f"the targets y must be a list or array, got {type(y).__name__}")
    if len(y) != len(X):
        raise DataError(f"there are {len(X)} sequences but {len(y)} targets")
    # words are labels of sequences, unless labels of steps are asked for
    first = next(iter(y))
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


def _read_groups(group: Any, n_sequences: int) -> NDArray[Any] | None:
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
