"""The rounds of a comparison: grids are searched, and around what did best; what is chosen is tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from seqcompare.data.dataset import SequenceDataset
from seqcompare.dependence import profile
from seqcompare.dependence.checks import CODES, check
from seqcompare.dependence.drift import NO_DRIFT
from seqcompare.experiments.data_source import DataSource
from seqcompare.experiments.forward import FORWARD
from seqcompare.experiments.models import Candidate, Contestant, Entered, candidates_of
from seqcompare.experiments.progress import Counter, Progress
from seqcompare.experiments.runner import run_trials
from seqcompare.experiments.trial import CONTEXT, SHORTER, TEST, TUNING, Trial, warm_up
from seqcompare.experiments.winner import final_candidate, shorter_candidate
from seqcompare.families import Problem, is_known
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.grids import (
    cheapest,
    choose_candidate,
    compare_candidates,
    not_told_apart,
    validation_tolerance,
)
from seqcompare.results.store import STORE, Store
from seqcompare.typing import Record

_CONTEXT_FOLDS = 3
_SAID_BY_VERDICT = ("classes", "few")
#: How often a grid is searched around what did best.
_REFINEMENTS = 2
#: How far behind, in tolerances, the best of a kind may be to be worth a search around it.
_NEAR = 5.0
#: Of those not told apart by one part of a training part, how many of the best and of the cheapest are tried
#: on the others.
_BEST, _CHEAPEST = 3, 2


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


def run_comparison(
    planned: PlannedComparison,
    folder: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    **how: Any,
) -> PlannedComparison:
    """Run the trials of a comparison that its store does not hold yet; `how` is for `run_trials`.

    Returns
    -------
    PlannedComparison
        With the candidates that were tried around those that did best.
    """
    with Store(folder / STORE, answers=True) as store:
        if store.side_table("profile_facts") is None:
            _keep_profile(planned.source.dataset, planned.config["settings"]["cv"], store)
        tuning = list(_tuning_trials(planned))
        n_tests = len(planned.source.plan.splits) * len(planned.contestants)
        counter = Counter(len(tuning) + n_tests, len(store.done()), progress)

        def run(trials: Sequence[Trial]) -> None:
            done = store.done()
            counter.expect(sum(trial.trial_id not in done for trial in trials))
            _run(trials, store, counter, **how)

        _warm_up(planned)
        _run(tuning, store, counter, **how)
        for _ in range(_REFINEMENTS):
            refined = _refined(planned, store)
            more = list(_tuning_trials(refined, planned))
            if not more:
                break
            _warm_up(refined)
            run(more)
            planned = refined
        run(list(_trials_again(planned, store)))
        _run(list(_test_trials(planned, store)), store, counter, **how)
        run(list(_context_trials(planned, StoredComparison(folder))))
        run(list(_shorter_trials(planned, StoredComparison(folder))))
    return planned


def _run(trials: Sequence[Trial], store: Store, counter: Counter, **how: Any) -> None:
    with closing(run_trials(trials, store, **how)) as outcomes:
        for outcome in outcomes:
            counter.add(outcome)


def _warm_up(planned: PlannedComparison) -> None:
    for contestant in planned.contestants:
        for candidate in contestant.candidates:
            # what a user's own model does to its process, it does to a worker
            if is_known(candidate.spec):
                warm_up(candidate, planned.source.problem(), planned.source.dataset)


def _tuning_trials(planned: PlannedComparison, known: PlannedComparison | None = None) -> Iterator[Trial]:
    """Yield a trial for every fold and candidate of the contestants that have a choice, but the known."""
    before = {} if known is None else {c.name: len(c.candidates) for c in known.contestants}
    position = 0 if known is None else _n_tuning(known)
    for fold in range(len(planned.source.plan.splits)):
        for c in planned.contestants:
            for candidate in c.candidates[before.get(c.name, 0) :] if len(c.candidates) > 1 else ():
                yield Trial(position, planned.source, candidate, fold, TUNING, c.name, c.seed_key)
                position += 1


def _n_tuning(planned: PlannedComparison) -> int:
    choices = [len(c.candidates) for c in planned.contestants if len(c.candidates) > 1]
    return len(planned.source.plan.splits) * sum(choices)


def _refined(planned: PlannedComparison, store: Store) -> PlannedComparison:
    """Return the comparison with the neighbours of the candidates that did best so far, and cheapest well.

    What is proposed rests on all folds together; what each chooses, on its own training part.
    """
    frame = _first_tries(store)
    sums = store.sums(frame["trial_id"])
    contestants = []
    for c in planned.contestants:
        labels = [candidate.label for candidate in c.candidates]
        rows = frame[(frame["entry"] == c.name) & frame["model"].isin(labels)]
        best: set[str] = set()
        if len(rows):
            tolerance = validation_tolerance(rows, sums, planned.source.metric)
            best = _worth_a_search(compare_candidates(rows, sums), tolerance)
        near = [n for x in c.candidates if x.label in best for n in _near(x, c, planned.source.problem())]
        fresh = {x.label: x for x in near if x.label not in labels}
        contestants.append(replace(c, candidates=(*c.candidates, *fresh.values())))
    return replace(planned, contestants=tuple(contestants))


def _first_tries(store: Store) -> pd.DataFrame:
    frame = store.frame()
    return frame[(frame["axis"] == TUNING) & ~frame["trial_id"].str.endswith("/again")]


def _worth_a_search(table: pd.DataFrame, tolerance: float) -> set[str]:
    """Return the best of each kind that is not far behind, and the cheapest that is not told apart."""
    if table.empty:
        return set()
    near = not_told_apart(table, 2.0, _NEAR * tolerance).sort_values("loss", kind="stable")
    kind = near["variant"].str.split(", ").str[0]
    return {*near.groupby(kind, sort=False)["model"].first(), cheapest(table, tolerance)}


def _near(candidate: Candidate, contestant: Contestant, problem: Problem) -> list[Candidate]:
    """Return the candidates near one; none of such as go by a name of the user's."""
    spec = candidate.spec
    if spec.refine is None or candidate.label != spec.label_of(candidate.settings):
        return []
    settings = list(spec.refine(problem, candidate.settings))
    made = candidates_of(Entered(contestant.family, spec), settings, candidate.params)
    return [x for x in made if x.fills(problem)]


