"""A trial: a candidate fitted to a part of some data and asked about another; running it yields one row."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.answer import (
    fit_model,
    learning_curve,
    n_parameters,
    training_end,
)
from seqcompare.experiments.cost import Stopwatch
from seqcompare.experiments.failing import FAILURES, blame
from seqcompare.experiments.models import Candidate
from seqcompare.experiments.threads import one_thread
from seqcompare.experiments.warming import warm_up
from seqcompare.families import Problem
from seqcompare.models.causality import is_causal
from seqcompare.results.store import blank
from seqcompare.typing import Model, Record

#: What a trial is for: a sweep's trials, the choice of a candidate, the test of the chosen one, and the test
#: of the winner with less and less context, and of one that sees no more than that was found to need; and
#: within a budget the race of candidates on parts of the data that they are chosen by; of numbers also the
#: backtest of candidates that were not tested.
SWEEP, TUNING, TEST, CONTEXT, SHORTER, RACE = "sweep", "tuning", "test", "context", "shorter", "race"
AHEAD = "ahead"


class Source(Protocol):
    """Where the data of trials come from: a task that is drawn from, or a data set that is divided."""

    @property
    def role(self) -> str:
        """What is predicted."""

    def trial_id(self, trial: Trial) -> str:
        """Return the coordinates in words, unique within a run."""

    def model_seed(self, trial: Trial) -> int:
        """Return the seed of the model, below 2**32."""

    def coordinates(self, trial: Trial) -> Record:
        """Return the columns of the row that are known before the trial."""

    def n_fits(self, trial: Trial) -> int:
        """Return how often the candidate is fitted, each time to another part."""

    def parts(self, trial: Trial, fit: int = 0) -> tuple[SequenceDataset, dict[str, SequenceDataset]]:
        """Return what is fitted to, and what is asked about by the column that its score belongs to."""

    def pooled(self, fits: Sequence[Record], column: str) -> Record:
        """Return the columns of all fits together."""

    def problem(self) -> Problem:
        """Return what models are built for."""

    def ask(
        self, trial: Trial, model: Model, train: SequenceDataset, asked: SequenceDataset, column: str
    ) -> tuple[Record, float]:
        """Ask a fitted model; return columns of the row, and the seconds that predicting took."""

    def finish(
        self, trial: Trial, model: Model, train: SequenceDataset, parts: Mapping[str, SequenceDataset]
    ) -> tuple[Record, tuple[tuple[str, pd.DataFrame], ...]]:
        """Return further columns of the row, and tables of what the model has learned."""


@dataclass(frozen=True, eq=False)
class Trial:
    """The coordinates of a trial.

    Parameters
    ----------
    position : int
        Its place among all trials of the run.
    source : Source
        Where its data come from.
    candidate : Candidate
        What is fitted.
    seed : int
        Index of the repetition, or of the fold.
    phase : {"sweep", "tuning", "test", "ahead", "context", "shorter", "race"}
        What it is for.
    entry : str
        The contestant of a comparison.
    entry_key : str
        What its seeds are made of.
    looks : tuple of str
        Tables to make of what the model has learned.
    again : bool
        Whether a candidate that has been tried on one part of a training part is tried on the others.
    part : int, default=1
        Of a race: one in how many of the training items it is fitted to.
    """

    position: int
    source: Any
    candidate: Candidate
    seed: int
    phase: str = SWEEP
    entry: str = ""
    entry_key: str = ""
    looks: tuple[str, ...] = ()
    again: bool = False
    part: int = 1

    @property
    def trial_id(self) -> str:
        """The coordinates in words: unique within a run."""
        return str(self.source.trial_id(self))

    @property
    def model_seed(self) -> int:
        """The seed of the model, below 2**32."""
        return int(self.source.model_seed(self))


@dataclass(frozen=True)
class Outcome:
    """What a trial ended in.

    Parameters
    ----------
    position : int
        Of the trial.
    row : dict
        What was measured.
    curve : tuple of (epoch, train loss, validation score)
        How the model learned.
    insights : tuple of (str, DataFrame)
        What it has learned: small tables by name.
    """

    position: int
    row: Record
    curve: tuple[tuple[int, float, float], ...] = ()
    insights: tuple[tuple[str, pd.DataFrame], ...] = field(default=())


Runner = Callable[[Trial], Outcome]


def run_trial(trial: Trial) -> Outcome:
    """Run one trial; whatever goes wrong in it becomes a row with the error.

    Compiled kernels and BLAS run one thread inside.
    """
    start = time.perf_counter()
    row = {**blank_row(trial), "trial_seconds": 0.0}
    curve: tuple[tuple[int, float, float], ...] = ()
    insights: tuple[tuple[str, pd.DataFrame], ...] = ()
    said = [row["warnings"]] if row["warnings"] else []
    with one_thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            curve, insights = _measure(trial, row)
        except FAILURES as error:
            row.update(status="error", error=blame(error))
    row["warnings"] = "; ".join([*said, *sorted({f"{w.category.__name__}: {w.message}" for w in caught})])
    row["trial_seconds"] += time.perf_counter() - start
    return Outcome(trial.position, row, curve, insights)


def blank_row(trial: Trial) -> Record:
    """Return the row of a trial before it has run: its coordinates, and nothing measured."""
    candidate = trial.candidate
    return {
        **blank(),
        "trial_id": trial.trial_id,
        "model": candidate.label,
        "family": candidate.family,
        "variant": candidate.variant,
        "capacity": float(candidate.capacity),
        "capacity_name": candidate.capacity_name,
        "seed": trial.seed,
        **trial.source.coordinates(trial),
    }


def _measure(
    trial: Trial, row: Record
) -> tuple[tuple[tuple[int, float, float], ...], tuple[tuple[str, pd.DataFrame], ...]]:
    """Fill in the row; return the learning curve, and what the model has learned."""
    source = trial.source
    fits: list[Record] = []
    peaks, seconds, steps, spent = [], 0.0, 0, 0.0
    for k in range(source.n_fits(trial)):
        train, parts = source.parts(trial, k)
        problem = source.problem()
        began = time.perf_counter()
        warm_up(trial.candidate, problem, train)
        # what comes next in this process does not take it again, and forecasts are made of this
        row["trial_seconds"] -= time.perf_counter() - began
        model, fitted = trial.candidate.build(problem, trial.model_seed)
        last = list(parts.values())[-1]
        row["length"] = float(last.X.lengths.mean())
        with Stopwatch() as fitting:
            if not fitted:
                fit_model(model, train)
        spent += 0.0 if fitted else fitting.seconds
        peaks.append(fitting.peak_mb)
        fits.append({})
        for column, asked in parts.items():
            with Stopwatch() as predicting:
                columns, took = source.ask(trial, model, train, asked, column)
            fits[-1].update(columns)
            peaks.append(predicting.peak_mb)
        seconds, steps = seconds + took, steps + asked.X.n_steps
    row.update(fits[0] if len(fits) == 1 else source.pooled(fits, column))
    row["fit_seconds"] = spent
    row["predict_us_per_step"] = 1e6 * seconds / steps
    row["causal"] = is_causal(model)
    row["peak_memory_mb"] = float(np.max(peaks))
    row["n_parameters"] = n_parameters(model)
    row["n_iter"], row["stop"] = training_end(model)
    columns, insights = source.finish(trial, model, train, parts)
    row.update(columns)
    return learning_curve(model), insights


def given_up(trial: Trial, attempts: str) -> Outcome:
    """Return the outcome of a trial that takes its worker down whenever it is tried."""
    row = blank_row(trial)
    row.update(
        status="error",
        error=f"the worker process died in {attempts}: out of memory, or a crash in native code",
    )
    return Outcome(trial.position, row)
