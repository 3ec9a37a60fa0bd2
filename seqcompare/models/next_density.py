"""Densities of the next number: of what a regressor says and how it errs, or of what is a density itself."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import check_scalar

from seqcompare.data.sequences import Sequences
from seqcompare.models.causality import check_causal
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.counts import CountDistribution
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
        X, y, w = shift(sequences, weight)
        use = {"sample_weight": w} if weighted else {}
        self.flat_ = sequences.values.ndim == 1
        self.n_transitions_ = float(w.values.sum())
        steps = sequences.channels.astype(np.float64)
        self.scale_, self.start_proba_, predicted = None, None, None
        if _is_density(regressor):
            # its errors are no part of the density; only what they say of a first step is
            self.errors_ = find_errors(steps - steps.mean(axis=0), np.ones(len(steps)), None, steps, 1)
            self.estimator_ = regressor.fit(X, y, **use)
            if isinstance(self._ahead(sequences.take([0])), CountDistribution):
                self.start_proba_ = _frequencies(steps[:, 0])
            check_causal(regressor)
            return self
        off = (y.values - predict_held_out(self.estimator, X, y, w, weighted=weighted)).reshape(
            len(y.values), -1
        )
        if self.scale is not None:
            check_causal(self.scale)
            unit = np.maximum(np.average(off**2, axis=0, weights=w.values), 1e-300)
            squares = y.with_values((off**2 / unit).mean(axis=1) + 1e-6)
            predicted = predict_held_out(self.scale, X, squares, w, weighted=weighted)
            self.scale_ = clone(self.scale).fit(X, squares, **use)
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
        if _is_density(self.estimator_):
            found, inner = self.estimator_.step_distribution(state[0], x)
            return found, (inner, None)
        answer, inner = self.estimator_.step(state[0], x)
        scale, spread = np.ones(1), None
        if self.scale_ is not None:
            square, spread = self.scale_.step(state[1], x)
            scale = scales_of(self.errors_, np.atleast_1d(square))
        mean = np.reshape(answer, (1, -1))
        return self.errors_.around(mean, scale, flat=np.ndim(x) == 0)[0], (inner, spread)

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


def _is_density(estimator: Any) -> bool:
    """Whether a model of steps answers with densities of its own."""
    return hasattr(estimator, "predict_distribution")


def _frequencies(counts: Floats) -> Floats:
    """Return the shares of the counts 0..m, each with a little of what is left over to all others."""
    seen = np.bincount(counts.astype(np.int64))
    even = _UNSEEN / (len(seen) + 1)
    return np.asarray((seen + even) / (len(counts) + _UNSEEN), dtype=np.float64)
