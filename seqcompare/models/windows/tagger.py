"""A label for every step, from the window around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_labels, check_step_weights, scored_steps
from seqcompare.models.alphabet import find_symbols
from seqcompare.models.base import Reading, Tagger, check_sequences
from seqcompare.models.bases import available_if
from seqcompare.models.filling import Missing
from seqcompare.models.online import as_read
from seqcompare.models.windows import gaps, online
from seqcompare.models.windows.fit import (
    CHUNK,
    FEW,
    as_form,
    checked_classifier,
    count_parameters,
    fit_calibrated,
    gives_probabilities,
    inner_has,
    probabilities,
    wants_dense,
    weight_argument,
)
from seqcompare.models.windows.indicators import check_step_indicators, is_indicator, label_columns
from seqcompare.models.windows.influence import LagInfluence, permutation_influence, weight_influence
from seqcompare.models.windows.logistic import fit_in_pieces, goes_in_pieces, lines_of
from seqcompare.models.windows.one_hot import OneHotRows
from seqcompare.models.windows.sliding_window import SlidingWindow
from seqcompare.typing import (
    Floats,
    Integers,
    Label,
    Labels,
    Model,
    RandomState,
    SequencesLike,
    TargetsLike,
    Values,
    WeightsLike,
)


class WindowTagger(Tagger):
    """A label for each step from the window around it, by any scikit-learn classifier.

    Parameters
    ----------
    estimator : classifier, optional
        Fitted on one row a step, see `SlidingWindow`; by default ``LogisticRegression(max_iter=1000)``. Rows
        of symbols are sparse, unless it takes no sparse ones or they are few.
    before, after : int, default=0
        Steps seen before and after the one that is labelled.
    pairs : bool, default=False
        Whether each pair of taps gets columns of its own.
    mark_edges : bool, default=True
        Whether taps beyond the ends of the sequence are marked.
    ignore_label : label, optional
        Steps with this label are neither trained on nor scored.
    calibration_cv : int or None, default=3
        For a classifier without ``predict_proba``: the folds of whole sequences on which one temperature for
        its decision values is found, as many as it takes to see 1,000 rows of 20 sequences. A fold costs a
        fit; with None there are no probabilities.
    dtype : dtype, default="float64"
        Type of the rows; "float32" halves the memory of estimators that compute in it.
    missing : {"error", "allow"}, default="error"
        As in `SlidingWindow`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    estimator_ : classifier
        The fitted inner one.
    window_ : SlidingWindow
        What makes its rows.
    temperature_ : float or None
        What the decision values are divided by; None if the inner classifier has probabilities of its own,
        or none are wanted.
    dense_ : bool
        Whether the inner classifier gets dense rows.
    n_parameters_ : int or nan
        Numbers that the inner classifier predicts with; NaN if it does not show them.

    Examples
    --------
    >>> from seqcompare import WindowTagger
    >>> X, y = [[0, 1, 1, 0], [1, 0]], [[0, 0, 1, 1], [0, 1]]  # y[t] = x[t-1]
    >>> WindowTagger(before=1).fit(X, y).predict([[1, 1, 0]])
    [array([0, 1, 1])]
    """

    def __init__(
        self,
        estimator: Model | None = None,
        before: int = 0,
        after: int = 0,
        *,
        pairs: bool = False,
        mark_edges: bool = True,
        ignore_label: Label | None = None,
        calibration_cv: int | None = 3,
        dtype: DTypeLike = "float64",
        missing: Missing = "error",
    ) -> None:
        self.estimator: Any = estimator
        self.before = before
        self.after = after
        self.pairs = pairs
        self.mark_edges = mark_edges
        self.ignore_label = ignore_label
        self.calibration_cv = calibration_cv
        self.dtype = dtype
        self.missing = missing

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {"mixed": "numbers", "allow_nan": self.missing == "allow"}

    @property
    def causal(self) -> bool:
        """Whether the window ends at the step that is labelled."""
        return (self.window_ if hasattr(self, "window_") else self._new_window(None)).causal

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> WindowTagger:
        """Fit the inner classifier on the windows of all steps that count.

        Parameters
        ----------
        X : sequences
            The input.
        y : one label a step, in any container
            The targets; or several labels a step, an indicator matrix of shape (T_i, n_labels) a sequence,
            where the inner classifier takes them.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps; a step of weight 0 is not trained on.

        Raises
        ------
        ValueError
            For input that is not as described, no step to train on, or weights that the inner classifier does
            not take.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        chosen, labels, weights = self._counted(sequences, y, sample_weight)
        steps = None if len(chosen) == sequences.n_steps else chosen
        self.window_ = self._new_window(None).fit(sequences)
        layout = self.window_.layout_
        inner = checked_classifier(self.inner)
        if goes_in_pieces(inner, layout, labels):
            del chosen  # which may be as large as the data
            self.dense_, self.temperature_ = sequences.kind == "real", None
            self.estimator_ = fit_in_pieces(inner, layout, sequences, steps, labels, weights)
        else:
            rows = layout.expand(layout.base(sequences, steps))
            self.dense_ = wants_dense(inner, rows)
            rows = as_form(rows, self.dense_)
            groups = sequences.sequence_index[chosen]
            self.estimator_, self.temperature_ = fit_calibrated(
                inner, rows, labels, weights, groups, self.calibration_cv
            )
        self.classes_ = self.estimator_.classes_
        self.n_parameters_ = count_parameters(self.estimator_)
        return self

    @available_if(inner_has("partial_fit"))
    def partial_fit(
        self,
        X: SequencesLike,
        y: TargetsLike,
        classes: ArrayLike | None = None,
        sample_weight: WeightsLike | None = None,
        symbols: ArrayLike | None = None,
    ) -> WindowTagger:
        """Go on fitting, on more sequences: for data that do not fit in memory as windows.

        Rows are made a chunk at a time, so that memory does not grow with `X`. Decision values are not
        calibrated here.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        classes : array-like
            All labels there will ever be; needed in the first call only.
        symbols : array-like, optional
            All symbols there will ever be, read in the first call only; by default those of its `X`.
        """
        first = not hasattr(self, "estimator_")
        sequences = check_sequences(self, X, reset=first, **self.reading)
        steps, labels, weights = self._counted(sequences, y, sample_weight)
        if first:
            if classes is None:
                raise ValueError("the first call of partial_fit needs classes: all labels there will ever be")
            self.window_ = self._new_window(symbols).fit(sequences)
            self.estimator_ = clone(checked_classifier(self.inner))
            self.classes_ = find_symbols(np.asarray(classes))
            self.temperature_ = None
            self.dense_ = not get_tags(self.estimator_).input_tags.sparse
        part = slice(0, 0)
        for chunk in self.window_.layout_.pieces(sequences, steps, self._chunk):
            part = slice(part.stop, part.stop + len(chunk))
            self.estimator_.partial_fit(
                self._rows(chunk),
                labels[part],
                classes=self.classes_,
                **weight_argument(self.estimator_, weights[part], "partial_fit"),
            )
        self.n_parameters_ = count_parameters(self.estimator_)
        return self

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the inner classifier's label of every step, in X's container."""
        check_is_fitted(self)
        return self._answer(X, lambda asked, rows: asked.predict(rows))

    @available_if(gives_probabilities)
    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t]) for every step, shape (T_i, n_classes) a sequence, in X's container.

        Of several labels a step, the probability of each.
        """
        return self._answer(X, self._proba)

    @available_if(gives_probabilities)
    def iter_proba(self, X: SequencesLike, n_rows: int) -> Iterator[Floats]:
        """Yield what `predict_proba` returns, end to end, at most `n_rows` steps at a time."""
        asked, rows = self._asked(self._check(X), n_rows)
        return (self._proba(asked, some) for some in rows)

    @available_if(gives_probabilities)
    def predict_log_proba(self, X: SequencesLike) -> SequencesLike:
        """Return the logarithm of `predict_proba`, in X's container."""
        return super().predict_log_proba(X)

    def score(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> float:
        """Return the accuracy over steps that count; of several labels a step, all have to be right.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.
        """
        if not is_indicator(y):
            return super().score(X, y, sample_weight)
        sequences = self._check(X)
        steps, labels, weights = self._counted(sequences, y, sample_weight)
        flat = Sequences(sequences.values, sequences.offsets)
        answer = Sequences(self.predict(flat)).values[steps]
        return float(np.average((answer == labels).all(axis=1), weights=weights))

    def influence_by_lag(self) -> LagInfluence:
        """Return the norm of the weights by lag, for linear inner classifiers.

        Channels should be on one scale (`SequenceScaler`), or the norms tell their units.

        Raises
        ------
        ValueError
            If the inner classifier has no weight for each column.
        """
        check_is_fitted(self)
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
        """Return how much accuracy is lost when the steps at one lag are shuffled.

        Parameters
        ----------
        X, y, sample_weight
            Data to score, best such as the model was not fitted on; see `fit`.
        n_repeats : int, default=5
            How often each lag is shuffled.
        random_state : int, RandomState instance or None
            The source of randomness.
        """
        check_is_fitted(self)
        sequences = check_sequences(self, X, reset=False, **self.reading)
        steps, labels, weights = self._counted(sequences, y, sample_weight)
        layout = self.window_.layout_

        def score(base: Integers) -> float:
            parts = (base[a : a + self._chunk] for a in range(0, len(base), self._chunk))
            answer = np.concatenate([self.estimator_.predict(self._rows(part)) for part in parts])
            right = (answer == labels).reshape(len(labels), -1).all(axis=1)
            return float(np.average(right, weights=weights))

        return permutation_influence(layout, layout.base(sequences, steps), score, n_repeats, random_state)

    def start(self) -> object:
        """Return the state before the first step of a sequence, for `step`; not if it looks ahead."""
        check_is_fitted(self)
        if self._fills:
            return gaps.start(self.window_.layout_)
        last = None if self.temperature_ is None else online.at_temperature(self.temperature_)
        return (online.start(self, last) if self.causal else None) or super().start()

    def step(self, state: Any, x: Any) -> tuple[Floats, object]:
        """Read one more step; return the probabilities of its label, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """
        if isinstance(state, online.Running):
            return online.read(self, state, x)
        if not isinstance(state, gaps.Window):
            return super().step(state, x)
        row, state = gaps.read(self.window_.layout_, state, as_read(self, x))
        return probabilities(self.estimator_, self._rows(row), self.temperature_)[0], state

    @property
    def _fills(self) -> bool:
        return self.causal and self.window_.layout_.filling is not None

    @property
    def _looks_back(self) -> int | None:
        return int(self.before) + 1 if self.causal and not self._fills else None

    @property
    def inner(self) -> BaseEstimator:
        """The inner estimator, not fitted."""
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator

    def _new_window(self, symbols: ArrayLike | None) -> SlidingWindow:
        return SlidingWindow(
            self.before,
            self.after,
            pairs=self.pairs,
            mark_edges=self.mark_edges,
            symbols=symbols,
            dtype=self.dtype,
            missing=self.missing,
        )

    def _counted(
        self, sequences: Sequences, y: TargetsLike, sample_weight: WeightsLike | None
    ) -> tuple[NDArray[np.int64], Values, NDArray[np.float64]]:
        """Return the steps that count, with their labels and weights."""
        several = is_indicator(y)
        labels = check_step_indicators(y, sequences) if several else check_step_labels(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        if not several:
            weights = weights * scored_steps(labels, self.ignore_label)
        steps = np.flatnonzero(weights)
        if not len(steps):
            raise ValueError("no step is left to train on: all have weight 0 or ignore_label")
        if len(steps) == sequences.n_steps:
            return steps, labels, weights
        return steps, labels[steps], weights[steps]

    def _proba(self, asked: Any, rows: Any) -> NDArray[np.float64]:
        answer = probabilities(asked, rows, self.temperature_)
        return label_columns(answer, asked.classes_) if isinstance(answer, list) else answer

    def _answer(self, X: SequencesLike, answer: Callable[[Any, Any], Any]) -> SequencesLike:
        sequences = self._check(X)
        asked, rows = self._asked(sequences, CHUNK)
        return sequences.pack(np.concatenate([answer(asked, some) for some in rows]))

    def _asked(self, sequences: Sequences, n_rows: int) -> tuple[Any, Iterator[Any]]:
        """Return what is asked about steps, and their rows, at most `n_rows` at a time."""
        layout = self.window_.layout_
        lines = lines_of(self.estimator_, layout)
        if lines is not None:
            return lines, OneHotRows.of(layout, sequences).tiles(min(n_rows, lines.chunk))
        return self.estimator_, map(self._rows, layout.pieces(sequences, size=min(self._chunk, n_rows)))

    @property
    def _chunk(self) -> int:
        """How many rows are made at a time, so that those of long data are never all in memory."""
        return min(CHUNK, max(FEW // self.window_.n_features_out_, 256))

    def _rows(self, base: Labels) -> Floats:
        return as_form(self.window_.layout_.expand(base), self.dense_)
