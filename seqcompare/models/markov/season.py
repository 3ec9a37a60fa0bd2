"""Autoregressions of what has changed since the season before, or since the mean of several."""

from __future__ import annotations

import numpy as np

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.models.markov.lag_predictions import channels_of
from seqcompare.models.markov.lags import Lags
from seqcompare.models.markov.least_squares import find_level
from seqcompare.typing import Floats


def seasons_able(sequences: Sequences, season: int, seasons: int) -> int:
    """Return of how many seasons to take the mean: no more than half of the longest sequence has, and one."""
    return max(min(seasons, int(sequences.lengths.max()) // (2 * season)), 1)


def since_season(
    sequences: Sequences, season: int | None, seasons: int, weight: Floats
) -> tuple[Sequences, Floats]:
    """Return what changed since the mean of some seasons before, of steps that have as many, and the weights.

    Without a season that is what is given.

    Raises
    ------
    ValueError
        If no sequence is longer than these.
    """
    if season is None:
        return sequences, weight
    seasons = seasons_able(sequences, season, seasons)
    span = season * seasons
    rows = np.flatnonzero(sequences.step_index >= span)
    if not len(rows):
        longest = int(sequences.lengths.max())
        raise ValueError(
            f"no step to learn from: a season of {span} needs a sequence of at least {span + 1} steps; "
            f"the longest has {longest} step(s) ({longest} feature(s) in an array)"
        )
    kept = sequences.lengths[sequences.lengths > span] - span
    x = sequences.values.astype(np.float64)
    before = sum(x[rows - k * season] for k in range(1, seasons + 1)) / seasons
    return Sequences(x[rows] - before, offsets_of(kept)), weight[rows]


def add_season(
    lags: Lags, sequences: Sequences, weight: Floats, season: int, seasons: int, n_changes: float
) -> Lags:
    """Return the rule of the steps, given that of their changes: (1 - phi(B)) (1 - S(B)) x = c + e.

    S(B) is the mean of B^season, B^(2 season), ..., for as many seasons. See Box and Jenkins (1976), "Time
    series analysis: forecasting and control", chapter 9.

    Parameters
    ----------
    lags : Lags
        Of what changed since the season before.
    sequences : Sequences
        The steps. Of few changes hardly a variance can be told: how steps vary counts for one more.
    weight : ndarray of shape (n_steps,)
        Of the prediction of each step.
    season, seasons : int
        Steps of one, and of how many the mean was to be taken.
    n_changes : float
        Changes that the rule was fitted to.
    """
    seasons, level = seasons_able(sequences, season, seasons), find_level(channels_of(sequences), weight)
    order, d, _ = lags.coef.shape
    coef = np.zeros((season * seasons + order, d, d))
    coef[:order] += lags.coef
    for back in range(season, season * seasons + 1, season):
        coef[back - 1] += np.eye(d) / seasons
        coef[back : back + order] -= lags.coef / seasons
    covariance = (n_changes * lags.covariance + level.covariance) / (n_changes + 1)
    return lags._replace(coef=coef, covariance=covariance, level_mean=level.mean, level_cov=level.covariance)
