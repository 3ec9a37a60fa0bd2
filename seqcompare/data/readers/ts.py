"""The ``.ts`` format of the UCR and UEA archives of time series."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from seqcompare.data.contents import Contents
from seqcompare.data.layout import offsets_of
from seqcompare.data.options import Role
from seqcompare.data.readers import Reader
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text, title_of
from seqcompare.typing import Values

_PART = re.compile(r"_(train)(\.ts(?:\.gz)?)$", re.IGNORECASE)

_FLAGS = ("timestamps", "missing", "univariate", "equallength", "classlabel", "targetlabel")
_PAIR = re.compile(r"\(([^(),]*),([^(),]*)\)")
_COMMENTS = ("#", "%")
_WHOLE = ("dimensions", "dimension", "serieslength")


Header = dict[str, str | int | bool]
"""What the tags of a header say."""


@dataclass(frozen=True)
class TimeSeriesFile:
    """What a ``.ts`` file holds.

    Parameters
    ----------
    name : str
        The problem's name, or the file's.
    series : list of ndarray of shape (T_i,) or (T_i, d)
        The series; NaN where a value is missing.
    target : ndarray of shape (n,) or None
        Class labels (strings), numbers, or nothing.
    lines : list of int
        The line of each series.
    missing : bool
        Whether the header declares missing values.
    padded : bool
        Whether series were padded with missing values to one length.
    """

    name: str
    series: list[NDArray[np.float64]]
    target: Values | None
    lines: list[int]
    missing: bool
    padded: bool = False


def read_series(path: Path) -> Contents:
    """Read a ``.ts`` file, and ``..._TEST.ts`` beside ``..._TRAIN.ts`` as the official test part.

    Raises
    ------
    DataError
        If a file is not as the format demands; see `read_ts`.
    """
    files, notes = [path], []
    part = _PART.search(path.name)
    if part:
        word = "test" if part[1].islower() else "TEST" if part[1].isupper() else "Test"
        other = path.with_name(path.name[: part.start()] + f"_{word}" + part[2])
        if other.exists():
            files.append(other)
            notes.append(f"{other.name} is taken for the official test part")
    read = [read_ts(file) for file in files]
    if len({None if part.target is None else part.target.dtype.kind for part in read}) > 1:
        raise DataError(f"the targets are of another kind than those of {path.name}", files[-1])
    series = [x for part in read for x in part.series]
    if len({x.shape[1:] for x in series}) > 1:
        raise DataError(f"the series have another number of dimensions than those of {path.name}", files[-1])
    targets = [part.target for part in read if part.target is not None]
    target = np.concatenate(targets) if targets else None
    role: Role | None = None
    if target is not None and target.dtype.kind == "f":
        # the header says so, whether or not the numbers happen to be whole
        role = "value"
        notes.append("the header declares numbers as targets, so the role is value")
    if any(part.padded for part in read):
        notes.append("values missing at the end of series are taken for the ends of shorter ones")
    test = np.repeat([False, True], [len(read[0].series), len(series) - len(read[0].series)])
    return Contents(
        Sequences(np.concatenate(series), offsets_of([len(x) for x in series])),
        target,
        name=read[0].name,
        role=role,
        test=test if len(read) > 1 else None,
        notes=tuple(notes),
        places=[(file, line) for file, part in zip(files, read, strict=True) for line in part.lines],
        gaps=all(part.missing for part in read),
    )


def read_ts(path: Path) -> TimeSeriesFile:
    """Read a ``.ts`` file: univariate or multivariate, of equal or unequal length, with gaps (``?``).

    Of time stamps only the order is kept, in which they stand.

    Raises
    ------
    DataError
        If the header or a line is not as the format demands.

    References
    ----------
    The UEA multivariate time series classification archive, A. Bagnall et al. (2018).
    """
    lines = read_text(path).split("\n")
    header, labels, first = _read_header(lines, path)
    labelled = header.get("classlabel", False) or header.get("targetlabel", False)
    series, targets, numbers = [], [], []
    for number, line in enumerate(lines[first:], start=first + 1):
        if not line.strip() or line.startswith(_COMMENTS):
            continue
        fields = _without_times(line, path, number) if header.get("timestamps") else line.split(":")
        if labelled:
            target = fields.pop().strip()
            if header.get("classlabel") and target not in labels:
                target = _same_number(target, labels)
            if header.get("classlabel") and target not in labels:
                raise DataError(
                    f"class label {target!r} is not among those of the header: {', '.join(labels)}",
                    path,
                    number,
                    len(line) - len(target) + 1,
                )
            targets.append(target)
        series.append(_read_series(fields, header, path, number))
        numbers.append(number)
    if not series:
        raise DataError("there is no series after @data", path, first)
    widths = [x.shape[1] for x in series]
    for width, number in zip(widths, numbers, strict=True):
        if width != widths[0]:
            raise DataError(f"{width} dimensions, but the first series has {widths[0]}", path, number)
    cut = [_without_tail(x) for x in series]
    padded = any(len(short) < len(x) for short, x in zip(cut, series, strict=True))
    series = cut
    if header.get("equallength") and not header.get("missing"):
        for x, number in zip(series, numbers, strict=True):
            if len(x) != len(series[0]):
                problem = (
                    f"{len(x)} steps, but the first series has {len(series[0])}, and @equalLength is true"
                )
                raise DataError(problem, path, number)
    if widths[0] == 1:
        series = [x[:, 0] for x in series]
    target_values = _read_targets(targets, header, path, numbers) if labelled else None
    name = str(header.get("problemname", title_of(path)))
    return TimeSeriesFile(name, series, target_values, numbers, bool(header.get("missing")), padded)


def _without_times(line: str, path: Path, number: int) -> list[str]:
    """Return the fields of a line of pairs ``(time,value)``, without the times: steps are in their order."""
    fields = []
    for part in re.split(r":(?![^(]*\))", line):
        pairs = _PAIR.findall(part)
        if "(" in part and len(pairs) != part.count("("):
            raise DataError(f"expected pairs of a time and a value, got {part!r:.40}", path, number)
        fields.append(",".join(value for _, value in pairs) if pairs else part)
    return fields


def _without_tail(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a series without the steps at its end at which nothing is known: those only pad it."""
    known = np.flatnonzero(~np.isnan(x).all(axis=1))
    return x[: known[-1] + 1] if known.size else x


