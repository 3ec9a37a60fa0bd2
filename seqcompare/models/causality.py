"""Whether a model's answers use later steps, also where it is wrapped in other estimators."""

from __future__ import annotations

import sys
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline


def is_causal(model: BaseEstimator) -> bool:
    """Return whether the answer at a step uses no later step; True if nothing in the model says otherwise.

    A model's own ``causal`` decides. A pipeline is causal if all its steps are, any other meta-estimator if
    its inner one is: the fitted one, once there is one, since a search may have chosen how far to look ahead.

    Parameters
    ----------
    model : estimator
        Fitted or not.
    """
    if hasattr(model, "causal"):
        return bool(model.causal)
    if isinstance(model, Pipeline):
        return all(is_causal(step) for _, step in model.steps)
    for inner in ("best_estimator_", "estimator_", "estimator"):
        if hasattr(model, inner):
            return is_causal(getattr(model, inner))
    return True


def check_causal(tagger: Any) -> None:
    """Refuse a model of steps that sees the steps that `NextStep` is to predict."""
    if not is_causal(tagger):
        name = type(tagger).__name__
        raise ValueError(f"NextStep needs a causal tagger, but this {name} sees the steps it should predict")


def chosen(model: Any) -> Any:
    """Return what a fitted search has found, which answers in its place; any other model as it is."""
    return getattr(model, "best_estimator_", model)


def reach_of(tagger: Any) -> int:
    """Return how many steps the tagger's answer depends on, and one more; all, if it does not say."""
    tagger = chosen(tagger)
    for name in ("before", "order"):
        if hasattr(tagger, name):
            # the extra step keeps the cut apart from the start of the sequence
            return int(getattr(tagger, name)) + 2
    return sys.maxsize
