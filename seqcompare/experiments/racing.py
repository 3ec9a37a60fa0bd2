"""Who stays in a comparison that has a budget: races on growing parts of the data, and what fits in.

Successive halving (Jamieson and Talwalkar 2016), with one difference: a candidate is dropped only once it
is told apart from the best by the paired error, and as long as what is left does not fit the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from seqcompare.experiments.models import Candidate, Contestant
from seqcompare.experiments.planned import PlannedComparison
from seqcompare.experiments.spending import Spending
from seqcompare.experiments.trial import RACE, TEST, TUNING, Trial
from seqcompare.experiments.work import Work
from seqcompare.results.grids import compare_candidates, validation_tolerance
from seqcompare.results.left_out import OVER_MEMORY, OVER_TIME, TOLD_APART, part_of_rows

#: One in how many of the items to learn from candidates are raced on, one part after the other.
PARTS = (16, 4)
#: Places of races in a run: before all trials that a run without a budget has, so that those keep theirs.
_FIRST = -1_000_000
#: A part of fewer sequences, or of fewer steps, says nothing.
_FEWEST_SEQUENCES, _FEWEST_STEPS = 20, 500
#: Of what is left of a budget, how much a race may take.
_SHARE = 0.3
#: How many times what a budget holds must be more than a forecast before anything was measured.
_DOUBT = 4.0
#: Standard errors from which on a candidate is told apart.
_ERRORS = 2.0


def within_memory(planned: PlannedComparison, work: Work) -> PlannedComparison:
    """Return the comparison without the candidates whose forecast of memory is over what there is."""
    contestants, references = [], planned.config["data"]["references"]
    for c in planned.contestants:
        able = () if c.name in references else c.candidates
        big = [x for x in able if work.spending.bytes_of(_test(planned, c, x)) > work.spending.memory]
        work.leave_out(c.name, big, OVER_MEMORY, 0)
        contestants.append(replace(c, candidates=tuple(x for x in c.candidates if x not in big)))
    return replace(planned, contestants=tuple(c for c in contestants if c.candidates))


def last_fit(planned: PlannedComparison, spending: Spending, c: Contestant, x: Candidate) -> float:
    """Return the seconds that a candidate takes to be fitted to everything, as the winner is."""
    return spending.of(_test(planned, c, x)) * (1 + planned.source.plan.test_fraction)


def race(
    planned: PlannedComparison, work: Work, rest: Callable[[PlannedComparison], Sequence[Trial]]
) -> PlannedComparison:
    """Return the comparison without the candidates that parts of the data tell apart from the best.

    Parameters
    ----------
    planned : PlannedComparison
        With all candidates.
    work : Work
        What runs trials.
    rest : callable (planned) -> trials
        What a comparison takes that is whole. Where that fits the budget, there is no race.
    """
    before: dict[str, pd.DataFrame] = {}
    for part in PARTS:
        last = max(last_fit(planned, work.spending, c, x) for c in planned.contestants for x in c.candidates)
        if work.spending.affords(
            rest(planned), last + _for_looks(work), 1.0 if work.spending.learned else _DOUBT
        ):
            break
        if not _large_enough(planned, part):
            continue
        trials = _race_trials(planned, work, part)
        # a race is there to find out what candidates take
        work.run(trials, reserve=work.spending.left * (1 - _SHARE), trusting=False)
        planned, before = _after(planned, work, trials, part, before)
    return planned


def _race_trials(planned: PlannedComparison, work: Work, part: int) -> list[Trial]:
    """Return a trial for every fold and candidate of who has a choice, in each fold the quickest first."""
    found = [
        Trial(0, planned.source, x, fold, RACE, c.name, c.seed_key, part=part)
        for fold in range(len(planned.source.plan.splits))
        for c in planned.contestants
        for x in (c.candidates if len(c.candidates) > 1 else ())
    ]
    found.sort(key=lambda trial: (trial.seed, work.spending.of(trial)))
    first = _FIRST + PARTS.index(part) * 100_000
    return [replace(trial, position=first + i) for i, trial in enumerate(found)]


def _large_enough(planned: PlannedComparison, part: int) -> bool:
    problem, whole = planned.source.problem(), planned.source.role in ("sequence", "value")
    return problem.n_train >= part * _FEWEST_SEQUENCES if whole else problem.n_steps >= part * _FEWEST_STEPS


def _after(
    planned: PlannedComparison,
    work: Work,
    trials: Sequence[Trial],
    part: int,
    before: dict[str, pd.DataFrame],
) -> tuple[PlannedComparison, dict[str, pd.DataFrame]]:
    """Drop who was not raced in time, and who was told apart; return how all did as well.

    Every candidate is raced in the first fold before any is in the next. So where time ran out all are
    compared in the folds in which all were raced; of such a race no choice can be made in the others.
    """
    done = work.store.done()
    undone = {(t.entry, t.candidate.label, t.seed) for t in trials if t.trial_id not in done}
    folds = range(len(planned.source.plan.splits))
    frame = work.frame()
    frame = frame[frame["axis"] == RACE]
    frame = frame[part_of_rows(frame) == part]
    contestants, found = [], {}
    for c in planned.contestants:
        # who is the best by far, and has no time to be tested, must not drop those who have
        over = [
            x
            for x in c.candidates
            if (c.name, x.label, folds[0]) in undone or not _may_be_tested(planned, work, c, x)
        ]
        work.leave_out(c.name, over, OVER_TIME, part)
        stay = [x for x in c.candidates if x not in over]
        whole = [k for k in folds if not any((c.name, x.label, k) in undone for x in stay)]
        mine = frame[frame["entry"] == c.name]
        rows = mine[mine["model"].isin([x.label for x in stay])]
        together = rows[rows["seed"].isin(whole)]
        if len(together):
            sums = work.store.sums(together["trial_id"])
            table = compare_candidates(together, sums).set_index("model")
            found[c.name] = table
            tolerance = validation_tolerance(together, sums, planned.source.metric)
            apart = told_apart(table, before.get(c.name), tolerance)
            work.leave_out(c.name, [x for x in stay if x.label in apart], TOLD_APART, part)
            stay = [x for x in stay if x.label not in apart]
        # nobody is chosen who is over the budget
        work.discount((mine if len(whole) < len(folds) else mine.drop(rows.index))["trial_id"])
        contestants.append(replace(c, candidates=tuple(stay)))
    return replace(planned, contestants=tuple(c for c in contestants if c.candidates)), found


def _may_be_tested(planned: PlannedComparison, work: Work, c: Contestant, x: Candidate) -> bool:
    """Whether there is time for all tests of a candidate; of references always."""
    if c.name in planned.config["data"]["references"]:
        return True
    last = last_fit(planned, work.spending, c, x)
    return work.spending.affords(_tests(planned, c, x, work), last + _for_looks(work))


def told_apart(table: pd.DataFrame, before: pd.DataFrame | None, tolerance: float) -> set[str]:
    """Return the candidates that are behind the best, and will be with more data, going by these parts.

    Two parts, one four times the other, show which way a difference goes: it must be told apart now, and also
    where it leads to at four times as much. Of one part alone only what is no larger than the best may be
    dropped: more data favour larger models.

    Parameters
    ----------
    table, before : DataFrame
        What `compare_candidates` returns, by model; of this part and of the one before.
    tolerance : float
        What is practically equal.
    """
    if table.empty:
        return set()
    bound = (_ERRORS * table["error"]).clip(lower=tolerance)
    # the error of a single unit is not known
    apart = table[np.isfinite(table["error"]) & (table["behind"] > bound)]
    if before is None:
        size = table["n_parameters"].iloc[int(table["behind"].argmin())]
        return set(apart.index[apart["n_parameters"] <= size])
    then = before["behind"].reindex(apart.index)
    best_then = before["loss"].get(table["behind"].idxmin(), np.nan)
    # behind whom is best now, not behind who was best then
    then = then - (best_then - before["loss"].min())
    leads_to = 2 * apart["behind"] - then.fillna(apart["behind"])
    return set(apart.index[leads_to > bound[apart.index]])


def _for_looks(work: Work) -> float:
    """Return the seconds to keep for a look at how far back the winner has to see."""
    return 0.1 * (work.spending.seconds or 0.0)


class _Purse:
    """What is left of a budget while it is handed out.

    Parameters
    ----------
    planned : PlannedComparison
        With those who stay.
    work : Work
        What runs trials.
    """

    def __init__(self, planned: PlannedComparison, work: Work) -> None:
        self._planned, self._work = planned, work
        self._left = work.spending.left - _for_looks(work)
        # the longest of the fits to everything, of which the winner's has to be made in the end
        self._last = 0.0
        self._tests: dict[tuple[str, str], float] = {}

    def tests(self, c: Contestant, x: Candidate) -> float:
        """Return the seconds of the tests of a candidate in all folds that are not done yet."""
        if (c.name, x.label) not in self._tests:
            self._tests[c.name, x.label] = self._work.spending.wall(_tests(self._planned, c, x, self._work))
        return self._tests[c.name, x.label]

    def quickest(self, c: Contestant) -> Candidate:
        """Return the candidate whose tests are the shortest."""
        return min(c.candidates, key=lambda x: self.tests(c, x))

    def tuning(self, c: Contestant, candidates: Sequence[Candidate]) -> float:
        """Return the seconds that it takes to choose one of these; those of trials that are not done."""
        return self._work.spending.wall(_tunings(self._planned, c, candidates, self._work))

    def has(self, seconds: float, c: Contestant, x: Candidate) -> bool:
        """Whether there is so much, and for the fit of the candidate to everything."""
        fit = last_fit(self._planned, self._work.spending, c, x)
        return seconds + max(fit, self._last) <= self._left

    def give(self, seconds: float, c: Contestant, candidates: Sequence[Candidate]) -> None:
        """Hand out so much, for what may end in the fit of one of these to everything."""
        fits = [last_fit(self._planned, self._work.spending, c, x) for x in candidates]
        self._left, self._last = self._left - seconds, max(self._last, *fits)


def afford(
    planned: PlannedComparison, work: Work, entered: Sequence[Contestant]
) -> tuple[PlannedComparison, frozenset[str]]:
    """Return the comparison with what there is time for, and who is chosen by its race alone.

    Every model is tested whose quickest candidate can be, the quickest models first. Where none of those that
    a race has left can, the best that it dropped comes back for which there is time. With what is left,
    candidates are tuned on whole training parts, again the quickest models first; of a model for which that
    does not suffice the race decides, or, where there was none, its quickest candidates compete. Where there
    is time for none, the quickest candidate of all stays.

    Parameters
    ----------
    planned : PlannedComparison
        With those who stay.
    work : Work
        What runs trials.
    entered : sequence of Contestant
        The models with all candidates, as they were before the race.
    """
    purse, references = _Purse(planned, work), set(planned.config["data"]["references"])
    frame = work.frame()
    ran = set(frame["entry"][frame["axis"] == RACE])
    admitted = []
    for c in sorted(planned.contestants, key=lambda c: purse.tests(c, purse.quickest(c))):
        first = purse.quickest(c)
        if c.name in references or purse.has(purse.tests(c, first), c, first):
            purse.give(purse.tests(c, first), c, [first])
            admitted.append(c)
            continue
        work.leave_out(c.name, c.candidates, OVER_TIME, 0)
        back = _comes_back(purse, work, next(e for e in entered if e.name == c.name))
        if back is not None:
            purse.give(purse.tests(c, back), c, [back])
            admitted.append(replace(c, candidates=(back,)))
    able = [(c, x) for c in entered if c.name not in references for x in c.candidates]
    if able and all(c.name in references for c in admitted):
        # an answer by the quickest model of all is better than none
        c, x = min(able, key=lambda each: purse.tests(*each))
        work.take_back(c.name, x.label)
        admitted.append(replace(c, candidates=(x,)))
    chosen, raced = {}, set()
    for c in sorted(admitted, key=lambda c: purse.tuning(c, c.candidates)):
        kept = _tunable(purse, c)
        if len(kept) < len(c.candidates) and c.name in ran:
            raced.add(c.name)
            kept = _testable(purse, c)
        elif len(kept) == 1 < len(c.candidates):
            testable = {x.label: x for x in _testable(purse, c)}
            kept = [_best_of_race(work, c, testable, partial(purse.tests, c))]
        work.leave_out(c.name, [x for x in c.candidates if x not in kept], OVER_TIME, 0)
        longer = max(purse.tests(c, x) for x in kept) - purse.tests(c, purse.quickest(c))
        purse.give(longer + (0.0 if c.name in raced else purse.tuning(c, kept)), c, kept)
        chosen[c.name] = replace(c, candidates=tuple(x for x in c.candidates if x in kept))
    contestants = tuple(chosen[c.name] for c in entered if c.name in chosen)
    return replace(planned, contestants=contestants), frozenset(raced)


def _comes_back(purse: _Purse, work: Work, c: Contestant) -> Candidate | None:
    """Return the best candidate that a race dropped and for which there is time; other rows count no more."""
    dropped = {x.model for x in work.left_out if x.entry == c.name and x.reason == TOLD_APART}
    able = {x.label: x for x in c.candidates if x.label in dropped and purse.has(purse.tests(c, x), c, x)}
    if not able:
        return None
    # who was dropped later is better than who was dropped before
    best = _best_of_race(work, c, able, partial(purse.tests, c))
    work.take_back(c.name, best.label)
    return best


def one_to_test(planned: PlannedComparison, work: Work, c: Contestant) -> Candidate | None:
    """Return who stands for a model that there was no time to tune: the best of its race, or its quickest.

    None where there is no time for the tests of any.
    """
    able = {x.label: x for x in c.candidates if _may_be_tested(planned, work, c, x)}
    if not able:
        return None
    return _best_of_race(work, c, able, lambda x: work.spending.wall(_tests(planned, c, x, work)))


def _best_of_race(
    work: Work, c: Contestant, able: dict[str, Candidate], seconds: Callable[[Candidate], float]
) -> Candidate:
    """Return the best of these on the largest part that any was raced on, and let no other row count.

    Of a race that was cut short it is the best in the folds in which most of these were raced; without any it
    is the quickest.
    """
    frame = work.store.frame()
    rows = frame[(frame["entry"] == c.name) & (frame["axis"] == RACE)]
    last = rows[rows["model"].isin(list(able)) & (rows["status"] == "ok")]
    last = last[part_of_rows(last) == part_of_rows(last).min()]
    n_raced = last["seed"].map(last["seed"].value_counts())
    last = last[n_raced == n_raced.max()]
    table = compare_candidates(last, work.store.sums(last["trial_id"])).set_index("model")
    best = able[str(table["loss"].idxmin())] if len(table) else min(able.values(), key=seconds)
    work.discount(rows["trial_id"][rows["model"] != best.label])
    return best


def _tunable(purse: _Purse, c: Contestant) -> list[Candidate]:
    """Return the candidates that there is time to choose from, the quickest first."""
    kept = [purse.quickest(c)]
    for x in sorted(c.candidates, key=lambda x: purse.tests(c, x)):
        longer = purse.tests(c, x) - purse.tests(c, kept[0])
        if x not in kept and purse.has(purse.tuning(c, [*kept, x]) + longer, c, x):
            kept.append(x)
    return kept


def _testable(purse: _Purse, c: Contestant) -> list[Candidate]:
    """Return the candidates that there is time to test, whichever of them is chosen."""
    first = purse.quickest(c)
    return [
        x for x in c.candidates if x is first or purse.has(purse.tests(c, x) - purse.tests(c, first), c, x)
    ]


def _test(planned: PlannedComparison, c: Contestant, x: Candidate, fold: int = 0) -> Trial:
    return Trial(0, planned.source, x, fold, TEST, c.name, c.seed_key)


def _tests(planned: PlannedComparison, c: Contestant, x: Candidate, work: Work) -> list[Trial]:
    """Return the tests of a candidate that are not done yet, be it in an earlier run."""
    done = work.store.done()
    trials = [_test(planned, c, x, fold) for fold in range(len(planned.source.plan.splits))]
    return [trial for trial in trials if trial.trial_id not in done]


def _tunings(
    planned: PlannedComparison, c: Contestant, candidates: Sequence[Candidate], work: Work
) -> list[Trial]:
    """Return the trials of tuning that are not done yet; none where there is no choice."""
    done = work.store.done() if len(candidates) > 1 else set()
    trials = [
        Trial(0, planned.source, x, fold, TUNING, c.name, c.seed_key)
        for fold in range(len(planned.source.plan.splits))
        for x in (candidates if len(candidates) > 1 else ())
    ]
    return [trial for trial in trials if trial.trial_id not in done]
