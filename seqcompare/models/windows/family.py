"""The family of windows, as far as sweeps, comparisons and reports know it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import seqcompare
from seqcompare.families import Family, ModelSpec, Problem, Settings
from seqcompare.models.windows.standard import standard_classifier
from seqcompare.needs import Needs, Traits

_LOGISTIC, _SUPPORT, _KERNEL, _NET = "logistic", "linear-svm", "rbf-svm", "mlp"
#: Rows up to which an exact kernel machine is affordable on a comparison's grid.
_FEW_ROWS = 1500
#: Steps up to which boosting sorts numbers exactly; beyond, it sorts them into bins.
_FEW_STEPS = 10_000


def _rule(name: str, problem: Problem) -> BaseEstimator | None:
    """Return the classifier of rows: to its budget in a sweep, within what the data allow elsewhere."""
    if problem.task is not None:
        made = standard_classifier(name)
        return made.set_params(max_iter=problem.budget.epochs) if name == _NET else made
    if name == _LOGISTIC:
        made = LogisticRegression(max_iter=60 if problem.large else 300)
    elif name == _NET:
        made = MLPClassifier(
            (64,),
            learning_rate_init=0.005,
            early_stopping=problem.n_scored >= 1000,
            max_iter=int(np.clip(2e6 / problem.n_scored, 10, 200)),
            n_iter_no_change=10,
        )
    else:
        made = SVC(C=10.0) if name == _KERNEL else standard_classifier(name)
    return _scaled(made, problem)


def _scaled(model: BaseEstimator, problem: Problem) -> BaseEstimator:
    return make_pipeline(StandardScaler(), model) if problem.kind != "symbols" else model


def _regressor(name: str, problem: Problem) -> BaseEstimator | None:
    if name != _NET:
        return Ridge() if problem.task is not None else _scaled(Ridge(), problem)
    if problem.task is not None:
        return MLPRegressor(
            hidden_layer_sizes=(64,),
            learning_rate_init=0.01,
            max_iter=problem.budget.epochs,
            n_iter_no_change=20,
        )
    net = MLPRegressor(
        hidden_layer_sizes=(64,),
        learning_rate_init=0.005,
        early_stopping=problem.n_scored >= 200,
        max_iter=300,
        n_iter_no_change=20,
    )
    return _scaled(net, problem)


def _window(name: str, problem: Problem, width: int, pooling: str = "last") -> BaseEstimator | None:
    """Return a window over a classifier that looks back, or a regressor of whole sequences."""
    if problem.role == "value":
        regressor = _regressor(name, problem) if name == _NET else None
        return (
            None if regressor is None else seqcompare.WindowRegressor(regressor, width=width, pooling=pooling)
        )
    # a sweep scores labels as they are: probabilities, which cost a support vector machine three more fits,
    # are needed only where the answer is one of the admissible symbols
    uncalibrated = {"calibration_cv": None} if problem.task is not None else {}
    if problem.role == "next":
        if problem.kind == "real":
            return None
        return seqcompare.NextStep(seqcompare.WindowTagger(_rule(name, problem), before=width - 1))
    if problem.role == "step":
        return seqcompare.WindowTagger(_rule(name, problem), before=width - 1, **uncalibrated)
    if problem.role != "sequence":
        return None
    pairs = problem.task is None and pooling == "mean" and _pairs_fit(problem, width, 60)
    return seqcompare.WindowClassifier(
        _rule(name, problem), width=width, pooling=pooling, pairs=pairs, **uncalibrated
    )


def _numbers_follow(problem: Problem) -> bool:
    return problem.role == "next" and problem.kind == "real"


def _density(regressor: BaseEstimator, width: int) -> BaseEstimator:
    """Return the density of the next number that a regressor of it gives."""
    return seqcompare.NextStep(seqcompare.WindowStepRegressor(regressor, before=width - 1))


def _boosting(problem: Problem, width: int) -> BaseEstimator | None:
    """Return boosted trees for one channel: exact splits, but of bins where there are many steps."""
    if not _numbers_follow(problem) or problem.n_channels > 1:
        return None
    exact = problem.n_steps <= _FEW_STEPS
    made = GradientBoostingRegressor(subsample=0.5) if exact else HistGradientBoostingRegressor()
    return _density(made, width)


def _widths(problem: Problem) -> list[Settings]:
    return [{"width": w} for w in _filled(problem, 1, 2, 4, 8, 16)] if _numbers_follow(problem) else []


def _boosted_widths(problem: Problem) -> list[Settings]:
    return [each for each in _widths(problem) if problem.n_channels == 1 and each["width"] in (1, 4)]


def _ridge(problem: Problem, width: int, pooling: str = "last") -> BaseEstimator | None:
    if _numbers_follow(problem):
        return _density(_regressor("ridge", problem), width)
    if problem.role != "value":
        return None
    return seqcompare.WindowRegressor(_regressor("ridge", problem), width=width, pooling=pooling)


def _centred(name: str, problem: Problem, width: int) -> BaseEstimator | None:
    """Return windows that look as far ahead as back; `width` taps in all."""
    if problem.role != "step":
        return None
    return seqcompare.WindowTagger(_rule(name, problem), before=(width - 1) // 2, after=width // 2)


def _pairs(problem: Problem, width: int, *, ahead: bool = False) -> BaseEstimator | None:
    """Return windows whose columns are pairs of symbols as well."""
    if problem.kind != "symbols" or problem.role not in ("next", "step"):
        return None
    sides = {"before": 1, "after": 1} if ahead else {"before": width - 1}
    tagger = seqcompare.WindowTagger(LogisticRegression(max_iter=200), **sides, pairs=True)
    if ahead:
        return tagger if problem.role == "step" else None
    return seqcompare.NextStep(tagger) if problem.role == "next" else tagger


def _pairs_fit(problem: Problem, width: int, most: int) -> bool:
    return problem.kind == "symbols" and problem.n_symbols * width <= most


def _filled(problem: Problem, *widths: int) -> list[int]:
    """Return the widths that sequences can fill, and the first beyond."""
    return [w for w in widths if w <= problem.longest] or [widths[0]]


def _grid(name: str, problem: Problem) -> list[Settings]:
    """Return the widths, and for whole sequences the poolings, that are affordable."""
    if name == _KERNEL and (problem.n_scored > _FEW_ROWS or problem.role == "value"):
        return []
    if problem.role in ("next", "step"):
        if problem.role == "next" and problem.kind == "real":
            return []
        heavy = name != _LOGISTIC
        return [
            {"width": width}
            for width in _filled(problem, 1, 2, 4, 8, 16)
            if not (
                (heavy and width not in (4, 8))
                or (problem.large and width > 8)
                or (problem.large and heavy and width > 4)
            )
        ]
    if problem.role == "value":
        return [] if name == _LOGISTIC else _pooled(problem, _filled(problem, 1, 2, 4))
    typical = max(1, problem.n_steps // problem.n_train)
    short = (2, 3) if problem.kind == "symbols" else (1, 2, 4)
    return _pooled(problem, [w for w in short if w <= typical])


def _pooled(problem: Problem, means: list[int]) -> list[Settings]:
    last = [{"width": w, "pooling": "last"} for w in _filled(problem, 4, 8, 16)]
    return [*last, *({"width": w, "pooling": "mean"} for w in means)]


def _ridge_grid(problem: Problem) -> list[Settings]:
    return _pooled(problem, _filled(problem, 1, 2, 4)) if problem.role == "value" else _widths(problem)


def _centred_grid(name: str, problem: Problem) -> list[Settings]:
    if problem.role != "step" or (name == _KERNEL and problem.n_scored > _FEW_ROWS):
        return []
    return [
        {"width": 2 * side + 1}
        for side in (1, 2, 4, 8)
        if side < problem.longest and not (side == 8 and name != _LOGISTIC and problem.large)
    ]


def _pairs_grid(problem: Problem) -> list[Settings]:
    if problem.role not in ("next", "step"):
        return []
    return [{"width": w} for w in (3, 4) if _pairs_fit(problem, w, 40) and w <= problem.longest]


def _pairs_centred_grid(problem: Problem) -> list[Settings]:
    able = problem.role == "step" and _pairs_fit(problem, 3, 40) and problem.longest > 1
    return [{"width": 3}] if able else []


def _label(words: str, settings: Settings) -> str:
    pooling = f", {settings['pooling']}" if "pooling" in settings else ""
    return f"{words} {settings['width']}{pooling}"


def _centred_label(words: str, settings: Settings) -> str:
    width = int(settings["width"])
    return f"{words} -{(width - 1) // 2}..+{width // 2}"


def _centred_seed(words: str, problem: Problem, settings: Settings) -> str:
    """Return what seeds of sweeps were made of when centred windows were called by their width."""
    return (
        f"centred window {settings['width']}" if problem.task is not None else _centred_label(words, settings)
    )


def _see(name: str, least: int, estimator: BaseEstimator, k: int) -> BaseEstimator:
    """Return the window that sees k steps on one side; those of the past include the present one."""
    params = estimator.get_params()
    key = name if name in params else f"estimator__{name}"
    return estimator.set_params(**{key: min(k - least, params[key])})


_back, _ahead = partial(_see, "before", 1), partial(_see, "after", 0)


def _theory(linear: bool, needs: Needs, traits: Traits) -> bool | None:
    """Return whether the taps span the distance, and a rule of this kind can be right on them."""
    if needs.role in ("sequence", "value"):
        # the gap after the last mark has no bound: no width shows both marks every time
        short = traits.capacity <= needs.distance
        return False if short and (needs.role == "sequence" or traits.pooling == "last") else None
    if not needs.finite:
        return None
    if needs.role == "next":
        if traits.after:
            raise ValueError(f"a window that predicts the next step has after=0, got {traits.after}")
        reached = needs.distance <= traits.capacity
    else:
        reached = -traits.after <= needs.distance <= traits.capacity - 1 - traits.after
    if linear and not needs.linear:
        return None if reached and needs.linear is None else False
    return reached


def _seconds(each: float, problem: Problem, settings: Settings) -> float:
    return each * problem.n_steps * int(settings["width"])


def _seconds_of_net(problem: Problem, settings: Settings) -> float:
    return 2e-7 * problem.n_steps * problem.budget.epochs


def _spec(
    name: str,
    title: str,
    build: Callable[..., Any],
    grid: Callable[[Problem], Any],
    *,
    sizes: tuple[int, ...] = (4, 8),
    linear: bool = False,
    **more: Any,
) -> ModelSpec:
    return ModelSpec(
        name,
        title,
        build,
        grid,
        sizes=sizes,
        capacity="width",
        capacity_name="width",
        can_represent=partial(_theory, linear),
        **{"limit": _back, "cost": partial(_seconds, 5e-7), **more},
    )


def _looking_back(name: str, title: str, words: str, **more: Any) -> ModelSpec:
    label = partial(_label, words)
    return _spec(name, title, partial(_window, name), partial(_grid, name), label=label, **more)


def _looking_both_ways(name: str, title: str, words: str, **more: Any) -> ModelSpec:
    return _spec(
        f"{name}-centred",
        title,
        partial(_centred, name),
        partial(_centred_grid, name),
        label=partial(_centred_label, words),
        seed_key=partial(_centred_seed, words),
        limit_ahead=_ahead,
        ahead=True,
        **more,
    )


FAMILY = Family(
    "window",
    "window",
    "#E69F00",
    "^",
    (
        _looking_back(_LOGISTIC, "Logistic window", "logistic window", sizes=(2, 4, 8, 16), linear=True),
        _spec(
            "ridge",
            "Ridge window",
            _ridge,
            _ridge_grid,
            sizes=(4, 8, 16),
            linear=True,
            label=partial(_label, "ridge window"),
            cost=partial(_seconds, 1e-7),
        ),
        _spec(
            "boosting",
            "Boosted window",
            _boosting,
            _boosted_widths,
            sizes=(1, 4),
            label=partial(_label, "boosted window"),
            cost=partial(_seconds, 2e-4),
            kinds=("real",),
        ),
        _spec(
            _SUPPORT,
            "Linear SVM window",
            partial(_window, _SUPPORT),
            lambda problem: [],
            linear=True,
            label=partial(_label, "linear SVM window"),
            cost=partial(_seconds, 2e-7),
        ),
        _looking_back(_NET, "MLP window", "MLP window", sizes=(4, 8, 16), cost=_seconds_of_net),
        _looking_back(_KERNEL, "RBF SVM window", "RBF SVM window", cost=partial(_seconds, 3e-5)),
        _spec(
            "logistic-pairs",
            "Logistic window with pairs",
            _pairs,
            _pairs_grid,
            sizes=(3, 4),
            kinds=("symbols",),
            label="logistic window {width} with pairs",
        ),
        _looking_both_ways(_LOGISTIC, "Centred window", "logistic window", sizes=(9, 17), linear=True),
        _looking_both_ways(_NET, "Centred MLP window", "MLP window", cost=_seconds_of_net),
        _looking_both_ways(_KERNEL, "Centred RBF SVM window", "RBF SVM window", cost=partial(_seconds, 3e-5)),
        _spec(
            "logistic-pairs-centred",
            "Centred window with pairs",
            partial(_pairs, ahead=True),
            _pairs_centred_grid,
            sizes=(3,),
            kinds=("symbols",),
            label="logistic window -1..+1 with pairs",
            limit_ahead=_ahead,
            ahead=True,
        ),
    ),
    partial(_theory, False),
)
