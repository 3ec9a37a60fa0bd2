"""Who competes on a data set: each family's kinds of models with the settings that the data allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.input_checks import check_readable
from seqcompare.data.options import LABELLED_STEPS, STEPWISE
from seqcompare.data.sequences import Sequences
from seqcompare.data.spread import grows_with_level
from seqcompare.experiments.failing import FAILURES
from seqcompare.experiments.gaps import OF_NUMBERS, OF_SYMBOLS, THEMSELVES, does_itself
from seqcompare.experiments.models import (
    AHEAD,
    Candidate,
    Contestant,
    Entered,
    candidates_of,
    enter,
    labelled,
    matches,
)
from seqcompare.families import FAMILIES, REFERENCE, Budget, ModelSpec, Problem
from seqcompare.models.cost_of_density import seconds_of_marginal
from seqcompare.models.reference.chance import chance_model
from seqcompare.models.reference.last_value import find_season
from seqcompare.quantities import percent
from seqcompare.results.contest import CHANCE
from seqcompare.typing import Model

#: Passes times training steps that what learns by gradients may spend.
_STEP_EPOCHS = 1.2e7
#: Counts up to which predictions are tables of probabilities; what is larger is measured.
_LARGEST_COUNT = 2000


def problem_of(dataset: SequenceDataset, train_share: float, max_seconds: float) -> Problem:
    """Return what models are built for, for a training part of this share."""
    X = dataset.X
    numbers = dataset.role == "next" and X.kind == "real"
    period = find_season(X) if numbers else 1
    n_symbols = len(X.present()) if X.kind == "symbols" else 0
    n_steps = max(1, int(X.n_steps * train_share))
    n_scored = X.n_steps if dataset.role in STEPWISE else len(X)
    if dataset.role == "next":
        n_classes = n_symbols
    elif dataset.role in ("value", "step-value"):
        n_classes = 0
    else:
        labels = dataset.y.values if isinstance(dataset.y, Sequences) else dataset.y
        n_classes = len(np.unique(np.asarray(labels)))
    # fewer passes over more data, which make more steps a pass
    epochs = int(np.clip(_STEP_EPOCHS / n_steps, 20, 200))
    return Problem(
        role=dataset.role,
        kind=X.kind,
        budget=Budget(epochs, 200, max_seconds),
        n_train=max(1, int(len(X) * train_share)),
        n_steps=n_steps,
        n_scored=max(1, int(n_scored * train_share)),
        longest=int(X.lengths.max()),
        n_symbols=n_symbols,
        n_channels=X.n_channels,
        n_classes=n_classes,
        missing=has_missing(X),
        shortest=int(X.lengths.min()),
        weighted=isinstance(dataset.sample_weight, Sequences),
        ahead=not dataset.reading.get("predict"),
        period=period,
        grows=numbers and grows_with_level(X, period),
        n_counts=_n_counts(dataset),
    )


def _n_counts(dataset: SequenceDataset) -> int:
    """Return one more than the largest count, if counts are to be predicted that a table can hold."""
    X = dataset.X
    if dataset.role != "next" or X.kind != "real" or X.n_channels > 1:
        return 0
    largest = int(np.nanmax(X.channels)) if X.schema[0].kind == "count" else _LARGEST_COUNT + 1
    return largest + 1 if largest <= _LARGEST_COUNT else 0


def has_missing(X: Sequences) -> bool:
    """Whether any value of `X` is missing."""
    return bool(X.has_missing)


def answer_with_labels(contestants: Iterable[Contestant], problem: Problem) -> list[str]:
    """Return the contestants that answer with labels and give no probabilities of them."""
    if problem.role not in ("step", "sequence"):
        return []
    return [c.name for c in contestants if any(_is_silent(candidate, problem) for candidate in c.candidates)]


def _is_silent(candidate: Candidate, problem: Problem) -> bool:
    try:
        return not hasattr(candidate.build(problem, 0)[0], "predict_proba")
    except FAILURES:  # whatever keeps it from being built is told by its trials
        return False


def left_out(dataset: SequenceDataset) -> str:
    """Return a sentence on what families do about missing values; empty if there are none."""
    if not has_missing(dataset.X):
        return ""
    problem = problem_of(dataset, 1.0, 1.0)
    share = float(dataset.X.missing.mean())
    said: dict[str, list[str]] = {}
    for family in FAMILIES.values():
        if family.name == REFERENCE:
            continue
        kinds = [Entered(family, spec) for spec in family.specs]
        able = [each for each in kinds if _filling([each], problem)]
        if not able:
            continue
        words = OF_SYMBOLS if problem.kind == "symbols" else OF_NUMBERS
        if any(does_itself(each.spec, problem) for each in able):
            words = THEMSELVES
        said.setdefault(words, []).append(family.plural or f"{family.title}s")
    did = "; ".join(f"{_listed(names)} {words}" for words, names in said.items())
    return f"Values are missing, {percent(share)} of all: {did}."


def without_answer(contestants: Iterable[Contestant], problem: Problem) -> dict[str, str]:
    """Return the families that do not take part in a problem, with the reason."""
    present = {c.family.name for c in contestants}
    found = {}
    for family in FAMILIES.values():
        if family.name in present or family.name == REFERENCE:
            continue
        asked = (c for spec in family.specs for c in candidates_of(Entered(family, spec), spec.sized()))
        if any(candidate.fills(problem) for candidate in asked):
            found[family.title] = f"only if asked for, by --model {family.name}"
            continue
        found[family.title] = f"no such model of {'numbers' if problem.kind == 'real' else 'symbols'}"
    return found


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def contestants_for(dataset: SequenceDataset, models: Any, problem: Problem) -> list[Contestant]:
    """Return the contestants for a data set, chance first.

    Parameters
    ----------
    dataset : SequenceDataset
        The data.
    models : None, or what `seqcompare.experiments.models.enter` takes
        By default all families that have an answer for the role.
    problem : Problem
        What models are built for.

    Raises
    ------
    ValueError
        If a name matches nothing that can take part; the message lists what can.
    """
    reference, model = FAMILIES[REFERENCE], chance_model(dataset, problem.n_counts)
    chance = ModelSpec(
        CHANCE,
        CHANCE,
        # made beforehand: what is built goes to workers, and should not take the data with it
        lambda problem: clone(model),
        missing=True,
        cost=lambda problem, settings: seconds_of_marginal(problem),
    )
    entered = Entered(reference, chance)
    first = Contestant(CHANCE, reference, candidates_of(entered, [{}]), CHANCE)
    standard = _pooled((Entered(f, spec) for f in FAMILIES.values() for spec in f.specs), problem)
    if models is None:
        if not standard:
            check_readable(dataset.X, "any family")
            missing = ", with missing values (NaN): fill them in first" if problem.missing else ""
            raise ValueError(
                f"no family has an answer for the role {problem.role}{missing}; or give models of your own"
            )
        return [first, *standard]
    chosen = list(_chosen(models, standard, problem))
    names = [contestant.name for contestant in chosen]
    if CHANCE in names:
        raise ValueError(f"models: {CHANCE!r} is the name of the reference; give your model another")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"models: {', '.join(repeated)} comes twice; give each a name of its own, in a dict")
    for contestant in chosen:
        labels = [candidate.label for candidate in contestant.candidates]
        same = sorted({label for label in labels if labels.count(label) > 1})
        if same:
            raise ValueError(f"models: several settings of {contestant.name} are called {same[0]!r}")
    return [first, *chosen]


def _chosen(models: Any, standard: list[Contestant], problem: Problem) -> Iterable[Contestant]:
    """Yield the contestants that were asked for, each once."""
    seen: set[str] = set()
    for label, model in labelled(models):
        for contestant in _meant(model, label, standard, problem):
            if contestant.name not in seen or not isinstance(model, str):
                seen.add(contestant.name)
                yield contestant


def _meant(model: Model, label: str, standard: list[Contestant], problem: Problem) -> list[Contestant]:
    """Return the contestants of one thing that was entered."""
    if isinstance(model, str) and ":" not in model:
        hits = [c for c in standard if matches(model, c.name, c.family.name, c.family.title)]
        if hits and not label:
            return hits
        if hits:
            both = len(hits) > 1
            names = [label + AHEAD * (both and c.candidates[0].spec.ahead) for c in hits]
            return [replace(c, name=n, seed_key=n, head="") for c, n in zip(hits, names, strict=True)]
    try:
        entered = enter({label: model} if label else model)
    except ValueError as error:
        raise ValueError(f"{error} (what takes part: {_known(standard)})") from None
    made = []
    for each in entered:
        settings = each.spec.settings(problem) or each.spec.sized()
        candidates = tuple(c for c in candidates_of(each, settings) if c.fills(problem))
        if candidates:
            name = each.name or each.spec.title
            made.append(Contestant(name, each.family, candidates, name))
    if not made:
        missing = ", with missing values" if problem.missing else ""
        missing += "" if problem.ahead else ", of which later ones hold what is predicted"
        raise ValueError(
            f"models: {label or _words_of(model)} has no answer for the role {problem.role} on steps that "
            f"are {problem.kind}{missing}; there are {_known(standard)}"
        )
    return made


def _pooled(entered: Iterable[Entered], problem: Problem) -> list[Contestant]:
    """Return a contestant each reference, one a family, and one more of its kinds that look ahead."""
    pools: dict[tuple[str, bool], list[Entered]] = {}
    found = []
    for each in entered:
        if each.family.name == REFERENCE:
            candidates = _filling([each], problem)
            if candidates:
                found.append(Contestant(each.spec.title, each.family, candidates, each.spec.title))
            continue
        # a model of whole sequences sees all of each, in whichever direction
        ahead = each.spec.ahead and problem.role in LABELLED_STEPS
        pools.setdefault((each.family.name, ahead), []).append(each)
    for (name, ahead), kinds in pools.items():
        candidates = _filling(kinds, problem)
        if candidates:
            family, words = FAMILIES[name], AHEAD * ahead
            key = family.seed_keys.get(problem.role, family.title)
            head = f"{family.head or family.title}{words}"
            found.append(Contestant(family.title + words, family, candidates, key + words, head))
    return found


def _filling(kinds: Iterable[Entered], problem: Problem) -> tuple[Candidate, ...]:
    """Return the candidates of some kinds that there are for a problem."""
    return tuple(
        candidate
        for each in kinds
        for candidate in candidates_of(each, each.spec.settings(problem))
        if candidate.fills(problem)
    )


def _words_of(model: Model) -> str:
    """Return what a model that was entered is called in an error."""
    return repr(model if isinstance(model, str) else getattr(model, "name", type(model).__name__))


def _known(standard: list[Contestant]) -> str:
    return ", ".join(dict.fromkeys(n for c in standard for n in (c.family.name, c.name)))
