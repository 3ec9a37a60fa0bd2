"""Autoregressions that read a sequence as it comes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.models.markov.lags import Lags, Predictors, find_predictors
from seqcompare.models.markov.volatility import Volatility

Floats = NDArray[np.float64]


class Errors(NamedTuple):
    """What is known of a sequence after some of its steps.

    Attributes
    ----------
    predictors : Predictors
        How a step follows from those before it.
    rule : Volatility or None
        How the variance follows from past errors.
    past : ndarray of shape (m, d)
        The last steps, at most p, the newest first.
    ahead : ndarray of shape (d,)
        The predicted mean of the next step.
    squares : ndarray of shape (q, d)
        The last squared errors of full predictions, the newest first; the long run's before there were any.
    variance : ndarray of shape (d,)
        That of the next step.
    """

    predictors: Predictors
    rule: Volatility | None
    past: Floats
    ahead: Floats
    squares: Floats
    variance: Floats


def first_errors(lags: Lags, rule: Volatility | None) -> Errors:
    """Return what is known before the first step."""
    predictors, d = find_predictors(lags), len(lags.intercept)
    none = np.empty((0, d))
    if rule is None:
        return Errors(predictors, None, none, predictors.intercept[0], none, np.empty(d))
    squares = np.tile(rule.long_run, (rule.shock.shape[1], 1))
    return Errors(predictors, rule, none, predictors.intercept[0], squares, rule.long_run)


def read_step(known: Errors, x: Floats) -> tuple[Floats, Floats, Errors]:
    """Read one more step, shape (d,); return mean and covariance of the next, and what is known then."""
    predictors, rule, past, ahead, squares, variance = known
    order = predictors.coef.shape[1]
    full = len(past) == order
    past = np.concatenate([x[np.newaxis], past])[:order]
    m = len(past)
    mean = predictors.intercept[m] + np.einsum("jik,jk->i", predictors.coef[m, :m], past)
    cov = predictors.covariance[m]
    if rule is not None:
        if full:  # the error of a prediction from fewer steps tells nothing of the variance
            squares = np.concatenate([(x - ahead)[np.newaxis] ** 2, squares])[: len(squares)]
            variance = rule.level + rule.persistence * variance + (rule.shock.T * squares).sum(axis=0)
        if m == order:
            scale = np.sqrt(variance)
            cov = rule.correlation * np.outer(scale, scale)
    return mean, cov, Errors(predictors, rule, past, mean, squares, variance)
