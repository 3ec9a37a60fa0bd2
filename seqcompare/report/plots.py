"""The figures that one asks for by hand: of the rows of a sweep, and of a comparison."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from seqcompare import style
from seqcompare.report.comparison_view import ComparisonView
from seqcompare.report.figures import data, skill
from seqcompare.report.names import shown
from seqcompare.report.svg import handle
from seqcompare.report.sweep_tables import SweepView
from seqcompare.results.comparison import StoredComparison


def plot_skill(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    task: str | None = None,
    config: Mapping[str, object] | None = None,
) -> Axes:
    """Draw skill against distance of the best model of each family.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.
    ax : Axes, optional
        Where to draw; new axes by default.
    task : str, optional
        The task; by default the mean over all tasks, at the distances where a family has run on each.
    config : mapping, optional
        The configuration of the run, for how its families look; by default those that are registered.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If nothing was swept over distance, there is no such task, or no distance is shared by all tasks.
    """
    tasks = _swept_tasks(frame)
    if task is not None and task not in tasks:
        raise ValueError(f"there is no task {task!r} in this run; there are {', '.join(tasks)}")
    view = SweepView(frame if task is None else frame[frame["task"] == task], config or {})
    n_tasks = view.swept["task"].nunique()
    table = view.by_family(view.swept, ["distance"]) if n_tasks == 1 else view.over_tasks()
    if table.empty:
        raise ValueError(f"the tasks share no distance; give task=, one of {', '.join(tasks)}")
    with style.look():
        ax = skill.skill_by_distance(table, ax, styles=view.group_styles(table))
        ax.set_title(view.swept["task"].iloc[0] if n_tasks == 1 else f"mean over {n_tasks} tasks")
    return ax


def plot_horizons(
    frame: pd.DataFrame, ax: Axes | None = None, *, config: Mapping[str, object] | None = None
) -> Axes:
    """Draw how far the best model of each family reaches on each task.

    Parameters
    ----------
    frame : DataFrame
        Rows of a sweep.
    ax : Axes, optional
        Where to draw; new axes by default.
    config : mapping, optional
        The configuration of the run, for how its families look; by default those that are registered.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If nothing was swept over distance.
    """
    _swept_tasks(frame)
    view = SweepView(frame, config or {})
    best = view.best_horizons()
    pairs = best[["group", "family"]].drop_duplicates().itertuples(index=False, name=None)
    looks = {str(group): view.palette.style(str(family)) for group, family in pairs}
    with style.look():
        ax = skill.horizons(best, ax, palette=view.palette)
        ax.legend(
            [handle(look) for look in looks.values()],
            list(looks),
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
    view = ComparisonView(run)
    if view.summary["score"].isna().all():
        raise ValueError("there is nothing to draw: no contestant has ended well in every fold")
    with style.look():
        ax = data.contest(
            view.summary,
            ax,
            score_label=view.score_words,
            chance=view.chance,
            winner=view.winner,
            styles=view.looks,
        )
        ax.set_title(shown(run.config["data"]["name"], 40))
    return ax


def plot_explanation(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw a sequence with what one prediction loses without each of its steps.

    Parameters
    ----------
    table : DataFrame
        What `seqcompare.Comparison.explain` returns.
    ax : Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    Axes
    """
    if table.empty:
        raise ValueError("there is nothing to draw: no step was hidden")
    first = table.iloc[0]
    values = [shown(value, 12) for value in table["value"]]
    few = len(table) * max(map(len, values)) <= 150
    with style.look():
        ax = style.new_axes(max(4.0, min(0.24 * len(table) + 1.2, 11.0)), 2.8) if ax is None else ax
        places = table["hidden"].to_numpy()
        gains = table["change"].to_numpy(dtype=float)
        ax.bar(
            places, gains, width=0.8, color=[style.ACCENT if gain > 0 else style.HUES[1] for gain in gains]
        )
        ax.axhline(0, color=style.QUIET, linewidth=0.8)
        if first["step"] >= 0:
            ax.axvline(first["step"], color=style.INK, linewidth=0.9, linestyle=(0, (2, 2)))
            ax.annotate(
                f"{shown(first['answer'], 16)}",
                (first["step"], 1.0),
                (3, -2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                va="top",
                color=style.INK,
            )
        if few:
            ax.set_xticks(places, values)
        ax.set_xlabel("the sequence, step by step" if few else "position")
        ax.set_ylabel(f"{first['unit']} lost without the step".strip())
        at = f", step {int(first['step'])}" if first["step"] >= 0 else ""
        ax.set_title(
            f"What {shown(first['answer'], 16)!r} rests on: sequence {shown(first['sequence'], 20)}{at}"
        )
    return ax


def _swept_tasks(frame: pd.DataFrame) -> list[str]:
    """Return the tasks that have finished trials over distance."""
    over = frame[(frame["axis"] == "distance") & (frame["status"] == "ok") & np.isfinite(frame["skill"])]
    if over.empty:
        raise ValueError("there is nothing to draw: no trial over distance has ended well")
    return list(dict.fromkeys(over["task"].astype(str)))
