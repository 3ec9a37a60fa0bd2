"""What numbers do that go by their position in the sequence: a level and a spread for each."""

from __future__ import annotations

from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.resolution import least_scale
from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_weights
from seqcompare.models.base import check_sequences
from seqcompare.models.bases import BaseEstimator
from seqcompare.models.hmm.observations import channel_units
from seqcompare.models.reference.chance import ChanceDensity
from seqcompare.models.reference.places import PARTS, PRIORS, WIDTHS, part_of
from seqcompare.typing import SequencesLike, TargetsLike, WeightsLike

Floats = NDArray[np.float64]

#: The least variance of a position, as a share of that of all.
_LEAST = 1e-4
#: What a density makes of a channel of zeros: it takes them for rounded to whole numbers.
_OF_ZEROS = 0.5


class PlacedDensity(BaseEstimator):
    """Expects every step of numbers around the level that is usual at its position, whatever came before.

    Level and spread of a position are averaged over its neighbours and with those of all steps; how much is
    chosen by leaving out fifths of the sequences. What is left has the density of `ChanceDensity`.

    Parameters
    ----------
    missing : {"error", "marginalize"}, default="error"
        What to do about missing values, as with `HMM`.
    """

    def __init__(self, missing: Literal["error", "marginalize"] = "error") -> None:
        self.missing = missing

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> PlacedDensity:
        """Average the steps of each position, weighted."""
        sequences = self._read(X, reset=True)
        weights = check_step_weights(sample_weight, sequences, steps_as_array=False)
        self.level_, self.spread_ = _smooth(sequences, weights)
        known = sequences.channels[weights > 0]
        least = least_scale(known, np.nanstd(known, axis=0))
        self.spread_ = np.maximum(self.spread_, least / _OF_ZEROS)
        rest = self._rest(sequences)
        # what is left has steps of no size, but no peak may be narrower than those of the data
        units = channel_units(rest.channels, one_for_all=False)[1]
        share = float(((least / self.spread_.min(axis=0) / units) ** 2).max())
        density = ChanceDensity(self.missing, max(share, ChanceDensity().min_covar))
        self.density_ = density.fit(rest, sample_weight=sequences.with_values(weights))
        self.n_parameters_ = 2 * self.level_.size + self.density_.n_parameters_
        return self

    def score_steps(self, X: SequencesLike) -> Any:
        """Return the log-density of every step in nats."""
        check_is_fitted(self)
        sequences = self._read(X, reset=False)
        spread = np.where(np.isnan(sequences.channels), 1.0, self.spread_[self._place(sequences)])
        found = self.density_.score_steps(self._rest(sequences))
        assert isinstance(found, Sequences)  # as what it was asked about
        return sequences.pack(found.values - np.log(spread).sum(axis=1))

    def score_samples(self, X: SequencesLike) -> Floats:
        """Return the log-density of every sequence in nats."""
        sequences = self._read(X, reset=False)
        steps = self.score_steps(Sequences(sequences.values, sequences.offsets)).values
        return np.asarray(np.add.reduceat(steps, sequences.offsets[:-1]))

    def _read(self, X: SequencesLike, *, reset: bool) -> Sequences:
        return check_sequences(self, X, reset=reset, allow_nan=self.missing == "marginalize")

    def _place(self, sequences: Sequences) -> NDArray[np.int64]:
        return np.minimum(sequences.step_index, len(self.level_) - 1)

    def _rest(self, sequences: Sequences) -> Sequences:
        """Return how far the steps are off their level, in units of its spread."""
        place = self._place(sequences)
        rest = (sequences.channels - self.level_[place]) / self.spread_[place]
        return Sequences(rest.reshape(sequences.values.shape), sequences.offsets)


def _smooth(sequences: Sequences, weights: Floats) -> tuple[Floats, Floats]:
    """Return level and spread of each position, averaged as does best on fifths that are left out."""
    x, place = sequences.channels.astype(np.float64), sequences.step_index
    part = part_of(sequences.sequence_index, len(sequences))
    counted = np.where(np.isnan(x), 0.0, weights[:, None])
    x = np.nan_to_num(x)
    n_places = int(sequences.lengths.max())
    # weight, sum and squares of each part, position and channel
    sums = np.zeros((3, PARTS, n_places, x.shape[1]))
    for power in range(3):
        np.add.at(sums[power], (part, place), counted * x**power)
    whole = sums.sum(axis=1)
    best, chosen = np.inf, (0.0, PRIORS[-1])
    for width, prior in product([w for w in WIDTHS if w == 0 or 4 * w < n_places], PRIORS):
        loss = 0.0
        for k in range(PARTS):
            here = part == k
            level, spread = (v[place[here]] for v in _average(whole - sums[:, k], width, prior))
            cost = np.log(spread) + 0.5 * ((x[here] - level) / spread) ** 2
            loss += float((counted[here] * cost).sum())
        if loss < best:
            best, chosen = loss, (width, prior)
    return _average(whole, *chosen)


def _average(sums: Floats, width: float, prior: float) -> tuple[Floats, Floats]:
    """Return level and spread of each position with those of its neighbours, and with those of all."""
    total = sums.sum(axis=1)
    mean = total[1] / np.maximum(total[0], 1e-300)
    variance = np.maximum(total[2] / np.maximum(total[0], 1e-300) - mean**2, 1e-300)
    if width:
        sums = gaussian_filter1d(sums, width, axis=1, mode="constant") * 2 * np.sqrt(np.pi) * width
    n = sums[0] + prior
    level = (sums[1] + prior * mean) / n
    # around the level of the position, whatever lies between it and the mean of all
    left = sums[2] - 2 * level * sums[1] + sums[0] * level**2
    spread = (left + prior * variance) / n
    return level, np.sqrt(np.maximum(spread, _LEAST * variance))
