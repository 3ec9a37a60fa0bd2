"""What the figures share: a distance axis in powers of two, a skill axis, labels at the ends of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from seqcompare import style
from seqcompare.report.svg import SERIES

SKILL_FLOOR, SKILL_TOP = -0.08, 1.08

#: The name of a line, where it ends, and the colour of its label.
End = tuple[str, float, float, str]


def styles_of(frame: pd.DataFrame, palette: style.Palette | None = None) -> dict[str, style.SeriesStyle]:
    """Return the style of each series of `frame`.

    Parameters
    ----------
    frame : DataFrame
        With the column ``model``, and ``family``, ``variant`` and ``capacity`` where they are known.
    palette : Palette, optional
        How families look; by default each has a spare colour, by its place in `frame`.
    """
    known: dict[str, str | float] = {"family": "", "variant": "", "capacity": np.nan}
    full = frame.assign(**{name: blank for name, blank in known.items() if name not in frame})
    rows = full[["model", *known]].drop_duplicates().itertuples(index=False, name=None)
    palette = palette or style.Palette(others=full["family"].astype(str))
    return palette.model_styles((str(m), str(f), str(v), float(c)) for m, f, v, c in rows)


def as_written(axis: Axis, write: Callable[[float], str]) -> None:
    """Label an axis in percent, where what it shows is written so."""
    if write(0.5).endswith("%"):
        axis.set_major_formatter(PercentFormatter(1.0))


def series_id(name: str) -> str:
    """Return the mark by which the artists of a series are found again in an SVG."""
    return SERIES + "".join(c if c.isalnum() and c.isascii() else "-" for c in name)[:40]


def draw_line(
    ax: Axes,
    name: str,
    x: ArrayLike,
    y: ArrayLike,
    look: style.SeriesStyle,
    *,
    marked: bool = True,
    width: float = 1.6,
) -> End:
    """Draw the line of a series; return its right end for `label_ends`.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    name : str
        The series.
    x, y : array-like of float
        Its points, from left to right.
    look : SeriesStyle
        How the series is drawn.
    marked : bool, default=True
        Whether points have markers; hundreds of them would hide the line.
    width : float, default=1.6
        Of the line, in points.
    """
    (line,) = ax.plot(
        x,
        y,
        color=look.color,
        linestyle=look.line,
        linewidth=width,
        marker=look.marker if marked else "none",
        markeredgecolor=style.PAPER,
        gid=series_id(name),
    )
    across, up = np.asarray(line.get_xydata(), dtype=float)[-1]
    return name, float(across), float(up), look.text


def draw_mark(
    ax: Axes,
    name: str,
    x: ArrayLike,
    y: ArrayLike,
    look: style.SeriesStyle,
    *,
    size: float = 7,
    ring: bool = False,
    hollow: bool = False,
    zorder: float = 3,
) -> None:
    """Draw single points of a series, ringed where they are to stand out, hollow where they stand apart."""
    ax.plot(
        x,
        y,
        marker=look.marker,
        color=look.color,
        markersize=size,
        markerfacecolor=style.PAPER if hollow else look.color,
        markeredgecolor=style.INK if ring else look.color if hollow else style.PAPER,
        markeredgewidth=1.1 if ring or hollow else 0.7,
        linestyle="none",
        zorder=zorder,
        gid=series_id(name),
    )


def distance_axis(ax: Axes, distances: Iterable[float], label: str = "distance (steps)") -> None:
    """Give `ax` a log-2 x axis with a tick at each of `distances`; zero and look-ahead keep their place."""
    ticks = sorted({float(d) for d in distances if np.isfinite(d)})
    if ticks and ticks[0] <= 0:
        ax.set_xscale("symlog", base=2, linthresh=1, linscale=1)
    else:
        ax.set_xscale("log", base=2)
    places = axis_places(ax, ticks)
    kept = _apart(places, ticks, least=0.055)
    ax.xaxis.set_major_locator(FixedLocator(kept))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
    ax.set_xlabel(label)
    if len(ticks) > 1:
        pad = 0.06 * (places[-1] - places[0])
        back = ax.transScale.inverted()
        ax.set_xlim(*(back.transform((x, 0.0))[0] for x in (places[0] - pad, places[-1] + pad)))


def axis_places(ax: Axes, values: Sequence[float]) -> list[float]:
    """Return where `values` lie along the x axis once its scale is applied."""
    return [float(ax.transScale.transform((value, 0.0))[0]) for value in values]


def nudge(ax: Axes, values: Sequence[float], amount: float) -> list[float]:
    """Move x `values` aside by `amount` in the axis' own scale, so that series that agree stay visible."""
    back = ax.transScale.inverted()
    return [float(back.transform((x + amount, 0.0))[0]) for x in axis_places(ax, values)]


def log_axis(axis: Axis) -> None:
    """Give `axis` (of log scale) ticks at powers of ten, written as plain numbers."""
    axis.set_major_locator(LogLocator(base=10, numticks=7))
    axis.set_minor_locator(LogLocator(base=10, subs=(2, 5), numticks=12))
    axis.set_major_formatter(lambda value, _: plain_power(value))

    def between(value: float, _: float | None) -> str:
        # where an axis holds hardly a power of ten, what lies between needs words as well
        low, high = axis.get_view_interval()
        return plain_power(value) if high < 60 * low else ""

    axis.set_minor_formatter(between)
    # without a tick, on the same line as the words of the others
    axis.set_tick_params(which="minor", length=0, labelsize=8, pad=7)


