"""The family of hidden Markov models, as far as sweeps, comparisons and reports know it."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

import seqcompare
from seqcompare.families import Family, ModelSpec, Problem, Settings
from seqcompare.models.hmm.field import fields, label_of_field, seconds_of_field, theory_of_field
from seqcompare.models.hmm.grids import (
    LONGEST,
    near,
    near_in_a_row,
    states,
    states_in_a_row,
    states_of_full,
    states_of_labels,
    states_of_prediction,
    states_that_last,
    steps_only,
)
from seqcompare.models.hmm.theory import (
    theory,
    theory_of_durations,
    theory_of_labels,
    theory_of_numbers,
    theory_of_prediction,
    theory_of_rules,
)
from seqcompare.typing import Record

_Decode: TypeAlias = Literal["filter", "posterior"]
_FILTERED: _Decode = "filter"
_SMOOTHED: _Decode = "posterior"
#: Channels up to which covariances of all of them are affordable.
_MOST_FULL = 12
#: Where a search for a state space of inputs and targets ends: most of what it gains then is of the inputs.
_ROUGH, _FEW_ITERATIONS = 1e-7, 200
#: Pseudo-counts of symbols and of transitions that do most of the work where steps are few.
_SPARSE = {"emissionprob": 0.3, "transmat": 0.02}


def _hmm(
    problem: Problem, n_components: int, *, decode: _Decode = _FILTERED, priors: bool = False, **more: Any
) -> BaseEstimator | None:
    """Return a density, a tagger of hidden states over steps and labels, or a density a class."""
    how = {**_training(problem, n_components), **more}
    if priors:
        how["priors"] = _SPARSE
    if problem.role == "step":
        return seqcompare.HMMTagger(n_components, decode=decode, **how)
    if problem.role == "step-value":
        return seqcompare.HMMStepRegressor(
            n_components,
            covariance_type="full" if problem.n_channels <= _MOST_FULL else "diag",
            decode=decode,
            n_init=how["n_init"],
            max_iter=how["max_iter"],
            missing="allow" if problem.missing else "error",
        )
    if decode != _FILTERED:
        return None
    # the classical fit, of whole sequences; the one to the steps that count is a kind of its own
    how.setdefault("objective", "likelihood")
    if problem.role == "next":
        if problem.n_counts:
            how["emission"] = "poisson"
        return seqcompare.HMM(n_components, **how)
    if problem.role != "sequence":
        return None
    if problem.task is None and problem.kind != "symbols" and "covariance_type" not in more:
        # a channel that hardly varies within a class must not decide alone: as if seen at half its spread
        how["priors"] = {"covars": (0.5, 20)}
    model: Any = seqcompare.BayesClassifier(seqcompare.HMM(n_components, **how))
    return make_pipeline(seqcompare.SequenceScaler(), model) if problem.kind == "real" else model


def _full(problem: Problem, n_components: int) -> BaseEstimator | None:
    able = problem.role == "sequence" and problem.kind == "real"
    return _hmm(problem, n_components, covariance_type="full") if able else None


def _left_right(problem: Problem, n_components: int) -> BaseEstimator | None:
    return _hmm(problem, n_components, topology="left-right") if problem.role == "sequence" else None


def _of_labels(problem: Problem, states: int = 0, *, decode: _Decode = _FILTERED) -> BaseEstimator | None:
    if problem.role != "step":
        return None
    return seqcompare.HMMTagger(None, decode=decode, missing=_missing(problem))


def _sticky(problem: Problem, n_components: int) -> BaseEstimator | None:
    """Start EM from states that last, and from nothing else.

    Starts that pick up the most regular steps reach a higher likelihood than those that find a long memory,
    so that of all starts together the likelihood chooses the former. Apart, validation can choose.
    """
    stay = np.full((n_components, n_components), 0.1 / max(n_components - 1, 1))
    np.fill_diagonal(stay, 0.9 if n_components > 1 else 1.0)
    return _hmm(problem, n_components, n_init=5, init={"transmat": stay})


def _predictive(problem: Problem, n_components: int) -> BaseEstimator | None:
    """Return a density fitted to the steps that count, where it is said which do, or a classifier."""
    if problem.role == "sequence" and problem.kind == "symbols":
        return seqcompare.HMMClassifier(n_components)
    told = problem.task is not None or problem.weighted
    if not told or problem.role != "next" or problem.kind == "real":
        return None
    return seqcompare.HMM(n_components, n_init=2, objective="prediction")


def _lasting(problem: Problem, n_components: int) -> BaseEstimator | None:
    """Return the density whose states last as long as they like: a hidden semi-Markov model."""
    how: Record = {} if problem.task is not None else {"n_init": 2, "max_iter": 100}
    how |= {"durations": "free", "max_duration": LONGEST}
    return _hmm(problem, n_components, **how) if problem.role == "next" else None


def _training(problem: Problem, n_components: int) -> Record:
    """Return how EM runs: as often as a sweep has it, or as the size of the data allows."""
    if problem.task is not None:
        return {"n_init": 10, "max_iter": problem.budget.em_iterations}
    if problem.role == "next" and problem.kind == "real":
        starts, iterations = 3, 200
    else:
        long = 200_000 if problem.role == "sequence" else 60_000
        starts, iterations = (2, 60) if problem.n_steps > long else (4, 200)
    if problem.role == "sequence" and n_components == 1:
        starts = 1
    return {"n_init": starts, "max_iter": iterations, "missing": _missing(problem)}


def _missing(problem: Problem) -> Literal["error", "marginalize"]:
    return "marginalize" if problem.missing else "error"


def _state_space(problem: Problem, n_components: int, *, decode: _Decode = _FILTERED) -> BaseEstimator | None:
    """Return the density whose states are numbers, or what it says of a number a step."""
    missing: Literal["allow", "error"] = "allow" if problem.missing else "error"
    if problem.role == "step-value" and problem.kind != "symbols":
        return seqcompare.KalmanStepRegressor(
            n_components, decode=decode, missing=missing, tol=_ROUGH, max_iter=_FEW_ITERATIONS
        )
    if decode != _FILTERED or problem.role != "next" or problem.kind != "real":
        return None
    return seqcompare.LinearStateSpace(n_components, missing=missing)


def _numbers_in_a_state(problem: Problem) -> list[Settings]:
    if problem.role == "step-value" and problem.kind == "real":
        width = 2 * (problem.n_channels + 1)
        able = problem.n_channels <= _MOST_FULL
        return [{"n_components": k} for k in (1, 2, 3, 4) if able and 10 * k * (k + width) <= problem.n_steps]
    if problem.role != "next" or problem.kind != "real":
        return []
    width = 2 * problem.n_channels
    return [{"n_components": k} for k in (1, 2, 3) if k == 1 or 10 * k * (k + width) <= problem.n_steps]


def _regimes(problem: Problem, n_components: int, order: int = 1) -> BaseEstimator | None:
    """Return the density whose states are linear rules."""
    if problem.role != "next" or problem.kind != "real":
        return None
    return seqcompare.AutoregressiveHMM(
        n_components,
        order,
        n_init=10 if problem.task is not None else 3,
        missing="allow" if problem.missing else "error",
    )


def _rules(problem: Problem) -> list[Settings]:
    """Return numbers of rules and their orders: some ten steps for each free parameter."""
    if problem.role != "next" or problem.kind != "real":
        return []
    d = problem.n_channels
    tried = [(k, p) for p in (1, 2, 4) for k in (2, 3) if p < problem.longest // 2]
    return [
        {"n_components": k, "order": p} for k, p in tried if 10 * k * (k + d * (p * d + 1)) <= problem.n_steps
    ]


def _near_rules(problem: Problem, settings: Settings) -> list[Settings]:
    """Return one rule more and one less, but two at least: of one it is an `Autoregression`."""
    return [found for found in near(problem, settings) if found["n_components"] > 1]


def _label_of_rules(settings: Settings) -> str:
    return f"autoregressive HMM {settings['n_components']} states, order {settings.get('order', 1)}"


def _field(problem: Problem, width: int, C: float = 1.0) -> BaseEstimator | None:
    """Return a conditional random field over windows that look as far ahead as back.

    Its probabilities are those of whole sequences of labels: a label that is known before the steps after it
    are is no question for it, and windows alone answer that better.
    """
    if problem.role != "step":
        return None
    model = seqcompare.CRFTagger((width - 1) // 2, width // 2, C=C, decode="posterior")
    return model if problem.kind == "symbols" else make_pipeline(seqcompare.SequenceScaler(), model)


def _label(settings: Settings, more: str = "") -> str:
    k = int(settings["n_components"])
    priors = ", priors" if settings.get("priors") else ""
    return f"HMM {k} state{'' if k == 1 else 's'}{more}{priors}"


def _seconds(each: float, problem: Problem, settings: Settings) -> float:
    return each * problem.n_steps * int(settings["n_components"])


def _bytes(problem: Problem, settings: Settings) -> float:
    """Return the size of the probabilities of all states at all steps, forwards and backwards."""
    return 16.0 * problem.n_steps * int(settings["n_components"])


def _spec(name: str, title: str, build: Any, grid: Any, **more: Any) -> ModelSpec:
    return ModelSpec(
        name,
        title,
        build,
        grid,
        capacity="n_components",
        **{
            "missing": True,
            "capacity_name": "states",
            "sizes": (2, 4, 8),
            "label": _label,
            "cost": partial(_seconds, 1e-5),
            "memory": _bytes,
            "refine": near,
            **more,
        },
    )


def _variant(name: str, words: str, build: Any, grid: Any, **more: Any) -> ModelSpec:
    label = partial(_label, more=f", {words}")
    return _spec(name, f"HMM, {words}", build, grid, label=label, sizes=(), **more)


def _of_labels_spec(name: str, decode: _Decode, *, ahead: bool) -> ModelSpec:
    return ModelSpec(
        name,
        "HMM of labels, smoothed" if ahead else "HMM of labels",
        partial(_of_labels, decode=decode),
        states_of_labels,
        capacity="states",
        capacity_name="states",
        label="HMM, states are labels",
        can_represent=theory_of_labels,
        missing=True,
        ahead=ahead,
    )


FAMILY = Family(
    "hmm",
    "HMM",
    "#009E73",
    "s",
    (
        _of_labels_spec("hmm-labels", _FILTERED, ahead=False),
        _spec("hmm", "HMM", _hmm, states),
        _variant("hmm-full", "full covariance", _full, states_of_full),
        _variant("hmm-left-right", "left to right", _left_right, states_in_a_row, refine=near_in_a_row),
        _spec(
            "hmm-sticky",
            "Sticky HMM",
            _sticky,
            lambda problem: [],
            label="sticky HMM {n_components} states",
            cost=partial(_seconds, 4e-6),
        ),
        _spec(
            "hmm-predictive",
            "Predictive HMM",
            _predictive,
            states_of_prediction,
            label="predictive HMM {n_components} states",
            can_represent=theory_of_prediction,
            cost=partial(_seconds, 4e-5),
        ),
        _spec(
            "hmm-durations",
            "HMM with durations",
            _lasting,
            states_that_last,
            label="HMM {n_components} states, free durations",
            can_represent=theory_of_durations,
            refine=None,
            cost=partial(_seconds, 4e-5),
            sizes=(2, 4),
        ),
        _spec(
            "state-space",
            "Linear state space",
            _state_space,
            _numbers_in_a_state,
            label="linear state space {n_components}",
            capacity_name="numbers in a state",
            can_represent=theory_of_numbers,
            refine=None,
            cost=partial(_seconds, 1e-4),
            sizes=(1, 2, 3),
            kinds=("real",),
        ),
        _spec(
            "hmm-autoregressive",
            "Autoregressive HMM",
            _regimes,
            _rules,
            label=_label_of_rules,
            can_represent=theory_of_rules,
            refine=_near_rules,
            # with gaps, every step is read once for each pair of states
            cost=lambda problem, settings: _seconds(3e-4 if problem.missing else 6e-5, problem, settings),
            sizes=(2, 3),
            kinds=("real",),
        ),
        _spec(
            "state-space-smoothed",
            "Linear state space, smoothed",
            partial(_state_space, decode=_SMOOTHED),
            lambda problem: _numbers_in_a_state(problem) if problem.role == "step-value" else [],
            label="linear state space {n_components}, smoothed",
            capacity_name="numbers in a state",
            can_represent=theory_of_numbers,
            refine=None,
            cost=partial(_seconds, 1e-4),
            ahead=True,
            sizes=(),
            kinds=("real",),
        ),
        _of_labels_spec("hmm-labels-smoothed", _SMOOTHED, ahead=True),
        _spec(
            "hmm-smoothed",
            "HMM, smoothed",
            partial(_hmm, decode=_SMOOTHED),
            steps_only,
            ahead=True,
            sizes=(),
        ),
        ModelSpec(
            "crf",
            "Conditional random field",
            _field,
            fields,
            capacity="width",
            capacity_name="width",
            sizes=(3, 9),
            label=label_of_field,
            cost=seconds_of_field,
            can_represent=theory_of_field,
            ahead=True,
        ),
    ),
    theory,
    seed_keys={"sequence": "HMMs"},
    head="hidden state",
)
