"""What sorts the steps of a sequence: numbers, dates, times and numbered names by what they mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from seqcompare.data.dates import DateError, read_cyclic, read_dates
from seqcompare.data.source import DataError
from seqcompare.typing import Values

Keys = tuple[Values, str | None]
"""A key to sort by for each text, and how it was read where that has to be said."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
_OFFSET = r"Z|[+-][0-9]{2}(?::?[0-9]{2})?"
_ISO = re.compile(
    rf"[0-9]{{4}}([-/])[0-9]{{2}}(?:\1[0-9]{{2}}(?:[T ](?:{_CLOCK}|[0-9]{{2}}) ?(?P<offset>{_OFFSET})?)?)?"
)
_AMBIGUOUS = re.compile(r"[0-9]{1,2}[-/][0-9]{1,2}[-/][0-9]{2,4}.*")
_TWO_PARTS = re.compile(r"[0-9]{1,3}:[0-5][0-9]")
_THREE_PARTS = re.compile(r"[0-9]{1,3}:[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?")
_NUMBERED = re.compile(r"([^0-9]*)([0-9]+)([^0-9]*)")

_EXPECTED = "numbers, ISO dates or times (2024-01-31), or names with one running number"


class _OrderError(Exception):
    """What is wrong with one of the texts."""

    def __init__(self, problem: str, which: int) -> None:
        super().__init__(problem)
        self.problem, self.which = problem, which


def order_places(
    cells: pd.Series, fail: Callable[[str, int], DataError]
) -> tuple[NDArray[np.int64], str | None]:
    """Return the place of every cell in the order of the column, shape (n,), from 0; equal cells share one.

    Parameters
    ----------
    cells : pandas.Series of shape (n,)
        The column, nothing missing.
    fail : callable (problem, row) -> DataError
        Makes the error for a problem in a row.

    Returns
    -------
    places : ndarray of int, shape (n,)
        The places.
    how : str or None
        How text was read, unless as numbers.

    Raises
    ------
    DataError
        If the cells have no order that is beyond doubt.
    """
    if isinstance(cells.dtype, pd.CategoricalDtype):
        if cells.dtype.ordered:
            return np.asarray(cells.cat.codes, dtype=np.int64), None
        cells = cells.astype(cells.dtype.categories.dtype)
    if not (pd.api.types.is_object_dtype(cells) or pd.api.types.is_string_dtype(cells)):
        return pd.factorize(cells, sort=True)[0], None
    codes, uniques = pd.factorize(cells.to_numpy(dtype=object))
    try:
        words = [isinstance(value, str) for value in uniques]
        if all(words):
            keys, how = _text_keys([value.strip() for value in uniques])
        elif any(words):
            which = words.index(not words[0])
            raise _OrderError(f"the order must be all numbers or all text, got {uniques[which]!r:.40}", which)
        else:
            keys, how = _object_keys(uniques), None
    except _OrderError as bad:
        raise fail(bad.problem, int(np.argmax(codes == bad.which))) from None
    return np.unique(keys, return_inverse=True)[1][codes], how


def moments_of(texts: list[str]) -> Values | None:
    """Return what distinct texts stand for if all are dates or times, as datetime64; None else."""
    if not texts or not any(c.isdigit() for c in texts[0]):
        return None
    for pattern, keys in ((_ISO, _iso_keys), (_TWO_PARTS, _clock_keys), (_THREE_PARTS, _clock_keys)):
        if all(pattern.fullmatch(text) for text in texts):
            try:
                return keys(texts)[0].view("datetime64[ns]") if keys is _clock_keys else _read_iso(texts)
            except _OrderError:
                return None
    if _NUMBER.fullmatch(texts[0]):
        return None
    try:
        found = read_dates(texts)
    except DateError:
        return None
    return None if found is None else found[0]


def looks_ordered(texts: list[str]) -> bool:
    """Whether most of the texts are numbers, dates or times, though some are not."""
    patterns = (_NUMBER, _ISO, _TWO_PARTS, _THREE_PARTS, _AMBIGUOUS)
    fitting = sum(any(pattern.fullmatch(text.strip()) for pattern in patterns) for text in texts)
    return 2 * fitting >= len(texts)


def _object_keys(values: Values) -> Values:
    for i, value in enumerate(values):
        try:
            _ = value < values[0]
        except TypeError as error:
            raise _OrderError(f"the order cannot be sorted: {error}", i) from None
    return values


