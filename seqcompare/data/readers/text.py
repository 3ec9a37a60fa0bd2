"""Plain text and FASTA."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.kinds import LONGEST_SYMBOL, too_long
from seqcompare.data.source import DataError, read_text

Tokens = Literal["char", "word"]
Split = Literal["line", "document"]

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


def read_plain(path: Path, *, tokens: Tokens = "char", split: Split = "line") -> list[NDArray[np.str_]]:
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
        return [np.array(sequence) for sequence in words]
    return [np.array(list(piece)) for piece in pieces]


def cut_documents(text: str) -> list[str]:
    """Return the documents of a text: between form feeds or, where there is none, between blank lines."""
    if "\f" in text:
        return [page.strip("\n") for page in text.split("\f")]
    return cut_paragraphs(text)


def cut_paragraphs(text: str) -> list[str]:
    """Return what blank lines separate."""
    return [piece.strip("\n") for piece in re.split(r"\n(?:[ \t]*\n)+", text) if piece.strip()]
