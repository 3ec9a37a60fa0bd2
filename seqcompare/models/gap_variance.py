"""How far off the next number is to be expected, where numbers before it are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.targets import check_step_weights
from seqcompare.models.base import Reader, Reading, check_sequences
from seqcompare.models.filling import learn_filling
from seqcompare.typing import SequencesLike, TargetsLike, WeightsLike


class GapVariance(Reader):
    """The variance of a linear prediction of the next step, as a multiple of what it is without a gap.

    As `scale` of `NextStep` it makes densities wider behind a gap; `NextStep` takes it by itself where its
    model of steps takes missing values.

    Attributes
    ----------
    filling_ : Filling
        The autoregressions; see `seqcompare.models.filling`.
    n_parameters_ : int
        Their numbers.

    Examples
    --------
    >>> from seqcompare.models.gap_variance import GapVariance
    >>> nan = float("nan")
    >>> model = GapVariance().fit([[0.0, 1.0, 0.5, 1.5, 1.0, 2.0, 1.2, 2.2]])
    >>> bool(model.predict([[1.0, nan]])[0][1] > model.predict([[1.0, 1.0]])[0][1])
    True
    """

    predicts = "numbers"
    causal = True
    missing = "allow"

    @property
    def reading(self) -> Reading:
        """Missing numbers are what it is about."""
        return {"mixed": "numbers", "numbers": True, "allow_nan": True}

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> GapVariance:
        """Fit the autoregressions.

        Parameters
        ----------
        X : sequences of numbers
            The training data.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Nothing is learned from sequences without any.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        self.filling_ = learn_filling(sequences, check_step_weights(sample_weight, sequences))
        self.n_parameters_ = sum(
            rule.coef.size + len(rule.intercept) + rule.covariance.size for rule in self.filling_.rules
        )
        return self

    def predict(self, X: SequencesLike) -> Any:
        """Return the multiple for the step after each, in X's container."""
        sequences = self._check(X)
        return sequences.pack(self.filling_.expect(sequences).variance)

    def start(self) -> Any:
        """Return what is known before the first step of a sequence, for `step`."""
        check_is_fitted(self)
        return self.filling_.start()

    def step(self, state: Any, x: Any) -> tuple[float, Any]:
        """Read one more step; return the multiple for the next, and what to pass on."""
        expected, state = self.filling_.step(state, np.atleast_1d(np.asarray(x, dtype=np.float64)))
        return float(expected.variance[0]), state
