"""The family of attention, as far as sweeps, comparisons and reports know it."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import seqcompare
from seqcompare.families import Family, ModelSpec, Problem, Settings
from seqcompare.models.attention.estimator import MOST
from seqcompare.models.recurrent.family import bytes_of_net, seconds_of_answer, within_the_data
from seqcompare.needs import Needs, Traits
from seqcompare.typing import Record

HEADS = 4


def _net(causal: bool, problem: Problem, hidden_size: int, pooling: str = "last") -> Any:
    """Return a tagger or a regressor of steps, also of the next one, a classifier or a regressor."""
    how: Record = {
        "hidden_size": hidden_size,
        "n_heads": math.gcd(hidden_size, HEADS),
        "causal": causal,
        "max_iter": problem.budget.epochs,
        "max_seconds": problem.budget.max_seconds,
    }
    if problem.task is None:
        how |= within_the_data(problem)
    numbers = problem.role == "step-value" or (problem.role, problem.kind) == ("next", "real")
    if problem.role == "next":
        of_steps = seqcompare.AttentionStepRegressor if numbers else seqcompare.AttentionTagger
        return seqcompare.NextStep(of_steps(**how)) if causal else None
    if numbers:
        return seqcompare.AttentionStepRegressor(**how)
    if problem.role == "step":
        return seqcompare.AttentionTagger(**how)
    # of what the harness compares, a whole sequence is read from its end on tasks
    if not causal and (problem.task is not None or problem.role == "value"):
        return None
    kinds = {"sequence": seqcompare.AttentionClassifier, "value": seqcompare.AttentionRegressor}
    return kinds[problem.role](**how, pooling=pooling) if problem.role in kinds else None


def _grid(problem: Problem) -> list[Settings]:
    """Return nothing: comparisons enter it if asked for, since it takes longer than all others together."""
    return []


def _label(title: str, settings: Settings) -> str:
    pooling = f", {settings['pooling']}" if "pooling" in settings else ""
    return f"{title} {settings['hidden_size']}{pooling}"


def _seconds(problem: Problem, settings: Settings) -> float:
    width = int(settings["hidden_size"]) / 32
    each = 4e-6 * width**2 + 2e-8 * min(problem.longest, MOST) * width
    return problem.n_steps * problem.budget.epochs * (each + seconds_of_answer(problem, settings))


def _theory(causal: bool, needs: Needs, traits: Traits) -> bool | None:
    """Return False where later steps are needed and not seen; how many units are enough is open."""
    return False if needs.distance < 0 and causal and traits.causal else None


def _spec(name: str, title: str, *, causal: bool) -> ModelSpec:
    return ModelSpec(
        name,
        title,
        partial(_net, causal),
        _grid,
        sizes=(32,),
        capacity="hidden_size",
        capacity_name="hidden units",
        label=partial(_label, title),
        ahead=not causal,
        cost=_seconds,
        memory=partial(bytes_of_net, not causal),
        can_represent=partial(_theory, causal),
    )


FAMILY = Family(
    "attention",
    "attention",
    "#5A3CF2",
    "p",
    (_spec("attention", "attention", causal=True), _spec("biattention", "attention both ways", causal=False)),
    partial(_theory, True),
    head="attention network",
    plural="networks of attention",
)
