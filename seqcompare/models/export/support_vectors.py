"""Support vector machines as graphs, in double precision, which operators for them lack in runtimes."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from seqcompare.models.export.graph import Graph


def decided(graph: Graph, machine: Any, rows: str) -> str:
    """Return the decision values, or numbers, of a fitted `SVC` or `SVR`, shape (..., 1 or n_classes)."""
    coef = _dense(machine.dual_coef_)
    kernel = _kernel(graph, machine, rows)
    classes = getattr(machine, "classes_", np.zeros(0))
    if len(classes) <= 2:
        return graph.linear(kernel, coef.T, machine.intercept_)
    # a machine decides between two classes: those of the one have their weights in a row of the other's
    pairs = list(combinations(range(len(classes)), 2))
    owner = np.repeat(np.arange(len(classes)), machine.n_support_)
    weights = np.stack(
        [np.where(owner == i, coef[j - 1], np.where(owner == j, coef[i], 0.0)) for i, j in pairs], axis=1
    )
    first, second = (np.eye(len(classes))[[pair[side] for pair in pairs]] for side in (0, 1))
    values = graph.linear(kernel, weights, machine.intercept_)
    lost = graph.cast(graph.op("Less", values, graph.constant(0.0)))
    # as scikit-learn has it: votes, and between equal ones the sums of the values
    votes = graph.linear(lost, second - first, first.sum(axis=0))
    sums = graph.linear(values, first - second)
    bound = graph.op("Add", graph.op("Abs", sums), graph.constant(1.0))
    return graph.op("Add", votes, graph.op("Div", sums, graph.op("Mul", bound, graph.constant(3.0))))


def _kernel(graph: Graph, machine: Any, rows: str) -> str:
    """Return the kernel between rows and support vectors, shape (..., n_vectors)."""
    vectors, gamma = _dense(machine.support_vectors_), float(getattr(machine, "_gamma", 0.0))
    products = graph.linear(rows, vectors.T)
    if machine.kernel == "linear":
        return products
    if machine.kernel == "rbf":
        square = graph.op("ReduceSumSquare", rows, axes=[-1], keepdims=1)
        own = graph.op("Add", square, graph.constant((vectors**2).sum(axis=1)))
        apart = graph.op("Sub", own, graph.op("Mul", products, graph.constant(2.0)))
        return graph.op("Exp", graph.op("Mul", apart, graph.constant(-gamma)))
    if machine.kernel not in ("poly", "sigmoid"):
        raise TypeError("support vectors under a kernel of one's own are not written as ONNX")
    moved = graph.op("Mul", products, graph.constant(gamma))
    moved = graph.op("Add", moved, graph.constant(float(machine.coef0)))
    if machine.kernel == "sigmoid":
        return graph.op("Tanh", moved)
    return graph.op("Pow", moved, graph.constant(float(machine.degree)))


def _dense(array: Any) -> Any:
    return array.toarray() if hasattr(array, "toarray") else np.asarray(array)
