"""One row a sequence: its last window, or all of them pooled, for any scikit-learn estimator."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import csr_matrix, issparse
from sklearn.base import BaseEstimator, is_regressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import Tags, check_array, check_scalar, get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_sequence_labels, check_sequence_weights, refuse_step_labels
from seqcompare.models import bases
from seqcompare.models.base import Reading, check_sequences
from seqcompare.models.filling import Missing
from seqcompare.models.windows.fit import (
    as_form,
    checked_classifier,
    count_parameters,
    fit_calibrated,
    fit_rows,
    gives_probabilities,
    inner_has,
    probabilities,
    wants_dense,
)
from seqcompare.models.windows.influence import LagInfluence, permutation_influence, weight_influence
from seqcompare.models.windows.sliding_window import SlidingWindow
from seqcompare.typing import Floats, Labels, Model, RandomState, SequencesLike, TargetsLike, WeightsLike

POOLINGS = ("last", "mean", "max", "segments")


class _Learned(bases.BaseEstimator, metaclass=ABCMeta):  # no dataclass, or they would be parameters
    estimator_: Any
    dense_: bool


@dataclass(eq=False, repr=False)
class _PooledWindows(_Learned, metaclass=ABCMeta):
    """One row a sequence: its last window, or all its windows pooled, or its steps by segments.

    Being a dataclass, it writes the constructors of the two that share these parameters.
    """

    estimator: Model | None = None
    width: int = 10
    pooling: str = "last"
    _: KW_ONLY
    pairs: bool = False
    mark_edges: bool = True
    dtype: DTypeLike = "float64"
    missing: Missing = "error"

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {"mixed": "numbers", "allow_nan": self.missing == "allow"}

    @property
    @abstractmethod
    def inner(self) -> BaseEstimator:
        """The inner estimator, not fitted."""

    def predict(self, X: SequencesLike) -> Labels:
        """Return the inner estimator's answer for each sequence, shape (n,) or (n, n_outputs)."""
        rows = self._rows(X)
        return self.estimator_.predict(rows)

    def influence_by_lag(self) -> LagInfluence:
        """Return the norm of the weights by lag; see `WindowTagger.influence_by_lag`."""
        self._check_lags()
        return weight_influence(self.estimator_, self.window_.layout_)

    def permutation_importance_by_lag(
        self,
        X: SequencesLike,
        y: TargetsLike,
        sample_weight: WeightsLike | None = None,
        *,
        n_repeats: int = 5,
        random_state: RandomState = None,
    ) -> LagInfluence:
        """Return how much accuracy, or R2, is lost when the steps at one lag are shuffled.

        Parameters
        ----------
        X, y, sample_weight
            Data to score, best such as the model was not fitted on; see `fit`.
        n_repeats : int, default=5
            How often each lag is shuffled.
        random_state : int, RandomState instance or None
            The source of randomness.
        """
        self._check_lags()
        sequences = check_sequences(self, X, reset=False, **self.reading)
        weights = check_sequence_weights(sample_weight, sequences)
        metric = r2_score if is_regressor(self) else accuracy_score

        def score(base: Floats) -> float:
            answer = self.estimator_.predict(as_form(self._pool(base, sequences), self.dense_))
            return float(metric(y, answer, sample_weight=weights))

        base = self._base(sequences)
        return permutation_influence(self.window_.layout_, base, score, n_repeats, random_state)

    def _check_lags(self) -> None:
        check_is_fitted(self)
        if self.pooling_ == "segments":
            raise ValueError('of pooling="segments" there is no influence by lag: segments are no lags')

    def _fit_window(self, X: SequencesLike) -> Sequences:
        check_scalar(self.width, "width", Integral, min_val=1)
        if self.pooling not in POOLINGS:
            raise ValueError(f"pooling must be one of {POOLINGS}, got {self.pooling!r}")
        sequences = check_sequences(self, X, reset=True, **self.reading)
        self.pooling_ = self.pooling
        if self.pooling == "segments" and self.pairs:
            raise ValueError('pairs=True is of windows, not of pooling="segments"')
        self.width_ = self.width
        before = 0 if self.pooling == "segments" else self.width - 1
        self.window_ = SlidingWindow(
            before, pairs=self.pairs, mark_edges=self.mark_edges, dtype=self.dtype, missing=self.missing
        ).fit(sequences)
        return sequences

    def _rows(self, X: SequencesLike) -> Floats:
        check_is_fitted(self)
        return as_form(self._pooled(check_sequences(self, X, reset=False, **self.reading)), self.dense_)

    def _pooled(self, sequences: Sequences) -> Any:
        return self._pool(self._base(sequences), sequences)

    def _base(self, sequences: Sequences) -> NDArray[Any]:
        """Cut out the windows that count."""
        steps = sequences.offsets[1:] - 1 if self.pooling_ == "last" else None
        return self.window_.layout_.base(sequences, steps)

    def _pool(self, base: Labels, sequences: Sequences) -> Any:
        """Make one row a sequence of the windows that count."""
        rows = self.window_.layout_.expand(base)
        if self.pooling_ == "segments":
            return pool_segments(rows, sequences, self.width_)
        return rows if self.pooling_ == "last" else pool(rows, sequences, self.pooling_)


