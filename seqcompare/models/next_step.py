"""A density from any step tagger."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_weights
from seqcompare.models.alphabet import choose_alphabet, encode
from seqcompare.models.base import Reading, SymbolDensity, check_lengths, check_sequences
from seqcompare.models.causality import is_causal


class NextStep(MetaEstimatorMixin, SymbolDensity):
    """Predicts the next symbol with any causal step tagger: the tagger learns x[t] -> x[t+1].

    Parameters
    ----------
    estimator : tagger
        Fitted on every sequence but its last step, labelled with every step but the first. It has to give
        probabilities and to be causal. It is cloned.
    symbols : array-like, optional
        The alphabet; by default the symbols in the training data.

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
    n_parameters_ : int or nan
        Those of the tagger (NaN if it does not say), and ``n_symbols - 1`` for the first step.

    Notes
    -----
    A tagger may give a symbol probability 0, and knows none that it never saw as a target. So one uniform
    guess is mixed in: with N transitions and S symbols the prediction is ``(N p + 1/S) / (N + 1)``. A symbol
    that was not in the training data costs the logarithm of the least that this can be, ``1 / (S (N + 1))``;
    what it means as an input is up to the tagger.

    Examples
    --------
    >>> from seqcompare import MarkovTagger, NextStep
    >>> model = NextStep(MarkovTagger(order=1)).fit(["abababab", "babab"])
    >>> model.predict_next_proba(["ab"])[0].argmax(axis=1)
    array([1, 0])
    """

    def __init__(self, estimator: Any, *, symbols: ArrayLike | None = None) -> None:
        self.estimator = estimator
        self.symbols = symbols

    @property
    def reading(self) -> Reading:
        """Whole numbers of any kind are symbols."""
        return {"symbols": True}

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> NextStep:
        """Fit the tagger to each next step.

        Parameters
        ----------
        X : sequences of symbols
            The training data. Sequences of one step teach the first symbol only.
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
        sequences = check_sequences(self, X, reset=True, **self.reading)
        weight = check_step_weights(sample_weight, sequences, steps_as_array=False)
        name = type(self.estimator).__name__
        if not hasattr(self.estimator, "predict_proba"):
            raise ValueError(f"NextStep needs a tagger that gives probabilities: {name} has no predict_proba")
        tagger = clone(self.estimator)
        _check_causal(tagger)
        if sample_weight is not None and not has_fit_parameter(self.estimator, "sample_weight"):
            raise ValueError(f"sample_weight was given, but {name}.fit takes none")
        used = np.add.reduceat(weight, sequences.offsets[:-1]) > 0
        if not used.all():
            sequences, weight = sequences.take(used), weight[np.repeat(used, sequences.lengths)]
        self.symbols_ = choose_alphabet(sequences.values, self.symbols)
        first = sequences.offsets[:-1]
        counts = np.bincount(
            encode(sequences.values[first], self.symbols_), weight[first], minlength=len(self.symbols_)
        )
        self.initial_proba_ = (counts + 1) / (counts.sum() + len(counts))
        self._fit_transitions(tagger, sequences, weight, weighted=sample_weight is not None)
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return the log-likelihood of each sequence in nats, shape (n,)."""
        sequences, rows = self._predict(X)
        codes = encode(sequences.values, self.symbols_)
        floor = 1 / (len(self.symbols_) * (self.n_transitions_ + 1))
        with_unknown = np.column_stack([rows, np.full(len(rows), floor)])
        proba = np.empty(len(codes))
        proba[1:] = with_unknown[np.arange(len(codes) - 1), codes[1:]]
        first = sequences.offsets[:-1]
        proba[first] = np.append(self.initial_proba_, floor)[codes[first]]
        return np.add.reduceat(np.log(proba), first)

    def predict_next_proba(self, X: Any) -> Any:
        """Return p(x[t+1] | x[..t]) for every step t, shape (T_i, n_symbols) a sequence, in X's container."""
        sequences, rows = self._predict(X)
        return sequences.pack(rows)

    def sample(self, n_sequences: int = 1, length: Any = 10, random_state: Any = None) -> Sequences:
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
        """Parameters of the tagger, NaN if it does not say, and those of the first step."""
        return getattr(self.estimator_, "n_parameters_", math.nan) + len(self.symbols_) - 1

    @property
    def n_iter_(self) -> Any:
        """The tagger's, where it has one."""
        return self.estimator_.n_iter_

    @property
    def stop_reason_(self) -> Any:
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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def _fit_transitions(
        self, tagger: Any, sequences: Sequences, weight: NDArray[np.float64], *, weighted: bool
    ) -> None:
        starts = np.zeros(sequences.n_steps, dtype=bool)
        starts[sequences.offsets[:-1]] = True
        if starts.all():
            raise ValueError(
                "every sequence has one step (1 feature(s)), so there is no next step to learn: "
                "at least one sequence of two steps is required"
            )
        ends = np.append(starts[1:], True)
        lengths = sequences.lengths[sequences.lengths > 1] - 1
        offsets = offsets_of(lengths)
        X, y, w = (
            Sequences(values[rows], offsets)
            for values, rows in ((sequences.values, ~ends), (sequences.values, ~starts), (weight, ~starts))
        )
        self.n_transitions_ = float(w.values.sum())
        if not self.n_transitions_:
            raise ValueError("sample_weight is zero for every step but the first ones: no next step to learn")
        tagger.fit(X, y, **({"sample_weight": w} if weighted else {}))
        _check_causal(tagger)  # a search may have found out that looking ahead pays
        self.estimator_ = tagger

    def _predict(self, X: Any) -> tuple[Sequences, NDArray[np.float64]]:
        sequences = self._check(X)
        return sequences, self._next_rows(Sequences(sequences.values, sequences.offsets))

    def _next_rows(self, sequences: Sequences) -> NDArray[np.float64]:
        return self._mixed(Sequences(self.estimator_.predict_proba(sequences)).channels)

    def _step(self, past: NDArray[Any], state: Any) -> tuple[NDArray[np.float64], Any]:
        """Return p(next step) of n sequences of one length, shape (n, n_symbols), and the tagger's state."""
        if hasattr(self.estimator_, "step_proba"):
            answers, state = self.estimator_.step_proba(past[:, -1], state)
            return self._mixed(answers), state
        rows = self._next_rows(Sequences(past[:, -_reach_of(self.estimator_) :]))
        return rows.reshape(len(past), -1, rows.shape[1])[:, -1], None

    def _mixed(self, answers: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the tagger's answers with one uniform guess mixed in, shape (n_rows, n_symbols)."""
        n, size = self.n_transitions_, len(self.symbols_)
        answers = answers / answers.sum(axis=1, keepdims=True, dtype=np.float64)  # of float32 rows, too
        rows = np.full((len(answers), size), 1 / (size * (n + 1)))
        rows[:, encode(self.estimator_.classes_, self.symbols_)] += answers * (n / (n + 1))
        return rows


def _check_causal(tagger: Any) -> None:
    if not is_causal(tagger):
        name = type(tagger).__name__
        raise ValueError(f"NextStep needs a causal tagger, but this {name} sees the steps it should predict")


def _reach_of(tagger: Any) -> int:
    """Return how many steps the tagger's answer depends on, and one more; all, if it does not say."""
    for name in ("before", "order"):
        if hasattr(tagger, name):
            # the extra step keeps the cut apart from the start of the sequence
            return int(getattr(tagger, name)) + 2
    return sys.maxsize
