"""Tables as CSV, with no cell that a spreadsheet would run."""

from __future__ import annotations

import re
import unicodedata

import pandas as pd

# what a spreadsheet would read as the start of a formula
_FORMULA = ("=", "+", "-", "@", "\t", "\n")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(inf|nan)", re.IGNORECASE)

# what turns the direction in which what follows is read
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_unsafe(character: str) -> bool:
    """Whether a terminal acts on a character, it is half of one, or what follows is read the other way."""
    return unicodedata.category(character) in {"Cc", "Cs"} or character in _TURNING


def to_csv(frame: pd.DataFrame) -> str:
    """Return `frame` as CSV in full precision, with no cell that a spreadsheet would run."""
    safe = frame.copy()
    safe.columns = [csv_cell(str(name)) for name in frame.columns]
    for place, kind in enumerate(frame.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            safe.isetitem(place, frame.iloc[:, place].map(csv_cell).tolist())
    text: str = safe.to_csv(index=False, lineterminator="\n")
    return text


def csv_cell(value: object) -> object:
    """Return `value` so that no spreadsheet runs it: formulas get an apostrophe in front."""
    if not isinstance(value, str):
        return value
    # a lone carriage return is not quoted, and a spreadsheet would begin a row after it
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    # nothing that is unsafe is printable
    text = lines if lines.isprintable() else "".join(c for c in lines if c in "\t\n" or not is_unsafe(c))
    start = text.lstrip(" \u00a0\ufeff\u200b")
    return "'" + text if start.startswith(_FORMULA) and not _NUMBER.fullmatch(start) else text
