"""Counts that follow from thinned counts, some of which are missing: a filter, and EM that sums over them.

What a missing count may have been is carried along as a table of probabilities, of all of the last p counts
together: every answer is that of the sum over all that they may have been, but for values of next to no
probability.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.models.distributions.counts import CountDistribution, widen
from seqcompare.models.markov.thinning import (
    Counts,
    Thinning,
    binomial,
    extended,
    fill,
    finish,
    log_factorials,
    next_arrivals,
    rough_start,
)
from seqcompare.typing import Floats, Ints

#: What stands for a missing count.
MISSING = -1

# Probability that is not followed up at either end of what a missing count may have been.
_NEGLIGIBLE = 1e-11
# Probabilities of transitions that EM keeps, and expected transitions that are too few to be looked at.
_MOST_CELLS, _TOO_FEW = 20_000_000, 1e-9
# Rounds of EM, and a gain in nats a step that is the last.
_MOST_ROUNDS, _LEAST_GAIN = 2000, 1e-7


class Belief(NamedTuple):
    """What is known of the last counts, as many as a prediction looks back, or as there are."""

    values: tuple[Counts, ...]
    """What each may have been, the newest first: a known one has a single value."""
    table: Floats
    """How probable they are together, an axis each."""


NOTHING = Belief((), np.ones(()))


def ahead(model: Thinning, start: CountDistribution, belief: Belief) -> CountDistribution:
    """Return the distribution of the next count, a batch of shape ()."""
    p = len(model.survival)
    if len(belief.values) < p:
        return start
    if not p:
        return CountDistribution(model.arrivals, model.ratio, model.tail)
    alive = 1 + sum(int(each[-1]) for each in belief.values)
    size = alive + len(model.arrivals)
    survivors = _survivors(model, belief, alive).reshape(-1, alive).sum(axis=0)
    proba = np.convolve(survivors, extended(model, size))[:size]
    # survivors are fewer than the table is longer than that of arrivals, so what is beyond is of their tail
    beyond = survivors @ model.ratio ** np.arange(alive, 0, -1.0)
    return CountDistribution(proba, model.ratio, min(model.tail * float(beyond), 1.0))


def read_count(model: Thinning, start: CountDistribution, belief: Belief, count: int) -> tuple[float, Belief]:
    """Return the log-probability of one more count in nats, 0 if it is missing, and what is known then."""
    p = len(model.survival)
    if not p:
        known = count != MISSING
        return (float(ahead(model, start, belief).log_prob(float(count))) if known else 0.0), belief
    full = len(belief.values) == p
    kept = belief.values[: p - 1]
    if count != MISSING:
        if full:
            alive = _survivors(model, belief, count + 1)
            joint = alive @ extended(model, count + 1)[count::-1]
        else:
            joint = belief.table * np.exp(start.log_prob(float(count)))
        total = float(joint.sum())
        if not total > 0:  # beyond what numbers tell from 0
            joint = belief.table.sum(axis=-1) if full else belief.table
        return float(np.log(max(total, 1e-300))), Belief(
            (np.array([count]), *kept), (joint / joint.sum())[np.newaxis]
        )
    if full:
        size = _reach(model, belief)
        joint = _add(_survivors(model, belief, size), extended(model, size)[:size])
    else:
        size = len(start.proba) + _tail_steps(start.tail, start.ratio)
        joint = belief.table[..., np.newaxis] * widen(start, size).proba
    each = joint.reshape(-1, size).sum(axis=0)
    first = int(np.searchsorted(np.cumsum(each), _NEGLIGIBLE))
    end = size - int(np.searchsorted(np.cumsum(each[::-1]), _NEGLIGIBLE))
    joint = np.moveaxis(joint[..., first:end], -1, 0)
    return 0.0, Belief((np.arange(first, end), *kept), joint / joint.sum())


def read_gaps(
    model: Thinning, start: CountDistribution, counts: Counts, step_index: NDArray[np.int64]
) -> Iterator[tuple[int, float, Belief]]:
    """Yield the steps that are missing, or have a missing one among those that they are predicted from.

    Parameters
    ----------
    model : Thinning
        The parameters.
    start : CountDistribution
        Of each of the first p counts.
    counts, step_index : ndarray of int64, shape (n_steps,)
        All steps, `MISSING` where they are, and their positions in their sequences.

    Yields
    ------
    row : int
        The step.
    log_prob : float
        As of `read_count`.
    belief : Belief
        What is known after it.
    """
    p = len(model.survival)
    last, belief = -1, NOTHING
    for row in np.flatnonzero(near_gaps(counts, step_index, p)).tolist():
        if row != last + 1 or step_index[row] == 0:
            m = min(int(step_index[row]), p)
            belief = Belief(tuple(counts[row - k : row - k + 1] for k in range(1, m + 1)), np.ones((1,) * m))
        log_prob, belief = read_count(model, start, belief, int(counts[row]))
        yield row, log_prob, belief
        last = row


def near_gaps(counts: Counts, step_index: NDArray[np.int64], order: int) -> NDArray[np.bool_]:
    """Return which steps are missing, or have a missing one among the `order` before them."""
    missing = counts == MISSING
    found = missing.copy()
    for k in range(1, order + 1):
        found[k:] |= missing[:-k] & (step_index[k:] >= k)
    return found


def draw_past(belief: Belief, n: int, rng: np.random.RandomState) -> Counts:
    """Return n draws of what the last counts may have been, the newest first, shape (n, n_known)."""
    chosen = rng.choice(belief.table.size, size=n, p=belief.table.ravel())
    places = np.unravel_index(chosen, belief.table.shape)
    return np.stack([each[at] for each, at in zip(belief.values, places, strict=True)], axis=1)


def fit_with_gaps(
    counts: Counts, weight: Floats, offsets: NDArray[np.int64], order: int, *, free: bool
) -> tuple[Thinning, int, int]:
    """Fit by EM as `fit_thinning` does, with the transitions that are to be expected, given the known counts.

    Missing counts among the first `order` of a sequence are taken for any of those that are known, at their
    frequencies.

    Parameters
    ----------
    counts, offsets : ndarray of int64, shape (n_steps,) and (n + 1,)
        All steps, `MISSING` where they are, and where sequences begin.
    weight : ndarray of shape (n_steps,)
        Weight of the prediction of each step.
    order, free
        Counts that a prediction looks back, at least 1; see `fit_thinning`.

    Raises
    ------
    ValueError
        If there are too many ways in which the last counts may have been missing.
    """
    known = counts >= 0
    most = int(counts.max())
    size = most + 1 + int(2 * np.sqrt(most + 1))  # a missing count may be larger than all that are seen
    if size ** (order + 1) > _MOST_CELLS:
        raise ValueError(
            f"counts up to {most} with missing ones are too many for order {order}: there are "
            f"{size ** (order + 1):.0e} transitions between what they may be, {_MOST_CELLS:.0e} at most"
        )
    seen = np.bincount(counts[known], weight[known], minlength=size)
    start = seen / seen.sum()
    states = np.indices((size,) * order).reshape(order, -1).T.copy()
    survival, arrivals = rough_start(float(start @ np.arange(size)), order, size, free=free)
    last, gain, n_rounds = -np.inf, np.inf, 0
    no_arrivals = np.zeros(size)
    no_arrivals[0] = 1.0
    while gain > _LEAST_GAIN and n_rounds < _MOST_ROUNDS:
        n_rounds += 1
        table, alive, expected = (np.zeros((len(states), size)) for _ in range(3))
        fill(states, survival, arrivals, table)
        fill(states, survival, no_arrivals, alive)
        reached = _expect_transitions(table, start, counts, weight, offsets, order, expected)
        total = expected.sum()
        gain, last = reached / total - last, reached / total
        survivors, arrived = _expect_hidden(states, survival, arrivals, table, alive, expected)
        exposed = expected.sum(axis=1) @ states
        survival = np.clip(survivors / np.maximum(exposed, 1e-300), 0, 1)
        arrivals = next_arrivals(arrived, float(total), free=free)
    return *finish(survival, arrivals, float(total), free=free), n_rounds


def _survivors(model: Thinning, belief: Belief, size: int) -> Floats:
    """Return how probable 0..size-1 survivors are, together with all counts but the oldest: an axis each."""
    *others, oldest = belief.values
    found = belief.table @ _binomials(oldest, float(model.survival[-1]), size)
    for axis, values in enumerate(others):
        own = _binomials(values, float(model.survival[axis]), size)
        shape = [1] * found.ndim
        shape[axis], shape[-1] = len(values), size
        found = _add(found, np.broadcast_to(own.reshape(shape), found.shape))
    return found


def _add(first: Floats, second: Floats) -> Floats:
    """Return the distributions of sums of two counts, along the last axis."""
    size = first.shape[-1]
    rows = np.broadcast_to(second, first.shape).reshape(-1, size)
    return _convolve(np.ascontiguousarray(first).reshape(-1, size), rows).reshape(first.shape)


def _reach(model: Thinning, belief: Belief) -> int:
    """Return how many counts from 0 on may follow with a probability that matters."""
    alive = sum(int(each[-1]) for each in belief.values)
    return 1 + alive + len(model.arrivals) + _tail_steps(model.tail, model.ratio)


def _tail_steps(tail: object, ratio: object) -> int:
    """Return the steps by which a geometric tail has become negligible."""
    # numbers, or arrays of one
    left, share = (np.asarray(one, dtype=np.float64).item() for one in (tail, ratio))
    if left <= _NEGLIGIBLE or share <= 0:
        return 1
    return int(np.ceil(np.log(_NEGLIGIBLE / left) / np.log(share))) + 1


@njit(cache=True)
def _binomials(values: Counts, share: float, size: int) -> Floats:
    """Return the probabilities of 0..size-1 survivors among each of `values`, shape (n, size)."""
    rows = np.empty((len(values), size))
    logs = log_factorials(values.reshape(-1, 1))
    for i in range(len(values)):
        binomial(values[i], share, size, logs, rows[i])
    return rows


@njit(cache=True)
def _convolve(first: Floats, second: Floats) -> Floats:
    """Return row by row the distributions of sums, as far as rows go, shape (n, size)."""
    n, size = first.shape
    found = np.zeros((n, size))
    for i in range(n):
        for k in range(size):
            if first[i, k] > 0:
                for j in range(size - k):
                    found[i, k + j] += first[i, k] * second[i, j]
    return found


@njit(cache=True)
def _expect_hidden(
    states: Counts, survival: Floats, arrivals: Floats, table: Floats, alive: Floats, expected: Floats
) -> tuple[Floats, Floats]:
    """Return how many are to be expected to have survived, by lag, and how often each number arrived.

    As `seqcompare.models.markov.thinning` has it, but with all transitions in tables: `alive` is that of the
    survivors, and one unit less of a past is another row of `table`.
    """
    n_states, size = table.shape
    p = states.shape[1]
    survivors, arrived = np.zeros(p), np.zeros(size)
    for i in range(n_states):
        for x in range(size):
            if expected[i, x] <= _TOO_FEW:
                continue
            share = expected[i, x] / max(table[i, x], 1e-300)
            for k in range(x + 1):
                arrived[k] += share * alive[i, x - k] * arrivals[k]
            less = n_states
            for j in range(p):
                less //= size
                if states[i, j] > 0 and x > 0:
                    survivors[j] += share * survival[j] * states[i, j] * table[i - less, x - 1]
    return survivors, arrived


@njit(cache=True)
def _expect_transitions(
    table: Floats,
    start: Floats,
    counts: Ints,
    weight: Floats,
    offsets: Ints,
    order: int,
    expected: Floats,
) -> float:
    """Add up the transitions that are to be expected, and return the weighted log-likelihood.

    The past is numbered by its counts as the digits of a number, the newest first.
    """
    n_states, size = table.shape
    newest = n_states // size  # what one unit of the newest count adds to the number of a past
    reached = 0.0
    for s in range(len(offsets) - 1):
        end = offsets[s + 1]
        while end > offsets[s] and counts[end - 1] < 0:
            end -= 1  # what is missing at the end tells nothing
        t = offsets[s] + order
        while t < end:
            # a run of steps that are not certain: until as many counts are known as a prediction looks back
            run, known, past = t, True, 0
            for k in range(1, order + 1):
                past = past * size + max(counts[t - k], 0)
                known = known and counts[t - k] >= 0
            if known and counts[t] >= 0:
                expected[past, counts[t]] += weight[t]
                reached += weight[t] * np.log(max(table[past, counts[t]], 1e-300))
                t += 1
                continue
            certain = 0
            while run < end and certain < order:
                certain = certain + 1 if counts[run] >= 0 else 0
                run += 1
            length = run - t
            forward = np.zeros((length + 1, n_states))
            for i in range(n_states):
                forward[0, i] = 1.0
                left = i
                for k in range(order, 0, -1):
                    value = left % size
                    left //= size
                    if counts[t - k] < 0:
                        forward[0, i] *= start[value]
                    elif counts[t - k] != value:
                        forward[0, i] = 0.0
            for h in range(length):
                now, total = counts[t + h], 0.0
                for i in range(n_states):
                    if forward[h, i] > 0:
                        for x in range(now if now >= 0 else 0, now + 1 if now >= 0 else size):
                            p = forward[h, i] * table[i, x]
                            forward[h + 1, x * newest + i // size] += p
                            total += p
                total = max(total, 1e-300)
                forward[h + 1] /= total
                reached += weight[t + h] * np.log(total)
            after, before = np.ones(n_states), np.empty(n_states)
            for h in range(length - 1, -1, -1):
                now, total = counts[t + h], 0.0
                before[:] = 0.0
                for i in range(n_states):
                    if forward[h, i] > 0:
                        for x in range(now if now >= 0 else 0, now + 1 if now >= 0 else size):
                            before[i] += table[i, x] * after[x * newest + i // size]
                        total += forward[h, i] * before[i]
                total = max(total, 1e-300)
                for i in range(n_states):
                    if forward[h, i] > 0:
                        for x in range(now if now >= 0 else 0, now + 1 if now >= 0 else size):
                            both = table[i, x] * after[x * newest + i // size]
                            expected[i, x] += weight[t + h] * forward[h, i] * both / total
                after[:] = before / total
            t = run
    return reached
