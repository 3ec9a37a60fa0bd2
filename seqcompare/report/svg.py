"""Figures as files and as elements of a page; each panel is drawn once for all forms.

The same figure gives the same bytes every time; inside a page it takes the page's own colours.
"""

from __future__ import annotations

import html
import io
import math
import re
import textwrap
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.lines import Line2D
from matplotlib.markers import MarkerStyle
from matplotlib.transforms import Affine2D, Bbox
from PIL import Image

from seqcompare import quantities, style
from seqcompare.report.columns import Writer, writer_of
from seqcompare.report.names import shown
from seqcompare.report.parts import Figure, Panel
from seqcompare.style import SeriesStyle

SERIES = "series:"
# points of a line, more of which nobody could point at
_MOST_SPOTS = 60
# inches between what is drawn and the edge, as Matplotlib's engine has it
_PAD = 0.04167
# nothing in the file says when or by which version it was drawn
_NO_METADATA: dict[str, None] = dict.fromkeys(["Creator", "Date", "Format", "Type"])


@contextmanager
def any_script() -> Iterator[None]:
    """Draw names in every script without a warning: the text of an SVG is set by the reader's fonts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning)
        warnings.filterwarnings(
            "ignore", message="Matplotlib currently does not support", category=UserWarning
        )
        yield


def to_svg(canvas: Canvas) -> str:
    """Return a drawing as an SVG document."""
    buffer = io.StringIO()
    with style.look(), any_script():
        canvas.savefig(buffer, format="svg", metadata=_NO_METADATA)
    text = re.sub(r"<!--.*?-->\s*", "", buffer.getvalue(), flags=re.DOTALL)
    # hundredths of a point are enough, in coordinates; the words between the tags stay as they are
    text = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\d\.\d{2})\d+", r"\1", tag.group()), text)
    # Matplotlib numbers its groups; the numbers mean nothing and clash when figures share a page
    text = re.sub(
        r'<g id="(?:figure|axes|patch|line2d|text|xtick|ytick|matplotlib\.axis|[A-Z]\w+)_?\d+">', "<g>", text
    )
    text = re.sub(rf'<g id="{SERIES}([^"]*)">', r'<g data-series="\1">', text)
    return re.sub(r"[ \t]+\n", "\n", text)


def to_png(canvas: Canvas) -> bytes:
    """Return a drawing as a PNG picture at print quality (200 dots per inch)."""
    buffer = io.BytesIO()
    with style.look(), any_script():
        canvas.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _picture(canvas: Canvas) -> Image.Image:
    """Return a drawing in the dots of `to_png`; to pack it takes as long as to draw it."""
    buffer = io.BytesIO()
    with style.look(), any_script():
        canvas.savefig(buffer, format="rgba")
    # 4.1 inches of 200 dots are 820, and a little less as a product
    width, height = (int(inches * style.RC["savefig.dpi"] + 1e-6) for inches in canvas.get_size_inches())
    return Image.frombuffer("RGBA", (width, height), buffer.getvalue()).convert("RGB")


def inline(svg: str, prefix: str, names: Mapping[str, str]) -> str:
    """Return an SVG document as an element for a page, which has to say in words what it shows.

    Parameters
    ----------
    svg : str
        From `to_svg`.
    prefix : str
        Put before every id, so that the ids of a page stay unique.
    names : mapping of str to str
        The name of a colour of the page for each hex code that has one.
    """
    body = svg[svg.index("<svg") :].replace('xlink:href="#', 'href="#')
    ids = {name: f"{prefix}-{place}" for place, name in enumerate(re.findall(r'\bid="([^"]+)"', body))}
    body = re.sub(r'\bid="([^"]+)"', lambda m: f'id="{ids[m.group(1)]}"', body)
    body = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{ids[m.group(1)]})", body)
    body = re.sub(r'\bhref="#([^"]+)"', lambda m: f'href="#{ids[m.group(1)]}"', body)
    body = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", body)
    # what it sets for the whole document, the page sets for its figures
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    body = re.sub(r"#[0-9a-f]{6}\b", lambda m: themed(m.group(), names), body)
    body = re.sub(r"font: ([\d.]+)px [^;\"]+", r"font-size: \1px", body)
    body = re.sub(r"font: bold ([\d.]+)px [^;\"]+|font: 700 ([\d.]+)px [^;\"]+", _bold, body)
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', body).groups()  # type: ignore[union-attr]  # savefig writes one
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" aria-hidden="true">'
    return re.sub(r"\n\s*", "\n", opening + body[body.index(">") + 1 :]).strip()


class Styles:
    """The styles of all figures of a page, each written once: thousands of marks share a few dozen."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def take_out(self, svg: str) -> str:
        """Return `svg` with classes in place of its styles."""
        return re.sub(r'\bstyle="([^"]*)"', self._class, svg)

    def css(self) -> str:
        """Return the rules for these classes."""
        return "".join(f".{name}{{{style}}}" for style, name in self._names.items())

    def _class(self, match: re.Match[str]) -> str:
        rules = re.sub(r"\s*([:;,])\s*", r"\1", match.group(1))
        return f'class="{self._names.setdefault(rules, f"y{len(self._names)}")}"'


