"""What the frequencies of the answers alone achieve: the row that every model has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

import seqcompare
from seqcompare.models.base import (
    Tagger,
    check_sequence_labels,
    check_sequence_weights,
    check_sequences,
    check_step_labels,
    check_step_weights,
)
from seqcompare.sequence_dataset import SequenceDataset


class ChanceTagger(Tagger):
    """Answers every step with the frequencies of the labels."""

    ignore_label = None
    causal = True

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ChanceTagger:
        """Count the labels of all steps, weighted."""
        sequences = check_sequences(self, X, reset=True, allow_nan=True)
        labels = check_step_labels(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        self.classes_, codes = np.unique(labels[weights > 0], return_inverse=True)
        counts = np.bincount(codes, weights[weights > 0])
        self.frequencies_ = counts / counts.sum()
        self.n_parameters_ = len(counts) - 1
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return the frequencies at every step."""
        check_is_fitted(self)
        sequences = check_sequences(self, X, reset=False, allow_nan=True)
        return sequences.pack(np.tile(self.frequencies_, (sequences.n_steps, 1)))


class ChanceClassifier(ClassifierMixin, BaseEstimator):
    """Answers every sequence with the frequencies of the classes."""

    def fit(self, X: Any, y: Any) -> ChanceClassifier:
        """Count the classes."""
        sequences = check_sequences(self, X, reset=True, allow_nan=True)
        labels = check_sequence_labels(y, sequences)
        self.classes_, counts = np.unique(labels, return_counts=True)
        self.frequencies_ = counts / counts.sum()
        self.n_parameters_ = len(counts) - 1
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return the frequencies for every sequence."""
        check_is_fitted(self)
        return np.tile(self.frequencies_, (len(check_sequences(self, X, reset=False, allow_nan=True)), 1))

    def predict(self, X: Any) -> Any:
        """Return the most frequent class for every sequence."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


class ChanceRegressor(RegressorMixin, BaseEstimator):
    """Answers every sequence with the mean."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ChanceRegressor:
        """Average the targets, weighted."""
        sequences = check_sequences(self, X, reset=True, allow_nan=True)
        targets = check_sequence_labels(y, sequences)
        self.mean_ = float(np.average(targets, weights=check_sequence_weights(sample_weight, sequences)))
        self.n_parameters_ = 1
        return self

    def predict(self, X: Any) -> Any:
        """Return the mean for every sequence."""
        check_is_fitted(self)
        return np.full(len(check_sequences(self, X, reset=False, allow_nan=True)), self.mean_)


def chance_model(dataset: SequenceDataset) -> Any:
    """Return the model without memory, not fitted: frequencies of symbols, labels or classes, or the mean."""
    if dataset.role == "next":
        if dataset.X.kind == "real":
            return seqcompare.HMM(n_components=1, n_init=1)
        return seqcompare.MarkovChain(order=0)
    models = {"step": ChanceTagger, "sequence": ChanceClassifier, "value": ChanceRegressor}
    return models[dataset.role]()
