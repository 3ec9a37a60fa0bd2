"""The answer of a comparison as Markdown, on a terminal, as LaTeX and as plain values."""

from __future__ import annotations

import re
import textwrap

from tabulate import tabulate

from seqcompare.report.answer.sheet import SIGNS, AnswerSheet, Row
from seqcompare.report.tables import ascii_text, markdown_text, tex_text
from seqcompare.typing import Record

_COLUMNS = ("status", "name", "score", "gain", "sure", "reach", "parameters", "step_time", "fit_time")
_NUMBERS = ("gain", "sure", "reach", "parameters", "step_time", "fit_time")


def cells_of(row: Row) -> dict[str, str]:
    """Return the cells of a row, each on one line."""
    return {
        "status": f"{row.mark} {row.status_words}".strip(),
        "name": f"{row.name}: {row.candidate}" if row.candidate not in ("", row.name) else row.name,
        "score": ", ".join(
            filter(None, [f"{row.score} ({row.interval})" if row.interval else row.score, row.beside])
        ),
        "gain": f"{row.gain} ({row.gain_interval}) over {row.over}" if row.over else "",
        "sure": row.sure,
        "reach": f"{row.reach} ({row.reach_interval})" if row.reach_interval else row.reach,
        "parameters": row.parameters,
        "step_time": row.step_time,
        "fit_time": row.fit_time,
    }


def to_markdown(sheet: AnswerSheet) -> str:
    """Return the answer as Markdown."""
    write = markdown_text
    lines = [f"- **{write(t.label)}: {write(t.value)}** ({write(t.note)})" for t in sheet.tiles]
    heads = [write(_head(sheet, name)) for name in _COLUMNS]
    rows = [[write(cells_of(row)[name]) for name in _COLUMNS] for row in sheet.rows]
    lines += ["", str(tabulate(rows, headers=heads, tablefmt="pipe", disable_numparse=True))] if rows else []
    lines.append("")
    lines += [line for words in sheet.untried for line in (write(words), "")]
    lines += ["**What to do next**", ""]
    for offer in sheet.offers:
        lines += [f"{write(offer.words)}:", "", f"    {offer.command}", ""]
    lines += [f"- {write(note.text)}" for note in sheet.todo]
    if sheet.limits:
        lines += ["", "**What this does not say**", "", *(f"- {write(note.text)}" for note in sheet.limits)]
    return "\n".join(lines) + "\n"


def to_text(sheet: AnswerSheet, width: int = 80) -> str:
    """Return the answer for a terminal; no line is longer than `width`, and lines break between words."""
    longest = max(len(tile.label) for tile in sheet.tiles) + 2
    lines = [_wrapped(sheet.title, width), ""]
    for tile in sheet.tiles:
        lead = f"{tile.label}:".ljust(longest)
        note = f" ({tile.note})" if tile.note else ""
        lines.append(_wrapped(f"{tile.value}{note}", width, lead))
    if sheet.rows:
        lines += ["", *_columns(sheet, width)]
        marks = dict.fromkeys(row.mark for row in sheet.rows if row.mark)
        lines.append(_wrapped(" · ".join(f"{mark} {SIGNS[mark]}" for mark in marks), width))
    lines += [_wrapped(words, width) for words in sheet.untried]
    lines += ["", "What to do next:"]
    for offer in sheet.offers:
        lines += [_wrapped(f"{offer.words}:", width, "- "), f"    {offer.command}"]
    lines += [_wrapped(note.text, width, "- ") for note in sheet.todo]
    if sheet.limits:
        lines += ["", "What this does not say:", *(_wrapped(n.text, width, "- ") for n in sheet.limits)]
    return "\n".join(lines)


def to_latex(sheet: AnswerSheet) -> str:
    """Return the table for the packages booktabs and siunitx, with caption and label, decimals aligned."""
    unit = sheet.heads["score"]
    score = tex_text(unit[0] + (" (%)" if any(row.score.endswith("%") for row in sheet.rows) else ""))
    best = sheet.tiles[0]
    caption = (
        f"{sheet.title} {sheet.subtitle}. {best.label}: {best.value} ({best.note}). {unit[0]}: {unit[1]}."
    )
    lines = [
        r"\begin{table}",
        rf"\caption{{{tex_text(caption)}}}",
        rf"\label{{tab:{re.sub('[^a-z0-9]+', '-', ascii_text(sheet.title).lower()).strip('-')}}}",
        r"\begin{tabular}{lllS[table-format=-1.3]lS[table-format=-1.3]lrrr}",
        r"\toprule",
        rf" & Family & Member & {{{score}}} & {{95\% interval}} & {{Gain}} & {{95\% interval}}"
        r" & {As good} & {Reach} & {Parameters} \\",
        r"\midrule",
    ]
    for row in sheet.rows:
        said = [
            row.status_words,
            row.name,
            row.candidate,
            *(_bare(row.score), row.interval, _bare(row.gain), row.gain_interval),
            *(row.sure, row.reach, row.parameters),
        ]
        lines.append(
            " & ".join(tex_text(text.replace("–", "--") if text != "–" else "") for text in said) + r" \\"
        )
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}"]) + "\n"


def to_plain(sheet: AnswerSheet) -> Record:
    """Return the answer in plain values: numbers unrounded in ``rows``, and words as they are shown."""
    return {
        "title": sheet.title,
        "subtitle": sheet.subtitle,
        "tiles": [{"label": t.label, "value": t.value, "note": t.note} for t in sheet.tiles],
        "rows": [{**row.values, "shown": cells_of(row)} for row in sheet.rows],
        "untried": list(sheet.untried),
        "next": [*(offer.command for offer in sheet.offers), *(note.text for note in sheet.todo)],
        "limits": [note.text for note in sheet.limits],
    }


def _head(sheet: AnswerSheet, name: str) -> str:
    words, small = sheet.heads[name]
    return f"{words} ({small})" if small else words


def _columns(sheet: AnswerSheet, width: int) -> list[str]:
    """Return the table in lines of `width`: names are cut, columns left out if need be, numbers never cut."""
    columns = [("", [row.mark for row in sheet.rows], str.ljust), ("Family", [], str.ljust)]
    columns += [
        (head, [getattr(row, name) for row in sheet.rows], write)
        for head, name, write in (
            (sheet.heads["score"][0], "score", str.rjust),
            ("95% interval", "interval", str.ljust),
            ("As good", "sure", str.rjust),
            ("Reach", "reach", str.rjust),
            ("Params", "parameters", str.rjust),
        )
    ]
    widths = [max(map(len, [head, *cells])) for head, cells, _ in columns]
    longest = max([len("Family"), *(len(row.name) for row in sheet.rows)])
    while (room := width - sum(widths) + widths[1] - 2 * (len(widths) - 1)) < min(longest, 12):
        widths.pop()
    widths[1] = min(longest, room)
    columns[1] = ("Family", [_cut(row.name, widths[1]) for row in sheet.rows], str.ljust)
    table = zip(*([head, *cells] for head, cells, _ in columns[: len(widths)]), strict=True)
    return [
        "  ".join(
            write(cell, wide) for cell, wide, (*_, write) in zip(line, widths, columns, strict=False)
        ).rstrip()
        for line in table
    ]


def _wrapped(text: str, width: int, lead: str = "") -> str:
    return textwrap.fill(
        text,
        width,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=True,
        break_on_hyphens=False,
    )


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"


def _bare(text: str) -> str:
    """Return a number as siunitx reads it; in braces, what is none."""
    plain = text.replace("−", "-").replace("+", "").removesuffix("%").replace(",", "")
    return plain if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", plain) else ""
