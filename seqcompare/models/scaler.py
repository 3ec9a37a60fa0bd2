"""Standardising channels over all steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.input_checks import is_nested_table
from seqcompare.data.sequences import Sequences
from seqcompare.models.base import check_sequences
from seqcompare.models.bases import BaseEstimator, TransformerMixin
from seqcompare.models.output import FramesOutput
from seqcompare.typing import SequencesLike, TargetsLike


class SequenceScaler(
    FramesOutput,
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # type: ignore[call-arg]  # scikit-learn has no types
):
    """Brings each channel to mean 0 and variance 1 over all steps of all sequences.

    scikit-learn's scalers take no ragged sequences, and scale an array of shape (n, T) position by position.

    Parameters
    ----------
    with_mean : bool, default=True
        Whether to centre.
    with_std : bool, default=True
        Whether to scale to unit variance.

    Attributes
    ----------
    mean_, var_ : ndarray of shape (n_channels,)
        Of each channel over the steps of the training data; the variance is the biased one.
    scale_ : ndarray of shape (n_channels,)
        What channels are divided by: the standard deviation, or 1 for a constant channel.
    n_steps_seen_ : int or ndarray of shape (n_channels,)
        Steps in the training data; those of each channel where values are missing.

    Notes
    -----
    As with scikit-learn's scalers, missing values (NaN) count for nothing in `fit` and stay missing.

    Answers come in the container of the input, with one exception: plain lists of equal length are an array
    to scikit-learn, and come back as one from `fit_transform`.

    Examples
    --------
    >>> import numpy as np
    >>> from seqcompare import SequenceScaler
    >>> SequenceScaler().fit_transform([np.array([1.0, 2.0]), np.array([3.0])])
    [array([-1.22474487,  0.        ]), array([1.22474487])]
    """

    def __init__(self, *, with_mean: bool = True, with_std: bool = True) -> None:
        self.with_mean = with_mean
        self.with_std = with_std

    def fit(self, X: SequencesLike, y: TargetsLike | None = None) -> SequenceScaler:
        """Compute mean and variance of each channel.

        Parameters
        ----------
        X : sequences of numbers
            The training data. Integers are read as measurements here, not as symbols.
        y : ignored
            For scikit-learn's tools.

        Returns
        -------
        SequenceScaler
            Itself.
        """
        return self._set(*_moments(self._check(X, reset=True)))

    def partial_fit(self, X: SequencesLike, y: TargetsLike | None = None) -> SequenceScaler:
        """Add more sequences to mean and variance; parameters as in `fit`."""
        if not hasattr(self, "n_steps_seen_"):
            return self.fit(X)
        more, mean, var = _moments(self._check(X, reset=False))
        # Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance"
        n = self.n_steps_seen_ + more
        share, gap = more / np.maximum(n, 1), mean - self.mean_
        var = (1 - share) * self.var_ + share * var + share * (1 - share) * gap**2
        return self._set(n, self.mean_ + share * gap, var)

    def fit_transform(self, X: SequencesLike, y: TargetsLike | None = None) -> SequencesLike:
        """Return the scaled training data; parameters as in `fit`."""
        return self.fit(X).transform(np.asarray(X) if is_nested_table(X) else X)

    def transform(self, X: SequencesLike) -> SequencesLike:
        """Return the scaled sequences in the container, shape and float type of `X`."""
        sequences = self._check(X, reset=False)
        shift = self.mean_ if self.with_mean else 0.0
        return self._in_container(_packed(sequences, (sequences.channels - shift) / self.scale_), X)

    def inverse_transform(self, X: SequencesLike) -> SequencesLike:
        """Return scaled sequences in their old units, in the container, shape and float type of `X`."""
        sequences = self._check(X, reset=False)
        shift = self.mean_ if self.with_mean else 0.0
        return _packed(sequences, sequences.channels * self.scale_ + shift)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Name what comes out: the channels; of a scaler fitted to an array (n, T), its columns.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of what went in; by default those seen in ``fit``, or ``x0``, ``x1``, ...

        Returns
        -------
        ndarray of str
            The same names: each comes out where it went in.

        Raises
        ------
        ValueError
            If there is not one name each.
        """
        check_is_fitted(self)
        seen = getattr(self, "feature_names_in_", None)
        n = getattr(self, "n_features_in_", len(self.mean_))
        names = np.asarray(_numbered(n) if seen is None else seen, dtype=object)
        if input_features is None:
            return names
        given = np.asarray(input_features, dtype=object)
        if seen is not None and not np.array_equal(given, names):
            raise ValueError(f"input_features is not equal to feature_names_in_: {list(names)}")
        if given.shape != (n,):
            raise ValueError(f"input_features should have length equal to number of features ({n})")
        return given

    def _step_names(self) -> NDArray[np.object_]:
        return _numbered(len(self.mean_))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.allow_nan = True
        return tags

    def _set(self, n: Any, mean: NDArray[np.float64], var: NDArray[np.float64]) -> SequenceScaler:
        self.n_steps_seen_, self.mean_, self.var_ = n, mean, var
        # a constant far from 0 has the variance of its rounding errors
        eps = float(np.finfo(np.float64).eps)
        constant = var <= n * eps * var + (n * mean * eps) ** 2
        self.scale_ = np.where(constant | (not self.with_std), 1.0, np.sqrt(var))
        return self

    def _check(self, X: SequencesLike, *, reset: bool) -> Sequences:
        if not reset:
            check_is_fitted(self)
        sequences = check_sequences(self, X, reset=reset, numbers=True, allow_nan=True, mixed="numbers")
        if sequences.kind != "real":
            raise ValueError(
                f"SequenceScaler expected sequences of numbers, got {sequences.values.dtype} symbols"
            )
        return sequences


def _numbered(n: int) -> NDArray[np.object_]:
    return np.array([f"x{k}" for k in range(n)], dtype=object)


def _moments(sequences: Sequences) -> tuple[Any, NDArray[np.float64], NDArray[np.float64]]:
    """Return how many values each channel has (one number, if all have as many), their mean and variance."""
    steps = sequences.channels.astype(np.float64)
    seen = ~np.isnan(steps)
    if seen.all():
        mean = steps.mean(axis=0)
        return len(steps), mean, np.mean((steps - mean) ** 2, axis=0)
    counts = seen.sum(axis=0)
    mean = np.where(seen, steps, 0.0).sum(axis=0) / np.maximum(counts, 1)
    squares = np.where(seen, (steps - mean) ** 2, 0.0)
    return counts, mean, squares.sum(axis=0) / np.maximum(counts, 1)


def _packed(sequences: Sequences, channels: NDArray[np.float64]) -> SequencesLike:
    values = channels.reshape(sequences.values.shape)
    return sequences.pack(values.astype(sequences.values.dtype))
