"""Recall: keep one cue through distractors until it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.needs import Needs
from seqcompare.tasks.base import MEAN_GAP, SymbolTask, geometric_gaps, latest
from seqcompare.typing import Model, RandomState, SequencesLike

LATCH_LEAK = 1e-3
"""How readily the states of the hand-made machine change over a whole episode without being told to."""


@dataclass(frozen=True)
class Recall(SymbolTask):
    """A cue, distractors, a query, and then the cue again.

    A stream of episodes: a geometric gap of uniform fillers, one of the cues, ``distance - 2`` fillers, the
    query, and the answer, which is the cue. Only answers count, and the arg-max is taken among the cues.
    Gaps are drawn afresh, so neither the position nor the end of the stream, where an episode may be cut
    off, says anything about a cue.

    Parameters
    ----------
    distance : int
        Steps from cue to answer, at least 2.
    n_cues : int, default=2
        How many cues there are; log2 of it are the bits to keep, at any distance.
    n_fillers : int, default=4
        How many kinds of distractors there are.
    noise : float, default=0.0
        How often, in [0, 1), the answer is a uniform cue in place of the one shown.

    Notes
    -----
    Symbols are ``0 .. n_cues - 1`` for cues, then the fillers, then the query.
    """

    n_cues: int = 2
    n_fillers: int = 4
    noise: float = 0.0

    role: ClassVar[Role] = "next"
    metric: ClassVar[str] = "accuracy"
    minimums: ClassVar[dict[str, int]] = {"distance": 2, "n_cues": 2, "n_fillers": 1}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.noise < 1:
            raise ValueError(f"Recall needs noise in [0, 1), got {self.noise}")

    @property
    def symbols(self) -> NDArray[np.int64]:
        """Cues, fillers, query."""
        return np.arange(self.n_cues + self.n_fillers + 1)

    @property
    def answers(self) -> NDArray[np.int64]:
        """The cues."""
        return np.arange(self.n_cues)

    @property
    def query(self) -> int:
        """The symbol that asks for the cue."""
        return self.n_cues + self.n_fillers

    @property
    def natural_length(self) -> int:
        """Steps of a stream: room for about two episodes."""
        return 2 * (self.distance + 8)

    @property
    def chance_score(self) -> float:
        """Accuracy of guessing a cue."""
        return 1 / self.n_cues

    @property
    def optimal_score(self) -> float:
        """Accuracy of answering with the cue that was shown."""
        return 1 - self.noise + self.noise / self.n_cues

    @property
    def memory_bits(self) -> float:
        """Bits in a cue."""
        return float(np.log2(self.n_cues))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw streams; see `Task.sample`. `length` must have room for one episode, ``distance + 1``."""
        self._check_size(n_sequences, length, self.distance + 1)
        length = self.natural_length if length is None else length
        generator = np.random.default_rng(random_state)
        n_episodes = -(-length // (self.distance + 1))
        gaps = geometric_gaps(generator, (n_sequences, n_episodes))
        cue_at = np.cumsum(gaps, axis=1) + np.arange(n_episodes) * (self.distance + 1)
        cues = generator.integers(self.n_cues, size=cue_at.shape)
        lied = generator.random(cue_at.shape) < self.noise
        answers = np.where(lied, generator.integers(self.n_cues, size=cue_at.shape), cues)
        x = self.n_cues + generator.integers(self.n_fillers, size=(n_sequences, length))
        weights = np.zeros((n_sequences, length))
        for step, values in (
            (cue_at, cues),
            (cue_at + self.distance - 1, np.full_like(cues, self.query)),
            (cue_at + self.distance, answers),
        ):
            stream, episode = np.nonzero(step < length)
            x[stream, step[stream, episode]] = values[stream, episode]
        weights[stream, step[stream, episode]] = 1
        offsets = np.arange(n_sequences + 1) * length
        return SequenceDataset(
            Sequences(x.ravel(), offsets), None, Sequences(weights.ravel(), offsets), self.role, self.name
        )

    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) at every step; see `SymbolTask.optimal_proba`."""
        sequences, x = self.read(X)
        after_query = np.zeros(len(x), dtype=bool)
        after_query[1:] = x[:-1] == self.query
        after_query[sequences.offsets[:-1]] = False
        cue_row = latest((x < self.n_cues) & ~after_query, sequences)
        # steps since the cue; past the answer, or before any cue, there is a gap
        phase = np.where(cue_row >= 0, np.arange(len(x)) - cue_row, self.distance)
        proba = np.zeros((len(x), len(self.symbols)))
        fillers = slice(self.n_cues, self.query)
        gap = phase >= self.distance
        proba[gap, : self.n_cues] = 1 / (MEAN_GAP + 1) / self.n_cues
        proba[gap, fillers] = MEAN_GAP / (MEAN_GAP + 1) / self.n_fillers
        proba[phase < self.distance - 2, fillers] = 1 / self.n_fillers
        proba[phase == self.distance - 2, self.query] = 1
        due = np.flatnonzero(phase == self.distance - 1)
        proba[due, : self.n_cues] = self.noise / self.n_cues
        proba[due, x[cue_row[due]]] += 1 - self.noise
        return sequences.pack(proba)

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        bits = (self.n_cues - 1).bit_length()
        # a latch a bit: cues push it over, nothing else does
        return Needs(
            self.role,
            self.distance,
            least_states=self.n_cues,
            enough_states=self.n_cues,
            units={"squashing": bits, "gated": bits, "additive": bits},
        )

    def exact_model(self) -> Model | None:
        """Return an HMM with one sticky state a cue: what it emits among the cues is that cue alone.

        A cue forces its state however unlikely the change was, and the state stays until the next one.
        Exact on the answers, once the arg-max is restricted to cues; it does not know when they are due.
        """
        from seqcompare.models.hmm.model import HMM

        n = self.n_cues
        leak = LATCH_LEAK / self.distance
        transitions = np.full((n, n), leak / n) + (1 - leak) * np.eye(n)
        episode = MEAN_GAP + self.distance + 1
        emission = np.zeros((n, len(self.symbols)))
        emission[:, :n] = 2 / episode * np.eye(n)
        emission[:, n : self.query] = (1 - 3 / episode) / self.n_fillers
        emission[:, self.query] = 1 / episode
        return HMM.from_parameters(
            startprob=np.full(n, 1 / n), transmat=transitions, emissionprob=emission, symbols=self.symbols
        )
