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
from seqcompare.models.common_symbols import of_common, words_of
from seqcompare.models.windows.cost import (
    BYTES,
    bytes_of_pairs,
    bytes_of_rows,
    seconds,
    seconds_of_net,
    seconds_of_numbers,
)
from seqcompare.models.windows.grids import (
    BOOSTING,
    KERNEL,
    LOGISTIC,
    NET,
    REFINE,
    REGRESSORS,
    RIDGE,
    SUPPORT,
    boosted_widths,
    centred_grid,
    grid,
    near,
    numbers_follow,
    pairs_centred_grid,
    pairs_fit,
    pairs_grid,
    ridge_grid,
)
from seqcompare.models.windows.standard import standard_classifier
from seqcompare.models.windows.theory import theory, theory_of_pairs
from seqcompare.typing import Record

#: Steps up to which boosting sorts numbers exactly; beyond, it sorts them into bins.
_FEW_STEPS = 10_000


def _rule(name: str, problem: Problem, **penalty: float) -> BaseEstimator:
    """Return the classifier of rows: to its budget in a sweep, within what the data allow elsewhere."""
    made = _plain_rule(name, problem).set_params(**penalty)
    # scaling is only for data: tasks have steps of one size
    return made if problem.task is not None else _scaled(made, problem)


def _plain_rule(name: str, problem: Problem) -> BaseEstimator:
    if problem.task is not None:
        made = standard_classifier(name)
        return made.set_params(max_iter=problem.budget.epochs) if name == NET else made
    if name == LOGISTIC:
        made = LogisticRegression(max_iter=60 if problem.large else 300)
    elif name == NET:
        made = MLPClassifier(
            (64,),
            learning_rate_init=0.005,
            early_stopping=problem.n_scored >= 1000,
            max_iter=int(np.clip(2e6 / problem.n_scored, 10, 200)),
            n_iter_no_change=10,
        )
    else:
        made = SVC(C=10.0) if name == KERNEL else standard_classifier(name)
    return made


def _scaled(model: BaseEstimator, problem: Problem) -> BaseEstimator:
    return make_pipeline(StandardScaler(), model) if problem.kind != "symbols" else model


def _regressor(name: str, problem: Problem, **penalty: float) -> BaseEstimator:
    made: BaseEstimator
    if name == BOOSTING:
        # exact splits, but of bins where there are many steps
        few = problem.n_steps <= _FEW_STEPS
        return GradientBoostingRegressor(subsample=0.5) if few else HistGradientBoostingRegressor()
    if name != NET:
        made = Ridge()
    elif problem.task is not None:
        made = MLPRegressor(
            hidden_layer_sizes=(64,),
            learning_rate_init=0.01,
            max_iter=problem.budget.epochs,
            n_iter_no_change=20,
        )
    else:
        made = MLPRegressor(
            hidden_layer_sizes=(64,),
            learning_rate_init=0.005,
            early_stopping=problem.n_scored >= 200,
            max_iter=300,
            n_iter_no_change=20,
        )
    made.set_params(**penalty)
    return made if problem.task is not None else _scaled(made, problem)


def _window(
    name: str,
    problem: Problem,
    width: int,
    pooling: str = "last",
    symbols: int | None = None,
    **penalty: float,
) -> BaseEstimator | None:
    """Return a window over a classifier that looks back, or a regressor of whole sequences."""
    if problem.role == "step-value":
        return _numbers(name, problem, width - 1, 0, **penalty) if name == NET else None
    if problem.role == "value":
        regressor = _regressor(name, problem, **penalty) if name == NET else None
        return (
            None if regressor is None else seqcompare.WindowRegressor(regressor, width=width, pooling=pooling)
        )
    # a sweep scores labels as they are: probabilities, which cost a support vector machine three more fits,
    # are needed only where the answer is one of the admissible symbols
    uncalibrated: Record = {"calibration_cv": None} if problem.task is not None else {}
    if problem.role == "next":
        if problem.kind == "real":
            return None
        tagger = seqcompare.WindowTagger(_rule(name, problem, **penalty), before=width - 1)
        return seqcompare.NextStep(of_common(tagger, symbols))
    if problem.role == "step":
        tagger = seqcompare.WindowTagger(_rule(name, problem, **penalty), before=width - 1, **uncalibrated)
        return of_common(tagger, symbols)
    if problem.role != "sequence":
        return None
    pairs = problem.task is None and pooling == "mean" and pairs_fit(problem, width, 60)
    return seqcompare.WindowClassifier(
        _rule(name, problem, **penalty), width=width, pooling=pooling, pairs=pairs, **uncalibrated
    )


