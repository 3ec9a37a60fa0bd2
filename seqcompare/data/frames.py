"""Data frames of any make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from seqcompare.data.source import DataError
from seqcompare.data.table import Table

if TYPE_CHECKING:
    import narwhals


def is_frame(data: object) -> bool:
    """Whether `data` is a pandas frame or one that narwhals knows."""
    return isinstance(data, pd.DataFrame) or _as_narwhals(data) is not None


def frame_table(data: object) -> Table:
    """Return a frame as a table without lines; named levels of a pandas index are columns.

    Raises
    ------
    DataError
        If it has no rows or two columns of one name.
    """
    if isinstance(data, pd.DataFrame):
        frame = data
    else:
        other = _as_narwhals(data)
        if other is None:
            raise DataError(f"expected a data frame, got {type(data).__name__}")
        frame = _to_pandas(other)
    if any(level is not None for level in frame.index.names):
        index = frame.index.to_frame(index=False)
        index = index.loc[:, [level is not None for level in frame.index.names]]
        frame = pd.concat([index, frame.reset_index(drop=True)], axis=1)
    names = [str(column) for column in frame.columns]
    repeated = [name for i, name in enumerate(names) if name in names[:i]]
    if repeated:
        raise DataError("two columns have this name", column=repeated[0])
    if len(frame) == 0:
        raise DataError("the table has no rows")
    return Table(frame.set_axis(names, axis=1).reset_index(drop=True))


def _as_narwhals(data: object) -> narwhals.DataFrame[pd.DataFrame] | None:
    """Return `data` as a narwhals frame, or None if it is none."""
    if isinstance(data, (list, tuple, str)):
        return None
    try:
        import narwhals
    except ImportError:
        return None
    frame = narwhals.from_native(data, eager_only=True, pass_through=True)
    return frame if isinstance(frame, narwhals.DataFrame) else None


def _to_pandas(frame: narwhals.DataFrame[pd.DataFrame]) -> pd.DataFrame:
    columns = {}
    for name in frame.columns:
        column = frame[name]
        # a list keeps whole numbers with gaps whole, and needs no pyarrow
        nullable = column.dtype.is_integer() and column.null_count() > 0
        columns[name] = pd.Series(column.to_list(), dtype="Int64" if nullable else None)
    return pd.DataFrame(columns)
