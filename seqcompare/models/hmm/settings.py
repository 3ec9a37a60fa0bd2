"""What the parameters of an `HMM` or `HMMTagger` come to: checked, and put together for a fit."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from seqcompare.models.hmm._hmmlearn import Engine
from seqcompare.models.hmm.durations import DURATIONS, parameters_of_duration
from seqcompare.models.hmm.fit import Outcome, Recipe, make_engine
from seqcompare.models.hmm.mixed import widths_of
from seqcompare.models.hmm.observations import channel_units
from seqcompare.models.hmm.parameters import (
    COVARIANCE_TYPES,
    EMISSION_PARAMETERS,
    Learned,
    Parameters,
    between_states,
    check_names,
    check_parameter,
    count_parameters,
    parameter_names,
    parameter_shape,
    rescale,
    transition_mask,
)
from seqcompare.typing import Floats, Label, Labels, RandomState, Record

# A thousandth of a count for every symbol in every state: no symbol becomes impossible.
_DEFAULT_PRIORS: dict[str, Record] = {
    "categorical": {"emissionprob": 1e-3},
    "mixed": {"symbolprob": 1e-3},
}
# ... and of leaving and of staying at every age: no duration becomes impossible.
_HAZARD_COUNT = 1e-3

ShapeOf = Callable[[str], tuple[int, ...]]


@dataclass(eq=False, repr=False)
class Settings(Learned):
    """The parameters that `HMM`, which explains them, and `HMMTagger` share.

    Being a dataclass, it writes their constructors.
    """

    # outliers are told by their channel in fit, and mean little afterwards: another state is as far from them
    _tells_what_is_too_large = True

    n_components: Any
    emission: Literal["auto", "categorical", "gaussian", "gmm", "poisson", "mixed"] = "auto"
    _: KW_ONLY
    covariance_type: Literal["diag", "spherical", "full", "tied"] = "diag"
    n_mix: int = 2
    topology: Any = "ergodic"
    n_init: int = 4
    max_iter: int = 500
    tol: float = 1e-5
    min_covar: float = 1e-3
    priors: Mapping[str, Any] | None = None
    init: Mapping[str, Any] | None = None
    fixed: Sequence[str] = ()
    symbols: ArrayLike | None = None
    missing: Literal["error", "marginalize"] = "error"
    missing_symbol: Label | None = None
    n_jobs: int | None = None
    random_state: RandomState = None

    sums_missing = "marginalize"


class Plan(NamedTuple):
    """A fit made ready.

    Attributes
    ----------
    recipe : Recipe
        What all starts share, in the units of `values`.
    values : ndarray
        The steps; for Gaussians, ``(x - center) / scale``.
    center, scale : ndarray of shape (d,) or None
        The units of Gaussians.
    log_volume : float
        What the change of units adds to the log-likelihood of the data.
    weight : float
        Of all steps together: what objectives are a sum over.
    """

    recipe: Recipe
    values: Labels
    center: Floats | None
    scale: Floats | None
    log_volume: float
    weight: float

    def restore(self, parameters: Parameters) -> Parameters:
        """Return the parameters in the data's own units."""
        if self.center is None or self.scale is None:
            return parameters
        kind = self.recipe.covariance_type
        return rescale(parameters, -self.center / self.scale, 1.0 / self.scale, kind)


def check_settings(estimator: Settings) -> None:
    """Hold the constructor's parameters against what is expected."""
    for name in ("n_mix", "n_init", "max_iter"):
        check_integer(name, getattr(estimator, name))
    for name in ("tol", "min_covar"):
        value = getattr(estimator, name)
        if not isinstance(value, Real) or not np.isfinite(float(value)) or value < 0:
            raise ValueError(f"{name} must be a finite number >= 0, got {value!r}")
    check_choice("emission", estimator.emission, ("auto", *EMISSION_PARAMETERS))
    check_choice("covariance_type", estimator.covariance_type, COVARIANCE_TYPES)
    check_choice("missing", estimator.missing, ("error", "marginalize"))
    if isinstance(estimator.fixed, str):
        raise ValueError(f"fixed must be a sequence of names, got the string {estimator.fixed!r}")


