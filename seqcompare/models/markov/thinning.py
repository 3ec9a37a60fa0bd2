"""Counts that follow from thinned counts: the probabilities, and the EM algorithm that fits them.

    x[t] = sum over k of (survivors of x[t-k], each with probability survival[k-1]) + arrivals

with independent survivors, binomial in number, and arrivals of any distribution. McKenzie (1985), "Some
simple models for discrete variate time series"; Al-Osh and Alzaid (1987); Du and Li (1991) for several lags.
"""

from __future__ import annotations

from math import lgamma
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.stats import poisson

from seqcompare.models.distributions.counts import CountDistribution
from seqcompare.typing import Floats

Counts = NDArray[np.int64]

_MOST_ROUNDS = 5000
# A round of EM that gains less than this, in nats a step, is the last.
_LEAST_GAIN = 1e-11
# Where a Poisson distribution's table ends: what is left beyond is no probability that matters.
_NEGLIGIBLE = 1e-16


class Thinning(NamedTuple):
    """The parameters: how likely each survives, and how many arrive."""

    survival: Floats
    """Of a count 1..p steps back, shape (p,)."""
    arrivals: Floats
    """Probabilities of 0..m-1 arrivals, shape (m,)."""
    ratio: float
    """How fast the probabilities of more fall; see `CountDistribution`."""
    tail: float
    """What they add up to."""


class Transitions(NamedTuple):
    """The distinct transitions in data, and their weights."""

    following: Counts
    """What came, shape (n,)."""
    past: Counts
    """The counts 1..p steps before it, shape (n, p)."""
    weight: Floats
    """Summed weight, shape (n,)."""


def log_proba(model: Thinning, count: Counts, past: Counts) -> Floats:
    """Return the log-probabilities of counts given those before them, in nats, shape (n,)."""
    arrivals = extended(model, int(count.max(initial=0)) + 1)
    proba, _, _ = _expect(count, past, np.ones(len(count)), model.survival, arrivals)
    return np.log(proba)


def predict(model: Thinning, past: Counts) -> CountDistribution:
    """Return the distributions of the counts that follow on `past`, shape (n, p), a batch of shape (n,)."""
    states, which = np.unique(past, axis=0, return_inverse=True)
    size = int(states.sum(axis=1).max(initial=0)) + len(model.arrivals)
    arrivals = extended(model, size)
    table = np.zeros((len(states), size))
    fill(states, model.survival, arrivals, table)
    return CountDistribution(table, model.ratio, _beyond(states, model, size))[which.ravel()]


def fit_thinning(seen: Transitions, *, free: bool) -> tuple[Thinning, int, int]:
    """Fit by EM: what survived and what arrived is hidden.

    Parameters
    ----------
    seen : Transitions
        The data.
    free : bool
        Whether each number of arrivals has a probability of its own, or they are Poisson.

    Returns
    -------
    model : Thinning
        The fit; free arrivals as `mix_in_all` leaves them.
    n_rounds : int
        Rounds of EM.
    n_arrivals : int
        Numbers of arrivals that have a probability.
    """
    total, p = float(seen.weight.sum()), seen.past.shape[1]
    mean = float(seen.following @ seen.weight / total)
    survival, arrivals = rough_start(mean, p, int(seen.following.max()) + 1, free=free)
    survival, arrivals, n_rounds = climb(seen, survival, arrivals, free=free)
    model, n_arrivals = finish(survival, arrivals, total, free=free)
    return model, n_rounds, n_arrivals


def rough_start(mean: float, order: int, size: int, *, free: bool) -> tuple[Floats, Floats]:
    """Return survival, and the probabilities of 0..size-1 arrivals, to begin EM with."""
    arrivals = poisson.pmf(np.arange(size), max(mean / 2, 1e-3))
    return np.full(order, 0.5 / max(order, 1)), arrivals + 1e-3 / size if free else arrivals


