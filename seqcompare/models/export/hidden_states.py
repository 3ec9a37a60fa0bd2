"""Filters of hidden Markov models as graphs."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqcompare.models.export.graph import Graph
from seqcompare.models.export.steps import Steps
from seqcompare.models.hmm.gaussians import full_covariances
from seqcompare.models.hmm.online import Normals
from seqcompare.typing import Floats


def covariances(model: Any) -> Floats:
    """Return a matrix for each state, shape (K, d, d)."""
    return full_covariances(model)


def filtered(graph: Graph, model: Any, steps: Steps) -> str:
    """Return p(state | steps up to this one) of a fitted model, shape (n, T, K)."""
    if hasattr(model, "hazards_") or model.emission_ not in ("categorical", "gaussian"):
        raise TypeError(
            "of hidden Markov models those of symbols and of one Gaussian a state are written as ONNX, "
            f"without durations; this one has emission={model.emission_!r}"
        )
    if model.emission_ == "categorical":
        # what is no symbol says nothing of the state
        table = np.concatenate([model.emissionprob_.T, np.ones((1, len(model.startprob_)))])
        fit = graph.op("Gather", graph.constant(table), steps.read, axis=0)
    else:
        fit = _normal_fit(graph, Normals.of(model), steps)
    K = len(model.startprob_)
    trans: Floats = model.transmat_

    def step(states: list[str], read: list[str]) -> tuple[list[str], list[str]]:
        both = graph.op("Mul", states[0], read[0])
        total = graph.sum(both, 1)
        seen = graph.op("Less", graph.constant(0.0), total)
        # a step that no state allows is passed over
        now = graph.op("Where", seen, graph.op("Div", both, graph.op("Where", seen, total, one)), states[0])
        return [graph.linear(now, trans)], [now]

    one = graph.constant(1.0)
    return graph.scan(step, [model.startprob_], [(fit, K)], n_outputs=K)[0]


def _normal_fit(graph: Graph, normals: Normals, steps: Steps) -> str:
    """Return the density of each step in each state over that in the likeliest one, shape (n, T, K)."""
    logs = []
    for mean, whiten, shift in zip(normals.means, normals.whiten, normals.shift, strict=True):
        z = graph.linear(graph.op("Sub", steps.read, graph.constant(mean)), whiten.T)
        squares = graph.op("Mul", graph.op("ReduceSumSquare", z, axes=[-1], keepdims=1), graph.constant(-0.5))
        logs.append(graph.op("Add", squares, graph.constant(shift)))
    together = graph.op("Concat", *logs, axis=-1)
    return graph.op("Exp", graph.op("Sub", together, graph.op("ReduceMax", together, axes=[-1], keepdims=1)))
