"""The family of Markov chains, as far as sweeps, comparisons and reports know it."""

from __future__ import annotations

import math
from functools import partial
from typing import Literal

from sklearn.base import BaseEstimator

import seqcompare
from seqcompare.families import Family, ModelSpec, Problem, Settings
from seqcompare.models.markov.autoregression_order import most_lags
from seqcompare.models.markov.theory import (
    theory,
    theory_of_counts,
    theory_of_lines,
    theory_of_symbols,
)
from seqcompare.models.quantized import Quantized

# where many symbols are rare, after how many others one comes says more than how often it comes
_MANY_SYMBOLS = 16
#: Classes up to which each has a tree of its own.
_FEW_CLASSES = 10
# steps from which on a variance that changes can be told from a constant one, and affordable channels
_STEPS_OF_A_VARIANCE, _FEW_CHANNELS = 300, 4
# Series and steps of them up to which parts are too short to choose an order by; and the longest season that
# an autoregression is given.
_FEW_SERIES, _FEW_STEPS, _LONGEST_SEASON = 4, 1_000, 100
# Seasons of which a mean is taken.
_SEASONS = 4


def _chain(
    problem: Problem, order: int, smoothing: str = "witten-bell", symbols: int = 32
) -> BaseEstimator | None:
    """Return a density of the next symbol, a tagger, or a density a class; numbers are cut into symbols."""
    real = problem.kind == "real"
    if problem.role == "next":
        return None if real else seqcompare.MarkovChain(order=order, smoothing=smoothing)
    if problem.role == "step":
        tagger = seqcompare.MarkovTagger(order=order)
        return Quantized(tagger) if real else tagger
    if problem.role == "sequence":
        classifier = seqcompare.BayesClassifier(seqcompare.MarkovChain(order=order, smoothing=smoothing))
        return Quantized(classifier, n_symbols=symbols) if real else classifier
    return None


def _kneser_ney(problem: Problem, order: int) -> BaseEstimator | None:
    return _chain(problem, order, "kneser-ney") if problem.role == "next" else None


def _orders(problem: Problem) -> list[Settings]:
    """Return the orders for which sequences are long enough."""
    orders = {
        "next": (1, 2, 3, 4, 5, 6, 8, 10, 12),
        "step": (0, 1, 2, 3, 4, 6, 8),
        "sequence": (0, 1, 2, 3, 4, 6),
    }
    found: list[Settings] = [{"order": k} for k in orders.get(problem.role, ()) if k < problem.longest]
    if problem.role == "sequence" and problem.kind == "real":
        # of 32 symbols a context of one is seldom seen twice where steps are few
        found += [{"order": k, "symbols": 8} for k in (0, 1, 2) if k < problem.longest]
    return found


def _chain_label(settings: Settings) -> str:
    symbols = f", {settings['symbols']} symbols" if "symbols" in settings else ""
    return f"Markov order {settings['order']}{symbols}"


def _one_more_or_less(key: str, problem: Problem, settings: Settings) -> list[Settings]:
    k = int(settings[key])
    return [{**settings, key: n} for n in (k - 1, k + 1) if 0 < n < problem.longest]


def _orders_of_many_symbols(problem: Problem) -> list[Settings]:
    if problem.role != "next" or problem.n_symbols < _MANY_SYMBOLS:
        return []
    return [{"order": k} for k in (3, 4, 5, 6, 8) if k < problem.longest]


def _last_steps(estimator: BaseEstimator, k: int) -> BaseEstimator:
    """Return the chain that sees the last k steps; a tagger sees the present one at order 0.

    A chain a class sees all of a sequence, whatever its order.
    """
    tagger = estimator.estimator if isinstance(estimator, Quantized) else estimator
    if isinstance(tagger, seqcompare.BayesClassifier):
        return estimator
    params = estimator.get_params()
    key = "order" if "order" in params else "estimator__order"
    order = k - 1 if isinstance(tagger, seqcompare.MarkovTagger) else k
    return estimator.set_params(**{key: min(order, params[key])})


def _less_deep(estimator: BaseEstimator, k: int) -> BaseEstimator:
    """Return the tree that sees the last k steps; a tree a class sees all of a sequence."""
    if isinstance(estimator, seqcompare.BayesClassifier):
        return estimator
    return estimator.set_params(depth=min(k, estimator.depth))


def _seconds(problem: Problem, settings: Settings) -> float:
    return 3e-7 * problem.n_steps * (int(settings["order"]) + 1)


def _bytes(problem: Problem, settings: Settings) -> float:
    """Return the size of the counts: in the longest contexts hardly any comes twice."""
    return 20.0 * problem.n_steps * (int(settings["order"]) + 1)


def _follows_or_classes(problem: Problem) -> bool:
    """Whether a density has an answer: of the next step, or one a class, which sweeps do without."""
    return problem.role == "next" or (problem.role == "sequence" and problem.task is None)


