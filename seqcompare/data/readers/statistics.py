"""Tables that programs of statistics write, which pandas reads: Stata, SAS, SPSS, and Feather."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from seqcompare.data.readers import Reader
from seqcompare.data.source import GROWTH, DataError, check_file, check_memory
from seqcompare.data.table import Table, frame_table

_READ: dict[str, tuple[str, Callable[..., Any], str]] = {
    ".dta": ("Stata", pd.read_stata, ""),
    ".sas7bdat": ("SAS", partial(pd.read_sas, encoding="utf-8"), ""),
    ".xpt": ("SAS", partial(pd.read_sas, encoding="utf-8"), ""),
    ".sav": ("SPSS", pd.read_spss, "pyreadstat"),
    ".feather": ("Feather", pd.read_feather, "pyarrow"),
    ".arrow": ("Feather", pd.read_feather, "pyarrow"),
}


def read_statistics(path: Path) -> Table:
    """Read a file of Stata, SAS or SPSS, or a Feather file, as a table.

    Labels of values are read as words. SPSS takes pyreadstat, and Feather pyarrow.

    Raises
    ------
    DataError
        If the file cannot be read, or the package that reads it is not there.
    """
    check_file(path)
    program, read, package = _READ.get(path.suffix.lower(), _READ[".dta"])
    size = path.stat().st_size
    check_memory(GROWTH * size, path, f"the file has {size:,} bytes")
    try:
        frame = read(path)
    except ImportError:
        raise DataError(f"{program} takes {package}: pip install {package}", path) from None
    except Exception as error:  # what is wrong with such files is raised as errors of all kinds
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"this is no readable file of {program}: {reason}", path) from None
    # what a label or a date is, is the program's to say
    for name in frame.columns[frame.dtypes == "category"]:
        frame[name] = frame[name].astype(object)
    return Table(frame_table(frame).frame, path)


READER = Reader(
    "statistics", tuple(_READ), read_statistics, "Stata, SAS, SPSS or Feather, a row for each step"
)
