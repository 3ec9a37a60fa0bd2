"""LinearSeries: the next number is a linear function of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.needs import Needs
from seqcompare.tasks.density import DensityTask, normal_bits, normal_log_density
from seqcompare.tasks.gaussian import autocovariance_of, predict_from_all
from seqcompare.typing import Floats, RandomState, SequencesLike


@dataclass(frozen=True)
class LinearSeries(DensityTask):
    """An autoregression: x[t] is `strength` times x[t-d], or a combination of the last d steps, plus noise.

    The noise is normal with variance 1, and the series is stationary from its first step. Steps from the
    `distance`-th on count.

    Parameters
    ----------
    distance : int
        The lag that matters; with `coefficients` the last of the lags.
    strength : float, default=0.95
        What x[t-d] is multiplied by, between -1 and 1 and not 0.
    coefficients : tuple of float, optional
        Of the lags 1..distance, in place of `strength`; the last is not 0.
    """

    strength: float = 0.95
    coefficients: tuple[float, ...] | None = None

    minimums: ClassVar[dict[str, int]] = {"distance": 1}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < abs(self.strength) < 1:
            raise ValueError(f"LinearSeries needs strength between -1 and 1 and not 0, got {self.strength}")
        if self.coefficients is None:
            return
        object.__setattr__(self, "coefficients", tuple(float(c) for c in self.coefficients))
        if len(self.coefficients) != self.distance or not self.coefficients[-1]:
            raise ValueError(
                f"LinearSeries needs a coefficient for each lag up to distance={self.distance}, the last "
                f"not 0, got {self.coefficients}"
            )
        # the roots of z^p - c1 z^(p-1) - ...
        if np.abs(np.roots([1.0, *(-c for c in self.coefficients)])).max() >= 1:
            raise ValueError(f"LinearSeries needs a stationary series, got coefficients {self.coefficients}")

    @property
    def lags(self) -> Floats:
        """Coefficients of the lags 1..distance."""
        if self.coefficients is not None:
            return np.array(self.coefficients)
        lags = np.zeros(self.distance)
        lags[-1] = self.strength
        return lags

    @property
    def first_scored(self) -> int:
        """The first step with all lags before it."""
        return self.distance

    @property
    def chance_score(self) -> float:
        """Entropy of a step by itself, in bits."""
        return float(normal_bits(autocovariance_of(self.lags, 1.0, 1)[0]))

    @property
    def optimal_score(self) -> float:
        """Entropy of the noise, in bits."""
        return float(normal_bits(1.0))

    def score_within(self, reach: int) -> float:
        """Return the least score of any prediction from the last `reach` steps alone, in bits.

        Parameters
        ----------
        reach : int
            Steps, from 0 (then it is `chance_score`) on.
        """
        _, variances = predict_from_all(autocovariance_of(self.lags, 1.0, reach + 1))
        return float(normal_bits(variances[reach]))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than `distance`."""
        length, generator = self._begin(n_sequences, length, random_state)
        x = generator.normal(size=(n_sequences, length))
        weights, variances = _start(self)
        lags = self.lags[::-1]
        used = np.flatnonzero(lags)
        for t in range(length):
            if t < self.distance:
                x[:, t] = x[:, :t] @ weights[t, :t] + np.sqrt(variances[t]) * x[:, t]
            else:
                x[:, t] += x[:, t - self.distance + used] @ lags[used]
        return self._dataset(x)

    def optimal_log_density(self, X: SequencesLike) -> SequencesLike:
        """Return the log-density of each step; see `DensityTask.optimal_log_density`."""
        sequences, x = self.read(X)
        weights, variances = _start(self)
        mean, variance = np.zeros_like(x), np.ones_like(x)
        rows = np.flatnonzero(sequences.step_index >= self.distance)
        for k, coefficient in enumerate(self.lags, start=1):
            if coefficient:
                mean[rows] += coefficient * x[rows - k]
        for t in range(self.distance):
            rows = np.flatnonzero(sequences.step_index == t)
            variance[rows] = variances[t]
            for s in np.flatnonzero(weights[t]):
                mean[rows] += weights[t, s] * x[rows - t + s]
        return sequences.pack(normal_log_density(x, mean, variance))

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        return Needs(
            self.role,
            self.distance,
            least_states=1,
            undecided=frozenset({"states"}),
            kind="real",
            state_numbers=self.distance,
            rules=1 if self.distance == 1 else None,
        )


@lru_cache(maxsize=64)
def _start(task: LinearSeries) -> tuple[Floats, Floats]:
    """Return how each of the first steps is predicted from fewer than all lags."""
    return predict_from_all(autocovariance_of(task.lags, 1.0, task.distance))
