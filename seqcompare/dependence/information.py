"""Information between a step and what is predicted a lag later, and what chance alone gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.typing import Array


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sources, and targets at steps of them.

    Parameters
    ----------
    source : ndarray of int64, shape (n_steps,)
        Symbols of all steps, end to end.
    at : ndarray of int64, shape (n_targets,)
        The step at which each target is.
    target : ndarray of int64, shape (n_targets,)
        Symbols of the targets.
    before, after : ndarray of int64, shape (n_targets,)
        Steps of the same sequence before and after the one at which the target is.
    n_sources, n_targets : int
        Sizes of the two alphabets.
    given : ndarray of int64, shape (n_targets,), optional
        What is known of each target already, numbered from 0: information is then what a lag adds to it.
    """

    source: NDArray[np.int64]
    at: NDArray[np.int64]
    target: NDArray[np.int64]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    n_sources: int
    n_targets: int
    given: NDArray[np.int64] | None = None

    def count(self, lags: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many targets have a step at each lag before them, shape (n_lags,)."""
        return np.array([int(((self.before >= k) & (self.after >= -k)).sum()) for k in lags])

    def information(
        self,
        lags: NDArray[np.int64],
        targets: NDArray[np.int64] | None = None,
        sources: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float64]:
        """Return the plug-in mutual information in bits at each lag, shape (n_versions, n_lags).

        Parameters
        ----------
        lags : ndarray of int64, shape (n_lags,)
            Steps from source to target.
        targets : ndarray of int64, shape (n_versions, n_targets), optional
            Several versions of the targets, in place of the data's own.
        sources : ndarray of int64, shape (n_versions, n_steps), optional
            As many versions of the steps, in place of the data's own.
        """
        n_given = 1 if self.given is None else int(self.given.max()) + 1
        given = np.zeros(len(self.at), dtype=np.int64) if self.given is None else self.given
        targets = self.target[None] if targets is None else targets
        sources = self.source[None] if sources is None else sources
        return _information(
            # small numbers, so that all versions stay in the processor's cache
            sources.astype(np.uint16),
            self.at,
            targets.astype(np.uint16),
            given,
            self.before,
            self.after,
            lags,
            (self.n_sources, self.n_targets, n_given),
        )


@dataclass(frozen=True, eq=False)
class NullBand:
    """What information appears where there is none, at several lags at once.

    The data and the surrogates are standardised *together*, lag by lag, and each is judged by its largest
    value over all lags. Under the null hypothesis they can change places, so that the share of data sets
    that raise an alarm is exactly the nominal one, whatever the number of lags. (With the surrogates' own
    mean and spread, which each surrogate is a part of and the data are not, the data lie further out than
    surrogates do, the more so the more lags there are.)

    Parameters
    ----------
    observed : ndarray of shape (n_lags,)
        Information in the data, in bits.
    surrogates : ndarray of shape (n_surrogates, n_lags)
        The same in data without dependence.
    share : float
        Data sets without dependence in which some lag is above the band.

    References
    ----------
    R. Davidson and J. G. MacKinnon, "Bootstrap tests: how many bootstraps?" (2000); P. H. Westfall and S. S.
    Young, "Resampling-Based Multiple Testing" (1993), for the maximum.
    """

    observed: NDArray[np.float64]
    surrogates: NDArray[np.float64]
    share: float

    def __post_init__(self) -> None:
        both = np.vstack([self.observed, self.surrogates])
        spread = both.std(axis=0)
        # where all agree, but for rounding, nothing can be found
        flat = spread <= 1e-12
        z = np.where(flat, 0.0, (both - both.mean(axis=0)) / np.where(flat, 1.0, spread))
        maxima = z[1:].max(axis=1) if z.shape[1] else np.zeros(len(z) - 1)
        object.__setattr__(self, "_z", z[0])
        object.__setattr__(self, "_maxima", maxima)

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean over surrogates in bits, shape (n_lags,): the bias of counting."""
        return np.asarray(self.surrogates.mean(axis=0), dtype=np.float64)

    @property
    def p_values(self) -> NDArray[np.float64]:
        """The chance that the largest of all lags reaches as far as each does, shape (n_lags,)."""
        z, maxima = self._z, self._maxima  # type: ignore[attr-defined]  # set once, when this is made
        # equal counts give equal information but for rounding
        reached = (maxima >= z[:, None] - 1e-9).sum(axis=1)
        return np.asarray((1 + reached) / (1 + len(maxima)), dtype=np.float64)

    @property
    def band(self) -> NDArray[np.float64]:
        """The information in bits that is no longer chance, shape (n_lags,).

        The value that would have been the smallest to be detected, had it been observed in place of the
        one that was.
        """
        n = len(self.surrogates)
        maxima = np.sort(self._maxima)  # type: ignore[attr-defined]  # set once, when this is made
        # as many surrogates as may reach as far as what is still detected
        limit = maxima[n - int(self.share * (n + 1) + 1e-9)]
        # from a value standardised together with the surrogates to one in their own spreads
        outside = np.sqrt(n - limit**2) if limit**2 < n else np.nan
        spread: NDArray[np.float64] = self.surrogates.std(axis=0) * np.sqrt(n + 1)
        return self.mean + spread * float(limit / outside)


@njit(cache=True)
def _information(
    sources: Array,
    at: Array,
    targets: Array,
    given: Array,
    before: Array,
    after: Array,
    lags: Array,
    sizes: tuple[int, int, int],
) -> Array:
    n_sources, n_targets, n_given = sizes
    n, n_versions = len(at), len(targets)
    n_rows = n_given * n_sources
    # n log2 n of all counts that can occur: a look-up is cheaper than a logarithm
    entropy = np.zeros(n + 1)
    for i in range(2, n + 1):
        entropy[i] = i * np.log2(i)
    result = np.zeros((n_versions, len(lags)))
    joint = np.zeros(n_rows * n_targets, np.int32)
    which, place, first = np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n, np.int32)
    for j in range(len(lags)):
        lag = lags[j]
        total = 0
        for i in range(n):
            if before[i] >= lag and after[i] >= -lag:
                which[total], place[total], first[total] = i, at[i] - lag, given[i] * n_sources
                total += 1
        if total == 0:
            continue
        for v in range(n_versions):
            source, target = sources[min(v, len(sources) - 1)], targets[v]
            joint[:] = 0
            for i in range(total):
                joint[(first[i] + source[place[i]]) * n_targets + target[which[i]]] += 1
            bits = 0.0
            for g in range(n_given):
                part = 0
                for b in range(n_targets):
                    column = 0
                    for a in range(g * n_sources, (g + 1) * n_sources):
                        column += joint[a * n_targets + b]
                    bits -= entropy[column]
                    part += column
                if part == 0:
                    continue
                bits += entropy[part]
                for a in range(g * n_sources, (g + 1) * n_sources):
                    row = 0
                    for b in range(n_targets):
                        row += joint[a * n_targets + b]
                        bits += entropy[joint[a * n_targets + b]]
                    bits -= entropy[row]
            result[v, j] = bits / total
    return result
