"""What a recurrent cell is to the rest: weights, a start, and the two passes over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.models.recurrent.packing import Pack
from seqcompare.needs import Storage
from seqcompare.typing import Array

Weights = dict[str, Array]
State = tuple[Array, ...]
#: (table, bias, source, *state) -> (output, *state) of one step of one sequence, each of shape (1, width).
Advance = Callable[..., tuple[Array, ...]]


class Size(NamedTuple):
    """The sizes of one layer: hidden units, and output units (only `jordan` has any of its own)."""

    hidden: int
    outputs: int


class Inputs(NamedTuple):
    """What the inputs add to the gates: row ``source[i]`` of `table`, and `bias`, at row i of the pack.

    For symbols `table` has a row a symbol, for real-valued steps a row a step. Where `beside` is given, a row
    a step, shape (N, n_inputs), it goes beside the state through one product, with a 1 for the bias, and
    `table` has no rows.
    """

    table: Array
    bias: Array
    source: NDArray[np.int64]
    beside: Array | None


class How(NamedTuple):
    """How a cell runs.

    Attributes
    ----------
    activation : of the hidden units, a code of `kernels.ACTIVATIONS`
    link : what `jordan` feeds its outputs back through
    take : (name, shape) -> an array to write to; the next batch gets the same memory again, since fetching
        fresh memory from the system can take longer than the arithmetic
    keep : whether to keep what the backward pass needs
    """

    activation: int
    link: int
    take: Callable[[str, tuple[int, ...]], Array]
    keep: bool


class Trace(NamedTuple):
    """One pass over time.

    Attributes
    ----------
    output : what the layer passes on, shape (N, width)
    final : the state of each sequence after its last step, one array (B, ...) a kind of state
    cache : what the backward pass needs, by name; the arrays hold a row a step
    """

    output: Array
    final: State
    cache: dict[str, Array]


class Backward(NamedTuple):
    """The gradients of one pass.

    Attributes
    ----------
    inputs : with respect to what the inputs add to the gates, shape (N, n_gates * hidden)
    weights : with respect to each weight, by name; to "input" and "bias" only if the inputs came beside
    initial : with respect to the initial state
    """

    inputs: Array
    weights: Weights
    initial: State


class Cell(NamedTuple):
    """A kind of recurrent layer, as a tuple of pure functions.

    Attributes
    ----------
    name : what the parameter `cell` calls it
    title : the same in words
    gates : names of the blocks of `hidden` columns that the inputs add to
    states : names of the parts of the state
    activations : those the cell can take, the default first
    learning_rate : the default of Adam at 32 hidden units, chosen on training data
    shapes : sizes -> the shape of each recurrent weight, by name
    state_shapes : sizes -> the width of each part of the state
    biases : (sizes, rng, steps to remember) -> what the input biases start from, shape
        (n_gates * hidden,)
    forward : (weights, inputs, pack, initial state, how) -> Trace
    backward : (weights, trace, pack, d output, d final state, how) -> Backward; it may use up the trace's
        arrays
    beside : whether the cell can take inputs beside the state
    storage : how a unit keeps what it has seen, for theory; None where nothing is known
    seconds : of training a step and epoch at 45 hidden units, about, on one core of 2024
    start : (sizes, rng, steps to remember) -> what weights start from that are no matrices, by name
    layers : how many of it sweeps and comparisons stack
    advance : (weights, how) -> what runs one step of one sequence as `forward` does, in one compiled call;
        None where there is no such thing
    """

    name: str
    title: str
    gates: tuple[str, ...]
    states: tuple[str, ...]
    activations: tuple[str, ...]
    learning_rate: float
    shapes: Callable[[Size], dict[str, tuple[int, ...]]]
    state_shapes: Callable[[Size], tuple[int, ...]]
    biases: Callable[[Size, np.random.Generator, int], Array]
    forward: Callable[[Weights, Inputs, Pack, State, How], Trace]
    backward: Callable[[Weights, Trace, Pack, Array, State, How], Backward]
    beside: bool = False
    storage: Storage | None = None
    seconds: float = 1e-6
    start: Callable[[Size, np.random.Generator, int], Weights] | None = None
    layers: int = 1
    advance: Callable[[Weights, How], Advance] | None = None


def with_initial(initial: Array, n_rows: int, name: str, how: How, n_beside: int = 0) -> Array:
    """Return room for the states of all steps, behind the initial ones, shape (B + N, width + n_beside)."""
    states = how.take(name, (len(initial) + n_rows, initial.shape[1] + n_beside))
    states[: len(initial), : initial.shape[1]] = initial
    return states


def chrono(hidden: int, rng: np.random.Generator, longest: int) -> Array:
    """Return biases that make gates remember for 1 to `longest` steps, shape (hidden,).

    From Tallec and Ollivier (2018), "Can recurrent neural networks warp time?".
    """
    return np.log(rng.uniform(1.0, max(longest - 1.0, 2.0), hidden))
