"""Where results live: a folder with a SQLite store, readable with no model at hand."""

from __future__ import annotations

import io
import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import pandas as pd

from seqcompare.results.rows import COLUMNS, CURVE_COLUMNS, to_frame

CONFIG, STORE = "config.json", "store.sqlite"

#: Of the files of a run; those of version 0, which do not name it, are read as well.
FORMAT = 2


class Store:
    """The rows of a run. A finished trial is a committed row, whatever happens to the process next.

    Parameters
    ----------
    path : path
        The SQLite file; it is made, with its tables, if it does not exist.
    read_only : bool, default=False
        Whether only to read. The file must exist then.
    """

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        self.path = Path(path)
        if read_only:
            if not self.path.is_file():
                raise FileNotFoundError(f"{self.path.parent} holds no results: expected a file {STORE} in it")
            # a file that nobody can be writing to needs no lock, and a read-only folder can hold none
            mode = "mode=ro" if os.access(self.path.parent, os.W_OK) else "mode=ro&immutable=1"
            self._connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?{mode}", uri=True)
            self._check()
            return
        self._connection = sqlite3.connect(self.path)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # in WAL mode this loses nothing when a process dies; only a power cut can take the last rows
        self._connection.execute("PRAGMA synchronous = NORMAL")
        columns = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
        with self._connection as db:
            db.execute(
                f"CREATE TABLE IF NOT EXISTS trials (position INTEGER, {columns}, PRIMARY KEY (trial_id))"
            )
            db.execute(
                "CREATE TABLE IF NOT EXISTS curves (trial_id TEXT, epoch INTEGER, train_loss REAL, "
                "validation_score REAL, PRIMARY KEY (trial_id, epoch)) WITHOUT ROWID"
            )
            db.execute("CREATE TABLE IF NOT EXISTS deaths (trial_id TEXT PRIMARY KEY, n INTEGER)")
            db.execute("CREATE TABLE IF NOT EXISTS side_tables (name TEXT PRIMARY KEY, csv TEXT)")

    def _check(self) -> None:
        """Find out now, and in plain words, whether this is a store."""
        try:
            known = self._connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE name = 'trials'"
            ).fetchone()
        except sqlite3.DatabaseError as error:
            self.close()
            raise ValueError(f"{self.path} cannot be read as a store of results: {error}") from None
        if not known[0]:
            self.close()
            raise ValueError(f"{self.path} is no store of results: it has no table of trials")

    def add(
        self,
        position: int,
        row: Mapping[str, Any],
        curve: Iterable[tuple[int, float, float]] = (),
        insights: Iterable[tuple[str, pd.DataFrame]] = (),
    ) -> None:
        """Commit one finished trial.

        Parameters
        ----------
        position : int
            Place of the trial in its sweep; frames are sorted by it, so that they do not depend on the
            order in which trials finish.
        row : mapping
            A value for every column of `COLUMNS`.
        curve : iterable of (epoch, train_loss, validation_score)
            The learning curve, if the model has one.
        insights : iterable of (name, table)
            The trial's part of side tables.
        """
        values = [position, *(row[name] for name in COLUMNS)]
        with self._connection as db:
            db.execute(f"INSERT INTO trials VALUES ({', '.join('?' * len(values))})", values)
            db.executemany(
                "INSERT INTO curves VALUES (?, ?, ?, ?)", [(row["trial_id"], *point) for point in curve]
            )
            db.executemany(
                "INSERT INTO side_tables VALUES (?, ?)",
                [(f"{name}/{row['trial_id']}", table.to_csv(index=False)) for name, table in insights],
            )

    def done(self) -> set[str]:
        """Return the ids of the trials that are finished."""
        return {trial_id for (trial_id,) in self._connection.execute("SELECT trial_id FROM trials")}

    def add_deaths(self, trial_ids: Iterable[str], n: int = 1) -> None:
        """Count `n` more deaths of workers for each of the trials that were in flight at them."""
        with self._connection as db:
            db.executemany(
                "INSERT INTO deaths VALUES (?, ?) ON CONFLICT (trial_id) DO UPDATE SET n = n + excluded.n",
                [(trial_id, n) for trial_id in trial_ids],
            )

    def deaths(self) -> dict[str, int]:
        """Return how often each trial was in flight when a worker died."""
        return dict(self._connection.execute("SELECT trial_id, n FROM deaths"))

    def keep_table(self, name: str, table: pd.DataFrame) -> None:
        """Keep a small table that does not follow from the rows, in place of an earlier one of that name."""
        with self._connection as db:
            db.execute("INSERT OR REPLACE INTO side_tables VALUES (?, ?)", (name, table.to_csv(index=False)))

    def side_table(self, name: str) -> pd.DataFrame | None:
        """Return the table kept under `name`, or None.

        One that trials brought their parts of begins with ``trial_id``; parts are in the order of the sweep.
        """
        found = self._connection.execute("SELECT csv FROM side_tables WHERE name = ?", (name,)).fetchone()
        if found is not None:
            return pd.read_csv(io.StringIO(found[0]))
        parts = self._connection.execute(
            "SELECT t.trial_id, s.csv FROM trials t JOIN side_tables s ON s.name = ? || '/' || t.trial_id "
            "ORDER BY t.position",
            (name,),
        )
        tables = {trial_id: pd.read_csv(io.StringIO(csv)) for trial_id, csv in parts}
        return pd.concat(tables, names=["trial_id"]).reset_index(0).reset_index(drop=True) if tables else None

    def frame(self) -> pd.DataFrame:
        """Return one row a trial, in the order of the sweep."""
        names = ", ".join(COLUMNS)
        return to_frame(self._connection.execute(f"SELECT {names} FROM trials ORDER BY position").fetchall())

    def curves(self) -> pd.DataFrame:
        """Return the learning curves: one row an epoch of a trial."""
        query = (
            f"SELECT {', '.join('c.' + name for name in CURVE_COLUMNS)} FROM curves c "
            "JOIN trials t USING (trial_id) ORDER BY t.position, c.epoch"
        )
        frame = pd.DataFrame(self._connection.execute(query).fetchall(), columns=list(CURVE_COLUMNS))
        return frame.astype(
            {"trial_id": "str", "epoch": "int64", "train_loss": "float64", "validation_score": "float64"}
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class StoredRun:
    """A run as it lies in its folder.

    Parameters
    ----------
    folder : path
        A folder that a sweep has written.

    Attributes
    ----------
    folder : Path
        Where it lies.
    config : dict
        The settings, versions and machine of the run.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.config: dict[str, Any] = read_config(self.folder)

    def frame(self) -> pd.DataFrame:
        """Return the tidy table: one row a trial, columns as in `seqcompare.results.rows.COLUMNS`."""
        with Store(self.folder / STORE, read_only=True) as store:
            return store.frame()

    def curves(self) -> pd.DataFrame:
        """Return the learning curves: trial_id, epoch, train_loss, validation_score."""
        with Store(self.folder / STORE, read_only=True) as store:
            return store.curves()

    def side_table(self, name: str) -> pd.DataFrame | None:
        """Return a table that was kept beside the rows, such as "state_space"; None if there is none."""
        with Store(self.folder / STORE, read_only=True) as store:
            return store.side_table(name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in {self.folder}>"


def open_run(folder: str | os.PathLike[str]) -> StoredRun:
    """Open the run in `folder` for reading; no model needs to be importable.

    Raises
    ------
    FileNotFoundError
        If `folder` holds no run.
    """
    return StoredRun(folder)


def read_config(folder: Path) -> dict[str, Any]:
    """Return the configuration of the run in `folder`.

    Raises
    ------
    FileNotFoundError
        If `folder` holds no run: it has no ``config.json``.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise FileNotFoundError(f"{folder} holds no run: expected a file {CONFIG} in it")
    config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return config


def write_config(folder: Path, config: Mapping[str, Any]) -> None:
    """Write the configuration of a run, whole or not at all."""
    draft = folder / f"{CONFIG}.{os.getpid()}.tmp"
    draft.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(folder / CONFIG)
