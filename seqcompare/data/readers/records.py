"""JSON lines: a step a line, or a whole sequence a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from seqcompare.data.containers import read_container
from seqcompare.data.contents import Contents
from seqcompare.data.readers import Reader
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table, frame_table

_TARGETS = ("y", "label", "labels", "target", "class", "tags")


def read_json_lines(path: Path) -> Table | Contents:
    """Read a file with a JSON object or list a line.

    Objects of plain values are rows of a table. Lists are sequences; so is the one list of an object, whose
    label, a value or another list, is its target.

    Raises
    ------
    DataError
        If a line is no JSON, or lines are of different kinds.
    """
    records: list[object] = []
    numbers: list[int] = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise DataError(f"this is no JSON: {str(error).splitlines()[0]}", path, number) from None
        numbers.append(number)
    if all(isinstance(record, list) for record in records):
        return read_container(records)
    rows = [record for record in records if isinstance(record, dict)]
    if len(rows) < len(records):
        which = next(i for i, record in enumerate(records) if not isinstance(record, dict))
        raise DataError("expected an object or list a line, and all of one kind", path, numbers[which])
    lists = [key for key, value in rows[0].items() if isinstance(value, list)]
    if not lists:
        frame = frame_table(pd.DataFrame(rows)).frame
        return Table(frame, path, np.array(numbers, dtype=np.int64))
    targets = [key for key in rows[0] if key in _TARGETS]
    steps = [key for key in lists if key not in targets]
    if len(steps) != 1 or len(targets) > 1:
        raise DataError(f"expected one list of steps and one label, got {', '.join(map(str, rows[0]))}", path)
    for row, number in zip(rows, numbers, strict=True):
        for key in [*steps, *targets]:
            if key not in row:
                raise DataError(f"there is no {key!r}", path, number)
    X = [row[steps[0]] for row in rows]
    return read_container((X, [row[targets[0]] for row in rows]) if targets else X)


READER = Reader("jsonl", (".jsonl", ".ndjson"), read_json_lines, "JSON lines, an object or list a line")
