"""When trials have to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from seqcompare.experiments.trial import Trial


@dataclass(frozen=True)
class Limit:
    """When trials have to end.

    Parameters
    ----------
    deadline : float
        From when on no trial starts, by `time.monotonic`.
    starts : callable (trial) -> bool
        Whether a trial may start, asked when a worker is free for it.
    patience : float, default=0.0
        Seconds after the deadline at which the workers of trials that are still running are killed; these
        trials stay undone. A trial that runs in this process is not interrupted.
    """

    deadline: float
    starts: Callable[[Trial], bool] = lambda trial: True
    patience: float = 0.0

    @property
    def left(self) -> float:
        """Seconds until the deadline, 0 from then on."""
        return max(self.deadline - time.monotonic(), 0.0)

    def starting(self, trials: Iterable[Trial], refused: set[str]) -> Iterator[Trial]:
        """Yield the trials that may start, each when it is asked for; note the others."""
        for trial in trials:
            if self.left and self.starts(trial):
                yield trial
            else:
                refused.add(trial.trial_id)
