"""Put claims to the test, and keep what came out."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from seqcompare.claims.catalog import CLAIMS
from seqcompare.command import began
from seqcompare.experiments.budget import seconds_of
from seqcompare.experiments.sweep import sweep
from seqcompare.results.spreadsheet import to_csv
from seqcompare.whole_file import write_whole

if TYPE_CHECKING:
    from seqcompare.experiments.progress import Progress


@dataclass(frozen=True)
class CheckedClaims:
    """What became of claims.

    Parameters
    ----------
    folder : Path
        Where the runs are, one a claim.
    outcomes : DataFrame
        Columns claim, statement, outcome ("holds", "does not hold", "cannot tell"), source and note.
    evidence : DataFrame
        One row an expectation: claim, task, distance, model, family, expected skill (and as numbers at_least
        or at_most), skill, low, high, seeds, outcome.
    """

    folder: Path
    outcomes: pd.DataFrame
    evidence: pd.DataFrame

    def frame(self) -> pd.DataFrame:
        """Return the evidence."""
        return self.evidence

    def report(self) -> Path:
        """Write the report, its tables and figures into the folder; return the path of the page."""
        from seqcompare.report.claims import claims_report
        from seqcompare.report.page import write

        return write(claims_report(self.outcomes, self.evidence, self.folder), self.folder)

    def _repr_html_(self) -> str:
        return self.outcomes.to_html(index=False) + self.evidence.to_html(index=False)


def check_claims(
    names: Sequence[str] | None = None,
    out: str | os.PathLike[str] = "reports/claims",
    *,
    n_jobs: int = -1,
    fresh: bool = False,
    progress: Callable[[str, Progress], None] | None = None,
    backend: str = "loky",
    scheduler: str | None = None,
    budget: float | str | None = None,
) -> CheckedClaims:
    """Run the sweep of each claim and judge it by what comes out.

    Parameters
    ----------
    names : sequence of str, optional
        Names of claims; by default all of `CLAIMS`.
    out : path, default="reports/claims"
        Folder of the runs, one subfolder a claim. Sweeps that were stopped go on where they stopped.
    n_jobs : int, default=-1
        Worker processes.
    fresh : bool, default=False
        Throw away what `out` holds of earlier runs.
    progress : callable (claim, Progress) -> None, optional
        Called after every trial.
    backend, scheduler : str
        Where workers live, as for `sweep`.
    budget : float or str, optional
        Seconds, or a time such as "10m", within which all sweeps end. What does not fit is not run, and its
        claims stay open: the same call goes on.

    Returns
    -------
    CheckedClaims
        The outcomes and their evidence, also written to ``claims.csv`` and ``evidence.csv`` in `out` after
        every claim.

    Raises
    ------
    ValueError
        If there is no claim of a name, or no name.
    """
    chosen = list(CLAIMS) if names is None else list(names)
    unknown = [name for name in chosen if name not in CLAIMS]
    if unknown or not chosen:
        missing = f"there is no claim {unknown[0]!r}" if unknown else "no claim was named"
        raise ValueError(f"{missing}; there are {', '.join(CLAIMS)}")
    started, seconds = began(), seconds_of(budget)
    folder = Path(out)
    outcomes, evidence = [], []
    for name in chosen:
        claim = CLAIMS[name]
        run = sweep(
            claim.suite,
            folder / name,
            n_jobs=n_jobs,
            fresh=fresh,
            backend=backend,
            scheduler=scheduler,
            # what is left of it; of nothing there is no budget
            budget=None if seconds is None else max(started + seconds - began(), 1e-9),
            progress=None if progress is None else lambda step, name=name: progress(name, step),
        )
        outcome, table = claim.judge(run.frame())
        outcomes.append(
            {
                "claim": name,
                "statement": claim.statement,
                "outcome": outcome,
                "source": claim.source,
                "note": claim.note,
            }
        )
        evidence.append(table.assign(claim=name))
        result = CheckedClaims(folder, pd.DataFrame(outcomes), pd.concat(evidence, ignore_index=True))
        # after every claim, so that what was found is kept if a later one is stopped
        for file, found in (("claims.csv", result.outcomes), ("evidence.csv", result.evidence)):
            write_whole(folder / file, to_csv(found))
    return result
