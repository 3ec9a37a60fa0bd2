"""What a fitted model says of new sequences, as a table."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import answer_blocks
from seqcompare.experiments.threads import one_thread
from seqcompare.models.distributions.base import Distribution
from seqcompare.typing import Model

#: Up to so many classes, a table has the probability of each.
MOST_CLASSES = 50
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def predict_table(model: Model, dataset: SequenceDataset, role: str) -> pd.DataFrame:
    """Return what a model answers.

    Parameters
    ----------
    model : estimator
        A fitted model of the role.
    dataset : SequenceDataset
        The sequences; targets are not looked at.
    role : {"next", "step", "step-value", "sequence", "value"}
        What is predicted.

    Returns
    -------
    DataFrame
        A row for each sequence, or step. ``sequence`` is what the data call it, else its number from 0;
        ``step`` the position that the answer is about, from 0, and for the role ``next`` up to the one after
        the last. ``answer``; where the model has probabilities ``probability``, that of the answer, and
        ``p(...)``, that of each class, if there are up to 50. Of a density of numbers, ``answer`` is the
        mean and ``q(...)`` are quantiles, of each channel; so of numbers per step, where the model says how
        sure it is.

    Raises
    ------
    ValueError
        If the model does not take such sequences, or has no answer.
    """
    X = dataset.X.detached()
    ids = np.arange(len(X)) if dataset.ids is None else dataset.ids
    with one_thread():
        if role == "next" and X.kind == "real":
            answers = _numbers(model, X)
        elif role == "step-value" and hasattr(model, "predict_distribution"):
            answers = _step_numbers(model.predict_distribution(X))
        else:
            answers = pd.concat(list(_labels(model, X, role)), ignore_index=True)
    if role in ("sequence", "value"):
        return pd.concat([pd.DataFrame({"sequence": ids}), answers], axis=1)
    where = {"sequence": ids[X.sequence_index], "step": X.step_index + (role == "next")}
    return pd.concat([pd.DataFrame(where), answers], axis=1)


def _labels(model: Model, X: Sequences, role: str) -> Iterator[pd.DataFrame]:
    for _, rows, names in answer_blocks(model, X, role):
        if names is None:
            yield pd.DataFrame({"answer": rows})
            continue
        best = rows.argmax(axis=1)
        columns = {"answer": names[best], "probability": rows[np.arange(len(rows)), best]}
        if len(names) <= MOST_CLASSES:
            columns |= {f"p({name})": rows[:, place] for place, name in enumerate(names)}
        yield pd.DataFrame(columns)


def _step_numbers(found: Distribution) -> pd.DataFrame:
    levels = zip(QUANTILES, found.quantile(QUANTILES), strict=True)
    return pd.DataFrame({"answer": found.mean, **{f"q({level:g})": row for level, row in levels}})


def _numbers(model: Model, X: Sequences) -> pd.DataFrame:
    if not hasattr(model, "predict_next_distribution"):
        raise ValueError(
            f"{type(model).__name__} has densities alone: expected a method predict_next_distribution"
        )
    found = model.predict_next_distribution(X)
    mean = np.reshape(found.mean, (X.n_steps, -1))
    quantiles = np.reshape(found.quantile(QUANTILES), (len(QUANTILES), X.n_steps, -1))
    columns = {}
    for place, channel in enumerate(X.schema):
        of = f" of {channel.name}" if X.n_channels > 1 else ""
        columns[f"answer{of}"] = mean[:, place]
        columns |= {
            f"q({level:g}){of}": row[:, place] for level, row in zip(QUANTILES, quantiles, strict=True)
        }
    return pd.DataFrame(columns)
