"""A trial: one task, distance, model and seed; running it yields one row."""

from __future__ import annotations

import hashlib
import json
import math
import time
import warnings
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.answers import (
    fit_model,
    learning_curve,
    n_parameters,
    predict_answer,
    training_end,
)
from seqcompare.experiments.cost import Stopwatch
from seqcompare.experiments.insight import look_inside
from seqcompare.experiments.jobs import Outcome, blame
from seqcompare.experiments.threads import one_thread
from seqcompare.experiments.warmup import warm_up
from seqcompare.experiments.zoo import ModelSpec
from seqcompare.models.causality import is_causal


@dataclass(frozen=True)
class Sizes:
    """How much data a trial gets: sequences of each part, and their steps (None: as the task has it)."""

    n_train: int
    n_validation: int
    n_test: int
    length: int | None = None


@dataclass(frozen=True)
class Trial:
    """The coordinates of a trial.

    Parameters
    ----------
    position : int
        Its place in the sweep.
    axis : str
        What its part of the sweep varies.
    task : task
        A task of `seqcompare.tasks` or of the user's, with its distance.
    task_label : str
        What tables call the task: its name, with its parameters where a sweep has it twice.
    distance_asked : int
        The distance before it was moved up to one that the task can have.
    model : ModelSpec
        The model.
    seed : int
        Index of the repetition.
    sizes : Sizes
        How much data.
    insights : tuple of str
        Tables to make of what the model has learned, as `seqcompare.experiments.insight` chooses.
    """

    position: int
    axis: str
    task: Any
    task_label: str
    distance_asked: int
    model: ModelSpec
    seed: int
    sizes: Sizes
    insights: tuple[str, ...] = ()

    @property
    def trial_id(self) -> str:
        """The coordinates in words: unique within a sweep."""
        where = f"{self.axis}/{self.task.name}({_words(task_params(self.task))})"
        length = "" if self.sizes.length is None else f"/length={self.sizes.length}"
        return f"{where}{length}/{self.model.label}/seed={self.seed}"

    @property
    def data_seed(self) -> int:
        """The seed of the data: the same for every model, so that comparisons are paired."""
        return _hash(self.task.name, task_params(self.task), self.seed)

    @property
    def model_seed(self) -> int:
        """The seed of the model, below 2**32."""
        return _hash(self.task.name, task_params(self.task), self.seed, self.model.label) % 2**32


def task_params(task: Any) -> dict[str, Any]:
    """Return all parameters of a task, the distance included."""
    return {field.name: getattr(task, field.name) for field in fields(task) if field.init}


def run_trial(trial: Trial) -> Outcome:
    """Run one trial; whatever goes wrong in it becomes a row with the error.

    Compiled kernels and BLAS run one thread inside.
    """
    start = time.perf_counter()
    row = blank_row(trial)
    curve: tuple[tuple[int, float, float], ...] = ()
    insights: tuple[tuple[str, pd.DataFrame], ...] = ()
    with one_thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model, test = _measure(trial, row)
            curve = learning_curve(model)
            insights = _look(model, test, trial.insights)
        except Exception as error:
            row.update(status="error", error=blame(error))
    said = sorted({f"{w.category.__name__}: {w.message}" for w in caught})
    if trial.task.distance != trial.distance_asked:
        moved = f"moved up from {trial.distance_asked}, which {trial.task.name} cannot have"
        said.insert(0, f"distance {trial.task.distance} was {moved}")
    row["warnings"] = "; ".join(said)
    row["trial_seconds"] = time.perf_counter() - start
    return Outcome(trial.position, row, curve, insights)


def blank_row(trial: Trial) -> dict[str, Any]:
    """Return the row of a trial before it has run: its coordinates, and nothing measured."""
    task, model = trial.task, trial.model
    return {
        "trial_id": trial.trial_id,
        "axis": trial.axis,
        "task": trial.task_label,
        "task_params": json.dumps(task_params(task), sort_keys=True),
        "distance": int(task.distance),
        "distance_asked": trial.distance_asked,
        "memory_bits": float(task.memory_bits),
        "role": task.role,
        "metric": task.metric,
        "greater_is_better": bool(task.greater_is_better),
        "model": model.label,
        "family": model.family,
        "variant": model.variant,
        "capacity": math.nan if model.capacity is None else float(model.capacity),
        "capacity_name": model.capacity_name,
        "causal": True,
        "seed": trial.seed,
        "n_train": trial.sizes.n_train,
        "n_test": trial.sizes.n_test,
        "length_asked": trial.sizes.length or 0,
        **dict.fromkeys(("length", "score", "validation_score", "skill", "score_error"), math.nan),
        "chance": float(task.chance_score),
        "optimal": float(task.optimal_score),
        "can_represent": None,
        **dict.fromkeys(("fit_seconds", "predict_us_per_step", "n_parameters"), math.nan),
        **dict.fromkeys(("peak_memory_mb", "trial_seconds", "n_iter"), math.nan),
        "stop": "",
        "warnings": "",
        "status": "ok",
        "error": "",
    }


