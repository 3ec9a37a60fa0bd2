"""Normal processes by their autocovariance: exact prediction from any number of steps."""

from __future__ import annotations

import numpy as np

from seqcompare.typing import Floats


def predict_from_all(autocovariance: Floats) -> tuple[Floats, Floats]:
    """Return the best predictions of each step from all before it, by Levinson's and Durbin's recursion.

    Parameters
    ----------
    autocovariance : ndarray of shape (T,)
        Covariances of steps 0..T-1 apart.

    Returns
    -------
    weights : ndarray of shape (T, T)
        Row t has the weights of steps 0..t-1 in the prediction of step t.
    variances : ndarray of shape (T,)
        Variances of what is left.
    """
    length = len(autocovariance)
    weights, variances = np.zeros((length, length)), np.empty(length)
    variances[0] = autocovariance[0]
    by_lag = np.zeros(0)
    for t in range(1, length):
        # the partial autocorrelation: what step 0 adds to steps 1..t-1
        partial = (autocovariance[t] - by_lag @ autocovariance[t - 1 : 0 : -1]) / variances[t - 1]
        by_lag = np.append(by_lag - partial * by_lag[::-1], partial)
        weights[t, :t] = by_lag[::-1]
        variances[t] = variances[t - 1] * (1 - partial**2)
    return weights, variances


def autocovariance_of(coefficients: Floats, variance: float, length: int) -> Floats:
    """Return the autocovariance of an autoregression, shape (length,), by the Yule-Walker equations.

    Parameters
    ----------
    coefficients : ndarray of shape (p,)
        Of the lags 1..p.
    variance : float
        Of what is new in a step.
    length : int
        How many lags, from 0 on.
    """
    p = len(coefficients)
    equations = np.eye(p + 1)
    for k in range(p + 1):
        for j in range(1, p + 1):
            equations[k, abs(k - j)] -= coefficients[j - 1]
    found = np.zeros(max(length, p + 1))
    found[: p + 1] = np.linalg.solve(equations, np.eye(p + 1)[0] * variance)
    for k in range(p + 1, len(found)):
        found[k] = coefficients @ found[k - p : k][::-1]
    return found[:length]
