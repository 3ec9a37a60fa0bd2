"""hmmlearn's Gaussian models and mixtures with their E-step replaced; see `_hmmlearn`."""

from __future__ import annotations

from functools import reduce

import numpy as np
from hmmlearn import hmm

from seqcompare.data.resolution import no_narrower
from seqcompare.models.hmm._hmmlearn import Engine, is_unused, log_dirichlet
from seqcompare.models.hmm.gaussians import log_density, moments
from seqcompare.models.hmm.recursions import Likelihood
from seqcompare.typing import Floats, Record

_LEAST_DIVISOR = 1e-5


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

    def _accumulate(self, stats: Record, values: Floats, posterior: Floats) -> None:
        first, second = moments(values, self.means_, self._spread(), posterior)
        stats["post"] += posterior.sum(axis=0)
        stats["obs"] += first
        stats["obs**2" if second.ndim == 2 else "obs*obs.T"] += second

    def _learnt(self) -> list[str]:
        return ["transmat_", "means_", "_covars_"]

    def _repair(self, stats: Record, before: dict[str, Floats]) -> None:
        unused = is_unused(stats["post"])
        self.means_[unused] = before["means_"][unused]
        if "c" in self.params:
            if self.covariance_type in ("spherical", "diag"):
                # hmmlearn divides by no less than this, however little the steps weigh
                weight = stats["post"] + max(self.covars_weight - 1, 0)
                few = ~unused & (weight < _LEAST_DIVISOR)
                self._covars_[few] *= (_LEAST_DIVISOR / weight[few])[:, None]
            if self.covariance_type != "tied":
                self._covars_[unused] = before["_covars_"][unused]
            self._covars_ = _floor_covariances(self._covars_, self.min_covar, self.covariance_type)

    def _log_prior(self) -> float:
        by_matrix = self.covariance_type in ("full", "tied")
        weight = self.covars_weight - (self.n_features if by_matrix else 1)
        if not weight and not self.means_weight and not np.any(self.covars_prior):
            return 0.0
        gap = self.means_ - self.means_prior
        if not by_matrix:
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

    def _initialize_sufficient_statistics(self) -> Record:
        stats: Record = super()._initialize_sufficient_statistics()
        spread = self._spread()
        stats["first"], stats["second"] = np.zeros((len(spread), self.n_features)), np.zeros_like(spread)
        return stats

    def _accumulate(self, stats: Record, values: Floats, posterior: Floats) -> None:
        shares = (self._shares * posterior[:, :, None]).reshape(len(values), -1)
        means = self.means_.reshape(-1, self.n_features)
        first, second = moments(values, means, self._spread(), shares)
        stats["first"] += first
        stats["second"] += second
        stats["post_mix_sum"] += shares.sum(axis=0).reshape(self.weights_.shape)
        stats["post_sum"] += posterior.sum(axis=0)

    def _do_mstep(self, stats: Record) -> None:
        # hmmlearn wants the scatter about the means; about the new ones the step is the true maximum
        first, count = stats["first"], stats["post_mix_sum"].reshape(-1, 1)
        means = self.means_.reshape(first.shape)
        if "m" in self.params:
            weight = self.means_weight.reshape(-1, 1)
            prior = self.means_prior.reshape(first.shape)
            used = ~is_unused(count + weight)
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

    def _repair(self, stats: Record, before: dict[str, Floats]) -> None:
        unused, no_state = is_unused(stats["post_mix_sum"]), is_unused(stats["post_sum"])
        self.weights_[no_state] = before["weights_"][no_state]
        self.means_[unused] = before["means_"][unused]
        if "c" in self.params:
            stale = no_state if self.covariance_type == "tied" else unused
            self.covars_ = self._covariances(stats)
            self.covars_[stale] = before["covars_"][stale]
            self.covars_ = _floor_covariances(self.covars_, self.min_covar, self.covariance_type)

    def _covariances(self, stats: Record) -> Floats:
        # hmmlearn adds to the counts and takes away again, and with it what is of little weight
        kind, gap = self.covariance_type, self.means_ - self.means_prior
        pull, prior = self.means_weight[..., None] * gap**2, self.prior_weight * self.prior_variance
        count = (stats["post_sum"] if kind == "tied" else stats["post_mix_sum"]) + self.prior_weight
        if kind == "spherical":
            scatter, count = stats["c_n"] + (pull + prior).sum(axis=-1), count * self.n_features
        elif kind == "diag":
            scatter, count = stats["c_n"] + pull + prior, count[..., None]
        else:
            outer = self.means_weight[..., None, None] * gap[..., :, None] * gap[..., None, :]
            outer = outer.sum(axis=1) if kind == "tied" else outer
            scatter, count = stats["c_n"] + outer + np.diag(prior), count[..., None, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(scatter / count)

    def _log_prior(self) -> float:
        bound = log_dirichlet(self.weights_prior, self.weights_)
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


def _floor_covariances(covars: Floats, floor: float | Floats, covariance_type: str) -> Floats:
    """Raise variances, or the eigenvalues of covariance matrices, to a floor, for all or by channel."""
    if covariance_type in ("spherical", "diag"):
        return np.maximum(covars, np.max(floor) if covariance_type == "spherical" else floor)
    if np.ndim(floor):
        return no_narrower((covars + np.swapaxes(covars, -1, -2)) / 2, np.asarray(floor))
    covars = (covars + np.swapaxes(covars, -1, -2)) / 2
    try:
        # far cheaper than eigenvalues, and nearly always enough
        np.linalg.cholesky(covars - floor * np.eye(covars.shape[-1]))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covars)
    else:
        return covars
    raised = np.maximum(values, floor)
    return np.asarray((vectors * raised[..., None, :]) @ np.swapaxes(vectors, -1, -2))


def _log_wishart(covars: Floats, scatter: Floats, weight: float) -> float:
    """Return what pseudo-steps of this scatter, `weight` of them, add to the objective."""
    log_det = np.linalg.slogdet(covars)[1]
    traces = np.trace(np.linalg.solve(covars, scatter), axis1=-2, axis2=-1)
    return float(-0.5 * np.sum(weight * log_det + traces))
