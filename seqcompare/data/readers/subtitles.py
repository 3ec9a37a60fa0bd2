"""Subtitles: what is said at one time is a sequence."""

from __future__ import annotations

import re
from pathlib import Path

from seqcompare.data.contents import Contents
from seqcompare.data.options import TOKENS, Tokens
from seqcompare.data.readers import Reader
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text

_CLOCK = r"(?:[0-9]{1,2}:)?[0-9]{1,2}:[0-9]{2}[,.][0-9]{1,3}"
_WHEN = re.compile(rf"\s*{_CLOCK}\s*-->\s*{_CLOCK}.*")
_MARKUP = re.compile(r"<[^>]*>|\{\\[^}]*\}")


def is_subtitles(head: str) -> bool:
    """Whether a text begins as subtitles do: with a time from which to which on one of the first lines."""
    lines = [line for line in head.split("\n") if line.strip()][:20]
    return any(_WHEN.fullmatch(line) for line in lines[: 2 + 18 * (lines[:1] == ["WEBVTT"])])


def read_subtitles(path: Path, *, tokens: Tokens = "char") -> Contents:
    """Read SubRip or WebVTT: each subtitle a sequence of characters or words, without numbers and times.

    Parameters
    ----------
    path : Path
        The file.
    tokens : {"char", "word"}
        What a step is.

    Raises
    ------
    DataError
        If nothing is said at any time.
    """
    said: list[list[str]] = []
    places = []
    inside = False
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if _WHEN.fullmatch(line):
            inside = True
            said.append([])
            places.append((path, number))
        elif not line.strip():
            inside = False  # what follows counts the next subtitle, names it, or is a remark
        elif inside:
            said[-1].append(_MARKUP.sub("", line).strip())
    texts = [" ".join(filter(None, parts)) for parts in said]
    kept = [i for i, text in enumerate(texts) if text]
    if not kept:
        raise DataError("nothing is said at any time", path)
    words = [texts[i].split() if tokens == "word" else texts[i] for i in kept]
    noun = {"char": "characters", "word": "words"}[tokens]
    note = f"each of {len(kept)} subtitles is a sequence of {noun}; numbers, times and markup are left out"
    return Contents(Sequences(words), notes=(note,), places=[places[i] for i in kept])


READER = Reader(
    "subtitles",
    (".srt", ".vtt"),
    read_subtitles,
    "subtitles (SubRip, WebVTT), each a sequence",
    (TOKENS,),
    kinds=("symbols",),
)
