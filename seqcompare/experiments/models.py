"""Which models are entered: one reading of ``models=`` for sweeps and comparisons, and their candidates."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from seqcompare.experiments.failing import FAILURES, in_words
from seqcompare.experiments.gaps import built_for, does_itself, with_gaps
from seqcompare.families import (
    FAMILIES,
    Family,
    ModelSpec,
    OwnFamily,
    Problem,
    Settings,
    own_family,
    spec_names,
)
from seqcompare.models.causality import is_causal
from seqcompare.models.rounded import Rounded
from seqcompare.registry import nearest
from seqcompare.typing import Model, Params

_SEVERAL = (list, tuple, set, frozenset, Mapping)

#: What is said of a model that looks ahead, beside its name.
AHEAD = " (looks ahead)"


@dataclass(frozen=True, eq=False)
class Entered:
    """A kind of model that was entered.

    Parameters
    ----------
    family : Family
        The family that it is counted in.
    spec : ModelSpec
        The kind.
    name : str
        What the user calls it; empty where its own names do.
    """

    family: Family
    spec: ModelSpec
    name: str = ""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A kind of model with one of its settings: what a trial fits.

    Parameters
    ----------
    label, family, variant, capacity, capacity_name
        The columns of results. A model that says nothing of its size has no capacity.
    spec : ModelSpec
        The kind.
    settings : mapping
        The setting of its grid.
    params : mapping
        Parameters set over those that it is built with; a key may reach inside (``estimator__C``).
    """

    label: str
    family: str
    variant: str
    capacity: float
    capacity_name: str
    spec: ModelSpec
    settings: Settings = field(default_factory=dict)
    params: Params = field(default_factory=dict)

    def build(self, problem: Problem, seed: int) -> tuple[Any, bool]:
        """Return the estimator for a problem, and whether it comes fitted.

        A fitted model is used as it is: hand-made machines are fitted, and cloning would forget what was
        put in by hand.

        Parameters
        ----------
        problem : Problem
            What is to be learned.
        seed : int
            Given to every ``random_state``.
        """
        model = self.spec.build(built_for(self.spec, problem), **self.settings)
        if model is None:
            raise ValueError(f"{self.label} has no answer for the role {problem.role!r}")
        if is_fitted(model):
            return model, True
        model = clone(model, safe=False)  # what is no estimator of scikit-learn's making is copied
        if self.params:
            model.set_params(**self.params)
        model = with_gaps(model, self.spec, problem)
        _seed(model, seed)
        return (Rounded(model) if problem.n_counts and _is_density_of_numbers(model) else model), False

    def fills(self, problem: Problem) -> bool:
        """Whether there is such a model for a problem."""
        if problem.kind not in self.spec.kinds:
            return False
        if self.spec.skip is not None and self.spec.skip(problem):
            return False
        try:
            model = self.spec.build(built_for(self.spec, problem), **self.settings)
            if not does_itself(self.spec, problem) and model is not None and is_fitted(model):
                return False
            if model is not None and not problem.ahead and not is_causal(model):
                return False
            return with_gaps(model, self.spec, problem) is not None
        except FAILURES as error:  # whatever the user's own code raises
            raise ValueError(
                f"{self.label} could not be built for the role {problem.role!r} with the settings "
                f"{dict(self.settings)}: {in_words(error)}"
            ) from error

    def limited(self, k: int, *, ahead: bool = False) -> Candidate:
        """Return the candidate that sees only the last k steps, or the next k."""
        limit = self.spec.limit_ahead if ahead else self.spec.limit
        assert limit is not None, f"{self.label} cannot be limited"
        return replace(self, spec=replace(self.spec, build=_Limited(self.spec.build, limit, k)))

    def seed_key(self, problem: Problem) -> str:
        """Return what its seeds are made of: its label, or what that once was."""
        return self.label if self.spec.seed_key is None else self.spec.seed_key(problem, self.settings)


@dataclass(frozen=True, eq=False)
class Contestant:
    """What competes in a comparison: candidates of which validation data choose one.

    Parameters
    ----------
    name : str
        What tables call it.
    family : Family
        Its family.
    candidates : tuple of Candidate
        The grid. With a single one there is nothing to choose.
    seed_key : str
        What seeds are made of: its name, or what that once was.
    head : str, optional
        What pages call it, where that is not its name: that of a whole family.
    """

    name: str
    family: Family
    candidates: tuple[Candidate, ...]
    seed_key: str
    head: str = ""