def _density(regressor: BaseEstimator, width: int) -> BaseEstimator:
    """Return the density of the next number that a regressor of it gives."""
    return seqcompare.NextStep(seqcompare.WindowStepRegressor(regressor, before=width - 1))


def _numbers(name: str, problem: Problem, before: int, after: int, **penalty: float) -> BaseEstimator:
    """Return a number a step from the window around it."""
    made = _regressor(name, problem, **penalty)
    return seqcompare.WindowStepRegressor(made, before=before, after=after, standardize=name == NET)


def _boosting(problem: Problem, width: int) -> BaseEstimator | None:
    """Return boosted trees of numbers: for what follows of one channel, or a number a step of several."""
    if problem.role == "step-value":
        return _numbers(BOOSTING, problem, width - 1, 0) if problem.kind == "real" else None
    if not numbers_follow(problem) or problem.n_channels > 1:
        return None
    return _density(_regressor(BOOSTING, problem), width)


def _ridge(problem: Problem, width: int, pooling: str = "last", **penalty: float) -> BaseEstimator | None:
    if numbers_follow(problem):
        return _density(_regressor(RIDGE, problem, **penalty), width)
    if problem.role == "step-value":
        return _numbers(RIDGE, problem, width - 1, 0, **penalty)
    if problem.role != "value":
        return None
    return seqcompare.WindowRegressor(_regressor(RIDGE, problem, **penalty), width=width, pooling=pooling)