def check_integer(name: str, value: object) -> None:
    """Refuse all but integers from 1."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be an integer >= 1, got {value!r}")


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Refuse all but one of some names."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {value!r}")


def shape_for(estimator: BaseEstimator, n_components: int, n_outputs: int) -> ShapeOf:
    """Return what gives the shape of a parameter by name."""
    return partial(
        parameter_shape,
        emission=estimator.emission_,
        n_components=n_components,
        n_outputs=n_outputs,
        n_mix=estimator.n_mix,
        covariance_type=estimator.covariance_type,
        n_symbols=sum(widths_of(estimator)) if estimator.emission_ == "mixed" else 0,
        n_ages=ages_of(estimator),
    )


def ages_of(estimator: BaseEstimator) -> int:
    """Return how many ages states have; 0 where durations are geometric."""
    return estimator.max_duration if getattr(estimator, "durations", "geometric") != "geometric" else 0


def names_of(estimator: BaseEstimator) -> tuple[str, ...]:
    """Return the names of the parameters of an estimator that knows its emission."""
    return parameter_names(estimator.emission_, aged=ages_of(estimator) > 0)


def check_durations(estimator: BaseEstimator) -> None:
    """Hold how long states last against what is expected."""
    check_choice("durations", estimator.durations, DURATIONS)
    check_integer("max_duration", estimator.max_duration)
    if estimator.durations == "geometric":
        return
    if estimator.max_duration < 2:
        raise ValueError(
            f"max_duration must be at least 2 with durations={estimator.durations!r}, got "
            f"{estimator.max_duration}"
        )
    if estimator.objective == "prediction":
        raise ValueError(
            f"durations={estimator.durations!r} is fitted to the likelihood: it does not go with "
            "objective='prediction'"
        )


def plan_fit(
    estimator: BaseEstimator, values: Labels, n_components: int, weights: Floats | None = None
) -> Plan:
    """Put together what all starts of a fit share; `weights` are of steps, 1 by default.

    Raises
    ------
    ValueError
        If topology, priors, starting values or fixed parameters are not as expected.
    """
    emission, kind = estimator.emission_, estimator.covariance_type
    widths = widths_of(estimator) if emission == "mixed" else ()
    n_outputs = len(estimator.symbols_) if emission == "categorical" else values.shape[1] - len(widths)
    shape_of = shape_for(estimator, n_components, n_outputs)
    start_mask, mask = transition_mask(estimator.topology, n_components)
    n_ages = ages_of(estimator)
    if n_ages:
        # how long a state lasts is what its duration says, not a transition to itself
        mask = between_states(mask)
    init = _read_init(estimator, shape_of)
    for name, allowed in (("startprob", start_mask), ("transmat", mask)):
        if name in init and (init[name][~allowed] > 0).any():
            kind_of = f" with durations={estimator.durations!r}" if n_ages else ""
            raise ValueError(
                f"init gives {name} where the topology {estimator.topology!r}{kind_of} allows none"
            )
    # EM keeps a zero at zero
    start_mask = start_mask & (init["startprob"] > 0) if "startprob" in init else start_mask
    mask = mask & (init["transmat"] > 0) if "transmat" in init else mask
    priors = _read_priors(estimator, shape_of, n_outputs)
    weights = np.ones(len(values)) if weights is None else weights
    weight = float(weights.sum())
    center = scale = None
    log_volume, floor = 0.0, estimator.min_covar
    if emission in ("gaussian", "gmm", "mixed") and n_outputs:
        numbers = values[:, :n_outputs]
        center, scale, least = channel_units(numbers, one_for_all=kind == "spherical")
        if (least > floor).any():
            floor = np.maximum(least, floor)
        numbers = (numbers - center) / scale
        log_volume = -float(weights @ ~np.isnan(numbers) @ np.log(scale))
        values = np.column_stack([numbers, values[:, n_outputs:]]) if widths else numbers
        init = rescale(init, center, scale, kind)
        if "means" in priors:
            priors["means"] = ((priors["means"][0] - center) / scale, priors["means"][1])
        if "covars" in priors:
            priors["covars"] = (priors["covars"][0] / scale**2, priors["covars"][1])
    recipe = Recipe(
        emission=emission,
        covariance_type=kind,
        n_mix=estimator.n_mix,
        n_outputs=n_outputs,
        start_mask=start_mask,
        mask=mask,
        priors=priors,
        init=init,
        fixed=tuple(estimator.fixed),
        min_covar=floor,
        tol=estimator.tol * weight,
        max_iter=estimator.max_iter,
        widths=widths,
        durations=getattr(estimator, "durations", "geometric"),
        n_ages=n_ages,
    )
    return Plan(recipe, values, center, scale, log_volume, weight)


def fitted_engine(estimator: BaseEstimator) -> Engine:
    """Return the engine of a fitted model, for scoring and decoding."""
    # an engine that is not trained needs emissions alone
    parameters = {name: getattr(estimator, f"{name}_") for name in parameter_names(estimator.emission_)}
    widths = widths_of(estimator) if estimator.emission_ == "mixed" else ()
    recipe = Recipe(
        emission=estimator.emission_,
        covariance_type=estimator.covariance_type_,
        n_mix=parameters["weights"].shape[1] if "weights" in parameters else 1,
        n_outputs=len(estimator.symbols_)
        if estimator.emission_ == "categorical"
        else estimator.n_channels_ - len(widths),
        widths=widths,
        start_mask=estimator.startprob_ > 0,
        mask=estimator.transmat_ > 0,
    )
    engine = make_engine(recipe, parameters)
    if estimator.emission_ in ("categorical", "mixed"):
        engine.unknown_proba = estimator.unknown_proba_
    return engine


def keep_parameters(estimator: BaseEstimator, parameters: Parameters, **free: Any) -> None:
    """Make `estimator` a fitted one; `free` says what `count_parameters` is to count."""
    for name, value in parameters.items():
        setattr(estimator, f"{name}_", value)
    # later set_params must not change how a fitted model is read
    estimator.covariance_type_ = estimator.covariance_type
    estimator.n_parameters_ = count_parameters(parameters, estimator.covariance_type, **free)


def keep_fit(estimator: BaseEstimator, plan: Plan, outcomes: list[Outcome]) -> None:
    """Keep the best of several starts, and what there is to say about all of them.

    Raises
    ------
    ValueError
        If none of them found the data possible.

    Warns
    -----
    ConvergenceWarning
        If the best stopped for another reason than its gain having become small.
    """
    best = max(outcomes, key=lambda outcome: outcome.score)
    if not len(best.objective):
        raise ValueError(
            "X has likelihood zero from every start: the topology, or what is fixed, rules it out"
        )
    recipe = plan.recipe
    keep_parameters(
        estimator,
        plan.restore(best.parameters),
        start_mask=recipe.start_mask,
        mask=recipe.mask,
        fixed=recipe.fixed,
        n_tables=len(recipe.widths),
        of_duration=parameters_of_duration(recipe.durations, recipe.n_ages),
    )
    estimator.init_scores_ = np.array(
        [(outcome.score + plan.log_volume) / plan.weight for outcome in outcomes]
    )
    estimator.init_stop_reasons_ = [outcome.stop_reason for outcome in outcomes]
    estimator.loss_curve_ = -(best.objective + plan.log_volume) / plan.weight
    estimator.n_iter_ = len(best.objective)
    estimator.stop_reason_ = best.stop_reason
    estimator.converged_ = best.stop_reason == "tol"
    if not estimator.converged_:
        warnings.warn(
            f"EM stopped after {estimator.n_iter_} iterations: {best.stop_reason}; more iterations "
            "(max_iter) or a larger tol may help",
            ConvergenceWarning,
            stacklevel=3,
        )


def _read_init(estimator: BaseEstimator, shape_of: ShapeOf) -> Parameters:
    given = {} if estimator.init is None else dict(estimator.init)
    check_names(given, names_of(estimator), estimator.emission_, "init")
    check_names(estimator.fixed, names_of(estimator), estimator.emission_, "fixed")
    for name in estimator.fixed:
        if name not in given:
            raise ValueError(f"fixed names {name!r}, but init gives no value for it")
    kind = estimator.covariance_type
    return {name: check_parameter(name, value, shape_of(name), kind) for name, value in given.items()}


def _read_priors(estimator: BaseEstimator, shape_of: ShapeOf, n_outputs: int) -> Record:
    given = {} if estimator.priors is None else dict(estimator.priors)
    check_names(given, names_of(estimator), estimator.emission_, "priors")
    lasting = {"hazards": _HAZARD_COUNT} if ages_of(estimator) else {}
    priors = {**_DEFAULT_PRIORS.get(estimator.emission_, {}), **lasting, **given}
    for name, prior in priors.items():
        if name in ("means", "covars", "lambdas"):
            priors[name] = _read_pair(name, prior, n_outputs)
            continue
        counts, shape = np.asarray(prior, dtype=np.float64), shape_of(name)
        if counts.shape not in ((), shape) or not np.isfinite(counts).all() or (counts < 0).any():
            raise ValueError(
                f"priors[{name!r}] must be a count, or an array of counts of shape {shape}, "
                f"finite and not negative; got {prior!r}"
            )
        priors[name] = counts
    return priors


def _read_pair(name: str, prior: Any, n_outputs: int) -> tuple[Floats, float]:
    if not isinstance(prior, (tuple, list)) or len(prior) != 2:
        raise ValueError(f"priors[{name!r}] must be a pair (value, number of steps), got {prior!r}")
    value, weight = np.asarray(prior[0], dtype=np.float64), float(prior[1])
    if value.shape not in ((), (n_outputs,)) or not np.isfinite(value).all():
        raise ValueError(f"priors[{name!r}] must give one finite value, or {n_outputs}: one a channel")
    if not 0 <= weight < np.inf or (name != "means" and (value < 0).any()):
        raise ValueError(f"priors[{name!r}] must not be negative, got {prior!r}")
    return value, weight
