"""Tables that leave out what a reader fills in: names written once, parts of a calendar, times that last."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from seqcompare.data.look import Look
from seqcompare.data.table import Table
from seqcompare.data.usual import USUAL, normal

# parts of a date, how they follow each other, and from where to where they go
_PARTS = (
    ("month", 1, 12),
    ("quarter", 1, 4),
    ("week", 1, 53),
    ("day", 1, 31),
    ("hour", 0, 23),
    ("minute", 0, 59),
)
_SHORT = {
    short: part
    for part, shorts in {
        "year": "yr yyyy", "month": "mon mo mm", "day": "dy dd", "hour": "hr hh", "minute": "min",
        "quarter": "qtr", "week": "wk",
    }.items()
    for short in shorts.split()
}  # fmt: skip
# as in tables of offices: M01 to M12, Q01 to Q04
_PERIOD = re.compile(r"(?P<part>[QM])(?P<number>0?[1-9]|1[0-2])", re.IGNORECASE)
_CHAINS = (("month", "day", "hour", "minute"), ("month", "day"), ("month",), ("quarter",), ("week",))


def fill_down(table: Table, named: object) -> Table:
    """Return the table with the name of each sequence on all its rows, where only the first has it.

    Parameters
    ----------
    table : Table
        The table.
    named : str, False or None
        The column of the sequences, if it is known.
    """
    columns = [str(name) for name in table.frame.columns]
    usual = [name for name in columns if normal(name) in USUAL["sequence"]]
    for name in [named] if isinstance(named, str) and named in columns else usual if named is None else []:
        written = table.written(name)
        gone = written.isna().to_numpy()
        known = written[~gone]
        if not gone.any() or gone[0] or len(known) < 2 or known.duplicated().any():
            continue
        frame = table.frame.assign(**{name: table.frame[name].ffill()})
        text = {**table.text, name: table.text[name].ffill()} if name in table.text else table.text
        note = f"column {name!r} names each sequence on its first row: the empty cells below belong to it"
        return replace(table, frame=frame, text=text, notes=(*table.notes, note))
    return table


def join_calendar(table: Table, looks: Mapping[str, Look]) -> tuple[Table, str] | None:
    """Return the table with one column in place of those of years and months (quarters, weeks), and its name.

    None where there are no such columns, or one of dates beside them.
    """
    known = {_SHORT.get(normal(name), normal(name)): name for name in looks}
    if "year" not in known or any(look.kind == "moments" for look in looks.values()):
        return None
    period = looks.get(known.get("period", ""))
    matches = [_PERIOD.fullmatch(text) for text in period.texts] if period is not None else []
    letters = {match["part"].upper() for match in matches if match is not None}
    limits = {"year": (1500, 2200), **{part: (low, high) for part, low, high in _PARTS}}
    sound = {}
    for part, (low, high) in limits.items():
        look = looks.get(known.get(part, ""))
        if look is not None and look.kind == "whole" and look.numbers is not None:
            numbers = look.numbers
            if np.isfinite(numbers).all() and low <= numbers.min() and numbers.max() <= high:
                sound[part] = pd.Series(numbers.astype(np.int64))
    if period is not None and len(letters) == 1 and None not in matches and not (period.codes < 0).any():
        part = "quarter" if letters == {"Q"} else "month"
        places = np.array([int(match["number"]) for match in matches if match is not None])
        sound[part], known[part] = pd.Series(places[period.codes]), period.name
    chain = next((chain for chain in _CHAINS if {"year", *chain} <= sound.keys()), None)
    if chain is None:
        return None
    text = sound["year"].astype(str).str.zfill(4)
    marks = {"month": "-", "day": "-", "hour": " ", "minute": ":", "quarter": "-Q", "week": "-W"}
    for part in chain:
        text = text + marks[part] + sound[part].astype(str).str.zfill(1 if part == "quarter" else 2)
    if chain[-1] == "hour":
        text = text + ":00"
    names = [known[part] for part in ("year", *chain)]
    joint = " ".join(names)
    kept = table.frame.drop(columns=names)
    note = f"columns {', '.join(map(repr, names))} are read as one of dates, {joint!r}"
    joined = replace(
        table,
        frame=kept.assign(**{joint: text.astype(object)}),
        text={**{k: v for k, v in table.text.items() if k in kept}, joint: text.astype(object)},
        notes=(*table.notes, note),
    )
    return joined, joint


def as_durations(table: Table, looks: Mapping[str, Look], values: list[str]) -> Table:
    """Return the table with times that go up and down, such as 4:35 for a lap, as numbers of seconds.

    Parameters
    ----------
    table : Table
        The table.
    looks : mapping of str to Look
        Its columns, looked at.
    values : list of str
        The columns of the steps.
    """
    frame, notes, spellings = table.frame, list(table.notes), dict(table.spellings)
    for name in values:
        look = looks.get(name)
        if pd.api.types.is_timedelta64_dtype(frame[name]):
            frame = frame.assign(**{name: frame[name].dt.total_seconds()})
            notes.append(f"the times of column {name!r} are read as durations")
            continue
        if look is None or not look.is_time_of_day or look.numbers is None:
            continue
        frame = frame.assign(**{name: look.numbers / 1e9})
        spellings.pop(name, None)
        notes.append(f"the times of column {name!r} are read as durations")
    return replace(table, frame=frame, notes=tuple(notes), spellings=spellings)
