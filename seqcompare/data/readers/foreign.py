"""Files of other programs that are neither read nor text: what they are, and what makes data of them."""

from __future__ import annotations

import re
from pathlib import Path

from seqcompare.data.packed import BROKEN, open_packed, packing_of
from seqcompare.data.source import DataError

_AS_TABLE = "save what it holds as CSV, a row for each step"
_AS_ARRAY = "save the array as .npy or .npz"
_AS_FASTA = "save it as FASTA"

# what the first bytes say, and what to do
_BINARY: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"%PDF", "a PDF", _AS_TABLE),
    (0, b"\x89HDF\r\n", "HDF5 (or MATLAB 7.3)", f"read it with h5py or pandas.read_hdf, and {_AS_ARRAY}"),
    (0, b"MATLAB 5.0", "MATLAB's", f"read it with scipy.io.loadmat, and {_AS_ARRAY}"),
    (0, b"SQLite format 3", "an SQLite database", "save the result of a query as CSV"),
    (8, b"WAVE", "sound (WAV)", f"read it with scipy.io.wavfile.read, and {_AS_ARRAY}"),
    (0, b"fLaC", "sound (FLAC)", _AS_ARRAY),
    (0, b"OggS", "sound (Ogg)", _AS_ARRAY),
    (0, b"ID3", "sound (MP3)", _AS_ARRAY),
    (0, b"MThd", "MIDI", "make CSV of it with midicsv"),
    (0, b"0       ", "a recording (EDF)", f"read it with mne or pyedflib, and {_AS_ARRAY}"),
    (0, b"\xffBIOSEMI", "a recording (BDF)", f"read it with mne or pyedflib, and {_AS_ARRAY}"),
    (0, b"\x89PNG", "a picture", _AS_ARRAY),
    (0, b"\xff\xd8\xff", "a picture", _AS_ARRAY),
    (0, b"GIF8", "a picture", _AS_ARRAY),
    (0, b"\xd0\xcf\x11\xe0", "an old workbook (.xls) or document", "save it as .xlsx or CSV"),
    (0, b"ORC", "ORC", "read it with pandas.read_orc, and save it as Parquet"),
    (0, b"Obj\x01", "Avro", "save it as Parquet or CSV"),
    (257, b"ustar", "an archive (tar)", "unpack it, and name the folder"),
    (0, b"7z\xbc\xaf", "an archive (7z)", "unpack it, and name the folder"),
    (0, b"Rar!", "an archive (RAR)", "unpack it, and name the folder"),
    (0, b"RDX", "R's", "save it by write.csv"),
    (0, b"X\n\x00\x00", "R's", "save it by write.csv"),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05]")

# what text begins with
_TEXT: tuple[tuple[str, str, str], ...] = (
    (r"File type = \"ooTextFile|ooTextFile", "Praat's", _AS_TABLE),
    (r"#NEXUS", "NEXUS", _AS_FASTA),
    (r"LOCUS +\S+ +[0-9]+ (?:bp|aa)|ID   \S+;? .*(?:BP|AA)\.", "GenBank's or EMBL's", _AS_FASTA),
    (r"(?:[^\n]*\n){0,9}?[^\n]*\bMSF: *[0-9]+ +Type: ", "GCG's (MSF)", _AS_FASTA),
    (r";;[^\n]*\n(?:;[^\n]*\n)+[^;>\n]+\n[A-Za-z.*-]+", "MASE", _AS_FASTA),
    (r"##fileformat=VCF", "VCF (variants)", _AS_TABLE),
    (r"@(?:HD\tVN|SQ\tSN|RG\tID):", "SAM (alignments)", _AS_TABLE),
    (r"BEGIN:V(?:CALENDAR|CARD)", "a calendar or addresses", _AS_TABLE),
    (r"\$(?:GP|GN|GL)[A-Z]{3},", "NMEA (a receiver's log)", _AS_TABLE),
    (r"\{\\rtf", "formatted text (RTF)", "save it as plain text"),
    (r"%!PS", "PostScript", "save it as text or CSV"),
    (r"\(;\s*(?:GM|FF|SZ)\[", "SGF (games)", _AS_TABLE),
    (r"\[Script Info\]", "subtitles (ASS)", "save them as .srt"),
    (r"<!doctype html|<html", "a page (HTML)", "read its tables with pandas.read_html, and save them as CSV"),
    (
        # after its first tag a line of a table would go on
        r"<\?xml|<!--|<[A-Za-z][\w:.-]*(?:\s+[\w:.-]+\s*=\s*[\"'][^<>]*)?/?>\s*(?:<|\n|$)",
        *("XML", f"read it with pandas.read_xml, or {_AS_TABLE}"),
    ),
)  # fmt: skip


def refuse_foreign(path: Path) -> None:
    """Raise DataError for a file of another program, with what would make data of it.

    Parameters
    ----------
    path : Path
        A regular file, packed or not.
    """
    try:
        packing = packing_of(path)
        with path.open("rb") if packing in (None, "zip") else open_packed(path, str(packing)) as file:
            head = file.read(1024)
    except (OSError, ValueError, *BROKEN):
        return
    for at, magic, what, way in _BINARY:
        if head[at : at + len(magic)] == magic and (magic not in (b"ORC", b"ID3") or b"\0" in head):
            raise DataError(f"this file is {what}, which is not read: {way}", path)
    if _PICKLE.match(head) and head[1:3] != b"\n":
        raise DataError(f"this file is a pickle, which may run any code: {_AS_ARRAY}, or as CSV", path)
    text = head.decode("utf-8", errors="ignore").lstrip("\ufeff").lstrip()
    for pattern, what, way in _TEXT:
        if re.match(pattern, text, re.IGNORECASE):
            other = {"file_format": "text"}
            raise DataError(f"this file is {what}, which is not read: {way}", path).trying(other)
