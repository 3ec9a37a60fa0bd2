"""Which past number matters: what changes in a prediction when one channel of one step is another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.splits import cut
from seqcompare.typing import Record

Floats = NDArray[np.float64]

_POSITIONS, _MOST_PAST, _FEWEST = 200, 64, 10
_LAGS = (*range(1, 17), 20, 24, 32, 48, 64)
_MOST_CHANNELS = 12


def influence_of_numbers(model: Any, test: SequenceDataset, seed: int, names: list[str]) -> list[Record]:
    """Return how much predictions of numbers change when a number in the past is replaced by another.

    Up to 200 steps are predicted from the 64 before them, once as they are, and once for each lag and channel
    with that one number as it is at another step of the test data.

    Parameters
    ----------
    model : estimator
        A fitted density over numbers; nothing is returned of one that has no predictive distributions.
    test : SequenceDataset
        Numbers.
    seed : int
        Of what is drawn.
    names : list of str
        What the channels are called.

    Returns
    -------
    list of dict
        ``channel`` and ``lag`` of what was replaced; ``mean``, the mean absolute change of the expected next
        step (in the units of the data, of several channels in standard deviations of each); ``spread``, that
        of the logarithm of its standard deviation.
    """
    if not hasattr(model, "predict_next_distribution"):
        return []
    X, rng = test.X, np.random.default_rng(seed)
    at = np.flatnonzero(X.step_index > 0)
    at = at if len(at) <= _POSITIONS else np.sort(rng.choice(at, _POSITIONS, replace=False))
    owner, end = X.sequence_index[at], X.step_index[at]
    pieces = np.column_stack([owner, np.maximum(end - _MOST_PAST, 0), end])
    windows = cut(replace(test, y=None, sample_weight=None, groups=None), pieces).X.detached()
    before = _last(model, windows)
    with np.errstate(invalid="ignore"):
        unit = np.nanstd(X.channels.astype(np.float64), axis=0) if X.n_channels > 1 else np.ones(1)
    unit = np.where(unit > 0, unit, 1.0)
    rows = []
    for lag in _LAGS:
        reached = np.flatnonzero(windows.lengths >= lag)
        if len(reached) < min(_FEWEST, len(at)) or not len(reached):
            break
        shown = windows.take(reached)
        for place, name in enumerate(names[:_MOST_CHANNELS]):
            values = shown.values.copy()
            other = X.channels[rng.integers(X.n_steps, size=len(reached)), place]
            target = values if values.ndim == 1 else values[:, place]
            target[shown.offsets[1:] - lag] = other
            after = _last(model, shown.with_values(values))
            moved = np.abs(after[0] - before[0][reached]) / unit
            wider = np.abs(np.log(after[1] / before[1][reached]))
            mean, spread = (float(np.nanmean(change)) for change in (moved, wider))
            rows.append({"channel": name, "lag": lag, "mean": mean, "spread": spread})
    return rows


def _last(model: Any, windows: Any) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of what comes after each window, shape (n, d)."""
    found = model.predict_next_distribution(windows)[windows.offsets[1:] - 1]
    n = len(windows)
    spread = np.sqrt(np.maximum(np.reshape(found.variance, (n, -1)), 1e-300))
    return np.reshape(found.mean, (n, -1)), spread
