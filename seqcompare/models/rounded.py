"""Densities of numbers as probabilities of counts, so that both can be held against each other."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import has_fit_parameter

from seqcompare.data.resolution import probabilities_of_cells
from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_weights
from seqcompare.models.base import NumberDensity, Reading, check_sequences
from seqcompare.models.bases import MetaEstimatorMixin
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.distributions.counts import CountDistribution
from seqcompare.models.distributions.mixtures import NormalMixture
from seqcompare.typing import RandomState, SequencesLike, TargetsLike, WeightsLike

Floats = NDArray[np.float64]

_CONTINUATIONS = 50


class Rounded(MetaEstimatorMixin, NumberDensity):
    """A density of numbers that predicts counts: it is rounded to whole numbers from 0 on.

    The density of a number and the probability of a count do not compare: a narrow peak on a whole number has
    any density, and at most probability 1. So a count has the probability of all numbers that round to it,
    and 0 that of all below as well. With n training steps, ``1 / (n + 1)`` of a geometric distribution of the
    counts' mean is mixed in, so that no count is impossible. A first step is a rounded normal number with
    mean and variance of all.

    Parameters
    ----------
    estimator : density over numbers
        With ``predict_next_distribution``; it is cloned.

    Attributes
    ----------
    estimator_ : density
        The fitted one.
    n_parameters_ : float
        Of `estimator_`, and two for a first step.
    """

    of_counts = True

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    @property
    def reading(self) -> Reading:
        """Whole numbers are numbers; they may be missing where the density does without them."""
        return {"numbers": True, "allow_nan": bool(getattr(self.estimator, "reading", {}).get("allow_nan"))}

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> Rounded:
        """Fit the density to counts as numbers.

        Parameters
        ----------
        X : sequences of counts
            The training data.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Handed on to a density that takes them.

        Raises
        ------
        ValueError
            If `X` holds anything but one count a step, or there are weights and the density takes none.
        """
        sequences = self._counts(check_sequences(self, X, reset=True, **self.reading))
        weight = check_step_weights(sample_weight, sequences, steps_as_array=False)
        weights = {}
        if sample_weight is not None:
            if not has_fit_parameter(self.estimator, "sample_weight"):
                name = type(self.estimator).__name__
                raise ValueError(f"sample_weight was given, but {name}.fit takes none")
            weights = {"sample_weight": sample_weight}
        with probabilities_of_cells():
            self.estimator_ = clone(self.estimator).fit(sequences, **weights)
        known = ~np.isnan(sequences.channels[:, 0])
        counts, weight = sequences.channels[known, 0], weight[known]
        self.mean_ = float(np.average(counts, weights=weight))
        variance = np.average((counts - self.mean_) ** 2, weights=weight)
        self.scale_ = float(np.sqrt(max(variance, 1e-6)))
        self.n_steps_ = int((weight > 0).sum())
        self.largest_ = int(counts.max())
        return self

    @property
    def takes_weights(self) -> bool:
        """Whether the density takes weights."""
        return bool(getattr(self.estimator, "takes_weights", True)) and has_fit_parameter(
            self.estimator, "sample_weight"
        )

    @property
    def n_parameters_(self) -> float:
        """Parameters of the density, and two for a first step."""
        return float(getattr(self.estimator_, "n_parameters_", np.nan)) + 2

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container.

        Of a missing step it is 0.
        """
        sequences = self._counts(self._check(X))
        counts = sequences.channels[:, 0]
        found, known = np.ones(len(counts)), ~np.isnan(counts)
        first = (sequences.step_index == 0) & known
        found[first] = self._mass(self._start(), counts[first])
        rows = np.flatnonzero((sequences.step_index > 0) & known)
        if rows.size:
            ahead = self.estimator_.predict_next_distribution(sequences.detached())[rows - 1]
            found[rows] = self._mass(ahead, counts[rows])
        return sequences.pack(np.log(found))

    def predict_next_distribution(self, X: SequencesLike) -> Any:
        """Return the distribution of x[t+1] given x[..t] for every step t, in X's container.

        See `seqcompare.models.base.NumberDensity.predict_next_distribution` for the shapes.
        """
        sequences = self._counts(self._check(X))
        return pack(sequences, self._rounded(self.estimator_.predict_next_distribution(sequences.detached())))

    def forecast(
        self, X: SequencesLike, steps: int, n_samples: int | None = None, random_state: RandomState = None
    ) -> Distribution:
        """Return the distributions of the `steps` steps after the end of each sequence, batch (n, steps).

        Parameters
        ----------
        X : sequences of counts
            What came so far.
        steps : int
            How many steps to look ahead.
        n_samples : int, default=50
            Continuations that the density draws, where it has no closed form.
        random_state : int, RandomState or None
            The source of randomness.
        """
        sequences = self._counts(self._check(X))
        check_scalar(steps, "steps", Integral, min_val=1)
        drawn = _CONTINUATIONS if n_samples is None else n_samples
        rng = check_random_state(random_state)
        found = self.estimator_.forecast(sequences.detached(), steps, n_samples=drawn, random_state=rng)
        return self._rounded(found)

    def _counts(self, sequences: Sequences) -> Sequences:
        values = sequences.channels
        if sequences.kind != "real" or values.shape[1] != 1:
            raise ValueError(
                f"Rounded takes one count a step, got steps of {sequences.n_channels} {sequences.kind}"
            )
        wrong = np.flatnonzero(
            (values[:, 0] < 0) | (values[:, 0] != np.floor(values[:, 0])) & ~np.isnan(values[:, 0])
        )
        if wrong.size:
            raise ValueError(f"expected counts, which are whole numbers from 0, got {values[wrong[0], 0]:g}")
        return sequences

    def _start(self) -> NormalMixture:
        return NormalMixture.normal(np.array(self.mean_), np.array(self.scale_))

    def _mass(self, density: Distribution, counts: ArrayLike) -> Floats:
        """Return the probability of counts, with the geometric share, shape of `counts`."""
        given = np.asarray(counts, dtype=np.float64)
        flat = density.event_shape == ()

        def upto(x: Floats) -> Floats:
            return density.cdf(x if flat else x[..., np.newaxis]).reshape(x.shape)

        inside = upto(given + 0.5) - np.where(given > 0, upto(given - 0.5), 0.0)
        n, ratio = self.n_steps_, self._ratio
        return np.asarray((n * np.maximum(inside, 0.0) + (1 - ratio) * ratio**given) / (n + 1))

    def _rounded(self, density: Distribution) -> CountDistribution:
        top = np.max(density.mean + 6 * np.sqrt(density.variance), initial=0.0)
        size = int(min(max(2 * self.largest_ + 2, 10), max(self.largest_, top) + 2))
        shape = density.batch_shape
        counts = np.arange(size, dtype=np.float64)
        table = np.stack([self._mass(density, np.full(shape, k)) for k in counts], axis=-1)
        return CountDistribution(table, np.full(shape, self._ratio))

    @property
    def _ratio(self) -> float:
        """How fast a geometric distribution of the counts' mean falls."""
        return max(self.mean_, 0.5) / (max(self.mean_, 0.5) + 1)
