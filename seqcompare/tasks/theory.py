"""What theory says about who can solve a task: reach, states and units, not what training finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from seqcompare.data.dataset import Role

FAMILIES = ("markov", "hmm", "window", "recurrent", "reference")
LINEAR_RULES = frozenset({"logistic", "linear-svm", "ridge", "linear"})
CELLS = ("elman", "jordan", "gru", "lstm")


@dataclass(frozen=True)
class Candidate:
    """A model as far as theory needs to know it; `Task.can_represent` describes the fields."""

    family: str
    capacity: float
    variant: str | None = None
    after: int = 0
    causal: bool = True
    latent: bool = True
    pooling: str = "last"

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"family must be one of {', '.join(FAMILIES)}, got {self.family!r}")
        least = 0 if self.family in ("markov", "reference") else 1
        if self.capacity < least:
            raise ValueError(
                f"the capacity of a {self.family} model is at least {least}, got {self.capacity}"
            )
        if self.after < 0 or self.after >= max(self.capacity, 1):
            raise ValueError(
                f"after must be between 0 and capacity - 1 = {self.capacity - 1}, got {self.after}"
            )

    @property
    def cell(self) -> str:
        """The recurrent cell, without the direction; an LSTM if nothing was said."""
        name = (self.variant or "lstm").removeprefix("bi")
        if name not in CELLS:
            raise ValueError(f"expected a cell of {', '.join(CELLS)}, got {self.variant!r}")
        return name

    @property
    def sees_later_steps(self) -> bool:
        """Whether a recurrent net or HMM makes use of steps after the one it answers for."""
        return not self.causal or (self.variant or "").startswith("bi")


@dataclass(frozen=True)
class Needs:
    """What a model must have to solve a task; `Task.can_represent` says what that means.

    Parameters
    ----------
    role : {"next", "step", "sequence", "value"}
        What is predicted.
    distance : int
        Steps between the input and the answer.
    least_states : int
        No HMM with fewer states can.
    enough_states : int, optional
        An HMM of this size is known that can.
    units : mapping of cell to int
        Nets of this many hidden units are known that can.
    linear : bool, optional
        Whether a linear rule on the taps of a window is enough; None if that is open.
    finite : bool
        Whether any finite number of past steps is enough.
    undecided : set of str
        Families of which nothing is known, mostly since they hold models of more than one kind.
    """

    role: Role
    distance: int
    least_states: int
    enough_states: int | None = None
    units: Mapping[str, int] = field(default_factory=dict)
    linear: bool | None = True
    finite: bool = True
    undecided: frozenset[str] = frozenset()


def can_reach(candidate: Candidate, needs: Needs) -> bool | None:
    """Return True, False or None (not known), as `Task.can_represent` describes."""
    if candidate.family in needs.undecided:
        return None
    if candidate.family == "markov":
        return _markov(candidate, needs)
    if candidate.family == "hmm":
        return _hmm(candidate, needs)
    if candidate.family == "window":
        return _window(candidate, needs)
    if candidate.family == "recurrent":
        return _recurrent(candidate, needs)
    return None


def _markov(candidate: Candidate, needs: Needs) -> bool | None:
    if needs.role == "value":
        return False
    if not needs.finite:
        return None
    return 0 <= needs.distance <= candidate.capacity


def _hmm(candidate: Candidate, needs: Needs) -> bool | None:
    if needs.role == "value":
        return False
    if needs.role == "step":
        if not candidate.latent:
            return needs.distance == 0
        if needs.distance < 0 and not candidate.sees_later_steps:
            return False
    if candidate.capacity < needs.least_states:
        return False
    return True if needs.enough_states is not None and candidate.capacity >= needs.enough_states else None


def _window(candidate: Candidate, needs: Needs) -> bool | None:
    if needs.role in ("sequence", "value"):
        # the gap after the last mark has no bound: no width shows both marks every time
        short = candidate.capacity <= needs.distance
        return False if short and (needs.role == "sequence" or candidate.pooling == "last") else None
    if not needs.finite:
        return None
    if needs.role == "next":
        if candidate.after:
            raise ValueError(f"a window that predicts the next step has after=0, got {candidate.after}")
        reached = needs.distance <= candidate.capacity
    else:
        reached = -candidate.after <= needs.distance <= candidate.capacity - 1 - candidate.after
    if candidate.variant in LINEAR_RULES and not needs.linear:
        return None if reached and needs.linear is None else False
    return reached


def _recurrent(candidate: Candidate, needs: Needs) -> bool | None:
    if needs.distance < 0 and not candidate.sees_later_steps:
        return False
    enough = needs.units.get(candidate.cell)
    return True if enough is not None and candidate.capacity >= enough else None
