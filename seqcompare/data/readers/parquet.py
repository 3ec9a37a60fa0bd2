"""Parquet files: long tables that pyarrow reads, which the extra ``parquet`` installs."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from seqcompare.data.readers import Reader
from seqcompare.data.source import CELL, DataError, check_file, check_memory
from seqcompare.data.table import Table, frame_table


def read_parquet(path: Path) -> Table:
    """Read a Parquet file.

    Raises
    ------
    DataError
        If the file cannot be read, or pyarrow is not there.
    """
    check_file(path)
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]  # an extra

        with parquet.ParquetFile(path) as file:
            cells = file.metadata.num_rows * file.metadata.num_columns
        check_memory(CELL * cells, path, f"the table has {cells:,} cells")
        frame = pd.read_parquet(path, engine="pyarrow")
    except ImportError:
        raise DataError("Parquet takes pyarrow: pip install 'seqcompare[parquet]'", path) from None
    except DataError:
        raise
    except (ValueError, OSError) as error:
        # pyarrow's errors are of these two kinds, and go over several lines
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"this is no readable Parquet file: {reason}", path) from None
    return Table(frame_table(frame).frame, path)


READER = Reader("parquet", (".parquet", ".pq"), read_parquet, "Parquet, a row for each step")
