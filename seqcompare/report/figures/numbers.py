"""Figures of predicted numbers: a stretch of the series, where steps lay, residuals, what matters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from seqcompare import style
from seqcompare.report.figures import canvas
from seqcompare.style import SeriesStyle

_FEW_LAGS = 24


def stretch(frame: pd.DataFrame, ax: Axes | None = None, *, look: SeriesStyle, label: str = "value") -> Axes:
    """Draw what came as dots, and the predicted mean as a line in bands of 50% and 95%.

    Parameters
    ----------
    frame : DataFrame
        One model and channel: ``step``, ``truth``, ``mean``, ``q2.5``, ``q25``, ``q75``, ``q97.5``.
    ax : Axes, optional
        Where to draw; new axes by default.
    look : SeriesStyle
        Of the model.
    label : str, default="value"
        Of the y axis: the channel.

    Returns
    -------
    Axes
    """
    rows = frame.sort_values("step")
    with style.look():
        ax = ax or style.new_axes(7.0, 2.4)
        for low, high, shade in (("q2.5", "q97.5", 0.16), ("q25", "q75", 0.3)):
            ax.fill_between(rows["step"], rows[low], rows[high], color=look.color, alpha=shade, linewidth=0)
        ax.plot(rows["step"], rows["mean"], color=look.color, linewidth=1.3)
        ax.plot(
            rows["step"],
            rows["truth"],
            "o",
            color=style.INK,
            markersize=2.4,
            markeredgewidth=0,
            linestyle="none",
        )
        ax.margins(x=0.01)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("step")
        ax.set_ylabel(label)
    return ax


def fan(frame: pd.DataFrame, ax: Axes | None = None, *, look: SeriesStyle, label: str = "value") -> Axes:
    """Draw a forecast as `stretch` does, behind the steps that it is from; a line marks where it starts.

    Parameters
    ----------
    frame : DataFrame
        One model and channel: as in `stretch`, ``step`` counted from the last that was known, which is 0.
    ax, look, label
        As there.

    Returns
    -------
    Axes
    """
    rows = frame.sort_values("step")
    with style.look():
        ax = stretch(rows[rows["step"] > 0], ax, look=look, label=label)
        known = rows[rows["step"] <= 0]
        ax.plot(known["step"], known["truth"], "o-", color=style.INK, markersize=2.4, linewidth=0.8)
        ax.axvline(0.5, color=style.QUIET, linewidth=0.8, linestyle=(0, (4, 2)))
        ax.set_xlabel("steps ahead")
    return ax


def errors_ahead(
    frame: pd.DataFrame, ax: Axes | None = None, *, looks: Mapping[str, SeriesStyle], score: str, label: str
) -> Axes:
    """Draw a score of forecasts against the steps ahead, a line a model.

    Parameters
    ----------
    frame : DataFrame
        One channel: ``entry``, ``ahead``, and `score`.
    ax : Axes, optional
        Where to draw; new axes by default.
    looks : mapping of str to SeriesStyle
        Of each model.
    score, label : str
        The column, and what the axis is called.

    Returns
    -------
    Axes
    """
    with style.look():
        ax = ax or style.new_axes(3.4, 2.3)
        for entry, part in frame.groupby("entry", sort=False):
            rows, look = part.sort_values("ahead"), looks[str(entry)]
            ax.plot(
                rows["ahead"],
                rows[score],
                marker=look.marker,
                color=look.color,
                linestyle=look.line,
                markersize=4,
                linewidth=1.2,
                label=str(entry),
            )
        steps = sorted(frame["ahead"].unique())
        ax.set_xscale("log", base=2)
        ax.set_xticks(steps, [str(int(h)) for h in steps])
        ax.set_xlabel("steps ahead")
        ax.set_ylabel(label)
        if score.startswith("coverage"):
            ax.set_ylim(0, 1.02)
            ax.axhline(0.95, color=style.INK, linestyle=(0, (4, 2)), linewidth=0.9)
        else:
            ax.set_ylim(bottom=0)
    return ax


def pit(frame: pd.DataFrame, ax: Axes | None = None, *, look: SeriesStyle) -> Axes:
    """Draw how many steps fell into each part of their predicted distribution; a line marks an even share.

    Parameters
    ----------
    frame : DataFrame
        One model and channel: ``bin``, from 0, and ``share``.
    ax : Axes, optional
        Where to draw; new axes by default.
    look : SeriesStyle
        Of the model.

    Returns
    -------
    Axes
    """
    rows = frame.sort_values("bin")
    n = int(rows["bin"].max()) + 1
    with style.look():
        ax = ax or style.new_axes(3.4, 2.3)
        ax.bar((rows["bin"] + 0.5) / n, rows["share"], width=0.9 / n, color=look.color)
        ax.axhline(1 / n, color=style.INK, linestyle=(0, (4, 2)), linewidth=0.9)
        ax.set_xlim(0, 1)
        ax.set_xlabel("predicted probability of less")
        ax.set_ylabel("share of the steps")
        ax.yaxis.set_major_locator(MaxNLocator(4))
    return ax


def autocorrelation(frame: pd.DataFrame, ax: Axes | None = None, *, look: SeriesStyle) -> Axes:
    """Draw the autocorrelation of residuals against the lag; within the band it may be noise.

    Parameters
    ----------
    frame : DataFrame
        One model, channel and power: ``lag``, ``correlation``, ``band``.
    ax : Axes, optional
        Where to draw; new axes by default.
    look : SeriesStyle
        Of the model.

    Returns
    -------
    Axes
    """
    rows = frame.sort_values("lag")
    rows = rows[rows["lag"] <= _FEW_LAGS]
    band = float(rows["band"].iloc[0])
    with style.look():
        ax = ax or style.new_axes(3.4, 2.3)
        ax.axhspan(-band, band, color=style.RULE, alpha=0.6, linewidth=0)
        ax.axhline(0, color=style.QUIET, linewidth=0.8)
        ax.vlines(rows["lag"], 0, rows["correlation"], color=look.color, linewidth=1.6)
        ax.plot(rows["lag"], rows["correlation"], "o", color=look.color, markersize=3.2, linestyle="none")
        top = max(1.25 * float(rows["correlation"].abs().max()), 2.5 * band, 0.1)
        ax.set_ylim(-top, top)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.yaxis.set_major_locator(MaxNLocator(5))
        ax.set_xlabel("lag (steps)")
        ax.set_ylabel("correlation")
    return ax


def influence(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    value: str = "mean",
    label: str = "",
    look: SeriesStyle | None = None,
) -> Axes:
    """Draw how much the prediction changes when a number that many steps back is another, a line a channel.

    Parameters
    ----------
    frame : DataFrame
        One model: ``channel``, ``lag``, and the column `value`.
    ax : Axes, optional
        Where to draw; new axes by default.
    value : str, default="mean"
        The column to draw.
    label : str
        Of the y axis.
    look : SeriesStyle, optional
        The style of the model, for the line of a single channel; several have styles of their own.

    Returns
    -------
    Axes
    """
    order = frame.groupby("channel", sort=False)[value].max().sort_values(ascending=False).index
    shown = [str(name) for name in order[: len(style.HUES)]]
    with style.look():
        ax = ax or style.new_axes(5.2, 2.6)
        ends = []
        for place, name in enumerate(shown):
            rows = frame[frame["channel"].astype(str) == name].sort_values("lag")
            hue, alone = style.HUES[place], len(shown) == 1
            own = SeriesStyle(hue, "os^DX"[place], style.LINES[place], style.text_shade(hue, 2))
            line = look if alone and look is not None else own
            ends.append(canvas.draw_line(ax, "" if alone else name, rows["lag"], rows[value], line))
        ax.set_ylim(bottom=0)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("lag (steps)")
        ax.set_ylabel(label or value)
        canvas.label_ends(ax, [end for end in ends if end[0]])
    return ax


def contrast(values: pd.Series) -> bool:
    """Whether anything of a column is worth drawing."""
    return bool(np.nanmax(values.to_numpy(np.float64), initial=0.0) > 1e-9)
