"""Tables without names whose columns a standard names: BED and GFF of genomes, and MIDI as CSV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from seqcompare.data.cells import as_words, type_cells
from seqcompare.data.readers import Reader
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table

_BED = ("chrom", "start", "end", "name", "score", "strand")
_GFF = ("seqid", "source", "feature", "start", "end", "score", "strand", "phase")
_SKIPPED = ("#", "track ", "browser ")
_BED_LINE = re.compile(r"\S+[\t ][0-9]+[\t ][0-9]+(?:[\t ].*)?")
_GFF_LINE = re.compile(r"[^\t]+\t[^\t]*\t[^\t]+\t[0-9]+\t[0-9]+\t[^\t]+\t[-+.?]\t[0-2.]\t?.*")
_MIDI_HEAD = re.compile(r"0, *0, *Header, *[0-2], *[0-9]+, *[0-9]+")


def is_gff(head: str) -> bool:
    """Whether a text begins as GFF or GTF does."""
    lines = [line for line in head.split("\n")[:-1] if line.strip() and not line.startswith("#")]
    return len(lines) > 1 and all(map(_GFF_LINE.fullmatch, lines))


def is_bed(head: str) -> bool:
    """Whether a text begins as BED does: with places on chromosomes."""
    lines = [line for line in head.split("\n")[:-1] if line.strip() and not line.startswith(_SKIPPED)]
    return len(lines) > 1 and all(
        re.match("chr|scaffold|contig", line, re.IGNORECASE) and _BED_LINE.fullmatch(line) for line in lines
    )


def is_midi(head: str) -> bool:
    """Whether a text begins as the CSV of a MIDI file does."""
    return _MIDI_HEAD.match(head.lstrip()) is not None


def read_bed(path: Path) -> Table:
    """Read BED or bedGraph: a chromosome a sequence, an interval a step, with its length.

    Parameters
    ----------
    path : Path
        The file; from the fourth on, columns may be missing.

    Raises
    ------
    DataError
        If a line has no chromosome, start and end, or other columns than the first.
    """
    lines, rows = _rows(path, _SKIPPED, None)
    width = len(rows[0])
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width or width < 3 or not (row[1].isdigit() and row[2].isdigit()):
            raise DataError(f"expected a chromosome, a start and an end, in all of {width} cells", path, line)
    graph = width == 4 and all(_is_number(row[3]) for row in rows)
    names = [*_BED[:3], "value"] if graph else [*_BED[:width], *(f"column {i}" for i in range(7, width + 1))]
    for row in rows:
        row[2] = str(int(row[2]) - int(row[1]))
    names[2] = "length"
    note = "this is read as BED: the intervals of a chromosome are a sequence, by their starts"
    return _table(path, names, rows, lines, note, ("chrom", "start"))


def read_gff(path: Path) -> Table:
    """Read GFF or GTF: the features of a chromosome are a sequence, by their starts.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DataError
        If a line has not nine cells, or there is none.
    """
    lines, rows = _rows(path, ("#",), "\t")
    for line, row in zip(lines, rows, strict=True):
        if len(row) not in (8, 9) or not row[3].isdigit():
            raise DataError("expected eight or nine cells, the fourth a start", path, line)
    note = "this is read as GFF: the features of a chromosome are a sequence, by their starts"
    return _table(path, _GFF, [row[:8] for row in rows], lines, note, ("seqid", "start"), ("feature",))


def read_midi(path: Path) -> Table:
    """Read MIDI as CSV (midicsv): the notes of a track and channel are a sequence, by when they begin.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DataError
        If no note begins.
    """
    lines, rows = _rows(path, ("#",), ",")
    kept = [
        (line, [f"{row[0]}.{row[3]}", *row[1:2], *row[4:6]])
        for line, row in zip(lines, rows, strict=True)
        if len(row) >= 6 and row[2].lower() == "note_on_c" and row[5] != "0"
    ]
    if not kept:
        raise DataError("no note begins (Note_on_c)", path)
    note = "this is read as MIDI: the notes that begin in a track and channel are a sequence, by their times"
    names = ("track", "time", "note", "velocity")
    rows, lines = [row for _, row in kept], [line for line, _ in kept]
    return _table(path, names, rows, lines, note, ("track", "time"), ("note",))


def _rows(path: Path, skipped: tuple[str, ...], mark: str | None) -> tuple[list[int], list[list[str]]]:
    lines, rows = [], []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip() and not line.startswith(skipped):
            lines.append(number)
            rows.append(
                [cell.strip() for cell in line.split("\t" if mark is None and "\t" in line else mark)]
            )
    if not rows:
        raise DataError("there is no row", path)
    return lines, rows


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _table(
    path: Path,
    names: Sequence[str],
    rows: list[list[str]],
    lines: list[int],
    note: str,
    keys: tuple[str, str],
    values: tuple[str, ...] = (),
) -> Table:
    columns, text, spellings = {}, {}, {}
    for name, cells in zip(names, zip(*rows, strict=True), strict=True):
        text[name] = as_words(list(cells))
        columns[name], spellings[name] = type_cells(list(cells), "\t", name)
        # what names a sequence, a feature or a note is a word
        if name == keys[0] or name in values:
            columns[name] = text[name]
    return Table(
        pd.DataFrame(columns),
        path,
        np.array(lines, dtype=np.int64),
        text,
        spellings,
        (note,),
        values=values,
        wide=False,
        keys={
            part: (name, "the format says so") for part, name in zip(("sequence", "order"), keys, strict=True)
        },
    )


BED = Reader(
    "bed", (".bed", ".bedgraph", ".narrowpeak", ".broadpeak"), read_bed, "BED, a chromosome a sequence"
)
GFF = Reader("gff", (".gff", ".gff3", ".gtf"), read_gff, "GFF or GTF, a chromosome a sequence")
MIDI = Reader("midicsv", (), read_midi, "MIDI as CSV, a track a sequence of notes")
