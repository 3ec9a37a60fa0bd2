"""The best of each family, chosen on validation data only."""

from __future__ import annotations

import pandas as pd

#: What the rows of one point of a sweep have in common.
POINT = ["axis", "task", "task_params", "length_asked"]


def best_of(frame: pd.DataFrame, by: str = "family") -> pd.DataFrame:
    """Return, for every problem and seed, the row of each family that did best on the validation data.

    The test data have no part in the choice. Causal and non-causal models are chosen among apart. Ties go
    to the model with fewer parameters, then to the one that comes first.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.
    by : {"family", "variant"}, default="family"
        Whose best.

    Returns
    -------
    DataFrame
        Rows of `frame` with ``model`` replaced by "best recurrent" and the like, and two columns more:
        ``chosen``, the label of the model that was chosen, and ``tuning_seconds``, the time of fitting all
        that were tried.
    """
    usable = frame[(frame["status"] == "ok") & (frame["family"] != "reference")].copy()
    # one key in which smaller is better, whatever the metric
    sign = usable["greater_is_better"].map({True: -1.0, False: 1.0}).astype(float)
    usable["_loss"] = sign * usable["validation_score"]
    groups = [*POINT, "seed", by, "causal"]
    usable["tuning_seconds"] = usable.groupby(groups, sort=False)["fit_seconds"].transform("sum")
    usable["_place"] = range(len(usable))
    ordered = usable.sort_values(["_loss", "n_parameters", "_place"], kind="stable")
    best = ordered.groupby(groups, sort=False).head(1).sort_values("_place")
    best["chosen"] = best["model"]
    ahead = best["causal"].map({True: "", False: " (looks ahead)"})
    best["model"] = "best " + best[by] + ahead
    return best.drop(columns=["_loss", "_place"]).reset_index(drop=True)
