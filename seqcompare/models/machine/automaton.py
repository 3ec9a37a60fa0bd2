"""A deterministic automaton whose states say what comes next, or what the label is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse.csgraph import breadth_first_order, connected_components

from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import encode
from seqcompare.models.machine.kernels import follow
from seqcompare.typing import Floats, Labels, SequencesLike
from seqcompare.user_text import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Edges less probable than this do not count where automata are held against each other, and are not drawn.
LEAST = 0.01


@dataclass(frozen=True, eq=False)
class Automaton:
    """A machine that is in one of a few states, and reads symbols.

    Parameters
    ----------
    symbols : ndarray of shape (S,)
        What it reads.
    answers : ndarray of shape (A,)
        What is predicted: the symbols, or labels.
    transitions : ndarray of int64, shape (K, S)
        The state after a state has read a symbol; -1 where that was never seen.
    proba : ndarray of shape (K, A)
        Probabilities of the next symbol in a state, or of the label of the step that led to it.
    start : ndarray of shape (K,)
        Probabilities of the state before the first step.
    generates : bool
        Whether `proba` are those of the next symbol at every step, so that what comes tells of the state it
        came from; the machine is then an epsilon machine (Crutchfield and Young 1989), a source of its own.
    """

    symbols: Labels
    answers: Labels
    transitions: NDArray[np.int64]
    proba: Floats
    start: Floats
    generates: bool

    @property
    def n_states(self) -> int:
        """How many states there are."""
        return len(self.transitions)

    def follow(self, X: SequencesLike) -> SequencesLike:
        """Return p(state after step t | steps 0..t), shape (T_i, K) a sequence, in X's container.

        Parameters
        ----------
        X : sequences of symbols
            What is read. A symbol that is not among `symbols` is passed over.
        """
        sequences = Sequences(X)
        return sequences.pack(self.beliefs(sequences))

    def beliefs(self, sequences: Sequences) -> Floats:
        """Return the rows of `follow`, end to end, shape (n_steps, K)."""
        fits = np.ascontiguousarray(self.proba) if self.generates else np.ones(self.transitions.shape)
        belief = np.empty((sequences.n_steps, self.n_states))
        codes = encode(sequences.values, self.symbols)
        follow(self.transitions, fits, self.start, codes, np.array(sequences.offsets), belief)
        return belief

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return what is predicted after each step, shape (T_i, A) a sequence, in X's container.

        Of a machine of next symbols, row t is p(x[t+1] | x[..t]); of labels, p(y[t] | x[..t]).
        """
        sequences = Sequences(X)
        return sequences.pack(self.beliefs(sequences) @ self.proba)

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the most probable answer after each step, in X's container."""
        sequences = Sequences(X)
        return sequences.pack(self.answers[np.argmax(self.beliefs(sequences) @ self.proba, axis=1)])

    def frame(self) -> pd.DataFrame:
        """Return a row an edge, or a state and answer.

        Returns
        -------
        DataFrame
            ``state``, numbered from 0; ``start``, the probability to begin there; ``symbol`` and ``next``, an
            edge (next is -1 in rows that are none); ``answer`` and ``proba``, what is predicted in the state:
            of a machine that generates, the symbol of the edge, else in a row of its own.
        """
        rows = []
        for state in range(self.n_states):
            known = {"state": state, "start": float(self.start[state])}
            for code, after in enumerate(self.transitions[state].tolist()):
                if after >= 0:
                    p = float(self.proba[state, code]) if self.generates else np.nan
                    symbol = self.symbols[code].item()
                    rows.append({**known, "symbol": symbol, "next": after, "answer": None, "proba": p})
            if not self.generates:
                for answer, p in zip(self.answers.tolist(), self.proba[state].tolist(), strict=True):
                    rows.append({**known, "symbol": None, "next": -1, "answer": answer, "proba": p})
        table = pd.DataFrame(
            rows, columns=["state", "start", "symbol", "next", "answer", "proba"], dtype=object
        )
        return table.astype({"state": int, "start": float, "next": int, "proba": float})

    def same_as(self, other: Automaton, tolerance: float = 0.06) -> bool:
        """Return whether two machines are the same but for the numbers of their states.

        Both are walked along the edges that can be taken, from one state of this and each of the other; every
        probability may differ by `tolerance`.

        Parameters
        ----------
        other : Automaton
            The other.
        tolerance : float
            How far probabilities may be apart.
        """
        alike = self.n_states == other.n_states and self.symbols.tolist() == other.symbols.tolist()
        if not alike or self.answers.tolist() != other.answers.tolist():
            return False
        first = int(np.argmax(self.start))
        return any(self._matches(other, first, state, tolerance) for state in range(other.n_states))

    def _matches(self, other: Automaton, first: int, second: int, tolerance: float) -> bool:
        pairs, waiting = {first: second}, [first]
        while waiting:
            mine = waiting.pop()
            theirs = pairs[mine]
            if np.abs(self.proba[mine] - other.proba[theirs]).max() > tolerance:
                return False
            for code in range(len(self.symbols)):
                if self.generates and max(self.proba[mine, code], other.proba[theirs, code]) <= LEAST:
                    continue
                mine_next, theirs_next = self.transitions[mine, code], other.transitions[theirs, code]
                if min(mine_next, theirs_next) < 0:
                    if mine_next != theirs_next:
                        return False
                elif mine_next not in pairs:
                    pairs[mine_next] = theirs_next
                    waiting.append(mine_next)
                elif pairs[mine_next] != theirs_next:
                    return False
        return len(pairs) == self.n_states and len(set(pairs.values())) == self.n_states

    def draw(self, ax: Axes | None = None) -> Axes:
        """Draw the states as circles and what is read as arrows; return the axes."""
        from seqcompare.automaton_drawing import draw_automaton

        return draw_automaton(self.frame(), ax)

    def to_svg(self) -> str:
        """Return the drawing as SVG."""
        from seqcompare.automaton_drawing import automaton_svg

        return automaton_svg(self.frame())

    def to_text(self) -> str:
        """Return a line a state."""
        lines = []
        for state in range(self.n_states):
            edges: dict[int, list[str]] = {}
            for code, after in enumerate(self.transitions[state].tolist()):
                if after >= 0 and (not self.generates or self.proba[state, code] > LEAST):
                    chance = f" ({self.proba[state, code]:.2f})" if self.generates else ""
                    edges.setdefault(after, []).append(f"{shown(self.symbols[code].item())}{chance}")
            ways = "; ".join(f"{', '.join(read)} -> {after}" for after, read in edges.items())
            begin = " (start)" if self.start[state] > 0.5 else ""
            says = ""
            if not self.generates:
                order = np.argsort(-self.proba[state], kind="stable")[:3]
                likely = [i for i in order if self.proba[state, i] > LEAST]
                says = ", ".join(
                    f"{shown(self.answers[i].item())} {self.proba[state, i]:.2f}" for i in likely
                )
                says = f" says {says};"
            lines.append(f"state {state}{begin}:{says} {ways}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.to_text()

    def _repr_svg_(self) -> str:
        return self.to_svg()


def merged(machine: Automaton, weight: Floats, within: float, *, read: NDArray[np.bool_]) -> Automaton:
    """Merge states that predict alike and lead to the same states, by refinement of partitions (Moore 1956).

    Parameters
    ----------
    machine : Automaton
        The machine.
    weight : ndarray of shape (K,)
        How much was seen of each state; one of which nothing was seen predicts like any.
    within : float
        Probabilities that differ by no more are alike.
    read : ndarray of bool, shape (K, S)
        Which edges count: those along which something came. The others go with any.
    """
    transitions, proba, n = machine.transitions, machine.proba, machine.n_states
    # the most frequent first: they tell best what is predicted
    order = np.argsort(-weight, kind="stable").tolist()
    leaders: list[int] = []
    group = np.zeros(n, dtype=np.int64)
    for state in order:
        near = [g for g, other in enumerate(leaders) if np.abs(proba[state] - proba[other]).max() <= within]
        if not near and (weight[state] > 0 or not leaders):
            near = [len(leaders)]
            leaders.append(state)
        group[state] = near[0] if near and weight[state] > 0 else -1
    after = np.where(read, transitions, -1)
    like_any = group < 0
    # refinement takes no more rounds than there are states; what goes with any might change sides for ever
    for _ in range(n):
        alike = np.where(like_any, -1, group)
        found = _refine(alike, np.where(after >= 0, group[after], -1), order)
        if np.array_equal(found, group):
            break
        group = found
    n_groups = int(group.max()) + 1
    small = np.full((n_groups, transitions.shape[1]), -1)
    share = np.zeros((n_groups, n))
    share[group, np.arange(n)] = np.maximum(weight, 1e-12)
    for state in order:
        open_ = (small[group[state]] < 0) & (after[state] >= 0)
        small[group[state], open_] = group[after[state, open_]]
    mean = (share @ proba) / share.sum(axis=1, keepdims=True)
    start = np.asarray(np.bincount(group, machine.start, minlength=n_groups), dtype=np.float64)
    return replace(machine, transitions=small, proba=mean, start=start)


def _refine(group: NDArray[np.int64], key: NDArray[np.int64], order: list[int]) -> NDArray[np.int64]:
    """Return finer groups: of one group, or of any if that is -1, and with edges into the same groups."""
    kinds: list[tuple[int, NDArray[np.int64]]] = []
    new = np.empty_like(group)
    for state in order:
        for number, (mine, known) in enumerate(kinds):
            free = (known < 0) | (key[state] < 0)
            if group[state] in (mine, -1) and (free | (known == key[state])).all():
                kinds[number] = (mine, np.where(known < 0, key[state], known))
                break
        else:
            number = len(kinds)
            kinds.append((int(group[state]), key[state]))
        new[state] = number
    return new


def pruned(machine: Automaton, keep: NDArray[np.bool_]) -> Automaton:
    """Leave states out; edges to them are never taken."""
    number = np.append(np.where(keep, np.cumsum(keep) - 1, -1), -1)
    start = machine.start[keep]
    start = start / start.sum() if start.sum() > 0 else np.full(len(start), 1 / len(start))
    return replace(
        machine, transitions=number[machine.transitions[keep]], proba=machine.proba[keep], start=start
    )


def read_edges(machine: Automaton) -> NDArray[np.bool_]:
    """Return the edges along which something comes now and then, shape (K, S)."""
    often = machine.proba > LEAST if machine.generates else np.ones(machine.transitions.shape, dtype=bool)
    return often & (machine.transitions >= 0)


def recurrent(machine: Automaton) -> Automaton:
    """Return the part of the machine that it stays in."""
    graph = _graph(machine)
    _, part = connected_components(graph, directed=True, connection="strong")
    leaves = np.zeros(machine.n_states, dtype=bool)
    rows, columns = np.nonzero(graph)
    leaves[part[rows[part[rows] != part[columns]]]] = True
    return pruned(machine, ~leaves[part])


def reached(machine: Automaton) -> Automaton:
    """Return the part of the machine that its likeliest first state leads to.

    Clusters of what a model says where it errs become states that nothing leads to.
    """
    first = int(np.argmax(machine.start))
    found = breadth_first_order(_graph(machine), first, return_predecessors=False)
    return pruned(machine, np.isin(np.arange(machine.n_states), found))


def _graph(machine: Automaton) -> NDArray[np.bool_]:
    """Return which states lead to which, shape (K, K)."""
    graph = np.zeros((machine.n_states, machine.n_states), dtype=bool)
    rows, columns = np.nonzero(read_edges(machine))
    graph[rows, machine.transitions[rows, columns]] = True
    return graph