def _measure(trial: Trial, row: dict[str, Any]) -> tuple[Any, SequenceDataset]:
    """Fill in the row; return the fitted model and the test data."""
    task = trial.task
    warm_up([(trial.model, task)])
    train, validation, test = draw_parts(task, trial.sizes, trial.data_seed)
    model, fitted = trial.model.build(task, trial.model_seed)
    row["length"] = float(test.X.lengths.mean())
    with Stopwatch() as fitting:
        if not fitted:
            fit_model(model, train)
    row["fit_seconds"] = 0.0 if fitted else fitting.seconds
    with Stopwatch() as predicting:
        answer, symbols = predict_answer(model, test.X, task.role)
    row["predict_us_per_step"] = 1e6 * predicting.seconds / test.X.n_steps
    row["peak_memory_mb"] = max(fitting.peak_mb, predicting.peak_mb)
    row["score"], row["score_error"] = _score(task, test, answer, symbols)
    row["validation_score"], _ = _score(task, validation, *predict_answer(model, validation.X, task.role))
    if not math.isclose(row["optimal"], row["chance"]):  # else there is nothing that skill could gain
        row["skill"] = (row["score"] - row["chance"]) / (row["optimal"] - row["chance"])
    row["causal"] = is_causal(model)
    row["can_represent"] = _theory(trial, model, causal=row["causal"])
    row["n_parameters"] = n_parameters(model)
    row["n_iter"], row["stop"] = training_end(model)
    return model, test


def _look(model: Any, test: SequenceDataset, tables: tuple[str, ...]) -> tuple[tuple[str, pd.DataFrame], ...]:
    """Look into the model; what was measured stands, even if that fails."""
    try:
        return tuple(look_inside(model, test, tables)) if tables else ()
    except Exception as error:
        warnings.warn(f"the model could not be looked into: {blame(error)}", RuntimeWarning, stacklevel=1)
        return ()


@lru_cache(maxsize=2)
def draw_parts(
    task: Any, sizes: Sizes, seed: int
) -> tuple[SequenceDataset, SequenceDataset, SequenceDataset]:
    """Draw training, validation and test data, each from a stream of its own."""
    streams = np.random.SeedSequence(seed).spawn(3)
    counts = (sizes.n_train, sizes.n_validation, sizes.n_test)
    train, validation, test = (
        task.sample(count, sizes.length, np.random.default_rng(stream))
        for count, stream in zip(counts, streams, strict=True)
    )
    return train, validation, test


def _score(task: Any, dataset: SequenceDataset, answer: Any, symbols: Any) -> tuple[float, float]:
    """Return the score and its standard error over the answers, NaN where the task gives only the mean."""
    if not hasattr(task, "outcomes"):
        return float(task.score(dataset, answer, symbols)), math.nan
    outcomes = task.outcomes(dataset, answer, symbols)
    error = outcomes.std(ddof=1) / math.sqrt(len(outcomes)) if len(outcomes) > 1 else math.nan
    return float(outcomes.mean()), float(error)


def _theory(trial: Trial, model: Any, *, causal: bool) -> bool | None:
    """Return what theory says of a model of the zoo; of the user's it says nothing."""
    spec = trial.model
    if spec.source is not None or spec.capacity is None:
        return None
    says: bool | None = trial.task.can_represent(
        spec.family,
        spec.capacity,
        variant=spec.variant.removesuffix("-centred"),
        after=int(getattr(model, "after", 0)),
        causal=causal,
    )
    return says


def _hash(*coordinates: Any) -> int:
    """Return a number that depends on the coordinates alone, the same on every machine."""
    text = json.dumps(coordinates, sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def _words(params: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items())
