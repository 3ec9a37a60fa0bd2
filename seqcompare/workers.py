"""The worker processes of this machine: trials run in them, and figures are drawn in them while they idle.

Light to import, and so are workers to start: they load what their work takes while the process that they
work for loads, reads and compiles what it needs itself.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from importlib import import_module
from inspect import signature
from multiprocessing import active_children, resource_tracker
from multiprocessing.process import BaseProcess
from threading import Thread
from threading import enumerate as enumerate_threads
from typing import Any

import joblib
from joblib.externals.loky import get_reusable_executor

from seqcompare.orphans import end_with

# joblib lets workers begin with a function from 1.5 on
_BEGINS = "backend_kwargs" in signature(joblib.Parallel.__init__).parameters
#: What trials take.
_TRIALS = "seqcompare.experiments.runner"
#: Seconds that the end of a start may take.
_PATIENCE = 5.0


class _Pool:
    """What is known of the workers of this process."""

    starting: Thread | None = None
    n_workers: int = 1
    took: float = 0.0


def parallel(n_jobs: int, **how: Any) -> joblib.Parallel:
    """Return what runs calls in workers, which stay for those that come next.

    Parameters
    ----------
    n_jobs : int
        Workers, as joblib counts them; with 1 calls run in this process.
    **how
        For `joblib.Parallel`.
    """
    begin(n_jobs)
    if _Pool.starting is not None:
        _Pool.starting.join()
        _Pool.starting = None
    _Pool.n_workers = joblib.effective_n_jobs(n_jobs)
    return _parallel(n_jobs, **how)


def begin(n_jobs: int) -> None:
    """Start workers, which takes seconds, beside what this process does; who has work for them waits."""
    n_workers = joblib.effective_n_jobs(n_jobs)
    if n_workers > _Pool.n_workers:
        _Pool.n_workers = n_workers
        _beside(_TRIALS)


def prepare(module: str) -> None:
    """Let the workers that there are load a module, beside what this process does."""
    if n_idle() == _Pool.n_workers:
        _beside(module)


def start(n_jobs: int) -> None:
    """Start the workers that do not run yet, or were ended, and wait for them."""
    n_workers = joblib.effective_n_jobs(n_jobs)
    if n_workers > 1:
        parallel(n_jobs)
        _load_in_each(_TRIALS, n_workers)


def seconds_to_start() -> float:
    """Return how long workers took to start, at most so far: what it costs to end one."""
    return _Pool.took


def begun() -> bool:
    """Whether workers were started, which have to be ended in good order."""
    return _Pool.n_workers > 1


def abandon() -> None:
    """End workers that are still being started, for which this process would wait as it ends."""
    if _Pool.starting is not None and _Pool.starting.is_alive():
        for worker in _alive():
            worker.terminate()
        _Pool.starting.join(_PATIENCE)  # it tidies up behind itself


def dismiss() -> None:
    """End the workers at once: they have nothing to do any more, and would take a second to tidy up."""
    # who has fed them gives its locks back as it ends: cut short in that, it would leave one for good
    feeding = [thread for thread in enumerate_threads() if thread.name == "QueueFeederThread"]
    if _alive():
        get_reusable_executor(reuse=True).shutdown(kill_workers=True)
        for thread in feeding:
            thread.join(_PATIENCE)
    _Pool.n_workers = 1


def n_idle() -> int:
    """Return how many workers of this process live, which have nothing to do once its trials are done."""
    return len(_alive()) if _Pool.n_workers > 1 and len(_alive()) > 1 else 0


def _alive() -> list[BaseProcess]:
    return [child for child in active_children() if child.name.startswith("Loky")]


def _beside(module: str) -> None:
    if _Pool.starting is None:
        _Pool.starting = Thread(target=_try_to_load, args=(module, _Pool.n_workers), daemon=True)
        _Pool.starting.start()


def _try_to_load(module: str, n_workers: int) -> None:
    # Ctrl-C is for this process, which ends its workers: they do not hear what is blocked where they start
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # as it starts, it lets all signals through again
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    # what goes wrong here, who has work meets again; and nobody does, if it is that this process ends
    with suppress(BaseException):
        _load_in_each(module, n_workers)


def _parallel(n_jobs: int, **how: Any) -> joblib.Parallel:
    # one thread of BLAS and of compiled kernels in each worker; and one that has no work when this process
    # dies has nobody else to end it
    beginning = {"initializer": end_with, "initargs": (os.getpid(),)} if _BEGINS else {}
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        return joblib.Parallel(n_jobs, **beginning, **how)


def _load_in_each(module: str, n_workers: int) -> None:
    began = time.monotonic()
    # while one loads, the next call is taken by another
    _parallel(n_workers)(joblib.delayed(_load)(module) for _ in range(n_workers))
    if module == _TRIALS:
        _Pool.took = max(_Pool.took, time.monotonic() - began)


def _load(module: str) -> None:
    import_module(module)
