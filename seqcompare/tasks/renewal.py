"""Renewal: how long it has been since the last change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.needs import Needs
from seqcompare.tasks.base import SymbolTask
from seqcompare.tasks.density import steps_in_time
from seqcompare.typing import Floats, Model, RandomState, SequencesLike


@dataclass(frozen=True)
class Renewal(SymbolTask):
    """A symbol lasts for a random time that is never short, then it flips.

    Durations are independent and uniform on distance - spread .. distance steps. So what comes next follows
    from how long it has been since the last change, and from nothing else. The sequence is a piece of one
    that has always been running. Steps by which a change must have been seen count.

    Parameters
    ----------
    distance : int, default=12
        The longest duration in steps: how far one has to look back to be sure.
    spread : int, default=4
        By how much durations differ, at least 1 and less than `distance`.
    """

    distance: int = 12
    spread: int = 4

    role: ClassVar[Role] = "next"
    metric: ClassVar[str] = "bits"
    minimums: ClassVar[dict[str, int]] = {"distance": 5, "spread": 1}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spread >= self.distance:
            raise ValueError(
                f"Renewal needs spread < distance, got spread={self.spread} and distance={self.distance}"
            )

    @property
    def symbols(self) -> NDArray[np.int64]:
        """0 and 1."""
        return np.arange(2)

    @property
    def first_scored(self) -> int:
        """The first step that counts: a change has come at one of those before."""
        return self.distance + 1

    @property
    def natural_length(self) -> int:
        """Steps of a sequence."""
        return max(200, 4 * self.distance)

    @property
    def durations(self) -> Floats:
        """Probabilities of durations of 1..distance steps."""
        proba = np.zeros(self.distance)
        proba[self.distance - self.spread - 1 :] = 1 / (self.spread + 1)
        return proba

    @property
    def hazard(self) -> Floats:
        """Probability that a symbol that has lasted for 1..distance steps flips now."""
        lasting = np.cumsum(self.durations[::-1])[::-1]
        return np.divide(self.durations, lasting)

    @property
    def chance_score(self) -> float:
        """Both symbols are as frequent: 1 bit."""
        return 1.0

    @property
    def optimal_score(self) -> float:
        """Entropy of a duration over its mean, in bits."""
        return float(np.log2(self.spread + 1) / (self.distance - self.spread / 2))

    @property
    def memory_bits(self) -> float:
        """Bits in how long it has been."""
        return float(np.log2(self.distance))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than ``distance + 1``."""
        self._check_size(n_sequences, length, self.first_scored + 1)
        length = self.natural_length if length is None else length
        generator = np.random.default_rng(random_state)
        shortest = self.distance - self.spread
        n_runs = length // shortest + 2
        durations = generator.integers(shortest, self.distance + 1, size=(n_sequences, n_runs))
        # of the run that is on at the start, any step is as likely to be the first one
        over = generator.choice(np.arange(1, self.distance + 1), size=n_sequences, p=self._age)
        durations[:, 0] = over
        ends = np.cumsum(durations, axis=1)
        change = np.zeros((n_sequences, length + 1), dtype=np.int64)
        np.add.at(change, (np.arange(n_sequences)[:, None], np.minimum(ends, length)), 1)
        change[:, 0] = generator.integers(2, size=n_sequences)
        x = np.cumsum(change[:, :length], axis=1) % 2
        weights = np.zeros((n_sequences, length))
        weights[:, self.first_scored :] = 1
        offsets = np.arange(n_sequences + 1) * length
        return SequenceDataset(
            Sequences(x.ravel(), offsets), None, Sequences(weights.ravel(), offsets), self.role, self.name
        )

    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) at every step; see `SymbolTask.optimal_proba`."""
        sequences, x = self.read(X)
        proba = np.empty((len(x), 2))
        age = np.tile(self._age, (len(sequences), 1))
        last = None
        for t, rows in steps_in_time(sequences):
            age = age[: len(rows)]
            if last is not None:
                flipped = x[rows] != last[: len(rows)]
                older = np.zeros_like(age)
                older[:, 1:] = (age * (1 - self.hazard))[:, :-1]
                new = np.zeros_like(age)
                new[:, 0] = age @ self.hazard
                age = np.where(flipped[:, np.newaxis], new, older)
                total = age.sum(axis=1)
                if not total.all():
                    row = rows[np.flatnonzero(total == 0)[0]]
                    raise self._impossible(sequences, int(row), f"as durations allow at step {t}")
                age /= total[:, np.newaxis]
            flip = age @ self.hazard
            proba[rows, x[rows]], proba[rows, 1 - x[rows]] = 1 - flip, flip
            last = x[rows]
        return sequences.pack(proba)

    @property
    def _age(self) -> Floats:
        """Probabilities of how long the first symbol has lasted, and of how long it will last yet."""
        lasting = np.cumsum(self.durations[::-1])[::-1]
        return np.asarray(lasting / lasting.sum(), dtype=np.float64)

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        # with weights at all ages at which a change may come, and at the last step, a linear rule has the log
        # odds of each age, where no two changes fall among these ages; else that is open
        apart = self.distance < 2 * (self.distance - self.spread)
        return Needs(
            self.role,
            self.distance,
            least_states=2,
            enough_states=2 * self.distance,
            linear=True if apart else None,
            lasting_states=2,
        )

    def exact_model(self) -> Model | None:
        """Return an HMM whose states are a symbol and how long it has lasted."""
        from seqcompare.models.hmm.model import HMM

        n = self.distance
        transitions = np.zeros((2, n, 2, n))
        steps = np.arange(n)
        for symbol in (0, 1):
            transitions[symbol, steps[:-1], symbol, steps[1:]] = 1 - self.hazard[:-1]
            transitions[symbol, steps, 1 - symbol, 0] += self.hazard
        return HMM.from_parameters(
            startprob=np.tile(self._age, 2) / 2,
            transmat=transitions.reshape(2 * n, 2 * n),
            emissionprob=np.repeat(np.eye(2), n, axis=0),
            symbols=self.symbols,
        )
