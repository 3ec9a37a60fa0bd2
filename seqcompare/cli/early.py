"""What commands do before data are read: start workers, and refuse settings that no data can go with."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any


def begin_workers(folder: Path, jobs: int, backend: str) -> None:
    """Let workers load what they need while this process does, where there are trials to run."""
    if jobs and backend == "loky" and not folder.exists():
        from seqcompare import workers

        workers.begin(jobs)


def before_compare(
    data: str, *, out: Path | None, jobs: int, metrics: list[str] | None, **given: Any
) -> None:
    """Start the workers of a comparison, and refuse wrong settings.

    Parameters
    ----------
    data : str
        What the user calls the data.
    out, jobs, metrics, **given
        Options of the command.
    """
    if Path(data).exists() or data.isidentifier():  # a file, or the name of a bundled data set
        begin_workers(out or Path("reports") / Path(data).stem, jobs, given["backend"])
    from seqcompare.experiments.compare import check_settings

    known = signature(check_settings).parameters
    settings = {name: value for name, value in given.items() if name in known}
    check_settings(metric=metrics, n_jobs=jobs, **settings)
