"""Autoregressions and linear state spaces against statsmodels, one thread, all in one run.

The sides alternate and the least CPU time of each counts. statsmodels takes one series at a time, so that
many sequences are a loop over them for the filters; its autoregression gets one matrix of lags of all of
them, which favours it.

    python benchmarks/real_valued.py [--quick]
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa.ar_model import AutoReg
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.statespace.mlemodel import MLEModel
from threadpoolctl import threadpool_limits

from seqcompare import Autoregression
from seqcompare.models.kalman import linear_gaussian, score_steps

COEFFICIENTS = (1.6, -0.8)


def draw(n, length, seed=0):
    """Return sequences of an autoregression of order 2, shape (n, length)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, length + 100))
    for t in range(2, length + 100):
        x[:, t] += COEFFICIENTS[0] * x[:, t - 1] + COEFFICIENTS[1] * x[:, t - 2]
    return x[:, 100:]


def least_times(sides, repeats):
    """Return the least CPU time of each callable in seconds; they take turns."""
    times = {name: [] for name in sides}
    for _ in range(repeats):
        for name, side in sides.items():
            begin = time.process_time()
            side()
            times[name].append(time.process_time() - begin)
    return {name: min(found) for name, found in times.items()}


def fit_statsmodels(x):
    """Fit an autoregression of order 2 by least squares to one series, or to one matrix of lags of many."""
    if len(x) == 1:
        return AutoReg(x[0], 2).fit().params
    lagged = np.column_stack([np.ones(x[:, 2:].size), x[:, 1:-1].ravel(), x[:, :-2].ravel()])
    return OLS(x[:, 2:].ravel(), lagged).fit().params


class TwoStates(MLEModel):
    """A cycle of two states under noise, with fixed parameters."""

    def __init__(self, series, machine):
        super().__init__(series, k_states=2)
        self["design"], self["transition"] = machine.loading, machine.transition
        self["selection"], self["state_cov"] = np.eye(2), machine.state_noise
        self["obs_cov"] = machine.noise
        self.ssm.initialize_known(machine.start_mean, machine.start_cov)


def two_states():
    """Return a noisy cycle."""
    turn = 0.97 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    return linear_gaussian(
        transition=turn,
        loading=[[1.0, 0.0]],
        offset=[0.0],
        state_noise=np.eye(2) - turn @ turn.T,
        noise=[[1.0]],
        start_mean=np.zeros(2),
        start_cov=np.eye(2),
    )


def compare(name, ours, theirs, repeats):
    """Print the times of both, and how far their answers are apart."""
    apart = np.max(np.abs(np.subtract(ours(), theirs())) / np.maximum(np.abs(theirs()), 1e-300))
    times = least_times({"ours": ours, "theirs": theirs}, repeats)
    share = times["ours"] / times["theirs"]
    print(f"{name:44} {times['ours']:9.4f} {times['theirs']:11.4f} {share:7.3f}  {apart:.0e}", flush=True)


def time_size(n, length):
    """Time fits, exact likelihoods and filters on `n` sequences."""
    machine, model, size = two_states(), Autoregression(2, missing="allow"), f"{n} x {length}"
    x = draw(n, length)
    repeats, offsets = 5 if n == 1 else 3, np.arange(n + 1) * length

    def fit_ours():
        return np.append(model.fit(x).intercept_, model.coef_.ravel())

    compare(f"fit of order 2, {size}", fit_ours, lambda: fit_statsmodels(x), repeats)
    mean = model.intercept_[0] / (1 - model.coef_.sum())
    params = [mean, *model.coef_.ravel(), model.covariance_[0, 0]]
    gone = np.random.default_rng(1).random(x.shape) < 0.2
    for data, words in ((x, ""), (np.where(gone, np.nan, x), ", 20% missing")):
        chains = [ARIMA(row, order=(2, 0, 0)) for row in data]
        filters = [TwoStates(row, machine) for row in data]
        flat = data.reshape(-1, 1)
        likelihood = partial(model.score_samples, data)
        compare(
            f"exact likelihood of order 2, {size}{words}",
            lambda run=likelihood: run().sum(),
            lambda chains=chains: sum(chain.loglike(params) for chain in chains),
            repeats,
        )
        compare(
            f"filter of two states, {size}{words}",
            lambda flat=flat: score_steps(machine, flat, offsets).sum(),
            lambda filters=filters: sum(peer.ssm.loglike() for peer in filters),
            repeats,
        )


def main() -> None:
    """Time small and large data."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the data")
    small = 10 if parser.parse_args().quick else 1
    print(f"{'':44} {'ours, s':>9} {'statsmodels':>11} {'share':>7}  apart")
    with threadpool_limits(1):
        time_size(1000 // small, 100)
        time_size(1, 10**6 // small)


if __name__ == "__main__":
    main()
