"""Tasks on numbers and counts: what is scored is the density that a model gave to what came."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.tasks.base import PROBABILITY_FLOOR, Task, flatten_outputs
from seqcompare.typing import Floats, Labels, RandomState, SequencesLike, Values


class DensityTask(Task):
    """A task of the role ``next`` whose steps are numbers or counts, scored by log-densities.

    Notes
    -----
    There are no classes to give probabilities of, so the outputs that are scored are what `score_steps` of a
    density gives: row t is log p(x[t] | x[..t-1]) in nats, of the step itself, not of the one after it. (Rows
    of distributions would do as well, but every density, whatever it is made of, has `score_steps`.) The
    score is the mean of -log2 of the density, in bits a step, so that it depends on the unit of the data. No
    step costs more than 40 bits, as for symbols.
    """

    role: ClassVar[Role] = "next"
    metric: ClassVar[str] = "bits"
    answered_by: ClassVar[str] = "density"

    @property
    @abstractmethod
    def first_scored(self) -> int:
        """The first step that counts: late enough that the start gives nothing away."""

    @abstractmethod
    def optimal_log_density(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of the source itself, in nats.

        Parameters
        ----------
        X : sequences
            What `sample` drew, in any container.

        Returns
        -------
        one number a step, shape (T_i,) a sequence, in X's container
        """

    def optimal_proba(self, X: SequencesLike) -> SequencesLike:
        """Return `optimal_log_density`, by the name that it has for all tasks of the role ``next``."""
        return self.optimal_log_density(X)

    @property
    def natural_length(self) -> int:
        """Steps of a sequence."""
        return max(200, 2 * self.first_scored)

    @property
    def memory_bits(self) -> float:
        """Infinite: what is to be remembered is a real number, unless a task says otherwise."""
        return float("inf")

    def outcomes(
        self, dataset: SequenceDataset, outputs: SequencesLike, symbols: Labels | None = None
    ) -> Floats:
        """Return -log2 of the density of each step that counts, shape (n_scored,), in the data's order.

        Parameters
        ----------
        dataset : SequenceDataset
            What `sample` gave.
        outputs : one number a step
            Log-densities in nats of each step given those before it, as `score_steps` gives them.
        symbols : ignored
            Numbers have none.
        """
        counts = self.scored(dataset)
        if not counts.any():
            raise ValueError(f"nothing in these {len(dataset)} sequences of {self.name} counts")
        given = flatten_outputs(outputs, len(counts), stepwise=True)
        if given.ndim != 1:
            raise ValueError(
                f"{self.name} is scored by log-densities, one number a step as score_steps gives them, "
                f"got shape {given.shape}"
            )
        nats = given[counts].astype(np.float64)
        if np.isnan(nats).any() or np.isposinf(nats).any():
            raise ValueError(f"the log-densities for {self.name} must be numbers below infinity")
        bits: Floats = -np.maximum(nats, np.log(PROBABILITY_FLOOR)) / np.log(2)
        return bits

    def read(self, X: SequencesLike) -> tuple[Sequences, Floats]:
        """Return `X` as `Sequences` and its numbers, shape (n_steps,)."""
        sequences = Sequences(X, numbers=True)
        if sequences.kind != "real":
            raise ValueError(f"{self.name} is made of numbers, got symbols")
        if sequences.n_channels != 1:
            raise ValueError(f"{self.name} has one number a step, got {sequences.n_channels}")
        return sequences, sequences.channels[:, 0]

    def _dataset(self, x: Values) -> SequenceDataset:
        """Return sequences of one length, shape (n, length), with weights from `first_scored` on."""
        n, length = x.shape
        weights = np.zeros((n, length))
        weights[:, self.first_scored :] = 1
        offsets = np.arange(n + 1) * length
        return SequenceDataset(
            Sequences(np.ascontiguousarray(x).ravel(), offsets),
            None,
            Sequences(weights.ravel(), offsets),
            self.role,
            self.name,
        )

    def _begin(
        self, n_sequences: int, length: int | None, random_state: RandomState
    ) -> tuple[int, np.random.Generator]:
        self._check_size(n_sequences, length, self.first_scored + 1)
        return self.natural_length if length is None else length, np.random.default_rng(random_state)


def steps_in_time(sequences: Sequences) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield each time t and the rows of the steps at it: sequences still running are a prefix of all.

    The longest comes first, so that what is carried along is cut to those that run by ``[: len(rows)]``.
    """
    order = np.argsort(-sequences.lengths, kind="stable")
    starts, lengths = sequences.offsets[:-1][order], sequences.lengths[order]
    for t in range(int(lengths[0])):
        yield t, starts[: np.searchsorted(-lengths, -t, side="left")] + t


def normal_log_density(x: Floats, mean: float | Floats, variance: float | Floats) -> Floats:
    """Return log-densities of normal distributions in nats."""
    return np.asarray(-(np.log(2 * np.pi * variance) + (x - mean) ** 2 / variance) / 2, dtype=np.float64)


def normal_bits(variance: float | Floats) -> Any:
    """Return the differential entropy of a normal distribution, in bits."""
    return np.log2(2 * np.pi * np.e * np.asarray(variance)) / 2


def gauss_panels(edges: list[float], n_nodes: int) -> tuple[Floats, Floats]:
    """Return nodes and weights of Gauss and Legendre's rule on each interval between `edges`."""
    unit, weight = np.polynomial.legendre.leggauss(n_nodes)
    parts = [((b - a) / 2 * unit + (a + b) / 2, (b - a) / 2 * weight) for a, b in pairwise(edges)]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
