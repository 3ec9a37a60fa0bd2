"""Runs trials with joblib and commits each as it finishes; workers may die."""

from __future__ import annotations

import os
import shutil
import signal
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from pickle import PicklingError
from threading import Timer

import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool

from seqcompare import workers
from seqcompare.experiments.dask_cluster import Cluster
from seqcompare.experiments.limit import Limit
from seqcompare.experiments.travel import cannot_travel
from seqcompare.experiments.trial import Outcome, Runner, Trial, given_up, run_trial
from seqcompare.orphans import end_with
from seqcompare.registry import all_added, take_over
from seqcompare.results.folder import INFLIGHT
from seqcompare.results.store import Store
from seqcompare.typing import Record

#: Deaths of a worker beside which a trial may be in flight before it is made to run alone.
PATIENCE = 3


def run_trials(
    trials: Sequence[Trial],
    store: Store,
    *,
    n_jobs: int = -1,
    cluster: Cluster | None = None,
    run: Runner = run_trial,
    limit: Limit | None = None,
) -> Generator[Outcome]:
    """Run the trials that the store does not hold yet; yield each one once it is committed.

    A worker that dies (out of memory, a crash in native code, a kill) takes joblib's pool with it: the
    pool is built again over the trials that are missing. A trial that was in flight at three deaths runs
    alone, and if its worker dies again, it becomes a row with an error.

    Parameters
    ----------
    trials : sequence of Trial
        What to run.
    store : Store
        Where rows go; the file's folder also holds the marks of trials in flight.
    n_jobs : int, default=-1
        Workers, as joblib counts them; with 1 trials run in this process. Of a cluster how many may run at a
        time.
    cluster : Cluster, optional
        Where trials run; without one in workers of this machine.
    run : callable (trial) -> Outcome
        What runs one trial.
    limit : Limit, optional
        When trials have to end; what did not start or end by then stays undone.

    Raises
    ------
    ValueError
        If a trial cannot be sent to a worker.
    """
    if cluster is not None:
        yield from cluster.run(trials, store, n_jobs=n_jobs, run=run, limit=limit)
        return
    # workers that are used again may have been started in another folder
    inflight = store.path.parent.resolve() / INFLIGHT
    # marks that a killed process has left: its trials were in flight at a death as well
    store.add_deaths(_collect_marks(inflight, trials))
    try:
        with _killed_in_time(inflight, limit):
            yield from _run_rounds(trials, store, inflight, n_jobs, run, limit)
    finally:
        shutil.rmtree(inflight, ignore_errors=True)


def _run_rounds(
    trials: Sequence[Trial],
    store: Store,
    inflight: Path,
    n_jobs: int,
    run: Runner,
    limit: Limit | None,
) -> Iterator[Outcome]:
    rounds = futile = 0
    refused: set[str] = set()
    while True:
        done, deaths = store.done(), store.deaths()
        missing = [trial for trial in trials if trial.trial_id not in done | refused]
        if not missing or (limit is not None and not limit.left):
            return
        # those that were in flight at a death come last, so that a poisoned one cannot hold up the others
        missing.sort(key=lambda trial: deaths.get(trial.trial_id, 0))
        together = [trial for trial in missing if deaths.get(trial.trial_id, 0) < PATIENCE]
        alone = not together
        batch, n_workers = (missing[:1], 2) if alone else (together, n_jobs)
        rounds += 1
        marks = inflight / str(rounds)
        marks.mkdir(parents=True, exist_ok=True)
        try:
            starting = batch if limit is None else limit.starting(batch, refused)
            with _closing(_stream(starting, marks, n_workers, run, eager=limit is None)) as outcomes:
                for outcome in outcomes:
                    store.add(outcome.position, outcome.row, outcome.curve, outcome.insights)
                    yield outcome
        except PicklingError as error:
            raise cannot_travel(error) from error
        except BrokenProcessPool as error:
            if "un-serialize" in str(error):
                raise cannot_travel(error) from error
            if limit is not None and not limit.left:
                return
            caught = _collect_marks(inflight, trials)
            store.add_deaths(caught)
            futile = 0 if caught or store.done() > done else futile + 1
            if futile == PATIENCE:
                raise
            if alone and caught:
                attempts = deaths[batch[0].trial_id] + 1
                outcome = given_up(batch[0], f"each of {attempts} attempts, the last one alone")
                store.add(outcome.position, outcome.row)
                yield outcome


@contextmanager
def _killed_in_time(inflight: Path, limit: Limit | None) -> Iterator[None]:
    """Kill the workers of the trials that are in flight when patience ends."""
    if limit is None:
        yield
        return
    timer = Timer(limit.left + limit.patience, _kill_workers, [inflight])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _kill_workers(inflight: Path) -> None:
    for mark in inflight.glob("*/*"):
        # a trial may end, and its mark with it, at this moment
        with suppress(OSError, ValueError):
            worker = int(mark.read_text(encoding="ascii"))
            if worker != os.getpid():
                os.kill(worker, signal.SIGTERM if os.name == "nt" else signal.SIGKILL)


def _stream(
    batch: Iterable[Trial], marks: Path, n_jobs: int, run: Runner, *, eager: bool = True
) -> Generator[Outcome]:
    parallel = workers.parallel(
        n_jobs,
        batch_size=1,  # a batch would hold back finished trials
        return_as="generator_unordered",
        # the next trial waits beside a worker; or it is taken when there is one for it
        pre_dispatch="2*n_jobs" if eager else "n_jobs",
    )
    # what users have registered is not there in a worker that imports the package alone
    added = all_added()
    stream: Generator[Outcome] = parallel(
        joblib.delayed(_run_marked)(run, trial, marks, added, os.getpid()) for trial in batch
    )
    return stream


@contextmanager
def _closing(stream: Generator[Outcome]) -> Iterator[Generator[Outcome]]:
    """Close the stream at the end; a sweep that is stopped early means to leave trials undone."""
    try:
        yield stream
    finally:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=UserWarning, module="joblib")
            stream.close()


def _run_marked(run: Runner, trial: Trial, marks: Path, added: dict[str, Record], parent: int) -> Outcome:
    """Run a trial with a mark that outlives its worker, and says which process that was."""
    end_with(parent)
    take_over(added)
    mark = marks / str(trial.position)
    mark.write_text(str(os.getpid()), encoding="ascii")
    outcome = run(trial)
    mark.unlink(missing_ok=True)
    return outcome


def _collect_marks(inflight: Path, trials: Sequence[Trial]) -> list[str]:
    """Return the ids of the trials in flight when their worker died, and take the marks away."""
    positions = {int(mark.name) for mark in inflight.glob("*/*")} if inflight.exists() else set()
    shutil.rmtree(inflight, ignore_errors=True)
    return [trial.trial_id for trial in trials if trial.position in positions]
