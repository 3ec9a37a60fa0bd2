"""FASTA and FASTQ: residues, a sequence a record."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from seqcompare.data.contents import Contents
from seqcompare.data.options import HEADER
from seqcompare.data.readers import Reader
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text

_NOT_A_RESIDUE = re.compile(r"[^A-Za-z*.-]")
_FIELD = re.compile(r"(?:^|[\s|;,\[])([A-Za-z_]\w*)\s*[=:]\s*([^\s|;,\]]+)")
# what a field that holds the class is called
_CLASSES = ["class", "label", "category", "target", "cls", "classification"]


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
    return _records_of(read_text(path), path)


def _records_of(text: str, path: Path) -> tuple[list[str], list[str]]:
    names: list[str] = []
    parts: list[list[str]] = []
    starts: list[int] = []
    for number, line in enumerate(_of_fastq(text) if text.startswith("@") else text.split("\n"), start=1):
        if line.startswith(">"):
            names.append(line[1:].strip())
            parts.append([])
            starts.append(number)
        elif line.strip() and not line.startswith(";"):
            if not parts:
                raise DataError("expected a line that starts with >", path, number, 1)
            # some programs part residues into tens
            residues = line.replace(" ", "") if line.strip() else line
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


def _of_fastq(text: str) -> list[str]:
    """Return the lines of FASTQ, four a record, as those of FASTA: without the qualities."""
    lines = text.split("\n")
    for i in range(0, len(lines) - 3, 4):
        if lines[i].startswith("@") and lines[i + 2].startswith("+"):
            lines[i : i + 4] = [f">{lines[i][1:]}", lines[i + 1], "", ""]
    return lines


def read_records(path: Path, header: str | None = None) -> Contents:
    """Read a FASTA file, and classes from what follows each ``>``.

    Parameters
    ----------
    path : Path
        The file.
    header : str, optional
        A regular expression whose group is the class, such as ``class=([a-z]+)``; empty for no class. By
        default a field such as ``class=``, or what follows the one bar, if there are few classes.

    Raises
    ------
    DataError
        If a record has no class where others have, or the file is no FASTA.
    """
    text = read_text(path)
    names, records = _records_of(text, path)
    qualities = ", and qualities of FASTQ left out" if text.startswith("@") else ""
    notes = [f"residues are read in upper case{qualities}"]
    classes: list[str] | None = None
    if header:
        try:
            found = [re.search(header, name) for name in names]
        except re.error as error:
            raise DataError(f"{header!r} is no pattern: {error}", path) from None
        for name, match in zip(names, found, strict=True):
            if match is None or not match.re.groups:
                raise DataError(f"record {name!r} does not fit {header!r} with a class in brackets", path)
        classes = [str(match.group(1)) for match in found if match is not None]
    elif header is None:
        classes = _told_classes(names, notes)
    return Contents(Sequences(records), None if classes is None else np.array(classes), notes=tuple(notes))


def _told_classes(names: list[str], notes: list[str]) -> list[str] | None:
    """Return the class that the name of each record tells, and say where; None where no field is sure."""
    none = "; an empty 'header' (--header '') takes none"
    found = [dict(_FIELD.findall(name)) for name in names]
    fields = {key: [each.get(key, "") for each in found] for key in found[0]}
    fields = {key: told for key, told in fields.items() if _are_classes(told)}
    key = next((key for usual in _CLASSES for key in fields if key.lower() == usual), None)
    if key is not None:
        notes.append(f"the class is what follows {key!r} in the names of records{none}")
        return fields[key]
    parts = [name.split("|") for name in names]
    last = [part[-1].strip() for part in parts]
    if {len(part) for part in parts} == {2} and _are_classes(last):
        notes.append(f"the class is what follows the bar in the names of records, such as {last[0]!r}{none}")
        return last
    words = [name.split() for name in names]
    if fields:
        key = next(iter(fields))
        notes.append(f"the names of records tell {key!r}: to predict it, --header '{key}=(\\S+)'")
    elif {len(each) for each in words} == {2} and _are_classes([each[1] for each in words]):
        notes.append(
            f"the names of records end with {words[0][1]!r} and the like: to predict it, --header '(\\S+)$'"
        )
    return None


def _are_classes(told: list[str]) -> bool:
    """Whether what the records tell is few different words, and each tells one."""
    return all(told) and len(told) > 3 and 2 <= len(set(told)) <= len(told) / 4


READER = Reader(
    "fasta",
    (".fa", ".fasta", ".fna", ".faa", ".fastq", ".fq"),
    read_records,
    "FASTA or FASTQ, a record a sequence",
    options=(HEADER,),
    kinds=("symbols",),
)
