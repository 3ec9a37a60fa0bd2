"""Classifying whole sequences of symbols by what the states of an HMM know at the end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_sequence_labels, refuse_step_labels
from seqcompare.models.alphabet import encode, find_symbols
from seqcompare.models.base import Reading, check_sequences
from seqcompare.models.bases import BaseEstimator, ClassifierMixin
from seqcompare.models.hmm.model import HMM
from seqcompare.typing import Floats, Labels, RandomState, SequencesLike, TargetsLike


class HMMClassifier(ClassifierMixin, BaseEstimator):
    """One hidden Markov model for all classes, whose belief after the last step says the class.

    The class is one more symbol, which comes after the end, and the model is fitted to the prediction of that
    symbol alone: its states keep what tells classes apart, in whatever order it came, and nothing else. Where
    `BayesClassifier` asks which class's model makes a sequence likely, this asks what has been seen.

    Parameters
    ----------
    n_components : int, default=4
        States.
    n_init : int, default=2
        Starts, of which the best is kept: the first, third, ... from states that last, the others from any.
    max_iter : int, default=500
        The most passes over the data, of each of the two stages.
    tol : float, default=1e-5
        What together with a patience says when to stop; see `HMM`.
    n_jobs : int, optional
        Starts at once, as in joblib. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of the starts.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    symbols_ : ndarray of shape (n_symbols,)
        The alphabet of the training data, sorted. A symbol outside it says nothing about the state.
    model_ : HMM
        The fitted model, over the codes of the symbols and, after these, of the classes.
    converged_, stop_reason_, n_iter_, n_parameters_
        Its own, as in `HMM`.

    Notes
    -----
    With pi the distribution of the state after the last step, one step on, and B the emissions,
    ``p(class | x)`` is in proportion to ``sum_k pi[k] B[k, class]``. The loss is minus the logarithm of that
    sum, and its gradient goes through the forward filter, as ``HMM(objective="prediction")`` has it.

    Examples
    --------
    >>> from seqcompare import HMMClassifier
    >>> X, y = ["abcc", "cabc", "bacc", "cbca"] * 10, [0, 0, 1, 1] * 10  # which of a and b comes first
    >>> HMMClassifier(4, random_state=0).fit(X, y).predict(["ccacb", "bca"])
    array([0, 1])
    """

    def __init__(
        self,
        n_components: int = 4,
        *,
        n_init: int = 2,
        max_iter: int = 500,
        tol: float = 1e-5,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.n_components = n_components
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state

    @property
    def reading(self) -> Reading:
        """Whole numbers of any kind are symbols."""
        return {"symbols": True}

    def fit(self, X: SequencesLike, y: TargetsLike) -> HMMClassifier:
        """Fit the model to the classes.

        Parameters
        ----------
        X : sequences of symbols
            The training data.
        y : array-like of shape (n,)
            The class of each sequence.

        Raises
        ------
        ValueError
            If a parameter, `X` or `y` is not as expected.

        Warns
        -----
        ConvergenceWarning
            If the start that was kept stopped for another reason than `tol`.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        refuse_step_labels(y, "MarkovTagger and HMMTagger")
        labels = check_sequence_labels(y, sequences)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        self.symbols_ = find_symbols(sequences.values)
        n_symbols, ends = len(self.symbols_), sequences.offsets[1:]
        steps = np.insert(encode(sequences.values, self.symbols_), ends, n_symbols + codes)
        offsets = sequences.offsets + np.arange(len(sequences) + 1)
        # the class alone is predicted
        weight = np.zeros(len(steps))
        weight[offsets[1:] - 1] = 1.0
        self.model_ = HMM(
            self.n_components,
            n_init=self.n_init,
            max_iter=self.max_iter,
            tol=self.tol,
            symbols=np.arange(n_symbols + len(self.classes_)),
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        )
        self.model_.fit(Sequences(steps, offsets), sample_weight=Sequences(weight, offsets))
        self.converged_, self.stop_reason_ = self.model_.converged_, self.model_.stop_reason_
        self.n_iter_, self.n_parameters_ = self.model_.n_iter_, self.model_.n_parameters_
        return self

    def predict_proba(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return p(class | x) of each sequence, shape (n, n_classes)."""
        steps = self._encoded(X)
        ahead = Sequences(self.model_.predict_next_state_proba(steps)).values
        joint: Floats = ahead[steps.offsets[1:] - 1] @ self.model_.emissionprob_[:, len(self.symbols_) :]
        return joint / joint.sum(axis=1, keepdims=True)

    def score_samples(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return log p(x) of each sequence in nats, whatever its class, shape (n,)."""
        steps = self._encoded(X)
        return self.model_.score_samples(steps)

    def _encoded(self, X: SequencesLike) -> Sequences:
        """Return sequences in codes, as the model was fitted to them."""
        check_is_fitted(self)
        sequences = check_sequences(self, X, reset=False, **self.reading)
        codes = encode(sequences.values, self.symbols_)
        # what is unknown is no class
        codes[codes == len(self.symbols_)] += len(self.classes_)
        return sequences.with_values(codes).detached()

    def predict_log_proba(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return log p(class | x) of each sequence, shape (n, n_classes)."""
        return np.log(self.predict_proba(X))

    def predict(self, X: SequencesLike) -> Labels:
        """Return the most probable class of each sequence, shape (n,)."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return np.asarray(self.classes_[best])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
