"""Forecasts by the model that `compare` names beside those of statsmodels, from twelve rolling origins.

    python benchmarks/forecasts.py [air] [sunspots]

Each series is compared up to the first origin. From there on the named model and the peers are fitted anew
at each of twelve origins, a step apart, and forecast 12 steps. So is an autoregression of the order with the
best BIC among 1 to 20, as `select_order` finds it, of the logarithm where all numbers are above 0. MASE is
the mean absolute error of all of these over that of the (seasonal) last value, one step ahead, on what was
compared. Peers: AR of the order with the best BIC, with a trend and, for a season, its dummies; exponential
smoothing, of all its additive and multiplicative forms the one with the best AICc; the seasonal last value.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from itertools import product

import numpy as np
import statsmodels.api as sm
from sklearn.base import clone
from statsmodels.tsa.ar_model import AutoReg, ar_select_order
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

import seqcompare

N_ORIGINS, STEPS = 12, 12

# Box and Jenkins (1976), "Time series analysis: forecasting and control", series G: thousands of passengers
# of international airlines by month, 1949 to 1960
AIR = np.fromstring(  # a table of numbers is easier to read than a list
    """
112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133 114 140
145 150 178 163 172 178 199 199 184 162 146 166 171 180 193 181 183 218 230 242 209 191 172 194
196 196 236 235 229 243 264 272 237 211 180 201 204 188 235 227 234 264 302 293 259 229 203 229
242 233 267 269 270 315 364 347 312 274 237 278 284 277 317 313 318 374 413 405 355 306 271 306
315 301 356 348 355 422 465 467 404 347 305 336 340 318 362 348 363 435 491 505 404 359 310 337
360 342 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 508 461 390 432
""",
    sep=" ",
)
SERIES = {
    "air": (lambda: AIR, 12),
    "sunspots": (lambda: sm.datasets.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy(), 1),
}


def peers(period):
    """Return what forecasts a series, by name."""

    def autoregression(x):
        season = {"seasonal": True, "period": period} if period > 1 else {}
        order = ar_select_order(x, 20, ic="bic", trend="ct" if period > 1 else "c", **season)
        return (
            AutoReg(x, order.ar_lags or 0, trend="ct" if period > 1 else "c", **season).fit().forecast(STEPS)
        )

    def smoothing(x):
        kinds = ["add", "mul"] if (x > 0).all() else ["add"]
        seasons = [None, *kinds] if period > 1 else [None]
        fits = []
        for error, trend, damped, season in product(kinds, [None, "add"], [False, True], seasons):
            if damped and trend is None:
                continue
            model = ETSModel(
                x, error=error, trend=trend, damped_trend=damped, seasonal=season, seasonal_periods=period
            )
            fits.append(model.fit(disp=False))
        return min(fits, key=lambda fit: fit.aicc).forecast(STEPS)

    def last_season(x):
        return x[-period:][np.arange(STEPS) % period]

    return {"AR": autoregression, "ETS": smoothing, "seasonal last value": last_season}


def errors(x, first, forecast):
    """Return the mean absolute error of each step ahead, from all origins."""
    origins = range(first, first + N_ORIGINS)
    return np.mean([np.abs(np.asarray(forecast(x[:t])) - x[t : t + STEPS]) for t in origins], axis=0)


def by_bic(compared):
    """Return what the autoregression forecasts whose order has the best BIC on what was compared.

    Of numbers above 0 it is one of their logarithms, whose median is the logarithm of theirs.
    """
    log = bool((compared > 0).all())
    before, after = (np.log, np.exp) if log else (np.asarray, np.asarray)
    order = seqcompare.select_order([before(compared)], range(1, 21), "bic").best_order
    model = seqcompare.Autoregression(order)

    def forecast(past):
        given = [before(past)]
        return after(np.ravel(model.fit(given).forecast(given, STEPS).quantile(0.5)))

    return f"order {order} by BIC{', of the logarithm' if log else ''}", forecast


def run(name):
    """Print the scores of one series."""
    load, period = SERIES[name]
    x = load()
    first = len(x) - STEPS - N_ORIGINS + 1
    with tempfile.TemporaryDirectory() as folder:
        found = seqcompare.compare([x[:first]], out=folder, n_jobs=1)
        model, winner = found.model(), found.verdict()
    print(f"{name}: {winner.sentences[0]}")
    scale = np.abs(x[period:first] - x[: first - period]).mean()

    def named(past):
        return np.ravel(clone(model).fit([past]).forecast([past], STEPS, random_state=0).quantile(0.5))

    by_hand = dict([by_bic(x[:first])])
    for who, forecast in {winner.model or "named": named, **by_hand, **peers(period)}.items():
        by_step = errors(x, first, forecast) / scale
        shown = " ".join(f"{by_step[h - 1]:.3f}" for h in (1, 2, 4, 8, 12))
        print(f"  {who:32s} MASE {by_step.mean():.3f}; 1, 2, 4, 8, 12 steps ahead: {shown}", flush=True)


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in sys.argv[1:] or list(SERIES):
            run(each)
