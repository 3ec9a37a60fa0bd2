"""Volatility: the size of the next number can be predicted, the number itself cannot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.needs import Memory, Needs
from seqcompare.tasks.density import DensityTask, normal_bits, normal_log_density, steps_in_time
from seqcompare.typing import Floats, RandomState, SequencesLike

BURN_IN = 20
"""Steps before a sequence begins, in units of the distance."""

N_CELLS = 1000
"""Cells that the logarithm of the variance is divided into: twice as many change the optimum by 5e-6 bit."""

LARGEST = 1e3
"""The largest variance among them, the mean being 1."""


@dataclass(frozen=True)
class Volatility(DensityTask):
    """GARCH(1,1) noise: the mean of the next step is always 0, its variance follows from past squares.

    The variance is s2[t] = 1/distance + shock x[t-1]^2 + (1 - 1/distance - shock) s2[t-1], of mean 1
    (Bollerslev 1986). So whoever is judged by squared errors finds nothing, and the density has a memory.
    Steps from three times the distance on count.

    Parameters
    ----------
    distance : int, default=20
        How many steps it takes the variance to return to its mean by a factor e.
    shock : float, default=0.1
        Weight of the last square, between 0 and 1 - 1/distance.
    """

    distance: int = 20
    shock: float = 0.1

    minimums: ClassVar[dict[str, int]] = {"distance": 2}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.shock < 1 - 1 / self.distance:
            raise ValueError(f"Volatility needs shock between 0 and 1 - 1/distance, got {self.shock}")

    @property
    def level(self) -> float:
        """The constant in the variance."""
        return 1 / self.distance

    @property
    def persistence(self) -> float:
        """Weight of the last variance."""
        return 1 - 1 / self.distance - self.shock

    @property
    def first_scored(self) -> int:
        """The first step that counts: by then the variance is known but for a trace."""
        return 3 * self.distance

    @property
    def chance_score(self) -> float:
        """Entropy of a step by itself, a mixture of normal ones of all variances, in bits."""
        variance, proba = _stationary(self)
        edge = 12.0
        x = np.linspace(0, edge, 4001)
        density = np.zeros_like(x)
        for part in np.array_split(np.arange(len(variance)), 20):
            v = variance[part]
            density += np.exp(-(x[:, None] ** 2) / v / 2) / np.sqrt(2 * np.pi * v) @ proba[part]
        return float(2 * np.trapezoid(-density * np.log2(density), x))

    @property
    def optimal_score(self) -> float:
        """Mean entropy of a normal distribution of the true variance, in bits."""
        variance, proba = _stationary(self)
        return float(proba @ normal_bits(variance))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than three times the distance."""
        length, generator = self._begin(n_sequences, length, random_state)
        before = BURN_IN * self.distance
        x, variance = np.empty((n_sequences, length)), np.ones(n_sequences)
        for t in range(-before, length):
            new = np.sqrt(variance) * generator.normal(size=n_sequences)
            if t >= 0:
                x[:, t] = new
            variance = self.level + self.shock * new**2 + self.persistence * variance
        return self._dataset(x)

    def optimal_log_density(self, X: SequencesLike) -> SequencesLike:
        """Return the log-density of each step given those before it; see `DensityTask.optimal_log_density`.

        The variance of the first step is taken for its mean, 1. What is not known of it fades as a power of
        `persistence`, and is less than 1e-4 at the first step that counts.
        """
        sequences, x = self.read(X)
        found = np.empty_like(x)
        variance = np.ones(len(sequences))
        for _, rows in steps_in_time(sequences):
            variance = variance[: len(rows)]
            found[rows] = normal_log_density(x[rows], 0.0, variance)
            variance = self.level + self.shock * x[rows] ** 2 + self.persistence * variance
        return sequences.pack(found)

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        undecided: frozenset[Memory] = frozenset({"steps", "states"})
        return Needs(
            self.role,
            self.distance,
            least_states=1,
            finite=False,
            undecided=undecided,
            kind="real",
            past_squares=True,
        )


@lru_cache(maxsize=16)
def _stationary(task: Volatility) -> tuple[Floats, Floats]:
    """Return variances and their stationary probabilities, those that a move over a grid leaves alone."""
    from scipy.special import erf

    least = task.level / (1 - task.persistence)
    edges = np.geomspace(least, LARGEST, N_CELLS + 1)
    middle = np.sqrt(edges[:-1] * edges[1:])
    # the next variance is at most s where the square of a normal number is at most this
    square = (edges - task.level - task.persistence * middle[:, None]) / (task.shock * middle[:, None])
    up_to = erf(np.sqrt(np.maximum(square, 0) / 2))
    up_to[:, -1] = 1
    moves = np.diff(up_to, axis=1)
    # p = p moves, with one of the equations, which say one thing too many, replaced by sum(p) = 1
    equations = moves.T - np.eye(N_CELLS)
    equations[-1] = 1
    return middle, np.linalg.solve(equations, np.eye(N_CELLS)[-1])
