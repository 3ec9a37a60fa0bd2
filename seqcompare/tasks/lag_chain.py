"""LagChain: each step depends on the one a fixed lag before, and on nothing in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.needs import Needs
from seqcompare.tasks.base import SymbolTask
from seqcompare.typing import Model, RandomState, SequencesLike

BEARABLE_STATES = 256
"""The largest machine that `LagChain.exact_model` makes."""


@dataclass(frozen=True)
class LagChain(SymbolTask):
    """A sparse chain: x[t] is a permutation of x[t - distance] most of the time.

    The first `distance` symbols are uniform; from then on x[t] is the symbol after x[t - distance] in
    cyclic order with probability `fidelity`, else uniform. Every step that has one `distance` before it
    counts.

    Parameters
    ----------
    distance : int
        The lag, at least 1.
    n_symbols : int, default=4
        Size of the alphabet.
    fidelity : float, default=0.9
        How often, in (0, 1), the rule holds; the uniform draw may agree with it by chance.
    """

    n_symbols: int = 4
    fidelity: float = 0.9

    role: ClassVar[Role] = "next"
    metric: ClassVar[str] = "bits"
    minimums: ClassVar[dict[str, int]] = {"distance": 1, "n_symbols": 2}

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.fidelity < 1:
            raise ValueError(f"LagChain needs fidelity between 0 and 1, got {self.fidelity}")

    @property
    def symbols(self) -> NDArray[np.int64]:
        """The alphabet."""
        return np.arange(self.n_symbols)

    @property
    def natural_length(self) -> int:
        """Steps of a sequence."""
        return 2 * (self.distance + 8)

    @property
    def chance_score(self) -> float:
        """Bits of a uniform symbol: less than `distance` steps back there is nothing to learn."""
        return float(np.log2(self.n_symbols))

    @property
    def optimal_score(self) -> float:
        """Entropy of a symbol given the one `distance` before it, in bits."""
        row = self._transitions()[0]
        return float(-(row * np.log2(row)).sum())

    @property
    def memory_bits(self) -> float:
        """Bits in the last `distance` symbols, all of which are still to be used."""
        return float(self.distance * np.log2(self.n_symbols))

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`. `length` must be more than `distance`."""
        self._check_size(n_sequences, length, self.distance + 1)
        length = self.natural_length if length is None else length
        generator = np.random.default_rng(random_state)
        x = generator.integers(self.n_symbols, size=(n_sequences, length))
        held = generator.random(x.shape) < self.fidelity
        for t in range(self.distance, length):
            follower = (x[:, t - self.distance] + 1) % self.n_symbols
            x[:, t] = np.where(held[:, t], follower, x[:, t])
        weights = np.zeros(x.shape)
        weights[:, self.distance :] = 1
        offsets = np.arange(n_sequences + 1) * length
        return SequenceDataset(
            Sequences(x.ravel(), offsets), None, Sequences(weights.ravel(), offsets), self.role, self.name
        )

    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) at every step; see `SymbolTask.optimal_proba`."""
        sequences, x = self.read(X)
        proba = np.full((len(x), self.n_symbols), 1 / self.n_symbols)
        due = np.flatnonzero(sequences.step_index + 1 >= self.distance)
        proba[due] = self._transitions()[x[due + 1 - self.distance]]
        return sequences.pack(proba)

    def _transitions(self) -> NDArray[np.float64]:
        """Return p(x[t] | x[t - distance]), shape (n_symbols, n_symbols)."""
        n = self.n_symbols
        return np.full((n, n), (1 - self.fidelity) / n) + self.fidelity * np.roll(np.eye(n), 1, axis=1)

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        states = self.n_symbols**self.distance
        # a shift register of symbols in binary, its last place one unit a symbol but one
        units = (self.distance - 1) * (self.n_symbols - 1).bit_length() + self.n_symbols - 1
        return Needs(
            self.role,
            self.distance,
            least_states=states,
            enough_states=states,
            units={"squashing": units, "gated": units, "additive": units},
        )

    def exact_model(self) -> Model | None:
        """Return an HMM whose states are the last `distance` symbols, or None above 256 states.

        A state emits the newest of its symbols. The machine is exact at every step.
        """
        n_states = self.n_symbols**self.distance
        if n_states > BEARABLE_STATES:
            return None
        from seqcompare.models.hmm.model import HMM

        state = np.arange(n_states)
        oldest, newest = state // (n_states // self.n_symbols), state % self.n_symbols
        transitions = np.zeros((n_states, n_states))
        for symbol in self.symbols:
            following = (state * self.n_symbols + symbol) % n_states
            transitions[state, following] = self._transitions()[oldest, symbol]
        return HMM.from_parameters(
            startprob=np.full(n_states, 1 / n_states),
            transmat=transitions,
            emissionprob=np.eye(self.n_symbols)[newest],
            symbols=self.symbols,
        )
