"""What a trial costs: seconds and memory as measured, and what it will probably take."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcompare.experiments.trial import Trial

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


#: Seconds of a trial whatever the model, drawing the data and scoring; of prediction a test step; and of a
#: fit of which nothing is known.
_OVERHEAD, _PREDICT, _UNKNOWN = 0.02, 1e-6, 1.0


def estimate_seconds(trial: Trial) -> float:
    """Return roughly how long `trial` will take on one core, in seconds, as its kind of model has it.

    For a model that says nothing of its cost one second is assumed.
    """
    problem, candidate = trial.source.problem(), trial.candidate
    if candidate.spec.cost is None:
        return _UNKNOWN
    fixed = _OVERHEAD + _PREDICT * trial.source.n_asked_steps
    return fixed + candidate.spec.cost(problem, candidate.settings)
