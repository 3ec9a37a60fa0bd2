"""What becomes of missing values in each model of a comparison."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from seqcompare.families import ModelSpec, Problem
from seqcompare.models.filled import Filled
from seqcompare.models.missing_symbols import FilledNext
from seqcompare.models.next_step import NextStep

#: What is said of models that something stands in for missing values in.
OF_NUMBERS = (
    "see in their place what a linear prediction expects, given the steps so far, with marks where they are "
    "missing"
)
OF_SYMBOLS = "take a missing symbol for one of its own among those that came before, and predict the others"
#: What is said of models that do without missing values themselves.
THEMSELVES = "do without them, by summing over what they might have been"


def does_itself(spec: ModelSpec, problem: Problem) -> bool:
    """Whether a kind does without the missing values of a problem; of missing symbols none does."""
    return not problem.missing or (spec.missing and problem.kind != "symbols")


def built_for(spec: ModelSpec, problem: Problem) -> Problem:
    """Return the problem that a kind builds its model for: where others stand in, nothing is missing."""
    return problem if does_itself(spec, problem) else replace(problem, missing=False)


def with_gaps(model: Any, spec: ModelSpec, problem: Problem) -> Any:
    """Return a model that takes the missing values of a problem; None if there is none.

    Parameters
    ----------
    model : estimator
        Not fitted; windows and naive forecasts are told to take them.
    spec : ModelSpec
        Its kind.
    problem : Problem
        What it is for.
    """
    if model is None or does_itself(spec, problem) or getattr(model, "reading", {}).get("allow_none"):
        return model
    if problem.role == "next" and problem.kind == "symbols":
        return FilledNext(model)
    if problem.role == "next":
        # densities of numbers sum over what is missing by themselves, or not at all
        return _with_inner(model) if isinstance(model, NextStep) else None
    return _taught(model, problem)


def _with_inner(model: NextStep) -> NextStep:
    return NextStep(
        _taught(model.estimator, None),
        symbols=model.symbols,
        scale=model.scale,
        max_components=model.max_components,
    )


def _taught(model: Any, problem: Problem | None) -> Any:
    """Return a model of steps or sequences that takes missing values."""
    numbers = problem is None or problem.kind == "real"
    if numbers and hasattr(model, "get_params") and "missing" in model.get_params(deep=False):
        return model.set_params(missing="allow")
    return Filled(model)
