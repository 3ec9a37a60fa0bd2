"""PHYLIP: aligned residues, a record a sequence, one after the other or in blocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from seqcompare.data.contents import Contents
from seqcompare.data.readers import Reader
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text

_HEAD = re.compile(r"\s*([0-9]+)\s+([0-9]+)(?:\s+[A-Za-z])*\s*")
_RESIDUES = re.compile(r"[A-Za-z*?.-]*")
# in the strict form a name takes so many characters, blanks included
_NAME = 10


def is_phylip(head: str) -> bool:
    """Whether a text begins as PHYLIP does: two whole numbers, and below them a name and residues."""
    lines = [line for line in head.split("\n")[:4] if line.strip()]
    match = _HEAD.fullmatch(lines[0]) if len(lines) > 1 else None
    if match is None or re.search("[A-Za-z]", lines[1]) is None:
        return False
    found = [residues for residues in (_relaxed(lines[1])[1], _strict(lines[1])[1]) if residues]
    return any(_RESIDUES.fullmatch(each) and len(each) <= int(match[2]) for each in found)


def read_phylip(path: Path) -> Contents:
    """Read an alignment in PHYLIP's form, strict or relaxed, sequential or interleaved.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DataError
        If it has not as many records of as many residues as its first line says.
    """
    first, *rest = read_text(path).strip("\n").split("\n")
    match = _HEAD.fullmatch(first)
    if match is None:
        raise DataError("expected the numbers of sequences and of residues on the first line", path, 1)
    n, size = int(match[1]), int(match[2])
    lines = [line for line in rest if line.strip()]
    for split in (_relaxed, _strict):
        for records in (_one_by_one(lines, size, split), _in_blocks(lines, n, split)):
            if len(records) == n > 0 and all(
                len(record) == size and _RESIDUES.fullmatch(record) for record in records
            ):
                notes = (f"{n} aligned sequences of {size} residues, read in upper case",)
                return Contents(Sequences([record.upper() for record in records]), notes=notes)
    raise DataError(
        f"the first line tells of {n} sequences of {size} residues each, and the lines below hold others",
        path,
    ).trying({"file_format": "text"})


def _relaxed(line: str) -> tuple[str, str]:
    name, *rest = line.split() or [""]
    return name, "".join(rest)


def _strict(line: str) -> tuple[str, str]:
    return line[:_NAME].strip(), "".join(line[_NAME:].split())


def _one_by_one(lines: list[str], size: int, split: Callable[[str], tuple[str, str]]) -> list[str]:
    records: list[str] = []
    for line in lines:
        if records and len(records[-1]) < size:
            records[-1] += "".join(line.split())
        else:
            records.append(split(line)[1])
    return records


def _in_blocks(lines: list[str], n: int, split: Callable[[str], tuple[str, str]]) -> list[str]:
    records = [split(line)[1] for line in lines[:n]]
    for i, line in enumerate(lines[n:]):
        records[i % n] += "".join(line.split())
    return records


READER = Reader(
    "phylip",
    (".phy", ".phylip"),
    read_phylip,
    "PHYLIP, an alignment, a record a sequence",
    kinds=("symbols",),
)
