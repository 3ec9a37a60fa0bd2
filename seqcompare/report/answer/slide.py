"""The answer of a comparison drawn: the scores alone, or everything on one slide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt

from seqcompare import style
from seqcompare.report.answer.sheet import AnswerSheet
from seqcompare.report.svg import any_script

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_GOOD, _CARD = "#00694a", "#f6f8fa"
#: Dots that words stay away from the edges of their card.
_EDGE = 6
#: The smallest letters, in points, on a picture of 12.8 inches.
_SMALLEST = 6.5


def draw_scores(sheet: AnswerSheet, ax: Axes | None = None) -> Axes:
    """Draw the scores with their intervals; an arrow where one lies off the axis.

    Parameters
    ----------
    sheet : AnswerSheet
        What is said.
    ax : Axes, optional
        Where to draw; by default a new figure.
    """
    rows = [row for row in sheet.rows if row.values["score"] is not None]
    with style.look(), any_script():
        ax = ax or style.new_axes(6.4, 0.36 * len(rows) + 0.9)
        axis = sheet.axis
        if axis.zone:
            ax.axvspan(*axis.zone, color=style.ACCENT, alpha=0.15, linewidth=0)
        for place, row in enumerate(rows):
            score, look = float(row.values["score"]), row.look
            beyond = axis.place(score)
            if 0 <= beyond <= 1:
                if row.interval:
                    ends = [row.values["low"], row.values["high"]]
                    ax.plot(ends, [place, place], color=look.color, linewidth=2)
                ax.plot(
                    score, place, look.marker, color=look.color, markersize=7, markeredgecolor=style.PAPER
                )
            else:
                end = axis.low if beyond < 0 else axis.high
                ax.plot(end, place, "<" if beyond < 0 else ">", color=look.color, markersize=7, clip_on=False)
        ax.set_xlim(axis.low, axis.high)
        ax.set_xticks([v for v, _ in axis.ticks], [words for _, words in axis.ticks])
        names = [f"{row.mark} {row.name}  {row.score}".strip() for row in rows]
        ax.set_yticks(range(len(rows)), names)
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.grid(True, axis="x")
        ax.grid(False, axis="y")
        heading, small = sheet.heads["score"]
        ax.set_xlabel(f"{heading} ({small})")
    return ax


def draw_slide(sheet: AnswerSheet) -> Figure:
    """Return tiles and scores as one picture of 16 by 9."""
    with style.look(), any_script():
        canvas = plt.figure(figsize=(12.8, 7.2))
        title = canvas.text(0.04, 0.93, sheet.title, fontsize=22, weight="bold", va="center")
        _fit(title, sheet.title, canvas.bbox.x1 * 0.96, canvas.bbox.y0)
        below_title = canvas.text(0.04, 0.90, "", fontsize=11, color=style.QUIET, va="top")
        _fit(below_title, sheet.subtitle, canvas.bbox.x1 * 0.96, canvas.bbox.y1 * 0.825)
        widths = (0.30, 0.20, 0.19, 0.20)
        left = 0.04
        for tile, width in zip(sheet.tiles, widths, strict=False):
            box = canvas.add_axes((left, 0.60, width, 0.22), facecolor=_CARD)
            box.set_xticks([])
            box.set_yticks([])
            for spine in box.spines.values():
                spine.set_visible(True)
                spine.set_color(_GOOD if tile.tone == "ok" else style.RULE)
            right, bottom = box.bbox.x1 - _EDGE, box.bbox.y0 + _EDGE
            box.text(0.04, 0.87, tile.label, fontsize=11, color=style.QUIET, va="center")
            color = _GOOD if tile.tone == "ok" else style.INK
            value = box.text(0.04, 0.77, "", fontsize=15, weight="bold", color=color, va="top")
            _fit(value, tile.value, right, box.bbox.y0 + 0.3 * box.bbox.height)
            end = box.transAxes.inverted().transform((0, value.get_window_extent().y0))[1]
            note = box.text(0.04, end - 0.05, "", fontsize=9.5, color=style.QUIET, va="top")
            _fit(note, tile.note, right, bottom)
            left += width + 0.01
        for tile in sheet.tiles[len(widths) :]:
            line = canvas.text(0.04, 0.59, "", fontsize=10.5, color=style.QUIET, va="top")
            words = f"{tile.label}: {tile.value} ({tile.note})"
            _fit(line, words, canvas.bbox.x1 * 0.96, canvas.bbox.y1 * 0.545)
        if not sheet.rows:
            return canvas
        ax = canvas.add_axes((0.27, 0.10, 0.66, 0.44))
        draw_scores(sheet, ax)
        ax.tick_params(labelsize=11)
        ax.xaxis.label.set_fontsize(11)
    return canvas


def _fit(text: Text, words: str, right: float, bottom: float) -> None:
    """Set words into lines that end before `right`, in letters so small that they end above `bottom`."""
    room, size = right - text.get_window_extent().x0, float(text.get_fontsize())
    while True:
        text.set_fontsize(size)
        lines = [""]
        for word in words.split():
            text.set_text(f"{lines[-1]} {word}".strip())
            if lines[-1] and text.get_window_extent().width > room:
                lines.append(word)
            else:
                lines[-1] = text.get_text()
        text.set_text("\n".join(lines))
        box = text.get_window_extent()
        if (box.y0 >= bottom and box.width <= room) or size <= _SMALLEST:
            return
        size -= 0.5
