"""The front door: run a sweep, and read what it found."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import pandas as pd
from joblib import effective_n_jobs

from seqcompare import workers
from seqcompare.command import began
from seqcompare.experiments.budget import seconds_of
from seqcompare.experiments.config import described
from seqcompare.experiments.dask_cluster import check_backend, open_cluster
from seqcompare.experiments.limit import Limit
from seqcompare.experiments.plan import plan_trials, select_trials
from seqcompare.experiments.progress import Counter, Progress, estimate_seconds, watched
from seqcompare.experiments.runner import run_trials
from seqcompare.experiments.state_space import state_space_table
from seqcompare.experiments.suite_models import own_families
from seqcompare.experiments.suites import Suite, load_suite, override_suite
from seqcompare.experiments.trial import Trial
from seqcompare.experiments.warming import warm_up_all
from seqcompare.families import is_known
from seqcompare.quantities import duration, several
from seqcompare.results.folder import hold_folder, read_config
from seqcompare.results.store import STORE, Store
from seqcompare.results.sweep import StoredSweep
from seqcompare.typing import Floats, Record
from seqcompare.user_text import visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from seqcompare.report.sweep_answer import SweepAnswer

#: Sequences that a kind of model is warmed up on.
_LITTLE = 40


class Run(StoredSweep):
    """The results of a sweep.

    Parameters
    ----------
    folder : path
        A folder that a sweep has written.
    """

    def report(self) -> Path:
        """Write the report, its tables and figures into the folder; return the path of the page."""
        from seqcompare.report.page import write_report

        return Path(write_report(self.folder))

    def answer(self) -> SweepAnswer:
        """Return how far the best model of each family reaches on each task.

        Returns
        -------
        SweepAnswer
            ``.frame()``, ``.sentence``, ``.plot()``, ``.slide()``, ``.to_markdown()``, ``.to_text()``,
            ``.to_latex()``, ``.to_dict()``; a matrix in notebooks.

        Raises
        ------
        ValueError
            If nothing was swept over distance.
        """
        from seqcompare.report.sweep_answer import sweep_answer

        return sweep_answer(self)

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

        return plot_skill(self.frame(), ax, task=task, config=self.config)

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

        return plot_horizons(self.frame(), ax, config=self.config)

    def _repr_html_(self) -> str:
        title = html.escape(str(self.config.get("title", self.folder.name)))
        frame = self.frame()
        table = self.summary().to_html(index=False, float_format="{:.2f}".format, na_rep="", border=0)
        return visible(f"<p>{title}: {several(len(frame), 'trial')}, mean skill by distance</p>{table}")


@overload
def sweep(
    suite: str | Path | Mapping[str, Any] | Suite = ...,
    out: str | os.PathLike[str] | None = ...,
    *,
    tasks: Floats = ...,
    models: Floats = ...,
    distances: int | Sequence[int] | None = ...,
    seeds: int | None = ...,
    n_jobs: int = ...,
    only: str | Sequence[str] = ...,
    fresh: bool = ...,
    dry_run: Literal[False] = ...,
    progress: Callable[[Progress], None] | None = ...,
    backend: str = ...,
    scheduler: str | None = ...,
    budget: float | str | None = ...,
) -> Run: ...


@overload
def sweep(
    suite: str | Path | Mapping[str, Any] | Suite = ...,
    out: str | os.PathLike[str] | None = ...,
    *,
    tasks: Floats = ...,
    models: Floats = ...,
    distances: int | Sequence[int] | None = ...,
    seeds: int | None = ...,
    n_jobs: int = ...,
    only: str | Sequence[str] = ...,
    fresh: bool = ...,
    dry_run: Literal[True],
    progress: Callable[[Progress], None] | None = ...,
    backend: str = ...,
    scheduler: str | None = ...,
    budget: float | str | None = ...,
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
    budget: float | str | None = None,
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
        Called at the start and after every trial; in a notebook by default a bar shows it.
    backend : {"loky", "dask"}, default="loky"
        Where workers live.
    scheduler : str, optional
        Address of the Dask scheduler; without one its workers are started on this machine.
    budget : float or str, optional
        Seconds, or a time such as "90s", "10m" or "1h", within which it ends. What does not fit stays for
        later: the same call runs it.

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
    check_backend(backend, scheduler)
    started, seconds = began(), seconds_of(budget)
    chosen = override_suite(load_suite(suite), tasks, models, distances, seeds)
    everything = plan_trials(chosen)
    patterns = [only] if isinstance(only, str) else list(only)
    trials = select_trials(everything, patterns)
    folder = Path(out) if out is not None else Path("reports") / _suite_name(suite)
    if dry_run:
        return _dry_run(trials, folder, chosen, fresh)
    config = {
        "kind": "sweep",
        "title": chosen.title,
        "settings": chosen.settings(),
        "n_trials": len(everything),
        **described(own_families(chosen), {trial.source.task.metric for trial in everything}),
    }
    with (
        hold_folder(folder, config, n_jobs=n_jobs, fresh=fresh),
        Store(folder / STORE) as store,
        watched(progress, f"sweep {chosen.title}") as tell,
        open_cluster(backend, scheduler, n_jobs) as cluster,
    ):
        done = store.done()
        missing = [trial for trial in trials if trial.trial_id not in done]
        if missing and cluster is None:
            workers.begin(n_jobs)
        estimates = {t.position: estimate_seconds(t) for t in missing}
        n_workers = effective_n_jobs(n_jobs) if cluster is None else cluster.n_workers
        words = _forecast(estimates, n_workers, seconds)
        counter = Counter(len(trials), len(trials) - len(estimates), tell, estimates, words)
        _warm_up(missing, n_jobs if cluster is None else 1)
        limit = None if seconds is None else Limit(started + seconds)
        if limit is None:
            missing.sort(key=lambda t: -estimates[t.position])  # so that workers end at about one time
        outcomes = run_trials(missing, store, n_jobs=n_jobs, cluster=cluster, limit=limit)
        with closing(outcomes):
            for outcome in outcomes:
                counter.add(outcome)
        if store.side_table("state_space") is None:
            store.keep_table("state_space", state_space_table(everything))
    return Run(folder)


def _forecast(estimates: Mapping[int, float], n_workers: int, seconds: float | None) -> str:
    """Return in a sentence what trials will take, before any has run."""
    budget = "" if seconds is None else f"; the budget is {duration(seconds)}"
    took = duration(sum(estimates.values()) / n_workers)
    trials, on = several(len(estimates), "trial"), several(n_workers, "worker")
    return f"forecast: {trials}, about {took} on {on}{budget}"


def _warm_up(trials: Sequence[Trial], n_jobs: int) -> None:
    """Compile what the trials run, before they do."""
    little: Record = {}
    # of tasks that models of the user's alone run on, nothing is drawn in this process
    trials = [trial for trial in trials if is_known(trial.candidate.spec)]
    for trial in trials:
        task = trial.source.task
        if task.name not in little:
            little[task.name] = task.sample(_LITTLE, None, 0)
    warm_up_all(((t.candidate, t.source.problem(), little[t.source.task.name]) for t in trials), n_jobs)


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
