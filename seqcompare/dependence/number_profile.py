"""What the past tells of numbers, in bits: by straight lines, by any curve, and of their spread.

Numbers in bins lose most of what they hold as soon as there are several channels. Here a few earlier numbers
are nominated by their partial correlation; then predictions are nested, each with what the one before it
cannot see, and each is worth what it saves on data that it was not fitted to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from seqcompare.data.sequences import Sequences
from seqcompare.dependence.gains import Loss, loss_by_unit, units
from seqcompare.dependence.number_gains import bits_of, boost, ridge, variances
from seqcompare.dependence.number_lags import Tap, lagged, nominate
from seqcompare.dependence.settings import NUMBER_COLUMNS
from seqcompare.threads import one_thread
from seqcompare.typing import Record, Values

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_MOST_CELLS = 40_000
_MOST_INPUTS = 8
_FEWEST_ROWS = 100
_NOTHING = 0.01
"""Bits that are not worth a longer reach."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """What to tell of numbers, and from what.

    Parameters
    ----------
    target : ndarray of shape (n_steps, n_targets)
        Numbers to tell, less what the place, a clock or a drift explains; NaN where nothing is asked.
    sources : ndarray of shape (n_steps, n_channels)
        Numbers to tell it from, without gaps.
    own : bool
        Whether they are the same numbers.
    X : Sequences
        For the bounds.
    groups : ndarray of shape (n,) or None
        Sequences that stay in one fold.
    bias : float
        Partial correlations that come of what was taken away.
    """

    target: Floats
    sources: Floats
    own: bool
    X: Sequences
    groups: Values | None = None
    bias: float = 0.0


@dataclass(frozen=True, eq=False)
class NumberProfile:
    """What was found.

    Parameters
    ----------
    table : DataFrame
        A row for each channel and part that tells; see `Profile.numbers`.
    """

    table: pd.DataFrame

    @property
    def gain(self) -> float:
        """Bits a step of all channels together; each is a prediction of its own."""
        return float(self.table["bits"].sum())

    @property
    def error(self) -> float:
        """Standard error of the gain."""
        return float(np.sqrt((self.table["error"] ** 2).sum()))

    @property
    def timescale(self) -> float:
        """Mean distance in steps of what is told, each part weighed by its bits."""
        return float(np.average(self.table["distance"], weights=self.table["bits"]))

    def lags(self, *parts: str) -> list[int]:
        """Return all lags that tell, in these parts; where a curve tells, a straight line is out of date."""
        curved = self.table.loc[self.table["part"] == "shape", "channel"]
        replaced = (self.table["part"] == "level") & self.table["channel"].isin(curved)
        chosen = self.table[self.table["part"].isin(parts) & ~replaced]
        return sorted({lag for lags in chosen["lags"] for lag in lags})


def profile_numbers(numbers: Numbers, max_lag: int, share: float, seed: int) -> NumberProfile:
    """Find which earlier numbers tell of each channel, and how much.

    Three predictions are nested. *level*: ridge regression on the lags that partial correlations nominate.
    *shape*: what gradient-boosted trees add to it, given these lags, those whose distance from the middle
    tells, and the nearest step. *spread*: what the variance, as a sum of earlier squares, adds.

    Parameters
    ----------
    numbers : Numbers
        What is asked.
    max_lag : int
        The largest lag.
    share : float
        Data sets without dependence in which anything is named.
    seed : int
        Of folds.

    References
    ----------
    J. H. Friedman, "Greedy function approximation: a gradient boosting machine" (2001); R. F. Engle,
    "Autoregressive conditional heteroscedasticity with estimates of the variance of United Kingdom
    inflation" (1982).
    """
    fold, unit = units(numbers.X, numbers.groups, seed)
    lags = np.arange(1 if numbers.own else 0, min(max_lag, int(numbers.X.lengths.max()) - 1) + 1)
    n_targets = numbers.target.shape[1]
    rows: list[Record] = []
    if fold.max() > 0 and len(lags):
        with one_thread():
            for channel in range(n_targets):
                rows += _tell(numbers, channel, lags, fold, unit, share / n_targets)
    return NumberProfile(pd.DataFrame(rows, columns=NUMBER_COLUMNS))


def _tell(numbers: Numbers, channel: int, lags: Ints, fold: Ints, unit: Ints, share: float) -> list[Record]:
    """Return a row for each part that tells of one channel."""
    target, sources = numbers.target[:, channel], numbers.sources
    room = numbers.X.step_index
    if np.isfinite(target).sum() < _FEWEST_ROWS or np.nanstd(target) == 0:
        return []
    level = nominate(target, sources, room, lags, share / 2, numbers.bias)
    # what is far from the middle, to either side
    distance = np.abs(sources - np.median(sources, axis=0))
    left = _left(target, level, numbers)
    bent = nominate(left, distance, room, lags, share / 4, numbers.bias)
    # a product of two numbers shows in neither of them, and in how far off a line is
    bent += [tap for tap in nominate(np.abs(left), distance, room, lags, share / 4) if tap not in bent]
    inputs = list(dict.fromkeys([*level, *bent]))[:_MOST_INPUTS]
    nearest = Tap(channel, int(lags[0])) if numbers.own else None
    if nearest is not None and nearest not in inputs:
        inputs.append(nearest)
    deepest = max((tap.lag for tap in [*level, *inputs]), default=0)
    at = np.flatnonzero(np.isfinite(target) & (room >= deepest))
    if len(at) < _FEWEST_ROWS or len(np.unique(fold[at])) < 2:
        return []
    y, part = target[at], fold[at]

    def loss(bits: Floats) -> Loss:
        return loss_by_unit(bits, unit[at])

    def row(name: str, taps: list[Tap], before: Loss, after: Loss) -> Record:
        gain, error = after.gain_over(before)
        p = float(student.sf(gain / error, max(1, len(after.bits) - 1))) if error > 0 else float(gain <= 0)
        names = sorted({tap.channel for tap in taps})
        told = sorted({tap.lag for tap in taps})
        found = (channel, name, names, told, gain, error, p, float(np.mean(told)))
        return dict(zip(NUMBER_COLUMNS, found, strict=True))

    rows = []
    errors = y - ridge(np.zeros((len(y), 0)), y, part)
    known = loss(bits_of(errors))
    if level:
        left = y - ridge(lagged(sources, level, at), y, part)
        after = loss(bits_of(left))
        rows.append(row("level", level, known, after))
        # two slow series that have nothing to do with each other are correlated, but not in parts left out
        if rows[-1]["bits"] > 0 and (numbers.own or rows[-1]["p"] <= share):
            rows[-1]["distance"] = _distance(sources, level, at, y, part)
            errors, known = left, after
        else:
            rows.pop()
    most = max(_FEWEST_ROWS, _MOST_CELLS // numbers.target.shape[1])
    if inputs and (bent or rows or numbers.target.shape[1] == 1):
        straight = level if rows else []

        def curve(lag: int) -> Floats:
            """Return what a line and trees leave that see up to this lag."""
            line = [tap for tap in straight if tap.lag <= lag]
            left = y - ridge(lagged(sources, line, at), y, part)
            near = [tap for tap in inputs if tap.lag <= lag]
            return left - boost(lagged(sources, near, at), left, part, most)

        left = curve(deepest)
        after = loss(bits_of(left))
        found = row("shape", inputs, known, after)
        if found["p"] <= share / 4:
            # with the curve, farther steps may have nothing left to tell
            for lag in sorted({tap.lag for tap in inputs})[:-1]:
                less = curve(lag)
                lost, error = after.gain_over(loss(bits_of(less)))
                if lost <= max(_NOTHING, 2 * error):
                    left, after = less, loss(bits_of(less))
                    found = row("shape", [tap for tap in inputs if tap.lag <= lag], known, after)
                    break
            rows.append(found)
            errors, known = left, after
    whole = np.zeros(len(target))
    if numbers.own:
        # of what is told from other numbers, earlier errors are not known when it is asked for
        whole[at] = errors
    signs = np.column_stack([distance, np.abs(whole)] if numbers.own else [distance])
    size = np.full(len(target), np.nan)
    size[at] = np.abs(errors)
    loud = nominate(size, signs, room, lags[lags > 0], share / 4)
    loud = [tap for tap in loud if tap.lag <= room[at].max()]
    if loud:
        scale = np.sqrt(variances(errors, whole, signs, loud, at, numbers.X, part))
        found = row("spread", _named(loud, channel, sources.shape[1]), known, loss(bits_of(errors, scale)))
        if found["p"] <= share / 4:
            rows.append(found)
    return rows


def _distance(sources: Floats, taps: list[Tap], at: Ints, y: Floats, fold: Ints) -> float:
    """Return how far back lies what taps tell on average, by what each lag adds to those nearer than it."""
    lags = sorted({tap.lag for tap in taps})
    left = [float(((y - ridge(np.zeros((len(y), 0)), y, fold)) ** 2).mean())]
    for lag in lags:
        nearer = lagged(sources, [tap for tap in taps if tap.lag <= lag], at)
        left.append(float(((y - ridge(nearer, y, fold)) ** 2).mean()))
    worth = np.maximum(-np.diff(np.log(np.maximum(left, 1e-300))), 0)
    return float(np.average(lags, weights=worth)) if worth.sum() > 0 else float(np.mean(lags))


def _named(taps: list[Tap], channel: int, n_channels: int) -> list[Tap]:
    """Return taps in which a channel's own errors have its number."""
    return [Tap(channel if tap.channel == n_channels else tap.channel, tap.lag) for tap in taps]


def _left(target: Floats, taps: list[Tap], numbers: Numbers) -> Floats:
    """Return what least squares on the taps leaves; NaN before the first step that has them all."""
    left = np.full(len(target), np.nan)
    deepest = max((tap.lag for tap in taps), default=0)
    at = np.flatnonzero(np.isfinite(target) & (numbers.X.step_index >= deepest))
    inputs = np.column_stack([np.ones(len(at)), lagged(numbers.sources, taps, at)])
    left[at] = target[at] - inputs @ np.linalg.lstsq(inputs, target[at], rcond=None)[0]
    return left
