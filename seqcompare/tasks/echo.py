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
from seqcompare.tasks.base import SymbolTask, flatten_outputs
from seqcompare.typing import Floats, Labels, RandomState, SequencesLike, Values

#: Streams that belong together, whose labels and bits are balanced.
_FOUR = 4
_DIGITS = 9


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

    def _draw(self, generator: np.random.Generator, n_sequences: int, length: int) -> NDArray[np.int64]:
        """Return the streams, shape (n_sequences, length)."""
        return generator.integers(len(self.symbols), size=(n_sequences, length))

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
        stream = self._draw(generator, n_sequences, behind + length + ahead)
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
            # to be sure of a label takes a state that is
            least_states=n ** max(across, 1),
            enough_states=n ** (across + 1),
            units={"squashing": units, "gated": units, "additive": units},
        )


@dataclass(frozen=True)
class DelayedXor(LabelledStream):
    """The label of a step is whether its bit differs from the one `distance` steps before.

    The bits are independent and fair, so that either alone says nothing, and no linear rule on any window
    can do it. Steps whose partner is in the sequence count.

    The score is the area under the ROC curve, the mean over the steps of a sequence: how often, of two
    sequences at one step, that of label 1 is ranked above that of label 0. Labels that a linear rule gives
    are right in a quarter, half or three quarters of steps, by where its threshold happens to lie, and no
    weights of steps mend that: what is nil on every half-space is nil. Ranks know no threshold. Sequences
    come in fours, a stream of bits, its complement, and both with every other `distance` bits flipped, which
    turns all labels round; so whatever a linear rule ranks right, it ranks wrong in the complements, and its
    score is 1/2 in every sample (Green and Swets 1966, Signal Detection Theory and Psychophysics; antithetic
    draws: Hammersley and Morton 1956).

    Parameters
    ----------
    distance : int
        Steps between the two bits, at least 1.
    """

    metric: ClassVar[str] = "auroc"

    @property
    def symbols(self) -> NDArray[np.int64]:
        """The bits."""
        return np.arange(2)

    @property
    def chance_score(self) -> float:
        """Area under the ROC curve of guessing, and of every linear rule."""
        return 0.5

    @property
    def optimal_score(self) -> float:
        """Area under the ROC curve of applying the rule."""
        return 1.0

    def scored(self, dataset: SequenceDataset) -> NDArray[np.bool_]:
        """Return what counts: steps whose partner is there, of whole fours where there are any."""
        counts = super().scored(dataset)
        whole = len(dataset) - len(dataset) % _FOUR
        return counts & (dataset.X.sequence_index < whole) if whole else counts

    def outcomes(
        self, dataset: SequenceDataset, outputs: Values | SequencesLike, symbols: Labels | None = None
    ) -> Floats:
        """Return for each step that counts how many of the other label it is ranked right to.

        As a share of those at the same step of other sequences: windows that hang over the start are other
        rules than those that do not. The mean is the area under the ROC curve; a tie counts half. Labels
        alone are ranked as they are, so that the score is the share of right answers where both labels are
        as frequent.
        """
        rows = np.flatnonzero(self.scored(dataset))
        if not rows.size:
            raise ValueError(f"nothing in these {len(dataset)} sequences of {self.name} counts")
        given = flatten_outputs(outputs, dataset.X.n_steps, stepwise=True)[rows]
        truth = self._truth(dataset)[rows] == 1
        if given.ndim == 1:
            rank = given.astype(np.float64)
        else:
            rank = self._align(given, self.classes if symbols is None else np.asarray(symbols)) @ [-1.0, 1.0]
        # what differs by rounding alone is a tie
        rank = np.round(rank, _DIGITS)
        step = dataset.X.step_index[rows]
        share = np.full(len(rows), 0.5)
        for t in np.unique(step):
            for label in (False, True):
                mine, other = ((step == t) & (truth == which) for which in (label, not label))
                if other.any():
                    share[mine] = _placement(rank[mine], rank[other], above=label)
        return share

    def _draw(self, generator: np.random.Generator, n_sequences: int, length: int) -> NDArray[np.int64]:
        """Return streams in fours."""
        first = super()._draw(generator, -(-n_sequences // _FOUR), length)
        turned = first ^ (np.arange(length) // self.distance % 2)
        return np.stack([first, 1 - first, turned, 1 - turned], axis=1).reshape(-1, length)[:n_sequences]

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


def _placement(mine: NDArray[np.float64], other: NDArray[np.float64], *, above: bool) -> NDArray[np.float64]:
    """Return the share of the others that each is above, or below; a tie counts half."""
    opposite = np.sort(other)
    lower = np.searchsorted(opposite, mine, "left") + np.searchsorted(opposite, mine, "right")
    share = lower / (2 * len(opposite))
    return np.asarray(share if above else 1 - share)
