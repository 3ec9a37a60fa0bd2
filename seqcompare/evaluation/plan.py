"""From a suite to its trials."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seqcompare.evaluation.insight import FORWARDS, GATED, GATES, GRADIENTS
from seqcompare.evaluation.suites import AxisEntry, ModelEntry, Suite, SuiteError, TaskEntry
from seqcompare.evaluation.trials import Sizes, Trial
from seqcompare.evaluation.zoo import VARIANTS, Budget, ModelSpec, load_object


def plan_trials(suite: Suite) -> list[Trial]:
    """Return the trials of a suite: sweeps over distance first, then the other axes.

    A distance that a task cannot have is moved up to the next it can; one that another distance was
    moved to already is not run twice.

    Raises
    ------
    SuiteError
        If a task, variant or class does not exist, or its parameters do not fit; the message names the
        entry.
    """
    trials: list[Trial] = []
    for settings in _settings(suite):
        kind = settings.task.sample(2, settings.sizes.length, 0).X.kind
        specs = [
            spec
            for spec, entry in _models(suite, settings.ladders)
            if _runs(entry, spec, settings) and spec.fills(settings.task, kind)
        ]
        labels = [spec.label for spec in specs]
        repeated = sorted({label for label in labels if labels.count(label) > 1})
        if repeated:
            raise SuiteError(
                f"models: {', '.join(repeated)} comes twice on {settings.label}; labels must be distinct"
            )
        for spec in specs:
            trials += [
                Trial(
                    position=len(trials) + seed,
                    axis=settings.axis,
                    task=settings.task,
                    task_label=settings.label,
                    distance_asked=settings.distance_asked,
                    model=spec,
                    seed=seed,
                    sizes=settings.sizes,
                )
                for seed in range(settings.seeds)
            ]
    if not trials:
        raise SuiteError("the suite has no trials: no model can do any of its tasks")
    return _choose_insights(trials)


def _choose_insights(trials: Sequence[Trial]) -> list[Trial]:
    """Say which trials are looked into: few enough to cost nothing, the same however they are run.

    Of the first task of role ``next`` or ``step`` with recurrent networks of the zoo, seed 0 at the smallest,
    a middle and the largest distance: every network's gradients, and the gates of the first that has any.

    Returns
    -------
    list of Trial
        All of `trials`, those that are chosen with the tables to keep in `insights`.
    """
    nets = [
        t
        for t in trials
        if t.axis == "distance" and t.seed == 0 and t.task.distance > 0 and t.task.role in ("next", "step")
        # a model of the user's is none of these variants
        if t.model.source is None and t.model.variant in FORWARDS
    ]
    nets = [t for t in nets if t.task_label == nets[0].task_label]
    distances = sorted({t.task.distance for t in nets})
    places = {0, len(distances) // 2, len(distances) - 1}
    gated = next((t.model.label for t in nets if t.model.variant in GATED), None)
    chosen = {
        t.position: (GRADIENTS, GATES) if t.model.label == gated else (GRADIENTS,)
        for t in nets
        if distances.index(t.task.distance) in places
    }
    return [dataclasses.replace(t, insights=chosen.get(t.position, ())) for t in trials]


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
        hit_tasks = {t.task.name for t in trials if _matches(pattern, t.task.name)}
        hit_models = {
            t.model.label for t in trials if _matches(pattern, t.model.label, t.model.family, t.model.variant)
        }
        if not hit_tasks and not hit_models:
            names = sorted({t.task.name for t in trials} | {t.model.variant for t in trials})
            raise SuiteError(f"only = {pattern!r} matches nothing; there are {', '.join(names)}")
        tasks |= hit_tasks
        models |= hit_models
    return [
        t for t in trials if (not tasks or t.task.name in tasks) and (not models or t.model.label in models)
    ]


@dataclasses.dataclass(frozen=True)
class _Setting:
    """A task at one point of its axis, with what all models there share."""

    axis: str
    task: Any
    label: str
    distance_asked: int
    sizes: Sizes
    seeds: int
    variants: tuple[str, ...] | None
    ladders: Mapping[str, tuple[int, ...]]


def _settings(suite: Suite) -> Iterator[_Setting]:
    names = [_name_of(entry) for entry in suite.tasks]
    for entry in suite.tasks:
        cls, fixed = _task_source(entry)
        label = _name_of(entry)
        if names.count(label) > 1:
            label += f"({', '.join(f'{key}={value}' for key, value in fixed.items())})"
        taken: set[int] = set()
        for asked in entry.distances or suite.distances:
            distance = cls.legal_distance(asked)
            if distance not in taken:
                taken.add(distance)
                task = _make(cls, {**fixed, "distance": distance})
                yield _Setting("distance", task, label, asked, _sizes(suite, entry), suite.seeds, None, {})
    for sweep in suite.sweeps:
        yield from _axis(sweep, suite)


def _axis(sweep: AxisEntry, suite: Suite) -> Iterator[_Setting]:
    entries = [entry for entry in suite.tasks if _name_of(entry) == sweep.task]
    entry = entries[0] if entries else TaskEntry.model_validate({"name": sweep.task})
    cls, fixed = _task_source(entry)
    fixed = {**fixed, **sweep.params, "distance": cls.legal_distance(sweep.distance)}
    sizes = _sizes(suite, entry, sweep)
    for value in sweep.values:
        if sweep.parameter is None:
            task, sizes = _make(cls, fixed), dataclasses.replace(sizes, length=value)
        else:
            task = _make(cls, {**fixed, sweep.parameter: value})
        yield _Setting(
            sweep.axis,
            task,
            task.name,
            sweep.distance,
            sizes,
            sweep.seeds or suite.seeds,
            sweep.models,
            sweep.ladders,
        )


def _task_source(entry: TaskEntry) -> tuple[Any, dict[str, Any]]:
    """Return the class of a task and the parameters that stay fixed."""
    if entry.template is not None:
        given = {f.name: getattr(entry.template, f.name) for f in dataclasses.fields(entry.template)}
        return type(entry.template), {**given, **entry.params}
    if entry.class_ is not None:
        return load_object(entry.class_), dict(entry.params)
    from seqcompare.tasks import TASKS

    if entry.name not in TASKS:
        raise SuiteError(f"tasks: there is no task {entry.name!r}; there are {', '.join(TASKS)}")
    return TASKS[entry.name], dict(entry.params)


def _name_of(entry: TaskEntry) -> str:
    if entry.template is not None:
        return str(entry.template.name)
    return entry.name if entry.name is not None else str(entry.class_).rpartition(":")[2]


def _make(cls: Any, params: dict[str, Any]) -> Any:
    try:
        return cls(**params)
    except (TypeError, ValueError) as error:
        raise SuiteError(f"task {cls.__name__} with {params}: {error}") from None


def _sizes(suite: Suite, *entries: TaskEntry | AxisEntry) -> Sizes:
    """Return the suite's sizes, overridden by those that the entries give."""
    chosen: dict[str, Any] = {name: getattr(suite, name) for name in ("n_train", "n_validation", "n_test")}
    for entry in entries:
        given = {f.name: getattr(entry, f.name) for f in dataclasses.fields(Sizes)}
        chosen.update({name: value for name, value in given.items() if value is not None})
    return Sizes(**chosen)


