"""The critical-difference diagram: mean ranks across tasks, and what they cannot tell apart."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from seqcompare import style
from seqcompare.report.figures import canvas


def critical_difference(frame: pd.DataFrame, ax: Axes | None = None, *, difference: float) -> Axes:
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

    Returns
    -------
    Axes
    """
    styles = canvas.styles_of(frame)
    rows = frame.sort_values("rank", kind="stable").reset_index(drop=True)
    bars = cliques(rows["rank"].tolist(), difference)
    with style.look():
        ax = ax or style.new_axes(5.6, 0.24 * len(rows) + 0.13 * len(bars) + 1.0)
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
        ax.set_xlabel(f"mean rank (1 is best); bars join ranks less than {difference:.2f} apart")
    return ax


def cliques(ranks: list[float], difference: float) -> list[tuple[int, int]]:
    """Return the first and last index of each largest group of sorted `ranks` within `difference`."""
    spans: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = max(i for i in range(first, len(ranks)) if ranks[i] - ranks[first] < difference)
        if last > first and (not spans or last > spans[-1][1]):
            spans.append((first, last))
    return spans