def _tree(problem: Problem, depth: int) -> BaseEstimator | None:
    """Return the chain of variable order: a density, or one a class."""
    if problem.kind != "symbols" or not _follows_or_classes(problem):
        return None
    tree = seqcompare.ContextTree(depth)
    return tree if problem.role == "next" else seqcompare.BayesClassifier(tree)


def _depths(problem: Problem) -> list[Settings]:
    """Return one depth: more than is needed costs memory, and hardly any loss."""
    if problem.kind != "symbols" or problem.role not in ("next", "sequence") or problem.longest < 2:
        return []
    if problem.role == "sequence":
        # a tree a class
        return [{"depth": min(8, problem.longest - 1)}] if problem.n_classes <= _FEW_CLASSES else []
    return [{"depth": min(16, problem.longest - 1)}]


def _autoregression(
    problem: Problem,
    order: int | Literal["bic", "aic"],
    season: int | None = None,
    seasons: int = 1,
    log: bool = False,
) -> BaseEstimator | None:
    """Return the chain of numbers: a density, or one a class."""
    if problem.kind != "real" or not _follows_or_classes(problem):
        return None
    most = int(10 * math.log10(problem.longest)) if isinstance(order, str) else None
    chain = seqcompare.Autoregression(
        order,
        season=season,
        seasons=seasons,
        log=log,
        max_order=most,
        missing="allow" if problem.missing else "error",
    )
    return chain if problem.role == "next" else seqcompare.BayesClassifier(chain)


def _lags(problem: Problem) -> list[Settings]:
    """Return the orders for which sequences are long enough, and steps as many as ten a coefficient."""
    if problem.role not in ("next", "sequence") or problem.kind != "real":
        return []
    width = problem.n_channels
    if problem.role == "next":
        return _lags_of_next(problem)
    per_class = problem.n_steps // max(problem.n_classes, 1)
    able = [k for k in (1, 2, 4) if k < problem.shortest]
    return [{"order": k} for k in able if 10 * k * width <= per_class]


def _lags_of_next(problem: Problem) -> list[Settings]:
    """Return orders, of changes since a season or the mean of four, and of logarithms of what grows.

    A few short series leave no parts that are long enough to choose by: the order is that of the best BIC or
    AIC, which count every step, and logarithms are taken wherever numbers vary with their size.
    """
    season = problem.period if 1 < problem.period <= _LONGEST_SEASON else 0
    few = problem.n_train <= _FEW_SERIES and problem.n_steps < _FEW_STEPS and problem.task is None
    if few and not problem.missing:  # with gaps each order that BIC looks at is fitted in many rounds
        kept: Settings = {"log": True} if problem.grows else {}
        seasons: list[Settings] = [{}, *_seasons(problem, season)]
        return [{"order": by, **kept, **each} for by in ("bic", "aic") for each in seasons]
    orders = [1, 2, 3, 4, 6, 8, *([season, season + 1] if season > 8 else [])]
    able = [k for k in orders if k < problem.longest]
    found: list[Settings] = [
        {"order": k} for k in able if k == 1 or 10 * k * problem.n_channels <= problem.n_steps
    ]
    found += [{"order": k, **each} for k in (1, 2) for each in _seasons(problem, season)]
    return found + [{**settings, "log": True} for settings in found if problem.grows]


def _seasons(problem: Problem, season: int) -> list[Settings]:
    """Return what changes are taken since: the last season, or the mean of four where there are eight."""
    if not season or season + 2 >= problem.longest:
        return []
    one: Settings = {"season": season}
    return [one, {**one, "seasons": _SEASONS}] if 2 * _SEASONS * season < problem.longest else [one]


def _lags_label(settings: Settings) -> str:
    order = settings["order"]
    words = "seasonal autoregression" if settings.get("season") else "autoregression"
    words += f", order by {order.upper()}" if isinstance(order, str) else f" of order {order}"
    words += f", {settings['season']} steps a season" if settings.get("season") else ""
    words += f", mean of {settings['seasons']}" if "seasons" in settings else ""
    return words + (", of logarithms" if settings.get("log") else "")


def _n_lags(problem: Problem, settings: Settings) -> int:
    order = settings["order"]
    return most_lags(problem.n_steps) if isinstance(order, str) else int(order) + _span(settings)


def _span(settings: Settings) -> int:
    """Return the steps of the seasons that changes are taken since."""
    return (settings.get("season") or 0) * settings.get("seasons", 1)


def _other_order(problem: Problem, settings: Settings) -> list[Settings]:
    return [] if isinstance(settings["order"], str) else _one_more_or_less("order", problem, settings)


def _fewer_lags(estimator: BaseEstimator, k: int) -> BaseEstimator:
    """Return the autoregression that sees the last k steps; one a class sees all of a sequence."""
    if isinstance(estimator, seqcompare.BayesClassifier):
        return estimator
    if k < _span(estimator.get_params()):
        estimator.set_params(season=None, seasons=1)
    key = "max_order" if isinstance(estimator.order, str) else "order"
    left = k - _span(estimator.get_params())
    return estimator.set_params(**{key: min(left, getattr(estimator, key))})


