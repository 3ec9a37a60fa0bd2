"""The interface that all predictive distributions share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from seqcompare.data.sequences import Sequences
from seqcompare.typing import Floats, RandomState


class Distribution(ABC):
    """A batch of distributions, one for each prediction, of numbers, vectors of numbers, or counts.

    A batch has a shape, `batch_shape`, as an array has: (T,) for the steps of one sequence, (n, T) for those
    of an array of sequences. A value has `event_shape`: () for a number or count, (d,) for a vector. It can
    be indexed (``prediction[-1]`` is that for the step after the last), and everything it answers begins
    with the batch's shape. Densities are in nats and in the units of the data.
    """

    @property
    @abstractmethod
    def batch_shape(self) -> tuple[int, ...]:
        """Shape of the batch."""

    @property
    @abstractmethod
    def event_shape(self) -> tuple[int, ...]:
        """Shape of one value: () or (d,)."""

    @property
    @abstractmethod
    def mean(self) -> Floats:
        """Expected values, shape (*batch_shape, *event_shape)."""

    @property
    @abstractmethod
    def variance(self) -> Floats:
        """Variances, of each channel by itself, shape (*batch_shape, *event_shape)."""

    @abstractmethod
    def log_prob(self, x: ArrayLike) -> Floats:
        """Return the log-density of `x` (of a count: its log-probability), in nats.

        Parameters
        ----------
        x : array of shape (*batch_shape, *event_shape), or one that broadcasts to it
            What came. Where it is NaN nothing came: the density is of the other channels, and 0 if there are
            none.

        Returns
        -------
        ndarray of shape batch_shape
        """

    @abstractmethod
    def cdf(self, x: ArrayLike) -> Floats:
        """Return the probability of values up to `x`, of each channel by itself; shape of `x`."""

    @abstractmethod
    def crps(self, x: ArrayLike) -> Floats:
        """Return the continuous ranked probability score of `x`, in the units of the data; lower is better.

        It is the integral over z of (P(X <= z) - 1{x <= z})^2: the absolute error of a prediction that is a
        whole distribution (Matheson and Winkler 1976; Gneiting and Raftery 2007, "Strictly proper scoring
        rules, prediction, and estimation"), here in closed form. Vectors are scored channel by channel.

        Parameters
        ----------
        x : array of shape (*batch_shape, *event_shape), or one that broadcasts to it
            What came.

        Returns
        -------
        ndarray of shape (*batch_shape, *event_shape)
        """

    @abstractmethod
    def _invert(self, u: Floats) -> Floats:
        """Return the quantiles at `u`, shape (m, *batch_shape, *event_shape) or one that broadcasts to it."""

    @abstractmethod
    def _draw(self, n: int, random_state: np.random.RandomState) -> Floats:
        """Return `n` draws, shape (n, *batch_shape, *event_shape)."""

    @abstractmethod
    def _map(self, change: Any) -> Self:
        """Return this with `change` made to the batch axes of each parameter, given (array, event axes)."""

    def quantile(self, q: ArrayLike) -> Floats:
        """Return quantiles, of each channel by itself.

        Parameters
        ----------
        q : float or array of shape (m,)
            Levels, from 0 to 1.

        Returns
        -------
        ndarray of shape (*batch_shape, *event_shape), with (m,) in front if `q` is an array
            The smallest count whose cumulative probability reaches q, or the number where it is q.

        Raises
        ------
        ValueError
            If a level is not between 0 and 1.
        """
        levels = np.asarray(q, dtype=np.float64)
        if levels.ndim > 1 or not ((levels >= 0) & (levels <= 1)).all():
            raise ValueError(f"q must be a number between 0 and 1 or a 1-D array of them, got {q!r}")
        ones = (1,) * (len(self.batch_shape) + len(self.event_shape))
        found = self._invert(levels.reshape(-1, *ones))
        return found[0] if levels.ndim == 0 else found

    def sample(self, n: int = 1, random_state: RandomState = None) -> Floats:
        """Return `n` independent draws from each distribution, shape (n, *batch_shape, *event_shape).

        Parameters
        ----------
        n : int
            How many.
        random_state : int, RandomState or None
            The source of randomness.
        """
        return self._draw(n, check_random_state(random_state))

    def reshape(self, *shape: int) -> Self:
        """Return the same distributions as a batch of another shape."""
        return self._map(lambda array, ndim: array.reshape(*shape, *array.shape[array.ndim - ndim :]))

    def __getitem__(self, index: Any) -> Self:
        """Return a part of the batch, indexed as an array of shape `batch_shape` is."""
        return self._map(lambda array, ndim: array[(*_as_tuple(index), ...) + (slice(None),) * ndim])

    def __len__(self) -> int:
        if not self.batch_shape:
            raise TypeError("a single distribution has no length")
        return self.batch_shape[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: batch {self.batch_shape}, values {self.event_shape}>"


def pack(sequences: Sequences, rows: Distribution) -> Distribution | list[Distribution]:
    """Return a batch with one row a step in the container that the sequences came in.

    Returns
    -------
    list of Distribution, or Distribution of batch shape (n, T) or (n_steps,)
        A list of batches of shape (T_i,) for a list of sequences, one batch for an array or for `Sequences`.
    """
    if sequences.container == "array":
        return rows.reshape(len(sequences), -1)
    if sequences.container == "list":
        bounds = zip(sequences.offsets[:-1], sequences.offsets[1:], strict=True)
        return [rows[a:b] for a, b in bounds]
    return rows


def _as_tuple(index: Any) -> tuple[Any, ...]:
    return index if isinstance(index, tuple) else (index,)
