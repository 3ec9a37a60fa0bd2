"""A drawing of a tree of contexts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from seqcompare import style
from seqcompare.models.markov.weighting import TreeContext
from seqcompare.typing import Labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_START = "start"
# more symbols than this are not told apart by a shade each
_MOST_SHADES = 5


def draw_tree(contexts: Sequence[TreeContext], symbols: Labels, ax: Axes | None, most: int) -> Axes:
    """Draw contexts as a tree, the newest step first, from left to right, and what comes after each.

    Parameters
    ----------
    contexts : sequence of TreeContext
        The leaves.
    symbols : ndarray of shape (n_symbols,)
        The alphabet.
    ax : Axes, optional
        Where to draw.
    most : int
        Leaves that are drawn at most; a larger tree is cut at the depth that leaves so many.

    Returns
    -------
    Axes
        Where it was drawn.
    """
    import matplotlib.pyplot as plt

    if isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 1:
        raise ValueError(f"most must be a whole number >= 1, got {most!r}")
    leaves, cut = _cut(contexts, most)
    if ax is None:
        _, ax = plt.subplots(figsize=(7, 1.2 + 0.3 * len(leaves)))
    depth = max(len(path) for path in leaves)
    height = {path: float(-i) for i, path in enumerate(leaves)}
    ink = style.INK
    # from the leaves to the root: a node stands in the middle of its children
    for length in range(depth, 0, -1):
        level: dict[tuple[Any, ...], list[tuple[Any, float]]] = {}
        for path, y in height.items():
            if len(path) == length:
                level.setdefault(path[:-1], []).append((path[-1], y))
        for parent, children in level.items():
            middle = float(np.mean([y for _, y in children]))
            height[parent] = middle
            for step, y in children:
                ax.plot([length - 1, length], [middle, y], color=ink, linewidth=0.8, zorder=1)
                label = _START if step is None else str(step)
                paper = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 0.6}
                place = (length - 0.45, middle + 0.55 * (y - middle))
                ax.text(*place, label, ha="center", va="center", fontsize=8, color=ink, bbox=paper)
    for path, (weight, proba) in leaves.items():
        y, x = height[path], depth + 0.3
        more = " ..." if path in cut else ""
        left = 0.0
        for k in _order(proba):
            shade = style.shade(style.ACCENT, int(k) % _MOST_SHADES)
            ax.barh(y, proba[k], 0.7, x + left, color=shade, edgecolor=style.PAPER, linewidth=0.5)
            if proba[k] > 0.12:
                color = style.PAPER if int(k) % _MOST_SHADES > 2 else ink
                name = str(symbols[k])
                ax.text(x + left + proba[k] / 2, y, name, ha="center", va="center", fontsize=7, color=color)
            left += proba[k]
        ax.plot([len(path), x], [y, y], color=ink, linewidth=0.5, linestyle=":", zorder=0)
        ax.text(x + 1.05, y, f"{weight:g}{more}", va="center", fontsize=8, color=ink)
    ax.set(xlim=(-0.2, depth + 2.0), ylim=(-len(leaves) + 0.3, 0.9))
    ax.set_xticks(np.arange(1, depth + 1) - 0.5, [f"{k} back" for k in range(1, depth + 1)])
    ax.set_yticks([])
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(length=0)
    title = f"{len(contexts)} contexts; what comes next, and how often each came"
    ax.set_title(title if not cut else f"{title} (cut at {depth} steps)", fontsize=10)
    return ax


def _order(proba: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which symbols to draw, in the alphabet's order: the most probable, if there are many."""
    return np.sort(np.argsort(-proba, kind="stable")[:20])


def _cut(
    contexts: Sequence[TreeContext], most: int
) -> tuple[dict[tuple[Any, ...], tuple[float, NDArray[np.float64]]], set[tuple[Any, ...]]]:
    """Return weight and distribution of the leaves of a tree cut to `most`, and which of them were cut."""
    longest = max(len(context.steps) for context in contexts)
    for depth in range(longest, -1, -1):
        parts: dict[tuple[Any, ...], list[TreeContext]] = {}
        for context in contexts:
            parts.setdefault(context.steps[::-1][:depth], []).append(context)
        if len(parts) <= most:
            break
    leaves = {}
    for path, joined in parts.items():
        weight = sum(context.weight for context in joined)
        share = sum(context.weight * context.proba for context in joined)
        leaves[path] = (weight, np.asarray(share / weight) if weight else joined[0].proba)
    return leaves, {path for path, joined in parts.items() if len(joined) > 1}
