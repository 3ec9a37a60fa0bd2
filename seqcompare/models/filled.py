"""Missing values for models that take none: something stands in for them, and says that it does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from seqcompare.data.sequences import Sequences
from seqcompare.data.steps import is_missing
from seqcompare.data.targets import check_step_weights
from seqcompare.models.base import Reader, Reading, check_sequences
from seqcompare.models.bases import MetaEstimatorMixin, available_if
from seqcompare.models.causality import is_causal
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.filling import Expected, learn_filling
from seqcompare.models.missing_symbols import mark_of, marked
from seqcompare.models.online import as_read
from seqcompare.typing import Floats, Labels, Model, SequencesLike, TargetsLike, Values, WeightsLike


def _has(name: str) -> Any:
    """Return what says whether a wrapped model has a method."""
    return lambda self: hasattr(getattr(self, "estimator_", self.estimator), name)


class Filled(MetaEstimatorMixin, Reader):
    """Lets a model of labels or numbers take missing values in its input.

    In place of a missing number stands what a linear prediction expects, given the steps up to its own, and
    behind the channels of a step stand marks, 1 where a channel is missing, and the logarithm of how much
    less is known of the next step than if nothing were missing (see `seqcompare.models.filling`). A missing
    symbol becomes a symbol of its own, so that a model can learn what it tells that there is none; so does a
    missing part of a joint one, where symbols and numbers stand side by side and the model takes symbols.

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

    def __init__(self, estimator: Model) -> None:
        self.estimator: Any = estimator

    @property
    def reading(self) -> Reading:
        """Missing values are what it is about; mixed channels become what the inner model takes."""
        symbols = getattr(self.estimator, "reading", {}).get("symbols")
        return {"allow_nan": True, "allow_none": True, "mixed": "symbols" if symbols else "numbers"}

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

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the inner model's answer."""
        given = self._filled(self._check(X))
        return self.estimator_.predict(given)

    @available_if(_has("predict_proba"))
    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return the inner model's probabilities."""
        given = self._filled(self._check(X))
        return self.estimator_.predict_proba(given)

    @available_if(_has("predict_log_proba"))
    def predict_log_proba(self, X: SequencesLike) -> SequencesLike:
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

    def start(self) -> object:
        """Return the state before the first step of a sequence, for `step`."""
        check_is_fitted(self)
        return self.estimator_.start(), None if self.filling_ is None else self.filling_.start()

    def step(self, state: Any, x: Any) -> tuple[Any, object]:
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
    def step_distribution(self, state: Any, x: Any) -> tuple[Distribution, object]:
        """Read one more step; return the distribution of its number or numbers, and what to pass on.

        Parameters
        ----------
        state, x
            As in `step`.
        """
        return self._go_on(self.estimator_.step_distribution, state, x)

    def _go_on(self, read: Any, state: Any, x: Any) -> tuple[Any, Any]:
        inner, known = state
        x = as_read(self, x)
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
    def classes_(self) -> Labels:
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


def _shown(x: Values, expected: Expected) -> Floats:
    """Return the channels of steps with what is expected in their gaps, marks, and how much less is known."""
    gone = np.isnan(x)
    filled = np.where(gone, expected.past[:, 0], x)
    return np.column_stack([filled, gone, np.log(expected.variance)])
