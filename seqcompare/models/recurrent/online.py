"""Networks that read a sequence as it comes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from seqcompare.models.base import check_sequences
from seqcompare.models.online import plain
from seqcompare.models.recurrent.cell import State, Weights
from seqcompare.models.recurrent.chunks import read_out
from seqcompare.models.recurrent.flat import FlatNetwork
from seqcompare.models.recurrent.packing import Pack, pack
from seqcompare.typing import Array, Floats, Label


class Running(NamedTuple):
    """A network, and what it holds after the steps so far.

    Attributes
    ----------
    network, weights
        What it is made of.
    one : Pack
        Where one step of one sequence lies.
    codes : dict of symbol to ndarray of shape (1,)
        How symbols enter; all states of one start share it.
    states : list of tuple of ndarray, or None
        The state of each layer; None before the first step.
    """

    network: FlatNetwork
    weights: Weights
    one: Pack
    codes: dict[Any, Array]
    states: list[State] | None


def start(network: FlatNetwork, flat: Array) -> Running:
    """Return what a network holds before the first step; one that does not reuse memory, so states stay."""
    return Running(network, network.views(flat), pack(np.array([0, 1]), np.arange(1)), {}, None)


def read(model: Any, running: Running, x: Label | Floats) -> tuple[Array, Running]:
    """Return the outputs of a fitted network after one more step, shape (n_outputs,), and what it holds."""
    symbols = model.kind_ == "symbols"
    key = plain(x) if symbols else None
    entered = running.codes.get(key)
    if entered is None:
        entered = model._encode(check_sequences(model, [np.asarray(x)[np.newaxis]], reset=False))
        if symbols:
            running.codes[key] = entered
    done = running.network.run(running.weights, entered, running.one, running.states, keep=False)
    outputs = read_out(running.network, running.weights, done.output, entered)[0]
    return outputs, running._replace(states=done.final)
