"""Echo state networks as far as sweeps, comparisons and reports know them: one of the recurrent family."""

from __future__ import annotations

from typing import Any

import seqcompare
from seqcompare.families import ModelSpec, Problem, Settings
from seqcompare.needs import Needs, Traits

TITLE = "echo state"
#: Units of all speeds, hardly squashed: of one network the one that does most.
_BROAD: Settings = {"spectral_radius": 0.99, "input_scaling": 0.3, "leak": (0.1, 1.0)}
#: Networks that are tried: a usual one, a broad one, and one of slow units.
_SETTINGS: tuple[Settings, ...] = ({"spectral_radius": 0.9}, _BROAD, {"spectral_radius": 0.9, "leak": 0.2})


def _net(problem: Problem, n_units: int, pooling: str = "last", **network: Any) -> Any:
    """Return a tagger, also of the next step, a classifier or a regressor."""
    if not network and problem.task is not None:
        network = dict(_BROAD)  # sweeps ask how far back, of one setting
    if problem.role == "next":
        kind: Any = seqcompare.EchoStateTagger
        if problem.kind == "real":
            kind = seqcompare.EchoStateStepRegressor
        return seqcompare.NextStep(kind(n_units, **network))
    if problem.role in ("step", "step-value"):
        step = seqcompare.EchoStateTagger if problem.role == "step" else seqcompare.EchoStateStepRegressor
        return step(n_units, **network)
    kinds = {"sequence": seqcompare.EchoStateClassifier, "value": seqcompare.EchoStateRegressor}
    return kinds[problem.role](n_units, pooling=pooling, **network) if problem.role in kinds else None


def _grid(problem: Problem) -> list[Settings]:
    """Return networks of fast and of slow units; of whole sequences also by their mean."""
    found: list[Settings] = [{"n_units": 200, **settings} for settings in _SETTINGS]
    if problem.role in ("sequence", "value"):
        found += [{**settings, "pooling": "mean"} for settings in found[:2]]
    return found


def _label(settings: Settings) -> str:
    words = {"spectral_radius": "radius", "leak": "leak", "input_scaling": "input"}
    rest = "".join(f", {word} {_shown(settings[key])}" for key, word in words.items() if key in settings)
    pooling = f", {settings['pooling']}" if "pooling" in settings else ""
    return f"{TITLE} {settings['n_units']}{rest}{pooling}"


def _shown(value: Any) -> str:
    return "-".join(f"{end:g}" for end in value) if isinstance(value, (tuple, list)) else f"{value:g}"


def _seconds(problem: Problem, settings: Settings) -> float:
    """Return the time that states take, and the sums that the read-out is fitted from."""
    n_units = int(settings["n_units"])
    width = n_units + max(problem.n_channels, problem.n_symbols) + max(problem.n_classes, 1)
    fits = 6 if problem.role == "next" and problem.kind == "real" else 1  # its errors are those of five more
    return fits * (0.1 + problem.n_steps * (5e-8 * n_units + 1e-10 * width**2))


def _theory(needs: Needs, traits: Traits) -> bool | None:
    """Return False where later steps are needed; what a network that was drawn can do else is open."""
    return False if needs.distance < 0 and traits.causal else None


ECHO_STATE = ModelSpec(
    "echo-state",
    TITLE,
    _net,
    _grid,
    sizes=(200,),
    capacity="n_units",
    capacity_name="units",
    label=_label,
    cost=_seconds,
    can_represent=_theory,
)
