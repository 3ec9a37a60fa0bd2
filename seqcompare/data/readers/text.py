"""Plain text: a line or a document a sequence, a character or a word a step."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd

from seqcompare.data.cells import as_words
from seqcompare.data.containers import read_container
from seqcompare.data.contents import Contents
from seqcompare.data.kinds import LONGEST_SYMBOL, too_long
from seqcompare.data.options import SPLIT, TOKENS, Split, Tokens
from seqcompare.data.readers import Reader
from seqcompare.data.readers.delimited import parse_table
from seqcompare.data.readers.fixed import cells_of_columns, rows_inside
from seqcompare.data.readers.logs import refuse_log
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?|[+-]?[nN]a[nN]")


def read_any_text(
    path: Path, *, tokens: Tokens | None = None, split: Split | None = None
) -> Contents | Table:
    """Read plain text, or the table that a file of text holds in truth.

    Parameters
    ----------
    path : Path
        A UTF-8 file.
    tokens, split : optional
        As for `read_plain`; either says that this is plain text.
    """
    if tokens is None and split is None:
        text = read_text(path)
        refuse_log(text, path)
        table = find_table(text, path)
        if table is not None:
            return table
        series = find_series(text, path) or find_lists(text, path)
        if series is not None:
            return series
    return read_plain(path, tokens=tokens or "char", split=split or "line")


def find_table(text: str, path: Path) -> Table | None:
    """Return the table that a text holds: with a delimiter, of numbers, or of tagged words; None if none.

    Columns of tagged words, one word a line and a blank line between sentences, are those of CoNLL.
    """
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith(("#", "%"))]
    if len(lines) < 3 or all(line.rstrip().endswith(" -2") for line in lines):
        return None
    plain = f"; as plain text: tokens '{get_args(Tokens)[0]}'"
    for mark in ("\t", ",", ";", "|"):
        counts = {line.count(mark) for line in lines}
        if len(counts) == 1 and counts != {0} and "\n\n" not in text.strip():
            notes = [f"the lines have as many cells each, so this is read as a table{plain}"]
            return parse_table(text, path, mark, notes)
    cells = [_cells_of(line) for line in lines]
    widths = {len(line) for line in cells}
    head = len(cells[0])
    numeric = all(_NUMBER.fullmatch(cell) for line in cells[1:] for cell in line[1:])
    if numeric and widths == {head, head + 1} and all(len(line) > head for line in cells[1:]):
        # R prints tables with names of rows, and no name above these
        notes = [f"the lines hold as many numbers each, so this is read as a table{plain}"]
        return parse_table("\n".join("\t".join(line) for line in cells), path, "\t", notes)
    if len(widths) == 1 and _mostly_numbers(cells):
        notes = [f"the lines hold as many cells each, so this is read as a table{plain}"]
        return parse_table("\n".join("\t".join(line) for line in cells), path, "\t", notes)
    alone = widths == {1} and all(_NUMBER.fullmatch(line[0]) for line in cells)
    even = len(widths) == 1 and (alone or widths != {1})
    if even and all(_NUMBER.fullmatch(cell) for line in cells[1:] for cell in line):
        notes = [f"the lines hold as many numbers each, so this is read as a table{plain}"]
        return parse_table("\n".join("\t".join(line) for line in cells), path, "\t", notes)
    columns = cells_of_columns(text) if "\n\n" not in text.strip() else None
    if columns is not None:
        notes = [f"the columns stand under their names, so this is read as a table{plain}"]
        return parse_table("\n".join("\t".join(line) for line in columns), path, "\t", notes)
    inside = rows_inside(text)
    if inside is not None:
        rows, left_out = inside
        notes = [f"{left_out} line(s) around a table of numbers are left out{plain}"]
        return parse_table("\n".join("\t".join(row) for row in rows), path, "\t", notes)
    if not even:
        return None
    if widths <= {1} or "\n\n" not in text.strip() or len(lines) < 6:
        return None
    tags = len({line[-1] for line in cells})
    if tags > len(cells) / 3:
        return None
    return _tagged(text, path, plain)


def _mostly_numbers(cells: list[list[str]]) -> bool:
    """Whether most columns hold numbers and nothing else, one of them with fractions: prose has none."""
    columns = [all(map(_NUMBER.fullmatch, column)) for column in zip(*cells, strict=True)]
    fractions = any(all("." in cell for cell in column) for column in zip(*cells, strict=True))
    return len(cells) > 4 and len(columns) > 2 and sum(columns) > len(columns) / 2 and fractions


def find_series(text: str, path: Path) -> Contents | None:
    """Return the sequences of a text whose lines are numbers, some more than others; None of any other."""
    lines = [(i, line) for i, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) < 2:
        return None
    mark = next((mark for mark in ";," if all(mark in line for _, line in lines)), None)
    parts = [_cells_of(line) if mark is None else line.split(mark) for _, line in lines]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in parts]
    if not all(len(line) > 1 and all(map(_NUMBER.fullmatch, line)) for line in cells):
        return None
    notes = ["the lines are numbers, so each is read as a sequence of these; as plain text: tokens 'char'"]
    if all(line[-1] == "-2" and "-1" in line for line in cells):
        cells = [[cell for cell in line[:-1] if cell != "-1"] for line in cells]
        notes.append("-1 and -2 are read as the ends of steps and sequences, as SPMF has it")
    whole = all(re.fullmatch(r"[+-]?[0-9]{1,18}", cell) for line in cells for cell in line)
    series = [np.array(line, dtype=np.float64) for line in cells]
    steps = [x.astype(np.int64) for x in series] if whole else series
    gaps = any(np.isnan(x).any() for x in series)
    return Contents(Sequences(steps), notes=tuple(notes), places=[(path, i) for i, _ in lines], gaps=gaps)


def find_lists(text: str, path: Path) -> Contents | None:
    """Return the sequences of a text whose lines are lists as Python writes them; None of any other."""
    lines = [(i, line.strip()) for i, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not all(line[0] + line[-1] in ("[]", "()") for _, line in lines):
        return None
    try:
        found = [ast.literal_eval(line) for _, line in lines]
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    if not all(isinstance(each, (list, tuple)) and len(each) for each in found):
        return None
    notes = ("each line is a list, as Python writes it, and read as a sequence",)
    return replace(
        read_container([list(each) for each in found]), notes=notes, places=[(path, i) for i, _ in lines]
    )


def _tagged(text: str, path: Path, plain: str) -> Table:
    """Return the long form of columns of tagged words; a first column that counts the words is left out."""
    rows: list[list[str]] = []
    numbers: list[int] = []
    where, sentence = [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            sentence += bool(rows) and sentence == numbers[-1]
            continue
        cells = _cells_of(line)
        # in CoNLL-U, lines 1-2 and 1.1 stand for what is no word of the text
        if line.startswith("#") or re.fullmatch(r"[0-9]+[-.][0-9]+", cells[0]):
            continue
        rows.append(cells)
        numbers.append(sentence)
        where.append(number)
    width = len(rows[0])
    tag = width - 1
    first = 0
    if all(row[0].isdigit() for row in rows):
        first = 1
        tag = 3 if width == 10 else tag
    names = [f"column {i + 1}" for i in range(width)]
    features = _features(rows)
    if features:
        rows = [[row[0], *(cell.partition("=")[2] for cell in row[1:])] for row in rows]
        first, tag, names = 0, 0, ["tag", *features]
    else:
        names[first], names[tag] = "word", "tag"
    columns = {"sentence": list(map(str, numbers)), **dict(zip(names, zip(*rows, strict=True), strict=True))}
    if first:
        del columns[names[0]]
    frame = {name: as_words(column) for name, column in columns.items()}
    note = (
        "blank lines part lines of as many words each, so this is read as tagged words: column "
        f"{first + 1} holds the steps and column {tag + 1} their labels{plain}"
    )
    left_out = [i + 1 for i in range(width) if names[i] not in ("word", "tag")]
    if left_out:
        which = f"column {left_out[0]}" if len(left_out) == 1 else f"columns {', '.join(map(str, left_out))}"
        note += f"; not used: {which}"
    if features:
        note = f"each word is a label and features with their names, as CRFsuite has them{plain}"
    values = tuple(features) or ("word",)
    return Table(
        pd.DataFrame(frame), path, np.array(where, dtype=np.int64), frame, notes=(note,), values=values
    )


def _features(rows: list[list[str]]) -> list[str]:
    """Return the names of features where all cells but the first are ``name=value``, alike in all rows."""
    found = [
        {cell.partition("=")[0] if "=" in cell else "" for cell in column}
        for column in zip(*rows, strict=True)
    ]
    names = [next(iter(names)) for names in found[1:] if len(names) == 1 and "" not in names]
    return names if len(names) == len(rows[0]) - 1 == len(set(names)) else []


def _cells_of(line: str) -> list[str]:
    """Return what tabs or, without any, blanks separate."""
    return [cell.strip() for cell in line.split("\t")] if "\t" in line else line.split()


def read_plain(path: Path, *, tokens: Tokens = "char", split: Split = "line") -> Contents:
    r"""Read plain text as sequences of characters or words.

    Parameters
    ----------
    path : Path
        A UTF-8 file.
    tokens : {"char", "word"}
        What a step is; words are what white space separates.
    split : {"line", "document"}
        What a sequence is. Documents are separated by form feeds (``\f``) or, where there is none, by
        blank lines; as characters they keep the line ends inside. Blank lines and documents are left out.

    Raises
    ------
    DataError
        If nothing but white space is there, or a word is longer than `LONGEST_SYMBOL`.
    """
    text = read_text(path)
    pieces = text.split("\n") if split == "line" else cut_documents(text)
    pieces = [piece for piece in pieces if piece.strip()]
    if not pieces:
        raise DataError("there is nothing but white space", path)
    if tokens == "word":
        words = [piece.split() for piece in pieces]
        longest = max((max(sequence, key=len) for sequence in words), key=len)
        if len(longest) > LONGEST_SYMBOL:
            line = text.count("\n", 0, text.index(longest)) + 1
            raise DataError(too_long(longest), path, line)
        X = Sequences(words)
    else:
        X = Sequences(pieces)
    noun = {"char": "characters", "word": "words"}[tokens]
    return Contents(X, notes=(f"a sequence is a {split} and its steps are {noun}",))


def cut_documents(text: str) -> list[str]:
    """Return the documents of a text: between form feeds or, where there is none, between blank lines."""
    if "\f" in text:
        return [page.strip("\n") for page in text.split("\f")]
    return cut_paragraphs(text)


def cut_paragraphs(text: str) -> list[str]:
    """Return what blank lines separate."""
    return [piece.strip("\n") for piece in re.split(r"\n(?:[ \t]*\n)+", text) if piece.strip()]


READER = Reader(
    "text",
    (".txt", ".text", ".conll", ".conllu", ".iob", ".bio", ".dat", ".data"),
    read_any_text,
    "plain text, a line a sequence",
    (TOKENS, SPLIT),
    kinds=("symbols",),
)
