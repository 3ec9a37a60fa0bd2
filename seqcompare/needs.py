"""What a task needs of a model, and what theory must know of a model: neither side knows the other.

A leaf of the package: imports nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: How a recurrent unit keeps what it has seen: by its own squashed feedback, by a gate that leaves the state
#: as it is, by adding to a cell that gates protect, or by a linear rule that its input does not change.
Storage = Literal["squashing", "gated", "additive", "linear"]

#: What a model that is not recurrent remembers by: the last steps themselves, or a hidden state.
Memory = Literal["steps", "states"]

#: What steps are; counts are symbols too, for models that do not know better.
Kind = Literal["symbols", "counts", "real"]


@dataclass(frozen=True)
class Needs:
    """What a model must have to solve a task as well as the exact Bayes predictor.

    Parameters
    ----------
    role : {"next", "step", "step-value", "sequence", "value"}
        What is predicted.
    distance : int
        Steps between the input and the answer.
    least_states : int
        No model of fewer hidden states can.
    enough_states : int, optional
        A model of so many hidden states is known that can.
    units : mapping of storage to int
        So many recurrent units that store in this way are known to be enough.
    linear : bool, optional
        Whether a linear rule on the steps that matter is enough; None if that is open.
    pairs : bool
        Whether a linear rule on products of two of these steps is enough, where one on the steps is not.
    finite : bool
        Whether any finite number of past steps is enough.
    lasting_states : int, optional
        A model of so many hidden states that know how long they have lasted, up to `distance` steps, is known
        that can.
    joint_least, joint_states : int, optional
        For all classes together: no model of fewer hidden states can, and one of so many is known that can.
    undecided : set of {"steps", "states"}
        Ways to remember of which nothing is known, mostly since models of more than one kind remember so.
    kind : {"symbols", "counts", "real"}
        What steps are.
    state_numbers : int, optional
        A linear state of so many numbers is known that can, and none of fewer can.
    rules : int, optional
        So many linear rules on the last step, taking turns, are known that can, and no fewer can.
    past_squares : bool
        Whether the variance follows past squares: no rule of constant variance can, and GARCH(1, 1) is known
        that can.
    """

    role: str
    distance: int
    least_states: int
    enough_states: int | None = None
    units: Mapping[Storage, int] = field(default_factory=dict)
    linear: bool | None = True
    pairs: bool = True
    finite: bool = True
    lasting_states: int | None = None
    joint_least: int = 1
    joint_states: int | None = None
    undecided: frozenset[Memory] = frozenset()
    kind: Kind = "symbols"
    state_numbers: int | None = None
    rules: int | None = None
    past_squares: bool = False


@dataclass(frozen=True)
class Traits:
    """A model as far as theory needs to know it.

    Parameters
    ----------
    capacity : float
        Order, number of states, taps (``before + 1 + after``), or hidden units.
    model : str, optional
        The kind of model within its family.
    after : int, default=0
        Steps after the one answered for that a window shows.
    causal : bool, default=True
        Whether the answer uses no later step.
    latent : bool, default=True
        Whether hidden states are free, rather than the labels themselves.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        How a model of whole sequences sums up its steps.
    """

    capacity: float
    model: str | None = None
    after: int = 0
    causal: bool = True
    latent: bool = True
    pooling: str = "last"
