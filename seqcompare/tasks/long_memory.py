"""LongMemory: a dependency that has no length."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import gamma

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.needs import Memory, Needs
from seqcompare.tasks.density import DensityTask, normal_bits, normal_log_density
from seqcompare.tasks.gaussian import predict_from_all
from seqcompare.typing import Floats, RandomState, SequencesLike


@dataclass(frozen=True)
class LongMemory(DensityTask):
    """Fractionally integrated noise: correlations fall as a power of the distance, and never matter no more.

    The process is ARFIMA(0, d, 0) with normal noise of variance 1 (Granger and Joyeux 1980; Hosking 1981).
    Whoever sees k steps is about d^2 / (2 ln 2 k) bits behind who sees all: .014 at 8 steps, .004 at 32, so
    there is a reach for each tolerance, and no other.

    Parameters
    ----------
    distance : int, default=50
        Steps before the first that counts. It is no length of the dependency, which has none.
    d_frac : float, default=0.4
        The order of integration, between 0 and 1/2: correlations fall as distance^(2d - 1).
    """

    distance: int = 50
    d_frac: float = 0.4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.d_frac < 0.5:
            raise ValueError(f"LongMemory needs d_frac between 0 and 0.5, got {self.d_frac}")

    @property
    def first_scored(self) -> int:
        """The first step that counts."""
        return self.distance

    @property
    def chance_score(self) -> float:
        """Entropy of a step by itself, in bits."""
        return float(normal_bits(_autocovariance(self.d_frac, 1)[0]))

    @property
    def optimal_score(self) -> float:
        """Mean entropy of the predictions from all steps so far, at the steps that count, in bits."""
        return float(
            normal_bits(_predictors(self.d_frac, self.natural_length)[1][self.first_scored :]).mean()
        )

    def score_within(self, reach: int) -> float:
        """Return the least score of any prediction from the last `reach` steps alone, in bits.

        The variance left is that of a step times the product of 1 - (d / (k - d))^2 for k = 1..reach, since
        d / (k - d) are the partial autocorrelations.

        Parameters
        ----------
        reach : int
            Steps, from 0 on.
        """
        k = np.arange(1, reach + 1)
        left = np.prod(1 - (self.d_frac / (k - self.d_frac)) ** 2)
        return float(normal_bits(_autocovariance(self.d_frac, 1)[0] * left))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than `distance`."""
        length, generator = self._begin(n_sequences, length, random_state)
        weights, variances = _predictors(self.d_frac, length)
        x = generator.normal(size=(n_sequences, length)) * np.sqrt(variances)
        for t in range(1, length):
            x[:, t] += x[:, :t] @ weights[t, :t]
        return self._dataset(x)

    def optimal_log_density(self, X: SequencesLike) -> SequencesLike:
        """Return the log-density of each step; see `DensityTask.optimal_log_density`."""
        sequences, x = self.read(X)
        longest = int(sequences.lengths.max())
        weights, variances = _predictors(self.d_frac, longest)
        # a row a sequence, 0 beyond its end: no prediction looks there
        table = np.zeros((len(sequences), longest))
        table[sequences.sequence_index, sequences.step_index] = x
        mean = (table @ weights.T)[sequences.sequence_index, sequences.step_index]
        return sequences.pack(normal_log_density(x, mean, variances[sequences.step_index]))

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        undecided: frozenset[Memory] = frozenset({"states"})
        return Needs(self.role, self.distance, least_states=1, finite=False, undecided=undecided, kind="real")


def _autocovariance(d: float, length: int) -> Floats:
    """Return the covariances of steps 0..length-1 apart."""
    k = np.arange(1, length)
    ratios = (k - 1 + d) / (k - d)
    return gamma(1 - 2 * d) / gamma(1 - d) ** 2 * np.cumprod(np.concatenate([[1.0], ratios]))


@lru_cache(maxsize=4)
def _predictors(d: float, length: int) -> tuple[Floats, Floats]:
    return predict_from_all(_autocovariance(d, length))
