"""A family of models: how it looks, what is in it, and the open list of those there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module

from seqcompare.families.spec import ModelSpec
from seqcompare.needs import Needs, Traits
from seqcompare.registry import Registry, check_name
from seqcompare.typing import Record

#: The family of what others are measured against: chance, naive forecasts, and machines made by hand.
REFERENCE = "reference"

#: Colours and markers of users' own models, each in its turn; the colour-blind tell them from each other and
#: from those of the families that come with the package.
SPARE_COLOURS = ("#CC79A7", "#56B4E9", "#8F7A00", "#7B4FA3", "#8C564B", "#17808A")
SPARE_MARKERS = ("v", "P", "<", "*", ">", "h")


@dataclass(frozen=True, eq=False)
class Family:
    """A family of models: how it looks everywhere, and the kinds of models in it.

    Parameters
    ----------
    name : str
        What tables call it, such as "markov".
    title : str
        The same in words: "Markov chain".
    colour : str
        Hex code, told apart from the others by the colour-blind.
    marker : str
        Matplotlib's code of the marker.
    models : tuple of ModelSpec, or callable () -> tuple of ModelSpec
        The kinds, in the order in which they are shown.
    can_represent : callable (Needs, Traits) -> bool or None, optional
        What theory says of all kinds that say nothing of their own.
    least_capacity : int, default=1
        The smallest capacity there is.
    seed_keys : mapping of role to str, optional
        What seeds of comparisons are made of in place of the title, by role: frozen, so that numbers stay.
    head : str, optional
        What stands over its best model where that is named too, in tables, figures and sentences: words that
        are right whichever it is. By default the title.
    plural : str, optional
        Several of them in words; by default the title with an s.
    """

    name: str
    title: str
    colour: str
    marker: str
    models: tuple[ModelSpec, ...] | Callable[[], tuple[ModelSpec, ...]] = ()
    can_represent: Callable[[Needs, Traits], bool | None] | None = None
    least_capacity: int = 1
    seed_keys: Mapping[str, str] = field(default_factory=dict)
    head: str = ""
    plural: str = ""

    @property
    def specs(self) -> tuple[ModelSpec, ...]:
        """The kinds of models."""
        return tuple(self.models()) if callable(self.models) else self.models

    def theory(self, needs: Needs, traits: Traits) -> bool | None:
        """Return what theory says: True, False, or None where that is open."""
        spec = next((s for s in self.specs if s.name == traits.model), None)
        if spec is not None and ("symbols" if needs.kind == "counts" else needs.kind) not in spec.kinds:
            return False
        says = (spec.can_represent if spec is not None else None) or self.can_represent
        return None if says is None else says(needs, traits)

    def describe(self) -> Record:
        """Return what reports need to know, in plain values: a run keeps it."""
        return {
            "name": self.name,
            "title": self.title,
            "head": self.head or self.title,
            "colour": self.colour,
            "marker": self.marker,
            "models": [{"name": spec.name, "title": spec.title} for spec in self.specs],
        }


class OwnFamily(Family):
    """The family that is made for a user's model which belongs to none."""


def own_family(name: str, models: Iterable[ModelSpec], place: int) -> OwnFamily:
    """Return the family of a user's model that belongs to none: its own, the `place`-th of a run.

    Parameters
    ----------
    name : str
        Of the model, and so of the family.
    models : iterable of ModelSpec
        What is in it.
    place : int
        How many others came before, so that each looks different.
    """
    colour = SPARE_COLOURS[place % len(SPARE_COLOURS)]
    marker = SPARE_MARKERS[place % len(SPARE_MARKERS)]
    return OwnFamily(name, name, colour, marker, tuple(models))


def _check_names(family: Family, known: Mapping[str, Family]) -> None:
    """See that a family has models, and that it and they can be told from all others by name."""
    if not family.specs:
        raise ValueError(f"the family {family.name!r} has no models; expected at least one ModelSpec")
    names = [check_name("kind of model", spec.name) for spec in family.specs]
    for name in names:
        if [other.lower() for other in names].count(name.lower()) > 1:
            raise ValueError(f"the family {family.name!r} has two kinds of models called {name!r}")
    taken = {
        word.lower(): other.name
        for other in known.values()
        if other.name.lower() != family.name.lower()
        for word in _words(other)
    }
    clash = next((word for word in _words(family) if word.lower() in taken), None)
    if clash is not None:
        raise ValueError(
            f"{clash!r} is the name of a family or model already, in the family {taken[clash.lower()]!r}; "
            "choose another"
        )


def _words(family: Family) -> list[str]:
    """Return all by which a family and its models can be asked for."""
    return [family.name, family.title, *(word for spec in family.specs for word in (spec.name, spec.title))]


def _built_in() -> list[Family]:
    modules = import_module("seqcompare.models").FAMILY_MODULES
    return [import_module(module).FAMILY for module in modules]


#: Every family by its name.
FAMILIES: Registry[Family] = Registry("family", _built_in, "seqcompare.families", check=_check_names)


def register(family: Family, *, replace: bool = False) -> Family:
    """Add a family to those that sweeps and comparisons know.

    Parameters
    ----------
    family : Family
        The family.
    replace : bool, default=False
        Whether to take the place of another one of this name; without, that is a ValueError.

    Returns
    -------
    Family
        The family, so that one can write ``FAMILY = register(Family(...))``.

    Raises
    ------
    ValueError
        If it has no models, or its name or one of theirs is empty, holds a colon, or is taken, case ignored.
    """
    return FAMILIES.register(family, replace=replace)


def find_spec(name: str) -> tuple[Family, ModelSpec] | None:
    """Return the kind of model of this name with its family; None if there is none."""
    for family in FAMILIES.values():
        for spec in family.specs:
            if spec.name == name:
                return family, spec
    return None


def is_known(spec: ModelSpec) -> bool:
    """Whether a kind of model is in one of the families that there are; a user's own may be in none."""
    return any(known is spec for family in FAMILIES.values() for known in family.specs)


def spec_names() -> list[str]:
    """Return the names of all kinds of models, family by family."""
    return [spec.name for family in FAMILIES.values() for spec in family.specs]


def with_models(family: Family, models: Iterable[ModelSpec]) -> Family:
    """Return a family with these models in place of its own."""
    return replace(family, models=tuple(models))
