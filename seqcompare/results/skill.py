"""Skill in a sweep: the best of each family, means with their intervals, and who is better than whom."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from seqcompare.families import REFERENCE
from seqcompare.results.groups import Rows, groups_of, median
from seqcompare.results.statistics import ENOUGH, Ranks, average_ranks, holm, mean_interval, paired_test

#: What the rows of one point of a sweep have in common.
POINT = ["axis", "task", "task_params", "length_asked"]

#: Adjusted p-value below which a difference counts as found.
ALPHA = 0.05

#: What says where two models were compared.
_WHERE = ["axis", "task", "distance", "memory_bits", "length_asked"]

COMPARISON_COLUMNS = [
    *(*_WHERE, "a", "b", "n_seeds", "difference", "low"),
    *("high", "interval", "effect_size", "p_value", "p_adjusted", "verdict"),
]


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
    usable = frame[(frame["status"] == "ok") & (frame["family"] != REFERENCE)].copy()
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
        for group in groups_of(rows, [*POINT, "model"]):
            records.append(_score_record(group, is_best=is_best))
    return pd.DataFrame(records)


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Return mean skill at each swept distance: one row a task and model, a column a distance."""
    swept = frame[(frame["axis"] == "distance") & (frame["status"] == "ok")]
    both = pd.concat([swept, best_of(swept)])
    order = dict.fromkeys(zip(both["task"], both["model"], strict=True))
    table = both.pivot_table(index=["task", "model"], columns="distance", values="skill", aggfunc="mean")
    return table.reindex(list(order)).reset_index().rename_axis(columns=None)


def compare_models(frame: pd.DataFrame) -> pd.DataFrame:
    """Compare the skill of models on the same data, at every point of every axis.

    Compared are the best of each family with each other, and within a family the best of each variant,
    chosen on validation data. Only models that look at the same steps are compared: causal with causal.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.

    Returns
    -------
    DataFrame
        One row a pair and point: the mean difference of skill a - b with its interval, its effect size
        (Cohen's d_z, Hedges' correction), the p-value of the paired t test as it is and by Holm's correction
        over the whole table, and a verdict: "a", "b", "cannot tell", or "too few seeds".
    """
    families = best_of(frame, "family")
    variants = best_of(frame, "variant")
    variants["model"] = variants["variant"]
    records = []
    for rows, within in ((families, None), (variants, "family")):
        for pair in _pairs(rows, within):
            test = paired_test(pair.skills_a, pair.skills_b)
            records.append(
                {
                    **pair.first,
                    "a": pair.a,
                    "b": pair.b,
                    "n_seeds": len(pair.skills_a),
                    "difference": test.difference.mean,
                    "low": test.difference.low,
                    "high": test.difference.high,
                    "interval": test.difference.kind,
                    "effect_size": test.effect_size,
                    "p_value": test.p_value,
                }
            )
    table = pd.DataFrame(records, columns=COMPARISON_COLUMNS)
    if len(table):
        table["p_adjusted"] = holm(table["p_value"])
        table["verdict"] = [
            _verdict(n, p, difference)
            for n, p, difference in zip(
                table["n_seeds"], table["p_adjusted"], table["difference"], strict=True
            )
        ]
    return table


def rank_families(frame: pd.DataFrame) -> Ranks | None:
    """Rank the best of each family across tasks by mean skill over seeds and distances; descriptive.

    Means are over the distances of a task at which every family ranked has an answer.

    Returns None where fewer than three families share two tasks.
    """
    best = best_of(frame[frame["axis"] == "distance"])
    best = best[best["causal"]]
    cells = best.pivot_table(index=["task", "distance"], columns="family", values="skill", aggfunc="mean")
    # cells that all families have an answer for; a family of too few tasks is left out
    n_tasks = cells.groupby(level="task").count().gt(0).sum()
    skills = cells.loc[:, n_tasks >= 2].dropna().groupby(level="task").mean()
    if skills.shape[0] < 2 or skills.shape[1] < 3:
        return None
    return average_ranks(skills)


class _Pair(NamedTuple):
    """Two models at one point: their labels, their skills on the seeds that both have, and the first row."""

    a: str
    b: str
    skills_a: list[float]
    skills_b: list[float]
    first: dict[str, object]


def _pairs(rows: pd.DataFrame, within: str | None) -> Iterator[_Pair]:
    """Yield each two models of a point that have skills on the same seeds."""
    keys = [*POINT, "causal", *([] if within is None else [within])]
    for point in groups_of(rows, keys):
        seeds = point["seed"].tolist()
        skills: dict[str, dict[int, float]] = {}
        for model, seed, skill in zip(point["model"], seeds, point["skill"].tolist(), strict=True):
            skills.setdefault(model, {})[seed] = skill
        for a, b in itertools.combinations(skills, 2):
            shared = [
                s for s in sorted(set(seeds)) if np.isfinite([skills[m].get(s, np.nan) for m in (a, b)]).all()
            ]
            if shared:
                where = seeds.index(shared[0])
                first = {name: point[name][where] for name in _WHERE}
                yield _Pair(a, b, [skills[a][s] for s in shared], [skills[b][s] for s in shared], first)


def _verdict(n_seeds: int, p_adjusted: float, difference: float) -> str:
    if n_seeds < ENOUGH:
        return "too few seeds"
    if np.isnan(p_adjusted) or p_adjusted >= ALPHA:
        return "cannot tell"
    return "a" if difference > 0 else "b"


def _score_record(group: Rows, *, is_best: bool) -> dict[str, object]:
    ok = group.where(group["status"] == "ok")
    names = ("axis", "task", "task_params", "distance", "memory_bits", "length", "model", "family", "causal")
    record: dict[str, object] = {name: group.first(name) for name in names}
    record |= {"best": is_best, "n_seeds": ok.n_rows, "n_failed": group.n_rows - ok.n_rows}
    for name in ("score", "skill"):
        values = ok[name]
        values = values[np.isfinite(values)]
        if len(values):
            found = mean_interval(values)
            record |= {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
            record["interval"] = found.kind
        else:
            record |= dict.fromkeys((name, f"{name}_low", f"{name}_high"), np.nan)
            record.setdefault("interval", "")
    record["can_represent"] = group.first("can_represent")
    record |= {f"n_{reason}": int((ok["stop"] == reason).sum()) for reason in ("budget", "seconds")}
    costs = ("fit_seconds", "predict_us_per_step", "n_parameters", "peak_memory_mb")
    return record | {name: median(ok[name]) for name in costs}
