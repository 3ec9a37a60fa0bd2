"""JSON: rows or whole sequences, one a line or all in one value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from seqcompare.data.containers import read_container
from seqcompare.data.contents import Contents
from seqcompare.data.readers import Reader
from seqcompare.data.readers.json_forms import find_records, value_of
from seqcompare.data.source import DataError, read_text
from seqcompare.data.table import Table, frame_table
from seqcompare.data.usual import USUAL, listing, normal

_TARGETS = ("y", "label", "labels", "target", "class", "tags")


def read_json_lines(path: Path) -> Table | Contents:
    """Read a file with a JSON object or list a line, or with one JSON value.

    Objects of plain values, or of such objects, are rows of a table. Lists are sequences; so is the one list
    of an object, whose label, a value or another list, is its target.

    Raises
    ------
    DataError
        If a line is no JSON, or lines are of different kinds.
    """
    records: list[object] = []
    numbers: list[int] = []
    text = read_text(path)
    whole = find_records(text)
    if whole is not None and whole.pair is not None:
        found = read_container(whole.pair)
        return replace(found, notes=(*found.notes, whole.note))
    if whole is None and "\n" in text.strip() and value_of(text) is not None:
        raise DataError(
            "this JSON holds neither rows nor sequences: expected a list of objects or of lists", path
        )
    for number, line in enumerate([] if whole else text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise DataError(f"this is no JSON: {str(error).splitlines()[0]}", path, number) from None
        numbers.append(number)
    said: tuple[str, ...] = ()
    if whole is not None:
        records, numbers = whole.records, [1] * len(whole.records)
        said = (whole.note,) if whole.note else ()
    if all(isinstance(record, list) for record in records):
        found = read_container(records)
        return replace(found, notes=(*found.notes, *said))
    rows = [record for record in records if isinstance(record, dict)]
    if len(rows) < len(records):
        which = next(i for i, record in enumerate(records) if not isinstance(record, dict))
        raise DataError("expected an object or list a line, and all of one kind", path, numbers[which])
    inner = any(isinstance(value, dict) for row in rows for value in row.values())
    rows = [_flat(row) for row in rows] if inner else rows
    lists = [key for key, value in rows[0].items() if isinstance(value, list)]
    if not lists:
        frame = frame_table(pd.DataFrame(rows)).frame
        told = ("what objects hold inside of objects are columns of their own, as 'a.b'",) if inner else ()
        return Table(frame, path, np.array(numbers, dtype=np.int64), notes=(*said, *told))
    targets = [key for key in rows[0] if key in _TARGETS]
    steps = [key for key in lists if key not in targets]
    if len(steps) == 1 and all(isinstance(step, dict) for row in rows for step in row.get(steps[0]) or ()):
        return _nested(rows, steps[0], path, numbers)
    others = [key for key in rows[0] if key not in (*steps, *targets)]
    if not targets:
        targets = [key for key in others if _are_classes([row.get(key) for row in rows])]
    if len(steps) != 1 or len(targets) > 1:
        raise DataError(f"expected one list of steps and one label, got {', '.join(map(str, rows[0]))}", path)
    for row, number in zip(rows, numbers, strict=True):
        for key in [*steps, *targets]:
            if key not in row:
                raise DataError(f"there is no {key!r}", path, number)
    X = [row[steps[0]] for row in rows]
    found = read_container((X, [row[targets[0]] for row in rows]) if targets else X)
    unused = [key for key in others if key not in targets]
    notes = [f"the steps are in {steps[0]!r}" + (f" and the targets in {targets[0]!r}" if targets else "")]
    if unused:
        notes.append(f"{listing(unused)}: not used")
    return replace(found, notes=(*found.notes, *said, *notes))


def _nested(rows: list[dict[str, object]], steps: str, path: Path, numbers: list[int]) -> Table:
    """Return the table of objects of which each has a list of steps that are objects themselves."""
    flat, lines = [], []
    for i, (row, number) in enumerate(zip(rows, numbers, strict=True)):
        of_all = {key: value for key, value in row.items() if key != steps}
        own = of_all if any(normal(key) in USUAL["sequence"] for key in of_all) else {"sequence": i, **of_all}
        events = row.get(steps)
        for step in events if isinstance(events, list) else ():
            flat.append({**own, **step})
            lines.append(number)
    frame = frame_table(pd.DataFrame(flat)).frame
    return Table(frame, path, np.array(lines, dtype=np.int64), notes=(f"each object in {steps!r} is a step",))


def _flat(row: Mapping[str, object], before: str = "") -> dict[str, object]:
    """Return an object with the members of those inside of it, by their names put together."""
    flat: dict[str, object] = {}
    for key, value in row.items():
        if key == "coordinates" and isinstance(value, list) and not any(isinstance(x, list) for x in value):
            value = dict(zip("xyz", value, strict=False))  # a place, as GeoJSON has it
        flat |= _flat(value, f"{before}{key}.") if isinstance(value, dict) else {f"{before}{key}": value}
    return flat


def _are_classes(values: list[object]) -> bool:
    """Whether plain values recur as classes do."""
    if not all(isinstance(value, (str, int)) for value in values):
        return False
    return 2 <= len(set(values)) <= len(values) / 2


READER = Reader(
    "jsonl",
    (".jsonl", ".ndjson", ".json"),
    read_json_lines,
    "JSON lines, an object or list a line, or one JSON",
)
