"""Tables as HTML cells, Markdown and LaTeX."""

from __future__ import annotations

import html
import math
import re
import unicodedata
from typing import NamedTuple

import numpy as np
import pandas as pd
from tabulate import tabulate

from seqcompare.quantities import number
from seqcompare.report.columns import ENDINGS, Writer, writer_of
from seqcompare.report.names import shown
from seqcompare.report.parts import Table

_PLAIN = re.compile(r"−?\d*\.?\d+")


class Cell(NamedTuple):
    """What is shown, whether it is a number, and that number where words do not sort as it does."""

    text: str
    number: bool
    value: float | None = None


def cell(value: object, write: Writer = number) -> Cell:
    """Return `value` as people read it: a real minus sign, nothing for what is missing.

    Parameters
    ----------
    value : object
        What the table holds.
    write : callable (float) -> str
        How numbers of its column are written.
    """
    if isinstance(value, bool):
        return Cell("yes" if value else "no", number=False)
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return Cell("", number=False)
    if isinstance(value, int | float | np.generic):
        text = write(float(value))
        return Cell(text, True, None if _PLAIN.fullmatch(text) else float(value))
    text = shown(value)
    return Cell(text, number=bool(re.match(r"[−-]?\d[\d.,]*$", text)))


def rows(table: Table) -> list[list[Cell]]:
    """Return the cells of `table`, row by row, in the order of its headings."""
    columns = [
        [
            cell(value, writer_of(name, table.writers, table.frame.columns))
            for value in table.frame[name].replace(ENDINGS if name == "stop" else {}).tolist()
        ]
        for name in table.headings
    ]
    return [list(row) for row in zip(*columns, strict=True)]


#: Characters of a paragraph that are shown: our own sentences fit, and what a user can name in them ends.
PARAGRAPH = 20_000


def to_markdown(table: Table) -> str:
    """Return `table` as a table of Markdown."""
    lines = [[_markdown(c.text) for c in row] for row in rows(table)]
    heads = [_markdown(head) for head in table.headings.values()]
    return str(tabulate(lines, headers=heads, tablefmt="pipe", disable_numparse=True))


def markdown_text(text: str) -> str:
    """Return `text`, a sentence or a paragraph, so that Markdown shows it as it is and whole."""
    return _markdown(text, PARAGRAPH)


def to_latex(table: Table) -> str:
    """Return `table` as LaTeX for the package booktabs, in characters that every engine knows."""
    lines = [[ascii_text(c.text) for c in row] for row in rows(table)]
    heads = [ascii_text(head) for head in table.headings.values()]
    align = [
        "right" if any(c.number for c in column) else "left" for column in zip(*rows(table), strict=True)
    ]
    return str(
        tabulate(
            lines, headers=heads, tablefmt="latex_booktabs", disable_numparse=True, colalign=align or None
        )
    )


_WORDS = {
    " · ": "; ",
    "−": "-",
    "µ": "u",
    "×": "x",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
    "∞": "inf",
    "·": "*",
    "–": "--",
}


def ascii_text(text: str) -> str:
    """Return `text` in characters that every engine of LaTeX knows."""
    for sign, words in _WORDS.items():
        text = text.replace(sign, words)
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c if c.isascii() else "?" for c in plain if not unicodedata.combining(c))


def _markdown(text: str, limit: int = 200) -> str:
    safe = html.escape(shown(text, limit), quote=False)
    return re.sub(r"([\\`*_{}\[\]#|~$!])", r"\\\1", safe)


_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_TEX |= {sign: f"\\{sign}" for sign in "&%$#_{}"}


def tex_text(text: str) -> str:
    """Return `text` so that LaTeX sets it as it is."""
    return "".join(_TEX.get(c, c) for c in ascii_text(text))
