"""What a report is made of: sections of text, tables and figures; every form is written from these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pandas as pd
from matplotlib.axes import Axes

from seqcompare.report.columns import Writer
from seqcompare.style import Palette, SeriesStyle


@dataclass(frozen=True)
class Panel:
    """One set of axes.

    Parameters
    ----------
    title : str
        Above the axes; may be empty.
    draw : callable (Axes) -> Axes
        Draws into the axes it is given.
    """

    title: str
    draw: Callable[[Axes], Axes]


@dataclass(frozen=True)
class Figure:
    """One or several panels with what has to be said about them.

    Parameters
    ----------
    name : str
        Of its files.
    title : str
        A heading.
    caption : str
        How to read it.
    alt : str
        What it shows, for those who cannot see it.
    panels : tuple of Panel
        Side by side where there is room.
    data : DataFrame
        The numbers behind it.
    series : tuple of (str, SeriesStyle)
        The legend: what is drawn in which style. Empty where the panels name their lines themselves.
    writers : mapping of str to callable (float) -> str
        How columns of its numbers are written, where that is not as everywhere.
    y : str
        The column that its y axis shows, if it is one for all panels.
    size : (float, float)
        Of a panel, in inches.
    columns : int
        Panels in a row of the file.
    own : bool
        Whether it is one of the user's: a report is written without it where it cannot be made or drawn.
    """

    name: str
    title: str
    caption: str
    alt: str
    panels: tuple[Panel, ...]
    data: pd.DataFrame
    series: tuple[tuple[str, SeriesStyle], ...] = ()
    writers: Mapping[str, Writer] = field(default_factory=dict)
    y: str = ""
    size: tuple[float, float] = (3.4, 2.5)
    columns: int = 3
    own: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Parameters
    ----------
    name : str
        Of its files.
    title : str
        A heading.
    caption : str
        How to read it.
    frame : DataFrame
        The numbers, unrounded; its columns are named by `headings`.
    headings : dict of str to str
        Column to show -> words for it, in this order; the file holds all columns.
    writers : mapping of str to callable (float) -> str
        How columns are written, where that is not as everywhere.
    """

    name: str
    title: str
    caption: str
    frame: pd.DataFrame
    headings: dict[str, str]
    writers: Mapping[str, Writer] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """A part of a report with a heading of its own; of each command it has what it does, and the command."""

    anchor: str
    title: str
    text: tuple[str, ...] = ()
    parts: tuple[Figure | Table, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Paste:
    """A text that readers take with them: its name, what it is, and what one pastes."""

    name: str
    label: str
    text: str


@dataclass(frozen=True)
class Lead:
    """What a report opens with: its answer, drawn in a way of its own.

    Parameters
    ----------
    html : callable (anchors, themed) -> str
        Writes it as HTML. Given are the places of tables and figures on the page, by their names, and a
        function from the hex code of a colour to what stands for it there.
    markdown : str
        The same.
    pastes : tuple of Paste
        What to take along.
    files : mapping of str to callable () -> str or bytes
        What else is written into the folder, by path.
    """

    html: Callable[[Mapping[str, str], Callable[[str], str]], str]
    markdown: str
    pastes: tuple[Paste, ...] = ()
    files: Mapping[str, Callable[[], str | bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """A whole report.

    Parameters
    ----------
    title : str
        What it is about.
    question : str
        What was asked.
    verdict : tuple of str
        The answer, in plain sentences.
    headline : Figure or None
        The figure that shows the answer.
    sections : tuple of Section
        The rest, in order.
    files : dict of str to DataFrame
        Further tables, by the names of their CSV files.
    palette : Palette
        How families look in its figures: their colours have counterparts on a dark page.
    lead : Lead, optional
        What it opens with, in place of the sentences.
    """

    title: str
    question: str
    verdict: tuple[str, ...]
    headline: Figure | None
    sections: tuple[Section, ...] = field(default=())
    files: dict[str, pd.DataFrame] = field(default_factory=dict)
    palette: Palette = field(default_factory=Palette)
    lead: Lead | None = None

    def figures(self) -> list[Figure]:
        """Return all figures, the headline first."""
        mine = [part for section in self.sections for part in section.parts if isinstance(part, Figure)]
        return ([self.headline] if self.headline else []) + mine

    def without(self, failed: Mapping[str, str]) -> Report:
        """Return the report without some figures; their sections say why, of the headline the first.

        Parameters
        ----------
        failed : mapping of str to str
            Why, in sentences, by the names of figures.
        """
        headline, words = self.headline, dict(failed)
        sections = list(self.sections)
        for place, section in enumerate(sections):
            gone = [part.name for part in section.parts if part.name in words and isinstance(part, Figure)]
            if not place and headline is not None and headline.name in words:
                gone, headline = [headline.name, *gone], None
            stay = tuple(p for p in section.parts if not (isinstance(p, Figure) and p.name in words))
            sections[place] = replace(
                section, text=(*section.text, *(words[name] for name in gone)), parts=stay
            )
        return replace(self, headline=headline, sections=tuple(sections))

    def tables(self) -> list[Table]:
        """Return all tables."""
        return [part for section in self.sections for part in section.parts if isinstance(part, Table)]
