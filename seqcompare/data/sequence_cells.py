"""Tables with a whole sequence in a cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from seqcompare.data.assign import Columns
from seqcompare.data.cells import Spelling, as_words, type_cells
from seqcompare.data.look import Look
from seqcompare.data.table import Table
from seqcompare.data.usual import OFTEN, USUAL, normal
from seqcompare.data.wide import ROW, VALUE, Shape, carried, free, why_carried

_LIKE_DATE = re.compile(r"[0-9]{1,4}[-. /]+[^\W\d_]+[-. /]+[0-9]{1,4}.{0,12}")
_LIKE_MOMENT = re.compile(r"(?=.*[0-9]:[0-9]{2})(?=.*\b[12][0-9]{3}\b).{12,60}")
# what a column is called whose cells hold sequences, however short
_TOLD = ("sequence", "seq", "peptide", "protein", "dna", "rna", "residues", "path", "events", "tokens")


def find_cells(table: Table, columns: Columns, looks: Mapping[str, Look]) -> str | None:
    """Return the one column whose cells hold whole sequences, of letters or separated, if there is one."""
    if columns.order or columns.values is not None or len(table.frame) < 2 or table.lines is None:
        return None
    named = {columns.sequence, columns.target, columns.group}
    fitting = [
        n for n, look in looks.items() if n not in named and look.kind == "words" and _holds_sequences(look)
    ]
    others = [n for n in looks if n not in fitting]
    repeats = [n for n in others if normal(n) in USUAL["order"]]
    return fitting[0] if len(fitting) == 1 and not repeats else None


def _holds_sequences(look: Look) -> bool:
    cells = look.table.written(look.name)
    if cells.isna().any() or look.distinct <= len(cells) / 2:
        return False
    texts = [str(cell) for cell in cells]
    least = 3 if normal(look.name) in _TOLD else 8
    if np.median([len(text) for text in texts]) < least or any(not text for text in texts):
        return False
    letters = set().union(*texts)
    if any(all(map(form.fullmatch, texts)) for form in (_LIKE_DATE, _LIKE_MOMENT)):
        return False
    if letters <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ*-.") or letters <= set("acgtun"):
        return True
    return separator_of(texts) is not None


def separator_of(texts: list[str]) -> str | None:
    """Return what separates the steps within cells: the same mark, several times in nearly all of them."""
    for mark in (" > ", " -> ", "->", ">", ";", "|", ",", " ", "-"):
        parts = [text.split(mark) for text in texts]
        often = np.mean([len(part) >= 3 for part in parts]) > 0.9
        tokens = {token.strip() for part in parts for token in part}
        n_tokens = sum(len(part) for part in parts)
        if often and len(tokens) <= n_tokens / 4:
            return mark
    return None


def open_cells(table: Table, columns: Columns, column: str) -> tuple[Table, Columns]:
    """Return the long form of a table with a whole sequence in each cell of a column.

    Raises
    ------
    DataError
        If a cell is empty.
    """
    texts = [str(cell or "") for cell in table.written(column)]
    for i, text in enumerate(texts):
        if not text.strip():
            raise table.error("there is no sequence", i, column)
    mark = separator_of(texts)
    if mark is None:
        steps = [list(text.strip()) for text in texts]
    else:
        steps = [[token.strip() for token in text.strip().split(mark)] for text in texts]
    names = [str(name) for name in table.frame.columns]
    row = np.repeat(np.arange(len(texts)), [len(part) for part in steps])
    flat = [token for part in steps for token in part]
    what = "characters" if mark is None else f"what {mark!r} separates"
    notes = [*table.notes, f"each cell of column {column!r} is read as a sequence: its steps are {what}"]
    values, spelling = type_cells(flat, "\t") if mark is not None else (as_words(flat), Spelling())
    if spelling.mixed:
        # among words, numerals are words
        values, spelling = as_words(flat), Spelling()
    frame: dict[str, pd.Series] = {free(ROW, names): pd.Series(row), VALUE: values}
    written = {VALUE: as_words(flat)}
    key, target, used = carried(table, columns, names, Shape({VALUE: [column]}, ""))
    rest = [name for name in names if name not in (column, key)]
    if target is None and columns.target is None and len(rest) == 1 and normal(rest[0]) in OFTEN:
        notes.append(f"column {rest[0]!r} is not used: by its name it says how often a row occurs")
    elif target is None and columns.target is None and len(rest) == 1:
        target = rest[0]
        used = [*used, target]
        notes.append(f"column {target!r} is taken for the target: it is the only one that is left")
    spellings = {VALUE: spelling}
    for name in used:
        frame[name] = table.frame[name].iloc[row].reset_index(drop=True)
        if name in table.text:
            written[name] = table.text[name].iloc[row].reset_index(drop=True)
        spellings[name] = table.spelling(name)
    lines = None if table.lines is None else table.lines[row]
    reasons = {free(ROW, names): "a row is a sequence", VALUE: f"what the cells of column {column!r} hold"}
    others = [name for name in names if name != column and name not in used]
    long = Table(
        *(pd.DataFrame(frame), table.path, lines, written, spellings, tuple(notes)),
        reasons=reasons | why_carried(columns, key, target),
        aside=dict.fromkeys(others, f"the steps are in the cells of column {column!r}"),
    )
    told = replace(
        columns, sequence=key or free(ROW, names), order=False, values=VALUE, target=target or False
    )
    return long, replace(told, group=columns.group or False)
