"""Densities and moments of Gaussians, with missing channels marginalised exactly.

Throughout, ``X`` has shape (n_steps, d), NaN where a channel is missing; there are C Gaussians with ``means``
of shape (C, d) and ``covars`` of shape (C, d), variances, or (C, d, d), covariance matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import linalg

from seqcompare.typing import Floats

# Far below any log-density that a sane step has, and far from the end of the floats: sums stay finite.
_LOWEST = -1e290


def log_density(X: Floats, means: Floats, covars: Floats) -> Floats:
    """Return the log-density of what is observed of each step, shape (n_steps, C); 0 where nothing is."""
    with np.errstate(over="ignore"):
        log_p = _log_diagonal(X, means, covars) if covars.ndim == 2 else _log_full(X, means, covars)
    return np.maximum(log_p, _LOWEST)


def moments(X: Floats, means: Floats, covars: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Return the expected sums of x, shape (C, d), and of its squares, (C, d), or outer products, (C, d, d).

    What is missing enters by its expectation given what is observed, under the Gaussian in question, as exact
    EM demands (Ghahramani and Jordan, 1994, Supervised learning from incomplete data via an EM approach).

    Parameters
    ----------
    X, means, covars
        See the module's head.
    weights : ndarray of shape (n_steps, C)
        How much of each step belongs to each Gaussian.
    """
    if covars.ndim == 2:
        missing = np.isnan(X)
        if not missing.any():
            return weights.T @ X, weights.T @ X**2
        filled = np.where(missing, 0.0, X)
        absent = weights.T @ missing
        return (
            weights.T @ filled + absent * means,
            weights.T @ filled**2 + absent * (means**2 + covars),
        )
    first, second = np.zeros_like(means), np.zeros_like(covars)
    for rows, seen in _patterns(X):
        for c, (mean, cov) in enumerate(zip(means, covars, strict=True)):
            r = weights[rows, c]
            filled, spread = _complete(X[rows], seen, mean, cov)
            first[c] += r @ filled
            second[c] += (filled * r[:, None]).T @ filled + r.sum() * spread
    return first, second


def _log_diagonal(X: Floats, means: Floats, variances: Floats) -> Floats:
    log_p = np.empty((len(X), len(means)))
    log_norms = np.log(2 * np.pi * variances)
    by_channel = [np.ascontiguousarray(array.T) for array in (means, 1.0 / variances, log_norms)]
    _add_channels(X, by_channel[0], by_channel[1], by_channel[2], log_p)
    return log_p


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})
def _add_channels(X: Floats, means: Floats, precisions: Floats, log_norms: Floats, log_p: Floats) -> None:
    """Sum the log-densities of the channels that are there; parameters have shape (d, C)."""
    n_steps, n_channels = X.shape
    n_components = log_p.shape[1]
    for t in range(n_steps):
        for c in range(n_components):
            log_p[t, c] = 0.0
        for i in range(n_channels):
            x = X[t, i]
            if x == x:  # not NaN
                for c in range(n_components):
                    gap = x - means[i, c]
                    log_p[t, c] -= 0.5 * (gap * gap * precisions[i, c] + log_norms[i, c])


def _log_full(X: Floats, means: Floats, covars: Floats) -> Floats:
    log_p = np.zeros((len(X), len(means)))
    for rows, seen in _patterns(X):
        part = X[rows] if seen.all() else X[rows][:, seen]
        roots = np.linalg.cholesky(covars[:, seen][:, :, seen])
        log_dets = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
        whiten = np.linalg.inv(roots)
        for c, mean in enumerate(means[:, seen]):
            gap = (part - mean) @ whiten[c].T
            squares = np.einsum("ij,ij->i", gap, gap)
            log_p[rows, c] = -0.5 * (squares + log_dets[c] + seen.sum() * np.log(2 * np.pi))
    return log_p


def _patterns(X: Floats) -> Iterator[tuple[slice | NDArray[np.intp], NDArray[np.bool_]]]:
    """Group the steps by which of their channels are there."""
    seen = ~np.isnan(X)
    if seen.all():
        yield slice(None), np.ones(X.shape[1], dtype=bool)
        return
    kinds, kind_of = np.unique(seen, axis=0, return_inverse=True)
    for i, kind in enumerate(kinds):
        yield np.flatnonzero(kind_of == i), kind


def _complete(X: Floats, seen: NDArray[np.bool_], mean: Floats, cov: Floats) -> tuple[Floats, Floats]:
    """Return the steps with missing channels at their expectation, and the covariance that this hides."""
    spread = np.zeros_like(cov)
    if seen.all():
        return X, spread
    gone = ~seen
    filled = X.copy()
    across = cov[np.ix_(gone, seen)]
    # regression of the missing channels on the observed ones
    slopes = linalg.solve(cov[np.ix_(seen, seen)], across.T, assume_a="pos").T if seen.any() else across
    filled[:, gone] = mean[gone] + (X[:, seen] - mean[seen]) @ slopes.T
    spread[np.ix_(gone, gone)] = cov[np.ix_(gone, gone)] - slopes @ across.T
    return filled, spread


def full_covariances(model: Any) -> Floats:
    """Return a matrix for each state, or each component of each state, of a fitted model, shape (m, d, d)."""
    d, lead = model.means_.shape[-1], model.means_.shape[:-1]
    covars, kind = model.covars_, model.covariance_type_
    if kind == "spherical":
        full = covars[..., np.newaxis, np.newaxis] * np.eye(d)
    elif kind == "diag":
        full = covars[..., np.newaxis] * np.eye(d)
    elif kind == "tied":  # one for all states, or one for all components of a state
        full = covars if model.emission_ == "gaussian" else covars[:, np.newaxis]
    else:
        full = covars
    return np.broadcast_to(full, (*lead, d, d)).reshape(-1, d, d)
