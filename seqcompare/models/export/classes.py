"""Bayes' rule over densities as a graph."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from seqcompare.models.export.graph import Graph
from seqcompare.models.export.steps import Steps
from seqcompare.typing import Floats

#: What stands for the logarithm of 0, of which runtimes make no sums.
_NEVER = -1e30


def log_probability(graph: Graph, ahead: str, initial: Floats, unknown: float, steps: Steps) -> str:
    """Return the log-probability of each sequence of symbols, shape (n, 1).

    Parameters
    ----------
    graph : Graph
        Where it is added.
    ahead : str
        The distribution of the next symbol after each step, shape (n, T, K).
    initial : ndarray of shape (K,)
        That of the first one.
    unknown : float
        What stands for the probability of what is no symbol.
    steps : Steps
        The sequences.
    """
    zero, one, end = (graph.constant([at]) for at in (0, 1, 2**31 - 1))
    of_first = graph.op("Gather", graph.constant(np.append(initial, unknown)), steps.read, axis=0)
    first = graph.op("Slice", of_first, zero, one, one)
    # of each step, what was said of it at the one before
    shape = graph.op("Concat", graph.op("Shape", steps.read), one, axis=0)
    beside = graph.op("Expand", graph.constant(float(unknown)), shape)
    rows = graph.op("Slice", graph.op("Concat", ahead, beside, axis=-1), zero, graph.constant([-1]), one)
    later = graph.unsqueezed(graph.op("Slice", steps.read, one, end, one), -1)
    found = graph.op("Squeeze", graph.op("GatherElements", rows, later, axis=2), graph.constant([-1]))
    logs = graph.op("Log", graph.op("Concat", first, found, axis=1))
    return graph.sum(graph.op("Max", logs, graph.constant(_NEVER)), 1)


def chosen(graph: Graph, logs: Sequence[str], prior: Floats) -> str:
    """Return the probabilities of classes, shape (n, n_classes), given those of `log_probability`."""
    prior = np.maximum(prior, _NEVER)
    said = graph.constant(prior)
    both = graph.op("Add", graph.op("Concat", *logs, axis=-1), said)
    top = graph.op("ReduceMax", both, axes=[-1], keepdims=1)
    # what no class allows says nothing
    lost = graph.op("Less", top, graph.constant(_NEVER / 2))
    return graph.op("Softmax", graph.op("Where", lost, said, both), axis=-1)
