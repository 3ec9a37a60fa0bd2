"""How far a run is, and what is left of it, for whoever watches."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from seqcompare.experiments.trial import Outcome, Trial

#: Trials after which the time left is told: the first ones of a worker pay for its start, and say little.
_TELLING = 5


#: Seconds of a trial whatever the model, drawing the data and scoring; of prediction a test step; and of a
#: fit of which nothing is known.
OVERHEAD, PREDICT, UNKNOWN = 0.02, 1e-6, 1.0


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Parameters
    ----------
    done, total : int
        Trials finished, those of an earlier start included, and all.
    failed : int
        Trials finished since this start that ended in an error.
    elapsed_seconds : float
        Since this start.
    eta_seconds : float or None
        Until the end, from the trials run since this start and what the others are estimated to take;
        None until a few have finished.
    last : Outcome or None
        The trial that has just finished.
    forecast : str, default=""
        What all of it will take, in a sentence; said once, at the start.
    """

    done: int
    total: int
    failed: int
    elapsed_seconds: float
    eta_seconds: float | None
    last: Outcome | None
    forecast: str = ""


class Counter:
    """Tells `progress` how far a run is.

    Parameters
    ----------
    total, done : int
        Trials in all, and those that an earlier start has finished, maybe some that are not known of yet.
    progress : callable (Progress) -> None, optional
        Called at the start and after every trial.
    estimates : mapping of position to seconds, optional
        What the trials that are missing will take; by default all the same.
    forecast : str, default=""
        Told at the start.
    """

    def __init__(
        self,
        total: int,
        done: int,
        progress: Callable[[Progress], None] | None,
        estimates: Mapping[int, float] | None = None,
        forecast: str = "",
    ) -> None:
        self._progress, self._estimates = progress, estimates
        self._total, self._done, self._failed = max(total, done), done, 0
        self._left = float(self._total - done) if estimates is None else sum(estimates.values())
        self._start, self._new, self._spent = time.monotonic(), 0, 0.0
        self._tell(None, forecast)

    def expect(self, more: int) -> None:
        """Count trials that were not known of before; fewer than none where some are left out."""
        self._total += more
        self._left += more

    def add(self, outcome: Outcome) -> None:
        """Count a trial that has just finished."""
        estimate = 1.0 if self._estimates is None else self._estimates[outcome.position]
        self._done += 1
        self._new += 1
        self._spent += estimate
        self._left -= estimate
        self._failed += outcome.row["status"] != "ok"
        self._tell(outcome)

    def add_last(self) -> None:
        """Count what comes after all trials, such as the fit of the winner to everything."""
        self._done += 1
        self._tell(None)

    def _tell(self, outcome: Outcome | None, forecast: str = "") -> None:
        if self._progress is None:
            return
        elapsed = time.monotonic() - self._start
        eta = elapsed * max(self._left, 0.0) / self._spent if self._new >= _TELLING else None
        self._progress(Progress(self._done, self._total, self._failed, elapsed, eta, outcome, forecast))


@contextmanager
def watched(
    progress: Callable[[Progress], None] | None, title: str
) -> Iterator[Callable[[Progress], None] | None]:
    """Yield what is told how far a run is: `progress`, or without one a bar, if this is a notebook."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if progress is not None or not hasattr(shell, "kernel"):
        yield progress
        return
    from seqcompare.report.notebook_bar import NotebookBar

    with NotebookBar(title) as bar:
        yield bar.show


def estimate_seconds(trial: Trial) -> float:
    """Return roughly how long `trial` will take on one core, in seconds, as its kind of model has it.

    For a model that says nothing of its cost one second is assumed.
    """
    problem, candidate = trial.source.problem(), trial.candidate
    if candidate.spec.cost is None:
        return UNKNOWN
    fixed = OVERHEAD + PREDICT * float(trial.source.n_asked_steps)
    return fixed + float(candidate.spec.cost(problem, candidate.settings))
