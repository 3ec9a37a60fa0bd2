"""NoisyState: a slow state under noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.needs import Memory, Needs
from seqcompare.tasks.density import DensityTask, normal_bits, normal_log_density, steps_in_time
from seqcompare.typing import Floats, RandomState, SequencesLike


@dataclass(frozen=True)
class NoisyState(DensityTask):
    """A number that forgets slowly, seen under noise: z[t] = f z[t-1] + ..., x[t] = z[t] + noise.

    The state has variance 1 and the correlation exp(-k / distance) with itself k steps earlier. Averaging
    over the past finds it, the more of the past the better: no window is exact. Every step after the first
    `distance` counts.

    Parameters
    ----------
    distance : int
        Correlation length in steps, at least 2. What there is to gain is small where it is: .03 bit at 4.
    noise : float, default=4.0
        Variance of the noise.
    """

    noise: float = 4.0

    minimums: ClassVar[dict[str, int]] = {"distance": 2}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.noise > 0:
            raise ValueError(f"NoisyState needs noise > 0, got {self.noise}")

    @property
    def first_scored(self) -> int:
        """The first step that counts."""
        return self.distance

    @property
    def fade(self) -> float:
        """What is left of the state in the next step."""
        return float(np.exp(-1 / self.distance))

    @property
    def chance_score(self) -> float:
        """Entropy of a step by itself, in bits."""
        return float(normal_bits(1 + self.noise))

    @property
    def optimal_score(self) -> float:
        """Mean entropy of the Kalman filter's predictions at the steps that count, in bits."""
        return float(normal_bits(self._variances(self.natural_length)[self.first_scored :]).mean())

    @property
    def limit_score(self) -> float:
        """The same after infinitely many steps, in closed form: the entropy rate of the source, in bits."""
        f, r = self.fade, self.noise
        q = 1 - f**2
        middle = q - r * (1 - f**2)
        return float(normal_bits((middle + np.sqrt(middle**2 + 4 * q * r)) / 2 + r))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than `distance`."""
        length, generator = self._begin(n_sequences, length, random_state)
        state, x = generator.normal(size=n_sequences), np.empty((n_sequences, length))
        for t in range(length):
            noise = generator.normal(size=(2, n_sequences))
            x[:, t] = state + np.sqrt(self.noise) * noise[0]
            state = self.fade * state + np.sqrt(1 - self.fade**2) * noise[1]
        return self._dataset(x)

    def optimal_log_density(self, X: SequencesLike) -> SequencesLike:
        """Return the log-density of each step by the Kalman filter; see `DensityTask`."""
        sequences, x = self.read(X)
        mean = np.zeros_like(x)
        variances = self._variances(int(sequences.lengths.max()))
        state = np.zeros(len(sequences))
        for t, rows in steps_in_time(sequences):
            state = state[: len(rows)]
            mean[rows] = state
            gain = (variances[t] - self.noise) / variances[t]
            state = self.fade * (state + gain * (x[rows] - state))
        return sequences.pack(normal_log_density(x, mean, variances[sequences.step_index]))

    def _variances(self, length: int) -> Floats:
        """Return the variance of the prediction of each step, shape (length,)."""
        variances = np.empty(length)
        unknown = 1.0
        for t in range(length):
            variances[t] = unknown + self.noise
            left = unknown * self.noise / variances[t]
            unknown = self.fade**2 * left + 1 - self.fade**2
        return variances

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        undecided: frozenset[Memory] = frozenset({"states"})
        return Needs(
            self.role,
            self.distance,
            least_states=1,
            finite=False,
            undecided=undecided,
            kind="real",
            state_numbers=1,
        )
