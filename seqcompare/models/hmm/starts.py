"""Where EM starts: half of the starts sticky, the states spread over the data.

EM finds long memories only from states that already stay put, so every other start gives self-transitions .9.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from seqcompare.models.hmm._hmmlearn import Steps
from seqcompare.models.hmm.parameters import Parameters
from seqcompare.typing import Floats, Ints

STICKINESS = 0.9
# Clusters are found on at most this many steps: a start needs no more.
_SAMPLE = 10_000


def draw_start(
    emission: str,
    steps: Steps,
    *,
    start_mask: NDArray[np.bool_],
    mask: NDArray[np.bool_],
    sticky: bool,
    n_outputs: int,
    n_mix: int,
    covariance_type: str,
    rng: np.random.RandomState,
    widths: tuple[int, ...] = (),
    least: float | Floats = 0.0,
) -> Parameters:
    """Return parameters to start EM from.

    Parameters
    ----------
    emission, steps
        What is modelled, and the training data; real-valued ones in standard units.
    start_mask, mask : ndarray of bool, shape (K,) and (K, K)
        Allowed first states and transitions.
    sticky : bool
        Whether states keep to themselves with probability .9, where they may.
    n_outputs, n_mix, covariance_type
        Number of symbols or channels, components of a mixture, shape of the covariances.
    rng : RandomState
        Where chance comes from.
    widths : tuple of int
        Numbers of symbols of the channels of symbols, whose codes are the last columns of the values.
    least : float or ndarray of shape (d,)
        Variances are at least this.
    """
    n_states = len(mask)
    parameters: Parameters = {
        "startprob": _random_rows(start_mask[None], rng)[0],
        "transmat": _transitions(mask, sticky, rng),
    }
    ordered = n_states > 1 and not np.tril(mask, -1).any()
    if emission == "categorical":
        place = _positions(steps, n_states) if ordered else None
        parameters["emissionprob"] = symbol_rows(steps.values, n_states, n_outputs, rng, place)
        return parameters
    chosen = np.arange(len(steps.values))
    if len(chosen) > _SAMPLE:
        chosen = np.sort(rng.choice(len(chosen), _SAMPLE, replace=False))
    values = np.nan_to_num(steps.values[chosen])
    if emission == "mixed":
        codes = values[:, n_outputs:].astype(np.int64)
        hot = [codes[:, [i]] == np.arange(width) for i, width in enumerate(widths)]
        seen = np.column_stack([values[:, :n_outputs], *hot])
        group = _positions(steps, n_states)[chosen] if ordered else _clusters(seen, n_states, rng)
        tables = [symbol_rows(codes[:, i], n_states, w, rng, group) for i, w in enumerate(widths)]
        parameters["symbolprob"] = np.concatenate(tables, axis=1)
        values = values[:, :n_outputs]
        n_mix = 1
    elif emission != "poisson":
        group = _positions(steps, n_states)[chosen] if ordered else _clusters(values, n_states, rng)
    if emission == "poisson":
        # the square root makes the spread of counts about the same everywhere
        group = _positions(steps, n_states)[chosen] if ordered else _clusters(np.sqrt(values), n_states, rng)
        overall = np.maximum(values.mean(axis=0), 1e-3)
        # a tenth of a step of the overall mean keeps every rate positive
        parameters["lambdas"] = _group_means(values, group, n_states, overall, 0.1)
        parameters["lambdas"] *= rng.uniform(0.9, 1.1, parameters["lambdas"].shape)
        return parameters
    if emission == "gmm":
        part = np.zeros(len(values), dtype=np.int64)
        for state in range(n_states):
            rows = np.flatnonzero(group == state)
            part[rows] = _clusters(values[rows], n_mix, rng)
        group = group * n_mix + part
        parameters["weights"] = np.full((n_states, n_mix), 1.0 / n_mix)
    n_groups = n_states * (n_mix if emission == "gmm" else 1)
    # a group without a member starts at a random step
    lost = values[rng.randint(len(values), size=n_groups)]
    means = _group_means(values, group, n_groups, lost, 1e-9)
    variances = np.maximum(((values - means[group]) ** 2).mean(axis=0), np.maximum(least, 0.05))
    means += rng.normal(scale=0.05, size=means.shape) * np.sqrt(variances)
    parameters["means"] = means.reshape(n_states, n_mix, -1) if emission == "gmm" else means
    parameters["covars"] = _covariances(variances, emission, n_states, n_mix, covariance_type)
    return parameters


def _random_rows(mask: NDArray[np.bool_], rng: np.random.RandomState) -> Floats:
    """Return random distributions over what is allowed in each row, uniform among distributions."""
    rows = rng.standard_exponential(mask.shape) * mask
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def _transitions(mask: NDArray[np.bool_], sticky: bool, rng: np.random.RandomState) -> Floats:
    trans = _random_rows(mask, rng)
    if not sticky:
        return trans
    stay = np.eye(len(mask), dtype=bool)
    leave = np.where(stay, 0.0, trans)
    ways = leave.sum(axis=1, keepdims=True)
    leave = np.divide(leave, ways, out=np.zeros_like(leave), where=ways > 0)
    # a state that may not stay, or has nowhere else to go, keeps its row
    free = mask.diagonal()[:, None] & (ways > 0)
    return np.where(free, STICKINESS * stay + (1 - STICKINESS) * leave, trans)


def symbol_rows(
    codes: NDArray[np.int64],
    n_states: int,
    n_symbols: int,
    rng: np.random.RandomState,
    place: NDArray[np.int64] | None = None,
) -> Floats:
    """Return distributions over symbols that vary about the overall one, or about that at each place.

    Parameters
    ----------
    codes : ndarray of shape (n_steps,)
        The symbols; codes from `n_symbols` on are none.
    n_states, n_symbols : int
        Shape of what is returned.
    rng : RandomState
        Where chance comes from.
    place : ndarray of shape (n_steps,), optional
        The state that each step belongs to, to begin with.
    """
    known = codes < n_symbols
    if place is None:
        rows = np.tile(np.bincount(codes[known], minlength=n_symbols) + 1.0, (n_states, 1))
    else:
        cells = place[known] * n_symbols + codes[known]
        rows = np.bincount(cells, minlength=n_states * n_symbols).reshape(n_states, n_symbols) + 1.0
    rows = rows * rng.standard_exponential(rows.shape)
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def _positions(steps: Steps, n_states: int) -> NDArray[np.int64]:
    """Return how far through its sequence each step is, in `n_states` equal parts."""
    lengths = np.diff(steps.offsets)
    step = np.arange(len(steps.values)) - np.repeat(steps.offsets[:-1], lengths)
    return np.asarray(step * n_states // np.repeat(lengths, lengths))


def _clusters(values: Floats, n_clusters: int, rng: np.random.RandomState) -> NDArray[np.int64]:
    if len(values) <= n_clusters:
        return np.arange(len(values))
    with warnings.catch_warnings():
        # fewer distinct steps than clusters: EM takes it from there
        warnings.simplefilter("ignore", ConvergenceWarning)
        clusters = KMeans(n_clusters, n_init=1, random_state=rng).fit_predict(values)
    return np.asarray(clusters, dtype=np.int64)


def _group_means(values: Floats, group: Ints, n_groups: int, else_: Floats, weight: float) -> Floats:
    """Return the mean of each group, drawn to `else_` as if that had been seen in `weight` steps."""
    if not values.shape[1]:
        return np.empty((n_groups, 0))
    size = np.bincount(group, minlength=n_groups)[:, None]
    sums = np.stack([np.bincount(group, column, n_groups) for column in values.T], axis=1)
    return np.asarray((sums + weight * else_) / (size + weight))


def _covariances(variances: Floats, emission: str, n_states: int, n_mix: int, covariance_type: str) -> Floats:
    if covariance_type == "spherical":
        one: Any = variances.mean()
    else:
        one = variances if covariance_type == "diag" else np.diag(variances)
    shape: tuple[int, ...] = (n_states,)
    if emission == "gmm" and covariance_type != "tied":
        shape = (n_states, n_mix)
    if emission == "gaussian" and covariance_type == "tied":
        shape = ()
    return np.array(np.broadcast_to(one, (*shape, *np.shape(one))))
