"""The models of a suite: from its entries to the candidates that its trials fit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from seqcompare.experiments.models import Candidate, Entered, candidates_of, enter
from seqcompare.experiments.suites import ModelEntry, Suite, SuiteError
from seqcompare.families import (
    FAMILIES,
    Family,
    OwnFamily,
    Problem,
    find_spec,
    own_family,
    spec_names,
)
from seqcompare.registry import nearest


def models_of(
    suite: Suite, sizes_at: Mapping[str, tuple[int, ...]], problem: Problem
) -> Iterator[tuple[str, ModelEntry, Candidate]]:
    """Yield the candidates of a suite on a problem, each with the place of its entry and the entry.

    Parameters
    ----------
    suite : Suite
        The suite.
    sizes_at : mapping of str to tuple of int
        Sizes by variant that are tried in place of the entry's.
    problem : Problem
        What models are built for: some say by it what is to be tried.

    Raises
    ------
    SuiteError
        If an entry is of no model, or of sizes that there are none of.
    """
    for i, entry in enumerate(suite.models):
        entered = _entered(f"models[{i}]", entry, suite, i)
        sizes = sizes_at.get(entry.variant or "", entry.sizes or ())
        if sizes and not entered.spec.size_key:
            raise SuiteError(f"models[{i}]: {entered.name or entered.spec.name} has no size, got sizes")
        try:
            settings = entered.spec.sized(sizes, problem)
            candidates = candidates_of(entered, settings, entry.params)
        except ValueError as error:
            raise SuiteError(f"models[{i}]: {error}") from None
        if not settings:
            raise SuiteError(f"models[{i}]: {entered.spec.name} needs sizes: it has none of its own")
        family = entered.family
        for candidate in candidates:
            if family.can_represent is not None and candidate.capacity < family.least_capacity:
                raise SuiteError(
                    f"models[{i}]: {candidate.label}: the least {candidate.capacity_name} of a model of the "
                    f"family {family.name!r} is {family.least_capacity}, got {candidate.capacity:g}"
                )
            yield f"models[{i}]", entry, candidate


def _entered(place: str, entry: ModelEntry, suite: Suite, number: int) -> Entered:
    """Return the kind of model that an entry is of, and its family."""
    if entry.variant is not None:
        check_known(place, "variant", [entry.variant], spec_names())
        found = find_spec(entry.variant)
        assert found is not None
        return Entered(*found, entry.name or "")
    given = entry.estimator if entry.estimator is not None else entry.class_
    try:
        (entered,) = enter({entry.name: given} if entry.name else given)
    except Exception as error:  # whatever the user's own code raises
        raise SuiteError(f"{place}: {str(error).removeprefix('models: ')}") from None
    if entry.home is not None:
        return dataclasses.replace(entered, family=entry.home)
    if entry.family is not None:
        family = FAMILIES.get(entry.family)
        return dataclasses.replace(entered, family=family or own_family(entry.family, [entered.spec], 0))
    return entered


def own_families(suite: Suite) -> list[Family]:
    """Return the families of the suite that nobody registered, each with a look of its own."""
    found: dict[str, list[Entered]] = {}
    for i, entry in enumerate(suite.models):
        entered = _entered(f"models[{i}]", entry, suite, i)
        if entered.family.name not in FAMILIES:
            found.setdefault(entered.family.name, []).append(entered)
    families = []
    for place, (name, kinds) in enumerate(found.items()):
        # a family that was given looks as it says
        given = next((e.family for e in kinds if not isinstance(e.family, OwnFamily)), None)
        families.append(given or own_family(name, [e.spec for e in kinds], place))
    return families


def check_known(place: str, what: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a name that is none of those known, with the one that was probably meant."""
    for name in names:
        if name not in known:
            raise SuiteError(f"{place}: {name!r} is no {what}; {nearest(name, sorted(known))}")
