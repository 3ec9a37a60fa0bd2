"""Symbols beside numbers: given the state, channels are independent, and their emissions multiply."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, pairwise

import numpy as np
from hmmlearn.base import BaseHMM

from seqcompare.models.hmm._hmmlearn import Engine, count_codes, is_unused, log_dirichlet
from seqcompare.models.hmm.gaussians import log_density, moments
from seqcompare.models.hmm.recursions import Likelihood
from seqcompare.typing import Floats, Record, SequencesLike

# of a log-likelihood of a state that cannot be, small enough to be nothing, large enough to be subtracted
_NEVER = -1e290


class MixedEngine(Engine, BaseHMM):
    """Numbers with a variance each, and symbols, whose tables stand side by side in ``symbolprob_``.

    The values are one matrix: the numbers, then a code for each channel of symbols, as `read_mixed` has it.
    """

    means_: Floats
    _covars_: Floats
    symbolprob_: Floats
    widths: tuple[int, ...] = ()
    symbol_count: Floats | float = 0.0
    means_prior: Floats | float = 0.0
    means_weight: float = 0.0
    covars_prior: Floats | float = 0.0
    covars_weight: float = 0.0
    min_covar: float | Floats = 0.0

    def emission(self, values: Floats) -> Likelihood:
        """Return the likelihood of what is observed of each step: the product over its channels."""
        d = self.means_.shape[1]
        log = np.zeros((len(values), self.n_components))
        if d:
            log += log_density(np.ascontiguousarray(values[:, :d]), self.means_, self._covars_)
        ones = np.ones((1, self.n_components))
        for i, (a, z) in enumerate(self._blocks()):
            table = np.vstack([self.symbolprob_[:, a:z].T, self.unknown_proba * ones, ones])
            with np.errstate(divide="ignore"):
                log += np.log(table)[values[:, d + i].astype(np.int64)]
        return Likelihood.from_log(np.maximum(log, _NEVER))

    def _blocks(self) -> Iterator[tuple[int, int]]:
        """Yield where the table of each channel of symbols begins and ends."""
        return pairwise(accumulate(self.widths, initial=0))

    def _check_and_set_n_features(self, X: SequencesLike) -> None:
        self.n_features = self.means_.shape[1] + len(self.widths)

    def _initialize_sufficient_statistics(self) -> Record:
        stats: Record = super()._initialize_sufficient_statistics()
        k, d = self.means_.shape
        stats |= {"post": np.zeros(k), "first": np.zeros((k, d)), "second": np.zeros((k, d))}
        return {**stats, "symbols": np.zeros_like(self.symbolprob_)}

    def _accumulate(self, stats: Record, values: Floats, posterior: Floats) -> None:
        d = self.means_.shape[1]
        stats["post"] += posterior.sum(axis=0)
        first, second = moments(values[:, :d], self.means_, self._covars_, posterior)
        stats["first"] += first
        stats["second"] += second
        for i, (a, z) in enumerate(self._blocks()):
            stats["symbols"][:, a:z] += count_codes(values[:, d + i].astype(np.int64), posterior, z - a)

    def _do_mstep(self, stats: Record) -> None:
        super()._do_mstep(stats)
        post, first = stats["post"][:, None], stats["first"]
        used = ~is_unused(post)
        if "m" in self.params:
            weight = np.where(used, post + self.means_weight, 1.0)
            means = (first + self.means_weight * self.means_prior) / weight
            self.means_ = np.where(used, means, self.means_)
        if "c" in self.params:
            scatter = stats["second"] - 2 * self.means_ * first + post * self.means_**2
            scatter += self.means_weight * (self.means_ - self.means_prior) ** 2
            weight = np.where(used, post + self.covars_weight, 1.0)
            covars = (scatter + self.covars_weight * self.covars_prior) / weight
            self._covars_ = np.maximum(np.where(used, covars, self._covars_), self.min_covar)
        if "b" in self.params:
            counts = stats["symbols"] + self.symbol_count
            for a, z in self._blocks():
                sums = counts[:, a:z].sum(axis=1, keepdims=True)
                known = np.where(
                    sums > 0, counts[:, a:z] / np.where(sums > 0, sums, 1.0), self.symbolprob_[:, a:z]
                )
                self.symbolprob_[:, a:z] = known

    def _log_prior(self) -> float:
        bound = log_dirichlet(1.0 + np.asarray(self.symbol_count), self.symbolprob_)
        if self.means_.shape[1] and (self.covars_weight or self.means_weight):
            scatter = self.covars_weight * self.covars_prior
            scatter = scatter + self.means_weight * (self.means_ - self.means_prior) ** 2
            terms = self.covars_weight * np.log(self._covars_) + scatter / self._covars_
            bound -= 0.5 * float(np.sum(terms))
        return bound
