"""A guess at numbers that is never far wrong: no density counts for less than a small share of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.resolution import least_scale
from seqcompare.typing import Floats

# Steps that quartiles are taken of.
_MOST_STEPS = 10_000
# How much of the guess counts: so little that it matters where a density is out of its depth, and else never.
_SHARE = 1e-9


@dataclass(frozen=True)
class BroadGuess:
    """A Cauchy distribution of each channel, around its median, as wide as its quartiles are apart.

    Parameters
    ----------
    centre, scale : ndarray of shape (d,)
        Medians, and half the distance between quartiles.
    """

    centre: Floats
    scale: Floats

    def most_nats(self, steps: NDArray[np.generic]) -> Floats:
        """Return what steps may cost at most, in nats, shape (n,): as if a billionth of this was mixed in.

        Missing channels do not count.
        """
        off = np.abs(steps.reshape(len(steps), -1).astype(np.float64) - self.centre) / self.scale
        with np.errstate(divide="ignore", invalid="ignore"):
            # the logarithm of 1 + off^2, which is finite where the square is not
            nats = np.log(np.pi * self.scale) + np.logaddexp(0.0, 2 * np.log(off))
        total: Floats = np.where(np.isnan(off), 0.0, nats).sum(axis=1)
        return total - float(np.log(_SHARE))


def broad_guess(train: SequenceDataset) -> BroadGuess | None:
    """Return the guess that the training data make, or None where they are not densities of numbers."""
    if train.role != "next" or train.X.kind != "real":
        return None
    steps = train.X.channels
    rows = np.linspace(0, len(steps) - 1, min(_MOST_STEPS, len(steps))).astype(np.int64)
    shown = np.where(np.isnan(steps[rows]).all(axis=0), 0.0, steps[rows]).astype(np.float64)
    low, centre, high = np.nanquantile(shown, [0.25, 0.5, 0.75], axis=0)
    spread = np.nanstd(shown, axis=0)
    scale = np.where(high > low, (high - low) / 2, spread)
    return BroadGuess(centre, np.maximum(scale, least_scale(shown, spread)))
