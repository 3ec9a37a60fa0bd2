"""SwitchingAutoregression: two linear rules that take turns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.needs import Memory, Needs
from seqcompare.tasks.density import DensityTask, normal_bits, normal_log_density, steps_in_time
from seqcompare.typing import Floats, RandomState, SequencesLike

N_AVERAGED = 32768
"""Sequences over which the optimal score is averaged, at some steps each."""


@dataclass(frozen=True)
class SwitchingAutoregression(DensityTask):
    """A hidden regime says whether the last step is followed or turned over: x[t] = +-.9 x[t-1] + noise.

    The noise has variance 1. The regime changes with probability 1/distance a step (Hamilton 1989). Each
    step by itself is normal, and the two rules cancel out: no linear prediction is of use. Every step after
    the first `distance` counts.

    Parameters
    ----------
    distance : int
        Mean length of a regime in steps, at least 4.
    """

    coefficient = 0.9
    minimums: ClassVar[dict[str, int]] = {"distance": 4}

    @property
    def first_scored(self) -> int:
        """The first step that counts."""
        return self.distance

    @property
    def chance_score(self) -> float:
        """Entropy of a step by itself, in bits: whatever the regimes were, its variance is the same."""
        return float(normal_bits(self._variance))

    @property
    def optimal_score(self) -> float:
        """Mean entropy of the filter's predictions, in bits.

        There is no closed form: it is an average over 32,768 sequences, the same ones every time. Its
        standard error is at most 1e-3 bits. The first access takes a second or two.
        """
        return _mean_entropy(self)

    @property
    def memory_bits(self) -> float:
        """Bits in a regime; the last step comes on top."""
        return 1.0

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than `distance`."""
        length, generator = self._begin(n_sequences, length, random_state)
        change = generator.random((n_sequences, length)) < 1 / self.distance
        change[:, 0] = generator.random(n_sequences) < 0.5
        sign = 1 - 2 * (np.cumsum(change, axis=1) % 2)
        x = generator.normal(size=(n_sequences, length))
        x[:, 0] *= np.sqrt(self._variance)
        for t in range(1, length):
            x[:, t] += self.coefficient * sign[:, t] * x[:, t - 1]
        return self._dataset(x)

    def optimal_log_density(self, X: SequencesLike) -> SequencesLike:
        """Return the log-density of each step by the forward filter; see `DensityTask`."""
        sequences, x = self.read(X)
        found = np.empty_like(x)
        for _, rows, belief, mean in self._filter(x, sequences):
            if mean is None:
                found[rows] = normal_log_density(x[rows], 0.0, self._variance)
                continue
            plus, minus = (normal_log_density(x[rows], sign * mean, 1.0) for sign in (1, -1))
            found[rows] = np.logaddexp(np.log(belief) + plus, np.log1p(-belief) + minus)
        return sequences.pack(found)

    @property
    def _variance(self) -> float:
        return 1 / (1 - self.coefficient**2)

    def _filter(self, x: Floats, sequences: Sequences) -> Any:
        """Yield time, rows, the probability that the last step is followed, and the mean if it is."""
        belief = np.full(len(sequences), 0.5)
        last: Floats | None = None
        for t, rows in steps_in_time(sequences):
            belief = belief[: len(rows)]
            mean = None if last is None else self.coefficient * last[: len(rows)]
            yield t, rows, belief, mean
            if mean is not None:
                # odds of the two densities of x about +mean and -mean
                odds = np.exp(np.clip(-2 * x[rows] * mean, -700, 700)) * (1 - belief) / belief
                belief = 1 / (1 + odds)
                belief = np.clip(belief, 1e-12, 1 - 1e-12)
                belief = belief * (1 - 1 / self.distance) + (1 - belief) / self.distance
            last = x[rows]

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        undecided: frozenset[Memory] = frozenset({"steps", "states"})
        return Needs(
            self.role,
            self.distance,
            least_states=1,
            linear=False,
            finite=False,
            undecided=undecided,
            kind="real",
            rules=2,
        )


@lru_cache(maxsize=16)
def _mean_entropy(task: SwitchingAutoregression) -> float:
    """Average the entropy of the predictions, which varies far less than what comes of them."""
    dataset = task.sample(N_AVERAGED, random_state=0)
    wanted = np.linspace(task.first_scored, task.natural_length - 1, 5).astype(int)
    found = []
    for t, _, belief, mean in task._filter(dataset.X.values, dataset.X):
        if t in wanted:
            found.append(_mixture_entropy(belief, np.abs(mean)).mean())
    return float(np.mean(found))


def _mixture_entropy(belief: Floats, mean: Floats) -> Floats:
    """Return the entropy in bits of normal distributions about +mean and -mean with variance 1, mixed.

    It is that of the noise and what the step tells of the sign, an integral over each component by Gauss and
    Hermite's rule.
    """
    nodes, weight = np.polynomial.hermite_e.hermegauss(60)
    weight = weight / np.sqrt(2 * np.pi)
    told = np.zeros_like(mean)
    for node, share in zip(nodes, weight, strict=True):
        for own in (belief, 1 - belief):
            # from its own component at x = mean + node, the odds of the other one
            odds = (1 - own) / own * np.exp(-2 * mean * (mean + node))
            told -= share * own * np.log2(own * (1 + odds))
    return np.asarray(normal_bits(1.0) + told, dtype=np.float64)
