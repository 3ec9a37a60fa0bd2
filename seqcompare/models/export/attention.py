"""Networks of attention as graphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqcompare.models.attention.network import TINY
from seqcompare.models.export.graph import Graph
from seqcompare.models.recurrent.cell import Weights
from seqcompare.typing import Array


def attended(graph: Graph, network: Any, weights: Weights, entered: str) -> str:
    """Return the last layer's output, shape (n, T, H), given codes of symbols or scaled numbers."""
    a = network.architecture
    W, bias = weights["enter.weight"], weights["enter.bias"]
    if a.symbols:
        table = np.concatenate([W, np.zeros_like(W[:1])]) + bias
        rows = graph.op("Gather", graph.constant(table), entered, axis=0)
    else:
        rows = graph.linear(entered, W, bias)
    # where in the table of distances each key lies, as each query sees it, shape (T, T)
    places = graph.places(rows)
    apart = graph.op("Sub", graph.unsqueezed(places, 0), graph.unsqueezed(places, 1))
    place = graph.op("Add", apart, graph.constant(a.context - 1))
    last = graph.constant(a.context + network.ahead - 1)
    inside = graph.op("Max", graph.constant(0), graph.op("Min", place, last))
    seen = graph.op("Equal", place, inside)
    for layer in range(a.n_layers):
        rows = _layer(graph, network._own(weights, layer), a.n_heads, rows, inside, seen)
    return _scaled(graph, rows, weights["leave.gain"])


def _layer(graph: Graph, own: Weights, n_heads: int, rows: str, inside: str, seen: str) -> str:
    H = len(own["attend.gain"])
    asked = graph.linear(_scaled(graph, rows, own["attend.gain"]), own["attend.weight"], own["attend.bias"])
    apart = graph.constant([0, 0, n_heads, H // n_heads])
    q, k, v = (
        graph.op(
            "Transpose",
            graph.op("Reshape", graph.columns(asked, i * H, (i + 1) * H), apart),
            perm=[0, 2, 1, 3],
        )
        for i in range(3)
    )
    q = graph.op("Mul", q, graph.constant(float((H // n_heads) ** -0.5)))
    energy = graph.op("MatMul", q, graph.op("Transpose", k, perm=[0, 1, 3, 2]))
    energy = graph.op("Add", energy, graph.op("Gather", graph.constant(own["distance"]), inside, axis=1))
    shares = graph.op("Softmax", graph.op("Where", seen, energy, graph.constant(-np.inf)), axis=-1)
    found = graph.op("Transpose", graph.op("MatMul", shares, v), perm=[0, 2, 1, 3])
    found = graph.op("Reshape", found, graph.constant([0, 0, H]))
    rows = graph.op("Add", rows, graph.linear(found, own["found.weight"], own["found.bias"]))
    inner = graph.linear(_scaled(graph, rows, own["think.gain"]), own["think.weight"], own["think.bias"])
    thought = graph.linear(graph.op("Relu", inner), own["thought.weight"], own["thought.bias"])
    return graph.op("Add", rows, thought)


def _scaled(graph: Graph, rows: str, gain: Array) -> str:
    """Return rows of mean square 1, times what was learned of each column."""
    square = graph.op("ReduceMean", graph.op("Mul", rows, rows), axes=[-1], keepdims=1)
    root = graph.op("Sqrt", graph.op("Add", square, graph.constant(TINY)))
    return graph.op("Mul", graph.op("Div", rows, root), graph.constant(gain))