@dataclass(frozen=True)
class _Limited:
    """Builds a model and restricts it to k steps."""

    build: Any
    limit: Any
    k: int

    def __call__(self, problem: Problem, **settings: Any) -> Any:
        model = clone(self.build(problem, **settings))
        if isinstance(self.limit, str):
            params = model.get_params()
            return model.set_params(**{self.limit: min(self.k, params[self.limit])})
        return self.limit(model, self.k)


def _is_density_of_numbers(model: Any) -> bool:
    """Whether predictions of counts are densities, which do not compare with probabilities."""
    return hasattr(model, "predict_next_distribution") and not getattr(model, "of_counts", False)


def reach_of(candidate: Candidate, problem: Problem, most: int) -> int:
    """Return how many steps a candidate that can be limited sees, on the side where it sees more.

    That is the smallest limit that changes nothing, and not more than `most`.
    """
    whole = plain_params(candidate.spec.build(problem, **candidate.settings))

    def unchanged(k: int, ahead: bool) -> bool:
        limited = candidate.limited(k, ahead=ahead).spec.build(problem, **candidate.settings)
        return plain_params(limited) == whole

    seen = 1
    for ahead, limit in ((False, candidate.spec.limit), (True, candidate.spec.limit_ahead)):
        if limit is None:
            continue
        high = 1
        while high < most and not unchanged(high, ahead):
            high *= 2
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if unchanged(middle, ahead) else (middle, high)
        seen = max(seen, min(high, most))
    return seen


def plain_params(model: Any) -> dict[str, str]:
    """Return the parameters of a model and of those inside it, other than these themselves, as text."""
    return {k: repr(v) for k, v in model.get_params(deep=True).items() if not hasattr(v, "get_params")}


def enter(given: Any) -> list[Entered]:
    """Return the models that a user enters, in whichever form.

    Parameters
    ----------
    given : str, estimator, class, ModelSpec, Family, list of these, or mapping of label to any of these
        Strings are names or patterns of families and kinds of models (case ignored), or "module:Name". A
        label is what tables call the model; mapped to None it is itself such a name.

    Raises
    ------
    ValueError
        If a name matches nothing, or what came is no model.
    """
    found = [entered for label, model in labelled(given) for entered in _enter_one(model, label)]
    # a family may hold a kind that is named as well
    unique = {(e.family.name, e.spec.name) if not e.name else i: e for i, e in enumerate(found)}
    return list(_number(unique.values()))


def labelled(given: Any) -> list[tuple[str, Any]]:
    """Return what was entered one by one, each with its label, which is empty if it has none.

    Lists and mappings may lie in lists; a label is of a single thing.

    Raises
    ------
    ValueError
        If nothing was entered, or a label is of several things.
    """
    if isinstance(given, Mapping):
        several = next((k for k, model in given.items() if isinstance(model, _SEVERAL)), None)
        if several is not None:
            raise ValueError(
                f"models: {several!r} is the label of one model, got {given[several]!r}; "
                "give each model a label of its own"
            )
        found = [("", str(k)) if model is None else (str(k), model) for k, model in given.items()]
    elif isinstance(given, _SEVERAL):
        found = [pair for each in given for pair in labelled(each)]
    else:
        found = [("", given)]
    if not found:
        raise ValueError(f"models: expected at least one model, got {given!r}")
    return found


def _enter_one(given: Any, label: str) -> list[Entered]:
    if isinstance(given, str):
        if ":" in given:
            return _enter_one(load_object(given), label)
        found = named(given)
        # one label for several kinds: each says which it is
        names = [f"{label} ({e.spec.title})" if label and len(found) > 1 else label for e in found]
        return [replace(entered, name=name) for entered, name in zip(found, names, strict=True)]
    if isinstance(given, Family):
        return [Entered(given, spec, label) for spec in given.specs]
    if isinstance(given, ModelSpec):
        for family in FAMILIES.values():
            if any(spec is given for spec in family.specs):
                return [Entered(family, given, label)]
        return [_own(given, label or given.name)]
    if not hasattr(given, "fit"):
        raise ValueError(
            f"models: expected a name, a model with fit, a ModelSpec or a Family, or several of these, "
            f"got {given!r}"
        )
    name = label or (given if isinstance(given, type) else type(given)).__name__
    return [_own(ModelSpec.of(given, name=name), name)]


