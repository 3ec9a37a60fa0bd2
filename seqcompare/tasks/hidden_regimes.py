"""HiddenRegimes: the symbols hint at a hidden regime that changes now and then."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.needs import Needs
from seqcompare.tasks.base import SymbolTask
from seqcompare.typing import Model, RandomState, SequencesLike

SHORTEST = 256
"""Least natural length, in steps: the gain of a good filter is small, so it takes many steps to show."""

N_AVERAGED = 8192
"""Sequences over which the optimal score is averaged."""


@dataclass(frozen=True)
class HiddenRegimes(SymbolTask):
    """A hidden Markov source: a slow regime tilts the distribution of the symbols.

    At each step, with probability ``1 / distance``, the regime is drawn anew from all of them, so that two
    steps `distance` apart are mostly in one regime, and further ones forget each other. The alphabet is
    shared out among the regimes, and a regime moves the share `contrast` of the probability from all symbols
    to its own. Every step after the first `distance` counts.

    Parameters
    ----------
    distance : int
        Correlation length in steps, at least 4: there is no step at which the dependency ends.
    n_regimes : int, default=2
        How many regimes there are, at most `n_symbols`.
    n_symbols : int, default=4
        Size of the alphabet.
    contrast : float, default=0.3
        How far, in (0, 1), a regime shifts the distribution.

    Notes
    -----
    Filtering gains only .01 to .05 bit over knowing nothing with two regimes and the default contrast: test
    on at least 4,000 sequences of 256 steps, and hold scores against that of `optimal_proba` on the same
    sequences, which takes the luck of the draw out of the skill.
    """

    n_regimes: int = 2
    n_symbols: int = 4
    contrast: float = 0.3

    role: ClassVar[Role] = "next"
    metric: ClassVar[str] = "bits"
    minimums: ClassVar[dict[str, int]] = {"distance": 4, "n_regimes": 2, "n_symbols": 2}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_symbols < self.n_regimes:
            raise ValueError(
                "HiddenRegimes needs n_symbols >= n_regimes, "
                f"got n_symbols={self.n_symbols} and n_regimes={self.n_regimes}"
            )
        if not 0 < self.contrast < 1:
            raise ValueError(f"HiddenRegimes needs contrast between 0 and 1, got {self.contrast}")

    @property
    def symbols(self) -> NDArray[np.int64]:
        """The alphabet."""
        return np.arange(self.n_symbols)

    @property
    def natural_length(self) -> int:
        """Steps of a sequence."""
        return max(SHORTEST, 2 * self.distance)

    @property
    def chance_score(self) -> float:
        """Entropy of the symbols over all regimes, in bits."""
        return float(_bits(self.emission.mean(axis=0)))

    @property
    def optimal_score(self) -> float:
        """Mean entropy of the filter's predictions in sequences of the natural length, in bits.

        There is no closed form: it is the average over the predictions for 8,192 sequences, the same ones
        every time. Its standard error is at most 2e-4 bits at the default contrast. The first access takes
        about a second.
        """
        return _mean_entropy(self)

    @property
    def memory_bits(self) -> float:
        """Bits in a regime: the most that can be worth remembering."""
        return float(np.log2(self.n_regimes))

    @property
    def emission(self) -> NDArray[np.float64]:
        """p(symbol | regime), shape (n_regimes, n_symbols)."""
        owner = self.symbols * self.n_regimes // self.n_symbols
        own = (owner == np.arange(self.n_regimes)[:, np.newaxis]).astype(np.float64)
        shares: NDArray[np.float64] = own / own.sum(axis=1, keepdims=True)
        return (1 - self.contrast) / self.n_symbols + self.contrast * shares

    @property
    def transitions(self) -> NDArray[np.float64]:
        """p(next regime | regime), shape (n_regimes, n_regimes)."""
        n = self.n_regimes
        return (1 - 1 / self.distance) * np.eye(n) + 1 / (self.distance * n)

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than `distance`."""
        self._check_size(n_sequences, length, self.distance + 1)
        length = self.natural_length if length is None else length
        generator = np.random.default_rng(random_state)
        shape = (n_sequences, length)
        redrawn = generator.random(shape) < 1 / self.distance
        redrawn[:, 0] = True
        since = np.maximum.accumulate(np.where(redrawn, np.arange(length), 0), axis=1)
        drawn = generator.integers(self.n_regimes, size=shape)
        regime = np.take_along_axis(drawn, since, axis=1)
        bounds = np.cumsum(self.emission, axis=1)[:, :-1]
        luck = generator.random(shape)
        x = np.zeros(shape, dtype=np.int64)
        for bound in bounds.T:
            x += luck >= bound[regime]
        weights = np.zeros(shape)
        weights[:, self.distance :] = 1
        offsets = np.arange(n_sequences + 1) * length
        return SequenceDataset(
            Sequences(x.ravel(), offsets), None, Sequences(weights.ravel(), offsets), self.role, self.name
        )

    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) at every step by the forward filter; see `SymbolTask.optimal_proba`."""
        sequences, x = self.read(X)
        likelihood = np.ascontiguousarray(self.emission.T)
        belief = np.empty((len(x), self.n_regimes))
        # by step rather than by sequence; the longest first, so that those still running are a prefix
        order = np.argsort(-sequences.lengths, kind="stable")
        starts, lengths = sequences.offsets[:-1][order], sequences.lengths[order]
        now = np.full((len(order), self.n_regimes), 1 / self.n_regimes)
        for t in range(lengths[0]):
            rows = starts[: np.searchsorted(-lengths, -t, side="left")] + t
            now = now[: len(rows)] * likelihood[x[rows]]
            now /= now.sum(axis=1, keepdims=True)
            now *= 1 - 1 / self.distance
            now += 1 / (self.distance * self.n_regimes)
            belief[rows] = now
        return sequences.pack(belief @ self.emission)

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        # the shares are disjoint and the regime persists, so the process has the rank of its regimes
        return Needs(
            self.role,
            self.distance,
            least_states=self.n_regimes,
            enough_states=self.n_regimes,
            finite=False,
        )

    def exact_model(self) -> Model | None:
        """Return the source itself as an HMM."""
        from seqcompare.models.hmm.model import HMM

        n = self.n_regimes
        return HMM.from_parameters(
            startprob=np.full(n, 1 / n),
            transmat=self.transitions,
            emissionprob=self.emission,
            symbols=self.symbols,
        )


@lru_cache(maxsize=64)
def _mean_entropy(task: HiddenRegimes) -> float:
    dataset = task.sample(N_AVERAGED, random_state=0)
    # row t predicts step t + 1
    rows = np.flatnonzero(task.scored(dataset)) - 1
    return float(_bits(Sequences(task.optimal_proba(dataset.X)).values[rows]).mean())


def _bits(proba: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy of distributions along the last axis, in bits."""
    return np.asarray(-(proba * np.log2(proba)).sum(axis=-1))
