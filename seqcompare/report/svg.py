"""Figures as SVG: the same bytes every time, and inside a page in the page's own colours."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.figure import Figure

from seqcompare import style

SERIES = "series:"
# nothing in the file says when or by which version it was drawn
_NO_METADATA: dict[str, Any] = dict.fromkeys(["Creator", "Date", "Format", "Type"])
_COLOR_NAMES = {hex_code: name for name, (hex_code, _, _) in style.theme_colors().items()}


@contextmanager
def any_script() -> Iterator[None]:
    """Draw names in every script without a warning: the text of an SVG is set by the reader's fonts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .* missing from font", category=UserWarning)
        warnings.filterwarnings(
            "ignore", message="Matplotlib currently does not support", category=UserWarning
        )
        yield


def to_svg(figure: Figure) -> str:
    """Return `figure` as an SVG document."""
    buffer = io.StringIO()
    with style.look(), any_script():
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    text = re.sub(r"<!--.*?-->\s*", "", buffer.getvalue(), flags=re.DOTALL)
    # hundredths of a point are enough, in coordinates; the words between the tags stay as they are
    text = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\d\.\d{2})\d+", r"\1", tag.group()), text)
    # Matplotlib numbers its groups; the numbers mean nothing and clash when figures share a page
    text = re.sub(
        r'<g id="(?:figure|axes|patch|line2d|text|xtick|ytick|matplotlib\.axis|[A-Z]\w+)_?\d+">', "<g>", text
    )
    text = re.sub(rf'<g id="{SERIES}([^"]*)">', r'<g data-series="\1">', text)
    return re.sub(r"[ \t]+\n", "\n", text)


def to_png(figure: Figure) -> bytes:
    """Return `figure` as a PNG picture at print quality (200 dots per inch)."""
    buffer = io.BytesIO()
    with style.look(), any_script():
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def inline(svg: str, prefix: str) -> str:
    """Return an SVG document as an element for a page, which has to say in words what it shows.

    Parameters
    ----------
    svg : str
        From `to_svg`.
    prefix : str
        Put before every id, so that the ids of a page stay unique.
    """
    body = svg[svg.index("<svg") :].replace('xlink:href="#', 'href="#')
    ids = {name: f"{prefix}-{place}" for place, name in enumerate(re.findall(r'\bid="([^"]+)"', body))}
    body = re.sub(r'\bid="([^"]+)"', lambda m: f'id="{ids[m.group(1)]}"', body)
    body = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{ids[m.group(1)]})", body)
    body = re.sub(r'\bhref="#([^"]+)"', lambda m: f'href="#{ids[m.group(1)]}"', body)
    body = re.sub(r' transform="rotate\(-0 [^)]*\)"', "", body)
    # what it sets for the whole document, the page sets for its figures
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    body = re.sub(r"#[0-9a-f]{6}\b", _themed, body)
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


def _themed(match: re.Match[str]) -> str:
    color = match.group(0)
    return f"var(--{_COLOR_NAMES[color]},{color})" if color in _COLOR_NAMES else color


def _bold(match: re.Match[str]) -> str:
    return f"font-weight: 600; font-size: {match.group(1) or match.group(2)}px"
