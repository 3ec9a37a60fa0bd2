"""The store of a run: one SQLite file with a row a trial, readable with no model at hand."""

from __future__ import annotations

import io
import json
import math
import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.results import seals
from seqcompare.results.sqlite_file import open_file
from seqcompare.typing import Params, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

STORE = "store.sqlite"

#: The form of store and configuration that is written. Version 0 is what was written before there were
#: versions: the same tables, with losses and details in runs of comparisons only. From version 3 on each row
#: has a seal.
FORMAT = 3
_SEALED = 3

#: What SQLite says of a full disk: as it is, and where a write came out short.
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)

Details = Record
Sums = NDArray[np.float64]

#: Column -> (SQLite type, meaning). The order is that of every table made from a run.
COLUMNS: dict[str, tuple[str, str]] = {
    "trial_id": ("TEXT", "the coordinates of the trial, in words; unique within a run"),
    "axis": ("TEXT", "what is swept: distance, memory, length or alphabet"),
    "task": ("TEXT", "name of the task"),
    "task_params": ("TEXT", "all parameters of the task, as JSON"),
    "distance": ("INTEGER", "steps between the input that matters and the output it determines"),
    "distance_asked": ("INTEGER", "the distance before it was moved up to one that the task can have"),
    "memory_bits": ("REAL", "bits to be carried across the distance"),
    "role": ("TEXT", "what is predicted: next, step, sequence or value"),
    "metric": ("TEXT", "name of the metric that scores are in"),
    "greater_is_better": ("BOOLEAN", "whether a larger score is a better one"),
    "model": ("TEXT", "label of the model"),
    "family": ("TEXT", "the family of the model; that of hand-made machines is the reference"),
    "variant": ("TEXT", "the kind of model within its family"),
    "capacity": ("REAL", "the family's own size"),
    "capacity_name": ("TEXT", "what the capacity counts: order, states, width, hidden units"),
    "causal": ("BOOLEAN", "whether the answer at a step uses no later step"),
    "seed": ("INTEGER", "index of the repetition"),
    "n_train": ("INTEGER", "training sequences"),
    "n_test": ("INTEGER", "test sequences"),
    "length_asked": ("INTEGER", "steps of every sequence; 0 where the task chose"),
    "length": ("REAL", "mean steps of a test sequence"),
    "score": ("REAL", "on the test data, in the task's metric"),
    "validation_score": ("REAL", "on the validation data; the only one that models are chosen by"),
    "chance": ("REAL", "score of the best predictor without memory"),
    "optimal": ("REAL", "score of the exact Bayes predictor"),
    "skill": ("REAL", "(score - chance) / (optimal - chance)"),
    "score_error": ("REAL", "standard error of the score over the test answers, as if independent"),
    "can_represent": ("BOOLEAN", "what theory says of this model here; empty where that is open"),
    "fit_seconds": ("REAL", "wall time of fit, one thread, no compilation"),
    "predict_us_per_step": ("REAL", "microseconds of prediction per step of the test data"),
    "n_parameters": ("REAL", "free parameters of the fitted model"),
    "peak_memory_mb": ("REAL", "highest resident memory during fit and prediction above that before"),
    "trial_seconds": ("REAL", "wall time of the whole trial, data and scoring included"),
    "n_iter": ("REAL", "epochs or EM iterations made"),
    "stop": ("TEXT", "why training ended; budget where the budget of epochs ran out"),
    "warnings": ("TEXT", "distinct warnings given during the trial"),
    "status": ("TEXT", "ok or error"),
    "error": ("TEXT", "what went wrong, in words"),
}

#: Columns that differ between two runs of one trial: how long it took and how much room.
COST_COLUMNS = ("fit_seconds", "predict_us_per_step", "peak_memory_mb", "trial_seconds")

CURVE_COLUMNS = ("trial_id", "epoch", "train_loss", "validation_score")

_NUMBERS = {"INTEGER": "int64", "REAL": "float64"}

#: Names that the tables of a comparison need for themselves, and no metric can have there.
_TAKEN = {
    *COLUMNS,
    *("entry", "chosen", "n_choices", "low", "high", "interval", "tuning_seconds", "n_folds", "n_failed"),
}

