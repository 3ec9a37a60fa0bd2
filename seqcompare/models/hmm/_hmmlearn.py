"""hmmlearn's models with their E-step replaced: all sequences at once, exact with missing data, never NaN.

hmmlearn keeps the EM loop, the M-step and the priors. This module and those called `_hmmlearn_...` are
the only ones that touch its private side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from hmmlearn import hmm
from hmmlearn.base import ConvergenceMonitor
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from seqcompare.models.hmm.duration_recursions import Aged, Ages, expect_ages
from seqcompare.models.hmm.durations import Lasted
from seqcompare.models.hmm.lanes import count_states, pays
from seqcompare.models.hmm.pieces import NUMBERS, expect_pieces
from seqcompare.models.hmm.recursions import Expected, Likelihood, Offsets, add_rows, expect_states
from seqcompare.typing import Floats, Ints, Labels, Record, SequencesLike

# A state expected for fewer steps than this, or for less of what all steps weigh, has nothing to estimate its
# parameters from.
_UNUSED = 1e-10
_SMALLEST_RATE = 1e-10
# The E-step works on arrays of this many numbers, which stay in the cache and need no fresh memory each time.
_CHUNK = 1 << 15


class ImpossibleError(ValueError):
    """The training data have no finite likelihood under the model."""


class Steps(NamedTuple):
    """Training data as the engine reads them.

    Attributes
    ----------
    values : ndarray of int64, shape (n_steps,), or of float64, shape (n_steps, d)
        Codes of symbols, the size of the alphabet meaning an unknown symbol and the one above a missing one;
        or measurements or counts, NaN where missing.
    offsets : ndarray of shape (n + 1,)
        Where each sequence starts.
    weights : ndarray of shape (n_steps,), optional
        What each step counts for.
    labels : ndarray of int64, shape (n_steps,), optional
        Codes of a second observation, the label; the number of labels means that it is missing.
    """

    values: Labels
    offsets: Offsets
    weights: Floats | None = None
    labels: NDArray[np.int64] | None = None


class Monitor(ConvergenceMonitor):
    """hmmlearn's monitor, silent, and with a reason for stopping that is true."""

    def report(self, log_prob: float) -> None:
        """Take down the objective of one iteration."""
        if not np.isfinite(log_prob):
            raise ImpossibleError(f"the likelihood of the training data is {np.exp(log_prob)}")
        self.history.append(log_prob)
        self.iter += 1

    @property
    def stop_reason(self) -> str:
        """Why EM stops now: "tol", "likelihood fell", "max_iter", or "" if it need not."""
        if self.iter >= 2:
            gain = self.history[-1] - self.history[-2]
            if gain < -1e-8 * max(1.0, abs(self.history[-1])):
                return "likelihood fell"
            # a gain that still grows is EM leaving a saddle, not arriving
            grows = self.iter >= 3 and gain > max(self.history[-2] - self.history[-3], 1e-4 * self.tol)
            if gain < self.tol and not grows:
                return "tol"
        return "max_iter" if self.iter >= self.n_iter else ""

    @property
    def converged(self) -> bool:
        """Whether hmmlearn's loop is to end."""
        return bool(self.stop_reason)


