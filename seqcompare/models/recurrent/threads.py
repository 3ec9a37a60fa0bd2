"""One thread of BLAS, so that sums do not depend on how many there are; a second runs what is independent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, TypeVar

import joblib
import scipy.linalg  # noqa: F401  # loads the BLAS that compiled code calls, so that its threads are found

from seqcompare.threads import blas_pools, one_blas_thread

Item = TypeVar("Item")

_helper: ContextVar[Executor | None] = ContextVar("helper", default=None)
_ENDED: Any = object()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let BLAS use one thread.

    Where it had several, and this process may run on several cores, `side_by_side` has a second thread
    meanwhile. So whoever is told to use one thread runs one thing after the other: a worker of an experiment,
    a process with ``OMP_NUM_THREADS=1``, ``threadpoolctl.threadpool_limits(1)`` or a single core.
    """
    found = [pool.num_threads for pool in blas_pools()]
    alone = min(found, default=1) == 1 or joblib.cpu_count() == 1
    with one_blas_thread(), ThreadPoolExecutor(1, initializer=_limit_this_thread) as helper:
        before = _helper.set(None if alone else helper)
        try:
            yield
        finally:
            _helper.reset(before)


def _limit_this_thread() -> None:
    # a helper's starts with its first work; where BLAS is of OpenMP, each thread has a limit of its own
    for pool in blas_pools():
        pool.set_num_threads(1)


def side_by_side(walks: Sequence[Iterator[Item]]) -> Iterator[list[Item]]:
    """Yield what each of a few iterators gives next, in their order, without those that have ended.

    They make each step at the same time where `one_thread` has a second thread. What is raised in one comes
    out; Ctrl-C as well, after the step.
    """
    going = list(walks)
    while going:
        given = _all([partial(next, walk, _ENDED) for walk in going])
        going = [walk for walk, item in zip(going, given, strict=True) if item is not _ENDED]
        if going:
            yield [item for item in given if item is not _ENDED]


def _all(calls: Sequence[Callable[[], Item]]) -> list[Item]:
    helper = _helper.get()
    if helper is None:
        return [call() for call in calls]
    rest = [helper.submit(copy_context().run, call) for call in calls[1:]]
    return [calls[0](), *(each.result() for each in rest)]
