"""A trial of a comparison: one data set, fold and model; running it yields one row."""

from __future__ import annotations

import hashlib
import json
import math
import time
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answers import fit_model, learning_curve, n_parameters, training_end
from seqcompare.experiments.context import influence_by_lag, trace_context
from seqcompare.experiments.cost import Stopwatch
from seqcompare.experiments.jobs import Outcome, blame
from seqcompare.experiments.ladder_common import Entry
from seqcompare.experiments.measures import (
    ask,
    calibration_of,
    confusion_of,
    count_items,
    metric_of,
    metrics_of,
    score_of,
    scored_items,
    unit_sums,
    units,
)
from seqcompare.experiments.splits import Plan, Split, cut, hold_out
from seqcompare.experiments.threads import one_thread
from seqcompare.experiments.zoo import ModelSpec
from seqcompare.models.causality import is_causal
from seqcompare.results.comparison import TEST, TUNING


@dataclass(frozen=True, eq=False)
class FoldTrial:
    """The coordinates of a trial.

    Parameters
    ----------
    position : int
        Its place among all trials.
    phase : {"tuning", "test", "context"}
        Whether the training part alone is used, a fifth of it to choose models by; or the test part; or this
        with less and less context.
    dataset : SequenceDataset
        All data.
    split : Split
        What is trained on and tested on.
    fold : int
        Which split that is.
    entry : str
        The contestant.
    model : ModelSpec
        The model.
    contestant : Entry, optional
        For the phase "context", which needs to know how to limit a model.
    gap : int, optional
        For the phase "tuning": steps that were asked for around test blocks, and so around validation blocks.
    """

    position: int
    phase: str
    dataset: SequenceDataset
    split: Split
    fold: int
    entry: str
    model: ModelSpec
    contestant: Entry | None = None
    gap: int | None = None

    @property
    def trial_id(self) -> str:
        """The coordinates in words: unique within a comparison."""
        return f"{self.phase}/{self.dataset.name}/{self.entry}/{self.model.label}/fold={self.fold}"

    @property
    def model_seed(self) -> int:
        """The seed of the model, below 2**32."""
        words = f"{self.dataset.name}/{self.entry}/{self.model.label}/{self.fold}"
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big")


def tuning_trials(dataset: SequenceDataset, plan: Plan, entries: Iterable[Entry]) -> list[FoldTrial]:
    """Return a trial for every fold and rung of the ladders that have a choice."""
    coordinates = [
        (split, fold, entry, model)
        for fold, split in enumerate(plan.splits)
        for entry in entries
        if len(entry.rungs) > 1
        for model in entry.rungs
    ]
    return [
        FoldTrial(position, TUNING, dataset, split, fold, entry.name, model, gap=plan.gap)
        for position, (split, fold, entry, model) in enumerate(coordinates)
    ]


