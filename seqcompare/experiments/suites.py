"""Suites: what a sweep runs, as one TOML file or Python object."""

from __future__ import annotations

import json
import pickle
import tomllib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import joblib
import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from seqcompare.experiments.models import enter, is_fitted
from seqcompare.families import FAMILIES, ModelSpec, OwnFamily, find_spec
from seqcompare.registry import nearest
from seqcompare.typing import Record

_FOLDER = "shipped"

# keys that were called otherwise, read for one more release
_RENAMED = {"ladder": "sizes", "ladders": "sizes"}

Count = Annotated[int, Field(ge=1)]
Size = Annotated[int, Field(ge=0)]


class SuiteError(ValueError):
    """A suite that cannot be read or run; the message names the key and says what it means."""


def _distinct(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(set(values)) < len(values):
        raise ValueError("values are repeated")
    if not values:
        raise ValueError("the list is empty")
    return values


SizesTried = Annotated[tuple[Size, ...], AfterValidator(_distinct)]
Distances = Annotated[tuple[int, ...], AfterValidator(_distinct)]
# parameters given in Python may hold what JSON does not
Params = Annotated[
    Record, PlainSerializer(lambda params: _as_json(params), return_type=Any, when_used="json")
]


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True
    )

    @model_validator(mode="before")
    @classmethod
    def _present_names(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        for old, new in _RENAMED.items():
            if old in given and new in cls.model_fields and new not in given:
                warnings.warn(f"in suites {old!r} is {new!r} from now on", FutureWarning, stacklevel=2)
                given = {new if key == old else key: value for key, value in given.items()}
        return given


class _Sizes(_Section):
    n_train: Count | None = Field(default=None, description="training sequences")
    n_validation: Count | None = Field(default=None, description="validation sequences, to choose models by")
    n_test: Count | None = Field(default=None, description="test sequences")
    length: Count | None = Field(
        default=None, description="steps of a sequence; by default the task's own choice"
    )


class TaskEntry(_Sizes):
    """One task, swept over distance."""

    name: str | None = Field(default=None, description="a task of seqcompare.tasks")
    class_: str | None = Field(
        default=None, alias="class", description="the user's own task, as 'module:Class'"
    )
    params: Params = Field(default={}, description="parameters of the task, the distance apart")
    distances: Distances | None = Field(default=None, description="the distances swept; by default all")
    template: Any = Field(default=None, description="a task object whose distance is replaced", exclude=True)

    @model_validator(mode="after")
    def _one_source(self) -> TaskEntry:
        _check_one_source(self.name, self.class_, self.template, "name", "class")
        return self


class ModelEntry(_Section):
    """One kind of model with the capacities tried, or a model of the user's."""

    variant: str | None = Field(default=None, description="a kind of model of the zoo, such as 'lstm'")
    class_: str | None = Field(
        default=None, alias="class", description="the user's own model, as 'module:Class'"
    )
    name: str | None = Field(default=None, description="what tables call a model of the user's")
    sizes: SizesTried | None = Field(default=None, description="the sizes tried; by default those of the zoo")
    params: Params = Field(default={}, description="parameters of the model, over those of the zoo")
    family: str | None = Field(default=None, description="the family that a model of your own is counted in")
    tasks: tuple[str, ...] | None = Field(
        default=None, description="the tasks it runs on; by default all it can"
    )
    distances: Distances | None = Field(default=None, description="the distances it runs at; by default all")
    estimator: Any = Field(default=None, description="a model object", exclude=True)
    home: Any = Field(default=None, description="the family object, if nobody registered it", exclude=True)

    @model_validator(mode="after")
    def _one_source(self) -> ModelEntry:
        _check_one_source(self.variant, self.class_, self.estimator, "variant", "class")
        return self


class AxisEntry(_Sizes):
    """A sweep over something other than distance, at a fixed distance."""

    axis: Literal["memory", "alphabet", "length"] = Field(description="what is swept")
    task: str = Field(description="name of the task, one of the zoo or of [[tasks]]")
    parameter: str | None = Field(
        default=None, description="the task's parameter that is swept (not for length)"
    )
    values: Annotated[tuple[Count, ...], AfterValidator(_distinct)] = Field(description="its values")
    distance: int = Field(description="the fixed distance")
    params: Params = Field(default={}, description="further parameters of the task")
    models: tuple[str, ...] | None = Field(default=None, description="variants that run here; by default all")
    sizes: dict[str, SizesTried] = Field(
        default={}, description="capacities tried here, by variant; by default those of [[models]]"
    )
    seeds: Count | None = Field(default=None, description="repetitions; by default the suite's")

    @model_validator(mode="after")
    def _parameter(self) -> AxisEntry:
        if (self.axis == "length") != (self.parameter is None):
            raise ValueError("parameter names what is swept, except on the axis length, where it is left out")
        if self.axis == "length" and self.length is not None:
            raise ValueError("length is what is swept here: give it as values")
        return self


class Suite(_Section):
    """What a sweep runs: tasks, distances, models, sizes and budgets."""

    title: str = Field(description="what the report is headed by")
    seeds: Count = Field(description="repetitions of every trial, each with data of its own")
    distances: Distances = Field(description="the distances swept, in steps")
    n_train: Count = Field(description="training sequences")
    n_validation: Count = Field(description="validation sequences, to choose models by")
    n_test: Count = Field(description="test sequences")
    epochs: Count = Field(description="budget of a trial: most epochs of training")
    em_iterations: Count = Field(default=500, description="budget of a start of EM: most iterations")
    max_seconds: float = Field(gt=0, description="safety net of a trial, in seconds; not meant to be reached")
    tasks: tuple[TaskEntry, ...] = Field(min_length=1, description="the tasks")
    models: tuple[ModelEntry, ...] = Field(min_length=1, description="the models and their sizes")
    sweeps: tuple[AxisEntry, ...] = Field(
        default=(), description="sweeps over other axes at a fixed distance"
    )

    def settings(self) -> Record:
        """Return everything as plain values for ``config.json``; objects are described in words."""
        settings = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for key, entries, attribute in (
            ("tasks", self.tasks, "template"),
            ("models", self.models, "estimator"),
        ):
            for entry, plain in zip(entries, settings[key], strict=True):
                given = getattr(entry, attribute)
                if given is not None:
                    plain["object"] = _describe(given)
        return settings


_PARTS: dict[str, type[_Section]] = {"tasks": TaskEntry, "models": ModelEntry, "sweeps": AxisEntry}


def shipped_suites() -> list[str]:
    """Return the names of the suites that come with the package."""
    folder = resources.files("seqcompare.experiments") / _FOLDER
    found = sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".toml"))
    return sorted(found, key=lambda name: (["quick", "default", "full", name].index(name), name))


