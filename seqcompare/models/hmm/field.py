"""The conditional random field, as far as sweeps, comparisons and reports know it."""

from __future__ import annotations

from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

import seqcompare
from seqcompare.families import ModelSpec, Problem, Settings
from seqcompare.needs import Needs, Traits


def _field(problem: Problem, width: int, C: float = 1.0) -> BaseEstimator | None:
    """Return a conditional random field over windows that look as far ahead as back.

    Its probabilities are those of whole sequences of labels: a label that is known before the steps after it
    are is no question for it, and windows alone answer that better.
    """
    if problem.role != "step":
        return None
    model = seqcompare.CRFTagger((width - 1) // 2, width // 2, C=C, decode="posterior")
    return model if problem.kind == "symbols" else make_pipeline(seqcompare.SequenceScaler(), model)


def _fields(problem: Problem) -> list[Settings]:
    """Return the windows of a field; where classes are many, its chain of labels costs their square."""
    if problem.role != "step" or problem.n_classes > 64:
        return []
    sides = [side for side in (1, 4, 8) if side < problem.longest and not (side == 8 and problem.large)]
    return [{"width": 2 * side + 1, "C": C} for side in sides for C in (0.1, 1.0)]


def _label_of_field(settings: Settings) -> str:
    width, C = int(settings["width"]), settings.get("C", 1.0)
    return f"CRF -{(width - 1) // 2}..+{width // 2}" + (f", C={C:g}" if C != 1 else "")


def _theory_of_field(needs: Needs, traits: Traits) -> bool | None:
    """Return whether the window shows what matters to a linear rule; what labels carry besides is open."""
    if needs.role != "step":
        return False
    if traits.causal and needs.distance < 0:
        return False
    back = traits.capacity - 1 - traits.after
    seen = needs.finite and -traits.after <= needs.distance <= back
    return True if seen and needs.linear else None


def _seconds_of_field(problem: Problem, settings: Settings) -> float:
    return 2e-5 * problem.n_steps * (int(settings["width"]) + problem.n_classes)


FIELD = ModelSpec(
    "crf",
    "Conditional random field",
    _field,
    _fields,
    capacity="width",
    capacity_name="width",
    sizes=(3, 9),
    label=_label_of_field,
    cost=_seconds_of_field,
    can_represent=_theory_of_field,
    ahead=True,
)
