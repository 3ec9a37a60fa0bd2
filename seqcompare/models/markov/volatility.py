"""Variance that follows from past squares: ARCH and GARCH, channel by channel, fitted by likelihood.

With e the errors of a prediction of the mean, the variance of the next one is

    s2[t] = level + sum over j of shock[j-1] e[t-j]^2 + persistence s2[t-1]

Engle (1982), "Autoregressive conditional heteroscedasticity"; Bollerslev (1986), "Generalized autoregressive
conditional heteroskedasticity". Channels keep a constant correlation (Bollerslev 1990).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax

from seqcompare.typing import Floats, Ints


class Volatility(NamedTuple):
    """How the variances of d channels follow from q past squares each."""

    level: Floats
    """Shape (d,)."""
    shock: Floats
    """Weights of the squares 1..q steps back, shape (d, q)."""
    persistence: Floats
    """Weight of the last variance, shape (d,); 0 for ARCH."""
    correlation: Floats
    """Of the channels' errors, shape (d, d)."""

    @property
    def long_run(self) -> Floats:
        """Mean variance of each channel, shape (d,)."""
        return self.level / (1 - self.shock.sum(axis=1) - self.persistence)


def find_variances(
    volatility: Volatility, errors: Floats, offsets: NDArray[np.int64], order: int
) -> tuple[Floats, Floats]:
    """Return the variance of each step, and of the one after it.

    Parameters
    ----------
    volatility : Volatility
        The rule.
    errors : ndarray of shape (n_steps, d)
        Errors of the predicted means.
    offsets : ndarray of int64, shape (n + 1,)
        Where sequences begin.
    order : int
        The first so many errors of a sequence tell nothing, as they are not those of full predictions: until
        then the variance is that of the long run.

    Returns
    -------
    now, ahead : ndarray of shape (n_steps, d)
    """
    now, ahead = np.empty_like(errors), np.empty_like(errors)
    for c in range(errors.shape[1]):
        _run(
            errors[:, c] ** 2,
            offsets,
            order,
            volatility.level[c],
            volatility.shock[c],
            volatility.persistence[c],
            volatility.long_run[c],
            now[:, c],
            ahead[:, c],
        )
    return now, ahead


def fit_volatility(
    errors: Floats,
    weight: Floats,
    offsets: NDArray[np.int64],
    order: int,
    *,
    garch: bool,
    n_lags: int,
    least: Floats,
) -> Volatility:
    """Fit the rule to errors by their likelihood, each channel by itself.

    Parameters
    ----------
    errors, offsets, order
        See `find_variances`.
    weight : ndarray of shape (n_steps,) or (n_steps, d)
        Weights of steps, or of each number; those of the first `order` steps count as 0.
    garch : bool
        Whether the last variance has a weight.
    n_lags : int
        How many squares have one.
    least : ndarray of shape (d,)
        No variance is smaller.
    """
    each = np.broadcast_to(weight.reshape(len(errors), -1), errors.shape)
    parts = [
        _fit_channel(
            np.ascontiguousarray(channel),
            np.ascontiguousarray(shares),
            offsets,
            order,
            garch=garch,
            n_lags=n_lags,
            least=of_one,
        )
        for channel, shares, of_one in zip(errors.T, each.T, least, strict=True)
    ]
    level, shock, persistence = (np.array(part) for part in zip(*parts, strict=True))
    rule = Volatility(np.maximum(level, least), shock, persistence, np.eye(errors.shape[1]))
    now, _ = find_variances(rule, errors, offsets, order)
    unit = errors / np.sqrt(now)
    second = (unit * each.min(axis=1)[:, np.newaxis]).T @ unit
    size = np.sqrt(np.maximum(np.diag(second), 1e-300))
    np.fill_diagonal(second, size**2)
    return rule._replace(correlation=second / np.outer(size, size))


