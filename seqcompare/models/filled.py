"""Missing values for models that take none: something stands in for them, and says that it does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import Tags, check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.steps import is_missing
from seqcompare.data.targets import check_step_weights
from seqcompare.models.base import Reader, Reading, SymbolDensity, check_lengths, check_sequences
from seqcompare.models.causality import is_causal
from seqcompare.models.filling import Expected, learn_filling
from seqcompare.typing import Floats, RandomState, SequencesLike, TargetsLike, Values, WeightsLike

#: What a missing word is: no reader takes an empty cell for a word.
NO_WORD = ""
#: What a missing whole number is.
NO_NUMBER = int(np.iinfo(np.int64).min)


def _has(name: str) -> Any:
    """Return what says whether a wrapped model has a method."""
    return lambda self: hasattr(getattr(self, "estimator_", self.estimator), name)


class Filled(MetaEstimatorMixin, Reader):
    """Lets a model of labels or numbers take missing values in its input.

    In place of a missing number stands what a linear prediction expects, given the steps up to its own, and
    behind the channels of a step stand marks, 1 where a channel is missing, and the logarithm of how much
    less is known of the next step than if nothing were missing (see `seqcompare.models.filling`). A missing
    symbol becomes a symbol of its own, so that a model can learn what it tells that there is none.

    Parameters
    ----------
    estimator : tagger, classifier or regressor
        It is cloned.

    Attributes
    ----------
    estimator_ : estimator
        The fitted one.
    filling_ : Filling or None
        What is expected of numbers; None for symbols.
    mark_ : str, int or None
        The symbol that stands for none; None for numbers.

    Examples
    --------
    >>> from seqcompare import Filled, RNNClassifier
    >>> nan = float("nan")
    >>> X = [[0.1, nan, 0.2], [nan, 1.1, 0.9, 1.0]] * 4
    >>> Filled(RNNClassifier(random_state=0)).fit(X, ["low", "high"] * 4).predict([[0.0, nan]])
    array(['low'], dtype='<U4')
    """

    missing = "allow"

    def __init__(self, estimator: BaseEstimator) -> None:
        self.estimator = estimator

    @property
    def reading(self) -> Reading:
        """Missing values are what it is about."""
        return {"allow_nan": True, "allow_none": True, "mixed": "numbers"}

    @property
    def causal(self) -> bool:
        """Whether the answer at a step uses no later step: as the inner model."""
        return is_causal(getattr(self, "estimator_", self.estimator))

    @property
    def takes_weights(self) -> bool:
        """Whether `fit` can take weights: whether the inner model can."""
        able = getattr(self.estimator, "takes_weights", True)
        return bool(able) and has_fit_parameter(self.estimator, "sample_weight")

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> Filled:
        """Learn what stands in for missing values, and fit the inner model.

        Parameters
        ----------
        X : sequences
            The training data, NaN or None where a value is missing.
        y : targets
            As the inner model takes them.
        sample_weight : optional
            For the inner model.

        Raises
        ------
        ValueError
            If a channel has no value at all, or what the inner model raises.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        weight = None if sample_weight is None else check_step_weights(sample_weight, sequences)
        self.filling_ = learn_filling(sequences, weight) if sequences.kind == "real" else None
        self.mark_ = None if self.filling_ is not None else mark_of(sequences)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.estimator_ = clone(self.estimator).fit(self._filled(sequences), y, **weights)
        return self

    def predict(self, X: SequencesLike) -> Any:
        """Return the inner model's answer."""
        given = self._filled(self._check(X))
        return self.estimator_.predict(given)

    @available_if(_has("predict_proba"))
    def predict_proba(self, X: SequencesLike) -> Any:
        """Return the inner model's probabilities."""
        given = self._filled(self._check(X))
        return self.estimator_.predict_proba(given)

    @available_if(_has("predict_log_proba"))
    def predict_log_proba(self, X: SequencesLike) -> Any:
        """Return the logarithm of `predict_proba`."""
        given = self._filled(self._check(X))
        return self.estimator_.predict_log_proba(given)

    @available_if(_has("predict_distribution"))
    def predict_distribution(self, X: SequencesLike) -> Any:
        """Return the inner model's distributions."""
        given = self._filled(self._check(X))
        return self.estimator_.predict_distribution(given)

    def score(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> float:
        """Return the inner model's score.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        """
        given = self._filled(self._check(X))
        return float(self.estimator_.score(given, y, sample_weight))

    def start(self) -> Any:
        """Return the state before the first step of a sequence, for `step`."""
        check_is_fitted(self)
        return self.estimator_.start(), None if self.filling_ is None else self.filling_.start()

    def step(self, state: Any, x: Any) -> tuple[Any, Any]:
        """Read one more step with the inner model; see its ``step``.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, number, array of shape (d,), NaN or None
            The step.
        """
        return self._go_on(self.estimator_.step, state, x)

    @available_if(_has("step_distribution"))
    def step_distribution(self, state: Any, x: Any) -> tuple[Any, Any]:
        """Read one more step; return the distribution of its number or numbers, and what to pass on.

        Parameters
        ----------
        state, x
            As in `step`.
        """
        return self._go_on(self.estimator_.step_distribution, state, x)

    def _go_on(self, read: Any, state: Any, x: Any) -> tuple[Any, Any]:
        inner, known = state
        if self.filling_ is None:
            given = self.mark_ if is_missing(x) else x
        else:
            now = np.atleast_1d(np.asarray(x, dtype=np.float64))
            expected, known = self.filling_.step(known, now)
            given = _shown(now[np.newaxis], expected)[0]
        answer, inner = read(inner, given)
        return answer, (inner, known)

    def _filled(self, sequences: Sequences) -> Sequences:
        if self.filling_ is None:
            assert self.mark_ is not None
            return marked(sequences, self.mark_)
        return sequences.with_values(_shown(sequences.channels, self.filling_.expect(sequences)))

    @property
    def classes_(self) -> Any:
        """Those of the inner model."""
        return self.estimator_.classes_

    @property
    def predicts(self) -> Any:
        """What the inner model says it answers with."""
        return self.estimator.predicts

    @property
    def n_parameters_(self) -> float:
        """Free parameters of the inner model; NaN if it does not say."""
        return float(getattr(self.estimator_, "n_parameters_", math.nan))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type, tags.classifier_tags = inner.estimator_type, inner.classifier_tags
        tags.regressor_tags, tags.target_tags = inner.regressor_tags, inner.target_tags
        tags.input_tags.allow_nan = True
        return tags


class FilledNext(MetaEstimatorMixin, SymbolDensity):
    """Lets a density over symbols do without those that are missing.

    A missing symbol becomes one of its own among those that may have come before, and is never predicted: its
    probability is shared out among the others. It is not learned from either where the inner density takes
    weights; one that does not learns how often symbols are missing, which changes no answer.

    Parameters
    ----------
    estimator : density over symbols
        It is cloned.

    Attributes
    ----------
    estimator_ : density
        The fitted one.
    symbols_ : ndarray of shape (n_symbols,)
        The alphabet, without the mark.
    mark_ : str or int
        The symbol that stands for none.

    Examples
    --------
    >>> from seqcompare import FilledNext, MarkovChain
    >>> model = FilledNext(MarkovChain(1)).fit([["a", "b", None, "b", "a", "b", "a", None, "a"]])
    >>> model.symbols_
    array(['a', 'b'], dtype='<U1')
    >>> model.predict_next_proba([["a", None]])[0].shape
    (2, 2)
    """

    missing = "allow"

    def __init__(self, estimator: BaseEstimator) -> None:
        self.estimator = estimator

    @property
    def reading(self) -> Reading:
        """Missing symbols are what it is about."""
        return {"symbols": True, "allow_nan": True, "allow_none": True}

    @property
    def takes_weights(self) -> bool:
        """Whether `fit` can take weights: whether the inner density can."""
        able = getattr(self.estimator, "takes_weights", True)
        return bool(able) and has_fit_parameter(self.estimator, "sample_weight")

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> FilledNext:
        """Fit the inner density to the sequences with their marks.

        Parameters
        ----------
        X : sequences of symbols
            The training data, None where one is missing.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            For the inner density.

        Raises
        ------
        ValueError
            If there are weights and the density takes none.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        self.mark_ = mark_of(sequences)
        known = ~sequences.missing[:, 0]
        if sample_weight is not None and not self.takes_weights:
            raise ValueError(f"sample_weight was given, but {type(self.estimator).__name__}.fit takes none")
        weights = {}
        if sample_weight is not None or (self.takes_weights and not known.all()):
            each = check_step_weights(sample_weight, sequences, steps_as_array=False)
            weights = {"sample_weight": Sequences(each * known, sequences.offsets)}
        self.estimator_ = clone(self.estimator).fit(marked(sequences, self.mark_), **weights)
        names = np.asarray(self.estimator_.symbols_)
        self._kept = names != self.mark_
        self.symbols_ = names[self._kept]
        return self

    def score_samples(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the log-likelihood of the symbols that are there, of each sequence in nats, shape (n,)."""
        sequences = self._check(X)
        steps = Sequences(self.score_steps(sequences.detached())).values
        return np.add.reduceat(steps, sequences.offsets[:-1])

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, 0 where x[t] is missing, in X's container."""
        sequences = self._check(X)
        given = marked(sequences, self.mark_).detached()
        found = np.array(Sequences(self.estimator_.score_steps(given)).values, dtype=np.float64)
        if not self._kept.all():
            first, rows = sequences.offsets[:-1], self._rows(given)
            shares = np.empty(len(found))
            shares[1:] = rows[:-1, self._kept].sum(axis=1)
            shares[first] = self._first()[self._kept].sum()
            found -= np.log(shares)
        found[sequences.missing[:, 0]] = 0.0
        return sequences.pack(found)

    def predict_next_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) for every step t, shape (T_i, n_symbols) a sequence, in X's container."""
        sequences = self._check(X)
        return sequences.pack(self._without_mark(self._rows(marked(sequences, self.mark_).detached())))

    @property
    def initial_proba_(self) -> Floats:
        """Distribution of the first symbol, shape (n_symbols,)."""
        return self._without_mark(self._first()[np.newaxis])[0]

    def start(self) -> Any:
        """Return the inner density's state before the first step of a sequence."""
        check_is_fitted(self)
        return self.estimator_.start()

    def step(self, state: Any, x: Any) -> tuple[Floats, Any]:
        """Read one more step; return the probabilities of the next symbol, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, or None
            The step.
        """
        answer, state = self.estimator_.step(state, self.mark_ if is_missing(x) else x)
        return self._without_mark(np.asarray(answer, dtype=np.float64)[np.newaxis])[0], state

    def sample(
        self, n_sequences: int = 1, length: ArrayLike = 10, random_state: RandomState = None
    ) -> Sequences:
        """Draw sequences in which nothing is missing, step by step.

        Parameters
        ----------
        n_sequences : int
            How many.
        length : int or array of int, shape (n_sequences,)
            Steps of each.
        random_state : int, RandomState or None
            The source of randomness.
        """
        check_is_fitted(self)
        lengths, rng = check_lengths(n_sequences, length), check_random_state(random_state)
        drawn = []
        for size in lengths:
            state, ahead = self.start(), self.initial_proba_
            for _ in range(size):
                drawn.append(self.symbols_[rng.choice(len(ahead), p=ahead / ahead.sum())])
                ahead, state = self.step(state, drawn[-1])
        return Sequences(np.array(drawn, dtype=self.symbols_.dtype), offsets_of(lengths))

    @property
    def n_parameters_(self) -> float:
        """Free parameters of the inner density; NaN if it does not say."""
        return float(getattr(self.estimator_, "n_parameters_", math.nan))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = tags.input_tags.string = tags.input_tags.allow_nan = True
        return tags

    def _rows(self, given: Sequences) -> Floats:
        return np.asarray(Sequences(self.estimator_.predict_next_proba(given)).channels, dtype=np.float64)

    def _first(self) -> Floats:
        return np.asarray(self.estimator_.initial_proba_, dtype=np.float64)

    def _without_mark(self, rows: Floats) -> Floats:
        kept = rows[:, self._kept]
        return np.asarray(kept / kept.sum(axis=1, keepdims=True))


def _shown(x: Values, expected: Expected) -> Floats:
    """Return the channels of steps with what is expected in their gaps, marks, and how much less is known."""
    gone = np.isnan(x)
    filled = np.where(gone, expected.past[:, 0], x)
    return np.column_stack([filled, gone, np.log(expected.variance)])


def mark_of(sequences: Sequences) -> str | int:
    """Return the symbol that stands for a missing one among such symbols."""
    return NO_WORD if sequences.alphabet.dtype.kind == "U" else NO_NUMBER


def marked(sequences: Sequences, mark: str | int) -> Sequences:
    """Return symbols with `mark` where one is missing."""
    if not sequences.has_missing:
        return sequences
    values = np.where(sequences.missing[:, 0], mark, sequences.values)
    return sequences.with_values(values.astype(str if isinstance(mark, str) else np.int64))