class Engine:
    """The part that all emissions share; mixed into one of hmmlearn's models."""

    steps: Steps
    labelprob_: Floats
    label_count: float = 0.0
    learn_labels: bool = True
    # of states that know how long they have lasted
    hazards_: Floats | None = None
    hazard_count: float | Floats = 0.0
    renew: Callable[[Lasted, Floats], Floats] | None = None
    n_components: int
    startprob_: Floats
    transmat_: Floats
    startprob_prior: Floats
    transmat_prior: Floats
    tol: float
    n_iter: int
    # of a symbol outside the alphabet, in every state alike: it says nothing about the state
    unknown_proba: float = 1e-6
    # the E-step of data that are not all here, in place of that of `steps`
    elsewhere: Callable[[Engine], tuple[Record, float]] | None = None

    def train(self, steps: Steps) -> Monitor:
        """Run EM from the parameters set and return what the monitor saw.

        Raises
        ------
        ImpossibleError
            If the likelihood of the data is zero.
        """
        self.steps = steps
        self.monitor_ = Monitor(self.tol, self.n_iter, verbose=False)
        # hmmlearn's fit checks its X and hands it to the E-step; ours reads `steps`, which may hold NaN
        self.fit(np.zeros((1, 1), dtype=np.int64))  # type: ignore[attr-defined]  # hmmlearn's
        return self.monitor_

    def emission(self, values: Labels) -> Likelihood:
        """Return how well observations fit each state."""
        raise NotImplementedError

    def likelihood(self, values: Labels, labels: NDArray[np.int64] | None = None) -> Likelihood:
        """Return how well observations, with their labels if given, fit each state."""
        fit = self.emission(values)
        if labels is None:
            return fit
        table = np.vstack([self.labelprob_.T, np.ones(self.n_components)])
        if fit.log is None:
            return Likelihood(fit.relative * table[labels], fit.shift)
        with np.errstate(divide="ignore"):
            log = fit.log + np.log(table)[labels]
        return Likelihood.from_log(np.maximum(log, -1e300) + fit.shift[:, None])

    def _init(self, X: Ints, lengths: Ints | None = None) -> None:
        """Leave the start as it was set."""

    def _do_estep(self, X: Ints, lengths: Ints) -> tuple[Record, float]:
        found, total = self.expect(self.steps) if self.elsewhere is None else self.elsewhere(self)
        # hmmlearn begins some sums with what is known before
        for name, known in self._initialize_sufficient_statistics().items():  # type: ignore[attr-defined]
            found[name] = found[name] + known
        return found, total

    def expect(self, steps: Steps) -> tuple[Record, float]:
        """Return the sums that the M-step needs of these steps, and their log-likelihood in nats."""
        begun = self._initialize_sufficient_statistics()  # type: ignore[attr-defined]  # hmmlearn's
        stats: Record = {name: 0 * known for name, known in begun.items()}
        stats["ages"] = 0.0
        if steps.labels is not None:
            stats["labels"] = np.zeros_like(self.labelprob_)
        total = 0.0
        for a, z, firsts, found in self._found(steps):
            labels = None if steps.labels is None else steps.labels[a:z]
            posterior = found.posterior
            if steps.weights is None:
                total += found.log_likelihood.sum()
            else:
                total += float(found.log_likelihood @ steps.weights[firsts])
                posterior *= steps.weights[a:z, None]
            stats["nobs"] += np.count_nonzero(firsts >= a)
            if isinstance(found, Aged):
                stats["ages"] = stats["ages"] + np.stack([found.start, found.exits, found.stays])
                stats["start"] += found.start.sum(axis=1)
            else:
                stats["start"] += found.start
            stats["trans"] += found.transitions
            self._accumulate(stats, steps.values[a:z], posterior)
            if labels is not None:
                stats["labels"] += count_codes(labels, posterior, self.labelprob_.shape[1])
        return stats, float(total)

    def _found(self, steps: Steps) -> Iterator[tuple[int, int, Offsets, Expected | Aged]]:
        """Yield what the states are expected to have done from one step to another.

        With the bounds of the steps comes where the sequences begin that they are of.
        """
        offsets = steps.offsets

        def fit(a: int, z: int) -> Likelihood:
            return self.likelihood(steps.values[a:z], None if steps.labels is None else steps.labels[a:z])

        for first, last in _cut(offsets, _CHUNK // self.n_components):
            a, z = int(offsets[first]), int(offsets[last])
            if last - first == 1 and self.hazards_ is None and (z - a) * self.n_components > NUMBERS:
                cuts = [*range(a, z, max(_CHUNK // self.n_components, 1)), z]
                pieces = expect_pieces(
                    self.startprob_, self.transmat_, fit, list(pairwise(cuts)), steps.weights
                )
                for start, end, found in pieces:
                    yield start, end, offsets[first:last], found
            else:
                share = None if steps.weights is None else steps.weights[a:z]
                yield a, z, offsets[first:last], self._expect(fit(a, z), offsets[first : last + 1] - a, share)

    def _expect(self, fit: Likelihood, offsets: Offsets, weights: Floats | None) -> Expected | Aged:
        if self.hazards_ is None:
            return expect_states(self.startprob_, self.transmat_, fit, offsets, weights)
        ages = Ages.running(self.startprob_, self.transmat_, self.hazards_)
        return expect_ages(ages, fit, offsets, weights)

    def _accumulate(self, stats: Record, values: Labels, posterior: Floats) -> None:
        """Add what the emissions of these steps contribute to the M-step."""
        raise NotImplementedError

    def _do_mstep(self, stats: Record) -> None:
        before = {name: np.array(getattr(self, name)) for name in self._learnt()}
        with np.errstate(divide="ignore", invalid="ignore"):
            super()._do_mstep(stats)  # type: ignore[misc]  # hmmlearn's
        # what was never expected to happen leaves no estimate: the parameters stay as they were
        stuck = self.transmat_.sum(axis=1) == 0
        self.transmat_[stuck] = before["transmat_"][stuck]
        self._repair(stats, before)
        if self.hazards_ is not None and self.renew is not None:
            start, exits, stays = stats["ages"]
            lasted = Lasted(start, exits, stays, np.asarray(self.hazard_count))
            self.hazards_ = self.renew(lasted, self.hazards_)
        if "labels" in stats and self.learn_labels:
            counts = stats["labels"] + self.label_count
            sums = counts.sum(axis=1, keepdims=True)
            self.labelprob_ = np.where(sums > 0, counts / np.where(sums > 0, sums, 1.0), self.labelprob_)

    def _learnt(self) -> list[str]:
        return ["transmat_"]

    def _repair(self, stats: Record, before: dict[str, Floats]) -> None:
        """Put right what an M-step without data has left behind."""

    def _compute_lower_bound(self, log_likelihood: float) -> float:
        """Return what EM climbs: the log-likelihood and the logarithm of the priors."""
        bound = log_likelihood + self._log_prior()
        bound += log_dirichlet(self.startprob_prior, self.startprob_)
        bound += log_dirichlet(self.transmat_prior, self.transmat_)
        if self.steps.labels is not None and self.label_count:
            bound += log_dirichlet(1.0 + self.label_count, self.labelprob_)
        if self.hazards_ is not None:
            both = np.stack([self.hazards_, 1.0 - self.hazards_])
            bound += log_dirichlet(1.0 + np.asarray(self.hazard_count), both)
        return bound

    def _log_prior(self) -> float:
        return 0.0


class CategoricalEngine(Engine, hmm.CategoricalHMM):
    """Symbols."""

    def expect(self, steps: Steps) -> tuple[Record, float]:
        """Return the sums that the M-step needs, of many sequences without anything held step by step."""
        plain = steps.weights is None and steps.labels is None and self.hazards_ is None
        if not plain or not pays(self.n_components, steps.offsets):
            return super().expect(steps)
        found = count_states(self.startprob_, self.transmat_, self._table(), steps.values, steps.offsets)
        stats: Record = {
            "nobs": int(found.trusted.sum()),
            "start": found.start,
            "trans": found.transitions,
            "obs": found.counts[: self.n_features].T,
            "ages": 0.0,
        }
        total = float(found.log_likelihood[found.trusted].sum())
        if not found.trusted.all():
            rest, log_likelihood = super().expect(_only(steps, ~found.trusted))
            stats = {name: stats[name] + rest[name] for name in stats}
            total += log_likelihood
        return stats, total

    def emission(self, values: Labels) -> Likelihood:
        """Look the probabilities up; an unknown symbol is the same to all states, and so is a missing one."""
        return Likelihood(np.take(self._table(), values, axis=0), np.zeros(len(values)))

    def _table(self) -> Floats:
        ones = np.ones(self.n_components)
        return np.vstack([self.emissionprob_.T, self.unknown_proba * ones, ones])

    def _check_and_set_n_features(self, X: SequencesLike) -> None:
        self.n_features = self.emissionprob_.shape[1]

    def _accumulate(self, stats: Record, values: Labels, posterior: Floats) -> None:
        stats["obs"] += count_codes(values, posterior, self.n_features)

    def _learnt(self) -> list[str]:
        return ["transmat_", "emissionprob_"]

    def _repair(self, stats: Record, before: dict[str, Floats]) -> None:
        empty = self.emissionprob_.sum(axis=1) == 0
        self.emissionprob_[empty] = before["emissionprob_"][empty]

    def _log_prior(self) -> float:
        return log_dirichlet(self.emissionprob_prior, self.emissionprob_)


class PoissonEngine(Engine, hmm.PoissonHMM):
    """Counts, the channels independent given the state."""

    lambdas_: Floats
    lambdas_prior: Any
    lambdas_weight: Any

    def emission(self, values: Floats) -> Likelihood:
        """Return the likelihood of what is observed of each step."""
        missing = np.isnan(values)
        counts = np.where(missing, 0.0, values)
        log_p = counts @ np.log(self.lambdas_).T - (~missing) @ self.lambdas_.T
        return Likelihood.from_log(log_p - gammaln(counts + 1.0).sum(axis=1)[:, None])

    def _accumulate(self, stats: Record, values: Floats, posterior: Floats) -> None:
        missing = np.isnan(values)
        stats["obs"] += posterior.T @ np.where(missing, 0.0, values) + (posterior.T @ missing) * self.lambdas_
        stats["post"] += posterior.sum(axis=0)

    def _do_mstep(self, stats: Record) -> None:
        # hmmlearn weighs the prior against the steps of all states together; as pseudo-steps it is right
        alphas, betas = self.lambdas_prior, self.lambdas_weight
        pseudo = dict(stats, obs=stats["obs"] + alphas, post=stats["post"] + betas)
        self.lambdas_prior, self.lambdas_weight = 0.0, 0.0
        try:
            super()._do_mstep(pseudo)
        finally:
            self.lambdas_prior, self.lambdas_weight = alphas, betas

    def _learnt(self) -> list[str]:
        return ["transmat_", "lambdas_"]

    def _repair(self, stats: Record, before: dict[str, Floats]) -> None:
        if "l" in self.params:
            unused = is_unused(stats["post"])
            self.lambdas_[unused] = before["lambdas_"][unused]
            self.lambdas_ = np.maximum(self.lambdas_, _SMALLEST_RATE)

    def _log_prior(self) -> float:
        gain = xlogy(self.lambdas_prior, self.lambdas_) - self.lambdas_weight * self.lambdas_
        return float(np.sum(gain))


def is_unused(counts: Floats) -> NDArray[np.bool_]:
    """Whether states or components, of so many expected steps each, have too few to be estimated from."""
    return counts <= _UNUSED * min(1.0, float(counts.sum()))


def _cut(offsets: Offsets, n_steps: int) -> list[tuple[int, int]]:
    """Cut the sequences into runs of about `n_steps` steps."""
    cuts = [0]
    while cuts[-1] < len(offsets) - 1:
        reach = int(np.searchsorted(offsets, offsets[cuts[-1]] + n_steps, side="right")) - 1
        cuts.append(max(cuts[-1] + 1, reach))
    return list(pairwise(cuts))


def _only(steps: Steps, which: NDArray[np.bool_]) -> Steps:
    """Return steps without weights and labels of some of the sequences."""
    length = np.diff(steps.offsets)
    offsets = np.concatenate([[0], length[which].cumsum()])
    return Steps(steps.values[np.repeat(which, length)], offsets)


def count_codes(codes: NDArray[np.int64], posterior: Floats, n_codes: int) -> Floats:
    """Add up the posteriors of each code below `n_codes`, shape (K, n_codes)."""
    counts = np.zeros((n_codes, posterior.shape[1]))
    add_rows(codes, posterior, counts)
    return np.ascontiguousarray(counts.T)


def log_dirichlet(prior: float | Floats, p: Floats) -> float:
    """Return the log-density of `p`, but for a constant; what is impossible by design has no part in it."""
    counts = np.asarray(prior) - 1.0
    if not counts.any():
        return 0.0
    with np.errstate(divide="ignore"):
        return float(np.sum(np.where(p > 0, xlogy(counts, p), 0.0)))
