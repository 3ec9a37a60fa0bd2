"""The report of a run: one page, and the same as Markdown, tables and figures in files."""

from __future__ import annotations

import base64
import hashlib
import os
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from seqcompare import workers
from seqcompare.report import svg, tables
from seqcompare.report.columns import head_of
from seqcompare.report.drawing import draw_all
from seqcompare.report.figures import COMPARISON, SWEEP
from seqcompare.report.figures.canvas import series_id
from seqcompare.report.names import shown
from seqcompare.report.parts import Figure, Report, Section, Table
from seqcompare.results.folder import locked, open_run, read_config
from seqcompare.results.spreadsheet import to_csv
from seqcompare.whole_file import write_whole

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
    RunError
        If a process is still at work on it.
    """
    folder = Path(folder)
    read_config(folder)  # a lock would be left where there is no run
    with locked(folder):
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
    return write(report_of([Path(folder) for folder in folders]), Path(out))


def report_of(folders: Sequence[Path]) -> Report:
    """Return what is to be said of one run, or of several side by side.

    Parameters
    ----------
    folders : sequence of Path
        Folders of runs of one kind.

    Raises
    ------
    FileNotFoundError
        If a folder holds no run.
    ValueError
        If a run is of a kind that is not known, or kinds are mixed.
    """
    workers.prepare("seqcompare.report.drawing")
    runs = [open_run(folder) for folder in folders]
    kinds = {str(run.config.get("kind")) for run in runs}
    if len(kinds) != 1 or not kinds <= {SWEEP, COMPARISON}:
        where = ", ".join(map(str, folders))
        raise ValueError(
            f"{where}: expected runs of one kind, {SWEEP} or {COMPARISON}, got {', '.join(sorted(kinds))}"
        )
    # what the other kind is made of is not imported
    if len(runs) > 1:
        from seqcompare.report.side_by_side import side_by_side

        return side_by_side(runs)
    if kinds == {COMPARISON}:
        from seqcompare.report.comparison import comparison_report
        from seqcompare.results.comparison import StoredComparison

        return comparison_report(StoredComparison(folders[0]))
    from seqcompare.report.sweep import sweep_report

    return sweep_report(runs[0])


def write(report: Report, folder: Path) -> Path:
    """Write `report` in all its forms into `folder`; return the path of the page."""
    names = [figure.name for figure in report.figures()]
    again = next((name for name in names if names.count(name) > 1), None)
    if again is not None:
        raise ValueError(
            f"two figures are called {again!r}, and their files would be; rename the one of your own"
        )
    drawings, failed = draw_all(report.figures())
    for words in failed.values():
        warnings.warn(words, RuntimeWarning, stacklevel=2)
    report = report.without(failed)
    for name in ("tables", "figures"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for table in report.tables():
        write_whole(folder / "tables" / f"{table.name}.csv", to_csv(table.frame))
        if len(table.frame) <= MOST_PRINTED:
            write_whole(folder / "tables" / f"{table.name}.tex", tables.to_latex(table) + "\n")
    for name, frame in report.files.items():
        write_whole(folder / "tables" / f"{name}.csv", to_csv(frame))
    for name, drawing in drawings.items():
        write_whole(folder / "figures" / f"{name}.svg", drawing.svg)
        write_whole(folder / "figures" / f"{name}.png", drawing.png)
    for figure in report.figures():
        write_whole(folder / "figures" / f"{figure.name}.csv", to_csv(figure.data))
    for name in failed:  # what an earlier report has drawn would be taken for this one's
        for form in ("svg", "png", "csv"):
            (folder / "figures" / f"{name}.{form}").unlink(missing_ok=True)
    for name, make in (report.lead.files if report.lead else {}).items():
        write_whole(folder / name, make())
    write_whole(folder / "report.md", to_markdown(report))
    page = folder / "report.html"
    write_whole(page, to_html(report, {name: drawing.panels for name, drawing in drawings.items()}))
    return page


def to_html(report: Report, panels: Mapping[str, Sequence[str]]) -> str:
    """Return `report` as one self-contained page.

    Parameters
    ----------
    report : Report
        What it says.
    panels : mapping of str to sequence of str
        The panels of each figure as SVG documents, by its name.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    theme = report.palette.theme()
    color_names = {code: name for name, (code, _, _) in theme.items()}
    environment.filters["themed"] = themed = partial(svg.themed, names=color_names)
    script = Markup(_template("page.js"))
    looks = svg.Styles()
    inlined = {
        name: [
            Markup(looks.take_out(svg.inline(panel, f"g{place}p{k}", color_names)))
            for k, panel in enumerate(drawn)
        ]
        for place, (name, drawn) in enumerate(panels.items())
    }
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page: str = environment.from_string(_template("page.html.j2")).render(
        report=report,
        lead=Markup(report.lead.html(_anchors(report), themed)) if report.lead else None,
        answer_css=Markup(_template("answer.css")),
        headline=_figure(report.headline, inlined) if report.headline else None,
        sections=[_section(section, inlined) for section in report.sections],
        css=Markup(_css(theme)),
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
    if report.lead:
        lines += [report.lead.markdown, "**In sentences**", ""]
    lines += [f"- {text(sentence)}" for sentence in report.verdict]
    if report.headline:
        lines += _markdown_figure(report.headline)
    for section in report.sections:
        lines += ["", f"## {text(section.title)}", ""]
        for paragraph in section.text:
            lines += [text(paragraph), ""]
        for words, command in section.commands:
            lines += [f"{text(words)}:", "", f"    {command}", ""]
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


#: Tables that sentences rest on -> what shows them on the page, the first that is there.
_SHOWN_BY = {
    "contexts": ("f-context_curve",),
    "profile_facts": ("f-lag_profile", "t-evidence"),
    "failures": ("t-failures", "trials"),
    "judgement": ("t-pairs",),
    "classes": ("f-class_scores", "t-evidence"),
}


def _anchors(report: Report) -> dict[str, str]:
    """Return where each table stands on the page; the numbers of what is not there are in the evidence."""
    there = {table.name: f"t-{table.name}" for table in report.tables()}
    there |= {figure.name: f"f-{figure.name}" for figure in report.figures()}
    places = {*there.values(), *(section.anchor for section in report.sections)}
    for table, anchors in _SHOWN_BY.items():
        found = next((anchor for anchor in anchors if anchor in places), None)
        if found is not None:
            there[table] = found
    if "evidence" in there:
        there |= {name: "t-evidence" for name in report.files if name not in there}
    return there


def _section(section: Section, panels: Mapping[str, list[Markup]]) -> dict[str, object]:
    return {
        "anchor": section.anchor,
        "title": section.title,
        "text": section.text,
        "commands": section.commands,
        "parts": [
            _figure(part, panels) if isinstance(part, Figure) else _table(part, MOST_ROWS)
            for part in section.parts
        ],
    }


def _figure(figure: Figure, panels: Mapping[str, list[Markup]]) -> dict[str, object]:
    numbers = Table(
        figure.name, "", "", figure.data, {str(c): head_of(str(c)) for c in figure.data}, figure.writers
    )
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
            {"name": name, "id": series_id(name).removeprefix(svg.SERIES), "swatch": svg.swatch(look)}
            for name, look in figure.series
        ],
        "table": _table(numbers, MOST_NUMBERS),
    }


def _table(table: Table, most: int) -> dict[str, object]:
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
    return Table(
        table.name, table.title, table.caption, table.frame.head(most), table.headings, table.writers
    )


def _css(theme: Mapping[str, tuple[str, str, str]]) -> str:
    light, dark = ("".join(f"--{name}:{codes[k]};" for name, codes in theme.items()) for k in (1, 2))
    return _template("page.css").replace("{{light}}", light).replace("{{dark}}", dark)


def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _version() -> str:
    from seqcompare import __version__

    return __version__
