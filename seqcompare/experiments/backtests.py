"""Backtests: forecasts from points of what is tested, held against what came 1, 2, 4, ... steps later."""

from __future__ import annotations

from typing import Any

import numpy as np

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.experiments.answer import steps_told
from seqcompare.models.distributions.base import Distribution
from seqcompare.typing import Floats, Ints, Record

#: Points that forecasts start from.
N_ORIGINS = 12
#: Steps ahead, and of a season of at least so many.
_AHEAD, _AHEAD_OF_A_SEASON = 8, 16
#: Past steps that a forecast is told, and that a fan is shown behind.
_MOST_PAST, _SHOWN_PAST, _SHOWN_CHANNELS = 500, 36, 3
_LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)


def steps_ahead(longest: int, period: int = 1) -> list[int]:
    """Return 1, 2, 4, ...: up to half of the longest sequence that is tested, and to eight steps or sixteen.

    Parameters
    ----------
    longest : int
        Its steps.
    period : int, default=1
        Steps of a season; from eight on, forecasts reach up to sixteen steps.
    """
    limit = min(_AHEAD_OF_A_SEASON if period >= _AHEAD else _AHEAD, max(longest // 2, 1))
    return [2**k for k in range(limit.bit_length()) if 2**k <= limit]


def backtest(model: Any, asked: SequenceDataset, naive: Floats, period: int, names: list[str]) -> Record:
    """Return how far off forecasts were, by the steps ahead, and the last one whole.

    Parameters
    ----------
    model : density over numbers
        A fitted one; without ``forecast`` nothing is returned.
    asked : SequenceDataset
        What is tested. Forecasts start after the steps of weight 0 that a sequence begins with, its past;
        where nothing is told of that, from its second half on.
    naive : ndarray of shape (d,)
        Mean absolute error of the (seasonal) last value on the training part, one step ahead.
    period : int
        Steps of a season.
    names : list of str
        What the channels are called.

    Returns
    -------
    dict
        ``ahead``: for each channel and steps ahead (channel, steps, forecasts, MASE, CRPS, share in the
        central intervals of 50% and of 95%); ``fan``: (channel, steps after the origin, truth, mean,
        quantiles) of the longest sequence's last forecast, with the steps before it.
    """
    if not hasattr(model, "forecast") or asked.X.kind != "real":
        return {}
    X, told = asked.X, steps_told(asked)
    ahead = steps_ahead(int((X.lengths - told).max()), period)
    told = np.where(told > 0, told, (X.lengths + 1) // 2)
    owner, at = _origins(X, told, ahead[-1])
    if not len(at):
        return {}
    past = [X[i][max(0, t - _MOST_PAST) : t] for i, t in zip(owner, at, strict=True)]
    given = Sequences(np.concatenate(past), offsets_of([len(x) for x in past]))
    found = model.forecast(given, ahead[-1], random_state=0)
    came = _what_came(X, owner, at, ahead[-1])
    # of plain numbers the axis of channels is not there
    mean = np.reshape(found.mean, came.shape)
    quantiles = np.reshape(found.quantile(_LEVELS), (len(_LEVELS), *came.shape))
    rows = []
    for place, name in enumerate(names):
        for h in ahead:
            truth = came[:, h - 1, place]
            known = np.isfinite(truth)
            if not known.any():
                continue
            truth, q = truth[known], quantiles[:, known, h - 1, place]
            off = float(np.abs(q[2] - truth).mean())
            scaled = off / naive[place] if naive[place] > 0 else float("nan")
            crps = float(_crps(found[:, h - 1], came[:, h - 1])[known, place].mean())
            inside = [float(((truth >= q[k]) & (truth <= q[-1 - k])).mean()) for k in (1, 0)]
            rows.append([name, h, int(known.sum()), scaled, crps, *inside])
    last = int(np.argmax(at)) if len(X) == 1 else int(np.lexsort((at, X.lengths[owner]))[-1])
    series, start = X[int(owner[last])], int(at[last])
    return {"ahead": rows, "fan": _fan(series, start, mean[last], quantiles[:, last], came[last], names)}


def _origins(X: Sequences, told: Ints, furthest: int) -> tuple[Ints, Ints]:
    """Return sequences and steps that forecasts start before, evenly over all that leave room for one."""
    room = [np.arange(max(a, 1), max(n - furthest, a) + 1) for a, n in zip(told, X.lengths, strict=True)]
    owner = np.repeat(np.arange(len(X)), [len(each) for each in room])
    at = np.concatenate(room)
    left = at < X.lengths[owner]
    owner, at = owner[left], at[left]
    chosen = np.unique(np.linspace(0, len(at) - 1, min(N_ORIGINS, len(at))).astype(np.int64))
    return owner[chosen], at[chosen]


def _what_came(X: Sequences, owner: Ints, at: Ints, n: int) -> Floats:
    """Return the steps after each origin, NaN beyond the end, shape (n_origins, n, d)."""
    x = X.channels.astype(np.float64)
    came = np.full((len(at), n, x.shape[1]), np.nan)
    for k, (i, t) in enumerate(zip(owner, at, strict=True)):
        stop = min(t + n, X.lengths[i])
        came[k, : stop - t] = x[X.offsets[i] + t : X.offsets[i] + stop]
    return came


def _crps(found: Distribution, came: Floats) -> Floats:
    asked = np.where(np.isfinite(came), came, 0.0)
    return np.reshape(found.crps(asked[:, 0] if found.event_shape == () else asked), came.shape)


def _fan(x: Any, at: int, mean: Floats, quantiles: Floats, came: Floats, names: list[str]) -> list[list[Any]]:
    shown = x.reshape(len(x), -1)[max(0, at - _SHOWN_PAST) : at].astype(np.float64)
    rows: list[list[Any]] = []
    for c, name in enumerate(names[:_SHOWN_CHANNELS]):
        for t, value in enumerate(shown[:, c]):
            rows.append([name, t + 1 - len(shown), _plain(value), None, None, None, None, None])
        for h in range(len(mean)):
            q = [float(quantiles[k, h, c]) for k in (0, 1, 3, 4)]
            rows.append([name, h + 1, _plain(came[h, c]), float(mean[h, c]), *q])
    return rows


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
