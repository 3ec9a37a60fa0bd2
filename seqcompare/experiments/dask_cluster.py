"""Runs trials on a Dask cluster.

Through Dask's own client: joblib's Dask backend never learns that a trial has failed for killing its
workers, and would wait for it for ever.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from joblib import effective_n_jobs

from seqcompare.experiments.trial import Outcome, Runner, Trial, given_up
from seqcompare.registry import all_added, take_over
from seqcompare.results.store import Store


def run_on_dask(
    trials: Sequence[Trial],
    store: Store,
    *,
    n_jobs: int,
    scheduler: str | None,
    run: Runner,
    left: float | None = None,
) -> Generator[Outcome]:
    """Run the trials that the store does not hold yet; yield each one once it is committed.

    A trial whose worker dies is tried again by Dask, three times unless its settings say otherwise
    (``distributed.scheduler.allowed-failures``), and then becomes a row with an error.

    Parameters
    ----------
    trials, store, run
        As in `seqcompare.experiments.runner.run_trials`.
    n_jobs : int
        Workers of a cluster that is started here; -1 for one a core.
    scheduler : str or None
        Address of the scheduler; None starts a cluster on this machine. Its workers should have one thread
        each: a trial sets the number of threads of its process.
    left : float, optional
        Seconds after which what has not ended stays undone.
    """
    with _client(scheduler, n_jobs) as client:
        from distributed import KilledWorker, as_completed

        done, added = store.done(), all_added()
        missing = [trial for trial in trials if trial.trial_id not in done]
        waiting = {client.submit(_run, run, trial, added, pure=False): trial for trial in missing}
        finished = as_completed(list(waiting), **({} if left is None else {"timeout": left}))
        try:
            for future in finished:
                trial = waiting.pop(future)
                try:
                    outcome: Outcome = future.result()
                except KilledWorker:
                    outcome = given_up(trial, "every attempt that Dask allows")
                store.add(outcome.position, outcome.row, outcome.curve, outcome.insights)
                yield outcome
        except TimeoutError:  # of as_completed: a trial's own error is in its row
            client.cancel(list(waiting))


def _run(run: Runner, trial: Trial, added: Mapping[str, Mapping[str, Any]]) -> Outcome:
    """Run a trial where what users have registered is registered as well."""
    take_over(added)
    return run(trial)


def _client(scheduler: str | None, n_jobs: int) -> AbstractContextManager[Any]:
    try:
        from distributed import Client
    except ImportError:
        raise ImportError("backend='dask' needs the extra: pip install 'seqcompare[dask]'") from None
    local = {"n_workers": effective_n_jobs(n_jobs), "threads_per_worker": 1}
    client: AbstractContextManager[Any] = Client(scheduler) if scheduler else Client(**local)
    return client
