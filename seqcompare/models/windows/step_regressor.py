"""A number for every step, from the window around it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.targets import check_step_numbers, check_step_weights
from seqcompare.models.base import Reading, check_sequences
from seqcompare.models.filling import Missing
from seqcompare.models.online import as_read
from seqcompare.models.step_regression import StepRegressor
from seqcompare.models.windows import gaps, online
from seqcompare.models.windows.fit import CHUNK, FEW, as_form, count_parameters, fit_rows, wants_dense
from seqcompare.models.windows.sliding_window import SlidingWindow
from seqcompare.typing import Model, SequencesLike, TargetsLike, WeightsLike


class WindowStepRegressor(StepRegressor):
    """A number for each step (or several) from the window around it, by any scikit-learn regressor.

    Inside `NextStep` it becomes a density over numbers: the prediction, and a distribution of its errors.

    Parameters
    ----------
    estimator : regressor, optional
        Fitted on one row a step, see `SlidingWindow`; by default ``Ridge()``.
    before, after : int, default=0
        Steps seen before and after the one that is answered for.
    pairs, mark_edges, dtype
        As in `WindowTagger`.
    standardize : bool, default=False
        Whether the inner regressor is given targets of mean 0 and variance 1, as those that learn by
        gradients want them.
    missing : {"error", "allow"}, default="error"
        As in `SlidingWindow`.

    Attributes
    ----------
    estimator_ : regressor
        The fitted inner one.
    window_ : SlidingWindow
        What makes its rows.
    dense_ : bool
        Whether the inner regressor gets dense rows.
    target_mean_, target_scale_ : ndarray
        What standard units of the targets are made with; 0 and 1 unless asked for.
    n_parameters_ : int or nan
        Numbers that the inner regressor predicts with; NaN if it does not show them.

    Examples
    --------
    >>> from seqcompare import WindowStepRegressor
    >>> X = [[0.0, 1.0, 2.0, 1.0], [1.0, 0.0, 1.0]]
    >>> y = [[0.0, 1.0, 3.0, 3.0], [1.0, 1.0, 1.0]]  # y[t] = x[t] + x[t-1]
    >>> WindowStepRegressor(before=1).fit(X, y).predict([[1.0, 1.0]])[0].shape
    (2,)
    """

    def __init__(
        self,
        estimator: Model | None = None,
        before: int = 0,
        after: int = 0,
        *,
        pairs: bool = False,
        mark_edges: bool = True,
        dtype: DTypeLike = "float64",
        standardize: bool = False,
        missing: Missing = "error",
    ) -> None:
        self.estimator: Any = estimator
        self.before = before
        self.after = after
        self.pairs = pairs
        self.mark_edges = mark_edges
        self.dtype = dtype
        self.standardize = standardize
        self.missing = missing

    @property
    def reading(self) -> Reading:
        """How input is read."""
        return {"mixed": "numbers", "allow_nan": self.missing == "allow"}

    @property
    def causal(self) -> bool:
        """Whether the window ends at the step that is answered for."""
        return (self.window_ if hasattr(self, "window_") else self._new_window()).causal

    def fit(
        self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None
    ) -> WindowStepRegressor:
        """Fit the inner regressor on the windows of all steps that count.

        Parameters
        ----------
        X : sequences
            The input.
        y : one number a step, shape (T_i,) a sequence, or several, shape (T_i, m), in any container
            The targets.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps; a step of weight 0 is not trained on.

        Raises
        ------
        ValueError
            For input that is not as described, or weights that the inner regressor does not take.
        """
        sequences = check_sequences(self, X, reset=True, **self.reading)
        targets = check_step_numbers(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        steps = np.flatnonzero(weights)
        self.window_ = self._new_window().fit(sequences)
        layout = self.window_.layout_
        rows = layout.expand(layout.base(sequences, None if len(steps) == sequences.n_steps else steps))
        self.dense_ = wants_dense(self.inner, rows)
        targets, weights = targets[steps], weights[steps]
        self.target_mean_, self.target_scale_ = np.zeros(targets.shape[1:]), np.ones(targets.shape[1:])
        if self.standardize:
            self.target_mean_ = np.average(targets, axis=0, weights=weights)
            spread = np.sqrt(np.average((targets - self.target_mean_) ** 2, axis=0, weights=weights))
            self.target_scale_ = np.where(spread > 0, spread, 1.0)
            targets = (targets - self.target_mean_) / self.target_scale_
        self.estimator_ = fit_rows(self.inner, as_form(rows, self.dense_), targets, weights)
        self.n_parameters_ = count_parameters(self.estimator_)
        return self

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the number or numbers of every step, in X's container."""
        sequences = self._check(X)
        layout = self.window_.layout_
        size = min(CHUNK, max(FEW // self.window_.n_features_out_, 256))
        parts = [
            self.estimator_.predict(as_form(layout.expand(base), self.dense_))
            for base in layout.pieces(sequences, size=size)
        ]
        answer = np.concatenate(parts)
        return sequences.pack(self.target_mean_ + self.target_scale_ * answer if self.standardize else answer)

    def start(self) -> object:
        """Return the state before the first step of a sequence, for `step`; not if it looks ahead."""
        check_is_fitted(self)
        if self._fills:
            return gaps.start(self.window_.layout_)
        last = online.scaled(self.target_mean_, self.target_scale_) if self.standardize else None
        return (online.start(self, last) if self.causal else None) or super().start()

    def step(self, state: Any, x: Any) -> tuple[Any, object]:
        """Read one more step; return its number or numbers, and what to pass on.

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
        layout = self.window_.layout_
        row, state = gaps.read(layout, state, as_read(self, x))
        answer = self.estimator_.predict(as_form(layout.expand(row), self.dense_))[0]
        return self.target_mean_ + self.target_scale_ * answer if self.standardize else answer, state

    @property
    def _fills(self) -> bool:
        return self.causal and self.window_.layout_.filling is not None

    @property
    def _looks_back(self) -> int | None:
        return int(self.before) + 1 if self.causal and not self._fills else None

    @property
    def inner(self) -> BaseEstimator:
        """The inner estimator, not fitted."""
        return Ridge() if self.estimator is None else self.estimator

    def _new_window(self) -> SlidingWindow:
        return SlidingWindow(
            self.before,
            self.after,
            pairs=self.pairs,
            mark_edges=self.mark_edges,
            dtype=self.dtype,
            missing=self.missing,
        )
