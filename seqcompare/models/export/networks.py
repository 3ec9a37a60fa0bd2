"""Networks as graphs; of recurrent ones a recursion over time for each layer and direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seqcompare.models.export.attention import attended
from seqcompare.models.export.graph import Graph
from seqcompare.models.export.steps import Steps
from seqcompare.models.recurrent.cell import Weights
from seqcompare.models.recurrent.jordan import FADING
from seqcompare.models.recurrent.lru import unit_of
from seqcompare.typing import Array

Step = Callable[[list[str], list[str]], tuple[list[str], list[str]]]
_FUNCTIONS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "identity": "Identity"}


def outputs_of(graph: Graph, model: Any, steps: Steps) -> str:
    """Return the outputs of a fitted network, shape (n, T, n_outputs), or (n, n_outputs) where it pools."""
    network, flat = model._network()
    a, weights = network.architecture, {name: w.copy() for name, w in network.views(flat).items()}
    rows = steps.read
    if not a.symbols:
        shift, scale = graph.constant(-model.input_mean_), graph.constant(1 / model.input_scale_)
        rows = graph.op("Mul", graph.op("Add", rows, shift), scale)
    skip = graph.linear(rows, weights["readout.skip"]) if a.skip else None
    layers: list[str] = []
    if not hasattr(network, "cell"):
        layers = [attended(graph, network, weights, rows)]
        rows = layers[0]
    for layer in range(a.n_layers if hasattr(network, "cell") else 0):
        layers = [
            _layer(graph, network, weights, layer, direction, rows, symbols=a.symbols and layer == 0)
            for direction in network.directions
        ]
        rows = layers[0] if len(layers) == 1 else graph.op("Concat", *layers, axis=-1)
    if a.pooling == "last":
        # read backwards, the last step is the first
        places = [graph.constant(-1), graph.constant(0)][: len(layers)]
        ends = [graph.op("Gather", part, at, axis=1) for part, at in zip(layers, places, strict=True)]
        rows = ends[0] if len(ends) == 1 else graph.op("Concat", *ends, axis=-1)
    elif a.pooling == "mean":
        rows = graph.op("ReduceMean", rows, axes=[1], keepdims=0)
    elif a.pooling == "attention":
        squashed = graph.linear(rows, weights["attention.weight"], weights["attention.bias"])
        energy = graph.linear(graph.op("Tanh", squashed), weights["attention.vector"][:, np.newaxis])
        shares = graph.op("Softmax", energy, axis=1)
        rows = graph.op("ReduceSum", graph.op("Mul", shares, rows), graph.constant([1]), keepdims=0)
    if network.own_outputs:
        half = a.n_outputs
        if len(layers) == 2:
            rows = graph.op("Add", graph.columns(rows, 0, half), graph.columns(rows, half, 2 * half))
        return rows
    z = graph.linear(rows, weights["readout.weight"], weights["readout.bias"])
    return z if skip is None else graph.op("Add", z, skip)


def _layer(
    graph: Graph, network: Any, weights: Weights, layer: int, direction: str, rows: str, *, symbols: bool
) -> str:
    own = network._own(weights, layer, direction)
    if symbols:
        table = weights["embedding"] @ own["input"] if "embedding" in weights else own["input"]
        table = np.concatenate([table, np.zeros_like(table[:1])]) + own["bias"]
        entered = graph.op("Gather", graph.constant(table), rows, axis=0)
    else:
        entered = graph.linear(rows, own["input"], own["bias"])
    width = own["input"].shape[1]
    size = network.size(layer)
    link = network.architecture.link if layer == network.architecture.n_layers - 1 else "tanh"
    f = _FUNCTIONS[network.architecture.activation]
    step = _STEPS[network.cell.name](graph, own, size.hidden, f, link)
    starts = [np.zeros(n) for n in network.cell.state_shapes(size)]
    n_out = size.outputs if network.own_outputs else size.hidden
    backwards = direction != "forward"
    return graph.scan(step, starts, [(entered, width)], n_outputs=n_out, backwards=backwards)[0]


def _elman(graph: Graph, own: Weights, H: int, f: str, link: str) -> Step:
    def step(states: list[str], x: list[str]) -> tuple[list[str], list[str]]:
        h = graph.op(f, graph.op("Add", x[0], graph.linear(states[0], own["recurrent"])))
        return [h], [h]

    return step


def _jordan(graph: Graph, own: Weights, H: int, f: str, link: str) -> Step:
    squash = {"softmax": "Softmax", "sigmoid": "Sigmoid", "tanh": "Tanh", "identity": "Identity"}
    if link not in squash:
        raise TypeError(f"a Jordan network with the outputs {link!r} is not written as ONNX")

    def step(states: list[str], x: list[str]) -> tuple[list[str], list[str]]:
        h = graph.op(f, graph.op("Add", x[0], graph.linear(states[0], own["recurrent"])))
        o = graph.linear(h, own["output"], own["output_bias"])
        faded = graph.op("Mul", states[0], graph.constant(FADING))
        return [graph.op("Add", faded, graph.op(squash[link], o))], [o]

    return step


def _gru(graph: Graph, own: Weights, H: int, f: str, link: str) -> Step:
    bias = np.concatenate([np.zeros(2 * H), own["recurrent_bias"]])

    def step(states: list[str], x: list[str]) -> tuple[list[str], list[str]]:
        h, p = states[0], graph.linear(states[0], own["recurrent"], bias)
        gates = graph.op("Add", graph.columns(x[0], 0, 2 * H), graph.columns(p, 0, 2 * H))
        gates = graph.op("Sigmoid", gates)
        r, z = graph.columns(gates, 0, H), graph.columns(gates, H, 2 * H)
        recalled = graph.op("Mul", r, graph.columns(p, 2 * H, 3 * H))
        n = graph.op("Tanh", graph.op("Add", graph.columns(x[0], 2 * H, 3 * H), recalled))
        h = graph.op("Add", n, graph.op("Mul", z, graph.op("Sub", h, n)))
        return [h], [h]

    return step


def _mingru(graph: Graph, own: Weights, H: int, f: str, link: str) -> Step:
    def step(states: list[str], x: list[str]) -> tuple[list[str], list[str]]:
        z = graph.op("Sigmoid", graph.columns(x[0], 0, H))
        n = graph.op(f, graph.columns(x[0], H, 2 * H))
        h = graph.op("Add", n, graph.op("Mul", z, graph.op("Sub", states[0], n)))
        return [h], [h]

    return step


def _lstm(graph: Graph, own: Weights, H: int, f: str, link: str) -> Step:
    def step(states: list[str], x: list[str]) -> tuple[list[str], list[str]]:
        a = graph.op("Add", x[0], graph.linear(states[0], own["recurrent"]))
        gates = graph.op("Sigmoid", graph.columns(a, 0, 3 * H))
        o, i, f = (graph.columns(gates, k * H, (k + 1) * H) for k in range(3))
        g = graph.op("Tanh", graph.columns(a, 3 * H, 4 * H))
        c = graph.op("Add", graph.op("Mul", f, states[1]), graph.op("Mul", i, g))
        h = graph.op("Mul", o, graph.op("Tanh", c))
        return [h, c], [h]

    return step


def _lru(graph: Graph, own: Weights, H: int, f: str, link: str) -> Step:
    turn, cross, scale = unit_of(own)
    # (re, im) times this is the state turned and faded
    turned: Array = np.block([[np.diag(turn), np.diag(cross)], [np.diag(-cross), np.diag(turn)]])
    entering = np.tile(scale, 2)

    def step(states: list[str], x: list[str]) -> tuple[list[str], list[str]]:
        u = graph.op("Mul", graph.columns(x[0], 0, 2 * H), graph.constant(entering))
        h = graph.op("Add", graph.linear(states[0], turned), u)
        out = graph.op("Add", graph.linear(h, own["output"]), graph.columns(x[0], 2 * H, 3 * H))
        return [h], [graph.op(f, out)]

    return step


_STEPS = {
    "elman": _elman,
    "jordan": _jordan,
    "gru": _gru,
    "mingru": _mingru,
    "lstm": _lstm,
    "lru": _lru,
}
