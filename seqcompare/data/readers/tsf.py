"""TSF of the Monash archive of forecasting: a series a line, behind what is known of it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from seqcompare.data.contents import Contents
from seqcompare.data.readers import Reader
from seqcompare.data.sequences import Sequences
from seqcompare.data.source import DataError, read_text
from seqcompare.typing import Floats

_MISSING = {"?", "nan", ""}


def read_tsf(path: Path) -> Contents:
    """Read a ``.tsf`` file; ``?`` marks a missing value.

    Raises
    ------
    DataError
        If there is no data, a line has not one part for each attribute and one of numbers, or a cell is none.
    """
    attributes: list[str] = []
    lines = read_text(path).split("\n")
    series: list[Floats] = []
    places: list[tuple[Path, int]] = []
    data = False
    for number, raw in enumerate(lines, start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if not data:
            word = line.split()[0].lower()
            if not word.startswith("@"):
                raise DataError(f"expected a line that begins with @, got {line!r:.40}", path, number)
            if word == "@attribute":
                match = re.fullmatch(r"@attribute\s+(\S+)\s+(\S+)", line, re.IGNORECASE)
                if match is None:
                    raise DataError("expected a name and a type of an attribute", path, number)
                attributes.append(match[1])
            data = word == "@data"
            continue
        *known, cells = line.split(":", len(attributes)) if attributes else [line]
        if len(known) != len(attributes):
            problem = f"expected {len(attributes)} attribute(s) and numbers between colons, got {line!r:.40}"
            raise DataError(problem, path, number)
        found = [cell.strip() for cell in cells.split(",")]
        try:
            series.append(np.array([np.nan if c.lower() in _MISSING else float(c) for c in found]))
        except ValueError as error:
            raise DataError(f"expected numbers between commas: {error!s:.60}", path, number) from None
        places.append((path, number))
    if not data:
        raise DataError("there is no @data line", path, len(lines))
    if not series:
        raise DataError("there is no series behind @data", path, len(lines))
    gaps = any(np.isnan(one).any() for one in series)
    notes = [f"{len(series)} series of numbers"]
    if attributes:
        notes.append(f"what is known of each, {', '.join(attributes)}, is no part of the steps")
    return Contents(Sequences(series), notes=tuple(notes), places=places, gaps=gaps)


READER = Reader("tsf", (".tsf",), read_tsf, "TSF of the Monash archive, a series a line", kinds=("real",))
