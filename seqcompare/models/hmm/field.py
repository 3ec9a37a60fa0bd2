"""Which conditional random fields are tried, what theory says of them, and what they cost."""

from __future__ import annotations

from seqcompare.families import Problem, Settings
from seqcompare.needs import Needs, Traits


def fields(problem: Problem) -> list[Settings]:
    """Return the windows of a field; where classes are many, its chain of labels costs their square."""
    if problem.role != "step" or problem.n_classes > 64:
        return []
    sides = [side for side in (1, 4, 8) if side < problem.longest and not (side == 8 and problem.large)]
    return [{"width": 2 * side + 1, "C": C} for side in sides for C in (0.1, 1.0)]


def label_of_field(settings: Settings) -> str:
    """Return what a field is called: its taps, and its penalty where that is not 1."""
    width, C = int(settings["width"]), settings.get("C", 1.0)
    return f"CRF -{(width - 1) // 2}..+{width // 2}" + (f", C={C:g}" if C != 1 else "")


def theory_of_field(needs: Needs, traits: Traits) -> bool | None:
    """Return whether the window shows what matters to a linear rule; what labels carry besides is open."""
    if needs.role != "step":
        return False
    if traits.causal and needs.distance < 0:
        return False
    back = traits.capacity - 1 - traits.after
    seen = needs.finite and -traits.after <= needs.distance <= back
    return True if seen and needs.linear else None


def seconds_of_field(problem: Problem, settings: Settings) -> float:
    """Return about how long a fit takes."""
    return 2e-5 * problem.n_steps * (int(settings["width"]) + problem.n_classes)
