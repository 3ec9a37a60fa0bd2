"""The horizon: how far back a model reaches."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from seqcompare.results.best import best_of
from seqcompare.results.statistics import mean_interval

#: Skill that counts as reaching.
THRESHOLD = 0.5

#: Standard errors that the optimal score must be away from chance for skill to mean something.
RESOLUTION = 3.0

Status = Literal["bracketed", "beyond", "below", "none"]


@dataclass(frozen=True)
class Horizon:
    """How far a model reaches on a task.

    Parameters
    ----------
    last_above : float
        The largest swept distance with mean skill above one half there and at every smaller swept distance;
        NaN if there is none.
    first_below : float
        The next swept distance; NaN if there is none.
    low, high : float
        `last_above` as the lower and the upper bounds of the skills would have it; NaN where these stay
        below one half everywhere.
    interval : {"t", "range", ""}
        What the bounds of the skills were.
    status : {"bracketed", "beyond", "below", "none"}
        Between the two distances; beyond the largest that was measured; below the smallest; or none,
        because optimal and chance are too close to be told apart.
    """

    last_above: float
    first_below: float
    low: float
    high: float
    interval: str
    status: Status

    def __str__(self) -> str:
        return {
            "bracketed": f"{self.last_above:g}-{self.first_below:g}",
            "beyond": f">= {self.last_above:g}",
            "below": f"< {self.first_below:g}",
            "none": "none",
        }[self.status]


def find_horizon(rows: pd.DataFrame) -> Horizon:
    """Return the horizon of one model on one task.

    Parameters
    ----------
    rows : DataFrame
        Its rows of a sweep over distance, all seeds; failed ones are left out.
    """
    rows = rows[rows["status"] == "ok"]
    above: list[_Marks] = []
    kinds: set[str] = set()
    for _, group in rows.groupby("distance"):
        if not _resolved(group):
            break  # beyond this distance nothing can be said
        skill = mean_interval(group["skill"])
        kinds.add(skill.kind)
        above.append(
            _Marks(
                float(group["distance"].iloc[0]),
                skill.mean > THRESHOLD,
                skill.low > THRESHOLD,
                skill.high > THRESHOLD,
            )
        )
    if not above:
        return Horizon(math.nan, math.nan, math.nan, math.nan, "", "none")
    interval = "t" if kinds == {"t"} else "range"
    distances = [marks.distance for marks in above]
    reached = _reached([marks.mean for marks in above])
    last, low, high = (
        distances[n - 1] if n else math.nan
        for n in (
            reached,
            _reached([marks.low for marks in above]),
            _reached([marks.high for marks in above]),
        )
    )
    if reached == len(above):
        return Horizon(last, math.nan, low, high, interval, "beyond")
    status: Status = "bracketed" if reached else "below"
    return Horizon(last, distances[reached], low, high, interval, status)


def horizons(frame: pd.DataFrame, *, ahead: bool = False) -> pd.DataFrame:
    """Return the horizon of every model and of every family's best, on every task.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.
    ahead : bool, default=False
        Whether to measure how far ahead models reach (negative distances) in place of how far back.

    Returns
    -------
    DataFrame
        Columns task, model, family, variant, capacity, causal, best (whether it is a family's best),
        n_seeds, the fields of `Horizon`, and ``horizon``, the bracket in words.
    """
    swept = frame[(frame["axis"] == "distance") & ((frame["distance"] < 0) == ahead)].copy()
    swept["distance"] = swept["distance"].abs()
    best = best_of(swept)
    best["variant"], best["capacity"] = "", np.nan
    records: list[dict[str, Any]] = []
    for rows, is_best in ((swept, False), (best, True)):
        for (task, model), group in rows.groupby(["task", "model"], sort=False):
            found = find_horizon(group)
            first = group.iloc[0]
            records.append(
                {
                    "task": task,
                    "model": model,
                    **{name: first[name] for name in ("family", "variant", "capacity", "causal")},
                    "best": is_best,
                    "n_seeds": group["seed"].nunique(),
                    **vars(found),
                    "horizon": str(found),
                }
            )
    return pd.DataFrame(records, columns=HORIZON_COLUMNS)


HORIZON_COLUMNS = [
    *("task", "model", "family", "variant", "capacity", "causal", "best", "n_seeds"),
    *("last_above", "first_below", "low", "high", "interval", "status", "horizon"),
]


class _Marks(NamedTuple):
    """A distance, and whether the mean skill there and the bounds of its interval are above one half."""

    distance: float
    mean: bool
    low: bool
    high: bool


def _reached(above: list[bool]) -> int:
    """Return at how many distances, from the smallest on, the mark is set without a break."""
    return len(list(itertools.takewhile(bool, above)))


def _resolved(group: pd.DataFrame) -> bool:
    """Whether the gap between optimal and chance is wide enough beside the error of the mean score."""
    gap = (group["optimal"] - group["chance"]).abs().mean()
    error = math.sqrt((group["score_error"] ** 2).sum()) / len(group)
    return bool(gap >= RESOLUTION * error)