def _own(spec: ModelSpec, name: str) -> Entered:
    return Entered(own_family(name, [spec], 0), spec, name)


def _number(entered: Iterable[Entered]) -> Iterator[Entered]:
    """Give users' own families their colours, each in its turn."""
    places: dict[str, int] = {}
    for each in entered:
        if each.family.name in FAMILIES or not isinstance(each.family, OwnFamily):
            yield each
            continue
        place = places.setdefault(each.family.name, len(places))
        yield replace(each, family=own_family(each.family.name, each.family.specs, place))


def named(name: str) -> list[Entered]:
    """Return the kinds of models that a name or pattern is of: a family's first, then a kind's.

    Raises
    ------
    ValueError
        If it matches nothing; the message lists what there is.
    """
    pattern = name.lower().removesuffix(AHEAD)
    both = pattern == name.lower()
    everything = [Entered(f, s) for f in FAMILIES.values() for s in f.specs]
    for part in ("family", "spec"):
        named_so = [e for e in everything if matches(pattern, getattr(e, part).name, getattr(e, part).title)]
        hits = [e for e in named_so if both or e.spec.ahead]
        if hits:
            return hits
    known = list(dict.fromkeys([*FAMILIES, *spec_names()]))
    raise ValueError(f"models: {name!r} matches nothing; {nearest(name, known)}")


def matches(pattern: str, *names: str) -> bool:
    """Whether a pattern (``lstm``, ``Markov*``) is one of these names, case ignored."""
    return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for name in names)


def candidates_of(
    entered: Entered, settings: Sequence[Settings], params: Params | None = None
) -> tuple[Candidate, ...]:
    """Return the candidates of an entered kind at these settings."""
    spec = entered.spec
    found = []
    for setting in settings:
        label = spec.label_of(setting)
        if entered.name and entered.family.name in FAMILIES:
            size = [str(setting[spec.size_key])] if len(settings) > 1 and spec.size_key in setting else []
            others = [f"{key}={value}" for key, value in setting.items() if key != spec.size_key]
            label = ", ".join([" ".join([entered.name, *size]), *others])
        elif entered.name:
            label = entered.name + label.removeprefix(spec.title)
        found.append(
            Candidate(
                label,
                entered.family.name,
                _variant(entered, setting),
                _capacity(setting, spec.size_key),
                spec.capacity_name or spec.size_key,
                spec,
                setting,
                params or {},
            )
        )
    return tuple(found)


def _variant(entered: Entered, settings: Settings) -> str:
    """Return the kind, with the settings that make it another one: those that are no size."""
    apart = {k: v for k, v in settings.items() if k != entered.spec.size_key}
    words = [str(v) if isinstance(v, str) else k if v is True else f"{k}={v}" for k, v in apart.items()]
    return ", ".join([entered.spec.name, *words])


def _capacity(settings: Settings, key: str) -> float:
    value = settings.get(key, math.nan)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


def load_object(path: str) -> Any:
    """Return what ``module:Name`` names.

    Raises
    ------
    ImportError
        If there is no such module, or no such name in it.
    """
    module, _, name = path.partition(":")
    try:
        return getattr(import_module(module), name)
    except AttributeError:
        raise ImportError(f"module {module!r} has no {name!r} (class = {path!r})") from None


def is_fitted(model: Model) -> bool:
    """Whether a model comes fitted, and so is used as it is."""
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    except (
        TypeError,
        AttributeError,
    ):  # no estimator of scikit-learn's making: nothing says that it is fitted
        return False
    return True


def _seed(model: Any, seed: int) -> None:
    if not hasattr(model, "get_params"):
        return
    states = [key for key in model.get_params() if key == "random_state" or key.endswith("__random_state")]
    model.set_params(**dict.fromkeys(sorted(states), seed))
