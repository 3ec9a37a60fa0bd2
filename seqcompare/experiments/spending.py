"""What trials will take, in seconds and bytes, corrected as trials end; and whether they still fit in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from seqcompare.experiments.answer import MOST_PROBABILITIES
from seqcompare.experiments.data_source import DataSource
from seqcompare.experiments.limit import Limit
from seqcompare.experiments.models import Candidate
from seqcompare.experiments.progress import OVERHEAD, PREDICT, UNKNOWN
from seqcompare.experiments.trial import CONTEXT, RACE, TUNING, Trial
from seqcompare.typing import Record

#: Of a budget, the share that is kept for the report, and the most seconds of that.
_KEPT, _MOST_KEPT = 0.08, 30.0
#: Of a training part, the share that candidates are fitted to.
_FITTED = 0.8
#: Seconds of forecast that a correction needs to be half believed.
_BELIEVED = 0.5
#: Of measured times of two sizes, the powers with which they may grow.
_SLOWEST, _FASTEST = 0.5, 2.0
#: Contexts beyond this are looked into by a few more fits only.
_LONGEST_LOOK = 64
#: Copies of the data while a model is fitted, tables of probabilities while it is asked; bytes of a number.
_COPIES, _TABLES, _BYTES = 4, 3, 8


@dataclass
class _Measured:
    """What trials of one candidate on one part of the data took, added up."""

    n: int = 0
    size: float = 0.0
    fit: float = 0.0
    other: float = 0.0
    asked: float = 0.0
    peak: float = 0.0


@dataclass
class _Kind:
    """What trials of one kind of model took, and what it had said of their fits, added up."""

    fit: float = 0.0
    said: float = 0.0
    other: float = 0.0
    asked: float = 0.0

    def ratio(self, believed: float = 1.0) -> float:
        """Return how many times as long fits take as is said; `believed` where little is known."""
        return (self.fit + _BELIEVED * believed) / (self.said + _BELIEVED)


#: Seconds to be left, or what tells how many after a trial; before any, of none.
Reserve = float | Callable[[Trial | None], float]


class Spending:
    """What a comparison may spend, and what its trials will take.

    The time of a trial is forecast from what its kind of model says of itself, times how much longer the
    trials of this kind, and of all kinds, have taken so far; from its own times once the candidate was
    fitted to some part of the data. Memory in the same way.

    Parameters
    ----------
    source : DataSource
        The data.
    seconds : float, optional
        The budget, counted from `started`.
    memory : float
        Bytes for all workers together.
    n_workers : int
        Trials at a time.
    started : float, optional
        When it began, by `time.monotonic`; by default now.
    """

    def __init__(
        self,
        source: DataSource,
        *,
        seconds: float | None = None,
        memory: float = math.inf,
        n_workers: int = 1,
        started: float | None = None,
    ) -> None:
        self.source, self.seconds, self.memory, self.n_workers = source, seconds, memory, n_workers
        self.started = time.monotonic() if started is None else started
        #: Seconds that were left out of the budget.
        self.beyond = 0.0
        self._paused = 0.0
        #: Seconds that workers take to start, as measured.
        self.starting = 0.0
        self._candidates: dict[tuple[str, str], dict[int, _Measured]] = {}
        self._kinds: dict[str, _Kind] = {}

    @property
    def limited(self) -> bool:
        """Whether there is a budget of time."""
        return self.seconds is not None

    @property
    def spent(self) -> float:
        """Seconds since the start, less what was left out."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds of the budget that are left for trials and fits; infinite without one."""
        return math.inf if self.seconds is None else max(self._end - time.monotonic(), 0.0)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave out of the budget what is done inside, beyond half of it in all."""
        begun = time.monotonic()
        yield
        self._paused += time.monotonic() - begun
        counted = math.inf if self.seconds is None else self.seconds / 2
        beyond = max(self._paused - counted, 0.0)
        self.started += beyond - self.beyond
        self.beyond = beyond

    @property
    def kept(self) -> float:
        """Seconds of the budget that are kept for the report; 0 without one."""
        return 0.0 if self.seconds is None else min(_KEPT * self.seconds, _MOST_KEPT)

    @property
    def _end(self) -> float:
        """When the last trial has to have ended."""
        assert self.seconds is not None
        return self.started + self.seconds - self.kept

    def knows(self, entry: str, candidate: Candidate) -> bool:
        """Whether anything was measured of a candidate."""
        return (entry, candidate.label) in self._candidates

    @property
    def late(self) -> float:
        """Seconds since the last trial had to end; 0 before that, and without a budget."""
        return 0.0 if self.seconds is None else max(time.monotonic() - self._end, 0.0)

    @property
    def learned(self) -> bool:
        """Whether anything was measured at all."""
        return bool(self._candidates)

    def limit(self, reserve: Reserve = 0.0, *, trusting: bool = True) -> Limit | None:
        """Return when trials have to end so that so many seconds are left; None without a budget.

        Parameters
        ----------
        reserve : float or callable (trial or None) -> float, default=0.0
            The seconds; of a function those that have to be left after a trial, by what is known when that is
            about to start.
        trusting : bool, default=True
            Whether to believe what candidates say of themselves of which nothing was measured yet. Without,
            they start, and are ended in time.
        """
        if self.seconds is None:
            return None

        def left_after(trial: Trial | None) -> float:
            return reserve(trial) if callable(reserve) else reserve

        def starts(trial: Trial) -> bool:
            if not trusting and not self.knows(trial.entry, trial.candidate):
                return True
            return time.monotonic() + self.of(trial) + left_after(trial) <= self._end

        deadline = self._end - left_after(None)
        # to end a trial costs a start of workers: whatever ends sooner is waited for, within the budget
        return Limit(deadline, starts, min(self.starting, max(self._end - deadline, 0.0)))

    def of(self, trial: Trial) -> float:
        """Return how many seconds of one core a trial will take."""
        size, asked, n_fits = self._sizes(trial)
        fit, other = self._rates(trial.entry, trial.candidate, size)
        asks = n_fits
        if trial.phase == CONTEXT:
            n_fits, asks = self._looks(trial.candidate)
        return n_fits * fit + asks * asked * other + OVERHEAD

    def wall(self, trials: Iterable[Trial]) -> float:
        """Return how many seconds all workers together will take for trials."""
        each = [self.of(trial) for trial in trials]
        return max(sum(each) / self.n_workers, max(each)) if each else 0.0

    def affords(self, trials: Iterable[Trial], reserve: float = 0.0, doubt: float = 1.0) -> bool:
        """Whether trials fit in, with so many seconds left after them; if all takes `doubt` times as long."""
        return self.seconds is None or doubt * (self.wall(trials) + reserve) <= self.left

    def bytes_of(self, trial: Trial) -> float:
        """Return how many bytes a trial will allocate."""
        size, asked, _ = self._sizes(trial)
        known = self._candidates.get((trial.entry, trial.candidate.label), {})
        measured = [m for m in known.values() if np.isfinite(m.peak)]
        problem, spec = self.source.problem(), trial.candidate.spec
        share = size / problem.n_steps
        answers = asked * problem.n_scored / problem.n_steps * max(problem.n_classes, 1)
        if not self.source.keeps_probabilities:
            answers = min(answers, MOST_PROBABILITIES)
        found = _BYTES * (_COPIES * (size + asked) * problem.n_channels + _TABLES * answers)
        if spec.memory is not None:
            found += share * float(spec.memory(problem, trial.candidate.settings))
        # what was measured leaves out what a worker had allocated before: it can only raise a forecast
        return max([found, *(m.peak * max(size / (m.size / m.n), 1.0) for m in measured)])

    def batches(self, trials: Sequence[Trial], n_jobs: int) -> Iterator[tuple[list[Trial], int]]:
        """Yield trials with the workers that have memory for them at a time: first what all can run."""
        needs = {trial.trial_id: self.bytes_of(trial) for trial in trials}
        several = [t for t in trials if needs[t.trial_id] * self.n_workers <= self.memory]
        if several:
            yield several, n_jobs
        few = [t for t in trials if needs[t.trial_id] * self.n_workers > self.memory]
        if not few:
            return
        at_a_time = max(int(self.memory / max(needs[t.trial_id] for t in few)), 1)
        if at_a_time > 1:
            yield few, at_a_time
        for trial in few if at_a_time == 1 else ():
            yield [trial], min(n_jobs, 2) if n_jobs > 0 else 2  # alone, yet in a worker where there are any

    def learn(self, trial: Trial, row: Record) -> None:
        """Correct forecasts by what a trial took."""
        took, fit = float(row["trial_seconds"]), float(row["fit_seconds"])
        if trial.phase == CONTEXT or not np.isfinite(took):
            return
        size, asked, n_fits = self._sizes(trial)
        spent = fit if np.isfinite(fit) else took  # what failed while fitting
        measured = self._candidates.setdefault((trial.entry, trial.candidate.label), {}).setdefault(
            trial.part, _Measured()
        )
        measured.n += 1
        measured.size += size
        measured.fit += spent / n_fits
        measured.other += max(took - spent, 0.0)
        measured.asked += asked * n_fits
        peak = float(row["peak_memory_mb"])
        measured.peak = max(measured.peak, peak * 1e6 if np.isfinite(peak) else 0.0)
        kind = self._kinds.setdefault(trial.candidate.spec.name, _Kind())
        kind.fit += spent / n_fits
        kind.said += self._said(trial.candidate, size)
        kind.other += max(took - spent, 0.0)
        kind.asked += asked * n_fits

    def _sizes(self, trial: Trial) -> tuple[float, float, int]:
        """Return the steps of one fit, those that are asked about then, and how often it is fitted."""
        train, test = self._steps[trial.seed]
        if trial.phase in (TUNING, RACE):
            n_fits = self.source.n_fits(trial) if trial.again else 1
            return _FITTED * train / trial.part, (1 - _FITTED) * train, n_fits
        return train, test, 1

    @cached_property
    def _steps(self) -> list[tuple[float, float]]:
        def steps(pieces: np.ndarray) -> float:
            return float(max((pieces[:, 2] - pieces[:, 1]).sum(), 1))

        return [(steps(split.train), steps(split.test)) for split in self.source.plan.splits]

    def _said(self, candidate: Candidate, size: float) -> float:
        """Return the seconds of a fit by what the kind says of itself."""
        problem = self.source.problem()
        if candidate.spec.cost is None:
            return UNKNOWN * size / problem.n_steps
        return float(candidate.spec.cost(problem, candidate.settings)) * size / problem.n_steps

    def _rates(self, entry: str, candidate: Candidate, size: float) -> tuple[float, float]:
        """Return the seconds of a fit to so many steps, and those of a step that is asked about."""
        known = self._candidates.get((entry, candidate.label), {})
        if not known:
            return self._said(candidate, size) * self._ratio(candidate), self._per_step(candidate)
        by_size = sorted(known.values(), key=lambda m: m.size / m.n)
        last, first = by_size[-1], by_size[0]
        power, grown = 1.0, (last.size / last.n) / (first.size / first.n)
        if grown > 1.5 and first.fit > 0 and last.fit > 0:
            power = math.log((last.fit / last.n) / (first.fit / first.n)) / math.log(grown)
            power = min(max(power, _SLOWEST), _FASTEST)
        fit = last.fit / last.n * (size / (last.size / last.n)) ** power
        return fit, last.other / last.asked

    def _ratio(self, candidate: Candidate) -> float:
        """Return how many times as long fits take as their kinds say.

        Of a kind that nothing was measured of yet as much as of the others, each of which has one vote and
        what is said another: one that is wrong about itself tells little of all others.
        """
        ratios = [kind.ratio() for kind in self._kinds.values()]
        overall = math.exp(sum(map(math.log, ratios)) / (len(ratios) + 1))
        return self._kinds.get(candidate.spec.name, _Kind()).ratio(overall)

    def _per_step(self, candidate: Candidate) -> float:
        """Return the seconds that a step takes that is asked about."""
        mine = self._kinds.get(candidate.spec.name)
        for known in ([mine] if mine else [], self._kinds.values()):
            asked = sum(kind.asked for kind in known)
            if asked:
                return sum(kind.other for kind in known) / asked
        return PREDICT

    def _looks(self, candidate: Candidate) -> tuple[int, int]:
        """Return how often a candidate is fitted, and asked, to find how far back it has to see."""
        n = 2 * math.ceil(math.log2(min(max(self.source.problem().longest, 2), _LONGEST_LOOK))) + 2
        whole = self.source.role in ("sequence", "value")
        return (n, n) if whole or candidate.spec.limit is not None else (2, 2 * n)
