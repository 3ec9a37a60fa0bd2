"""What a runner runs, and what comes of it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd


class Job(Protocol):
    """What can be run: a trial of a sweep, or one of a comparison."""

    @property
    def position(self) -> int:
        """Its place among all."""

    @property
    def trial_id(self) -> str:
        """Its coordinates in words, unique among all."""


@dataclass(frozen=True)
class Outcome:
    """What a trial ended in.

    Parameters
    ----------
    position : int
        Of the trial.
    row : dict
        What was measured.
    curve : tuple of (epoch, train loss, validation score)
        How the model learned.
    insights : tuple of (str, DataFrame)
        What it has learned: small tables by name.
    """

    position: int
    row: dict[str, Any]
    curve: tuple[tuple[int, float, float], ...] = ()
    insights: tuple[tuple[str, pd.DataFrame], ...] = ()


Runner = Callable[[Any], Outcome]


def blame(error: Exception) -> str:
    """Say what went wrong and where."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.filename).name}, line {frame.lineno})"


def given_up(job: Job, row: dict[str, Any], attempts: str) -> Outcome:
    """Return the outcome of a job that takes its worker down whenever it is tried."""
    row.update(
        status="error",
        error=f"the worker process died in {attempts}: out of memory, or a crash in native code",
    )
    return Outcome(job.position, row)
