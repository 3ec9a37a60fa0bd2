"""Figures of real data: how far back it matters, and where a model is right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from seqcompare import style
from seqcompare.quantities import number
from seqcompare.report.figures import canvas
from seqcompare.style import Line, SeriesStyle

# what a model may see -> its line, and what that is called
CONTROLS: dict[str, tuple[Line, str]] = {
    "limited": ("-", "fitted to the last k"),
    "truncated": ((0, (5, 1.5)), "shown the last k"),
    "shuffled": ((0, (1.2, 1.2)), "past shuffled"),
    "reordered": ((0, (1.2, 1.2)), "all but the last k in any order"),
    "ahead": ((0, (6, 1.5, 1.5, 1.5)), "k steps ahead"),
    "first": ((0, (3, 1.2)), "fitted to the first k"),
    "at": ((0, (3, 1.2)), "at steps up to k"),
    "tables": ((0, (1.2, 1.2)), "as it was fitted"),
    "learning": ("-", "learning from the last k"),
}


def contest(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    score_label: str = "score",
    chance: float | None = None,
    write: Callable[[float], str] = number,
    winner: str | None = None,
    styles: dict[str, SeriesStyle] | None = None,
) -> Axes:
    """Draw the score of each contestant with its interval, the best on top.

    Parameters
    ----------
    frame : DataFrame
        One row a contestant, the best first: ``model``, ``family``, ``score``, ``low``, ``high``.
    ax : Axes, optional
        Where to draw; new axes by default.
    score_label : str, default="score"
        Label of the x axis.
    chance : float, optional
        Score of the predictor that knows nothing but how often each answer occurs.
    write : callable (float) -> str
        How scores are written.
    winner : str, optional
        The contestant that is enough, which is ringed.
    styles : dict of str to SeriesStyle, optional
        Style of each contestant; by default that of its family, told apart from others of the same family.

    Returns
    -------
    Axes
    """
    rows = frame[frame["score"].notna()].to_dict("records")
    if styles is None:
        entries = [(str(r["model"]), str(r["family"])) for r in rows]
        styles = style.Palette(others=[family for _, family in entries]).entry_styles(entries)
    with style.look():
        ax = ax or style.new_axes(4.8, 0.26 * len(rows) + 0.9)
        ax.grid(True, axis="x")
        ax.grid(False, axis="y")
        if chance is not None:
            ax.axvline(chance, color=style.QUIET, linestyle=(0, (4, 2)), linewidth=0.9, zorder=1.2)
        for place, row in enumerate(rows):
            name, look = str(row["model"]), styles[str(row["model"])]
            won = name == winner
            gid = canvas.series_id(name)
            ax.plot([row["low"], row["high"]], [place, place], color=look.color, linewidth=1.8, gid=gid)
            canvas.draw_mark(ax, name, [row["score"]], [place], look, ring=won)
            ax.annotate(
                f" {write(row['score'])}" + (", enough" if won else ""),
                (1.0, place),
                xycoords=("axes fraction", "data"),
                color=look.text,
                fontsize=8,
                fontweight="bold" if won else "normal",
                va="center",
                annotation_clip=False,
            )
        ax.set_yticks(range(len(rows)), [str(row["model"]) for row in rows])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 2.5, 5, 10]))
        canvas.as_written(ax.xaxis, write)
        ax.set_xlabel(score_label)
    return ax


def context_curve(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    score_label: str = "score",
    write: Callable[[float], str] = number,
    styles: dict[str, SeriesStyle] | None = None,
) -> Axes:
    """Draw the score of one model that may see the last k steps only, against k.

    Parameters
    ----------
    frame : DataFrame
        ``model``, ``context`` (k, in steps), ``score``; ``low`` and ``high`` where there is an interval;
        ``control`` (one of `CONTROLS`: in which way the model sees no more), where there are several.
    ax : Axes, optional
        Where to draw; new axes by default.
    score_label : str, default="score"
        Label of the y axis.
    write : callable (float) -> str
        How scores are written.
    styles : dict of str to SeriesStyle, optional
        Style of each model; found from `frame` by default.

    Returns
    -------
    Axes
    """
    styles = styles or canvas.styles_of(frame)
    frame = frame if "control" in frame else frame.assign(control="limited")
    with style.look():
        ax = ax or style.new_axes()
        canvas.distance_axis(ax, frame["context"], "context k (steps)")
        canvas.as_written(ax.yaxis, write)
        ax.set_ylabel(score_label)
        several = frame["model"].nunique() > 1
        for (name, control), part in frame.groupby(["model", "control"], sort=False):
            rows = part[part["score"].notna()].sort_values("context")
            if rows.empty:
                continue
            line, words = CONTROLS.get(str(control), ("-", str(control)))
            look = replace(styles[str(name)], line=line)
            if {"low", "high"} <= set(rows.columns) and rows["low"].notna().any():
                ax.fill_between(
                    rows["context"], rows["low"], rows["high"], color=look.color, alpha=0.13, linewidth=0
                )
            canvas.draw_line(ax, str(name), rows["context"], rows["score"], look)
            # a space, since Matplotlib leaves out of legends what starts with an underscore
            ax.lines[-1].set_label(f" {name}: {words}" if several else words)
        # all lines end where everything is seen: there names would not tell them apart
        legend = ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), handlelength=3)
        for sample in legend.get_lines():
            sample.set_marker("none")
    return ax


def lag_profile(frame: pd.DataFrame, ax: Axes | None = None, *, label: str = "information (bits)") -> Axes:
    """Draw the information that the step k back gives, above what chance alone reaches.

    Parameters
    ----------
    frame : DataFrame
        ``lag`` (steps; negative is a look-ahead), ``information`` (bits) and ``band``: what the largest of
        all lags reaches when there is no dependence.
    ax : Axes, optional
        Where to draw; new axes by default.
    label : str, default="information (bits)"
        Label of the y axis.

    Returns
    -------
    Axes
    """
    rows = frame.sort_values("lag")
    with style.look():
        ax = ax or style.new_axes()
        # no colour of a family: nothing was modelled yet
        color = style.INK
        above = rows["information"] > rows["band"] if "band" in rows else pd.Series(True, index=rows.index)
        ax.vlines(rows["lag"], 0, rows["information"], color=color, linewidth=1.4)
        for mask, face in ((above, color), (~above, style.PAPER)):
            some = rows[mask]
            ax.plot(
                some["lag"], some["information"], "o", color=color, markerfacecolor=face, linestyle="none"
            )
        ax.set_xlabel("lag (steps; negative: ahead)" if rows["lag"].min() < 0 else "lag (steps)")
        ax.set_ylabel(label)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        least = float(rows["information"].min())
        ends: list[canvas.End] = []
        if "band" in rows:
            ax.plot(rows["lag"], rows["band"], color=style.QUIET, linestyle=(0, (4, 2)), linewidth=1)
            last = rows.iloc[-1]
            ends = [("noise reaches this", float(last["lag"]), float(last["band"]), style.QUIET)]
        if least >= 0:
            ax.set_ylim(bottom=0)
        canvas.label_ends(ax, ends)
    return ax


def confusion(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the share of each true class that was given each label.

    Parameters
    ----------
    frame : DataFrame
        ``true``, ``predicted`` and ``count`` of one model.
    ax : Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    Axes
    """
    labels = sorted({str(v) for v in frame["true"]} | {str(v) for v in frame["predicted"]}, key=_natural)
    counts = frame.assign(true=frame["true"].astype(str), predicted=frame["predicted"].astype(str))
    table = counts.pivot_table(index="true", columns="predicted", values="count", aggfunc="sum", fill_value=0)
    table = table.reindex(index=labels, columns=labels, fill_value=0)
    share = table.div(table.sum(axis=1).where(table.sum(axis=1) > 0, 1), axis=0)
    side = min(0.34 * len(labels) + 1.2, 7.0)
    with style.look():
        ax = ax or style.new_axes(side, side)
        words = [[f"{n:.0f}" if n else "" for n in row] for row in table.to_numpy()]
        # what never happened stays white
        shares = share.where(share > 0).to_numpy(dtype=float)
        canvas.draw_cells(ax, shares, words if len(labels) <= 16 else None)
        ax.set_aspect("equal")
        ax.set_xticks(np.arange(len(labels)) + 0.5, labels)
        ax.set_yticks(np.arange(len(labels)) + 0.5, labels)
        ax.set_xlabel("predicted")
        ax.set_ylabel("true")
        ax.tick_params(labelsize=7 if len(labels) <= 40 else 4)
        ax.tick_params(axis="x", rotation=0 if max(map(len, labels), default=0) <= 3 else 90)
        ax.tick_params(axis="y", rotation=0)
    return ax


