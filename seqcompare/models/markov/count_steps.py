"""Steps of sequences as counts, and distributions of counts put together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.input_checks import locate_step
from seqcompare.data.sequences import Sequences
from seqcompare.models.distributions.counts import CountDistribution, widen
from seqcompare.models.markov.thinning import Counts
from seqcompare.models.markov.thinning_gaps import MISSING


def counts_of(sequences: Sequences) -> Counts:
    """Return all steps as counts, shape (n_steps,), `MISSING` where they are."""
    if sequences.n_channels != 1:
        raise ValueError(f"expected one count a step, got {sequences.n_channels}")
    values = sequences.channels[:, 0]
    gone, below = np.isnan(values), values < 0
    bad = np.flatnonzero(below if below.any() else (values != np.floor(values)) & ~gone)
    if bad.size:
        i, t = locate_step(sequences, int(bad[0]))
        what = "Negative values in data: " if below.any() else ""
        raise ValueError(f"{what}expected counts (0, 1, 2, ...), but X[{i}] has {values[bad[0]]} at step {t}")
    return np.where(gone, MISSING, values).astype(np.int64)


def past_of(counts: Counts, rows: NDArray[np.int64], order: int) -> Counts:
    """Return the counts 1..order steps before `rows`, shape (n_rows, order)."""
    if not order:
        return np.empty((len(rows), 0), dtype=np.int64)
    return np.column_stack([counts[rows - k] for k in range(1, order + 1)])


def distinct(counts: Counts, rows: NDArray[np.int64], order: int) -> tuple[Counts, Counts, NDArray[np.intp]]:
    """Return the distinct transitions to `rows`: what came, what came before, and which each row is."""
    table, which = np.unique(
        np.column_stack([counts[rows], past_of(counts, rows, order)]), axis=0, return_inverse=True
    )
    return np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1:]), which.ravel()


def choose(known: NDArray[np.bool_], each: CountDistribution, start: CountDistribution) -> CountDistribution:
    """Return the distributions of `each` where `known`, and `start` elsewhere."""
    size = max(each.proba.shape[-1], start.proba.shape[-1])
    wide, other = widen(each, size), widen(start, size)
    return CountDistribution(
        np.where(known[:, np.newaxis], wide.proba, other.proba),
        np.where(known, wide.ratio, other.ratio),
        np.where(known, wide.tail, other.tail),
    )
