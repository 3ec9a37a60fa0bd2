"""The nearest training sequence under dynamic time warping: the archive's yardstick for whole sequences."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_sequence_labels, refuse_step_labels
from seqcompare.models.alphabet import encode_labels, find_symbols
from seqcompare.models.base import Reader, Reading, check_sequences
from seqcompare.models.bases import ClassifierMixin
from seqcompare.models.recurrent.parameters import at_least_one
from seqcompare.models.recurrent.weighting import mean_and_scale, standardised
from seqcompare.models.windows.fit import best_temperature
from seqcompare.typing import Floats, Labels, Reals, SequencesLike, TargetsLike


class DTWClassifier(ClassifierMixin, Reader):
    """Labels a sequence as its nearest training sequence under dynamic time warping.

    Steps may be stretched, so that each is compared with one, or several, of the other sequence; the distance
    is the root of the least sum of squared differences (Sakoe and Chiba 1978, "Dynamic programming algorithm
    optimization for spoken word recognition"). All channels are warped together, in standard units. The
    distances are those of the package dtaidistance (extra ``archive``).

    Parameters
    ----------
    window : int, optional
        Steps that warping shifts by at most; by default any number.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    temperature_ : float
        Probabilities are as 1 / distance to the nearest of each class, to the power of 1 / temperature: that
        of the least loss where each training sequence is asked about with itself left out.
    n_parameters_ : int
        Numbers in the training sequences: all are kept.

    Examples
    --------
    >>> from seqcompare import DTWClassifier
    >>> X = [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0, 1.0]]
    >>> DTWClassifier().fit(X, ["up", "up", "down", "down"]).predict([[0.0, 1.0, 1.0, 0.0, 0.0]])
    array(['up'], dtype='<U4')
    """

    def __init__(self, window: int | None = None) -> None:
        self.window = window

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {"mixed": "numbers", "numbers": True}

    def fit(self, X: SequencesLike, y: TargetsLike) -> DTWClassifier:
        """Keep the sequences, and find how sure to be of the nearest.

        Parameters
        ----------
        X : sequences
            The input, real-valued.
        y : array-like of shape (n,)
            A label for each sequence.

        Raises
        ------
        ValueError
            For input that is not as described.
        ImportError
            If dtaidistance is not installed.
        """
        if self.window is not None:
            at_least_one("window", self.window)
        sequences = check_sequences(self, X, reset=True, **self.reading)
        if sequences.kind != "real":
            raise ValueError("DTWClassifier measures distances: expected numbers, got symbols")
        refuse_step_labels(y, "a tagger")
        labels = check_sequence_labels(y, sequences)
        check_classification_targets(labels)
        self.classes_ = find_symbols(labels)
        self.codes_ = encode_labels(labels, self.classes_)
        channels = sequences.channels
        self.input_mean_, self.input_scale_ = mean_and_scale(channels, np.ones(len(channels)))
        self.offsets_, self.kept_ = sequences.offsets, self._standard(sequences)
        self.n_parameters_ = self.kept_.size
        self.temperature_ = 1.0
        distances = self._distances(sequences)
        np.fill_diagonal(distances, np.inf)
        # sequences that are given twice are not infinitely sure of each other
        apart = distances[np.isfinite(distances) & (distances > 0)]
        self.least_distance_ = 1e-3 * float(np.median(apart)) if len(apart) else 1.0
        near = self._nearness(distances)
        known = np.flatnonzero(np.isfinite(near[np.arange(len(near)), self.codes_]))
        if len(self.classes_) > 1 and len(known):
            softness = 1 / (len(known) + 2)
            self.temperature_ = best_temperature(
                near[known], self.codes_[known], np.ones(len(known)), softness
            )
        return self

    def predict_log_proba(self, X: SequencesLike) -> Reals:
        """Return the logarithm of `predict_proba`."""
        sequences = self._check(X)
        near = self._nearness(self._distances(sequences))
        return log_softmax(near / self.temperature_, axis=1)

    def predict_proba(self, X: SequencesLike) -> Reals:
        """Return the probability of each class, shape (n, n_classes)."""
        return np.exp(self.predict_log_proba(X))

    def predict(self, X: SequencesLike) -> Labels:
        """Return the label of the nearest training sequence of each, shape (n,)."""
        check_is_fitted(self)
        sequences = self._check(X)
        return self.classes_[self.codes_[self._distances(sequences).argmin(axis=1)]]

    def _nearness(self, distances: Floats) -> Floats:
        """Return minus the logarithm of the distance to the nearest of each class, shape (n, n_classes)."""
        nearest = [distances[:, self.codes_ == code].min(axis=1) for code in range(len(self.classes_))]
        return -np.log(np.maximum(np.stack(nearest, axis=1), self.least_distance_))

    def _standard(self, sequences: Sequences) -> Floats:
        def place(row: int) -> str:
            return f"X[{sequences.sequence_index[row]}] at step {sequences.step_index[row]}"

        scaling = self.input_mean_, self.input_scale_
        return standardised(sequences.channels, *scaling, np.float64, place)

    def _distances(self, sequences: Sequences) -> Floats:
        """Return the distance of each sequence from each training sequence, shape (n, n_train)."""
        asked = np.split(self._standard(sequences), sequences.offsets[1:-1])
        kept = np.split(self.kept_, self.offsets_[1:-1])
        n, m = len(asked), len(kept)
        whole = _warping().distance_matrix_fast(
            [np.ascontiguousarray(x) for x in (*asked, *kept)],
            self.kept_.shape[1],
            window=self.window,
            block=((0, n), (n, n + m)),
            parallel=False,
        )
        return np.array(whole[:n, n:], dtype=np.float64)


def _warping() -> Any:
    try:
        return import_module("dtaidistance.dtw_ndim")
    except ImportError as error:
        raise ImportError(
            "dynamic time warping needs dtaidistance: pip install 'seqcompare[archive]'"
        ) from error
