"""The front door for real data: compare the families on it, and say which is good enough."""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.encoding import with_joint_symbols
from seqcompare.data.read import read
from seqcompare.data.readers import reading_options
from seqcompare.dependence import profile
from seqcompare.dependence.checks import CODES, check
from seqcompare.dependence.drift import NO_DRIFT
from seqcompare.experiments.comparison import Comparison
from seqcompare.experiments.config import describe_data, described, fingerprint
from seqcompare.experiments.contestants import answer_with_labels, contestants_for, problem_of
from seqcompare.experiments.data_source import DataSource, level_weights, metric_of
from seqcompare.experiments.forward import FORWARD, Along, plan_along
from seqcompare.experiments.models import Contestant
from seqcompare.experiments.progress import Counter, Progress
from seqcompare.experiments.references import references_for, with_references
from seqcompare.experiments.runner import run_trials
from seqcompare.experiments.suites import describe_value
from seqcompare.experiments.trial import CONTEXT, TEST, TUNING, Trial, warm_up
from seqcompare.experiments.winner import final_candidate, keep_winner
from seqcompare.families import FAMILIES, Family, OwnFamily, is_known, own_family
from seqcompare.metrics import METRICS, Metric, find_metrics
from seqcompare.registry import nearest
from seqcompare.results.contest import CHANCE
from seqcompare.results.folder import hold_folder, to_csv, write_whole
from seqcompare.results.grids import choose_candidate, validation_tolerance
from seqcompare.results.store import STORE, Store
from seqcompare.typing import Params, Record

_CONTEXT_FOLDS = 3


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
    n_jobs: int = -1,
    max_seconds: float = 600.0,
    random_state: int = 0,
    fresh: bool = False,
    progress: Callable[[Progress], None] | None = None,
    backend: str = "loky",
    scheduler: str | None = None,
    **reading: Any,
) -> Comparison:
    """Compare the families of models on real data.

    Each family comes with a grid of candidates, of which a fifth of each training part chooses one; that is
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
    n_jobs : int, default=-1
        Worker processes, as joblib counts them; 1 runs trials in this process.
    max_seconds : float, default=600.0
        Safety net of one training of a recurrent network.
    random_state : int, default=0
        Seed of the folds.
    fresh : bool, default=False
        Throw away what `out` holds of an earlier run.
    progress : callable (Progress) -> None, optional
        Called at the start and after every trial.
    backend : {"loky", "dask"}, default="loky"
        Where workers live.
    scheduler : str, optional
        Address of the Dask scheduler.
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
        If the data cannot be read or divided, or a model does not exist.
    FileExistsError
        If `out` holds something else than a run of the same settings, and `fresh` is not set.
    """
    _check_keywords(reading)
    # read -> plan -> run -> judge -> write: each hands one result to the next
    dataset = with_joint_symbols(level_weights(read(data, **reading)))
    options: Record = {
        "cv": cv,
        "repeats": repeats,
        "gap": gap,
        "random_state": random_state,
        "along": along,
    }
    planned = plan_comparison(dataset, models, metric, max_seconds=max_seconds, **options)
    folder = Path(out) if out is not None else Path("reports") / _folder_name(dataset.name)
    how = {"n_jobs": n_jobs, "backend": backend, "scheduler": scheduler}
    with hold_folder(folder, planned.config, n_jobs=n_jobs, fresh=fresh):
        run_comparison(planned, folder, progress=progress, **how)
        found = Comparison(folder)
        keep_winner(found, dataset, planned)
        _write_tables(found.tables(), folder / "tables")
    return found


_SAID_BY_VERDICT = ("classes", "few")


@dataclass(frozen=True, eq=False)
class PlannedComparison:
    """What a comparison is going to do.

    Parameters
    ----------
    source : DataSource
        The data with their splits and metrics.
    contestants : tuple of Contestant
        Who competes, chance first.
    config : dict
        What the run keeps of that.
    """

    source: DataSource
    contestants: tuple[Contestant, ...]
    config: Record


def plan_comparison(
    dataset: SequenceDataset,
    models: Any = None,
    metric: Any = None,
    *,
    cv: int = 5,
    repeats: int = 1,
    gap: int | None = None,
    along: Along = "auto",
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
        "random_state": random_state,
        "max_seconds": max_seconds,
    }
    config = {
        "kind": "comparison",
        "title": dataset.name,
        "settings": settings,
        "data": {
            **describe_data(dataset, plan),
            "references": [CHANCE, *(r.name for r in references)],
            **({} if problem.period == 1 else {"period": problem.period}),
        },
        **described(own, [judged, *shown, *METRICS.values()]),
    }
    source = DataSource(dataset, plan, problem, judged, tuple(shown))
    return PlannedComparison(source, tuple(contestants), config)