def plain_power(value: float) -> str:
    """Write a power of ten in few characters: 0.01, 10, 10k, 1M, 10⁹."""
    if 1e4 <= value < 1e9:
        return f"{value / 1e6:g}M" if value >= 1e6 else f"{value / 1e3:g}k"
    if 1e-3 <= value < 1e4:
        return f"{value:g}"
    if abs(np.log10(value) % 1) > 1e-6:
        return f"{value:.0e}"
    return "10" + str(round(np.log10(value))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def skill_axis(ax: Axes) -> None:
    """Give `ax` the y axis of skill, with the optimal and the chance line; what lies outside is clipped."""
    ax.set_ylim(SKILL_FLOOR, SKILL_TOP)
    ax.yaxis.set_major_locator(FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    ax.yaxis.set_major_formatter(
        lambda value, _: {0.0: "chance 0", 1.0: "optimal 1"}.get(float(value), f"{value:g}")
    )
    for level, line in ((0.0, (0, (4, 2))), (1.0, (0, (1, 1.5)))):
        ax.axhline(level, color=style.QUIET, linewidth=0.9, linestyle=line, zorder=1.2)


def draw_cells(ax: Axes, shares: NDArray[np.float64], words: Sequence[Sequence[str]] | None = None) -> None:
    """Draw a map of numbers from 0 to 1, the first row on top, with words in its cells.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    shares : array of shape (n_rows, n_columns)
        NaN leaves a cell empty.
    words : sequence of sequence of str, optional
        What is written into the cells, in black or white by the cell, on a dark page as well.
    """
    colors = sns.color_palette("cividis", as_cmap=True)
    n_rows, n_columns = shares.shape
    ax.grid(False)
    ax.pcolormesh(
        np.ma.masked_invalid(shares),
        vmin=0,
        vmax=1,
        cmap=colors,
        edgecolors=style.PAPER if words is not None else "none",
        linewidth=0.8,
        antialiased=True,
    )
    for row, column in np.ndindex(n_rows, n_columns) if words is not None else ():
        text = words[row][column]  # type: ignore[index]  # the loop is empty without words
        if text:
            dark = shares[row, column] < 0.45
            ax.text(
                column + 0.5,
                row + 0.5,
                text,
                ha="center",
                va="center",
                fontsize=7,
                color="#fdfdfd" if dark else "#17191c",
            )
    ax.set_xlim(0, n_columns)
    ax.set_ylim(n_rows, 0)
    sns.despine(ax=ax, left=True, bottom=True)
    ax.tick_params(length=0)


def label_ends(ax: Axes, ends: Sequence[End], size: float = 8) -> None:
    """Write the names of lines at their right ends, moved apart until none overlaps.

    Parameters
    ----------
    ax : Axes
        Its limits must be final.
    ends : sequence of (name, x, y, color)
        The last point of each line.
    size : float
        Of the text, in points.
    """
    if not ends:
        return
    ax.autoscale_view()
    figure = ax.get_figure()
    height = ax.get_window_extent().height / figure.dpi * 72  # type: ignore[union-attr]  # axes have a figure
    gap = 1.25 * size / max(height, 1)
    places = [
        float(ax.transAxes.inverted().transform(ax.transData.transform((x, y)))[1]) for _, x, y, _ in ends
    ]
    order = np.argsort(places, kind="stable")
    spread = np.array(_spread(np.clip(np.array(places)[order], 0, 1), gap))
    # the whole column moves in where it would stick out
    spread += (
        max(0.0, gap / 2 - spread[0]) if spread[-1] + gap / 2 < 1 else min(0.0, 1 - gap / 2 - spread[-1])
    )
    for index, place in zip(order, spread, strict=True):
        name, _, _, color = ends[index]
        text = ax.annotate(
            f" {name}",
            xy=(1.01, place),
            xycoords="axes fraction",
            color=color,
            fontsize=size,
            va="center",
            annotation_clip=False,
        )
        text.set_gid(series_id(name))


def _spread(places: NDArray[np.float64], gap: float) -> list[float]:
    """Move sorted `places` apart to at least `gap`, keeping their mean where groups collide."""
    groups = [[place, 1] for place in places]  # centre, how many
    merged: list[list[float]] = []
    for centre, count in groups:
        merged.append([float(centre), float(count)])
        while len(merged) > 1 and _low(merged[-1], gap) < _high(merged[-2], gap) + gap - 1e-12:
            (c1, n1), (c2, n2) = merged[-2:]
            merged[-2:] = [[(c1 * n1 + c2 * n2) / (n1 + n2), n1 + n2]]
    return [centre + (i - (count - 1) / 2) * gap for centre, count in merged for i in range(int(count))]


def _low(group: list[float], gap: float) -> float:
    return group[0] - (group[1] - 1) / 2 * gap


def _high(group: list[float], gap: float) -> float:
    return group[0] + (group[1] - 1) / 2 * gap


def _apart(places: Sequence[float], ticks: Sequence[float], least: float) -> list[float]:
    """Return the ticks that leave each other room: the first, the last and what fits between."""
    if len(ticks) < 3:
        return list(ticks)
    span = places[-1] - places[0]
    kept, last = [ticks[0]], places[0]
    for place, tick in zip(places[1:-1], ticks[1:-1], strict=True):
        if place - last >= least * span and places[-1] - place >= least * span:
            kept.append(tick)
            last = place
    return [*kept, ticks[-1]]
