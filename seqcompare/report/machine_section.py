"""The part of a report that draws what the winner has learned, where a few states are enough to say it."""

from __future__ import annotations

from functools import partial

import pandas as pd

from seqcompare.automaton_drawing import draw_automaton
from seqcompare.report.comparison_view import ComparisonView
from seqcompare.report.figures import COMPARISON, FigureSpec, figures_of
from seqcompare.report.names import shown
from seqcompare.report.parts import Figure, Panel, Section
from seqcompare.results.machine import MACHINE, MACHINE_WORDS

ANCHOR = "machine"


def machine_section(view: ComparisonView) -> Section | None:
    """Return what is said of the machine of the winner; None where none was looked for."""
    kept = view.run.side_table(MACHINE_WORDS)
    if kept is None:
        return None
    words = (shown(str(kept["words"].iloc[0]), 400),)
    return Section(ANCHOR, "What it has learned", words, tuple(figures_of(view, ANCHOR).values()))


def _machine_figure(view: ComparisonView) -> Figure | None:
    edges = view.run.side_table(MACHINE)
    if edges is None or edges.empty:
        return None
    named = edges.assign(
        **{
            column: edges[column].map(lambda value: None if pd.isna(value) else shown(str(value), 12))
            for column in ("symbol", "answer")
        }
    )
    ways = named[(named["next"] >= 0) & ~(named["proba"] <= 0.01)]
    told = "; ".join(
        f"{state} reads {symbol}, goes to {after}"
        for state, symbol, after in zip(ways["state"], ways["symbol"], ways["next"], strict=True)
    )
    return Figure(
        name="machine",
        title="The smallest machine that is practically as good",
        caption=(
            "Of the winner, fitted to half of the data and asked about the other. Circles are states; an "
            "arrow is a symbol that is read, with its probability where that is what is predicted, or else "
            "the circle says its likeliest answer. States that predict alike are one. It is the machine of "
            "this model: what the model has not learned it does not show."
        ),
        alt=f"Automaton of {named['state'].nunique()} states: {told}.",
        panels=(Panel("", partial(draw_automaton, named)),),
        data=edges,
        size=(4.6, 4.2),
    )


FIGURES = (FigureSpec("machine", (COMPARISON,), _machine_figure, ANCHOR),)
