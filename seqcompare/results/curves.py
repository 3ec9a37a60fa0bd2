"""The curves of less and less context, and of beginnings, as tables of all folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from seqcompare.metrics import Metric
from seqcompare.results.reach import REACHES, pool_folds
from seqcompare.results.store import Details

CANDIDATE = ["entry", "model", "family", "variant", "capacity"]
CONTEXT_COLUMNS = [
    *(*CANDIDATE, "fold", "control", "context"),
    *("score", "low", "high", "loss", "behind", "error", *REACHES),
]


def curve_table(
    rows: pd.DataFrame,
    details: Mapping[str, Details],
    metric: Metric,
    kept: Callable[[Details], Mapping[str, Any]] = lambda details: details,
) -> pd.DataFrame:
    """Return one row a model, fold, control and context.

    Parameters
    ----------
    rows : DataFrame
        The trials in which curves were traced.
    details : mapping of str to dict
        The details of each trial.
    metric : Metric
        What models are compared by.
    kept : callable, optional
        Where in details the curves are: ``curves``, ``needed``, ``units`` and ``tolerance``.
    """
    records = []
    pooled: dict[tuple[str, str], dict[str, float]] = {}
    for entry, mine in rows.groupby("entry", sort=False):
        of_trials = [kept(details[trial]) for trial in mine["trial_id"]]
        of_folds = [one for one in of_trials if "units" in one]
        for control in dict.fromkeys(name for one in of_folds for name in one["units"]):
            pooled[str(entry), control] = pool_folds(of_folds, control)
    for row in rows.to_dict("records"):
        mine = kept(details[row["trial_id"]])
        for point in mine.get("curves", []):
            score, margin = metric.as_score(point["loss"]), 1.96 * point["error"]
            needed = mine.get("needed", {}).get(point["control"], np.nan)
            records.append(
                {
                    **{name: row[name] for name in CANDIDATE},
                    "fold": row["seed"],
                    **point,
                    "score": score,
                    "low": max(score - margin, metric.least),
                    "high": min(score + margin, metric.greatest),
                    **pooled.get(
                        (str(row["entry"]), point["control"]),
                        {**dict.fromkeys(REACHES, np.nan), "needed": needed},
                    ),
                }
            )
    return pd.DataFrame(records, columns=CONTEXT_COLUMNS)
