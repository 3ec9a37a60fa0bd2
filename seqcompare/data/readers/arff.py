"""ARFF of Weka and of the archives of time series: a row a sequence, its class last."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np

from seqcompare.data.contents import Contents
from seqcompare.data.readers import Reader
from seqcompare.data.readers.delimited import parse_table
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table

_NAME = r"(?:'(?P<quoted>[^']*)'|\"(?P<double>[^\"]*)\"|(?P<bare>\S+))"
_ATTRIBUTE = re.compile(rf"@attribute\s+{_NAME}\s+(?P<type>.+)", re.IGNORECASE)


def read_arff(path: Path) -> Table | Contents:
    """Read an ``.arff`` file; a relation in each row is a sequence of several channels.

    Raises
    ------
    DataError
        If the header or a row is not as the format demands.
    """
    names: list[str] = []
    kinds: list[str] = []
    lines = read_text(path).split("\n")
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if stripped.lower().startswith("@attribute"):
            match = _ATTRIBUTE.fullmatch(stripped)
            if match is None:
                raise DataError("expected a name and a type of an attribute", path, number)
            if match["type"].lower().startswith("relational"):
                return _read_relations(lines, path)
            names.append(match["quoted"] or match["double"] or match["bare"] or "")
            kinds.append(match["type"])
        elif stripped.lower().startswith("@data"):
            break
    else:
        raise DataError("there is no @data line", path, len(lines))
    if not names:
        raise DataError("there is no attribute", path)
    # what stands before the rows takes as many lines, so that errors name the right one
    head = io.StringIO()
    csv.writer(head, lineterminator="").writerow(names)
    rows = ["" if line.lstrip().startswith("%") else line for line in lines[number:]]
    firsts = [kind[1:].split(",")[0].strip(" '\"}") if kind.startswith("{") else "0" for kind in kinds]
    rows = [
        _dense(row, firsts, path, number + i) if row.lstrip().startswith("{") else row
        for i, row in enumerate(rows, 1)
    ]
    nominal = [kind.startswith("{") for kind in kinds]
    last_is_class = nominal[-1] and not any(nominal[:-1]) and "class" not in names[:-1]
    table = parse_table("\n".join(["#"] * (number - 1) + [head.getvalue(), *rows]), path, ",", [])
    if not last_is_class:
        return table
    notes = ("the last attribute is the class",)
    frame = table.frame.rename(columns={names[-1]: "class"})
    text = {("class" if name == names[-1] else name): cells for name, cells in table.text.items()}
    spellings = {("class" if n == names[-1] else n): spelling for n, spelling in table.spellings.items()}
    return Table(frame, path, table.lines, text, spellings, notes, delimiter=",", wide=True)


def _dense(row: str, firsts: list[str], path: Path, number: int) -> str:
    """Return a sparse row, ``{1 0.5, 3 b}``, in full: what it leaves out is 0, or a class named first."""
    cells = list(firsts)
    for part in filter(None, map(str.strip, row.strip().strip("{}").split(","))):
        place, _, cell = part.partition(" ")
        if not (place.isdecimal() and len(place) < 9) or int(place) >= len(cells):
            raise DataError(
                f"expected the place of an attribute and its value, got {part!r:.40}", path, number
            )
        cells[int(place)] = cell.strip()
    return ",".join(cells)


def _read_relations(lines: list[str], path: Path) -> Contents:
    r"""Read rows that hold, in quotes, the channels of a sequence between ``\n``, and its class."""
    series, labels, places = [], [], []
    start = next((i for i, line in enumerate(lines) if line.strip().lower().startswith("@data")), None)
    if start is None:
        raise DataError("there is no @data line", path, len(lines))
    for number, line in enumerate(lines[start + 1 :], start=start + 2):
        if not line.strip() or line.lstrip().startswith("%"):
            continue
        match = re.fullmatch(r"\s*(['\"])(?P<cells>[^'\"]*)\1\s*(?:,(?P<label>.*))?", line)
        if match is None:
            raise DataError("expected a relation in quotes and a class", path, number)
        try:
            channels = [
                [np.nan if cell.strip() in ("?", "NaN") else float(cell) for cell in channel.split(",")]
                for channel in match["cells"].split("\\n")
            ]
            numbers = np.array(channels, dtype=np.float64)
            # rows of one number each are steps
            series.append(numbers if numbers.shape[1] == 1 else numbers.T)
        except ValueError as error:
            raise DataError(f"expected as many numbers in each channel: {error}", path, number) from None
        labels.append((match["label"] or "").strip().strip("'\""))
        places.append((path, number))
    if not series:
        raise DataError("there is no row behind @data", path, len(lines))
    odd = next((i for i, x in enumerate(series) if x.shape[1] != series[0].shape[1]), None)
    if odd is not None:
        raise DataError("the rows differ in their number of channels", *places[odd])
    notes = ("the relation in each row is a sequence",)
    gaps = any(np.isnan(x).any() for x in series)
    return Contents(
        Sequences(series), np.array(labels) if all(labels) else None, notes=notes, places=places, gaps=gaps
    )


READER = Reader("arff", (".arff",), read_arff, "ARFF, a row a sequence or a step")
