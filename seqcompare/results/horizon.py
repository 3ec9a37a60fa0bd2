"""The horizon: how far back a model reaches."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.results.groups import Rows, groups_of
from seqcompare.results.skill import best_of
from seqcompare.results.statistics import mean_interval

#: Skill that counts as reaching.
THRESHOLD = 0.5

#: Standard errors that the optimal score must be away from chance for skill to mean something.
RESOLUTION = 3.0

Status = Literal["bracketed", "beyond", "censored", "below", "none"]


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
    status : {"bracketed", "beyond", "censored", "below", "none"}
        Between the two distances; beyond the largest that was swept; at least `last_above`, with nothing to
        be said of the next distance; below the smallest; or none, because nothing can be said of the
        smallest. Nothing can be said of a distance where no trial has ended with a skill, or where optimal
        and chance are too close to be told apart.
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
            "censored": f">= {self.last_above:g}",
            "below": f"< {self.first_below:g}",
            "none": "none",
        }[self.status]


def find_horizon(rows: pd.DataFrame | Rows, distances: Iterable[float] | None = None) -> Horizon:
    """Return the horizon of one model on one task.

    Parameters
    ----------
    rows : DataFrame or Rows
        Its rows of a sweep over distance, all seeds, failed ones among them: a distance where all trials
        have failed ends what can be said.
    distances : iterable of float, optional
        The distances that were swept, where `rows` do not have them all; by default those of `rows`.
    """
    at, skills = np.asarray(rows["distance"]), np.asarray(rows["skill"])
    usable = (np.asarray(rows["status"]) == "ok") & np.isfinite(skills)
    swept = sorted(set(at.tolist() if distances is None else distances))
    above: list[_Marks] = []
    kinds: set[str] = set()
    for distance in swept:
        here = usable & (at == distance)
        if not here.any() or not _resolved(rows, here):
            break  # of this distance and those beyond nothing can be said
        skill = mean_interval(skills[here])
        kinds.add(skill.kind)
        above.append(
            _Marks(float(distance), skill.mean > THRESHOLD, skill.low > THRESHOLD, skill.high > THRESHOLD)
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
        end: Status = "beyond" if reached == len(swept) else "censored"
        return Horizon(last, math.nan, low, high, interval, end)
    status: Status = "bracketed" if reached else "below"
    return Horizon(last, distances[reached], low, high, interval, status)


def horizons(frame: pd.DataFrame, *, ahead: bool = False) -> pd.DataFrame:
    """Return the horizon of every model and of every family's best, on every task.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep, failed ones among them.
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
    # a distance where a whole family failed has no best, and yet was swept
    asked = {key: set(part["distance"]) for key, part in swept.groupby(["task", "family", "causal"])}
    records: list[dict[str, object]] = []
    for rows, is_best in ((swept, False), (best, True)):
        for group in groups_of(rows, ["task", "model"]):
            family = tuple(group.first(name) for name in ("task", "family", "causal"))
            found = find_horizon(group, asked[family] if is_best else None)
            records.append(
                {
                    **{name: group.first(name) for name in HORIZON_COLUMNS[:6]},
                    "best": is_best,
                    "n_seeds": len(np.unique(group["seed"])),
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


def _resolved(rows: pd.DataFrame | Rows, here: NDArray[np.bool_]) -> bool:
    """Whether the gap between optimal and chance is wide enough beside the error of the mean score."""
    optimal, chance, error = (np.asarray(rows[name])[here] for name in ("optimal", "chance", "score_error"))
    gap = np.abs(optimal - chance).mean()
    return bool(gap >= RESOLUTION * math.sqrt(np.nansum(error**2)) / len(error))
