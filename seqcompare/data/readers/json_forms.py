"""Files that are one JSON value: what in it are rows, and what are sequences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seqcompare.data.usual import are_columns, listing


@dataclass(frozen=True)
class Found:
    """What one JSON value holds.

    Parameters
    ----------
    records : list
        Rows (dicts), or sequences (lists).
    note : str
        How it was read; empty where that goes without saying.
    pair : tuple, optional
        Sequences and their targets, in place of records.
    """

    records: list[object]
    note: str = ""
    pair: tuple[object, object] | None = None


def find_records(text: str) -> Found | None:
    """Return the records of a text that is one JSON value; None for any other, such as one value a line.

    Parameters
    ----------
    text : str
        The text.
    """
    value = value_of(text)
    if isinstance(value, list):
        inner = bool(value) and (_all(value, dict) or _all(value, list))
        # one list of plain values is one sequence, as a line of such is
        return Found(value) if inner else None
    return _of_object(value) if isinstance(value, dict) else None


def value_of(text: str) -> list[object] | dict[str, Any] | None:
    """Return the list or object that a text is as a whole; None for any other text."""
    if text.lstrip()[:1] not in ("[", "{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, (list, dict)) else None


def _of_object(value: Mapping[str, Any]) -> Found | None:
    """Return the records of one object, by the forms in which programs write tables and sequences."""
    columns, rows = value.get("columns"), value.get("data")
    if isinstance(columns, list) and isinstance(rows, list) and _all(rows, list):
        names = [" ".join(map(str, name)) if isinstance(name, list) else str(name) for name in columns]
        if all(len(row) == len(names) for row in rows):
            return Found(
                [dict(zip(names, row, strict=True)) for row in rows], "'columns' names those of 'data'"
            )
    if {"X", "y"} <= value.keys() and all(isinstance(value[key], list) for key in "Xy"):
        return Found([], "the sequences are in 'X' and the targets in 'y'", (value["X"], value["y"]))
    parts = list(value.values())
    tables = [key for key, part in value.items() if isinstance(part, list) and part and _all(part, dict)]
    if len(tables) == 1 and len(value) > 1:
        return Found(value[tables[0]], f"the rows are in {tables[0]!r}")
    if len(parts) < 2:
        return None
    if _all(parts, dict):
        return _of_objects(value)
    if (
        _all(parts, list)
        and max(map(len, parts)) > 1
        and not any(isinstance(x, (dict, list)) for part in parts for x in part)
    ):
        return _of_lists(value)
    return None


def _of_objects(value: Mapping[str, dict[str, object]]) -> Found:
    """Return the rows of an object of objects: of its columns, as pandas writes them, or of its rows."""
    rows = list(dict.fromkeys(key for part in value.values() for key in part))
    if all(row.isdigit() for row in rows):
        names = list(value)
        return Found([{name: value[name].get(row) for name in names} for row in rows], "a column a member")
    if all(key.isdigit() for key in value):
        return Found(list(value.values()), "a row a member")
    key = next((name for name in ("id", "sequence", "name", "key") if name not in rows), "member")
    return Found(
        [{key: name, **part} for name, part in value.items()], f"a row a member, whose name is {key!r}"
    )


def _of_lists(value: Mapping[str, list[object]]) -> Found:
    """Return the columns of an object of lists of one length, or the sequences of one of other lists."""
    names = list(value)
    if len({len(part) for part in value.values()}) > 1 or not are_columns(names):
        return Found(list(value.values()), f"each of {listing(names)} is a sequence")
    rows = zip(*value.values(), strict=True)
    return Found([dict(zip(names, row, strict=True)) for row in rows], "a column a member")


def _all(values: list[object], kind: type) -> bool:
    return all(isinstance(value, kind) for value in values)
