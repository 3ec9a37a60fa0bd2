"""The family of recurrent networks, as sweeps, comparisons and reports know it: a model a cell, and more."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np

import seqcompare
from seqcompare.data.options import STEPWISE
from seqcompare.families import Family, ModelSpec, Problem, Settings
from seqcompare.models.common_symbols import lumped, of_common, told_apart, words_of
from seqcompare.models.pieces import InPieces, NumbersInPieces
from seqcompare.models.recurrent.cell import Cell
from seqcompare.models.recurrent.cells import CELLS
from seqcompare.models.recurrent.insight import GATES, GRADIENTS, look_inside
from seqcompare.needs import Needs, Traits
from seqcompare.typing import Record

# steps that gates remember at the start, for data in which most of what matters is near
SHORT = 8
LONG = 400
PIECE = 200
_BOTH = "bi"
# densities of numbers overfit soon: what is held out says when to stop
_OF_NUMBERS: Record = {
    "early_stopping": True,
    "validation_fraction": 0.2,
    "batch_size": 4,
    "learning_rate_init": 0.002,
    "alpha": 1.0,
}
# sequences that it takes to hold some out
_HELD_OUT = 10
# of all weights: gradients, two moments, the best so far, and copies
_COPIES_OF_WEIGHTS = 8
# cells that are entered in sweeps, and in comparisons only if asked for
_ON_REQUEST = ("elman", "jordan")

#: Units of all speeds, hardly squashed: of one network the one that does most.
_BROAD: Settings = {"spectral_radius": 0.99, "input_scaling": 0.3, "leak": (0.1, 1.0)}
#: Networks that are tried: a usual one, a broad one, and one of slow units.
_SETTINGS: tuple[Settings, ...] = ({"spectral_radius": 0.9}, _BROAD, {"spectral_radius": 0.9, "leak": 0.2})


def _net(
    cell: str,
    both_ways: bool,
    problem: Problem,
    hidden_size: int,
    pooling: str = "last",
    short: bool = False,
    symbols: int | None = None,
) -> Any:
    """Return a tagger, also of the next step, a classifier or a regressor."""
    how: Record = {
        "cell": cell,
        "hidden_size": hidden_size,
        "n_layers": CELLS[cell].layers,
        "max_iter": problem.budget.epochs,
        "max_seconds": problem.budget.max_seconds,
        "bidirectional": both_ways,
    }
    if problem.task is None:
        how |= within_the_data(problem)
    if short:
        how |= {"timescale": SHORT, "dropout": 0.2}
    if problem.role == "next" and problem.kind == "real":
        return (
            None
            if both_ways or problem.n_train < _HELD_OUT
            else seqcompare.NextStep(seqcompare.RNNStepRegressor(**how | _OF_NUMBERS))
        )
    if problem.role == "step-value":
        numbers: Any = seqcompare.RNNStepRegressor(**how)
        return NumbersInPieces(numbers, PIECE) if problem.task is None and problem.longest > LONG else numbers
    if problem.role in ("next", "step"):
        if problem.role == "next" and both_ways:
            return None
        tagger: Any = seqcompare.RNNTagger(**how)
        if problem.task is None and problem.longest > LONG:
            tagger = InPieces(tagger, PIECE)
        tagger = of_common(tagger, symbols)
        return seqcompare.NextStep(tagger) if problem.role == "next" else tagger
    if both_ways and (problem.task is not None or problem.role == "value"):
        return None
    if problem.role == "sequence":
        return seqcompare.RNNClassifier(**how, pooling=pooling)
    return seqcompare.RNNRegressor(**how, pooling=pooling) if problem.role == "value" else None


def within_the_data(problem: Problem) -> Record:
    """Return how to train where time counts: in batches of the data's size, until it gains no more."""
    return {
        "early_stopping": problem.n_train >= 40 or problem.longest > LONG,
        "batch_size": int(np.clip(problem.n_train // 10, 8, 32)) if problem.longest <= LONG else 32,
        "n_iter_no_change": 12,
    }


def _grid(cell: str, both_ways: bool, problem: Problem) -> list[Settings]:
    """Return the sizes, some with gates that begin with a short memory, that the data allow."""
    sizes: dict[str, tuple[int, ...]]
    shorts: dict[str, tuple[int, ...]] = {}
    if problem.role in STEPWISE:
        if problem.role == "next" and both_ways:
            return []
        if problem.role == "next" and problem.kind == "real":
            return (
                [{"hidden_size": n} for n in (8, 16)]
                if cell == "gru" and problem.n_train >= _HELD_OUT
                else []
            )
        if problem.large:
            sizes = {"mingru": (64,), "lru": (64,), "gru": (64,), "lstm": ()}
            shorts = {"gru": (64, 96)}
        else:
            sizes = {"gru": (8, 32), "lstm": (32, 64)}
            if problem.longest > LONG // 2:
                shorts = {"gru": (32,), "lstm": (64,)}
        pooling: Record = {}
    elif problem.role == "sequence":
        many = problem.n_steps > 200_000
        sizes = {"gru": (16, 24) if many else (16, 32, 64), "lstm": (32,)}
        pooling = {"pooling": "mean"} if both_ways else {}
    else:
        if both_ways:
            return []
        sizes, pooling = {"gru": (16, 32), "lstm": (32,)}, {}
    fallback = () if cell in _ON_REQUEST else (32,)
    found: list[Settings] = [{"hidden_size": n, **pooling} for n in sizes.get(cell, fallback)]
    found += [{"hidden_size": n, "short": True} for n in shorts.get(cell, ())]
    if problem.role == "value" and cell == "gru":
        found.append({"hidden_size": 32, "pooling": "mean"})
    return lumped(problem, found)


def _label(title: str, settings: Settings) -> str:
    short = f", timescale {SHORT}" if settings.get("short") else ""
    pooling = f", {settings['pooling']}" if "pooling" in settings else ""
    return f"{title} {settings['hidden_size']}{short}{pooling}{words_of(settings)}"


def _seed_key(cell: Cell, both_ways: bool, problem: Problem, settings: Settings) -> str:
    """Return what seeds of comparisons were made of when networks in both directions were called two-way."""
    if problem.task is not None:
        return _label(f"Bi{cell.title}" if both_ways else cell.title, settings)
    plain = _label(cell.title, {k: v for k, v in settings.items() if k != "pooling"})
    if both_ways:
        return f"two-way {plain}"
    return f"mean of {plain}" if "pooling" in settings else plain


def _seconds(cell: Cell, both_ways: bool, problem: Problem, settings: Settings) -> float:
    each = cell.seconds * (1.6 if both_ways else 1.0) * (0.3 + int(settings["hidden_size"]) / 64)
    return problem.n_steps * problem.budget.epochs * (each + seconds_of_answer(problem, settings))


def seconds_of_answer(problem: Problem, settings: Settings) -> float:
    """Return the seconds that a step takes to be answered, and to be learned from, by a softmax."""
    _, classes = told_apart(problem, settings)
    return classes * (1e-8 + 2e-10 * int(settings["hidden_size"]))


def bytes_of_net(both_ways: bool, problem: Problem, settings: Settings) -> float:
    """Return the size of what a network keeps of a batch and of its answers, and of its weights."""
    # here, since planning should not cost the import
    from seqcompare.models.recurrent.chunks import OUTPUTS_AT_ONCE

    units = int(settings["hidden_size"]) * (2 if both_ways else 1)
    symbols, classes = told_apart(problem, settings)
    weights = units * (symbols + classes + 16 * units)
    batch = min(32 * min(problem.longest, LONG), problem.n_steps)
    answers = min(max(batch, problem.n_scored / 10) * classes, OUTPUTS_AT_ONCE)
    return 4.0 * (_COPIES_OF_WEIGHTS * weights + 16 * batch * units + 4 * answers)


def _theory(cell: Cell, both_ways: bool, needs: Needs, traits: Traits) -> bool | None:
    """Return whether a construction of so many units is known; what training finds is another matter."""
    if needs.distance < 0 and traits.causal and not both_ways:
        return False
    enough = None if cell.storage is None else needs.units.get(cell.storage)
    return True if enough is not None and traits.capacity >= enough else None


def _any_net(needs: Needs, traits: Traits) -> bool | None:
    """Return what theory says of the kind that is named, of an LSTM where none is."""
    name = traits.model or "lstm"
    cell = name.removeprefix(_BOTH)
    if cell not in CELLS:
        raise ValueError(f"expected a cell of {', '.join(CELLS)}, got {name!r}")
    return _theory(CELLS[cell], name.startswith(_BOTH), needs, traits)


@cache  # a kind is the same one whenever it is asked for
def _spec(cell: Cell, both_ways: bool) -> ModelSpec:
    title = f"Bi{cell.title}" if both_ways else cell.title
    gated = len(cell.gates) > 1 and cell.storage != "linear"
    return ModelSpec(
        f"{_BOTH if both_ways else ''}{cell.name}",
        title,
        partial(_net, cell.name, both_ways),
        partial(_grid, cell.name, both_ways),
        sizes=(32,),
        capacity="hidden_size",
        capacity_name="hidden units",
        label=partial(_label, title),
        ahead=both_ways,
        cost=partial(_seconds, cell, both_ways),
        memory=partial(bytes_of_net, both_ways),
        can_represent=partial(_theory, cell, both_ways),
        look=None if both_ways else look_inside,
        looks=() if both_ways else ((GRADIENTS, GATES) if gated else (GRADIENTS,)),
        seed_key=partial(_seed_key, cell, both_ways),
    )


def _echo_state(
    problem: Problem, n_units: int, pooling: str = "last", symbols: int | None = None, **network: Any
) -> Any:
    """Return a tagger, also of the next step, a classifier or a regressor."""
    if not network and problem.task is not None:
        network = dict(_BROAD)  # sweeps ask how far back, of one setting
    if problem.role == "next":
        kind: Any = seqcompare.EchoStateTagger
        if problem.kind == "real":
            kind = seqcompare.EchoStateStepRegressor
        return seqcompare.NextStep(of_common(kind(n_units, **network), symbols))
    if problem.role in ("step", "step-value"):
        step = seqcompare.EchoStateTagger if problem.role == "step" else seqcompare.EchoStateStepRegressor
        return of_common(step(n_units, **network), symbols)
    kinds = {"sequence": seqcompare.EchoStateClassifier, "value": seqcompare.EchoStateRegressor}
    return kinds[problem.role](n_units, pooling=pooling, **network) if problem.role in kinds else None


def _echo_grid(problem: Problem) -> list[Settings]:
    """Return networks of fast and of slow units; of whole sequences also by their mean."""
    found: list[Settings] = [{"n_units": 200, **settings} for settings in _SETTINGS]
    if problem.role in ("sequence", "value"):
        found += [{**settings, "pooling": "mean"} for settings in found[:2]]
    return lumped(problem, found)


def _echo_label(settings: Settings) -> str:
    words = {"spectral_radius": "radius", "leak": "leak", "input_scaling": "input"}
    rest = "".join(f", {word} {_shown(settings[key])}" for key, word in words.items() if key in settings)
    pooling = f", {settings['pooling']}" if "pooling" in settings else ""
    return f"echo state {settings['n_units']}{rest}{pooling}{words_of(settings)}"


def _shown(value: Any) -> str:
    return "-".join(f"{end:g}" for end in value) if isinstance(value, (tuple, list)) else f"{value:g}"


def _echo_seconds(problem: Problem, settings: Settings) -> float:
    """Return the time that states take, and the sums that the read-out is fitted from."""
    n_units, (symbols, classes) = int(settings["n_units"]), told_apart(problem, settings)
    width = n_units + max(problem.n_channels, symbols) + max(classes, 1)
    fits = 6 if problem.role == "next" and problem.kind == "real" else 1  # its errors are those of five more
    return fits * (0.1 + problem.n_steps * (5e-8 * n_units + 1e-10 * width**2))


def _echo_bytes(problem: Problem, settings: Settings) -> float:
    """Return the size of sums of products of all that the read-out sees and answers, and of all answers."""
    _, classes = told_apart(problem, settings)
    width = 2 * int(settings["n_units"]) + classes
    return 1e8 + 8.0 * (8 * width**2 + 2 * problem.n_scored * classes)


def _echo_theory(needs: Needs, traits: Traits) -> bool | None:
    """Return False where later steps are needed; what a network that was drawn can do else is open."""
    return False if needs.distance < 0 and traits.causal else None


_ECHO_STATE = ModelSpec(
    "echo-state",
    "echo state",
    _echo_state,
    _echo_grid,
    sizes=(200,),
    capacity="n_units",
    capacity_name="units",
    label=_echo_label,
    cost=_echo_seconds,
    memory=_echo_bytes,
    can_represent=_echo_theory,
)


def _models() -> tuple[ModelSpec, ...]:
    """Return a model for every cell there is, and one in both directions for those with gates."""
    cells = list(CELLS.values())
    forwards = [_spec(cell, False) for cell in cells]
    return (*forwards, *(_spec(cell, True) for cell in cells if len(cell.gates) > 1), _ECHO_STATE)


FAMILY = Family(
    "recurrent",
    "recurrent",
    "#D55E00",
    "D",
    _models,
    _any_net,
    head="recurrent network",
    plural="recurrent networks",
)
