"""What the frequencies of the answers alone achieve: the row that every model has to beat."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

import seqcompare
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import (
    check_sequence_labels,
    check_sequence_weights,
    check_step_labels,
    check_step_weights,
)
from seqcompare.models.base import Reading, Tagger, check_sequences

_COMPONENTS = (1, 2, 3, 4, 6, 8, 12)
_MOST_STEPS = 10_000


class ChanceNext(BaseEstimator):
    """Expects every symbol with its frequency, whatever came before."""

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> ChanceNext:
        """Count the symbols, weighted."""
        sequences = check_sequences(self, X, reset=True, symbols=True)
        weights = check_step_weights(sample_weight, sequences, steps_as_array=False)
        self.symbols_, self.frequencies_ = _frequencies(sequences.values, weights)
        self.n_parameters_ = len(self.symbols_) - 1
        return self

    def predict_next_proba(self, X: Any) -> Any:
        """Return the frequencies after every step."""
        check_is_fitted(self)
        sequences = check_sequences(self, X, reset=False, symbols=True)
        return sequences.pack(np.tile(self.frequencies_, (sequences.n_steps, 1)))

    def iter_next_proba(self, X: Any, n_rows: int) -> Iterator[NDArray[np.float64]]:
        """Yield the frequencies after every step, at most `n_rows` steps at a time."""
        check_is_fitted(self)
        n_steps = check_sequences(self, X, reset=False, symbols=True).n_steps
        for first in range(0, n_steps, n_rows):
            yield np.tile(self.frequencies_, (min(n_rows, n_steps - first), 1))


class ChanceDensity(BaseEstimator):
    """Expects every real-valued step with the same mixture of Gaussians, whatever came before.

    The mixture is an HMM of one state, so that it has the shape of covariances (diagonal), the smallest
    variance and the algorithm of the HMMs that have to beat it: what these gain is memory. It has 1 to 12
    components, as many as the largest HMM of the ladder has states: the number of least BIC, among those with
    ten steps for each parameter. Of more than 10,000 steps it is fitted to 10,000 random ones; steps of
    unequal weight are drawn in proportion to it.

    Parameters
    ----------
    missing : {"error", "marginalize"}, default="error"
        What to do about missing values, as with `HMM`.
    """

    def __init__(self, missing: Literal["error", "marginalize"] = "error") -> None:
        self.missing = missing

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> ChanceDensity:
        """Fit the mixture to the steps, in any order."""
        sequences = check_sequences(self, X, reset=True, allow_nan=self.missing == "marginalize")
        weights = check_step_weights(sample_weight, sequences, steps_as_array=False)
        steps = _draw(sequences.values, weights)
        single = Sequences(steps, offsets_of(np.ones(len(steps), dtype=np.int64)))
        mixtures = []
        for k in _COMPONENTS:
            n_parameters = k * (2 * sequences.n_channels + 1) - 1
            if k > 1 and len(steps) < 10 * n_parameters:
                break
            with warnings.catch_warnings():
                # a skewed density takes many components, whose last iterations hardly change it
                warnings.simplefilter("ignore", ConvergenceWarning)
                hmm = seqcompare.HMM(
                    1, "gmm", n_mix=k, n_init=3, max_iter=200, missing=self.missing, random_state=0
                )
                mixtures.append(hmm.fit(single))
        self.mixture_ = min(mixtures, key=lambda mixture: mixture.bic(single))
        self.n_parameters_ = self.mixture_.n_parameters_
        return self

    def score_steps(self, X: Any) -> Any:
        """Return the log-density of every step in nats."""
        check_is_fitted(self)
        return self.mixture_.score_steps(X)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return the log-density of every sequence in nats."""
        check_is_fitted(self)
        return np.asarray(self.mixture_.score_samples(X))

    def predict_next_distribution(self, X: Any) -> Any:
        """Return the mixture after every step, in X's container."""
        check_is_fitted(self)
        return self.mixture_.predict_next_distribution(X)


class ChanceTagger(Tagger):
    """Answers every step with the frequencies of the labels."""

    ignore_label = None
    causal = True

    @property
    def reading(self) -> Reading:
        """A missing value is no matter to frequencies of labels."""
        return {"allow_nan": True}

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ChanceTagger:
        """Count the labels of all steps, weighted."""
        sequences = check_sequences(self, X, reset=True, **self.reading)
        labels = check_step_labels(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        self.classes_, self.frequencies_ = _frequencies(labels, weights)
        self.n_parameters_ = len(self.classes_) - 1
        return self

    def predict_proba(self, X: Any) -> Any:
        """Return the frequencies at every step."""
        sequences = self._check(X)
        return sequences.pack(np.tile(self.frequencies_, (sequences.n_steps, 1)))


class ChanceClassifier(ClassifierMixin, BaseEstimator):
    """Answers every sequence with the frequencies of the classes."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ChanceClassifier:
        """Count the classes, weighted."""
        sequences = check_sequences(self, X, reset=True, allow_nan=True)
        labels = check_sequence_labels(y, sequences)
        weights = check_sequence_weights(sample_weight, sequences)
        self.classes_, self.frequencies_ = _frequencies(labels, weights)
        self.n_parameters_ = len(self.classes_) - 1
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
    """Return the model without memory, not fitted.

    Frequencies of symbols, labels or classes; the mean of numbers; for real-valued steps a mixture of
    Gaussians.
    """
    if dataset.role == "next":
        if dataset.X.kind == "symbols":
            return ChanceNext()
        return ChanceDensity("marginalize" if np.isnan(dataset.X.values).any() else "error")
    models = {"step": ChanceTagger, "sequence": ChanceClassifier, "value": ChanceRegressor}
    return models[dataset.role]()


def _frequencies(
    values: NDArray[Any], weights: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the values that have weight, sorted, and their shares of it."""
    names, codes = np.unique(values[weights > 0], return_inverse=True)
    counts = np.bincount(codes, weights[weights > 0])
    return names, counts / counts.sum()


def _draw(values: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the steps that have weight; a random sample, if they are very many or weigh differently."""
    rng = np.random.default_rng(0)
    steps, weights = values[weights > 0], weights[weights > 0]
    n = min(len(steps), _MOST_STEPS)
    if np.ptp(weights) > 0:
        return steps[rng.choice(len(steps), n, p=weights / weights.sum())]
    return steps if len(steps) == n else rng.choice(steps, n, replace=False)