def _volatile(problem: Problem, order: int) -> BaseEstimator | None:
    """Return the chain of numbers whose variance follows from past squares."""
    if problem.role != "next" or problem.kind != "real" or problem.n_channels > _FEW_CHANNELS:
        return None
    if problem.n_counts:
        return None
    missing: Literal["allow", "error"] = "allow" if problem.missing else "error"
    return seqcompare.Autoregression(order, volatility="garch", missing=missing)


def _few_lags(problem: Problem) -> list[Settings]:
    """Return orders for which there are steps enough to see a variance change."""
    if problem.role != "next" or problem.kind != "real" or problem.n_steps < _STEPS_OF_A_VARIANCE:
        return []
    return [{"order": k} for k in (0, 1, 2) if k < problem.longest]


def _counts(problem: Problem, order: int, *, free: bool = False) -> BaseEstimator | None:
    """Return the chain of counts, where a task says that its whole numbers are such, or a file's are."""
    if problem.role != "next":
        return None
    if problem.kind == "symbols":
        able = getattr(problem.task, "answered_by", "") == "density"
    else:
        able = problem.n_counts > 0
    if not able:
        return None
    return seqcompare.CountAutoregression(
        order, arrivals="free" if free else "poisson", missing="allow" if problem.missing else "error"
    )


def _orders_of_counts(problem: Problem) -> list[Settings]:
    """Return the orders that are affordable: sums over all ways in which counts can survive."""
    most = {1: 64, 2: 32}
    return [{"order": k} for k, top in most.items() if 0 < problem.n_counts <= top and k < problem.longest]


CHAIN = ModelSpec(
    "markov",
    "Markov chain",
    _chain,
    _orders,
    sizes=(1, 2, 4, 8),
    capacity="order",
    capacity_name="order",
    label=_chain_label,
    limit=_last_steps,
    cost=_seconds,
    memory=_bytes,
    refine=partial(_one_more_or_less, "order"),
    can_represent=theory_of_symbols,
)
KNESER_NEY = ModelSpec(
    "markov-kneser-ney",
    "Kneser-Ney chain",
    _kneser_ney,
    _orders_of_many_symbols,
    capacity="order",
    capacity_name="order",
    label="Markov order {order}, Kneser-Ney",
    limit=_last_steps,
    cost=_seconds,
    memory=_bytes,
    refine=partial(_one_more_or_less, "order"),
    kinds=("symbols",),
)
TREE = ModelSpec(
    "context-tree",
    "Context tree",
    _tree,
    _depths,
    sizes=(16,),
    capacity="depth",
    capacity_name="depth",
    label="context tree {depth}",
    limit=_less_deep,
    cost=lambda problem, settings: 5e-5 * problem.n_steps,
    memory=lambda problem, settings: 40.0 * problem.n_steps * int(settings["depth"]),
    kinds=("symbols",),
)
AUTOREGRESSION = ModelSpec(
    "autoregression",
    "Autoregression",
    _autoregression,
    _lags,
    sizes=(1, 2, 4, 8),
    capacity="order",
    capacity_name="order",
    label=_lags_label,
    limit=_fewer_lags,
    refine=_other_order,
    cost=lambda problem, settings: 1e-6 * problem.n_steps * (_n_lags(problem, settings) + 1),
    can_represent=partial(theory_of_lines, False),
    missing=True,
    kinds=("real",),
)
VOLATILE = ModelSpec(
    "autoregression-volatile",
    "Autoregression, variance by past squares",
    _volatile,
    _few_lags,
    sizes=(0, 1),
    capacity="order",
    capacity_name="order",
    label="autoregression of order {order}, GARCH",
    cost=lambda problem, settings: 1e-4 * problem.n_steps,
    can_represent=partial(theory_of_lines, True),
    missing=True,
    kinds=("real",),
)


def _spec_of_counts(name: str, title: str, *, free: bool) -> ModelSpec:
    return ModelSpec(
        name,
        title,
        partial(_counts, free=free),
        _orders_of_counts,
        sizes=() if free else (1, 2),
        capacity="order",
        capacity_name="order",
        label="count autoregression of order {order}" + (", free arrivals" if free else ""),
        limit=_last_steps,
        # with gaps, two lags are all pairs that the last counts may have been
        cost=lambda problem, settings: (
            (1e-3 if problem.missing else 1e-5) * problem.n_steps * (int(settings["order"]) + 1)
        ),
        can_represent=theory_of_counts,
        missing=True,
    )


COUNTS = _spec_of_counts("count-autoregression", "Autoregression of counts", free=False)
FREE_COUNTS = _spec_of_counts(
    "count-autoregression-free", "Autoregression of counts, free arrivals", free=True
)

FAMILY = Family(
    "markov",
    "Markov chain",
    "#0072B2",
    "o",
    (CHAIN, KNESER_NEY, TREE, AUTOREGRESSION, VOLATILE, COUNTS, FREE_COUNTS),
    theory,
    least_capacity=0,
    seed_keys={"step": "Markov tagger", "sequence": "Markov chains"},
    head="chain or autoregression",
)
