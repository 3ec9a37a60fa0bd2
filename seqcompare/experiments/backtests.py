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
#: How far forecasts reach, and the longest season that they reach to the end of.
_AHEAD, _LONGEST_SEASON = 12, 24
#: Past steps that a forecast is told, and that a fan is shown behind.
_MOST_PAST, _SHOWN_PAST, _SHOWN_CHANNELS = 500, 36, 3
_LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)


def furthest_ahead(longest: int, period: int = 1, asked: int | None = None) -> int:
    """Return how many steps forecasts reach: those asked for, else 12 or the steps of a season of up to 24.

    Parameters
    ----------
    longest : int
        Steps of the longest sequence that is tested; what nobody asked for is no more than half of them.
    period : int, default=1
        Steps of a season.
    asked : int, optional
        What was asked for.
    """
    if asked is not None:
        return max(min(asked, longest), 1)
    return min(period if _AHEAD < period <= _LONGEST_SEASON else _AHEAD, max(longest // 2, 1))


def steps_shown(furthest: int) -> list[int]:
    """Return 1, 2, 4, ... and the furthest step."""
    return [*(2**k for k in range(furthest.bit_length()) if 2**k < furthest), furthest]


def backtest(
    model: Any,
    asked: SequenceDataset,
    naive: Floats,
    names: list[str],
    period: int = 1,
    ahead: int | None = None,
) -> Record:
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
    names : list of str
        What the channels are called.
    period, ahead : int, optional
        Steps of a season, and how many forecasts are to reach; see `furthest_ahead`.

    Returns
    -------
    dict
        ``origins``: for each point the CRPS of every step after it, in units of `naive`, the mean over
        channels; None where nothing came. ``ahead``: for each channel and steps ahead (channel, steps,
        forecasts, MASE, CRPS, share in the central intervals of 50% and of 95%). ``fan``: (channel, steps
        after the origin, truth, mean, quantiles) of the longest sequence's last forecast, with the steps
        before it.
    """
    if not hasattr(model, "forecast") or asked.X.kind != "real":
        return {}
    X, told = asked.X, steps_told(asked)
    furthest = furthest_ahead(int((X.lengths - told).max()), period, ahead)
    told = np.where(told > 0, told, (X.lengths + 1) // 2)
    owner, at = _origins(X, told, furthest)
    if not len(at):
        return {}
    past = [X[i][max(0, t - _MOST_PAST) : t] for i, t in zip(owner, at, strict=True)]
    given = Sequences(np.concatenate(past), offsets_of([len(x) for x in past]))
    found = model.forecast(given, furthest, random_state=0)
    came = _what_came(X, owner, at, furthest)
    # of plain numbers the axis of channels is not there
    mean = np.reshape(found.mean, came.shape)
    quantiles = np.reshape(found.quantile(_LEVELS), (len(_LEVELS), *came.shape))
    crps = _crps(found, came)
    rows = []
    for place, name in enumerate(names):
        for h in steps_shown(furthest):
            truth = came[:, h - 1, place]
            known = np.isfinite(truth)
            if not known.any():
                continue
            truth, q = truth[known], quantiles[:, known, h - 1, place]
            off = float(np.abs(q[2] - truth).mean())
            scaled = off / naive[place] if naive[place] > 0 else float("nan")
            inside = [float(((truth >= q[k]) & (truth <= q[-1 - k])).mean()) for k in (1, 0)]
            rows.append([name, h, int(known.sum()), scaled, float(crps[known, h - 1, place].mean()), *inside])
    last = int(np.argmax(at)) if len(X) == 1 else int(np.lexsort((at, X.lengths[owner]))[-1])
    series, start = X[int(owner[last])], int(at[last])
    fan = _fan(series, start, mean[last], quantiles[:, last], came[last], names)
    return {"origins": _in_naive_errors(crps, naive), "ahead": rows, "fan": fan}


def _in_naive_errors(crps: Floats, naive: Floats) -> list[list[float | None]]:
    """Return the mean over channels of what is known, each in units of its naive error."""
    scaled = crps / np.where(naive > 0, naive, 1.0)
    known = ~np.isnan(scaled)
    total, n = np.where(known, scaled, 0.0).sum(axis=2), known.sum(axis=2)
    mean = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    return [[_plain(value) for value in row] for row in mean]


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
    """Return the CRPS of what came, NaN where nothing did; infinite where a forecast is no number."""
    known = np.isfinite(came)
    asked = np.where(known, came, 0.0)
    score = np.reshape(found.crps(asked[..., 0] if found.event_shape == () else asked), came.shape)
    return np.where(known, np.where(np.isnan(score), np.inf, score), np.nan)


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