def load_suite(suite: str | Path | Mapping[str, Any] | Suite) -> Suite:
    """Return a suite by its name, from its TOML file, or from a mapping of the same keys.

    Raises
    ------
    SuiteError
        If there is no such suite, or it is not as it should be: the message names the key and says what
        it means.
    """
    if isinstance(suite, Suite):
        return suite
    if isinstance(suite, Mapping):
        return _validate(dict(suite), "suite")
    path = Path(suite)
    if str(suite) in shipped_suites():
        text = (resources.files("seqcompare.experiments") / _FOLDER / f"{suite}.toml").read_text("utf-8")
    elif path.suffix == ".toml" and path.is_file():
        text = path.read_text(encoding="utf-8")
    else:
        raise SuiteError(
            f"there is no suite {str(suite)!r}: expected one of {', '.join(shipped_suites())}, "
            f"or the path of a .toml file; {nearest(str(suite), shipped_suites())}"
        )
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{suite} is not valid TOML: {error}") from None
    return _validate(content, str(suite))


def override_suite(
    suite: Suite,
    tasks: Any,
    models: Any,
    distances: int | Sequence[int] | None,
    seeds: int | None,
) -> Suite:
    """Return the suite with parts of it replaced, as `seqcompare.sweep` takes them.

    Replacing the tasks, the models or the distances drops the sweeps over other axes, and replacing the
    distances those of single tasks and models: they belong to the suite as it was written.

    Raises
    ------
    SuiteError
        If a part is not what a suite can hold.
    """
    try:
        changes: Record = {}
        if tasks is not None:
            changes["tasks"] = tuple(_task_entry(task) for task in _listed(tasks))
        if models is not None:
            changes["models"] = tuple(_model_entries(models))
        if distances is not None:
            changes["distances"] = tuple(_listed(distances))
            for key in ("tasks", "models"):
                kept = changes.get(key, getattr(suite, key))
                changes[key] = tuple(entry.model_copy(update={"distances": None}) for entry in kept)
        if changes:
            changes["sweeps"] = ()
        if seeds is not None:
            changes["seeds"] = seeds
        if not changes:
            return suite
        return Suite.model_validate({**dict(suite), **changes})
    except ValidationError as error:
        raise SuiteError(_explain_all(error)) from None


def _listed(given: Any) -> list[Any]:
    """Return what came as a list: a single value stands for itself, even if it can be iterated over."""
    single = isinstance(given, (str, type)) or hasattr(given, "fit") or not isinstance(given, Iterable)
    return [given] if single else list(given)


def _task_entry(task: Any) -> TaskEntry:
    key = _key(task, "name", "template")
    return TaskEntry.model_validate({key: _path(task)})


