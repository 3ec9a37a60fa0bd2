"""The matrix of a sweep as one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
from matplotlib.patches import Rectangle

from seqcompare import style
from seqcompare.report.figures.skill import FRAME
from seqcompare.report.svg import any_script
from seqcompare.report.sweep_answer.reaches import CANNOT, LEVELS, NOT_LEARNED, REACHED, Reaches

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TITLE = "How far the best model of each family reaches, in steps"
_BLUES = ("#d6e6f4", "#a6cbe8", "#5c9fd1", "#1b669f")


def draw(found: Reaches, ax: Axes | None = None) -> Axes:
    """Draw the matrix as one picture, for a slide."""
    n_rows, n_columns = len(found.groups), len(found.tasks)
    with style.look(), any_script():
        if ax is None:
            size = (max(2.6 + 1.05 * n_columns, 5.6), 1.1 + 0.42 * n_rows)
            ax = plt.subplots(figsize=size, layout="constrained")[1]
            # over the names of rows as well: few columns are narrower than what is said of them
            ax.figure.suptitle(_TITLE, x=0.01, ha="left", size=style.RC["axes.titlesize"], weight="bold")
        else:
            ax.set_title(_TITLE)
        ax.grid(False)
        for y, group in enumerate(found.groups):
            for x, cell in enumerate(found.row(group)):
                face = _BLUES[cell.level - 1] if cell.look == REACHED else style.PAPER
                hatch = "////" if cell.look == CANNOT else None
                ax.add_patch(
                    Rectangle((x, y), 1, 1, facecolor=face, edgecolor=style.RULE, hatch=hatch, linewidth=0.8)
                )
                if cell.look == NOT_LEARNED:  # hatched and framed mean here what they mean on the map
                    place, size = (x + 0.05, y + 0.08), (0.9, 0.84)
                    ax.add_patch(Rectangle(place, *size, fill=False, edgecolor=FRAME, linewidth=1.6))
                ink = style.PAPER if cell.level == LEVELS else style.INK
                back = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.2} if hatch else None
                ax.text(x + 0.5, y + 0.5, cell.words, ha="center", va="center", color=ink, bbox=back)
        ax.set_xlim(0, n_columns)
        ax.set_ylim(n_rows, 0)
        ax.set_xticks([x + 0.5 for x in range(n_columns)], found.tasks)
        ax.set_yticks([y + 0.5 for y in range(n_rows)], list(found.groups))
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        for spine in ax.spines.values():
            spine.set_visible(False)
    return ax
