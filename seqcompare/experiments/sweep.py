"""The front door: run a sweep, and read what it found."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import pandas as pd

from seqcompare.experiments.config import described
from seqcompare.experiments.cost import estimate_seconds
from seqcompare.experiments.plan import own_families, plan_trials, select_trials
from seqcompare.experiments.runner import run_trials
from seqcompare.experiments.state_space import state_space_table
from seqcompare.experiments.suites import Suite, load_suite, override_suite
from seqcompare.experiments.trial import Outcome, Trial, warm_up
from seqcompare.families import is_known
from seqcompare.results.folder import prepare_folder
from seqcompare.results.store import STORE, Store, StoredRun, read_config

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Trials after which the time left is told.
_TELLING = 5
#: Sequences that a kind of model is warmed up on.
_LITTLE = 40


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Parameters
    ----------
    done, total : int
        Trials finished, those of an earlier start included, and all.
    failed : int
        Trials finished since this start that ended in an error.
    elapsed_seconds : float
        Since this start.
    eta_seconds : float or None
        Until the end, from the trials run since this start and what the others are estimated to take;
        None until a few have finished.
    last : Outcome or None
        The trial that has just finished.
    """

    done: int
    total: int
    failed: int
    elapsed_seconds: float
    eta_seconds: float | None
    last: Outcome | None


