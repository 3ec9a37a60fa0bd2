"""The figures that one asks for by hand: of the rows of a sweep, and of a comparison."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from seqcompare import style
from seqcompare.report import views
from seqcompare.report.contestants import Contestants
from seqcompare.report.draw import handle
from seqcompare.report.figures import data, distance
from seqcompare.report.names import shown
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.horizon import horizons


def plot_skill(frame: pd.DataFrame, ax: Axes | None = None, *, task: str | None = None) -> Axes:
    """Draw skill against distance of the best model of each family.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.
    ax : Axes, optional
        Where to draw; new axes by default.
    task : str, optional
        The task; by default the mean over all tasks, at the distances where a family has run on each.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If nothing was swept over distance, there is no such task, or no distance is shared by all tasks.
    """
    swept = _swept(frame)
    tasks = list(dict.fromkeys(swept["task"]))
    if task is not None and task not in tasks:
        raise ValueError(f"there is no task {task!r} in this run; there are {', '.join(tasks)}")
    rows = views.readable(swept if task is None else swept[swept["task"] == task])
    n_tasks = rows["task"].nunique()
    table = views.by_family(rows, ["distance"]) if n_tasks == 1 else views.over_tasks(rows)
    if table.empty:
        raise ValueError(f"the tasks share no distance; give task=, one of {', '.join(tasks)}")
    with style.look():
        ax = distance.skill_by_distance(table, ax, styles=views.group_styles(table))
        ax.set_title(rows["task"].iloc[0] if n_tasks == 1 else f"mean over {n_tasks} tasks")
    return ax


def plot_horizons(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how far the best model of each family reaches on each task.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.
    ax : Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If nothing was swept over distance.
    """
    _swept(frame)
    best = views.best_horizons(horizons(views.readable(frame)))
    looks = {group: style.family_style(family) for group, family in best[["group", "family"]].to_numpy()}
    with style.look():
        ax = distance.horizons(best, ax)
        ax.legend(
            [handle(look) for look in looks.values()],
            looks,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=len(looks),
        )
    return ax


def plot_contest(run: StoredComparison, ax: Axes | None = None) -> Axes:
    """Draw the test score of each contestant with its interval; the one that is enough is ringed.

    Parameters
    ----------
    run : StoredComparison
        The comparison.
    ax : Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If no contestant has ended well.
    """
    known = Contestants(run)
    if known.summary["score"].isna().all():
        raise ValueError("there is nothing to draw: no contestant has ended well in every fold")
    with style.look():
        ax = data.contest(
            known.summary,
            ax,
            score_label=known.score_words,
            chance=known.chance,
            winner=known.winner,
            styles=known.looks,
        )
        ax.set_title(shown(run.config["data"]["name"], 40))
    return ax


def _swept(frame: pd.DataFrame) -> pd.DataFrame:
    swept = views.finished(frame)
    swept = swept[swept["axis"] == "distance"]
    if swept.empty:
        raise ValueError("there is nothing to draw: no trial over distance has ended well")
    return swept
