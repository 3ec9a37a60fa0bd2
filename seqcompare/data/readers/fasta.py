"""FASTA: residues, a sequence a record."""

from __future__ import annotations

import re
from pathlib import Path

from seqcompare.data.contents import Contents
from seqcompare.data.readers import Reader
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text

_NOT_A_RESIDUE = re.compile(r"[^A-Za-z*.-]")


def read_fasta(path: Path) -> tuple[list[str], list[str]]:
    """Read a FASTA file: one sequence of upper-case characters a record.

    Returns
    -------
    names : list of str
        What follows each ``>``.
    sequences : list of str
        The records' residues.

    Raises
    ------
    DataError
        If a record is empty or unheaded, or a character is no residue (a letter, ``*``, ``-`` or ``.``).
    """
    names: list[str] = []
    parts: list[list[str]] = []
    starts: list[int] = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.startswith(">"):
            names.append(line[1:].strip())
            parts.append([])
            starts.append(number)
        elif line.strip() and not line.startswith(";"):
            if not parts:
                raise DataError("expected a line that starts with >", path, number, 1)
            residues = line.rstrip()
            bad = _NOT_A_RESIDUE.search(residues)
            if bad:
                problem = f"{bad.group()!r} is no residue: expected letters, *, - or ."
                raise DataError(problem, path, number, bad.start() + 1)
            parts[-1].append(residues.upper())
    for name, part, number in zip(names, parts, starts, strict=True):
        if not part:
            raise DataError(f"record {name!r} has no residues", path, number)
    if not parts:
        raise DataError("there is no record: no line starts with >", path)
    return names, ["".join(part) for part in parts]


def _read(path: Path) -> Contents:
    _, records = read_fasta(path)
    return Contents(Sequences(records), notes=("residues are read in upper case",))


READER = Reader(
    "fasta", (".fa", ".fasta", ".fna", ".faa"), _read, "FASTA, a record a sequence", kinds=("symbols",)
)
