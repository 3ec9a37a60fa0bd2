"""Checksums of what a store holds, by which a damaged one is told from a whole one."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

TABLE = "seals (what TEXT, name TEXT, seal INTEGER, PRIMARY KEY (what, name)) WITHOUT ROWID"


def seal(values: Iterable[object]) -> int:
    """Return the checksum (CRC 32) of values as SQLite returns them; 0 of none."""
    found = 0
    for value in values:
        text = value if isinstance(value, bytes) else repr(value).encode("utf-8", "replace")
        found = zlib.crc32(text, found)
    return found


def keep(db: sqlite3.Connection, what: str, query: str, name: str) -> None:
    """Seal what a query of one name returns, as it lies in the file."""
    values = chain.from_iterable(db.execute(query, (name,)))
    db.execute("INSERT OR REPLACE INTO seals VALUES (?, ?, ?)", (what, name, seal(values)))


def broken(
    db: sqlite3.Connection, what: str, rows: Iterable[tuple[Any, ...]], under: str | None = None
) -> str | None:
    """Return the first name of which something else is held than was sealed; None if there is none.

    Rows that were never sealed, and sealed ones that are gone, are something else.

    Parameters
    ----------
    db : sqlite3.Connection
        The store, with its table of seals.
    what : str
        Of which of its tables.
    rows : iterable of tuple
        What is held; each begins with its name, and those of one name follow each other.
    under : str, optional
        Rows are those of this name, and of names that begin with it and a slash; by default of all names.
    """
    known = dict(db.execute("SELECT name, seal FROM seals WHERE what = ?", (what,)).fetchall())
    if under is not None:
        known = {name: kept for name, kept in known.items() if f"{name}/".startswith(f"{under}/")}
    for name, group in groupby(rows, key=itemgetter(0)):
        if known.pop(name, None) != seal(chain.from_iterable(group)):
            return str(name)
    return next((name for name, kept in known.items() if kept), None)
