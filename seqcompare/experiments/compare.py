"""The front door for real data: compare the families on it, and say which is good enough."""

from __future__ import annotations

import inspect
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import effective_n_jobs

from seqcompare.command import began
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.encoding import with_joint_symbols
from seqcompare.data.read import read
from seqcompare.data.readers import reading_options
from seqcompare.data.source import bytes_of
from seqcompare.experiments.budget import USUAL, seconds_of
from seqcompare.experiments.comparison import Comparison
from seqcompare.experiments.config import describe_data, described, fingerprint
from seqcompare.experiments.contestants import (
    answer_with_labels,
    contestants_for,
    problem_of,
    without_answer,
)
from seqcompare.experiments.dask_cluster import check_backend, open_cluster
from seqcompare.experiments.data_source import DataSource, level_weights, metric_of
from seqcompare.experiments.forecaster import keep_forecaster
from seqcompare.experiments.forward import Along, check_along, plan_along
from seqcompare.experiments.machine import keep_machine
from seqcompare.experiments.models import Contestant
from seqcompare.experiments.planned import PlannedComparison
from seqcompare.experiments.progress import Progress, watched
from seqcompare.experiments.references import references_for, with_references
from seqcompare.experiments.rounds import run_comparison
from seqcompare.experiments.spending import Spending
from seqcompare.experiments.splits import check_division
from seqcompare.experiments.suites import describe_value
from seqcompare.experiments.winner import keep_winner
from seqcompare.families import FAMILIES, Family, OwnFamily, is_known, own_family
from seqcompare.metrics import METRICS, Metric, find_metrics
from seqcompare.registry import nearest
from seqcompare.results.contest import CHANCE
from seqcompare.results.folder import check_jobs, hold_folder
from seqcompare.results.spreadsheet import to_csv
from seqcompare.typing import Params, Record
from seqcompare.whole_file import write_whole


