"""What a file is by what it holds, where its name does not say so or says something else."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from seqcompare.data.packed import BROKEN, open_packed, packing_of
from seqcompare.data.readers.blocks import is_alignment
from seqcompare.data.readers.intervals import is_bed, is_gff, is_midi
from seqcompare.data.readers.logs import is_web_log
from seqcompare.data.readers.phylip import is_phylip
from seqcompare.data.readers.subtitles import is_subtitles
from seqcompare.data.readers.svmlight import is_svmlight
from seqcompare.data.source import wide_encoding

_HEAD = 4096
_JSON_LINE = re.compile(r"(?:\{\s*[\"}]|\[\s*(?:[\"\-0-9\[{\]]|true|false|null|NaN)).*[}\]]\s*(?:\n|$)")
_FASTA = re.compile(r"(?:;[^\n]*\n)*>[^\n]+\n[A-Za-z*.\-\n]+(?:\n>|$)")
_FITS = (
    ("blocks", is_alignment),
    ("midicsv", is_midi),
    ("subtitles", is_subtitles),
    ("gff", is_gff),
    ("bed", is_bed),
    ("svmlight", is_svmlight),
)


def sniff(path: Path) -> str | None:
    """Return the name of the format that a file is of; None where nothing tells.

    Parameters
    ----------
    path : Path
        A regular file, packed or not.
    """
    try:
        packing = packing_of(path)
        if packing == "zip":
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
            if any(name.startswith("xl/") for name in names):
                return "excel"
            if names and all(name.endswith(".npy") for name in names):
                return "numpy"
        with path.open("rb") if packing is None else open_packed(path, packing) as file:
            head = file.read(_HEAD)
    except (OSError, ValueError, *BROKEN):
        return None
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x93NUMPY"):
        return "numpy"
    if head.startswith((b"ARROW1\0\0", b"FEA1", b"<stata_dta>", b"HEADER RECORD*******LIB")):
        return "statistics"
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    encoding = (wide_encoding(head) if marked else None) or "utf-8"
    if b"\0" in head and encoding == "utf-8":
        return None
    return _format_of_text(head.decode(encoding, errors="ignore").lstrip("\ufeff").replace("\r\n", "\n"))


def _format_of_text(head: str) -> str:
    start = head.lstrip()
    words = head.lower()
    if _FASTA.match(start[: start.rfind("\n")] if "\n" in start else start):
        return "fasta"
    if re.match(r"@[^\n]+\n[A-Za-z.]+\n\+[^\n]*\n", start):
        return "fasta"
    if re.search(r"^@problemname\b|^@classlabel\b", words, re.MULTILINE):
        return "ts"
    if re.search(r"^@attribute\s", words, re.MULTILINE):
        # series of TSF stand behind colons, and rows of ARFF are none
        return (
            "tsf"
            if re.search(r"^@(frequency|horizon|equallength|missing)\b", words, re.MULTILINE)
            else "arff"
        )
    if re.match(r"<\?xml|<log\b", start) and "<log" in head:
        return "xes"
    if re.match(r"\[\s*\{\s*\"|\{\s*\"[^\"\n]*\"\s*:", start) or re.match(_JSON_LINE, start):
        return "jsonl"
    if re.match(r'\[\w+ +"[^\n]*"\]\s*\n\s*\[\w+ +"', start):
        return "pgn"
    if is_phylip(head[: head.rfind("\n")] if "\n" in head else head):
        return "phylip"
    if is_web_log(head[: head.rfind("\n")] if "\n" in head else head):
        return "weblog"
    for name, fits in _FITS:
        if fits(head):
            return name
    return "text"
