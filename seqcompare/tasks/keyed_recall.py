"""Keyed recall: keep many pairs, and give back of each what belongs to the key that is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.needs import Needs
from seqcompare.tasks.base import MEAN_GAP, SymbolTask, geometric_gaps
from seqcompare.typing import RandomState, SequencesLike


@dataclass(frozen=True)
class KeyedRecall(SymbolTask):
    """Keys are shown, each with a value; later each key is shown again, alone, and its value is due.

    A gap of blanks, the `n_pairs` keys in random order, each followed by its value, ``distance - 1`` blanks,
    all keys again in another random order, and a gap. Both gaps are geometric. Which value belongs to which
    key is drawn anew for each sequence, all ways alike. The label of a key that is shown again is its value;
    all other steps have the label "blank" and do not count.

    Where a key stands says nothing of when it is asked for, so that no fixed number of steps back holds the
    answer; and as each value is shown once, a bag of what was shown says nothing.

    Parameters
    ----------
    distance : int
        Steps from the last value to the first question, at least 1: no answer is nearer than that, and the
        farthest is ``distance + 3 * (n_pairs - 1)`` steps away.
    n_pairs : int, default=4
        How many pairs to keep.

    Notes
    -----
    Symbols are the values, then the keys, then the blank; labels are the values, then the blank.

    Associative recall as in J. Ba, G. Hinton, V. Mnih, J. Leibo and C. Ionescu, "Using fast weights to attend
    to the recent past" (2016), with all keys asked for, as in S. Arora et al., "Zoology: measuring and
    improving recall in efficient language models" (2024).
    """

    n_pairs: int = 4

    role: ClassVar[Role] = "step"
    metric: ClassVar[str] = "accuracy"
    minimums: ClassVar[dict[str, int]] = {"distance": 1, "n_pairs": 2}

    @property
    def blank(self) -> int:
        """The symbol that says nothing."""
        return 2 * self.n_pairs

    @property
    def symbols(self) -> NDArray[np.int64]:
        """Values, keys, blank."""
        return np.arange(2 * self.n_pairs + 1)

    @property
    def classes(self) -> NDArray[np.int64]:
        """Values, and the label of all steps that ask for none."""
        return np.arange(self.n_pairs + 1)

    @property
    def answers(self) -> NDArray[np.int64]:
        """The values."""
        return np.arange(self.n_pairs)

    @property
    def natural_length(self) -> int:
        """Mean number of steps of a sequence."""
        return self.distance - 1 + 3 * self.n_pairs + 2 * MEAN_GAP

    @property
    def chance_score(self) -> float:
        """Accuracy of guessing a value."""
        return 1 / self.n_pairs

    @property
    def optimal_score(self) -> float:
        """Accuracy of giving back every value."""
        return 1.0

    @property
    def memory_bits(self) -> float:
        """Bits in the values of all keys."""
        return math.log2(math.factorial(self.n_pairs))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`.

        With a `length`, of at least ``distance - 1 + 3 * n_pairs``, the start is uniform over what has room.
        """
        n = self.n_pairs
        least = self.distance - 1 + 3 * n
        self._check_size(n_sequences, length, least)
        generator = np.random.default_rng(random_state)
        if length is None:
            before, after = geometric_gaps(generator, (2, n_sequences))
        else:
            before = generator.integers(length - least + 1, size=n_sequences)
            after = length - least - before
        offsets = offsets_of(least + before + after)
        x, y = np.full(offsets[-1], self.blank), np.full(offsets[-1], n)
        keys, asked, values = (
            generator.permuted(np.tile(np.arange(n), (n_sequences, 1)), axis=1) for _ in range(3)
        )
        shown = (offsets[:-1] + before)[:, np.newaxis] + 2 * np.arange(n)
        due = (offsets[:-1] + before)[:, np.newaxis] + least - n + np.arange(n)
        x[shown] = n + keys
        x[shown + 1] = np.take_along_axis(values, keys, axis=1)
        x[due] = n + asked
        y[due] = np.take_along_axis(values, asked, axis=1)
        return SequenceDataset(
            Sequences(x, offsets),
            Sequences(y, offsets),
            Sequences((y < n).astype(np.float64), offsets),
            self.role,
            self.name,
        )

    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t] | x) at every step; see `SymbolTask.optimal_proba`."""
        sequences, x = self.read(X)
        labels = np.full(len(x), self.n_pairs)
        for first, last in zip(sequences.offsets[:-1], sequences.offsets[1:], strict=True):
            value_of: dict[int, int] = {}
            for row in range(first, last):
                symbol, next_symbol = int(x[row]), int(x[row + 1]) if row + 1 < last else self.blank
                if not self.n_pairs <= symbol < self.blank:
                    continue
                if symbol in value_of:
                    labels[row] = value_of[symbol]
                elif next_symbol < self.n_pairs:
                    value_of[symbol] = next_symbol
                else:
                    raise self._impossible(sequences, row, "whose value is known or follows")
        return sequences.pack(np.eye(len(self.classes))[labels])

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum: it must see the farthest pair."""
        return Needs(
            self.role,
            self.distance + 3 * (self.n_pairs - 1),
            least_states=math.factorial(self.n_pairs),
            linear=False,
            # of two pairs, is it this key or the other, and this value or the other: a parity of three
            pairs=False,
        )
