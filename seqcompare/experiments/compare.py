"""The front door for real data: compare the families on it, and say which is good enough."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.reader import read
from seqcompare.data.sequences import Sequences
from seqcompare.dependence import profile
from seqcompare.experiments.fold_trials import (
    FoldTrial,
    blank_fold_row,
    run_fold_trial,
    tuning_trials,
    warm_up_on,
)
from seqcompare.experiments.jobs import Outcome
from seqcompare.experiments.ladder import Entry, build_ladders, left_out
from seqcompare.experiments.runner import run_trials
from seqcompare.experiments.splits import Plan, plan_splits
from seqcompare.experiments.sweep import Progress
from seqcompare.experiments.weights import level_weights
from seqcompare.experiments.winner import final_rung, keep_winner
from seqcompare.results.choice import choose_rung, validation_tolerance
from seqcompare.results.comparison_store import ComparisonStore
from seqcompare.results.folder import prepare_folder
from seqcompare.results.spreadsheet import to_csv
from seqcompare.results.store import STORE
from seqcompare.results.stored_comparison import CONTEXT, TEST, TUNING, StoredComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CONTEXT_FOLDS = 3


class Comparison(StoredComparison):
    """The results of a comparison.

    Parameters
    ----------
    folder : path
        A folder that `compare` has written.
    """

    def report(self) -> Path:
        """Write the report, its tables and figures into the folder; return the path of the page."""
        from seqcompare.report.page import write_report

        return Path(write_report(self.folder))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the test score of each contestant with its interval; the one that is enough is ringed.

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
            If no contestant has ended well.
        """
        from seqcompare.report.plots import plot_contest

        return plot_contest(self, ax)

    def _repr_html_(self) -> str:
        table = self.summary().to_html(index=False, float_format=lambda v: f"{v:.4g}", border=0)
        return self.verdict()._repr_html_() + str(table)


def compare(
    data: Any,
    models: Sequence[str] | Mapping[str, Any] | None = None,
    cv: int = 5,
    *,
    out: str | os.PathLike[str] | None = None,
    repeats: int = 1,
    gap: int | None = None,
    n_jobs: int = -1,
    max_seconds: float = 600.0,
    random_state: int = 0,
    fresh: bool = False,
    progress: Callable[[Progress], None] | None = None,
    **reading: Any,
) -> Comparison:
    """Compare the families of models on real data.

    Each family comes with a ladder of capacities, of which a fifth of each training part chooses one; that is
    fitted to the whole training part and tested. Everything is kept in a folder as it finishes; a comparison
    that was stopped goes on where it stopped when it is called again with the same settings.

    Parameters
    ----------
    data : anything `seqcompare.datasets.read` accepts
        A file, the name of a bundled data set, a frame, sequences, (X, y) or a `SequenceDataset`.
    models : sequence of str or mapping, optional
        Names or patterns of families and contestants, or labels -> estimators of your own (None for a
        contestant of that name); by default all that have an answer for the role.
    cv : int, default=5
        Folds, where the data have no official test part.
    out : path, optional
        Folder of the run; by default ``reports/`` and the name of the data.
    repeats : int, default=1
        How often folds are drawn anew.
    gap : int, optional
        Steps left out around test blocks, for data of few long sequences.
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
    **reading
        Handed on to `seqcompare.datasets.read`: ``sequence``, ``order``, ``values``, ``target``, ``group``,
        ``role``, ...

    Returns
    -------
    Comparison
        What was found.

    Raises
    ------
    ValueError
        If the data cannot be read or divided, or a model does not exist.
    FileExistsError
        If `out` holds something else than a run of the same settings, and `fresh` is not set.
    """
    dataset = level_weights(read(data, **reading))
    plan = plan_splits(dataset, cv, repeats=repeats, gap=gap, seed=random_state)
    share = 1 / (1 + plan.test_fraction)
    entries = build_ladders(dataset, models, train_share=share, max_seconds=max_seconds)
    folder = Path(out) if out is not None else Path("reports") / _folder_name(dataset.name)
    settings = {
        "data": fingerprint(dataset),
        "models": {entry.name: [rung.label for rung in entry.rungs] for entry in entries},
        "yours": {entry.name: repr(entry.rungs[0].source) for entry in entries if entry.family == "yours"},
        "cv": cv,
        "repeats": repeats,
        "gap": gap,
        "random_state": random_state,
        "max_seconds": max_seconds,
    }
    config = {
        "kind": "comparison",
        "title": dataset.name,
        "settings": settings,
        "data": _describe(dataset, plan),
    }
    prepare_folder(folder, config, n_jobs=n_jobs, fresh=fresh)
    warm_up_on(dataset, (entry.rungs[0] for entry in entries))
    with ComparisonStore(folder / STORE) as store:
        if store.side_table("profile_facts") is None:
            _keep_profile(dataset, store)
        tuning = tuning_trials(dataset, plan, entries)
        n_tests = len(plan.splits) * len(entries)
        counter = _Counter(len(tuning) + n_tests, len(store.done()), progress)
        _run(tuning, store, n_jobs, counter)
        tests = list(_test_trials(dataset, plan, entries, store))
        _run(tests, store, n_jobs, counter)
        contexts = list(_context_trials(dataset, plan, entries, Comparison(folder)))
        done = store.done()
        counter.expect(sum(trial.trial_id not in done for trial in contexts))
        _run(contexts, store, n_jobs, counter)
    found = Comparison(folder)
    keep_winner(found, dataset, entries)
    _write_tables(found.tables(), folder / "tables")
    return found


