"""A data set as a source of trials: it is divided, and what the best possible score is nobody knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import asker, count_items, scored_items, unit_sums, units
from seqcompare.experiments.backtests import backtest
from seqcompare.experiments.context import influence_by_lag, trace_context
from seqcompare.experiments.early import trace_beginnings
from seqcompare.experiments.forecasts import (
    SCORES,
    Stretch,
    forecast_details,
    is_about_numbers,
    naive_errors,
    next_stretch,
    number_scores,
    with_forecast,
)
from seqcompare.experiments.forward import tuning_splits
from seqcompare.experiments.influence import influence_of_numbers
from seqcompare.experiments.parts import part_of
from seqcompare.experiments.splits import Plan, Split, cut, cut_test
from seqcompare.experiments.step_numbers import (
    errors_of,
    has_density,
    step_distribution,
    step_stretch,
    with_density,
)
from seqcompare.experiments.tested import tested_in_time
from seqcompare.experiments.trial import AHEAD, CONTEXT, RACE, SHORTER, TEST, TUNING, Trial
from seqcompare.families import Problem
from seqcompare.metrics import METRICS, Answers, Metric
from seqcompare.models.next_numbers import Errors
from seqcompare.results.contest import CHANCE
from seqcompare.results.reach import kept_units
from seqcompare.typing import Model, Record, Values

#: Stretches that each test part of a long series is cut into.
_N_STRETCHES = 200
_N_BINS = 10
_MOST_CLASSES = 64

#: What every comparison of a role shows beside what it is judged by.
_SHOWN = {
    "next": ("bits", "accuracy"),
    "numbers": ("bits", *SCORES),
    "step": ("bits", "accuracy", "macro_f1"),
    "sequence": ("bits", "accuracy", "macro_f1"),
    "value": ("mse", "r2"),
    "step-value": ("mse", "r2", "crps", "bits"),
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
    inner_cv : int, optional
        Folds of each training part that candidates are chosen by; see `tuning_splits`.
    ahead : int, optional
        Steps that forecasts are to reach; see `seqcompare.experiments.backtests.furthest_ahead`.
    """

    dataset: SequenceDataset
    plan: Plan
    built_for: Problem
    metric: Metric
    shown: tuple[Metric, ...] = ()
    inner_cv: int | None = None
    ahead: int | None = None

    @property
    def role(self) -> str:
        """What is predicted."""
        return self.dataset.role

    @cached_property
    def n_parts(self) -> int:
        """Units that a test part is cut into where it has fewer: stretches of time, if these are tested."""
        return _N_STRETCHES if tested_in_time(self.dataset, self.plan) else 1

    @cached_property
    def frequencies(self) -> tuple[Values, NDArray[np.float64]] | None:
        """The labels of all that is tested, and how often each comes; None for other roles."""
        if self.role not in ("step", "sequence"):
            return None
        pieces = np.unique(np.concatenate([split.test for split in self.plan.splits]), axis=0)
        _, weight, truth = scored_items(cut(self.dataset, pieces))
        names, code = np.unique(truth, return_inverse=True)
        return names, np.bincount(code, weight) / weight.sum()

    def _best_constant(self, answers: Answers, n_train: float) -> Record:
        """Return the answer of whoever knows how often each label comes in all that is tested.

        The frequencies of the training part are a poor reference for few items: folds that spread classes
        evenly flatter them, and leaving out one at a time makes them always wrong where classes are balanced.
        """
        assert self.frequencies is not None
        names, shares = self.frequencies
        given = shares[np.searchsorted(names, answers.truth)]
        bits = -np.log2((n_train * given + 1 / (len(names) + 1)) / (n_train + 1))
        return {"guess": np.full(len(answers.truth), names[shares.argmax()]), "bits": bits}

    @property
    def channels(self) -> list[str]:
        """What the channels are called."""
        return [channel.name for channel in self.dataset.X.schema]

    @property
    def predicted(self) -> list[str]:
        """What the numbers that are predicted are called."""
        if self.role == "next":
            return self.channels
        told = self.dataset.reading
        return [str(told.get("predict") or told.get("target") or 0)]

    def _errors(self, trial: Trial, model: Model, train: SequenceDataset) -> Errors | None:
        """Return what stands in for the densities of a model that has none."""
        if has_density(model):
            return None
        _, fitted = trial.candidate.build(self.built_for, trial.model_seed)
        splits = () if fitted else self.tuned_on(trial.seed)[1]
        return errors_of(lambda: trial.candidate.build(self.built_for, trial.model_seed)[0], train, splits)

    @property
    def n_asked_steps(self) -> float:
        """Steps of a test part, about."""
        return float(self.dataset.X.n_steps / max(len(self.plan.splits), 1))

    def trial_id(self, trial: Trial) -> str:
        """Return the coordinates in words: unique within a comparison."""
        where = f"{trial.entry}/{trial.candidate.label}/fold={trial.seed}{'/again' if trial.again else ''}"
        where += f"/part={trial.part}" if trial.phase == RACE else ""
        return f"{trial.phase}/{self.dataset.name}/{where}"

    def model_seed(self, trial: Trial) -> int:
        """Return the seed of the model, below 2**32."""
        key = trial.candidate.seed_key(self.built_for)
        words = f"{self.dataset.name}/{trial.entry_key or trial.entry}/{key}/{trial.seed}"
        return int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big")

    def coordinates(self, trial: Trial) -> Record:
        """Return the columns of the row that are known before the trial."""
        split = self.plan.splits[trial.seed]
        which = {"fold": trial.seed, **({"again": True} if trial.again else {})}
        which |= {"part": trial.part} if trial.phase == RACE else {}
        return {
            "entry": trial.entry,
            "axis": trial.phase,
            "task": self.dataset.name,
            "task_params": json.dumps(which),
            "role": self.role,
            "metric": self.metric.name,
            "greater_is_better": self.metric.greater_is_better,
            "n_train": len(split.train),
            "n_test": len(split.test),
            "details": {},
            "sums": np.zeros((0, 3)),
        }

    def n_fits(self, trial: Trial) -> int:
        """Return how often the candidate is fitted: tried again, to all other parts of the training part."""
        return self.n_parts_to_choose(trial.seed) - 1 if trial.again else 1

    def parts(self, trial: Trial, fit: int = 0) -> tuple[SequenceDataset, dict[str, SequenceDataset]]:
        """Return what is fitted to, and what is asked about by the column that its score belongs to."""
        if trial.phase in (TUNING, RACE):
            train, inner = self.tuned_on(trial.seed)
            split = inner[fit + trial.again]
            pieces = split.train if trial.part == 1 else part_of(train, split.train, trial.part)
            return cut(train, pieces), {"validation_score": cut_test(train, split)}
        split = self.plan.splits[trial.seed]
        return cut(self.dataset, split.train), {"score": cut_test(self.dataset, split)}

    def tuned_on(self, fold: int) -> tuple[SequenceDataset, tuple[Split, ...]]:
        """Return the training part of a fold, and how it is divided to choose candidates by."""
        train = cut(self.dataset, self.plan.splits[fold].train)
        if fold not in self._tuning_splits:
            self._tuning_splits[fold] = tuning_splits(train, self.plan, self.inner_cv)
        return train, self._tuning_splits[fold]

    def n_parts_to_choose(self, fold: int) -> int:
        """Return by how many parts of a training part candidates are chosen."""
        if fold not in self._tuning_splits:
            try:
                self.tuned_on(fold)
            except ValueError:  # what cannot be divided says so in its trials
                return 1
        return len(self._tuning_splits[fold])

    @cached_property
    def _tuning_splits(self) -> dict[int, tuple[Split, ...]]:
        """By fold; to look for copies takes longer than many a trial. It goes to workers with the source."""
        return {}

    def pooled(self, fits: Sequence[Record], column: str) -> Record:
        """Return the columns of all fits of a trial as one: their units together."""
        sums = np.vstack([fit["sums"] for fit in fits])
        weights = [fit["sums"][:, 0].sum() for fit in fits]
        scores = pd.DataFrame([fit["details"]["metrics"] for fit in fits])
        means = {str(name): float(np.average(scores[name], weights=weights)) for name in scores}
        found: Record = {
            column: float(self.metric.as_score(sums[:, 1].sum() / sums[:, 0].sum())),
            "sums": sums,
            "details": {"metrics": means},
            "n_train": round(np.mean([fit["n_train"] for fit in fits])),
            "n_test": sum(fit["n_test"] for fit in fits),
        }
        if self.metric.relative:
            found["chance"] = float(np.average([fit["chance"] for fit in fits], weights=weights))
        return found

    def problem(self) -> Problem:
        """Return what models are built for."""
        return self.built_for

    @property
    def keeps_probabilities(self) -> bool:
        """Whether all probabilities are kept, for metrics that are made of them."""
        return any(metric.needs == "probabilities" and metric.score is not None for metric in self.shown)

    def ask(
        self, trial: Trial, model: Model, train: SequenceDataset, asked: SequenceDataset, column: str
    ) -> tuple[Record, float]:
        """Ask a fitted model; return columns of the row, and the seconds that predicting took."""
        answer, start = asker(train), perf_counter()
        answers = answer(model, asked, whole=self.keeps_probabilities)
        seconds = perf_counter() - start
        unit = units(asked, answers.item, *([self.n_parts] if trial.phase in (TEST, SHORTER) else []))
        known = answers
        if trial.phase == TEST and trial.entry == CHANCE and self.frequencies is not None:
            known = replace(answers, **self._best_constant(answers, count_items(train)))
        sums = unit_sums(known, unit, self.metric)
        stretch: Stretch = partial(next_stretch, model)
        if trial.phase == TEST and is_about_numbers(asked):
            answers = with_forecast(answers, model, asked, naive_errors(train, self.built_for.period))
        elif trial.phase == TEST and self.role == "step-value":
            errors = self._errors(trial, model, train)
            answers = with_density(answers, step_distribution(model, asked.X, errors), asked)
            stretch = partial(step_stretch, model, errors)
        details: Record = {"metrics": scores_of(answers, self.role, self.shown)}
        if answers.forecast is not None:
            told = train.y if isinstance(train.y, Sequences) else train.X
            spread = np.nanstd(told.channels.astype(np.float64), axis=0)
            details["forecast"] = forecast_details(answers, stretch, asked, unit, spread, self.predicted)
        if is_about_numbers(asked) and (trial.phase == AHEAD or details.get("forecast")):
            period = self.built_for.period
            backtests = backtest(
                model, asked, naive_errors(train, period), self.predicted, period, self.ahead
            )
            details["forecast"] = {**details.get("forecast", {}), **backtests}
        if trial.phase == TEST and self.role in ("step", "sequence"):
            details |= {"confusion": confusion_of(answers), "calibration": calibration_of(answers)}
        score = float(self.metric.as_score(sums[:, 1].sum() / sums[:, 0].sum()))
        columns = {column: score, "sums": sums, "details": details}
        columns |= {"n_train": len(train), "n_test": len(asked)}
        if self.metric.relative:
            columns["chance"] = loss_of_the_mean(train, asked, self.metric)
        return columns, seconds

    def finish(
        self, trial: Trial, model: Model, train: SequenceDataset, parts: Mapping[str, SequenceDataset]
    ) -> tuple[Record, tuple[tuple[str, pd.DataFrame], ...]]:
        """Return the curves of less and less context, for trials of that phase."""
        if trial.phase != CONTEXT:
            return {}, ()
        test, seed = parts["score"], trial.model_seed
        curves = trace_context(trial.candidate, self.built_for, model, train, test, self.metric, seed)
        answers = asker(train)(model, test)
        details = {
            "metrics": scores_of(answers, self.role, self.shown),
            "curves": [record for curve in curves for record in curve.rows()],
            "needed": {curve.control: curve.needed() for curve in curves},
            "units": {curve.control: kept_units(curve.contexts, curve.sums) for curve in curves},
            "tolerance": curves[0].tolerance,
            "influence": influence_by_lag(model, test, seed),
        }
        early = trace_beginnings(trial.candidate, self.built_for, model, train, test, self.metric, seed)
        details |= {"early": early} if early else {}
        if is_about_numbers(test):
            details["number_influence"] = influence_of_numbers(model, test, seed, self.channels)
        return {"details": details}, ()


