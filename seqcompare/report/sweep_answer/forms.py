"""The matrix of a sweep in words: a page, Markdown, a terminal, LaTeX, plain values."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape

from tabulate import tabulate

from seqcompare.report.answer.html import key_html, tiles_html
from seqcompare.report.answer.tiles import Tile
from seqcompare.report.sweep_answer.reaches import CANNOT, LEGEND, NOT_LEARNED, REACHED, ReachCell, Reaches
from seqcompare.report.sweep_answer.words import sentence_of
from seqcompare.report.tables import markdown_text, tex_text
from seqcompare.typing import Record

#: The shade of the cell that the legend shows.
_SHADE = {REACHED: " sq-l3"}
_WORDS = re.compile("(?<=[a-z])(?=[A-Z])")


def markdown_of(found: Reaches, tiles: tuple[Tile, ...]) -> str:
    """Return the tiles, the matrix and its sentence as Markdown."""
    heads, table = _table(found)
    rows = [[markdown_text(text) for text in row] for row in table]
    matrix = tabulate(rows, headers=list(map(markdown_text, heads)), tablefmt="pipe", disable_numparse=True)
    return "\n".join(
        [
            *(f"- **{markdown_text(f'{t.label}: {t.value}')}** ({markdown_text(t.note)})" for t in tiles),
            "",
            str(matrix),
            "",
            *(f"- {markdown_text(f'{mark}: {words}')}" for mark, words in LEGEND.values() if mark),
            "",
            markdown_text(sentence_of(found)),
            "",
        ]
    )


def plain_of(found: Reaches, tiles: tuple[Tile, ...]) -> Record:
    """Return the answer in plain values, as JSON has them."""
    return {
        "tiles": [{"label": t.label, "value": t.value, "note": t.note} for t in tiles],
        "rows": [
            {"best_model_of": group, "task": task, "reach": cell.words, "look": cell.look}
            for group in found.groups
            for task, cell in zip(found.tasks, found.row(group), strict=True)
        ],
        "members": dict(found.members),
        "sentence": sentence_of(found),
    }


def text_of(found: Reaches, width: int = 80) -> str:
    """Return the matrix and its sentence for a terminal of `width` columns; in parts, where it is wider."""
    groups = list(found.groups)
    rows = [[task, *(found.row(g)[k].words for g in groups)] for k, task in enumerate(found.tasks)]
    whole = partial(tabulate, tablefmt="plain", disable_numparse=True, stralign="right")
    for n in range(len(groups), 0, -1):
        parts = [
            str(whole([[row[0], *row[1 + k : 1 + k + n]] for row in rows], headers=["", *groups[k : k + n]]))
            for k in range(0, len(groups), n)
        ]
        if n == 1 or all(len(line) <= width for part in parts for line in part.splitlines()):
            break
    return "\n\n".join([*parts, textwrap.fill(sentence_of(found), width, break_on_hyphens=False)])


def latex_of(found: Reaches) -> str:
    """Return the matrix as LaTeX, for the package booktabs."""
    heads, table = _table(found)

    def line(cells: Sequence[str]) -> str:
        return " & ".join(tex_text(c.replace("✕", "x")) for c in cells) + r" \\"

    body = [
        *(r"\begin{table}", rf"\caption{{{tex_text(sentence_of(found))}}}", r"\label{tab:reach}"),
        rf"\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        *(r"\toprule", line(heads), r"\midrule", *map(line, table)),
        *(r"\bottomrule", r"\end{tabular}", r"\end{table}"),
    ]
    return "\n".join(body) + "\n"


def html_of(
    found: Reaches,
    tiles: tuple[Tile, ...],
    anchors: Mapping[str, str] | None = None,
    themed: Callable[[str], str] = str,
) -> str:
    """Return the tiles, the matrix and its sentence as a part of a page.

    Parameters
    ----------
    found : Reaches
        The matrix.
    tiles : tuple of Tile
        What stands above it.
    anchors : mapping of str to str, optional
        Where each table stands on the page; what is not there gets no link.
    themed : callable (str) -> str
        Takes the hex code of a colour to what stands for it on the page.
    """
    anchors = anchors or {}
    # a name of two words may break between them, so that many tasks have room
    heads = "".join(f'<th scope="col">{_WORDS.sub("<wbr>", escape(task))}</th>' for task in found.tasks)
    rows = "".join(
        f'<tr><th scope="row">{key_html(look, themed)}{escape(group)}</th>'
        + "".join(_cell_html(task, group, c) for task, c in zip(found.tasks, found.row(group), strict=True))
        + "</tr>"
        for group, look in found.groups.items()
    )
    legend = "".join(
        f'<li><span class="sq-reach-cell sq-{look}{_SHADE.get(look, "")}">{escape(mark)}</span> '
        f"{escape(words)}</li>"
        for look, (mark, words) in LEGEND.items()
        if mark and (look in (REACHED, NOT_LEARNED, CANNOT) or _has(found, look))
    )
    evidence = ", ".join(
        f'<a href="#{anchors[name]}">{words}</a>'
        for name, words in (("horizons", "every model"), ("skill_map", "the map of skill"))
        if name in anchors
    )
    return (
        f'<div class="sq-answer">{tiles_html(tiles)}<p class="sq-untried">How far the best model of each '
        "family reaches, in steps back; the darker, the more of what was tried; empty: not asked</p>"
        '<div class="sq-wide" tabindex="0" role="region" aria-label="How far each family reaches on each '
        'task"><table class="sq-reaches"><caption class="sq-unseen">How far the best model of each family '
        "reaches, in steps back</caption>"
        f'<thead><tr><th scope="col">Best model of</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<ul class="sq-legend">{legend}</ul>'
        f'<p class="sq-sentence"><b>In one sentence:</b> {escape(sentence_of(found))}'
        f"{f' Evidence: {evidence}.' if evidence else ''}</p></div>"
    )


def page_html(
    found: Reaches,
    tiles: tuple[Tile, ...],
    sentences: tuple[str, ...],
    anchors: Mapping[str, str],
    themed: Callable[[str], str],
) -> str:
    """Return the same, with all that is said at length folded below."""
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    folded = f'<details class="said"><summary>The same at length</summary><ul>{said}</ul></details>'
    return html_of(found, tiles, anchors, themed) + folded


def _has(found: Reaches, look: str) -> bool:
    return any(cell.look == look for group in found.groups for cell in found.row(group))


def _cell_html(task: str, group: str, cell: ReachCell) -> str:
    level = f" sq-l{cell.level}" if cell.level else ""
    words = f"{group} on {task}: {cell.words} ({LEGEND[cell.look][1]})"
    return (
        f'<td class="sq-reach-cell sq-{cell.look}{level}" title="{escape(words)}">{escape(cell.words)}</td>'
    )


def _table(found: Reaches) -> tuple[list[str], list[list[str]]]:
    rows = [[group, *(c.words for c in found.row(group))] for group in found.groups]
    return ["best model of", *found.tasks], rows
