"""From a suite to its trials."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seqcompare.experiments.failing import FAILURES
from seqcompare.experiments.models import Candidate, load_object, matches
from seqcompare.experiments.suite_models import check_known, models_of
from seqcompare.experiments.suites import AxisEntry, ModelEntry, Suite, SuiteError, TaskEntry
from seqcompare.experiments.task_source import Sizes, TaskSource
from seqcompare.experiments.trial import Trial
from seqcompare.families import (
    Budget,
)
from seqcompare.typing import Params, Record

#: What a task of the user's must have, beside a way to score.
_TASK_PARTS = (
    *("name", "role", "metric", "greater_is_better", "chance_score", "optimal_score", "memory_bits"),
    *("natural_length", "legal_distance", "sample", "can_represent", "exact_model"),
)


def plan_trials(suite: Suite) -> list[Trial]:
    """Return the trials of a suite: sweeps over distance first, then the other axes.

    A distance that a task cannot have is moved up to the next it can; those that end at the same distance
    are run once, as the one that was not moved if there is such.

    Raises
    ------
    SuiteError
        If a task, model, class or parameter does not exist or does not fit, or two entries plan the same
        trial; the message names the entry.
    """
    points = list(_settings(suite))
    _check_names(suite, points)
    trials: list[Trial] = []
    places: dict[str, str] = {}
    built: set[tuple[str, str, str]] = set()
    for point in points:
        source = point.source
        try:  # drawing some shows that its length can be had
            problem = source.problem()
        except ValueError as error:
            raise SuiteError(f"{point.place}: {error}") from None
        chosen = []
        for place, entry, candidate in models_of(suite, point.sizes, problem):
            if not _runs(entry, candidate, point) or not candidate.fills(problem):
                continue
            chosen.append(candidate)
            # what a parameter reaches depends on the role
            key = place, candidate.label, source.role
            if key not in built:
                built.add(key)
                _check_build(place, candidate, source)
        labels = [candidate.label for candidate in chosen]
        repeated = sorted({label for label in labels if labels.count(label) > 1})
        if repeated:
            raise SuiteError(
                f"models: {', '.join(repeated)} comes twice on {source.label}; labels must be distinct"
            )
        for candidate in chosen:
            trials += [Trial(len(trials) + seed, source, candidate, seed) for seed in range(point.seeds)]
            first = places.setdefault(trials[-point.seeds].trial_id, point.place)
            if first != point.place:
                raise SuiteError(
                    f"{first} and {point.place} plan the same trial, "
                    f"{trials[-point.seeds].trial_id}: tell them apart by params or distances"
                )
    if not trials:
        raise SuiteError("the suite has no trials: no model can do any of its tasks")
    return _choose_looks(trials)


def _check_names(suite: Suite, points: Sequence[_Point]) -> None:
    """See that what entries say of tasks and models by name is there."""
    from seqcompare.tasks import TASKS

    tasks = {point.source.task.name for point in points} | set(TASKS)
    for i, model in enumerate(suite.models):
        check_known(f"models[{i}].tasks", "task", model.tasks or (), tasks)
    for i, sweep in enumerate(suite.sweeps):
        variants = {entry.variant for entry in suite.models if entry.variant is not None}
        check_known(f"sweeps[{i}].sizes", "variant of models", sweep.sizes, variants)
        labels = {
            candidate.label
            for point in points
            if point.place == f"sweeps[{i}]"
            for _, _, candidate in models_of(suite, sweep.sizes, point.source.problem())
        }
        check_known(
            f"sweeps[{i}].models", "variant or label of models", sweep.models or (), variants | labels
        )


def _check_build(place: str, candidate: Candidate, source: TaskSource) -> None:
    """Make the estimator once, so that what cannot be made is said before anything has run."""
    problem = source.problem()
    try:
        if candidate.params:
            bare, _ = dataclasses.replace(candidate, params={}).build(problem, 0)
            if hasattr(bare, "get_params"):
                known = bare.get_params()
                # what is inside of a parameter that is replaced as well is for `set_params` to judge
                tops = tuple(f"{name}__" for name in candidate.params)
                names = [name for name in candidate.params if not name.startswith(tops)]
                check_known(f"{place}.params ({candidate.label})", "parameter", names, known)
        model, _ = candidate.build(problem, 0)
        if not hasattr(model, "fit"):
            raise SuiteError(f"{place} ({candidate.label}): expected a model with fit, got {model!r}")
    except SuiteError:
        raise
    except FAILURES as error:
        raise SuiteError(f"{place} ({candidate.label}): {error}") from None


def _choose_looks(trials: Sequence[Trial]) -> list[Trial]:
    """Say which trials are looked into: few enough to cost nothing, the same however they are run.

    Of the first task of role ``next`` or ``step`` with models that can be looked into, seed 0 at the
    smallest, a middle and the largest distance: the first table of every model, and all tables of the first
    that has several.

    Returns
    -------
    list of Trial
        All of `trials`, those that are chosen with the tables to keep in `looks`.
    """
    able = [
        t
        for t in trials
        if t.candidate.spec.looks
        and t.source.axis == "distance"
        and t.seed == 0
        and t.source.task.distance > 0
        and t.source.role in ("next", "step")
    ]
    able = [t for t in able if t.source.label == able[0].source.label]
    distances = sorted({t.source.task.distance for t in able})
    places = {0, len(distances) // 2, len(distances) - 1}
    whole = next((t.candidate.label for t in able if len(t.candidate.spec.looks) > 1), None)
    chosen = {
        t.position: tuple(t.candidate.spec.looks[: None if t.candidate.label == whole else 1])
        for t in able
        if distances.index(t.source.task.distance) in places
    }
    return [dataclasses.replace(t, looks=chosen.get(t.position, ())) for t in trials]


def select_trials(trials: Sequence[Trial], only: Sequence[str]) -> list[Trial]:
    """Return the trials that `only` names.

    Parameters
    ----------
    trials : sequence of Trial
        What there is.
    only : sequence of str
        Names or patterns (``lstm``, ``Markov*``) of tasks, families, variants and models, case ignored.
        Those of tasks choose tasks, the others models; without one of a kind all of that kind stay.

    Raises
    ------
    SuiteError
        If one matches nothing.
    """
    tasks: set[str] = set()
    models: set[str] = set()
    for pattern in only:
        hit_tasks = {t.source.task.name for t in trials if matches(pattern, t.source.task.name)}
        hit_models = {
            t.candidate.label
            for t in trials
            if matches(pattern, t.candidate.label, t.candidate.family, t.candidate.variant)
        }
        if not hit_tasks and not hit_models:
            names = sorted({t.source.task.name for t in trials} | {t.candidate.variant for t in trials})
            raise SuiteError(f"only = {pattern!r} matches nothing; there are {', '.join(names)}")
        tasks |= hit_tasks
        models |= hit_models
    return [
        t
        for t in trials
        if (not tasks or t.source.task.name in tasks) and (not models or t.candidate.label in models)
    ]


@dataclasses.dataclass(frozen=True)
class _Point:
    """A task at one point of its axis, with what all models there share."""

    place: str
    source: TaskSource
    distances_asked: tuple[int, ...]
    seeds: int
    variants: tuple[str, ...] | None
    sizes: Mapping[str, tuple[int, ...]]


def _point(
    suite: Suite,
    place: str,
    axis: str,
    task: Any,
    label: str,
    asked: tuple[int, ...],
    sizes: Sizes,
    sweep: AxisEntry | None = None,
) -> _Point:
    distance = int(task.distance)
    # the distance asked for: the task's own, unless only others were moved there
    first = distance if distance in asked else asked[0]
    budget = Budget(suite.epochs, suite.em_iterations, suite.max_seconds)
    source = TaskSource(axis, task, label, first, sizes, budget)
    if sweep is None:
        return _Point(place, source, asked, suite.seeds, None, {})
    return _Point(place, source, asked, sweep.seeds or suite.seeds, sweep.models, sweep.sizes)


def _settings(suite: Suite) -> Iterator[_Point]:
    names = [_name_of(entry) for entry in suite.tasks]
    seen: dict[tuple[str, int], str] = {}
    for i, entry in enumerate(suite.tasks):
        place = f"tasks[{i}]"
        cls, fixed = _task_source(place, entry)
        label = _name_of(entry)
        if names.count(label) > 1 and fixed:
            label += f"({', '.join(f'{key}={value}' for key, value in fixed.items())})"
        moved: dict[int, list[int]] = {}
        for asked in entry.distances or suite.distances:
            moved.setdefault(_legal(place, cls, asked, fixed), []).append(asked)
        for distance, asked_for in moved.items():
            first = seen.setdefault((label, distance), place)
            if first != place:
                raise SuiteError(
                    f"{first} and {place} are both {label} at distance {distance}: "
                    "tell them apart by params or distances"
                )
            task = _make(place, cls, {**fixed, "distance": distance})
            sizes = _sizes(suite, entry)
            yield _point(suite, place, "distance", task, label, tuple(asked_for), sizes)
    for i, sweep in enumerate(suite.sweeps):
        yield from _axis(f"sweeps[{i}]", sweep, suite)


def _axis(place: str, sweep: AxisEntry, suite: Suite) -> Iterator[_Point]:
    entries = [entry for entry in suite.tasks if _name_of(entry) == sweep.task]
    entry = entries[0] if entries else TaskEntry.model_validate({"name": sweep.task})
    cls, fixed = _task_source(place, entry)
    sizes = _sizes(suite, entry, sweep)
    for value in sweep.values:
        params = {**fixed, **sweep.params, "distance": sweep.distance}
        if sweep.parameter is None:
            sizes = dataclasses.replace(sizes, length=value)
        else:
            params[sweep.parameter] = value
        distance = _legal(place, cls, params.pop("distance"), params)
        task = _make(place, cls, {**params, "distance": distance})
        yield _point(suite, place, sweep.axis, task, task.name, (sweep.distance,), sizes, sweep)


def _task_source(place: str, entry: TaskEntry) -> tuple[Any, Record]:
    """Return the class of a task and the parameters that stay fixed, the distance apart."""
    from seqcompare.tasks import TASKS

    cls: Any
    given: Record = {}
    if entry.template is not None:
        cls = type(entry.template)
        if not dataclasses.is_dataclass(cls):
            raise _no_task(place, cls, "is no frozen dataclass")
        given = {f.name: getattr(entry.template, f.name) for f in dataclasses.fields(cls) if f.init}
    elif entry.class_ is not None:
        try:
            cls = load_object(entry.class_)
        except (ImportError, ValueError) as error:
            raise SuiteError(f"{place}.class: {error}") from None
    else:
        check_known(place, "task", [str(entry.name)], TASKS)
        cls = TASKS[str(entry.name)]
    return cls, {
        # a row keeps plain numbers
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in {**given, **entry.params}.items()
        if name != "distance"
    }


def _legal(place: str, cls: Any, distance: int, params: Params) -> int:
    """Return the distance that a task of these parameters can have; some ask for none but the distance."""
    if not hasattr(cls, "legal_distance"):
        raise _no_task(place, cls, "has no legal_distance")
    asked = inspect.signature(cls.legal_distance).parameters
    try:
        return int(cls.legal_distance(distance, **{name: params[name] for name in params if name in asked}))
    except (TypeError, ValueError) as error:
        raise SuiteError(f"{place}: {cls.__name__} with distance {distance} and {params}: {error}") from None


def _name_of(entry: TaskEntry) -> str:
    if entry.template is not None:
        return str(getattr(entry.template, "name", type(entry.template).__name__))
    return entry.name if entry.name is not None else str(entry.class_).rpartition(":")[2]


def _make(place: str, cls: Any, params: Record) -> Any:
    try:
        task = cls(**params)
    except (TypeError, ValueError) as error:
        raise SuiteError(f"{place}: task {cls.__name__} with {params}: {error}") from None
    missing = [part for part in _TASK_PARTS if not hasattr(task, part)]
    if not hasattr(task, "outcomes") and not hasattr(task, "score"):
        missing.append("outcomes or score")
    if missing:
        raise _no_task(place, cls, f"has no {', '.join(missing)}")
    # mutable ones have no hash
    if not dataclasses.is_dataclass(task) or not isinstance(task, Hashable):
        raise _no_task(place, cls, "is no frozen dataclass")
    return task


def _no_task(place: str, cls: Any, lack: str) -> SuiteError:
    return SuiteError(
        f"{place}: {cls.__name__} is no task, since it {lack}; a task is a frozen dataclass with a distance, "
        f"{', '.join(_TASK_PARTS)}, and outcomes or score"
    )


def _sizes(suite: Suite, *entries: TaskEntry | AxisEntry) -> Sizes:
    """Return the suite's sizes, overridden by those that the entries give."""
    chosen: Record = {name: getattr(suite, name) for name in ("n_train", "n_validation", "n_test")}
    for entry in entries:
        given = {f.name: getattr(entry, f.name) for f in dataclasses.fields(Sizes)}
        chosen.update({name: value for name, value in given.items() if value is not None})
    return Sizes(**chosen)


def _runs(entry: ModelEntry, candidate: Candidate, point: _Point) -> bool:
    task = point.source.task
    return (
        (entry.tasks is None or task.name in entry.tasks)
        and (
            point.source.axis != "distance"
            or entry.distances is None
            or not {task.distance, *point.distances_asked}.isdisjoint(entry.distances)
        )
        and (
            point.variants is None
            or candidate.spec.name in point.variants
            or candidate.label in point.variants
        )
    )
