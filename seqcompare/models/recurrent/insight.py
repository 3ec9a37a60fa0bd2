"""What recurrent networks have learned, looked at right after they were measured: gradients and gates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from seqcompare.data.dataset import SequenceDataset

GRADIENTS, GATES = "gradient_by_lag", "gate_trace"

#: Test sequences that gradients are measured on: the first ones.
N_SEQUENCES = 32


def look_inside(
    model: BaseEstimator, test: SequenceDataset, tables: Sequence[str]
) -> list[tuple[str, pd.DataFrame]]:
    """Look into a fitted network.

    Parameters
    ----------
    model : fitted RNNTagger, or NextStep around one
        The network; of one that reads backwards as well nothing is told.
    test : SequenceDataset of role ``next`` or ``step``
        Its first sequences are read.
    tables : sequence of str
        What is asked for.

    Returns
    -------
    list of (str, DataFrame)
        ``gradient_by_lag``: ``lag`` k, ``gradient`` (median over sequences of the norm of the gradient of the
        loss at the last scored step t with respect to the state at t-k) and ``n_losses`` (how many sequences
        have such a step), as far as half of the sequences reach. ``gate_trace``: ``step``, ``gate``,
        ``value`` (mean over the units of the first layer, 0 closed to 1 open) and ``scored`` (whether the
        answer at this step is), along the first sequence.
    """
    # here, since planning a sweep should not cost the import
    from seqcompare.models.recurrent.diagnostics import gate_trace, gradient_by_lag

    network = getattr(model, "estimator_", model)
    if not network.causal:
        return []
    X, y, weights = _as_steps(test.take(np.arange(min(N_SEQUENCES, len(test)))))
    found = []
    of_labels = getattr(network, "predicts", "labels") == "labels"
    if GRADIENTS in tables and of_labels:
        lags = gradient_by_lag(network, X, y, sample_weight=weights).frame()
        lags = lags[lags["n_losses"] >= lags["n_losses"].iloc[0] / 2]
        found.append(
            (GRADIENTS, lags.rename(columns={"median": "gradient"})[["lag", "gradient", "n_losses"]])
        )
    if GATES in tables:
        gates = gate_trace(network, X[0]).gates
        scored = np.ones(len(X[0]), dtype=bool) if weights is None else np.asarray(weights[0]) > 0
        parts = [
            pd.DataFrame(
                {
                    "step": np.arange(len(values)),
                    "gate": name,
                    "value": values.mean(axis=1, dtype=np.float64),
                    "scored": scored,
                }
            )
            for name, values in gates.items()
            if name != "candidate"  # what is let in, not how far the gate is open
        ]
        found.append((GATES, pd.concat(parts, ignore_index=True)))
    return found


def _as_steps(part: SequenceDataset) -> tuple[Any, Any, Any]:
    """Return sequences, labels and weights by step; where steps are predicted, the label is the next one."""
    if part.role == "step":
        return part.X, part.y, part.sample_weight
    part = part.take(part.X.lengths > 1)
    weights = None if part.sample_weight is None else [w[1:] for w in part.sample_weight]
    return [x[:-1] for x in part.X], [x[1:] for x in part.X], weights
