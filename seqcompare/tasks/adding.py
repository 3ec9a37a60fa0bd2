"""Adding: the sum of two flagged numbers, after Hochreiter and Schmidhuber."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import Role, SequenceDataset
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.needs import Needs
from seqcompare.tasks.base import MEAN_GAP, Task, geometric_gaps
from seqcompare.typing import Labels, RandomState, SequencesLike


@dataclass(frozen=True)
class Adding(Task):
    """Each step is a number and a flag; exactly two flags are up, and their numbers are to be added.

    The numbers are uniform on [0, 1] and independent, the second flag comes exactly `distance` steps after
    the first, and the gaps around are geometric. Who knows one of the two numbers has half the variance of
    their sum as error, so 1/12 is chance; a constant gets 1/6. Compare models with ``pooling="last"``:
    mean or attention pooling adds up flagged numbers without remembering any.

    Parameters
    ----------
    distance : int
        Steps from flag to flag, at least 1.

    Notes
    -----
    The adding problem is from S. Hochreiter and J. Schmidhuber, "Long short-term memory" (1997),
    experiment 4, with its flags at a fixed distance.
    """

    role: ClassVar[Role] = "value"
    metric: ClassVar[str] = "mse"

    @property
    def natural_length(self) -> int:
        """Mean number of steps of a sequence."""
        return self.distance + 1 + 2 * MEAN_GAP

    @property
    def chance_score(self) -> float:
        """Squared error of who knows the last flagged number alone."""
        return 1 / 12

    @property
    def optimal_score(self) -> float:
        """Squared error of the sum."""
        return 0.0

    @property
    def memory_bits(self) -> float:
        """One real number: no finite number of bits gives an error of zero."""
        return inf

    def sample(
        self, n_sequences: int, length: int | None = None, random_state: RandomState = None
    ) -> SequenceDataset:
        """Draw sequences; see `Task.sample`.

        With a `length`, of at least ``distance + 1``, the first flag is uniform over what has room.
        """
        least = self.distance + 1
        self._check_size(n_sequences, length, least)
        generator = np.random.default_rng(random_state)
        if length is None:
            before, after = geometric_gaps(generator, (2, n_sequences))
        else:
            before = generator.integers(length - least + 1, size=n_sequences)
            after = length - least - before
        offsets = offsets_of(least + before + after)
        x = np.zeros((offsets[-1], 2))
        x[:, 0] = generator.random(len(x))
        first = offsets[:-1] + before
        x[first, 1] = x[first + self.distance, 1] = 1
        total = x[first, 0] + x[first + self.distance, 0]
        return SequenceDataset(Sequences(x, offsets), total, None, self.role, self.name)

    def optimal_prediction(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the sum of the flagged numbers, shape (n,).

        Parameters
        ----------
        X : sequences
            What `sample` drew, in any container.

        Raises
        ------
        ValueError
            If the source cannot have made `X`.
        """
        sequences = Sequences(X)
        if sequences.kind != "real" or sequences.n_channels != 2:
            raise ValueError(f"Adding has 2 channels, numbers and flags, got {sequences!r}")
        flags = np.add.reduceat(sequences.values[:, 1], sequences.offsets[:-1])
        wrong = np.flatnonzero(flags != 2)
        if wrong.size:
            raise ValueError(f"Adding has 2 flags in every sequence, X[{wrong[0]}] has {flags[wrong[0]]:g}")
        return np.add.reduceat(sequences.values.prod(axis=1), sequences.offsets[:-1])

    def outcomes(
        self, dataset: SequenceDataset, outputs: SequencesLike, symbols: Labels | None = None
    ) -> NDArray[np.float64]:
        """Return the squared error of every sequence, shape (n,); `symbols` means nothing here."""
        given = np.asarray(outputs, dtype=np.float64)
        if given.shape == (len(dataset), 1):
            given = given[:, 0]
        if given.shape != (len(dataset),):
            raise ValueError(
                f"expected a number for each of {len(dataset)} sequences, got shape {given.shape}"
            )
        if not np.isfinite(given).all():
            raise ValueError("the predictions for Adding must be finite, got NaN or infinity")
        assert isinstance(dataset.y, np.ndarray)  # a number a sequence
        return np.square(given - dataset.y)

    def needs(self) -> Needs:
        """Return what a model must have to predict as well as the optimum."""
        # a gated cell adds what its gate lets in; a plain one needs a unit for the flagged number, one for
        # the flag, and one for the sum. All work where tanh is straight
        return Needs(
            self.role,
            self.distance,
            least_states=1,
            kind="real",
            units={"squashing": 3, "gated": 1, "additive": 1},
        )
