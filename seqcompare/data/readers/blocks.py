"""Alignments in blocks, a name before each piece of residues: Stockholm and Clustal."""

from __future__ import annotations

import re
from pathlib import Path

from seqcompare.data.contents import Contents
from seqcompare.data.readers import Reader
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text

_HEAD = re.compile(r"\s*(?:# STOCKHOLM 1|(?:CLUSTAL|MUSCLE|PROBCONS|MSAPROBS)\b)")
# a name, residues, and in Clustal how many there were up to here
_PIECE = re.compile(r"(?P<name>\S+)[ \t]+(?P<residues>[A-Za-z*?.~_-]+)(?:[ \t]+[0-9]+)?\s*")


def is_alignment(head: str) -> bool:
    """Whether a text begins as Stockholm or Clustal does."""
    return _HEAD.match(head) is not None


def read_blocks(path: Path) -> Contents:
    """Read an alignment of Stockholm or Clustal: a record a sequence, in upper case, without what is marked.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DataError
        If there is no record, or a line has neither a name and residues nor marks.
    """
    records: dict[str, str] = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        # the lines of marks below blocks have no name
        if not line.strip() or line.startswith(("#", "//", " ", "\t")) or _HEAD.match(line):
            continue
        match = _PIECE.fullmatch(line)
        if match is None:
            raise DataError("expected the name of a sequence and residues", path, number)
        records[match["name"]] = records.get(match["name"], "") + match["residues"].upper()
    if not records:
        raise DataError("there is no record", path)
    notes = (f"{len(records)} aligned sequences, read in upper case",)
    return Contents(Sequences(list(records.values())), notes=notes)


READER = Reader(
    "blocks",
    (".sto", ".stk", ".stockholm", ".aln"),
    read_blocks,
    "Stockholm or Clustal, an alignment, a record a sequence",
    kinds=("symbols",),
)
