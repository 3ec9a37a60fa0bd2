"""How quantities are written: one format each, wherever a number is shown.

A leaf of the package: sentences, tables, tiles and the terminal write the same number the same way.
"""

from __future__ import annotations

import math

#: Stands for what is not known.
NOTHING = "–"
_MINUS = "−"


def number(value: float) -> str:
    """Return a number with the four digits that count, without an exponent where it can be avoided.

    For what is in units of its own: errors in units of the data, losses, counts.
    """
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e7 or size < 1e-4:
        text = f"{value:.2e}"
    elif size >= 999.95 or value == int(value):
        text = f"{value:,.0f}"
    else:
        # what rounds to ten has one decimal less
        digits = math.floor(math.log10(float(f"{size:.3e}")))
        text = f"{value:.{3 - digits}f}"
    return text.replace("-", _MINUS)


def decimals(value: float, n: int) -> str:
    """Return a number with `n` decimals, and zero without a sign."""
    if not math.isfinite(value):
        return "" if math.isnan(value) else number(value)
    text = f"{value:.{n}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", _MINUS)


def bits(value: float) -> str:
    """Return information in bits, with three decimals: what is there, however little, is not 0.000."""
    return "< 0.001" if 0 < value < 0.0005 else decimals(value, 3)


def ratio(value: float) -> str:
    """Return a pure number, such as a correlation or an F1: three decimals, and more of what is small."""
    return keep_figures(value, decimals(value, 3))


def skill(value: float) -> str:
    """Return a skill, where 0 is no memory and 1 is all there is: two decimals."""
    return decimals(value, 2)


def count(value: float) -> str:
    """Return a whole number, thousands apart."""
    return f"{value:,.0f}".replace("-", _MINUS) if math.isfinite(value) else NOTHING


def several(n: int, noun: str) -> str:
    """Return how many there are of something: "1 class", "2 classes", "1,200 steps"."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count(n)} {noun if n == 1 else plural}"


def percent(share: float) -> str:
    """Return a share of 1 in percent, with one decimal; what is there, however little, is not 0.0%."""
    if 0 < share < 0.0005:
        return "< 0.1%"
    return f"{100 * share:.1f}%".replace("-", _MINUS) if math.isfinite(share) else NOTHING


def probability(p: float) -> str:
    """Return a probability in percent: what is not certain is neither 0.0% nor 100.0%."""
    if not math.isfinite(p):
        return NOTHING
    if p < 0.0005:
        return "< 0.1%"
    return "> 99.9%" if p > 0.9995 else percent(p)


def p_value(p: float) -> str:
    """Return a p value: three decimals, and "< .001" below."""
    if not math.isfinite(p):
        return NOTHING
    return "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def p_words(p: float) -> str:
    """Return a p value as a sentence has it."""
    said = p_value(p)
    return f"p {said}" if said.startswith("<") else f"p = {said}"


def duration(seconds: float) -> str:
    """Return a time span in the unit that suits it, with two digits or so."""
    if not math.isfinite(seconds):
        return NOTHING
    if seconds == 0:
        return "0 s"
    for size, unit in ((1e-6, "ns"), (1e-3, "µs"), (1.0, "ms")):
        # what rounds to a thousand of a unit is one of the next
        if seconds < 0.9995 * size:
            return f"{_two_digits(seconds / size * 1e3)} {unit}"
    if seconds < 59.5:
        return f"{_two_digits(seconds)} s"
    minutes = seconds / 60
    if minutes < 90:
        text = f"{minutes:.1f}".removesuffix(".0") if minutes < 9.95 else f"{minutes:.0f}"
        return f"{text} min"
    return f"{minutes / 60:.1f} h" if minutes < 48 * 60 else f"{minutes / 1440:.1f} days"


def time_span(amount: float, unit: str) -> str:
    """Return how long something is of which steps are made, in the unit that suits it.

    Parameters
    ----------
    amount : float
        How much.
    unit : {"s", "months", ""}
        Of what; where nobody knows, the number is written alone.
    """
    if not unit or not math.isfinite(amount):
        return f"{amount:.4g}"
    spans = _MONTHS if unit == "months" else _SECONDS
    size, name = next((span for span in spans if abs(amount) >= 0.9995 * span[0]), spans[-1])
    value = amount / (size / 2 if name == "years" else size)
    said = f"{value:.3g}" if value < 1000 else count(value)
    return f"{said} {name if said == '1' or name.endswith('s') else name + 's'}"


_SECONDS = (
    *((730.5 * 86400, "years"), (86400.0, "day"), (3600.0, "hour")),
    *((60.0, "minute"), (1.0, "second"), (1e-3, "ms")),
)
_MONTHS = ((12.0, "year"), (1.0, "month"))


def size(megabytes: float) -> str:
    """Return an amount of memory, given in megabytes, in the unit that suits it."""
    if not math.isfinite(megabytes):
        return NOTHING
    for unit in ("MB", "GB"):
        if megabytes < 999.5:
            return f"{_two_digits(megabytes)} {unit}"
        megabytes /= 1000
    return f"{_two_digits(megabytes)} TB"


def about(value: float) -> str:
    """Return a rough number, with the two digits that count."""
    if value < 10:
        return f"{value:.2g}"
    scale = 10 ** (len(str(int(value))) - 2)
    return count(round(value / scale) * scale)


def keep_figures(value: float, text: str) -> str:
    """Return `text`, which says `value`; where its decimals leave no two digits of it, what does.

    A score of .001879 is none of "0.002", and its interval does not begin at "0.001".

    Parameters
    ----------
    value : float
        The number.
    text : str
        What a pattern of fixed decimals made of it.
    """
    digits = sum(c.isdigit() for c in text.partition("e")[0].lstrip("-−+0."))
    small = 0 < abs(value) < 0.1 and digits < 2 and "%" not in text
    if not small:
        return text
    if abs(value) < 1e-4:
        return f"{value:.1e}".replace("-", _MINUS)
    return decimals(value, 1 - math.floor(math.log10(abs(float(f"{value:.1e}")))))


def _two_digits(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"
