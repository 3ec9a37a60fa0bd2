"""Symbols beside numbers: given the state, channels are independent, and their emissions multiply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from hmmlearn.base import BaseHMM
from numpy.typing import NDArray

from seqcompare.data.encoding import check_same
from seqcompare.data.sequences import Sequences
from seqcompare.models.alphabet import choose_alphabet
from seqcompare.models.hmm._hmmlearn import UNUSED, Engine, count_codes, log_dirichlet
from seqcompare.models.hmm.gaussians import Floats, log_density, moments
from seqcompare.models.hmm.recursions import Likelihood

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
    min_covar: float = 0.0

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

    def _check_and_set_n_features(self, X: Any) -> None:
        self.n_features = self.means_.shape[1] + len(self.widths)

    def _initialize_sufficient_statistics(self) -> dict[str, Any]:
        stats: dict[str, Any] = super()._initialize_sufficient_statistics()
        k, d = self.means_.shape
        stats |= {"post": np.zeros(k), "first": np.zeros((k, d)), "second": np.zeros((k, d))}
        return {**stats, "symbols": np.zeros_like(self.symbolprob_)}

    def _accumulate(self, stats: dict[str, Any], values: Floats, posterior: Floats) -> None:
        d = self.means_.shape[1]
        stats["post"] += posterior.sum(axis=0)
        first, second = moments(values[:, :d], self.means_, self._covars_, posterior)
        stats["first"] += first
        stats["second"] += second
        for i, (a, z) in enumerate(self._blocks()):
            stats["symbols"][:, a:z] += count_codes(values[:, d + i].astype(np.int64), posterior, z - a)

    def _do_mstep(self, stats: dict[str, Any]) -> None:
        super()._do_mstep(stats)
        post, first = stats["post"][:, None], stats["first"]
        used = stats["post"] >= UNUSED
        if "m" in self.params:
            means = (first + self.means_weight * self.means_prior) / np.maximum(
                post + self.means_weight, UNUSED
            )
            self.means_ = np.where(used[:, None], means, self.means_)
        if "c" in self.params:
            scatter = stats["second"] - 2 * self.means_ * first + post * self.means_**2
            scatter += self.means_weight * (self.means_ - self.means_prior) ** 2
            weight = np.maximum(post + self.covars_weight, UNUSED)
            covars = (scatter + self.covars_weight * self.covars_prior) / weight
            self._covars_ = np.maximum(np.where(used[:, None], covars, self._covars_), self.min_covar)
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


def learn_channels(estimator: Any, sequences: Sequences) -> None:
    """Set what a model of mixed channels knows of them: ``schema_``, and the alphabets ``symbols_``.

    Raises
    ------
    ValueError
        If a symbol is not among those that `symbols` gives its channel.
    """
    given = estimator.symbols
    if given is not None and not isinstance(given, Mapping):
        raise ValueError("for mixed channels, symbols must be a mapping of names of channels to alphabets")
    estimator.schema_ = sequences.schema
    estimator.symbols_ = {}
    for i, channel in enumerate(sequences.schema):
        if channel.kind == "symbols":
            present = sequences.channel(i).present()
            estimator.symbols_[channel.name] = choose_alphabet(present, (given or {}).get(channel.name))
    most = max(len(alphabet) for alphabet in estimator.symbols_.values())
    estimator.unknown_proba_ = 1.0 / (sequences.n_steps + most + 1)


def read_mixed(estimator: Any, sequences: Sequences) -> NDArray[np.float64]:
    """Return numbers, and then codes, shape (n_steps, n_channels).

    The code of an unknown symbol is the size of its alphabet, that of a missing one is one more.
    """
    check_same(estimator.schema_, sequences)
    numbers, codes = [], []
    for i, channel in enumerate(sequences.schema):
        one = sequences.channel(i)
        if channel.kind != "symbols":
            numbers.append(one.values.astype(np.float64))
            continue
        code = one.codes_in(estimator.symbols_[channel.name]).astype(np.float64)
        if one.has_missing:
            code[one.missing[:, 0]] = len(estimator.symbols_[channel.name]) + 1
        codes.append(code)
    return np.column_stack([*numbers, *codes])


def widths_of(estimator: Any) -> tuple[int, ...]:
    """Return how many symbols each channel of symbols has."""
    return tuple(len(alphabet) for alphabet in estimator.symbols_.values())


def named_steps(estimator: Any, values: NDArray[Any], lengths: NDArray[np.int64]) -> Sequences:
    """Return numbers and codes, as `read_mixed` puts them, under the names of their channels."""
    columns: dict[str, Any] = {}
    n_numbers = values.shape[1] - len(estimator.symbols_)
    numbers, codes = iter(range(n_numbers)), iter(range(n_numbers, values.shape[1]))
    for channel in estimator.schema_:
        if channel.kind == "symbols":
            columns[channel.name] = estimator.symbols_[channel.name][values[:, next(codes)].astype(np.int64)]
        else:
            columns[channel.name] = values[:, next(numbers)]
    kinds = {c.name: "symbols" if c.kind == "symbols" else "real" for c in estimator.schema_}
    return Sequences.from_columns(columns, lengths, kinds=kinds)  # type: ignore[arg-type]  # of these two
