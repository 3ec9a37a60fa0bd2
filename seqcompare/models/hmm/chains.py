"""The chain behind the steps: of states, or of states that know how long they have lasted.

Both answer the same questions, so that a model need not know which it has.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.models.hmm.duration_recursions import Ages, expect_ages, filter_ages
from seqcompare.models.hmm.recursions import (
    Likelihood,
    Offsets,
    expect_states,
    filter_states,
)
from seqcompare.models.hmm.sampling import draw_states
from seqcompare.models.hmm.viterbi import best_path
from seqcompare.typing import Floats


class Filtered(NamedTuple):
    """What is known of the states at each step from the steps so far.

    Attributes
    ----------
    log_likelihood : ndarray of shape (n,)
        Of each sequence, in nats.
    now : ndarray of shape (n_steps, K)
        p(z[t] = k | x[..t]).
    trans : ndarray of shape (K, K)
        Probabilities of the next state after a state.
    """

    log_likelihood: Floats
    now: Floats
    trans: Floats

    @property
    def ahead(self) -> Floats:
        """p(z[t + 1] = k | x[..t]), shape (n_steps, K)."""
        return np.asarray(self.now @ self.trans)

    def expect(self, table: Floats) -> Floats:
        """Return the mean of the rows of `table`, one a state, at the next step."""
        return np.asarray(self.now @ (self.trans @ table))

    def last(self, offsets: Offsets) -> Floats:
        """Return what is known at the last step of each sequence, as `ahead` of the chain takes it."""
        return self.now[offsets[1:] - 1]


class AgedFiltered(NamedTuple):
    """The same where states know how long they have lasted."""

    log_likelihood: Floats
    now: Floats
    ahead: Floats
    ages: Floats

    def expect(self, table: Floats) -> Floats:
        """Return the mean of the rows of `table`, one a state, at the next step."""
        return np.asarray(self.ahead @ table)

    def last(self, offsets: Offsets) -> Floats:
        """Return what is known at the last step of each sequence, as `ahead` of the chain takes it."""
        return self.ages


class States(NamedTuple):
    """A chain of states, each of which lasts for a geometric time."""

    start: Floats
    trans: Floats

    def filter(self, fit: Likelihood, offsets: Offsets) -> Filtered:
        """Run forward."""
        return Filtered(*filter_states(self.start, self.trans, fit, offsets), self.trans)

    def posterior(self, fit: Likelihood, offsets: Offsets) -> Floats:
        """Return p(z[t] = k | x), the whole sequence given, shape (n_steps, K)."""
        return expect_states(self.start, self.trans, fit, offsets).posterior

    def path(self, fit: Likelihood, offsets: Offsets) -> tuple[NDArray[np.int64], Floats]:
        """Return the most probable states, and the log-probability of each path."""
        return best_path(self.start, self.trans, fit, offsets)

    def draw(self, lengths: NDArray[np.int64], rng: np.random.RandomState) -> NDArray[np.int64]:
        """Return the states of sequences of these lengths, end to end."""
        return draw_states(self.start, self.trans, lengths, rng)

    def ahead(self, now: Floats) -> Floats:
        """Return what is known a step later."""
        return np.asarray(now @ self.trans)

    def after(self, now: Floats) -> States:
        """Return the chain that goes on after a step of which this is known."""
        return self._replace(start=self.ahead(now))

    @staticmethod
    def states(known: Floats) -> Floats:
        """Return the probabilities of states, shape (..., K)."""
        return known


class AgedStates(NamedTuple):
    """A chain of states whose durations have distributions of their own; what is known is (..., K, m)."""

    start: Floats
    ages: Ages

    def filter(self, fit: Likelihood, offsets: Offsets) -> AgedFiltered:
        """Run forward."""
        return AgedFiltered(*filter_ages(self.ages, fit, offsets))

    def posterior(self, fit: Likelihood, offsets: Offsets) -> Floats:
        """Return p(z[t] = k | x), the whole sequence given, shape (n_steps, K)."""
        return expect_ages(self.ages, fit, offsets).posterior

    def path(self, fit: Likelihood, offsets: Offsets) -> tuple[NDArray[np.int64], Floats]:
        """Return the states of the most probable path of states and ages, and its log-probability."""
        n_ages = self.ages.hazards.shape[1]
        log = None if fit.log is None else np.repeat(fit.log, n_ages, axis=1)
        wide = Likelihood(np.repeat(fit.relative, n_ages, axis=1), fit.shift, log)
        path, log_probability = best_path(*self.ages.flat, wide, offsets)
        return path // n_ages, log_probability

    def draw(self, lengths: NDArray[np.int64], rng: np.random.RandomState) -> NDArray[np.int64]:
        """Return the states of sequences of these lengths, end to end."""
        return draw_states(*self.ages.flat, lengths, rng) // self.ages.hazards.shape[1]

    def ahead(self, now: Floats) -> Floats:
        """Return what is known a step later."""
        return self.ages.ahead(now)

    def after(self, now: Floats) -> AgedStates:
        """Return the chain that goes on after a step of which this is known."""
        start = self.ahead(now)
        return AgedStates(start, self.ages._replace(start=start))

    @staticmethod
    def states(known: Floats) -> Floats:
        """Return the probabilities of states, shape (..., K)."""
        return np.asarray(known.sum(axis=-1))


def chain_of(model: Any) -> States | AgedStates:
    """Return the chain of a fitted model."""
    hazards = getattr(model, "hazards_", None)
    if hazards is None:
        return States(model.startprob_, model.transmat_)
    ages = Ages.running(model.startprob_, model.transmat_, hazards)
    return AgedStates(ages.start, ages)
