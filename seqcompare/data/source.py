"""Reading a file as text, whole or not at all, and saying where it is bad."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from seqcompare.data.free_memory import free_memory
from seqcompare.data.legacy_text import likely_encodings
from seqcompare.data.options import Form
from seqcompare.data.packed import BROKEN, declared_size, open_packed, packing_of, without_packing
from seqcompare.quantities import size

# of a byte of text, while cells are objects of Python: 47 in a table of short words, 26 in one of numbers
GROWTH = 48
# of a cell, as an object of Python with its copies
CELL = 64
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


@dataclass
class Reading:
    """What holds for all files that are being read now.

    Parameters
    ----------
    memory : int
        The most bytes that reading may need.
    normalise : str, optional
        The Unicode form that text is brought into.
    marks : frozenset of str, optional
        Further cells that stand for missing values; if the empty one is named, those that usually do stand
        for themselves.
    encoding : str, optional
        What text is encoded in; by default UTF-8, or what its first bytes say.
    notes : list of str
        What was decided about text.
    """

    memory: int
    normalise: Form | None = None
    marks: frozenset[str] = frozenset()
    encoding: str | None = None
    notes: list[str] = field(default_factory=list)


_NOW: ContextVar[Reading | None] = ContextVar("reading", default=None)


@contextmanager
def reading(
    memory: object,
    normalise: Form | None,
    marks: str | Sequence[str] | None = None,
    encoding: str | None = None,
) -> Iterator[Reading]:
    """Hold all that is read inside to a limit of memory and a form of text; yield what was decided.

    Parameters
    ----------
    memory : int or str, optional
        Bytes, or as ``500M`` or ``2G``; by default half of what is free.
    normalise : {"NFC", "NFD", "NFKC", "NFKD"}, optional
        The form.
    marks : str or sequence of str, optional
        The cells that stand for missing values.
    encoding : str, optional
        What text is encoded in.

    Raises
    ------
    WrongUseError
        If one is none of these.
    """
    if normalise is not None and normalise not in ("NFC", "NFD", "NFKC", "NFKD"):
        raise WrongUseError(f"normalise must be one of NFC, NFD, NFKC, NFKD, got {normalise!r}")
    if encoding is not None and not _is_encoding(encoding):
        raise WrongUseError(
            f"there is no encoding {encoding!r} of text; expected one such as utf-8, cp1252 or gb18030"
        ).trying({"encoding": None})
    told = frozenset([marks] if isinstance(marks, str) else map(str, marks or ()))
    now = Reading(bytes_of(memory), normalise, told, encoding)
    token = _NOW.set(now)
    try:
        yield now
    finally:
        _NOW.reset(token)


def missing_marks(column: str | None = None) -> frozenset[str]:
    """Return the cells that the user said stand for missing values (of a column); "" for no usual ones."""
    now = _NOW.get()
    marks = frozenset() if now is None else now.marks
    own = f"{column}="
    return marks | {mark.removeprefix(own) for mark in marks if mark.startswith(own)}


def say(note: str) -> None:
    """Add to what was decided about what is being read."""
    now = _NOW.get()
    if now is not None and note not in now.notes:
        now.notes.append(note)


def bytes_of(memory: object) -> int:
    """Return a number of bytes from what the user said; half of what is free where nothing was."""
    if memory is None:
        free = free_memory()
        return 2 * _UNITS["G"] if free is None else free // 2
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)i?B?", str(memory).strip(), re.IGNORECASE)
    if match is None:
        raise WrongUseError(f"memory must be a number of bytes, such as 500M or 2G, got {memory!r}")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def check_memory(needed: float, path: Path, what: str) -> None:
    """Raise DataError if reading would need more bytes than it may."""
    now = _NOW.get()
    most = bytes_of(None) if now is None else now.memory
    if needed > most:
        raise DataError(
            f"{what}, which may need {size(needed / 1e6)} of memory, and "
            f"{size(most / 1e6)} may be used; read a part of it (of Parquet files: --sample), "
            "or say how much (memory)",
            path,
        )


class DataError(ValueError):
    """Data that cannot be read, and the place where that shows.

    Parameters
    ----------
    problem : str
        What was expected and what came.
    path : str or Path, optional
        The file.
    line : int, optional
        The line, counted from 1.
    column : int or str, optional
        The character in the line, counted from 1, or the name of the table's column.

    Attributes
    ----------
    said : str
        The error without a remedy.
    tries : sequence of mapping of str to object
        Options of reading that may help.
    remedy : mapping of str to object or None
        Options with which the data were read, on trial.
    """

    def __init__(
        self,
        problem: str,
        path: str | Path | None = None,
        line: int | None = None,
        column: int | str | None = None,
    ) -> None:
        # an error is one line, also when it cites a cell of several
        problem = problem.replace("\n", "\\n")
        self.problem, self.path, self.line, self.column = problem, path, line, column
        place = [] if path is None else [str(path)]
        if line is not None:
            place.append(f"line {line}")
        if column is not None:
            place.append(f"column {column!r}")
        self.said = f"{', '.join(place)}: {problem}" if place else problem
        self.tries: Sequence[Mapping[str, object]] = ()
        self.remedy: Mapping[str, object] | None = None
        super().__init__(self.said)

    def trying(self, *changes: Mapping[str, object]) -> Self:
        """Return this error with options of reading that may help, each to be tried before it is advised."""
        self.tries = changes
        return self

    def advising(self, remedy: Mapping[str, object]) -> Self:
        """Return this error with options of reading that were seen to help, which its text names."""
        self.remedy = remedy
        self.args = (f"{self.said}; this reads it: {', '.join(f'{k}={v!r}' for k, v in remedy.items())}",)
        return self

    def within(self, path: Path | None) -> DataError:
        """Return the same error with this file, unless it names one."""
        if path is None or self.path is not None or isinstance(self, WrongUseError):
            return self
        return DataError(self.problem, path, self.line, self.column).trying(*self.tries)


class WrongUseError(DataError):
    """An argument that does not apply: no file's fault."""


