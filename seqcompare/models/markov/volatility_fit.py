"""Fitting the mean and the variance of an autoregression in turns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from seqcompare.data.sequences import Sequences
from seqcompare.models.markov.lag_predictions import channels_of, errors_of
from seqcompare.models.markov.lags import Lags, find_predictors, predict_ahead
from seqcompare.models.markov.least_squares import find_level
from seqcompare.models.markov.volatility import Volatility, find_variances, fit_volatility
from seqcompare.typing import Floats

# Times that the mean is fitted again with the variances that were found.
_REWEIGHTINGS = 2


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
    least = find_level(x, weight).least
    for left in range(_REWEIGHTINGS, -1, -1):
        ahead, _ = predict_ahead(find_predictors(lags), x, sequences.step_index)
        errors = errors_of(x, ahead, sequences)
        if order == 0:  # the first step has a full prediction
            errors[offsets[:-1]] = x[offsets[:-1]] - lags.intercept
        rule = fit_volatility(errors, counted, offsets, order, garch=garch, n_lags=n_lags, least=least)
        if left and len(rule.level) == 1:
            variance = find_variances(rule, errors, offsets, order)[0][:, 0]
            lags, _ = fit_mean(sequences, weight / variance)
    scale = np.sqrt(rule.long_run)
    return lags._replace(covariance=rule.correlation * np.outer(scale, scale)), rule
