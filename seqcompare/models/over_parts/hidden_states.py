"""Hidden Markov models over parts: EM, whose every E-step is a sum over sequences."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_random_state

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import offsets_of
from seqcompare.data.totals import Totals
from seqcompare.models.base import check_sequences
from seqcompare.models.hmm._hmmlearn import Engine, Steps
from seqcompare.models.hmm.fit import run_starts
from seqcompare.models.hmm.model import HMM
from seqcompare.models.hmm.observations import learn_observations, read_steps, reading_of
from seqcompare.models.hmm.settings import (
    Plan,
    check_durations,
    check_integer,
    check_settings,
    keep_fit,
    names_of,
    plan_fit,
)
from seqcompare.models.over_parts.reading import kind_of, read_alike, union_of
from seqcompare.typing import Floats, Labels, Record

SAMPLE = 1_000_000
"""Steps to draw starts from, and to choose units by."""


class _Seen(NamedTuple):
    """What there is to observe."""

    symbols: list[Labels]
    n_steps: int
    present: Floats
    """How many steps are known, by channel; shape (1,) for symbols."""
    kinds: list[tuple[str, int, bool]]


def fit_hidden_states(model: HMM, total: Totals) -> None:
    """Fit by EM, with one pass over the parts an iteration.

    Raises
    ------
    ValueError
        For settings or data that it cannot be fitted with: another objective than the likelihood, mixed
        channels, weights.
    """
    check_integer("n_components", model.n_components)
    check_settings(model)
    check_durations(model)
    if model.objective == "prediction":
        raise ValueError("objective='prediction' takes all data at once: it cannot be fitted to parts")
    vars(model).pop("hazards_", None)
    drawn = total.sample(SAMPLE, seed=0)
    sequences = learn_observations(model, drawn.X)
    if model.emission_ == "mixed":
        raise ValueError("a hidden Markov model of mixed channels cannot be fitted to parts")
    seen = total(partial(_look_at, clone(model)))
    model.kind_, model.n_channels_, _ = read_alike(seen.kinds)
    if model.emission_ == "categorical":
        _learn_symbols(model, seen)
    plan = _plan(model, read_steps(model, sequences), seen)
    outcomes = run_starts(
        plan.recipe,
        Steps(plan.values, offsets_of(sequences.lengths)),
        n_init=model.n_init if set(names_of(model)) - set(plan.recipe.init) else 1,
        n_jobs=None,
        random_state=check_random_state(model.random_state),
        elsewhere=partial(_expect_all, total, model, plan),
    )
    keep_fit(model, plan, outcomes)


def _look_at(model: HMM, part: SequenceDataset) -> _Seen:
    if part.sample_weight is not None:
        raise ValueError(
            "a hidden Markov model cannot be fitted to parts whose steps or sequences have weights"
        )
    sequences = learn_observations(model, part.X)
    values = read_steps(model, sequences)
    kinds = [kind_of(sequences)]
    if model.emission_ == "categorical":
        known = np.array([np.count_nonzero(values <= len(model.symbols_))], dtype=np.float64)
        return _Seen([model.symbols_], len(values), known, kinds)
    return _Seen([], len(values), np.sum(~np.isnan(values), axis=0).astype(np.float64), kinds)


def _learn_symbols(model: BaseEstimator, seen: _Seen) -> None:
    model.symbols_ = union_of(seen.symbols)
    model.unknown_proba_ = 1.0 / (seen.present[0] + len(model.symbols_) + 1)


def _plan(model: HMM, values: Labels, seen: _Seen) -> Plan:
    """Return the plan of a fit to all steps, with units that some of them say."""
    plan = plan_fit(model, values, model.n_components)
    log_volume = 0.0 if plan.scale is None else -float(seen.present @ np.log(plan.scale))
    recipe = replace(plan.recipe, tol=model.tol * seen.n_steps)
    return plan._replace(recipe=recipe, log_volume=log_volume, weight=float(seen.n_steps))


def _expect_all(total: Totals, model: HMM, plan: Plan, engine: Engine) -> tuple[Record, float]:
    """Return the E-step over all parts."""
    # without the sample, which would travel as well
    small, plan = copy(engine), plan._replace(values=np.zeros(0))
    for name in ("elsewhere", "steps", "monitor_"):
        vars(small).pop(name, None)
    return total(partial(_expect, small, _reader(model), plan))


def _reader(model: HMM) -> HMM:
    """Return a model that reads steps as this one does, and knows nothing else."""
    reader = clone(model)
    for name in ("emission_", "symbols_", "kind_", "n_channels_"):
        if hasattr(model, name):
            setattr(reader, name, getattr(model, name))
    return reader


def _expect(engine: Engine, model: HMM, plan: Plan, part: SequenceDataset) -> tuple[Record, float]:
    sequences = check_sequences(model, part.X, reset=False, **reading_of(model, model.emission_))
    values = read_steps(model, sequences)
    if plan.center is not None and plan.scale is not None:
        values = (values - plan.center) / plan.scale
    return engine.expect(Steps(values, np.array(sequences.offsets)))
