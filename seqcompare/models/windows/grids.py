"""Which windows are tried on a problem: how wide, how pooled, how strongly penalised, and near the best."""

from __future__ import annotations

from functools import partial

from seqcompare.families import Problem, Settings
from seqcompare.models.common_symbols import lumped

LOGISTIC, SUPPORT, KERNEL, NET = "logistic", "linear-svm", "rbf-svm", "mlp"
RIDGE, BOOSTING = "ridge", "boosting"
#: What answers steps with numbers.
REGRESSORS = (RIDGE, BOOSTING, NET)

#: Rows up to which an exact kernel machine is affordable on a comparison's grid.
_FEW_ROWS = 1500
#: Columns up to which a window sees the whole of a sequence.
_MOST_COLUMNS = 20_000
#: One step weaker or stronger; of nets, which stop early, only stronger.
_STEPS, _STEPS_OF_NETS = (0.1, 10.0), (1000.0,)


def numbers_follow(problem: Problem) -> bool:
    """Whether the next number is predicted."""
    return problem.role == "next" and problem.kind == "real"


def _widths(problem: Problem) -> list[Settings]:
    able = numbers_follow(problem) or problem.role == "step-value"
    return [{"width": w} for w in _filled(problem, 1, 2, 4, 8, 16)] if able else []


def boosted_widths(problem: Problem) -> list[Settings]:
    """Return the widths of boosted trees: of what follows for one channel only."""
    if problem.role == "step-value" and problem.kind == "real":
        return [each for each in _widths(problem) if each["width"] in (1, 4, 8)]
    return [each for each in _widths(problem) if problem.n_channels == 1 and each["width"] in (1, 4)]


def pairs_fit(problem: Problem, width: int, most: int) -> bool:
    """Whether pairs of symbols make no more columns than are affordable."""
    return problem.kind == "symbols" and problem.n_symbols * width <= most


def _filled(problem: Problem, *widths: int) -> list[int]:
    """Return the widths that sequences can fill, and the first beyond."""
    return [w for w in widths if w <= problem.longest] or [widths[0]]


