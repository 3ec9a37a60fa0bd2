"""TemporalOrder: which of two marks came first, after Hochreiter and Schmidhuber."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.needs import Needs
from seqcompare.tasks.base import MEAN_GAP, SymbolTask, geometric_gaps
from seqcompare.typing import RandomState, SequencesLike

N_MARKS = 2


@dataclass(frozen=True)
class TemporalOrder(SymbolTask):
    """Two marks among fillers; the class of the sequence is the ordered pair of marks.

    Each mark is A or B by the toss of a coin, the second exactly `distance` steps after the first. The gap
    before the first is `distance` steps and a geometric number more, so that nobody who looks back at most
    `distance` steps sees the start of the sequence and a mark at once and knows it for the first; the gap
    after the second is geometric. A bag of symbols tells AA and BB from the rest, and of AB and BA one by
    luck: 3/4 is chance. Compare models with ``pooling="last"``: a bag of windows, as ``"mean"`` and ``"max"``
    make of them, gets a little more, since a mark near the end is in fewer of them and so gives itself away.

    Parameters
    ----------
    distance : int
        Steps from mark to mark, at least 1.
    n_fillers : int, default=4
        How many kinds of other symbols there are.

    Notes
    -----
    Symbols are 0 for A, 1 for B, then the fillers. Classes are ``2 * first + second``.

    The four-class temporal order problem is from S. Hochreiter and J. Schmidhuber, "Long short-term
    memory" (1997), experiment 6a.
    """

    n_fillers: int = 4

    role: ClassVar[Role] = "sequence"
    metric: ClassVar[str] = "accuracy"
    minimums: ClassVar[dict[str, int]] = {"distance": 1, "n_fillers": 1}

    @property
    def symbols(self) -> NDArray[np.int64]:
        """A, B, fillers."""
        return np.arange(N_MARKS + self.n_fillers)

    @property
    def classes(self) -> NDArray[np.int64]:
        """AA, AB, BA, BB."""
        return np.arange(N_MARKS * N_MARKS)

    @property
    def natural_length(self) -> int:
        """Mean number of steps of a sequence."""
        return 2 * self.distance + 1 + 2 * MEAN_GAP

    @property
    def chance_score(self) -> float:
        """Accuracy of the best rule on a bag of symbols."""
        return 3 / 4

    @property
    def optimal_score(self) -> float:
        """Accuracy of reading off both marks."""
        return 1.0

    @property
    def memory_bits(self) -> float:
        """Bits in two marks."""
        return 2.0

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`.

        With a `length`, of at least ``2 * distance + 1``, the gap after is uniform over what has room.
        """
        least = 2 * self.distance + 1
        self._check_size(n_sequences, length, least)
        generator = np.random.default_rng(random_state)
        if length is None:
            before, after = geometric_gaps(generator, (2, n_sequences))
        else:
            after = generator.integers(length - least + 1, size=n_sequences)
            before = length - least - after
        offsets = offsets_of(least + before + after)
        x = N_MARKS + generator.integers(self.n_fillers, size=offsets[-1])
        marks = generator.integers(N_MARKS, size=(2, n_sequences))
        first = offsets[:-1] + self.distance + before
        x[first], x[first + self.distance] = marks
        return SequenceDataset(
            Sequences(x, offsets), N_MARKS * marks[0] + marks[1], None, self.role, self.name
        )

    def optimal_proba(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return p(class | x), shape (n, 4); see `SymbolTask.optimal_proba`."""
        sequences, x = self.read(X)
        rows = np.flatnonzero(x < N_MARKS)
        counts = np.bincount(sequences.sequence_index[rows], minlength=len(sequences))
        wrong = np.flatnonzero(counts != 2)
        if wrong.size:
            raise ValueError(
                f"TemporalOrder has 2 marks in every sequence, X[{wrong[0]}] has {counts[wrong[0]]}"
            )
        first, second = x[rows].reshape(-1, 2).T
        return np.asarray(np.eye(len(self.classes))[N_MARKS * first + second], dtype=np.float64)

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        # an HMM a class: a state in which the first mark may come, and one for the second; one unit that
        # latches "A first", one "B first", and one the latest mark
        return Needs(
            self.role,
            self.distance,
            least_states=2,
            enough_states=2,
            # to be sure of a class takes a state that is; those of all classes, side by side, are enough
            joint_least=len(self.classes),
            joint_states=2 * len(self.classes),
            units={"squashing": 3, "gated": 3, "additive": 3},
        )
