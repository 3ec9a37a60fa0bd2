"""The smallest machine that is as good as the winner of a comparison, kept for its page."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.experiments.answer import fit_model
from seqcompare.experiments.failing import FAILURES, in_words
from seqcompare.experiments.spending import Spending
from seqcompare.experiments.splits import cut
from seqcompare.experiments.threads import one_thread
from seqcompare.models.machine.search import MOST_SYMBOLS, minimal_machine
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.machine import MACHINE, MACHINE_WORDS
from seqcompare.results.store import STORE, Store

# With fewer steps a few thousandths of a bit cannot be told; more than so many tell no more.
_FEWEST, _MOST = 2_000, 200_000


class _OverBudgetError(Exception):
    """There is no time left."""


class _WithinBudget:
    """A fitted model that can be asked as long as there is time."""

    def __init__(self, model: Any, spending: Spending) -> None:
        self._model, self._spending = model, spending

    def __getattr__(self, name: str) -> Any:
        if not self._spending.left:
            raise _OverBudgetError
        return getattr(self._model, name)


def keep_machine(
    found: StoredComparison,
    dataset: SequenceDataset,
    build: Callable[[], tuple[Any, bool]],
    spending: Spending,
) -> None:
    """Find the machine of the winner, fitted to one half of the data and asked about the other; keep it.

    Where a budget ends before, it is not looked for further: no answer needs it.

    Parameters
    ----------
    found : StoredComparison
        The comparison.
    dataset : SequenceDataset
        Its data; of numbers, of many symbols, and of few steps there is no machine to look for.
    build : callable
        Returns the winner and whether it is fitted.
    spending : Spending
        What is left of a budget.
    """
    readable = dataset.role in ("next", "step") and dataset.X.kind == "symbols"
    if not readable or not dataset.X.n_steps >= _FEWEST or len(np.unique(dataset.X.values)) > MOST_SYMBOLS:
        return
    winner = str(found.result.judgement.winner)
    model, fitted = build()
    if dataset.role == "step" and not getattr(model, "causal", False):
        return
    first, second = _halves(dataset)
    try:
        with one_thread(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as while it was fitted
            if not fitted:
                # as it did in tests, of which each has more than half to fit to
                took = float(found.result.summary.set_index("entry")["fit_seconds"][winner])
                if took > spending.left:
                    raise _OverBudgetError
                fit_model(model, first)
            within = _WithinBudget(model, spending)
            machine = minimal_machine(within, second.X, second.y, sample_weight=second.sample_weight)
    except _OverBudgetError:
        words, table = "No machine of it was looked for to the end: there was no time left.", None
    except FAILURES as error:  # whatever a model of the user's own does with prefixes of its data
        words, table = f"No machine could be made of it ({in_words(error)}).", None
    else:
        words = machine.sentence
        table = None if machine.automaton is None else machine.automaton.frame()
    with Store(found.folder / STORE) as store:
        store.keep_table(MACHINE_WORDS, pd.DataFrame({"words": [words]}))
        # in place of one that an earlier start has found
        store.keep_table(MACHINE, pd.DataFrame(columns=["state"]) if table is None else table)


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
