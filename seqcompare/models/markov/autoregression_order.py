"""How well autoregressions of several orders fit, all on the same steps."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from seqcompare.data.sequences import Sequences
from seqcompare.models.markov.autoregression import Autoregression
from seqcompare.models.markov.least_squares import find_moments, solve
from seqcompare.typing import Floats, Record


def likelihood_rows(estimator: Autoregression, sequences: Sequences, orders: list[int]) -> list[Record]:
    """Return order, parameters, log-likelihood, AIC and BIC of each order.

    Parameters
    ----------
    estimator : Autoregression
        Not fitted; its order does not matter.
    sequences : Sequences
        The data.
    orders : list of int
        Sorted. The likelihoods are of the steps with the largest of them before them, given those.
    """
    late = sequences.step_index >= orders[-1]
    if not late.any():
        raise ValueError(
            f"no sequence is longer than the largest order, {orders[-1]}: "
            f"the longest has {sequences.lengths.max()} steps"
        )
    plain = estimator.volatility is None and not np.isnan(sequences.channels).any()
    by = _rows_of_moments if plain else _rows_of_fits
    return by(estimator, sequences, orders, late.astype(np.float64))


def _rows_of_moments(
    estimator: Autoregression, sequences: Sequences, orders: list[int], late: Floats
) -> list[Record]:
    """Compare by one pass over the data, since the products of fewer lags are among those of all."""
    moments = find_moments(sequences, late, orders[-1])
    d, rows = sequences.n_channels, []
    for order in orders:
        covariance = solve(moments.lower(order), estimator.ridge)[2]
        nats = -(d * np.log(2 * np.pi * np.e) + np.linalg.slogdet(covariance)[1]) / 2 * moments.total
        rows.append(_row(order, order * d**2 + d + d * (d + 1) // 2, float(nats), moments.total))
    return rows


def _rows_of_fits(
    estimator: Autoregression, sequences: Sequences, orders: list[int], late: Floats
) -> list[Record]:
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
