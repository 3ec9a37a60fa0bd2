"""Echo and DelayedXor: labels that depend on the step a fixed distance away."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.needs import Needs
from seqcompare.tasks.base import SymbolTask
from seqcompare.typing import RandomState, SequencesLike


class LabelledStream(SymbolTask):
    """A stream of uniform symbols whose labels are made of x[t] and x[t - distance].

    The stream is cut out of a longer one: the labels of steps whose partner lies outside exist, are uniform
    whatever one sees, and do not count.
    """

    role: ClassVar[Role] = "step"
    metric: ClassVar[str] = "accuracy"

    @abstractmethod
    def _label(self, now: NDArray[np.int64], then: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return y[t] from x[t] and x[t - distance]."""

    @property
    def natural_length(self) -> int:
        """Steps of a sequence."""
        return 2 * (abs(self.distance) + 8)

    @property
    def chance_score(self) -> float:
        """Accuracy of guessing."""
        return 1 / len(self.symbols)

    @property
    def optimal_score(self) -> float:
        """Accuracy of applying the rule."""
        return 1.0

    @property
    def memory_bits(self) -> float:
        """Bits in all the symbols across the distance, each of which is still to be used."""
        return float(abs(self.distance) * np.log2(len(self.symbols)))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than the distance."""
        self._check_size(n_sequences, length, abs(self.distance) + 1)
        length = self.natural_length if length is None else length
        generator = np.random.default_rng(random_state)
        ahead, behind = max(-self.distance, 0), max(self.distance, 0)
        stream = generator.integers(len(self.symbols), size=(n_sequences, behind + length + ahead))
        x, then = stream[:, behind : behind + length], stream[:, ahead : ahead + length]
        weights = np.zeros(x.shape)
        weights[:, behind : length - ahead] = 1
        offsets = np.arange(n_sequences + 1) * length
        return SequenceDataset(
            Sequences(x.ravel(), offsets),
            Sequences(self._label(x, then).ravel(), offsets),
            Sequences(weights.ravel(), offsets),
            self.role,
            self.name,
        )

    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t] | x) at every step; see `SymbolTask.optimal_proba`."""
        sequences, x = self.read(X)
        proba = np.full((len(x), len(self.classes)), 1 / len(self.classes))
        partner = sequences.step_index - self.distance
        lengths = sequences.lengths[sequences.sequence_index]
        known = np.flatnonzero((partner >= 0) & (partner < lengths))
        proba[known] = np.eye(len(self.classes))[self._label(x[known], x[known - self.distance])]
        return sequences.pack(proba)


@dataclass(frozen=True)
class Echo(LabelledStream):
    """The label of a step is the symbol `distance` steps before it.

    The symbols are independent and uniform. Steps whose partner is in the sequence count.

    Parameters
    ----------
    distance : int
        Steps from symbol to label. Negative: the label is a symbol still to come, which only a model that
        looks ahead can know. Zero: the symbol itself; chance is then that of guessing blind, and every
        model that sees the step solves it.
    n_symbols : int, default=2
        Size of the alphabet.
    """

    n_symbols: int = 2

    minimums: ClassVar[dict[str, int]] = {"n_symbols": 2}

    @property
    def symbols(self) -> NDArray[np.int64]:
        """The alphabet."""
        return np.arange(self.n_symbols)

    def _label(self, now: NDArray[np.int64], then: NDArray[np.int64]) -> NDArray[np.int64]:
        return then

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        n, across = self.n_symbols, abs(self.distance)
        # a shift register in binary, from the step itself to its partner
        units = (across + 1) * (n - 1).bit_length()
        return Needs(
            self.role,
            self.distance,
            least_states=n**across,
            enough_states=n ** (across + 1),
            units={"squashing": units, "gated": units, "additive": units},
        )


@dataclass(frozen=True)
class DelayedXor(LabelledStream):
    """The label of a step is whether its bit differs from the one `distance` steps before.

    The bits are independent and fair, so that either alone says nothing, and no linear rule on any window
    can do it. Steps whose partner is in the sequence count.

    Parameters
    ----------
    distance : int
        Steps between the two bits, at least 1.
    """

    @property
    def symbols(self) -> NDArray[np.int64]:
        """The bits."""
        return np.arange(2)

    def _label(self, now: NDArray[np.int64], then: NDArray[np.int64]) -> NDArray[np.int64]:
        return now ^ then

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        # a shift register of bits, and an OR and an AND of its end with the newest bit
        units = self.distance + 2
        return Needs(
            self.role,
            self.distance,
            least_states=2**self.distance,
            enough_states=2 ** (self.distance + 1),
            units={"squashing": units, "gated": units, "additive": units},
            linear=False,
        )
