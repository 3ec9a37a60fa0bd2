"""Draws from a hidden Markov model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import offsets_of
from seqcompare.models.hmm.parameters import Parameters
from seqcompare.typing import Floats


def draw_states(
    startprob: Floats, transmat: Floats, lengths: NDArray[np.int64], rng: np.random.RandomState
) -> NDArray[np.int64]:
    """Return the hidden states of sequences of these lengths, end to end, shape (n_steps,)."""
    offsets = offsets_of(lengths)
    states = np.empty(offsets[-1], dtype=np.int64)
    # all sequences take a step together; the longest come first, so that those still going are a prefix
    order = np.argsort(-lengths, kind="stable")
    starts = offsets[:-1][order]
    n_going = np.searchsorted(-lengths[order], -np.arange(lengths.max()), side="left")
    now = _draw(np.broadcast_to(startprob, (len(lengths), len(startprob))), rng)
    states[starts] = now
    for t in range(1, len(n_going)):
        now = _draw(transmat[now[: n_going[t]]], rng)
        states[starts[: n_going[t]] + t] = now
    return states


def draw_steps(
    emission: str,
    parameters: Parameters,
    states: NDArray[np.int64],
    covariance_type: str,
    rng: np.random.RandomState,
    widths: tuple[int, ...] = (),
) -> NDArray[np.float64] | NDArray[np.int64]:
    """Return a step for each state: codes, shape (n_steps,), or values, shape (n_steps, d).

    Of mixed channels numbers come first, and then codes of alphabets of these `widths`.
    """
    if emission == "mixed":
        numbers = draw_steps("gaussian", parameters, states, covariance_type, rng)
        tables = np.split(parameters["symbolprob"], np.cumsum(widths)[:-1], axis=1)
        drawn = [_draw(table[states], rng) for table in tables]
        return np.asarray(np.column_stack([numbers, *drawn]), dtype=np.float64)
    if emission == "categorical":
        return _draw(parameters["emissionprob"][states], rng)
    if emission == "poisson":
        return np.asarray(rng.poisson(parameters["lambdas"][states]))
    means, covars = parameters["means"], parameters["covars"]
    which: tuple[NDArray[np.int64], ...] = (states,)
    if emission == "gmm":
        which = (states, _draw(parameters["weights"][states], rng))
    noise = rng.standard_normal((len(states), means.shape[-1]))
    if covariance_type in ("spherical", "diag"):
        spread = np.sqrt(covars[which])
        return np.asarray(means[which] + noise * (spread if covariance_type == "diag" else spread[:, None]))
    roots = np.linalg.cholesky(covars)
    if covariance_type == "tied":
        root = roots[states] if emission == "gmm" else np.broadcast_to(roots, (len(states), *roots.shape))
    else:
        root = roots[which]
    return np.asarray(means[which] + np.einsum("tij,tj->ti", root, noise))


def _draw(p: Floats, rng: np.random.RandomState) -> NDArray[np.int64]:
    """Return one draw from each row."""
    cumulated = np.cumsum(p, axis=1)
    u = rng.random_sample(len(p)) * cumulated[:, -1]
    # counting what lies at or below u never lands on an outcome of probability zero
    return np.asarray((cumulated <= u[:, None]).sum(axis=1))