def _model_entries(models: Any) -> list[ModelEntry]:
    """Return the entries of models in whichever form; see `seqcompare.experiments.models.enter`."""
    entries = []
    for entered in enter(models):
        named: Record = {"name": entered.name or None}
        if find_spec(entered.spec.name) == (entered.family, entered.spec):
            # a kind without sizes of its own is for comparisons, unless a suite says which
            if entered.spec.sized():
                entries.append(ModelEntry.model_validate({**named, "variant": entered.spec.name}))
            continue
        if entered.family.name in FAMILIES or entered.family.name != entered.name:
            named["family"] = entered.family.name
        if entered.family.name not in FAMILIES and not isinstance(entered.family, OwnFamily):
            named["home"] = entered.family
        named["name"] = entered.name or entered.spec.name
        entries.append(ModelEntry.model_validate({**named, "estimator": entered.spec}))
    return entries


def _key(given: object, named: str, made: str) -> str:
    """Return the key of an entry that takes a name, a class or its path, or an object."""
    if isinstance(given, type):
        return "class"
    if not isinstance(given, str):
        return made
    return "class" if ":" in given else named


def _path(given: Any) -> Any:
    return f"{given.__module__}:{given.__qualname__}" if isinstance(given, type) else given


def _validate(content: Record, source: str) -> Suite:
    try:
        return Suite.model_validate(content)
    except ValidationError as error:
        raise SuiteError(f"{source}: {_explain_all(error)}") from None


def _explain_all(error: ValidationError) -> str:
    # a list whose entries are wrong counts as too short as well, which says nothing new
    problems = [p for p in error.errors() if p["type"] != "too_short" or not p["input"]]
    return "; ".join(_explain(problem) for problem in problems)


def _explain(problem: Any) -> str:
    """Say in one sentence which key is wrong, what it means, and what came."""
    section: type[_Section] = Suite
    meaning = ""
    for part in problem["loc"]:
        if isinstance(part, int):
            continue
        fields = {field.alias or name: field for name, field in section.model_fields.items()}
        if part not in fields:
            return f"{_place(problem['loc'])}: unknown key; {nearest(str(part), fields)}"
        meaning = fields[part].description or ""
        section = _PARTS.get(str(part), section)
    message = problem["msg"].removeprefix("Value error, ")
    came = "" if problem["type"] in ("missing", "value_error") else f", got {problem['input']!r}"
    explained = f" ({meaning})" if meaning else ""
    return f"{_place(problem['loc'])}{explained}: {message}{came}"


def _place(loc: tuple[int | str, ...]) -> str:
    """Write a key as it would be found in the file: ``tasks[0].distances[2]``."""
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return place.lstrip(".") or "suite"


def _check_one_source(name: str | None, path: str | None, given: object, key: str, class_key: str) -> None:
    if sum(source is not None for source in (name, path, given)) != 1:
        raise ValueError(f"expected either {key} or {class_key}")
    if path is not None and ":" not in path:
        raise ValueError(f"class must be written 'module:Class', got {path!r}")


def _describe(given: Any) -> str:
    """Describe an object such that two alike are described alike, and no others."""
    if isinstance(given, ModelSpec):
        built = getattr(given.build, "estimator", given.build)
        grid = describe_value(given.grid) if given.grid else ""
        made = (
            _describe(built)
            if hasattr(built, "fit")
            else getattr(built, "__qualname__", type(built).__name__)
        )
        return f"{made}{grid and f', grid={grid}'}"
    kind = f"{type(given).__module__}:{type(given).__qualname__}"
    params = given.get_params() if hasattr(given, "get_params") else getattr(given, "__dict__", {})
    inner = [
        f"{key}={describe_value(value)}" for key, value in sorted(params.items()) if not key.endswith("_")
    ]
    if is_fitted(given):
        try:
            # pickled once, arrays lie in memory as those of a model do that was saved and loaded
            learned = pickle.loads(pickle.dumps(vars(given)))
        except Exception as error:  # whatever the model's own code raises
            raise SuiteError(
                f"{kind} comes fitted, and must be pickled to tell it from others: {error}"
            ) from None
        inner.append(f"fitted={joblib.hash(learned)}")
    return f"{kind}({', '.join(inner)})"


def describe_value(value: object) -> str:
    """Describe a value such that two alike are described alike, and no others."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {describe_value(each)}' for key, each in value.items())}}}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(describe_value, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, type):
        return repr(value)
    if hasattr(value, "__array__") and np.ndim(value) > 0:
        # its text leaves out digits, and all but the ends of long ones
        return f"array(shape={np.shape(value)}, digest={joblib.hash(np.asarray(value))})"
    if isinstance(value, ModelSpec):
        return _describe(value)
    shown: object = type(value).__repr__
    bare = shown is object.__repr__  # an address, which is another each time
    return _describe(value) if bare or hasattr(value, "get_params") else repr(value)


def _as_json(params: Record) -> Any:
    return json.loads(json.dumps(params, default=describe_value))
