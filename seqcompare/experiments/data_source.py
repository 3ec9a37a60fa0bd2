"""A data set as a source of trials: it is divided, and what the best possible score is nobody knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import ask, count_items, scored_items, unit_sums, units
from seqcompare.experiments.context import influence_by_lag, trace_context
from seqcompare.experiments.splits import Plan, cut, hold_out
from seqcompare.experiments.trial import CONTEXT, TEST, TUNING, Trial
from seqcompare.families import Problem
from seqcompare.metrics import METRICS, Answers, Metric

#: Share of one label from which on the share of right answers hides what models know of the others.
_LOPSIDED = 0.75
_N_BINS = 10
_MOST_CLASSES = 64

#: What every comparison of a role shows beside what it is judged by.
_SHOWN = {
    "next": ("bits", "accuracy"),
    "step": ("bits", "accuracy", "macro_f1"),
    "sequence": ("bits", "accuracy", "macro_f1"),
    "value": ("mse", "r2"),
}


@dataclass(frozen=True, eq=False)
class DataSource:
    """A data set with its splits.

    Parameters
    ----------
    dataset : SequenceDataset
        All data.
    plan : Plan
        What is trained on and tested on.
    built_for : Problem
        What models are built for, the same in every fold.
    metric : Metric
        What models are chosen and judged by.
    shown : tuple of Metric
        What the user asked to see beside it.
    """

    dataset: SequenceDataset
    plan: Plan
    built_for: Problem
    metric: Metric
    shown: tuple[Metric, ...] = ()

    @property
    def role(self) -> str:
        """What is predicted."""
        return self.dataset.role

    @property
    def n_asked_steps(self) -> float:
        """Steps of a test part, about."""
        return float(self.dataset.X.n_steps / max(len(self.plan.splits), 1))

    def trial_id(self, trial: Trial) -> str:
        """Return the coordinates in words: unique within a comparison."""
        return f"{trial.phase}/{self.dataset.name}/{trial.entry}/{trial.candidate.label}/fold={trial.seed}"

    def model_seed(self, trial: Trial) -> int:
        """Return the seed of the model, below 2**32."""
        key = trial.candidate.seed_key(self.built_for)
        words = f"{self.dataset.name}/{trial.entry_key or trial.entry}/{key}/{trial.seed}"
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big")

    def coordinates(self, trial: Trial) -> dict[str, Any]:
        """Return the columns of the row that are known before the trial."""
        split = self.plan.splits[trial.seed]
        return {
            "entry": trial.entry,
            "axis": trial.phase,
            "task": self.dataset.name,
            "task_params": json.dumps({"fold": trial.seed}),
            "role": self.role,
            "metric": self.metric.name,
            "greater_is_better": self.metric.greater_is_better,
            "n_train": len(split.train),
            "n_test": len(split.test),
            "details": {},
            "sums": np.zeros((0, 3)),
        }

    def parts(self, trial: Trial) -> tuple[SequenceDataset, dict[str, SequenceDataset]]:
        """Return what is fitted to, and what is asked about by the column that its score belongs to."""
        split = self.plan.splits[trial.seed]
        train = cut(self.dataset, split.train)
        if trial.phase != TUNING:
            return train, {"score": cut(self.dataset, split.test)}
        inner = hold_out(train, gap=self.plan.gap)
        return cut(train, inner.train), {"validation_score": cut(train, inner.test)}

    def problem(self) -> Problem:
        """Return what models are built for."""
        return self.built_for

    def ask(
        self, trial: Trial, model: Any, train: SequenceDataset, asked: SequenceDataset, column: str
    ) -> tuple[dict[str, Any], float]:
        """Ask a fitted model; return columns of the row, and the seconds that predicting took."""
        whole = any(metric.needs == "probabilities" and metric.score is not None for metric in self.shown)
        n_train = count_items(train)
        start = perf_counter()
        answers = ask(model, asked, n_train, whole=whole)
        seconds = perf_counter() - start
        sums = unit_sums(answers, units(asked, answers.item), self.metric)
        details: dict[str, Any] = {"metrics": scores_of(answers, self.role, self.shown)}
        if trial.phase == TEST and self.role in ("step", "sequence"):
            details |= {"confusion": confusion_of(answers), "calibration": calibration_of(answers)}
        score = float(self.metric.as_score(sums[:, 1].sum() / sums[:, 0].sum()))
        columns = {column: score, "sums": sums, "details": details}
        columns |= {"n_train": len(train), "n_test": len(asked)}
        if self.metric.relative:
            columns["chance"] = loss_of_the_mean(train, asked, self.metric)
        return columns, seconds

    def finish(
        self, trial: Trial, model: Any, train: SequenceDataset, parts: Mapping[str, SequenceDataset]
    ) -> tuple[dict[str, Any], tuple[tuple[str, pd.DataFrame], ...]]:
        """Return the curves of less and less context, for trials of that phase."""
        if trial.phase != CONTEXT:
            return {}, ()
        test, seed = parts["score"], trial.model_seed
        curves = trace_context(trial.candidate, self.built_for, model, train, test, self.metric, seed)
        answers = ask(model, test, count_items(train))
        details = {
            "metrics": scores_of(answers, self.role, self.shown),
            "curves": [record for curve in curves for record in curve.rows()],
            "needed": {curve.control: curve.needed() for curve in curves},
            "influence": influence_by_lag(model, test, seed),
        }
        return {"details": details}, ()


def metric_of(dataset: SequenceDataset) -> Metric:
    """Return what models are compared by on all of a data set.

    Symbols and real-valued steps by bits, numbers by squared error, labels and classes by the share of right
    answers; where one of them makes up more than three quarters, by the bits of a label, since whoever always
    says that one is hard to beat by answers alone.
    """
    if dataset.role in ("step", "sequence"):
        _, weight, truth = scored_items(dataset)
        shares = np.bincount(np.unique(truth, return_inverse=True)[1], weight) / weight.sum()
        return METRICS["label bits" if shares.max() > _LOPSIDED else "accuracy"]
    return METRICS["bits" if dataset.role == "next" else "mse"]


def scores_of(answers: Answers, role: str, shown: tuple[Metric, ...] = ()) -> dict[str, float]:
    """Return every score of the role, and of the metrics that were asked for, by name.

    A metric that needs more than a model answers with is NaN.
    """
    found = {}
    densities = answers.guess.dtype.kind == "f" and bool(np.isnan(answers.guess).all())
    for metric in [*(METRICS[name] for name in _SHOWN[role]), *shown]:
        if densities and metric.needs != "probabilities":
            continue
        try:
            found[metric.name] = metric.score_of(answers)
        except ValueError:
            found[metric.name] = float("nan")
    return found


def loss_of_the_mean(train: SequenceDataset, test: SequenceDataset, metric: Metric) -> float:
    """Return what it costs to answer every test sequence with the mean of the training part."""
    _, weight, truth = scored_items(train)
    item, counts, asked = scored_items(test)
    guess = np.full(len(asked), np.average(truth, weights=weight))
    nothing = np.full(len(asked), np.nan)
    assert metric.loss is not None
    loss = metric.loss(Answers(item, item, counts, asked, guess, nothing, nothing))
    return float(np.average(loss, weights=counts))


def confusion_of(answers: Answers) -> list[tuple[str, str, float]]:
    """Return (true, predicted, weight) of every pair that occurs; empty for very many classes."""
    classes = np.unique(np.concatenate([answers.truth.astype(str), answers.guess.astype(str)]))
    if len(classes) > _MOST_CLASSES:
        return []
    pairs = np.column_stack([np.searchsorted(classes, v.astype(str)) for v in (answers.truth, answers.guess)])
    found, place = np.unique(pairs, axis=0, return_inverse=True)
    weight = np.bincount(place.ravel(), answers.weight)
    return [(str(classes[a]), str(classes[b]), float(w)) for (a, b), w in zip(found, weight, strict=True)]


def calibration_of(answers: Answers) -> list[tuple[int, float, float, float]]:
    """Return (bin, weight, summed confidence, summed hits) of ten bins of confidence."""
    sure = answers.confidence
    if np.isnan(sure).any():
        return []
    bins = np.minimum((sure * _N_BINS).astype(int), _N_BINS - 1)
    w = answers.weight
    hit = answers.guess == answers.truth
    weight, summed, hits = (np.bincount(bins, v, minlength=_N_BINS) for v in (w, w * sure, w * hit))
    return [(b, float(weight[b]), float(summed[b]), float(hits[b])) for b in range(_N_BINS) if weight[b] > 0]


def level_weights(dataset: SequenceDataset) -> SequenceDataset:
    """Return the data with weights whose positive ones have the mean 1, so that only their ratios matter.

    What smooths by counts takes weights for counts: where all of them add up to 1, it would have seen next to
    nothing. Weights of 0 and 1 stay as they are.
    """
    given = dataset.sample_weight
    if given is None:
        return dataset
    weights = np.asarray(given.values if isinstance(given, Sequences) else given, dtype=np.float64)
    positive = weights[weights > 0]
    if not len(positive):
        return dataset
    # the mean first: a sum of tiny weights may be too small a number to divide by
    level = weights / positive.max()
    level = level / level[level > 0].mean()
    return replace(dataset, sample_weight=given.with_values(level) if isinstance(given, Sequences) else level)
