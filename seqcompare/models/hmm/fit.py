"""Fitting: EM from several starts, the best kept, the same however many of them run at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from seqcompare.models.hmm._hmmlearn import (
    CategoricalEngine,
    Engine,
    ImpossibleError,
    PoissonEngine,
    Steps,
)
from seqcompare.models.hmm._hmmlearn_gaussians import GaussianEngine, MixtureEngine
from seqcompare.models.hmm._hmmlearn_mixed import MixedEngine
from seqcompare.models.hmm.durations import RENEW, Durations, first_hazards, nearest_negative_binomials
from seqcompare.models.hmm.parameters import Parameters
from seqcompare.models.hmm.starts import draw_start, symbol_rows
from seqcompare.threads import one_thread
from seqcompare.typing import Floats, Params, Record

Elsewhere = Callable[[Engine], tuple[Record, float]]
# hmmlearn's letters for what EM may change
_LETTERS = {
    "startprob": "s",
    "transmat": "t",
    "emissionprob": "e",
    "means": "m",
    "covars": "c",
    "weights": "w",
    "lambdas": "l",
    "symbolprob": "b",
}


@dataclass(frozen=True)
class Recipe:
    """What all starts of one fit have in common.

    Attributes
    ----------
    emission, covariance_type, n_mix, n_outputs
        The kind of model; the number of symbols or channels.
    start_mask, mask : ndarray of bool, shape (K,) and (K, K)
        Allowed first states and transitions.
    priors : dict
        Pseudo-counts for distributions, pairs (value, number of pseudo-steps) for the rest.
    init : dict
        Where to start what the user has set.
    fixed : tuple of str
        What stays where it starts.
    min_covar, tol, max_iter
        Smallest variance, of all channels or of each, shape (d,); gain of the objective below which EM stops,
        in nats; most iterations.
    n_labels : int
        Number of labels, where steps have them.
    widths : tuple of int
        Numbers of symbols of the channels of symbols, where these stand beside `n_outputs` numbers.
    durations, n_ages
        How long states last, and how many ages they have; none if durations are geometric.
    """

    emission: str
    covariance_type: str
    n_mix: int
    n_outputs: int
    start_mask: NDArray[np.bool_]
    mask: NDArray[np.bool_]
    priors: Params = field(default_factory=dict)
    init: Mapping[str, Floats] = field(default_factory=dict)
    fixed: tuple[str, ...] = ()
    min_covar: float | Floats = 0.0
    tol: float = 0.0
    max_iter: int = 1
    n_labels: int = 0
    widths: tuple[int, ...] = ()
    durations: Durations = "geometric"
    n_ages: int = 0


class Outcome(NamedTuple):
    """What one start came to.

    Attributes
    ----------
    parameters : dict
        The parameters of the last iteration.
    objective : ndarray of shape (n_iter,)
        Log-likelihood plus log-prior at each iteration, in nats; empty where the data are impossible.
    stop_reason : str
        "tol", "max_iter", "likelihood fell" or "degenerate".
    sticky : bool
        Whether the states started with self-transitions of .9.
    """

    parameters: Parameters
    objective: Floats
    stop_reason: str
    sticky: bool

    @property
    def score(self) -> float:
        """The last objective, in nats."""
        return float(self.objective[-1]) if len(self.objective) else -np.inf


def make_engine(recipe: Recipe, parameters: Mapping[str, Floats]) -> Engine:
    """Return hmmlearn's model with these parameters."""
    n_states = len(recipe.mask)
    free = "".join(_LETTERS[name] for name in _LETTERS if name in parameters and name not in recipe.fixed)
    priors = recipe.priors
    common: Record = {
        "n_components": n_states,
        "n_iter": recipe.max_iter,
        "tol": recipe.tol,
        "params": free,
        "init_params": "",
        "implementation": "scaling",
        "startprob_prior": 1.0 + priors.get("startprob", 0.0),
        "transmat_prior": 1.0 + priors.get("transmat", 0.0),
    }
    engine: Any
    if recipe.emission == "categorical":
        prior = 1.0 + priors.get("emissionprob", 0.0)
        engine = CategoricalEngine(emissionprob_prior=prior, n_features=recipe.n_outputs, **common)
    elif recipe.emission == "poisson":
        rate, weight = priors.get("lambdas", (0.0, 0.0))
        engine = PoissonEngine(lambdas_prior=rate * weight, lambdas_weight=weight, **common)
    elif recipe.emission == "mixed":
        engine = _mixed_engine(recipe, common)
    else:
        engine = _gaussian_engine(recipe, common)
    for name, value in parameters.items():
        if name == "covars" and recipe.emission in ("gaussian", "mixed"):
            if recipe.covariance_type == "spherical":
                # hmmlearn keeps the variance of each channel inside
                value = np.repeat(value[:, None], recipe.n_outputs, axis=1)
            engine._covars_ = np.array(value)
        else:
            setattr(engine, f"{name}_", np.array(value))
    engine.label_count = priors.get("labelprob", 0.0)
    engine.learn_labels = "labelprob" not in recipe.fixed
    engine.hazard_count = priors.get("hazards", 0.0)
    engine.renew = None if "hazards" in recipe.fixed else RENEW.get(recipe.durations)
    return engine


