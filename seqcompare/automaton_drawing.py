"""A drawing of an automaton from the table of its edges: states in a ring, arrows for what is read.

A leaf: models draw what they are, and reports draw what was written down, with no model at hand.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from seqcompare import style
from seqcompare.user_text import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Edges less probable than this are not drawn.
_LEAST = 0.01
_RADIUS = 0.22
_MOST_ON_AN_EDGE = 4
# Characters of a symbol: of longer ones the beginning is shown.
_LONGEST = 20
# How far along an arrow its words stand.
_ALONG = 0.4


def draw_automaton(edges: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw states as circles and what is read as arrows.

    Parameters
    ----------
    edges : DataFrame
        As of `Automaton.frame`: ``state``, ``start``, ``symbol``, ``next``, ``answer``, ``proba``.
    ax : Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    Axes
        Where it was drawn.
    """
    from matplotlib.patches import Circle, FancyArrowPatch

    states = sorted(edges["state"].unique())
    n = len(states)
    with style.look():
        ax = style.new_axes() if ax is None else ax
    ring = max(0.6, 0.33 * n) if n > 1 else 0.0
    angle = np.pi / 2 - 2 * np.pi * np.arange(n) / max(n, 1)
    place = {s: ring * np.array([np.cos(a), np.sin(a)]) for s, a in zip(states, angle, strict=True)}
    out = {s: place[s] / ring if n > 1 else np.array([0.0, 1.0]) for s in states}
    ways = _labels(edges)
    for (state, after), words in ways.items():
        a, z = place[state], place[after]
        if state == after:
            side = np.array([-out[state][1], out[state][0]])
            begin, end = (_point(a + _RADIUS * (0.8 * out[state] + k * 0.6 * side)) for k in (1, -1))
            arrow = FancyArrowPatch(begin, end, connectionstyle="arc3,rad=-1.6", **_arrow())
            middle, ha = a + out[state] * (_RADIUS + 0.32), out[state][0]
        else:
            bent = 0.28 if (after, state) in ways else 0.12
            arrow = FancyArrowPatch(
                _point(a), _point(z), connectionstyle=f"arc3,rad={bent}", shrinkA=17, shrinkB=17, **_arrow()
            )
            # on the curve, nearer to where it comes from: in the middle arrows cross
            across = z - a
            bend = (a + z) / 2 + bent * np.array([across[1], -across[0]])
            t = _ALONG
            middle, ha = (1 - t) ** 2 * a + 2 * t * (1 - t) * bend + t**2 * z, 0.0
        ax.add_patch(arrow)
        align = "left" if ha > 0.3 else "right" if ha < -0.3 else "center"
        ax.text(
            *_point(middle),
            words,
            ha=align,
            va="center",
            fontsize=8,
            parse_math=False,
            bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.6},
        )
    says = _says(edges)
    for state in states:
        begins = float(edges.loc[edges["state"] == state, "start"].iloc[0]) > 0.5
        ax.add_patch(
            Circle(
                _point(place[state]),
                _RADIUS,
                facecolor=style.PAPER,
                edgecolor=style.ACCENT,
                linewidth=2.4 if begins else 1.2,
                zorder=3,
            )
        )
        words = says.get(state, str(state))
        ax.text(
            *_point(place[state]),
            words,
            ha="center",
            va="center",
            fontsize=8,
            color=style.INK,
            zorder=4,
            parse_math=False,
        )
    reach = ring + 0.75
    ax.set(xlim=(-reach - 0.35, reach + 0.35), ylim=(-reach, reach), aspect="equal")
    ax.set_axis_off()
    return ax


def automaton_svg(edges: pd.DataFrame) -> str:
    """Return the drawing as SVG; `edges` as in `draw_automaton`."""
    import matplotlib.pyplot as plt

    with style.look():
        figure, ax = plt.subplots(figsize=(4.4, 4.0))
        try:
            draw_automaton(edges, ax)
            buffer = io.StringIO()
            figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None})
        finally:
            plt.close(figure)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _point(place: Any) -> tuple[float, float]:
    return float(place[0]), float(place[1])


def _arrow() -> dict[str, Any]:
    return {"arrowstyle": "-|>", "mutation_scale": 11, "color": style.INK, "linewidth": 0.9, "zorder": 2}


def _labels(edges: pd.DataFrame) -> dict[tuple[int, int], str]:
    """Return what stands at each arrow: the symbols, the likeliest first, with their probabilities."""
    known = edges[edges["next"] >= 0]
    known = known[~(known["proba"] <= _LEAST)].sort_values("proba", ascending=False, kind="stable")
    found: dict[tuple[int, int], str] = {}
    for key, part in known.groupby(["state", "next"], sort=False):
        state, after = np.asarray(key, dtype=int).tolist()
        words = [
            shown(symbol, _LONGEST) if pd.isna(p) else f"{shown(symbol, _LONGEST)} {p:.2f}"
            for symbol, p in zip(part["symbol"], part["proba"], strict=True)
        ]
        if len(words) > _MOST_ON_AN_EDGE:
            words = [*words[: _MOST_ON_AN_EDGE - 1], f"{len(words) - _MOST_ON_AN_EDGE + 1} more"]
        found[state, after] = "\n".join(words) if part["proba"].notna().any() else ", ".join(words)
    return found


def _says(edges: pd.DataFrame) -> dict[int, str]:
    """Return what stands in a circle that predicts an answer: the likeliest one."""
    told = edges[edges["next"] < 0].sort_values("proba", ascending=False, kind="stable")
    first = told.drop_duplicates("state")
    return {
        int(state): f"{state}\n{shown(answer, _LONGEST)} {p:.2f}"
        for state, answer, p in zip(first["state"], first["answer"], first["proba"], strict=True)
    }
