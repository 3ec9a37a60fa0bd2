"""Data read forward a part at a time, so that memory does not grow with them.

A part is some whole sequences, or a piece of one that is longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.sequences import Sequences
from seqcompare.models.hmm.chains import AgedFiltered, Filtered, chain_of
from seqcompare.models.hmm.observations import read_steps
from seqcompare.models.hmm.pieces import NUMBERS, cut
from seqcompare.models.hmm.recursions import Likelihood
from seqcompare.models.hmm.settings import fitted_engine
from seqcompare.typing import Floats


class Part(NamedTuple):
    """A part of the data, read forward.

    Attributes
    ----------
    steps, sequences : slice
        Which steps, and the sequences that they are of.
    offsets : ndarray of shape (n + 1,)
        Where these begin in the part.
    before : ndarray of shape (K,) or None
        Probabilities of the states at the first step, if its sequence began in an earlier part.
    fit : Likelihood
        How well each step fits each state.
    filtered : Filtered or AgedFiltered
        What is known of the states.
    """

    steps: slice
    sequences: slice
    offsets: NDArray[np.int64]
    before: Floats | None
    fit: Likelihood
    filtered: Filtered | AgedFiltered


def forward(model: Any, sequences: Sequences, n_rows: int | None = None) -> Iterator[Part]:
    """Yield what a fitted model knows of the states after each step, part by part.

    Parameters
    ----------
    model : HMM
        A fitted one.
    sequences : Sequences
        As the model reads them.
    n_rows : int, optional
        Most steps of a part.
    """
    chain, engine, values = chain_of(model), fitted_engine(model), read_steps(model, sequences)
    size = max(NUMBERS // len(chain.start), 1)
    known, before, offsets = chain, None, np.array(sequences.offsets)
    for a, z in cut(offsets, size if n_rows is None else min(size, n_rows)):
        first, last = int(np.searchsorted(offsets, a, side="right")) - 1, int(np.searchsorted(offsets, z))
        bounds = np.clip(offsets[first : last + 1], a, z) - a
        begins = offsets[first] == a
        fit = engine.likelihood(values[a:z])
        filtered = (chain if begins else known).filter(fit, bounds)
        yield Part(slice(a, z), slice(first, last), bounds, None if begins else before, fit, filtered)
        known, before = chain.after(filtered.last(bounds)[-1]), filtered.ahead[-1]
