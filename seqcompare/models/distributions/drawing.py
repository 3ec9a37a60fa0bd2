"""Going on step by step with what was drawn, for models that only say what comes next."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences, offsets_of
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.counts import CountDistribution, widen
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture

Predict = Callable[[Sequences], Any]

# What each kind of distribution is made of.
_COUNTS = ("proba", "ratio", "tail")
_NORMAL = {
    NormalMixture: ("weights", "means", "scales"),
    MultivariateNormalMixture: ("weights", "means", "covariances"),
}


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
    predict: Predict,
    sequences: Sequences,
    steps: int,
    n_drawn: int,
    rng: np.random.RandomState,
    reach: int = sys.maxsize,
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
    reach : int, optional
        How many of the last steps a prediction depends on; by default all.
    """
    past = [sequences[i % len(sequences)][-reach:] for i in range(len(sequences) * n_drawn)]
    parts = []
    for h in range(steps):
        flat = Sequences(np.concatenate(past), offsets_of([len(x) for x in past]))
        ahead = predict(flat)[flat.offsets[1:] - 1]
        parts.append(ahead)
        if h + 1 < steps:
            new = ahead.sample(1, rng)[0]
            past = [np.concatenate([x, new[i : i + 1]])[-reach:] for i, x in enumerate(past)]
    return pool(parts, len(sequences), n_drawn)


def forecast_from_states(
    after: list[tuple[Any, Any]],
    step: Callable[[Any, Any], tuple[Any, Any]],
    steps: int,
    n_drawn: int,
    rng: np.random.RandomState,
) -> Distribution:
    """Return what `forecast_by_drawing` does, of a model that is carried on step by step.

    Parameters
    ----------
    after : list of (distribution of the next step, state)
        What is known after each sequence.
    step : callable (state, step) -> (distribution of the next step, state)
        Reads one more step.
    steps, n_drawn, rng
        As there.
    """
    now = after * n_drawn
    parts = []
    for h in range(steps):
        parts.append(join([ahead for ahead, _ in now]))
        if h + 1 < steps:
            new = parts[-1].sample(1, rng)[0]
            now = [step(state, value) for (_, state), value in zip(now, new, strict=True)]
    return pool(parts, len(after), n_drawn)


def read_whole(start: Any, step: Callable[[Any, Any], tuple[Any, Any]], x: Any) -> tuple[Any, Any]:
    """Return the distribution of the step after a sequence, and the state that it leaves."""
    ahead, state = step(start, x[0])
    for value in x[1:]:
        ahead, state = step(state, value)
    return ahead, state


def join(each: list[Any]) -> Any:
    """Return single distributions of one kind as a batch of them."""
    if isinstance(each[0], CountDistribution):
        size = max(one.proba.shape[-1] for one in each)
        wide = [widen(one, size) for one in each]
        return CountDistribution(*(np.stack([getattr(one, k) for one in wide]) for k in _COUNTS))
    return type(each[0])(*(np.stack([getattr(one, k) for one in each]) for k in _NORMAL[type(each[0])]))


def pool(parts: list[Any], n: int, n_drawn: int) -> Distribution:
    """Join what came of `n_drawn` continuations: each part has a batch of (n_drawn * n,), drawn by drawn."""
    if isinstance(parts[0], CountDistribution):
        return _pool_counts(parts, n, n_drawn)

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


def _pool_counts(parts: list[CountDistribution], n: int, n_drawn: int) -> CountDistribution:
    """Average tables of counts; beyond them, the tail falls as fast as the slowest of theirs."""
    size = max(part.proba.shape[-1] for part in parts)
    wide = [widen(part, size) for part in parts]
    proba = np.stack([part.proba.reshape(n_drawn, n, size).mean(axis=0) for part in wide], axis=1)
    tail = np.stack([part.tail.reshape(n_drawn, n).mean(axis=0) for part in wide], axis=1)
    ratio = np.stack([part.ratio.reshape(n_drawn, n).max(axis=0) for part in wide], axis=1)
    return CountDistribution(proba, ratio, tail)
