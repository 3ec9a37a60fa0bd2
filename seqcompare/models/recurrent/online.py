"""Networks that read a sequence as it comes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from seqcompare.models.base import check_sequences
from seqcompare.models.online import keep_symbol, plain
from seqcompare.models.recurrent.cell import State, Weights
from seqcompare.models.recurrent.chunks import read_out
from seqcompare.models.recurrent.flat import FlatNetwork
from seqcompare.models.recurrent.kernels import compiled
from seqcompare.typing import Array, Floats, Label, Reals

#: In standard units: what is larger may be too large for a network.
_ORDINARY = 1e15


class Running(NamedTuple):
    """A network, and what it holds after the steps so far.

    Attributes
    ----------
    network, weights
        What it is made of.
    codes : dict of symbol to ndarray of shape (1,)
        How symbols enter; all states of one start share it.
    states : list of tuple of ndarray, or None
        The state of each layer; None before the first step.
    ready : object
        What the network makes of its weights once, for `step`.
    """

    network: FlatNetwork
    weights: Weights
    codes: dict[Any, Array]
    states: list[State] | None
    ready: Any


def start(network: FlatNetwork, flat: Array) -> Running:
    """Return what a network holds before the first step; one that does not reuse memory, so states stay."""
    weights = network.views(flat)
    return Running(network, weights, {}, None, network.ready(weights))


def read(model: Any, running: Running, x: Label | Floats) -> tuple[Array, Running]:
    """Return the outputs of a fitted network after one more step, shape (n_outputs,), and what it holds."""
    symbols = model.kind_ == "symbols"
    key = plain(x) if symbols else None
    entered = running.codes.get(key)
    if entered is None:
        entered = _enter(model, x)
        if symbols:
            keep_symbol(running.codes, key, entered, len(model.symbols_))
    network, weights, codes, states, ready = running
    output, states = network.step(weights, entered, states, ready)
    running = Running(network, weights, codes, states, ready)
    if network.own_outputs or network.architecture.skip:
        return read_out(network, weights, output, entered)[0], running
    return _sums(output, weights["readout.weight"], weights["readout.bias"]), running


@compiled
def shares(z: Reals) -> Reals:
    """Return the softmax of the outputs of one step, shape (n_outputs,)."""
    parts = np.exp(z - z.max())
    return parts / parts.sum()


@compiled
def _sums(x: Reals, W: Reals, b: Reals) -> Reals:
    z = b.copy()
    for k in range(W.shape[0]):
        for j in range(len(z)):
            z[j] += x[0, k] * W[k, j]
    return z


def _enter(model: Any, x: Any) -> Array:
    """Return a step as the network takes it; ordinary numbers without looking for what is wrong."""
    if isinstance(x, float) and model.n_channels_ == 1 and model.kind_ == "real":
        number = (x - model.input_mean_.item()) / model.input_scale_.item()
        if abs(number) < _ORDINARY:
            return np.array([[number]], model.weights_.dtype)
    step = np.asarray(x)
    if step.dtype.kind == "f" and step.shape in ((), (model.n_channels_,)) and model.kind_ == "real":
        standard = (step.reshape(1, -1) - model.input_mean_) / model.input_scale_
        if np.abs(standard).max() < _ORDINARY:
            return standard.astype(model.weights_.dtype)
    return model._encode(check_sequences(model, [step[np.newaxis]], reset=False))