def with_prefix(svg: str, prefix: str) -> str:
    """Return `svg` with `prefix` before every id, so that several can stand in one document."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    return re.sub(r'xlink:href="#([^"]+)"', rf'xlink:href="#{prefix}-\1"', svg)


def themed(color: str, names: Mapping[str, str]) -> str:
    """Return a hex code as the colour of a page that it stands for, where it has a name."""
    return f"var(--{names[color]},{color})" if color in names else color


def _bold(match: re.Match[str]) -> str:
    return f"font-weight: 600; font-size: {match.group(1) or match.group(2)}px"


class Drawn(NamedTuple):
    """A drawing in both forms; the picture has the dots of print quality."""

    svg: str
    picture: Image.Image

    def png(self) -> bytes:
        """Return the picture as a file."""
        buffer = io.BytesIO()
        # in four fifths of the time that the usual level takes, and a hundredth larger
        self.picture.save(buffer, "PNG", compress_level=4, dpi=(style.RC["savefig.dpi"],) * 2)
        return buffer.getvalue()


class Swatch(NamedTuple):
    """How a legend outside of Matplotlib shows a series."""

    color: str
    path: str
    dashes: str
    crossed: bool


def swatch(look: SeriesStyle) -> Swatch:
    """Return the swatch of a series."""
    dashes = "" if isinstance(look.line, str) else " ".join(f"{1.6 * length:g}" for length in look.line[1])
    marker = MarkerStyle(look.marker)
    # ten times too large, so that circles are no coarse polygons
    place = Affine2D(marker.get_transform().get_matrix()).scale(80, -80)
    outlines = [np.asarray(o) for o in marker.get_path().to_polygons(place, closed_only=False)]
    path = "".join("M" + "L".join(f"{x / 10:.3g} {y / 10:.3g}" for x, y in outline) for outline in outlines)
    return Swatch(look.color, path, dashes, crossed=not marker.is_filled())


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
    return Drawn(_join_svg(pieces, width, height), _join_pictures(pieces, width, height))


def _draw(figure: Figure, panel: Panel) -> Drawn:
    with style.look(), any_script():
        canvas, ax = plt.subplots(figsize=figure.size, layout="constrained")
        try:
            panel.draw(ax)
            # what does not fit over the axes would be cut in the middle of a letter
            fits = max(12, int(10 * figure.size[0] - 4))
            title = textwrap.wrap(shown(panel.title, 2 * fits), fits, max_lines=2, placeholder=" ...")
            # told where, it is not looked for a place above the ticks each time the axes are drawn
            ax.set_title("\n".join(title), y=1.0)
            return _both(canvas, writer_of(figure.y, figure.writers))
        finally:
            plt.close(canvas)


def _both(canvas: Canvas, write: Writer = quantities.number) -> Drawn:
    _lay_out(canvas)
    svg = to_svg(canvas)
    end = svg.rindex("</svg>")
    return Drawn(svg[:end] + _values(canvas, write) + svg[end:], _picture(canvas))


def _lay_out(canvas: Canvas) -> None:
    """Leave room around the axes for what stands there, once for all forms.

    One set of axes is measured once. That comes within three dots of what Matplotlib's engine finds in two
    rounds, since ticks may be others on smaller axes.
    """
    engine = canvas.get_layout_engine()
    if engine is None:
        return
    place = _room(canvas, canvas.axes[0]) if len(canvas.axes) == 1 else None
    if place is None:
        engine.execute(canvas)
    else:
        canvas.axes[0].set_position(place)
    canvas.set_layout_engine(None)


def _room(canvas: Canvas, ax: Axes) -> Bbox | None:
    """Return where axes leave room for what stands around them; None where that leaves them none."""
    inner = ax.get_window_extent()
    outer = ax.get_tightbbox(for_layout_only=True) or inner
    low, high = (np.abs(outer.get_points() - inner.get_points()) + _PAD * canvas.dpi) / canvas.bbox.size
    return Bbox([low, 1 - high]) if (low + high < 1).all() else None


def _values(canvas: Canvas, write: Writer) -> str:
    """Return spots over the points of all series that tell their values to who points at them."""
    spots = []
    scale = 72 / canvas.dpi
    height = canvas.get_figheight() * 72
    for ax in canvas.axes:
        for line in ax.lines:
            series = str(line.get_gid() or "")
            points = np.asarray(line.get_xydata(), dtype=float)
            if not series.startswith(SERIES) or len(points) > _MOST_SPOTS:
                continue
            name = html.escape(series.removeprefix(SERIES))
            named = series.removeprefix(SERIES).replace("-", " ")
            for (x, y), (across, up) in zip(points, ax.transData.transform(points), strict=True):
                if np.isfinite([across, up]).all():
                    words = html.escape(f"{named}: {quantities.number(x)}, {write(y)}")
                    spots.append(
                        f'<circle data-series="{name}" cx="{across * scale:.1f}" '
                        f'cy="{height - up * scale:.1f}" r="5" fill="none" pointer-events="all">'
                        f"<title>{words}</title></circle>"
                    )
    return "".join(spots)


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
        opening, rest = re.sub(r"<svg ", place, body, count=1).strip().split(">", 1)
        # points of paper, inside of what counts in units of its own, would be a third larger
        lines.append(re.sub(r'(width|height)="([\d.]+)pt"', r'\1="\2"', opening) + ">" + rest)
    return "\n".join([*lines, "</svg>", ""])


def _join_pictures(
    pieces: list[tuple[Drawn, tuple[float, float]]], width: float, height: float
) -> Image.Image:
    dpi = style.RC["savefig.dpi"]
    whole = Image.new("RGB", (round(width * dpi), round(height * dpi)), style.PAPER)
    for drawn, (x, y) in pieces:
        whole.paste(drawn.picture, (round(x * dpi), round(y * dpi)))
    return whole
