"""Classifying whole sequences by one density per class."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from sklearn.base import BaseEstimator, clone
from sklearn.utils import Tags, assert_all_finite
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_sequence_labels, refuse_step_labels
from seqcompare.models import bases
from seqcompare.models.alphabet import find_symbols
from seqcompare.models.base import Density, Reader, Reading, check_sequences
from seqcompare.models.markov.chain import MarkovChain
from seqcompare.typing import Labels, Model, SequencesLike, TargetsLike

#: Symbols, or those of each channel.
Alphabet = NDArray[Any] | dict[str, NDArray[Any]]


class BayesClassifier(bases.ClassifierMixin, bases.BaseEstimator):
    """One density for the sequences of each class, and Bayes' rule.

    Parameters
    ----------
    estimator : density, optional
        What is cloned and fitted to each class: `HMM`, `MarkovChain` or anything with ``fit`` and
        ``score_samples``; by default a Markov chain of order 1. If it has a parameter ``symbols`` that is not
        set, it is given the alphabet of all classes.
    priors : "empirical", "uniform" or array-like of shape (n_classes,), default="empirical"
        Class probabilities before anything is seen, in the order of `classes_`: the shares in the training
        data, equal ones, or given ones.
    n_jobs : int, optional
        Classes fitted at once, as in joblib. The result does not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    estimators_ : list of densities
        The fitted density of each class.
    class_log_prior_ : ndarray of shape (n_classes,)
        Logarithms of the class probabilities.
    n_parameters_ : int
        Free parameters of all densities and of the class probabilities, if these were counted.

    Notes
    -----
    Everything is done in log space, so that long sequences neither under- nor overflow. A sequence that no
    class's density allows gets the class probabilities.
    """

    def __init__(
        self,
        estimator: Model | None = None,
        *,
        priors: Literal["empirical", "uniform"] | ArrayLike = "empirical",
        n_jobs: int | None = None,
    ) -> None:
        self.estimator: Any = estimator
        self.priors = priors
        self.n_jobs = n_jobs

    @property
    def reading(self) -> Reading:
        """What is read: as the density does."""
        return _reading_of(MarkovChain() if self.estimator is None else self.estimator)

    def fit(self, X: SequencesLike, y: TargetsLike) -> BayesClassifier:
        """Fit a density to the sequences of each class.

        Parameters
        ----------
        X : sequences
            The training data.
        y : array-like of shape (n,)
            The class of each sequence.

        Raises
        ------
        ValueError
            If `X`, `y` or `priors` is not as expected.
        """
        density = MarkovChain() if self.estimator is None else self.estimator
        # of a clone: what an earlier fit has found out does not count here
        sequences = check_sequences(self, X, reset=True, **_reading_of(clone(density)))
        refuse_step_labels(y, "MarkovTagger and HMMTagger")
        labels = check_sequence_labels(y, sequences)
        if labels.dtype.kind == "f":
            assert_all_finite(labels, input_name="y")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        n_classes = len(self.classes_)
        self.class_log_prior_ = self._check_priors(np.bincount(codes))
        alphabet = self._alphabet(density, sequences)
        jobs = (
            delayed(_fit_class)(density, sequences.take(codes == c), alphabet, self.classes_[c])
            for c in range(n_classes)
        )
        self.estimators_: list[Any] = list(Parallel(n_jobs=self.n_jobs)(jobs))
        counted = isinstance(self.priors, str) and self.priors == "empirical"
        if all(hasattr(one, "n_parameters_") for one in self.estimators_):
            free = sum(one.n_parameters_ for one in self.estimators_)
            self.n_parameters_ = int(free) + (n_classes - 1 if counted else 0)
        return self

    def predict_joint_log_proba(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return log p(x, class) of each sequence in nats, shape (n, n_classes)."""
        check_is_fitted(self)
        sequences = check_sequences(self, X, reset=False, **_reading_of(self.estimators_[0]))
        scores = np.stack([one.score_samples(sequences) for one in self.estimators_], axis=1)
        return np.asarray(scores + self.class_log_prior_)

    def predict_log_proba(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return log p(class | x) of each sequence, shape (n, n_classes)."""
        joint = self.predict_joint_log_proba(X)
        lost = np.isneginf(joint).all(axis=1)
        joint[lost] = self.class_log_prior_
        return np.asarray(joint - logsumexp(joint, axis=1, keepdims=True))

    def predict_proba(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return p(class | x) of each sequence, shape (n, n_classes)."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: SequencesLike) -> Labels:
        """Return the most probable class of each sequence, shape (n,)."""
        proba = self.predict_log_proba(X)
        return np.asarray(self.classes_[np.argmax(proba, axis=1)])

    def _check_priors(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        if isinstance(self.priors, str):
            if self.priors not in ("empirical", "uniform"):
                raise ValueError(
                    f"priors must be 'empirical', 'uniform' or an array of probabilities, got {self.priors!r}"
                )
            shares = counts if self.priors == "empirical" else np.ones(len(counts))
            return np.asarray(np.log(shares / shares.sum()))
        shares = np.asarray(self.priors, dtype=np.float64)
        if shares.shape != counts.shape:
            raise ValueError(f"priors has shape {shares.shape}, expected {counts.shape}: one for each class")
        if not (shares >= 0).all() or not np.isclose(shares.sum(), 1.0):
            raise ValueError(f"priors must be probabilities that add up to 1, got {shares}")
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(shares / shares.sum()))

    def _alphabet(self, density: BaseEstimator, sequences: Sequences) -> Alphabet | None:
        """Return what the classes must share, so that a symbol costs each of them what its own data say."""
        parameters = density.get_params(deep=False)
        if sequences.kind == "mixed" and parameters.get("symbols", ...) is None:
            return {
                channel.name: sequences.channel(i).present()
                for i, channel in enumerate(sequences.schema)
                if channel.kind == "symbols"
            }
        if sequences.kind != "symbols" or parameters.get("symbols", ...) is not None:
            return None
        values = sequences.values
        gone = parameters.get("missing_symbol")
        return find_symbols(values if gone is None else values[values != gone])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = (MarkovChain() if self.estimator is None else self.estimator).__sklearn_tags__()
        tags.input_tags = inner.input_tags
        tags.non_deterministic = inner.non_deterministic
        return tags


def _reading_of(density: BaseEstimator) -> Reading:
    """Return how a density reads its input; one that does not say takes it as it comes."""
    return density.reading if isinstance(density, Reader) else {}


def _fit_class(
    density: BaseEstimator, sequences: Sequences, alphabet: Alphabet | None, label: Any
) -> Density:
    model = clone(density)
    if alphabet is not None:
        model.set_params(symbols=alphabet)
    try:
        fitted: Density = model.fit(sequences)
    except ValueError as error:
        raise ValueError(f"class {label}: {error}") from error
    return fitted
