"""What looks back a fixed number of steps as a graph: a table of its answers, or sums over the taps."""

from __future__ import annotations

from functools import partial, reduce
from itertools import product
from typing import Any

import numpy as np

from seqcompare.models.export.graph import Graph
from seqcompare.models.export.steps import Steps, shifted
from seqcompare.models.windows import online
from seqcompare.typing import Floats, Labels

#: Numbers that a table of answers may hold.
MOST_NUMBERS = 5_000_000


def n_in_table(n_symbols: int, n_back: int, n_answers: int) -> int:
    """Return the numbers in the table of a model that looks back so many steps, the present one included."""
    return int((n_symbols + 2) ** n_back * n_answers)


def looked_up(graph: Graph, model: Any, symbols: Labels, n_back: int, steps: Steps) -> str:
    """Return the answers of a model that looks back `n_back` symbols, from a table of all of them."""
    n = len(symbols)
    strange = _no_symbol(symbols)
    choices = np.append(symbols.astype(object), strange)
    rows = None
    for length in range(1, n_back + 1):
        codes = np.array(list(product(range(n + 1), repeat=length)))
        text = np.array(choices[codes].tolist(), dtype=symbols.dtype if symbols.dtype.kind != "U" else None)
        ask = model.predict_proba if hasattr(model, "classes_") else model.predict_next_proba
        answers = np.asarray(ask(text))[:, -1]
        if rows is None:
            rows = np.zeros(((n + 2) ** n_back, answers.shape[1]))
        # in front of a sequence stands the last code
        whole = np.concatenate([np.full((len(codes), n_back - length), n + 1), codes], axis=1)
        rows[whole @ (n + 2) ** np.arange(n_back - 1, -1, -1)] = answers
    assert rows is not None
    taps = shifted(graph, steps, n_back - 1)
    base = graph.constant(n + 2)
    index = reduce(lambda sum_, tap: graph.op("Add", graph.op("Mul", sum_, base), tap), taps)
    return graph.op("Gather", graph.constant(rows), index, axis=0)


def summed(graph: Graph, state: online.Running, steps: Steps) -> str:
    """Return what a window makes of sums over its taps, shape (n, T, n_answers)."""
    reader = state.reader
    n_taps, size, n_out = reader.first.shape
    taps = shifted(graph, steps, n_taps - 1)
    if steps.n_symbols:
        # the reader has the edge before what is no symbol
        tables = reader.first[:, [*range(size - 2), size - 1, size - 2]]
        parts = [
            graph.op("Gather", graph.constant(table), tap, axis=0)
            for table, tap in zip(tables, taps, strict=True)
        ]
        sums = graph.op("Add", reduce(partial(graph.op, "Add"), parts), graph.constant(reader.edges[0]))
    else:
        row = graph.op("Concat", *taps, axis=-1) if n_taps > 1 else taps[0]
        sums = graph.linear(row, reader.first.reshape(-1, n_out))
        places = graph.op("Range", *(graph.constant(0), _scalar(graph, steps), graph.constant(1)))
        reached = graph.op("Min", places, graph.constant(n_taps - 1))
        sums = graph.op("Add", sums, graph.op("Gather", graph.constant(reader.edges), reached, axis=0))
    layers = reader.rest
    hidden = next(name for name, f in online.HIDDEN.items() if f is layers.hidden)
    operator = {"identity": "Identity", "logistic": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}[hidden]
    for W, b in zip(layers.weights[1:], layers.biases[1:], strict=True):
        sums = graph.linear(graph.op(operator, sums), W, b)
    return _answer(graph, layers.answer, sums, layers.weights[-1].shape[1])


def _answer(graph: Graph, answer: Any, z: str, n_out: int) -> str:
    if isinstance(answer, partial):
        if answer.func is online.as_scaled:
            mean, scale = (np.asarray(value, dtype=np.float64) for value in answer.args)
            return graph.op("Add", graph.op("Mul", z, graph.constant(scale)), graph.constant(mean))
        (temperature,) = answer.args
        weights: Floats = np.eye(n_out) if n_out > 1 else np.array([[0.0, 1.0]])
        return graph.op("Softmax", graph.linear(z, weights / temperature), axis=-1)
    if answer is online.as_pair:
        p = graph.op("Sigmoid", z)
        return graph.op("Concat", graph.op("Sub", graph.constant(1.0), p), p, axis=-1)
    return graph.op("Softmax", z, axis=-1) if answer is online.as_shares else z


def _scalar(graph: Graph, steps: Steps) -> str:
    return graph.op("Squeeze", graph.length(steps.read, 1))


def _no_symbol(symbols: Labels) -> Any:
    """Return what is none of the symbols, of their kind."""
    if symbols.dtype.kind in "US":
        return str(max(symbols)) + "\x01"
    if symbols.dtype.kind == "b":
        raise TypeError("a model of two-valued steps is not written as ONNX; give them as 0 and 1")
    return int(symbols.max()) + 1
