"""The contract that all estimators share: what comes in, and what they answer."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags, check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted, validate_data

from seqcompare.data.axes import check_axes
from seqcompare.data.columns import is_structured
from seqcompare.data.encoding import AsNumbers, AsSymbols
from seqcompare.data.input_checks import (
    LARGEST,
    check_channels,
    check_finite,
    check_readable,
    is_nested_table,
    is_table,
    kind_words,
    whole_numbers,
    without_nan,
)
from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_labels, check_step_weights, scored_steps
from seqcompare.models.bases import BaseEstimator, DensityMixin
from seqcompare.models.constraints import check_parameters
from seqcompare.models.continuations import CONTINUATIONS, forecast_symbols
from seqcompare.models.online import StepByStep
from seqcompare.typing import Floats, Label, Labels, RandomState, SequencesLike, TargetsLike, WeightsLike

if TYPE_CHECKING:
    from seqcompare.models.distributions.base import Distribution

#: What becomes of symbols beside numbers: refused, made numbers, made one symbol, or kept as they are.
Mixed = Literal["refuse", "numbers", "symbols", "keep"]


class Reading(TypedDict, total=False):
    """How an estimator reads its input: the keywords of `check_sequences`."""

    symbols: bool
    numbers: bool
    allow_nan: bool
    allow_none: bool
    mixed: Mixed


def check_sequences(
    estimator: Any,
    X: Any,
    *,
    reset: bool,
    symbols: bool = False,
    numbers: bool = False,
    allow_nan: bool = False,
    allow_none: bool = False,
    mixed: Mixed = "refuse",
    sample_weight: Any = None,
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
    allow_none : bool, default=False
        Whether symbols may be missing.
    mixed : {"refuse", "numbers", "symbols", "keep"}, default="refuse"
        In ``fit``, what becomes of symbols beside numbers: see `seqcompare.data.encoding`. What was learnt of
        them is ``encoding_``, and afterwards decides. Symbols alone are wanted of them as one.
    sample_weight : optional
        In ``fit``, weights of sequences or steps: of a sequence without any, nothing is learnt of channels.

    Returns
    -------
    Sequences
        Symbols, or floats that are finite (or NaN, where allowed).

    Raises
    ------
    ValueError
        If `X` is not what `estimator` expects; the message names the sequence and step.
    """
    if reset:
        check_parameters(estimator)
    if reset and not isinstance(X, Sequences):
        check_axes(X)
    if isinstance(X, Sequences) or is_structured(X) or not is_table(X):
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
    if reset:
        vars(estimator).pop("encoding_", None)
    if sequences.kind == "mixed":
        if mixed != "refuse" or symbols or hasattr(estimator, "encoding_"):
            check_channels(sequences, allow_nan=allow_nan)
        if reset and (symbols or mixed in ("numbers", "symbols")):
            seen = sequences
            if sample_weight is not None:
                weights = check_step_weights(sample_weight, sequences)
                seen = sequences.take(np.logical_or.reduceat(weights > 0, sequences.offsets[:-1]))
            estimator.encoding_ = (AsNumbers if mixed == "numbers" else AsSymbols).of(seen)
        if hasattr(estimator, "encoding_"):
            sequences = estimator.encoding_.transform(sequences)
    check_readable(sequences, type(estimator).__name__, mixed=mixed == "keep", missing=allow_none)
    if numbers and mixed == "refuse" and sequences.kind == "symbols":
        raise ValueError(
            f"{type(estimator).__name__} is of numbers, and X holds {kind_words('symbols')} "
            f"such as {str(sequences.values.flat[0])!r}"
        )
    if sequences.kind == "real":
        most = np.inf if getattr(estimator, "_tells_what_is_too_large", False) else LARGEST
        check_finite(sequences, allow_nan=allow_nan, largest=most, hint=lambda: without_nan(estimator))
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


class Reader(StepByStep, BaseEstimator):
    """What reads its input in a way of its own."""

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {}

    @property
    def sums_missing(self) -> str | None:
        """The ``missing`` with which a fitted model integrates exactly over missing numbers; None if none."""
        return None

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = bool(self.reading.get("allow_nan"))
        return tags

    def _check(self, X: SequencesLike) -> Sequences:
        """Return `X` as this fitted estimator reads it."""
        check_is_fitted(self)
        return check_sequences(self, X, reset=False, **self.reading)


