"""Numbers of steps with their densities: a model's own, or its errors where it was not fitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import fit_model, predict_answer, scored_items
from seqcompare.experiments.forecasts import MOST_SHOWN_STEPS, fill_forecast, forecast_rows
from seqcompare.experiments.splits import Split, cut, cut_test
from seqcompare.metrics import Answers, Forecast
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.next_numbers import Errors, find_errors
from seqcompare.typing import Floats, Model, Values

#: Normal distributions that errors are a mixture of, at most.
_MOST_COMPONENTS = 3


def errors_of(build: Callable[[], Model], train: SequenceDataset, splits: Sequence[Split]) -> Errors:
    """Return the distribution of the errors of a model in parts of its training data that it does not see.

    Parameters
    ----------
    build : callable () -> estimator
        Returns the model, to be fitted to what a split trains on; fitted already if there are no splits.
    train : SequenceDataset
        The training data.
    splits : sequence of Split
        How they are divided; none asks about all that was trained on.
    """
    parts = []
    asked: list[Split | None] = [*splits] or [None]
    for split in asked:
        model, kept = build(), train if split is None else cut_test(train, split)
        if split is not None:
            fit_model(model, cut(train, split.train))
        item, weight, truth = scored_items(kept)
        off = truth - numbers_of(predict_answer(model, kept.X, kept.role)[0])[item]
        parts.append(np.column_stack([off, weight, truth]))
    off, weight, truth = np.vstack(parts).T
    return find_errors(off[:, np.newaxis], weight, None, truth[:, np.newaxis], _MOST_COMPONENTS)


def numbers_of(rows: Values) -> Floats:
    """Return answers as one number each."""
    return np.asarray(rows, dtype=np.float64).reshape(len(rows))


def step_distribution(model: Any, X: Sequences, errors: Errors | None) -> Distribution:
    """Return the distribution of the number of every step, end to end.

    Parameters
    ----------
    model : estimator
        Fitted, of the role ``step-value``.
    X : Sequences
        What it is asked.
    errors : Errors, optional
        What stands in where it has no densities of its own.
    """
    flat = X.detached()
    if errors is None:
        found: Distribution = model.predict_distribution(flat)
        return found
    said = numbers_of(predict_answer(model, flat, "step-value")[0])
    return errors.around(said[:, np.newaxis], np.ones(len(said)), flat=True)


def step_stretch(
    model: Any, errors: Errors | None, dataset: SequenceDataset
) -> tuple[Distribution, Floats, NDArray[np.int64]]:
    """Return what is said of the last steps of a sequence that have a number, that, and which they are."""
    assert isinstance(dataset.y, Sequences)
    at = scored_items(dataset)[0]
    at = at[at >= len(dataset.y.values) - MOST_SHOWN_STEPS]
    found = step_distribution(model, dataset.X, errors)
    return found[at], dataset.y.channels.astype(np.float64)[at], at


def has_density(model: Any) -> bool:
    """Whether a model says how sure it is of its numbers."""
    return hasattr(model, "predict_distribution")


def with_density(answers: Answers, found: Distribution, dataset: SequenceDataset) -> Answers:
    """Return answers to a data set of numbers a step with what their densities say, and their bits."""
    assert isinstance(dataset.y, Sequences)
    truth = dataset.y.channels.astype(np.float64)
    parts = forecast_rows(truth)
    fill_forecast(parts, found[answers.item], truth, answers.item)
    picked = {name: values[answers.item] for name, values in parts.items()}
    bits = -np.asarray(found[answers.item].log_prob(truth[answers.item, 0])) / np.log(2)
    naive = np.full(1, np.nan)
    return replace(answers, bits=bits, forecast=Forecast(truth[answers.item], **picked, naive=naive))
