"""Smoothing: from counts to probabilities that back off to shorter contexts."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seqcompare.models.markov.counts import NgramCounts
from seqcompare.models.markov.kernels import find_suffixes
from seqcompare.typing import Array

SMOOTHINGS = ("witten-bell", "kneser-ney", "additive", "none")
# used where the counts of counts determine none, as in small alphabets, whose n-grams are all frequent
DEFAULT_DISCOUNTS = (0.5, 1.0, 1.5)


class Interpolation(NamedTuple):
    """Every smoothing in one form.

    From the uniform distribution, through the contexts of 0, 1, 2, ... inputs, each step is
    ``p(s | context) = backoff[context] * p(s | shorter context) + gain[context followed by s]``.
    """

    backoff: NDArray[np.float64]
    """What the shorter context's distribution is multiplied by, shape (n_contexts,)."""
    gain: NDArray[np.float64]
    """What is added to each target's probability, shape (n_nodes,)."""
    discounts: NDArray[np.float64]
    """What Kneser-Ney takes from counts of 1, 2 and more, by context length, shape (depth + 1, 3)."""


def interpolate(
    counts: NgramCounts, smoothing: str, *, alpha: float = 1.0, discount: float | None = None
) -> Interpolation:
    """Return the probabilities that `counts` give under `smoothing`.

    Parameters
    ----------
    counts : NgramCounts
        What was seen.
    smoothing : {"witten-bell", "kneser-ney", "additive", "none"}
        With n(c, s) the count of s after c, N(c) its sum and T(c) the number of distinct s:

        - ``witten-bell``: ``(n(c, s) + T(c) p(s | c')) / (N(c) + T(c))``, c' the context without its
          oldest input (method C of Witten and Bell 1991, "The zero-frequency problem").
        - ``kneser-ney``: interpolated and modified (Chen and Goodman 1998, "An empirical study of smoothing
          techniques for language modeling"): counts below the longest context are numbers of distinct
          inputs before the n-gram, and three discounts a context length move mass to the shorter context.
        - ``additive``: ``(n(c, s) + alpha) / (N(c) + alpha S)`` at the longest context, S targets.
        - ``none``: ``n(c, s) / N(c)`` at the longest context that was seen.
    alpha : float
        The pseudo-count of ``additive``.
    discount : float, optional
        One discount for all counts of ``kneser-ney`` in place of the three estimated ones.

    Raises
    ------
    ValueError
        For ``kneser-ney`` if a count is no whole number: it is defined by counts of counts.
    """
    backoff = np.ones(int(counts.level[counts.depth + 1]))
    gain = np.zeros(len(counts.code))
    used = _continuation_counts(counts) if smoothing == "kneser-ney" else counts.count
    discounts = np.zeros((counts.depth + 1, 3))
    per_type = 1.0 if smoothing == "witten-bell" else 0.0
    per_context = alpha * counts.n_targets if smoothing == "additive" else 0.0
    for length in range(counts.depth + 1):
        if smoothing == "kneser-ney":
            n = used[counts.nodes(length + 1)]
            discounts[length] = _estimate_discounts(n) if discount is None else discount
        contexts = counts.nodes(length)
        if smoothing == "additive" and length < counts.depth:
            # no shorter context has a say, unless it goes back to the start and so is the longest
            contexts = counts.started(length) if length else slice(0, 0)
        taken = np.concatenate([[0.0], discounts[length]])
        _normalise(
            contexts.start,
            contexts.stop,
            counts.first_child,
            used,
            taken,
            per_type,
            per_context,
            backoff,
            gain,
        )
    return Interpolation(backoff, gain, discounts)


@njit(cache=True)
def _normalise(
    low: int,
    high: int,
    first_child: Array,
    count: Array,
    taken: Array,
    per_type: float,
    per_context: float,
    backoff: Array,
    gain: Array,
) -> None:
    """Turn the counts after contexts ``low:high`` into `gain` and `backoff`.

    All smoothings take ``taken[min(n, 3)]`` from a count of n, and pass it on to the shorter context
    together with what they add: so much for each distinct target, and for the context.
    """
    for context in range(low, high):
        total, passed = 0.0, per_context
        for child in range(first_child[context], first_child[context + 1]):
            if count[child] > 0.0:
                total += count[child] - taken[min(int(count[child]), 3)]
                passed += per_type + taken[min(int(count[child]), 3)]
        norm = total + passed
        if norm > 0.0:
            backoff[context] = passed / norm
            for child in range(first_child[context], first_child[context + 1]):
                gain[child] = (count[child] - taken[min(int(count[child]), 3)]) / norm


def check_smoothing(smoothing: Any, alpha: Any, discount: Any) -> None:
    """Raise ValueError for parameters that `interpolate` cannot use."""
    if smoothing not in SMOOTHINGS:
        raise ValueError(f"smoothing must be one of {', '.join(SMOOTHINGS)}, got {smoothing!r}")
    if not isinstance(alpha, Real) or not 0 < float(alpha) < np.inf:
        raise ValueError(f"alpha must be positive and finite, got {alpha!r} (without it: smoothing='none')")
    if discount is not None and not (isinstance(discount, Real) and 0 < float(discount) <= 1):
        raise ValueError(f"discount must be above 0 and at most 1, or None, got {discount!r}")


def _continuation_counts(counts: NgramCounts) -> NDArray[np.float64]:
    """Return the counts that Kneser-Ney uses: below the longest n-grams, how many longer ones end so."""
    broken = np.flatnonzero(counts.count != np.floor(counts.count))
    if broken.size:
        raise ValueError(
            "smoothing='kneser-ney' is defined for whole counts, but the sample weights add up to "
            f"{counts.count[broken[0]]} for one: use 'witten-bell' or whole weights"
        )
    used = counts.count.copy()
    suffix = find_suffixes(counts.code, counts.first_child)
    for length in range(1, counts.depth + 1):
        shorter, longer = counts.nodes(length), counts.nodes(length + 1)
        ends = suffix[longer][counts.count[longer] > 0] - shorter.start
        used[shorter] = np.bincount(ends, minlength=shorter.stop - shorter.start)
        # nothing can come before the start mark: what begins with it keeps its own count
        begun = counts.started(length)
        used[begun] = counts.count[begun]
    return used


def _estimate_discounts(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Chen and Goodman's D1, D2 and D3+, or the default where counts of counts give none."""
    n = np.bincount(np.minimum(counts, 5).astype(np.intp), minlength=6).astype(np.float64)
    if n[1:4].all():
        y = n[1] / (n[1] + 2 * n[2])
        estimated = np.array([i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3)])
        if (estimated > 0).all():
            return estimated
    return np.array(DEFAULT_DISCOUNTS)
