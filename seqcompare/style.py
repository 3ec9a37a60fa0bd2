"""The one look of every figure: a colour and a marker per family, a shade per capacity.

A leaf of the package: whoever plots may import it. Matplotlib and seaborn are imported only when a
colour is asked for or something is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito (2008), "Color universal design": told apart under every common colour blindness.
FAMILY_COLORS = {
    "markov": "#0072B2",
    "hmm": "#009E73",
    "window": "#E69F00",
    "recurrent": "#D55E00",
    "reference": "#595959",
}
# What a user enters under a name of their own has no family among the four.
OTHER_COLOR = "#CC79A7"
FAMILY_MARKERS = {"markov": "o", "hmm": "s", "window": "^", "recurrent": "D", "reference": "X"}
OTHER_MARKER = "v"
FAMILY_NAMES = {
    "markov": "Markov chain",
    "hmm": "Hidden Markov",
    "window": "Window",
    "recurrent": "Recurrent",
    "reference": "Hand-made machine",
}
FAMILIES = tuple(FAMILY_COLORS)

# The variants of one family share its colour and are told apart by their line.
VARIANT_LINES: dict[str, Any] = {
    "lstm": "-",
    "bilstm": (0, (6, 1.5, 1.5, 1.5)),
    "gru": (0, (5, 1.5)),
    "elman": (0, (1.2, 1.2)),
    "jordan": (0, (3, 1, 1, 1, 1, 1)),
    "hmm": "-",
    "hmm-sticky": (0, (5, 1.5)),
    "logistic": "-",
    "ridge": (0, (5, 1.5)),
    "logistic-centred": (0, (3, 1, 1, 1, 1, 1)),
    "linear-svm": (0, (5, 1.5)),
    "rbf-svm": (0, (6, 1.5, 1.5, 1.5)),
    "mlp": (0, (1.2, 1.2)),
    "exact": (0, (2, 2)),
}

INK = "#1f2328"
QUIET = "#636c76"
RULE = "#d1d9e0"
PAPER = "#ffffff"
DARK_INK = "#e6edf3"
DARK_QUIET = "#9aa4af"
DARK_RULE = "#3a424c"
DARK_PAPER = "#14181d"

N_SHADES = 5
#: Lines that are easily told apart, for series of one colour.
LINES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.5, 1.5)))

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
    line: Any
    text: str
    """A darker shade of the colour, for words: at least 4.5 to 1 against the paper."""


def family_name(family: str) -> str:
    """Return the words for `family`; a family of the user's own keeps its name."""
    return FAMILY_NAMES.get(family, family)


def family_style(family: str) -> SeriesStyle:
    """Return the style of a whole family, for instance of its best model."""
    line = VARIANT_LINES["exact"] if family == "reference" else "-"
    return _style(family, 2, line)


def shade(family: str, level: int) -> str:
    """Return the colour of `family` at `level`, from 0 (pale: the smallest capacity) to ``N_SHADES - 1``."""
    return _shades(FAMILY_COLORS.get(family, OTHER_COLOR))[level]


def dark_shade(family: str, level: int) -> str:
    """Return the colour that takes the place of `shade` on a dark page."""
    color = FAMILY_COLORS.get(family, OTHER_COLOR)
    return _dark_shades(color, 0.45 if family == "reference" else 0.18)[level]


def model_styles(models: Iterable[tuple[str, str, str, float]]) -> dict[str, SeriesStyle]:
    """Give every model of a run its style.

    Parameters
    ----------
    models : iterable of (label, family, variant, capacity)
        All models of the run, so that a shade means the same capacity in each of its figures.

    Returns
    -------
    dict of str to SeriesStyle
        The family's colour and marker, a shade for the rank of the capacity in its family, a line for the
        variant.
    """
    rows = list(dict.fromkeys(models))
    styles = {}
    for family in dict.fromkeys(row[1] for row in rows):
        mine = [row for row in rows if row[1] == family]
        ladder = sorted({row[3] for row in mine if row[3] == row[3]})
        variants = list(dict.fromkeys(row[2] for row in mine))
        for label, _, variant, capacity in mine:
            if len(ladder) > 1 and capacity in ladder:
                level = round(ladder.index(capacity) / (len(ladder) - 1) * (N_SHADES - 1))
            else:
                level = 2
            styles[label] = _style(family, level, _line(variant, variants))
    return styles


def contestant_styles(contestants: Iterable[tuple[str, str]]) -> dict[str, SeriesStyle]:
    """Give every contestant of a comparison its style.

    Parameters
    ----------
    contestants : iterable of (name, family)
        All contestants, so that each looks the same in every figure.

    Returns
    -------
    dict of str to SeriesStyle
        The family's colour and marker; a shade and a line of their own for further ones of the same family.
    """
    styles: dict[str, SeriesStyle] = {}
    counts: dict[str, int] = {}
    for name, family in contestants:
        number = counts[family] = counts.get(family, -1) + 1
        # the colour itself first, then the shades that are furthest from it
        level = (2, 4, 0, 3, 1)[number % N_SHADES]
        styles[name] = _style(family, level, LINES[number % len(LINES)])
    return styles


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


def theme_colors() -> dict[str, tuple[str, str, str]]:
    """Return, for each name of a page colour, its hex code in figures, on a light and on a dark page."""
    colors = {
        "ink": (INK, INK, DARK_INK),
        "quiet": (QUIET, QUIET, DARK_QUIET),
        "rule": (RULE, RULE, DARK_RULE),
        "paper": (PAPER, PAPER, DARK_PAPER),
    }
    for family in [*FAMILIES, "other"]:
        for level in range(N_SHADES):
            color = shade(family, level)
            colors[f"{family}-{level}"] = (color, color, dark_shade(family, level))
    return colors


def text_shade(family: str, level: int = 0) -> str:
    """Return the palest shade of `family`, from `level` on, in which words can be read on paper."""
    readable = [k for k in range(level, N_SHADES) if contrast(shade(family, k), PAPER) >= 4.5]
    return shade(family, min(readable, default=N_SHADES - 1))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (Web Content Accessibility Guidelines 2.1)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _style(family: str, level: int, line: Any) -> SeriesStyle:
    marker = FAMILY_MARKERS.get(family, OTHER_MARKER)
    return SeriesStyle(shade(family, level), marker, line, text_shade(family, level))


def _line(variant: str, variants: list[str]) -> Any:
    if variant in VARIANT_LINES:
        return VARIANT_LINES[variant]
    lines = list(VARIANT_LINES.values())
    return lines[variants.index(variant) % len(lines)]


# a page asks for the same few dozen colours thousands of times
@cache
def _shades(color: str) -> list[str]:
    return [*_blend(PAPER, color, [0.5, 0.75, 1.0]), *_blend(color, INK, [0.25, 0.5])]


@cache
def _dark_shades(color: str, lighter: float) -> list[str]:
    (base,) = _blend(color, PAPER, [lighter])
    return [*_blend(DARK_PAPER, base, [0.55, 0.78, 1.0]), *_blend(base, PAPER, [0.25, 0.45])]


def _blend(start: str, end: str, places: list[float]) -> list[str]:
    """Return the colours at `places` between `start` (0) and `end` (1)."""
    import seaborn as sns
    from matplotlib.colors import to_hex

    between = sns.blend_palette([start, end], as_cmap=True)
    return [to_hex(color) for color in between(places)]
