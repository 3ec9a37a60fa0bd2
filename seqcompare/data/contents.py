"""What a file or container holds, before it is settled what is learned from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import PerSequence, SequenceDataset, Target
from seqcompare.data.kinds import as_kind, check_finite, otherwise
from seqcompare.data.options import Role
from seqcompare.data.roles import Wanted, settle_role
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError


@dataclass(frozen=True, eq=False)
class Contents:
    """Sequences with what stands beside them: what a reader of a format may return.

    Parameters
    ----------
    X : Sequences
        The steps.
    target : Sequences, ndarray of shape (n,), or None
        A target per step, per sequence, or none.
    name : str, optional
        What the file calls its data.
    role : str, optional
        What the file declares to be predicted.
    groups : ndarray of shape (n,), optional
        Sequences of one group stay on one side of every split.
    test : ndarray of bool, shape (n,), optional
        The official test part.
    notes : tuple of str
        What was guessed or decided, a sentence each.
    places : list of (Path, int), optional
        File and line of each sequence, for errors.
    gaps : bool
        Whether the file declares that values are missing.
    """

    X: Sequences
    target: Target = None
    name: str | None = None
    role: Role | None = None
    groups: PerSequence | None = None
    test: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    places: list[tuple[Path, int]] | None = None
    gaps: bool = False


def settle(found: Contents, wanted: Wanted, name: str) -> SequenceDataset:
    """Settle kind and role of what was read, and what is missing.

    Raises
    ------
    DataError
        If a number is not finite, or the target is none for the role.
    """
    X, target, places, said = found.X.detached(), found.target, found.places, list(found.notes)

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

    if found.role is not None and wanted.role is None and target is not None:
        wanted = replace(wanted, role=found.role)
    X = as_kind(X, wanted.kind, fail_at)
    if wanted.kind is None and X.kind == "symbols" and X.values.dtype.kind in "iu":
        said.append(f"whole numbers are read as {len(X.present())} symbols; {otherwise('symbols')}")
    check_finite(X, wanted.missing or ("keep" if found.gaps else None), said, fail_at)
    y, weight, role = settle_role(X, target, wanted, said, fail_target)
    return SequenceDataset(X, y, weight, role, name, groups=found.groups, test=found.test, notes=tuple(said))
