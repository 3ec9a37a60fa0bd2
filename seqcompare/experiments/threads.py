"""One thread a trial: workers share the cores between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from seqcompare import threads


@contextmanager
def one_thread() -> Iterator[None]:
    """Run BLAS and compiled kernels in one thread."""
    import numba  # here, since reading trials should not cost the import

    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        with threads.one_thread():
            yield
    finally:
        numba.set_num_threads(before)
