"""Going on step by step with what was drawn, for models that only say what comes next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture

Predict = Callable[[Sequences], Any]


def draw_numbers(
    predict: Predict, start: Distribution, lengths: NDArray[np.int64], rng: np.random.RandomState, reach: int
) -> Sequences:
    """Draw sequences of numbers.

    Parameters
    ----------
    predict : callable
        Returns the distribution of the step after each, a batch (n_steps,).
    start : Distribution
        Of the first steps, a batch (n,).
    lengths : ndarray of int, shape (n,)
        Steps of each sequence.
    rng : RandomState
        The source of randomness.
    reach : int
        How many of the last steps a prediction depends on, or is told.
    """
    n, length = len(lengths), int(lengths.max())
    drawn = np.empty((n, length, *start.event_shape))
    drawn[:, 0] = start.sample(1, rng)[0]
    for t in range(1, length):
        past = drawn[:, max(t - reach, 0) : t]
        flat = Sequences(past.reshape(-1, *start.event_shape), np.arange(n + 1) * past.shape[1])
        ahead = predict(flat)[np.arange(1, n + 1) * past.shape[1] - 1]
        drawn[:, t] = ahead.sample(1, rng)[0]
    return Sequences(drawn[np.arange(length) < lengths[:, np.newaxis]], offsets_of(lengths))


def forecast_by_drawing(
    predict: Predict, sequences: Sequences, steps: int, n_drawn: int, rng: np.random.RandomState
) -> Distribution:
    """Return the mixtures of the predictions after `n_drawn` continuations, a batch (n, steps).

    Parameters
    ----------
    predict : callable
        Returns the distribution of the step after each, a batch (n_steps,), mixtures of normal ones.
    sequences : Sequences
        What came so far.
    steps, n_drawn : int
        How many steps to look ahead, and how many continuations to draw.
    rng : RandomState
        The source of randomness.
    """
    past = [sequences[i % len(sequences)] for i in range(len(sequences) * n_drawn)]
    parts = []
    for h in range(steps):
        flat = Sequences(np.concatenate(past), offsets_of([len(x) for x in past]))
        ahead = predict(flat)[flat.offsets[1:] - 1]
        parts.append(ahead)
        if h + 1 < steps:
            new = ahead.sample(1, rng)[0]
            past = [np.concatenate([x, new[i : i + 1]]) for i, x in enumerate(past)]
    return _pool(parts, len(sequences), n_drawn)


def _pool(parts: list[Any], n: int, n_drawn: int) -> Distribution:
    """Join components: each part has a batch of (n_drawn * n,), drawn by drawn."""

    def components(name: str) -> NDArray[np.float64]:
        stacked = np.stack([getattr(part, name) for part in parts])
        # (steps, n_drawn * n, K, ...) to (n, steps, n_drawn * K, ...)
        split = stacked.reshape(len(parts), n_drawn, n, *stacked.shape[2:])
        moved = np.moveaxis(split, (2, 0, 1), (0, 1, 2))
        return moved.reshape(n, len(parts), -1, *stacked.shape[3:])

    if isinstance(parts[0], NormalMixture):
        return NormalMixture(components("weights") / n_drawn, components("means"), components("scales"))
    return MultivariateNormalMixture(
        components("weights") / n_drawn, components("means"), components("covariances")
    )