class Run(StoredRun):
    """The results of a sweep.

    Parameters
    ----------
    folder : path
        A folder that a sweep has written.
    """

    def horizons(self) -> pd.DataFrame:
        """Return how far each model and each family's best reaches on each task.

        The columns are described in `seqcompare.results.horizon.horizons`.
        """
        from seqcompare.results.horizon import horizons

        return horizons(self.frame())

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return every table of the run by name, as `seqcompare.results.tables.all_tables` describes."""
        from seqcompare.results.tables import all_tables

        return all_tables(self.frame())

    def summary(self) -> pd.DataFrame:
        """Return mean skill by model and distance, one row a task and model."""
        from seqcompare.results.tables import summary

        return summary(self.frame())

    def report(self) -> Path:
        """Write the report, its tables and figures into the folder; return the path of the page."""
        from seqcompare.report.page import write_report

        return Path(write_report(self.folder))

    def plot(self, ax: Axes | None = None, *, task: str | None = None) -> Axes:
        """Draw skill against distance of the best model of each family.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        task : str, optional
            The task; by default the mean over all tasks, at the distances where a family has run on each.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ValueError
            If nothing was swept over distance, there is no such task, or no distance is shared by all.
        """
        from seqcompare.report.plots import plot_skill

        return plot_skill(self.frame(), ax, task=task)

    def plot_horizons(self, ax: Axes | None = None) -> Axes:
        """Draw how far the best model of each family reaches on each task.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ValueError
            If nothing was swept over distance.
        """
        from seqcompare.report.plots import plot_horizons

        return plot_horizons(self.frame(), ax)

    def _repr_html_(self) -> str:
        title = html.escape(str(self.config.get("title", self.folder.name)))
        frame = self.frame()
        table = self.summary().to_html(index=False, float_format="{:.2f}".format, na_rep="", border=0)
        return f"<p>{title}: {len(frame)} trials, mean skill by distance</p>{table}"


@overload
def sweep(
    suite: str | Path | Mapping[str, Any] | Suite = ...,
    out: str | os.PathLike[str] | None = ...,
    *,
    tasks: Any = ...,
    models: Any = ...,
    distances: int | Sequence[int] | None = ...,
    seeds: int | None = ...,
    n_jobs: int = ...,
    only: str | Sequence[str] = ...,
    fresh: bool = ...,
    dry_run: Literal[False] = ...,
    progress: Callable[[Progress], None] | None = ...,
    backend: str = ...,
    scheduler: str | None = ...,
) -> Run: ...


@overload
def sweep(
    suite: str | Path | Mapping[str, Any] | Suite = ...,
    out: str | os.PathLike[str] | None = ...,
    *,
    tasks: Any = ...,
    models: Any = ...,
    distances: int | Sequence[int] | None = ...,
    seeds: int | None = ...,
    n_jobs: int = ...,
    only: str | Sequence[str] = ...,
    fresh: bool = ...,
    dry_run: Literal[True],
    progress: Callable[[Progress], None] | None = ...,
    backend: str = ...,
    scheduler: str | None = ...,
) -> pd.DataFrame: ...


def sweep(
    suite: str | Path | Mapping[str, Any] | Suite = "default",
    out: str | os.PathLike[str] | None = None,
    *,
    tasks: Any = None,
    models: Any = None,
    distances: int | Sequence[int] | None = None,
    seeds: int | None = None,
    n_jobs: int = -1,
    only: str | Sequence[str] = (),
    fresh: bool = False,
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
    backend: str = "loky",
    scheduler: str | None = None,
) -> Run | pd.DataFrame:
    """Run models over tasks and distances, and keep every finished trial in a folder.

    A sweep that was stopped, by whatever means, goes on where it stopped when it is called again with
    the same settings. Results do not depend on `n_jobs`, `backend`, or the order of execution.

    Parameters
    ----------
    suite : str, path, mapping or Suite, default="default"
        Name of a shipped suite, the path of a TOML file, or its content.
    out : path, optional
        Folder of the run; by default ``reports/`` and the suite's name.
    tasks, models, distances, seeds : optional
        In place of the suite's, each a list or a single value. `tasks` holds names, classes or objects,
        whose distance is replaced; `models` names of variants or families, or estimators, which are labelled
        by their classes, or maps labels to estimators, variants or "module:Class". A fitted estimator is
        used as it is. New `distances` hold for all tasks and models.
    n_jobs : int, default=-1
        Worker processes, as joblib counts them; 1 runs trials in this process.
    only : str or sequence of str
        Run only the trials whose task or model matches; the others stay for later.
    fresh : bool, default=False
        Throw away what `out` holds of an earlier run.
    dry_run : bool, default=False
        Run nothing and return what would be run.
    progress : callable (Progress) -> None, optional
        Called at the start and after every trial.
    backend : {"loky", "dask"}, default="loky"
        Where workers live.
    scheduler : str, optional
        Address of the Dask scheduler.

    Returns
    -------
    Run
        What was found; or, for a dry run, a data frame with the missing trials and the seconds that each
        is estimated to take.

    Raises
    ------
    SuiteError
        If the suite cannot be read or run.
    FileExistsError
        If `out` holds something else than a run of the same settings, and `fresh` is not set.
    """
    chosen = override_suite(load_suite(suite), tasks, models, distances, seeds)
    everything = plan_trials(chosen)
    patterns = [only] if isinstance(only, str) else list(only)
    trials = select_trials(everything, patterns)
    folder = Path(out) if out is not None else Path("reports") / _suite_name(suite)
    if dry_run:
        return _dry_run(trials, folder, chosen, fresh)
    prepare_folder(
        folder,
        {
            "kind": "sweep",
            "title": chosen.title,
            "settings": chosen.settings(),
            "n_trials": len(everything),
            **described(own_families(chosen), {trial.source.task.metric for trial in everything}),
        },
        n_jobs=n_jobs,
        fresh=fresh,
    )
    _warm_up(trials)
    with Store(folder / STORE) as store:
        counter = _Counter(trials, store.done(), progress)
        with closing(
            run_trials(trials, store, n_jobs=n_jobs, backend=backend, scheduler=scheduler)
        ) as outcomes:
            for outcome in outcomes:
                counter.add(outcome)
        if store.side_table("state_space") is None:
            store.keep_table("state_space", state_space_table(everything))
    return Run(folder)


def _warm_up(trials: Sequence[Trial]) -> None:
    """Compile in this process, so that its workers need not all compile the same."""
    little: dict[str, Any] = {}
    for trial in trials:
        source = trial.source
        # what a user's own model does to its process, it does to a worker
        if not is_known(trial.candidate.spec):
            continue
        if source.task.name not in little:
            little[source.task.name] = source.task.sample(_LITTLE, None, 0)
        warm_up(trial.candidate, source.problem(), little[source.task.name])


class _Counter:
    """Tells `progress` how far the sweep is."""

    def __init__(
        self, trials: Sequence[Trial], done: set[str], progress: Callable[[Progress], None] | None
    ) -> None:
        self._progress = progress
        self._estimates = {t.position: estimate_seconds(t) for t in trials if t.trial_id not in done}
        self._total, self._missing = len(trials), len(self._estimates)
        self._left = sum(self._estimates.values())
        self._spent = 0.0
        self._done_now = 0
        self._failed = 0
        self._start = time.monotonic()
        self._tell(None)

    def add(self, outcome: Outcome) -> None:
        estimate = self._estimates[outcome.position]
        self._missing -= 1
        self._done_now += 1
        self._spent += estimate
        self._left -= estimate
        self._failed += outcome.row["status"] != "ok"
        self._tell(outcome)

    def _tell(self, outcome: Outcome | None) -> None:
        if self._progress is None:
            return
        elapsed = time.monotonic() - self._start
        # the first trials of a worker pay for its start, and say little
        known = self._done_now >= _TELLING
        eta = elapsed * max(self._left, 0.0) / self._spent if known else None
        self._progress(
            Progress(self._total - self._missing, self._total, self._failed, elapsed, eta, outcome)
        )


def _dry_run(trials: Sequence[Trial], folder: Path, suite: Suite, fresh: bool) -> pd.DataFrame:
    done: set[str] = set()
    if not fresh and (folder / STORE).is_file() and read_config(folder)["settings"] == suite.settings():
        with Store(folder / STORE, read_only=True) as store:
            done = store.done()
    columns = ["trial_id", "axis", "task", "distance", "model", "family", "seed", "estimated_seconds"]
    rows = [
        (
            t.trial_id,
            t.source.axis,
            t.source.task.name,
            t.source.task.distance,
            t.candidate.label,
            t.candidate.family,
            t.seed,
            estimate_seconds(t),
        )
        for t in trials
        if t.trial_id not in done
    ]
    return pd.DataFrame(rows, columns=columns)


def _suite_name(suite: str | Path | Mapping[str, Any] | Suite) -> str:
    return Path(suite).stem if isinstance(suite, (str, Path)) else "sweep"
