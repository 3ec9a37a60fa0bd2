"""A sweep as it lies in its folder, with every table that follows from it; reading it needs no model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from seqcompare.results.folder import StoredRun
from seqcompare.results.growth import capacity_needed, scaling
from seqcompare.results.horizon import horizons
from seqcompare.results.skill import best_of, compare_models, scores, summary


@dataclass(frozen=True, eq=False)
class SweepResult:
    """What the rows of a sweep say; each table is computed when it is first asked for, and once.

    Parameters
    ----------
    frame : DataFrame
        The rows, columns as in `seqcompare.results.store.COLUMNS`.
    """

    frame: pd.DataFrame

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Mean skill by model and distance; see `seqcompare.results.skill.summary`."""
        return summary(self.frame)

    @cached_property
    def horizons(self) -> pd.DataFrame:
        """How far each model reaches; see `seqcompare.results.horizon.horizons`."""
        return horizons(self.frame)

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table, by name."""
        return {
            "trials": self.frame,
            "summary": self.summary,
            "scores": scores(self.frame),
            "horizons": self.horizons,
            "best_of_family": best_of(self.frame),
            "comparisons": compare_models(self.frame),
            "scaling": scaling(self.frame),
            "capacity_needed": capacity_needed(self.frame),
        }


class StoredSweep(StoredRun):
    """A sweep as it lies in its folder.

    Parameters
    ----------
    folder : path
        A folder that `seqcompare.sweep` has written.
    """

    @cached_property
    def result(self) -> SweepResult:
        """What was found, computed once; its tables are those of all who ask, not to be changed."""
        return SweepResult(self._frame)

    def horizons(self) -> pd.DataFrame:
        """Return how far each model and each family's best reaches on each task.

        The columns are described in `seqcompare.results.horizon.horizons`.
        """
        return self.result.horizons.copy()

    def summary(self) -> pd.DataFrame:
        """Return mean skill by model and distance, one row a task and model."""
        return self.result.summary.copy()

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table of the run by name: what its rows are, and all that follows from them."""
        return {name: table.copy() for name, table in self.result.tables.items()}
