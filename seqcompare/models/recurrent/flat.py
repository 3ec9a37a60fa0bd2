"""What all networks are to those who train and ask them: functions of a flat vector of weights."""

from __future__ import annotations

import math
from abc import ABCMeta, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike

from seqcompare.models.recurrent.cell import State, Weights
from seqcompare.models.recurrent.packing import ONE, Pack
from seqcompare.typing import Array


class Noise(NamedTuple):
    """Dropout: the rates, and the generator that draws the masks."""

    dropout: float
    recurrent: float
    rng: np.random.Generator


class FlatNetwork(metaclass=ABCMeta):
    """A network as functions of a flat vector of weights.

    Parameters
    ----------
    shapes : mapping of str to tuple of int
        The shape of each part of the vector, by name, in order.
    reuse : bool, default=False
        Whether every pass writes to the same memory, so that it spoils the arrays of the one before.

    Attributes
    ----------
    architecture
        What it is made of; it tells at least `pooling`, `link`, `n_outputs`, `n_layers`, `symbols`, `skip`.
    directions : sequence of str
        The directions in which it reads, forwards first.
    own_outputs : bool
        Whether its last layer gives the outputs themselves.
    whole : bool
        Whether it must see whole sequences, not one chunk of time after the other.
    """

    architecture: Any
    directions: Sequence[str]
    own_outputs: bool = False
    whole: bool = False

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], *, reuse: bool) -> None:
        self.shapes = dict(shapes)
        self.reuse, self._blocks = reuse, dict[str, Array]()
        self._twin: Self | None = None
        sizes = [math.prod(shape) for shape in self.shapes.values()]
        self.n_parameters = sum(sizes)
        self._bounds = list(pairwise(np.cumsum([0, *sizes]).tolist()))

    def take(self, name: str, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        """Return an array to write to, under `reuse` in the memory that had the same name before."""
        if not self.reuse:
            return np.empty(shape, dtype)
        size = math.prod(shape)
        block = self._blocks.get(name)
        if block is None or len(block) < size or block.dtype != dtype:
            block = self._blocks[name] = np.empty(size, dtype)
        return block[:size].reshape(shape)

    def twin(self) -> Self:
        """Return the same network with other memory, so that both can run at once; always the same one."""
        if self._twin is None:
            self._twin = copy(self)
            self._twin._blocks = {}
        return self._twin

    def views(self, flat: Array) -> Weights:
        """Return the weights by name, as views of the flat vector."""
        places = zip(self.shapes.items(), self._bounds, strict=True)
        return {name: flat[a:b].reshape(shape) for (name, shape), (a, b) in places}

    @abstractmethod
    def width(self, layer: int) -> int:
        """Return how many numbers a step of a layer passes on, all directions together."""

    @abstractmethod
    def initial(self, rng: np.random.Generator, longest: int, dtype: DTypeLike) -> Array:
        """Return weights to start from, for sequences of up to `longest` steps."""

    @abstractmethod
    def run(
        self,
        weights: Weights,
        x: Array,
        pack: Pack,
        state: list[State] | None = None,
        noise: Noise | None = None,
        *,
        keep: bool = True,
    ) -> Any:
        """Run over a pack; what comes back has `output`, shape (N, width), and `final`, the states then."""

    def ready(self, weights: Weights) -> Any:
        """Return what `step` needs of the weights."""
        return None

    def step(
        self, weights: Weights, x: Array, state: list[State] | None, ready: Any
    ) -> tuple[Array, list[State]]:
        """Run over one step of one sequence; return the output, shape (1, width), and the state then."""
        done = self.run(weights, x, ONE, state, keep=False)
        return done.output, done.final

    @abstractmethod
    def unrun(
        self, weights: Weights, x: Array, pack: Pack, done: Any, d_output: Array, gradient: Weights
    ) -> Any:
        """Carry the loss's gradient back through a pass, adding that of the weights to `gradient`."""


def kept(rng: np.random.Generator, rate: float, like: Array) -> Array | None:
    """Return a mask of 0 and 1 / (1 - rate), or None where nothing is dropped."""
    if rate == 0:
        return None
    stays = rng.random(like.shape, dtype=np.float32) >= rate
    return stays.astype(like.dtype) / like.dtype.type(1 - rate)
