"""The contract that all estimators share: what comes in, and what they answer."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from numbers import Integral
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from seqcompare.models.input_checks import (
    check_finite,
    is_nested_table,
    is_table,
    kind_words,
    locate_step,
    whole_numbers,
)
from seqcompare.reading import narrow
from seqcompare.sequences import Sequences


class Reading(TypedDict, total=False):
    """How an estimator reads its input: the keywords of `check_sequences`."""

    symbols: bool
    numbers: bool
    allow_nan: bool


def check_sequences(
    estimator: BaseEstimator,
    X: Any,
    *,
    reset: bool,
    symbols: bool = False,
    numbers: bool = False,
    allow_nan: bool = False,
) -> Sequences:
    """Validate `X` for `estimator`, in ``fit`` (``reset=True``) or afterwards.

    In ``fit`` this sets ``kind_`` ("symbols" or "real"), ``n_channels_`` and, for 2-D array input,
    scikit-learn's ``n_features_in_`` and ``feature_names_in_``; afterwards it holds the input against them.

    Parameters
    ----------
    estimator : BaseEstimator
        The estimator that was given `X`.
    X : anything `Sequences` accepts, a data frame of shape (n, T)
        The input. A 2-D array goes through scikit-learn's validation first.
    reset : bool
        Whether this is ``fit``.
    symbols : bool, default=False
        Whether only symbols are accepted; whole-number floats then count as integers.
    numbers : bool, default=False
        Whether integers are counts or measurements, and become floats.
    allow_nan : bool, default=False
        Whether NaN marks a missing value; infinity is an error either way.

    Returns
    -------
    Sequences
        Symbols, or floats that are finite (or NaN, where allowed).

    Raises
    ------
    ValueError
        If `X` is not what `estimator` expects; the message names the sequence and step.
    """
    if isinstance(X, Sequences) or not is_table(X):
        if reset:
            # what an earlier fit on an array has left behind no longer holds
            for name in ("n_features_in_", "feature_names_in_"):
                vars(estimator).pop(name, None)
            if is_nested_table(X):
                estimator.n_features_in_ = len(X[0])
        sequences = Sequences(X, numbers=numbers)
    else:
        table = validate_data(
            estimator, X, reset=reset, dtype=None, ensure_all_finite=False, ensure_min_features=1
        )
        sequences = Sequences(table, numbers=numbers)
    if sequences.kind == "real":
        check_finite(sequences, allow_nan=allow_nan)
        if symbols:
            sequences = whole_numbers(sequences)
    if reset:
        estimator.kind_ = sequences.kind
        estimator.n_channels_ = sequences.n_channels
        return sequences
    name = type(estimator).__name__
    if sequences.kind != estimator.kind_:
        raise ValueError(
            f"{name} was fitted on {kind_words(estimator.kind_)}, but X holds {kind_words(sequences.kind)}"
        )
    if sequences.n_channels != estimator.n_channels_:
        raise ValueError(
            f"{name} was fitted on steps of {estimator.n_channels_} value(s), "
            f"but the steps of X have {sequences.n_channels}"
        )
    return sequences


def check_step_labels(y: Any, sequences: Sequences) -> NDArray[Any]:
    """Return one label a step, end to end, shape (n_steps,).

    Raises
    ------
    ValueError
        If `y` has not one label for each step of each sequence, or labels that are not finite.
    """
    if y is None:
        raise ValueError("this tagger requires y to be passed, but the target y is None")
    if _is_flat(y, of_strings=False):
        raise ValueError(
            f"y must have labels for every step, one array a sequence; got shape {np.shape(y)[:1]}"
        )
    labels = _align_steps(y, sequences, "y", "labels")
    if labels.dtype.kind == "f":
        check_finite(sequences.with_values(labels), name="y")
        if np.any(labels != np.floor(labels)):
            i, t = locate_step(sequences, int(np.flatnonzero(labels != np.floor(labels))[0]))
            raise ValueError(
                f"labels must be symbols, but y[{i}] is {labels[sequences.offsets[i] + t]} at step {t}"
            )
    return labels


def check_step_weights(
    sample_weight: Any, sequences: Sequences, *, steps_as_array: bool = True
) -> NDArray[np.float64]:
    """Return one weight a step, end to end, shape (n_steps,).

    Parameters
    ----------
    sample_weight : None, array of shape (n,), or one array of weights a sequence
        None weighs everything 1; one number a sequence weighs all its steps.
    sequences : Sequences
        What is weighed.
    steps_as_array : bool, default=True
        Whether weights per step may also come as one array of shape (n, T). Estimators whose X is such
        an array say no, as scikit-learn's checks demand: there, a list or `Sequences` is unmistakable.

    Raises
    ------
    ValueError
        If the shape fits neither sequences nor steps, a weight is negative or not finite, or all are zero.
    """
    if sample_weight is None:
        return np.ones(sequences.n_steps)
    if _is_flat(sample_weight, of_strings=True):
        return np.repeat(check_sequence_weights(sample_weight, sequences), sequences.lengths)
    if not steps_as_array and getattr(sample_weight, "ndim", 1) > 1:
        raise ValueError(
            f"sample_weight has shape {np.shape(sample_weight)}, expected ({len(sequences)},) to weigh "
            "sequences; weights of steps are passed as a list of 1-D arrays or as Sequences"
        )
    weights = _align_steps(sample_weight, sequences, "sample_weight", "weights", numbers=True)
    if weights.dtype.kind != "f":
        raise ValueError(f"sample_weight must be numbers, got {weights[0].item()!r} for the first step")
    return _check_weights(weights.astype(np.float64))


def check_sequence_weights(sample_weight: ArrayLike | None, sequences: Sequences) -> NDArray[np.float64]:
    """Return one weight a sequence, shape (n,); None weighs every sequence 1.

    Raises
    ------
    ValueError
        If there is not one weight a sequence, a weight is negative or not finite, or all are zero.
    """
    if sample_weight is None:
        return np.ones(len(sequences))
    try:
        weights = np.array(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sample_weight must be numbers, one a sequence: {error}") from error
    if weights.shape != (len(sequences),):
        raise ValueError(
            f"sample_weight has shape {weights.shape}, expected ({len(sequences)},): one a sequence"
        )
    return _check_weights(weights)


def check_sequence_labels(y: Any, sequences: Sequences) -> NDArray[Any]:
    """Return one label or number a sequence, shape (n,).

    Raises
    ------
    ValueError
        If `y` is None, has not one entry a sequence, or an entry that is not finite.
    """
    if y is None:
        raise ValueError("this estimator requires y to be passed, but the target y is None")
    targets = column_or_1d(y, warn=True)
    assert_all_finite(targets, input_name="y")
    targets = narrow(targets, "y")
    if len(targets) != len(sequences):
        raise ValueError(f"y has {len(targets)} entries but X has {len(sequences)} sequences")
    return targets


class Reader(BaseEstimator):
    """What reads its input in a way of its own."""

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {}

    def _check(self, X: Any) -> Sequences:
        """Return `X` as this fitted estimator reads it."""
        check_is_fitted(self)
        return check_sequences(self, X, reset=False, **self.reading)


class Density(DensityMixin, Reader, metaclass=ABCMeta):
    """A distribution over sequences: the base of everything with the role ``next``."""

    @abstractmethod
    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return the log-likelihood of each sequence in nats, shape (n,)."""

    @abstractmethod
    def predict_next_proba(self, X: Any) -> Any:
        """Return p(x[t+1] | x[..t]) for every step t, shape (T_i, n_symbols) a sequence, in X's container."""

    def score(self, X: Any, y: Any = None) -> float:
        """Return the mean log-likelihood a step, in nats.

        Parameters
        ----------
        X : sequences
            What to score.
        y : ignored
            For scikit-learn's tools.
        """
        sequences = self._check(X)
        return float(self.score_samples(sequences).sum() / sequences.n_steps)


