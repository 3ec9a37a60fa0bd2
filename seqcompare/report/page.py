"""The report of a run: one page, and the same as Markdown, tables and figures in files."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from seqcompare import style
from seqcompare.report import draw, tables
from seqcompare.report.figures.canvas import series_id
from seqcompare.report.names import shown
from seqcompare.report.parts import Figure, Report, Section, Table
from seqcompare.report.svg import SERIES, Styles, inline
from seqcompare.results.folder import to_csv

# Rows of a table on the page; the file holds all.
MOST_ROWS = 4000
MOST_NUMBERS = 800
# Rows of a table that anybody would print.
MOST_PRINTED = 200

_TEMPLATES = resources.files("seqcompare.report") / "templates"


def write_report(folder: str | os.PathLike[str]) -> Path:
    """Write the report of a run into its folder, from its store alone.

    Writes ``report.html``, ``report.md``, ``tables/*.csv``, ``tables/*.tex``, ``figures/*.svg`` and
    ``figures/*.png``. The same run gives the same bytes.

    Parameters
    ----------
    folder : path
        Folder of the run.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    FileNotFoundError
        If `folder` holds no run.
    """
    from seqcompare.report.contents import report_of

    folder = Path(folder)
    return write(report_of([folder]), folder)


def write_side_by_side(folders: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]) -> Path:
    """Write one report that sets several runs side by side.

    Parameters
    ----------
    folders : sequence of path
        Folders of the runs, all sweeps or all comparisons.
    out : path
        Where the report goes.

    Returns
    -------
    Path
        The page.
    """
    from seqcompare.report.contents import report_of

    return write(report_of([Path(folder) for folder in folders]), Path(out))


def write(report: Report, folder: Path) -> Path:
    """Write `report` in all its forms into `folder`; return the path of the page."""
    for name in ("tables", "figures"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for table in report.tables():
        _write(folder / "tables" / f"{table.name}.csv", to_csv(table.frame))
        if len(table.frame) <= MOST_PRINTED:
            _write(folder / "tables" / f"{table.name}.tex", tables.to_latex(table) + "\n")
    for name, frame in report.files.items():
        _write(folder / "tables" / f"{name}.csv", to_csv(frame))
    panels = {}
    for figure in report.figures():
        panels[figure.name] = draw.panels_of(figure)
        drawn = draw.together(figure, panels[figure.name])
        _write(folder / "figures" / f"{figure.name}.svg", drawn.svg)
        (folder / "figures" / f"{figure.name}.png").write_bytes(drawn.png)
        _write(folder / "figures" / f"{figure.name}.csv", to_csv(figure.data))
    _write(folder / "report.md", to_markdown(report))
    page = folder / "report.html"
    _write(page, to_html(report, panels))
    return page


def to_html(report: Report, panels: Mapping[str, list[draw.Drawn]]) -> str:
    """Return `report` as one self-contained page.

    Parameters
    ----------
    report : Report
        What it says.
    panels : mapping of str to list of Drawn
        The drawn panels of each figure, by its name.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["themed"] = _themed
    script = Markup(_template("page.js"))
    looks = Styles()
    inlined = {
        name: [Markup(looks.take_out(inline(one.svg, f"g{place}p{k}"))) for k, one in enumerate(drawn)]
        for place, (name, drawn) in enumerate(panels.items())
    }
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page: str = environment.from_string(_template("page.html.j2")).render(
        report=report,
        headline=_figure(report.headline, inlined) if report.headline else None,
        sections=[_section(section, inlined) for section in report.sections],
        css=Markup(_css()),
        figure_css=Markup(looks.css()),
        script=script,
        script_hash=f"sha256-{digest}",
        version=_version(),
    )
    return page


def to_markdown(report: Report) -> str:
    """Return `report` as Markdown that shows the figures beside it."""
    text = tables.markdown_text
    lines = [f"# {text(report.title)}", "", text(report.question), ""]
    lines += [f"- {text(sentence)}" for sentence in report.verdict]
    if report.headline:
        lines += _markdown_figure(report.headline)
    for section in report.sections:
        lines += ["", f"## {text(section.title)}", ""]
        for paragraph in section.text:
            lines += [text(paragraph), ""]
        for part in section.parts:
            if isinstance(part, Figure):
                lines += _markdown_figure(part)
            else:
                lines += ["", f"### {text(part.title)}", "", text(part.caption), ""]
                lines += [tables.to_markdown(_first(part, 60)), ""]
                if len(part.frame) > 60:
                    lines += [
                        f"The first 60 of {len(part.frame)} rows; all are in `tables/{part.name}.csv`.",
                        "",
                    ]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_figure(figure: Figure) -> list[str]:
    text = tables.markdown_text
    return [
        "",
        f"### {text(figure.title)}",
        "",
        f"![{text(figure.alt)}](figures/{figure.name}.svg)",
        "",
        text(figure.caption),
        "",
    ]


def _section(section: Section, panels: Mapping[str, list[Markup]]) -> dict[str, Any]:
    return {
        "anchor": section.anchor,
        "title": section.title,
        "text": section.text,
        "parts": [
            _figure(part, panels) if isinstance(part, Figure) else _table(part, MOST_ROWS)
            for part in section.parts
        ],
    }


def _figure(figure: Figure, panels: Mapping[str, list[Markup]]) -> dict[str, Any]:
    numbers = Table(figure.name, "", "", figure.data, {str(c): str(c) for c in figure.data.columns})
    return {
        "kind": "figure",
        "name": figure.name,
        "title": figure.title,
        "caption": figure.caption,
        "alt": figure.alt,
        "panels": panels[figure.name],
        "columns": figure.columns,
        "width": round(figure.size[0] * 140),
        "least": round(figure.size[0] * 100),
        "narrow": round(figure.size[0] * 74),
        "series": [
            {"name": name, "id": series_id(name).removeprefix(SERIES), "swatch": draw.swatch(look)}
            for name, look in figure.series
        ],
        "table": _table(numbers, MOST_NUMBERS),
    }


def _table(table: Table, most: int) -> dict[str, Any]:
    rows = tables.rows(_first(table, most))
    return {
        "kind": "table",
        "name": table.name,
        "title": table.title,
        "caption": table.caption,
        "heads": [shown(head) for head in table.headings.values()],
        # among words, numbers keep to the left with them
        "numeric": [
            any(row[k].number for row in rows) and all(row[k].number or not row[k].text for row in rows)
            for k in range(len(table.headings))
        ],
        "rows": rows,
        "left_out": max(0, len(table.frame) - most),
    }


def _first(table: Table, most: int) -> Table:
    return Table(table.name, table.title, table.caption, table.frame.head(most), table.headings)


def _css() -> str:
    light, dark = (
        "".join(f"--{name}:{codes[place]};" for name, codes in style.theme_colors().items())
        for place in (1, 2)
    )
    return _template("page.css").replace("{{light}}", light).replace("{{dark}}", dark)


def _themed(color: str) -> str:
    for name, (code, _, _) in style.theme_colors().items():
        if code == color:
            return f"var(--{name},{color})"
    return color


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _version() -> str:
    from seqcompare import __version__

    return __version__
