"""Figures of a report as files and as elements of a page; each panel is drawn once for all forms."""

from __future__ import annotations

import io
import math
import re
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from PIL import Image

from seqcompare import style
from seqcompare.report.names import shown
from seqcompare.report.parts import Figure, Panel
from seqcompare.report.svg import any_script, to_png, to_svg, with_prefix
from seqcompare.style import SeriesStyle

# a marker as a path around (0, 0), for legends outside of Matplotlib
_MARKS = {
    "o": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
    "s": "M-3.5 -3.5h7v7h-7z",
    "^": "M0 -4.4L4.2 3.4H-4.2z",
    "v": "M0 4.4L4.2 -3.4H-4.2z",
    "D": "M0 -4.6L4.6 0L0 4.6L-4.6 0z",
    "X": "M-3.6 -3.6L3.6 3.6M-3.6 3.6L3.6 -3.6",
}


class Drawn(NamedTuple):
    """A drawing in both forms."""

    svg: str
    png: bytes


class Swatch(NamedTuple):
    """How a legend outside of Matplotlib shows a series."""

    color: str
    path: str
    dashes: str
    crossed: bool


def swatch(look: SeriesStyle) -> Swatch:
    """Return the swatch of a series."""
    dashes = "" if look.line == "-" else " ".join(f"{1.6 * length:g}" for length in look.line[1])
    return Swatch(look.color, _MARKS[look.marker], dashes, crossed=look.marker == "X")


def panels_of(figure: Figure) -> list[Drawn]:
    """Draw every panel of `figure`."""
    return [_draw(figure, panel) for panel in figure.panels]


def together(figure: Figure, panels: list[Drawn]) -> Drawn:
    """Put the drawn panels of `figure` side by side, under its legend."""
    columns = min(figure.columns, len(panels))
    legend = _legend(figure, figure.size[0] * columns) if figure.series else None
    top = legend[1] if legend else 0.0
    places = [
        (number % columns * figure.size[0], top + number // columns * figure.size[1])
        for number in range(len(panels))
    ]
    width, height = columns * figure.size[0], top + math.ceil(len(panels) / columns) * figure.size[1]
    pieces = list(zip(panels, places, strict=True))
    if legend:
        pieces.insert(0, (legend[0], (0.0, 0.0)))
    return Drawn(_join_svg(pieces, width, height), _join_png(pieces, width, height))


def _draw(figure: Figure, panel: Panel) -> Drawn:
    with style.look(), any_script():
        canvas, ax = plt.subplots(figsize=figure.size, layout="constrained")
        try:
            panel.draw(ax)
            # what does not fit over the axes would be cut in the middle of a letter
            ax.set_title(shown(panel.title, max(12, int(10 * figure.size[0] - 4))))
            return _both(canvas)
        finally:
            plt.close(canvas)


def _both(canvas: Canvas) -> Drawn:
    # the places of the axes are found once; with a layout engine each form would find them again
    engine = canvas.get_layout_engine()
    if engine is not None:
        engine.execute(canvas)
        canvas.set_layout_engine(None)
    return Drawn(to_svg(canvas), to_png(canvas))


def _legend(figure: Figure, width: float) -> tuple[Drawn, float]:
    """Draw the legend of `figure` over `width` inches; return it with its height in inches."""
    longest = max(len(name) for name, _ in figure.series)
    per_line = max(1, int(width / (0.62 + 0.068 * longest)))
    height = 0.12 + 0.19 * math.ceil(len(figure.series) / per_line)
    with style.look(), any_script():
        canvas = plt.figure(figsize=(width, height))
        try:
            canvas.legend(
                handles=[handle(look) for _, look in figure.series],
                # Matplotlib leaves out of legends what starts with an underscore
                labels=[f" {name}" if name.startswith("_") else name for name, _ in figure.series],
                loc="upper left",
                bbox_to_anchor=(0, 1),
                ncols=per_line,
                handlelength=2.6,
                columnspacing=1.4,
                borderaxespad=0.3,
            )
            return _both(canvas), height
        finally:
            plt.close(canvas)


def handle(look: SeriesStyle) -> Line2D:
    """Return what stands for a series in a legend."""
    return Line2D(
        [],
        [],
        color=look.color,
        linestyle=look.line,
        marker=look.marker,
        markeredgecolor=style.PAPER,
        markersize=6,
    )


def _join_svg(pieces: list[tuple[Drawn, tuple[float, float]]], width: float, height: float) -> str:
    size = f"{72 * width:g} {72 * height:g}".split()
    lines = [
        '<?xml version="1.0" encoding="utf-8" standalone="no"?>',
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{size[0]}pt" height="{size[1]}pt" viewBox="0 0 {size[0]} {size[1]}" version="1.1">',
        f'<rect width="100%" height="100%" fill="{style.PAPER}"/>',
    ]
    for number, (drawn, (x, y)) in enumerate(pieces):
        body = with_prefix(drawn.svg[drawn.svg.index("<svg") :], f"p{number}")
        place = f'<svg x="{72 * x:g}" y="{72 * y:g}" '
        lines.append(re.sub(r"<svg ", place, body, count=1).strip())
    return "\n".join([*lines, "</svg>", ""])


def _join_png(pieces: list[tuple[Drawn, tuple[float, float]]], width: float, height: float) -> bytes:
    dpi = style.RC["savefig.dpi"]
    whole = Image.new("RGB", (round(width * dpi), round(height * dpi)), style.PAPER)
    for drawn, (x, y) in pieces:
        with Image.open(io.BytesIO(drawn.png)) as picture:
            whole.paste(picture.convert("RGB"), (round(x * dpi), round(y * dpi)))
    buffer = io.BytesIO()
    whole.save(buffer, "PNG", dpi=(dpi, dpi))
    return buffer.getvalue()