_TABLES = (
    "trials (position INTEGER, {columns}, PRIMARY KEY (trial_id))",
    "curves (trial_id TEXT, epoch INTEGER, train_loss REAL, validation_score REAL, "
    "PRIMARY KEY (trial_id, epoch)) WITHOUT ROWID",
    "deaths (trial_id TEXT PRIMARY KEY, n INTEGER)",
    "side_tables (name TEXT PRIMARY KEY, csv TEXT)",
    seals.TABLE,
)
_ANSWERS = "answers (trial_id TEXT PRIMARY KEY, entry TEXT, details TEXT, sums BLOB)"

_TRIALS = f"SELECT {', '.join(COLUMNS)}, position FROM trials"
_ANSWERED = "SELECT trial_id, entry, details FROM answers"
_SUMS = "SELECT trial_id, sums FROM answers"
_CURVES = f"SELECT {', '.join(f'c.{name}' for name in CURVE_COLUMNS)} FROM curves c"
_SIDE_TABLES = "SELECT name, csv FROM side_tables"

#: What is sealed together: table, its key, and the query of a name.
_SEALS = {
    "trials": ("trials", "trial_id", f"{_TRIALS} WHERE trial_id = ?"),
    "curves": ("curves", "trial_id", f"{_CURVES} WHERE trial_id = ? ORDER BY epoch"),
    "answers": ("answers", "trial_id", f"{_ANSWERED} WHERE trial_id = ?"),
    "sums": ("answers", "trial_id", f"{_SUMS} WHERE trial_id = ?"),
    "side_tables": ("side_tables", "name", f"{_SIDE_TABLES} WHERE name = ?"),
}


class RunError(ValueError):
    """What lies in the folder of a run cannot be read, or not be worked on."""


def blank() -> Record:
    """Return a row of which nothing is known: numbers that were not measured are NaN, or 0 if whole."""
    unknown = {"INTEGER": 0, "REAL": math.nan, "TEXT": "", "BOOLEAN": None}
    row = {name: unknown[kind] for name, (kind, _) in COLUMNS.items()}
    return {**row, "causal": True, "status": "ok"}


def to_frame(rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    """Return rows in the order of `COLUMNS` as a data frame with fixed dtypes.

    ``can_represent`` holds True, False or None; what a failed trial has not reached is NaN.
    """
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS))
    for name, (kind, _) in COLUMNS.items():
        if kind == "BOOLEAN":
            frame[name] = pd.Series(
                [None if pd.isna(v) else bool(v) for v in frame[name]], dtype="object", index=frame.index
            )
        else:
            frame[name] = frame[name].astype(np.dtype(_NUMBERS[kind]) if kind in _NUMBERS else str)
    for name in ("greater_is_better", "causal"):
        frame[name] = frame[name].astype(bool)
    return frame


def metric_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns of a store's rows that are metrics shown beside the score."""
    return [name for name in frame.columns if name not in COLUMNS and name != "entry"]


