"""What every family promises: that its models can be built, told apart, drawn, and reasoned about."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from seqcompare.families import Budget, Family, ModelSpec, Problem
from seqcompare.needs import Needs, Traits
from seqcompare.testing.models import PROMISES as OF_MODELS
from seqcompare.testing.promises import Check, expect, promise
from seqcompare.testing.samples import Steps
from seqcompare.testing.subjects import Model
from seqcompare.typing import Record

#: The roles whose models the suite can hold to the contract of models.
ROLES = ("next", "step", "sequence", "value")

#: What the suite calls kinds of steps.
_STEPS: dict[str, Steps] = {"symbols": "strings", "real": "real", "mixed": "mixed"}

# small, since what is checked is that models keep their promises, not what they learn
_BUDGET = Budget(epochs=3, em_iterations=3, max_seconds=60)


@dataclass(frozen=True, eq=False)
class OneFamily:
    """A family that is held to the contract.

    Parameters
    ----------
    family : Family
        The family.
    """

    family: Family

    def problems(self, spec: ModelSpec) -> Iterator[Problem]:
        """Yield a small problem of each role, with each kind of steps that a kind of models reads."""
        for role in (*ROLES, "step-value"):
            for kind in spec.kinds:
                if (role, kind) == ("next", "mixed"):
                    continue  # there is no density of symbols beside numbers
                symbols = kind == "symbols"
                yield Problem(
                    role,
                    kind,
                    _BUDGET,
                    n_train=15,
                    n_steps=75,
                    n_scored=15 if role in ("sequence", "value") else 75,
                    longest=7,
                    n_symbols=3 if symbols else 0,
                    n_channels=1 if symbols else 2,
                    n_classes=2 if role in ("step", "sequence") else 3 if symbols and role == "next" else 0,
                )

    def built(self, spec: ModelSpec) -> Iterator[tuple[Problem, Record, Any]]:
        """Yield (problem, settings, estimator) of all settings that are tried and have an answer."""
        for problem in self.problems(spec):
            for settings in spec.settings(problem):
                made = spec.build(problem, **settings)
                if made is not None:
                    yield problem, dict(settings), made


@promise()
def a_family_can_be_drawn(subject: OneFamily) -> None:
    """A family has a name, a title, a colour in hex, and a marker of matplotlib's."""
    from matplotlib.markers import MarkerStyle

    family = subject.family
    for what in ("name", "title"):
        value = getattr(family, what)
        expect(isinstance(value, str) and value.strip(), f"a {what}", repr(value))
    expect(re.fullmatch(r"#[0-9A-Fa-f]{6}", family.colour), "a colour such as #0072B2", repr(family.colour))
    known = [str(marker) for marker in MarkerStyle.markers]
    expect(family.marker in known, "a marker of matplotlib's", repr(family.marker))


@promise()
def models_can_be_told_apart(subject: OneFamily) -> None:
    """Kinds of models have names of their own, and titles; the settings of each have labels."""
    specs = subject.family.specs
    expect(specs, "at least one kind of models", "none")
    names = [spec.name for spec in specs]
    expect(all(names) and len(set(names)) == len(names), "a name for each kind", names)
    expect(all(spec.title for spec in specs), "a title for each kind", [spec.title for spec in specs])
    for spec in specs:
        for problem in subject.problems(spec):
            labels = [spec.label_of(settings) for settings in spec.settings(problem)]
            expect(len(set(labels)) == len(labels), f"a label for each setting of {spec.name}", labels)


@promise()
def models_can_be_built(subject: OneFamily) -> None:
    """Every kind builds an estimator for some role, from each of the settings that it tries there."""
    for spec in subject.family.specs:
        n = 0
        for problem, settings, made in subject.built(spec):
            n += 1
            expect(hasattr(made, "fit"), f"a model with fit from {spec.name} {settings}", repr(made))
            params = made.get_params() if hasattr(made, "get_params") else {}
            for what in ("limit", "limit_ahead"):
                name = getattr(spec, what)
                if isinstance(name, str):
                    known = ", ".join(params) or "none"
                    expect(name in params, f"{what} of {spec.name} to be a parameter of {known}", repr(name))
            del problem
        skipped = [p.role for p in subject.problems(spec) if spec.skip is not None and spec.skip(p)]
        empty = all(not spec.settings(problem) for problem in subject.problems(spec))
        expect(n or skipped or empty, f"{spec.name} to build a model for some role", "None for all")


@promise()
def costs_are_seconds(subject: OneFamily) -> None:
    """`cost` says how many seconds a fit takes, and `skip` why there is nothing to try, in words."""
    for spec in subject.family.specs:
        for problem in subject.problems(spec):
            if spec.skip is not None:
                reason = spec.skip(problem)
                expect(
                    isinstance(reason, str), f"a reason of {spec.name}.skip, or an empty text", repr(reason)
                )
            for settings in spec.settings(problem):
                if spec.cost is not None:
                    seconds = spec.cost(problem, settings)
                    kept = math.isfinite(seconds) and seconds >= 0
                    expect(kept, f"seconds of {spec.name}.cost", repr(seconds))


@promise()
def theory_has_an_answer(subject: OneFamily) -> None:
    """Asked what its models can represent, a family answers True, False, or None where that is open."""
    least = subject.family.least_capacity
    for spec in subject.family.specs:
        for role in ROLES:
            for distance in (0, 1, 16):
                needs = Needs(role, distance, least_states=2)
                for capacity in (least, 32):
                    says = subject.family.theory(needs, Traits(capacity, spec.name))
                    expect(says in (True, False, None), f"True, False or None of {spec.name}", repr(says))


@promise()
def a_run_can_keep_it(subject: OneFamily) -> None:
    """What reports need to know of a family is plain values, so that a run can keep it."""
    plain = subject.family.describe()
    expect(json.loads(json.dumps(plain)) == plain, "plain values of describe", plain)


PROMISES = (
    a_family_can_be_drawn,
    models_can_be_told_apart,
    models_can_be_built,
    costs_are_seconds,
    theory_has_an_answer,
    a_run_can_keep_it,
)


def checks_of_models(subject: OneFamily) -> Iterator[Check]:
    """Yield the checks of the first model that each kind builds, for each role and kind of steps."""
    for spec in subject.family.specs:
        seen = set()
        for problem, _, made in subject.built(spec):
            place = (problem.role, problem.kind)
            if place in seen or problem.role not in ROLES:
                continue
            seen.add(place)
            model = Model(made, problem.role, _STEPS[problem.kind])
            about = f"{spec.name}, {problem.role} of {problem.kind}"
            for each in OF_MODELS:
                if each.when(model):
                    yield Check(each, model, f"{spec.name} of the family {subject.family.name}", about)
