"""Hidden Markov models whose states are rules: the next step depends on the state and on the last steps."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, check_scalar
from sklearn.utils.validation import check_is_fitted

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.data.targets import check_sequence_weights
from seqcompare.models.base import NumberDensity, Reading, check_lengths, check_sequences
from seqcompare.models.distributions.base import Distribution, pack
from seqcompare.models.distributions.drawing import forecast_from_states
from seqcompare.models.filling import check_missing
from seqcompare.models.hmm.recursions import Likelihood, expect_states, filter_states
from seqcompare.models.hmm.regimes import Climb, climb, draw_start, one_rule
from seqcompare.models.hmm.regimes_online import (
    Known,
    Unsure,
    first_known,
    mixtures_ahead,
    read_on,
    states_after,
)
from seqcompare.models.hmm.sampling import draw_states
from seqcompare.models.hmm.viterbi import best_path
from seqcompare.models.markov.counts import check_order
from seqcompare.typing import Floats, RandomState, SequencesLike, TargetsLike, WeightsLike

# Continuations that are drawn for a forecast.
_CONTINUATIONS = 50


class AutoregressiveHMM(NumberDensity):
    """Linear rules of the next step that take turns, as a hidden Markov chain has it.

    x[t] = c[k] + A[k, 1] x[t-1] + ... + A[k, p] x[t-p] + N(0, S[k]) where k is the hidden state at t: a
    Markov-switching autoregression. It is fitted by EM: forward and backward over the states, and weighted
    least squares in each.

    Parameters
    ----------
    n_components : int, default=2
        Number of hidden states K.
    order : int, default=1
        Steps p that each state's rule looks back; 0 makes it an HMM with normal emissions.
    n_init : int, default=4
        Starts of EM, of which the best is kept. The first, third, ... are sticky: self-transitions of .9.
    max_iter : int, default=500
        Most iterations of EM a start.
    tol : float, default=1e-6
        EM stops once an iteration gains less than this, in nats a step.
    missing : {"error", "allow"}, default="error"
        "allow" takes NaN, in whole steps or single channels, as not observed; see the notes.
    min_covar : float, default=1e-3
        Smallest variance in any direction, as a share of what a single rule for all steps leaves over there.
    random_state : int, RandomState instance or None, default=None
        Seed of the starts.

    Attributes
    ----------
    startprob_, transmat_ : ndarray of shape (K,) and (K, K)
        Probabilities of the first state, and of the next state (column) after a state (row).
    coef_ : ndarray of shape (K, order, d, d)
        The matrices of each state's lags, from 1 on, as in `Autoregression`.
    intercept_ : ndarray of shape (K, d)
        The constants.
    covars_ : ndarray of shape (K, d, d)
        Covariances of what is new in a step.
    converged_ : bool
        Whether EM stopped because an iteration gained less than `tol`.
    stop_reason_ : {"tol", "max_iter"}
        Why EM stopped.
    n_iter_ : int
        Iterations of the start that was kept.
    loss_curve_ : ndarray of shape (n_iter_,)
        Minus the log-likelihood at each iteration, in nats a step.
    init_scores_ : ndarray of shape (n_init,)
        What each start came to: log-likelihood of the training data in nats a step.
    n_parameters_ : int
        Free parameters.

    Notes
    -----
    The first `order` steps of a sequence have no state's rule: they are predicted as by the `Autoregression`
    of that order, fitted to all steps, from as many steps as there are. They say nothing about the state.

    With gaps the distribution of the last steps, given the last state, is a mixture that grows at every step:
    it is taken for a normal one of its mean and covariance (a Kalman filter in each state, collapsed after
    every step; Kim 1994). That is exact with one state, without lags, and for order 1 where no two missing
    steps follow each other. Rules are fitted to the steps whose lags are all known; a single one, and that of
    the first steps, to all by EM.

    A start's states are that single rule with its predictions and variances moved at random.

    References
    ----------
    Hamilton (1989), A new approach to the economic analysis of nonstationary time series and the business
    cycle. Hamilton (1990), Analysis of time series subject to changes in regime. Kim (1994), Dynamic linear
    models with Markov-switching.

    Examples
    --------
    >>> from seqcompare import AutoregressiveHMM
    >>> from seqcompare.tasks import SwitchingAutoregression
    >>> X = SwitchingAutoregression(32).sample(40, length=200, random_state=0).X
    >>> model = AutoregressiveHMM(2, random_state=0).fit(X)
    >>> sorted(model.coef_.ravel().round(1).tolist())
    [-0.9, 0.9]
    """

    def __init__(
        self,
        n_components: int = 2,
        order: int = 1,
        *,
        n_init: int = 4,
        max_iter: int = 500,
        tol: float = 1e-6,
        min_covar: float = 1e-3,
        missing: Literal["error", "allow"] = "error",
        random_state: RandomState = None,
    ) -> None:
        self.n_components = n_components
        self.order = order
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.min_covar = min_covar
        self.missing = missing
        self.random_state = random_state

    @property
    def reading(self) -> Reading:
        """Integers are numbers."""
        return {"numbers": True, "allow_nan": self.missing == "allow"}

    @property
    def takes_weights(self) -> bool:
        """Whether `fit` can take weights of single steps: it is fitted to whole sequences."""
        return False

    def fit(
        self, X: SequencesLike, y: TargetsLike | None = None, sample_weight: WeightsLike | None = None
    ) -> AutoregressiveHMM:
        """Fit the parameters by EM.

        Parameters
        ----------
        X : sequences of numbers
            The training data.
        y : ignored
            For scikit-learn's tools.
        sample_weight : array of shape (n,), optional
            Weights of sequences.

        Raises
        ------
        ValueError
            If a parameter is impossible, or no step has `order` steps before it.

        Warns
        -----
        ConvergenceWarning
            If the start that was kept ran out of iterations.
        """
        self._check_parameters()
        sequences = check_sequences(self, X, reset=True, **self.reading)
        weight = check_sequence_weights(sample_weight, sequences)
        if not weight.all():
            sequences, weight = sequences.take(weight > 0), weight[weight > 0]
        steps = np.repeat(weight, sequences.lengths)
        lags, start, unit = one_rule(sequences, steps, self.order)
        rng = check_random_state(self.random_state)
        # of one state all starts come to the same
        tried: list[Climb] = [
            climb(
                draw_start(lags, start, unit, self.n_components, sticky=i % 2 == 0, rng=rng),
                sequences,
                steps,
                self.min_covar * lags.covariance,
                max_iter=self.max_iter,
                tol=self.tol,
            )
            for i in range(self.n_init if self.n_components > 1 else 1)
        ]
        self.init_scores_ = np.array([each.curve[-1] for each in tried])
        best = tried[int(np.argmax(self.init_scores_))]
        self.regimes_, self.converged_ = best.regimes, best.converged
        self.stop_reason_ = "tol" if best.converged else "max_iter"
        self.loss_curve_ = -np.array(best.curve)
        self.n_iter_ = len(best.curve)
        if not best.converged:
            warnings.warn(f"EM ended after max_iter={self.max_iter} iterations", ConvergenceWarning, 2)
        self.flat_ = sequences.values.ndim == 1
        return self

    def score_steps(self, X: SequencesLike) -> SequencesLike:
        """Return log p(x[t] | x[..t-1]) of every step in nats, shape (T_i,) a sequence, in X's container.

        Of a step with missing channels it is the density of the others, and 0 if all are missing.
        """
        sequences, fit = self._read(X)
        ahead = self._beliefs(sequences, fit) @ self.transmat_
        before = np.empty_like(ahead)
        before[1:] = ahead[:-1]
        before[sequences.offsets[:-1]] = self.startprob_
        # a step far from all states has a density that underflows
        with np.errstate(divide="ignore"):
            logs = np.log(before) + fit.log_of(slice(None))
        found = np.logaddexp.reduce(logs, axis=1) + fit.shift
        found[sequences.missing.all(axis=1)] = 0.0
        return sequences.pack(found)

    def predict_next_distribution(self, X: SequencesLike) -> Distribution | list[Distribution]:
        """Return the distribution of x[t+1] given x[..t] for every step t, a mixture over the states.

        See `seqcompare.models.base.NumberDensity.predict_next_distribution` for the shapes.
        """
        sequences = self._check(X)
        return pack(sequences, self._ahead(sequences))

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
        check_scalar(steps, "steps", Integral, min_val=1)
        drawn = _CONTINUATIONS if n_samples is None else n_samples
        rng = check_random_state(random_state)
        after = states_after(self, sequences)
        last = self._ahead(sequences)[sequences.offsets[1:] - 1]
        each = [(last[i], known) for i, known in enumerate(after)]
        return forecast_from_states(each, self.step, steps, drawn, rng)

    def start(self) -> Known | Unsure:
        """Return the state before the first step of a sequence, for `step`."""
        check_is_fitted(self)
        return first_known(self)

    def step(self, state: Known | Unsure, x: float | Floats) -> tuple[Distribution, Known | Unsure]:
        """Read one more step; return the distribution of the next one, and what is known then."""
        return read_on(self, state, x)

    def filter_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(state at t | steps 0..t), causal, shape (T_i, K) a sequence, in X's container."""
        sequences, fit = self._read(X)
        return sequences.pack(self._beliefs(sequences, fit))

    def predict_proba(self, X: SequencesLike) -> SequencesLike:
        """Return p(state at t | all steps), smoothed, shape (T_i, K) a sequence, in X's container."""
        sequences, fit = self._read(X)
        found = expect_states(self.startprob_, self.transmat_, fit, np.array(sequences.offsets))
        return sequences.pack(found.posterior)

    def predict(self, X: SequencesLike) -> SequencesLike:
        """Return the most probable path of states (Viterbi), shape (T_i,) a sequence, in X's container."""
        return self.decode(X)[1]

    def decode(self, X: SequencesLike) -> tuple[NDArray[np.float64], Any]:
        """Return the most probable paths and how probable they are.

        Parameters
        ----------
        X : sequences of numbers
            What to decode.

        Returns
        -------
        log_probability : ndarray of shape (n,)
            Logarithm of the joint density of each sequence and its path, in nats.
        states : one state a step, in X's container
            The paths, as in `predict`.
        """
        sequences, fit = self._read(X)
        path, scores = best_path(self.startprob_, self.transmat_, fit, np.array(sequences.offsets))
        return scores, sequences.pack(path)

    def sample(
        self, n_sequences: int = 1, length: ArrayLike = 10, random_state: RandomState = None
    ) -> Sequences:
        """Draw sequences from the model.

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
        lengths = check_lengths(n_sequences, length)
        rng = check_random_state(random_state)
        states = Sequences(draw_states(self.startprob_, self.transmat_, lengths, rng), offsets_of(lengths))
        rules = [self.regimes_.predictors(k) for k in range(len(self.startprob_))]
        factors = np.linalg.cholesky(np.stack([rule.covariance for rule in rules]))
        x = rng.normal(size=(states.n_steps, factors.shape[-1]))
        for t in range(int(lengths.max())):
            rows = states.offsets[:-1][lengths > t] + t
            m = min(t, self.order)
            for k, rule in enumerate(rules):
                mine = rows[states.values[rows] == k]
                x[mine] = x[mine] @ factors[k, m].T + rule.intercept[m]
                for lag in range(1, m + 1):
                    x[mine] += x[mine - lag] @ rule.coef[m, lag - 1].T
        return Sequences(x[:, 0] if self.flat_ else x, states.offsets)

    def aic(self, X: SequencesLike) -> float:
        """Return Akaike's information criterion of `X`, lower is better."""
        return float(2 * self.n_parameters_ - 2 * self.score_samples(X).sum())

    def bic(self, X: SequencesLike) -> float:
        """Return the Bayesian information criterion of `X` (a sample is a step), lower is better."""
        sequences = self._check(X)
        return float(self.n_parameters_ * np.log(sequences.n_steps) - 2 * self.score_samples(sequences).sum())

    @property
    def startprob_(self) -> Floats:
        """Probabilities of the first state, shape (K,)."""
        return self.regimes_.startprob

    @property
    def transmat_(self) -> Floats:
        """Probabilities of the next state (column) after a state (row), shape (K, K)."""
        return self.regimes_.transmat

    @property
    def coef_(self) -> Floats:
        """The matrices of each state's lags, shape (K, order, d, d)."""
        return self.regimes_.coef

    @property
    def intercept_(self) -> Floats:
        """The constants, shape (K, d)."""
        return self.regimes_.intercept

    @property
    def covars_(self) -> Floats:
        """Covariances of what is new in a step, shape (K, d, d)."""
        return self.regimes_.covariance

    @property
    def n_parameters_(self) -> int:
        """Probabilities, the rule of each state, and that of the first steps."""
        check_is_fitted(self)
        n_states, p, d, _ = self.coef_.shape
        rule = p * d**2 + d + d * (d + 1) // 2
        return n_states**2 - 1 + (n_states + (p > 0)) * rule

    def _read(self, X: SequencesLike) -> tuple[Sequences, Likelihood]:
        sequences = self._check(X)
        return sequences, self.regimes_.likelihood(sequences)

    def _beliefs(self, sequences: Sequences, fit: Likelihood) -> Floats:
        """Return the probabilities of the present state after each step."""
        return filter_states(self.startprob_, self.transmat_, fit, np.array(sequences.offsets))[1]

    def _ahead(self, sequences: Sequences) -> Distribution:
        """Return the distributions of the step after each, batch (n_steps,)."""
        return mixtures_ahead(self.regimes_, sequences, pairs=self.missing == "allow")

    def _check_parameters(self) -> None:
        check_order(self.order)
        check_missing(self.missing)
        for name in ("n_components", "n_init", "max_iter"):
            check_scalar(getattr(self, name), name, Integral, min_val=1)
        check_scalar(self.tol, "tol", Real, min_val=0)
        check_scalar(self.min_covar, "min_covar", Real, min_val=0, include_boundaries="neither")
