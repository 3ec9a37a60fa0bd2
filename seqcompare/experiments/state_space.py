"""How much of the space of contexts the data fill: why long orders run out of data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from seqcompare.data.sequences import Sequences
from seqcompare.experiments.trial import Trial

#: Counts from which on a context is supported by the data.
SUPPORT = 5

#: Orders that a table goes up to.
LONGEST = 16

COLUMNS = ["order", "possible", "seen", "supported", "share_of_steps"]


def count_contexts(X: Sequences, max_order: int) -> pd.DataFrame:
    """Count the contexts of each order that are possible, that occur, and that occur often enough.

    Parameters
    ----------
    X : Sequences of symbols
        Training data.
    max_order : int
        The longest context.

    Returns
    -------
    DataFrame
        One row an order k: ``possible`` (S**k), ``seen`` (distinct contexts of k steps that a step follows),
        ``supported`` (those seen at least `SUPPORT` times), ``share_of_steps`` (predicted steps whose
        context is supported).
    """
    symbols, codes = np.unique(X.values, return_inverse=True)
    position = X.step_index
    ids = np.zeros(X.n_steps, dtype=np.int64)
    rows = []
    for order in range(max_order + 1):
        if order:
            # a context of k steps is one of k - 1 steps with one more before it
            earlier = np.roll(codes, order)
            _, ids = np.unique(ids * len(symbols) + earlier, return_inverse=True)
        inside = position >= order
        counts = np.bincount(ids[inside])
        supported = counts >= SUPPORT
        rows.append(
            (
                order,
                float(len(symbols)) ** order,
                int(np.count_nonzero(counts)),
                int(np.count_nonzero(supported)),
                float(counts[supported].sum() / max(counts.sum(), 1)),
            )
        )
        if not inside.any():
            break
    return pd.DataFrame(rows, columns=COLUMNS)


def state_space_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """Count contexts in the training data of each symbolic task, at its largest distance.

    Returns
    -------
    DataFrame
        Columns task, distance, n_train and those of `count_contexts`.
    """
    largest: dict[str, Trial] = {}
    for trial in trials:
        if trial.source.axis == "distance" and trial.seed == 0:
            known = largest.get(trial.source.label)
            if known is None or trial.source.task.distance > known.source.task.distance:
                largest[trial.source.label] = trial
    tables = []
    for label, trial in largest.items():
        train = trial.source.draw(trial.seed)[0]
        if train.X.kind == "symbols":
            table = count_contexts(train.X, LONGEST)
            table.insert(0, "task", label)
            table.insert(1, "distance", trial.source.task.distance)
            table.insert(2, "n_train", trial.source.sizes.n_train)
            tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=["task", *COLUMNS])
