"""How many states are tried on a problem, with which priors, and what near the best."""

from __future__ import annotations

from collections.abc import Iterator

from seqcompare.data.options import LABELLED_STEPS
from seqcompare.families import Problem, Settings

#: Sizes for few symbols and for many, and where the former end.
_SOME, _MANY, _FEW_SYMBOLS = (2, 3, 4, 6, 8, 12), (4, 8, 16, 32), 16
#: Steps up to which durations are told apart.
LONGEST = 20


def width(problem: Problem) -> int:
    """Return the parameters of a state, about."""
    return problem.n_symbols or 2 * problem.n_channels


def fitting(problem: Problem, *counts: int) -> list[int]:
    """Return the numbers of states that there is data for: ten steps for each free parameter, or so."""
    fitting = [k for k in counts if 10 * k * (k + width(problem)) <= problem.n_steps]
    return fitting or [counts[0]]


def states(problem: Problem) -> list[Settings]:
    """Return the numbers of states of the usual kind."""
    if problem.role == "next":
        if problem.kind == "real":
            counts = fitting(problem, 2, 3, 4, 6, 8, 12)
        else:
            counts = fitting(problem, *_SOME if problem.n_symbols <= _FEW_SYMBOLS else _MANY)
    elif problem.role == "step-value":
        wide = problem.n_symbols or (problem.n_channels + 1) * (problem.n_channels + 4) // 2
        counts = [k for k in (1, 2, 3, 4, 6, 8) if k == 1 or 5 * k * (k + wide) <= problem.n_steps]
    elif problem.role == "step":
        counts = [k for k in fitting(problem, 4, 8, 16) if k > problem.n_classes]
    else:
        counts = list(states_of_classes(problem))
    return [*({"n_components": k} for k in counts), *_with_priors(problem)]


def _with_priors(problem: Problem) -> list[Settings]:
    """Return the numbers of states that there is data for with priors, but where these still matter."""
    if problem.kind != "symbols" or problem.role not in ("next", "sequence"):
        return []
    n_steps = problem.n_steps if problem.role == "next" else per_class(problem)
    counts = _SOME if problem.role == "next" and problem.n_symbols <= _FEW_SYMBOLS else (2, 4, 8)
    free = {k: k * (k + width(problem)) for k in counts}
    return [{"n_components": k, "priors": True} for k in counts if 1.5 * free[k] <= n_steps <= 50 * free[k]]


def near(problem: Problem, settings: Settings) -> list[Settings]:
    """Return one state less and more, and of the largest twice as many."""
    k = int(settings["n_components"])
    counts = [k - 1, k + 1, *([2 * k] if not problem.large and k >= 8 else [])]
    room = per_class(problem) if problem.role == "sequence" else problem.n_steps
    least = problem.n_classes + 1 if problem.role == "step" else 1
    able = [n for n in counts if n >= least and n * (n + width(problem)) <= room]
    return [{**settings, "n_components": n} for n in able]


def states_of_classes(problem: Problem) -> Iterator[int]:
    """Yield the numbers of states of a density a class, as far as a class has steps enough for them."""
    if problem.role != "sequence":
        return
    for k in (1, 2, 3, 5, 8):
        if k > 1 and 5 * k * (k + width(problem)) > per_class(problem):
            return
        yield k


def per_class(problem: Problem) -> int:
    """Return the training steps of a class, about."""
    return max(1, problem.n_steps // max(problem.n_classes, 1))


def states_of_full(problem: Problem) -> list[Settings]:
    """Return the numbers of states with full covariances."""
    if problem.kind != "real" or not 1 < problem.n_channels <= 40:
        return []
    room = per_class(problem) / problem.n_channels**2
    return [{"n_components": k} for k in states_of_classes(problem) if k <= room]


def states_in_a_row(problem: Problem) -> list[Settings]:
    """Return the numbers of states that follow each other from left to right."""
    if problem.role != "sequence":
        return []
    able = min(problem.longest, per_class(problem) / (2 * width(problem)))
    return [{"n_components": k} for k in (3, 5, 8, 16) if k <= able]


def near_in_a_row(problem: Problem, settings: Settings) -> list[Settings]:
    """Return a quarter less and half as many more of them."""
    k = int(settings["n_components"])
    most = min(problem.longest // 2, per_class(problem) // (2 * width(problem)))
    return [{"n_components": n} for n in (3 * k // 4, 3 * k // 2) if 2 < n <= most]


def states_of_labels(problem: Problem) -> list[Settings]:
    """Return the one number of states that are labels."""
    return [{"states": problem.n_classes}] if problem.role == "step" else []


def states_of_prediction(problem: Problem) -> list[Settings]:
    """Return the numbers of states that are fitted to the prediction of what counts, or of the class."""
    if problem.kind != "symbols":
        return []
    if problem.role == "sequence":
        # all classes share the states, and each sequence says one thing
        able = [k for k in (4, 8) if k >= problem.n_classes] if not problem.large else []
        return [{"n_components": k} for k in fitting(problem, *able)] if able else []
    return [{"n_components": k} for k in (2, 4, 8)] if problem.role == "next" and problem.weighted else []


def states_that_last(problem: Problem) -> list[Settings]:
    """Return the numbers of states whose durations are free: ten steps for each number of these, too."""
    if problem.role != "next":
        return []
    room = problem.n_steps // 10
    return [{"n_components": k} for k in (2, 3, 4) if k * (k + width(problem) + LONGEST) <= room]


def steps_only(problem: Problem) -> list[Settings]:
    """Return the numbers of states of taggers."""
    return states(problem) if problem.role in LABELLED_STEPS else []
