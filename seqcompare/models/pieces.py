"""Learning from long sequences in pieces."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_labels, check_step_numbers, check_step_weights
from seqcompare.models.base import Reader, Tagger, check_sequences
from seqcompare.models.bases import MetaEstimatorMixin, available_if
from seqcompare.models.causality import is_causal
from seqcompare.models.step_regression import StepRegressor
from seqcompare.typing import Model, SequencesLike, TargetsLike, Values, WeightsLike


class _Pieces(MetaEstimatorMixin, Reader):
    """Fits what answers steps to pieces of the sequences; it answers whole ones."""

    def __init__(self, estimator: Model, length: int = 100) -> None:
        self.estimator: Any = estimator
        self.length = length

    @property
    def causal(self) -> bool:
        """Whether the answer at a step uses no later step: as the inner estimator."""
        return is_causal(getattr(self, "estimator_", self.estimator))

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Cut the sequences, and fit the estimator to the pieces.

        Parameters
        ----------
        X : sequences
            The training data.
        y : labels or numbers of steps, in any container
            A target a step.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps.

        Raises
        ------
        ValueError
            If there are weights and the estimator takes none.
        """
        check_scalar(self.length, "length", Integral, min_val=1)
        sequences = check_sequences(self, X, reset=True, mixed="numbers")
        targets = self._targets(y, sequences)
        offsets = self._bounds(sequences)
        weights = {}
        if sample_weight is not None:
            if not has_fit_parameter(self.estimator, "sample_weight"):
                name = type(self.estimator).__name__
                raise ValueError(f"sample_weight was given, but {name}.fit takes none")
            flat = check_step_weights(sample_weight, sequences)
            weights = {"sample_weight": Sequences(flat, offsets)}
        pieces = Sequences(sequences.values, offsets)
        self.estimator_ = clone(self.estimator).fit(pieces, Sequences(targets, offsets), **weights)
        return self

    def _targets(self, y: TargetsLike, sequences: Sequences) -> Values:
        raise NotImplementedError

    @property
    def n_parameters_(self) -> int:
        """Free parameters of the inner estimator."""
        return int(self.estimator_.n_parameters_)

    def start(self) -> object:
        """Return the inner estimator's state before the first step of a sequence."""
        check_is_fitted(self)
        return self.estimator_.start()

    def step(self, state: Any, x: Any) -> tuple[Any, object]:
        """Read one more step with the inner estimator; see its ``step``."""
        return self.estimator_.step(state, x)

    def _bounds(self, sequences: Sequences) -> NDArray[np.int64]:
        lengths = sequences.lengths
        n_pieces = -(-lengths // self.length)
        sizes = [
            np.full(n, total // n) + (np.arange(n) < total % n)
            for n, total in zip(n_pieces, lengths, strict=True)
        ]
        return offsets_of(np.concatenate(sizes))


class InPieces(_Pieces, Tagger):
    """Fits a tagger to pieces of the sequences; it answers whole ones.

    A model that learns by gradients takes one step for each batch of sequences: few long ones make few
    steps, and leave none to hold out. Cut into pieces they are many, at the price of what a piece cannot see
    of the sequence before it.

    Parameters
    ----------
    estimator : tagger
        It is cloned.
    length : int, default=100
        Most steps of a piece; the pieces of a sequence are equally long, give or take one step.

    Attributes
    ----------
    estimator_ : tagger
        The fitted one.
    classes_ : ndarray
        Its labels.
    """

    ignore_label = None

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Cut the sequences, and fit the tagger to the pieces; see `NumbersInPieces.fit`."""
        super().fit(X, y, sample_weight)
        self.classes_ = self.estimator_.classes_
        return self

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t]) for every step, shape (T_i, n_classes) a sequence, in X's container."""
        check_is_fitted(self)
        return self.estimator_.predict_proba(check_sequences(self, X, reset=False))

    def _targets(self, y: TargetsLike, sequences: Sequences) -> Values:
        return check_step_labels(y, sequences)


class NumbersInPieces(_Pieces, StepRegressor):
    """Fits what answers steps with numbers to pieces of the sequences, as `InPieces` does a tagger.

    Parameters
    ----------
    estimator : regressor of steps
        It is cloned.
    length : int, default=100
        Most steps of a piece.

    Attributes
    ----------
    estimator_ : regressor of steps
        The fitted one.
    """

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the number of every step, in X's container."""
        check_is_fitted(self)
        return self.estimator_.predict(check_sequences(self, X, reset=False))

    @available_if(lambda self: hasattr(self.estimator, "predict_distribution"))
    def predict_distribution(self, X: SequencesLike) -> Any:
        """Return the distribution of the number of every step, in X's container."""
        check_is_fitted(self)
        return self.estimator_.predict_distribution(check_sequences(self, X, reset=False))

    def _targets(self, y: TargetsLike, sequences: Sequences) -> Values:
        return check_step_numbers(y, sequences)