class Density(DensityMixin, Reader, metaclass=ABCMeta):
    """A distribution over sequences: the base of everything with the role ``next``."""

    @abstractmethod
    def score_samples(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the log-likelihood of each sequence in nats, shape (n,)."""

    def score(self, X: SequencesLike, y: TargetsLike | None = None) -> float:
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


class SymbolDensity(Density, metaclass=ABCMeta):
    """A distribution over sequences of symbols."""

    @abstractmethod
    def predict_next_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) for every step t, shape (T_i, n_symbols) a sequence, in X's container."""

    def forecast_proba(
        self, X: SequencesLike, steps: int, n_samples: int | None = None, random_state: RandomState = None
    ) -> NDArray[np.float64]:
        """Return the probabilities of the symbols at each of the `steps` steps after the end.

        Parameters
        ----------
        X : sequences of symbols
            What came so far.
        steps : int
            How many steps to look ahead.
        n_samples : int, default=200
            Each step's is the mean of the predictions after so many continuations that are drawn; that of the
            first step is exact.
        random_state : int, RandomState or None
            The source of randomness.

        Returns
        -------
        ndarray of shape (n, steps, n_symbols)
            In the order of ``symbols_``.
        """
        sequences = self._check(X)
        if sequences.kind != "symbols":
            raise ValueError("forecast_proba is for symbols; forecast is for numbers")
        check_scalar(steps, "steps", Integral, min_val=1)
        drawn = CONTINUATIONS if n_samples is None else n_samples
        return forecast_symbols(self, sequences, steps, drawn, check_random_state(random_state))

    if TYPE_CHECKING:

        def step(self, state: Any, x: Any) -> tuple[Floats, object]:  # noqa: D102
            ...

    def _answers_to(self, X: Sequences) -> SequencesLike:
        return self.predict_next_proba(X)[0]


class NumberDensity(Density, metaclass=ABCMeta):
    """A distribution over sequences of numbers or counts."""

    @abstractmethod
    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container."""

    @abstractmethod
    def predict_next_distribution(self, X: SequencesLike) -> Any:
        """Return the distribution of x[t+1] given x[..t] for every step t.

        Returns
        -------
        Distribution, or a list of them
            A batch of shape (T_i,) for each sequence of a list, one of shape (n, T) for an array, and one of
            shape (n_steps,) for `Sequences`. The last row of a sequence is for the step after its end.
        """

    @abstractmethod
    def forecast(
        self, X: SequencesLike, steps: int, n_samples: int | None = None, random_state: RandomState = None
    ) -> Distribution:
        """Return the distributions of the `steps` steps after the end of each sequence.

        Parameters
        ----------
        X : sequences
            What came so far.
        steps : int
            How many steps to look ahead.
        n_samples : int, optional
            Continuations to draw where there is no closed form, or in its place.
        random_state : int, RandomState or None
            The source of randomness.

        Returns
        -------
        Distribution of batch shape (n, steps)
            Of each step by itself.
        """

    if TYPE_CHECKING:

        def step(self, state: Any, x: Any) -> tuple[Distribution, object]:  # noqa: D102
            ...

    def _answers_to(self, X: Sequences) -> SequencesLike:
        return self.predict_next_distribution(X)[0]

    def score_samples(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the log-likelihood of each sequence in nats, shape (n,)."""
        sequences = self._check(X)
        steps = Sequences(self.score_steps(sequences)).values
        return np.add.reduceat(steps, sequences.offsets[:-1])

    def predict_next(self, X: SequencesLike) -> SequencesLike:
        """Return the expected next step for every step, in X's container."""
        sequences = self._check(X)
        flat = Sequences(sequences.values, sequences.offsets)
        return sequences.pack(self.predict_next_distribution(flat).mean)


class Tagger(Reader, metaclass=ABCMeta):
    """A label for every step: the base of everything with the role ``step``.

    It sets no ``ClassifierMixin``, since scikit-learn would take ragged labels for multi-label ones.
    Subclasses have ``ignore_label`` among their parameters and set ``classes_`` in ``fit``.
    """

    ignore_label: Label | None
    classes_: Labels

    @property
    @abstractmethod
    def causal(self) -> bool:
        """Whether the answer at step t uses no step after t."""

    @abstractmethod
    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t]) for every step, shape (T_i, n_classes) a sequence, in X's container."""

    if TYPE_CHECKING:

        def step(self, state: Any, x: Any) -> tuple[Floats, object]:  # noqa: D102
            ...

    def _answers_to(self, X: Sequences) -> SequencesLike:
        return self.predict_proba(X)[0]

    def predict_log_proba(self, X: SequencesLike) -> SequencesLike:
        """Return the logarithm of `predict_proba`, in X's container."""
        sequences = self._check(X)
        proba = Sequences(self.predict_proba(sequences)).values
        with np.errstate(divide="ignore"):  # a certain answer has log-probability -inf elsewhere
            return sequences.pack(np.log(proba))

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the most probable label of every step, in X's container."""
        sequences = self._check(X)
        proba = Sequences(self.predict_proba(sequences)).values
        return sequences.pack(self.classes_[np.argmax(proba, axis=1)])

    def score(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> float:
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
