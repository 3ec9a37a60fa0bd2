"""Regimes: several linear rules of the next step that take turns, as a hidden chain has it; fitted by EM."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.resolution import no_narrower
from seqcompare.data.sequences import Sequences
from seqcompare.models.hmm.recursions import Likelihood, expect_states
from seqcompare.models.hmm.regime_gaps import Lagged, Rules, read_all
from seqcompare.models.markov.lag_predictions import channels_of, normal_log_density
from seqcompare.models.markov.lags import Lags, Predictors, find_predictors, predict_ahead
from seqcompare.models.markov.least_squares import find_level, find_moments, fit_lags, solve
from seqcompare.typing import Floats

# How far the states of a start are apart: in their predictions, in units of what one rule leaves over, and in
# the logarithm of their variances.
_APART = 1.0
_APART_IN_LOG = 0.5
_STICKY = 0.9
# Expected steps in a state, for each coefficient, below which its rule stays as it was.
_LEAST_STEPS = 1.0


class Regimes(NamedTuple):
    """x[t] = intercept[k] + sum over j of coef[k, j-1] x[t-j] + N(0, covariance[k]) in state k."""

    startprob: Floats
    """Probabilities of the first state, shape (K,)."""
    transmat: Floats
    """Of the next state (column) after a state (row), shape (K, K)."""
    coef: Floats
    """Matrices of the lags, shape (K, p, d, d)."""
    intercept: Floats
    """Shape (K, d)."""
    covariance: Floats
    """Shape (K, d, d)."""
    start: Predictors
    """How the first p steps are predicted, whatever the state."""

    def predictors(self, state: int) -> Predictors:
        """Return the predictions of a state: those of the start until there are p steps."""
        start = self.start
        parts = (
            np.concatenate([shared[:-1], own[np.newaxis]])
            for shared, own in (
                (start.intercept, self.intercept[state]),
                (start.coef, self.coef[state]),
                (start.covariance, self.covariance[state]),
            )
        )
        return Predictors(*parts)

    def ahead(self, x: Floats, step_index: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Predict the step after each in every state.

        Parameters
        ----------
        x : ndarray of shape (n_steps, d)
            Steps, sequences end to end.
        step_index : ndarray of int, shape (n_steps,)
            Position of each in its sequence.

        Returns
        -------
        means : ndarray of shape (n_steps, K, d)
        covariances : ndarray of shape (n_steps, K, d, d)
        """
        found = [(rule, predict_ahead(rule, x, step_index)) for rule in map(self.predictors, self._states)]
        means = np.stack([mean for _, (mean, _) in found], axis=1)
        return means, np.stack([rule.covariance[used] for rule, (_, used) in found], axis=1)

    def likelihood(self, sequences: Sequences) -> Likelihood:
        """Return how well each step, given those before it, fits each state.

        With gaps in a sequence it is as `seqcompare.models.hmm.regime_gaps` has it.
        """
        x, first = channels_of(sequences), sequences.offsets[:-1]
        log = np.empty((len(x), len(self.startprob)))
        if np.isnan(x).any():
            gappy = np.logical_or.reduceat(np.isnan(x).any(axis=1), first)
            steps = np.repeat(gappy, sequences.lengths)
            log[steps] = self.read_gaps(sequences.take(gappy))[0]
            if not gappy.all():
                whole = self.likelihood(sequences.take(~gappy))
                log[~steps] = whole.log_of(slice(None)) + whole.shift[:, np.newaxis]
            return Likelihood.from_log(log)
        for state in self._states:
            rule = self.predictors(state)
            off, which = np.empty_like(x), np.zeros(len(x), dtype=np.intp)
            mean, used = predict_ahead(rule, x, sequences.step_index)
            off[1:], which[1:] = x[1:] - mean[:-1], used[:-1]
            off[first], which[first] = x[first] - rule.intercept[0], 0
            log[:, state] = normal_log_density(off, rule.covariance, which)
        return Likelihood.from_log(log)

    def read_gaps(self, sequences: Sequences) -> tuple[Floats, Lagged]:
        """Return log-likelihoods of all steps in each state, and what is known of the steps after each."""
        x, offsets = channels_of(sequences), np.array(sequences.offsets)
        return read_all(self.startprob, self.transmat, self.rules(), x, offsets)

    def rules(self) -> Rules:
        """Return what each state says of a step, from any number of steps before it."""
        found = [self.predictors(state) for state in self._states]
        coef = np.stack([each.coef for each in found], axis=1)  # (p + 1, K, p, d, d)
        m, n_states, p, d, _ = coef.shape
        return Rules(
            np.ascontiguousarray(coef.transpose(0, 1, 3, 2, 4)).reshape(m, n_states, d, p * d),
            np.stack([each.intercept for each in found], axis=1),
            np.stack([each.covariance for each in found], axis=1),
        )

    @property
    def _states(self) -> range:
        return range(len(self.startprob))