@dataclass(eq=False, repr=False, kw_only=True)
class WindowClassifier(bases.ClassifierMixin, _PooledWindows):
    """A label for each sequence from its windows, by any scikit-learn classifier.

    Parameters
    ----------
    estimator : classifier, optional
        Fitted on one row a sequence; by default ``LogisticRegression(max_iter=1000)``.
    width : int, default=10
        Steps in a window, a sequence with fewer being padded in front; with ``pooling="segments"`` how many
        these are.
    pooling : {"last", "mean", "max", "segments"}, default="last"
        What the row of a sequence is: its last window, or the mean or maximum of each column over the windows
        that end at each of its steps. Pooled one-hot taps hardly differ from tap to tap; with ``pairs=True``
        they tell how often, or whether, two symbols stood so far apart. "segments" cuts each sequence into
        `width` parts of equal length: the row is the mean of each, and of numbers its standard deviation.
    pairs, mark_edges, calibration_cv, dtype, missing
        As in `WindowTagger`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels; for an indicator matrix the inner classifier's.
    pooling_ : str
        As it was in `fit`.
    estimator_, window_, temperature_, dense_, n_parameters_
        As in `WindowTagger`.

    Examples
    --------
    >>> from seqcompare import WindowClassifier
    >>> X, y = ["abba", "ab", "bab", "aa"], ["even", "odd", "even", "odd"]
    >>> WindowClassifier(width=2, pooling="max", pairs=True).fit(X, y).predict(["ba", "ab"])
    array(['even', 'odd'], dtype='<U4')
    """

    calibration_cv: int | None = 3

    def fit(
        self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None
    ) -> WindowClassifier:
        """Fit the inner classifier on the windows.

        Parameters
        ----------
        X : sequences
            The input.
        y : array-like of shape (n,) or (n, n_labels)
            A label for each sequence, or an indicator matrix where the inner classifier takes several.
        sample_weight : array-like of shape (n,), optional
            Weights; a sequence of weight 0 is not trained on.

        Raises
        ------
        ValueError
            For input that is not as described, or weights that the inner classifier does not take.
        """
        sequences = self._fit_window(X)
        inner = checked_classifier(self.inner)
        refuse_step_labels(y, "WindowTagger", indicators=get_tags(inner).classifier_tags.multi_label)
        labels = _check_labels(y, sequences)
        weights = check_sequence_weights(sample_weight, sequences)
        kept = np.flatnonzero(weights)
        rows, labels, weights = self._pooled(sequences.take(kept)), labels[kept], weights[kept]
        self.dense_ = wants_dense(inner, rows)
        rows = as_form(rows, self.dense_)
        self.estimator_, self.temperature_ = fit_calibrated(
            inner, rows, labels, weights, kept, self.calibration_cv
        )
        self.classes_: Labels = self.estimator_.classes_
        self.n_parameters_ = count_parameters(self.estimator_)
        return self

    @bases.available_if(gives_probabilities)
    def predict_proba(self, X: SequencesLike) -> Labels:
        """Return the probability of each class, shape (n, n_classes), or what the inner classifier gives."""
        rows = self._rows(X)
        return probabilities(self.estimator_, rows, self.temperature_)

    @bases.available_if(gives_probabilities)
    def predict_log_proba(self, X: SequencesLike) -> Labels:
        """Return the logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):  # a certain answer has log-probability -inf elsewhere
            return np.log(self.predict_proba(X))

    @bases.available_if(inner_has("decision_function"))
    def decision_function(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the inner classifier's decision values, shape (n,) or (n, n_classes)."""
        rows = self._rows(X)
        return self.estimator_.decision_function(rows)

    @property
    def inner(self) -> BaseEstimator:
        """The inner estimator, not fitted."""
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "allow"
        inner = get_tags(self.inner).classifier_tags
        tags.classifier_tags.multi_label = inner is not None and inner.multi_label
        return tags


