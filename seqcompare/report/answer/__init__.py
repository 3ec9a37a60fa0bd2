"""The answer of a comparison, in every form: a page, a notebook, a terminal, a paper, a slide."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from seqcompare.report.answer import forms
from seqcompare.report.answer.card import CARD, model_card
from seqcompare.report.answer.html import answer_html, note_html, notebook_html
from seqcompare.report.answer.methods import bibtex, methods
from seqcompare.report.answer.sheet import AnswerSheet, sheet_of
from seqcompare.report.names import plain
from seqcompare.report.parts import Lead, Paste
from seqcompare.report.svg import to_png
from seqcompare.results.answer import Answer
from seqcompare.results.comparison import ComparisonResult, StoredComparison
from seqcompare.typing import Record

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class ShownAnswer(Answer):
    """An answer that can be shown; what every form says is said once, in `sheet`.

    Parameters
    ----------
    sheet : AnswerSheet
        What is said.
    """

    sheet: AnswerSheet

    def to_markdown(self) -> str:
        """Return the answer as Markdown."""
        return forms.to_markdown(self.sheet)

    def to_text(self, width: int = 80) -> str:
        """Return the answer for a terminal of `width` columns."""
        return forms.to_text(self.sheet, width)

    def to_latex(self) -> str:
        """Return the table as LaTeX, for the packages booktabs and siunitx."""
        return forms.to_latex(self.sheet)

    def to_dict(self) -> Record:
        """Return the answer in plain values, as JSON has them."""
        return forms.to_plain(self.sheet)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the scores with their intervals, as the table of the page does.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        """
        from seqcompare.report.answer.slide import draw_scores

        return draw_scores(self.sheet, ax)

    def slide(self) -> Figure:
        """Return the answer as one picture of 16 by 9, for a slide."""
        from seqcompare.report.answer.slide import draw_slide

        return draw_slide(self.sheet)

    def __repr__(self) -> str:
        return "\n".join(f"{tile.label}: {tile.value} ({tile.note})" for tile in self.sheet.tiles)

    def _repr_html_(self) -> str:
        return notebook_html(self.sheet)

    def _repr_markdown_(self) -> str:
        return self.to_markdown()


def shown_answer(run: StoredComparison) -> ShownAnswer:
    """Return the answer of a comparison as it is shown."""
    found = run.result.answer
    sheet = sheet_of(run.result, str(run.folder), run.unsaved())
    return ShownAnswer(found.verdict, found.judgement, found.metric, found.table, found.forecaster, sheet)


def lead_of(answer: ShownAnswer, result: ComparisonResult, folder: str) -> Lead:
    """Return what the report of a comparison opens with.

    Parameters
    ----------
    answer : ShownAnswer
        The answer.
    result : ComparisonResult
        What it is made of.
    folder : str
        The folder of the run.
    """
    sheet = answer.sheet
    pastes = (
        Paste("commands", "Commands", "\n".join(offer.command for offer in sheet.offers)),
        Paste("latex", "LaTeX", answer.to_latex()),
        Paste("markdown", "Markdown", answer.to_markdown()),
        Paste("methods", "Methods", methods(result, sheet)),
        Paste("bibtex", "BibTeX", bibtex(result.config)),
    )
    winner = result.judgement.winner
    # beside the model, which is kept of whatever is named, sure or not
    kept = bool(winner) and winner not in result.references
    return Lead(
        html=partial(_with_sentences, sheet),
        markdown=answer.to_markdown(),
        pastes=pastes,
        files={
            "tables/answer.tex": answer.to_latex,
            "answer.json": lambda: json.dumps(plain(answer.to_dict()), indent=2, allow_nan=False) + "\n",
            "figures/answer.png": lambda: to_png(answer.slide()),
            **({CARD: partial(model_card, result, sheet, folder)} if kept else {}),
        },
    )


def _with_sentences(sheet: AnswerSheet, anchors: Mapping[str, str], themed: Callable[[str], str]) -> str:
    said = "".join(f"<li>{note_html(note, anchors)}</li>" for note in sheet.sentences)
    head = "<summary>The same in sentences, with the evidence</summary>"
    return f'{answer_html(sheet, anchors, themed)}\n<details class="said">{head}<ol>{said}</ol></details>'
