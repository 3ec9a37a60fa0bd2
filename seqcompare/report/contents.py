"""What the report of a run says, by the kind of the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seqcompare.report.parts import Report
from seqcompare.results.store import open_run


def report_of(folders: Sequence[Path]) -> Report:
    """Return the report of one run, or of several side by side.

    Parameters
    ----------
    folders : sequence of Path
        Folders of runs of one kind.

    Raises
    ------
    FileNotFoundError
        If a folder holds no run.
    ValueError
        If a run is of a kind that is not known, or kinds are mixed.
    """
    from seqcompare.report.sweeps import sweep_report

    runs = [open_run(folder) for folder in folders]
    return sweep_report(runs[0])