def _run(trials: Sequence[FoldTrial], store: ComparisonStore, n_jobs: int, counter: _Counter) -> None:
    with closing(
        run_trials(trials, store, n_jobs=n_jobs, run=run_fold_trial, blank=blank_fold_row)
    ) as outcomes:
        for outcome in outcomes:
            counter.add(outcome)


def _test_trials(
    dataset: SequenceDataset, plan: Plan, entries: Sequence[Entry], store: ComparisonStore
) -> Iterator[FoldTrial]:
    """Yield a trial for every fold and contestant, with the rung that the fold's validation data chose."""
    frame = store.frame()
    frame = frame[frame["axis"] == TUNING]
    sums = store.sums(frame["trial_id"])
    position = len(frame)
    for fold, split in enumerate(plan.splits):
        for entry in entries:
            rungs = {rung.label: rung for rung in entry.rungs}
            rows = frame[(frame["entry"] == entry.name) & (frame["seed"] == fold)]
            chosen = choose_rung(rows, sums, validation_tolerance(rows, sums)) if len(rows) else None
            # where every rung has failed, the first is tested as it is, and the verdict says so
            model = rungs[chosen] if chosen is not None else entry.rungs[0]
            yield FoldTrial(position, TEST, dataset, split, fold, entry.name, model)
            position += 1


def _context_trials(
    dataset: SequenceDataset, plan: Plan, entries: Sequence[Entry], found: Comparison
) -> Iterator[FoldTrial]:
    """Yield trials of the winner and of the best, in the first folds, with less and less context."""
    judged = found.judgement()
    ladders = found.ladders()
    position = int((found.frame()["axis"] != CONTEXT).sum())
    for name in dict.fromkeys([judged.winner, judged.best]):
        entry = next((e for e in entries if e.name == name), None)
        if entry is None or entry.family == "reference":
            continue
        model = final_rung(entry, ladders)
        for fold, split in enumerate(plan.splits[:_CONTEXT_FOLDS]):
            yield FoldTrial(position, CONTEXT, dataset, split, fold, entry.name, model, entry)
            position += 1


