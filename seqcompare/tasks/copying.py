"""Copy: keep several items, and give them back in order when told to."""

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


@dataclass(frozen=True)
class Copy(SymbolTask):
    """Items are shown, then blanks, and on a go mark they are due in the order they came.

    A gap of blanks, `n_items` independent uniform symbols, blanks, the go mark on the step before the first
    item is due, and a blank for each item that is due, exactly `distance` steps after it was shown; then a
    gap again. Both gaps are geometric. Only steps at which an item is due count; all others have the label
    "blank", and the arg-max is taken among items.

    Parameters
    ----------
    distance : int
        Steps from an item to its recall, more than `n_items`, so that there is room for the go mark.
    n_items : int, default=3
        How many symbols to keep.
    n_symbols : int, default=4
        How many kinds of items there are.

    Notes
    -----
    Symbols are the items, then the blank, then the go mark; labels are the items, then the blank.

    The copy memory task is from S. Hochreiter and J. Schmidhuber (1997) in the form of A. Graves, G. Wayne
    and I. Danihelka, "Neural Turing machines" (2014), scored on the recall alone.
    """

    n_items: int = 3
    n_symbols: int = 4

    role: ClassVar[Role] = "step"
    metric: ClassVar[str] = "accuracy"
    minimums: ClassVar[dict[str, int]] = {"distance": 2, "n_items": 1, "n_symbols": 2}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distance <= self.n_items:
            raise ValueError(
                f"Copy needs distance > n_items, got distance={self.distance} and n_items={self.n_items}"
            )

    @classmethod
    def legal_distance(cls, distance: int, n_items: int = 3) -> int:
        """Return the smallest distance from `distance` upwards that is more than `n_items`."""
        return max(int(distance), n_items + 1)

    @property
    def blank(self) -> int:
        """The symbol, and the label, that says nothing."""
        return self.n_symbols

    @property
    def go(self) -> int:
        """The symbol that asks for the items."""
        return self.n_symbols + 1

    @property
    def symbols(self) -> NDArray[np.int64]:
        """Items, blank, go."""
        return np.arange(self.n_symbols + 2)

    @property
    def classes(self) -> NDArray[np.int64]:
        """Items and blank."""
        return np.arange(self.n_symbols + 1)

    @property
    def answers(self) -> NDArray[np.int64]:
        """The items."""
        return np.arange(self.n_symbols)

    @property
    def natural_length(self) -> int:
        """Mean number of steps of a sequence."""
        return self.distance + self.n_items + 2 * MEAN_GAP

    @property
    def chance_score(self) -> float:
        """Accuracy of guessing an item."""
        return 1 / self.n_symbols

    @property
    def optimal_score(self) -> float:
        """Accuracy of giving back every item."""
        return 1.0

    @property
    def memory_bits(self) -> float:
        """Bits in all items."""
        return float(self.n_items * np.log2(self.n_symbols))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`.

        With a `length`, of at least ``distance + n_items``, the start is uniform over what has room.
        """
        least = self.distance + self.n_items
        self._check_size(n_sequences, length, least)
        generator = np.random.default_rng(random_state)
        if length is None:
            before, after = geometric_gaps(generator, (2, n_sequences))
        else:
            before = generator.integers(length - least + 1, size=n_sequences)
            after = length - least - before
        offsets = offsets_of(least + before + after)
        x = np.full(offsets[-1], self.blank)
        y = np.full(offsets[-1], self.blank)
        shown = (offsets[:-1] + before)[:, np.newaxis] + np.arange(self.n_items)
        items = generator.integers(self.n_symbols, size=shown.shape)
        x[shown] = items
        x[shown[:, 0] + self.distance - 1] = self.go
        y[shown + self.distance] = items
        return SequenceDataset(
            Sequences(x, offsets),
            Sequences(y, offsets),
            Sequences((y != self.blank).astype(np.float64), offsets),
            self.role,
            self.name,
        )

    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t] | x) at every step; see `SymbolTask.optimal_proba`."""
        sequences, x = self.read(X)
        go = np.flatnonzero(x == self.go)[:, np.newaxis]
        due = go + 1 + np.arange(self.n_items)
        last = sequences.offsets[1:][sequences.sequence_index[go]]
        shown = due - self.distance
        first = sequences.offsets[:-1][sequences.sequence_index[go]]
        astray = np.flatnonzero((due >= last) | (shown < first) | (x[np.maximum(shown, 0)] >= self.blank))
        if astray.size:
            row = int(go[astray[0] // self.n_items, 0])
            raise self._impossible(sequences, row, f"without items {self.distance - 1} steps before")
        labels = np.full(len(x), self.blank)
        labels[due] = x[shown]
        return sequences.pack(np.eye(len(self.classes))[labels])

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        # a shift register in binary from each item to its recall works for every cell; an LSTM can also
        # keep each item in cells of its own, and count items to know which to fill and which to read
        bits = (self.n_symbols - 1).bit_length()
        register = (self.distance + 1) * bits
        slots = self.n_items * (bits + 2) - 1
        return Needs(
            self.role,
            self.distance,
            least_states=self.n_symbols**self.n_items,
            units={"squashing": register, "gated": register, "additive": min(register, slots)},
        )
