"""Every step as one of a few symbols, the form in which dependence is counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.data.steps import narrow
from seqcompare.data.symbols import missing_objects
from seqcompare.models.alphabet import encode, find_symbols
from seqcompare.typing import Labels

_PER_CELL = 5
"""Pairs that an average cell of a table of two symbols should hold."""

_PER_BIN = 15
"""Pairs to a bin and target; with 60 sequences of two classes there are two bins."""

_FEWEST_BINS = 3
_MOST_BINS = 8
_MOST_SYMBOLS = 256
_FIT_STEPS = 20_000


@dataclass(frozen=True, eq=False)
class Coded:
    """Steps as symbols.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_steps,)
        The symbol of each step, from 0.
    n_symbols : int
        How many there are.
    how : str
        How they were made, in a sentence.
    note : str
        What was given up for it; empty for nothing.
    """

    codes: NDArray[np.int64]
    n_symbols: int
    how: str
    note: str = ""


def code_steps(X: Sequences, n_bins: int | None, random_state: int) -> Coded:
    """Turn steps into symbols.

    Symbols stay what they are. Single numbers are binned by their rank, vectors by their nearest of several
    k-means centres: what is found among bins is at most what there is among the numbers (data processing
    inequality).

    Parameters
    ----------
    X : Sequences
        Symbols or numbers; NaN is allowed.
    n_bins : int or None
        Bins or centres for numbers; by default 8 for one channel and 16 for several, fewer in small data.
    random_state : int
        Seed of the centres.

    Raises
    ------
    ValueError
        If a channel has no number.
    """
    if X.kind == "symbols":
        return code_symbols(X.values)
    empty = np.flatnonzero(np.isnan(X.channels).all(axis=0))
    if empty.size:
        raise ValueError(f"channel {empty[0]} of X holds no number at all")
    limit = most_symbols(X.n_steps)
    if X.n_channels == 1:
        return code_numbers(X.channels[:, 0].astype(np.float64), n_bins or min(8, limit))
    return code_vectors(X.channels.astype(np.float64), n_bins or min(16, limit), random_state)


def code_symbols(values: Labels) -> Coded:
    """Return symbols by their numbers; a missing one has a number of its own, behind the others."""
    gone = missing_objects(values)
    if gone is not None and gone.any():
        coded = code_symbols(narrow(values[~gone], "symbols"))
        codes = np.full(len(values), coded.n_symbols)
        codes[~gone] = coded.codes
        return Coded(codes, coded.n_symbols + 1, f"{coded.how}, missing ones as one of their own")
    symbols = find_symbols(values)
    return Coded(encode(values, symbols), len(symbols), f"{len(symbols)} symbols")


def most_symbols(n: int) -> int:
    """Return how many symbols `n` pairs can fill a table of two of them with."""
    return int(np.clip(np.sqrt(n / _PER_CELL), 2, _MOST_SYMBOLS))


def bins_for(n: int, n_targets: int | None = None) -> int:
    """Return how many bins numbers are put into for tables of `n` pairs.

    More bins show finer dependences, and hide weak ones: the information that chance gives grows with the
    cells of the table. So there are few bins for few pairs.

    Parameters
    ----------
    n : int
        Pairs.
    n_targets : int, optional
        Targets to tell apart; by default they are binned alike.
    """
    if n_targets is None:
        return int(np.clip(round(np.cbrt(n / _PER_BIN)), _FEWEST_BINS, _MOST_BINS))
    return int(np.clip(n // (_PER_BIN * n_targets), 2, _MOST_BINS))


def lump(coded: Coded, limit: int) -> Coded:
    """Give the rarest symbols one number, so that there are at most `limit`."""
    if coded.n_symbols <= limit:
        return coded
    counts = np.bincount(coded.codes, minlength=coded.n_symbols)
    kept = np.argsort(-counts, kind="stable")[: limit - 1]
    renumbered = np.full(coded.n_symbols, limit - 1)
    renumbered[kept] = np.arange(limit - 1)
    n_lumped = coded.n_symbols - limit + 1
    how = f"{coded.how}, of which the {n_lumped} rarest are taken together"
    note = (
        f"For single lags the {n_lumped} rarest of {coded.n_symbols} symbols are taken together: pairs of "
        "all would be too rare."
    )
    return Coded(renumbered[coded.codes], limit, how, note)


def code_numbers(values: NDArray[np.float64], n_bins: int) -> Coded:
    """Bin numbers by quantiles; NaN, and a number that would fill a bin, is a bin of its own."""
    present = np.isfinite(values)
    known, counts = np.unique(values[present], return_counts=True)
    often = known[counts * n_bins > present.sum()]
    rest = values[present & ~np.isin(values, often)]
    n_rest = max(1, round(n_bins * len(rest) / max(1, present.sum())))
    quantiles = np.quantile(rest, np.arange(1, n_rest) / n_rest) if len(rest) else np.zeros(0)
    # equal numbers stay in one bin, so that there may be fewer bins than asked for
    edges = np.unique(np.concatenate([quantiles, often, np.nextafter(often, np.inf)]))
    codes = np.searchsorted(edges, values, side="right")
    codes[~present] = len(edges) + 1
    used, codes = np.unique(codes, return_inverse=True)
    gap = "" if present.all() else ", missing numbers in a bin of their own"
    n_full = len(used) - (not present.all())
    return Coded(codes, len(used), f"numbers in {n_full} bins of equal frequency{gap}")


def code_vectors(values: NDArray[np.float64], n_bins: int, random_state: int) -> Coded:
    """Put vectors to the nearest of several k-means centres, each channel in its own spreads."""
    from sklearn.cluster import KMeans

    absent = np.isnan(values)
    centre, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    scaled = np.where(absent, 0.0, (values - centre) / np.where(spread > 0, spread, 1.0))
    rng = np.random.default_rng(random_state)
    sample = scaled
    if len(scaled) > _FIT_STEPS:
        sample = scaled[rng.choice(len(scaled), _FIT_STEPS, replace=False)]
    n_bins = min(n_bins, len(np.unique(sample, axis=0)))
    codes = KMeans(n_bins, n_init=3, random_state=random_state).fit(sample).predict(scaled)
    used, codes = np.unique(codes, return_inverse=True)
    gap = ", missing numbers at their mean" if absent.any() else ""
    how = f"vectors of {values.shape[1]} numbers at the nearest of {len(used)} k-means centres{gap}"
    return Coded(codes, len(used), how)
