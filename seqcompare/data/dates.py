"""Dates of daily life: names of months, day or month first, two-digit years, AM and PM, weeks, quarters."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

_NAMES = "january february march april may june july august september october november december"
_MONTHS = {
    name[:length]: month for month, name in enumerate(_NAMES.split(), 1) for length in range(3, len(name) + 1)
}
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_CLOCK = (
    r"(?:[,T\s]\s*(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?(?::(?P<second>[0-9]{2}(?:\.[0-9]+)?))?"
    r"\s*(?P<half>[ap]\.?m\.?)?)?"
)
_NAMED = tuple(
    re.compile(_WEEKDAY + pattern + _CLOCK, re.IGNORECASE)
    for pattern in (
        r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?[-\s./]*(?P<month>[a-z]{3,9})\.?[-\s.,/]*(?P<year>[0-9]{4}|'?[0-9]{2})",
        r"(?P<month>[a-z]{3,9})\.?[-\s./]*(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?[-\s.,/]+(?P<year>[0-9]{4}|'?[0-9]{2})",
        r"(?P<year>[0-9]{4})[-\s./]*(?P<month>[a-z]{3,9})[-\s./]*(?P<day>[0-9]{1,2})",
        r"(?P<month>[a-z]{3,9})\.?[-\s.,/]*(?P<year>[0-9]{4}|'?[0-9]{2})",
        r"(?P<year>[0-9]{4})[-\s./]*(?P<month>[a-z]{3,9})",
    )
)
_NUMERIC = re.compile(
    r"(?P<a>[0-9]{1,4})(?P<mark>[-/.])(?P<b>[0-9]{1,2})(?P=mark)(?P<c>[0-9]{4}|[0-9]{2})" + _CLOCK,
    re.IGNORECASE,
)
_QUARTER = (
    re.compile(r"(?P<year>[0-9]{4})[-\s/]*Q(?P<quarter>[1-4])", re.IGNORECASE),
    re.compile(r"Q(?P<quarter>[1-4])[-\s/]*(?P<year>[0-9]{4})", re.IGNORECASE),
)
_WEEK = re.compile(r"(?P<year>[0-9]{4})-?W(?P<week>[0-9]{2})(?:-?(?P<weekday>[1-7]))?", re.IGNORECASE)
_HALF_CLOCK = re.compile(
    r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?(?::(?P<second>[0-9]{2}))?\s*(?P<half>[ap]\.?m\.?)",
    re.IGNORECASE,
)

Moments = NDArray[np.datetime64]


class DateError(ValueError):
    """What is wrong with one of the texts."""

    def __init__(self, problem: str, which: int) -> None:
        super().__init__(problem)
        self.problem, self.which = problem, which


def read_dates(texts: Sequence[str]) -> tuple[Moments, str] | None:
    """Return the moments that texts stand for, and how they were read.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts, in the order in which they first appear.

    Returns
    -------
    moments : ndarray of datetime64[us], shape (n,)
        When they are.
    how : str
        In words.

    None if they are no such dates.

    Raises
    ------
    DateError
        For a day or time that there is not.
    """
    for read, how in (
        (_read_named, "dates with names of months"),
        (_read_weeks, "ISO weeks"),
        (_read_quarters, "quarters"),
        (_read_half_clock, "times with AM and PM"),
    ):
        found = read(texts)
        if found is not None:
            return found, how
    return _read_numeric(texts)


def _read_named(texts: Sequence[str]) -> Moments | None:
    for pattern in _NAMED:
        matches = [pattern.fullmatch(text.strip()) for text in texts]
        if all(m is not None and m["month"].lower() in _MONTHS for m in matches):
            fields = [m.groupdict() for m in matches if m is not None]
            days = [(_year(f["year"]), _MONTHS[f["month"].lower()], int(f.get("day") or 1)) for f in fields]
            return _moments(days, fields, texts)
    return None


def _read_weeks(texts: Sequence[str]) -> Moments | None:
    matches = [_WEEK.fullmatch(text.strip()) for text in texts]
    if not all(matches):
        return None
    found = []
    for which, match in enumerate(matches):
        assert match is not None
        try:
            day = date.fromisocalendar(int(match["year"]), int(match["week"]), int(match["weekday"] or 1))
        except ValueError:
            raise DateError(f"there is no such week: {texts[which]!r}", which) from None
        found.append(day.isoformat())
    return np.array(found, dtype="datetime64[us]")


def _read_quarters(texts: Sequence[str]) -> Moments | None:
    for pattern in _QUARTER:
        matches = [pattern.fullmatch(text.strip()) for text in texts]
        if all(matches):
            found = [
                f"{int(m['year']):04}-{3 * int(m['quarter']) - 2:02}-01" for m in matches if m is not None
            ]
            return np.array(found, dtype="datetime64[us]")
    return None


def _read_half_clock(texts: Sequence[str]) -> Moments | None:
    matches = [_HALF_CLOCK.fullmatch(text.strip()) for text in texts]
    if not all(matches):
        return None
    fields = [m.groupdict() for m in matches if m is not None]
    return _moments([(1970, 1, 1)] * len(fields), fields, texts)


def _read_numeric(texts: Sequence[str]) -> tuple[Moments, str] | None:
    matches = [_NUMERIC.fullmatch(text.strip()) for text in texts]
    if not all(matches):
        return None
    fields = [m.groupdict() for m in matches if m is not None]
    first = np.array([int(f["a"]) for f in fields])
    second = np.array([int(f["b"]) for f in fields])
    if (first > 31).any():
        days = [(int(f["a"]), int(f["b"]), int(f["c"])) for f in fields]
        return _moments(days, fields, texts), "dates of the form year, month, day"
    years = [_year(f["c"]) for f in fields]
    day_first = [(y, int(b), int(a)) for y, a, b in zip(years, first, second, strict=True)]
    month_first = [(y, int(a), int(b)) for y, a, b in zip(years, first, second, strict=True)]
    a_over, b_over = bool((first > 12).any()), bool((second > 12).any())
    if a_over and b_over:
        which = int(np.argmax(second > 12) if first[0] > 12 else np.argmax(first > 12))
        raise DateError(
            f"{texts[which]!r} may have the day or the month first, and others say the opposite of it", which
        )
    if a_over or b_over:
        form = "day, month, year" if a_over else "month, day, year"
        form = "day.month.year" if a_over and fields[0]["mark"] == "." else form
        return _moments(day_first if a_over else month_first, fields, texts), f"dates of the form {form}"
    if fields[0]["mark"] == ".":
        return _moments(day_first, fields, texts), "dates of the form day.month.year"
    return _settle(_moments(day_first, fields, texts), _moments(month_first, fields, texts))


def _settle(day_first: Moments, month_first: Moments) -> tuple[Moments, str] | None:
    """Choose the form in which dates hardly ever go back; None if neither is better."""
    # a part that is always 1 is the day of months in a row, rather than the month of the first days of a year
    ones = [bool((form.astype("datetime64[M]") == form).all()) for form in (day_first, month_first)]
    if len(day_first) > 3 and ones[0] != ones[1]:
        better = ones.index(True)
        return _chosen(day_first, month_first, better)
    back = [int((np.diff(form) < np.timedelta64(0, "us")).sum()) for form in (day_first, month_first)]
    spread = [len(set(np.diff(form).tolist())) for form in (day_first, month_first)]
    spans = [float((form.max() - form.min()).astype(np.int64)) for form in (day_first, month_first)]
    if back[0] != back[1] and len(day_first) > 2:
        better = int(np.argmin(back))
    elif spread[0] != spread[1] and len(day_first) > 2:
        better = int(np.argmin(spread))
    elif max(spans) >= 5 * min(spans):
        # days of one week, read the other way, are months apart
        better = int(np.argmin(spans))
    else:
        return None
    return _chosen(day_first, month_first, better)


def _chosen(day_first: Moments, month_first: Moments, better: int) -> tuple[Moments, str]:
    form = ("day, month, year", "month, day, year")[better]
    return (day_first, month_first)[better], (
        f"dates of the form {form}, which goes with the order of the rows; no date decides by itself"
    )


def _year(text: str) -> int:
    digits = text.lstrip("'")
    if len(digits) == 4:
        return int(digits)
    # as POSIX has it: 69 to 99 are of the last century
    return int(digits) + (1900 if int(digits) >= 69 else 2000)


def _moments(
    days: Sequence[tuple[int, int, int]], fields: Sequence[dict[str, str | None]], texts: Sequence[str]
) -> Moments:
    found = []
    for which, ((year, month, day), clock) in enumerate(zip(days, fields, strict=True)):
        hour, minute = int(clock.get("hour") or 0), int(clock.get("minute") or 0)
        half = (clock.get("half") or "").lower()[:1]
        if half:
            hour = (hour % 12 + 12 * (half == "p")) if 1 <= hour <= 12 else 99
        sound = 1 <= month <= 12 and year >= 1 and 1 <= day <= monthrange(year, month)[1]
        if not sound or hour > 24 or minute > 59:
            raise DateError(f"there is no such date or time: {texts[which]!r}", which)
        seconds = float(clock.get("second") or 0)
        found.append(datetime(year, month, day) + timedelta(hours=hour, minutes=minute, seconds=seconds))
    return np.array(found, dtype="datetime64[us]")
