"""Compiled parts of the Kalman filter and smoother, in plain loops: states are small.

``model`` is a `seqcompare.models.kalman.LinearGaussian` throughout.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from seqcompare.typing import Floats, Ints

# The covariance has settled once it moves by less than this share of itself from one step to the next.
_SETTLED = 1e-13


@njit(cache=True)
def _factorise(matrix: Floats, size: int) -> None:
    """Replace the lower triangle of the first `size` rows by the Cholesky factor."""
    for i in range(size):
        for j in range(i + 1):
            total = matrix[i, j]
            for m in range(j):
                total -= matrix[i, m] * matrix[j, m]
            # rounding may leave a variance of 0 a trace below it
            matrix[i, j] = np.sqrt(max(total, 1e-300)) if i == j else total / matrix[j, j]


@njit(cache=True)
def observe(row: Floats, model: Any, cov: Floats, factor: Floats, gain: Floats, seen: Any) -> int:
    """Prepare for a step of which `row` is known: its covariance's factor L and L^-1 loading cov in `gain`.

    Returns how many numbers of the step are known; their places are the first so many of `seen`.
    """
    n_known = 0
    for i in range(len(row)):
        if not np.isnan(row[i]):
            seen[n_known] = i
            n_known += 1
    k = cov.shape[0]
    for a in range(n_known):
        for j in range(k):
            total = 0.0
            for i in range(k):
                total += model.loading[seen[a], i] * cov[i, j]
            gain[a, j] = total
        for b in range(a + 1):
            total = model.noise[seen[a], seen[b]]
            for j in range(k):
                total += gain[a, j] * model.loading[seen[b], j]
            factor[a, b] = total
    _factorise(factor, n_known)
    for a in range(n_known):
        for j in range(k):
            total = gain[a, j]
            for b in range(a):
                total -= factor[a, b] * gain[b, j]
            gain[a, j] = total / factor[a, a]
    return n_known


@njit(cache=True)
def whiten(
    row: Floats, model: Any, mean: Floats, factor: Floats, seen: Any, n_known: int, out: Floats
) -> float:
    """Write L^-1 (x - expected x) to `out` and return the log-density of the step."""
    log_density = 0.0
    for a in range(n_known):
        place = seen[a]
        total = row[place] - model.offset[place]
        for i in range(len(mean)):
            total -= model.loading[place, i] * mean[i]
        for b in range(a):
            total -= factor[a, b] * out[b]
        out[a] = total / factor[a, a]
        log_density -= np.log(factor[a, a]) + (out[a] ** 2 + np.log(2 * np.pi)) / 2
    return log_density


@njit(cache=True)
def carry(model: Any, cov: Floats, work: Floats) -> None:
    """Replace the covariance by that of the next state."""
    k = cov.shape[0]
    transition = model.transition
    for i in range(k):
        for j in range(k):
            total = 0.0
            for m in range(k):
                total += transition[i, m] * cov[m, j]
            work[i, j] = total
    for i in range(k):
        for j in range(i + 1):
            total = model.state_noise[i, j]
            for m in range(k):
                total += work[i, m] * transition[j, m]
            cov[i, j] = total
            cov[j, i] = total


@njit(cache=True)
def moved(cov: Floats, before: Floats) -> bool:
    """Whether the covariance has moved since `before`, which is brought up to date."""
    largest, size = 0.0, 0.0
    for i in range(cov.shape[0]):
        for j in range(cov.shape[0]):
            largest = max(largest, abs(cov[i, j] - before[i, j]))
            size = max(size, abs(cov[i, j]))
            before[i, j] = cov[i, j]
    return largest > _SETTLED * size


@njit(cache=True)
def chart_course(model: Any, longest: int) -> Any:
    """Return how the covariance goes in a sequence of up to `longest` steps without gaps.

    It goes alike in all of them, whatever their numbers. With ``e = L^-1 (x - expected x)`` the mean of the
    next state is ``transition mean + lift e``.

    Returns
    -------
    cov : ndarray of shape (m, k, k)
        Covariance of the state before step i; the last entry is that of all later steps, too, if settled.
    factor : ndarray of shape (m, d, d)
        Cholesky factor L of the step's covariance.
    rows : ndarray of shape (m, d, k)
        L^-1 loading.
    lift : ndarray of shape (m, k, d)
        What errors add to the next mean.
    constant : ndarray of shape (m,)
        The log-density of a step, but for the squares of e.
    settled : bool
        Whether the covariance has come to rest.
    """
    d, k = model.loading.shape
    cov, work, before = model.start_cov.copy(), np.empty((k, k)), np.full((k, k), np.inf)
    factor, gain, seen = np.empty((d, d)), np.empty((d, k)), np.empty(d, np.int64)
    covs, factors = np.empty((longest, k, k)), np.empty((longest, d, d))
    rows, lift, constant = np.empty((longest, d, k)), np.empty((longest, k, d)), np.empty(longest)
    whole = np.zeros(d)
    settled, i = False, 0
    while i < longest:
        covs[i] = cov
        observe(whole, model, cov, factor, gain, seen)
        factors[i] = factor
        constant[i] = -d * np.log(2 * np.pi) / 2
        for a in range(d):
            constant[i] -= np.log(factor[a, a])
            for j in range(k):
                total = model.loading[a, j]
                for b in range(a):
                    total -= factor[a, b] * rows[i, b, j]
                rows[i, a, j] = total / factor[a, a]
                total = 0.0
                for m in range(k):
                    total += model.transition[j, m] * gain[a, m]
                lift[i, j, a] = total
        i += 1
        # of the covariance before this step: it and the gain that came of it belong together
        settled = not moved(cov, before)
        if settled:
            break
        take_in(cov, gain, d)
        carry(model, cov, work)
    return covs[:i], factors[:i], rows[:i], lift[:i], constant[:i], settled


@njit(cache=True)
def run_filter(
    model: Any,
    course: Any,
    x: Floats,
    offsets: Ints,
    log_density: Floats,
    mean_before: Floats,
    cov_before: Floats,
    mean_ahead: Floats,
    cov_ahead: Floats,
) -> None:
    """Run the filter; of the last four arrays, those that are not empty are filled.

    Sequences keep to the course until a gap, and come back to it where it had settled.
    """
    d, k = model.loading.shape
    mean, moved_mean = np.empty(k), np.empty(k)
    cov, work, before = np.empty((k, k)), np.empty((k, k)), np.empty((k, k))
    factor, gain, whitened = np.empty((d, d)), np.empty((d, k)), np.empty(d)
    seen = np.empty(d, np.int64)
    last, settled, whole = len(course[0]) - 1, course[5], np.zeros(d)
    for s in range(len(offsets) - 1):
        mean[:] = model.start_mean
        t, end = offsets[s], offsets[s + 1]
        # a plain 0 has a type of its own at first, for which all that is called would be compiled once more
        on_course, place = True, int(0)  # noqa: RUF046, UP018
        while t < end:
            if on_course:
                first = t
                until = end if settled else min(end, first + last + 1 - place)
                t = _keep_course(
                    x, first, until, place, model.transition, model.offset, course[1], course[2], course[3],
                    course[4], mean, log_density, mean_before, mean_ahead,
                )  # fmt: skip
                place += t - first
                if place <= last or settled:
                    cov[:] = course[0][min(place, last)]
                else:  # one step beyond what was charted
                    cov[:] = course[0][last]
                    observe(whole, model, cov, factor, gain, seen)
                    take_in(cov, gain, d)
                    carry(model, cov, work)
                if len(cov_before):
                    for row in range(first, t):
                        cov_before[row] = course[0][min(place - t + row, last)]
                if len(cov_ahead) and t > first:
                    for row in range(first, t - 1):
                        cov_ahead[row] = course[0][min(place - t + row + 1, last)]
                    cov_ahead[t - 1] = cov
                before[:] = np.inf
                on_course = False
                if t == end:
                    break
            if len(mean_before):
                mean_before[t] = mean
                cov_before[t] = cov
            n_known = observe(x[t], model, cov, factor, gain, seen)
            log_density[t] = whiten(x[t], model, mean, factor, seen, n_known, whitened)
            for i in range(k):
                total = mean[i]
                for a in range(n_known):
                    total += gain[a, i] * whitened[a]
                moved_mean[i] = total
            for i in range(k):
                total = 0.0
                for j in range(k):
                    total += model.transition[i, j] * moved_mean[j]
                mean[i] = total
            take_in(cov, gain, n_known)
            carry(model, cov, work)
            if len(mean_ahead):
                mean_ahead[t] = mean
                cov_ahead[t] = cov
            t += 1
            if not moved(cov, before) and n_known == d and settled:
                on_course, place = True, last


@njit(cache=True)
def _keep_course(
    x: Floats,
    first: int,
    end: int,
    place: int,
    transition: Floats,
    offset: Floats,
    factors: Floats,
    rows: Floats,
    lift: Floats,
    constant: Floats,
    mean: Floats,
    log_density: Floats,
    mean_before: Floats,
    mean_ahead: Floats,
) -> int:
    """Filter steps without a gap from `place` on the course; return the first step that is left."""
    d, k = rows.shape[1:]
    last = len(factors) - 1
    known, error, moved_mean = np.empty(d), np.empty(d), np.empty(k)
    keep_before, keep_ahead = len(mean_before) > 0, len(mean_ahead) > 0
    for t in range(first, end):
        i = min(place + t - first, last)
        squares = 0.0
        for a in range(d):
            total = x[t, a] - offset[a]
            for b in range(a):
                total -= factors[i, a, b] * known[b]
            total = total / factors[i, a, a]
            known[a] = total
            for j in range(k):
                total -= rows[i, a, j] * mean[j]
            error[a] = total
            squares += total * total
        if np.isnan(squares):
            return t
        log_density[t] = constant[i] - squares / 2
        if keep_before:
            for j in range(k):
                mean_before[t, j] = mean[j]
        for j in range(k):
            total = 0.0
            for m in range(k):
                total += transition[j, m] * mean[m]
            for a in range(d):
                total += lift[i, j, a] * error[a]
            moved_mean[j] = total
        for j in range(k):
            mean[j] = moved_mean[j]
        if keep_ahead:
            for j in range(k):
                mean_ahead[t, j] = mean[j]
    return end


@njit(cache=True)
def take_in(cov: Floats, gain: Floats, n_known: int) -> None:
    """Take off the covariance what a step of `n_known` numbers tells."""
    for i in range(cov.shape[0]):
        for j in range(cov.shape[0]):
            for a in range(n_known):
                cov[i, j] -= gain[a, i] * gain[a, j]


@njit(cache=True)
def run_smoother(
    model: Any,
    x: Floats,
    offsets: Ints,
    mean_before: Floats,
    cov_before: Floats,
    mean: Floats,
    cov: Floats,
    cross: Floats,
) -> None:
    """Run the smoother backwards: `pull` and `weight` are what the steps from t on say of z[t]."""
    d, k = model.loading.shape
    factor, gain, whitened = np.empty((d, d)), np.empty((d, k)), np.empty(d)
    rows = np.empty((d, k))  # L^-1 loading
    seen = np.empty(d, np.int64)
    for s in range(len(offsets) - 1):
        pull, weight = np.zeros(k), np.zeros((k, k))
        for t in range(offsets[s + 1] - 1, offsets[s] - 1, -1):
            prior = cov_before[t]
            n_known = observe(x[t], model, prior, factor, gain, seen)
            whiten(x[t], model, mean_before[t], factor, seen, n_known, whitened)
            for a in range(n_known):
                for j in range(k):
                    total = model.loading[seen[a], j]
                    for b in range(a):
                        total -= factor[a, b] * rows[b, j]
                    rows[a, j] = total / factor[a, a]
            # carried: how z[t+1] follows from what is left of z[t] once x[t] is known
            kept = np.eye(k)
            for a in range(n_known):
                for i in range(k):
                    for j in range(k):
                        kept[i, j] -= gain[a, i] * rows[a, j]
            carried = model.transition @ kept
            if t + 1 < offsets[s + 1]:
                cross[t] = (np.eye(k) - cov_before[t + 1] @ weight) @ (carried @ prior)
            pull = carried.T @ pull
            weight = carried.T @ weight @ carried
            for a in range(n_known):
                for i in range(k):
                    pull[i] += rows[a, i] * whitened[a]
                    for j in range(k):
                        weight[i, j] += rows[a, i] * rows[a, j]
            mean[t] = mean_before[t] + prior @ pull
            cov[t] = prior - prior @ weight @ prior