def grid(name: str, problem: Problem) -> list[Settings]:
    """Return the widths, and for whole sequences the poolings, that are affordable."""
    if name == KERNEL and (problem.n_scored > _FEW_ROWS or problem.role == "value"):
        return []
    if problem.role == "step-value":
        return [each for each in _widths(problem) if name == NET and each["width"] in (1, 4, 8)]
    if problem.role in ("next", "step"):
        if problem.role == "next" and problem.kind == "real":
            return []
        heavy = name != LOGISTIC
        widths = [
            width
            for width in _filled(problem, 1, 2, 4, 8, 16)
            if not (
                (heavy and width not in (4, 8))
                or (problem.large and width > 8)
                or (problem.large and heavy and width > 4)
            )
        ]
        return lumped(problem, ({"width": width} for width in widths))
    if problem.role == "value":
        return [] if name == LOGISTIC else _pooled(problem, _filled(problem, 1, 2, 4))
    typical = max(1, problem.n_steps // problem.n_train)
    short = (2, 3) if problem.kind == "symbols" else (1, 2, 4)
    found = _pooled(problem, [w for w in short if w <= typical])
    return found if name != LOGISTIC else [*found, *_shrunk(problem, found, "C", 0.01)]


def _pooled(problem: Problem, means: list[int]) -> list[Settings]:
    """Return the last steps, the means of windows, the whole of sequences, and their segments."""
    last = [*_filled(problem, 4, 8, 16)]
    whole = problem.longest
    # where lengths agree each step has a place of its own; else only parts of a sequence have one
    if 10 * problem.shortest >= 9 * whole and whole > last[-1] and whole * _columns(problem) <= _MOST_COLUMNS:
        last.append(whole)
    parts = [n for n in (4, 16) if n <= problem.shortest and n * _columns(problem) <= _MOST_COLUMNS]
    return [
        *({"width": w, "pooling": "last"} for w in last),
        *({"width": w, "pooling": "mean"} for w in means),
        *({"width": n, "pooling": "segments"} for n in parts),
    ]


def _columns(problem: Problem) -> int:
    """Return the columns of a tap, about."""
    return problem.n_symbols or problem.n_channels


def _shrunk(problem: Problem, found: list[Settings], key: str, value: float) -> list[Settings]:
    """Return those settings once more with a strong penalty that have many columns for the rows."""
    wide = [s for s in found if 5 * int(s["width"]) * _columns(problem) > problem.n_scored]
    return [{**settings, key: value} for settings in wide]


def near(
    key: str,
    usual: float,
    problem: Problem,
    settings: Settings,
    *,
    wider: bool = True,
    centred: bool = False,
    steps: tuple[float, ...] = _STEPS,
) -> list[Settings]:
    """Return windows somewhat narrower or wider, and penalties somewhat weaker or stronger.

    Parameters
    ----------
    key : str
        The parameter that is the penalty.
    usual : float
        Its value where settings do not say.
    problem : Problem
        What they are for; where that is large nothing is affordable.
    settings : mapping
        What did best.
    wider : bool, default=True
        Whether other widths are tried as well.
    centred : bool, default=False
        Whether the width is of two sides.
    steps : tuple of float
        What the penalty is multiplied by.
    """
    if problem.large:
        return []
    width, side = int(settings["width"]), int(settings["width"]) // 2
    widths: list[int] = []
    if wider and settings.get("pooling") == "segments":
        widths = [side, 2 * width]
    elif wider:
        widths = [2 * k + 1 for k in (3 * side // 4, 2 * side)] if centred else [3 * width // 4, 2 * width]
    most = problem.longest if settings.get("pooling", "last") == "last" else problem.shortest
    seen = [w for w in widths if 0 < w <= most and w * _columns(problem) <= _MOST_COLUMNS]
    found: list[Settings] = [{**settings, "width": w} for w in seen]
    others = {k: v for k, v in settings.items() if k != key}
    for factor in steps:
        value = float(f"{float(settings.get(key, usual)) * factor:.3g}")
        found.append(others if value == usual else {**others, key: value})
    return found


def ridge_grid(problem: Problem) -> list[Settings]:
    """Return the widths and poolings of ridge regression."""
    if problem.role != "value":
        return _widths(problem)
    found = _pooled(problem, _filled(problem, 1, 2, 4))
    return [*found, *_shrunk(problem, found, "alpha", 100.0)]


def centred_grid(name: str, problem: Problem) -> list[Settings]:
    """Return the widths of windows that look as far ahead as back."""
    if problem.role == "step-value":
        able = name in REGRESSORS and (name != BOOSTING or problem.kind == "real")
        wide = (1, 2, 4, 8) if name == RIDGE else (1, 4)
        return [{"width": 2 * side + 1} for side in wide if able and side < problem.longest]
    if problem.role != "step" or name in (RIDGE, BOOSTING):
        return []
    if name == KERNEL and problem.n_scored > _FEW_ROWS:
        return []
    sides = [
        side
        for side in (1, 2, 4, 8)
        if side < problem.longest and not (side == 8 and name != LOGISTIC and problem.large)
    ]
    return lumped(problem, ({"width": 2 * side + 1} for side in sides))


def pairs_grid(problem: Problem) -> list[Settings]:
    """Return the widths of windows with pairs."""
    if problem.role not in ("next", "step"):
        return []
    return [{"width": w} for w in (3, 4) if pairs_fit(problem, w, 40) and w <= problem.longest]


def pairs_centred_grid(problem: Problem) -> list[Settings]:
    """Return the one width of windows with pairs that look both ways."""
    able = problem.role == "step" and pairs_fit(problem, 3, 40) and problem.longest > 1
    return [{"width": 3}] if able else []


#: Settings near those that did best: of each kind by its penalty, and what scikit-learn or we usually set.
REFINE = {
    LOGISTIC: partial(near, "C", 1.0),
    KERNEL: partial(near, "C", 10.0),
    NET: partial(near, "alpha", 1e-4, wider=False, steps=_STEPS_OF_NETS),
    RIDGE: partial(near, "alpha", 1.0),
}
