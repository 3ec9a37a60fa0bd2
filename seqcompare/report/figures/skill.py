"""Figures of skill: over distance and memory, as a map, as horizons, as ranks, beside what claims expect."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from seqcompare import style
from seqcompare.quantities import skill as say_skill
from seqcompare.report.figures import canvas
from seqcompare.style import Palette, SeriesStyle

_AHEAD = 0.5  # steps from which on a distance below zero is a look-ahead, and none that was moved aside
LEARNED = 0.5  # skill above which a horizon goes on


#: Frames what could have been learned, and was not.
FRAME = "#ff9e5e"


def skill_by_distance(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    styles: dict[str, SeriesStyle] | None = None,
    x: str = "distance",
    label_lines: bool = True,
) -> Axes:
    """Draw skill against the distance, a line for each model, with its interval.

    Parameters
    ----------
    frame : DataFrame
        One row for each model and distance of one task: ``model``, ``skill`` and the column `x`; ``low`` and
        ``high`` where there is an interval; ``family``, ``variant`` and ``capacity`` decide the style.
    ax : Axes, optional
        Where to draw; new axes by default.
    styles : dict of str to SeriesStyle, optional
        Style of each model; found from `frame` by default.
    x : str, default="distance"
        ``distance`` in steps or ``memory_bits``.
    label_lines : bool, default=True
        Whether to write the models' names at the ends of their lines.

    Returns
    -------
    Axes
    """
    styles = styles or canvas.styles_of(frame)
    with style.look():
        ax = ax or style.new_axes()
        canvas.distance_axis(ax, frame[x], "distance (steps)" if x == "distance" else "memory (bits)")
        canvas.skill_axis(ax)
        ax.set_ylabel("skill")
        names = list(dict.fromkeys(frame["model"]))
        places = canvas.axis_places(ax, sorted(set(frame[x].astype(float))))
        step = min(0.012, 0.05 / len(names)) * (places[-1] - places[0]) if names else 0.0
        ends = []
        for number, name in enumerate(names):
            rows = frame[(frame["model"] == name) & frame["skill"].notna()].sort_values(x, kind="stable")
            if rows.empty:
                continue
            # lines that agree lie on top of each other: each is moved aside by a hair
            across = canvas.nudge(ax, rows[x].astype(float).tolist(), (number - (len(names) - 1) / 2) * step)
            ends.append(_line(ax, across, rows, styles[name], name))
        if label_lines:
            canvas.label_ends(ax, ends)
    return ax


def _line(ax: Axes, across: list[float], rows: pd.DataFrame, look: SeriesStyle, name: str) -> canvas.End:
    # looking ahead and looking back are two questions: no line leads from one to the other
    crossing = int((np.asarray(across) < -_AHEAD).sum())
    if 0 < crossing < len(across):
        order = [*rows.index[:crossing], None, *rows.index[crossing:]]
        rows = rows[[c for c in ("skill", "low", "high") if c in rows]].reindex(order)
        across = [*across[:crossing], float("nan"), *across[crossing:]]
    if {"low", "high"} <= set(rows.columns) and rows["low"].notna().any():
        low, high = (rows[c].clip(-0.06, 1.06).to_numpy(dtype=float) for c in ("low", "high"))
        band = ax.fill_between(across, low, high, color=look.color, alpha=0.16, linewidth=0, zorder=1.5)
        band.set_gid(canvas.series_id(name))
    return canvas.draw_line(ax, name, across, rows["skill"].clip(-0.04, 1.04), look)


def skill_map(frame: pd.DataFrame, ax: Axes | None = None, *, x: str = "distance") -> Axes:
    """Draw the skill of each family at each distance as a map.

    A hatched cell: no model of the row here can represent the task at that distance. A ringed cell: one can,
    but none learned it (skill below one half). An empty cell was not run.

    Parameters
    ----------
    frame : DataFrame
        One row for each row of the map and distance: ``group`` (its name), ``skill``, ``can_represent``
        (True, False or None) and the column `x`.
    ax : Axes, optional
        Where to draw; new axes by default.
    x : str, default="distance"
        ``distance`` in steps or ``memory_bits``.

    Returns
    -------
    Axes
    """
    groups = list(dict.fromkeys(frame["group"]))
    values = sorted(set(frame[x].astype(float)))
    table = frame.pivot(index="group", columns=x, values="skill").reindex(index=groups, columns=values)
    with style.look():
        ax = ax or style.new_axes(5.2, 0.32 * len(groups) + 1)
        canvas.draw_cells(
            ax, table.clip(0, 1).to_numpy(dtype=float), table.map(say_skill).to_numpy().tolist()
        )
        words = {(round(x - 0.5), round(y - 0.5)): t for t in ax.texts for x, y in [t.get_position()]}
        known = frame.set_index(["group", x])["can_represent"]
        for row, group in enumerate(groups):
            for column, value in enumerate(values):
                _mark(
                    ax,
                    column,
                    row,
                    float(table.loc[[group], value].iloc[0]),
                    known.get((group, value)),
                    words.get((column, row)),
                )
        ax.set_xlabel("distance (steps)" if x == "distance" else "memory (bits)")
        ax.set_ylabel("")
        ax.set_xticks(np.arange(len(values)) + 0.5, [f"{v:g}".replace("-", "−") for v in values], rotation=0)
        ax.set_yticks(np.arange(len(groups)) + 0.5, groups, rotation=0)
    return ax


def _mark(ax: Axes, column: int, row: int, skill: float, can_represent: object, words: Text | None) -> None:
    if np.isnan(skill):
        return
    if can_represent is False:
        ax.add_patch(
            Rectangle(
                (column, row), 1, 1, facecolor=style.RULE, edgecolor=style.PAPER, linewidth=0.8, zorder=2
            )
        )
        ax.add_patch(
            Rectangle(
                (column + 0.02, row + 0.03), 0.96, 0.94, fill=False, hatch="////", linewidth=0, zorder=2.1
            )
        )
        if words is not None:
            words.set(color=style.INK, zorder=4)
            words.set_bbox({"facecolor": style.RULE, "edgecolor": "none", "pad": 0.8})
    elif can_represent is True and skill < LEARNED:
        ax.add_patch(
            Rectangle(
                (column + 0.07, row + 0.09),
                0.86,
                0.82,
                fill=False,
                edgecolor=FRAME,
                linewidth=1.6,
                zorder=3,
            )
        )


def horizons(frame: pd.DataFrame, ax: Axes | None = None, *, palette: Palette | None = None) -> Axes:
    """Draw how far each family reaches on each task, as brackets.

    A bracket runs from the last distance above one half to the first below.

    Parameters
    ----------
    frame : DataFrame
        One row for each task and group: ``task``, ``group``, ``family``, ``status``, ``last_above`` and
        ``first_below`` in steps, as of `seqcompare.results.horizon.horizons`. Above one half at all distances
        is drawn as an arrow, below it at the smallest as a tick at the left edge, and a question mark stands
        where nothing can be said of the distances to come.
    ax : Axes, optional
        Where to draw; new axes by default.
    palette : Palette, optional
        How families look; by default each has a spare colour, by its place in `frame`.

    Returns
    -------
    Axes
    """
    palette = palette or Palette(others=frame["family"].astype(str))
    tasks = list(dict.fromkeys(frame["task"]))
    groups = list(dict.fromkeys(frame["group"]))
    with style.look():
        ax = ax or style.new_axes(5.6, 0.2 * len(tasks) * max(len(groups), 2) + 0.9)
        reached = pd.concat([frame["last_above"], frame["first_below"]]).dropna()
        canvas.distance_axis(ax, [*reached, 1.0], "horizon (steps)")
        ax.grid(True, axis="x")
        ax.grid(False, axis="y")
        left, right = ax.get_xlim()
        height = 0.8 / max(len(groups), 1)
        for row in frame.to_dict("records"):
            y = tasks.index(row["task"]) + (groups.index(row["group"]) - (len(groups) - 1) / 2) * height
            look = palette.style(str(row["family"]))
            reach = (float(row["last_above"]), float(row["first_below"]))
            _bracket(ax, y, *reach, str(row["status"]), look, str(row["group"]))
        for border in range(1, len(tasks)):
            ax.axhline(border - 0.5, color=style.RULE, linewidth=0.6)
        ax.set_xlim(left, right)
        ax.set_ylim(len(tasks) - 0.5, -0.5)
        ax.set_yticks(range(len(tasks)), tasks)
        ax.tick_params(axis="y", length=0)
    return ax


def _bracket(
    ax: Axes, y: float, last: float, first: float, status: str, look: SeriesStyle, group: str
) -> None:
    left, right = ax.get_xlim()
    gid = canvas.series_id(group)
    if status == "below":
        ax.plot(
            [left],
            [y],
            marker="|",
            color=look.color,
            markersize=8,
            markeredgewidth=2,
            clip_on=False,
            zorder=3,
            gid=gid,
        )
    elif status == "none":
        _unknown(ax, left, y, look, gid)
    else:
        if status == "censored":
            _unknown(ax, last, y, look, gid)
        else:
            ax.plot(
                [last, first if status == "bracketed" else right],
                [y, y],
                color=look.color,
                linewidth=1.2,
                gid=gid,
            )
        if status == "beyond":
            ax.plot([right], [y], marker=">", color=look.color, markersize=5, clip_on=False, gid=gid)
        canvas.draw_mark(ax, group, [last], [y], look, size=6)


def _unknown(ax: Axes, x: float, y: float, look: SeriesStyle, gid: str) -> None:
    """Write a question mark to the right of a place: nothing is known beyond it."""
    ax.annotate(
        "?", (x, y), (8, 0), textcoords="offset points", ha="center", va="center", color=look.text, gid=gid
    )


def expectations(frame: pd.DataFrame, ax: Axes | None = None, *, palette: Palette | None = None) -> Axes:
    """Draw each skill with its interval over the range in which a claim expects it.

    Parameters
    ----------
    frame : DataFrame
        One row an expectation, in the order of drawing: ``model``, ``family``, ``distance``, ``skill``,
        ``low``, ``high``, and ``at_least`` or ``at_most``, NaN where there is no such bound.
    ax : Axes, optional
        Where to draw; new axes by default.
    palette : Palette, optional
        How families look; by default each has a spare colour, by its place in `frame`.

    Returns
    -------
    Axes
    """
    palette = palette or Palette(others=frame["family"].astype(str))
    rows = frame.to_dict("records")
    with style.look():
        ax = ax or style.new_axes(4.8, 0.3 * len(rows) + 0.8)
        ax.grid(True, axis="x")
        ax.grid(False, axis="y")
        ax.set_xlim(min(canvas.SKILL_FLOOR, frame["low"].min() - 0.05), canvas.SKILL_TOP)
        for place, row in enumerate(rows):
            left, right = ax.get_xlim()
            start = left if pd.isna(row["at_least"]) else row["at_least"]
            end = right if pd.isna(row["at_most"]) else row["at_most"]
            ax.barh(place, end - start, left=start, height=0.62, color=style.RULE, zorder=0.5)
            look = palette.style(str(row["family"]))
            ax.plot([row["low"], row["high"]], [place, place], color=look.color, linewidth=1.8)
            canvas.draw_mark(ax, str(row["model"]), [row["skill"]], [place], look)
        ax.set_yticks(range(len(rows)), [f"{row['model']}, distance {row['distance']}" for row in rows])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("skill (0: no memory, 1: optimal)")
    return ax


def critical_difference(
    frame: pd.DataFrame, ax: Axes | None = None, *, difference: float, palette: Palette | None = None
) -> Axes:
    """Draw mean ranks, and bars over groups that lie within the critical difference of each other.

    The diagram of Demsar (2006), "Statistical comparisons of classifiers over multiple data sets", drawn
    with a row for each model so that names never collide. Ranks across tasks describe; they are no test of
    one task.

    Parameters
    ----------
    frame : DataFrame
        ``model`` and ``rank`` (the mean; 1 is best); ``family``, ``variant`` and ``capacity`` where known.
    ax : Axes, optional
        Where to draw; new axes by default.
    difference : float
        The critical difference, in ranks.
    palette : Palette, optional
        How families look; by default each has a spare colour, by its place in `frame`.

    Returns
    -------
    Axes
    """
    styles = canvas.styles_of(frame, palette)
    rows = frame.sort_values("rank", kind="stable").reset_index(drop=True)
    bars = cliques(rows["rank"].tolist(), difference)
    with style.look():
        ax = ax or style.new_axes(5.6, 0.24 * len(rows) + 0.13 * len(bars) + 1.2)
        ax.grid(True, axis="x")
        ax.grid(False, axis="y")
        for place, row in enumerate(rows.to_dict("records")):
            canvas.draw_mark(ax, str(row["model"]), [row["rank"]], [place], styles[row["model"]])
        for number, (first, last) in enumerate(bars):
            y = len(rows) - 0.4 + 0.45 * (number + 1)
            ax.plot(
                [rows["rank"][first], rows["rank"][last]],
                [y, y],
                color=style.INK,
                linewidth=2.4,
                solid_capstyle="round",
            )
        ax.set_yticks(range(len(rows)), rows["model"])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(rows) - 0.4 + 0.45 * (len(bars) + 1), -0.6)
        # in two lines: beside long names there is no room for one
        ax.set_xlabel(f"mean rank (1 is best)\nbars join ranks less than {difference:.2f} apart")
    return ax


def cliques(ranks: list[float], difference: float) -> list[tuple[int, int]]:
    """Return the first and last index of each largest group of sorted `ranks` within `difference`."""
    spans: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = max(i for i in range(first, len(ranks)) if ranks[i] - ranks[first] < difference)
        if last > first and (not spans or last > spans[-1][1]):
            spans.append((first, last))
    return spans