def loss_and_gradient(
    theta: Floats, squares: Floats, weight: Floats, offsets: NDArray[np.int64], order: int, n_lags: int
) -> tuple[float, Floats]:
    """Return minus the mean log-density of errors in nats, and its gradient.

    Parameters
    ----------
    theta : ndarray of shape (2 + n_lags,) or (3 + n_lags,)
        Logarithm of the long-run variance, then logits of what makes it up: nothing but the level, the
        squares, and for GARCH the last variance. So every theta is a rule with a long run.
    squares : ndarray of shape (n_steps,)
        Squared errors.
    weight, offsets, order, n_lags
        See `fit_volatility`.
    """
    long_run, share = np.exp(theta[0]), softmax(theta[1:])
    persistence = share[1 + n_lags] if len(share) > 1 + n_lags else 0.0
    by_share = np.zeros(2 + n_lags)  # of the long-run variance, the squares' weights, and persistence
    loss = _loss(squares, weight, offsets, order, long_run, share[1 : 1 + n_lags], persistence, by_share)
    slope = np.zeros(len(share))
    slope[1:] = by_share[1 : len(share)]
    gradient = np.concatenate([[by_share[0] * long_run], share * (slope - share @ slope)])
    return loss, gradient


def _fit_channel(
    errors: Floats,
    weight: Floats,
    offsets: NDArray[np.int64],
    order: int,
    *,
    garch: bool,
    n_lags: int,
    least: float,
) -> tuple[float, Floats, float]:
    squares = errors**2
    # in units of the errors, so that the search does not depend on those of the data
    unit = max(float(np.average(squares, weights=weight)), least)
    if garch:
        shares = np.array([0.05, *[0.1 / n_lags] * n_lags, 0.85])
    else:
        shares = np.array([0.6, *[0.4 / n_lags] * n_lags])
    found = minimize(
        loss_and_gradient,
        np.concatenate([[0.0], np.log(shares)]),
        args=(squares / unit, weight, offsets, order, n_lags),
        jac=True,
        method="L-BFGS-B",
        # beyond these shares a weight is as good as 0; of the long run no more is left than of a unit root
        bounds=[(-20, 20)] + [(-16, 16)] * len(shares),
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8},
    )
    share = softmax(found.x[1:])
    long_run = float(np.exp(found.x[0]) * unit)
    if long_run <= least:
        return least, np.zeros(n_lags), 0.0
    level = long_run * share[0]
    return level, share[1 : 1 + n_lags], float(share[1 + n_lags]) if garch else 0.0


@njit(cache=True)
def _run(
    squares: Floats,
    offsets: Ints,
    order: int,
    level: float,
    shock: Floats,
    persistence: float,
    long_run: float,
    now: Floats,
    ahead: Floats,
) -> None:
    for s in range(len(offsets) - 1):
        first = min(offsets[s] + order, offsets[s + 1])
        now[offsets[s] : first] = long_run
        # the error just before the first full prediction is as unknown as those before the start
        ahead[offsets[s] : first] = long_run
        variance = long_run
        for t in range(first, offsets[s + 1]):
            now[t] = variance
            variance = level + persistence * variance
            for j in range(len(shock)):
                variance += shock[j] * (squares[t - j] if t - j >= first else long_run)
            ahead[t] = variance


@njit(cache=True)
def _loss(
    squares: Floats,
    weight: Floats,
    offsets: Ints,
    order: int,
    long_run: float,
    shock: Floats,
    persistence: float,
    gradient: Floats,
) -> float:
    q = len(shock)
    slope, moved = np.zeros(q + 2), np.zeros(q + 2)
    loss, total = 0.0, 0.0
    gradient[:] = 0
    rest = 1 - persistence
    for j in range(q):
        rest -= shock[j]
    for s in range(len(offsets) - 1):
        first = offsets[s] + order
        variance = long_run
        slope[:] = 0
        slope[0] = 1
        for t in range(first, offsets[s + 1]):
            loss += weight[t] * (np.log(2 * np.pi * variance) + squares[t] / variance) / 2
            total += weight[t]
            by_variance = weight[t] * (1 - squares[t] / variance) / (2 * variance)
            for i in range(q + 2):
                gradient[i] += by_variance * slope[i]
                moved[i] = persistence * slope[i]
            # the level is what of the long run the others leave over
            moved[0] += rest
            moved[q + 1] += variance - long_run
            following = rest * long_run + persistence * variance
            for j in range(q):
                if t - j >= first:
                    square = squares[t - j]
                else:
                    square = long_run
                    moved[0] += shock[j]
                following += shock[j] * square
                moved[1 + j] += square - long_run
            variance = following
            slope[:] = moved
    for i in range(q + 2):
        gradient[i] /= total
    return loss / total
