"""Skills beside the bounds that a claim sets them."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from seqcompare import style
from seqcompare.report.figures import canvas


def expectations(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw each skill with its interval over the range in which a claim expects it.

    Parameters
    ----------
    frame : DataFrame
        One row an expectation, in the order of drawing: ``model``, ``family``, ``distance``, ``skill``,
        ``low``, ``high``, and ``at_least`` or ``at_most``, NaN where there is no such bound.
    ax : Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    Axes
    """
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
            look = style.family_style(str(row["family"]))
            ax.plot([row["low"], row["high"]], [place, place], color=look.color, linewidth=1.8)
            canvas.draw_mark(ax, str(row["model"]), [row["skill"]], [place], look)
        ax.set_yticks(range(len(rows)), [f"{row['model']}, distance {row['distance']}" for row in rows])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("skill (0: no memory, 1: optimal)")
    return ax
