"""CSV files that a spreadsheet opens as what they are: no cell of them runs."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pandas as pd

# What a spreadsheet would read as the start of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\n")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)


def to_csv(frame: pd.DataFrame) -> str:
    """Return `frame` as CSV in full precision, with no cell that a spreadsheet would run."""
    safe = frame.copy()
    safe.columns = [csv_cell(str(name)) for name in frame.columns]
    for place, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            safe.isetitem(place, frame.iloc[:, place].map(csv_cell).tolist())
    text: str = safe.to_csv(index=False, lineterminator="\n")
    return text


def csv_cell(value: Any) -> Any:
    """Return `value` so that no spreadsheet runs it: formulas get an apostrophe in front."""
    if not isinstance(value, str):
        return value
    # a lone carriage return is not quoted, and a spreadsheet would begin a row after it
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in lines if c in "\t\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    start = text.lstrip(" \u00a0\ufeff\u200b")
    return "'" + text if start.startswith(_FORMULA) and not _NUMBER.fullmatch(start) else text
