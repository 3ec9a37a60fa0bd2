"""Autoregressions over parts: least squares is a matter of sums of products."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.resolution import least_scale, no_narrower
from seqcompare.data.sequences import Sequences
from seqcompare.data.totals import Totals
from seqcompare.models.distributions.lognormal import take_logarithms
from seqcompare.models.markov.autoregression import Autoregression
from seqcompare.models.markov.least_squares import Level, Moments, as_lags, find_moments
from seqcompare.models.over_parts.reading import kind_of, read_alike, weighed_steps
from seqcompare.typing import Floats

# Steps of a part that tell how finely numbers are recorded.
_LOOKED_AT = 1000


class _Level(NamedTuple):
    """What the mean of the steps is made of, and what is looked at besides."""

    weight: float
    sums: Floats
    looked_at: list[Floats]
    kinds: list[tuple[str, int, bool]]


def fit_autoregression(model: Autoregression, total: Totals) -> None:
    """Fit by least squares, in two passes: the mean of the steps, and products about it.

    Raises
    ------
    ValueError
        For settings that need the steps themselves, or steps that are missing.
    """
    model._check_parameters()
    for name in ("order", "season", "volatility"):
        value = getattr(model, name)
        if isinstance(value, str) or (name == "season" and value is not None):
            raise ValueError(f"{name}={value!r} takes all data at once: it cannot be fitted to parts")
    found = total(partial(_find_level, clone(model)))
    model.kind_, model.n_channels_, model.flat_ = read_alike(found.kinds)
    mean = found.sums / found.weight
    squares, weight, first, second = total(partial(_find_products, clone(model), mean))
    order = int(model.order)
    if not weight:
        raise ValueError(
            f"no step to learn from: an autoregression of order {order} needs a sequence of at least "
            f"{order + 1} steps, some later one of weight above 0"
        )
    covariance = squares / found.weight
    variance = np.diag(covariance).copy()
    least = least_scale(np.concatenate(found.looked_at), np.sqrt(variance)) ** 2
    level = Level(mean, variance, no_narrower(covariance, least), least, whole=True)
    model.lags_ = as_lags(Moments(order, weight, first, second, level), float(model.ridge))
    model.order_, model.n_iter_, model.volatility_ = order, 0, None


def _find_level(model: Autoregression, part: SequenceDataset) -> _Level:
    sequences, weight = _read(model, part)
    x = sequences.channels
    if np.isnan(x).any():
        raise ValueError("steps are missing: an autoregression is fitted to parts where all are known")
    rows = np.linspace(0, len(x) - 1, min(_LOOKED_AT, len(x))).astype(np.int64)
    return _Level(float(weight.sum()), weight @ x, [x[rows]], [kind_of(sequences)])


def _find_products(
    model: Autoregression, mean: Floats, part: SequenceDataset
) -> tuple[Floats, float, Floats, Floats]:
    """Return the products of steps with themselves, and what `Moments` has of lagged ones."""
    sequences, weight = _read(model, part)
    off = sequences.channels - mean
    d = len(mean)
    about = Level(mean, np.ones(d), np.eye(d), np.ones(d), whole=True)
    found = find_moments(sequences, weight, int(model.order), about)
    return (off * weight[:, np.newaxis]).T @ off, found.total, found.first, found.second


def _read(model: Autoregression, part: SequenceDataset) -> tuple[Sequences, Floats]:
    sequences, weight = weighed_steps(model, model.reading, part)
    return take_logarithms(sequences) if model.log else sequences, weight
