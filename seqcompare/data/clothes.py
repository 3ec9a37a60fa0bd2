"""Numbers in clothes: with signs of per cent or currency, with units, with separators of thousands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_CURRENCY = "$€£¥₹"
_CORE = r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"
_DRESSED = re.compile(
    rf"(?P<sign>[+-]?)\s?(?P<before>[{_CURRENCY}]?)\s?(?P<number>{_CORE})"
    rf"(?P<gap>\s?)(?P<after>[{_CURRENCY}]|[%‰°µ]?[A-Za-zµΩ²³/%]{{0,8}}|%)"
)
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")

# written without a blank, other letters behind a number make a code of it
_UNITS = frozenset(
    [
        "%",
        "‰",
        "°C",
        "°F",
        "°K",
        "°F",
        "C",
        "F",
        "K",
        "mg",
        "g",
        "kg",
        "µg",
        "ug",
        "ng",
        "t",
        "lb",
        "oz",
        "mm",
        "cm",
        "m",
        "km",
        "in",
        "ft",
        "mi",
        "µm",
        "um",
        "nm",
        "s",
        "ms",
        "us",
        "µs",
        "min",
        "h",
        "hr",
        "hrs",
        "d",
        "sec",
        "bpm",
        "rpm",
        "fps",
        "Hz",
        "kHz",
        "MHz",
        "GHz",
        "V",
        "mV",
        "kV",
        "A",
        "mA",
        "W",
        "kW",
        "MW",
        "kWh",
        "MWh",
        "Wh",
        "J",
        "kJ",
        "Pa",
        "kPa",
        "hPa",
        "bar",
        "mbar",
        "mmHg",
        "psi",
        "l",
        "L",
        "ml",
        "mL",
        "dl",
        "dL",
        "µl",
        "N",
        "kN",
        "dB",
        "dBm",
        "lux",
        "lx",
        "ppm",
        "ppb",
        "px",
        "pt",
        "USD",
        "EUR",
        "GBP",
        "CHF",
        "kB",
        "KB",
        "MB",
        "GB",
        "TB",
        "m/s",
        "km/h",
        "kmh",
        "mph",
        "mg/dl",
        "mg/dL",
        "mmol/l",
        "mmol/L",
        "g/l",
        "g/L",
        "l/min",
        "L/min",
    ]
)


@dataclass(frozen=True)
class Clothes:
    """What the numbers of a column wear.

    Parameters
    ----------
    sign : str
        The currency, unit or per cent that all cells have; empty if none.
    thousands : bool
        Whether commas separate thousands.
    """

    sign: str = ""
    thousands: bool = False


def undress(cells: Sequence[str], *, decimal_commas: bool) -> tuple[list[str], Clothes] | None:
    """Return the bare numbers of distinct cells and what they wore; None if they are no such numbers.

    Parameters
    ----------
    cells : sequence of str
        Distinct cells, none of which is missing.
    decimal_commas : bool
        Whether a comma may be a decimal one: not between cells that commas separate.
    """
    written, signs, commas = [], set(), False
    for cell in cells:
        match = _DRESSED.fullmatch(cell)
        if match is None or not _digits(match["number"]):
            return None
        before, after = match["before"], match["after"]
        if before and after:
            return None
        if after and after not in _CURRENCY and not match["gap"] and after not in _UNITS:
            return None
        signs.add(before or after)
        commas = commas or "," in match["number"]
        written.append(match["sign"] + match["number"])
    # a cell of nothing but the number, such as 0, may stand among others
    if len(signs - {""}) > 1 or ("" in signs and len(signs) > 1 and not commas and not _mostly(cells)):
        return None
    sign = next(iter(signs - {""}), "")
    if not sign and not commas:
        return None
    if commas and not _are_thousands(written, bool(sign) or not decimal_commas):
        return None
    bare = [number.replace(",", "") for number in written]
    if sign and len(set(bare)) < 3 and sign not in "%‰" + _CURRENCY:
        return None
    return bare, Clothes(sign, commas)


def _digits(number: str) -> bool:
    return any(c.isdigit() for c in number)


def _mostly(cells: Sequence[str]) -> bool:
    """Whether the cells without a sign are zeros."""
    return all(float(cell) == 0 for cell in cells if _PLAIN.fullmatch(cell))


def _are_thousands(cells: Sequence[str], sure: bool) -> bool:
    """Whether commas mark thousands beyond doubt: no number of four digits goes without."""
    with_commas = [cell for cell in cells if "," in cell]
    others = [cell for cell in cells if "," not in cell]
    if not all(_THOUSANDS.fullmatch(cell) for cell in with_commas):
        return False
    if not all(_PLAIN.fullmatch(cell) and abs(float(cell)) < 1000 for cell in others):
        return False
    certain = sure or any(cell.count(",") > 1 or "." in cell for cell in with_commas)
    return certain or bool(others)
