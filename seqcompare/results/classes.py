"""How well each class is told from the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from seqcompare.results.store import Details


def class_scores(confusion: pd.DataFrame) -> pd.DataFrame:
    """Return precision, recall, F1 and support of each class.

    Parameters
    ----------
    confusion : DataFrame
        How often each class was given each label: entry, family, true, predicted, count.

    Returns
    -------
    DataFrame
        One row an entry and class: entry, model, family, label, precision, recall, f1, support.
    """
    records = []
    for (entry, family), part in confusion.groupby(["entry", "family"], sort=False):
        hits = part[part["true"] == part["predicted"]].set_index("true")["count"]
        support = part.groupby("true")["count"].sum()
        given = part.groupby("predicted")["count"].sum()
        for label in support.index:
            hit = float(hits.get(label, 0.0))
            recall = hit / float(support[label])
            precision = hit / float(given[label]) if label in given.index else 0.0
            f1 = 2 * precision * recall / (precision + recall) if hit else 0.0
            records.append((entry, entry, family, label, precision, recall, f1, float(support[label])))
    columns = ["entry", "model", "family", "label", "precision", "recall", "f1", "support"]
    return pd.DataFrame(records, columns=columns)


def summed(
    tests: pd.DataFrame,
    details: Mapping[str, Details],
    name: str,
    keys: Sequence[str],
    values: Sequence[str],
) -> pd.DataFrame:
    """Return a table that every test trial has, its values added up over folds.

    Parameters
    ----------
    tests : DataFrame
        Rows of testing: ``entry``, ``family``, ``trial_id``.
    details : mapping of str to dict
        The details of each trial, the table among them.
    name : str
        Its name there.
    keys, values : sequence of str
        Its columns: what is told apart, and what is added up.
    """
    records = [
        (entry, entry, family, *point)
        for entry, family, trial in tests[["entry", "family", "trial_id"]].to_numpy()
        for point in details[trial].get(name, [])
    ]
    names = ["entry", "model", "family"]
    table = pd.DataFrame(records, columns=[*names, *keys, *values])
    return table.groupby([*names, *keys], sort=False)[list(values)].sum().reset_index()
