"""The rounds of a comparison: grids are searched, and around what did best; what is chosen is tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from seqcompare import workers
from seqcompare.data.dataset import SequenceDataset
from seqcompare.data.totals import DRAWN
from seqcompare.dependence import profile
from seqcompare.dependence.checks import CODES, check
from seqcompare.dependence.drift import NO_DRIFT
from seqcompare.experiments.planned import (
    BEST,
    CHEAPEST,
    PlannedComparison,
    ahead_trials,
    context_trials,
    refined,
    shorter_trials,
    sight_table,
    test_trials,
    trials_again,
    tuning_trials,
)
from seqcompare.experiments.progress import Counter, Progress
from seqcompare.experiments.racing import afford, last_fit, one_to_test, race, within_memory
from seqcompare.experiments.spending import Spending
from seqcompare.experiments.taught import keep_taught
from seqcompare.experiments.trial import TEST, TUNING, Trial
from seqcompare.experiments.warming import warm_up_all
from seqcompare.experiments.winner import final_candidate
from seqcompare.experiments.work import Work
from seqcompare.families import is_known
from seqcompare.quantities import duration, several, size
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.left_out import OVER_TIME
from seqcompare.results.sight import SIGHT
from seqcompare.results.store import STORE, Store

_SAID_BY_VERDICT = ("classes", "few")
#: How often a grid is searched around what did best.
_REFINEMENTS = 2


def run_comparison(
    planned: PlannedComparison,
    folder: Path,
    *,
    spending: Spending | None = None,
    progress: Callable[[Progress], None] | None = None,
    n_jobs: int = -1,
    last: Callable[[PlannedComparison], None] | None = None,
    **how: Any,
) -> PlannedComparison:
    """Run the trials of a comparison that its store does not hold yet; `how` is for `run_trials`.

    With a budget candidates are raced first, as far as needed; of the rest is done what there is time for.
    What comes `last`, with the comparison as it is returned, counts as one thing more to do.

    Returns
    -------
    PlannedComparison
        With the candidates that were tried around those that did best, and without those left out.
    """
    spending = spending or Spending(planned.source)
    with Store(folder / STORE, answers=True) as store:
        if how.get("cluster") is None and not spending.left and _all_known(planned):
            n_jobs = 1  # the few trials that run all the same take less than workers to start
        if how.get("cluster") is None and not store.done():
            workers.begin(n_jobs)
        if store.side_table("profile_facts") is None:
            _keep_profile(planned.source.dataset, planned.config["settings"]["cv"], store)
        whole = _whole(planned)
        words = forecast_words(whole, spending, planned)
        n_trials = _n_known(planned) + (last is not None)
        counter = Counter(n_trials, len(store.done()), progress, forecast=words)
        work = Work(store, spending, counter, {"n_jobs": n_jobs, **how})
        # once on a machine this takes longer than many a budget, and no budget buys it twice
        with spending.paused():
            _warm_up(planned, work)
        first, known = planned, _n_known(planned)
        planned = within_memory(planned, work)
        raced: frozenset[str] = frozenset()
        if spending.limited:
            work.start_workers()
            entered = planned.contestants
            planned = race(planned, work, _whole)
            planned, raced = afford(planned, work, entered)
        counter.expect(_n_known(planned, raced) - known)
        planned = _tuned(planned, work, raced)
        _tested(planned, work)
        store.keep_table(SIGHT, sight_table(first, planned))
        work.keep()
        looks = (
            (ahead_trials, "how far ahead"),
            (context_trials, "how far back"),
            (shorter_trials, "less context"),
        )
        for looked_at, words in looks:
            trials = list(looked_at(planned, StoredComparison(folder)))
            if trials and not work.run(trials, reserve=_fit_of_winner(planned, folder, spending)):
                work.skipped.append(f"all of the looks at {words}")
            work.keep()
        keep_taught(planned, store, spending)
    if last is not None:
        last(planned)
        counter.add_last()
    return planned


def _n_known(planned: PlannedComparison, raced: frozenset[str] = frozenset()) -> int:
    """Return how many trials are known of before any has run: of first tries, and of tests."""
    n_tests = len(planned.source.plan.splits) * len(planned.contestants)
    return len(list(tuning_trials(planned, raced=raced))) + n_tests


def forecast_words(trials: Sequence[Trial], spending: Spending, planned: PlannedComparison) -> str:
    """Return in a sentence what trials will take, before any has run."""
    n = sum(len(c.candidates) for c in planned.contestants if len(c.candidates) > 1)
    most = max((spending.bytes_of(trial) for trial in trials), default=0.0)
    on = several(spending.n_workers, "worker")
    budget = f"; the budget is {duration(spending.seconds)}" if spending.seconds is not None else ""
    return (
        f"forecast: {several(n, 'candidate')} in {several(len(planned.source.plan.splits), 'fold')}, about "
        f"{duration(spending.wall(trials))} on {on} and up to {size(most / 1e6)} of memory each, "
        f"and what is near the best comes on top{budget}"
    )


def _whole(planned: PlannedComparison) -> list[Trial]:
    """Return about what trials a comparison has that nothing limits."""
    trials = list(tuning_trials(planned))
    folds = range(len(planned.source.plan.splits))
    again = [fold for fold in folds if planned.source.n_parts_to_choose(fold) > 1]
    for c in planned.contestants:
        middle = c.candidates[len(c.candidates) // 2]
        trials += [Trial(0, planned.source, middle, fold, TEST, c.name, c.seed_key) for fold in folds]
        if len(c.candidates) > 1:
            kept = c.candidates[: BEST + CHEAPEST]
            trials += [
                Trial(0, planned.source, x, fold, TUNING, c.name, c.seed_key, again=True)
                for fold in again
                for x in kept
            ]
    return trials


def _fit_of_winner(planned: PlannedComparison, folder: Path, spending: Spending) -> float:
    """Return the seconds to keep for the fits to everything of who is named; 0 without a budget."""
    if not spending.limited:
        return 0.0
    found = StoredComparison(folder)
    forecaster = found.result.forecaster
    names = (found.result.judgement.winner, forecaster and forecaster.entry)
    named = [c for c in planned.contestants if c.name in names]
    return sum(last_fit(planned, spending, c, final_candidate(c, found.grids())) for c in named)


def _tuned(planned: PlannedComparison, work: Work, raced: frozenset[str]) -> PlannedComparison:
    """Return the comparison with those who were tried on all training parts, and those near the best."""
    tuning = list(tuning_trials(planned, raced=raced))
    work.run(_in_order(tuning, work), reserve=partial(_to_come, planned, work), known=True)
    planned = _without_the_late(planned, work, tuning, OVER_TIME)
    for _ in range(_REFINEMENTS):
        wider = refined(planned, work)
        more = list(tuning_trials(wider, planned, raced))
        if not more:
            break
        if not work.spending.affords(more, _to_come(wider, work)):
            work.skipped.append("a search around the best")
            break
        with work.spending.paused():
            _warm_up(wider, work)
        work.run(more, reserve=partial(_to_come, wider, work))
        planned = _without_the_late(wider, work, more, "")
    again = list(trials_again(planned, work))
    if again and not work.spending.affords(again, _to_come(planned, work)):
        work.skipped.append("a choice by several parts of the training parts")
    elif not work.run(again, reserve=_to_come(planned, work)):
        done = work.store.done()
        late = {(t.entry, t.seed) for t in again if t.trial_id not in done}
        work.discount(t.trial_id for t in again if (t.entry, t.seed) in late)
    return planned


def _to_come(planned: PlannedComparison, work: Work, trial: Trial | None = None) -> float:
    """Return the seconds to keep for the tests and for the fit of the winner; 0 without a budget.

    Of each model that is for the candidate that takes longest of those that were tried, and of that of the
    trial that is about to start; if none was, for the quickest. Workers that were ended start once more.
    """
    spending = work.spending
    if not spending.limited:
        return 0.0
    tests, last = [], 0.0
    for c in planned.contestants:
        firsts = {x.label: Trial(0, planned.source, x, 0, TEST, c.name, c.seed_key) for x in c.candidates}
        starting = trial.candidate.label if trial is not None and trial.entry == c.name else ""
        able = [t for t in firsts.values() if spending.knows(c.name, t.candidate)]
        able += [t for label, t in firsts.items() if label == starting]
        one = max(able, key=spending.of) if able else min(firsts.values(), key=spending.of)
        tests += [replace(one, seed=fold) for fold in range(len(planned.source.plan.splits))]
        last = max(last, last_fit(planned, spending, c, one.candidate))
    return spending.wall(tests) + last + spending.starting


def _in_order(trials: list[Trial], work: Work, *, tests: bool = False) -> list[Trial]:
    """Return trials in the order in which they are run: within a budget all folds of the quickest first.

    Of tests those of a model belong together, whichever candidate each of its folds has chosen.
    """
    if not work.spending.limited:
        return trials
    seconds: dict[tuple[str, str], float] = {}
    keys = [(t.entry, "" if tests else t.candidate.label) for t in trials]
    for key, t in zip(keys, trials, strict=True):
        seconds[key] = seconds.get(key, 0.0) + work.spending.of(t)
    order = sorted(range(len(trials)), key=lambda i: (seconds[keys[i]], keys[i]))
    return [trials[i] for i in order]


def _without_the_late(
    planned: PlannedComparison, work: Work, trials: Sequence[Trial], reason: str
) -> PlannedComparison:
    """Drop the candidates that were not tried in every fold; note them, where there is a reason to.

    Of a model of which none was tried one stays if there is time for its tests, with no rival to be chosen
    from; where no model is left, the quickest candidate of all.
    """
    done = work.store.done()
    late = {(t.entry, t.candidate.label) for t in trials if t.trial_id not in done}
    if not late:
        return planned
    work.discount(t.trial_id for t in trials if (t.entry, t.candidate.label) in late)
    able = [c for c in planned.contestants if c.name not in planned.config["data"]["references"]]
    if all((c.name, x.label) in late for c in able for x in c.candidates):
        first = _in_order(list(trials), work)[0]
        late.discard((first.entry, first.candidate.label))
    contestants = []
    for c in planned.contestants:
        over = [x for x in c.candidates if (c.name, x.label) in late]
        if reason and len(over) == len(c.candidates):
            one = one_to_test(planned, work, c)
            over = [x for x in over if x is not one]
        if reason:
            work.leave_out(c.name, over, reason)
        stay = tuple(x for x in c.candidates if x not in over)
        contestants += [replace(c, candidates=stay)] if stay else []
    return replace(planned, contestants=tuple(contestants))


def _tested(planned: PlannedComparison, work: Work) -> None:
    """Run the tests; a model that is not tested in every fold is left out."""
    tests = list(test_trials(planned, work))
    # nothing can be said without these, and they take next to nothing
    references = planned.config["data"]["references"]
    work.run([t for t in tests if t.entry in references], known=True, always=True)
    tests = [t for t in tests if t.entry not in references]
    by_name = {c.name: c for c in planned.contestants}
    last = (last_fit(planned, work.spending, by_name[t.entry], t.candidate) for t in tests)
    reserve = max(last, default=0.0) if work.spending.limited else 0.0
    tests = _in_order(tests, work, tests=True)
    if work.run(tests, reserve=reserve, known=True):
        return
    done = work.store.done()
    late = {t.entry for t in tests if t.trial_id not in done}
    # forecasts and backtests make tests longer than tuning has told: who lacks little is tested to the end
    lacks = {name: [t for t in tests if t.entry == name and t.trial_id not in done] for name in late}
    for name in sorted(late, key=lambda name: work.spending.wall(lacks[name])):
        over = work.spending.kept / 2 - work.spending.late
        known = all(work.spending.knows(name, t.candidate) for t in lacks[name])
        if known and work.spending.wall(lacks[name]) <= over:
            work.run([t for t in tests if t.entry == name], always=True)
            late.discard(name)
    if not late:
        return
    if late == {t.entry for t in tests}:
        # an answer by the quickest model is better than none
        first = tests[0].entry
        work.run([t for t in tests if t.entry == first], always=True)
        late.discard(first)
    work.discount(t.trial_id for t in tests if t.entry in late)
    for c in planned.contestants:
        work.leave_out(c.name, c.candidates if c.name in late else (), OVER_TIME)


def _all_known(planned: PlannedComparison) -> bool:
    """Whether no model is of the user's own, which may do anything to the process that it is in."""
    references = planned.config["data"]["references"]
    return all(is_known(x.spec) or c.name in references for c in planned.contestants for x in c.candidates)


def _warm_up(planned: PlannedComparison, work: Work) -> None:
    if not work.spending.left:  # the few trials that run all the same do it where they run
        return
    candidates = [candidate for contestant in planned.contestants for candidate in contestant.candidates]
    problem, data = planned.source.problem(), planned.source.dataset
    n_jobs = work.how["n_jobs"] if work.how.get("cluster") is None else 1
    warm_up_all(((candidate, problem, data) for candidate in candidates), n_jobs)


def _keep_profile(dataset: SequenceDataset, cv: int, store: Store) -> None:
    """Keep what can be said of the data before any model is chosen."""
    found = profile(dataset)
    facts = found.facts()
    folds = check(dataset, cv, drift=NO_DRIFT, mute=set(CODES) - {"folds"})
    wary = [finding for finding in (*found.checks, *folds) if finding.code not in _SAID_BY_VERDICT]
    facts["warnings"] = " ".join(map(str, wary))
    sampled = [note for note in found.notes if note.endswith(DRAWN) and note not in dataset.notes]
    facts["sentence"] = " ".join([*sampled, facts["sentence"]])
    store.keep_table("lag_profile", found.frame())
    store.keep_table("profile_facts", pd.DataFrame({"name": list(facts), "value": list(facts.values())}))
