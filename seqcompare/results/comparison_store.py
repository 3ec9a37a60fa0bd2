"""What a comparison keeps beside the rows of its trials: losses per unit, all scores, and details."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.results.store import Store

METRICS = ("bits", "accuracy", "macro_f1", "mse", "r2")


class ComparisonStore(Store):
    """The rows of a comparison, each with what its answers came to.

    Parameters
    ----------
    path : path
        The SQLite file; it is made, with its tables, if it does not exist.
    read_only : bool, default=False
        Whether only to read.
    """

    def __init__(self, path: str | os.PathLike[str], *, read_only: bool = False) -> None:
        super().__init__(path, read_only=read_only)
        if not read_only:
            with self._connection as db:
                db.execute(
                    "CREATE TABLE IF NOT EXISTS answers "
                    "(trial_id TEXT PRIMARY KEY, entry TEXT, details TEXT, sums BLOB)"
                )

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
            Its place among all trials.
        row : mapping
            A value for every column of the sweep's rows, and ``entry`` (the contestant), ``details`` (scores
            and tables, as JSON holds them) and ``sums`` (weight, loss and bits of each unit, shape (m, 3)).
        curve : iterable of (epoch, train_loss, validation_score)
            The learning curve, if the model has one.
        insights : iterable of (name, table)
            The trial's part of side tables.
        """
        sums = np.ascontiguousarray(row["sums"], dtype="<f8")
        # first what belongs to the row: a row says that the trial is finished
        with self._connection as db:
            db.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)",
                (row["trial_id"], row["entry"], json.dumps(row["details"]), sums.tobytes()),
            )
        super().add(position, row, curve, insights)

    def frame(self) -> pd.DataFrame:
        """Return one row a trial: the columns of a sweep, the contestant, and every score."""
        frame = super().frame()
        entries, details = self._answers()
        frame.insert(0, "entry", frame["trial_id"].map(entries))
        for metric in METRICS:
            found = [details[t].get("metrics", {}).get(metric, np.nan) for t in frame["trial_id"]]
            frame[metric] = np.array(found, dtype=np.float64)
        return frame

    def sums(self, trial_ids: Iterable[str]) -> dict[str, NDArray[np.float64]]:
        """Return weight, loss and bits of the units of each trial, shape (m, 3)."""
        wanted = set(trial_ids)
        rows = self._connection.execute("SELECT trial_id, sums FROM answers")
        return {
            name: np.frombuffer(blob, dtype="<f8").reshape(-1, 3) for name, blob in rows if name in wanted
        }

    def details(self) -> dict[str, dict[str, Any]]:
        """Return the details of each trial: metrics, and whatever tables it has."""
        return self._answers()[1]

    def _answers(self) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        rows = self._connection.execute("SELECT trial_id, entry, details FROM answers").fetchall()
        return {r[0]: r[1] for r in rows}, {r[0]: json.loads(r[2]) for r in rows}
