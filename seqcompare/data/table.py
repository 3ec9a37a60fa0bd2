"""Tables of any origin: a frame, where its rows come from, and how its cells are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.cells import Spelling
from seqcompare.data.source import DataError


@dataclass(frozen=True)
class Table:
    """A data frame and where its rows come from.

    Parameters
    ----------
    frame : pandas.DataFrame
        The columns.
    path : Path or None
        The file.
    lines : ndarray of int, shape (n_rows,), or None
        The line on which each row begins, from 1; None where there are no lines.
    text : dict of str to pandas.Series
        The columns as they are written in a file of text.
    spellings : dict of str to Spelling
        How these are written.
    """

    frame: pd.DataFrame
    path: Path | None = None
    lines: NDArray[np.int64] | None = None
    text: dict[str, pd.Series] = field(default_factory=dict)
    spellings: dict[str, Spelling] = field(default_factory=dict)

    def written(self, column: str) -> pd.Series:
        """Return a column as it is written: ``007`` is not ``7``."""
        return self.text.get(column, self.frame[column])

    def spelling(self, column: str) -> Spelling:
        """Return how a column is written; the columns of frames leave no choice."""
        return self.spellings.get(column, Spelling())

    def error(self, problem: str, row: int | None = None, column: str | None = None) -> DataError:
        """Return the error for a problem in a row (from 0) and column."""
        if row is not None and self.lines is None:
            problem = f"row {row}: {problem}"
        line = None if row is None or self.lines is None else int(self.lines[row])
        return DataError(problem, self.path, line, column)