class UnknownOptionError(WrongUseError, TypeError):
    """An option of reading that there is not."""


def title_of(path: Path) -> str:
    """Return the name of a file without its ending, and without that of what packs it."""
    return Path(without_packing(path.name)).stem


def read_text(path: Path) -> str:
    r"""Return a file of text, unpacked if it is packed, with ``\n`` at the end of every line.

    It is UTF-8 unless its first bytes or the user say otherwise. A byte order mark is dropped.

    Raises
    ------
    DataError
        If the file is missing, empty, binary, broken or not in that encoding.
    """
    data = _read_bytes(path)
    if not data.strip():
        raise DataError("the file is empty", path)
    now = _NOW.get()
    encoding = (None if now is None else now.encoding) or wide_encoding(data)
    if encoding is not None:
        return _formed(_decoded(data, encoding, path))
    zero = data.find(b"\0")
    if zero >= 0:
        line, column = _place(data, zero)
        raise DataError("a zero byte: this is a binary file, expected text", path, line, column)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # the decoder's positions do not count the byte order mark that it drops
        start = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        line, column = _place(data, start)
        likely = likely_encodings(data)
        reads = " or ".join(f"{word!r} ({name})" for name, word in likely)
        problem = f"byte 0x{data[start]:02x} is not UTF-8; " + (
            f"the first word may be {reads}: say what the encoding is"
            if likely
            else "say what the encoding is, or save the file as UTF-8"
        )
        tries = [{"encoding": name} for name, _ in likely]
        raise DataError(problem, path, line, column).trying(*tries) from None
    return _formed(_lines(text))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_encoding(name: str) -> bool:
    """Whether bytes can be read as text by an encoding of this name."""
    try:
        b"a".decode(name)
    except UnicodeError:  # it has another form in it
        return True
    except (LookupError, ValueError):
        return False
    return True


def _decoded(data: bytes, encoding: str, path: Path) -> str:
    """Return text in an encoding that was named, or that the first bytes tell."""
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        raise DataError(f"the file is not {encoding}: {error}", path).trying({"encoding": None}) from None
    say(f"the text is read as {encoding}")
    return _lines(text.lstrip("\ufeff"))


def _formed(text: str) -> str:
    """Return text in the Unicode form that was asked for; say where a text mixes forms."""
    now = _NOW.get()
    if now is None or text.isascii():
        return text
    if now.normalise is not None:
        return unicodedata.normalize(now.normalise, text)
    if not any(unicodedata.is_normalized(form, text) for form in ("NFC", "NFD")):
        say("the text has letters with accents both as one character and as two; normalise 'NFC' makes one")
    return text


def check_file(path: Path) -> None:
    """Raise DataError unless there is a regular file: a pipe may hang, and a device never end."""
    if not path.exists():
        raise DataError("there is no such file", path)
    if path.is_dir():
        raise DataError("this is a directory, expected a file", path)
    if not path.is_file():
        raise DataError("this is no regular file", path)


def _read_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unzipped, unless what they would become is more than memory holds."""
    check_file(path)
    size = path.stat().st_size
    check_memory(GROWTH * size, path, f"the file has {size:,} bytes")
    packing = None
    try:
        packing = packing_of(path)
        if packing is None:
            return path.read_bytes()
        declared = declared_size(path, packing)
        check_memory(GROWTH * declared, path, f"the file has {declared:,} bytes, unpacked")
        return _unpacked(path, packing)
    except OSError as error:
        # what unpacks raises some of its errors as if they were the system's
        if packing is None or error.errno is not None:
            raise DataError(f"the file cannot be read: {error.strerror or error}", path) from None
        raise DataError(f"the {packing} file is broken: {error}", path) from None
    except BROKEN as error:
        raise DataError(f"the {packing} file is broken: {error}", path) from None


def _unpacked(path: Path, packing: str) -> bytes:
    """Return what a packed file holds, looking at its size while it is unpacked."""
    pieces, size = [], 0
    try:
        file = open_packed(path, packing)
    except ValueError as error:
        raise DataError(str(error), path) from None
    with file:
        while piece := file.read(2**22):
            pieces.append(piece)
            size += len(piece)
            check_memory(GROWTH * size, path, f"the file has {size:,} bytes and more, unpacked")
    return b"".join(pieces)


def wide_encoding(data: bytes) -> str | None:
    """Return the name of an encoding of two or four bytes a character, if the file has one."""
    # the mark of UTF-32 begins with that of UTF-16
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # without a mark, every other byte of most languages' letters and signs is the same
    head = data[:1000]
    for first, name in ((0, "utf-16-be"), (1, "utf-16-le")):
        zeros, others = head[first::2].count(0), head[1 - first :: 2].count(0)
        if others == 0 and zeros > 0.4 * len(head) / 2:
            return name
    return None


def _place(data: bytes, position: int) -> tuple[int, int]:
    """Return line and column of a byte, both from 1."""
    before = data[:position]
    return before.count(b"\n") + 1, position - (before.rfind(b"\n") + 1) + 1