def climb(seen: Transitions, survival: Floats, arrivals: Floats, *, free: bool) -> tuple[Floats, Floats, int]:
    """Run EM from some survival and arrivals, and return what it comes to and how many rounds it took."""
    total, p = float(seen.weight.sum()), len(survival)
    exposed = seen.weight @ seen.past
    last, gain, n_rounds = -np.inf, np.inf, 0
    while gain > _LEAST_GAIN and n_rounds < _MOST_ROUNDS:
        n_rounds += 1
        proba, survivors, arrived = _expect(seen.following, seen.past, seen.weight, survival, arrivals)
        reached = float(seen.weight @ np.log(proba)) / total
        gain, last = reached - last, reached
        survival = np.clip(np.divide(survivors, exposed, out=np.zeros(p), where=exposed > 0), 0, 1)
        arrivals = next_arrivals(arrived, total, free=free)
    return survival, arrivals, n_rounds


def next_arrivals(arrived: Floats, total: float, *, free: bool) -> Floats:
    """Return the most likely probabilities of arrivals, given how often each is expected in `total`."""
    k = np.arange(len(arrived))
    rate = max(float(arrived @ k) / total, 1e-12)
    return np.asarray(arrived / arrived.sum() if free else poisson.pmf(k, rate))


def finish(survival: Floats, arrivals: Floats, total: float, *, free: bool) -> tuple[Thinning, int]:
    """Return the model of what EM came to in `total` steps, and how many numbers of arrivals it gives."""
    if free:
        return Thinning(survival, *mix_in_all(arrivals, total)), int((arrivals > 1e-9).sum())
    rate = _rate_of(arrivals)
    size = int(poisson.isf(_NEGLIGIBLE, rate)) + 2
    table, tail = poisson.pmf(np.arange(size), rate), float(poisson.sf(size - 1, rate))
    return Thinning(survival, table, min(rate / size, 0.5), tail), size


def _rate_of(arrivals: Floats) -> float:
    """Return the rate of Poisson probabilities from 0 on, from those about the most probable number."""
    most = int(np.argmax(arrivals))
    return most * float(arrivals[most] / arrivals[most - 1]) if most else -float(np.log(arrivals[0]))


def mix_in_all(shares: Floats, total: float) -> tuple[Floats, float, float]:
    """Let one observation in `total` + 1 be of a geometric distribution, so that no count is impossible.

    Parameters
    ----------
    shares : ndarray of shape (m,)
        Probabilities of 0..m-1.
    total : float
        Observations that they are from.

    Returns
    -------
    proba, ratio, tail
        What a `CountDistribution` is made of; the geometric one has the mean of `shares`.
    """
    k = np.arange(len(shares))
    mean = float(shares @ k)
    ratio = mean / (1 + mean)
    proba = (total * shares + (1 - ratio) * ratio**k) / (total + 1)
    return proba, ratio, ratio ** len(shares) / (total + 1)


def extended(model: Thinning, size: int) -> Floats:
    """Return the probabilities of 0..size-1 arrivals at least, the tail included."""
    beyond = np.arange(max(size - len(model.arrivals), 0))
    tail = model.tail * (1 - model.ratio) * model.ratio**beyond
    # what underflows is still possible
    return np.concatenate([model.arrivals, np.maximum(tail, 1e-300)])


def _beyond(states: Counts, model: Thinning, size: int) -> Floats:
    """Return the probability of `size` and more, which is past all but the tail of the arrivals.

    There a survivor more is worth a step less into the tail, 1/ratio, and their mean is that of a binomial.
    """
    moved = (1 - model.survival + model.survival / max(model.ratio, 1e-12)) ** states
    return np.minimum(model.tail * model.ratio ** (size - len(model.arrivals)) * moved.prod(axis=1), 1.0)


