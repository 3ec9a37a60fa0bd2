"""How well autoregressions of several orders fit, all on the same steps, and which of them to take."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from seqcompare.data.sequences import Sequences
from seqcompare.models.markov.lag_predictions import log_densities
from seqcompare.models.markov.least_squares import as_lags, expected_moments, find_moments, solve
from seqcompare.typing import Floats, Record

# Steps for each number of a step and lag that is tried, so that what is compared is more than the fit to few.
_STEPS_PER_LAG = 8
# Rounds of EM after which a rule of many lags expects about what it would in the end; and those of each order
# from there.
_ROUNDS, _MORE_ROUNDS = 20, 4


def likelihood_rows(
    estimator: Any, sequences: Sequences, orders: list[int], weight: Floats | None = None
) -> list[Record]:
    """Return order, parameters, log-likelihood, AIC and BIC of each order.

    Parameters
    ----------
    estimator : Autoregression (which itself rests on this file)
        Not fitted; its order does not matter.
    sequences : Sequences
        The data.
    orders : list of int
        Sorted. The likelihoods are of the steps with the largest of them before them, given those.
    weight : ndarray of shape (n_steps,), optional
        Of the prediction of each step.
    """
    late = sequences.step_index >= orders[-1]
    if not late.any():
        raise ValueError(
            f"no sequence is longer than the largest order, {orders[-1]}: "
            f"the longest has {sequences.lengths.max()} steps"
        )
    plain = estimator.volatility is None and not np.isnan(sequences.channels).any()
    by = _rows_of_moments if plain else _rows_of_fits
    return by(estimator, sequences, orders, late.astype(np.float64) * (1.0 if weight is None else weight))


def most_lags(n_steps: int, width: int = 1) -> int:
    """Return the largest order that is tried by default: 10 log10(n), but an eighth of n at most.

    Parameters
    ----------
    n_steps : int
        Steps to learn from.
    width : int, default=1
        Numbers in a step, which make as many coefficients more.
    """
    n = max(n_steps, 1) / width
    return int(min(10 * np.log10(max(n, 1)), n / _STEPS_PER_LAG))


def choose_order(estimator: Any, sequences: Sequences, weight: Floats, most: int | None) -> int:
    """Return the order from 0 on that has the best BIC or AIC, whichever the estimator's order is.

    The one (Schwarz 1978, "Estimating the dimension of a model") finds the order of a source that has one;
    the other (Akaike 1974, "A new look at the statistical model identification") takes the more lags the
    more steps there are, which predicts better where no order is right.

    Parameters
    ----------
    estimator : Autoregression
        Its other settings are what is used.
    sequences : Sequences
        The data.
    weight : ndarray of shape (n_steps,)
        Of the prediction of each step.
    most : int, optional
        The largest order; never more than `most_lags` says, nor than leaves a step to learn from.
    """
    counted = sequences.step_index[weight > 0]
    limit = min(most_lags(len(counted), sequences.n_channels), int(counted.max(initial=0)))
    orders = list(range((limit if most is None else min(most, limit)) + 1))
    if len(orders) == 1:
        return 0
    plain = clone(estimator).set_params(season=None, log=False)
    if np.isnan(sequences.channels).any():
        late = sequences.step_index >= orders[-1]
        rows = _rows_of_expected(plain, sequences, orders, late * weight)
    else:
        rows = likelihood_rows(plain, sequences, orders, weight)
    return int(min(rows, key=lambda row: row[estimator.order])["order"])


def _rows_of_moments(estimator: Any, sequences: Sequences, orders: list[int], late: Floats) -> list[Record]:
    """Compare by one pass over the data, since the products of fewer lags are among those of all."""
    moments = find_moments(sequences, late, orders[-1])
    d, rows = sequences.n_channels, []
    for order in orders:
        covariance = solve(moments.lower(order), estimator.ridge)[2]
        nats = -(d * np.log(2 * np.pi * np.e) + np.linalg.slogdet(covariance)[1]) / 2 * moments.total
        rows.append(_row(order, order * d**2 + d + d * (d + 1) // 2, float(nats), moments.total))
    return rows


def _rows_of_expected(estimator: Any, sequences: Sequences, orders: list[int], late: Floats) -> list[Record]:
    """Compare a few rounds of EM from what the largest order expects where steps are missing.

    Likelihoods are exact, of rules that are near their best ones; to fit each order in as many rounds as it
    takes, from the steps without a gap, would last ten times as long.
    """
    d, rows, ridge = sequences.n_channels, [], estimator.ridge
    moments = expected_moments(sequences, late, orders[-1], ridge, _ROUNDS)[0]
    for order in orders:
        lags = as_lags(moments.lower(order), ridge)
        own = expected_moments(sequences, late, order, ridge, _MORE_ROUNDS, lags)[0]
        lags = as_lags(own, ridge)
        nats = log_densities(lags, None, sequences) @ late
        rows.append(_row(order, order * d**2 + d + d * (d + 1) // 2, float(nats), late.sum()))
    return rows


def _rows_of_fits(estimator: Any, sequences: Sequences, orders: list[int], late: Floats) -> list[Record]:
    rows = []
    for order in orders:
        model = (
            clone(estimator).set_params(order=order).fit(sequences, sample_weight=sequences.with_values(late))
        )
        nats = Sequences(model.score_steps(sequences)).values @ late
        rows.append(_row(order, model.n_parameters_, float(nats), late.sum()))
    return rows


def _row(order: int, n_parameters: int, log_likelihood: float, n_steps: float) -> Record:
    return {
        "order": order,
        "n_parameters": n_parameters,
        "log_likelihood": log_likelihood,
        "aic": 2 * n_parameters - 2 * log_likelihood,
        "bic": n_parameters * np.log(n_steps) - 2 * log_likelihood,
    }
