"""What a fitted autoregression says of each step: means, covariances, densities, continuations."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.models.kalman import predict_states, score_steps
from seqcompare.models.markov.lags import Lags, as_state_space, find_predictors, predict_ahead
from seqcompare.models.markov.volatility import Volatility, find_variances
from seqcompare.models.markov.volatility_gaps import Reading, read_gaps
from seqcompare.typing import Floats


class Rows(NamedTuple):
    """Normal predictions of the step after each, and of the first one."""

    mean: Floats
    """Means, shape (n_steps, d)."""
    covariances: Floats
    """All covariances that occur, shape (m, d, d)."""
    which: NDArray[np.intp]
    """Which of them each prediction has, shape (n_steps,)."""
    start_mean: Floats
    """Mean of a first step, shape (d,)."""
    start_covariance: Floats
    """Its covariance, shape (d, d)."""


def channels_of(sequences: Sequences) -> Floats:
    """Return all steps as numbers, shape (n_steps, d)."""
    return np.ascontiguousarray(sequences.channels, dtype=np.float64)


def predict_rows(lags: Lags, volatility: Volatility | None, sequences: Sequences) -> Rows:
    """Predict the step after each; sequences with gaps go through the Kalman filter."""
    x, order = channels_of(sequences), len(lags.coef)
    predictors = find_predictors(lags)
    gappy = with_gaps(x, sequences)
    if not gappy.any():
        mean, which = predict_ahead(predictors, x, sequences.step_index)
        covariances = predictors.covariance
        if volatility is not None:
            late = which == order
            variances = _variances_ahead(volatility, lags, x, mean, sequences)
            covariances = np.concatenate([covariances, _covariances(volatility, variances)])
            which = np.where(late, order + 1 + np.arange(len(x)), which)
        return Rows(mean, covariances, which, predictors.intercept[0], predictors.covariance[0])
    steps = np.repeat(gappy, sequences.lengths)
    mean, which = np.empty_like(x), np.empty(len(x), dtype=np.intp)
    covariances = predictors.covariance
    if not gappy.all():
        whole = predict_rows(lags, volatility, sequences.take(~gappy))
        mean[~steps], which[~steps], covariances = whole.mean, whole.which, whole.covariances
    offsets, d = np.array(sequences.take(gappy).offsets), x.shape[1]
    if volatility is None:
        machine = as_state_space(lags, max(order, 1))
        state, cov = predict_states(machine, x[steps], offsets)
        mean[steps], ahead = machine.offset + state[:, :d], cov[:, :d, :d]
    else:
        found = read_gaps(lags, volatility, x[steps], offsets)
        mean[steps], ahead = found.mean, found.covariance
    which[steps] = len(covariances) + np.arange(len(ahead))
    covariances = np.concatenate([covariances, ahead])
    return Rows(mean, covariances, which, predictors.intercept[0], predictors.covariance[0])


def with_gaps(x: Floats, sequences: Sequences) -> NDArray[np.bool_]:
    """Return which sequences have a missing number, shape (n,)."""
    return np.asarray(np.logical_or.reduceat(np.isnan(x).any(axis=1), sequences.offsets[:-1]))


def log_densities(lags: Lags, volatility: Volatility | None, sequences: Sequences) -> Floats:
    """Return the log-density of each step given those before it, in nats, shape (n_steps,)."""
    x = channels_of(sequences)
    if np.isnan(x).any():
        gappy = with_gaps(x, sequences)
        steps = np.repeat(gappy, sequences.lengths)
        found, offsets = np.empty(len(x)), np.array(sequences.take(gappy).offsets)
        if volatility is None:
            found[steps] = score_steps(as_state_space(lags, max(len(lags.coef), 1)), x[steps], offsets)
        else:
            found[steps] = read_gaps(lags, volatility, x[steps], offsets).log_density
        if not gappy.all():
            found[~steps] = log_densities(lags, volatility, sequences.take(~gappy))
        return found
    rows = predict_rows(lags, volatility, sequences)
    covariances = np.concatenate([rows.covariances, rows.start_covariance[np.newaxis]])
    first = sequences.offsets[:-1]
    off, which = np.empty_like(x), np.empty(len(x), dtype=np.intp)
    off[1:], which[1:] = x[1:] - rows.mean[:-1], rows.which[:-1]
    off[first], which[first] = x[first] - rows.start_mean, len(covariances) - 1
    return normal_log_density(off, covariances, which)


def normal_log_density(off: Floats, covariances: Floats, which: NDArray[np.intp]) -> Floats:
    """Return the log-density of normal vectors about 0, each with one of some covariances, in nats."""
    factor = np.linalg.cholesky(covariances)
    constant = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    constant += off.shape[1] / 2 * np.log(2 * np.pi)
    if off.shape[1] == 1:
        squares = (off[:, 0] / factor[which, 0, 0]) ** 2
    else:
        squares = (np.linalg.solve(factor[which], off[:, :, np.newaxis])[..., 0] ** 2).sum(axis=1)
    return -constant[which] - squares / 2


def _variances_ahead(
    volatility: Volatility, lags: Lags, x: Floats, ahead: Floats, sequences: Sequences
) -> Floats:
    errors = errors_of(lags, x, ahead, sequences)
    return find_variances(volatility, errors, np.array(sequences.offsets), len(lags.coef))[1]


def errors_of(lags: Lags, x: Floats, ahead: Floats, sequences: Sequences) -> Floats:
    """Return what each step is off its prediction, which only of a rule without lags a first step has."""
    errors, first = np.zeros_like(x), sequences.offsets[:-1]
    errors[1:] = x[1:] - ahead[:-1]
    errors[first] = 0 if len(lags.coef) else x[first] - lags.intercept
    return errors


def _covariances(volatility: Volatility, variances: Floats) -> Floats:
    scale = np.sqrt(variances)
    return volatility.correlation * scale[:, :, np.newaxis] * scale[:, np.newaxis, :]


def forecast_exactly(lags: Lags, sequences: Sequences, steps: int) -> tuple[Floats, Floats]:
    """Return mean (n, steps, d) and covariance (n, steps, d, d) of each of the steps after the end."""
    d = len(lags.intercept)
    machine = as_state_space(lags, max(len(lags.coef), 1))
    mean, cov = predict_states(machine, channels_of(sequences), np.array(sequences.offsets))
    last = sequences.offsets[1:] - 1
    state, spread = mean[last], cov[last]
    means, covs = [], []
    for _ in range(steps):
        means.append(machine.offset + state[:, :d])
        covs.append(spread[:, :d, :d])
        state = state @ machine.transition.T
        spread = machine.transition @ spread @ machine.transition.T + machine.state_noise
    return np.stack(means, axis=1), np.stack(covs, axis=1)


def draw_sequences(lags: Lags, volatility: Volatility | None, noise: Floats) -> Floats:
    """Turn standard normal noise of shape (length, n, d) into n sequences, shape (n, length, d)."""
    length, n, _ = noise.shape
    predictors, p = find_predictors(lags), len(lags.coef)
    factors = np.linalg.cholesky(predictors.covariance)
    x = np.empty_like(noise)
    errors = np.zeros_like(noise)
    rule = None if volatility is None else _Recursion(volatility, n)
    for t in range(length):
        m = min(t, p)
        mean = np.tile(predictors.intercept[m], (n, 1))
        for k in range(1, m + 1):
            mean += x[t - k] @ predictors.coef[m, k - 1].T
        if rule is None or m < p:
            errors[t] = noise[t] @ factors[m].T
        else:
            errors[t] = rule.draw(noise[t])
        x[t] = mean + errors[t]
    return np.swapaxes(x, 0, 1)


def draw_continuations(
    lags: Lags,
    volatility: Volatility | None,
    sequences: Sequences,
    steps: int,
    n_drawn: int,
    random_state: np.random.RandomState,
) -> tuple[Floats, Floats]:
    """Return the predictions of the next step along drawn continuations.

    Averaged over the continuations, each is the distribution of its step.

    Returns
    -------
    mean : ndarray of shape (n, steps, n_drawn, d)
    covariance : ndarray of shape (n, steps, n_drawn, d, d)
    """
    p, d, n = len(lags.coef), len(lags.intercept), len(sequences)
    machine = as_state_space(lags, max(p, 1))
    x, offsets = channels_of(sequences), np.array(sequences.offsets)
    last, rule = offsets[1:] - 1, None
    if volatility is None:
        mean, cov = predict_states(machine, x, offsets)
        mean, spread = mean[last], cov[last] - machine.state_noise
    else:
        found = read_gaps(lags, volatility, x, offsets)
        mean, spread = found.state, found.spread
        rule = _Recursion.after(volatility, found, offsets, p, n_drawn)
    # what is not known of the state (gaps, or fewer steps than lags) is drawn as well
    values, vectors = np.linalg.eigh(spread)
    root = vectors * np.sqrt(np.maximum(values, 0))[:, np.newaxis]
    state = np.repeat(mean[:, np.newaxis], n_drawn, axis=1)
    state += random_state.normal(size=state.shape) @ np.swapaxes(root, 1, 2)
    means, covs = np.empty((n, steps, n_drawn, d)), np.empty((n, steps, n_drawn, d, d))
    factor = np.linalg.cholesky(lags.covariance)
    for h in range(steps):
        means[:, h] = machine.offset + state[..., :d]
        noise = random_state.normal(size=(n, n_drawn, d))
        if rule is None:
            covs[:, h] = lags.covariance
            fresh = noise @ factor.T
        else:
            flat = rule.variance.reshape(n * n_drawn, d)
            covs[:, h] = _covariances(rule.volatility, flat).reshape(n, n_drawn, d, d)
            fresh = rule.draw(noise)
        state[..., :d] += fresh
        state = state @ machine.transition.T
    return means, covs


class _Recursion:
    """The variances of many sequences side by side, step by step."""

    def __init__(self, volatility: Volatility, *shape: int) -> None:
        self.volatility = volatility
        self.factor = np.linalg.cholesky(volatility.correlation)
        self.variance = np.tile(volatility.long_run, (*shape, 1))
        self.squares = [self.variance] * volatility.shock.shape[1]

    @classmethod
    def after(
        cls, volatility: Volatility, found: Reading, offsets: NDArray[np.int64], order: int, n_drawn: int
    ) -> _Recursion:
        """Return the state after sequences, `n_drawn` times each."""
        rule = cls(volatility, len(offsets) - 1, n_drawn)
        last = offsets[1:] - 1
        rule.variance = np.repeat(found.variance[last][:, np.newaxis], n_drawn, axis=1)
        for j in range(len(rule.squares)):
            known = (last - j >= offsets[:-1] + order)[:, np.newaxis]
            square = np.where(known, found.square[np.maximum(last - j, 0)], volatility.long_run)
            rule.squares[j] = np.repeat(square[:, np.newaxis], n_drawn, axis=1)
        return rule

    def draw(self, noise: Floats) -> Floats:
        """Return errors of the present variance, and go on to the next."""
        errors = noise @ self.factor.T * np.sqrt(self.variance)
        self.squares = [errors**2, *self.squares[:-1]]
        rule = self.volatility
        self.variance = rule.level + rule.persistence * self.variance
        for j, square in enumerate(self.squares):
            self.variance = self.variance + rule.shock[:, j] * square
        return errors


def mean_log_variances(volatility: Volatility, length: int) -> Floats:
    """Return the mean logarithm of each channel's variance over `length` steps that are drawn, shape (d,)."""
    n = 200  # sequences side by side
    rng = np.random.default_rng(0)
    rule = _Recursion(volatility, n)
    total, settle = np.zeros(len(volatility.level)), length // n // 2
    for t in range(settle + length // n):
        if t >= settle:
            total += np.log(rule.variance).mean(axis=0)
        rule.draw(rng.normal(size=(n, len(total))))
    return total / (length // n)
