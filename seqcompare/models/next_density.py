"""Densities of the next number: of what a regressor says and how it errs, or of what is a density itself."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any, Self

import numpy as np
from scipy.linalg import block_diag
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_scalar

from seqcompare.data.sequences import Sequences
from seqcompare.models.causality import check_causal
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.counts import CountDistribution
from seqcompare.models.filling import learn_filling
from seqcompare.models.gap_variance import GapVariance
from seqcompare.models.next_numbers import Errors, find_errors, predict_held_out, scales_of, shift
from seqcompare.typing import Floats

# What the counts seen at a first step leave to all others, as a number of sequences.
_UNSEEN = 1.0


class NextNumbers:
    """What `NextStep` does for numbers."""

    estimator: Any
    scale: Any
    max_components: int
    estimator_: Any
    scale_: Any
    errors_: Errors
    start_proba_: Floats | None
    flat_: bool
    n_transitions_: float

    def _fit_numbers(
        self, regressor: BaseEstimator, sequences: Sequences, weight: Floats, *, weighted: bool
    ) -> Self:
        check_scalar(self.max_components, "max_components", Integral, min_val=1)
        known = ~sequences.missing
        if not known.all():
            # a step of which nothing is known is no target; of one that is known in part, the rest is drawn
            # as the channels go together, so that spreads stay what they are
            weight, weighted = weight * known.any(axis=1), True
        X, y, w = shift(sequences, weight)
        if not known.all():
            y = y.with_values(_completed(sequences))
        use = {"sample_weight": w} if weighted else {}
        self.flat_ = sequences.values.ndim == 1
        self.n_transitions_ = float(w.values.sum())
        steps = sequences.channels.astype(np.float64)
        self.scale_, self.start_proba_, predicted = None, None, None
        if _is_density(regressor):
            # its errors are no part of the density; only what they say of a first step is
            centre = np.nanmean(steps, axis=0)
            off: Floats = np.where(known, steps - centre, 0.0)
            self.errors_ = find_errors(off, np.ones(len(off)), None, steps, 1)
            self.estimator_ = regressor.fit(X, y, **use)
            if isinstance(self._ahead(sequences.take([0])), CountDistribution):
                self.start_proba_ = _frequencies(steps[:, 0])
            check_causal(regressor)
            return self
        off = (y.values - predict_held_out(self.estimator, X, y, w, weighted=weighted)).reshape(
            len(y.values), -1
        )
        scale = self.scale
        if scale is None and not known.all():
            scale = GapVariance()
        if scale is not None:
            check_causal(scale)
            unit = np.maximum(np.average(off**2, axis=0, weights=w.values), 1e-300)
            squares = y.with_values((off**2 / unit).mean(axis=1) + 1e-6)
            self.scale_ = clone(scale).fit(X, squares, **use)
            if isinstance(scale, GapVariance):  # it learns nothing of errors that it could learn by heart
                predicted = Sequences(self.scale_.predict(X)).values
            else:
                predicted = predict_held_out(scale, X, squares, w, weighted=weighted)
        self.errors_ = find_errors(off, w.values, predicted, steps, self.max_components)
        self.estimator_ = regressor.fit(X, y, **use)
        check_causal(regressor)
        return self

    def _ahead(self, sequences: Sequences) -> Distribution:
        """Return the distributions of the step after each, batch (n_steps,)."""
        flat = Sequences(sequences.values, sequences.offsets)
        if _is_density(self.estimator_):
            found: Distribution = self.estimator_.predict_distribution(flat)
            return found
        mean = Sequences(self.estimator_.predict(flat)).values.reshape(flat.n_steps, -1)
        scale = np.ones(len(mean))
        if self.scale_ is not None:
            scale = scales_of(self.errors_, Sequences(self.scale_.predict(flat)).values)
        return self.errors_.around(mean, scale, flat=flat.values.ndim == 1)

    def _first(self, n: int) -> Distribution:
        """Return the distributions of `n` first steps."""
        if self.start_proba_ is None:
            return self.errors_.start(n, flat=self.flat_)
        return CountDistribution(np.tile(self.start_proba_, (n, 1)), 0.5)

    def _step_numbers(self, state: Any, x: Any) -> tuple[Distribution, Any]:
        """Read one more step; return the distribution of the next, and what to pass on."""
        x = np.asarray(x, dtype=np.float64)[()]
        if _is_density(self.estimator_):
            found, inner = self.estimator_.step_distribution(state[0], x)
            return found, (inner, None)
        answer, inner = self.estimator_.step(state[0], x)
        scale, spread = np.ones(()), None
        if self.scale_ is not None:
            square, spread = self.scale_.step(state[1], x)
            scale = scales_of(self.errors_, np.asarray(square))
        mean = np.reshape(answer, -1)
        return self.errors_.around(mean, scale, flat=np.ndim(x) == 0), (inner, spread)

    def _count_numbers(self) -> float:
        """Return the number of parameters."""
        m, d = self.errors_.means.shape
        n: float = getattr(self.estimator_, "n_parameters_", math.nan)
        if self.start_proba_ is not None:
            return n + len(self.start_proba_)
        if _is_density(self.estimator_):
            return n + d + d * (d + 1) // 2
        n += m - 1 + (m + 1) * (d + d * (d + 1) // 2)
        return n if self.scale_ is None else n + 2 + getattr(self.scale_, "n_parameters_", math.nan)


def _completed(sequences: Sequences) -> Floats:
    """Return all steps but the first of each sequence, what is missing drawn given what is known there.

    What is drawn is normal about what an autoregression expects of the step, so that neither means nor
    spreads of what is learned from it are off.
    """
    filling = learn_filling(sequences)
    later = np.flatnonzero(sequences.step_index > 0)
    steps = sequences.channels.astype(np.float64)[later]
    ahead = filling.expect(sequences).ahead[later - 1]
    gone = np.isnan(steps)
    rng = np.random.default_rng(0)
    covariance = block_diag(*(rule.covariance for rule in filling.rules))
    for pattern in np.unique(gone, axis=0):
        rows = np.flatnonzero((gone == pattern).all(axis=1))
        if pattern.all():
            steps[rows] = ahead[rows]
        elif pattern.any():
            known = ~pattern
            shown = covariance[np.ix_(pattern, known)]
            gain = np.linalg.solve(covariance[np.ix_(known, known)], shown.T).T
            mean = ahead[rows][:, pattern] + (steps[rows] - ahead[rows])[:, known] @ gain.T
            left = covariance[np.ix_(pattern, pattern)] - gain @ shown.T
            drawn = rng.multivariate_normal(np.zeros(len(left)), left, len(rows))
            steps[np.ix_(rows, pattern)] = mean + drawn
    return steps.reshape(len(later), *sequences.values.shape[1:])


def _is_density(estimator: Any) -> bool:
    """Whether a model of steps answers with densities of its own."""
    return hasattr(estimator, "predict_distribution")


def _frequencies(counts: Floats) -> Floats:
    """Return the shares of the counts 0..m, each with a little of what is left over to all others."""
    counts = counts[~np.isnan(counts)]
    seen = np.bincount(counts.astype(np.int64))
    even = _UNSEEN / (len(seen) + 1)
    return np.asarray((seen + even) / (len(counts) + _UNSEEN), dtype=np.float64)