def _text_keys(texts: list[str]) -> Keys:
    most, odd, beside = 0, 0, ""
    for what, pattern, keys in _RULES:
        fits = [pattern.fullmatch(text) is not None for text in texts]
        if all(fits):
            return keys(texts)
        if sum(fits) > most:
            most, odd = sum(fits), fits.index(False)
            beside = f" beside {what} such as {texts[fits.index(True)]!r:.40}"
    found = _daily_keys(texts)
    if found is None and _AMBIGUOUS.fullmatch(texts[0]) and all(map(_AMBIGUOUS.fullmatch, texts)):
        raise _OrderError(
            f"{texts[0]!r} may have the day or the month first, and no date of the column decides; "
            "expected ISO dates (2024-01-31)",
            0,
        )
    found = found or read_cyclic(texts) or _numbered_keys(texts)
    if found is None and _sorts_as_text(texts):
        found = np.array(texts, dtype=object), "text of one form, the year or the largest part first"
    if found is None:
        raise _OrderError(f"the order must be {_EXPECTED}, got {texts[odd]!r:.40}{beside}", odd)
    return found


def _number_keys(texts: list[str]) -> Keys:
    floats = np.array([float(text) for text in texts])
    # rounding keeps the order, except where it makes two numbers one
    if len(np.unique(floats)) == len(floats):
        return floats, None
    return np.array([Decimal(text) for text in texts], dtype=object), None


def _iso_keys(texts: list[str]) -> Keys:
    matches = [_ISO.fullmatch(text) for text in texts]
    zoned = [match is not None and match["offset"] is not None for match in matches]
    if any(zoned) and not all(zoned):
        which = zoned.index(not zoned[0])
        raise _OrderError(
            f"some times of the order have a UTC offset and some have none, as {texts[which]!r}", which
        )
    return _read_iso(texts).astype(np.int64), "ISO dates or times" + (
        " with their UTC offsets" if any(zoned) else ""
    )


def _daily_keys(texts: list[str]) -> Keys | None:
    try:
        found = read_dates(texts)
    except DateError as error:
        raise _OrderError(error.problem, error.which) from None
    return None if found is None else (found[0].astype("datetime64[ns]").astype(np.int64), found[1])


def _clock_keys(texts: list[str]) -> Keys:
    full = texts if texts[0].count(":") == 2 else [text + ":00" for text in texts]
    return pd.to_timedelta(pd.Index(full)).as_unit("ns").asi8, "times, 9:00 before 10:00"


def _numbered_keys(texts: list[str]) -> Keys | None:
    matches = [match for text in texts if (match := _NUMBERED.fullmatch(text))]
    if len(matches) < len(texts) or len({(match[1], match[3]) for match in matches}) > 1:
        return None
    return np.array([Decimal(match[2]) for match in matches], dtype=object), (
        f"names by their number, as {matches[0][2]} of {texts[0]!r:.40}"
    )


def _sorts_as_text(texts: Sequence[str]) -> bool:
    """Whether texts are alike but for digits, whose first are the weightiest beyond doubt."""
    forms = {re.sub("[0-9]", "0", text) for text in texts}
    if len(forms) > 1:
        return False
    form = forms.pop()
    runs, gaps = re.findall("0+", form), re.findall("(?<=0)[^0]+(?=0)", form)
    if len(runs) < 2 or re.search("[ap]\\.?m", form, re.IGNORECASE):
        return False
    year_first = len(runs[0]) == 4 and max(map(len, runs[1:])) <= 2
    return year_first or all(re.search("[A-Za-z_]", gap) for gap in gaps)


def _read_iso(iso: list[str]) -> Values:
    """Return moments in UTC, in whatever unit holds all of them."""
    moments = pd.to_datetime(pd.Index(iso, dtype=object), format="ISO8601", utc=True, errors="coerce")
    wrong = np.flatnonzero(moments.isna())
    if wrong.size:
        which = int(wrong[0])
        raise _OrderError(f"there is no such date or time: {iso[which]!r}", which)
    return np.asarray(moments.tz_localize(None))


_RULES = (
    ("numbers", _NUMBER, _number_keys),
    ("ISO dates", _ISO, _iso_keys),
    ("times", _TWO_PARTS, _clock_keys),
    ("times", _THREE_PARTS, _clock_keys),
)
