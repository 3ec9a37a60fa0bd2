"""The context curves of a comparison as one table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from seqcompare.metrics import Metric
from seqcompare.results.reach import REACHES, pool_folds
from seqcompare.results.store import Details

#: What tells whose rows they are.
CANDIDATE = ["entry", "model", "family", "variant", "capacity"]

CONTEXT_COLUMNS = [
    *("entry", "model", "family", "variant", "capacity", "fold", "control", "context"),
    *("score", "low", "high", "loss", "behind", "error", *REACHES),
]


def context_table(rows: pd.DataFrame, details: Mapping[str, Details], metric: Metric) -> pd.DataFrame:
    """Return the context curves, one row a model, fold, control and context.

    Parameters
    ----------
    rows : DataFrame
        The trials that traced them.
    details : mapping of str to dict
        The details of each trial.
    metric : Metric
        What models are compared by.

    Returns
    -------
    DataFrame
        What `seqcompare.results.comparison.ComparisonResult.contexts` describes.
    """
    records = []
    pooled: dict[tuple[str, str], dict[str, float]] = {}
    for entry, of_entry in rows.groupby("entry", sort=False):
        of_folds = [details[trial] for trial in of_entry["trial_id"] if "units" in details[trial]]
        for control in dict.fromkeys(name for one in of_folds for name in one["units"]):
            pooled[str(entry), control] = pool_folds(of_folds, control)
    for row in rows.to_dict("records"):
        mine = details[row["trial_id"]]
        for point in mine.get("curves", []):
            score, margin = metric.as_score(point["loss"]), 1.96 * point["error"]
            alone = {**dict.fromkeys(REACHES, np.nan), "needed": mine["needed"][point["control"]]}
            records.append(
                {
                    **{name: row[name] for name in CANDIDATE},
                    "fold": row["seed"],
                    **point,
                    "score": score,
                    "low": max(score - margin, metric.least),
                    "high": min(score + margin, metric.greatest),
                    **pooled.get((str(row["entry"]), point["control"]), alone),
                }
            )
    return pd.DataFrame(records, columns=CONTEXT_COLUMNS)
