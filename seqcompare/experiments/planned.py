"""What a comparison is going to do, and the trials of each of its rounds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from seqcompare.experiments.data_source import DataSource
from seqcompare.experiments.forward import FORWARD
from seqcompare.experiments.models import Candidate, Contestant, Entered, candidates_of, reach_of
from seqcompare.experiments.trial import AHEAD, CONTEXT, SHORTER, TEST, TUNING, Trial
from seqcompare.experiments.winner import final_candidate, shorter_candidate
from seqcompare.experiments.work import Work
from seqcompare.families import FAMILIES, Problem, is_known
from seqcompare.needs import Needs, Traits
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.grids import (
    cheapest,
    choose_candidate,
    compare_candidates,
    not_told_apart,
    validation_tolerance,
)
from seqcompare.results.left_out import choosing_rows
from seqcompare.results.sight import SIGHT_COLUMNS
from seqcompare.typing import Record

_CONTEXT_FOLDS = 3
#: How far behind, in tolerances, the best of a kind may be to be worth a search around it.
_NEAR = 5.0
#: Of those not told apart by one part of a training part, how many of the best and of the cheapest are tried
#: on the others.
BEST, CHEAPEST = 3, 2
#: How many of the candidates of a model that did best are backtested.
_BACKTESTED = 3


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


def sight_table(*stages: PlannedComparison) -> pd.DataFrame:
    """Return how many steps all candidates are shown that there were at one stage or another.

    Returns
    -------
    DataFrame
        entry, model; ``sees``, NaN where nothing is known to limit it, as of models of the user's own;
        ``straight``, whether it expects the next number on a straight line of earlier ones.
    """
    found: dict[tuple[str, str], tuple[float, bool]] = {}
    for planned in stages:
        problem = planned.source.problem()
        for c in planned.contestants:
            for x in c.candidates:
                if (c.name, x.label) not in found:
                    free = x.spec.limit is None or not is_known(x.spec)
                    sees = np.nan if free else reach_of(x, problem, problem.longest)
                    found[c.name, x.label] = sees, _is_straight(x, problem)
    return pd.DataFrame([(*key, *of) for key, of in found.items()], columns=SIGHT_COLUMNS)


def _is_straight(candidate: Candidate, problem: Problem) -> bool:
    """Whether theory says that a model of numbers can follow nothing but a straight line."""
    own = FAMILIES.get(candidate.family)
    if own is None or problem.role != "next" or problem.kind != "real" or math.isnan(candidate.capacity):
        return False
    curve = Needs("next", distance=1, least_states=1, linear=False, kind="real")
    return own.theory(curve, Traits(candidate.capacity, candidate.spec.name)) is False


def tuning_trials(
    planned: PlannedComparison,
    known: PlannedComparison | None = None,
    raced: frozenset[str] = frozenset(),
) -> Iterator[Trial]:
    """Yield a trial for every fold and candidate of who has a choice, but the known, and who was raced."""
    before = {} if known is None else {c.name: len(c.candidates) for c in known.contestants}
    position = 0 if known is None else _n_tuning(known)
    for fold in range(len(planned.source.plan.splits)):
        for c in planned.contestants:
            choice = len(c.candidates) > 1 and c.name not in raced
            for candidate in c.candidates[before.get(c.name, 0) :] if choice else ():
                yield Trial(position, planned.source, candidate, fold, TUNING, c.name, c.seed_key)
                position += 1


def _n_tuning(planned: PlannedComparison) -> int:
    choices = [len(c.candidates) for c in planned.contestants if len(c.candidates) > 1]
    return len(planned.source.plan.splits) * sum(choices)


def refined(planned: PlannedComparison, work: Work) -> PlannedComparison:
    """Return the comparison with the neighbours of the candidates that did best so far, and cheapest well.

    What is proposed rests on all folds together; what each chooses, on its own training part. Nothing is that
    is over the memory.
    """
    frame = _first_tries(work)
    sums = work.store.sums(frame["trial_id"])

    def fits(c: Contestant, x: Candidate) -> bool:
        trial = Trial(0, planned.source, x, 0, TEST, c.name, c.seed_key)
        return work.spending.bytes_of(trial) <= work.spending.memory

    contestants = []
    for c in planned.contestants:
        labels = [candidate.label for candidate in c.candidates]
        rows = frame[(frame["entry"] == c.name) & frame["model"].isin(labels)]
        best: set[str] = set()
        if len(rows):
            tolerance = validation_tolerance(rows, sums, planned.source.metric)
            best = _worth_a_search(compare_candidates(rows, sums), tolerance)
        near = [n for x in c.candidates if x.label in best for n in _near(x, c, planned.source.problem())]
        fresh = {x.label: x for x in near if x.label not in labels and fits(c, x)}
        contestants.append(replace(c, candidates=(*c.candidates, *fresh.values())))
    return replace(planned, contestants=tuple(contestants))


def _first_tries(work: Work) -> pd.DataFrame:
    frame = work.frame()
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


def trials_again(planned: PlannedComparison, work: Work) -> Iterator[Trial]:
    """Yield trials on the other parts of training parts, of candidates that the first did not tell apart."""
    source = planned.source
    frame = _first_tries(work)
    sums = work.store.sums(frame["trial_id"])
    position = len(frame)
    for fold in range(len(source.plan.splits)):
        well = frame["status"][frame["seed"] == fold] == "ok"
        # where nothing could be tuned, nothing can be divided either
        if not well.any() or source.n_parts_to_choose(fold) < 2:
            continue
        for c in planned.contestants:
            rows = frame[(frame["entry"] == c.name) & (frame["seed"] == fold)]
            table = compare_candidates(rows, sums) if len(rows) else rows
            if len(table) < 2:
                continue
            tolerance = validation_tolerance(rows, sums, source.metric)
            best, near = (not_told_apart(table, errors, tolerance) for errors in (2.0, 1.0))
            kept = {
                *best.sort_values("loss", kind="stable")["model"][:BEST],
                *near.sort_values(["cost", "loss"], kind="stable")["model"][:CHEAPEST],
            }
            for candidate in c.candidates:
                if candidate.label in kept and len(kept) > 1:
                    yield Trial(position, source, candidate, fold, TUNING, c.name, c.seed_key, again=True)
                    position += 1


def test_trials(planned: PlannedComparison, work: Work) -> Iterator[Trial]:
    """Yield a trial for every fold and contestant, with what the fold's validation data chose."""
    frame = choosing_rows(work.frame())
    sums = work.store.sums(frame["trial_id"])
    position = len(frame)
    for fold in range(len(planned.source.plan.splits)):
        for c in planned.contestants:
            able = frame["model"].isin([x.label for x in c.candidates])
            rows = frame[(frame["entry"] == c.name) & (frame["seed"] == fold) & able]
            tolerance = validation_tolerance(rows, sums, planned.source.metric)
            chosen = choose_candidate(rows, sums, tolerance) if len(rows) else None
            # where every candidate has failed, the first is tested as it is, and the verdict says so
            candidate = next((x for x in c.candidates if x.label == chosen), c.candidates[0])
            yield Trial(position, planned.source, candidate, fold, TEST, c.name, c.seed_key)
            position += 1