def metric_of(dataset: SequenceDataset, labels_alone: Sequence[str] = ()) -> Metric:
    """Return what models are chosen and compared by.

    Steps by the bits of a step, labels and classes by the bits of a label, numbers by squared error. Models
    that answer with labels alone have no bits: where there are any, all are compared by the share of right
    answers.

    Parameters
    ----------
    dataset : SequenceDataset
        The data; what is predicted decides.
    labels_alone : sequence of str
        The models that give no probabilities.
    """
    if dataset.role in ("step", "sequence"):
        return METRICS["accuracy" if labels_alone else "label bits"]
    return METRICS["bits" if dataset.role == "next" else "mse"]


def scores_of(answers: Answers, role: str, shown: tuple[Metric, ...] = ()) -> dict[str, float]:
    """Return every score of the role, and of the metrics that were asked for, by name.

    A metric that needs more than a model answers with is NaN.
    """
    found = {}
    densities = role == "next" and answers.truth.dtype.kind == "f"
    metrics = [*(METRICS[name] for name in _SHOWN["numbers" if densities else role]), *shown]
    if densities:
        numbers = tuple(metric for metric in metrics if metric.needs in ("numbers", "density"))
        found = number_scores(answers, numbers)
        metrics = [metric for metric in metrics if metric.needs == "probabilities"]
    for metric in metrics:
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
