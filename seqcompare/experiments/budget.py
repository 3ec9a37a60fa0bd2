"""What a run may spend, as users write it."""

from __future__ import annotations

import math
import re
from numbers import Real
from typing import cast

#: What a comparison may take where nothing is said.
USUAL = "8m"
_SECONDS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


def seconds_of(budget: float | str | None) -> float | None:
    """Return a budget of time in seconds.

    Parameters
    ----------
    budget : float, str or None
        Seconds, or a number with a unit: "90s", "10m", "1.5h", "2d"; several of these add up ("1h30m").
        None, or "none", is no budget.

    Raises
    ------
    ValueError
        If it is no time span, or not above 0.
    """
    if budget is None or (isinstance(budget, str) and budget.strip().lower() == "none"):
        return None
    total, given = math.nan, cast(object, budget)  # or a number of NumPy's
    if isinstance(budget, str):
        text = "".join(budget.lower().split())
        parts = re.findall(r"([\d.]+)([a-z]*)", text)
        apart = re.search(r"[\d.]\s+[\d.]", budget) is not None
        whole = bool(parts) and not apart and "".join(n + unit for n, unit in parts) == text
        # without units there is one number
        whole = whole and (len(parts) == 1 or all(unit for _, unit in parts))
        if whole and all(unit in _SECONDS for _, unit in parts):
            try:
                total = sum(float(number) * _SECONDS[unit] for number, unit in parts)
            except ValueError:
                total = math.nan
    elif not isinstance(given, bool) and isinstance(given, Real):
        total = float(given)
    if not (math.isfinite(total) and total > 0):
        expected = "seconds, or numbers with s, m, h or d, such as '10m', or 'none'"
        raise ValueError(f"budget must be more than 0: {expected}; got {budget!r}")
    return total
