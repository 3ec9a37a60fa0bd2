"""One thread a trial: workers share the cores between them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[None]:
    """Run BLAS and compiled kernels in one thread."""
    import numba  # here, since reading trials should not cost the import

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        with _thread_pools(len(sys.modules)).limit(limits=1):
            yield
    finally:
        numba.set_num_threads(before)


@lru_cache(maxsize=1)
def _thread_pools(n_modules: int) -> ThreadpoolController:
    """Find the pools of threads; again only after an import, which is what brings new ones."""
    return ThreadpoolController()