def _models(suite: Suite, ladders: Mapping[str, tuple[int, ...]]) -> list[tuple[ModelSpec, ModelEntry]]:
    """Return all rungs of all models, with the ladders of some replaced."""
    entries = []
    for entry in suite.models:
        ladder = ladders.get(entry.variant or "")
        entries.append(entry if ladder is None else entry.model_copy(update={"ladder": ladder}))
    return [spec for entry in entries for spec in _specs(entry, suite)]


def _specs(entry: ModelEntry, suite: Suite) -> Iterator[tuple[ModelSpec, ModelEntry]]:
    budget = Budget(suite.epochs, suite.em_iterations, suite.max_seconds)
    if entry.variant is None:
        source = entry.estimator if entry.estimator is not None else entry.class_
        label = entry.name or str(entry.class_).rpartition(":")[2]
        if entry.ladder is not None:
            raise SuiteError(f"models: {label} is a model of your own and has no ladder; enter each rung")
        family = entry.family or label
        yield ModelSpec(label, family, label, None, "", budget, entry.params, source), entry
        return
    if entry.variant not in VARIANTS:
        raise SuiteError(f"models: there is no variant {entry.variant!r}; there are {', '.join(VARIANTS)}")
    variant = VARIANTS[entry.variant]
    rungs = entry.ladder or variant.ladder
    for capacity in rungs or (None,):
        label = variant.label.format(capacity)
        if entry.name is not None:
            label = f"{entry.name} {capacity}" if len(rungs) > 1 else entry.name
        spec = ModelSpec(
            label, variant.family, entry.variant, capacity, variant.capacity_name, budget, entry.params
        )
        yield spec, entry


def _runs(entry: ModelEntry, spec: ModelSpec, setting: _Setting) -> bool:
    return (
        (entry.tasks is None or setting.task.name in entry.tasks)
        and (
            setting.axis != "distance" or entry.distances is None or setting.distance_asked in entry.distances
        )
        and (setting.variants is None or spec.variant in setting.variants or spec.label in setting.variants)
    )


def _matches(pattern: str, *names: str) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for name in names)
