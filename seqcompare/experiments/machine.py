"""The smallest machine that is as good as the winner of a comparison, kept for its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.answer import fit_model
from seqcompare.experiments.splits import cut
from seqcompare.models.machine.search import MOST_SYMBOLS, minimal_machine
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.machine import MACHINE, MACHINE_WORDS
from seqcompare.results.store import STORE, Store

# With fewer steps a few thousandths of a bit cannot be told; more than so many tell no more.
_FEWEST, _MOST = 2_000, 200_000


def keep_machine(found: StoredComparison, dataset: SequenceDataset, build: Callable[[], Any]) -> None:
    """Find the machine of the winner, fitted to one half of the data and asked about the other; keep it.

    Parameters
    ----------
    found : StoredComparison
        The comparison.
    dataset : SequenceDataset
        Its data; of numbers, of many symbols, and of few steps there is no machine to look for.
    build : callable
        Returns the winner and whether it is fitted.
    """
    readable = dataset.role in ("next", "step") and dataset.X.kind == "symbols"
    if not readable or not dataset.X.n_steps >= _FEWEST or len(np.unique(dataset.X.values)) > MOST_SYMBOLS:
        return
    model, fitted = build()
    if dataset.role == "step" and not getattr(model, "causal", False):
        return
    first, second = _halves(dataset)
    if not fitted:
        fit_model(model, first)
    try:
        machine = minimal_machine(model, second.X, second.y, sample_weight=second.sample_weight)
    except Exception as error:  # whatever a model of the user's own does with prefixes of its data
        words, table = f"No machine could be made of it ({type(error).__name__}: {error}).", None
    else:
        words = machine.sentence
        table = None if machine.automaton is None else machine.automaton.frame()
    with Store(found.folder / STORE) as store:
        store.keep_table(MACHINE_WORDS, pd.DataFrame({"words": [words]}))
        if table is not None:
            store.keep_table(MACHINE, table)


def _halves(dataset: SequenceDataset) -> tuple[SequenceDataset, SequenceDataset]:
    """Return every other sequence, or where there are few the first and second half of each."""
    lengths = dataset.X.lengths
    if len(lengths) >= 20:
        both = [np.arange(start, len(lengths), 2) for start in (0, 1)]
        zero = [np.zeros_like(which) for which in both]
        pieces = [np.column_stack([which, z, lengths[which]]) for which, z in zip(both, zero, strict=True)]
    else:
        which, middle = np.arange(len(lengths)), (lengths + 1) // 2
        pieces = [np.column_stack([which, 0 * which, middle]), np.column_stack([which, middle, lengths])]
        pieces = [piece[piece[:, 2] > piece[:, 1]] for piece in pieces]
    asked = pieces[1]
    enough = np.cumsum(asked[:, 2] - asked[:, 1]) <= _MOST
    enough[0] = True
    return cut(dataset, pieces[0]), cut(dataset, asked[enough])