class WindowRegressor(bases.RegressorMixin, _PooledWindows):
    """A number for each sequence from its windows, by any scikit-learn regressor.

    Parameters
    ----------
    estimator : regressor, optional
        Fitted on one row a sequence; by default ``Ridge()``.
    width, pooling, pairs, mark_edges, dtype, missing
        As in `WindowClassifier`.

    Attributes
    ----------
    pooling_, estimator_, window_, dense_, n_parameters_
        As in `WindowClassifier`.
    """

    def fit(
        self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None
    ) -> WindowRegressor:
        """Fit the inner regressor on the windows.

        Parameters
        ----------
        X : sequences
            The input.
        y : array-like of shape (n,) or (n, n_outputs)
            A number for each sequence, or several where the inner regressor takes them.
        sample_weight : array-like of shape (n,), optional
            Weights; a sequence of weight 0 is not trained on.

        Raises
        ------
        ValueError
            For input that is not as described, or weights that the inner regressor does not take.
        """
        sequences = self._fit_window(X)
        inner = self.inner
        targets = _check_numbers(y, sequences, several=get_tags(inner).target_tags.multi_output)
        weights = check_sequence_weights(sample_weight, sequences)
        kept = np.flatnonzero(weights)
        rows = self._pooled(sequences.take(kept))
        self.dense_ = wants_dense(inner, rows)
        self.estimator_ = fit_rows(inner, as_form(rows, self.dense_), targets[kept], weights[kept])
        self.n_parameters_ = count_parameters(self.estimator_)
        return self

    @property
    def inner(self) -> BaseEstimator:
        """The inner estimator, not fitted."""
        return Ridge() if self.estimator is None else self.estimator

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing == "allow"
        tags.target_tags.multi_output = get_tags(self.inner).target_tags.multi_output
        return tags


def pool(rows: Any, sequences: Sequences, pooling: str) -> Any:
    """Return the mean or maximum of `rows` over each sequence, shape (n, n_columns), sparse if they are."""
    if pooling == "mean":
        share = np.repeat(1 / sequences.lengths, sequences.lengths).astype(rows.dtype)
        together = csr_matrix(
            (share, np.arange(sequences.n_steps), sequences.offsets), (len(sequences), sequences.n_steps)
        )
        return together @ rows
    if not issparse(rows):
        return np.maximum.reduceat(rows, sequences.offsets[:-1], axis=0)
    # one-hot rows: what is there at all is 1
    together = csr_matrix(
        (np.ones(sequences.n_steps, dtype=rows.dtype), np.arange(sequences.n_steps), sequences.offsets),
        (len(sequences), sequences.n_steps),
    )
    found = together @ rows
    found.data[:] = 1
    return found


def pool_segments(rows: Any, sequences: Sequences, n: int) -> Any:
    """Return the means of `rows` over `n` parts of each sequence, and of numbers the standard deviations.

    Parts are of equal length, as far as steps can be divided, and of one step at least; sequences of fewer
    steps have some in several parts.

    Parameters
    ----------
    rows : matrix of shape (n_steps, n_columns)
        A row a step.
    sequences : Sequences
        Which steps are of one sequence.
    n : int
        Parts.

    Returns
    -------
    matrix of shape (n_sequences, n * n_columns), or twice as many columns for numbers
    """
    places = np.arange(n + 1) * sequences.lengths[:, None] // n
    starts = sequences.offsets[:-1, None] + places[:, :-1]
    sizes = np.maximum(np.diff(places, axis=1), 1)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    steps = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - starts.ravel(), sizes.ravel())
    share = np.repeat(1 / sizes.ravel(), sizes.ravel()).astype(rows.dtype)
    together = csr_matrix((share, steps, offsets), (n * len(sequences), sequences.n_steps))
    means = together @ rows
    if issparse(means):
        return means.reshape(len(sequences), -1).tocsr()
    # of deviations from a mean, since squares of numbers far from 0 hide how they vary
    centred = rows - rows.mean(axis=0)
    spread = np.sqrt(np.maximum(together @ centred**2 - (together @ centred) ** 2, 0.0))
    return np.concatenate([means, spread], axis=1).reshape(len(sequences), -1)


def _check_labels(y: TargetsLike, sequences: Sequences) -> Labels:
    """Return a label a sequence, shape (n,), or an indicator matrix."""
    if y is not None and np.asarray(y).ndim == 2 and np.shape(np.asarray(y))[1] > 1:
        indicator = check_array(y, input_name="y")
        _check_count(len(indicator), sequences)
        if not np.isin(indicator, [0, 1]).all():
            raise ValueError(f"y of shape {indicator.shape} must be an indicator matrix of 0 and 1")
        return indicator
    labels = check_sequence_labels(y, sequences)
    check_classification_targets(labels)
    return labels


def _check_numbers(y: TargetsLike, sequences: Sequences, *, several: bool) -> Floats:
    """Return a number a sequence, shape (n,), or several, shape (n, n_outputs)."""
    if several and y is not None and np.asarray(y).ndim == 2:
        targets = check_array(y, dtype=np.float64, input_name="y")
        _check_count(len(targets), sequences)
        return targets
    targets = check_sequence_labels(y, sequences)
    return check_array(targets, dtype=np.float64, ensure_2d=False, input_name="y")


def _check_count(n: int, sequences: Sequences) -> None:
    if n != len(sequences):
        raise ValueError(f"y has {n} entries but X has {len(sequences)} sequences")
