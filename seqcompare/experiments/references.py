"""What memory has to beat beside chance: frequencies by position, by season, and of late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.coding import code_symbols
from seqcompare.dependence.period import find_period
from seqcompare.experiments.answer import asker, fit_model, unit_sums, units
from seqcompare.experiments.forward import FORWARD
from seqcompare.experiments.models import Contestant, Entered, candidates_of
from seqcompare.experiments.splits import Plan, cut, cut_test
from seqcompare.experiments.tested import tested_in_time
from seqcompare.families import FAMILIES, REFERENCE, ModelSpec, Problem, Settings
from seqcompare.metrics import Metric
from seqcompare.models.cost_of_density import seconds_of_marginal
from seqcompare.models.missing_symbols import FilledNext, mark_of, marked
from seqcompare.models.reference.chance import chance_model
from seqcompare.models.reference.levels import PlacedDensity
from seqcompare.models.reference.places import PlacedNext, PlacedTagger
from seqcompare.models.reference.recent import RecentNext
from seqcompare.results.grids import paired_difference
from seqcompare.results.inference import over_time

POSITION, SEASON, RECENT = "frequencies by position", "frequencies by season", "recent frequencies"
LEVELS = "levels by position"

#: Sequences from which on seasons are taken to begin with them.
_ALIGNED = 20
#: Frequencies that a table may hold, and steps up to which all folds are looked at.
_LARGEST_TABLE, _ALL_FOLDS = 2_000_000, 200_000
_N_STRETCHES = 200


def references_for(dataset: SequenceDataset, plan: Plan, metric: Metric) -> list[Contestant]:
    """Return the references beside chance that tell more than it does of these data.

    Which is by more than one standard error on what is tested. So a table holds none that says nothing, and
    to enter one makes it harder for models of memory, never easier.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    plan : Plan
        How they are divided: positions mean nothing in parts of a series, and what was of late only along
        time.
    metric : Metric
        What models are compared by.
    """
    if metric.needs != "probabilities" or not _has_places(dataset):
        return []
    found = []
    for name, model in _candidates(dataset, plan):
        if _tells(model, dataset, plan, metric):
            spec = ModelSpec(name, name, partial(_given, model), missing=True, cost=_seconds)
            entered = Entered(FAMILIES[REFERENCE], spec)
            found.append(Contestant(name, entered.family, candidates_of(entered, [{}]), name))
    return found


def with_references(contestants: Sequence[Contestant], references: Sequence[Contestant]) -> list[Contestant]:
    """Return all contestants, chance and the other references first.

    Raises
    ------
    ValueError
        If a model of the user's is called like a reference.
    """
    for reference in references:
        if reference.name in [c.name for c in contestants]:
            raise ValueError(
                f"models: {reference.name!r} is the name of a reference; give your model another"
            )
    return [*contestants[:1], *references, *contestants[1:]]


def _given(model: Any, problem: Problem) -> Any:
    return model


def _seconds(problem: Problem, settings: Settings) -> float:
    return seconds_of_marginal(problem)


def _has_places(dataset: SequenceDataset) -> bool:
    """Whether what is predicted comes step by step, with a probability or a density."""
    return dataset.role == "step" or (dataset.role == "next" and dataset.X.kind in ("symbols", "real"))


def _candidates(dataset: SequenceDataset, plan: Plan) -> Iterator[tuple[str, Any]]:
    """Yield name and estimator of what there could be."""
    X, cut_up, steps = dataset.X, plan.kind in ("blocked", FORWARD), dataset.role == "next"
    if steps and X.kind == "real":
        if not cut_up and X.lengths.max() > 1:
            yield LEVELS, PlacedDensity("marginalize" if np.isnan(X.values).any() else "error")
        return
    n_labels = len(np.unique(dataset.y.values) if isinstance(dataset.y, Sequences) else X.present())

    def reading(model: Any) -> Any:
        return FilledNext(model) if steps and X.has_missing else model

    if not cut_up and X.lengths.max() > 1 and X.lengths.max() * n_labels <= _LARGEST_TABLE:
        yield POSITION, reading(PlacedNext() if steps else PlacedTagger())
    # what is predicted tells where in the season a sequence begins; labels are not there to tell
    aligned = len(X) >= _ALIGNED and not cut_up
    season = _season(dataset) if steps or aligned else 0
    if season:
        placed = PlacedNext("season", season, aligned) if steps else PlacedTagger("season", season)
        yield SEASON, reading(placed)
    if steps and plan.kind == FORWARD:
        yield RECENT, reading(RecentNext())


def _season(dataset: SequenceDataset) -> int:
    """Return the steps of a season; 0 where there is none, or one of a fraction of a step."""
    told = dataset.y if isinstance(dataset.y, Sequences) else dataset.X
    if told.kind == "symbols" and told.has_missing:
        told = marked(told, mark_of(told))
    coded = code_symbols(told.values)
    clock = find_period(Sequences(coded.codes, told.offsets), coded, 0)
    return int(clock.period) if clock is not None and clock.period == int(clock.period) else 0


def _tells(model: Any, dataset: SequenceDataset, plan: Plan, metric: Metric) -> bool:
    """Whether a reference is better than chance by more than one standard error."""
    # a mixture takes as long to fit as many tables of frequencies
    long = dataset.X.n_steps > _ALL_FOLDS or dataset.X.kind == "real"
    splits = plan.splits[:1] if long else plan.splits
    in_time = tested_in_time(dataset, plan)
    sums = []
    for split in splits:
        train, test = cut(dataset, split.train), cut_test(dataset, split)
        parts = []
        both: list[Any] = [chance_model(dataset), clone(model)]
        for each in both:
            answers = asker(train)(fit_model(each, train), test)
            unit = units(test, answers.item, *([_N_STRETCHES] if in_time else []))
            parts.append(unit_sums(answers, unit, metric))
        sums.append(parts)
    chance, other = (np.vstack([parts[k] for parts in sums]) for k in (0, 1))
    if in_time:
        found = over_time(chance[:, 1] - other[:, 1], chance[:, 0])
        return bool(found.mean > found.error)
    gain, error = paired_difference(chance, other)
    return gain > error