def calibration(
    frame: pd.DataFrame, ax: Axes | None = None, *, styles: dict[str, SeriesStyle] | None = None
) -> Axes:
    """Draw how often a model is right against how sure it was.

    Parameters
    ----------
    frame : DataFrame
        One row for each model and bin: ``model``, ``confidence`` (mean probability given), ``accuracy``,
        ``count``.
    ax : Axes, optional
        Where to draw; new axes by default.
    styles : dict of str to SeriesStyle, optional
        Style of each model; found from `frame` by default.

    Returns
    -------
    Axes
    """
    styles = styles or canvas.styles_of(frame)
    with style.look():
        ax = ax or style.new_axes(4.4, 3.4)
        ax.plot([0, 1], [0, 1], color=style.QUIET, linestyle=(0, (4, 2)), linewidth=0.9)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1.02)
        ends = []
        for name, rows in frame[frame["count"].gt(0)].groupby("model", sort=False):
            rows = rows.sort_values("confidence")
            ends.append(
                canvas.draw_line(ax, str(name), rows["confidence"], rows["accuracy"], styles[str(name)])
            )
        ax.set_xlabel("probability given to the answer")
        ax.set_ylabel("how often it was right")
        canvas.label_ends(ax, ends)
    return ax


def class_scores(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    score: str = "f1",
    styles: dict[str, SeriesStyle] | None = None,
) -> Axes:
    """Draw the score of each class, a marker a model.

    Parameters
    ----------
    frame : DataFrame
        ``model``, ``label`` and the column `score`; ``support`` (test examples) is written beside the label.
    ax : Axes, optional
        Where to draw; new axes by default.
    score : str, default="f1"
        The column to draw.
    styles : dict of str to SeriesStyle, optional
        Style of each model; found from `frame` by default.

    Returns
    -------
    Axes
    """
    styles = styles or canvas.styles_of(frame)
    labels = sorted({str(v) for v in frame["label"]}, key=_natural)
    with style.look():
        ax = ax or style.new_axes(5.2, min(0.24 * len(labels) + 1, 9))
        ax.grid(True, axis="x")
        ax.grid(False, axis="y")
        names = list(dict.fromkeys(frame["model"]))
        for number, name in enumerate(names):
            rows = frame[frame["model"] == name]
            # scores that agree lie on top of each other: each model has a line of its own
            aside = 0.6 * ((number + 0.5) / len(names) - 0.5)
            places = [labels.index(str(v)) + aside for v in rows["label"]]
            canvas.draw_mark(ax, str(name), rows[score], places, styles[str(name)], size=5)
        for border in range(1, len(labels)):
            ax.axhline(border - 0.5, color=style.RULE, linewidth=0.6)
        support = {}
        if "support" in frame:
            support = {str(k): v for k, v in frame.groupby("label")["support"].max().items()}
        words = [f"{v} ({support[v]:.0f})" if v in support else v for v in labels]
        ax.set_yticks(np.arange(len(labels)), words)
        ax.set_ylim(len(labels) - 0.5, -0.5)
        ax.set_xlabel(score.upper() if score == "f1" else score)
    return ax


def influence_by_lag(
    frame: pd.DataFrame, ax: Axes | None = None, *, styles: dict[str, SeriesStyle] | None = None
) -> Axes:
    """Draw how much the answer of a fitted model changes when the step k back is changed.

    Parameters
    ----------
    frame : DataFrame
        ``model``, ``lag`` (steps) and ``influence``.
    ax : Axes, optional
        Where to draw; new axes by default.
    styles : dict of str to SeriesStyle, optional
        Style of each model; found from `frame` by default.

    Returns
    -------
    Axes
    """
    styles = styles or canvas.styles_of(frame)
    with style.look():
        ax = ax or style.new_axes()
        ends = []
        for name, rows in frame.groupby("model", sort=False):
            rows = rows.sort_values("lag")
            ends.append(canvas.draw_line(ax, str(name), rows["lag"], rows["influence"], styles[str(name)]))
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("lag (steps)")
        ax.set_ylabel("change of the answer")
        canvas.label_ends(ax, ends)
    return ax


def _natural(text: str) -> tuple[int, float, str]:
    """Sort numbers by value, then words."""
    try:
        return (0, float(text), text)
    except ValueError:
        return (1, 0.0, text)
