"""Plain text: a line or a document a sequence, a character or a word a step."""

from __future__ import annotations

import re
from pathlib import Path

from seqcompare.data.contents import Contents
from seqcompare.data.kinds import LONGEST_SYMBOL, too_long
from seqcompare.data.options import SPLIT, TOKENS, Split, Tokens
from seqcompare.data.readers import Reader
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text


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
    (".txt", ".text"),
    read_plain,
    "plain text, a line a sequence",
    (TOKENS, SPLIT),
    kinds=("symbols",),
)
