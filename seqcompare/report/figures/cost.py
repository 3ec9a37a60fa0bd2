"""Figures of what an answer costs: cost against score, the state space, growth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from seqcompare import style
from seqcompare.families import REFERENCE
from seqcompare.quantities import number
from seqcompare.report.figures import canvas
from seqcompare.style import Line, SeriesStyle

COSTS = {
    "fit_seconds": "time to fit (s)",
    "predict_us_per_step": "time to predict (µs a step)",
    "n_parameters": "parameters",
    "peak_memory_mb": "peak memory (MB)",
}

#: Which contexts there are -> how dark they are drawn, and in which line.
_CONTEXTS: tuple[tuple[str, int, Line], ...] = (
    ("possible", 0, (0, (2, 2))),
    ("seen", 2, "-"),
    ("supported", 4, "-"),
)


def pareto_front(cost: pd.Series, score: pd.Series, *, greater_is_better: bool = True) -> pd.Series:
    """Return which points no other beats in both cost and score.

    Parameters
    ----------
    cost : Series of float
        Smaller is better.
    score : Series of float
        Of the same index as `cost`.
    greater_is_better : bool, default=True
        Which way the score runs.

    Returns
    -------
    Series of bool
        True on the front; points with NaN are never on it.
    """
    worth = score if greater_is_better else -score
    order = pd.DataFrame({"cost": cost, "worth": worth}).dropna()
    order = order.sort_values(["cost", "worth"], ascending=[True, False], kind="stable")
    best_before = order["worth"].cummax().shift(fill_value=-np.inf)
    front = pd.Series(False, index=cost.index)
    front[order.index[order["worth"] > best_before]] = True
    return front


def competes(frame: pd.DataFrame) -> pd.Series:
    """Return which models are up for the front.

    A machine made by hand costs nothing to fit, and one that looks ahead is asked an easier question: they
    are shown, but win nothing.

    Parameters
    ----------
    frame : DataFrame
        One row a model; ``family`` and ``causal`` are read where they are there.
    """
    found = pd.Series(True, index=frame.index)
    if "family" in frame:
        found &= frame["family"] != REFERENCE
    return found & frame["causal"].astype(bool) if "causal" in frame else found


def cost_against_score(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    cost: str = "fit_seconds",
    score: str = "skill",
    score_label: str | None = None,
    write: Callable[[float], str] = number,
    greater_is_better: bool = True,
    styles: dict[str, SeriesStyle] | None = None,
) -> Axes:
    """Draw each model at its cost and score; those that none beats in both are joined and named.

    Parameters
    ----------
    frame : DataFrame
        One row a model: ``model`` and the columns `cost` and `score`; where there is ``causal``, models that
        look ahead are hollow.
    ax : Axes, optional
        Where to draw; new axes by default.
    cost : str, default="fit_seconds"
        The column for the x axis (log).
    score : str, default="skill"
        The column for the y axis.
    score_label : str, optional
        Label of the y axis; `score` by default.
    write : callable (float) -> str
        How scores are written.
    greater_is_better : bool, default=True
        Which way the score runs.
    styles : dict of str to SeriesStyle, optional
        Style of each model; found from `frame` by default.

    Returns
    -------
    Axes
    """
    styles = styles or canvas.styles_of(frame)
    points = frame[frame[cost].gt(0) & frame[score].notna()].reset_index(drop=True)
    learned = points[competes(points)]
    front = pareto_front(learned[cost], learned[score], greater_is_better=greater_is_better)
    front = front.reindex(points.index, fill_value=False)
    with style.look():
        ax = ax or style.new_axes()
        ax.set_xscale("log")
        canvas.log_axis(ax.xaxis)
        ax.set_xlabel(COSTS.get(cost, cost))
        canvas.as_written(ax.yaxis, write)
        ax.set_ylabel(score_label or score)
        if score == "skill":
            points = points.assign(skill=points["skill"].clip(canvas.SKILL_FLOOR, canvas.SKILL_TOP))
        best = points[front].sort_values(cost)
        ax.step(
            best[cost],
            best[score],
            where="post",
            color=style.QUIET,
            linewidth=1,
            linestyle=(0, (4, 2)),
            zorder=1.5,
        )
        for row, on_front in zip(points.to_dict("records"), front.tolist(), strict=True):
            look = styles[row["model"]]
            size, zorder = (8.0, 3) if on_front else (5.5, 2)
            canvas.draw_mark(
                ax,
                str(row["model"]),
                [row[cost]],
                [row[score]],
                look,
                size=size,
                ring=on_front,
                hollow=not row.get("causal", True),
                zorder=zorder,
            )
        ax.margins(x=0.12, y=0.14)
        _name_front(ax, best, points, cost, score)
    return ax


def _name_front(ax: Axes, best: pd.DataFrame, points: pd.DataFrame, cost: str, score: str) -> None:
    """Write the names of the front beside their points, on the first side where nothing is in the way."""
    figure = ax.get_figure()
    if figure is None or best.empty:
        return
    ax.autoscale_view()
    taken = [
        (ax.transData.transform((x, y)), (6.0, 6.0)) for x, y in zip(points[cost], points[score], strict=True)
    ]
    frame = ax.get_window_extent()
    scale = figure.dpi / 72
    for row in best.itertuples(index=False):
        x, y = ax.transData.transform((getattr(row, cost), getattr(row, score)))
        name = str(row.model)
        half = (len(name) * 2.3 * scale, 5.0 * scale)
        # above and below, moved in where the name would stick out; then beside the point
        aside = float(np.clip(x, frame.x0 + half[0], max(frame.x0 + half[0], frame.x1 - half[0])) - x) / scale
        sides = [(aside, dy) for dy in (11, -11)]
        sides += [(half[0] / scale + 8, 0), (-half[0] / scale - 8, 0)]
        sides += [(aside, dy) for dy in (20, -20, 29, -29)]
        for dx, dy in sides:
            centre = (x + dx * scale, y + dy * scale)
            inside = (
                frame.x0 - 1 <= centre[0] - half[0]
                and centre[0] + half[0] <= frame.x1 + 1
                and frame.y0 <= centre[1] - half[1]
                and centre[1] + half[1] <= frame.y1
            )
            free = all(
                abs(centre[0] - other[0][0]) > half[0] + other[1][0]
                or abs(centre[1] - other[0][1]) > half[1] + other[1][1]
                for other in taken
                if tuple(other[0]) != (x, y)
            )
            if inside and free:
                taken.append((np.array(centre), half))
                label = ax.annotate(
                    name,
                    (getattr(row, cost), getattr(row, score)),
                    (dx, dy),
                    textcoords="offset points",
                    ha="center",
                    va="center",
                    fontsize=7.5,
                    color=style.INK,
                    bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.6},
                    zorder=4,
                )
                label.set_gid(canvas.series_id(name))
                break


def growth(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    x: str,
    y: str,
    x_label: str | None = None,
    y_label: str | None = None,
    styles: dict[str, SeriesStyle] | None = None,
    label_lines: bool = True,
) -> Axes:
    """Draw how a cost grows: one line a series on two logarithmic axes.

    Parameters
    ----------
    frame : DataFrame
        ``model`` (the series) and the columns `x` and `y`, both above 0.
    ax : Axes, optional
        Where to draw; new axes by default.
    x, y : str
        Columns of the axes.
    x_label, y_label : str, optional
        Labels of the axes; the columns' names by default.
    styles : dict of str to SeriesStyle, optional
        Style of each series; found from `frame` by default.
    label_lines : bool, default=True
        Whether to write the names of the series at the ends of their lines.

    Returns
    -------
    Axes
    """
    styles = styles or canvas.styles_of(frame)
    with style.look():
        ax = ax or style.new_axes()
        ax.set_yscale("log")
        canvas.log_axis(ax.yaxis)
        canvas.distance_axis(ax, frame[x], x_label or x)
        ax.set_ylabel(y_label or COSTS.get(y, y))
        ends = []
        for name, rows in frame[frame[y].gt(0)].groupby("model", sort=False):
            rows = rows.sort_values(x)
            ends.append(canvas.draw_line(ax, str(name), rows[x], rows[y], styles[str(name)]))
        if label_lines:
            canvas.label_ends(ax, ends)
    return ax


def state_space(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how many contexts of each order are possible, occur, and occur often enough to be counted.

    Parameters
    ----------
    frame : DataFrame
        One row an order: ``order``, ``possible``, ``seen``, ``supported`` (at least 5 counts).
    ax : Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    Axes
    """
    with style.look():
        ax = ax or style.new_axes()
        ax.set_yscale("log")
        canvas.log_axis(ax.yaxis)
        rows = frame.sort_values("order")
        ends = []
        for column, level, line in _CONTEXTS:
            color = style.shade(style.HUES[0], level)
            shown = rows[rows[column].gt(0)]
            ax.plot(
                shown["order"],
                shown[column],
                color=color,
                linestyle=line,
                marker="o",
                markeredgecolor=style.PAPER,
            )
            if len(shown):
                ends.append((column, float(shown["order"].iloc[-1]), float(shown[column].iloc[-1]), color))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("order")
        ax.set_ylabel("contexts")
        canvas.label_ends(ax, ends)
    return ax
