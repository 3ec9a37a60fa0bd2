"""Packed files: what packs them, what they say they hold, and how they are opened."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import IO, cast

#: Endings that may follow that of any file of text.
ENDINGS = (".gz", ".bz2", ".xz", ".zip")
#: What unpacking raises for a broken file, beside OSError.
BROKEN = (EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError, RuntimeError)

_MOST_PACKED = 1040
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz", b"PK\x03\x04": "zip"}


def packing_of(path: Path) -> str | None:
    """Return what packs a file, by its first bytes; None if nothing does."""
    with path.open("rb") as file:
        head = file.read(6)
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def without_packing(name: str) -> str:
    """Return the name of a file without an ending such as ``.gz``."""
    ending = next((each for each in ENDINGS if name.lower().endswith(each)), "")
    return name[: len(name) - len(ending)]


def declared_size(path: Path, packing: str) -> int:
    """Return how many bytes a packed file says that it holds, at the least; 0 where it does not say."""
    if packing == "zip":
        with zipfile.ZipFile(path) as archive:
            return sum(member.file_size for member in archive.infolist())
    if packing == "gzip":
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(-4, 2)
            declared = int.from_bytes(file.read(4), "little")
        # what is more than gzip can pack so small is the end of a file that was cut
        return declared if declared <= _MOST_PACKED * size else 0
    return 0


def open_packed(path: Path, packing: str) -> IO[bytes]:
    """Open what a packed file holds.

    Raises
    ------
    ValueError
        If it is an archive of several files, or of none.
    """
    if packing == "zip":
        archive = zipfile.ZipFile(path)
        members = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX")]
        if len(members) != 1:
            archive.close()
            raise ValueError(f"the archive holds {len(members)} files, expected one; unpack it into a folder")
        return archive.open(members[0])
    if packing == "gzip":
        return cast(IO[bytes], gzip.open(path))
    return cast(IO[bytes], bz2.open(path) if packing == "bzip2" else lzma.open(path))
