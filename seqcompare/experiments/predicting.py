"""What a fitted model says of new sequences, as a table."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import answer_blocks
from seqcompare.experiments.threads import one_thread
from seqcompare.models.alphabet import find_symbols
from seqcompare.models.distributions.base import Distribution
from seqcompare.typing import Model, Values

#: Up to so many classes, a table has the probability of each.
MOST_CLASSES = 50
_MOST_NAMED = 5
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Those of a forecast: the ends of the central intervals of 50%, 90% and 95%, and the median.
FAN = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)


def predict_table(
    model: Model, dataset: SequenceDataset, role: str, ahead: int | None = None
) -> pd.DataFrame:
    """Return what a model answers.

    Parameters
    ----------
    model : estimator
        A fitted model of the role.
    dataset : SequenceDataset
        The sequences; targets are not looked at.
    role : {"next", "step", "step-value", "sequence", "value"}
        What is predicted.
    ahead : int, optional
        How many steps after the one that it stands at an answer is about; by default 1 for the role ``next``,
        else 0.

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
    _say_what_is_new(model, X)
    with one_thread():
        if role == "next" and X.kind == "real":
            answers = _numbers(model, X)
        elif role == "step-value" and hasattr(model, "predict_distribution"):
            answers = _step_numbers(model.predict_distribution(X))
        else:
            answers = pd.concat(list(_labels(model, X, role)), ignore_index=True)
    if role in ("sequence", "value"):
        return pd.concat([pd.DataFrame({"sequence": ids}), answers], axis=1)
    first = int(role == "next") if ahead is None else ahead
    where = {"sequence": ids[X.sequence_index], "step": X.step_index + first}
    return pd.concat([pd.DataFrame(where), answers], axis=1)


def forecast_table(
    model: Any, dataset: SequenceDataset, steps: int, n_samples: int | None = None, random_state: int = 0
) -> pd.DataFrame:
    """Return what a model expects of the steps after the end of each sequence.

    Parameters
    ----------
    model : estimator
        A fitted density.
    dataset : SequenceDataset
        What came so far.
    steps : int
        How many steps to look ahead.
    n_samples : int, optional
        Continuations that are drawn where there is no closed form; by default as many as the model sees fit.
    random_state : int, default=0
        What these are drawn with.

    Returns
    -------
    DataFrame
        A row for each sequence and step ahead: ``sequence`` as in `predict_table`, ``ahead`` from 1, ``step``
        the position in the sequence. Of numbers ``answer``, the mean, and ``q(...)``, quantiles of each step
        by itself, for each channel; of symbols the most probable one, its ``probability``, and ``p(...)`` of
        each, if there are up to 50.

    Raises
    ------
    ValueError
        If the model does not take such sequences, or has no forecast.
    """
    X = dataset.X.detached()
    ids = np.arange(len(X)) if dataset.ids is None else np.asarray(dataset.ids)
    method = "forecast" if X.kind == "real" else "forecast_proba"
    if not hasattr(model, method):
        raise ValueError(f"{type(model).__name__} looks one step ahead only: expected a method {method}")
    with one_thread():
        found = getattr(model, method)(X, steps, n_samples=n_samples, random_state=random_state)
        if X.kind == "real":
            answers = _quantiles(found.reshape(-1), len(X) * steps, X, FAN)
        else:
            answers = _probable(found.reshape(len(X) * steps, -1), np.asarray(model.symbols_))
    ahead = np.tile(np.arange(1, steps + 1), len(X))
    step = np.repeat(X.lengths, steps) + ahead - 1
    where = pd.DataFrame({"sequence": np.repeat(ids, steps), "ahead": ahead, "step": step})
    return pd.concat([where, answers], axis=1)


def _say_what_is_new(model: Model, X: Sequences) -> None:
    """Warn of symbols that were not in the data that a model was fitted to, where it says which were."""
    known = getattr(model, "symbols_", None)
    if known is None or X.kind != "symbols" or X.n_channels > 1:
        return
    there = find_symbols(X.values)
    new = there[~np.isin(there.astype(str), np.asarray(known).astype(str))]
    if len(new):
        share = float(np.isin(X.values, new).mean())
        named = ", ".join(map(repr, new[:_MOST_NAMED].tolist())) + (" ..." if len(new) > _MOST_NAMED else "")
        warnings.warn(
            f"{share:.1%} of the steps are symbols that the model has never seen ({named}): what it answers "
            "after them is hardly more than a guess",
            stacklevel=3,
        )


def _labels(model: Model, X: Sequences, role: str) -> Iterator[pd.DataFrame]:
    for _, rows, names in answer_blocks(model, X, role):
        if names is None:
            yield pd.DataFrame({"answer": rows})
            continue
        yield _probable(rows, names)


def _probable(rows: Values, names: Values) -> pd.DataFrame:
    """Return the most probable of some names in each row, and how probable each is."""
    best = rows.argmax(axis=1)
    columns = {"answer": names[best], "probability": rows[np.arange(len(rows)), best]}
    if len(names) <= MOST_CLASSES:
        columns |= {f"p({name})": rows[:, place] for place, name in enumerate(names)}
    return pd.DataFrame(columns)


def _step_numbers(found: Distribution) -> pd.DataFrame:
    levels = zip(QUANTILES, found.quantile(QUANTILES), strict=True)
    return pd.DataFrame({"answer": found.mean, **{f"q({level:g})": row for level, row in levels}})


def _numbers(model: Model, X: Sequences) -> pd.DataFrame:
    if not hasattr(model, "predict_next_distribution"):
        raise ValueError(
            f"{type(model).__name__} has densities alone: expected a method predict_next_distribution"
        )
    return _quantiles(model.predict_next_distribution(X), X.n_steps, X, QUANTILES)


def _quantiles(found: Distribution, n_rows: int, X: Sequences, levels: tuple[float, ...]) -> pd.DataFrame:
    """Return mean and quantiles of each row and channel."""
    mean = np.reshape(found.mean, (n_rows, -1))
    quantiles = np.reshape(found.quantile(levels), (len(levels), n_rows, -1))
    columns = {}
    for place, channel in enumerate(X.schema):
        of = f" of {channel.name}" if X.n_channels > 1 else ""
        columns[f"answer{of}"] = mean[:, place]
        columns |= {f"q({level:g}){of}": row[:, place] for level, row in zip(levels, quantiles, strict=True)}
    return pd.DataFrame(columns)
