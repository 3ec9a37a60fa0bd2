"""A density from any model that answers at each step."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.utils import Tags, check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from seqcompare.data.axes import refuse_lengths
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_weights
from seqcompare.models.alphabet import choose_alphabet, encode
from seqcompare.models.base import Reading, SymbolDensity, check_lengths, check_sequences
from seqcompare.models.bases import MetaEstimatorMixin
from seqcompare.models.causality import check_causal, chosen, reach_of
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.distributions.drawing import (
    draw_numbers,
    forecast_by_drawing,
    forecast_from_states,
    read_whole,
)
from seqcompare.models.in_parts import PROBABILITIES, given_to_next, proba_in_parts
from seqcompare.models.next_density import NextNumbers
from seqcompare.models.next_numbers import shift
from seqcompare.models.online import Recent, as_read, can_step
from seqcompare.models.uniform_guess import mixed, smoothed
from seqcompare.typing import (
    Floats,
    Labels,
    Model,
    RandomState,
    SequencesLike,
    TargetsLike,
    WeightsLike,
)

_CONTINUATIONS = 50


class NextStep(MetaEstimatorMixin, NextNumbers, SymbolDensity):
    """Predicts the next step with any causal model of steps: it learns x[t] -> x[t+1].

    With a tagger this is a density over symbols, with a step regressor one over numbers.

    Parameters
    ----------
    estimator : tagger or step regressor
        Fitted on every sequence but its last step, answered by every step but the first. It has to be causal,
        and a tagger to give probabilities. It is cloned.
    symbols : array-like, optional
        The alphabet; by default the symbols in the training data. Not for numbers.
    scale : step regressor, optional
        For numbers: predicts the squared errors, such as ``WindowStepRegressor`` of gradient boosting with
        gamma loss, and so lets the density be wide here and narrow there. By default it is as wide anywhere.
    max_components : int, default=3
        For numbers: the most normal distributions that the errors are a mixture of; how many is up to BIC.

    Attributes
    ----------
    estimator_ : tagger
        The fitted one.
    symbols_ : ndarray of shape (n_symbols,)
        The alphabet, sorted.
    initial_proba_ : ndarray of shape (n_symbols,)
        Distribution of the first symbol: its counts, each with 1 added (Laplace).
    n_transitions_ : float
        Summed weight of the predictions that the tagger was fitted on.
    errors_ : Errors
        Of numbers: the distribution of the errors; see `seqcompare.models.next_numbers`.
    scale_ : step regressor or None
        Of numbers: what predicts the squared errors.
    n_parameters_ : int or nan
        Those of the model of steps (NaN if it does not say), and ``n_symbols - 1`` for the first step, or
        those of the errors, their scale, and a first step.

    Notes
    -----
    A tagger may give a symbol probability 0, and knows none that it never saw as a target. So one uniform
    guess is mixed in: with N transitions and S symbols the prediction is ``(N p + 1/S) / (N + 1)``. A symbol
    that was not in the training data costs the logarithm of the least that this can be, ``1 / (S (N + 1))``;
    what it means as an input is up to the tagger.

    The density of numbers is the prediction and a mixture of normal distributions of its errors. The errors
    are those that models make which were fitted without the sequences in question (five folds), since a
    flexible model's errors on what it was fitted to are too small. A first step is normal, with mean and
    covariance of all steps. A regressor that answers with densities itself, as `RNNStepRegressor` does, is
    taken at its word: its density is that of the next step (a first count has the frequencies of all counts).

    Examples
    --------
    >>> from seqcompare import MarkovTagger, NextStep
    >>> model = NextStep(MarkovTagger(order=1)).fit(["abababab", "babab"])
    >>> model.predict_next_proba(["ab"])[0].argmax(axis=1)
    array([1, 0])
    """

    def __init__(
        self,
        estimator: Model,
        *,
        symbols: ArrayLike | None = None,
        scale: Any = None,
        max_components: int = 3,
    ) -> None:
        self.estimator: Any = estimator
        self.symbols = symbols
        self.scale = scale
        self.max_components = max_components

    @property
    def reading(self) -> Reading:
        """Whole numbers of any kind are symbols, unless numbers are predicted."""
        if _of_numbers(self.estimator):
            return {"numbers": True, "allow_nan": getattr(self.estimator, "missing", "error") == "allow"}
        return {"symbols": True}

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> NextStep:
        """Fit the tagger or regressor to each next step.

        Parameters
        ----------
        X : sequences of symbols or numbers
            The training data. Sequences of one step teach the first step only.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences, or of the predictions of single steps.

        Returns
        -------
        NextStep
            Itself.

        Raises
        ------
        ValueError
            If the tagger looks ahead or gives no probabilities, no sequence has two steps, or there are
            weights and the tagger takes none.
        """
        refuse_lengths(X, y)
        sequences = check_sequences(self, X, reset=True, **self.reading)
        weight = check_step_weights(sample_weight, sequences, steps_as_array=False)
        name = type(self.estimator).__name__
        if not _of_numbers(self.estimator) and not hasattr(self.estimator, "predict_proba"):
            raise ValueError(f"NextStep needs a tagger that gives probabilities: {name} has no predict_proba")
        tagger = clone(self.estimator)
        check_causal(tagger)
        if sample_weight is not None and not has_fit_parameter(self.estimator, "sample_weight"):
            raise ValueError(f"sample_weight was given, but {name}.fit takes none")
        used = np.add.reduceat(weight, sequences.offsets[:-1]) > 0
        if not used.all():
            sequences, weight = sequences.take(used), weight[np.repeat(used, sequences.lengths)]
        if _of_numbers(self.estimator):
            return self._fit_numbers(tagger, sequences, weight, weighted=sample_weight is not None)
        self.symbols_ = choose_alphabet(sequences.values, self.symbols)
        first = sequences.offsets[:-1]
        counts = np.bincount(
            encode(sequences.values[first], self.symbols_), weight[first], minlength=len(self.symbols_)
        )
        self.initial_proba_: Floats = (counts + 1) / (counts.sum() + len(counts))
        X_now, X_next, w = shift(sequences, weight)
        self.n_transitions_: float = float(w.values.sum())
        given = {} if sample_weight is None else {"sample_weight": w}
        del weight, w  # which may be as large as the data
        tagger.fit(X_now, X_next, **given)
        check_causal(tagger)  # a search may have found out that looking ahead pays
        self.estimator_ = tagger
        return self

    def score_samples(self, X: SequencesLike) -> NDArray[np.float64]:
        """Return the log-likelihood of each sequence in nats, shape (n,)."""
        sequences = self._check(X)
        return np.add.reduceat(Sequences(self.score_steps(sequences)).values, sequences.offsets[:-1])

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container."""
        sequences = self._check(X)
        first, flat = sequences.offsets[:-1], Sequences(sequences.values, sequences.offsets)
        if _of_numbers(self.estimator):
            found = np.empty(sequences.n_steps)
            if sequences.n_steps > 1:
                found[1:] = self._ahead(flat)[:-1].log_prob(sequences.values[1:])
            found[first] = self._first(len(sequences)).log_prob(sequences.values[first])
            return sequences.pack(found)
        codes = encode(sequences.values, self.symbols_)
        floor = 1 / (len(self.symbols_) * (self.n_transitions_ + 1))
        parts = self.iter_next_proba(flat, max(PROBABILITIES // len(self.symbols_), 1))
        proba = np.concatenate([[floor], *given_to_next(parts, codes, floor)])
        proba[first] = np.append(self.initial_proba_, floor)[codes[first]]
        return sequences.pack(np.log(proba))

    def predict_next_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(x[t+1] | x[..t]) for every step t, shape (T_i, n_symbols) a sequence, in X's container."""
        sequences = self._check(X)
        if _of_numbers(self.estimator):
            raise ValueError("predict_next_proba is for symbols; predict_next_distribution is for numbers")
        return sequences.pack(self._next_rows(Sequences(sequences.values, sequences.offsets)))

    def iter_next_proba(self, X: SequencesLike, n_rows: int) -> Iterator[Floats]:
        """Yield what `predict_next_proba` returns, end to end, in parts of at most about `n_rows` steps."""
        sequences = self._check(X)
        for rows in proba_in_parts(self.estimator_, Sequences(sequences.values, sequences.offsets), n_rows):
            yield self._mixed(rows)

    def predict_next_distribution(self, X: SequencesLike) -> Distribution | list[Distribution]:
        """Return the distribution of x[t+1] given x[..t] for every step t, of numbers, in X's container.

        See `seqcompare.models.base.NumberDensity.predict_next_distribution` for the shapes.
        """
        sequences = self._check(X)
        self._check_numbers()
        return pack(sequences, self._ahead(Sequences(sequences.values, sequences.offsets)))

    def forecast(
        self, X: SequencesLike, steps: int, n_samples: int | None = None, random_state: RandomState = None
    ) -> Distribution:
        """Return the distributions of the `steps` steps after the end of each sequence, batch (n, steps).

        Parameters
        ----------
        X : sequences of numbers
            What came so far.
        steps : int
            How many steps to look ahead.
        n_samples : int, default=50
            Each is the mixture of the predictions after so many continuations that are drawn; that of the
            first step is exact.
        random_state : int, RandomState or None
            The source of randomness.
        """
        sequences = self._check(X)
        self._check_numbers()
        check_scalar(steps, "steps", Integral, min_val=1)
        drawn = _CONTINUATIONS if n_samples is None else n_samples
        rng, reach = check_random_state(random_state), self._looks_back
        if reach is None and can_step(self.estimator_):
            after = [read_whole(self.start(), self.step, x) for x in sequences]
            return forecast_from_states(after, self.step, steps, drawn, rng)
        return forecast_by_drawing(self._ahead, sequences, steps, drawn, rng, reach or sys.maxsize)

    def start(self) -> object:
        """Return the state before the first step of a sequence, for `step`."""
        check_is_fitted(self)
        inner = chosen(self.estimator_)
        if not hasattr(inner, "start"):
            return super().start()
        if _of_numbers(self.estimator):
            return inner.start(), None if self.scale_ is None else self.scale_.start()
        return inner.start(), encode(inner.classes_, self.symbols_)

    def step(self, state: Any, x: Any) -> tuple[Any, object]:
        """Read one more step; return the distribution of the next, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """
        if isinstance(state, Recent):
            return super().step(state, x)
        if _of_numbers(self.estimator):
            return self._step_numbers(state, x)
        answer, inner = chosen(self.estimator_).step(state[0], as_read(self, x))
        return smoothed(answer, state[1], len(self.symbols_), self.n_transitions_), (inner, state[1])

    @property
    def _looks_back(self) -> int | None:
        reach = reach_of(self.estimator_)
        return None if reach == sys.maxsize else reach

    def _answers_to(self, X: Sequences) -> SequencesLike:
        answer = self.predict_next_distribution if _of_numbers(self.estimator) else self.predict_next_proba
        return answer(X)[0]  # type: ignore[return-value]  # or a batch of distributions

    def sample(
        self, n_sequences: int = 1, length: ArrayLike = 10, random_state: RandomState = None
    ) -> Sequences:
        """Draw sequences, step by step.

        A tagger with ``step_proba`` carries its state from step to step, one that says how far it looks back
        (`before` or `order`) reads that far, and any other all that was drawn so far, each time.

        Parameters
        ----------
        n_sequences : int
            How many.
        length : int or array of int, shape (n_sequences,)
            Steps of each.
        random_state : int, RandomState or None
            The source of randomness.

        Returns
        -------
        Sequences
            Symbols.
        """
        check_is_fitted(self)
        lengths = check_lengths(n_sequences, length)
        if _of_numbers(self.estimator):
            rng = check_random_state(random_state)
            return draw_numbers(
                self._ahead, self._first(len(lengths)), lengths, rng, reach_of(self.estimator_)
            )
        uniform = check_random_state(random_state).uniform(size=(len(lengths), lengths.max()))
        drawn = np.empty(uniform.shape, dtype=np.intp)
        proba, state = np.tile(self.initial_proba_, (len(lengths), 1)), None
        for t in range(lengths.max()):
            if t:
                proba, state = self._step(self.symbols_[drawn[:, :t]], state)
            bounds = np.cumsum(proba, axis=1)
            # the last bound is 1 up to rounding, and no number may fall behind it
            drawn[:, t] = (uniform[:, t, None] * bounds[:, -1:] >= bounds).sum(axis=1)
        kept = np.arange(lengths.max()) < lengths[:, None]
        return Sequences(self.symbols_[drawn[kept]], offsets_of(lengths))

    @property
    def n_parameters_(self) -> float:
        """Parameters of the model of steps, NaN if it does not say, and those of the rest."""
        if _of_numbers(self.estimator):
            return self._count_numbers()
        return getattr(self.estimator_, "n_parameters_", math.nan) + len(self.symbols_) - 1

    @property
    def n_iter_(self) -> Any:
        """The tagger's, where it has one."""
        return self.estimator_.n_iter_

    @property
    def stop_reason_(self) -> str:
        """The tagger's, where it has one."""
        return self.estimator_.stop_reason_

    @property
    def loss_curve_(self) -> Any:
        """The tagger's, where it has one."""
        return self.estimator_.loss_curve_

    @property
    def validation_scores_(self) -> Any:
        """The tagger's, where it has one."""
        return self.estimator_.validation_scores_

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = not _of_numbers(self.estimator)
        tags.input_tags.string = not _of_numbers(self.estimator)
        return tags

    def _check_numbers(self) -> None:
        if not _of_numbers(self.estimator):
            raise ValueError("predict_next_distribution is for numbers; predict_next_proba is for symbols")

    def _next_rows(self, sequences: Sequences) -> NDArray[np.float64]:
        return self._mixed(Sequences(self.estimator_.predict_proba(sequences)).channels)

    def _step(self, past: Labels, state: Any) -> tuple[NDArray[np.float64], Any]:
        """Return p(next step) of n sequences of one length, shape (n, n_symbols), and the tagger's state."""
        if hasattr(self.estimator_, "step_proba"):
            answers, state = self.estimator_.step_proba(past[:, -1], state)
            return self._mixed(answers), state
        rows = self._next_rows(Sequences(past[:, -reach_of(self.estimator_) :]))
        return rows.reshape(len(past), -1, rows.shape[1])[:, -1], None

    def _mixed(self, answers: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the tagger's answers with one uniform guess mixed in, shape (n_rows, n_symbols)."""
        columns = encode(self.estimator_.classes_, self.symbols_)
        return mixed(answers, columns, len(self.symbols_), self.n_transitions_)


def _of_numbers(estimator: BaseEstimator) -> bool:
    """Whether a model of steps answers with numbers."""
    return getattr(estimator, "predicts", None) == "numbers"
