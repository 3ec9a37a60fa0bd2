"""What models are measured against: naive forecasts of numbers, and machines made by hand on tasks."""

from __future__ import annotations

from collections.abc import Iterable

from sklearn.base import BaseEstimator

import seqcompare
from seqcompare.families import REFERENCE, Family, ModelSpec, Problem, Settings
from seqcompare.models.cost_of_density import seconds_of_errors


def _exact(problem: Problem) -> BaseEstimator | None:
    """Return the machine that solves the task, its parameters put in by hand, where there is one."""
    return None if problem.task is None else problem.task.exact_model()


def _naive(problem: Problem, period: int = 1) -> BaseEstimator | None:
    """Return the forecast of numbers that learns nothing but its errors."""
    if problem.role != "next" or problem.kind != "real":
        return None
    return seqcompare.NextStep(seqcompare.LastValue(period))


def _seconds_of_naive(problem: Problem, settings: Settings) -> float:
    return seconds_of_errors(problem)


def _seasonal(problem: Problem, period: int) -> BaseEstimator | None:
    return _naive(problem, period) if period > 1 else None


def _warped(problem: Problem) -> BaseEstimator | None:
    """Return the nearest sequence under warping, for labels of whole sequences of numbers."""
    return seqcompare.DTWClassifier() if (problem.role, problem.kind) == ("sequence", "real") else None


def _warping_seconds(problem: Problem, settings: Settings) -> float:
    """Return the time of all distances between training sequences, about 3 ns a pair of steps."""
    return 3e-9 * float(problem.n_steps) ** 2


def _kernels(problem: Problem) -> BaseEstimator | None:
    """Return MiniRocket, for labels of whole sequences of numbers."""
    return seqcompare.MiniRocketClassifier() if (problem.role, problem.kind) == ("sequence", "real") else None


def _kernel_seconds(problem: Problem, settings: Settings) -> float:
    """Return the time of kernels at each step of the longest, and of ridge regression in all folds."""
    steps = problem.n_train * problem.longest * problem.n_channels
    return 1.2e-6 * steps + 2e-6 * float(problem.n_train) ** 2


def _kernel_bytes(problem: Problem, settings: Settings) -> float:
    """Return the bytes of ten thousand columns a sequence, several times."""
    return 3e5 * problem.n_train


def _season(problem: Problem) -> Iterable[Settings]:
    return [{"period": problem.period}] if problem.period > 1 else []


EXACT = ModelSpec("exact", "exact machine", _exact, lambda problem: [], cost=lambda problem, settings: 0.0)
LAST_VALUE = ModelSpec(
    "last-value", "last value", _naive, label="last value", kinds=("real",), cost=_seconds_of_naive
)
SEASONAL = ModelSpec(
    "seasonal-last-value",
    "seasonal last value",
    _seasonal,
    _season,
    capacity="period",
    capacity_name="steps of a season",
    label="last value, {period} steps back",
    kinds=("real",),
    cost=_seconds_of_naive,
)

# not entered unless asked for: yardsticks, which need an extra and take the square of the data's size
WARPED = ModelSpec(
    "dtw",
    "nearest by warping",
    _warped,
    lambda problem: [],
    label="nearest by warping",
    kinds=("real",),
    cost=_warping_seconds,
)
MINIROCKET = ModelSpec(
    "minirocket",
    "MiniRocket",
    _kernels,
    lambda problem: [],
    label="MiniRocket",
    kinds=("real",),
    cost=_kernel_seconds,
    memory=_kernel_bytes,
)

FAMILY = Family(
    REFERENCE,
    "reference",
    "#595959",
    "X",
    (EXACT, LAST_VALUE, SEASONAL, WARPED, MINIROCKET),
    least_capacity=0,
)
