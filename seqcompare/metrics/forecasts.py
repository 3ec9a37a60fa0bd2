"""What densities say of numbers, as far as metrics need it: means, medians, and where the truth lay."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Forecast:
    """What was predicted of each number that came; NaN where nothing was predicted or nothing came.

    Parameters
    ----------
    truth : ndarray of shape (m, d)
        What came, in the units of the data.
    mean, median : ndarray of shape (m, d)
        Of the predictive distributions, of each channel by itself.
    crps : ndarray of shape (m, d)
        The continuous ranked probability score of what came, in the units of the data.
    below, upto : ndarray of shape (m, d)
        Predicted probability of less than what came, and of no more than that: the same for measurements, and
        apart for counts.
    naive : ndarray of shape (d,)
        Mean absolute error of the seasonal last value on the training part.
    """

    truth: Floats
    mean: Floats
    median: Floats
    crps: Floats
    below: Floats
    upto: Floats
    naive: Floats

    def pick(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Forecast:
        """Return what was predicted at `rows`."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return Forecast(**{k: v if k == "naive" else v[rows] for k, v in parts.items()})

    def channel(self, place: int) -> Forecast:
        """Return what was predicted of one channel, ``d = 1``."""
        parts = {f.name: getattr(self, f.name) for f in fields(self)}
        return Forecast(**{k: v[..., place : place + 1] for k, v in parts.items()})

    @property
    def known(self) -> NDArray[np.bool_]:
        """Whether something was predicted of all channels, and came, shape (m,)."""
        return np.asarray(np.isfinite(self.mean).all(axis=1) & np.isfinite(self.upto).all(axis=1))

    def covers(self, level: float) -> Floats:
        """Return the share of channels in which the central interval of a level holds what came, shape (m,).

        Parameters
        ----------
        level : float
            Such as .95: from the quantile at .025 to that at .975.
        """
        outside = (1 - level) / 2
        held = (self.upto >= outside) & (self.below < 1 - outside)
        return np.asarray(held.mean(axis=1), dtype=np.float64)