class Climb(NamedTuple):
    """What a start of EM came to."""

    regimes: Regimes
    curve: list[float]
    """Log-likelihood at each iteration, in nats a step."""
    converged: bool


def one_rule(sequences: Sequences, weight: Floats, order: int) -> tuple[Lags, Predictors, Floats]:
    """Fit one rule to all steps.

    Returns
    -------
    lags : Lags
        The rule.
    start : Predictors
        What it says of first steps, which no state has a rule for.
    unit : ndarray of shape (d,)
        Standard deviations of the channels.
    """
    lags, _ = fit_lags(sequences, weight, order)
    level = find_level(channels_of(sequences), weight)
    return lags, find_predictors(lags), np.sqrt(np.maximum(level.variance, level.least))


def draw_start(
    lags: Lags, start: Predictors, unit: Floats, n_states: int, *, sticky: bool, rng: np.random.RandomState
) -> Regimes:
    """Return states that each differ from one rule at random, whatever the order of the data.

    A single one does not differ.
    """
    p, d, _ = lags.coef.shape
    left = np.sqrt(np.diag(lags.covariance))
    factor = np.linalg.cholesky(lags.covariance)
    apart = _APART if n_states > 1 else 0.0
    coef = apart / np.sqrt(max(p * d, 1)) * rng.normal(size=(n_states, p, d, d))
    wider = np.exp(apart * _APART_IN_LOG * rng.normal(size=n_states))
    intercept = lags.intercept + apart * rng.normal(size=(n_states, d)) @ factor.T
    # a rule that leans on the past otherwise goes through the same middle
    coef = coef * left[:, np.newaxis] / unit
    intercept -= coef.sum(axis=1) @ lags.level_mean
    others = (1 - _STICKY) / max(n_states - 1, 1) if sticky else 1 / n_states
    transmat = np.full((n_states, n_states), others)
    np.fill_diagonal(transmat, 1 - others * (n_states - 1))
    return Regimes(
        np.full(n_states, 1 / n_states),
        transmat,
        lags.coef + coef,
        intercept,
        lags.covariance * wider[:, np.newaxis, np.newaxis],
        start,
    )


def climb(
    regimes: Regimes,
    sequences: Sequences,
    weight: Floats,
    least: Floats,
    *,
    max_iter: int,
    tol: float,
) -> Climb:
    """Run EM: expected states by forward and backward, then weighted least squares in each.

    Where steps are missing these are over the steps whose lags are all known. A single state's rule stays as
    it is: it was fitted to all steps.

    Parameters
    ----------
    regimes : Regimes
        Where to start.
    sequences : Sequences
        The data.
    weight : ndarray of shape (n_steps,)
        Weight of each step's sequence.
    least : ndarray of shape (d, d)
        No covariance is smaller, in any direction, nor than the steps are recorded finely.
    max_iter : int
        Iterations at most.
    tol : float
        EM stops once an iteration gains less, in nats a step, and no longer gains more and more.
    """
    offsets, total = np.array(sequences.offsets), weight.sum()
    level = find_level(channels_of(sequences), weight)
    order = regimes.coef.shape[1]
    floor = np.asarray(np.linalg.cholesky(no_narrower(least, level.least)), dtype=np.float64)
    # where weights are shares, what counts is how many steps have them
    few = _LEAST_STEPS * (order * len(least) + 1) * min(1.0, total / np.count_nonzero(weight))
    curve: list[float] = []
    gain = np.inf
    while True:
        found = expect_states(
            regimes.startprob, regimes.transmat, regimes.likelihood(sequences), offsets, weight
        )
        curve.append(float(found.log_likelihood @ weight[offsets[:-1]] / total))
        last, gain = gain, curve[-1] - curve[-2] if len(curve) > 1 else np.inf
        if gain < tol and gain <= last:
            return Climb(regimes, curve, True)
        if len(curve) > max_iter:
            return Climb(regimes, curve, False)
        coef, intercept = regimes.coef.copy(), regimes.intercept.copy()
        covariance = regimes.covariance.copy()
        for state in range(len(coef) if len(coef) > 1 else 0):
            moments = find_moments(sequences, found.posterior[:, state] * weight, order, level)
            if moments.total > few:
                coef[state], intercept[state], rest = solve(moments)
                covariance[state] = _at_least(rest, floor)
        regimes = regimes._replace(
            startprob=found.start / found.start.sum(),
            transmat=_shares(found.transitions, regimes.transmat),
            coef=coef,
            intercept=intercept,
            covariance=covariance,
        )


def _at_least(covariance: Floats, floor: Floats) -> Floats:
    """Return the most likely covariance that is nowhere smaller than that of which `floor` is a factor."""
    inverse = np.linalg.inv(floor)
    values, vectors = np.linalg.eigh(inverse @ covariance @ inverse.T)
    root = floor @ vectors
    return np.asarray((root * np.maximum(values, 1.0)) @ root.T)


def _shares(counts: Floats, before: Floats) -> Floats:
    """Return each row's shares; a state that nothing leaves keeps its probabilities."""
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1.0), before)
