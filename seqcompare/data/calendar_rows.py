"""Tables with a row a year and a column a month, or a row a day and a column an hour: one series."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from seqcompare.data.cells import as_words, type_cells
from seqcompare.data.dates import place_in_cycle
from seqcompare.data.look import Look
from seqcompare.data.table import Table
from seqcompare.data.usual import normal
from seqcompare.data.wide import free

_HOUR = re.compile(r"(?:h|hr|hour|he)?[_ .]?([0-9]{1,2})(?:h|hr|(?::|h)00(?::00)?)?", re.IGNORECASE)
# what such tables say of a whole row
_OF_ROWS = (
    *("annual", "ann", "total", "sum", "mean", "average", "avg", "j_d", "d_n", "djf", "mam", "jja", "son"),
    *("season", "max", "min", "peak"),
)


def unroll(table: Table, looks: Mapping[str, Look]) -> Table | None:
    """Return the long form of a table whose rows are years of months, or days of hours; None of any other.

    Parameters
    ----------
    table : Table
        The table.
    looks : mapping of str to Look
        Its columns, looked at.
    """
    if not table.headed or len(table.frame) < 2 or not table.text or len(looks) < 13:
        return None
    months = _months(list(looks))
    parts = months or _hours(list(looks))
    rest = [name for name in looks if name not in parts]
    if not parts or any(looks[name].kind not in ("whole", "fraction") for name in parts):
        return None
    rows = [name for name in rest if (_is_year(looks[name]) if months else _is_date(looks[name]))]
    others = [n for n in rest if n not in rows and normal(n) not in _OF_ROWS and looks[n].distinct > 1]
    # a place, of which each year or day has one row
    if len(rows) != 1 or len(others) > 1 or (others and looks[others[0]].every_row_its_own):
        return None
    row = looks[rows[0]]
    codes = looks[others[0]].codes if others else np.zeros(len(row.codes), dtype=np.int64)
    if pd.Series(codes * (row.distinct + 1) + row.codes).duplicated().any() or (row.codes < 0).any():
        return None
    if others and (codes < 0).any():
        return None
    assert row.numbers is not None
    years = [f"{int(number):04d}" for number in row.numbers] if months else _days(row)
    mark, first = ("-", 1) if months else (" ", 0)
    times = [
        f"{year}{mark}{place + first:02d}{'' if months else ':00'}"
        for year in years
        for place in range(len(parts))
    ]
    cells = np.column_stack([table.text[name].to_numpy(dtype=object) for name in parts]).ravel()
    flat = [cell or "" for cell in cells]
    values, spelling = type_cells(flat, table.delimiter)
    # what is to come yet is no step
    known = np.flatnonzero(values.notna().to_numpy())
    kept = np.ones(len(flat), dtype=bool)
    if not others and known.size and (np.diff(row.numbers) > 0).all():
        kept = np.arange(len(flat)) <= known[-1]
    what = "a year and a column a month" if months else "a day and a column an hour"
    names = {"time": free("time", others), "value": free("value", others)}
    frame = {names["time"]: pd.Series(times, dtype=object)[kept], names["value"]: values[kept]}
    text = {names["time"]: as_words(times)[kept], names["value"]: as_words(flat)[kept]}
    at = np.repeat(np.arange(len(table.frame)), len(parts))[kept]
    for name in others:
        frame[name] = table.frame[name].iloc[at].set_axis(np.flatnonzero(kept))
        text[name] = table.text[name].iloc[at].set_axis(np.flatnonzero(kept))
    aside = [name for name in rest if name not in (*rows, *others)]
    note = f"a row is {what}, which go on from row to row: one series" + (
        f" for each {others[0]!r}" if others else ""
    )
    more = (f"{', '.join(map(repr, aside))}: not used, since it is of whole rows",) if aside else ()
    return replace(
        table,
        frame=pd.DataFrame(frame).reset_index(drop=True),
        lines=None if table.lines is None else table.lines[at],
        text={name: column.reset_index(drop=True) for name, column in text.items()},
        spellings={names["value"]: spelling},
        notes=(*table.notes, note, *more),
        keys={
            **({"sequence": (others[0], "it has a row for each time")} if others else {}),
            "order": (names["time"], "it is made of the rows and the columns"),
        },
    )


def _months(names: list[str]) -> list[str]:
    """Return the twelve columns named as months, in their order; none if there are not these."""
    found = {}
    for name in names:
        place = place_in_cycle(name.strip())
        if place is not None and place[0].startswith("months"):
            found[int(place[1])] = name
    return [found[place] for place in sorted(found)] if len(found) == 12 else []


def _hours(names: list[str]) -> list[str]:
    """Return the 24 columns named as hours, from 0 to 23 or from 1 to 24; none if there are not these."""
    found = {int(match[1]): name for name in names if (match := _HOUR.fullmatch(name.strip()))}
    places = sorted(found)
    return [found[place] for place in places] if places in ([*range(24)], [*range(1, 25)]) else []


def _is_year(look: Look) -> bool:
    numbers = look.numbers
    if look.kind != "whole" or numbers is None or not np.isfinite(numbers).all():
        return False
    return normal(look.name).startswith("year") or (numbers.min() >= 1500 and numbers.max() <= 2200)


def _is_date(look: Look) -> bool:
    numbers = look.numbers
    if look.kind != "moments" or look.is_time_of_day or numbers is None or not np.isfinite(numbers).all():
        return False
    return bool((numbers % 86400e9 == 0).all())


def _days(look: Look) -> list[str]:
    assert look.numbers is not None
    return [
        str(day) for day in look.numbers.astype(np.int64).astype("datetime64[ns]").astype("datetime64[D]")
    ]