class Store:
    """The rows of a run. A finished trial is a committed row, whatever happens to the process next.

    Parameters
    ----------
    path : path
        The SQLite file; it is made, with its tables, if it does not exist.
    read_only : bool, default=False
        Whether only to read. The file must exist then, and nothing is written beside it.
    answers : bool, default=False
        Whether rows come with what their answers came to: losses, other metrics and details.

    Raises
    ------
    FileNotFoundError
        If there is nothing to read.
    RunError
        If the file is no store, is damaged, or was written by a newer version of the package.
    """

    def __init__(
        self, path: str | os.PathLike[str], *, read_only: bool = False, answers: bool = False
    ) -> None:
        self.path = Path(path)
        if read_only and not self.path.is_file():
            raise FileNotFoundError(f"{self.path.parent} holds no results: expected a file {STORE} in it")
        with self._clearly():
            self._connection = open_file(self.path, read_only)
        try:
            with self._clearly():
                version = self._check(may_be_empty=not read_only)
                if not read_only:
                    self._make_tables(answers, version)
                self._answers = bool(self._columns("answers"))
                self._sealed = not read_only or version >= _SEALED
        except RunError:
            self.close()
            raise

    def add(
        self,
        position: int,
        row: Params,
        curve: Iterable[tuple[int, float, float]] = (),
        insights: Iterable[tuple[str, pd.DataFrame]] = (),
    ) -> None:
        """Commit one finished trial.

        Parameters
        ----------
        position : int
            Place of the trial in its run, or in the part of it that was planned at once; frames are sorted by
            it and then by name, so that they do not depend on the order in which trials finish.
        row : mapping
            A value for every column of `COLUMNS`; in a store of answers also ``entry`` (what was entered),
            ``details`` (other metrics, and tables, as JSON holds them) and ``sums`` (weight, loss and bits
            of each unit, shape (m, 3)).
        curve : iterable of (epoch, train_loss, validation_score)
            The learning curve, if the model has one.
        insights : iterable of (name, table)
            The trial's part of side tables.
        """
        values, trial = [position, *(row[name] for name in COLUMNS)], row["trial_id"]
        answers = []
        if self._answers:
            sums = np.ascontiguousarray(row["sums"], dtype="<f8").tobytes()
            answers = [(trial, row["entry"], json.dumps(row["details"]), sums)]
        with self._clearly(), self._connection as db:
            db.execute(f"INSERT INTO trials VALUES ({', '.join('?' * len(values))})", values)
            # what lies there of a trial whose row is lost is of no worth
            db.execute("DELETE FROM curves WHERE trial_id = ?", (trial,))
            db.executemany("INSERT INTO curves VALUES (?, ?, ?, ?)", [(trial, *point) for point in curve])
            for kept in answers:
                # in format 0 answers were committed before their row, and may lie there without one
                db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", kept)
            for what in ("trials", "curves", "answers", "sums") if answers else ("trials", "curves"):
                seals.keep(db, what, _SEALS[what][2], trial)
            for name, table in insights:
                self._keep(db, f"{name}/{trial}", table)

    def done(self) -> set[str]:
        """Return the ids of the trials that are finished."""
        return {row[0] for row in self._rows("SELECT trial_id FROM trials")}

    def add_deaths(self, trial_ids: Iterable[str], n: int = 1) -> None:
        """Count `n` more deaths of workers for each of the trials that were in flight at them."""
        with self._clearly(), self._connection as db:
            db.executemany(
                "INSERT INTO deaths VALUES (?, ?) ON CONFLICT (trial_id) DO UPDATE SET n = n + excluded.n",
                [(trial_id, n) for trial_id in trial_ids],
            )

    def deaths(self) -> dict[str, int]:
        """Return how often each trial was in flight when a worker died."""
        return dict(self._rows("SELECT trial_id, n FROM deaths"))

    def keep_table(self, name: str, table: pd.DataFrame) -> None:
        """Keep a small table that does not follow from the rows, in place of an earlier one of that name."""
        with self._clearly(), self._connection as db:
            self._keep(db, name, table)

    @staticmethod
    def _keep(db: sqlite3.Connection, name: str, table: pd.DataFrame) -> None:
        db.execute("INSERT OR REPLACE INTO side_tables VALUES (?, ?)", (name, table.to_csv(index=False)))
        seals.keep(db, "side_tables", _SEALS["side_tables"][2], name)

    def side_table(self, name: str) -> pd.DataFrame | None:
        """Return the table kept under `name`, or None.

        One that trials brought their parts of begins with ``trial_id``, in the order of the run.
        """
        parts = self._whole(
            "side_tables",
            f"{_SIDE_TABLES} LEFT JOIN trials ON trial_id = substr(name, ?) "
            "WHERE name = ? OR substr(name, 1, ?) = ? ORDER BY position, name",
            *(len(name) + 2, name, len(name) + 1, f"{name}/"),
            under=name,
        )
        tables: dict[str, pd.DataFrame]
        with self._clearly():
            tables = {part.removeprefix(f"{name}/"): pd.read_csv(io.StringIO(csv)) for part, csv in parts}
        if name in tables or not tables:
            return tables.get(name)
        return pd.concat(tables, names=["trial_id"]).reset_index(0).reset_index(drop=True)

    def frame(self) -> pd.DataFrame:
        """Return one row a trial, in the order of the run.

        Of a store of answers it begins with what was entered, and ends with every metric that details hold.
        """
        rows = self._whole("trials", f"{_TRIALS} ORDER BY position, trial_id")
        with self._clearly():
            frame = to_frame([row[:-1] for row in rows])
        if not self._answers:
            return frame
        entries = dict(self._rows("SELECT trial_id, entry FROM answers"))
        lost = next((trial for trial in frame["trial_id"] if trial not in entries), None)
        if lost is not None:
            raise RunError(f"{self.path} is damaged: it has no answers of the trial {lost!r}")
        entered = [entries[trial] for trial in frame["trial_id"]]
        frame.insert(0, "entry", pd.Series(entered, dtype=str, index=frame.index))
        details = self.details()
        scores = [details.get(trial, {}).get("metrics", {}) for trial in frame["trial_id"]]
        for metric in dict.fromkeys(name for found in scores for name in found):
            column = f"{metric} (metric)" if metric in _TAKEN else metric
            frame[column] = np.array([found.get(metric, np.nan) for found in scores], dtype=np.float64)
        return frame

    def curves(self) -> pd.DataFrame:
        """Return the learning curves: one row an epoch of a trial."""
        order = "ORDER BY t.position, c.trial_id, c.epoch"
        rows = self._whole("curves", f"{_CURVES} JOIN trials t USING (trial_id) {order}")
        with self._clearly():
            frame = pd.DataFrame(rows, columns=list(CURVE_COLUMNS))
            return frame.astype(dict(zip(CURVE_COLUMNS, ("str", "int64", "float64", "float64"), strict=True)))

    def sums(self, trial_ids: Iterable[str]) -> dict[str, Sums]:
        """Return weight, loss and bits of the units of each trial, shape (m, 3); of a store of answers."""
        wanted = set(trial_ids)
        rows = self._whole("sums", _SUMS)
        with self._clearly():
            return {n: np.frombuffer(b, dtype="<f8").reshape(-1, 3) for n, b in rows if n in wanted}

    def details(self) -> dict[str, Details]:
        """Return the details of each trial: metrics, and whatever tables it has; of a store of answers."""
        rows = self._whole("answers", _ANSWERED)
        with self._clearly():
            return {name: json.loads(text) for name, _, text in rows}

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._clearly():
            return self._connection.execute(query, values).fetchall()

    def _whole(self, what: str, query: str, *values: object, under: str | None = None) -> list[Any]:
        """Return rows that begin with a name, and are what was sealed under it; see `seals.broken`."""
        with self._clearly(), self._connection as db:
            # rows and seals of one moment: a run that goes on may replace both
            db.execute("BEGIN")
            rows = db.execute(query, values).fetchall()
            other = seals.broken(db, what, rows, under) if self._sealed else None
        if other is not None:
            raise RunError(f"{self.path} is damaged: what it holds of {other!r} is not what was written")
        return rows

    @contextmanager
    def _clearly(self) -> Iterator[None]:
        """Say in one line, with the name of the file, what SQLite and the decoders say of a damaged one."""
        try:
            yield
        except (sqlite3.IntegrityError, RunError):
            raise  # the fault of who adds a row, or clear already
        except (sqlite3.Error, ValueError) as error:
            if getattr(error, "sqlite_errorcode", None) in _NO_ROOM:
                words = "no room is left on its disk, or the file may not grow"
                raise RunError(
                    f"{self.path} cannot be written: {words}; what was finished is kept"
                ) from error
            raise RunError(f"{self.path} cannot be read as a store of results: {error}") from error

    def _check(self, *, may_be_empty: bool) -> int:
        """Find out now, and in plain words, whether this is a store; return its version."""
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        check_format(self.path, version)
        trials = self._columns("trials")
        if not trials and not may_be_empty:
            raise RunError(f"{self.path} is no store of results: it has no table of trials")
        if trials and not trials >= set(COLUMNS):
            missing = ", ".join(name for name in COLUMNS if name not in trials)
            raise RunError(f"{self.path} is no store of results: its table of trials has no {missing}")
        return version

    def _columns(self, table: str) -> set[str]:
        return {name for _, name, *_ in self._connection.execute(f"PRAGMA table_info({table})")}

    def _make_tables(self, answers: bool, version: int) -> None:
        columns = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
        with self._connection as db:
            for table in (*_TABLES, *([_ANSWERS] if answers else [])):
                db.execute(f"CREATE TABLE IF NOT EXISTS {table.format(columns=columns)}")
            for what, (table, key, query) in _SEALS.items() if version < _SEALED else ():
                if self._columns(table):
                    for (name,) in db.execute(f"SELECT DISTINCT {key} FROM {table}").fetchall():
                        seals.keep(db, what, query, name)
            db.execute(f"PRAGMA user_version = {FORMAT}")


def check_format(path: Path, written: object) -> None:
    """Refuse what a newer version of the package has written."""
    if not isinstance(written, int) or not 0 <= written <= FORMAT:
        raise RunError(
            f"{path} has format {written}, and this version of seqcompare reads up to {FORMAT}: a newer "
            "version has written it"
        )