def _mixed_engine(recipe: Recipe, common: Record) -> MixedEngine:
    engine = MixedEngine(**common)
    engine.widths, engine.min_covar = recipe.widths, recipe.min_covar
    engine.symbol_count = recipe.priors.get("symbolprob", 0.0)
    engine.means_prior, engine.means_weight = recipe.priors.get("means", (0.0, 0.0))
    engine.covars_prior, engine.covars_weight = recipe.priors.get("covars", (0.0, 0.0))
    return engine


def _gaussian_engine(recipe: Recipe, common: Record) -> Any:
    """Express priors, which are pseudo-steps, in hmmlearn's terms where it is what takes them."""
    d, kind = recipe.n_outputs, recipe.covariance_type
    mean, mean_weight = recipe.priors.get("means", (0.0, 0.0))
    variance, weight = recipe.priors.get("covars", (0.0, 0.0))
    variance = np.broadcast_to(np.asarray(variance, dtype=np.float64), (d,))
    common.update(
        covariance_type=kind, min_covar=recipe.min_covar, means_prior=mean, means_weight=mean_weight
    )
    if recipe.emission == "gaussian":
        by_channel = kind in ("spherical", "diag")
        scatter = weight * variance if by_channel else weight * np.diag(variance)
        extra = 1 if by_channel else d
        return GaussianEngine(covars_prior=scatter, covars_weight=weight + extra, **common)
    engine = MixtureEngine(
        n_mix=recipe.n_mix,
        weights_prior=1.0 + recipe.priors.get("weights", 0.0),
        **common,
    )
    engine.prior_variance, engine.prior_weight = variance, weight
    return engine


def read_parameters(engine: Any, names: Sequence[str], covariance_type: str) -> Parameters:
    """Return the engine's parameters, in hmmlearn's shapes."""
    found = {}
    for name in names:
        attribute = "_covars_" if name == "covars" and hasattr(engine, "_covars_") else f"{name}_"
        value = np.array(getattr(engine, attribute), dtype=np.float64)
        if attribute == "_covars_" and covariance_type == "spherical":
            value = value[:, 0]
        found[name] = value
    return found


def run_starts(
    recipe: Recipe,
    steps: Steps,
    *,
    n_init: int,
    n_jobs: int | None,
    random_state: np.random.RandomState,
    elsewhere: Elsewhere | None = None,
) -> list[Outcome]:
    """Run EM from `n_init` starts; the first, third, ... are sticky.

    Every start has its own seed and one BLAS thread, so the number of workers changes nothing. With
    `elsewhere`, which computes the E-step of all data, `steps` are some of them, to draw starts from.
    """
    seeds = random_state.randint(np.iinfo(np.int32).max, size=n_init)
    jobs = (
        delayed(_run_start)(recipe, steps, bool(i % 2 == 0), int(seed), elsewhere)
        for i, seed in enumerate(seeds)
    )
    outcomes: list[Outcome] = list(Parallel(n_jobs=n_jobs)(jobs))
    return outcomes


def _run_start(recipe: Recipe, steps: Steps, sticky: bool, seed: int, elsewhere: Elsewhere | None) -> Outcome:
    with one_thread():
        rng = np.random.RandomState(seed)
        start = draw_start(
            recipe.emission,
            steps,
            start_mask=recipe.start_mask,
            mask=recipe.mask,
            sticky=sticky,
            n_outputs=recipe.n_outputs,
            n_mix=recipe.n_mix,
            covariance_type=recipe.covariance_type,
            rng=rng,
            widths=recipe.widths,
            least=recipe.min_covar,
        )
        if recipe.n_ages:
            start["hazards"] = first_hazards(len(recipe.mask), recipe.n_ages, sticky=sticky, rng=rng)
        if steps.labels is not None:
            start["labelprob"] = symbol_rows(steps.labels, len(recipe.mask), recipe.n_labels, rng)
        return run_em(recipe, steps, {**start, **recipe.init}, sticky=sticky, elsewhere=elsewhere)


def run_em(
    recipe: Recipe,
    steps: Steps,
    start: Parameters,
    *,
    sticky: bool = False,
    elsewhere: Elsewhere | None = None,
) -> Outcome:
    """Run EM from one start."""
    if recipe.durations == "negative-binomial" and "hazards" not in {*recipe.fixed, *recipe.init}:
        # from another least duration there is no way to the right one but through any
        free = run_em(replace(recipe, durations="free"), steps, start, elsewhere=elsewhere).parameters
        start = {**free, "hazards": nearest_negative_binomials(free["hazards"])}
    engine = make_engine(recipe, start)
    engine.elsewhere = elsewhere
    reason = "degenerate"
    try:
        reason = engine.train(steps).stop_reason
    except ImpossibleError:
        objective = np.empty(0)
    else:
        objective = np.array(engine.monitor_.history)
    return Outcome(read_parameters(engine, tuple(start), recipe.covariance_type), objective, reason, sticky)
