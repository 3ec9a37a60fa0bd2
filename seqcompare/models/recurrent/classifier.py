"""A label for every sequence, from a recurrent network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_sequence_labels, check_sequence_weights, refuse_step_labels
from seqcompare.models.alphabet import encode_labels, find_symbols
from seqcompare.models.base import check_sequences
from seqcompare.models.bases import BaseEstimator, ClassifierMixin
from seqcompare.models.recurrent.estimator import RecurrentNet
from seqcompare.models.recurrent.losses import LOSSES, accuracy
from seqcompare.models.recurrent.net import SequenceNet
from seqcompare.models.recurrent.weighting import reweighted
from seqcompare.typing import Array, Ints, Labels, Reals, SequencesLike, TargetsLike, WeightsLike


class NetClassifier(ClassifierMixin, SequenceNet):
    """A network that labels sequences; not an estimator by itself. Its classes say which network."""

    class_weight: Any

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : sequences
            The input, symbols or real-valued.
        y : array of shape (n,), or an indicator matrix of shape (n, n_labels)
            The label, or the labels, of each sequence.
        sample_weight : array of shape (n,), optional
            Weights of sequences.
        """
        return self._fit(X, y, sample_weight, None, go_on=self.warm_start and hasattr(self, "weights_"))

    def partial_fit(
        self,
        X: SequencesLike,
        y: TargetsLike,
        classes: ArrayLike | None = None,
        sample_weight: WeightsLike | None = None,
    ) -> Self:
        """Train for one epoch on these sequences, from the present weights.

        Parameters
        ----------
        X, y, sample_weight : as in `fit`
            The alphabet and the scale of the input are those of the first call.
        classes : array, optional
            All labels that will ever come, for the first call; by default those of its `y`.
        """
        return self._fit(X, y, sample_weight, classes, go_on=hasattr(self, "weights_"), epochs=1)

    def _fit(
        self,
        X: SequencesLike,
        y: TargetsLike,
        sample_weight: WeightsLike | None,
        classes: ArrayLike | None,
        *,
        go_on: bool,
        epochs: int | None = None,
    ) -> Self:
        self._check_parameters()
        sequences = check_sequences(self, X, reset=not go_on, mixed="numbers")
        refuse_step_labels(y, "RNNTagger", indicators=True)
        matrix = y is not None and (hasattr(y, "toarray") or np.asarray(y).ndim == 2)
        several = matrix and type_of_target(y) == "multilabel-indicator"
        labels = check_indicators(y, sequences) if several else check_sequence_labels(y, sequences)
        check_classification_targets(labels)
        weights = check_sequence_weights(sample_weight, sequences)
        if not go_on:
            self.multilabel_ = several
            if several:
                self.classes_ = np.arange(labels.shape[1])
            else:
                self.classes_ = find_symbols(labels if classes is None else np.asarray(classes))
        if several != self.multilabel_:
            raise ValueError("y must be an indicator matrix in all calls or in none")
        if several:
            if self.class_weight is not None:
                raise ValueError("class_weight is for one label a sequence, but y is an indicator matrix")
            targets = labels.astype(self.dtype)
        else:
            targets = encode_labels(labels, self.classes_)
            weights = reweighted(targets, weights, self.class_weight, self.classes_)
        link = "sigmoid" if several else "softmax"
        self._learn(
            sequences,
            targets,
            weights,
            n_outputs=len(self.classes_),
            link=link,
            pooling=self.pooling,
            score=_subset_accuracy if several else accuracy,
            go_on=go_on,
            epochs=epochs,
        )
        return self

    def decision_function(self, X: SequencesLike) -> Reals:
        """Return the outputs, shape (n, n_classes); for two classes the log-odds of the second, (n,)."""
        _, z = self._outputs(X)
        return z[:, 1] - z[:, 0] if not self.multilabel_ and z.shape[1] == 2 else z

    def predict_proba(self, X: SequencesLike) -> Reals:
        """Return the probability of each label, shape (n, n_classes)."""
        _, z = self._outputs(X)
        return LOSSES[self.architecture_["link"]].answer(z)

    def predict_log_proba(self, X: SequencesLike) -> Reals:
        """Return the logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):  # a certain answer has log-probability -inf elsewhere
            return np.log(self.predict_proba(X))

    def predict(self, X: SequencesLike) -> Labels:
        """Return the most probable label, shape (n,), or the indicators of those above 1/2, (n, n_labels)."""
        proba = self.predict_proba(X)
        if self.multilabel_:
            return (proba > 0.5).astype(np.int64)
        return self.classes_[proba.argmax(axis=1)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@dataclass(eq=False, repr=False, kw_only=True)
class RNNClassifier(NetClassifier, RecurrentNet, BaseEstimator):
    """A recurrent network that labels sequences, with one label each or, for an indicator `y`, with several.

    Parameters
    ----------
    pooling : {"last", "mean", "attention"}, default="last"
        What of the steps the answer is read from: the last one (for the backward direction, the first), their
        mean, or a mean weighted by learned additive attention.
    class_weight : dict, "balanced" or None, default=None
        Factors of the loss by label. Not for several labels a sequence.
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
    classes_ : ndarray
        The labels, sorted; for several labels a sequence, the columns of `y`.
    multilabel_ : bool
        Whether `y` was an indicator matrix.
    n_parameters_, n_iter_, stop_reason_, loss_curve_, validation_scores_
        As in `seqcompare.models.recurrent.net.Net`, with all that `fit` leaves behind.

    Examples
    --------
    >>> from seqcompare import RNNClassifier
    >>> X, y = ["abb", "ba", "aab", "bbba"] * 10, ["start a", "start b"] * 20
    >>> model = RNNClassifier(hidden_size=4, random_state=0).fit(X, y)
    >>> model.predict(["aba", "bb"])
    array(['start a', 'start b'], dtype='<U7')
    """

    pooling: str = "last"
    class_weight: Any = None


def _subset_accuracy(z: Array, truth: Array, weights: NDArray[np.float64]) -> float:
    return float(np.average(((z > 0) == (truth > 0.5)).all(axis=1), weights=weights))


def check_indicators(y: TargetsLike, sequences: Sequences) -> Ints:
    """Return an indicator matrix that has a row a sequence."""
    indicators = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    if len(indicators) != len(sequences):
        raise ValueError(f"y has {len(indicators)} rows but X has {len(sequences)} sequences")
    return indicators
