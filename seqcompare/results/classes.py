"""How well each class is told from the others."""

from __future__ import annotations

import pandas as pd


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
