"""A synthetic task as a source of trials: data are drawn, and chance and optimum are known."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.answer import predict_answer, step_densities
from seqcompare.experiments.failing import FAILURES, blame
from seqcompare.experiments.trial import Trial
from seqcompare.families import FAMILIES, Budget, Problem
from seqcompare.models.causality import is_causal
from seqcompare.needs import Traits
from seqcompare.typing import Model, Record


@dataclass(frozen=True)
class Sizes:
    """How much data a trial gets: sequences of each part, and their steps (None: as the task has it)."""

    n_train: int
    n_validation: int
    n_test: int
    length: int | None = None


@dataclass(frozen=True)
class TaskSource:
    """A task at one point of a sweep.

    Parameters
    ----------
    axis : str
        What its part of the sweep varies.
    task : task
        A task of `seqcompare.tasks` or of the user's, with its distance.
    label : str
        What tables call the task: its name, with its parameters where a sweep has it twice.
    distance_asked : int
        The distance before it was moved up to one that the task can have.
    sizes : Sizes
        How much data.
    budget : Budget
        What a training may spend.
    """

    axis: str
    task: Any
    label: str
    distance_asked: int
    sizes: Sizes
    budget: Budget

    @property
    def role(self) -> str:
        """What is predicted."""
        return str(self.task.role)

    def trial_id(self, trial: Trial) -> str:
        """Return the coordinates in words: unique within a sweep."""
        params = ", ".join(f"{name}={value}" for name, value in task_params(self.task).items())
        length = "" if self.sizes.length is None else f"/length={self.sizes.length}"
        where = f"{self.axis}/{self.task.name}({params}){length}"
        return f"{where}/{trial.candidate.label}/seed={trial.seed}"

    def data_seed(self, seed: int) -> int:
        """Return the seed of the data: the same for every model, so that comparisons are paired."""
        return _hash(self.task.name, task_params(self.task), seed)

    def model_seed(self, trial: Trial) -> int:
        """Return the seed of the model, below 2**32."""
        key = trial.candidate.seed_key(self.problem())
        return _hash(self.task.name, task_params(self.task), trial.seed, key) % 2**32

    def coordinates(self, trial: Trial) -> Record:
        """Return the columns of the row that are known before the trial."""
        task = self.task
        moved = ""
        if task.distance != self.distance_asked:
            moved = (
                f"distance {task.distance} was moved up from {self.distance_asked}, which {task.name} cannot "
                "have"
            )
        return {
            "axis": self.axis,
            "task": self.label,
            "task_params": json.dumps(task_params(task), sort_keys=True),
            "distance": int(task.distance),
            "distance_asked": self.distance_asked,
            "memory_bits": float(task.memory_bits),
            "role": task.role,
            "metric": task.metric,
            "greater_is_better": bool(task.greater_is_better),
            "n_train": self.sizes.n_train,
            "n_test": self.sizes.n_test,
            "length_asked": self.sizes.length or 0,
            "chance": float(task.chance_score),
            "optimal": float(task.optimal_score),
            "warnings": moved,
        }

    @property
    def n_asked_steps(self) -> float:
        """Steps of the test data, about."""
        return float(self.sizes.n_test * (self.sizes.length or self.task.natural_length))

    def draw(self, seed: int) -> tuple[SequenceDataset, SequenceDataset, SequenceDataset]:
        """Return training, validation and test data of a repetition."""
        return _draw(self.task, self.sizes, self.data_seed(seed))

    def n_fits(self, trial: Trial) -> int:
        """Return how often the model is fitted."""
        return 1

    def parts(self, trial: Trial, fit: int = 0) -> tuple[SequenceDataset, dict[str, SequenceDataset]]:
        """Return what is fitted to, and what is asked about by the column that its score belongs to."""
        train, validation, test = self.draw(trial.seed)
        return train, {"validation_score": validation, "score": test}

    def pooled(self, fits: Sequence[Record], column: str) -> Record:
        """Return the columns of the one fit that there is."""
        return dict(fits[-1])

    def problem(self) -> Problem:
        """Return what models are built for."""
        return _problem(self.task, self.sizes, self.budget)

    def ask(
        self, trial: Trial, model: Model, train: SequenceDataset, asked: SequenceDataset, column: str
    ) -> tuple[Record, float]:
        """Ask a fitted model; return columns of the row, and the seconds that predicting took."""
        start = perf_counter()
        task = self.task
        if getattr(task, "answered_by", "") == "density":
            answer, symbols = step_densities(model, asked.X), None
        else:
            answer, symbols = predict_answer(model, asked.X, self.role)
        seconds = perf_counter() - start
        # by sequence, where there is one a step: a task of the user's may read them so
        outputs: Any = answer if self.role in ("sequence", "value") else asked.X.with_values(answer)
        if not hasattr(task, "outcomes"):
            score, error = float(task.score(asked, outputs, symbols)), math.nan
        else:
            outcomes = task.outcomes(asked, outputs, symbols)
            score = float(outcomes.mean())
            error = outcomes.std(ddof=1) / math.sqrt(len(outcomes)) if len(outcomes) > 1 else math.nan
        if column != "score":
            return {column: score}, seconds
        columns = {column: score, "score_error": float(error)}
        chance, optimal = float(task.chance_score), float(task.optimal_score)
        if not math.isclose(optimal, chance):  # else there is nothing that skill could gain
            columns["skill"] = (score - chance) / (optimal - chance)
        return columns, seconds

    def finish(
        self, trial: Trial, model: Model, train: SequenceDataset, parts: Mapping[str, SequenceDataset]
    ) -> tuple[Record, tuple[tuple[str, pd.DataFrame], ...]]:
        """Return what theory says of the model, and tables of what it has learned."""
        return {"can_represent": self._theory(trial, model)}, _look(trial, model, parts["score"])

    def _theory(self, trial: Trial, model: Model) -> bool | None:
        """Return what theory says of the candidate; None where it, or the task, says nothing."""
        candidate = trial.candidate
        if math.isnan(candidate.capacity):
            return None
        after, causal = int(getattr(model, "after", 0)), is_causal(model)
        own = candidate.spec.can_represent
        if own is not None and hasattr(self.task, "needs"):
            return own(self.task.needs(), Traits(candidate.capacity, candidate.spec.name, after, causal))
        if candidate.family not in FAMILIES or FAMILIES[candidate.family].can_represent is None:
            return None
        says: bool | None = self.task.can_represent(
            candidate.family, candidate.capacity, variant=candidate.spec.name, after=after, causal=causal
        )
        return says


def task_params(task: Any) -> Record:
    """Return all parameters of a task, the distance included."""
    return {field.name: getattr(task, field.name) for field in fields(task) if field.init}


@lru_cache(maxsize=2)
def _draw(task: Any, sizes: Sizes, seed: int) -> tuple[SequenceDataset, SequenceDataset, SequenceDataset]:
    """Draw training, validation and test data, each from a stream of its own."""
    streams = np.random.SeedSequence(seed).spawn(3)
    counts = (sizes.n_train, sizes.n_validation, sizes.n_test)
    train, validation, test = (
        task.sample(count, sizes.length, np.random.default_rng(stream))
        for count, stream in zip(counts, streams, strict=True)
    )
    return train, validation, test


@lru_cache(maxsize=256)
def _problem(task: Any, sizes: Sizes, budget: Budget) -> Problem:
    """Return what models are built for, as a few sequences of the task show it."""
    X = task.sample(2, sizes.length, 0).X
    length = sizes.length or task.natural_length
    symbols = getattr(task, "symbols", ()) if X.kind == "symbols" else ()
    classes = getattr(task, "classes", ()) if X.kind == "symbols" else ()
    n_steps = int(sizes.n_train * length)
    return Problem(
        role=task.role,
        kind=X.kind,
        budget=budget,
        n_train=sizes.n_train,
        n_steps=n_steps,
        n_scored=sizes.n_train if task.role in ("sequence", "value") else n_steps,
        longest=int(length),
        n_symbols=len(symbols),
        n_channels=X.n_channels,
        n_classes=len(classes),
        task=task,
    )


def _look(trial: Trial, model: Model, test: SequenceDataset) -> tuple[tuple[str, pd.DataFrame], ...]:
    """Look into the model; what was measured stands, even if that fails."""
    look = trial.candidate.spec.look
    if look is None or not trial.looks:
        return ()
    try:
        return tuple(look(model, test, trial.looks))
    except FAILURES as error:
        warnings.warn(f"the model could not be looked into: {blame(error)}", RuntimeWarning, stacklevel=1)
        return ()


def _hash(*coordinates: Any) -> int:
    """Return a number that depends on the coordinates alone, the same on every machine."""
    text = json.dumps(coordinates, sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