def _same_number(target: str, labels: list[str]) -> str:
    """Return the label of the header that is the same number as `target`, as 1 and 1.0 are, or `target`."""
    for label in labels:
        try:
            if float(label) == float(target):
                return label
        except ValueError:
            continue
    return target


def _read_header(lines: list[str], path: Path) -> tuple[Header, list[str], int]:
    """Return the header's tags, the class labels, and how many lines come before the data."""
    header: Header = {}
    labels: list[str] = []
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words or line.startswith(_COMMENTS):
            continue
        if not words[0].startswith("@"):
            raise DataError(f"expected a tag such as @data before the data, got {line[:30]!r}", path, number)
        tag, values = words[0][1:].lower(), words[1:]
        if tag == "data":
            return header, labels, number
        if tag in header:
            raise DataError(f"@{words[0][1:]} is given twice", path, number)
        if tag in _FLAGS:
            if not values or values[0].lower() not in ("true", "false"):
                raise DataError(f"{words[0]} must be true or false, got {' '.join(values)!r}", path, number)
            header[tag] = values[0].lower() == "true"
            if tag == "classlabel" and header[tag]:
                labels = values[1:]
                if not labels:
                    raise DataError("@classLabel true must be followed by the labels", path, number)
        elif tag in _WHOLE:
            if len(values) != 1 or not re.fullmatch("[0-9]{1,9}", values[0]) or int(values[0]) < 1:
                raise DataError(
                    f"{words[0]} must be a positive number, got {' '.join(values)!r:.40}", path, number
                )
            header[tag] = int(values[0])
        elif tag == "problemname":
            header[tag] = " ".join(values)
        else:
            raise DataError(f"{words[0]} is not a tag of the .ts format", path, number)
    raise DataError("there is no @data line", path, len(lines))


def _read_series(fields: list[str], header: Header, path: Path, number: int) -> NDArray[np.float64]:
    """Return one series, shape (T, d)."""
    expected = header.get("dimensions", header.get("dimension", 1 if header.get("univariate") else None))
    if not fields:
        raise DataError("expected values, then a colon and the label", path, number)
    if expected is not None and len(fields) != expected:
        raise DataError(f"expected {expected} dimension(s) by the header, got {len(fields)}", path, number)
    channels: list[NDArray[np.float64]] = []
    column = 1
    for i, field in enumerate(fields):
        channel = _read_numbers(field, path, number, column)
        if channels and len(channel) != len(channels[0]):
            raise DataError(
                f"dimension {i + 1} has {len(channel)} values, but the first has {len(channels[0])}",
                path,
                number,
                column,
            )
        channels.append(channel)
        column += len(field) + 1
    length = header.get("serieslength")
    if header.get("equallength") and length is not None and len(channels[0]) != length:
        raise DataError(f"expected {length} steps by the header, got {len(channels[0])}", path, number)
    return np.column_stack(channels)


def _read_numbers(field: str, path: Path, number: int, column: int) -> NDArray[np.float64]:
    tokens = field.split(",")
    try:
        values = np.array(tokens, dtype=np.float64)
    except ValueError:
        values = np.empty(len(tokens))
        for i, token in enumerate(tokens):
            word = token.strip()
            try:
                values[i] = np.nan if word == "?" else float(word)
            except ValueError:
                raise DataError(f"expected a number or ?, got {word!r:.40}", path, number, column) from None
            column += len(token) + 1
        return values
    infinite = np.flatnonzero(np.isinf(values))
    if infinite.size:
        column += sum(len(token) + 1 for token in tokens[: infinite[0]])
        raise DataError(f"expected a finite number, got {tokens[infinite[0]]}", path, number, column)
    return values


def _read_targets(targets: list[str], header: Header, path: Path, numbers: list[int]) -> Values:
    if header.get("classlabel"):
        return np.array(targets)
    values = np.empty(len(targets))
    for i, (target, number) in enumerate(zip(targets, numbers, strict=True)):
        try:
            values[i] = float(target)
        except ValueError:
            raise DataError(f"expected a number as target, got {target!r:.40}", path, number) from None
        if not np.isfinite(values[i]):
            raise DataError(f"expected a finite target, got {target}", path, number)
    return values


READER = Reader("ts", (".ts",), read_series, ".ts of the UCR and UEA archives, a line a sequence")
