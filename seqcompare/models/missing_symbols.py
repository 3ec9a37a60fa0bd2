"""Symbols that are missing: a symbol of their own stands for them, which is seen, and never predicted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.steps import is_missing
from seqcompare.data.targets import check_step_weights
from seqcompare.models.base import Reading, SymbolDensity, check_lengths, check_sequences
from seqcompare.models.bases import MetaEstimatorMixin
from seqcompare.models.online import as_read
from seqcompare.typing import Floats, Labels, Model, RandomState, SequencesLike, TargetsLike, WeightsLike

#: What a missing word is: no reader takes an empty cell for a word.
NO_WORD = ""
#: What a missing whole number is.
NO_NUMBER = int(np.iinfo(np.int64).min)


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

    def __init__(self, estimator: Model) -> None:
        self.estimator: Any = estimator

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
        self.symbols_: Labels = names[self._kept]
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

    def start(self) -> object:
        """Return the inner density's state before the first step of a sequence."""
        check_is_fitted(self)
        return self.estimator_.start()

    def step(self, state: Any, x: Any) -> tuple[Floats, object]:
        """Read one more step; return the probabilities of the next symbol, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, or None
            The step.
        """
        x = as_read(self, x)
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


def mark_of(sequences: Sequences) -> str | int:
    """Return the symbol that stands for a missing one among such symbols."""
    return NO_WORD if sequences.alphabet.dtype.kind == "U" else NO_NUMBER


def marked(sequences: Sequences, mark: str | int) -> Sequences:
    """Return symbols with `mark` where one is missing."""
    if not sequences.has_missing:
        return sequences
    values = np.where(sequences.missing[:, 0], mark, sequences.values)
    return sequences.with_values(values.astype(str if isinstance(mark, str) else np.int64))
