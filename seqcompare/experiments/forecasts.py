"""What densities of numbers predict, in units of the data: scores, residuals, and a stretch to look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.answer import steps_told
from seqcompare.metrics import METRICS, Answers, Forecast, Metric
from seqcompare.models.distributions.base import Distribution
from seqcompare.models.distributions.counts import CountDistribution
from seqcompare.models.reference.last_value import rows_before
from seqcompare.typing import Record

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: What is said of the last steps of a sequence, what came there, and which steps they are.
Stretch = Callable[[SequenceDataset], "tuple[Distribution | None, Floats, Ints]"]

#: Scores of each channel by itself.
SCORES = ("rmse", "mae", "r2", "mase", "crps", "coverage_50", "coverage_95")
#: Levels of the quantiles that a stretch is shown with.
SHOWN_LEVELS = (0.025, 0.25, 0.75, 0.975)
_N_BINS = 20
_MOST_LAGS = 40
#: Steps and channels of the series that is shown.
MOST_SHOWN_STEPS, _MOST_SHOWN_CHANNELS = 120, 6
#: Steps asked about at a time: distributions of counts are tables.
_STEPS_AT_A_TIME = 4_000


def is_about_numbers(dataset: SequenceDataset) -> bool:
    """Whether the next step is to be predicted, and is made of numbers."""
    return dataset.role == "next" and dataset.X.kind == "real"


def naive_errors(train: SequenceDataset, period: int) -> Floats:
    """Return the mean absolute error of the seasonal last value on the training part, shape (d,).

    Parameters
    ----------
    train : SequenceDataset
        Numbers.
    period : int
        Steps of the season; 1 for the last value.
    """
    X = train.X
    steps = X.channels.astype(np.float64)
    ahead = np.flatnonzero(X.step_index[1:] > 0)
    off = np.abs(steps[ahead + 1] - steps[rows_before(X, period)[ahead]])
    known = np.isfinite(off)
    sums = np.where(known, off, 0.0).sum(axis=0)
    return np.asarray(sums / np.maximum(known.sum(axis=0), 1), dtype=np.float64)


def with_forecast(answers: Answers, model: Any, dataset: SequenceDataset, naive: Floats) -> Answers:
    """Return the answers with what the model's densities predict, where it has such.

    Parameters
    ----------
    answers : Answers
        To `dataset`.
    model : estimator
        A fitted density.
    dataset : SequenceDataset
        Numbers.
    naive : ndarray of shape (d,)
        What `naive_errors` returns.
    """
    if not hasattr(model, "predict_next_distribution"):
        return answers
    X = dataset.X.detached()
    truth = X.channels.astype(np.float64)
    parts = forecast_rows(truth)
    for sequences, first in _pieces(X):
        found: Distribution = model.predict_next_distribution(sequences)
        # row t is of step t + 1
        rows = np.flatnonzero(sequences.step_index[1:] > 0)
        if rows.size:
            fill_forecast(parts, found[rows], truth, first + rows + 1)
    item = answers.item
    forecast = Forecast(truth[item], **{k: v[item] for k, v in parts.items()}, naive=naive)
    if truth.shape[1] > 1:
        return replace(answers, forecast=forecast)
    return replace(answers, truth=forecast.truth[:, 0], guess=forecast.mean[:, 0], forecast=forecast)


def _pieces(X: Sequences) -> list[tuple[Sequences, int]]:
    """Return runs of whole sequences of bearable size, each with its first row."""
    run = X.offsets[:-1] // _STEPS_AT_A_TIME
    starts = np.flatnonzero(np.diff(run, prepend=-1))
    ends = np.append(starts[1:], len(X))
    return [(X.take(np.arange(a, b)), int(X.offsets[a])) for a, b in zip(starts, ends, strict=True)]


def forecast_rows(truth: Floats) -> dict[str, Floats]:
    """Return what a `Forecast` is made of, with nothing predicted yet."""
    return {name: np.full(truth.shape, np.nan) for name in ("mean", "median", "crps", "below", "upto")}


def fill_forecast(
    parts: Mapping[str, Floats], found: Distribution, truth: Floats, at: NDArray[np.int64]
) -> None:
    """Fill in what distributions say of the truth at some rows."""
    came = truth[at]
    known = np.isfinite(came)
    # what is missing is asked about as if it were 0, and forgotten
    given = np.where(known, came, 0.0)
    flat = found.event_shape == ()
    asked = given[:, 0] if flat else given

    def column(values: Any) -> Floats:
        return np.asarray(values, dtype=np.float64).reshape(given.shape)

    parts["mean"][at] = column(found.mean)
    parts["median"][at] = column(found.quantile(0.5))
    upto = column(found.cdf(asked))
    below = column(found.cdf(asked - 1)) if isinstance(found, CountDistribution) else upto
    for name, values in (("crps", column(found.crps(asked))), ("upto", upto), ("below", below)):
        parts[name][at] = np.where(known, values, np.nan)


def number_scores(answers: Answers, metrics: tuple[Metric, ...]) -> dict[str, float]:
    """Return scores of what was predicted; those in the units of the data only of a single channel."""
    if answers.forecast is None:
        return {}
    several = answers.forecast.truth.shape[1] > 1
    known = answers.pick(answers.forecast.known)
    if not len(known.item):
        return {}
    channels = [_of_channel(known, place) for place in range(answers.forecast.truth.shape[1])]
    return {
        metric.name: float(np.mean([metric.score_of(channel) for channel in channels]))
        for metric in metrics
        if not (several and metric.in_units)
    }


def forecast_details(
    answers: Answers,
    stretch: Stretch,
    asked: SequenceDataset,
    unit: NDArray[np.int64],
    spread: Floats,
    names: list[str],
) -> Record:
    """Return what a run keeps of the predictions of one test part, in plain values.

    Parameters
    ----------
    answers : Answers
        With a forecast; without, nothing is returned.
    stretch : callable (SequenceDataset) -> (distribution, truth, steps)
        Returns what is said of one sequence, what came, of shape (m, d), and which of its steps these are.
    asked : SequenceDataset
        The test part.
    unit : ndarray of int64, shape (m,)
        The unit of each answer.
    spread : ndarray of shape (d,)
        Standard deviations of the channels in the training part.
    names : list of str
        What the channels are called.

    Returns
    -------
    dict
        ``channels``: a record of scores for each channel; ``pit``: (channel, bin, weight) of 20 equal bins;
        ``residuals``: (channel, power, lag, sum) of products of normal scores, or of their squares, with
        those a lag before; ``squares``: weight and summed squared error of each unit, in units of the
        channels' variances; ``stretch``: the longest sequence's last steps with mean and quantiles.
    """
    forecast = answers.forecast
    if forecast is None:
        return {}
    kept = answers.pick(forecast.known)
    if kept.forecast is None or not len(kept.item):
        return {}
    off = (kept.forecast.mean - kept.forecast.truth) / np.where(spread > 0, spread, 1.0)
    loss = np.zeros(len(answers.item))
    weight = np.where(forecast.known, answers.weight, 0.0)
    loss[forecast.known] = (off**2).mean(axis=1)
    n_units = int(unit.max()) + 1
    squares = np.column_stack([np.bincount(unit, v, minlength=n_units) for v in (weight, weight * loss)])
    return {
        "channels": [_record(kept, place, name) for place, name in enumerate(names)],
        "pit": _pit(kept, names),
        "residuals": _residuals(kept, asked.X, names),
        "squares": squares.tolist(),
        "stretch": _stretch(stretch, asked, names),
    }


def _record(answers: Answers, place: int, name: str) -> Record:
    one = _of_channel(answers, place)
    scores = {score: METRICS[score].score_of(one) for score in SCORES}
    return {"channel": name, "weight": float(answers.weight.sum()), **scores}


def _of_channel(answers: Answers, place: int) -> Answers:
    assert answers.forecast is not None
    forecast = answers.forecast.channel(place)
    return replace(answers, truth=forecast.truth[:, 0], guess=forecast.mean[:, 0], forecast=forecast)


def _pit(answers: Answers, names: list[str]) -> list[list[Any]]:
    """Return how much weight falls into each bin of predicted probability.

    What came as a count has a range of them, over which its weight is spread evenly (Czado, Gneiting and Held
    2009, "Predictive model assessment for count data").
    """
    assert answers.forecast is not None
    edges = np.linspace(0, 1, _N_BINS + 1)
    rows = []
    for place, name in enumerate(names):
        below, upto = answers.forecast.below[:, place, None], answers.forecast.upto[:, place, None]
        wide = np.maximum(upto - below, 1e-12)
        share = np.diff(np.clip((edges - below) / wide, 0, 1), axis=1)
        # the last bin has both its ends
        share[:, -1] += 1 - share.sum(axis=1)
        weight = answers.weight @ share
        rows += [[name, place_of_bin, float(w)] for place_of_bin, w in enumerate(weight)]
    return rows


def _residuals(answers: Answers, X: Sequences, names: list[str]) -> list[list[Any]]:
    """Return sums of products of normal scores (power 1) and of their squares (power 2), lag 0 for scale."""
    assert answers.forecast is not None
    middle = (answers.forecast.below + answers.forecast.upto) / 2
    scores = ndtri(np.clip(middle, 1e-6, 1 - 1e-6))
    n_lags = int(min(_MOST_LAGS, max(int(X.lengths.max()) // 4, 1)))
    owner, rows = X.sequence_index, []
    for place, name in enumerate(names):
        for power in (1, 2):
            values = scores[:, place] ** power
            series = np.zeros(X.n_steps)
            series[answers.item] = values - values.mean()
            for lag in range(n_lags + 1):
                same = owner[lag:] == owner[: len(owner) - lag]
                total = float((series[lag:] * series[: len(series) - lag])[same].sum())
                rows.append([name, power, lag, total])
    return rows


def next_stretch(model: Any, dataset: SequenceDataset) -> tuple[Distribution | None, Floats, Ints]:
    """Return what a density says of the last steps of a sequence, what came, and which they are."""
    sequence = dataset.X
    first = max(1, int(steps_told(dataset)[0]), sequence.n_steps - MOST_SHOWN_STEPS)
    at = np.arange(first, sequence.n_steps)
    truth = sequence.channels.astype(np.float64)[at]
    return (model.predict_next_distribution(sequence)[at - 1] if at.size else None), truth, at


def _stretch(said: Stretch, asked: SequenceDataset, names: list[str]) -> list[list[Any]]:
    """Return (channel, step, truth, mean, quantiles) of the last steps of the longest sequence."""
    longest = int(asked.X.lengths.argmax())
    one = asked.take(np.array([longest]))
    found, truth, at = said(replace(one, X=one.X.detached()))
    if found is None or not at.size:
        return []
    mean = np.reshape(found.mean, (len(at), -1))
    quantiles = np.reshape(found.quantile(SHOWN_LEVELS), (len(SHOWN_LEVELS), len(at), -1))
    return [
        [names[c], int(t), *(None if np.isnan(v) else float(v) for v in (truth[i, c], mean[i, c])), *q]
        for c in range(min(len(names), _MOST_SHOWN_CHANNELS))
        for i, t in enumerate(at)
        for q in [[float(v) for v in quantiles[:, i, c]]]
    ]