class Tagger(Reader, metaclass=ABCMeta):
    """A label for every step: the base of everything with the role ``step``.

    It sets no ``ClassifierMixin``, since scikit-learn would take ragged labels for multi-label ones.
    Subclasses have ``ignore_label`` among their parameters and set ``classes_`` in ``fit``.
    """

    ignore_label: Any
    classes_: NDArray[Any]

    @property
    @abstractmethod
    def causal(self) -> bool:
        """Whether the answer at step t uses no step after t."""

    @abstractmethod
    def predict_proba(self, X: Any) -> Any:
        """Return p(y[t]) for every step, shape (T_i, n_classes) a sequence, in X's container."""

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of `predict_proba`, in X's container."""
        sequences = self._check(X)
        proba = Sequences(self.predict_proba(sequences)).values
        with np.errstate(divide="ignore"):  # a certain answer has log-probability -inf elsewhere
            return sequences.pack(np.log(proba))

    def predict(self, X: Any) -> Any:
        """Return the most probable label of every step, in X's container."""
        sequences = self._check(X)
        proba = Sequences(self.predict_proba(sequences)).values
        return sequences.pack(self.classes_[np.argmax(proba, axis=1)])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy over steps, those labelled ``ignore_label`` left out.

        Parameters
        ----------
        X : sequences
            The input.
        y : one label a step, in any container
            The truth.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps.

        Raises
        ------
        ValueError
            If strings are held against numbers, or no step is left.
        """
        sequences = self._check(X)
        truth = check_step_labels(y, sequences)
        weights = check_step_weights(sample_weight, sequences) * scored_steps(truth, self.ignore_label)
        if not weights.any():
            raise ValueError("no step is left to score: all have weight 0 or ignore_label")
        answer = Sequences(self.predict(sequences)).values
        if (truth.dtype.kind == "U") != (answer.dtype.kind == "U"):
            raise ValueError(
                f"y has labels of dtype {truth.dtype}, such as {truth[0].item()!r}, but this tagger answers "
                f"with labels of dtype {answer.dtype}, such as {answer[0].item()!r}"
            )
        return float(np.average(answer == truth, weights=weights))


def check_lengths(n_sequences: Any, length: Any) -> NDArray[np.int64]:
    """Return how long each sequence to be drawn is, shape (n_sequences,).

    Raises
    ------
    ValueError
        If either is not made of whole numbers from 1, or there is not one length, or one a sequence.
    """
    if isinstance(n_sequences, bool) or not isinstance(n_sequences, Integral) or n_sequences < 1:
        raise ValueError(f"n_sequences must be a whole number >= 1, got {n_sequences!r}")
    lengths = np.asarray(length)
    if lengths.dtype.kind not in "iu" or (lengths < 1).any():
        raise ValueError(f"length must be made of whole numbers >= 1, got {length!r}")
    if lengths.shape not in ((), (n_sequences,)):
        raise ValueError(
            f"length has shape {lengths.shape}, expected one number or {n_sequences}, one a sequence"
        )
    return np.broadcast_to(lengths.astype(np.int64), (int(n_sequences),))


def scored_steps(labels: NDArray[Any], ignore_label: Any) -> NDArray[np.bool_]:
    """Return which steps count, shape (n_steps,): those not labelled `ignore_label`."""
    if ignore_label is None:
        return np.ones(len(labels), dtype=bool)
    return np.asarray(labels != ignore_label)


def _is_flat(values: Any, *, of_strings: bool) -> bool:
    """Whether `values` holds single values, in place of a sequence of them for each sequence."""
    if not hasattr(values, "__iter__"):
        values = np.asarray(values)
    if isinstance(values, Sequences) or getattr(values, "ndim", 1) != 1:
        return False
    if isinstance(values, np.ndarray) and values.dtype.kind != "O":
        return True
    first = next(iter(values), None)
    return np.isscalar(first) and (of_strings or not isinstance(first, str))


def _align_steps(
    values: Any, sequences: Sequences, name: str, noun: str, *, numbers: bool = False
) -> NDArray[Any]:
    given = Sequences(values, name=name, numbers=numbers)
    if len(given) != len(sequences):
        raise ValueError(f"{name} has {len(given)} sequences but X has {len(sequences)}")
    wrong = np.flatnonzero(given.lengths != sequences.lengths)
    if wrong.size:
        i = wrong[0]
        raise ValueError(
            f"{name}[{i}] has {given.lengths[i]} {noun} but X[{i}] has {sequences.lengths[i]} steps"
        )
    if given.n_channels != 1:
        raise ValueError(f"{name} must have one of its {noun} a step, got {given.n_channels}")
    return given.channels[:, 0]


def _check_weights(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("sample_weight must be finite and not negative")
    if not weights.any():
        raise ValueError("sample_weight is zero everywhere: nothing is left to train on")
    return weights
