"""The smallest automaton that is practically as good as a fitted model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import t as student
from sklearn.utils import check_random_state

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_labels, check_step_weights
from seqcompare.models.alphabet import encode, find_symbols
from seqcompare.models.hmm.settings import check_integer
from seqcompare.models.machine.automaton import Automaton, merged, reached, read_edges, recurrent
from seqcompare.models.machine.histories import Asked, ask
from seqcompare.models.machine.kernels import expect_edges, log_from_each
from seqcompare.typing import Floats, Labels, RandomState, SequencesLike, TargetsLike, WeightsLike

#: Bits a step that a smaller machine may cost.
TOLERANCE = 0.003
# The share of sequences that decide; long sequences are cut so that there are some.
_HELD_OUT, _FEWEST, _PIECE = 0.4, 10, 200
_ITERATIONS = 40
# States alike to this belong together; a symbol that was never read after a state has such a count.
_ALIKE, _COUNT = 0.05, 0.01
# In machines of so many states edges are filled that no history took, where that changes the bits by more.
_MOST_FILLED, _NOTHING = 12, 1e-6
#: Alphabets larger than this have too many edges for a machine that anybody could read.
MOST_SYMBOLS = 32


@dataclass(frozen=True, eq=False)
class MinimalMachine:
    """What `minimal_machine` found."""

    automaton: Automaton | None
    """The machine; None where no finite one is practically as good as the model."""
    loss: float
    """Bits a step of the machine, or of the best that was tried, on the held-out sequences."""
    model_loss: float
    """Bits a step of the model on the same steps."""
    sentence: str
    """What was found, in words."""
    _table: pd.DataFrame

    @property
    def n_states(self) -> int | None:
        """How many states the machine has."""
        return None if self.automaton is None else self.automaton.n_states

    def frame(self) -> pd.DataFrame:
        """Return the loss of the best machine of each size: ``n_states``, ``loss`` in bits a step."""
        return self._table.copy()

    def __str__(self) -> str:
        return self.sentence if self.automaton is None else f"{self.sentence}\n{self.automaton}"

    def _repr_html_(self) -> str:
        picture = "" if self.automaton is None else self.automaton.to_svg()
        return f"<p>{self.sentence}</p>{picture}"


class _Data(NamedTuple):
    """Sequences, the codes of what is to be predicted, and what each counts for."""

    sequences: Sequences
    truth: NDArray[np.int64]
    weights: Floats

    def take(self, chosen: NDArray[np.intp]) -> _Data:
        """Return some sequences of them."""
        whole = self.sequences
        truth = whole.with_values(self.truth).take(chosen).values
        weights = whole.with_values(self.weights).take(chosen).values
        return _Data(whole.take(chosen), truth, weights)

    def losses(self, proba: Floats, *, ahead: bool) -> Floats:
        """Return the weighted bits of each sequence, from probabilities after each step."""
        rows = np.arange(len(self.truth))
        before = rows - 1 if ahead else rows
        p = np.where(self.truth < proba.shape[1], proba[before, self.truth % proba.shape[1]], 0.0)
        bits = -np.log2(np.maximum(p, 1e-12)) * self.weights
        return np.add.reduceat(bits, self.sequences.offsets[:-1])


def minimal_machine(
    model: Any,
    X: SequencesLike,
    y: TargetsLike | None = None,
    *,
    sample_weight: WeightsLike | None = None,
    max_states: int = 8,
    tolerance: float = TOLERANCE,
    random_state: RandomState = 0,
) -> MinimalMachine:
    """Find the smallest automaton that is practically as good as a fitted model of symbols.

    Histories are clustered by what the model says of their futures; clusters become the states of machines of
    1 to `max_states` states, whose edges are where histories mostly go. States that predict alike are
    merged. Of the machines the smallest is taken that costs at most `tolerance` more than the best, on
    sequences that were held out. What it shows is what the model has learned, which need not be all there is.

    Parameters
    ----------
    model : estimator
        A fitted density over symbols, or a fitted tagger that looks at no later step.
    X : sequences of symbols
        Data of the kind that the model is for: histories are taken from three fifths, two decide.
    y : one label a step
        Of a tagger, the labels.
    sample_weight : one weight a sequence or a step, optional
        Where only some steps count, those alone are predicted.
    max_states : int, default=8
        The most states tried.
    tolerance : float, default=0.003
        Bits a step.
    random_state : int, RandomState or None, default=0
        Which sequences are looked at.

    Returns
    -------
    MinimalMachine
        The machine, or that there is none of so few states.

    Raises
    ------
    ValueError
        If the model is none of symbols, looks ahead, or the data do not go with it.

    References
    ----------
    Crutchfield and Young (1989), Inferring statistical complexity; Shalizi and Klinkner (2004), Blind
    construction of optimal nonlinear recursive predictors for discrete sequences.
    """
    check_integer("max_states", max_states)
    labels = not hasattr(model, "predict_next_proba")
    data, symbols, answers, some = _read(model, X, y, sample_weight)
    rng = check_random_state(random_state)
    order = rng.permutation(len(data.sequences))
    n_held = max(1, round(_HELD_OUT * len(order)))
    held, build = data.take(np.sort(order[:n_held])), data.take(np.sort(order[n_held:]))
    weights = build.weights if some and not labels else None
    asked = ask(model, build.sequences, weights, symbols, answers, rng)
    found: list[tuple[int, float, Floats, Automaton]] = []
    total = float(held.weights.sum())
    for states in _clusterings(asked, max_states):
        for machine in _machines(asked, states, build, symbols, answers, generates=not labels and not some):
            if machine.n_states <= max_states:
                losses = held.losses(machine.beliefs(held.sequences) @ machine.proba, ahead=not labels)
                found.append((machine.n_states, float(losses.sum()) / total, losses, machine))
    proba = model.predict_proba(held.sequences) if labels else model.predict_next_proba(held.sequences)
    own = held.losses(_aligned(Sequences(proba).values, model, answers), ahead=not labels)
    model_loss = float(own.sum()) / total
    sizes = sorted({n for n, *_ in found})
    table = pd.DataFrame(
        [(n, min(loss for k, loss, *_ in found if k == n)) for n in sizes], columns=["n_states", "loss"]
    )
    best = float(table["loss"].min())
    chosen = min((c for c in found if c[1] <= best + tolerance), key=lambda c: (c[0], c[1]))
    gap = chosen[2] - own
    if _costs(gap, held, tolerance):
        words = (
            f"No finite machine: none up to {max_states} states is as good as the model; the best has "
            f"{best:.3f} bits a step where the model has {model_loss:.3f}."
        )
        return MinimalMachine(None, best, model_loss, words, table)
    n_states, loss, _, machine = chosen
    words = (
        f"A machine of {n_states} state{'' if n_states == 1 else 's'} does what the model does: "
        f"{loss:.3f} bits a step where the model has {model_loss:.3f}."
    )
    return MinimalMachine(machine, loss, model_loss, words, table)


def _costs(gap: Floats, held: _Data, tolerance: float) -> bool:
    """Return whether the machine is worse than the model by more than half of `tolerance`, not by luck."""
    n = len(gap)
    steps = np.add.reduceat(held.weights, held.sequences.offsets[:-1])
    mean = float(gap.sum() / steps.sum())
    if mean <= tolerance / 2:
        return False
    if n < 3:
        return mean > tolerance
    spread = float((gap - mean * steps).std(ddof=1)) * np.sqrt(n) / steps.sum()
    return bool(mean > student.ppf(0.95, n - 1) * spread)


def _read(
    model: Any, X: SequencesLike, y: TargetsLike | None, sample_weight: WeightsLike | None
) -> tuple[_Data, Labels, Labels, bool]:
    """Return the data, what is read and what is predicted, and whether only some steps count."""
    name = type(model).__name__
    sequences = Sequences(X)
    labels = not hasattr(model, "predict_next_proba")
    of_symbols = hasattr(model, "classes_" if labels else "symbols_")
    if sequences.kind != "symbols" or not of_symbols:
        raise ValueError(
            f"minimal_machine is for fitted densities over symbols and fitted taggers of symbols, got {name} "
            f"and {sequences.kind} steps"
        )
    if labels and not model.causal:
        raise ValueError(f"minimal_machine needs a model that looks at no later step, and {name} does")
    symbols = find_symbols(sequences.values) if labels else np.asarray(model.symbols_)
    if len(symbols) > MOST_SYMBOLS:
        raise ValueError(
            f"minimal_machine takes up to {MOST_SYMBOLS} symbols, and there are {len(symbols)}: nobody "
            "could read its edges"
        )
    weights = check_step_weights(sample_weight, sequences)
    if labels:
        if y is None:
            raise ValueError(f"{name} labels steps: minimal_machine needs y")
        answers = np.asarray(model.classes_)
        truth = encode(check_step_labels(y, sequences), answers)
        some = False
    else:
        answers, truth = symbols, encode(sequences.values, symbols)
        weights = weights * (sequences.step_index > 0)
        some = bool((weights[sequences.step_index > 0] == 0).any())
    if not weights.any():
        raise ValueError("no step of X counts: all weights are 0, or sequences have one step")
    if len(sequences) < _FEWEST:
        if labels or some:
            raise ValueError(f"minimal_machine needs at least {_FEWEST} sequences here, got {len(sequences)}")
        sequences = Sequences(
            [
                piece
                for sequence in sequences
                for piece in np.array_split(sequence, max(1, len(sequence) // _PIECE))
            ]
        )
        weights = np.asarray(sequences.step_index > 0, dtype=np.float64)
    if len(sequences) < 3:
        raise ValueError(f"minimal_machine needs 3 sequences, or {3 * _PIECE} steps, got less")
    return _Data(sequences, truth, weights), symbols, answers, some


def _clusterings(asked: Asked, max_states: int) -> list[NDArray[np.int64]]:
    """Return ways to put histories into states."""
    tree = linkage(asked.features, "ward")
    cuts = [fcluster(tree, k, "maxclust").astype(np.int64) - 1 for k in range(1, max_states + 1)]
    # labels are told apart outright; clusters that are many are noise of the model
    return cuts + [states for states in asked.hard if states.max() < 30 * max_states]


def _machines(
    asked: Asked, states: NDArray[np.int64], data: _Data, symbols: Labels, answers: Labels, *, generates: bool
) -> list[Automaton]:
    """Return the machines that histories in these states make."""
    n = int(states.max()) + 1
    codes = encode(asked.sequences.values, symbols)
    state = np.where(asked.state >= 0, states[asked.state], -1)
    counts = np.zeros((n, len(symbols), n))
    known = codes < len(symbols)
    pair = np.flatnonzero((state[:-1] >= 0) & (state[1:] >= 0) & known[1:])
    pair = pair[asked.sequences.step_index[pair + 1] > 0]
    np.add.at(counts, (state[pair], codes[pair + 1], state[pair + 1]), 1.0)
    made = [_made(counts, asked, state, data, symbols, answers, generates)]
    if generates and n > 1 and known.all():
        soft = _shared_out(counts, codes, np.array(asked.sequences.offsets))
        made.append(_made(soft, asked, state, data, symbols, answers, generates))
    return [machine for machine in made if machine is not None]


def _shared_out(counts: Floats, codes: NDArray[np.int64], offsets: NDArray[np.int64]) -> Floats:
    """Return the counts that EM of a chain that emits on its edges comes to, from these."""
    n = len(counts)
    for _ in range(_ITERATIONS):
        edges = counts + 1e-3
        edges /= edges.sum(axis=(1, 2), keepdims=True)
        counts = np.zeros_like(counts)
        expect_edges(edges, np.full(n, 1 / n), codes, offsets, counts)
    return counts


def _made(
    counts: Floats,
    asked: Asked,
    state: NDArray[np.int64],
    data: _Data,
    symbols: Labels,
    answers: Labels,
    generates: bool,
) -> Automaton | None:
    """Return the machine that goes where histories mostly went, merged, with its probabilities counted."""
    n = len(counts)
    seen = counts.sum(axis=2)
    transitions = np.where(seen > 0, counts.argmax(axis=2), -1)
    start = np.full(n, 1 / n)
    labels = answers is not symbols
    if labels:
        # one more state, before the first step
        first = np.zeros((len(symbols), n))
        codes = encode(asked.sequences.values, symbols)
        begin = asked.sequences.offsets[:-1]
        begin = begin[(codes[begin] < len(symbols)) & (state[begin] >= 0)]
        np.add.at(first, (codes[begin], state[begin]), 1.0)
        row = np.where(first.sum(axis=1) > 0, first.argmax(axis=1), -1)
        transitions = np.vstack([transitions, row])
        start = np.append(np.zeros(n), 1.0)
    if generates:
        p = (seen + _COUNT) / (seen + _COUNT).sum(axis=1, keepdims=True)
    else:
        p = np.full((len(transitions), len(answers)), 1 / len(answers))
    machine = Automaton(symbols, answers, transitions, p, start, generates)
    if not generates and n <= _MOST_FILLED:
        machine = _filled(_counted(machine, data, labels), data, labels)
    for _ in range(3):
        machine = _counted(machine, data, labels)
        machine = reached(machine) if labels else recurrent(machine)
        machine = _merge(machine, data, labels)
    return _counted(machine, data, labels)


def _filled(machine: Automaton, data: _Data, labels: bool) -> Automaton:
    """Return the machine with edges that no history went along, but the data do: those that fit them best."""
    for state, symbol in np.argwhere(machine.transitions < 0):
        tried, losses = [], []
        for other in range(machine.n_states):
            transitions = machine.transitions.copy()
            transitions[state, symbol] = other
            tried.append(replace(machine, transitions=transitions))
            proba = tried[-1].beliefs(data.sequences) @ machine.proba
            losses.append(float(data.losses(proba, ahead=not labels).sum()))
        if max(losses) - min(losses) > _NOTHING:
            machine = tried[int(np.argmin(losses))]
    return machine


def _counted(machine: Automaton, data: _Data, labels: bool) -> Automaton:
    """Return the machine with probabilities as often as things came in its states, and its start likewise."""
    start = machine.start
    belief = machine.beliefs(data.sequences)
    before = belief if labels else _before(belief, start, data.sequences)
    known = data.truth < len(machine.answers)
    if machine.generates:
        # a state that never gives what came was none that was left
        before = before * machine.proba[:, data.truth % len(machine.answers)].T
        before /= before.sum(axis=1, keepdims=True)
    counts = np.zeros((machine.n_states, len(machine.answers)))
    np.add.at(counts.T, data.truth[known], (before * data.weights[:, None])[known])
    proba = (counts + _COUNT) / (counts + _COUNT).sum(axis=1, keepdims=True)
    if not labels:
        start = _first_states(replace(machine, proba=proba), data)
    return replace(machine, proba=proba, start=start)


def _first_states(machine: Automaton, data: _Data) -> Floats:
    """Return the shares of states that sequences start in, by EM: of each state there is one path."""
    codes = encode(data.sequences.values, machine.symbols)
    logs = np.empty((len(data.sequences), machine.n_states))
    log_from_each(
        machine.transitions,
        np.log(machine.proba),
        codes,
        data.truth,
        # what machines generate tells of the start from the first step on
        np.ones(len(codes)) if machine.generates else data.weights,
        np.array(data.sequences.offsets),
        logs,
    )
    fits = np.exp(logs - logs.max(axis=1, keepdims=True))
    start = np.full(machine.n_states, 1 / machine.n_states)
    for _ in range(_ITERATIONS):
        shares = start * fits
        found = (shares / shares.sum(axis=1, keepdims=True)).sum(axis=0)
        # as if one more sequence had begun anywhere: none of the states is out of the question
        start = (found + 1 / machine.n_states) / (len(fits) + 1)
    return np.asarray(start)


def _before(belief: Floats, start: Floats, sequences: Sequences) -> Floats:
    before = np.empty_like(belief)
    before[1:] = belief[:-1]
    before[sequences.offsets[:-1]] = start
    return before


def _merge(machine: Automaton, data: _Data, labels: bool) -> Automaton:
    belief = machine.beliefs(data.sequences)
    counted = belief if labels else _before(belief, machine.start, data.sequences)
    weight = (counted * data.weights[:, None]).sum(axis=0)
    return merged(machine, weight, _ALIKE, read=read_edges(machine))


def _aligned(proba: Any, model: Any, answers: Labels) -> Floats:
    """Return the model's probabilities in the order of `answers`."""
    columns = model.symbols_ if hasattr(model, "predict_next_proba") else model.classes_
    found = np.zeros((len(proba), len(answers)))
    found[:, encode(np.asarray(columns), answers)] = proba
    return found
