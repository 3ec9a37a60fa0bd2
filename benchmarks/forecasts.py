"""Forecasts by the models that `compare` names beside those of statsmodels, from twelve rolling origins.

    python benchmarks/forecasts.py [air] [sunspots] [co2] [nile] [elnino] [unemployment] [season] ...

Each series is compared up to the first origin, by all families or those that `--models A,B` names. From there
on the model that backtests name to forecast by, that for the next step, and the peers are fitted anew at each
of twelve origins, a step apart, and forecast 12 steps. MASE is the mean absolute error of all of these over
that of the (seasonal) last value, one step ahead, on what was compared. Peers: AR of the order with the best
BIC, with a trend and, for a season, its dummies; exponential smoothing, of all its additive and
multiplicative forms the one with the best AICc at the first origin; the seasonal last value. The rules of
the package were made with the first two series at hand; the others, five of statsmodels and three that are
drawn (a season of 12 with noise, a trend with AR(1) noise, a random walk), were kept aside.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from functools import partial
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


def _noise(phi, n):
    rng, x = np.random.default_rng(7), np.zeros(n)
    for t in range(1, n):
        x[t] = phi * x[t - 1] + rng.normal()
    return x


def _co2():
    return sm.datasets.co2.load_pandas().data["co2"].resample("MS").mean().interpolate().to_numpy()


def _elnino():
    return sm.datasets.elnino.load_pandas().data.drop(columns="YEAR").to_numpy().ravel()


def _macro(name):
    return lambda: sm.datasets.macrodata.load_pandas().data[name].to_numpy()


_TURN = np.arange(240) % 12
SERIES = {
    "air": (lambda: AIR, 12),
    "sunspots": (lambda: sm.datasets.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy(), 1),
    "co2": (_co2, 12),
    "nile": (lambda: sm.datasets.nile.load_pandas().data["volume"].to_numpy(), 1),
    "elnino": (_elnino, 12),
    "unemployment": (_macro("unemp"), 1),
    "inflation": (_macro("infl"), 1),
    "season": (lambda: 10 + 3 * np.sin(np.pi * _TURN / 6) + 2 * (_TURN == 3) + _noise(0.0, 240), 12),
    "trend": (lambda: 0.1 * np.arange(200) + _noise(0.5, 200), 1),
    "walk": (lambda: _noise(1.0, 300), 1),
}


def peers(period):
    """Return what forecasts a series, by name."""

    def autoregression(x):
        season = {"seasonal": True, "period": period} if period > 1 else {}
        order = ar_select_order(x, 20, ic="bic", trend="ct" if period > 1 else "c", **season)
        return (
            AutoReg(x, order.ar_lags or 0, trend="ct" if period > 1 else "c", **season).fit().forecast(STEPS)
        )

    chosen = {}

    def smoothed(x, error, trend, damped, season):
        model = ETSModel(
            x, error=error, trend=trend, damped_trend=damped, seasonal=season, seasonal_periods=period
        )
        return model.fit(disp=False)

    def smoothing(x):
        kinds = ["add", "mul"] if (x > 0).all() else ["add"]
        seasons = [None, *kinds] if period > 1 else [None]
        forms = product(kinds, [(None, False), ("add", False), ("add", True)], seasons)
        if not chosen:
            fits = {f: smoothed(x, f[0], *f[1], f[2]) for f in forms}
            chosen["form"] = min(fits, key=lambda f: fits[f].aicc)
        error, trend, season = chosen["form"]
        return smoothed(x, error, *trend, season).forecast(STEPS)

    def last_season(x):
        return x[-period:][np.arange(STEPS) % period]

    return {"AR": autoregression, "ETS": smoothing, "seasonal last value": last_season}


def errors(x, first, forecast):
    """Return the mean absolute error of each step ahead, from all origins."""
    origins = range(first, first + N_ORIGINS)
    return np.mean([np.abs(np.asarray(forecast(x[:t])) - x[t : t + STEPS]) for t in origins], axis=0)


def run(name, models):
    """Print the scores of one series."""
    load, period = SERIES[name]
    x = load()
    first = len(x) - STEPS - N_ORIGINS + 1
    with tempfile.TemporaryDirectory() as folder:
        found = seqcompare.compare([x[:first]], models, out=folder, budget=None, n_jobs=1)
        named = found.answer().forecaster
        models = {f"forecaster: {named.candidate}": found.forecaster()}
        if named.rival is not None and (found.folder / "model.skops").is_file():
            models[f"next step: {named.rival['candidate']}"] = found.model()
    print(f"{name}: {found.verdict().sentences[0]}")
    scale = np.abs(x[period:first] - x[: first - period]).mean()

    def median(model, past):
        return np.ravel(clone(model).fit([past]).forecast([past], STEPS, random_state=0).quantile(0.5))

    for who, forecast in {**{k: partial(median, m) for k, m in models.items()}, **peers(period)}.items():
        by_step = errors(x, first, forecast) / scale
        shown = " ".join(f"{by_step[h - 1]:.3f}" for h in (1, 2, 4, 8, 12))
        print(f"  {who:32s} MASE {by_step.mean():.3f}; 1, 2, 4, 8, 12 steps ahead: {shown}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("series", nargs="*", choices=[*SERIES, []], default=[])
    parser.add_argument("--models", type=lambda text: text.split(","))
    asked = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in asked.series or SERIES:
            run(each, asked.models)
