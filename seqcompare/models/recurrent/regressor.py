"""Numbers for every sequence, from a recurrent network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_array

from seqcompare.models.base import check_sequence_weights, check_sequences
from seqcompare.models.recurrent.cell import Array
from seqcompare.models.recurrent.estimator import RecurrentNet
from seqcompare.models.recurrent.parameters import check_parameters
from seqcompare.models.recurrent.weighting import mean_and_scale
from seqcompare.sequences import Sequences


class RNNRegressor(RegressorMixin, RecurrentNet, BaseEstimator):
    """A recurrent network that answers each sequence with one number or several, by least squares.

    Parameters
    ----------
    pooling : {"last", "mean", "attention"}, default="last"
        What of the steps the answer is read from, as in `RNNClassifier`.
    others
        As in `seqcompare.models.recurrent.estimator.RecurrentNet`, which also lists what `fit` leaves behind.
        `validation_scores_` holds R², over all outputs.

    Attributes
    ----------
    n_outputs_ : int
        Numbers in an answer.
    target_mean_, target_scale_ : ndarray, shape (n_outputs_,)
        What the network's outputs are multiplied with and shifted by.

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import RNNRegressor
    >>> X = np.random.default_rng(0).normal(size=(50, 3, 1))
    >>> model = RNNRegressor(cell="gru", hidden_size=8, random_state=0).fit(X, X[:, 0, 0])
    >>> bool(model.score(X, X[:, 0, 0]) > 0.9)
    True
    """

    def __init__(
        self,
        cell: str = "lstm",
        *,
        hidden_size: int = 32,
        n_layers: int = 1,
        bidirectional: bool = False,
        pooling: str = "last",
        activation: str = "tanh",
        embedding_size: int | str = "auto",
        standardize: bool = True,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        solver: str = "adam",
        learning_rate_init: float | str = "auto",
        momentum: float = 0.9,
        alpha: float = 0.0,
        clip_norm: float | None = 1.0,
        batch_size: int | str = "auto",
        max_iter: int = 200,
        max_seconds: float | None = None,
        tol: float = 1e-4,
        early_stopping: bool | str = "auto",
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 20,
        truncation: int | None = None,
        timescale: int | str = "auto",
        warm_start: bool = False,
        dtype: Any = "float32",
        verbose: bool = False,
        random_state: Any = None,
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.n_layers = n_layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.activation = activation
        self.embedding_size = embedding_size
        self.standardize = standardize
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.solver = solver
        self.learning_rate_init = learning_rate_init
        self.momentum = momentum
        self.alpha = alpha
        self.clip_norm = clip_norm
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.tol = tol
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.truncation = truncation
        self.timescale = timescale
        self.warm_start = warm_start
        self.dtype = dtype
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> RNNRegressor:
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

    def partial_fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> RNNRegressor:
        """Train for one epoch on these sequences, from the present weights.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
            The alphabet and the scales of input and targets are those of the first call.
        """
        return self._fit(X, y, sample_weight, go_on=hasattr(self, "weights_"), epochs=1)

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None,
        *,
        go_on: bool,
        epochs: int | None = None,
    ) -> RNNRegressor:
        check_parameters(self)
        sequences = check_sequences(self, X, reset=not go_on)
        numbers = _check_numbers(y, sequences)
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
            ((targets - self.target_mean_) / self.target_scale_).astype(self.dtype),
            weights,
            n_outputs=self.n_outputs_,
            link="identity",
            pooling=self.pooling,
            score=_r2,
            go_on=go_on,
            epochs=epochs,
        )
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the answers, shape (n,) or (n, n_outputs), as `y` had it."""
        _, z = self._outputs(X)
        numbers = z * self.target_scale_ + self.target_mean_
        return numbers[:, 0] if self.flat_ else numbers

    def attention(self, X: Any) -> Any:
        """Return the share of attention that each step gets, in X's container."""
        return self._attention(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _r2(z: Array, truth: Array, weights: NDArray[np.float64]) -> float:
    mean = np.average(truth, axis=0, weights=weights)
    total = weights @ ((truth - mean) ** 2).sum(axis=1)
    return float(1 - weights @ ((z - truth) ** 2).sum(axis=1) / total) if total > 0 else 0.0


def _check_numbers(y: Any, sequences: Sequences) -> NDArray[np.float64]:
    if y is None:
        raise ValueError("this estimator requires y to be passed, but the target y is None")
    numbers = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
    if numbers.ndim > 2:
        raise ValueError(f"y has shape {numbers.shape}, expected (n,) or (n, n_outputs)")
    if len(numbers) != len(sequences):
        raise ValueError(f"y has {len(numbers)} entries but X has {len(sequences)} sequences")
    return numbers
