"""A label for every step by a linear-chain conditional random field."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_step_labels, check_step_weights, scored_steps
from seqcompare.models.base import Tagger, check_sequences
from seqcompare.models.hmm.recursions import Likelihood, expect_states, filter_states
from seqcompare.models.hmm.settings import check_choice
from seqcompare.models.hmm.viterbi import best_path
from seqcompare.models.online import plain, together
from seqcompare.models.windows.sliding_window import SlidingWindow
from seqcompare.typing import Label, SequencesLike, TargetsLike, WeightsLike

Floats = NDArray[np.float64]


class _Weights(NamedTuple):
    """What a chain of labels is scored with."""

    coef: Floats
    intercept: Floats
    start: Floats
    transitions: Floats

    def flat(self) -> Floats:
        return np.concatenate([part.ravel() for part in self])

    @classmethod
    def read(cls, flat: Floats, n_classes: int, n_columns: int) -> _Weights:
        """Return the parts of what `flat` wrote."""
        ends = np.cumsum([n_classes * n_columns, n_classes, n_classes])
        coef, intercept, start, transitions = np.split(flat, ends)
        return cls(
            coef.reshape(n_classes, n_columns), intercept, start, transitions.reshape(n_classes, n_classes)
        )

    def chain(self) -> tuple[Floats, Floats]:
        """Return what stands in for the probabilities of a first and of a next label."""
        return np.exp(self.start), np.exp(self.transitions)

    def scores(self, rows: Any) -> Floats:
        """Return how well each label fits each row, shape (n_rows, n_classes)."""
        return np.asarray(rows @ self.coef.T + self.intercept)


class CRFTagger(Tagger):
    """A label for each step from the window around it and the labels beside it.

    A linear-chain conditional random field: the labels of a sequence have the probability

    ``p(y | x) = exp(sum over t of (w[y[t]] . f(x, t) + b[y[t]] + A[y[t-1], y[t]])) / Z(x)``

    with ``f(x, t)`` the row of a `SlidingWindow` at step t, ``A`` weights of transitions between labels, of
    which those into the first step are ``a``, and Z(x) the sum over all sequences of labels. With ``A = 0``
    it is the softmax regression of `WindowTagger`; an `HMMTagger` whose states are labels is the same with a
    window of one step, fitted to x and y together in place of y given x.

    Parameters
    ----------
    before, after : int, default=0
        Steps seen before and after the one that is labelled.
    C : float, default=1.0
        Inverse strength of the L2 penalty on w and A, as in `sklearn.linear_model.LogisticRegression`: half
        the sum of their squares is minimised, plus C times the negative log-probability of the labels.
    pairs, mark_edges : bool
        As in `SlidingWindow`.
    decode : {"viterbi", "posterior", "filter"}, default="viterbi"
        What answers: the most probable sequence of labels; the likeliest label of each step given the whole
        sequence; or given the steps so far, by the field of the sequence that ends there, which is causal if
        the window is.
    max_iter : int, default=500
        Most iterations of L-BFGS.
    tol : float, default=1e-4
        It stops where no entry of the gradient, over the steps that count, is larger.
    ignore_label : label, optional
        Steps with this label are unlabelled.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    window_ : SlidingWindow
        What makes rows.
    coef_ : ndarray of shape (n_classes, n_columns)
        Weights w.
    intercept_ : ndarray of shape (n_classes,)
        Weights b.
    start_ : ndarray of shape (n_classes,)
        Weights a, of the first label.
    transitions_ : ndarray of shape (n_classes, n_classes)
        Weights A, of a label (column) after a label (row).
    n_iter_ : int
        Iterations of L-BFGS.
    converged_ : bool
        Whether the gradient came below `tol`.
    n_parameters_ : int
        Numbers that it predicts with.

    Notes
    -----
    The gradient is the difference of two expectations, each by the forward and backward recursions: of what
    is labelled, and of what the field says. A step of weight 0 or `ignore_label` is unlabelled: what its
    label could be is summed out, and its x and its place in the chain remain. A sequence without any labelled
    step is left out. The labels of a sequence are one observation: it weighs what its labelled steps weigh
    on average.

    References
    ----------
    Lafferty, McCallum and Pereira (2001), Conditional random fields: probabilistic models for segmenting and
    labeling sequence data. Sutton and McCallum (2012), An introduction to conditional random fields.

    Examples
    --------
    >>> from seqcompare import CRFTagger
    >>> X, y = ["aabb", "abab"] * 5, ["0011", "0101"] * 5
    >>> [str(label) for label in CRFTagger().fit(X, y).predict(["abba"])[0]]
    ['0', '1', '1', '0']
    """

    def __init__(
        self,
        before: int = 0,
        after: int = 0,
        *,
        C: float = 1.0,
        pairs: bool = False,
        mark_edges: bool = True,
        decode: Literal["viterbi", "posterior", "filter"] = "viterbi",
        max_iter: int = 500,
        tol: float = 1e-4,
        ignore_label: Label | None = None,
    ) -> None:
        self.before = before
        self.after = after
        self.C = C
        self.pairs = pairs
        self.mark_edges = mark_edges
        self.decode = decode
        self.max_iter = max_iter
        self.tol = tol
        self.ignore_label = ignore_label

    @property
    def causal(self) -> bool:
        """Whether the answer at step t uses no step after t."""
        return self.decode == "filter" and self.after == 0

    def fit(self, X: SequencesLike, y: TargetsLike, sample_weight: WeightsLike | None = None) -> CRFTagger:
        """Maximise the penalised log-probability of the labels.

        Parameters
        ----------
        X : sequences
            The input.
        y : one label a step, in any container
            The labels.
        sample_weight : array of shape (n,), or one array of weights a sequence, optional
            Weights of sequences or of steps; a step of weight 0 is unlabelled.

        Raises
        ------
        ValueError
            If a parameter, `X`, `y` or `sample_weight` is not as expected, or no step is labelled.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` iterations were not enough.
        """
        check_scalar(self.C, "C", Real, min_val=0, include_boundaries="neither")
        check_scalar(self.max_iter, "max_iter", Integral, min_val=1)
        check_scalar(self.tol, "tol", Real, min_val=0)
        check_choice("decode", self.decode, ("viterbi", "posterior", "filter"))
        sequences = check_sequences(self, X, reset=True, mixed="numbers")
        labels = check_step_labels(y, sequences)
        weights = check_step_weights(sample_weight, sequences)
        labelled = scored_steps(labels, self.ignore_label) & (weights > 0)
        if not labelled.any():
            raise ValueError("no step is labelled: all have weight 0 or ignore_label")
        # the alphabet of all that came, those without labels too
        self.window_ = SlidingWindow(
            self.before, self.after, pairs=self.pairs, mark_edges=self.mark_edges
        ).fit(sequences)
        used = np.flatnonzero(np.logical_or.reduceat(labelled, sequences.offsets[:-1]))
        kept = np.isin(sequences.sequence_index, used)
        labels, weights, labelled = labels[kept], weights[kept], labelled[kept]
        sequences = sequences.take(used)
        self.classes_, codes = np.unique(labels[labelled], return_inverse=True)
        level = _weight_of_each(weights, labelled, sequences)
        observed = np.full(sequences.n_steps, -1)
        observed[labelled] = codes
        field = _Field(self.window_.rows(sequences)[0], observed, sequences.offsets, level, self.C)
        self._keep(field.fit(len(self.classes_), int(self.max_iter), float(self.tol)))
        if not self.converged_:
            warnings.warn(
                f"the gradient is still above tol={self.tol:g} after max_iter={self.max_iter} iterations",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(y[t]) for every step, shape (T_i, n_classes) a sequence, in X's container.

        It is given the steps so far with ``decode="filter"``, else the whole sequence.
        """
        sequences = self._check(X)
        fit, offsets = self._fit_of(sequences)
        if self.decode == "filter":
            return sequences.pack(filter_states(*self._weights.chain(), fit, offsets)[1])
        return sequences.pack(expect_states(*self._weights.chain(), fit, offsets).posterior)

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the label of every step, in X's container.

        With ``decode="viterbi"`` it is that of the most probable sequence of labels, which may differ from
        the largest entry of `predict_proba`.
        """
        if self.decode != "viterbi":
            return super().predict(X)
        sequences = self._check(X)
        path, _ = best_path(*self._weights.chain(), *self._fit_of(sequences))
        return sequences.pack(self.classes_[path])

    def start(self) -> tuple[tuple[Any, ...], Floats]:
        """Return the state before the first step of a sequence, for `step`; only where it is `causal`."""
        check_is_fitted(self)
        if not self.causal:
            raise ValueError(
                f"decode={self.decode!r} and after={self.after} look ahead: expected decode='filter', after=0"
            )
        return (), np.exp(self.start_ - self.start_.max())

    def step(self, state: tuple[tuple[Any, ...], Floats], x: Any) -> tuple[Floats, Any]:
        """Read one more step; return the probabilities of its label, and what to pass on.

        Parameters
        ----------
        state : state
            What `start` or the last call returned.
        x : symbol, number or array of shape (d,)
            The step.
        """
        steps, ahead = (*state[0], plain(x))[-(int(self.before) + 1) :], state[1]
        row = self.window_.rows(self._check([together(steps, x)]))[0][-1:]
        scores = self._weights.scores(row)[0]
        now = ahead * np.exp(scores - scores.max())
        now /= now.sum()
        return now, (steps, now @ np.exp(self.transitions_))

    @property
    def _weights(self) -> _Weights:
        return _Weights(self.coef_, self.intercept_, self.start_, self.transitions_)

    def _keep(self, found: tuple[_Weights, int, bool]) -> None:
        weights, self.n_iter_, self.converged_ = found
        self.coef_, self.intercept_, self.start_, self.transitions_ = weights
        self.n_parameters_ = sum(part.size for part in weights)

    def _fit_of(self, sequences: Sequences) -> tuple[Likelihood, NDArray[np.int64]]:
        scores = self._weights.scores(self.window_.rows(sequences)[0])
        return Likelihood.from_log(scores), offsets_of(sequences.lengths)


class _Field:
    """The labels of some sequences, and how probable weights make them."""

    def __init__(
        self, rows: Any, observed: NDArray[np.int64], offsets: NDArray[np.int64], level: Floats, C: float
    ) -> None:
        self.rows, self.observed, self.offsets, self.level, self.C = rows, observed, offsets, level, C
        self.columns = rows.T.tocsr() if issparse(rows) else rows.T
        self.steps = np.repeat(level, np.diff(offsets))
        self.total = float(self.steps[observed >= 0].sum())

    def fit(self, n_classes: int, max_iter: int, tol: float) -> tuple[_Weights, int, bool]:
        """Return the best weights, the iterations, and whether they converged."""
        shape = n_classes, self.rows.shape[1]
        size = n_classes * (shape[1] + 2 + n_classes)
        options = {"maxiter": max_iter, "gtol": tol, "ftol": 1e-12, "maxcor": 30}
        found = minimize(
            self.loss, np.zeros(size), args=(shape,), jac=True, method="L-BFGS-B", options=options
        )
        # L-BFGS-B tells of the last digit of the loss, which is as good, in the same code as of the gradient
        return _Weights.read(found.x, *shape), int(found.nit), bool(found.success)

    def loss(self, flat: Floats, shape: tuple[int, int]) -> tuple[float, Floats]:
        """Return the penalised loss a labelled step, and its gradient."""
        weights = _Weights.read(flat, *shape)
        scores = weights.scores(self.rows)
        said = expect_states(*weights.chain(), Likelihood.from_log(scores), self.offsets, self.steps)
        told = self._given_labels(weights, scores)
        loss = float(self.level @ (said.log_likelihood - told.log_likelihood))
        surplus = (said.posterior - told.posterior) * self.steps[:, None]
        slope = _Weights(
            np.asarray(self.columns @ surplus).T + weights.coef / self.C,
            surplus.sum(axis=0),
            said.start - told.start,
            said.transitions - told.transitions + weights.transitions / self.C,
        )
        penalty = ((weights.coef**2).sum() + (weights.transitions**2).sum()) / (2 * self.C)
        return (loss + penalty) / self.total, slope.flat() / self.total

    def _given_labels(self, weights: _Weights, scores: Floats) -> Any:
        """Return what labels are expected where those that are known are given."""
        known = self.observed >= 0
        bound = scores.copy()
        bound[known] = -np.inf
        bound[known, self.observed[known]] = scores[known, self.observed[known]]
        fit = Likelihood.from_log(bound)
        return expect_states(*weights.chain(), fit, self.offsets, self.steps)


def _weight_of_each(weights: Floats, labelled: NDArray[np.bool_], sequences: Sequences) -> Floats:
    """Return the weight of each sequence: the mean of its labelled steps."""
    starts = sequences.offsets[:-1]
    sums = np.add.reduceat(np.where(labelled, weights, 0.0), starts)
    return np.asarray(sums / np.add.reduceat(labelled.astype(np.float64), starts))