def _trials_again(planned: PlannedComparison, store: Store) -> Iterator[Trial]:
    """Yield trials on the other parts of training parts, of candidates that the first did not tell apart."""
    source = planned.source
    frame = _first_tries(store)
    sums = store.sums(frame["trial_id"])
    position = len(frame)
    for fold in range(len(source.plan.splits)):
        well = frame["status"][frame["seed"] == fold] == "ok"
        # where nothing could be tuned, nothing can be divided either
        if not well.any() or len(source.tuned_on(fold)[1]) < 2:
            continue
        for c in planned.contestants:
            rows = frame[(frame["entry"] == c.name) & (frame["seed"] == fold)]
            table = compare_candidates(rows, sums) if len(rows) else rows
            if len(table) < 2:
                continue
            tolerance = validation_tolerance(rows, sums, source.metric)
            best, near = (not_told_apart(table, errors, tolerance) for errors in (2.0, 1.0))
            kept = {
                *best.sort_values("loss", kind="stable")["model"][:_BEST],
                *near.sort_values(["cost", "loss"], kind="stable")["model"][:_CHEAPEST],
            }
            for candidate in c.candidates:
                if candidate.label in kept and len(kept) > 1:
                    yield Trial(position, source, candidate, fold, TUNING, c.name, c.seed_key, again=True)
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


def _context_trials(planned: PlannedComparison, found: StoredComparison) -> Iterator[Trial]:
    """Yield trials of the winner and of the best, in the first folds, with less and less context."""
    judged = found.result.judgement
    ladders = found.grids()
    position = _n_before(found, CONTEXT)
    for name in dict.fromkeys([judged.winner, judged.best]):
        c = next((c for c in planned.contestants if c.name == name), None)
        if c is None or c.name in found.result.references:
            continue
        candidate = final_candidate(c, ladders)
        for fold in _context_folds(planned):
            yield Trial(position, planned.source, candidate, fold, CONTEXT, c.name, c.seed_key)
            position += 1


def _context_folds(planned: PlannedComparison) -> list[int]:
    """Return the folds in which contexts are traced: along time those that have most to train on."""
    plan = planned.source.plan
    folds = list(range(len(plan.splits)))
    return folds[-_CONTEXT_FOLDS:] if plan.kind == FORWARD else folds[:_CONTEXT_FOLDS]


def _shorter_trials(planned: PlannedComparison, found: StoredComparison) -> Iterator[Trial]:
    """Yield tests of the winner that sees no more than its context curve says is enough."""
    judged = found.result.judgement
    c = next((c for c in planned.contestants if c.name == judged.winner), None)
    if judged.kind != "model" or c is None or c.name in found.result.references:
        return
    candidate = shorter_candidate(c, found, planned.source.problem())
    if candidate is None:
        return
    position = _n_before(found, SHORTER)
    for fold in range(len(planned.source.plan.splits)):
        yield Trial(position + fold, planned.source, candidate, fold, SHORTER, c.name, c.seed_key)


def _n_before(found: StoredComparison, phase: str) -> int:
    """Return how many trials come before those of a phase."""
    later = (CONTEXT, SHORTER)[(CONTEXT, SHORTER).index(phase) :]
    return int((~found.frame()["axis"].isin(later)).sum())


def _keep_profile(dataset: SequenceDataset, cv: int, store: Store) -> None:
    """Keep what can be said of the data before any model is chosen."""
    found = profile(dataset)
    facts = found.facts()
    folds = check(dataset, cv, drift=NO_DRIFT, mute=set(CODES) - {"folds"})
    wary = [finding for finding in (*found.checks, *folds) if finding.code not in _SAID_BY_VERDICT]
    facts["warnings"] = " ".join(map(str, wary))
    store.keep_table("lag_profile", found.frame())
    store.keep_table("profile_facts", pd.DataFrame({"name": list(facts), "value": list(facts.values())}))
