"""Reading a file as text, whole or not at all, and saying where it is bad."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path


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
        super().__init__(f"{', '.join(place)}: {problem}" if place else problem)

    def within(self, path: Path | None) -> DataError:
        """Return the same error with this file, unless it names one."""
        if path is None or self.path is not None or isinstance(self, WrongUseError):
            return self
        return DataError(self.problem, path, self.line, self.column)


class WrongUseError(DataError):
    """An argument that does not apply: no file's fault."""


class UnknownOptionError(WrongUseError, TypeError):
    """An option of reading that there is not."""


def title_of(path: Path) -> str:
    """Return the name of a file without its ending, and without that of gzip."""
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return Path(name).stem


def read_text(path: Path) -> str:
    r"""Return a UTF-8 text file, unzipped if it is gzip, with ``\n`` at the end of every line.

    A byte order mark is dropped.

    Raises
    ------
    DataError
        If the file is missing, empty, binary, broken or not UTF-8.
    """
    data = _read_bytes(path)
    if not data.strip():
        raise DataError("the file is empty", path)
    other = _wide_encoding(data)
    if other:
        raise DataError(f"the file is {other}; save it as UTF-8", path)
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
        raise DataError(
            f"byte 0x{data[start]:02x} is not UTF-8; save the file as UTF-8", path, line, column
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def check_file(path: Path) -> None:
    """Raise DataError unless there is a regular file: a pipe may hang, and a device never end."""
    if not path.exists():
        raise DataError("there is no such file", path)
    if path.is_dir():
        raise DataError("this is a directory, expected a file", path)
    if not path.is_file():
        raise DataError("this is no regular file", path)


def _read_bytes(path: Path) -> bytes:
    check_file(path)
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"the gzip file is broken: {error}", path) from None
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror or error}", path) from None


def _wide_encoding(data: bytes) -> str | None:
    """Return the name of an encoding of two or four bytes a character, if the file has one."""
    # the mark of UTF-32 begins with that of UTF-16
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "UTF-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    # without a mark, every other byte of most languages' letters and signs is the same
    head = data[:1000]
    for first in (0, 1):
        zeros, others = head[first::2].count(0), head[1 - first :: 2].count(0)
        if others == 0 and zeros > 0.4 * len(head) / 2:
            return "UTF-16"
    return None


def _place(data: bytes, position: int) -> tuple[int, int]:
    """Return line and column of a byte, both from 1."""
    before = data[:position]
    return before.count(b"\n") + 1, position - (before.rfind(b"\n") + 1) + 1