def run_fold_trial(trial: FoldTrial) -> Outcome:
    """Run one trial; whatever goes wrong in it becomes a row with the error.

    Compiled kernels and BLAS run one thread inside.
    """
    start = time.perf_counter()
    row = blank_fold_row(trial)
    curve: tuple[tuple[int, float, float], ...] = ()
    with one_thread(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            curve = _measure(trial, row)
        except Exception as error:
            row.update(status="error", error=blame(error))
    row["warnings"] = "; ".join(sorted({f"{w.category.__name__}: {w.message}" for w in caught}))
    row["trial_seconds"] = time.perf_counter() - start
    return Outcome(trial.position, row, curve)


def blank_fold_row(trial: FoldTrial) -> dict[str, Any]:
    """Return the row of a trial before it has run: its coordinates, and nothing measured."""
    model, dataset = trial.model, trial.dataset
    metric = metric_of(dataset)
    unknown = ("distance", "memory_bits", "length", "score", "validation_score", "chance", "optimal", "skill")
    costs = ("score_error", "fit_seconds", "predict_us_per_step", "n_parameters", "peak_memory_mb", "n_iter")
    return {
        "trial_id": trial.trial_id,
        "axis": trial.phase,
        "task": dataset.name,
        "task_params": json.dumps({"fold": trial.fold}),
        "role": dataset.role,
        "metric": metric,
        "greater_is_better": metric == "accuracy",
        "model": model.label,
        "family": model.family,
        "variant": model.variant,
        "capacity": math.nan if model.capacity is None else float(model.capacity),
        "capacity_name": model.capacity_name,
        "causal": True,
        "seed": trial.fold,
        "n_train": len(trial.split.train),
        "n_test": len(trial.split.test),
        **dict.fromkeys((*unknown, *costs, "trial_seconds"), math.nan),
        # of sweeps only, and whole numbers
        **dict.fromkeys(("distance", "distance_asked", "length_asked"), 0),
        "can_represent": None,
        "stop": "",
        "warnings": "",
        "status": "ok",
        "error": "",
        "entry": trial.entry,
        "details": {},
        "sums": np.zeros((0, 3)),
    }


def parts_of(trial: FoldTrial) -> tuple[SequenceDataset, SequenceDataset]:
    """Return what the trial's model is fitted on, and what it answers."""
    train = cut(trial.dataset, trial.split.train)
    if trial.phase != TUNING:
        return train, cut(trial.dataset, trial.split.test)
    inner = hold_out(train, gap=trial.gap)
    return cut(train, inner.train), cut(train, inner.test)


def _measure(trial: FoldTrial, row: dict[str, Any]) -> tuple[tuple[int, float, float], ...]:
    """Fill in the row; return the learning curve."""
    role = trial.dataset.role
    train, test = parts_of(trial)
    row.update(n_train=len(train), n_test=len(test), length=float(test.X.lengths.mean()))
    if role == "value":
        row["chance"] = error_of_the_mean(train, test)
    warm_up_on(train, [trial.model])
    model, fitted = trial.model.build(train, trial.model_seed)
    with Stopwatch() as fitting:
        if not fitted:
            fit_model(model, train)
    row["fit_seconds"] = 0.0 if fitted else fitting.seconds
    n_train = count_items(train)
    with Stopwatch() as predicting:
        answers = ask(model, test, n_train)
    row["predict_us_per_step"] = 1e6 * predicting.seconds / test.X.n_steps
    row["peak_memory_mb"] = max(fitting.peak_mb, predicting.peak_mb)
    row["causal"] = is_causal(model)
    row["n_parameters"] = n_parameters(model)
    row["n_iter"], row["stop"] = training_end(model)
    metric = row["metric"]
    sums = unit_sums(answers, units(test, answers.item), metric)
    row["sums"] = sums
    score = score_of(sums, metric)
    row["validation_score" if trial.phase == TUNING else "score"] = score
    row["details"] = {"metrics": metrics_of(answers, role)}
    if trial.contestant is not None:
        curves = trace_context(trial.contestant, trial.model, model, train, test, metric, trial.model_seed)
        row["details"] |= {
            "curves": [record for curve in curves for record in curve.rows()],
            "needed": {curve.control: curve.needed() for curve in curves},
            "influence": influence_by_lag(model, test, trial.model_seed),
        }
    if trial.phase == TEST and role in ("step", "sequence"):
        row["details"] |= {"confusion": confusion_of(answers), "calibration": calibration_of(answers)}
    return learning_curve(model)


def error_of_the_mean(train: SequenceDataset, test: SequenceDataset) -> float:
    """Return the mean squared error of answering every test sequence with the mean of the training part."""
    _, weight, truth = scored_items(train)
    _, counts, asked = scored_items(test)
    return float(np.average((asked - np.average(truth, weights=weight)) ** 2, weights=counts))


_warm: set[tuple[str, str]] = set()


def warm_up_on(dataset: SequenceDataset, models: Iterable[ModelSpec]) -> None:
    """Fit each kind of model once on a little of the data, so that compilation counts as nobody's time.

    What goes wrong here goes wrong in the trial as well, which will say so.
    """
    small = None
    for spec in models:
        key = (spec.variant, dataset.role)
        if key in _warm or spec.source is None or isinstance(spec.source, str):
            continue
        _warm.add(key)
        small = small or _a_little(dataset)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one epoch does not converge
            try:
                model = clone(spec.source)
                model.set_params(**{k: 1 for k in model.get_params() if k.split("__")[-1] == "max_iter"})
                fit_model(model, small)
                ask(model, small, 1.0)
            except Exception:
                continue


def _a_little(dataset: SequenceDataset) -> SequenceDataset:
    """Return the first steps of some sequences, of every class where sequences have one."""
    which = np.arange(min(len(dataset), 40))
    if dataset.role == "sequence":
        labels = np.asarray(dataset.y)
        which = np.unique(
            np.concatenate([which, *(np.flatnonzero(labels == c)[:4] for c in np.unique(labels))])
        )
    stop = np.minimum(dataset.X.lengths[which], 30)
    small = cut(dataset, np.column_stack([which, np.zeros_like(which), stop]))
    if isinstance(small.sample_weight, Sequences):
        small = replace(small, sample_weight=small.sample_weight.with_values(np.ones(small.X.n_steps)))
    return small
