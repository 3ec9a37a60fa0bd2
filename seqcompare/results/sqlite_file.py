"""An SQLite file, opened so that who reads disturbs nobody and leaves nothing beside it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


def open_file(path: Path, read_only: bool) -> sqlite3.Connection:
    """Return a connection to a file, which is made if there is none and it is to be written."""
    if not read_only:
        connection = sqlite3.connect(path)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # in WAL mode this loses nothing when a process dies; only a power cut can take the last rows
            connection.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.Error:
            connection.close()
            raise
        return connection
    # whoever writes has a log beside the file. Without one it needs no lock, and none of the files that
    # SQLite makes for its locks; a read-only folder could hold none
    written = path.with_name(f"{path.name}-wal").exists() and os.access(path.parent, os.W_OK)
    mode = "mode=ro" if written else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
