"""ThresholdAutoregression: one lag, and not linear."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.needs import Memory, Needs
from seqcompare.tasks.density import DensityTask, gauss_panels, normal_bits, normal_log_density
from seqcompare.typing import Floats, RandomState, SequencesLike

BURN_IN = 100
"""Steps before a sequence begins, in units of the distance."""


@dataclass(frozen=True)
class ThresholdAutoregression(DensityTask):
    """The next number jumps where the last one changes its sign: x[t] = sign(x[t-d]) - .6 x[t-d] + noise.

    The noise is normal with variance .25. A line through one lag finds a fifth of what there is to find (Tong
    1990, Non-linear time series). Every step with one `distance` steps before it counts.

    Parameters
    ----------
    distance : int, default=1
        The lag. With more than 1 these are as many series in turns.
    """

    distance: int = 1

    slope = -0.6
    noise = 0.25

    @property
    def first_scored(self) -> int:
        """The first step that counts."""
        return self.distance

    @property
    def chance_score(self) -> float:
        """Entropy of a step by itself, in bits."""
        _, weight, density = _stationary()
        return float(-(weight * density) @ np.log2(density))

    @property
    def optimal_score(self) -> float:
        """Entropy of the noise, in bits."""
        return float(normal_bits(self.noise))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than `distance`."""
        length, generator = self._begin(n_sequences, length, random_state)
        rounds = -(-length // self.distance)
        x = np.empty((n_sequences, rounds, self.distance))
        last = generator.normal(size=(n_sequences, self.distance))
        for t in range(-BURN_IN, rounds):
            last = jump(last) + np.sqrt(self.noise) * generator.normal(size=last.shape)
            if t >= 0:
                x[:, t] = last
        return self._dataset(x.reshape(n_sequences, -1)[:, :length])

    def optimal_log_density(self, X: SequencesLike) -> SequencesLike:
        """Return the log-density of each step; see `DensityTask.optimal_log_density`."""
        sequences, x = self.read(X)
        found = np.empty_like(x)
        late = sequences.step_index >= self.distance
        rows = np.flatnonzero(late)
        found[rows] = normal_log_density(x[rows], jump(x[rows - self.distance]), self.noise)
        nodes, weight, density = _stationary()
        first = x[~late]
        found[~late] = np.log(_kernel(first, nodes) @ (weight * density))
        return sequences.pack(found)

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        undecided: frozenset[Memory] = frozenset({"steps", "states"})
        return Needs(self.role, self.distance, least_states=1, linear=False, undecided=undecided, kind="real")


def jump(x: Floats) -> Floats:
    """Return the mean of what follows on `x`."""
    return np.where(x > 0, 1.0, -1.0) + ThresholdAutoregression.slope * x


def _kernel(x: Floats, before: Floats) -> Floats:
    """Return the density of `x` (rows) after `before` (columns)."""
    return np.exp(normal_log_density(x[:, np.newaxis], jump(before), ThresholdAutoregression.noise))


@lru_cache(maxsize=1)
def _stationary() -> tuple[Floats, Floats, Floats]:
    """Return nodes, weights and the stationary density, the fixed point of its integral equation.

    The nodes are Gauss and Legendre's on both sides of the jump, where everything is smooth, so that what
    follows is exact to rounding.
    """
    nodes, weight = gauss_panels([-6.0, 0.0, 6.0], 120)
    moves = _kernel(nodes, nodes) * weight
    density, last = np.full(len(nodes), 1 / 12), np.zeros(len(nodes))
    while np.abs(density - last).max() > 1e-14:
        density, last = moves @ density, density
        density /= weight @ density
    return nodes, weight, density
