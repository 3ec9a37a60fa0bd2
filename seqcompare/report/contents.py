"""What the report of a run says, by the kind of the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from seqcompare.report.parts import Report
from seqcompare.results.folder import open_run

SWEEP, COMPARISON = "sweep", "comparison"


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
    runs = [open_run(folder) for folder in folders]
    kinds = {str(run.config.get("kind")) for run in runs}
    if len(kinds) != 1 or not kinds <= {SWEEP, COMPARISON}:
        raise ValueError(
            f"expected runs of one kind, {SWEEP} or {COMPARISON}, got {', '.join(sorted(kinds))}"
        )
    if len(runs) > 1:
        from seqcompare.report.side_by_side import side_by_side

        return side_by_side(runs)
    if kinds == {COMPARISON}:
        from seqcompare.report.comparisons import comparison_report
        from seqcompare.results.comparison import StoredComparison

        return comparison_report(StoredComparison(folders[0]))
    from seqcompare.report.sweeps import sweep_report

    return sweep_report(runs[0])
