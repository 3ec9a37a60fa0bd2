"""Runs trials on a Dask cluster: what they share goes to each worker once.

Through Dask's own client: joblib's Dask backend never learns that a trial has failed for killing its
workers, and would wait for it for ever.
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import cached_property, partial
from pickle import PicklingError
from typing import Any

from joblib import effective_n_jobs

from seqcompare.experiments.data_source import DataSource
from seqcompare.experiments.limit import Limit
from seqcompare.experiments.travel import cannot_travel
from seqcompare.experiments.trial import Outcome, Runner, Source, Trial, given_up
from seqcompare.registry import all_added, take_over
from seqcompare.results.store import Store


class Cluster:
    """Workers of a Dask cluster, which is connected to, or started, when it is first needed.

    Parameters
    ----------
    scheduler : str or None
        Address of the scheduler; None starts a cluster on this machine.
    n_jobs : int
        Workers of a cluster that is started here, -1 for one a core; of another, how many it may use at a
        time, -1 for all.
    """

    def __init__(self, scheduler: str | None, n_jobs: int) -> None:
        self._scheduler, self._n_jobs = scheduler, n_jobs
        self._packed: dict[int, tuple[Source, Any]] = {}
        self._held: dict[tuple[int, str], Any] = {}
        self._late: set[str] = set()

    @cached_property
    def _client(self) -> Any:
        try:
            from distributed import Client
        except ImportError:
            raise ImportError("backend='dask' needs the extra: pip install 'seqcompare[dask]'") from None
        if self._scheduler is None:
            n_workers = effective_n_jobs(self._n_jobs)
            # any free port; and that a worker has died is told by the rows
            quiet = {"dashboard_address": "127.0.0.1:0", "silence_logs": logging.ERROR}
            return Client(n_workers=n_workers, threads_per_worker=1, **quiet)
        client = Client(self._scheduler)
        wide = next(((worker, n) for worker, n in client.nthreads().items() if n > 1), None)
        if wide is not None:
            client.close()
            # a trial sets the number of threads, and what becomes of warnings, of its whole process
            raise ValueError(
                f"workers of the cluster must have one thread each (dask worker --nthreads 1), but {wide[0]} "
                f"has {wide[1]}"
            )
        return client

    @property
    def n_workers(self) -> int:
        """How many trials run at a time."""
        if self._scheduler is None:
            return int(effective_n_jobs(self._n_jobs))
        n_workers = max(len(self._client.nthreads()), 1)
        return min(self._n_jobs, n_workers) if self._n_jobs > 0 else n_workers

    def start(self) -> None:
        """See that all workers run and have imported what trials need, before time is handed out."""
        self._free_late()
        # one that dies at this moment is started again; what it cannot import is an error
        with suppress(OSError):
            self._client.run(_nothing)

    def close(self) -> None:
        """Let go of the cluster; one that was started here ends."""
        if "_client" in vars(self):
            if self._scheduler is not None:
                self._free_late()
            self._client.close()

    def run(
        self, trials: Sequence[Trial], store: Store, *, n_jobs: int, run: Runner, limit: Limit | None = None
    ) -> Generator[Outcome]:
        """Run the trials that the store does not hold yet; yield each one once it is committed.

        A trial whose worker dies is tried again by Dask, three times unless its settings say otherwise
        (``distributed.scheduler.allowed-failures``); then alone, as it may not be the one that kills; and
        then becomes a row with an error.

        Parameters
        ----------
        trials, store, run, limit
            As in `seqcompare.experiments.runner.run_trials`.
        n_jobs : int
            How many trials may run at a time, -1 for as many as there are workers.
        """
        self._free_late()
        done = store.done()
        suspects: list[Trial] = []
        missing = [trial for trial in trials if trial.trial_id not in done]
        for trial, outcome in self._outcomes(missing, n_jobs, run, limit):
            if outcome is None:
                suspects.append(trial)
            else:
                yield _committed(outcome, store)
        for suspect in suspects:
            for trial, outcome in self._outcomes([suspect], 1, run, limit):
                dead = given_up(trial, "every attempt that Dask allows, the last ones alone")
                yield _committed(outcome or dead, store)

    def _outcomes(
        self, trials: Iterable[Trial], n_jobs: int, run: Runner, limit: Limit | None
    ) -> Iterator[tuple[Trial, Outcome | None]]:
        """Yield each trial that ends with its outcome; with None if it took its workers down."""
        client, added = self._client, all_added()
        from distributed import KilledWorker, as_completed

        starting = iter(trials) if limit is None else limit.starting(trials, set())
        timeout = None if limit is None else limit.left + limit.patience
        finished = as_completed(loop=client.loop, timeout=timeout)
        running: dict[Any, Trial] = {}
        places: dict[Any, str] = {}
        try:
            while True:
                workers = list(client.nthreads())
                # what others have lost is not to be made again
                self._held = {key: held for key, held in self._held.items() if key[1] in workers}
                room = len(workers) if n_jobs < 1 else min(n_jobs, len(workers))
                # one waits beside each that runs, if none is timed; no more, as all are suspected at a death
                room *= 2 if limit is None and room == len(workers) else 1
                while len(running) < max(room, 1) and (trial := next(starting, None)) is not None:
                    busy = Counter(places.values())
                    worker = min(workers, key=busy.__getitem__, default="")
                    future = self._submit(trial, run, added, worker)
                    running[future], places[future] = trial, worker
                    finished.add(future)
                try:
                    future = next(finished, None)
                except TimeoutError:
                    return
                if future is None:
                    return
                if future.cancelled():
                    running.clear()
                    raise ConnectionError(
                        f"the Dask scheduler at {self._scheduler or 'this machine'} is gone; what has ended "
                        "is kept, and the same call goes on"
                    )
                trial, outcome = running.pop(future), None
                del places[future]
                try:
                    outcome = future.result()
                except KilledWorker:
                    pass
                except Exception as error:  # a trial's own error is in its row
                    raise cannot_travel(error) from error
                yield trial, outcome
        finally:
            if running:
                keys = {future.key for future in running}
                self._late |= {worker for worker, there in client.processing().items() if keys & set(there)}
                client.cancel(list(running))

    def _submit(self, trial: Trial, run: Runner, added: Mapping[str, Mapping[str, Any]], worker: str) -> Any:
        """Send a trial to a worker, or to another if that one dies."""
        where = {"workers": [worker], "allow_other_workers": True} if worker else {}
        try:
            # other sources say what to draw, and are small
            held = isinstance(trial.source, DataSource)
            source = self._placed(trial.source, worker, where) if held else trial.source
            return self._client.submit(
                _run, run, replace(trial, source=None), source, added, pure=False, **where
            )
        except (TypeError, AttributeError, PicklingError) as error:
            raise cannot_travel(error) from error

    def _placed(self, source: Source, worker: str, where: Mapping[str, Any]) -> Any:
        """Return what stands for a source that holds data: the result of a task of the worker's own.

        Copies of one result are taken for superfluous by Dask whenever a worker is idle, and scattered data
        are gone with the workers that hold them; a task is done again.
        """
        from distributed.protocol.pickle import dumps, loads

        submit = partial(self._client.submit, pure=False)
        if id(source) not in self._packed:
            with warnings.catch_warnings():
                # it is meant to be large, and comes once
                warnings.filterwarnings("ignore", message="Sending large graph")
                self._packed[id(source)] = source, submit(bytes, dumps(source))
        if (id(source), worker) not in self._held:
            self._held[id(source), worker] = submit(loads, self._packed[id(source)][1], **where)
        return self._held[id(source), worker]

    def _free_late(self) -> None:
        """Start workers anew whose trials ran past the end of their time: Dask cancels only what waits.

        One that nobody would start anew is left to end its trial.
        """
        if self._late:
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
            late = [worker for worker in self._late if workers.get(worker, {}).get("nanny")]
            self._client.restart_workers(late, raise_for_error=False)
            self._late = set()


@contextmanager
def open_cluster(backend: str, scheduler: str | None, n_jobs: int) -> Iterator[Cluster | None]:
    """Give the cluster that trials run on; None where they run on this machine's own workers.

    Parameters
    ----------
    backend : {"loky", "dask"}
        Where workers live.
    scheduler, n_jobs
        See `Cluster`.

    Raises
    ------
    ValueError
        If there is no such backend.
    """
    check_backend(backend, scheduler)
    if backend == "loky":
        yield None
        return
    with closing(Cluster(scheduler, n_jobs)) as cluster:
        yield cluster


def check_backend(backend: str, scheduler: str | None = None) -> None:
    """Refuse what is no place for workers.

    Raises
    ------
    ValueError
        If there is no such backend, or it has no scheduler.
    """
    if backend not in ("loky", "dask"):
        raise ValueError(f"backend must be 'loky' or 'dask', got {backend!r}")
    if backend == "loky" and scheduler is not None:
        raise ValueError(f"a scheduler ({scheduler}) is for backend='dask', got backend='loky'")


def _committed(outcome: Outcome, store: Store) -> Outcome:
    store.add(outcome.position, outcome.row, outcome.curve, outcome.insights)
    return outcome


def _run(run: Runner, trial: Trial, source: Source, added: Mapping[str, Mapping[str, Any]]) -> Outcome:
    """Run a trial where what users have registered is registered as well."""
    take_over(added)
    return run(replace(trial, source=source))


def _nothing() -> None:
    return None
