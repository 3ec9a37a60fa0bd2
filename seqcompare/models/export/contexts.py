"""What looks back a fixed number of symbols as a graph: a table of its answers."""

from __future__ import annotations

from functools import reduce
from itertools import product
from typing import Any

import numpy as np

from seqcompare.models.export.graph import Graph
from seqcompare.models.export.steps import Steps, shifted
from seqcompare.typing import Labels

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


def _no_symbol(symbols: Labels) -> Any:
    """Return what is none of the symbols, of their kind."""
    if symbols.dtype.kind in "US":
        return str(max(symbols)) + "\x01"
    if symbols.dtype.kind == "b":
        raise TypeError("a model of two-valued steps is not written as ONNX; give them as 0 and 1")
    return int(symbols.max()) + 1
