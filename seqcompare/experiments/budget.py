"""What a run may spend: seconds and bytes, as users write them, and what the machine has to give."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

_MEMORY_OF_SYSTEM = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")

_SECONDS = {"": 1, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_BYTES = {"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}


def seconds_of(budget: float | str | None) -> float | None:
    """Return a budget of time in seconds.

    Parameters
    ----------
    budget : float, str or None
        Seconds, or a number with a unit: "90s", "10m", "1.5h", "2d"; several of these add up ("1h30m").

    Raises
    ------
    ValueError
        If it is no time span, or not above 0.
    """
    return _quantity(budget, _SECONDS, "budget", "seconds, or numbers with s, m, h or d, such as '10m'")


def bytes_of(memory: float | str | None) -> float | None:
    """Return an amount of memory in bytes.

    Parameters
    ----------
    memory : float, str or None
        Bytes, or a number with a unit: "500MB", "4GB" (1e9 bytes), or "4G".

    Raises
    ------
    ValueError
        If it is no amount, or not above 0.
    """
    if isinstance(memory, str) and re.fullmatch(r".*\d\s*[kmgt]\s*", memory.lower()):
        memory = f"{memory.strip()}b"
    return _quantity(memory, _BYTES, "memory", "bytes, or a number with MB or GB, such as '4GB'")


def _quantity(
    given: float | str | None, units: Mapping[str, float], name: str, expected: str
) -> float | None:
    if given is None:
        return None
    total = math.nan
    if isinstance(given, str):
        text = "".join(given.lower().split())
        parts = re.findall(r"([\d.]+)([a-z]*)", text)
        apart = re.search(r"[\d.]\s+[\d.]", given) is not None
        whole = bool(parts) and not apart and "".join(n + unit for n, unit in parts) == text
        # without units there is one number
        whole = whole and (len(parts) == 1 or all(unit for _, unit in parts))
        if whole and all(unit in units for _, unit in parts):
            try:
                total = sum(float(number) * units[unit] for number, unit in parts)
            except ValueError:
                total = math.nan
    elif isinstance(given, (int, float)) and not isinstance(given, bool):
        total = float(given)
    if not (math.isfinite(total) and total > 0):
        raise ValueError(f"{name} must be more than 0: {expected}; got {given!r}")
    return total


def free_memory() -> float:
    """Return the bytes that new allocations can have; infinite where the system does not say."""
    found = math.inf
    if _MEMORY_OF_SYSTEM.is_file():
        lines = dict(
            line.split(":", 1)
            for line in _MEMORY_OF_SYSTEM.read_text(encoding="ascii").splitlines()
            if ":" in line
        )
        if "MemAvailable" in lines:
            found = float(lines["MemAvailable"].split()[0]) * 1024
    # a container may have less than its machine; what it keeps of files it gives back
    with suppress(OSError, ValueError, KeyError):  # no such group, or no limit ("max")
        most, used = (
            float((_GROUP / f"memory.{name}").read_text(encoding="ascii")) for name in ("max", "current")
        )
        kept = dict(
            line.split() for line in (_GROUP / "memory.stat").read_text(encoding="ascii").splitlines()
        )
        found = min(found, most - used + float(kept["inactive_file"]))
    return max(found, 0.0)
