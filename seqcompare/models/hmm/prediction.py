"""Fitting an HMM to the prediction of steps that count, by the exact gradient, in place of EM.

EM makes the whole sequence likely, and where few steps depend on what is long past it spends the states on
the rhythm of the many between. Fitted to the steps that count, the states keep what these need. From
transitions that are free at once that fails too: states stop to stay put before their emissions have found
what is worth keeping. So every other start has two stages: transitions that stay for as long as a sequence
lasts and only emissions to learn, then everything.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from seqcompare.data.sequences import Sequences
from seqcompare.data.targets import check_step_weights, weighs_steps
from seqcompare.models.hmm._hmmlearn import Steps
from seqcompare.models.hmm.adjoint import loss_gradient, weighted_loss
from seqcompare.models.hmm.charts import Chart, chart_of
from seqcompare.models.hmm.fit import Outcome, Recipe, run_starts
from seqcompare.models.hmm.parameters import Parameters
from seqcompare.models.hmm.settings import check_choice
from seqcompare.models.hmm.starts import draw_start
from seqcompare.typing import Floats, Labels, WeightsLike

_BATCH = 50
_RATE = 0.02
# A stage ends after so many passes that together gained less than so many times `tol`, a step. States that
# begin alike part slowly, so the first stage waits longer; once they have parted, the last one does the rest.
_FIRST_PATIENCE, _PATIENCE, _GAIN = 30, 15, 100.0
_FIRST_UPDATES = 800
# of sequences, held out to tell when to stop; with fewer than this many the training loss tells
_HELD_OUT, _FEWEST = 0.2, 10
# how far the emissions of sticky starts differ, in logarithms: enough to tell states apart, not more
_SPREAD = 0.3


class _Data(NamedTuple):
    """Some sequences: observations, where each starts, and weights of the steps."""

    values: Labels
    offsets: NDArray[np.int64]
    weights: Floats

    def take(self, sequences: NDArray[np.int64]) -> _Data:
        """Return some of them."""
        lengths = np.diff(self.offsets)[sequences]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        steps = np.arange(offsets[-1]) + np.repeat(self.offsets[sequences] - offsets[:-1], lengths)
        return _Data(self.values[steps], offsets, self.weights[steps])


def run_descents(
    recipe: Recipe, steps: Steps, *, n_init: int, n_jobs: int | None, random_state: np.random.RandomState
) -> list[Outcome]:
    """Descend from `n_init` starts; the first, third, ... are sticky and have two stages.

    Parameters
    ----------
    recipe : Recipe
        What the starts share; `max_iter` limits the passes over the data of each stage.
    steps : Steps
        The data, with weights.
    n_init, n_jobs, random_state
        As in `HMM`.

    Returns
    -------
    list of Outcome
        Their `objective` is minus the loss of the steps that count in the held-out fifth of the sequences (in
        all, if there are few), times the ratio of all weight to theirs, after each pass up to the best.
    """
    chart = chart_of(recipe)
    data = _Data(steps.values, steps.offsets, np.ones(len(steps.values)))
    if steps.weights is not None:
        data = data._replace(weights=steps.weights)
    seeds = random_state.randint(np.iinfo(np.int32).max, size=n_init)
    order = random_state.permutation(np.flatnonzero(np.add.reduceat(data.weights, data.offsets[:-1]) > 0))
    n_held = int(_HELD_OUT * len(order)) if len(order) >= _FEWEST else 0
    train = data.take(np.sort(order[n_held:]))
    held_out = data.take(np.sort(order[:n_held])) if n_held else train
    jobs = (
        delayed(_run_start)(chart, steps, train, held_out, i % 2 == 0, int(seed))
        for i, seed in enumerate(seeds)
    )
    outcomes: list[Outcome] = list(Parallel(n_jobs=n_jobs)(jobs))
    return outcomes


def _run_start(chart: Chart, steps: Steps, train: _Data, held_out: _Data, sticky: bool, seed: int) -> Outcome:
    """Draw a start and descend from it, in two stages if it is sticky."""
    recipe, rng = chart.recipe, np.random.RandomState(seed)
    start = draw_start(
        recipe.emission,
        steps,
        start_mask=recipe.start_mask,
        mask=recipe.mask,
        sticky=sticky,
        n_outputs=recipe.n_outputs,
        n_mix=recipe.n_mix,
        covariance_type=recipe.covariance_type,
        rng=rng,
        least=recipe.min_covar,
    )
    if not sticky:
        start |= recipe.init
        return _descend(chart, train, held_out, start, set(recipe.fixed), False, sticky, rng)
    weights = np.ones(len(steps.values)) if steps.weights is None else steps.weights
    start = {
        **start,
        "startprob": recipe.start_mask / recipe.start_mask.sum(),
        "transmat": _stay(recipe.mask, float(np.diff(steps.offsets).mean())),
        **chart.about_the_same(steps.values, weights, _SPREAD, rng),
        **recipe.init,
    }
    held = {"startprob", "transmat", *recipe.fixed}
    first = _descend(chart, train, held_out, start, held, True, sticky, rng)
    held = set(recipe.fixed)
    second = _descend(chart, train, held_out, first.parameters, held, False, sticky, rng)
    return second._replace(objective=np.concatenate([first.objective, second.objective]))


def _stay(mask: NDArray[np.bool_], length: float) -> Floats:
    """Return transitions that leave a state once in so many steps, where it may stay and has a way out."""
    stay = np.eye(len(mask), dtype=bool) & mask
    leave = mask & ~stay
    ways = leave.sum(axis=1, keepdims=True)
    share = np.where(stay.any(axis=1, keepdims=True), 1.0 / max(length, 2.0), 1.0)
    share = np.where(ways > 0, share, 0.0)
    return np.asarray(stay * (1.0 - share) + leave * share / np.maximum(ways, 1))


def _descend(
    chart: Chart,
    train: _Data,
    held_out: _Data,
    parameters: Parameters,
    held: set[str],
    first_stage: bool,
    sticky: bool,
    rng: np.random.RandomState,
) -> Outcome:
    """Run Adam (Kingma and Ba 2015); what is in `held` stays. Return the best that the held-out steps saw."""
    point = chart.point(parameters)
    free = [name for name in point if name not in held]
    mean, square = ({name: np.zeros_like(point[name]) for name in free} for _ in range(2))
    # minus the loss for as much weight as all data have, which is what starts of EM are compared by
    weight = held_out.weights.sum()
    total = weight if held_out is train else weight + train.weights.sum()
    scale = total / weight
    least = _GAIN * chart.recipe.tol / scale
    n_batches = -(-(len(train.offsets) - 1) // _BATCH)
    patience, n_passes = _PATIENCE, chart.recipe.max_iter
    if first_stage:
        patience, n_passes = _FIRST_PATIENCE, min(n_passes, -(-_FIRST_UPDATES // n_batches))
    best, losses, waited, n_steps = dict(point), [_loss(chart, point, held_out)], 0, 0
    for _ in range(n_passes):
        order = rng.permutation(len(train.offsets) - 1)
        for batch in np.array_split(order, n_batches):
            gradient = loss_and_gradient(chart, point, train.take(batch), len(batch) / len(order))[1]
            n_steps += 1
            for name in free:
                g = gradient[name]
                mean[name] += 0.1 * (g - mean[name])
                square[name] += 0.001 * (g * g - square[name])
                size = np.sqrt(square[name] / (1 - 0.999**n_steps)) + 1e-12
                point[name] = point[name] - _RATE * mean[name] / (1 - 0.9**n_steps) / size
        loss = _loss(chart, point, held_out)
        waited = 0 if loss < losses[len(losses) - 1 - waited] - least else waited + 1
        if not waited:
            best = dict(point)
        losses.append(loss)
        if waited == patience:
            break
    reason = "tol" if waited == patience else "max_iter"
    objective = -scale * np.array(losses[: len(losses) - waited])
    return Outcome(chart.parameters(best), objective, reason, sticky)


def loss_and_gradient(
    chart: Chart, point: Parameters, data: _Data, share: float = 1.0
) -> tuple[float, Parameters]:
    """Return the loss on some sequences, priors included, and its derivatives by the point.

    Parameters
    ----------
    chart, point
        The model.
    data : _Data
        The sequences.
    share : float
        The share of the priors that these sequences bear.
    """
    parameters = chart.parameters(point)
    start, trans = parameters["startprob"], parameters["transmat"]
    fit = chart.likelihood(parameters, data.values)
    d_start, d_trans, d_log_b = np.zeros_like(start), np.zeros_like(trans), np.empty_like(fit.relative)
    by = (d_start, d_trans, d_log_b)
    loss = float(loss_gradient(start, trans, fit.relative, data.weights, data.offsets, *by))
    loss -= float(data.weights @ fit.shift)
    derivatives = {"startprob": d_start, "transmat": d_trans}
    derivatives |= chart.by_emission(parameters, data.values, d_log_b)
    gradient = chart.pull_back(parameters, derivatives)
    for name in ("startprob", "transmat", "emissionprob"):
        # a pseudo-count pulls a softmax towards itself, of what is not impossible
        if name in parameters and np.any(chart.recipe.priors.get(name, 0.0)):
            p = parameters[name]
            counts = share * np.where(p > 0, chart.recipe.priors[name], 0.0)
            loss -= np.sum(counts * np.log(np.where(p > 0, p, 1.0)))
            gradient[name] += p * counts.sum(axis=-1, keepdims=True) - counts
    return float(loss), gradient


def _loss(chart: Chart, point: Parameters, data: _Data) -> float:
    parameters = chart.parameters(point)
    fit = chart.likelihood(parameters, data.values)
    loss = weighted_loss(
        parameters["startprob"], parameters["transmat"], fit.relative, data.weights, data.offsets
    )
    return float(loss - data.weights @ fit.shift)


def choose_objective(
    model: BaseEstimator, sequences: Sequences, sample_weight: WeightsLike | None
) -> tuple[Sequences, Floats | None, Callable[..., list[Outcome]]]:
    """Return the sequences that count, the weights of their steps, and what runs the starts.

    Raises
    ------
    ValueError
        If the objective is unknown or does not go with the weights.
    """
    check_choice("objective", model.objective, ("auto", "likelihood", "prediction"))
    by_step = sample_weight is not None and weighs_steps(sample_weight)
    if by_step and model.objective == "likelihood":
        raise ValueError(
            "objective='likelihood' is of whole sequences: sample_weight must be one number a sequence"
        )
    if by_step and model.durations != "geometric":
        raise ValueError(
            f"durations={model.durations!r} is fitted to the likelihood of whole sequences: "
            "sample_weight must be one number a sequence"
        )
    weights = None
    if sample_weight is not None:
        weights = check_step_weights(sample_weight, sequences, steps_as_array=False)
        used = np.add.reduceat(weights, sequences.offsets[:-1]) > 0
        weights = weights[np.repeat(used, sequences.lengths)]
        sequences = sequences.take(used)
        if not by_step and (weights == 1.0).all():
            weights = None
    if by_step or model.objective == "prediction":
        return sequences, weights, run_descents
    return sequences, weights, run_starts