def _centred(
    name: str, problem: Problem, width: int, symbols: int | None = None, **penalty: float
) -> BaseEstimator | None:
    """Return windows that look as far ahead as back; `width` taps in all."""
    if problem.role == "step-value" and name in REGRESSORS:
        return _numbers(name, problem, (width - 1) // 2, width // 2, **penalty)
    if problem.role != "step" or name in (RIDGE, BOOSTING):
        return None
    rule = _rule(name, problem, **penalty)
    return of_common(seqcompare.WindowTagger(rule, before=(width - 1) // 2, after=width // 2), symbols)


def _pairs(problem: Problem, width: int, *, ahead: bool = False, C: float = 1.0) -> BaseEstimator | None:
    """Return windows whose columns are pairs of symbols as well."""
    if problem.kind != "symbols" or problem.role not in ("next", "step"):
        return None
    sides: Record = {"before": 1, "after": 1} if ahead else {"before": width - 1}
    tagger = seqcompare.WindowTagger(LogisticRegression(C=C, max_iter=200), **sides, pairs=True)
    if ahead:
        return tagger if problem.role == "step" else None
    return seqcompare.NextStep(tagger) if problem.role == "next" else tagger


def _label(words: str, settings: Settings) -> str:
    pooling = f", {settings['pooling']}" if "pooling" in settings else ""
    return f"{words} {settings['width']}{pooling}{_penalty_words(settings)}{words_of(settings)}"


def _centred_label(words: str, settings: Settings) -> str:
    width = int(settings["width"])
    return f"{words} -{(width - 1) // 2}..+{width // 2}{_penalty_words(settings)}{words_of(settings)}"


def _penalty_words(settings: Settings) -> str:
    """Return the penalty, where it is not the usual one."""
    return "".join(f", {key}={settings[key]:g}" for key in ("C", "alpha") if key in settings)


def _pairs_label(settings: Settings) -> str:
    return f"logistic window {settings['width']} with pairs{_penalty_words(settings)}"


def _pairs_centred_label(settings: Settings) -> str:
    return f"logistic window -1..+1 with pairs{_penalty_words(settings)}"


def _centred_seed(words: str, problem: Problem, settings: Settings) -> str:
    """Return what seeds of sweeps were made of when centred windows were called by their width."""
    if problem.task is None:
        return _centred_label(words, settings)
    return f"centred window {settings['width']}{_penalty_words(settings)}"


def _see(name: str, least: int, estimator: BaseEstimator, k: int) -> BaseEstimator:
    """Return the window that sees k steps on one side; those of the past include the present one.

    Of a whole sequence it is the last k, unless all of its windows are pooled.
    """
    params = estimator.get_params()
    if "pooling" in params:
        return (
            estimator.set_params(width=min(k, params["width"])) if params["pooling"] == "last" else estimator
        )
    key = next(each for each in sorted(params, key=len) if each.split("__")[-1] == name)
    return estimator.set_params(**{key: min(k - least, params[key])})


_back, _ahead = partial(_see, "before", 1), partial(_see, "after", 0)


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
        **{
            "can_represent": partial(theory, linear),
            "limit": _back,
            "cost": partial(seconds, 5e-7),
            "memory": BYTES.get(name.removesuffix("-centred"), bytes_of_rows),
            "refine": REFINE.get(name),
            **more,
        },
    )


def _looking_back(name: str, title: str, words: str, **more: Any) -> ModelSpec:
    label = partial(_label, words)
    return _spec(name, title, partial(_window, name), partial(grid, name), label=label, **more)


def _looking_both_ways(name: str, title: str, words: str, **more: Any) -> ModelSpec:
    return _spec(
        f"{name}-centred",
        title,
        partial(_centred, name),
        partial(centred_grid, name),
        label=partial(_centred_label, words),
        seed_key=partial(_centred_seed, words),
        limit_ahead=_ahead,
        ahead=True,
        refine=partial(REFINE[name], centred=True) if name in REFINE else None,
        **more,
    )


FAMILY = Family(
    "window",
    "window",
    "#E69F00",
    "^",
    (
        _looking_back(LOGISTIC, "Logistic window", "logistic window", sizes=(2, 4, 8, 16), linear=True),
        _spec(
            RIDGE,
            "Ridge window",
            _ridge,
            ridge_grid,
            sizes=(4, 8, 16),
            linear=True,
            label=partial(_label, "ridge window"),
            cost=partial(seconds_of_numbers, 1e-7),
        ),
        _spec(
            BOOSTING,
            "Boosted window",
            _boosting,
            boosted_widths,
            sizes=(1, 4),
            label=partial(_label, "boosted window"),
            cost=partial(seconds_of_numbers, 2e-4),
            kinds=("real",),
        ),
        _spec(
            SUPPORT,
            "Linear SVM window",
            partial(_window, SUPPORT),
            lambda problem: [],
            linear=True,
            label=partial(_label, "linear SVM window"),
            cost=partial(seconds, 2e-7),
        ),
        _looking_back(NET, "MLP window", "MLP window", sizes=(4, 8, 16), cost=seconds_of_net),
        _looking_back(KERNEL, "RBF SVM window", "RBF SVM window", cost=partial(seconds, 3e-5)),
        _spec(
            "logistic-pairs",
            "Logistic window with pairs",
            _pairs,
            pairs_grid,
            sizes=(3, 4),
            kinds=("symbols",),
            can_represent=theory_of_pairs,
            label=_pairs_label,
            refine=partial(near, "C", 1.0, wider=False),
            memory=bytes_of_pairs,
        ),
        _looking_both_ways(LOGISTIC, "Centred window", "logistic window", sizes=(9, 17), linear=True),
        _looking_both_ways(RIDGE, "Centred ridge window", "ridge window", sizes=(9, 17), linear=True),
        _looking_both_ways(
            BOOSTING,
            "Centred boosted window",
            "boosted window",
            cost=partial(seconds_of_numbers, 2e-4),
            kinds=("real",),
        ),
        _looking_both_ways(NET, "Centred MLP window", "MLP window", cost=seconds_of_net),
        _looking_both_ways(KERNEL, "Centred RBF SVM window", "RBF SVM window", cost=partial(seconds, 3e-5)),
        _spec(
            "logistic-pairs-centred",
            "Centred window with pairs",
            partial(_pairs, ahead=True),
            pairs_centred_grid,
            sizes=(3,),
            kinds=("symbols",),
            can_represent=theory_of_pairs,
            label=_pairs_centred_label,
            refine=partial(near, "C", 1.0, wider=False),
            memory=bytes_of_pairs,
            limit_ahead=_ahead,
            ahead=True,
        ),
    ),
    partial(theory, False),
)