def ahead_trials(planned: PlannedComparison, found: StoredComparison) -> Iterator[Trial]:
    """Yield backtests of the candidates that did best one step ahead, in folds whose tests were of others.

    What is best one step ahead need not be the best several steps ahead. Of models whose tests came without
    forecasts there are none.
    """
    tests, details = found.result.phase(TEST), found.result.details
    forecasts = [bool((details[t].get("forecast") or {}).get("origins")) for t in tests["trial_id"]]
    tested = set(tests[["entry", "model", "seed"]].itertuples(index=False, name=None))
    able, grids = set(tests["entry"][forecasts]), found.grids()
    position = _n_before(found, AHEAD)
    for c in planned.contestants:
        if c.name not in able or c.name in found.result.references:
            continue
        best = grids[grids["entry"] == c.name].sort_values("loss", kind="stable")["model"][:_BACKTESTED]
        labels = {*best, final_candidate(c, grids).label}
        for candidate in c.candidates:
            for fold in range(len(planned.source.plan.splits)) if candidate.label in labels else ():
                if (c.name, candidate.label, fold) not in tested:
                    yield Trial(position, planned.source, candidate, fold, AHEAD, c.name, c.seed_key)
                    position += 1


def context_trials(planned: PlannedComparison, found: StoredComparison) -> Iterator[Trial]:
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


def shorter_trials(planned: PlannedComparison, found: StoredComparison) -> Iterator[Trial]:
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
    phases = (AHEAD, CONTEXT, SHORTER)
    later = phases[phases.index(phase) :]
    return int((~found.frame()["axis"].isin(later)).sum())
