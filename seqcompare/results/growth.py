"""Growth in a sweep: how costs grow with size, and how large a model must be to carry so many bits."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pandas as pd
from scipy import stats

from seqcompare.families import REFERENCE
from seqcompare.results.groups import groups_of

#: Mean skill from which on a model counts as carrying the memory.
SOLVED = 0.9

CAPACITY_COLUMNS = [
    *("task", "task_params", "memory_bits", "distance", "variant", "family", "capacity_name", "measured"),
    *("by_theory", "largest_tried", "exact_skill"),
]

COSTS = ("fit_seconds", "predict_us_per_step", "n_parameters", "peak_memory_mb")

SCALING_COLUMNS = [
    *("cost", "against", "task", "model", "family", "exponent", "low", "high", "n_points", "smallest"),
    "largest",
]


def scaling(frame: pd.DataFrame) -> pd.DataFrame:
    """Fit ``cost = c * size ** exponent`` by least squares on logarithms.

    Sizes are the capacity of a variant at the largest distance that all its capacities were run at, and for
    one model the distance, the length of the sequences and the size of the alphabet (on the axes of these
    names). Costs are medians over seeds. Time per training step rather than time is fitted against
    distance, whose sequences are longer.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.

    Returns
    -------
    DataFrame
        One row a cost, size, task and model (a task whose length or alphabet was swept at several distances
        is named with each): the exponent with its 95% interval (NaN for two points), the
        number of points and the cost at the smallest and the largest size.
    """
    ok = frame[(frame["status"] == "ok") & (frame["family"] != REFERENCE)].copy()
    swept = ok[ok["axis"] == "distance"]
    per_step = swept.assign(fit_seconds=swept["fit_seconds"] / (swept["n_train"] * swept["length"]))
    records = _fits(_at_largest_shared(swept), "variant", "capacity", "capacity")
    records += _fits(per_step[per_step["distance"] > 0], "model", "distance", "distance")
    for axis, size in (("length", "length_asked"), ("alphabet", "n_symbols")):
        part = apart_by_distance(ok[ok["axis"] == axis])
        if axis == "alphabet":
            part = part.assign(n_symbols=[_alphabet(text) for text in part["task_params"]])
        records += _fits(part, "model", size, axis)
    return pd.DataFrame(records, columns=SCALING_COLUMNS)


def apart_by_distance(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an axis other than distance, a task at several distances named with each of them.

    They are sweeps of their own: their means would follow the distances that happen to go so far.
    """
    several = rows.groupby("task")["distance"].transform("nunique") > 1
    return rows.assign(
        task=rows["task"].where(~several, rows["task"] + ", d = " + rows["distance"].astype(str))
    )


def capacity_needed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the smallest capacity that solves each point of the memory axis.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.

    Returns
    -------
    DataFrame
        One row a point and variant: ``measured``, the smallest capacity with mean skill of .9 and more (NaN
        if none was), ``by_theory``, the smallest one tried that is known to be able to (NaN if none is),
        ``largest_tried``, and ``exact_skill``, the mean skill of the task's hand-made machine (NaN
        without).
    """
    ok = frame[(frame["axis"] == "memory") & (frame["status"] == "ok")]
    records = []
    for (task, params), point in ok.groupby(["task", "task_params"], sort=False):
        exact = point[point["family"] == REFERENCE]["skill"].mean()
        learned = point[(point["family"] != REFERENCE) & point["capacity"].notna()]
        for variant, rows in learned.groupby("variant", sort=False):
            skills = rows.groupby("capacity")["skill"].mean()
            known = rows[[says is True for says in rows["can_represent"]]]["capacity"]
            solved = skills[skills >= SOLVED]
            first = rows.iloc[0]
            records.append(
                {
                    "task": task,
                    "task_params": params,
                    **{name: first[name] for name in ("memory_bits", "distance", "family", "capacity_name")},
                    "variant": variant,
                    "measured": solved.index.min() if len(solved) else math.nan,
                    "by_theory": known.min() if len(known) else math.nan,
                    "largest_tried": skills.index.max(),
                    "exact_skill": exact,
                }
            )
    return pd.DataFrame(records, columns=CAPACITY_COLUMNS)


def _at_largest_shared(swept: pd.DataFrame) -> pd.DataFrame:
    """Return the rows at the largest distance that all capacities of a variant were run at, of each task."""
    of = ["task", "variant"]
    n_models = swept.groupby([*of, "distance"])["model"].transform("nunique")
    whole = swept[n_models == swept.groupby(of)["model"].transform("nunique")]
    return whole[whole["distance"] == whole.groupby(of)["distance"].transform("max")]


def _fits(rows: pd.DataFrame, who: str, size: str, against: str) -> list[dict[str, object]]:
    """Return the fits of each task and of each that the column `who` names."""
    medians = rows.groupby(["task", who, size], sort=False)[list(COSTS)].median().reset_index()
    families = {
        (row.first("task"), row.first(who)): row.first("family") for row in groups_of(rows, ["task", who])
    }
    records: list[dict[str, object]] = []
    for points, cost in itertools.product(groups_of(medians, ["task", who]), COSTS):
        there = (points[cost] > 0) & (points[size] > 0)
        if there.sum() < 2:
            continue
        order = np.argsort(points[size][there])
        x, y = (np.log(points[name][there][order].astype(float)) for name in (size, cost))
        fit = stats.linregress(x, y)
        half = stats.t.ppf(0.975, len(x) - 2) * fit.stderr if len(x) > 2 else math.nan
        name = "fit_seconds_per_step" if against == "distance" and cost == "fit_seconds" else cost
        smallest, *_, largest = points[cost][there][order].tolist()
        task, model = points.first("task"), points.first(who)
        records.append(
            {
                "cost": name,
                "against": against,
                "task": task,
                "model": model,
                "family": families[task, model],
                "exponent": float(fit.slope),
                "low": float(fit.slope - half),
                "high": float(fit.slope + half),
                "n_points": len(x),
                "smallest": smallest,
                "largest": largest,
            }
        )
    return records


def _alphabet(task_params: str) -> float:
    """Return the alphabet that the parameters of a task name."""
    params = json.loads(task_params)
    sizes = [params[name] for name in ("n_symbols", "n_fillers", "n_types") if name in params]
    return float(sizes[0]) if sizes else math.nan
