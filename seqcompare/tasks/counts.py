"""Counts: what survives of the last count, and what arrives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.needs import Memory, Needs
from seqcompare.tasks.density import DensityTask
from seqcompare.typing import Floats, RandomState, SequencesLike


@dataclass(frozen=True)
class Counts(DensityTask):
    """Each unit of the count `distance` steps ago survives with probability `survival`, and some arrive.

    Arrivals are Poisson. This is the INAR(1) process of McKenzie (1985) and Al-Osh and Alzaid (1987); it is
    Poisson itself, but varies less about its mean than a Poisson count does. The steps are integers, and the
    score is in bits of their probability. Every step with one `distance` steps before it counts.

    Parameters
    ----------
    distance : int, default=1
        The lag. With more than 1 these are as many series in turns.
    survival : float, default=0.9
        In (0, 1).
    arrivals : float, default=0.5
        Mean number of arrivals a step.
    """

    distance: int = 1
    survival: float = 0.9
    arrivals: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.survival < 1:
            raise ValueError(f"Counts needs survival between 0 and 1, got {self.survival}")
        if not self.arrivals > 0:
            raise ValueError(f"Counts needs arrivals > 0, got {self.arrivals}")

    @property
    def first_scored(self) -> int:
        """The first step that counts."""
        return self.distance

    @property
    def mean(self) -> float:
        """Mean count, and its variance."""
        return self.arrivals / (1 - self.survival)

    @property
    def chance_score(self) -> float:
        """Entropy of a step by itself, a Poisson count, in bits."""
        return _bits(poisson(self.mean, self._size))

    @property
    def optimal_score(self) -> float:
        """Mean entropy of the true predictions, in bits, summed over all counts that there are."""
        size = self._size
        table = self.transitions(size, 2 * size)
        return float(poisson(self.mean, size) @ np.array([_bits(row) for row in table]))

    def transitions(self, n_rows: int, n_columns: int) -> Floats:
        """Return p(x[t] | x[t - distance]), shape (n_rows, n_columns): binomial and Poisson, convolved."""
        arrivals = poisson(self.arrivals, n_columns)
        table = np.zeros((n_rows, n_columns))
        alive = np.zeros(n_columns)
        alive[0] = 1
        for n in range(n_rows):
            table[n] = np.convolve(alive, arrivals)[:n_columns]
            # one unit more, alive or not
            alive = alive * (1 - self.survival) + np.concatenate([[0.0], alive[:-1]]) * self.survival
        return table

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than `distance`."""
        length, generator = self._begin(n_sequences, length, random_state)
        rounds = -(-length // self.distance)
        x = np.empty((n_sequences, rounds, self.distance), dtype=np.int64)
        last = generator.poisson(self.mean, size=(n_sequences, self.distance))
        for t in range(rounds):
            x[:, t] = last
            last = generator.binomial(last, self.survival) + generator.poisson(self.arrivals, size=last.shape)
        return self._dataset(x.reshape(n_sequences, -1)[:, :length])

    def optimal_log_density(self, X: SequencesLike) -> SequencesLike:
        """Return the log-probability of each count given those before it, in nats."""
        sequences, x = self._read_counts(X)
        size = int(x.max()) + 1
        late = sequences.step_index >= self.distance
        rows = np.flatnonzero(late)
        proba = np.empty(len(x))
        proba[rows] = self.transitions(size, size)[x[rows - self.distance], x[rows]]
        proba[~late] = poisson(self.mean, size)[x[~late]]
        return sequences.pack(np.log(np.maximum(proba, 1e-300)))

    @property
    def _size(self) -> int:
        """Return one more than the largest count worth a thought."""
        return int(self.mean + 12 * np.sqrt(self.mean) + 20)

    def _read_counts(self, X: SequencesLike) -> tuple[Sequences, NDArray[np.int64]]:
        sequences, x = self.read(X)
        if (x < 0).any() or (x != np.floor(x)).any():
            raise ValueError("Counts is made of counts, got a number that is negative or not whole")
        return sequences, x.astype(np.int64)

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        # a softmax on one symbol a count is the table of what follows each of them: as linear as can be
        undecided: frozenset[Memory] = frozenset({"states"})
        return Needs(self.role, self.distance, least_states=1, undecided=undecided, kind="counts")


def poisson(mean: float, size: int) -> Floats:
    """Return the probabilities of 0..size-1."""
    k = np.arange(1, size)
    return np.exp(-mean + np.concatenate([[0.0], np.cumsum(np.log(mean / k))]))


def _bits(proba: Floats) -> float:
    kept = proba[proba > 0]
    return float(-(kept @ np.log2(kept)))
