"""Autoregressions of what has changed since the season before."""

from __future__ import annotations

import numpy as np

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.models.markov.lags import Lags
from seqcompare.models.markov.least_squares import Level
from seqcompare.typing import Floats


def since_season(sequences: Sequences, season: int, weight: Floats) -> tuple[Sequences, Floats]:
    """Return x[t] - x[t - season] of all steps that have a season before them, and the weights of these.

    Raises
    ------
    ValueError
        If no sequence is longer than a season.
    """
    rows = np.flatnonzero(sequences.step_index >= season)
    if not len(rows):
        longest = int(sequences.lengths.max())
        raise ValueError(
            f"no step to learn from: a season of {season} needs a sequence of at least {season + 1} steps; "
            f"the longest has {longest} step(s) ({longest} feature(s) in an array)"
        )
    kept = sequences.lengths[sequences.lengths > season] - season
    x = sequences.values.astype(np.float64)
    return Sequences(x[rows] - x[rows - season], offsets_of(kept)), weight[rows]


def add_season(lags: Lags, season: int, level: Level, n_changes: float) -> Lags:
    """Return the rule of the steps, given that of their changes: (1 - phi(B)) (1 - B^season) x = c + e.

    See Box and Jenkins (1976), "Time series analysis: forecasting and control", chapter 9.

    Parameters
    ----------
    lags : Lags
        Of what changed since the season before.
    season : int
        Steps.
    level : Level
        Of the steps. Of few changes hardly a variance can be told: how steps vary counts for one more.
    n_changes : float
        Changes that the rule was fitted to.
    """
    order, d, _ = lags.coef.shape
    coef = np.zeros((season + order, d, d))
    coef[:order] += lags.coef
    coef[season - 1] += np.eye(d)
    coef[season:] -= lags.coef
    covariance = (n_changes * lags.covariance + level.covariance) / (n_changes + 1)
    return lags._replace(coef=coef, covariance=covariance, level_mean=level.mean, level_cov=level.covariance)
