"""What a part of a trial costs: seconds and memory, as measured."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType

_STATUS = Path("/proc/self/status")
_RESET = Path("/proc/self/clear_refs")


class Stopwatch:
    """Wall time and peak memory of a ``with`` block.

    Attributes
    ----------
    seconds : float
        Wall time.
    peak_mb : float
        Highest resident memory inside the block above that at its start, in megabytes (1e6 bytes). Memory
        that the process had allocated before and reuses is not counted. NaN where the system cannot
        reset its high-water mark (only Linux can).
    """

    seconds: float = float("nan")
    peak_mb: float = float("nan")

    def __enter__(self) -> Stopwatch:
        self._before = _reset_peak()
        self._start = time.perf_counter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.seconds = time.perf_counter() - self._start
        if self._before is not None:
            self.peak_mb = max(_read_memory("VmHWM") - self._before, 0) / 1e6


def _reset_peak() -> int | None:
    """Set the high-water mark of resident memory to what is resident now and return that, in bytes."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError:  # some containers forbid it
        return None
    return _read_memory("VmRSS")


def _read_memory(name: str) -> int:
    for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{_STATUS} has no line {name}")
