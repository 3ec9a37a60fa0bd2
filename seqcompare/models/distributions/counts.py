"""Distributions over counts: a table, and a geometric tail beyond it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from seqcompare.models.distributions.base import Distribution
from seqcompare.typing import Floats


class CountDistribution(Distribution):
    """Distributions over the counts 0, 1, 2, ... without an upper end.

    The first m counts have the probabilities of a table. What is missing from 1 belongs to the counts from
    m on, each of which is `ratio` times as probable as the one before, so that no count is impossible.

    Parameters
    ----------
    proba : array of shape (*batch_shape, m)
        Probabilities of 0..m-1, which add up to 1 at most.
    ratio : array of shape batch_shape, default=0
        How fast the tail falls, in [0, 1).
    tail : array of shape batch_shape, optional
        Probability of all counts from m on; by default what the table leaves. It is worth giving where that
        is less than rounding shows.
    """

    def __init__(self, proba: ArrayLike, ratio: ArrayLike = 0.0, tail: ArrayLike | None = None) -> None:
        self.proba = np.asarray(proba, dtype=np.float64)
        shape = self.proba.shape[:-1]
        left = np.maximum(1 - self.proba.sum(axis=-1), 0) if tail is None else tail
        self.ratio = np.broadcast_to(np.asarray(ratio, dtype=np.float64), shape)
        self.tail = np.broadcast_to(np.asarray(left, dtype=np.float64), shape)

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """Shape of the batch."""
        return self.proba.shape[:-1]

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Counts: ()."""
        return ()

    @property
    def mean(self) -> Floats:
        """Expected counts."""
        m = self.proba.shape[-1]
        return self.proba @ np.arange(m) + self.tail * (m + self.ratio / (1 - self.ratio))

    @property
    def variance(self) -> Floats:
        """Variances."""
        m, r = self.proba.shape[-1], self.ratio
        beyond = (m + r / (1 - r)) ** 2 + r / (1 - r) ** 2  # mean square of a count in the tail
        return self.proba @ np.arange(m) ** 2 + self.tail * beyond - self.mean**2

    def log_prob(self, x: ArrayLike) -> Floats:
        """Return the log-probability of `x` in nats; -inf for what is no count, 0 for what is missing."""
        unknown = np.isnan(x)
        given, place, over = self._place(np.where(unknown, 0.0, x))
        inside = np.take_along_axis(self._batch(self.proba, given), place[..., None], axis=-1)[..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            steps = np.where(over > 0, over * np.log(self.ratio), 0.0)
            beyond = np.log(self.tail) + np.log1p(-self.ratio) + steps
            logs = np.where(given < self.proba.shape[-1], np.log(inside), beyond)
        logs = np.where((given >= 0) & (given == np.floor(given)), logs, -np.inf)
        return np.where(unknown, 0.0, logs)

    def cdf(self, x: ArrayLike) -> Floats:
        """Return the probability of counts up to `x`."""
        given, place, over = self._place(np.floor(x))
        inside = np.take_along_axis(self._batch(self._cumulated, given), place[..., None], axis=-1)[..., 0]
        found = np.where(given < self.proba.shape[-1], inside, 1 - self.tail * self.ratio ** (over + 1))
        return np.where(given < 0, 0.0, found)

    def crps(self, x: ArrayLike) -> Floats:
        """Return the ranked probability score of `x`; see `Distribution.crps`."""
        given, _, over = self._place(x)
        up_to = np.arange(self.proba.shape[-1]) >= given[..., None]
        inside = ((self._cumulated - up_to) ** 2).sum(axis=-1)
        t, r = self.tail, self.ratio
        # sums of (1 - t r^(j+1))^2 over the tail before x, and of (t r^(j+1))^2 from x on
        before = over - 2 * t * r * (1 - r**over) / (1 - r) + t**2 * r**2 * (1 - r ** (2 * over)) / (1 - r**2)
        return inside + before + t**2 * r ** (2 * (over + 1)) / (1 - r**2)

    @property
    def _cumulated(self) -> Floats:
        return np.cumsum(self.proba, axis=-1)

    def _place(self, x: ArrayLike) -> tuple[Floats, Any, Floats]:
        """Return `x`, where in the table it is (clipped), and how far beyond the table's end."""
        given = np.asarray(x, dtype=np.float64)
        given = np.broadcast_to(given, np.broadcast_shapes(given.shape, self.batch_shape))
        m = self.proba.shape[-1]
        return given, np.clip(given, 0, m - 1).astype(np.intp), np.maximum(given - m, 0.0)

    def _batch(self, table: Floats, given: Floats) -> Floats:
        return np.broadcast_to(table, (*given.shape, table.shape[-1]))

    def _invert(self, u: Floats) -> Floats:
        shape = np.broadcast_shapes(u.shape, (1, *self.batch_shape))
        level = np.broadcast_to(u, shape)
        cumulated = self._cumulated
        # by level, so that no table has both axes
        inside = np.stack([(cumulated < part[..., None]).sum(axis=-1) for part in level])
        with np.errstate(divide="ignore", invalid="ignore"):
            over = np.ceil(np.log((1 - level) / self.tail) / np.log(self.ratio)) - 1
        over = np.where((self.ratio > 0) & (self.tail > 0), np.maximum(over, 0), 0)
        m = self.proba.shape[-1]
        last = np.where(self.tail > 0, m, np.argmax(cumulated >= cumulated[..., -1:], axis=-1))
        return np.where(inside < m, inside, last + over).astype(np.float64)

    def _draw(self, n: int, random_state: np.random.RandomState) -> Floats:
        return self._invert(random_state.uniform(size=(n, *self.batch_shape)))

    def _map(self, change: Any) -> Self:
        return type(self)(change(self.proba, 1), change(self.ratio, 0), change(self.tail, 0))


def widen(batch: CountDistribution, size: int) -> CountDistribution:
    """Return the same distributions with a table of `size` counts."""
    more = np.arange(size - batch.proba.shape[-1])
    fill = (batch.tail * (1 - batch.ratio))[..., np.newaxis] * batch.ratio[..., np.newaxis] ** more
    table = np.concatenate([batch.proba, fill], axis=-1)
    return CountDistribution(table, batch.ratio, batch.tail * batch.ratio ** len(more))
