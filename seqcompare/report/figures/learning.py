"""Figures of training and of what a recurrent network does inside."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from seqcompare import style
from seqcompare.report.figures import canvas
from seqcompare.style import SeriesStyle


def learning_curves(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    value: str = "validation_score",
    label: str | None = None,
    styles: dict[str, SeriesStyle] | None = None,
    label_lines: bool = True,
) -> Axes:
    """Draw the training loss or the validation score against the epoch, a line a trial.

    Parameters
    ----------
    frame : DataFrame
        ``trial_id``, ``model``, ``epoch`` and the column `value`; ``family``, ``variant`` and ``capacity``
        decide the style.
    ax : Axes, optional
        Where to draw; new axes by default.
    value : str, default="validation_score"
        ``train_loss`` or ``validation_score``.
    label : str, optional
        Label of the y axis; `value` by default.
    styles : dict of str to SeriesStyle, optional
        Style of each model; found from `frame` by default.
    label_lines : bool, default=True
        Whether to write the models' names at the ends of their lines.

    Returns
    -------
    Axes
    """
    styles = styles or canvas.styles_of(frame)
    with style.look():
        ax = ax or style.new_axes()
        ends = {}
        for (name, _), rows in frame.groupby(["model", "trial_id"], sort=False):
            ends[str(name)] = canvas.draw_line(
                ax, str(name), rows["epoch"], rows[value], styles[str(name)], marked=False, width=1.1
            )
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("epoch")
        ax.set_ylabel(label or value)
        if label_lines:
            canvas.label_ends(ax, list(ends.values()))
    return ax


def gradient_by_lag(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    needed_lag: int | None = None,
    styles: dict[str, SeriesStyle] | None = None,
    label_lines: bool = True,
) -> Axes:
    """Draw the norm of the gradient of the loss at step t with respect to the state at t-k, against k.

    Parameters
    ----------
    frame : DataFrame
        ``model``, ``lag`` (steps) and ``gradient`` (norm); ``family``, ``variant`` and ``capacity`` where
        known.
    ax : Axes, optional
        Where to draw; new axes by default.
    needed_lag : int, optional
        Where to mark the lag of the input that matters.
    styles : dict of str to SeriesStyle, optional
        Style of each model; found from `frame` by default.
    label_lines : bool, default=True
        Whether to write the models' names at the ends of their lines.

    Returns
    -------
    Axes
    """
    styles = styles or canvas.styles_of(frame)
    with style.look():
        ax = ax or style.new_axes()
        ax.set_yscale("log")
        canvas.log_axis(ax.yaxis)
        ends = []
        for name, rows in frame[frame["gradient"].gt(0)].groupby("model", sort=False):
            ends.append(
                canvas.draw_line(
                    ax, str(name), rows["lag"], rows["gradient"], styles[str(name)], marked=False
                )
            )
        if needed_lag is not None:
            ax.axvline(needed_lag, color=style.QUIET, linestyle=(0, (4, 2)), linewidth=0.9, zorder=1.2)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("lag k (steps)")
        ax.set_ylabel("norm of the gradient at t−k")
        if label_lines:
            canvas.label_ends(ax, ends)
    return ax


def gate_trace(frame: pd.DataFrame, ax: Axes | None = None, *, needed_lag: int | None = None) -> Axes:
    """Draw the mean opening of each gate along one sequence.

    Parameters
    ----------
    frame : DataFrame
        ``step``, ``gate`` (name) and ``value`` (mean over the units, from 0 closed to 1 open); ``scored``
        (whether the answer at the step is) where steps are to be marked.
    ax : Axes, optional
        Where to draw; new axes by default.
    needed_lag : int, optional
        How far before each scored step the input lies that matters; the steps between are shaded.

    Returns
    -------
    Axes
    """
    frame = frame.dropna(subset="value")
    palette = dict(zip(dict.fromkeys(frame["gate"]), itertools.cycle(style.HUES), strict=False))
    with style.look():
        ax = ax or style.new_axes()
        if needed_lag is not None:
            for step in sorted(set(frame.loc[frame["scored"], "step"])):
                ax.axvspan(step - needed_lag, step, color=style.RULE, alpha=0.5, linewidth=0, zorder=0.5)
        before = len(ax.lines)
        sns.lineplot(
            frame, x="step", y="value", hue="gate", palette=palette, errorbar=None, legend=False, ax=ax
        )
        ends = []
        for (gate, color), line in zip(palette.items(), ax.lines[before:], strict=True):
            x, y = np.asarray(line.get_xydata())[-1]
            ends.append((str(gate), float(x), float(y), color))
        ax.set_ylim(0, 1)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("step")
        ax.set_ylabel("gate (0 closed, 1 open)")
        canvas.label_ends(ax, ends)
    return ax
