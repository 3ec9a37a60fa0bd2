"""Data frames of any make, and Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from seqcompare.data.source import DataError
from seqcompare.data.table import Table


def is_frame(data: Any) -> bool:
    """Whether `data` is a pandas frame or one that narwhals knows."""
    return isinstance(data, pd.DataFrame) or _as_narwhals(data) is not None


def frame_table(data: Any) -> Table:
    """Return a frame as a table without lines; named levels of a pandas index are columns.

    Raises
    ------
    DataError
        If it has no rows or two columns of one name.
    """
    frame = data if isinstance(data, pd.DataFrame) else _to_pandas(_as_narwhals(data))
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


def parquet_table(path: Path) -> Table:
    """Read a Parquet file; this takes pyarrow, which the extra ``parquet`` installs.

    Raises
    ------
    DataError
        If the file cannot be read, or pyarrow is not there.
    """
    if not path.is_file():
        raise DataError("there is no such file", path)
    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except ImportError:
        raise DataError("Parquet takes pyarrow: pip install 'seqcompare[parquet]'", path) from None
    except (ValueError, OSError) as error:
        # pyarrow's errors are of these two kinds, and go over several lines
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"this is no readable Parquet file: {reason}", path) from None
    table = frame_table(frame)
    return Table(table.frame, path)


def _as_narwhals(data: Any) -> Any:
    """Return `data` as a narwhals frame, or None if it is none."""
    if isinstance(data, (list, tuple, str)):
        return None
    try:
        import narwhals
    except ImportError:
        return None
    frame = narwhals.from_native(data, eager_only=True, pass_through=True)
    return frame if isinstance(frame, narwhals.DataFrame) else None


def _to_pandas(frame: Any) -> pd.DataFrame:
    columns = {}
    for name in frame.columns:
        column = frame[name]
        # a list keeps whole numbers with gaps whole, and needs no pyarrow
        nullable = column.dtype.is_integer() and column.null_count() > 0
        columns[name] = pd.Series(column.to_list(), dtype="Int64" if nullable else None)
    return pd.DataFrame(columns)
