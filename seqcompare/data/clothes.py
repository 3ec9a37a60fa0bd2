"""Numbers in clothes: with signs of per cent or currency, with units, with separators of thousands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

# written without a blank, other letters behind a number make a code of it
_NAMES = (
    "% ‰ ° °C °F °K C F K mg g kg µg ug ng t lb lbs oz mm cm m km in ft mi µm um nm s ms us µs min h hr "
    "hrs d sec bpm rpm fps Hz kHz MHz GHz V mV kV A mA W kW MW kWh MWh Wh J kJ kcal Pa kPa hPa bar mbar "
    "mmHg psi l L ml mL dl dL µl N kN dB dBm lux lx ppm ppb px pt kB KB MB GB TB m/s km/h kmh mph mg/dl "
    "mg/dL mmol/l mmol/L g/l g/L l/min L/min \" ' '' ″ ′ USD EUR GBP CHF JPY SEK NOK DKK PLN CAD AUD INR "
    "BRL kr zł Kč Ft"
)
_UNITS = frozenset(_NAMES.split())
_MONEY = (
    r"(?:[A-Z]{0,3}\$|USD|EUR|GBP|CHF|JPY|SEK|NOK|DKK|PLN|CAD|AUD|NZD|INR|BRL|MXN|ZAR|CNY|RMB|KRW|TRY|HKD|SGD|"
    r"CZK|HUF|Rs\.?|kr\.?|zł|Kč|Ft)"
)
_MULTIPLES = {"k": 1e3, "K": 1e3, "M": 1e6, "mn": 1e6, "B": 1e9, "bn": 1e9}
_DIGITS = r"(?P<number>[0-9]+(?:[,.' _][0-9]+)*|[,.][0-9]+)(?P<power>[eE][+-]?[0-9]{1,3})?"
_DRESSED = re.compile(
    rf"(?P<sign>[+-]?)(?P<before>{_MONEY}|[¤]?)\s?(?P<second>[+-]?)\s?"
    rf"{_DIGITS}(?P<gap>\s?)(?P<after>[¤]|[^\s0-9,.()<>+=*-][^\s0-9,.()<>+=*]{{0,8}}|)"
)
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_LIMIT = re.compile(r"([<>≤≥~≈]|[<>]=)\s?(?=[0-9.])")
_SECONDS = {"days": 86400.0, "hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
_DURATION = re.compile(
    r"(?=[0-9])(?:(?P<days>[0-9]+)\s?(?:d|days?)(?![a-z]))?[\s,]*(?:(?P<hours>[0-9]+)\s?(?:h|hrs?|hours?|Std)(?![a-z]))?"
    r"[\s,]*(?:(?P<minutes>[0-9]+)\s?(?:m|mins?|minutes?|Min)(?![a-z]))?[\s,]*"
    r"(?:(?P<seconds>[0-9]+(?:[.,][0-9]+)?)\s?(?:s|secs?|seconds?|Sek)(?![a-z]))?\.?"
)
# thousands in threes, or the Indian way, and what may stand for the decimal point
_GROUPED = {
    (mark, point): re.compile(
        rf"[1-9][0-9]{{0,2}}(?:{re.escape(mark)}[0-9]{{3}})+(?:{re.escape(point)}[0-9]+)?"
        + (rf"|[1-9][0-9]?(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}(?:\.[0-9]+)?" if mark == "," else "")
    )
    for mark in (",", ".", "'", " ", "_")
    for point in (".", ",")
    if mark != point
}
_ONE_POINT = {point: re.compile(rf"[0-9]*{re.escape(point)}?[0-9]*") for point in (".", ",")}
_MOST_UNITS = 5


@dataclass(frozen=True)
class Clothes:
    """What the numbers of a column wear.

    Parameters
    ----------
    sign : str
        The currency, unit or per cent that the cells have; empty if none.
    thousands : str
        What separates thousands; empty if nothing.
    decimal : str
        What stands for the decimal point.
    multiples : bool
        Whether letters stand for thousands and millions.
    brackets : bool
        Whether brackets make a number negative.
    limit : str
        A cell such as ``<0.1``, read as its number.
    bare : int
        How many different cells go without the sign.
    duration : bool
        Whether the cells are such as ``1h 20m``.
    """

    sign: str = ""
    thousands: str = ""
    decimal: str = "."
    multiples: bool = False
    brackets: bool = False
    limit: str = ""
    bare: int = 0
    duration: bool = False

    @property
    def words(self) -> str:
        """What is worn, in words."""
        if self.duration:
            return "as hours, minutes and seconds, and read as seconds"
        parts = [f"with {self.sign!r}"] if self.sign else []
        if self.thousands:
            noun = {",": "commas", ".": "points", "'": "apostrophes", " ": "blanks"}.get(
                self.thousands, "marks"
            )
            parts.append(f"with {noun} between thousands")
        parts += ["with a decimal comma"] if self.decimal == "," else []
        parts += ["with letters for thousands and millions"] if self.multiples else []
        parts += ["in brackets where negative"] if self.brackets else []
        parts += [f"with limits such as {self.limit!r}, read as the number itself"] if self.limit else []
        parts += [f"{self.bare} of them without {self.sign!r}"] if self.bare else []
        return " and ".join(parts) or "in quotes"


@dataclass(frozen=True)
class SeveralUnits:
    """Numbers of a column that have several units.

    Parameters
    ----------
    units : tuple of str
        Some of the units.
    """

    units: tuple[str, ...]


@dataclass
class _Worn:
    """One cell, taken apart."""

    negative: bool
    number: str
    power: str
    sign: str
    limit: bool
    brackets: bool


def undress(cells: Sequence[str], *, decimal_commas: bool) -> tuple[list[str], Clothes] | SeveralUnits | None:
    """Return the bare numbers of distinct cells and what they wore; None if they are no such numbers.

    Parameters
    ----------
    cells : sequence of str
        Distinct cells, none of which is missing.
    decimal_commas : bool
        Whether a comma may be a decimal one in doubt: not between cells that commas separate.
    """
    lasting = [_DURATION.fullmatch(cell.strip()) for cell in cells]
    if all(lasting) and any(match is not None and len(_parts(match)) > 1 for match in lasting):
        seconds = [sum(_parts(match).values()) for match in lasting if match is not None]
        return [f"{each:.15g}" for each in seconds], Clothes(duration=True)
    worn = []
    for cell in cells:
        one = _take_apart(cell)
        if one is None:
            return None
        worn.append(one)
    signs = list(dict.fromkeys(one.sign for one in worn if one.sign))
    fractions = any("." in one.number or "," in one.number for one in worn)
    multiples = bool(signs) and set(signs) <= _MULTIPLES.keys() and (len(signs) > 1 or signs[0] not in _UNITS)
    if multiples and not fractions and len({one.number for one in worn}) < 10:
        return None
    if len(signs) > 1 and not multiples:
        # whole numbers with a letter are codes, such as 12A and 9C
        several = fractions and len(signs) <= _MOST_UNITS and all(map(_is_unit, signs))
        return SeveralUnits(tuple(signs)) if several else None
    sign = "" if multiples or not signs else signs[0]
    form = _form_of([one.number for one in worn], bool(sign) or not decimal_commas)
    if form is None:
        return None
    mark, point = form
    numbers = [one.number.replace(mark, "") if mark else one.number for one in worn]
    bare = [_signed(one, number.replace(point, ".")) for one, number in zip(worn, numbers, strict=True)]
    if sign and len(set(bare)) < 3 and sign not in ("%", "‰") and unicodedata.category(sign[-1]) != "Sc":
        return None
    without = [i for i, one in enumerate(worn) if not one.sign and float(bare[i])] if sign else []
    if not _alike(bare, without):
        return None
    if multiples:
        bare = [repr(float(b) * _MULTIPLES.get(one.sign, 1.0)) for b, one in zip(bare, worn, strict=True)]
    limit = next((cell for cell, one in zip(cells, worn, strict=True) if one.limit), "")
    brackets = any(one.brackets for one in worn)
    decimal = "," if point == "," and any("," in number for number in numbers) else "."
    return bare, Clothes(sign, mark, decimal, multiples, brackets, limit, len(without))


def _parts(match: re.Match[str]) -> dict[str, float]:
    """Return the seconds of each part of a duration."""
    found = {part: text for part, text in match.groupdict().items() if text}
    return {part: float(text.replace(",", ".")) * _SECONDS[part] for part, text in found.items()}


def _take_apart(cell: str) -> _Worn | None:
    text = " ".join(cell.translate(_SAME).split())
    if len(text) > 2 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1].strip()
    if len(text) > 1 and text[-1] == "-" and text[0].isdigit() and text[-2].isdigit():
        # accountants write the minus behind
        text = "-" + text[:-1]
    brackets = text.startswith("(") and text.endswith(")")
    text = text[1:-1].strip() if brackets else text
    limit = _LIMIT.match(text)
    text = text[limit.end() :] if limit else text
    money = "".join("¤" if unicodedata.category(c) == "Sc" and c != "$" else c for c in text)
    # the dollar is the one sign that has letters before it (R$)
    money = re.sub(r"(?<![A-Za-z])\$", "¤", money)
    match = _DRESSED.fullmatch(money)
    if match is None:
        return None
    before, after = (text[slice(*match.span(part))] for part in ("before", "after"))
    signs = match["sign"] + match["second"]
    many = bool(before) and after in _MULTIPLES and not match["gap"]
    if (before and after and not many) or len(signs) > 1 or (brackets and signs):
        return None
    letters = after and unicodedata.category(after[0]) != "Sc"
    if letters and not match["gap"] and after not in _UNITS and after not in _MULTIPLES:
        return None
    return _Worn(
        brackets or signs == "-",
        match["number"],
        match["power"] or "",
        after if many else before or after,
        bool(limit),
        brackets,
    )


def _is_unit(sign: str) -> bool:
    return sign in _UNITS or sign in _MULTIPLES or not sign.isalpha()


def _form_of(numbers: Sequence[str], sure: bool) -> tuple[str, str] | None:
    """Return what separates thousands, and the decimal point, if there is no doubt about both."""
    fitting: list[tuple[str, str]] = []
    for point in (".", ","):
        if all(_ONE_POINT[point].fullmatch(number) for number in numbers):
            fitting.append(("", point))
    for (mark, point), pattern in _GROUPED.items():
        grouped = [number for number in numbers if mark in number]
        others = [number for number in numbers if mark not in number]
        # a number of four digits that goes without the mark speaks against it
        small = all(_ONE_POINT[point].fullmatch(n) and len(n.split(point)[0]) < 4 for n in others)
        if grouped and small and all(pattern.fullmatch(number) for number in grouped):
            fitting.append((mark, point))
    if not any("," in number for number in numbers):
        # a point alone is a decimal one, whatever else it could be
        plain = [form for form in fitting if form == ("", ".")]
        fitting = plain or [form for form in fitting if form[1] == "." or form[0] == "."]
    # of forms that say the same of all that is there, one is enough
    told = {
        tuple(n.replace(mark, "").replace(point, ".") for n in numbers): (mark, point)
        for mark, point in fitting[::-1]
    }
    if len(told) == 1:
        return next(iter(told.values()))
    thousands = (",", ".")
    if thousands in told.values() and (sure or any("," not in number for number in numbers)):
        return thousands
    return None


def _signed(one: _Worn, number: str) -> str:
    return ("-" if one.negative else "") + number + one.power


def _alike(bare: Sequence[str], without: Sequence[int]) -> bool:
    """Whether numbers without the sign lie among those with it."""
    if not without:
        return True
    left = set(without)
    signed = [float(number) for i, number in enumerate(bare) if i not in left]
    return all(min(signed) <= float(bare[i]) <= max(signed) for i in without)


# signs of minus, blanks and apostrophes of all kinds
_SAME = str.maketrans({"−": "-", "–": "-", "\xa0": " ", "\u202f": " ", "\u2009": " ", "’": "'", "‘": "'"})
