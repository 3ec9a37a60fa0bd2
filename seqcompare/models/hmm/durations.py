"""How long states last: distributions of durations as hazards, and their M-step.

A duration is geometric where its hazard, the probability that a state is left after so many steps, is always
the same. Two other kinds are told apart by how hazards are estimated from how often a state of each age was
left (E) and was not (C): "free" ones are a number for each age, and those of a negative binomial follow from
three, a least duration, a shape and a rate (Langrock and Zucchini 2011, Hidden Markov models with arbitrary
state dwell-time distributions).

Sequences are met while they run, so the first state has lasted for a while already: its age is distributed
as at a moment picked at random. With S(i) the probability to come to age i and M = sum_i S(i), age i then has
the probability S(i) / M, and for n0 sequences that start in a state, s(i) of them at age i, the expected
log-likelihood

    sum_i E(i) log h(i) + C(i) log(1 - h(i)) + s(i) log S(i) - n0 log M

is greatest where h(i) = E(i) / (E(i) + C(i) + s(> i) - n0 P(> i)), P being that distribution: first steps
count as far as they are older than expected. Both sides depend on h, so this is iterated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import betainc, expit, gammaln, xlog1py, xlogy

from seqcompare.models.hmm.duration_recursions import survival, typical_ages
from seqcompare.typing import Floats

Durations = Literal["geometric", "negative-binomial", "free"]
DURATIONS = ("geometric", "negative-binomial", "free")

# A state of any age may be left, or stay, by at least this: how long states last rules no sequence out.
_FLOOR = 1e-4
_ROUNDS = 5
_TINY = 1e-12
# Logarithm of the shape, and logit of the rate.
_BOUNDS = ((-4.0, 7.0), (-7.0, 9.0))


class Lasted(NamedTuple):
    """How long states are expected to have lasted.

    Attributes
    ----------
    start, exits, stays : ndarray of shape (K, m)
        Expected numbers of sequences that start at an age, and of times that a state of that age was left
        or was not.
    prior : ndarray, broadcast to shape (K, m)
        Pseudo-counts of both.
    """

    start: Floats
    exits: Floats
    stays: Floats
    prior: Floats

    def row(self, k: int) -> Lasted:
        """Return what is known of one state."""
        prior = np.broadcast_to(self.prior, self.start.shape)
        return Lasted(*(part[k : k + 1] for part in (self.start, self.exits, self.stays, prior)))

    def gain(self, hazards: Floats) -> Floats:
        """Return what the M-step makes as great as it can, of each state, shape (K,), in nats."""
        lasting = survival(hazards)
        lasting[:, -1] /= np.maximum(hazards[:, -1], _TINY)
        moves = xlogy(self.exits + self.prior, hazards) + xlog1py(self.stays + self.prior, -hazards)
        first = xlogy(self.start, lasting) - self.start * np.log(lasting.sum(axis=1, keepdims=True))
        return np.asarray((moves + first).sum(axis=1))


def renew_free(found: Lasted, hazards: Floats) -> Floats:
    """Return the hazards of the M-step, each on its own; see the module."""
    n_starts = found.start.sum(axis=1, keepdims=True)
    older = n_starts - np.cumsum(found.start, axis=1)
    new = hazards
    for _ in range(_ROUNDS if n_starts.any() else 1):
        ages = typical_ages(new)
        go, stay = found.exits + found.prior, found.stays + found.prior
        stay = stay + older - n_starts * (1 - np.cumsum(ages, axis=1))
        # who starts at the last age has come to it at some time, and lasts on from there
        go[:, -1] += (n_starts * ages - found.start)[:, -1]
        go, stay = np.maximum(go, _TINY), np.maximum(stay, _TINY)
        new = _no_worse(found, new, go / (go + stay))
    return new


def renew_negative_binomial(found: Lasted, hazards: Floats) -> Floats:
    """Return the hazards of negative binomials of the M-step, the least durations near those before."""
    rows = []
    for k, row in enumerate(hazards):
        least = _shape_of(row)[0]
        near = range(max(least - 1, 1), min(least + 1, row.size) + 1)
        rows.append(_best_negative_binomial(found.row(k), row, near))
    return _no_worse(found, hazards, np.stack(rows))


def nearest_negative_binomials(hazards: Floats) -> Floats:
    """Return the hazards of the negative binomials nearest to what each state has, of any least duration."""
    lasting = survival(hazards)
    found = Lasted(np.zeros_like(hazards), lasting * hazards, lasting * (1 - hazards), np.zeros(()))
    least = range(1, hazards.shape[1] + 1)
    return np.stack([_best_negative_binomial(found.row(k), row, least) for k, row in enumerate(hazards)])


def _best_negative_binomial(found: Lasted, hazards: Floats, leasts: Iterable[int]) -> Floats:
    """Return the hazards of one state that gain most, of these least durations, from those before."""

    def at(point: Floats, least: int) -> Floats:
        return negative_binomial(least, float(np.exp(point[0])), float(expit(point[1])), hazards.size)

    def loss(point: Floats, least: int) -> float:
        return -float(found.gain(at(point, least)[None])[0])

    tried = []
    for least in leasts:
        point = _shape_of(hazards, least)[1]
        end = minimize(loss, point, (least,), method="L-BFGS-B", bounds=_BOUNDS)
        tried.append((float(end.fun), least, end.x))
    _, least, point = min(tried, key=lambda attempt: attempt[:2])
    return at(point, least)


RENEW: dict[str, Callable[[Lasted, Floats], Floats]] = {
    "free": renew_free,
    "negative-binomial": renew_negative_binomial,
}


def negative_binomial(least: int, shape: float, rate: float, n_ages: int) -> Floats:
    """Return the hazards of a duration of `least` steps and a negative binomial number of more, (n_ages,).

    Parameters
    ----------
    least : int
        The least duration, in steps.
    shape, rate : float
        Of ``p(j) = G(j + shape) / (j! G(shape)) rate^shape (1 - rate)^j``.
    n_ages : int
        How many hazards; each is raised a little above 0 and lowered below 1.
    """
    j = np.arange(n_ages - least + 1)
    log_p = gammaln(j + shape) - gammaln(shape) - gammaln(j + 1.0) + xlogy(shape, rate) + xlog1py(j, -rate)
    rest = np.where(j > 0, betainc(np.maximum(j, 1), shape, 1.0 - rate), 1.0)
    # far out in the tail the hazard is the rate
    hazards = np.where(rest > 1e-290, np.exp(log_p) / np.maximum(rest, 1e-290), rate)
    hazards = np.concatenate([np.zeros(least - 1), np.clip(hazards, 0.0, 1.0)])
    return np.asarray(_FLOOR + (1 - 2 * _FLOOR) * hazards)


def parameters_of_duration(durations: str, n_ages: int) -> int:
    """Return how many numbers say how long a state lasts, beside its transitions."""
    return {"free": n_ages, "negative-binomial": 3}.get(durations, 0)


def duration_proba(hazards: Floats) -> Floats:
    """Return the probabilities of durations of 1..m steps, and more in the last, shape (K, m)."""
    proba = survival(hazards) * hazards
    proba[:, -1] = survival(hazards)[:, -1]
    return proba


def mean_durations(hazards: Floats) -> Floats:
    """Return how many steps states last on average, shape (K,)."""
    lasting = survival(hazards)
    lasting[:, -1] /= np.maximum(hazards[:, -1], _TINY)
    return np.asarray(lasting.sum(axis=1))


def _shape_of(hazards: Floats, least: int = 0) -> tuple[int, Floats]:
    """Return the least duration that hazards tell of, and shape and rate of what is beyond, by moments."""
    bare = np.clip((hazards - _FLOOR) / (1 - 2 * _FLOOR), 0.0, 1.0)
    least = least or int(np.argmax(bare > _TINY)) + 1
    more = np.arange(hazards.size) - (least - 1.0)
    p = duration_proba(bare[None])[0]
    # the mean of a geometric tail stands for all of it
    more[-1] += (1 - bare[-1]) / max(float(bare[-1]), _FLOOR)
    mean = float(max(p @ more, 1e-3))
    variance = float(max(p @ (more - mean) ** 2, 1.02 * mean))
    rate = mean / variance
    point = np.array([np.log(mean * rate / (1 - rate)), np.log(rate / (1 - rate))])
    return least, np.clip(point, *np.transpose(_BOUNDS))


def _no_worse(found: Lasted, before: Floats, new: Floats) -> Floats:
    """Return `new`, or for each state a point on the way there that is no worse than `before`."""
    was = found.gain(before)
    share = np.ones((len(new), 1))
    for _ in range(10):
        mixed = before + share * (new - before)
        worse = found.gain(mixed) < was - 1e-9 * np.abs(was)
        if not worse.any():
            return np.asarray(mixed)
        share[worse] *= 0.5
    return np.where(worse[:, None], before, mixed)


def first_hazards(n_states: int, n_ages: int, *, sticky: bool, rng: np.random.RandomState) -> Floats:
    """Return hazards to start from: of states that last about ten steps, or three."""
    level = (0.1 if sticky else 0.3) * rng.uniform(0.5, 1.5, size=(n_states, 1))
    return np.broadcast_to(level, (n_states, n_ages)).copy()
