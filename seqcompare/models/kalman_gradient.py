"""The gradient of the likelihood of a linear Gaussian model, exactly, by one backward pass after the filter.

Koopman and Shephard (1992), "Exact score for time series models in state space form": the score is a sum of
what the smoother expects of the noises. No covariance needs an inverse, so a noise may be as small as
it likes. The letters are de Jong's: r is what the steps from here on say of the state (the gradient by its
mean), N how sure they are of it; u and D say the same of the noise of a step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.models.kalman import LinearGaussian, filter_states, read_only
from seqcompare.models.kalman_kernels import observe, whiten
from seqcompare.typing import Floats, Ints


class Gradient(NamedTuple):
    """Derivatives of the log-likelihood by the parameters, each of the parameter's shape.

    Those by covariances take each matrix as a whole: a change dQ changes the likelihood by the sum of the
    products of the entries of dQ and of the derivative, which is symmetric.
    """

    transition: Floats
    loading: Floats
    offset: Floats
    state_noise: Floats
    noise: Floats
    start_mean: Floats
    start_cov: Floats


def likelihood_and_gradient(
    model: LinearGaussian, x: Floats, offsets: NDArray[np.int64], weight: Floats
) -> tuple[float, Gradient]:
    """Return the weighted log-likelihood of sequences in nats, and its gradient.

    Parameters
    ----------
    model : LinearGaussian
        The parameters.
    x : ndarray of shape (n_steps, d)
        All steps, NaN where missing.
    offsets : ndarray of int64, shape (n + 1,)
        Where sequences begin.
    weight : ndarray of shape (n,)
        Weight of each sequence.
    """
    seen = filter_states(model, x, offsets)
    gradient = Gradient(*(np.zeros_like(part) for part in model))
    _pull_back(model, read_only(x), offsets, weight, seen.mean, seen.cov, *gradient)
    nats = float(weight @ np.add.reduceat(seen.log_density, offsets[:-1]))
    return nats, gradient


@njit(cache=True)
def _multiply(a: Floats, b: Floats, out: Floats, rows: int, inner: int, columns: int) -> None:
    """Write the product of the first `rows` x `inner` of a and `inner` x `columns` of b to `out`.

    For matrices of a few rows a call of BLAS takes longer than this.
    """
    for i in range(rows):
        for j in range(columns):
            total = 0.0
            for m in range(inner):
                total += a[i, m] * b[m, j]
            out[i, j] = total


@njit(cache=True)
def _solve_transposed(factor: Floats, size: int, matrix: Floats, columns: int) -> None:
    """Replace the first rows of `matrix` by L^-T times them, for the lower triangular `factor` L."""
    for j in range(columns):
        for i in range(size - 1, -1, -1):
            total = matrix[i, j]
            for m in range(i + 1, size):
                total -= factor[m, i] * matrix[m, j]
            matrix[i, j] = total / factor[i, i]


@njit(cache=True)
def _pull_back(
    model: LinearGaussian,
    x: Floats,
    offsets: Ints,
    weight: Floats,
    mean_before: Floats,
    cov_before: Floats,
    by_transition: Floats,
    by_loading: Floats,
    by_offset: Floats,
    by_state_noise: Floats,
    by_noise: Floats,
    by_start_mean: Floats,
    by_start_cov: Floats,
) -> None:
    d, k = model.loading.shape
    factor, gain, rows, whitened = np.empty((d, d)), np.empty((d, k)), np.empty((d, k)), np.empty(d)
    seen = np.empty(d, np.int64)
    r, back = np.zeros(k), np.zeros(k)
    # names as in the text: `sure` is N, `carried` is how z[t+1] follows from z[t] before x[t] is known
    sure, carried, sure_carried, next_sure = (
        np.zeros((k, k)),
        np.empty((k, k)),
        np.empty((k, k)),
        np.empty((k, k)),
    )
    gained = np.empty((k, d))  # transition gain', how an error of the step moves the next state
    sure_gained = np.empty((k, d))
    noise, doubt = np.empty((d, 1)), np.empty((d, d))  # u and D
    cross, product, smoothed = np.empty((d, k)), np.empty((k, k)), np.empty(k)
    cross_prior = np.empty((d, k))
    for s in range(len(offsets) - 1):
        w = weight[s]
        if w == 0:
            continue
        r[:] = 0
        sure[:] = 0
        for t in range(offsets[s + 1] - 1, offsets[s] - 1, -1):
            prior = cov_before[t]
            n = observe(x[t], model, prior, factor, gain, seen)
            whiten(x[t], model, mean_before[t], factor, seen, n, whitened)
            for a in range(n):
                for j in range(k):
                    total = model.loading[seen[a], j]
                    for b in range(a):
                        total -= factor[a, b] * rows[b, j]
                    rows[a, j] = total / factor[a, a]
            for i in range(k):
                for a in range(n):
                    total = 0.0
                    for m in range(k):
                        total += model.transition[i, m] * gain[a, m]
                    gained[i, a] = total
                for j in range(k):
                    total = model.transition[i, j]
                    for a in range(n):
                        total -= gained[i, a] * rows[a, j]
                    carried[i, j] = total
            _multiply(sure, carried, sure_carried, k, k, k)
            _multiply(sure, gained, sure_gained, k, k, n)
            # u = L^-T (whitened - gained' r), D = L^-T (I + gained' N gained) L^-1, and of noise and state
            # together L^-T (rows - gained' N carried)
            for a in range(n):
                total = whitened[a]
                for i in range(k):
                    total -= gained[i, a] * r[i]
                noise[a, 0] = total
                for b in range(n):
                    total = 1.0 if a == b else 0.0
                    for i in range(k):
                        total += gained[i, a] * sure_gained[i, b]
                    doubt[a, b] = total
                for j in range(k):
                    total = rows[a, j]
                    for i in range(k):
                        total -= gained[i, a] * sure_carried[i, j]
                    cross[a, j] = total
            _solve_transposed(factor, n, noise, 1)
            _solve_transposed(factor, n, cross, k)
            _solve_transposed(factor, n, doubt, n)
            for a in range(n):  # and from the other side
                for b in range(a):
                    doubt[a, b], doubt[b, a] = doubt[b, a], doubt[a, b]
            _solve_transposed(factor, n, doubt, n)
            # carry r and N back over this step, keeping those of the next state for its noise
            _multiply(sure_carried, prior, product, k, k, k)
            for i in range(k):
                total = 0.0
                for m in range(k):
                    total += carried[m, i] * r[m]
                for a in range(n):
                    total += rows[a, i] * whitened[a]
                back[i] = total
                for j in range(k):
                    total = 0.0
                    for m in range(k):
                        total += carried[m, i] * sure_carried[m, j]
                    for a in range(n):
                        total += rows[a, i] * rows[a, j]
                    next_sure[i, j] = total
            for i in range(k):
                total = mean_before[t, i]
                for m in range(k):
                    total += prior[i, m] * back[m]
                smoothed[i] = total
            if t + 1 < offsets[s + 1]:
                for i in range(k):
                    for j in range(k):
                        by_transition[i, j] += w * (r[i] * smoothed[j] - product[i, j])
                        by_state_noise[i, j] += w * (r[i] * r[j] - sure[i, j]) / 2
            _multiply(cross, prior, cross_prior, n, k, k)
            for a in range(n):
                by_offset[seen[a]] += w * noise[a, 0]
                for j in range(k):
                    by_loading[seen[a], j] += w * (noise[a, 0] * smoothed[j] - cross_prior[a, j])
                for b in range(n):
                    by_noise[seen[a], seen[b]] += w * (noise[a, 0] * noise[b, 0] - doubt[a, b]) / 2
            r[:] = back
            sure[:] = next_sure
        for i in range(k):
            by_start_mean[i] += w * r[i]
            for j in range(k):
                by_start_cov[i, j] += w * (r[i] * r[j] - sure[i, j]) / 2
