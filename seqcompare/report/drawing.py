"""Every figure of a report in all its forms, drawn by the workers of this process where it has some."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pickle import PicklingError
from typing import NamedTuple

import joblib
import matplotlib as mpl
from joblib.externals.loky.process_executor import BrokenProcessPool

from seqcompare import workers
from seqcompare.report import svg
from seqcompare.report.figures import FigureError
from seqcompare.report.names import shown
from seqcompare.report.parts import Figure


class Drawing(NamedTuple):
    """A figure in all its forms.

    Attributes
    ----------
    panels : list of str
        Each panel as an SVG document.
    svg : str
        All of them under their legend, as one.
    png : bytes
        The same as a picture, at print quality.
    """

    panels: list[str]
    svg: str
    png: bytes


def draw_all(figures: Iterable[Figure]) -> tuple[dict[str, Drawing], dict[str, str]]:
    """Return each figure's drawing, by its name; and of those of the user's that fail, in a sentence why."""
    figures = list(figures)
    drawn = _drawn_by_workers(figures) if workers.n_idle() else {}
    every = {figure.name: drawn.get(figure.name) or _drawn(figure) for figure in figures}
    failed = {name: found for name, found in every.items() if isinstance(found, str)}
    return {name: found for name, found in every.items() if isinstance(found, Drawing)}, failed


def _drawn(figure: Figure) -> Drawing | str:
    if not figure.own:
        return draw(figure)
    try:
        return draw(figure)
    except Exception as error:  # whatever a function of the user's does
        words = str(error) if isinstance(error, FigureError) else f"{type(error).__name__}: {error}"
        return f"The report is without the figure {shown(figure.name, 60)}, which failed: {shown(words, 300)}"


def draw(figure: Figure) -> Drawing:
    """Draw one figure."""
    try:
        panels = svg.panels_of(figure)
        whole = svg.together(figure, panels)
    except Exception as error:
        error.add_note(f"while drawing the figure {figure.name!r}")
        raise
    return Drawing([panel.svg for panel in panels], whole.svg, whole.png())


def _drawn_by_workers(figures: Iterable[Figure]) -> dict[str, Drawing | str]:
    """Return what workers have drawn: all, unless one of them dies, or a figure cannot be sent to them."""
    large_first = sorted(figures, key=lambda figure: len(figure.panels), reverse=True)
    parallel = workers.parallel(workers.n_idle(), batch_size=1, return_as="generator_unordered")
    drawn: dict[str, Drawing | str] = {}
    with suppress(BrokenProcessPool, PicklingError):
        drawn.update(parallel(joblib.delayed(_draw_in_worker)(figure) for figure in large_first))
    return drawn


def _draw_in_worker(figure: Figure) -> tuple[str, Drawing | str]:
    mpl.use("agg")  # no worker opens a window
    return figure.name, _drawn(figure)
