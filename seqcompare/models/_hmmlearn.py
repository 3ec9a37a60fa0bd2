"""hmmlearn's models with their E-step replaced: all sequences at once, exact with missing data, never NaN.

hmmlearn keeps the EM loop, the M-step and the priors. This is the only module that touches its private side.
"""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from hmmlearn import hmm
from hmmlearn.base import ConvergenceMonitor
from numpy.typing import NDArray
from scipy.special import gammaln, xlogy

from seqcompare.models.hmm_gaussians import Floats, log_density, moments
from seqcompare.models.hmm_recursions import Likelihood, Offsets, add_rows, expect_states

# A state expected for fewer steps than this has nothing to estimate its parameters from.
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

    values: NDArray[Any]
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
    n_components: int
    startprob_: Floats
    transmat_: Floats
    startprob_prior: Floats
    transmat_prior: Floats
    tol: float
    n_iter: int
    # of a symbol outside the alphabet, in every state alike: it says nothing about the state
    unknown_proba: float = 1e-6

    def train(self, steps: Steps) -> Monitor:
        """Run EM from the parameters set and return what the monitor saw.

        Raises
        ------
        ImpossibleError
            If the likelihood of the data is zero.
        """
        self.steps = steps
        self._chunks = _cut(steps.offsets, _CHUNK // self.n_components)
        self.monitor_ = Monitor(self.tol, self.n_iter, verbose=False)
        # hmmlearn's fit checks its X and hands it to the E-step; ours reads `steps`, which may hold NaN
        self.fit(np.zeros((1, 1), dtype=np.int64))  # type: ignore[attr-defined]  # hmmlearn's
        return self.monitor_

    def emission(self, values: NDArray[Any]) -> Likelihood:
        """Return how well observations fit each state."""
        raise NotImplementedError

    def likelihood(self, values: NDArray[Any], labels: NDArray[np.int64] | None = None) -> Likelihood:
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

    def _init(self, X: Any, lengths: Any = None) -> None:
        """Leave the start as it was set."""

    def _do_estep(self, X: Any, lengths: Any) -> tuple[dict[str, Any], float]:
        steps = self.steps
        stats: dict[str, Any] = self._initialize_sufficient_statistics()  # type: ignore[attr-defined]  # hmmlearn's
        if steps.labels is not None:
            stats["labels"] = np.zeros_like(self.labelprob_)
        total = 0.0
        for first, last in self._chunks:
            a, z = steps.offsets[first], steps.offsets[last]
            labels = None if steps.labels is None else steps.labels[a:z]
            weights = None if steps.weights is None else steps.weights[a:z]
            bounds = steps.offsets[first : last + 1] - a
            fit = self.likelihood(steps.values[a:z], labels)
            found = expect_states(self.startprob_, self.transmat_, fit, bounds, weights)
            posterior = found.posterior
            if weights is None:
                total += found.log_likelihood.sum()
            else:
                total += found.log_likelihood @ weights[bounds[:-1]]
                posterior *= weights[:, None]
            stats["nobs"] += last - first
            stats["start"] += found.start
            stats["trans"] += found.transitions
            self._accumulate(stats, steps.values[a:z], posterior)
            if labels is not None:
                stats["labels"] += _count(labels, posterior, self.labelprob_.shape[1])
        return stats, float(total)

    def _accumulate(self, stats: dict[str, Any], values: NDArray[Any], posterior: Floats) -> None:
        """Add what the emissions of these steps contribute to the M-step."""
        raise NotImplementedError

    def _do_mstep(self, stats: dict[str, Any]) -> None:
        before = {name: np.array(getattr(self, name)) for name in self._learnt()}
        with np.errstate(divide="ignore", invalid="ignore"):
            super()._do_mstep(stats)  # type: ignore[misc]  # hmmlearn's
        # what was never expected to happen leaves no estimate: the parameters stay as they were
        stuck = self.transmat_.sum(axis=1) == 0
        self.transmat_[stuck] = before["transmat_"][stuck]
        self._repair(stats, before)
        if "labels" in stats and self.learn_labels:
            counts = stats["labels"] + self.label_count
            sums = counts.sum(axis=1, keepdims=True)
            self.labelprob_ = np.where(sums > 0, counts / np.where(sums > 0, sums, 1.0), self.labelprob_)

    def _learnt(self) -> list[str]:
        return ["transmat_"]

    def _repair(self, stats: dict[str, Any], before: dict[str, Floats]) -> None:
        """Put right what an M-step without data has left behind."""

    def _compute_lower_bound(self, log_likelihood: float) -> float:
        """Return what EM climbs: the log-likelihood and the logarithm of the priors."""
        bound = log_likelihood + self._log_prior()
        bound += _log_dirichlet(self.startprob_prior, self.startprob_)
        bound += _log_dirichlet(self.transmat_prior, self.transmat_)
        if self.steps.labels is not None and self.label_count:
            bound += _log_dirichlet(1.0 + self.label_count, self.labelprob_)
        return bound

    def _log_prior(self) -> float:
        return 0.0


class CategoricalEngine(Engine, hmm.CategoricalHMM):
    """Symbols."""

    def emission(self, values: NDArray[Any]) -> Likelihood:
        """Look the probabilities up; an unknown symbol is the same to all states, and so is a missing one."""
        ones = np.ones(self.n_components)
        table = np.vstack([self.emissionprob_.T, self.unknown_proba * ones, ones])
        return Likelihood(np.take(table, values, axis=0), np.zeros(len(values)))

    def _check_and_set_n_features(self, X: Any) -> None:
        self.n_features = self.emissionprob_.shape[1]

    def _accumulate(self, stats: dict[str, Any], values: NDArray[Any], posterior: Floats) -> None:
        stats["obs"] += _count(values, posterior, self.n_features)

    def _learnt(self) -> list[str]:
        return ["transmat_", "emissionprob_"]

    def _repair(self, stats: dict[str, Any], before: dict[str, Floats]) -> None:
        empty = self.emissionprob_.sum(axis=1) == 0
        self.emissionprob_[empty] = before["emissionprob_"][empty]

    def _log_prior(self) -> float:
        return _log_dirichlet(self.emissionprob_prior, self.emissionprob_)


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

    def _accumulate(self, stats: dict[str, Any], values: Floats, posterior: Floats) -> None:
        missing = np.isnan(values)
        stats["obs"] += posterior.T @ np.where(missing, 0.0, values) + (posterior.T @ missing) * self.lambdas_
        stats["post"] += posterior.sum(axis=0)

    def _do_mstep(self, stats: dict[str, Any]) -> None:
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

    def _repair(self, stats: dict[str, Any], before: dict[str, Floats]) -> None:
        if "l" in self.params:
            unused = stats["post"] < _UNUSED
            self.lambdas_[unused] = before["lambdas_"][unused]
            self.lambdas_ = np.maximum(self.lambdas_, _SMALLEST_RATE)

    def _log_prior(self) -> float:
        gain = xlogy(self.lambdas_prior, self.lambdas_) - self.lambdas_weight * self.lambdas_
        return float(np.sum(gain))


class GaussianEngine(Engine, hmm.GaussianHMM):
    """Real-valued steps."""

    _covars_: Floats

    def emission(self, values: Floats) -> Likelihood:
        """Return the likelihood of what is observed of each step."""
        return Likelihood.from_log(log_density(values, self.means_, self._spread()))

    def _spread(self) -> Floats:
        """Return what `log_density` wants of the covariances."""
        if self.covariance_type == "tied":
            return np.broadcast_to(self._covars_, (self.n_components, *self._covars_.shape))
        return np.asarray(self._covars_)

    def _accumulate(self, stats: dict[str, Any], values: Floats, posterior: Floats) -> None:
        first, second = moments(values, self.means_, self._spread(), posterior)
        stats["post"] += posterior.sum(axis=0)
        stats["obs"] += first
        stats["obs**2" if second.ndim == 2 else "obs*obs.T"] += second

    def _learnt(self) -> list[str]:
        return ["transmat_", "means_", "_covars_"]

    def _repair(self, stats: dict[str, Any], before: dict[str, Floats]) -> None:
        unused = stats["post"] < _UNUSED
        self.means_[unused] = before["means_"][unused]
        if "c" in self.params:
            if self.covariance_type != "tied":
                self._covars_[unused] = before["_covars_"][unused]
            self._covars_ = floor_covariances(self._covars_, self.min_covar, self.covariance_type)

    def _log_prior(self) -> float:
        weight = self.covars_weight - (
            1 if self.covariance_type in ("spherical", "diag") else self.n_features
        )
        gap = self.means_ - self.means_prior
        if self.covariance_type in ("spherical", "diag"):
            scatter = self.covars_prior + self.means_weight * gap**2
            return float(-0.5 * np.sum(weight * np.log(self._covars_) + scatter / self._covars_))
        scatter = self.means_weight * gap[:, :, None] * gap[:, None, :]
        if self.covariance_type == "tied":
            return _log_wishart(self._covars_, self.covars_prior + scatter.sum(axis=0), weight)
        return _log_wishart(self._covars_, self.covars_prior + scatter, weight)


class MixtureEngine(Engine, hmm.GMMHMM):
    """Real-valued steps, a mixture of Gaussians in each state."""

    covars_: Floats
    prior_variance: Floats
    _shares: Floats
    prior_weight: float = 0.0

    def emission(self, values: Floats) -> Likelihood:
        """Return the likelihood of what is observed of each step."""
        means = self.means_.reshape(-1, self.means_.shape[2])
        log_p = log_density(values, means, self._spread()).reshape(len(values), *self.weights_.shape)
        with np.errstate(divide="ignore"):
            log_p += np.log(self.weights_)
        # component by component: a mixture has few, and NumPy is slow along a short axis
        top = reduce(np.maximum, np.moveaxis(log_p, 2, 0))
        shares = np.exp(log_p - top[:, :, None])
        sums = reduce(np.add, np.moveaxis(shares, 2, 0))
        shares /= sums[:, :, None]
        # the E-step asks for the likelihood first, and then for what these steps add to the components
        self._shares = shares
        return Likelihood.from_log(top + np.log(sums))

    def _spread(self) -> Floats:
        """Return what `log_density` wants of the covariances, a state's components one after another."""
        covars, n_features = self.covars_, self.means_.shape[2]
        if self.covariance_type == "spherical":
            return np.repeat(covars.reshape(-1, 1), n_features, axis=1)
        if self.covariance_type == "tied":
            return np.repeat(covars, self.n_mix, axis=0)
        return np.asarray(covars.reshape(-1, *covars.shape[2:]))

    def _initialize_sufficient_statistics(self) -> dict[str, Any]:
        stats: dict[str, Any] = super()._initialize_sufficient_statistics()
        spread = self._spread()
        stats["first"], stats["second"] = np.zeros((len(spread), self.n_features)), np.zeros_like(spread)
        return stats

    def _accumulate(self, stats: dict[str, Any], values: Floats, posterior: Floats) -> None:
        shares = (self._shares * posterior[:, :, None]).reshape(len(values), -1)
        means = self.means_.reshape(-1, self.n_features)
        first, second = moments(values, means, self._spread(), shares)
        stats["first"] += first
        stats["second"] += second
        stats["post_mix_sum"] += shares.sum(axis=0).reshape(self.weights_.shape)
        stats["post_sum"] += posterior.sum(axis=0)

    def _do_mstep(self, stats: dict[str, Any]) -> None:
        # hmmlearn wants the scatter about the means; about the new ones the step is the true maximum
        first, count = stats["first"], stats["post_mix_sum"].reshape(-1, 1)
        means = self.means_.reshape(first.shape)
        if "m" in self.params:
            weight = self.means_weight.reshape(-1, 1)
            prior = self.means_prior.reshape(first.shape)
            used = count + weight > _UNUSED
            means = np.where(used, (first + weight * prior) / np.where(used, count + weight, 1.0), means)
            stats["m_n"] = stats["m_n"] + first.reshape(self.means_.shape)
        stats["c_n"] = self._scatter(first, stats["second"], means, count)
        super()._do_mstep(stats)

    def _scatter(self, first: Floats, second: Floats, means: Floats, count: Floats) -> Floats:
        shape = (self.n_components, self.n_mix)
        if second.ndim == 2:
            scatter = (second - 2 * means * first + count * means**2).reshape(*shape, -1)
            return scatter if self.covariance_type == "diag" else scatter.sum(axis=2)
        cross = means[:, :, None] * first[:, None, :]
        scatter = second - cross - cross.transpose(0, 2, 1)
        scatter += count[:, :, None] * means[:, :, None] * means[:, None, :]
        by_state = scatter.reshape(*shape, *scatter.shape[1:])
        return by_state if self.covariance_type == "full" else by_state.sum(axis=1)

    def _learnt(self) -> list[str]:
        return ["transmat_", "weights_", "means_", "covars_"]

    def _repair(self, stats: dict[str, Any], before: dict[str, Floats]) -> None:
        unused, no_state = stats["post_mix_sum"] < _UNUSED, stats["post_sum"] < _UNUSED
        self.weights_[no_state] = before["weights_"][no_state]
        self.means_[unused] = before["means_"][unused]
        if "c" in self.params:
            stale = no_state if self.covariance_type == "tied" else unused
            self.covars_[stale] = before["covars_"][stale]
            self.covars_ = floor_covariances(self.covars_, self.min_covar, self.covariance_type)

    def _log_prior(self) -> float:
        bound = _log_dirichlet(self.weights_prior, self.weights_)
        if not self.prior_weight and not np.any(self.means_weight):
            return bound
        gap = self.means_ - self.means_prior
        weight, scatter = self.prior_weight, self.means_weight[:, :, None] * gap**2
        if self.covariance_type in ("spherical", "diag"):
            covars = self.covars_ if self.covariance_type == "diag" else self.covars_[:, :, None]
            scatter = scatter + weight * self.prior_variance
            terms = weight * np.log(covars) + scatter / covars
            return bound - 0.5 * float(np.sum(terms))
        outer = self.means_weight[:, :, None, None] * gap[..., :, None] * gap[..., None, :]
        prior = weight * np.diag(self.prior_variance)
        if self.covariance_type == "tied":
            return bound + _log_wishart(self.covars_, prior + outer.sum(axis=1), weight)
        return bound + _log_wishart(self.covars_, prior + outer, weight)


def floor_covariances(covars: Floats, floor: float, covariance_type: str) -> Floats:
    """Raise variances, or the eigenvalues of covariance matrices, to at least `floor`."""
    if covariance_type in ("spherical", "diag"):
        return np.maximum(covars, floor)
    values, vectors = np.linalg.eigh((covars + np.swapaxes(covars, -1, -2)) / 2)
    if (values >= floor).all():
        return covars
    raised = np.maximum(values, floor)
    return np.asarray((vectors * raised[..., None, :]) @ np.swapaxes(vectors, -1, -2))


def _cut(offsets: Offsets, n_steps: int) -> list[tuple[int, int]]:
    """Cut the sequences into runs of about `n_steps` steps."""
    cuts = [0]
    while cuts[-1] < len(offsets) - 1:
        reach = int(np.searchsorted(offsets, offsets[cuts[-1]] + n_steps, side="right")) - 1
        cuts.append(max(cuts[-1] + 1, reach))
    return list(pairwise(cuts))


def _count(codes: NDArray[np.int64], posterior: Floats, n_codes: int) -> Floats:
    """Add up the posteriors of each code below `n_codes`, shape (K, n_codes)."""
    counts = np.zeros((n_codes, posterior.shape[1]))
    add_rows(codes, posterior, counts)
    return np.ascontiguousarray(counts.T)


def _log_dirichlet(prior: Any, p: Floats) -> float:
    """Return the log-density of `p`, but for a constant; what is impossible by design has no part in it."""
    counts = np.asarray(prior) - 1.0
    if not counts.any():
        return 0.0
    with np.errstate(divide="ignore"):
        return float(np.sum(np.where(p > 0, xlogy(counts, p), 0.0)))


def _log_wishart(covars: Floats, scatter: Floats, weight: float) -> float:
    """Return what pseudo-steps of this scatter, `weight` of them, add to the objective."""
    log_det = np.linalg.slogdet(covars)[1]
    traces = np.trace(np.linalg.solve(covars, scatter), axis1=-2, axis2=-1)
    return float(-0.5 * np.sum(weight * log_det + traces))
