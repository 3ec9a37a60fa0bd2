"""The answer of a comparison as a piece of HTML: the same in the report and in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from importlib import resources

from seqcompare.report.answer.axis import Axis
from seqcompare.report.answer.sheet import MAYBE, AnswerSheet, Note, Row
from seqcompare.report.answer.tiles import Tile
from seqcompare.report.svg import swatch
from seqcompare.results.judgement import ENOUGH
from seqcompare.style import SeriesStyle

_WIDTH, _HEIGHT, _MARGIN = 190, 26, 14

#: What a narrow screen calls a column.
_NARROW = {
    "sure": "as good as the best",
    "parameters": "parameters",
    "step_time": "time a step",
    "fit_time": "training",
}

#: Takes a hex code to what stands for it on a page.
Themed = Callable[[str], str]


def style_sheet() -> str:
    """Return the rules that an answer is set by; they touch nothing else."""
    return (resources.files("seqcompare.report") / "templates" / "answer.css").read_text(encoding="utf-8")


def answer_html(
    sheet: AnswerSheet, anchors: Mapping[str, str] | None = None, themed: Themed = lambda color: color
) -> str:
    """Return the tiles, the table and the two lists.

    Parameters
    ----------
    sheet : AnswerSheet
        What it says.
    anchors : mapping of str to str, optional
        Where each table stands on the page; what is not there gets no link.
    themed : callable (str) -> str
        Takes the hex code of a colour to what stands for it on the page.
    """
    return "\n".join(
        [
            '<div class="sq-answer">',
            tiles_html(sheet.tiles),
            _next_html(sheet),
            table_html(sheet, themed),
            lists_html(sheet, anchors or {}),
            "</div>",
        ]
    )


def notebook_html(sheet: AnswerSheet) -> str:
    """Return the answer with its rules and its question, for a notebook."""
    head = f'<p class="sq-title"><b>{escape(sheet.title)}</b> {escape(sheet.subtitle)}</p>'
    body = answer_html(sheet).replace('<div class="sq-answer">', f'<div class="sq-answer sq-alone">{head}', 1)
    return f"<style>{style_sheet()}</style>{body}"


def tiles_html(tiles: tuple[Tile, ...]) -> str:
    """Return the tiles, a definition list: what each says is found by its name."""
    cells = "".join(
        f'<div class="sq-tile {escape(tile.tone)}"><dt>{escape(tile.label)}</dt>'
        f"<dd><b>{escape(tile.value)}</b><small>{escape(tile.note)}</small></dd></div>"
        for tile in tiles
    )
    return f'<dl class="sq-tiles">{cells}</dl>'


def table_html(sheet: AnswerSheet, themed: Themed) -> str:
    """Return the table, a row a model, with the axis below the drawn scores."""
    # a phone shows rows as cards, and what is displayed as blocks counts as no table any more: roles say it
    heads = "".join(
        f'<th scope="col" role="columnheader" class="sq-{name}">{escape(words)}'
        f"{f'<small>{escape(small)}</small>' if small else ''}</th>"
        for name, (words, small) in sheet.heads.items()
    )
    rows = "".join(_row(row, sheet, themed) for row in sheet.rows)
    untried = "".join(f'<p class="sq-untried">{escape(words)}</p>' for words in sheet.untried)
    if not rows:
        return untried
    rest = len(sheet.heads) - 4
    axis = (
        f'<td></td><td></td><td></td><td class="sq-drawn">{_ticks(sheet.axis)}</td><td colspan="{rest}"></td>'
    )
    # the axis is a picture of what the cells say in numbers
    foot = f'<tfoot aria-hidden="true"><tr class="sq-ticks">{axis}</tr></tfoot>' if sheet.axis.ticks else ""
    return (
        '<div class="sq-wide" tabindex="0" role="region" aria-label="The models, and how good each is">'
        '<table class="sq-table" role="table"><caption class="sq-unseen">Every model: status, score, gain, '
        f'reach and cost</caption><thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody>{foot}</table></div>{untried}'
    )


def _row(row: Row, sheet: AnswerSheet, themed: Themed) -> str:
    kind = "sq-floor" if row.is_reference and not row.mark else "sq-" + row.status.replace(" ", "-")
    if row.status == ENOUGH and row.mark == MAYBE:
        kind += " sq-unsure"
    mark = f'<span class="sq-mark" aria-hidden="true">{row.mark}</span>' if row.mark else ""
    cells = {
        "status": f'<span class="sq-both">{mark}<span>{escape(row.status_words)}</span></span>',
        "score": f"<b>{escape(row.score)}</b><small>{escape(row.interval)}</small>"
        f"<small>{escape(row.beside)}</small>",
        "drawn": _drawn(row, sheet, themed),
        "gain": _gain(row),
        "sure": escape(row.sure),
        "reach": f"{escape(row.reach)}<small>{escape(row.reach_interval)}</small>",
        "parameters": escape(row.parameters),
        "step_time": escape(row.step_time),
        "fit_time": escape(row.fit_time),
    }
    name = f"{key_html(row.look, themed)}<b>{escape(row.name)}</b><small>{escape(row.candidate)}</small>"
    said = {"name": f'<th scope="row" role="rowheader" class="sq-name">{name}</th>'}
    said |= {
        column: f'<td role="cell" {_labels(column, inner, sheet)}>{inner}</td>'
        for column, inner in cells.items()
    }
    return f'<tr role="row" class="{kind}">{"".join(said[column] for column in sheet.heads)}</tr>'


def _labels(column: str, inner: str, sheet: AnswerSheet) -> str:
    """Return classes and head of a cell; what holds nothing is left out on phones."""
    none = " sq-none" if inner.startswith("–") else ""
    head = escape(_NARROW.get(column, sheet.heads[column][0]))
    return f'class="sq-{column}{none}" data-head="{head}"'


def _gain(row: Row) -> str:
    if not row.over:
        return row.gain if row.gain != "–" else ""
    return f"<b>{escape(row.gain)}</b> over {escape(row.over)}<small>{escape(row.gain_interval)}</small>"


def key_html(look: SeriesStyle, themed: Themed) -> str:
    """Return the mark of a model, as the figures draw it."""
    return f'<svg class="sq-key" viewBox="-7 -7 14 14" aria-hidden="true">{_mark(look, themed)}</svg>'


def _mark(look: SeriesStyle, themed: Themed, at: str = "") -> str:
    found, color = swatch(look), themed(look.color)
    paint = f'stroke="{color}" stroke-width="2.4" fill="none"' if found.crossed else f'fill="{color}"'
    return f'<path d="{found.path}" {paint}{at}/>'


def _drawn(row: Row, sheet: AnswerSheet, themed: Themed) -> str:
    """Return the score with its interval on the axis; an arrow, where it lies beyond."""
    score, axis, color = row.values["score"], sheet.axis, themed(row.look.color)
    if score is None or not axis.ticks:
        return ""
    middle = _HEIGHT / 2
    parts = []
    if axis.zone:
        left, right = (_across(axis, end) for end in axis.zone)
        # as narrow as the tolerance may be, it has to be seen
        width = max(right - left, 1.5)
        parts.append(f'<rect class="sq-zone" x="{left:.1f}" y="0" width="{width:.1f}" height="{_HEIGHT}"/>')
    place = axis.place(float(score))
    if 0 <= place <= 1:
        if row.interval:
            low, high = (_across(axis, float(row.values[name])) for name in ("low", "high"))
            parts.append(
                f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}" stroke="{color}" '
                'stroke-width="2.5"/>'
            )
            # an interval that goes on beyond the axis must not look as if it ended there
            ends = [axis.place(float(row.values[name])) for name in ("low", "high")]
            parts += [_arrow(end < 0, color) for end in ends if not 0 <= end <= 1]
        at = f' transform="translate({_across(axis, float(score)):.1f} {middle})"'
        parts.append(_mark(row.look, themed, at))
    else:
        parts.append(_arrow(place < 0, color))
    words = f"{row.score}{f', 95% interval {row.interval}' if row.interval else ''}"
    words += "" if 0 <= place <= 1 else ", off the axis"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" role="img" '
        f'aria-label="{escape(words)}"><title>{escape(words)}</title>{"".join(parts)}</svg>'
    )


def _arrow(down: bool, color: str) -> str:
    """Return an arrow at the end of the axis at which something lies beyond it."""
    tip, back = (5, 12) if down else (_WIDTH - 5, _WIDTH - 12)
    middle = _HEIGHT / 2
    return (
        f'<path d="M{back} {middle - 5}L{tip} {middle}L{back} {middle + 5}" fill="none" stroke="{color}" '
        'stroke-width="2"/>'
    )


def _ticks(axis: Axis) -> str:
    marks = "".join(
        f'<line x1="{_across(axis, v):.1f}" x2="{_across(axis, v):.1f}" y1="0" y2="4"/>'
        f'<text x="{_across(axis, v):.1f}" y="15" text-anchor="middle">{escape(words)}</text>'
        for v, words in axis.ticks
    )
    return f'<svg class="sq-scale" viewBox="0 0 {_WIDTH} 18" width="{_WIDTH}" height="18">{marks}</svg>'


def _across(axis: Axis, value: float) -> float:
    inside = min(max(axis.place(value), -0.02), 1.02)
    return _MARGIN + inside * (_WIDTH - 2 * _MARGIN)


def lists_html(sheet: AnswerSheet, anchors: Mapping[str, str]) -> str:
    """Return what to do next, and what is not said."""
    pasted = "".join(
        f'<p>{escape(offer.words)}:</p><pre tabindex="0">{escape(offer.command)}</pre>'
        for offer in sheet.offers
    )
    todo = "".join(f"<li>{note_html(note, anchors)}</li>" for note in sheet.todo)
    limits = "".join(f"<li>{note_html(note, anchors)}</li>" for note in sheet.limits)
    return (
        f'<div class="sq-two"><section id="what-next"><h3>What to do next</h3>{pasted}'
        f"{f'<ul>{todo}</ul>' if todo else ''}</section>"
        + (f"<section><h3>What this does not say</h3><ul>{limits}</ul></section>" if limits else "")
        + "</div>"
    )


def _next_html(sheet: AnswerSheet) -> str:
    """Return what to do next in one line: on a phone the list is below the first screen."""
    if not sheet.offers and not sheet.todo:
        return ""
    # where a model is named it can be used, however sure that is
    if sheet.todo and not any(offer.in_python for offer in sheet.offers):
        return f'<p class="sq-next">Next: {escape(sheet.todo[0].text)} <a href="#what-next">more</a></p>'
    # a line may break between words, and at no dash
    command = " ".join(f"<span>{escape(word)}</span>" for word in sheet.offers[0].command.split(" "))
    return f'<p class="sq-next">Next: <code>{command}</code> <a href="#what-next">more</a></p>'


def note_html(note: Note, anchors: Mapping[str, str]) -> str:
    """Return a sentence with links to its evidence."""
    known = {anchors[table]: table for table in note.tables if table in anchors}
    links = " ".join(
        f'<a href="#{anchor}" class="sq-evidence">{escape(table.replace("_", " "))}</a>'
        for anchor, table in known.items()
    )
    return f"{escape(note.text)}{f' {links}' if links else ''}"
