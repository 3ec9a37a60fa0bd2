"""Dates of daily life: names of months, day or month first, two-digit years, AM and PM, weeks, quarters."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

# names of months in languages that files are often written in
_LANGUAGES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
)


def _month_names() -> dict[str, int]:
    """Return the month of each name and of its beginnings of three letters and more, if these are of one."""
    found: dict[str, set[int]] = {}
    for language in _LANGUAGES:
        for month, name in enumerate(language.split(), 1):
            for length in range(3, len(name) + 1):
                found.setdefault(name[:length], set()).add(month)
    return {name: months.pop() for name, months in found.items() if len(months) == 1}


_MONTHS = _month_names()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_WEEKDAYS = {day[:n]: i for i, day in enumerate(_DAYS.split()) for n in range(3, len(day) + 1)}
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_ZONE = r"(?:\s*(?:(?:GMT|UTC)(?=[+-]))?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2}|[A-Z]{3,4})(?:\s*\([A-Z]{3,4}\))?)?"
_TIME = r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?(?::(?P<second>[0-9]{2}(?:[.,][0-9]+)?))?"
_CLOCK = rf"(?:(?:[,T:]|\s)\s*(?:at )?{_TIME}\s*(?P<half>[ap]\.?\s?m\.?)?{_ZONE})?"
_MONTH = r"(?P<month>[^\W\d_]{3,12})\.?"
# two digits before a colon are the hour of a date without a year, as in logs: Feb 27 23:00:05
_YEAR = r"(?P<year>[0-9]{4}|'?[0-9]{2}(?![0-9]?:))"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er)?"
_NAMED = tuple(
    re.compile(_WEEKDAY + pattern, re.IGNORECASE)
    for pattern in (
        rf"{_DAY}[-\s./]*(?:de )?{_MONTH}[-\s.,/]*(?:de )?{_YEAR}{_CLOCK}",
        rf"{_MONTH}[-\s./]*{_DAY}[-\s.,/]+{_YEAR}{_CLOCK}",
        rf"{_MONTH}\s+{_DAY}\s+{_TIME}{_ZONE}\s+(?P<year>[0-9]{{4}})",
        rf"(?P<year>[0-9]{{4}})[-\s./]*{_MONTH}[-\s./]*{_DAY}{_CLOCK}",
        rf"{_MONTH}[-\s.,/]*(?:de )?{_YEAR}",
        rf"(?P<year>[0-9]{{4}})[-\s./]*{_MONTH}",
        rf"{_DAY}[-\s./]*(?:de )?{_MONTH}{_CLOCK}",
        rf"{_MONTH}[-\s./]*{_DAY}{_CLOCK}",
    )
)
_NUMERIC = re.compile(
    rf"(?P<a>[0-9]{{1,4}})(?P<mark>[-/.])(?P<b>[0-9]{{1,2}})(?P=mark)(?P<c>[0-9]{{4}}|[0-9]{{1,2}}){_CLOCK}",
    re.IGNORECASE,
)
_EASTERN = re.compile(r"([0-9]{4})\s?[年년]\s?([0-9]{1,2})\s?[月월]\s?([0-9]{1,2})\s?[日일]")
_MONTH_YEAR = (
    re.compile(r"(?P<month>[0-9]{1,2})[-/.](?P<year>[0-9]{4})"),
    re.compile(r"(?P<year>[0-9]{4})\s?[-/.Mm]\s?(?P<month>[0-9]{1,2})"),
)
_QUARTER = (
    re.compile(r"(?P<year>[0-9]{4})[-\s/]*Q(?P<quarter>[1-4])", re.IGNORECASE),
    re.compile(rf"Q(?P<quarter>[1-4])[-\s/]*{_YEAR}", re.IGNORECASE),
    re.compile(rf"(?P<quarter>[1-4])Q[-\s/]*{_YEAR}", re.IGNORECASE),
)
_HALF = (
    re.compile(r"(?P<year>[0-9]{4})[-\s/]*[HS](?P<half_year>[12])", re.IGNORECASE),
    re.compile(rf"[HS](?P<half_year>[12])[-\s/]*{_YEAR}", re.IGNORECASE),
    re.compile(rf"(?P<half_year>[12])[HS][-\s/]*{_YEAR}", re.IGNORECASE),
)
_WEEK = (
    re.compile(
        r"(?P<year>[0-9]{4})[-\s/]?(?:W|wk|week|KW)[-\s.]*(?P<week>[0-9]{1,2})(?:-?(?P<weekday>[1-7]))?",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:W|wk|week|KW)[-\s.]*(?P<week>[0-9]{1,2})[-\s,/]+(?:of )?(?P<year>[0-9]{4})", re.IGNORECASE
    ),
)
_HALF_CLOCK = re.compile(rf"{_TIME}\s*(?P<half>[ap]\.?\s?m\.?)", re.IGNORECASE)
_DURATION = re.compile(
    r"(?P<days>-?[0-9]+) days?,?\s+(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):"
    r"(?P<second>[0-9]{2}(?:\.[0-9]+)?)"
)
# dates written as one whole number, by how many digits it has
_COMPACT = {6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_FEWEST = 3

# a leap year, for dates that name none
_YEAR_OF_NONE = 1904
_NO_YEAR = np.datetime64(str(_YEAR_OF_NONE), "Y")

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
    texts = [_EASTERN.sub(r"\1-\2-\3", text) for text in texts]
    for read, how in (
        (_read_named, "dates with names of months"),
        (_read_weeks, "ISO weeks"),
        (_read_quarters, "quarters"),
        (_read_halves, "halves of years"),
        (_read_half_clock, "times with AM and PM"),
        (_read_months, "months of years"),
        (_read_durations, "days and times"),
    ):
        found = read(texts)
        if found is not None:
            if how.startswith("dates") and found[0].astype("datetime64[Y]") == _NO_YEAR:
                years = len(np.unique(found.astype("datetime64[Y]")))
                how += ", of one year" if years == 1 else ", from one year to the next"
            return found, how
    return _read_numeric(texts)


def read_compact(numbers: NDArray[np.int64]) -> Moments | None:
    """Return the dates that distinct whole numbers such as 20240131 stand for; None if any is no date."""
    digits = {len(str(number)) for number in numbers[:_FEWEST].tolist()}
    if len(numbers) < _FEWEST or len(digits) > 1 or digits.isdisjoint(_COMPACT):
        return None
    form = _COMPACT[digits.pop()]
    try:
        found = [datetime.strptime(str(number), form) for number in numbers.tolist()]
    except ValueError:
        return None
    if not all(1900 <= day.year <= 2100 for day in found):
        return None
    return np.array(found, dtype="datetime64[us]")


def read_cyclic(texts: Sequence[str]) -> tuple[NDArray[np.int64], str] | None:
    """Return the places of months or days of the week, which come round again; None if these are neither."""
    places = [place_in_cycle(text) for text in texts]
    known = {place[0] for place in places if place is not None}
    if len(places) < _FEWEST or None in places or len(known) > 1:
        return None
    return np.array([place[1] for place in places if place is not None]), known.pop()


def place_in_cycle(text: str) -> tuple[str, int] | None:
    """Return of what cycle a name of a month or day of the week is, and which of it; None of others."""
    name = text.strip().rstrip(".").lower()
    for names, how in ((_MONTHS, "months of one year"), (_WEEKDAYS, "days of one week, from Monday on")):
        if name in names:
            return how, names[name]
    return None


def _fields(pattern: re.Pattern[str], texts: Sequence[str]) -> list[dict[str, str | None]] | None:
    """Return the named parts of texts that all fit a pattern; None if one does not."""
    found = []
    for text in texts:
        match = pattern.fullmatch(text.strip())
        if match is None:
            return None
        found.append(match.groupdict())
    return found


def _read_named(texts: Sequence[str]) -> Moments | None:
    for pattern in _NAMED:
        fields = _fields(pattern, texts)
        if fields is not None and all(str(f["month"]).lower() in _MONTHS for f in fields):
            days = [
                (
                    _year(f["year"]) if "year" in f else _YEAR_OF_NONE,
                    _MONTHS[str(f["month"]).lower()],
                    int(f.get("day") or 1),
                )
                for f in fields
            ]
            found = _moments(days, fields, texts)
            return found if "year" in fields[0] else _through_years(found)
    return None


def _through_years(moments: Moments) -> Moments:
    """Return moments of no year; if the rows go on over New Year, the year turns in the widest gap."""
    year = np.timedelta64(366, "D")
    known = np.sort(moments)
    gaps = np.diff(np.append(known, known[0] + year))
    first = (int(np.argmax(gaps)) + 1) % len(known)
    later = moments + year * (moments < known[first])
    back = [int((np.diff(each) < np.timedelta64(0)).sum()) for each in (moments, later)]
    # rows may as well be in reverse, the newest first
    turns = [min(n, len(moments) - 1 - n) for n in back]
    return later if turns[1] < turns[0] and gaps.max() > np.timedelta64(60, "D") else moments


def _read_weeks(texts: Sequence[str]) -> Moments | None:
    fields = next(filter(None, (_fields(pattern, texts) for pattern in _WEEK)), None)
    if fields is None:
        return None
    found = []
    for which, f in enumerate(fields):
        try:
            day = date.fromisocalendar(*(int(f.get(part) or 1) for part in ("year", "week", "weekday")))
        except ValueError:
            raise DateError(f"there is no such week: {texts[which]!r}", which) from None
        found.append(day.isoformat())
    return np.array(found, dtype="datetime64[us]")


def _read_quarters(texts: Sequence[str]) -> Moments | None:
    fields = next(filter(None, (_fields(pattern, texts) for pattern in _QUARTER)), None)
    if fields is None:
        return None
    days = [(_year(f["year"]), 3 * int(f["quarter"] or 1) - 2, 1) for f in fields]
    return _moments(days, fields, texts)


def _read_halves(texts: Sequence[str]) -> Moments | None:
    fields = next(filter(None, (_fields(pattern, texts) for pattern in _HALF)), None)
    if fields is None:
        return None
    days = [(_year(f["year"]), 6 * int(f["half_year"] or 1) - 5, 1) for f in fields]
    return _moments(days, fields, texts)


def _read_months(texts: Sequence[str]) -> Moments | None:
    fields = next(filter(None, (_fields(pattern, texts) for pattern in _MONTH_YEAR)), None)
    if fields is None or not all(1 <= int(f["month"] or 0) <= 12 for f in fields):
        return None
    return _moments([(_year(f["year"]), int(f["month"] or 1), 1) for f in fields], fields, texts)


def _read_half_clock(texts: Sequence[str]) -> Moments | None:
    fields = _fields(_HALF_CLOCK, texts)
    return None if fields is None else _moments([(1970, 1, 1)] * len(fields), fields, texts)


def _read_durations(texts: Sequence[str]) -> Moments | None:
    fields = _fields(_DURATION, texts)
    if fields is None:
        return None
    found = _moments([(1970, 1, 1)] * len(fields), fields, texts)
    days = np.array([int(f["days"] or 0) for f in fields], dtype="timedelta64[D]")
    return np.asarray(found + days)


def _read_numeric(texts: Sequence[str]) -> tuple[Moments, str] | None:
    fields = _fields(_NUMERIC, texts)
    if fields is None:
        return None
    first = np.array([int(f["a"] or 0) for f in fields])
    second = np.array([int(f["b"] or 0) for f in fields])
    year_first = first > 31
    if (
        year_first.any()
        and not year_first.all()
        and all(len(str(f["c"])) == 4 for f, is_first in zip(fields, year_first, strict=True) if not is_first)
    ):
        return _read_two_forms(texts, year_first)
    if year_first.any():
        days = [(int(f["a"] or 0), int(f["b"] or 0), int(f["c"] or 0)) for f in fields]
        return _moments(days, fields, texts), "dates of the form year, month, day"
    if any(len(str(f["c"])) == 1 for f in fields):
        return None
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


def _read_two_forms(texts: Sequence[str], year_first: NDArray[np.bool_]) -> tuple[Moments, str] | None:
    """Return the moments of dates of which some have the year first, and others last."""
    found = np.empty(len(texts), dtype="datetime64[us]")
    for chosen in (year_first, ~year_first):
        part = _read_numeric([text for text, one in zip(texts, chosen, strict=True) if one])
        if part is None:
            return None
        found[chosen], how = part
    return found, f"dates of the form year, month, day beside {how}"


def _settle(day_first: Moments, month_first: Moments) -> tuple[Moments, str] | None:
    """Choose the form in which dates hardly ever go back; None if neither is better."""
    if (np.argsort(day_first, kind="stable") == np.argsort(month_first, kind="stable")).all():
        gaps = [np.unique(np.diff(np.sort(form))) for form in (day_first, month_first)]
        if len(gaps[0]) == len(gaps[1]) and (gaps[0] == gaps[1]).all():
            return month_first, "dates whose day or month is first, which makes no difference"
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


def _year(text: str | None) -> int:
    digits = str(text).lstrip("'")
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
        seconds = float((clock.get("second") or "0").replace(",", "."))
        passed = timedelta(hours=hour, minutes=minute, seconds=seconds)
        found.append(datetime(year, month, day) + passed - _ahead(clock.get("zone")))
    zones = {str(f.get("zone")) for f in fields if f.get("zone")}
    if len(zones) > 1 and any(zone.isalpha() and zone.upper() not in ("Z", "UTC", "GMT") for zone in zones):
        raise DateError(
            f"the times are of several zones, {', '.join(sorted(zones)[:3])}: write them as ISO does", 0
        )
    return np.array(found, dtype="datetime64[us]")


def _ahead(zone: str | None) -> timedelta:
    """Return how far a zone is ahead of UTC; by their letters, zones are not told apart."""
    if not zone or zone.isalpha():
        return timedelta(0)
    hours, minutes = int(zone[1:3]), int(zone[-2:])
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