def run_comparison(
    planned: PlannedComparison,
    folder: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    **how: Any,
) -> None:
    """Run the trials of a comparison that its store does not hold yet; `how` is for `run_trials`."""
    source, contestants = planned.source, planned.contestants
    for contestant in contestants:
        for candidate in contestant.candidates:
            # what a user's own model does to its process, it does to a worker
            if is_known(candidate.spec):
                warm_up(candidate, source.problem(), source.dataset)
    with Store(folder / STORE, answers=True) as store:
        if store.side_table("profile_facts") is None:
            _keep_profile(source.dataset, planned.config["settings"]["cv"], store)
        tuning = list(_tuning_trials(planned))
        n_tests = len(source.plan.splits) * len(contestants)
        counter = Counter(len(tuning) + n_tests, len(store.done()), progress)
        _run(tuning, store, counter, **how)
        _run(list(_test_trials(planned, store)), store, counter, **how)
        contexts = list(_context_trials(planned, Comparison(folder)))
        done = store.done()
        counter.expect(sum(trial.trial_id not in done for trial in contexts))
        _run(contexts, store, counter, **how)


def _run(trials: Sequence[Trial], store: Store, counter: Counter, **how: Any) -> None:
    with closing(run_trials(trials, store, **how)) as outcomes:
        for outcome in outcomes:
            counter.add(outcome)


def _tuning_trials(planned: PlannedComparison) -> Iterator[Trial]:
    """Yield a trial for every fold and candidate of the contestants that have a choice."""
    position = 0
    for fold in range(len(planned.source.plan.splits)):
        for c in planned.contestants:
            for candidate in c.candidates if len(c.candidates) > 1 else ():
                yield Trial(position, planned.source, candidate, fold, TUNING, c.name, c.seed_key)
                position += 1


def _test_trials(planned: PlannedComparison, store: Store) -> Iterator[Trial]:
    """Yield a trial for every fold and contestant, with what the fold's validation data chose."""
    frame = store.frame()
    frame = frame[frame["axis"] == TUNING]
    sums = store.sums(frame["trial_id"])
    position = len(frame)
    for fold in range(len(planned.source.plan.splits)):
        for c in planned.contestants:
            rows = frame[(frame["entry"] == c.name) & (frame["seed"] == fold)]
            tolerance = validation_tolerance(rows, sums, planned.source.metric)
            chosen = choose_candidate(rows, sums, tolerance) if len(rows) else None
            # where every candidate has failed, the first is tested as it is, and the verdict says so
            candidate = next((x for x in c.candidates if x.label == chosen), c.candidates[0])
            yield Trial(position, planned.source, candidate, fold, TEST, c.name, c.seed_key)
            position += 1


def _context_trials(planned: PlannedComparison, found: Comparison) -> Iterator[Trial]:
    """Yield trials of the winner and of the best, in the first folds, with less and less context."""
    judged = found.result.judgement
    grids = found.grids()
    position = int((found.frame()["axis"] != CONTEXT).sum())
    for name in dict.fromkeys([judged.winner, judged.best]):
        c = next((c for c in planned.contestants if c.name == name), None)
        if c is None or c.name in found.result.references:
            continue
        candidate = final_candidate(c, grids)
        for fold in _context_folds(planned):
            yield Trial(position, planned.source, candidate, fold, CONTEXT, c.name, c.seed_key)
            position += 1


def _context_folds(planned: PlannedComparison) -> list[int]:
    """Return the folds in which contexts are traced: along time those that have most to train on."""
    plan = planned.source.plan
    folds = list(range(len(plan.splits)))
    return folds[-_CONTEXT_FOLDS:] if plan.kind == FORWARD else folds[:_CONTEXT_FOLDS]


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


def _keep_profile(dataset: SequenceDataset, cv: int, store: Store) -> None:
    """Keep what can be said of the data before any model is chosen."""
    found = profile(dataset)
    facts = found.facts()
    folds = check(dataset, cv, drift=NO_DRIFT, mute=set(CODES) - {"folds"})
    wary = [finding for finding in (*found.checks, *folds) if finding.code not in _SAID_BY_VERDICT]
    facts["warnings"] = " ".join(map(str, wary))
    store.keep_table("lag_profile", found.frame())
    store.keep_table("profile_facts", pd.DataFrame({"name": list(facts), "value": list(facts.values())}))


def _write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", to_csv(table))


def _folder_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "data"