def compare(
    data: object,
    models: Any = None,
    cv: int = 5,
    *,
    metric: Any = None,
    out: str | os.PathLike[str] | None = None,
    repeats: int = 1,
    gap: int | None = None,
    along: Along = "auto",
    inner_cv: int | None = None,
    ahead: int | None = None,
    n_jobs: int = -1,
    max_seconds: float = 600.0,
    random_state: int = 0,
    fresh: bool = False,
    progress: Callable[[Progress], None] | None = None,
    backend: str = "loky",
    scheduler: str | None = None,
    budget: float | str | None = USUAL,
    memory: int | str | None = None,
    ids: bool = True,
    **reading: Any,
) -> Comparison:
    """Compare the families of models on real data.

    Each family comes with a grid of candidates, of which parts of each training part choose one; that is
    fitted to the whole training part and tested. Everything is kept in a folder as it finishes; a comparison
    that was stopped goes on where it stopped when it is called again with the same settings.

    Parameters
    ----------
    data : anything `seqcompare.datasets.read` accepts
        A file, the name of a bundled data set, a frame, sequences, (X, y) or a `SequenceDataset`.
    models : str, estimator, class, `ModelSpec`, `Family`, list or mapping (label -> one of these), optional
        Names or patterns of families, contestants and kinds of models, "module:Class", or models of your own,
        fitted or not; a label mapped to None is itself a name. By default all families that have an answer
        for the role.
    cv : int, default=5
        Folds, where the data have no official test part.
    metric : str, `Metric`, function of truth and answer, or list of these, optional
        What is shown beside what models are chosen and judged by.
    out : path, optional
        Folder of the run; by default ``reports/`` and the name of the data.
    repeats : int, default=1
        How often folds are drawn anew.
    gap : int, optional
        Steps left out around test blocks, for data of few long sequences.
    along : {"auto", "time", "blocks"}, default="auto"
        How fewer sequences than folds are divided: from the past to the future, or in blocks. By default
        along time, unless steps are letters, as of a text or a genome.
    inner_cv : int, optional
        How many of five parts of a training part candidates are chosen by: 1 is a fifth, once. By default as
        many as it takes for 150 items, and of whole sequences for 8 that are independent.
    ahead : int, optional
        How many steps forecasts of numbers are to reach: who forecasts best is named by backtests of as many.
        By default 12, or the steps of a season of up to 24, and no more than half of what is tested.
    n_jobs : int, default=-1
        Worker processes, as joblib counts them; 1 runs trials in this process.
    max_seconds : float, default=600.0
        Safety net of one training of a recurrent network.
    random_state : int, default=0
        Seed of the folds.
    fresh : bool, default=False
        Throw away what `out` holds of an earlier run.
    progress : callable (Progress) -> None, optional
        Called at the start and after every trial; in a notebook by default a bar shows it.
    backend : {"loky", "dask"}, default="loky"
        Where workers live.
    scheduler : str, optional
        Address of the Dask scheduler; without one its workers are started on this machine.
    budget : float, str or None, default="8m"
        Seconds, or a time such as "90s", "10m" or "1h", within which the comparison ends; what is compiled
        the first time on a machine takes half of it at most, and is not counted beyond. Where all of it does
        not fit, candidates are raced on growing parts of the data, and what is left out is not tried; the
        answer says so. It is not one of the settings of a run: one that goes on has a new budget for what is
        left. Trials that run in this process (``n_jobs=1``) are not interrupted. With None all is tried,
        however long that takes.
    memory : int or str, optional
        Bytes, or as "500M" or "4G", for reading, and then for all workers of this machine together; by
        default half of what is free. Candidates that are forecast to take more are not tried; of such as take
        much, fewer run at a time.
    ids : bool, default=True
        Whether the folder may hold what the data call sequences and groups. If not, both are numbered before
        anything is written.
    **reading
        Handed on to `seqcompare.datasets.read`: ``sequence``, ``order``, ``values``, ``target``, ``group``,
        ``role``, ...

    Returns
    -------
    Comparison
        What was found.

    Raises
    ------
    TypeError
        If there is no such keyword.
    ValueError
        If the data cannot be read or divided, a model does not exist, or a budget is none.
    FileExistsError
        If `out` holds something else than a run of the same settings, and `fresh` is not set.
    """
    started = began()
    _check_keywords(reading)
    options: Record = {
        "cv": cv,
        "repeats": repeats,
        "gap": gap,
        "random_state": random_state,
        "along": along,
        "inner_cv": inner_cv,
        "ahead": ahead,
        "max_seconds": max_seconds,
    }
    check_settings(metric=metric, n_jobs=n_jobs, backend=backend, scheduler=scheduler, **options)
    seconds, most = seconds_of(budget), bytes_of(memory)
    reading["memory"] = memory
    # read -> plan -> run -> judge -> write: each hands one result to the next
    dataset = with_joint_symbols(level_weights(read(data, **reading)))
    if not ids:
        dataset = dataset.without_names()
    planned = plan_comparison(dataset, models, metric, **options)
    folder = Path(out) if out is not None else Path("reports") / _folder_name(dataset.name)
    with (
        hold_folder(folder, planned.config, n_jobs=n_jobs, fresh=fresh),
        open_cluster(backend, scheduler, n_jobs) as cluster,
    ):
        spending = Spending(
            planned.source,
            seconds=seconds,
            # other machines have their own
            memory=most if scheduler is None or memory is not None else math.inf,
            n_workers=effective_n_jobs(n_jobs) if cluster is None else cluster.n_workers,
            started=started,
        )
        with watched(progress, f"compare {dataset.name}") as tell:
            run_comparison(
                planned,
                folder,
                spending=spending,
                progress=tell,
                n_jobs=n_jobs,
                last=partial(_keep_models, folder, dataset, spending),
                cluster=cluster,
            )
        found = Comparison(folder)
        _write_tables(found.tables(), folder / "tables")
    return found


def plan_comparison(
    dataset: SequenceDataset,
    models: Any = None,
    metric: Any = None,
    *,
    cv: int = 5,
    repeats: int = 1,
    gap: int | None = None,
    along: Along = "auto",
    inner_cv: int | None = None,
    ahead: int | None = None,
    random_state: int = 0,
    max_seconds: float = 600.0,
) -> PlannedComparison:
    """Return what `compare` is going to do with a data set; the parameters are those of `compare`."""
    plan = plan_along(dataset, cv, along=along, repeats=repeats, gap=gap, seed=random_state)
    problem = problem_of(dataset, 1 / (1 + plan.test_fraction), max_seconds)
    contestants = contestants_for(dataset, models, problem)
    silent = answer_with_labels(contestants, problem)
    judged, shown = metric_of(dataset, silent), find_metrics(metric, dataset.role)
    references = references_for(dataset, plan, judged)
    contestants = with_references(contestants, references)
    if silent:
        note = f"{', '.join(silent)} give labels and no probabilities: all models are compared by accuracy."
        dataset = replace(dataset, notes=(*dataset.notes, note))
    _check_metrics(shown, dataset)
    own = _own_families(contestants)
    settings = {
        "data": fingerprint(dataset),
        "models": {c.name: [candidate.label for candidate in c.candidates] for c in contestants},
        "yours": {
            c.name: describe_value(c.candidates[0].spec)
            for c in contestants
            if not is_known(c.candidates[0].spec) and c.name not in (CHANCE, *(r.name for r in references))
        },
        "metric": [m.name for m in shown],
        "cv": cv,
        "repeats": repeats,
        "gap": gap,
        # runs of before do not know it
        **({} if along == "auto" else {"along": along}),
        **({} if inner_cv is None else {"inner_cv": inner_cv}),
        **({} if ahead is None else {"ahead": ahead}),
        "random_state": random_state,
        "max_seconds": max_seconds,
    }
    config = {
        "kind": "comparison",
        "title": dataset.name,
        "settings": settings,
        "data": {
            **describe_data(dataset, plan),
            # what was left out on request is not mentioned
            "not_tried": {} if models is not None else without_answer(contestants, problem),
            "references": [CHANCE, *(r.name for r in references)],
            **({} if problem.period == 1 else {"period": problem.period}),
        },
        **described(own, [judged, *shown, *METRICS.values()]),
    }
    config["heads"] = _heads(contestants, config["data"]["not_tried"])
    source = DataSource(dataset, plan, problem, judged, tuple(shown), inner_cv, ahead)
    return PlannedComparison(source, tuple(contestants), config)


