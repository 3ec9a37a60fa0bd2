"""The answer of a sweep: how far each family reaches on each task, as one matrix with a sentence below."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import pandas as pd

from seqcompare.report.answer.html import style_sheet
from seqcompare.report.answer.methods import bibtex
from seqcompare.report.answer.tiles import Tile
from seqcompare.report.names import plain
from seqcompare.report.parts import Lead, Paste
from seqcompare.report.svg import to_png
from seqcompare.report.sweep_answer import forms
from seqcompare.report.sweep_answer.picture import draw
from seqcompare.report.sweep_answer.reaches import Reaches, reaches_of
from seqcompare.report.sweep_answer.words import sentence_of, tiles_of_sweep
from seqcompare.report.sweep_tables import SweepView
from seqcompare.results.folder import StoredRun
from seqcompare.results.helping import Helping
from seqcompare.typing import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class SweepAnswer(Helping):
    """How far the best model of each family reaches on each task.

    Parameters
    ----------
    found : Reaches
        The matrix.
    tiles : tuple of Tile
        What is said first.
    """

    found: Reaches
    tiles: tuple[Tile, ...]

    @property
    def sentence(self) -> str:
        """What the matrix says, in one sentence with names and capacities."""
        return sentence_of(self.found)

    def frame(self) -> pd.DataFrame:
        """Return the matrix as a table: a row a family, a column a task, in each cell the reach in words."""
        rows = {group: [cell.words for cell in self.found.row(group)] for group in self.found.groups}
        table = pd.DataFrame.from_dict(rows, orient="index", columns=list(self.found.tasks))
        return table.rename_axis("best model of")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the matrix.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        """
        return draw(self.found, ax)

    def slide(self) -> Figure:
        """Return the matrix as one picture, for a slide."""
        return cast("Figure", draw(self.found).figure)

    def to_markdown(self) -> str:
        """Return the answer as Markdown."""
        return forms.markdown_of(self.found, self.tiles)

    def to_text(self, width: int = 80) -> str:
        """Return the matrix and its sentence for a terminal of `width` columns."""
        return forms.text_of(self.found, width)

    def to_latex(self) -> str:
        """Return the matrix as LaTeX, for the package booktabs."""
        return forms.latex_of(self.found)

    def to_dict(self) -> Record:
        """Return the answer in plain values, as JSON has them."""
        return forms.plain_of(self.found, self.tiles)

    def __repr__(self) -> str:
        return "\n".join(f"{tile.label}: {tile.value} ({tile.note})" for tile in self.tiles)

    def _repr_html_(self) -> str:
        return f"<style>{style_sheet()}</style>{forms.html_of(self.found, self.tiles)}"

    def _repr_markdown_(self) -> str:
        return self.to_markdown()


def sweep_answer(run: StoredRun) -> SweepAnswer:
    """Return the answer of a sweep as it is shown.

    Raises
    ------
    ValueError
        If nothing was swept over distance.
    """
    answer = _answer_of(SweepView(run.frame(), run.config, run))
    if answer is None:
        raise ValueError("nothing was swept over distance: there is no reach to tell")
    return answer


def lead_of_sweep(view: SweepView, sentences: tuple[str, ...], config: Mapping[str, object]) -> Lead | None:
    """Return what the report of a sweep opens with; None where nothing was swept over distance."""
    answer = _answer_of(view)
    if answer is None:
        return None
    pastes = (
        Paste("latex", "LaTeX", answer.to_latex()),
        Paste("markdown", "Markdown", answer.to_markdown()),
        Paste("bibtex", "BibTeX", bibtex(config, tests=False)),
    )
    return Lead(
        html=partial(forms.page_html, answer.found, answer.tiles, sentences),
        markdown=answer.to_markdown(),
        pastes=pastes,
        files={
            "tables/answer.tex": answer.to_latex,
            "answer.json": lambda: json.dumps(plain(answer.to_dict()), indent=2, allow_nan=False) + "\n",
            "figures/answer.png": lambda: to_png(answer.slide()),
        },
    )


def _answer_of(view: SweepView) -> SweepAnswer | None:
    if view.swept.empty or view.best_horizons().empty:
        return None
    found = reaches_of(view)
    return SweepAnswer(found, tiles_of_sweep(view, found))