@njit(cache=True)
def log_factorials(past: Counts) -> Floats:
    """Return the logarithms of the factorials of 0, 1, ... up to the largest count."""
    largest = 0
    for i in range(past.shape[0]):
        for j in range(past.shape[1]):
            largest = max(largest, past[i, j])
    logs = np.empty(largest + 1)
    for n in range(largest + 1):
        logs[n] = lgamma(n + 1.0)
    return logs


@njit(cache=True)
def binomial(n: int, share: float, size: int, log_factorial: Floats, out: Floats) -> None:
    """Write the probabilities of 0..size-1 survivors among n."""
    certain = share <= 0 or share >= 1
    log_share, log_rest = (0.0, 0.0) if certain else (np.log(share), np.log1p(-share))
    for k in range(size):
        if k > n or (share <= 0 and k > 0) or (share >= 1 and k < n):
            out[k] = 0.0
        elif certain:
            out[k] = 1.0
        else:
            ways = log_factorial[n] - log_factorial[k] - log_factorial[n - k]
            out[k] = np.exp(ways + k * log_share + (n - k) * log_rest)


@njit(cache=True)
def _survivors(
    past: Counts,
    survival: Floats,
    size: int,
    log_factorial: Floats,
    total: Floats,
    one: Floats,
    work: Floats,
) -> None:
    """Write the probabilities of 0..size-1 survivors altogether to `total`."""
    total[:size] = 0
    total[0] = 1
    for j in range(len(past)):
        if past[j] <= 0:
            continue
        binomial(past[j], survival[j], size, log_factorial, one)
        for i in range(size):
            work[i] = 0
            for k in range(i + 1):
                work[i] += one[k] * total[i - k]
        total[:size] = work[:size]


@njit(cache=True)
def _expect(count: Counts, past: Counts, weight: Floats, survival: Floats, arrivals: Floats) -> Any:
    """Return the probability of each transition, and what is to be expected of what is hidden.

    Of k survivors among n, each with probability a, ``k Bin(k; n, a) = n a Bin(k - 1; n - 1, a)``: so the
    expected survivors are a probability of a transition with one count less.
    """
    n, p = past.shape
    most = 1
    for i in range(n):
        most = max(most, count[i] + 1)
    log_factorial = log_factorials(past)
    total, one, work = np.empty(most), np.empty(most), np.empty(most)
    proba = np.empty(n)
    survivors, arrived = np.zeros(p), np.zeros(len(arrivals))
    less = np.empty(p, np.int64)
    for i in range(n):
        x = count[i]
        _survivors(past[i], survival, x + 1, log_factorial, total, one, work)
        found = 0.0
        for k in range(x + 1):
            found += total[x - k] * arrivals[k]
        proba[i] = max(found, 1e-300)
        for k in range(x + 1):
            arrived[k] += weight[i] * total[x - k] * arrivals[k] / proba[i]
        if x == 0:
            continue
        for j in range(p):
            if past[i, j] <= 0:
                continue
            less[:] = past[i]
            less[j] -= 1
            _survivors(less, survival, x, log_factorial, total, one, work)
            found = 0.0
            for k in range(x):
                found += total[x - 1 - k] * arrivals[k]
            survivors[j] += weight[i] * survival[j] * past[i, j] * found / proba[i]
    return proba, survivors, arrived


@njit(cache=True)
def fill(states: Counts, survival: Floats, arrivals: Floats, table: Floats) -> None:
    """Write the distribution of what follows each state into the rows of `table`."""
    size = table.shape[1]
    log_factorial = log_factorials(states)
    total, one, work = np.empty(size), np.empty(size), np.empty(size)
    for i in range(len(states)):
        most = 1
        for j in range(states.shape[1]):
            most += max(states[i, j], 0)
        most = min(most, size)
        _survivors(states[i], survival, most, log_factorial, total, one, work)
        for x in range(size):
            for k in range(min(x + 1, most)):
                table[i, x] += total[k] * arrivals[x - k]
