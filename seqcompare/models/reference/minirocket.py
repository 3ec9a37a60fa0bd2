"""MiniRocket: what 84 fixed kernels, dilated, see of whole sequences, and a linear rule on it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_sequence_labels, refuse_step_labels
from seqcompare.models.base import Reader, Reading, check_sequences
from seqcompare.models.bases import ClassifierMixin
from seqcompare.models.recurrent.parameters import at_least_one
from seqcompare.models.recurrent.weighting import mean_and_scale, standardised
from seqcompare.models.windows.fit import count_parameters, fit_calibrated, probabilities
from seqcompare.typing import Array, Floats, Labels, RandomState, Reals, SequencesLike, TargetsLike

#: Steps that a kernel spans: sequences are stretched to that at least.
_SHORTEST = 9


class MiniRocketClassifier(ClassifierMixin, Reader):
    """Labels a sequence by how often kernels of nine steps answer it above their thresholds.

    MiniRocket (Dempster, Schmidt and Webb 2021, "MiniRocket: a very fast (almost) deterministic transform for
    time series classification") with the linear rule that its authors give it: ridge regression to the
    classes, whose penalty is chosen by leaving one out. The transform is that of the package aeon (extra
    ``aeon``). Channels are in standard units.

    The transform takes one length only: each sequence is stretched, by linear interpolation between its
    steps, to the length of the longest training sequence, or to nine steps if that is shorter; longer ones
    that are asked about later are shrunk to it. So how long a sequence was, and how fast, is not seen.

    Parameters
    ----------
    n_kernels : int, default=10000
        Columns that are made of a sequence, about: the next lower multiple of 84, and 84 at least.
    calibration_cv : int, default=3
        Folds of sequences on which it is found how sure to be, as in `WindowTagger`.
    random_state : int, RandomState instance or None, default=None
        Which training sequences thresholds are taken from, and which channels are added up.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    length_ : int
        Steps that sequences are stretched to.
    temperature_ : float or None
        What decision values are divided by before the softmax; None where all labels are the same.
    n_parameters_ : int
        Numbers of the linear rule, and of the standard units of its columns.

    Examples
    --------
    >>> from seqcompare import MiniRocketClassifier
    >>> MiniRocketClassifier(n_kernels=1000, random_state=0)
    MiniRocketClassifier(n_kernels=1000, random_state=0)
    """

    def __init__(
        self, n_kernels: int = 10_000, calibration_cv: int = 3, random_state: RandomState = None
    ) -> None:
        self.n_kernels = n_kernels
        self.calibration_cv = calibration_cv
        self.random_state = random_state

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {"mixed": "numbers", "numbers": True}

    def fit(self, X: SequencesLike, y: TargetsLike) -> MiniRocketClassifier:
        """Find the thresholds of the kernels, and fit the linear rule.

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
            If aeon is not installed.
        """
        at_least_one("n_kernels", self.n_kernels)
        sequences = check_sequences(self, X, reset=True, **self.reading)
        if sequences.kind != "real":
            raise ValueError("MiniRocketClassifier convolves numbers: expected numbers, got symbols")
        refuse_step_labels(y, "a tagger")
        labels = check_sequence_labels(y, sequences)
        check_classification_targets(labels)
        self.length_ = max(_SHORTEST, int(sequences.lengths.max()))
        channels = sequences.channels
        self.input_mean_, self.input_scale_ = mean_and_scale(channels, np.ones(len(channels)))
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        stretched = self._stretched(sequences)
        self.transform_ = _transform()(n_kernels=self.n_kernels, random_state=seed)
        # aeon seeds NumPy's generator that all share, which is not ours to move
        others = np.random.get_state()  # noqa: NPY002
        try:
            rows = self.transform_.fit_transform(stretched)
        finally:
            np.random.set_state(others)  # noqa: NPY002
        rule = make_pipeline(StandardScaler(with_mean=False), RidgeClassifierCV(np.logspace(-3, 3, 10)))
        self.estimator_, self.temperature_ = fit_calibrated(
            rule, rows, labels, np.ones(len(rows)), np.arange(len(rows)), self.calibration_cv
        )
        self.classes_: Labels = self.estimator_.classes_
        self.n_parameters_ = count_parameters(self.estimator_)
        return self

    def predict_proba(self, X: SequencesLike) -> Reals:
        """Return the probability of each class, shape (n, n_classes)."""
        rows = self._rows(X)
        return probabilities(self.estimator_, rows, self.temperature_)

    def predict_log_proba(self, X: SequencesLike) -> Reals:
        """Return the logarithm of `predict_proba`."""
        return np.log(self.predict_proba(X))

    def predict(self, X: SequencesLike) -> Labels:
        """Return the label of each sequence, shape (n,)."""
        rows = self._rows(X)
        return self.estimator_.predict(rows)

    def _rows(self, X: SequencesLike) -> Floats:
        sequences = self._check(X)
        return self.transform_.transform(self._stretched(sequences))

    def _stretched(self, sequences: Sequences) -> Array:
        """Return all sequences at one length, as aeon takes them: shape (n, n_channels, length)."""

        def place(row: int) -> str:
            return f"X[{sequences.sequence_index[row]}] at step {sequences.step_index[row]}"

        scaling = self.input_mean_, self.input_scale_
        standard = standardised(sequences.channels, *scaling, np.float64, place)
        made = np.empty((len(sequences), standard.shape[1], self.length_), dtype=np.float32)
        for i, x in enumerate(np.split(standard, sequences.offsets[1:-1])):
            places = np.linspace(0, len(x) - 1, self.length_)
            made[i] = [np.interp(places, np.arange(len(x)), channel) for channel in x.T]
        return made


def _transform() -> Any:
    try:
        return import_module("aeon.transformations.collection.convolution_based").MiniRocket
    except ImportError as error:
        raise ImportError("MiniRocket needs aeon: pip install 'seqcompare[aeon]'") from error
