"""Tables of any origin, files or data frames of any make: where rows come from, how cells are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.cells import Spelling
from seqcompare.data.source import DataError
from seqcompare.data.usual import are_columns

if TYPE_CHECKING:
    import narwhals


# how the name of a column begins that has none
UNNAMED = "unnamed "


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
    notes : tuple of str
        What was decided when the table was read.
    headed : bool
        Whether its columns have names of their own.
    values : tuple of str
        The columns of the steps, where the format says so.
    delimiter : str
        What separates the cells of a file of text.
    wide : bool, optional
        Whether a row is a sequence, where the format says so.
    origins : ndarray of Path, shape (n_rows,), optional
        The file of each row, where there are several.
    keys : dict of str to (str, str)
        The columns of the sequence and of the order where these are known already, each with the reason.
    steps : dict of str to ndarray of str, shape (n_rows,)
        Of channels that were columns of a wide table, the column that each row comes from.
    reasons : dict of str to str
        Why columns are what they are, of those that were made of a table of another form.
    aside : dict of str to str
        The columns of that table that are not used, each with the reason.
    """

    frame: pd.DataFrame
    path: Path | None = None
    lines: NDArray[np.int64] | None = None
    text: dict[str, pd.Series] = field(default_factory=dict)
    spellings: dict[str, Spelling] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    headed: bool = True
    values: tuple[str, ...] = ()
    delimiter: str = "\t"
    wide: bool | None = None
    origins: NDArray[np.object_] | None = None
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    steps: dict[str, NDArray[np.object_]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    aside: dict[str, str] = field(default_factory=dict)

    def written(self, column: str) -> pd.Series:
        """Return a column as it is written: ``007`` is not ``7``."""
        return self.text.get(column, self.frame[column])

    def spelling(self, column: str) -> Spelling:
        """Return how a column is written; the columns of frames leave no choice."""
        return self.spellings.get(column, Spelling())

    def error(self, problem: str, row: int | None = None, column: str | None = None) -> DataError:
        """Return the error for a problem in a row (from 0) and column."""
        if row is not None and column in self.steps:
            column = self.steps[column][row]
        if row is not None and self.lines is None:
            problem = f"row {row}: {problem}"
        line = None if row is None or self.lines is None else int(self.lines[row])
        path = self.path if row is None or self.origins is None else self.origins[row]
        return DataError(problem, path, line, column)


def is_frame(data: object) -> bool:
    """Whether `data` is a pandas frame or one that narwhals knows."""
    if isinstance(data, pd.Series):
        if isinstance(data.dtype, pd.CategoricalDtype):
            return True
        # one of sequences is a list of them
        return len(data) > 0 and np.ndim(data.iloc[0]) == 0 and not isinstance(data.iloc[0], str)
    return isinstance(data, pd.DataFrame) or _gathered(data) is not None or _as_narwhals(data) is not None


def _gathered(data: object) -> pd.DataFrame | None:
    """Return the frame of what else holds rows or columns: dicts, records of NumPy, several frames alike."""
    if isinstance(data, np.ndarray):
        return pd.DataFrame.from_records(data) if data.dtype.names and data.ndim == 1 else None
    if isinstance(data, dict):
        columns = {str(name): column for name, column in data.items()}
        single = all(np.ndim(column) == 1 for column in columns.values() if not isinstance(column, str))
        if not single or any(isinstance(column, str) for column in columns.values()):
            return None
        alike = len({len(column) for column in columns.values()}) == 1 and are_columns(list(columns))
        return pd.DataFrame(columns) if alike else None
    if not isinstance(data, (list, tuple)) or not data:
        return None
    first = data[0]
    if isinstance(first, dict) and all(isinstance(row, dict) for row in data):
        several = any(np.ndim(value) for row in data for value in row.values() if not isinstance(value, str))
        return None if several else pd.DataFrame(list(data))
    if isinstance(first, pd.DataFrame) and all(isinstance(frame, pd.DataFrame) for frame in data):
        names = list(first.columns)
        if any(list(frame.columns) != names for frame in data) or "sequence" in names:
            return None
        inner = first.index.name or (
            "time" if first.index.dtype.kind in "mM" and "time" not in names else None
        )
        joined: pd.DataFrame = pd.concat(dict(enumerate(data)), names=["sequence", inner])
        return joined
    return None


def frame_table(data: object) -> Table:
    """Return a frame as a table without lines; named levels of a pandas index are columns.

    Raises
    ------
    DataError
        If it has no rows or two columns of one name.
    """
    if isinstance(data, pd.DataFrame):
        frame = data
    elif isinstance(data, pd.Series):
        frame = data.to_frame("value" if data.name is None else data.name)
    elif (gathered := _gathered(data)) is not None:
        frame = gathered
    else:
        other = _as_narwhals(data)
        if other is None:
            raise DataError(f"expected a data frame, got {type(data).__name__}")
        # what is lazy is a query, which is run here
        frame = _to_pandas(other.collect() if hasattr(other, "collect") else other)
    if frame.index.names == [None] and frame.index.dtype.kind in "mM":
        # moments are an order, whether or not the index has a name
        free = next(name for name in ("time", "index", "time of the index") if name not in frame.columns)
        frame = frame.rename_axis(index=free)
    if any(level is not None for level in frame.index.names):
        index = frame.index.to_frame(index=False)
        index = index.loc[:, [level is not None for level in frame.index.names]]
        frame = pd.concat([index, frame.reset_index(drop=True)], axis=1)
    levels: list[object] = list(frame.columns)
    names = [" ".join(map(str, level)) if isinstance(level, tuple) else str(level) for level in levels]
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DataError("two columns have this name", column=name)
        seen.add(name)
    if len(frame) == 0:
        raise DataError("the table has no rows")
    return Table(frame.set_axis(names, axis=1).reset_index(drop=True))


def _as_narwhals(data: object) -> narwhals.DataFrame[Any] | narwhals.LazyFrame[Any] | None:
    """Return `data` as a narwhals frame, also one that is yet to be collected, or None if it is none."""
    if isinstance(data, (list, tuple, str)):
        return None
    try:
        import narwhals
    except ImportError:
        return None
    frame = narwhals.from_native(data, pass_through=True)
    return frame if isinstance(frame, (narwhals.DataFrame, narwhals.LazyFrame)) else None


def _to_pandas(frame: narwhals.DataFrame[Any]) -> pd.DataFrame:
    columns = {}
    for name in frame.columns:
        column = frame[name]
        # a list keeps whole numbers with gaps whole, and needs no pyarrow
        nullable = column.dtype.is_integer() and column.null_count() > 0
        columns[name] = pd.Series(column.to_list(), dtype="Int64" if nullable else None)
    return pd.DataFrame(columns)
