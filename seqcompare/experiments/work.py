"""Trials of a comparison at work: run within its budget, and counted if all that belongs together is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pandas as pd
from joblib import effective_n_jobs

from seqcompare import workers
from seqcompare.experiments.dask_cluster import Cluster
from seqcompare.experiments.limit import Limit
from seqcompare.experiments.models import Candidate
from seqcompare.experiments.progress import Counter
from seqcompare.experiments.runner import run_trials
from seqcompare.experiments.spending import Reserve, Spending
from seqcompare.experiments.trial import Trial
from seqcompare.results.left_out import COUNTED, LEFT_OUT, SPENT, LeftOut
from seqcompare.results.store import Store


@dataclass(eq=False)
class Work:
    """What runs the trials of a comparison, and knows which of them count.

    With a budget some trials do not start, or do not end; and what an earlier start with another budget has
    run may belong to candidates that this one leaves out. So the trials that results are made of are named.

    Parameters
    ----------
    store : Store
        Where rows go.
    spending : Spending
        What may be spent, and what trials take.
    counter : Counter
        Whom to tell.
    how : dict
        For `run_trials`: ``n_jobs``, ``cluster``.
    """

    store: Store
    spending: Spending
    counter: Counter
    how: dict[str, Any]

    def __post_init__(self) -> None:
        self._counted: dict[str, None] = {}
        self.left_out: list[LeftOut] = []
        #: What of the whole procedure there was no time for, in words.
        self.skipped: list[str] = []

    @property
    def _cluster(self) -> Cluster | None:
        return self.how.get("cluster")

    def run(
        self,
        trials: Sequence[Trial],
        *,
        reserve: Reserve = 0.0,
        known: bool = False,
        always: bool = False,
        trusting: bool = True,
    ) -> bool:
        """Run the trials that the store does not hold yet, so that so many seconds are left.

        Parameters
        ----------
        trials : sequence of Trial
            What to run.
        reserve : float or callable (trial or None) -> float, default=0.0
            Seconds of the budget to be left.
        known : bool, default=False
            Whether the counter has been told of them.
        always : bool, default=False
            Whether to run them whatever is left.
        trusting : bool, default=True
            Whether to believe forecasts of candidates of which nothing was measured yet.

        Returns
        -------
        bool
            Whether all are done.
        """
        done = self.store.done()
        missing = [trial for trial in trials if trial.trial_id not in done]
        if not known:
            self.counter.expect(len(missing))
        self._learn_of([trial for trial in trials if trial.trial_id in done])
        if missing and self.spending.limited and not always and self._may_start(missing, reserve, trusting):
            self.start_workers()
        # what runs in this process cannot be ended
        trusting = trusting or (self._cluster is None and effective_n_jobs(self.how["n_jobs"]) == 1)
        left, n_done = missing, 0
        if not self.spending.limited:
            # the longest first, so that workers end at about one time
            left = sorted(missing, key=self.spending.of, reverse=True)
        while left:
            limit = None if always else self.spending.limit(reserve, trusting=trusting)
            before = n_done
            n_done += self._run_within(left, limit)
            done = self.store.done()
            left = [trial for trial in left if trial.trial_id not in done]
            # what was refused by a forecast that others have corrected since
            if limit is None or n_done == before or not (limit.left and any(map(limit.starts, left))):
                break
        self.counter.expect(n_done - len(missing))
        self.count(trials)
        return n_done == len(missing)

    def _may_start(self, trials: Sequence[Trial], reserve: Reserve, trusting: bool) -> bool:
        """Whether there is time for any of these trials: without, workers that were ended stay so."""
        limit = self.spending.limit(reserve, trusting=trusting)
        return limit is None or bool(limit.left and any(map(limit.starts, trials)))

    def _run_within(self, trials: Sequence[Trial], limit: Limit | None) -> int:
        """Run the trials that may start, and return how many have ended."""
        n_done, by_id = 0, {trial.trial_id: trial for trial in trials}
        for batch, n_jobs in self.spending.batches(trials, self.how["n_jobs"]):
            with closing(
                run_trials(batch, self.store, **{**self.how, "n_jobs": n_jobs}, limit=limit)
            ) as found:
                for outcome in found:
                    self.spending.learn(by_id[outcome.row["trial_id"]], outcome.row)
                    self.counter.add(outcome)
                    n_done += 1
        return n_done

    def start_workers(self) -> None:
        """Start the workers that do not run yet, or were ended, before time is handed out."""
        began = time.monotonic()
        if self._cluster is not None:
            self._cluster.start()
        else:
            workers.start(self.how["n_jobs"])
        # they may have been started before, beside something else
        took = max(time.monotonic() - began, workers.seconds_to_start())
        self.spending.starting = max(self.spending.starting, took)

    def _learn_of(self, trials: Sequence[Trial]) -> None:
        """Learn what trials of an earlier start took."""
        if not trials:
            return
        frame = self.store.frame()
        rows = {row["trial_id"]: row for row in frame.to_dict("records")}
        for trial in trials:
            self.spending.learn(trial, {str(k): v for k, v in rows[trial.trial_id].items()})

    def count(self, trials: Iterable[Trial]) -> None:
        """Make results of these trials as well, as far as they are done."""
        self._counted |= dict.fromkeys(trial.trial_id for trial in trials)

    def discount(self, trial_ids: Iterable[str]) -> None:
        """Make results without these trials."""
        for trial_id in trial_ids:
            self._counted.pop(trial_id, None)

    def leave_out(self, entry: str, candidates: Iterable[Candidate], reason: str, part: int = 1) -> None:
        """Note candidates that are not tried further."""
        self.left_out += [LeftOut(entry, c.label, reason, part) for c in candidates]

    def take_back(self, entry: str, model: str) -> None:
        """Note that a candidate is tried after all."""
        self.left_out = [x for x in self.left_out if (x.entry, x.model) != (entry, model)]

    def frame(self) -> pd.DataFrame:
        """Return the rows that count."""
        frame = self.store.frame()
        return frame[frame["trial_id"].isin(self._counted)]

    def keep(self) -> None:
        """Keep what counts and what was left out, where that is not simply everything."""
        limited = self.spending.limited or bool(self.left_out)
        if not limited and self.store.side_table(COUNTED) is None:
            return
        self.store.keep_table(COUNTED, pd.DataFrame({"trial_id": list(self._counted)}))
        rows = [(x.entry, x.model, x.reason, x.part) for x in self.left_out]
        self.store.keep_table(LEFT_OUT, pd.DataFrame(rows, columns=["entry", "model", "reason", "part"]))
        facts = {
            "budget_seconds": self.spending.seconds,
            "spent_seconds": self.spending.spent,
            "compiling_seconds": self.spending.beyond,
            "memory_bytes": self.spending.memory,
            "skipped": "; ".join(self.skipped),
        }
        self.store.keep_table(SPENT, pd.DataFrame({"name": list(facts), "value": list(facts.values())}))