def _heads(contestants: Sequence[Contestant], not_tried: Iterable[str]) -> dict[str, str]:
    """Return what pages call the models that stand for whole families, by their names."""
    absent = {family.title: family.head for family in FAMILIES.values() if family.title in set(not_tried)}
    heads = {**absent, **{c.name: c.head for c in contestants}}
    return {name: head for name, head in heads.items() if head}


def check_settings(
    *,
    cv: int = 5,
    repeats: int = 1,
    gap: int | None = None,
    along: Along = "auto",
    inner_cv: int | None = None,
    ahead: int | None = None,
    random_state: int = 0,
    max_seconds: float = 600.0,
    metric: Any = None,
    n_jobs: int = -1,
    budget: float | str | None = None,
    backend: str = "loky",
    scheduler: str | None = None,
) -> None:
    """Refuse what `compare` can do with no data; the parameters are those of `compare`.

    Raises
    ------
    ValueError
        If one is out of its range, or names what there is not.
    """
    check_backend(backend, scheduler)
    check_jobs(n_jobs)
    seconds_of(budget)
    check_division(cv, repeats, gap)
    check_along(along)
    if inner_cv is not None and not 1 <= inner_cv <= 5:
        raise ValueError(f"inner_cv must be from 1 to 5, got {inner_cv}")
    if ahead is not None and ahead < 1:
        raise ValueError(f"ahead must be at least 1, got {ahead}")
    if not max_seconds > 0:
        raise ValueError(f"max_seconds must be more than 0, got {max_seconds}")
    if not 0 <= random_state < 2**32:
        raise ValueError(f"random_state (--seed) must be from 0 to 2**32 - 1, got {random_state}")
    find_metrics(metric)


def _keep_models(
    folder: Path, dataset: SequenceDataset, spending: Spending, searched: PlannedComparison
) -> None:
    """Fit and save whom the answer names."""
    found = Comparison(folder)
    build = keep_winner(found, dataset, searched)
    keep_forecaster(found, dataset, searched)
    if build is not None:
        keep_machine(found, dataset, build, spending)


def _own_families(contestants: Sequence[Contestant]) -> list[Family]:
    """Return the families that nobody registered, each with a look of its own."""
    own = {c.family.name: c.family for c in contestants if c.family.name not in FAMILIES}
    made = [name for name, family in own.items() if isinstance(family, OwnFamily)]
    specs = {name: [c.candidates[0].spec for c in contestants if c.family.name == name] for name in made}
    return list({**own, **{n: own_family(n, specs[n], place) for place, n in enumerate(made)}}.values())


def _check_metrics(shown: Sequence[Metric], dataset: SequenceDataset) -> None:
    """Refuse scores of numbers where symbols are predicted."""
    wrong = [metric.name for metric in shown if metric.needs in ("numbers", "density")]
    if wrong and dataset.role == "next" and dataset.X.kind != "real":
        raise ValueError(f"metric {wrong[0]!r} is for numbers, but the steps are {dataset.X.kind}")


def _check_keywords(reading: Params) -> None:
    """Refuse a keyword that neither this function nor `read` has."""
    known = reading_options()
    for name in reading:
        if name not in known:
            mine = [n for n, p in inspect.signature(compare).parameters.items() if p.kind != p.VAR_KEYWORD]
            raise TypeError(f"compare() has no keyword {name!r}; {nearest(name, [*mine, *known])}")


def _write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", to_csv(table))


def _folder_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "data"
