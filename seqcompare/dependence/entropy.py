"""Entropy rates without a model: what is left to predict, in bits a step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def marginal_entropy(codes: NDArray[np.int64]) -> float:
    """Return the entropy of single symbols in bits, with Miller and Madow's correction.

    References
    ----------
    G. A. Miller, "Note on the bias of information estimates" (1955).
    """
    counts = np.bincount(codes)
    counts = counts[counts > 0]
    p = counts / counts.sum()
    return float(-(p * np.log2(p)).sum() + (len(counts) - 1) / (2 * np.log(2) * counts.sum()))


def match_length_entropy(codes: NDArray[np.int64], offsets: NDArray[np.int64], longest: int = 200) -> float:
    """Return the entropy rate in bits a step, from how far the data repeat themselves.

    The shortest run from step i on that did not begin anywhere before has about log2(i)/h steps; h is the
    mean of log2(i) over the length of these runs. This needs no model and no order. In data of usual size it
    is off by up to a tenth, to either side, and it takes sequences that are long beside these runs.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_steps,)
        Symbols, end to end.
    offsets : ndarray of int64, shape (n + 1,)
        Bounds of the sequences; no run crosses them, and the steps whose run is cut short are left out.
    longest : int, default=200
        Runs are followed up to this length.

    Returns
    -------
    float
        NaN where more than a tenth of the runs do not end within their sequence or the longest length.

    References
    ----------
    I. Kontoyiannis, P. Algoet, Y. Suhov and A. Wyner, "Nonparametric entropy estimation for stationary
    processes and random fields, with applications to English text" (1998): of the estimators with growing
    windows the one that a few long repeats do not dominate.
    """
    n = len(codes)
    end = np.repeat(offsets[1:], np.diff(offsets))
    length = np.zeros(n)
    whole = np.zeros(n, dtype=bool)
    alive = np.arange(n)
    group = np.zeros(n, dtype=np.int64)
    base = int(codes.max()) + 1
    for reach in range(longest):
        fits = alive + reach < end[alive]
        alive, group = alive[fits], group[fits]
        if not alive.size:
            break
        # runs of reach + 1 steps: the same group of runs of reach steps, and the same next step
        _, first, group, size = np.unique(
            group * base + codes[alive + reach], return_index=True, return_inverse=True, return_counts=True
        )
        # alive is sorted, so a group's first entry is its earliest step: nothing like it came before
        new = alive[first]
        done = new[~whole[new]]
        length[done], whole[done] = reach + 1, True
        # a run that has come to its end is still followed, as what later ones may repeat
        again = size[group] > 1
        alive, group = alive[again], group[again]
    ended = np.flatnonzero(whole & (np.arange(n) > 0))
    if len(ended) < 0.9 * n:
        return float("nan")
    return float(np.mean(np.log2(ended + 1) / length[ended]))
