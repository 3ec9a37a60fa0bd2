"""The context curves of a comparison as one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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


def context_table(
    rows: pd.DataFrame,
    details: Mapping[str, Details],
    metric: Metric,
    kept: Callable[[Details], Mapping[str, Any]] = lambda details: details,
) -> pd.DataFrame:
    """Return the context curves, one row a model, fold, control and context.

    Parameters
    ----------
    rows : DataFrame
        The trials that traced them.
    details : mapping of str to dict
        The details of each trial.
    metric : Metric
        What models are compared by.
    kept : callable, optional
        Where in the details of a trial the curves are; by default they stand there themselves.

    Returns
    -------
    DataFrame
        Model and candidate; ``control`` as in `seqcompare.experiments.context.Curve`; ``context`` in steps;
        ``score`` with ``low`` and ``high``, 1.96 standard errors of the paired difference to the best context
        around it, as far as scores reach; ``loss``, how far it is ``behind`` the best and the standard
        ``error`` of that. Of all folds together: ``needed``, the shortest context within one such error or
        practically equal; ``needed_low`` and ``needed_high``, between which that lies with 95% confidence;
        ``at_most``, what may yet be gained by more, and ``would_show``, the gain that would have been seen
        nine times in ten. Runs of before have ``needed`` of each fold, and none of the others.
    """
    records = []
    pooled: dict[tuple[str, str], dict[str, float]] = {}
    for entry, of_entry in rows.groupby("entry", sort=False):
        traced = [kept(details[trial]) for trial in of_entry["trial_id"]]
        of_folds = [one for one in traced if "units" in one]
        for control in dict.fromkeys(name for one in of_folds for name in one["units"]):
            pooled[str(entry), control] = pool_folds(of_folds, control)
    for row in rows.to_dict("records"):
        mine = kept(details[row["trial_id"]])
        needed = mine.get("needed", {})
        for point in mine.get("curves", []):
            score, margin = metric.as_score(point["loss"]), 1.96 * point["error"]
            alone = {
                **dict.fromkeys(REACHES, np.nan),
                "needed": needed.get(point["control"], np.nan),
            }
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


def influence_by_lag(rows: pd.DataFrame, details: Mapping[str, Details]) -> pd.DataFrame:
    """Return how much answers change when the step at a lag is replaced, the mean over folds."""
    records = []
    for row in rows.to_dict("records"):
        for point in details[row["trial_id"]].get("influence", []):
            records.append({**{name: row[name] for name in CANDIDATE}, **point})
    table = pd.DataFrame(records, columns=[*CANDIDATE, "lag", "influence"])
    by_lag = table.groupby([*CANDIDATE, "lag"], sort=False, dropna=False)
    return by_lag["influence"].mean().reset_index()
