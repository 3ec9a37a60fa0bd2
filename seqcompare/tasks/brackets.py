"""Brackets: match a closing bracket with its opener across a whole nested word."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.needs import Needs
from seqcompare.tasks.base import SymbolTask
from seqcompare.tasks.dyck import heights, innermost_openers, opening_probabilities
from seqcompare.typing import Model, RandomState, SequencesLike

STOP = 0.5
"""How often the context before and after the planted pair ends where it could."""


@dataclass(frozen=True)
class Brackets(SymbolTask):
    """Well-nested brackets of several types, with a planted pair exactly `distance` apart.

    A sequence is a context, the planted pair around its inner word, and a context again. The inner word of
    ``distance - 1`` symbols is drawn uniformly from the well-nested words of depth ``max_depth - 1``; a
    context is a random walk in depth (an opener half of the time, always at depth 0, never at `max_depth`)
    that may end, half of the time, whenever nothing is open. The type of each pair is uniform and
    independent, so that nothing but its opener tells the type of a closer.

    All closers have weight 1 for training; on the planted ones alone the task would be the copy of a fixed
    earlier step. What is scored is the type of the closers exactly `distance` after their opener, the
    planted one and those that happen to be: `scored` finds them in the data. The arg-max is taken among
    closers, as when to close is not the question.

    Parameters
    ----------
    distance : int
        Steps from opener to closer; odd.
    n_types : int, default=2
        How many types of brackets there are.
    max_depth : int, default=4
        How many brackets may be open at once, at least 2.

    Notes
    -----
    Symbols are the openers of each type, then the closers in the same order. The language is Dyck-(k, m)
    of J. Hewitt, M. Hahn, S. Ganguli, P. Liang and C. Manning, "RNNs can generate bounded hierarchical
    languages with optimal memory" (2020).
    """

    n_types: int = 2
    max_depth: int = 4

    role: ClassVar[Role] = "next"
    metric: ClassVar[str] = "accuracy"
    minimums: ClassVar[dict[str, int]] = {"distance": 1, "n_types": 2, "max_depth": 2}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distance % 2 == 0:
            raise ValueError(
                f"Brackets needs an odd distance, since whole pairs lie in between, got {self.distance}"
            )

    @classmethod
    def legal_distance(cls, distance: int) -> int:
        """Return the smallest odd distance from `distance` upwards."""
        return max(int(distance), 1) | 1

    @property
    def symbols(self) -> NDArray[np.int64]:
        """Openers, closers."""
        return np.arange(2 * self.n_types)

    @property
    def answers(self) -> NDArray[np.int64]:
        """The closers."""
        return np.arange(self.n_types, 2 * self.n_types)

    @property
    def natural_length(self) -> int:
        """Mean number of steps of a sequence."""
        # a pair of the context and what is in it are an excursion of 2 * max_depth steps on average
        return self.distance + 1 + round(2 * (1 - STOP) / STOP * 2 * self.max_depth)

    @property
    def chance_score(self) -> float:
        """Accuracy of guessing a type."""
        return 1 / self.n_types

    @property
    def optimal_score(self) -> float:
        """Accuracy of matching."""
        return 1.0

    @property
    def memory_bits(self) -> float:
        """Bits in the types of all brackets that can be open at once."""
        return float(self.max_depth * np.log2(self.n_types))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. Contexts end when they end, so `length` must be None."""
        self._check_size(n_sequences, None, 0)
        if length is not None:
            raise ValueError(
                f"Brackets are complete words, whose length is random: expected length=None, got {length}"
            )
        generator = np.random.default_rng(random_state)
        before, after = self._contexts(generator, n_sequences), self._contexts(generator, n_sequences)
        planted = self._planted(generator, n_sequences)
        words = [np.concatenate(parts) for parts in zip(before, planted, after, strict=True)]
        sequences = Sequences(np.concatenate(words), offsets_of([len(word) for word in words]))
        is_opener = sequences.values
        types = generator.integers(self.n_types, size=len(is_opener))
        closers = np.flatnonzero(~is_opener)
        # before it closes, its opener was the innermost
        types[closers] = types[innermost_openers(sequences, is_opener)[closers - 1]]
        return SequenceDataset(
            sequences.with_values(np.where(is_opener, types, types + self.n_types)),
            None,
            sequences.with_values((~is_opener).astype(np.float64)),
            self.role,
            self.name,
        )

    def _planted(self, generator: np.random.Generator, n: int) -> NDArray[np.bool_]:
        """Draw the planted pair and what is in it, True for openers, shape (n, distance + 1)."""
        openings = opening_probabilities(self.distance - 1, self.max_depth - 1)
        word = np.zeros((n, self.distance + 1), dtype=bool)
        word[:, 0] = True
        height = np.zeros(n, dtype=np.int64)
        for t in range(1, self.distance):
            word[:, t] = generator.random(n) < openings[self.distance - t, height]
            height += np.where(word[:, t], 1, -1)
        return word

    def _contexts(self, generator: np.random.Generator, n: int) -> list[NDArray[np.bool_]]:
        """Draw n contexts, True for openers, by one long walk that is cut into excursions and shared out."""
        shares = generator.geometric(STOP, n) - 1
        steps: list[NDArray[np.bool_]] = []
        still = shares.copy()
        height = np.zeros(n, dtype=np.int64)
        while (still > 0).any():
            coin = generator.random(n) < 0.5
            opens = (height == 0) | (coin & (height < self.max_depth))
            steps.append(opens)
            height += np.where(opens, 1, -1)
            still -= height == 0
        walks = np.array(steps, dtype=bool).reshape(len(steps), n)
        level = np.cumsum(np.where(walks, 1, -1), axis=0)
        returns = np.cumsum(level == 0, axis=0)
        # a context ends with the step of its last return
        lengths = (returns < shares).sum(axis=0) + (shares > 0)
        return [walks[:length, i] for i, length in enumerate(lengths)]

    def scored(self, dataset: SequenceDataset) -> NDArray[np.bool_]:
        """Return which closers come exactly `distance` after their opener, shape (n_steps,)."""
        sequences, _, is_opener, inner = self._parse(dataset.X)
        closers = np.flatnonzero(~is_opener)
        counts = np.zeros(sequences.n_steps, dtype=bool)
        counts[closers] = closers - inner[closers - 1] == self.distance
        return counts

    def _parse(
        self, X: SequencesLike
    ) -> tuple[Sequences, NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
        """Return the sequences, codes, which are openers, and the innermost open bracket after each step."""
        sequences, x = self.read(X)
        is_opener = x < self.n_types
        height = heights(sequences, is_opener)
        astray = np.flatnonzero((height < 0) | (height > self.max_depth))
        if astray.size:
            raise self._impossible(
                sequences, int(astray[0]), f"that leaves 0 to {self.max_depth} brackets open"
            )
        inner = innermost_openers(sequences, is_opener)
        closers = np.flatnonzero(~is_opener)
        due = x[inner[closers - 1]] + self.n_types
        astray = closers[x[closers] != due]
        if astray.size:
            raise self._impossible(sequences, int(astray[0]), "that closes the innermost bracket")
        return sequences, x, is_opener, inner

    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) at every step, given that the sequence goes on.

        Closing is only possible with the type of the innermost bracket. Whether to close depends on
        whether the planted pair is still to come, is open with so many steps to go, or is past: a filter
        over these phases weighs them. See `SymbolTask.optimal_proba`.
        """
        sequences, x, is_opener, inner = self._parse(X)
        opens = self._opening_proba(sequences, is_opener)
        proba = np.repeat(opens[:, np.newaxis] / self.n_types, len(self.symbols), axis=1)
        proba[:, self.n_types :] = 0
        inside = np.flatnonzero(inner >= 0)
        proba[inside, x[inner[inside]] + self.n_types] = 1 - opens[inside]
        return sequences.pack(proba)

    def _opening_proba(self, sequences: Sequences, is_opener: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return p(x[t+1] is an opener | x[..t], there is an x[t+1]), shape (n_steps,)."""
        height = heights(sequences, is_opener)
        order = np.argsort(-sequences.lengths, kind="stable")
        starts, lengths = sequences.offsets[:-1][order], sequences.lengths[order]
        opens = np.empty(len(height))
        # phases: to come, open with r = 0 .. distance - 1 steps until it must close, past
        phase = np.zeros((len(order), self.distance + 2))
        phase[:, 0] = 1
        for t in range(lengths[0]):
            rows = starts[: np.searchsorted(-lengths, -t, side="left")] + t
            was = height[rows - 1] if t else np.zeros(len(rows), dtype=np.int64)
            phase = self._advance(phase[: len(rows)], was, is_opener[rows])
            total = phase.sum(axis=1)
            if not total.all():
                raise self._impossible(
                    sequences, int(rows[np.argmin(total)]), "that leaves room for the planted pair"
                )
            phase /= total[:, np.newaxis]
            going_on = np.where(height[rows] == 0, 1 - STOP * phase[:, -1], 1)
            opens[rows] = (phase * self._opening(height[rows])).sum(axis=1) / going_on
        return opens

    def _opening(self, height: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return p(the sequence goes on with an opener | phase), shape (n, distance + 2)."""
        opening = np.empty((len(height), self.distance + 2))
        context = np.where(height == 0, 1.0, np.where(height < self.max_depth, 0.5, 0.0))
        opening[:, 0] = context
        opening[:, -1] = np.where(height == 0, 1 - STOP, context)
        within = opening_probabilities(self.distance - 1, self.max_depth - 1)
        opening[:, 1:-1] = within[:, np.maximum(height - 1, 0)].T
        return opening

    def _advance(
        self, phase: NDArray[np.float64], height: NDArray[np.int64], opens: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the phases weighted by having made this step, shape (n, distance + 2)."""
        opening = self._opening(height)
        # at depth 0 nothing can close, and what does not open there has ended
        closing = np.where(height[:, np.newaxis] == 0, 0, 1 - opening)
        made = phase * np.where(opens[:, np.newaxis], opening, closing)
        moved = np.zeros_like(phase)
        starts = np.where(height == 0, STOP, 0)
        moved[:, 0] = made[:, 0] * (1 - starts)
        moved[:, 1:-2] = made[:, 2:-1]
        moved[:, -2] = made[:, 0] * starts
        # with 0 steps to go the planted pair must close, and only it is open
        moved[:, -1] = made[:, -1] + np.where(height == 1, made[:, 1], 0)
        return moved

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        bits = (self.n_types - 1).bit_length()
        # the two constructions of Hewitt et al. (2020)
        return Needs(
            self.role,
            self.distance,
            least_states=self.n_types,
            enough_states=len(self._stacks()),
            units={
                "squashing": 6 * self.max_depth * bits - 2 * self.max_depth,
                "additive": 3 * self.max_depth * bits - self.max_depth,
            },
        )

    def _stacks(self) -> list[tuple[tuple[int, ...], int]]:
        """Return the states of a stack machine: the types open after a step, and the symbol of that step."""
        types = range(self.n_types)
        stacks = [s for depth in range(self.max_depth + 1) for s in product(types, repeat=depth)]
        opened = [(stack, stack[-1]) for stack in stacks if stack]
        closed = [(s, self.n_types + kind) for s in stacks if len(s) < self.max_depth for kind in types]
        return opened + closed

    def exact_model(self) -> Model | None:
        """Return an HMM whose states are the stack of open types and the symbol that made it so.

        Exact on the type of every closer; it opens and closes as the contexts do, and knows of no planted
        pair.
        """
        from seqcompare.models.hmm.model import HMM

        states = self._stacks()
        place = {state: i for i, state in enumerate(states)}
        transitions = np.zeros((len(states), len(states)))
        for (stack, _), row in zip(states, transitions, strict=True):
            opening = 1.0 if not stack else 0.5 if len(stack) < self.max_depth else 0.0
            if opening:
                for kind in range(self.n_types):
                    row[place[(*stack, kind), kind]] = opening / self.n_types
            if stack:
                row[place[stack[:-1], self.n_types + stack[-1]]] = 1 - opening
        first = np.array([len(stack) == 1 and symbol < self.n_types for stack, symbol in states])
        emission = np.eye(len(self.symbols))[[symbol for _, symbol in states]]
        return HMM.from_parameters(
            startprob=first / first.sum(),
            transmat=transitions,
            emissionprob=emission,
            symbols=self.symbols,
        )
