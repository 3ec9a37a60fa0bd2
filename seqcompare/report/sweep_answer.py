"""The answer of a sweep: how far each family reaches on each task, as one matrix with a sentence below."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.patches import Rectangle
from tabulate import tabulate

from seqcompare import quantities as say
from seqcompare import style
from seqcompare.families import REFERENCE
from seqcompare.report.answer.html import key_html, tiles_html
from seqcompare.report.answer.methods import bibtex
from seqcompare.report.answer.tiles import Tile
from seqcompare.report.names import joined
from seqcompare.report.parts import Lead, Paste
from seqcompare.report.svg import any_script, to_png
from seqcompare.report.sweep_tables import SweepView
from seqcompare.report.tables import markdown_text, tex_text
from seqcompare.style import SeriesStyle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REACHED, NOT_LEARNED, CANNOT, UNKNOWN, NOT_ASKED = "reached", "not-learned", "cannot", "unknown", "not-asked"

#: How to read a cell.
LEGEND = {
    REACHED: ("4, ≥ 64", "steps up to which skill is above one half; ≥: at every distance tried"),
    NOT_LEARNED: ("< 8", "not learned: below one half at the smallest distance already"),
    CANNOT: ("✕ < 8", "cannot: by theory no model of it here represents the task at that distance"),
    UNKNOWN: ("?", "nothing can be said: no trial, or optimal and chance too close"),
    NOT_ASKED: ("", "not asked"),
}
_LEVELS = 4
#: The shade of the cell that the legend shows.
_SHADE = {REACHED: " sq-l3"}
_BLUES = ("#d6e6f4", "#a6cbe8", "#5c9fd1", "#1b669f")


@dataclass(frozen=True)
class ReachCell:
    """How far a family reaches on a task: what is written, which look it has, and how dark it is (1 to 4)."""

    words: str
    look: str
    level: int = 0


@dataclass(frozen=True)
class Reaches:
    """What `reaches_of` returns.

    Parameters
    ----------
    tasks : tuple of str
        The columns.
    groups : dict of str to SeriesStyle
        The rows, with how each is drawn.
    cells : dict of (str, str) to ReachCell
        By row and column.
    members : dict of str to str
        The model that most often stands for a row: the smallest that reaches as far as the family does.
    """

    tasks: tuple[str, ...]
    groups: dict[str, SeriesStyle]
    cells: dict[tuple[str, str], ReachCell]
    members: dict[str, str]

    def row(self, group: str) -> list[ReachCell]:
        """Return the cells of a family, task by task."""
        return [self.cells.get((group, task), ReachCell("", NOT_ASKED)) for task in self.tasks]


def reaches_of(view: SweepView) -> Reaches:
    """Return how far the best of each family reaches on each task."""
    best = view.best_horizons()
    best = best[best["family"] != REFERENCE]
    groups = {str(r.group): view.palette.style(str(r.family)) for r in best.itertuples()}
    largest = view.swept.groupby("task")["distance"].max().to_dict()
    able = _able(view)
    cells = {
        (str(row["group"]), str(row["task"])): _cell(row, largest, able) for row in best.to_dict("records")
    }
    return Reaches(tuple(map(str, dict.fromkeys(best["task"]))), groups, cells, _members(view, best))


def _able(view: SweepView) -> Mapping[tuple[str, str, float], bool]:
    """Say of family, task and distance whether a model can represent it; True where theory is silent."""
    swept = view.swept
    answers = swept.assign(able=[answer is not False for answer in swept["can_represent"]])
    found = answers.groupby(["family", "task", "distance"])["able"].any().reset_index()
    keys = found[["family", "task", "distance"]].itertuples(index=False, name=None)
    return dict(zip(keys, found["able"].astype(bool), strict=True))


def _cell(
    row: Mapping[object, object], largest: Mapping[object, float], able: Mapping[tuple[str, str, float], bool]
) -> ReachCell:
    status = row["status"]
    last, first = (float(str(row[name])) for name in ("last_above", "first_below"))
    if status == "below":
        can = able.get((str(row["family"]), str(row["task"]), first), True)
        return ReachCell(f"< {first:g}", NOT_LEARNED) if can else ReachCell(f"✕ < {first:g}", CANNOT)
    if math.isnan(last):
        return ReachCell("?", UNKNOWN)
    share = math.log1p(last) / math.log1p(max(float(largest.get(row["task"], last)), last))
    level = min(_LEVELS, 1 + int(share * _LEVELS - 1e-9)) if last > 0 else 1
    return ReachCell(f"{'' if status == 'bracketed' else '≥ '}{last:g}", REACHED, level)


def _members(view: SweepView, best: pd.DataFrame) -> dict[str, str]:
    single = view.horizons[~view.horizons["best"]]
    members: dict[str, Counter[str]] = {}
    for row in best.dropna(subset="last_above").to_dict("records"):
        mine = single[(single["task"] == row["task"]) & (single["family"] == row["family"])]
        able = mine[(mine["last_above"] >= row["last_above"]) & (mine["causal"] == row["causal"])]
        if len(able):
            smallest = able.sort_values("capacity", kind="stable")["model"].iloc[0]
            members.setdefault(str(row["group"]), Counter())[str(smallest)] += 1
    return {group: counted.most_common(1)[0][0] for group, counted in members.items()}


def sentence_of(found: Reaches) -> str:
    """Return what the matrix says, in one sentence with names and capacities."""
    said = []
    for group in found.groups:
        cells = [c for c in found.row(group) if c.look != NOT_ASKED]
        far = [c for c in cells if c.words.startswith("≥")]
        near = [float(c.words) for c in cells if c.look == REACHED and not c.words.startswith("≥")]
        short = sum(c.look in (NOT_LEARNED, CANNOT) for c in cells)
        member = f" (most often {found.members[group]})" if group in found.members else ""
        n = len(cells)
        parts = []
        if far:
            parts.append(f"all that was tried on {len(far)} of {n} task{'' if n == 1 else 's'}")
        if near:
            low, high = min(near), max(near)
            span = f"{low:g}" if low == high else f"{low:g} to {high:g}"
            where = f"{len(near)} other{'s' if len(near) > 1 else ''}" if far else f"{len(near)} of {n}"
            parts.append(f"{span} step{'' if high == 1 else 's'} on {where}")
        if short:
            parts.append(f"not even the smallest distance on {short}")
        said.append(f"{group}{member} {f'reaches {joined(parts)}' if parts else 'cannot be judged'}")
    return "; ".join(said) + "." if said else "Nothing has been swept over distance yet."


def tiles_of_sweep(view: SweepView, found: Reaches) -> tuple[Tile, ...]:
    """Return what reaches farthest, what fails and why, what it costs, and how sure that is."""
    counts = {g: sum(c.words.startswith("≥") for c in found.row(g)) for g in found.groups}
    asked = {g: sum(c.look != NOT_ASKED for c in found.row(g)) for g in found.groups}
    top = max(counts, key=lambda g: counts[g], default="")
    looks = Counter(cell.look for cell in found.cells.values())
    if top and counts[top]:
        member = f"; most often {found.members[top]}" if top in found.members else ""
        first = Tile(
            "Reaches farthest",
            top,
            f"all distances tried on {counts[top]} of {asked[top]} tasks{member}",
            "ok",
        )
    else:
        first = Tile("Reaches farthest", "None", "no family reaches the largest distance of a task", "open")
    failed = Tile(
        "Falls short at once",
        f"{looks[NOT_LEARNED]} not learned, {looks[CANNOT]} cannot",
        f"of {len(found.cells)} pairs of family and task, at the smallest distance",
    )
    rows = view.rows[view.rows["family"] != REFERENCE]
    size = say.count(float(rows["n_parameters"].median())) if len(rows) else say.NOTHING
    seconds = float(rows["fit_seconds"].median()) if len(rows) else math.nan
    costs = Tile(
        "What it costs",
        f"{say.duration(seconds)} a fit",
        f"median of {say.count(len(rows))} trials; {size} parameters",
    )
    seeds = int(view.frame["seed"].nunique()) if len(view.frame) else 0
    note = (
        "95% t intervals and paired tests"
        if seeds >= 10
        else "ranges, no tests: small differences mean nothing"
    )
    return first, failed, costs, Tile("How sure", f"{seeds} seed{'' if seeds == 1 else 's'}", note)


def lead_of_sweep(view: SweepView, sentences: Sequence[str], config: Mapping[str, object]) -> Lead | None:
    """Return what the report of a sweep opens with; None where nothing was swept over distance."""
    if view.swept.empty or view.best_horizons().empty:
        return None
    found = reaches_of(view)
    tiles = tiles_of_sweep(view, found)
    table = [[group, *(c.words for c in found.row(group))] for group in found.groups]
    heads = ["best model of", *found.tasks]
    rows = [[markdown_text(text) for text in row] for row in table]
    markdown = "\n".join(
        [
            *(f"- **{markdown_text(f'{t.label}: {t.value}')}** ({markdown_text(t.note)})" for t in tiles),
            "",
            str(
                tabulate(
                    rows, headers=list(map(markdown_text, heads)), tablefmt="pipe", disable_numparse=True
                )
            ),
            "",
            *(f"- {markdown_text(f'{mark}: {words}')}" for mark, words in LEGEND.values() if mark),
            "",
            markdown_text(sentence_of(found)),
            "",
        ]
    )
    pastes = (
        Paste("latex", "LaTeX", _latex(heads, table, sentence_of(found))),
        Paste("markdown", "Markdown", markdown),
        Paste("bibtex", "BibTeX", bibtex(config, tests=False)),
    )
    return Lead(
        html=partial(_html, found, tiles, tuple(sentences)),
        markdown=markdown,
        pastes=pastes,
        files={
            "tables/answer.tex": lambda: pastes[0].text,
            "figures/answer.png": lambda: to_png(draw(found)),
        },
    )


def text_of(found: Reaches, width: int = 80) -> str:
    """Return the matrix for a terminal of `width` columns: below each other, where it would be wider."""
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
    return "\n\n".join(parts)


def _html(
    found: Reaches,
    tiles: tuple[Tile, ...],
    sentences: tuple[str, ...],
    anchors: Mapping[str, str],
    themed: Callable[[str], str],
) -> str:
    heads = "".join(f'<th scope="col">{escape(task)}</th>' for task in found.tasks)
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
    said = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return (
        f'<div class="sq-answer">{tiles_html(tiles)}<div class="sq-wide" tabindex="0" role="region" '
        'aria-label="How far each family reaches on each task"><table class="sq-reaches">'
        "<caption>How far the best model of each family reaches, in steps back; dark: most of what was "
        "tried</caption>"
        f'<thead><tr><th scope="col">Best model of</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f'<ul class="sq-legend">{legend}</ul>'
        f'<p class="sq-sentence"><b>In one sentence:</b> {escape(sentence_of(found))}'
        f"{f' Evidence: {evidence}.' if evidence else ''}</p></div>"
        f'<details class="said"><summary>The same at length</summary><ul>{said}</ul></details>'
    )


def _has(found: Reaches, look: str) -> bool:
    return any(cell.look == look for group in found.groups for cell in found.row(group))


def _cell_html(task: str, group: str, cell: ReachCell) -> str:
    level = f" sq-l{cell.level}" if cell.level else ""
    words = f"{group} on {task}: {cell.words} ({LEGEND[cell.look][1]})"
    return (
        f'<td class="sq-reach-cell sq-{cell.look}{level}" title="{escape(words)}">{escape(cell.words)}</td>'
    )


def _latex(heads: Sequence[str], table: Sequence[Sequence[str]], caption: str) -> str:
    def line(cells: Sequence[str]) -> str:
        return " & ".join(tex_text(c.replace("✕", "x")) for c in cells) + r" \\"

    body = [
        *(r"\begin{table}", rf"\caption{{{tex_text(caption)}}}", r"\label{tab:reach}"),
        rf"\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}",
        *(r"\toprule", line(heads), r"\midrule", *map(line, table)),
        *(r"\bottomrule", r"\end{tabular}", r"\end{table}"),
    ]
    return "\n".join(body) + "\n"


def draw(found: Reaches) -> Figure:
    """Draw the matrix as one picture, for a slide."""
    n_rows, n_columns = len(found.groups), len(found.tasks)
    with style.look(), any_script():
        canvas, ax = plt.subplots(figsize=(2.6 + 1.05 * n_columns, 0.9 + 0.42 * n_rows), layout="constrained")
        ax.grid(False)
        for y, group in enumerate(found.groups):
            for x, cell in enumerate(found.row(group)):
                face = _BLUES[cell.level - 1] if cell.look == REACHED else style.PAPER
                hatch = {NOT_LEARNED: "////"}.get(cell.look)
                ax.add_patch(
                    Rectangle((x, y), 1, 1, facecolor=face, edgecolor=style.RULE, hatch=hatch, linewidth=0.8)
                )
                ink = style.PAPER if cell.level == _LEVELS else style.INK
                back = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.2} if hatch else None
                ax.text(x + 0.5, y + 0.5, cell.words, ha="center", va="center", color=ink, bbox=back)
        ax.set_xlim(0, n_columns)
        ax.set_ylim(n_rows, 0)
        ax.set_xticks([x + 0.5 for x in range(n_columns)], found.tasks)
        ax.set_yticks([y + 0.5 for y in range(n_rows)], list(found.groups))
        ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
        ax.set_title("How far the best model of each family reaches, in steps")
        for spine in ax.spines.values():
            spine.set_visible(False)
    return canvas
