"""One thread of BLAS and OpenMP while something computes, however many threads of Python do so at once.

Sums depend on the number of threads. How many BLAS uses is one number for the process: whoever is done may
not set it back while others still rely on it, nor take theirs for what it was.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = Lock()
# who computes, and the pools that are kept at one thread for them, with what they had
_users: list[object] = []
_before: dict[str, tuple[Any, int]] = {}


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS use one thread; the last one to be done gives it back what it had."""
    user = object()
    with _lock:
        _users.append(user)
        for pool in blas_pools():
            _before.setdefault(pool.filepath, (pool, pool.num_threads))
            pool.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _users.remove(user)
            while _before and not _users:
                pool, n_threads = _before.popitem()[1]
                pool.set_num_threads(n_threads)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let BLAS and OpenMP use one thread."""
    # of OpenMP, each thread of Python has a number of its own
    with one_blas_thread(), _pools(len(sys.modules)).select(user_api="openmp").limit(limits=1):
        yield


def blas_pools() -> list[Any]:
    """Return threadpoolctl's controllers of the BLAS that are loaded."""
    pools: list[Any] = _pools(len(sys.modules)).select(user_api="blas").lib_controllers
    return pools


@lru_cache(maxsize=1)
def _pools(n_modules: int) -> ThreadpoolController:
    """Find the pools of threads; again only after an import, which is what brings new ones."""
    return ThreadpoolController()
