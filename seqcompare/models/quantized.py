"""Real-valued steps as symbols, so that models of symbols can take them."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from seqcompare.data.sequences import Sequences
from seqcompare.models import bases
from seqcompare.models.base import check_sequences
from seqcompare.models.causality import is_causal
from seqcompare.typing import (
    Floats,
    Label,
    Labels,
    Model,
    RandomState,
    SequencesLike,
    TargetsLike,
    WeightsLike,
)

_MOST_STEPS = 20_000


class Quantized(bases.MetaEstimatorMixin, bases.BaseEstimator):
    """Vector quantisation in front of a model of symbols: each step is replaced by its nearest centre.

    Centres are found by k-means on the standardised training steps (Gray 1984, "Vector quantization").

    Parameters
    ----------
    estimator : tagger or classifier
        Takes the symbols; it is cloned.
    n_symbols : int, default=16
        Centres; never more than there are distinct training steps.
    random_state : int, RandomState instance or None, default=None
        Where k-means starts, and which steps it uses of more than 20,000.

    Attributes
    ----------
    estimator_ : estimator
        The fitted one.
    mean_, scale_ : ndarray of shape (d,)
        What steps are standardised by.
    centres_ : ndarray of shape (n_symbols, d)
        Standardised centres.
    classes_ : ndarray
        Those of `estimator_`.
    n_parameters_ : int
        Of `estimator_`, and the numbers that make up the centres.
    """

    def __init__(self, estimator: Model, n_symbols: int = 16, *, random_state: RandomState = None) -> None:
        self.estimator: Any = estimator
        self.n_symbols = n_symbols
        self.random_state = random_state

    @property
    def causal(self) -> bool:
        """Whether the answer at a step uses no later step: as the inner model."""
        return is_causal(getattr(self, "estimator_", self.estimator))

    @property
    def takes_weights(self) -> bool:
        """Whether `fit` can take weights: whether the inner model can."""
        return bool(has_fit_parameter(self.estimator, "sample_weight"))

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Quantized:
        """Find the centres, and fit the inner model to the symbols.

        Parameters
        ----------
        X : sequences of real-valued steps
            The training data.
        y : labels
            One a sequence, or one a step, as the inner model takes them.
        sample_weight : optional
            For the inner model.

        Raises
        ------
        ValueError
            If the steps of `X` are symbols already.
        """
        check_scalar(self.n_symbols, "n_symbols", Integral, min_val=1)
        sequences = check_sequences(self, X, reset=True, mixed="numbers")
        if sequences.kind == "symbols":
            raise ValueError("the steps of X are symbols already: fit the inner estimator itself")
        steps = sequences.channels.astype(np.float64)
        self.mean_ = steps.mean(axis=0)
        spread = steps.std(axis=0)
        self.scale_ = np.where(spread > 0, spread, 1.0)
        rng = check_random_state(self.random_state)
        steps = (steps - self.mean_) / self.scale_
        if len(steps) > _MOST_STEPS:
            steps = steps[rng.choice(len(steps), _MOST_STEPS, replace=False)]
        n_centres = min(self.n_symbols, len(np.unique(steps, axis=0)))
        self.centres_ = KMeans(n_centres, n_init=3, random_state=rng).fit(steps).cluster_centers_
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.estimator_ = clone(self.estimator).fit(self._symbols(sequences), y, **weights)
        self.classes_ = self.estimator_.classes_
        return self

    @property
    def n_parameters_(self) -> int:
        """Free parameters, those of the centres included."""
        return int(self.estimator_.n_parameters_) + self.centres_.size

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the inner model's answer."""
        return self.estimator_.predict(self._check(X))

    @bases.available_if(lambda self: hasattr(self.estimator, "predict_proba"))
    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return the inner model's probabilities."""
        return self.estimator_.predict_proba(self._check(X))

    def start(self) -> object:
        """Return the inner model's state before the first step of a sequence."""
        check_is_fitted(self)
        return self.estimator_.start()

    def step(self, state: object, x: Label | Floats) -> tuple[object, object]:
        """Read one more step with the inner model; see its ``step``."""
        symbol = self._check([np.asarray(x)[np.newaxis]]).values[0]
        return self.estimator_.step(state, symbol)

    def _check(self, X: SequencesLike) -> Sequences:
        check_is_fitted(self)
        return self._symbols(check_sequences(self, X, reset=False))

    def _symbols(self, sequences: Sequences) -> Sequences:
        """Return the nearest centre of each step, in the container that the steps came in."""
        steps = (sequences.channels - self.mean_) / self.scale_
        squares = (self.centres_**2).sum(axis=1)
        nearest: Labels = np.argmin(squares - 2 * steps @ self.centres_.T, axis=1)
        return sequences.with_values(nearest.astype(np.int64))
