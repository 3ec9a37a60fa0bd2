"""Figures, and the open list of those that a report shows.

The modules beside this one draw; what a report says of a drawing is put around it where its section is
written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import NoReturn, Protocol

import pandas as pd
from matplotlib.axes import Axes

from seqcompare.registry import Registry
from seqcompare.report.parts import Figure, Panel, Section
from seqcompare.results.folder import StoredRun
from seqcompare.style import Palette

SWEEP, COMPARISON = "sweep", "comparison"
#: Where the figure stands that shows the answer.
VERDICT = "verdict"


class FigureError(Exception):
    """What went wrong while a figure of the user's was made."""


class View(Protocol):
    """What a figure may read of a run: a `seqcompare.report.sweep_tables.SweepView` or a `ComparisonView`."""

    @property
    def kind(self) -> str:
        """What kind of run it is: "sweep" or "comparison"."""

    @property
    def run(self) -> StoredRun:
        """The run as it is stored: ``run.frame()`` gives its rows, ``run.config`` its configuration."""

    @property
    def palette(self) -> Palette:
        """How its families look."""


@dataclass(frozen=True, eq=False)
class FigureSpec:
    """A figure that reports show, for any run that has what it needs.

    Parameters
    ----------
    name : str
        What the list calls it.
    kinds : tuple of {"sweep", "comparison"}
        The kinds of runs that it is for.
    make : callable (view) -> Figure or None
        Makes it of a run; None where the run does not have what it needs.
    section : str, optional
        The anchor of the section that it stands in, after what is there; by default, and where a report has
        no such section, further figures have one of their own.
    """

    name: str
    kinds: tuple[str, ...]
    make: Callable[..., Figure | None]
    section: str = ""

    @classmethod
    def of(
        cls,
        name: str,
        title: str,
        draw: Callable[[pd.DataFrame, Axes, View], object],
        data: Callable[..., pd.DataFrame | None],
        *,
        kinds: tuple[str, ...] = (SWEEP, COMPARISON),
        caption: str = "",
        alt: str = "",
        by: str = "",
        section: str = "",
        size: tuple[float, float] = (5.2, 3.2),
    ) -> FigureSpec:
        """Make a figure of a function that draws.

        Parameters
        ----------
        name, kinds, section
            As above; files are called by the name as well.
        title, caption, alt : str
            A heading, how to read it, and what it shows for those who cannot see it.
        draw : callable (DataFrame, Axes, view)
            Draws the numbers into the axes; ``view.palette.style(family)`` says how a family looks.
        data : callable (view) -> DataFrame or None
            Returns the numbers behind it, which are kept beside the figure; none where there is nothing to
            draw.
        by : str, optional
            The column of which each value has a panel of its own.
        size : (float, float)
            Of a panel, in inches.
        """
        words = (title, caption, alt or f"{title}; the numbers follow below.")
        return cls(name, kinds, partial(_drawn, name, words, draw, data, by, size), section)


def _drawn(
    name: str,
    words: tuple[str, str, str],
    draw: Callable[[pd.DataFrame, Axes, View], object],
    data: Callable[..., pd.DataFrame | None],
    by: str,
    size: tuple[float, float],
    view: View,
) -> Figure | None:
    table = data(view)
    if table is None or table.empty:
        return None
    parts = table.groupby(by, sort=False) if by else [("", table)]
    panels = tuple(Panel(str(value), partial(_into, draw, part, view)) for value, part in parts)
    return Figure(name, *words, panels, table, size=size)


def _into(
    draw: Callable[[pd.DataFrame, Axes, View], object], part: pd.DataFrame, view: View, ax: Axes
) -> Axes:
    draw(part, ax, view)
    return ax


def _built_in() -> Iterable[FigureSpec]:
    rooms = (
        "sweep_skill",
        "sweep_cost",
        "sweep_training",
        "comparison_sections",
        "context_sections",
        "number_sections",
        "machine_section",
    )
    return [spec for room in rooms for spec in import_module(f"seqcompare.report.{room}").FIGURES]


#: Every figure by its name and the kinds of runs that it is for.
FIGURES: Registry[FigureSpec] = Registry("figure", _built_in, "seqcompare.figures")


def register_figure(figure: FigureSpec, *, replace: bool = False) -> FigureSpec:
    """Add a figure to those that reports show; see `Registry.register`."""
    return FIGURES.register(figure, replace=replace)


def figures_of(view: View, section: str) -> dict[str, Figure]:
    """Return the figures of a section that a run has, by their names."""
    found, own = {}, FIGURES.added()
    for spec in FIGURES.values():
        if spec.section == section and view.kind in spec.kinds:
            figure = _own(spec, view) if spec.name in own else spec.make(view)
            if figure is not None:
                found[spec.name] = figure
    return found


def _own(spec: FigureSpec, view: View) -> Figure | None:
    """Return a figure of the user's; one that raises does so again where it is drawn."""
    try:
        figure = spec.make(view)
        return None if figure is None else replace(figure, own=True)
    except Exception as error:
        panel = Panel("", partial(_raise, f"{type(error).__name__}: {error}"))
        return Figure(spec.name, spec.name, "", "", (panel,), pd.DataFrame(), own=True)


def _raise(words: str, ax: Axes) -> NoReturn:
    raise FigureError(words)


def further_section(
    view: View, headline: Figure | None, sections: Iterable[Section | None]
) -> Section | None:
    """Return what users have registered and no section of the report shows; None if there is nothing.

    Parameters
    ----------
    view : View
        The run.
    headline : Figure or None
        The figure that shows the answer; further ones of its place are shown here.
    sections : iterable of Section or None
        The other sections of the report.
    """
    anchors = {section.anchor for section in sections if section is not None}
    mine = {name: spec for name, spec in FIGURES.added().items() if spec.section not in anchors}
    shown = {headline.name} if headline else set()
    figures = [
        figure
        for place in dict.fromkeys(spec.section for spec in mine.values())
        for name, figure in figures_of(view, place).items()
        if name in mine and not (place == VERDICT and figure.name in shown)
    ]
    if not figures:
        return None
    text = "These were registered beside those that come with the package."
    return Section("further", "Further figures", (text,), tuple(figures))
