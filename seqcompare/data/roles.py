"""What is to be predicted: the role that a target implies, and what a target must be for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Target
from seqcompare.data.kinds import are_whole
from seqcompare.data.options import Kind, Missing, Role
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError
from seqcompare.typing import Values

Fail = Callable[[str, int | None], DataError]
"""Makes the error for a problem at a step (of targets per step), a sequence (else), or nowhere."""


@dataclass(frozen=True)
class Wanted:
    """What the user said about the data, whatever their form; None is for "find out".

    A `part` of the data is never learned from: it may have one class, or one sequence, and its channels
    have the `kinds` of those that are learned from (with whether their symbols are words), and the columns of
    a wide table are their `steps`. `kinds_told` are those of single columns of a table.
    """

    role: Role | None = None
    kind: Kind | None = None
    missing: Missing | None = None
    ignore_label: object = None
    part: bool = False
    kinds: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    kinds_told: Mapping[str, Kind] = field(default_factory=dict)
    steps: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        told = [("role", self.role, Role), ("kind", self.kind, Kind), ("missing", self.missing, Missing)]
        for what, value, choices in [*told, *(("kind", kind, Kind) for kind in self.kinds_told.values())]:
            if value is not None and value not in get_args(choices):
                close = get_close_matches(str(value), get_args(choices), 1)
                meant = f"; did you mean {close[0]!r}?" if close else ""
                raise DataError(f"{what} must be one of {', '.join(get_args(choices))}, got {value!r}{meant}")

    @classmethod
    def of(
        cls,
        role: Role | None,
        kind: Kind | Mapping[str, Kind] | None,
        missing: Missing | None,
        ignore_label: object,
        **more: Any,
    ) -> Wanted:
        """Return what was said, of kinds either one for all or those of columns."""
        if isinstance(kind, Mapping):
            return cls(role, None, missing, ignore_label, kinds_told=kind, **more)
        return cls(role, kind, missing, ignore_label, **more)


#: Whole numbers from which on they may be meant as numbers.
_MANY = 10

Settled = tuple[Target, Sequences | None, Role]


def settle_role(
    X: Sequences,
    target: Target,
    wanted: Wanted,
    notes: list[str],
    fail: Fail,
) -> Settled:
    """Infer the role unless it is given, and bring the target into its form.

    Parameters
    ----------
    X : Sequences
        The input.
    target : Sequences, ndarray of shape (n,), or None
        A target per step, per sequence, or none.
    wanted : Wanted
        Role and label to ignore. Without a role, no target means ``next``; a target that is the same all
        through each sequence ``sequence``, or ``value`` where it is a number with a fraction; any other
        ``step``, or ``step-value`` where it is one.
    notes : list of str
        What was inferred is added here.
    fail : callable
        Makes the error for a problem and its place.

    Returns
    -------
    y : Sequences, ndarray or None
        The target in the role's form.
    sample_weight : Sequences or None
        0 where `ignore_label` says so, and where a number per step is missing.
    role : str
        The role.
    """
    role, ignore_label = wanted.role, wanted.ignore_label
    if target is None:
        if role not in (None, "next"):
            none = fail(f"the role {role} needs a target, and there is none", None)
            raise none.trying({"target": None}, {"role": None})
        if ignore_label is not None:
            none = fail("the label to ignore is one of a target, and there is none", None)
            raise none.trying({"ignore_label": None})
        if role is None:
            notes.append("no target, so the role is next: each step is predicted from those before it")
        return (None, None, "next") if wanted.part else _check_next(X, notes, fail)
    if role == "next":
        own = fail("the role next predicts the steps themselves: it takes no target", None)
        raise own.trying({"target": False}, {"role": None})
    if isinstance(target, Sequences):
        change = _first_change(target)
        fractions = _have_fractions(target.values)
        if role == "step-value" or (role is None and change is not None and fractions):
            if role is None:
                notes.append(
                    "the target is a number that changes within sequences, so the role is step-value"
                )
            return _check_step_numbers(target, wanted, notes, fail)
        if role == "step" or (role is None and change is not None):
            if role is None:
                notes.append("the target changes within sequences, so the role is step")
                if target.values.dtype.kind in "iuf" and len(np.unique(target.values)) > _MANY:
                    notes[-1] += "; the role 'step-value' predicts it as a number"
            return _check_steps(target, ignore_label, fail, wanted.part)
        if change is not None:
            changes = fail(f"the role {role} needs one target a sequence, but it changes here", change)
            raise changes.trying({"role": None}, {"role": "step"})
        values, starts = target.values[target.offsets[:-1]], target.offsets
        return _check_sequences(values, wanted, notes, lambda p, i: fail(p, _start(starts, i)))
    if role in ("step", "step-value"):
        what = "a label" if role == "step" else "a number"
        one = fail(f"the role {role} needs {what} for every step, but there is one a sequence", None)
        raise one.trying({"role": None})
    return _check_sequences(target, wanted, notes, fail)


def _start(offsets: NDArray[np.int64], i: int | None) -> int | None:
    return None if i is None else int(offsets[i])


def _check_next(X: Sequences, notes: list[str], fail: Fail) -> Settled:
    if X.lengths.max() < 2:
        short = fail("every sequence has one step: there is no next step to predict", None)
        raise short.trying({"sequence": None}, {"sequence": False}, {"wide": True})
    if (X.values == X.values[0]).all():
        raise fail(f"all steps are {np.ravel(X.values[0]).tolist()}: there is nothing to predict", 0)
    return None, None, "next"


def _check_steps(target: Sequences, ignore_label: object, fail: Fail, part: bool) -> Settled:
    labels = _as_labels(target.values, "a label per step must be a symbol", fail)
    scored = np.ones(len(labels), dtype=bool)
    if ignore_label is not None:
        # a command line can only say "-1"
        ignored = labels.astype(str) == str(ignore_label)
        if not ignored.any() and not part:
            raise fail(
                f"the label to ignore, {ignore_label!r}, is none of the labels: {_listed(labels)}", None
            ).trying({"ignore_label": None})
        scored = ~ignored
    if not part:
        _check_classes(labels[scored], fail)
    y = target.with_values(labels)
    weight = None if ignore_label is None else target.with_values(scored.astype(np.float64))
    return y, weight, "step"


def _check_step_numbers(target: Sequences, wanted: Wanted, notes: list[str], fail: Fail) -> Settled:
    """Return numbers, with weight 0 and a number that is no matter where there is none."""
    if wanted.ignore_label is not None:
        raise fail("a label can be ignored among labels only, but the role step-value has numbers", None)
    values = _as_numbers(target.values, lambda problem, i: fail(problem.replace("value", "step-value"), i))
    known = ~np.isnan(values)
    infinite = np.flatnonzero(np.isinf(values))
    if infinite.size:
        raise fail(f"expected a finite target, got {values[infinite[0]]:g}", int(infinite[0]))
    if not wanted.part:
        if not known.any():
            raise fail("no step has a target: there is nothing to predict", None)
        first = values[known][0]
        if (values[known] == first).all():
            raise fail(f"every target is {first:g}: there is nothing to predict", None)
    if known.all():
        return target.with_values(values), None, "step-value"
    notes.append(
        f"{int((~known).sum())} of {len(known)} steps have no target: they are read, and neither trained on "
        "nor scored"
    )
    usual = float(values[known].mean()) if known.any() else 0.0
    weight = target.with_values(known.astype(np.float64))
    return target.with_values(np.where(known, values, usual)), weight, "step-value"


def _have_fractions(values: Values) -> bool:
    return values.dtype.kind == "f" and bool((values[np.isfinite(values)] % 1 != 0).any())


def _check_sequences(target: Values, wanted: Wanted, notes: list[str], fail: Fail) -> Settled:
    role = wanted.role
    if wanted.ignore_label is not None:
        raise fail(
            "a label can be ignored among labels per step only, but there is one target a sequence", None
        ).trying({"ignore_label": None})
    absent = np.flatnonzero(np.isnan(target)) if target.dtype.kind == "f" else np.empty(0, dtype=np.int64)
    if absent.size:
        raise fail("there is no target", int(absent[0]))
    fractions = _have_fractions(target)
    number = "; the role 'value' predicts it as a number" if target.dtype.kind in "iuf" else ""
    if role is None:
        role = "value" if fractions else "sequence"
        what = "is a number with a fraction" if fractions else "is a class"
        notes.append(f"the target is the same all through each sequence and {what}, so the role is {role}")
        if number and role == "sequence" and len(np.unique(target)) > _MANY:
            notes[-1] += number
    if len(target) < 2 and not wanted.part:
        one = fail(f"the role {role} needs several sequences to learn from, but there is one", None)
        raise one.trying({"sequence": None}, {"wide": True}, {"target": False})
    if role == "value":
        values = _as_numbers(target, fail)
        if (values == values[0]).all() and not wanted.part:
            same = fail(f"every target is {values[0]:g}: there is nothing to predict", None)
            raise same.trying({"target": False, "role": None})
        return values, None, role
    labels = _as_labels(target, "a class must be a symbol; the role value predicts numbers", fail)
    if wanted.part:
        return labels, None, role
    _check_classes(labels, fail)
    if len(np.unique(labels)) == len(labels):
        own = fail("every sequence has a class of its own: no class can be learnt and tested" + number, None)
        raise own.trying({"role": "value"}, {"target": False, "role": None})
    return labels, None, role


def _check_classes(labels: Values, fail: Fail) -> None:
    classes = np.unique(labels)
    if len(classes) < 2:
        one = fail(f"the target has one class, {classes[0]!s}: there is nothing to predict", None)
        raise one.trying({"target": False, "role": None})


def _as_labels(values: Values, problem: str, fail: Fail) -> Values:
    if values.dtype.kind != "f":
        return values
    broken = np.flatnonzero(~are_whole(values))
    if broken.size:
        real = fail(f"{problem}, got {values[broken[0]]:g}", int(broken[0]))
        raise real.trying({"role": "value"}, {"target": False, "role": None})
    return values.astype(np.int64)


def _as_numbers(values: Values, fail: Fail) -> NDArray[np.float64]:
    try:
        return values.astype(np.float64)
    except ValueError:
        for i, value in enumerate(values):
            try:
                float(value)
            except ValueError:
                raise fail(f"the role value predicts numbers, got {value!s}", i).trying(
                    {"role": None}
                ) from None
        raise


def _first_change(target: Sequences) -> int | None:
    """Return the first step whose target differs from the one before it in its sequence."""
    differs = np.zeros(target.n_steps, dtype=bool)
    differs[1:] = target.values[1:] != target.values[:-1]
    differs[target.offsets[:-1]] = False
    return int(np.argmax(differs)) if differs.any() else None


def _listed(labels: Values, most: int = 10) -> str:
    names = np.unique(labels).astype(str)
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
