"""How far the best of each family reaches on each task of a sweep: a matrix of cells with three looks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from seqcompare.families import REFERENCE
from seqcompare.report.sweep_tables import SweepView
from seqcompare.style import SeriesStyle

REACHED, NOT_LEARNED, CANNOT, UNKNOWN, NOT_ASKED = "reached", "not-learned", "cannot", "unknown", "not-asked"

#: How to read a cell.
LEGEND = {
    REACHED: ("4, ≥ 64", "steps up to which skill is above one half; ≥: at every distance tried"),
    NOT_LEARNED: ("< 8", "not learned: below one half at the smallest distance already"),
    CANNOT: ("✕ < 8", "cannot: by theory no model of it here represents the task at that distance"),
    UNKNOWN: ("?", "nothing can be said: no trial, or optimal and chance too close"),
    NOT_ASKED: ("", "not asked"),
}
#: Shades of a cell that is reached.
LEVELS = 4


@dataclass(frozen=True)
class ReachCell:
    """How far a family reaches on a task: what is written, which look it has, and how dark it is (1 to 4)."""

    words: str
    look: str
    level: int = 0


@dataclass(frozen=True)
class Reaches:
    """What `reaches_of` returns.

    Parameters
    ----------
    tasks : tuple of str
        The columns.
    groups : dict of str to SeriesStyle
        The rows, with how each is drawn.
    cells : dict of (str, str) to ReachCell
        By row and column.
    members : dict of str to str
        The model that most often stands for a row: the smallest that reaches as far as the family does.
    """

    tasks: tuple[str, ...]
    groups: dict[str, SeriesStyle]
    cells: dict[tuple[str, str], ReachCell]
    members: dict[str, str]

    def row(self, group: str) -> list[ReachCell]:
        """Return the cells of a family, task by task."""
        return [self.cells.get((group, task), ReachCell("", NOT_ASKED)) for task in self.tasks]


def reaches_of(view: SweepView) -> Reaches:
    """Return how far the best of each family reaches on each task."""
    best = view.best_horizons()
    best = best[best["family"] != REFERENCE]
    groups = {str(r.group): view.palette.style(str(r.family)) for r in best.itertuples()}
    largest = view.swept.groupby("task")["distance"].max().to_dict()
    able = _able(view)
    cells = {
        (str(row["group"]), str(row["task"])): _cell(row, largest, able) for row in best.to_dict("records")
    }
    return Reaches(tuple(map(str, dict.fromkeys(best["task"]))), groups, cells, _members(view, best))


def _able(view: SweepView) -> Mapping[tuple[str, str, float], bool]:
    """Say of family, task and distance whether a model can represent it; True where theory is silent."""
    swept = view.swept
    answers = swept.assign(able=[answer is not False for answer in swept["can_represent"]])
    found = answers.groupby(["family", "task", "distance"])["able"].any().reset_index()
    keys = found[["family", "task", "distance"]].itertuples(index=False, name=None)
    return dict(zip(keys, found["able"].astype(bool), strict=True))


def _cell(
    row: Mapping[object, object], largest: Mapping[object, float], able: Mapping[tuple[str, str, float], bool]
) -> ReachCell:
    status = row["status"]
    last, first = (float(str(row[name])) for name in ("last_above", "first_below"))
    if status == "below":
        can = able.get((str(row["family"]), str(row["task"]), first), True)
        return ReachCell(f"< {first:g}", NOT_LEARNED) if can else ReachCell(f"✕ < {first:g}", CANNOT)
    if math.isnan(last):
        return ReachCell("?", UNKNOWN)
    share = math.log1p(last) / math.log1p(max(float(largest.get(row["task"], last)), last))
    level = min(LEVELS, 1 + int(share * LEVELS - 1e-9)) if last > 0 else 1
    return ReachCell(f"{'' if status == 'bracketed' else '≥ '}{last:g}", REACHED, level)


def _members(view: SweepView, best: pd.DataFrame) -> dict[str, str]:
    single = view.horizons[~view.horizons["best"]]
    members: dict[str, Counter[str]] = {}
    for row in best.dropna(subset="last_above").to_dict("records"):
        mine = single[(single["task"] == row["task"]) & (single["family"] == row["family"])]
        able = mine[(mine["last_above"] >= row["last_above"]) & (mine["causal"] == row["causal"])]
        if len(able):
            smallest = able.sort_values("capacity", kind="stable")["model"].iloc[0]
            members.setdefault(str(row["group"]), Counter())[str(smallest)] += 1
    return {group: counted.most_common(1)[0][0] for group, counted in members.items()}
