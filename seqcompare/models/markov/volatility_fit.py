"""Fitting the mean and the variance of an autoregression in turns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seqcompare.data.sequences import Sequences
from seqcompare.models.markov.lag_predictions import channels_of, errors_of
from seqcompare.models.markov.lags import Lags, find_predictors, predict_ahead
from seqcompare.models.markov.least_squares import find_level
from seqcompare.models.markov.volatility import Volatility, find_variances, fit_volatility
from seqcompare.models.markov.volatility_gaps import read_gaps
from seqcompare.typing import Floats

# Times that the mean is fitted again with the variances that were found.
_REWEIGHTINGS = 2
# Times that the variances are fitted again with what they then say of squares that are missing.
_ROUNDS = 5


def fit_both(
    fit_mean: Callable[[Sequences, Floats], tuple[Lags, int]],
    sequences: Sequences,
    weight: Floats,
    *,
    garch: bool,
    n_lags: int,
) -> tuple[Lags, Volatility]:
    """Fit the mean, the variances of its errors, and the mean once more with weights that fit the variances.

    Parameters
    ----------
    fit_mean : callable (Sequences, weights) -> (Lags, int)
        Fits the mean.
    sequences : Sequences
        The data.
    weight : ndarray of shape (n_steps,)
        Of the prediction of each step.
    garch, n_lags
        As `fit_volatility` takes them.
    """
    lags, _ = fit_mean(sequences, weight)
    x, offsets, order = channels_of(sequences), np.array(sequences.offsets), len(lags.coef)
    counted = np.where(sequences.step_index >= order, weight, 0)
    if np.isnan(x).any():
        return _fit_with_gaps(fit_mean, sequences, weight, lags, garch=garch, n_lags=n_lags)
    least = find_level(x, weight).least
    for left in range(_REWEIGHTINGS, -1, -1):
        ahead, _ = predict_ahead(find_predictors(lags), x, sequences.step_index)
        errors = errors_of(lags, x, ahead, sequences)
        rule = fit_volatility(errors, counted, offsets, order, garch=garch, n_lags=n_lags, least=least)
        if left and len(rule.level) == 1:
            variance = find_variances(rule, errors, offsets, order)[0][:, 0]
            lags, _ = fit_mean(sequences, weight / variance)
    return _with_long_run(lags, rule), rule


def _fit_with_gaps(
    fit_mean: Callable[[Sequences, Floats], tuple[Lags, int]],
    sequences: Sequences,
    weight: Floats,
    lags: Lags,
    *,
    garch: bool,
    n_lags: int,
) -> tuple[Lags, Volatility]:
    """Fit to what is expected of the errors' squares, by the rule of the round before.

    A missing step counts nothing itself, but its square, which is its variance, for the variances after it.
    """
    x, offsets, order = channels_of(sequences), np.array(sequences.offsets), len(lags.coef)
    d = x.shape[1]
    rule = Volatility(np.diag(lags.covariance).copy(), np.zeros((d, n_lags)), np.zeros(d), np.eye(d))
    size = np.sqrt(rule.level)
    rule = rule._replace(correlation=lags.covariance / np.outer(size, size))
    least = find_level(x, weight).least
    late = np.where(sequences.step_index >= order, weight, 0)[:, np.newaxis] * ~np.isnan(x)
    for left in range(_ROUNDS, -1, -1):
        found = read_gaps(lags, rule, x, offsets)
        size = np.sqrt(np.maximum(found.square, 1e-300))
        expected = np.where(found.error < 0, -size, size)
        rule = fit_volatility(expected, late, offsets, order, garch=garch, n_lags=n_lags, least=least)
        if left > _ROUNDS - _REWEIGHTINGS and d == 1:
            ahead = read_gaps(_with_long_run(lags, rule), rule, x, offsets).variance[:, 0]
            variance = np.append(rule.long_run, ahead[:-1])
            variance[offsets[:-1]] = rule.long_run[0]
            lags, _ = fit_mean(sequences, weight / variance)
        lags = _with_long_run(lags, rule)
    return lags, rule


def _with_long_run(lags: Lags, rule: Volatility) -> Lags:
    scale = np.sqrt(rule.long_run)
    return lags._replace(covariance=rule.correlation * np.outer(scale, scale))
