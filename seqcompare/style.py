"""The one look of every figure: a colour and a marker per family, a shade per capacity.

A leaf of the package: whoever plots may import it. It knows no family: a `Palette` is made of what a run says
of its own. Matplotlib and seaborn are imported only when a colour is asked for or something is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from seqcompare.families import REFERENCE, SPARE_COLOURS, SPARE_MARKERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: How Matplotlib takes the line of a series: a code, or where dashes start and how long they are.
Line: TypeAlias = Literal["-"] | tuple[float, tuple[float, ...]]

INK = "#1f2328"
QUIET = "#636c76"
RULE = "#d1d9e0"
PAPER = "#ffffff"
DARK_INK = "#e6edf3"
DARK_QUIET = "#9aa4af"
DARK_RULE = "#3a424c"
DARK_PAPER = "#14181d"

#: Of what belongs to no family: a figure that shows one thing only.
ACCENT = "#0a5c96"
#: Of things of one kind that are no families. Okabe and Ito (2008), "Color universal design": told apart
#: under every common colour blindness.
HUES = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#595959")

N_SHADES = 5
#: Lines that are easily told apart, for series of one colour.
LINES: tuple[Line, ...] = (
    "-",
    (0, (5, 1.5)),
    (0, (1.2, 1.2)),
    (0, (6, 1.5, 1.5, 1.5)),
    (0, (3, 1, 1, 1, 1, 1)),
    (0, (9, 2.5)),
    (0, (3, 3)),
)
#: Of machines made by hand, which no model can be taken for.
_BROKEN: Line = (0, (2, 2))

RC: Any = {
    "axes.axisbelow": True,
    "axes.edgecolor": QUIET,
    "axes.facecolor": PAPER,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlepad": 6,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "figure.facecolor": PAPER,
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "hatch.color": QUIET,
    "hatch.linewidth": 0.7,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markeredgewidth": 0.7,
    "lines.markersize": 4.5,
    "path.simplify": True,
    "savefig.dpi": 200,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "seqcompare",
    "text.color": INK,
    # a "$" in somebody's label is a dollar sign, not a formula
    "text.parse_math": False,
    "text.usetex": False,
    "xtick.color": QUIET,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.color": QUIET,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8,
}


@dataclass(frozen=True)
class SeriesStyle:
    """How one series is drawn, in every figure alike."""

    color: str
    marker: str
    line: Line
    text: str
    """A darker shade of the colour, for words: at least 4.5 to 1 against the paper."""


@dataclass(frozen=True)
class FamilyLook:
    """How a family is drawn and called; `models` are the titles of its models, by their names.

    `place` is that among the families of the run, which their lines go by.
    """

    title: str
    color: str
    marker: str
    models: Mapping[str, str] = field(default_factory=dict)
    place: int = 0


class Palette(Mapping[str, FamilyLook]):
    """How the families of a run look: no two alike.

    Parameters
    ----------
    described : iterable of mapping
        What a run says of its families, as `seqcompare.families.Family.describe` writes it, in the order in
        which they are shown.
    others : iterable of str
        Families that nobody described: each gets a spare colour and marker, by its place.
    """

    def __init__(self, described: Iterable[Mapping[str, Any]] = (), others: Iterable[str] = ()) -> None:
        self._looks: dict[str, FamilyLook] = {}
        for family in described:
            models = {str(m["name"]): str(m["title"]) for m in family.get("models", ())}
            title = str(family.get("head") or family.get("title") or family["name"])
            color, marker = str(family.get("colour")).lower(), str(family.get("marker"))
            if not (_can_be_seen(color) and _can_be_drawn(marker)) or (color, marker) in self._taken():
                color, marker = self._spare()
            self._looks[str(family["name"])] = FamilyLook(
                title[:1].upper() + title[1:], color, marker, models, len(self._looks)
            )
        for name in dict.fromkeys(others):
            if name not in self._looks:
                self._looks[name] = FamilyLook(name, *self._spare(), place=len(self._looks))

    def __getitem__(self, family: str) -> FamilyLook:
        return self._looks[family]

    def __iter__(self) -> Iterator[str]:
        return iter(self._looks)

    def __len__(self) -> int:
        return len(self._looks)

    def title(self, family: str) -> str:
        """Return what labels call `family`."""
        return self._looks[family].title if family in self._looks else family

    def model_title(self, model: str) -> str:
        """Return what labels call a kind of model; without one, the name is that of a family."""
        titles = (look.models[model] for look in self._looks.values() if model in look.models)
        return next(titles, None) or self.title(model)

    def style(self, family: str, level: int = 2, line: int = 0) -> SeriesStyle:
        """Return the style of a whole family, for instance of its best model.

        Parameters
        ----------
        family : str
            One that is in the palette; others are grey.
        level : int, default=2
            From 0 (pale: the smallest capacity) to ``N_SHADES - 1``; 2 is the colour itself.
        line : int, default=0
            From the family's own line (0) to those of further series of the same family; broken for machines
            made by hand.
        """
        look = self._looks.get(family) or FamilyLook(family, QUIET, "o")
        own = _BROKEN if family == REFERENCE and not line else LINES[(look.place + line) % len(LINES)]
        return SeriesStyle(shade(look.color, level), look.marker, own, text_shade(look.color, level))

    def model_styles(self, models: Iterable[tuple[str, str, str, float]]) -> dict[str, SeriesStyle]:
        """Give every model of a run its style.

        Parameters
        ----------
        models : iterable of (label, family, kind of model, capacity)
            All models of the run, so that a shade means the same capacity in each of its figures.

        Returns
        -------
        dict of str to SeriesStyle
            The family's colour and marker, a shade for the rank of the capacity in its family, a line by the
            places of the family and of the kind in it.
        """
        rows = list(dict.fromkeys(models))
        styles = {}
        for family in dict.fromkeys(row[1] for row in rows):
            mine = [row for row in rows if row[1] == family]
            sizes = sorted({row[3] for row in mine if row[3] == row[3]})
            known = self._looks[family].models if family in self._looks else {}
            kinds = list(dict.fromkeys([*known, *(row[2] for row in mine)]))
            for label, _, kind, capacity in mine:
                level = 2
                if len(sizes) > 1 and capacity in sizes:
                    level = round(sizes.index(capacity) / (len(sizes) - 1) * (N_SHADES - 1))
                styles[label] = self.style(family, level, kinds.index(kind))
        return styles

    def entry_styles(self, entries: Iterable[tuple[str, str]]) -> dict[str, SeriesStyle]:
        """Give every entry of a comparison its style.

        Parameters
        ----------
        entries : iterable of (name, family)
            All entries, so that each looks the same in every figure.

        Returns
        -------
        dict of str to SeriesStyle
            The family's colour and marker; a shade and a line of their own for further ones of the same
            family.
        """
        styles: dict[str, SeriesStyle] = {}
        counts: dict[str, int] = {}
        for name, family in entries:
            number = counts[family] = counts.get(family, -1) + 1
            # the colour itself first, then the shades that are furthest from it
            level = (2, 4, 0, 3, 1)[number % N_SHADES]
            styles[name] = self.style(family, level, number)
        return styles

    def theme(self) -> dict[str, tuple[str, str, str]]:
        """Return, for each name of a page colour, its hex code in figures, on a light and on a dark page."""
        colors = {
            "ink": (INK, INK, DARK_INK),
            "quiet": (QUIET, QUIET, DARK_QUIET),
            "rule": (RULE, RULE, DARK_RULE),
            "paper": (PAPER, PAPER, DARK_PAPER),
        }
        # by number: a name may hold what ends a rule of a style sheet
        bases = dict.fromkeys([*(hue.lower() for hue in HUES), *(look.color for look in self.values())])
        known = {code for code, _, _ in colors.values()}
        for place, base in enumerate(bases):
            for level in range(N_SHADES):
                color = shade(base, level)
                if color not in known:
                    known.add(color)
                    colors[f"c{place}-{level}"] = (color, color, dark_shade(base, level))
        return colors

    def _taken(self) -> set[tuple[str, str]]:
        return {(look.color, look.marker) for look in self._looks.values()}

    def _spare(self) -> tuple[str, str]:
        """Return a colour that nobody has, as long as there is one, or else a pair that nobody has."""
        n = len(SPARE_COLOURS)
        pairs = [
            (SPARE_COLOURS[k % n].lower(), SPARE_MARKERS[(k + k // n) % len(SPARE_MARKERS)])
            for k in range(n * len(SPARE_MARKERS))
        ]
        colors = {look.color for look in self._looks.values()}
        free = [pair for pair in pairs if pair[0] not in colors]
        free += [pair for pair in pairs if pair not in self._taken()]
        return (free or pairs)[0]


def shade(color: str, level: int) -> str:
    """Return `color` at `level`, from 0 (half way to paper) over 2 (itself) to 4 (half way to ink)."""
    return _shades(color)[level]


def dark_shade(color: str, level: int) -> str:
    """Return the colour that takes the place of `shade` on a dark page."""
    return _dark_shades(color)[level]


def text_shade(color: str, level: int = 0) -> str:
    """Return the palest shade of `color`, from `level` on, in which words can be read on paper."""
    readable = (shade(color, k) for k in range(level, N_SHADES))
    return next((code for code in readable if contrast(code, PAPER) >= 4.5), INK)


@contextmanager
def look() -> Iterator[None]:
    """Draw in the project's style while the context lasts."""
    import matplotlib as mpl

    # what the user has set for figures of their own comes back afterwards
    with mpl.rc_context(RC):
        yield


