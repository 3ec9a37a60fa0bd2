"""How fast the worth of longer contexts fades."""

from __future__ import annotations

import numpy as np
import pandas as pd


def timescale(orders: pd.DataFrame, lags: pd.DataFrame, order: int | None) -> float:
    """Return the mean distance in steps of what the past tells.

    Each step of context is weighed by the bits that it adds to those nearer than it: by the gain of contexts
    up to the order, and by what single lags add beyond it. A source with long reach may have a short
    timescale: nearly all of what the past tells is then in the last steps. The information at single lags
    says neither, since it mixes how much is told with how long it takes to fade.

    Parameters
    ----------
    orders, lags : DataFrame
        The tables of a profile.
    order : int or None
        The longest context that tells.

    Returns
    -------
    float
        NaN where nothing was found.

    References
    ----------
    L. Rudelt et al., "Embedding optimization reveals long-lasting history dependence in neural spiking
    activity" (2021).
    """
    at: list[float] = []
    worth: list[float] = []
    if order is not None:
        gains = orders[(orders["lag"] >= 0) & (orders["lag"] <= order)].dropna(subset="gain")
        at += gains["lag"].tolist()
        worth += gains["gain"].clip(lower=0).tolist()
    far = lags[lags["detected"] & (lags["lag"] > (-1 if order is None else order))]
    column = "information" if order is None or "beyond" not in far else "beyond"
    far = far.dropna(subset=column)
    if len(far) and far[column].max() > 0:
        # what several far lags tell may be one and the same, so it counts once, where it is on average
        at.append(float(np.average(far["lag"], weights=far[column].clip(lower=0))))
        worth.append(float(far[column].max()))
    return float(np.average(at, weights=worth)) if sum(worth) > 0 else float("nan")
