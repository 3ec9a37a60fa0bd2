"""How large a model must be to carry so many bits: measured, and by theory."""

from __future__ import annotations

import math

import pandas as pd

#: Mean skill from which on a model counts as carrying the memory.
SOLVED = 0.9

CAPACITY_COLUMNS = [
    *("task", "task_params", "memory_bits", "distance", "variant", "family", "capacity_name", "measured"),
    *("by_theory", "largest_tried", "exact_skill"),
]


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
        exact = point[point["family"] == "reference"]["skill"].mean()
        learned = point[(point["family"] != "reference") & point["capacity"].notna()]
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