def new_axes(width: float = 5.2, height: float = 3.2) -> Axes:
    """Return the axes of a new figure of `width` x `height` inches."""
    import matplotlib.pyplot as plt

    with look():
        return plt.subplots(figsize=(width, height), layout="constrained")[1]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (Web Content Accessibility Guidelines 2.1)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _can_be_seen(color: str) -> bool:
    """Whether `color` is a hex code that stands out from paper."""
    return bool(re.fullmatch("#[0-9a-f]{6}", color)) and contrast(color, PAPER) >= 1.6


def _can_be_drawn(marker: str) -> bool:
    from matplotlib.markers import MarkerStyle

    # "nothing" has a few codes; what is no code, such as a formula between dollars, is none of ours
    return MarkerStyle.markers.get(marker, "nothing") != "nothing"


# a page asks for the same few dozen colours thousands of times
@cache
def _shades(color: str) -> list[str]:
    return [*_blend(PAPER, color, [0.5, 0.75, 1.0]), *_blend(color, INK, [0.25, 0.5])]


@cache
def _dark_shades(color: str) -> list[str]:
    # as little lighter as is needed to stand out from a dark page
    tried = [_blend(color, PAPER, [0.18 + 0.09 * k])[0] for k in range(9)]
    base = next((code for code in tried if contrast(code, DARK_PAPER) >= 4.5), PAPER)
    return [*_blend(DARK_PAPER, base, [0.55, 0.78, 1.0]), *_blend(base, PAPER, [0.25, 0.45])]


def _blend(start: str, end: str, places: list[float]) -> list[str]:
    """Return the colours at `places` between `start` (0) and `end` (1)."""
    import seaborn as sns
    from matplotlib.colors import to_hex

    between = sns.blend_palette([start, end], as_cmap=True)
    return [to_hex(color) for color in between(places)]
