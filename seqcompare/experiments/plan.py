"""From a suite to its trials."""

from __future__ import annotations

import dataclasses
import fnmatch
import inspect
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from seqcompare.experiments.insight import FORWARDS, GATED, GATES, GRADIENTS
from seqcompare.experiments.suites import AxisEntry, ModelEntry, Suite, SuiteError, TaskEntry, nearest
from seqcompare.experiments.trials import Sizes, Trial
from seqcompare.experiments.zoo import VARIANTS, Budget, ModelSpec, load_object

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
    for settings in points:
        kind = _kind(settings)
        specs = []
        for place, entry, spec in _models(suite, settings.ladders):
            if not _runs(entry, spec, settings) or not spec.fills(settings.task, kind):
                continue
            specs.append(spec)
            # what a parameter reaches depends on the role
            key = place, spec.label, settings.task.role
            if key not in built:
                built.add(key)
                _check_build(place, spec, settings.task)
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
            first = places.setdefault(trials[-settings.seeds].trial_id, settings.place)
            if first != settings.place:
                raise SuiteError(
                    f"{first} and {settings.place} plan the same trial, "
                    f"{trials[-settings.seeds].trial_id}: tell them apart by params or distances"
                )
    if not trials:
        raise SuiteError("the suite has no trials: no model can do any of its tasks")
    return _choose_insights(trials)


def _kind(settings: _Setting) -> str:
    """Return the kind of steps that the task has; drawing some shows that its length can be had."""
    try:
        return str(settings.task.sample(2, settings.sizes.length, 0).X.kind)
    except ValueError as error:
        raise SuiteError(f"{settings.place}: {error}") from None


def _check_names(suite: Suite, points: Sequence[_Setting]) -> None:
    """See that what entries say of tasks and models by name is there."""
    from seqcompare.tasks import TASKS

    tasks = {point.task.name for point in points} | set(TASKS)
    for i, model in enumerate(suite.models):
        _check_known(f"models[{i}].tasks", "task", model.tasks or (), tasks)
    for i, sweep in enumerate(suite.sweeps):
        variants = {entry.variant for entry in suite.models if entry.variant is not None}
        _check_known(f"sweeps[{i}].ladders", "variant of models", sweep.ladders, variants)
        labels = {spec.label for _, _, spec in _models(suite, sweep.ladders)}
        _check_known(
            f"sweeps[{i}].models", "variant or label of models", sweep.models or (), variants | labels
        )


def _check_known(place: str, what: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise SuiteError(f"{place}: {name!r} is no {what}; {nearest(name, sorted(known))}")


def _check_build(place: str, spec: ModelSpec, task: Any) -> None:
    """Make the estimator once, so that what cannot be made is said before anything has run."""
    try:
        if spec.params:
            bare, _ = dataclasses.replace(spec, params={}).build(task, 0)
            if hasattr(bare, "get_params"):
                known = bare.get_params()
                # what is inside of a parameter that is replaced as well is for `set_params` to judge
                tops = tuple(f"{name}__" for name in spec.params)
                names = [name for name in spec.params if not name.startswith(tops)]
                _check_known(f"{place}.params ({spec.label})", "parameter", names, known)
        model, _ = spec.build(task, 0)
        if not hasattr(model, "fit"):
            raise SuiteError(f"{place} ({spec.label}): expected a model with fit, got {model!r}")
    except SuiteError:
        raise
    except Exception as error:
        raise SuiteError(f"{place} ({spec.label}): {error}") from None


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

    place: str
    axis: str
    task: Any
    label: str
    distances_asked: tuple[int, ...]
    sizes: Sizes
    seeds: int
    variants: tuple[str, ...] | None
    ladders: Mapping[str, tuple[int, ...]]

    @property
    def distance_asked(self) -> int:
        """The distance asked for: the task's own, unless only others were moved there."""
        distance = int(self.task.distance)
        return distance if distance in self.distances_asked else self.distances_asked[0]


def _settings(suite: Suite) -> Iterator[_Setting]:
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
            yield _Setting(place, "distance", task, label, tuple(asked_for), sizes, suite.seeds, None, {})
    for i, sweep in enumerate(suite.sweeps):
        yield from _axis(f"sweeps[{i}]", sweep, suite)


def _axis(place: str, sweep: AxisEntry, suite: Suite) -> Iterator[_Setting]:
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
        yield _Setting(
            place,
            sweep.axis,
            task,
            task.name,
            (sweep.distance,),
            sizes,
            sweep.seeds or suite.seeds,
            sweep.models,
            sweep.ladders,
        )


def _task_source(place: str, entry: TaskEntry) -> tuple[Any, dict[str, Any]]:
    """Return the class of a task and the parameters that stay fixed, the distance apart."""
    from seqcompare.tasks import TASKS

    cls: Any
    given: dict[str, Any] = {}
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
        _check_known(place, "task", [str(entry.name)], TASKS)
        cls = TASKS[str(entry.name)]
    return cls, {
        # a row keeps plain numbers
        name: value.item() if isinstance(value, np.generic) else value
        for name, value in {**given, **entry.params}.items()
        if name != "distance"
    }


def _legal(place: str, cls: Any, distance: int, params: Mapping[str, Any]) -> int:
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


def _make(place: str, cls: Any, params: dict[str, Any]) -> Any:
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
    chosen: dict[str, Any] = {name: getattr(suite, name) for name in ("n_train", "n_validation", "n_test")}
    for entry in entries:
        given = {f.name: getattr(entry, f.name) for f in dataclasses.fields(Sizes)}
        chosen.update({name: value for name, value in given.items() if value is not None})
    return Sizes(**chosen)


def _models(
    suite: Suite, ladders: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[str, ModelEntry, ModelSpec]]:
    """Yield all rungs of all models with their places, the ladders of some replaced."""
    for i, entry in enumerate(suite.models):
        ladder = ladders.get(entry.variant or "")
        chosen = entry if ladder is None else entry.model_copy(update={"ladder": ladder})
        for spec in _specs(f"models[{i}]", chosen, suite):
            yield f"models[{i}]", chosen, spec


def _specs(place: str, entry: ModelEntry, suite: Suite) -> Iterator[ModelSpec]:
    budget = Budget(suite.epochs, suite.em_iterations, suite.max_seconds)
    if entry.variant is None:
        source = entry.estimator if entry.estimator is not None else entry.class_
        label = entry.name or str(entry.class_).rpartition(":")[2]
        if entry.ladder is not None:
            raise SuiteError(f"{place}: {label} is a model of your own and has no ladder; enter each rung")
        yield ModelSpec(label, entry.family or label, label, None, "", budget, entry.params, source)
        return
    _check_known(place, "variant", [entry.variant], VARIANTS)
    variant = VARIANTS[entry.variant]
    rungs = entry.ladder or variant.ladder
    for capacity in rungs or (None,):
        label = variant.label.format(capacity)
        if entry.name is not None:
            label = f"{entry.name} {capacity}" if len(rungs) > 1 else entry.name
        yield ModelSpec(
            label, variant.family, entry.variant, capacity, variant.capacity_name, budget, entry.params
        )


def _runs(entry: ModelEntry, spec: ModelSpec, setting: _Setting) -> bool:
    return (
        (entry.tasks is None or setting.task.name in entry.tasks)
        and (
            setting.axis != "distance"
            or entry.distances is None
            or not {setting.task.distance, *setting.distances_asked}.isdisjoint(entry.distances)
        )
        and (setting.variants is None or spec.variant in setting.variants or spec.label in setting.variants)
    )


def _matches(pattern: str, *names: str) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for name in names)
