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
    """Return the checksum (CRC 32) of values as SQLite returns them."""
    found = 0
    for value in values:
        found = zlib.crc32(
            value if isinstance(value, bytes) else repr(value).encode("utf-8", "replace"), found
        )
    return found


def keep(db: sqlite3.Connection, what: str, name: str, query: str) -> None:
    """Seal what a query of one name returns, as it lies in the file."""
    values = [value for row in db.execute(query, (name,)) for value in row]
    db.execute("INSERT OR REPLACE INTO seals VALUES (?, ?, ?)", (what, name, seal(values)))


def broken(db: sqlite3.Connection, what: str, rows: Iterable[tuple[Any, ...]]) -> str | None:
    """Return the name of the first row that holds something else than was sealed; None if there is none.

    What was written before there were seals has none, and is taken as it is.

    Parameters
    ----------
    db : sqlite3.Connection
        The store, with its table of seals.
    what : str
        Of which of its tables.
    rows : iterable of tuple
        What is held; each begins with its name, and those of one name follow each other.
    """
    known = dict(db.execute("SELECT name, seal FROM seals WHERE what = ?", (what,)).fetchall())
    for name, group in groupby(rows, key=itemgetter(0)):
        if name in known and known[name] != seal(chain.from_iterable(group)):
            return str(name)
    return None
