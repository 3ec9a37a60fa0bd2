"""What a runner runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from seqcompare.evaluation.trials import Outcome


class Job(Protocol):
    """What can be run: a trial of a sweep, or one of a comparison."""

    @property
    def position(self) -> int:
        """Its place among all."""

    @property
    def trial_id(self) -> str:
        """Its coordinates in words, unique among all."""


Runner = Callable[[Any], Outcome]


def given_up(job: Job, row: dict[str, Any], attempts: str) -> Outcome:
    """Return the outcome of a job that takes its worker down whenever it is tried."""
    row.update(
        status="error",
        error=f"the worker process died in {attempts}: out of memory, or a crash in native code",
    )
    return Outcome(job.position, row)
