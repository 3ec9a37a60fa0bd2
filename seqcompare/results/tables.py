"""All tables of a run, from its rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seqcompare.results.best import POINT, best_of
from seqcompare.results.capacity import capacity_needed
from seqcompare.results.comparisons import compare_models
from seqcompare.results.horizon import horizons
from seqcompare.results.scaling import scaling
from seqcompare.results.statistics import mean_interval


def scores(frame: pd.DataFrame) -> pd.DataFrame:
    """Return score and skill with their intervals, one row a point of an axis and model.

    The best of each family, chosen on validation data, has rows like any model.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.

    Returns
    -------
    DataFrame
        Columns axis, task, distance, memory_bits, length, task_params, model, family, causal, best, n_seeds,
        n_failed, score, score_low, score_high, skill, skill_low, skill_high, interval ("t" or "range"),
        can_represent, n_budget (seeds whose training ended with its budget), n_seconds (seeds that the
        safety net of seconds cut off), and the median cost columns. Skill is over the seeds that have one.
    """
    best = best_of(frame)
    records = []
    for rows, is_best in ((frame, False), (best, True)):
        for _, group in rows.groupby([*POINT, "model"], sort=False):
            records.append(_score_record(group, is_best=is_best))
    return pd.DataFrame(records)


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return mean skill at each swept distance: one row a task and model, a column a distance."""
    swept = frame[(frame["axis"] == "distance") & (frame["status"] == "ok")]
    both = pd.concat([swept, best_of(swept)])
    order = dict.fromkeys(zip(both["task"], both["model"], strict=True))
    table = both.pivot_table(index=["task", "model"], columns="distance", values="skill", aggfunc="mean")
    return table.reindex(list(order)).reset_index().rename_axis(columns=None)


def all_tables(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return every table that the rows of a sweep give, by name."""
    return {
        "trials": frame,
        "summary": summary(frame),
        "scores": scores(frame),
        "horizons": horizons(frame),
        "best_of_family": best_of(frame),
        "comparisons": compare_models(frame),
        "scaling": scaling(frame),
        "capacity_needed": capacity_needed(frame),
    }


def _score_record(group: pd.DataFrame, *, is_best: bool) -> dict[str, object]:
    ok = group[group["status"] == "ok"]
    first = group.iloc[0]
    names = ("axis", "task", "task_params", "distance", "memory_bits", "length", "model", "family", "causal")
    record: dict[str, object] = {name: first[name] for name in names}
    record |= {"best": is_best, "n_seeds": len(ok), "n_failed": len(group) - len(ok)}
    for name in ("score", "skill"):
        values = ok.loc[np.isfinite(ok[name]), name]
        if len(values):
            found = mean_interval(values)
            record |= {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
            record["interval"] = found.kind
        else:
            record |= dict.fromkeys((name, f"{name}_low", f"{name}_high"), np.nan)
            record.setdefault("interval", "")
    record["can_represent"] = first["can_represent"]
    record |= {f"n_{reason}": int((ok["stop"] == reason).sum()) for reason in ("budget", "seconds")}
    costs = ("fit_seconds", "predict_us_per_step", "n_parameters", "peak_memory_mb")
    return record | {name: ok[name].median() for name in costs}
