"""Numbers for every sequence, from a recurrent network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_array

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_sequence_weights
from seqcompare.models.base import check_sequences
from seqcompare.models.bases import BaseEstimator, RegressorMixin
from seqcompare.models.recurrent.estimator import RecurrentNet
from seqcompare.models.recurrent.net import SequenceNet
from seqcompare.models.recurrent.weighting import mean_and_scale, standardised
from seqcompare.typing import Array, SequencesLike, TargetsLike, WeightsLike


class NetRegressor(RegressorMixin, SequenceNet):
    """A network that answers each sequence with numbers; not an estimator by itself."""

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : sequences
            The input, symbols or real-valued.
        y : array of shape (n,) or (n, n_outputs)
            The targets.
        sample_weight : array of shape (n,), optional
            Weights of sequences.
        """
        return self._fit(X, y, sample_weight, go_on=self.warm_start and hasattr(self, "weights_"))

    def partial_fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Train for one epoch on these sequences, from the present weights.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
            The alphabet and the scales of input and targets are those of the first call.
        """
        return self._fit(X, y, sample_weight, go_on=hasattr(self, "weights_"), epochs=1)

    def _fit(
        self,
        X: SequencesLike,
        y: TargetsLike,
        sample_weight: WeightsLike | None,
        *,
        go_on: bool,
        epochs: int | None = None,
    ) -> Self:
        self._check_parameters()
        sequences = check_sequences(self, X, reset=not go_on, mixed="numbers")
        numbers = check_numbers(y, sequences)
        weights = check_sequence_weights(sample_weight, sequences)
        targets = numbers.reshape(len(numbers), -1)
        if not go_on:
            self.n_outputs_ = targets.shape[1]
            self.flat_ = numbers.ndim == 1
            self.target_mean_, self.target_scale_ = np.zeros(self.n_outputs_), np.ones(self.n_outputs_)
            if self.standardize:
                self.target_mean_, self.target_scale_ = mean_and_scale(targets, weights)
        if targets.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {targets.shape[1]} numbers a sequence, expected {self.n_outputs_}")
        self._learn(
            sequences,
            standardised(targets, self.target_mean_, self.target_scale_, self.dtype, "y[{}]".format),
            weights,
            n_outputs=self.n_outputs_,
            link="identity",
            pooling=self.pooling,
            score=_r2,
            go_on=go_on,
            epochs=epochs,
        )
        return self

    def predict(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the answers, shape (n,) or (n, n_outputs), as `y` had it."""
        _, z = self._outputs(X)
        numbers = z * self.target_scale_ + self.target_mean_
        return numbers[:, 0] if self.flat_ else numbers

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


@dataclass(eq=False, repr=False, kw_only=True)
class RNNRegressor(NetRegressor, RecurrentNet, BaseEstimator):
    """A recurrent network that answers each sequence with one number or several, by least squares.

    Parameters
    ----------
    pooling : {"last", "mean", "attention"}, default="last"
        What of the steps the answer is read from, as in `RNNClassifier`.
    cell, hidden_size, n_layers, bidirectional, activation, embedding_size, standardize
        What the network is made of. For these and all below see
        `seqcompare.models.recurrent.estimator.RecurrentNet`.
    dropout, recurrent_dropout, solver, learning_rate_init, momentum, alpha, clip_norm, batch_size
        How it is trained.
    max_iter, max_seconds, tol, early_stopping, validation_fraction, n_iter_no_change
        When training ends.
    truncation, timescale, warm_start, dtype, verbose, random_state
        The reach of gradients and gates, where `fit` starts, and the rest.

    Attributes
    ----------
    n_outputs_ : int
        Numbers in an answer.
    target_mean_, target_scale_ : ndarray, shape (n_outputs_,)
        What the network's outputs are multiplied with and shifted by.
    n_parameters_, n_iter_, stop_reason_, loss_curve_, validation_scores_
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind; the
        scores are R², over all outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import RNNRegressor
    >>> X = np.random.default_rng(0).normal(size=(50, 3, 1))
    >>> model = RNNRegressor(cell="gru", hidden_size=8, random_state=0).fit(X, X[:, 0, 0])
    >>> bool(model.score(X, X[:, 0, 0]) > 0.9)
    True
    """

    pooling: str = "last"


def _r2(z: Array, truth: Array, weights: NDArray[np.float64]) -> float:
    mean = np.average(truth, axis=0, weights=weights)
    total = weights @ ((truth - mean) ** 2).sum(axis=1)
    return float(1 - weights @ ((z - truth) ** 2).sum(axis=1) / total) if total > 0 else 0.0


def check_numbers(y: TargetsLike, sequences: Sequences) -> NDArray[np.float64]:
    """Return a number a sequence, shape (n,), or several, shape (n, n_outputs)."""
    if y is None:
        raise ValueError("this estimator requires y to be passed, but the target y is None")
    numbers = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    if numbers.ndim > 2:
        raise ValueError(f"y has shape {numbers.shape}, expected (n,) or (n, n_outputs)")
    if len(numbers) != len(sequences):
        raise ValueError(f"y has {len(numbers)} entries but X has {len(sequences)} sequences")
    return numbers