class _Counter:
    """Tells `progress` how far the comparison is."""

    def __init__(self, total: int, done: int, progress: Callable[[Progress], None] | None) -> None:
        self._progress = progress
        # an earlier start may have come as far as trials that are not known of yet
        self._total, self._done, self._failed = max(total, done), done, 0
        self._start, self._new = time.monotonic(), 0
        self._tell(None)

    def expect(self, more: int) -> None:
        """Count trials that were not known of before."""
        self._total += more

    def add(self, outcome: Outcome) -> None:
        self._done += 1
        self._new += 1
        self._failed += outcome.row["status"] != "ok"
        self._tell(outcome)

    def _tell(self, outcome: Outcome | None) -> None:
        if self._progress is None:
            return
        elapsed = time.monotonic() - self._start
        eta = elapsed / self._new * max(self._total - self._done, 0) if self._new else None
        self._progress(Progress(self._done, self._total, self._failed, elapsed, eta, outcome))


def _keep_profile(dataset: SequenceDataset, store: ComparisonStore) -> None:
    """Keep what can be said of the data before any model is chosen."""
    found = profile(dataset)
    facts = found.facts()
    store.keep_table("lag_profile", found.frame())
    store.keep_table("profile_facts", pd.DataFrame({"name": list(facts), "value": list(facts.values())}))


def _write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        (folder / f"{name}.csv").write_text(to_csv(table), encoding="utf-8", newline="")


def _describe(dataset: SequenceDataset, plan: Plan) -> dict[str, Any]:
    """Return what the verdict and the report need to know of the data."""
    X = dataset.X
    n_symbols = len(np.unique(X.values)) if X.kind == "symbols" else 0
    return {
        "name": dataset.name,
        "role": dataset.role,
        "kind": X.kind,
        "n_sequences": len(dataset),
        "n_independent": _count_independent(dataset, plan),
        "in_groups": dataset.groups is not None,
        "n_steps": X.n_steps,
        "shortest": int(X.lengths.min()),
        "longest": int(X.lengths.max()),
        "n_channels": X.n_channels,
        "n_symbols": n_symbols,
        "notes": [*dataset.notes, *filter(None, [left_out(dataset), plan.note])],
        "splits": plan.words,
        "split_kind": plan.kind,
        "n_splits": len(plan.splits),
        "test_fraction": plan.test_fraction,
        "classes": _class_counts(dataset),
        "uniform_bits": float(np.log2(n_symbols)) if dataset.role == "next" and n_symbols else None,
    }


def _count_independent(dataset: SequenceDataset, plan: Plan) -> int:
    """Return how many sequences, or groups of sequences, scores were made of: those that were tested."""
    tested = np.unique(np.concatenate([split.test[:, 0] for split in plan.splits]))
    return len(tested) if dataset.groups is None else len(np.unique(np.asarray(dataset.groups)[tested]))


def _class_counts(dataset: SequenceDataset) -> dict[str, int]:
    """Return how often each class is to be predicted; empty for numbers and real-valued steps."""
    if dataset.role == "value" or (dataset.role == "next" and dataset.X.kind == "real"):
        return {}
    if dataset.role == "sequence":
        labels = np.asarray(dataset.y)
    else:
        labels = dataset.X.values if dataset.role == "next" else dataset.y.values  # type: ignore[union-attr]  # per role
        if isinstance(dataset.sample_weight, Sequences):
            labels = labels[dataset.sample_weight.values > 0]
    names, counts = np.unique(labels, return_counts=True)
    return {str(name): int(n) for name, n in zip(names, counts, strict=True)}


def fingerprint(dataset: SequenceDataset) -> dict[str, Any]:
    """Return what tells one data set from another."""
    digest = hashlib.sha256()
    for part in (dataset.X, dataset.y, dataset.sample_weight, dataset.groups, dataset.test):
        if part is None:
            continue
        arrays = (part.values, part.offsets) if isinstance(part, Sequences) else (np.asarray(part),)
        for array in arrays:
            plain = array.astype(str) if array.dtype.kind == "O" else array
            digest.update(np.ascontiguousarray(plain).tobytes())
    return {"name": dataset.name, "role": dataset.role, "sha256": digest.hexdigest()}


def _folder_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "data"
