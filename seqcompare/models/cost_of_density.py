"""About what it takes to make densities of numbers, beyond what predicts them."""

from __future__ import annotations

from seqcompare.families import Problem

#: Steps, or errors, that mixtures are fitted to at most.
_MOST = 10_000


def seconds_of_errors(problem: Problem) -> float:
    """Return the seconds to find how far predictions of numbers are off; 0 where nothing has a density."""
    return 0.03 + 1e-5 * min(problem.n_steps, _MOST) if _dense(problem) else 0.0


def seconds_of_marginal(problem: Problem) -> float:
    """Return the seconds of the mixture that is the same for every step, or of frequencies."""
    return 1e-4 * min(problem.n_steps, _MOST) if _dense(problem) else 1e-6 * problem.n_steps


def _dense(problem: Problem) -> bool:
    return problem.role == "next" and problem.kind == "real"
