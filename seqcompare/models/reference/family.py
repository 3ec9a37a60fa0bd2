"""What models are measured against: chance on data, and machines made by hand on tasks."""

from __future__ import annotations

from typing import Any

from seqcompare.families import REFERENCE, Family, ModelSpec, Problem


def _exact(problem: Problem) -> Any:
    """Return the machine that solves the task, its parameters put in by hand, where there is one."""
    return None if problem.task is None else problem.task.exact_model()


EXACT = ModelSpec("exact", "exact machine", _exact, lambda problem: [], cost=lambda problem, settings: 0.0)

FAMILY = Family(REFERENCE, "reference", "#595959", "X", (EXACT,), least_capacity=0)
