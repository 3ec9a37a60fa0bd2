"""Who stays in a race, and a comparison that keeps to its budget."""

import re
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from racing_toys import Guess

import seqcompare
from seqcompare import workers
from seqcompare.datasets import read
from seqcompare.experiments import racing, rounds
from seqcompare.experiments.compare import plan_comparison
from seqcompare.experiments.limit import Limit
from seqcompare.experiments.planned import tuning_trials
from seqcompare.experiments.progress import Counter
from seqcompare.experiments.racing import told_apart
from seqcompare.experiments.spending import Spending
from seqcompare.experiments.trial import RACE, TEST, Trial, run_trial
from seqcompare.experiments.work import Work
from seqcompare.families import ModelSpec
from seqcompare.results.left_out import OVER_TIME
from seqcompare.results.store import STORE, Store

DEAR = 1000.0


def flags(n=480, seed=0):
    """Sequences whose class is their last symbol, but for one in ten."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (n, 6))
    y = np.where(rng.random(n) < 0.9, x[:, -1], 1 - x[:, -1])
    return x, y


def table(behind, error, n_parameters=(1, 2, 3), loss=None):
    names = ["a", "b", "c"]
    behind = np.array(behind, dtype=float)
    return pd.DataFrame(
        {
            "behind": behind,
            "error": np.broadcast_to(error, 3).astype(float),
            "loss": behind if loss is None else np.array(loss, dtype=float),
            "n_parameters": n_parameters,
        },
        index=names,
    )


def test_what_is_not_told_apart_stays():
    assert told_apart(table([0, 0.3, 0.5], 0.2), None, 0.01) == set()
    # a single unit has no error: nothing is told apart by it
    assert told_apart(table([0, 3, 5], np.inf), None, 0.01) == set()
    # practically the same
    assert told_apart(table([0.005, 0.001, 0], 0.0001), None, 0.01) == set()


def test_of_one_part_only_what_is_no_larger_is_dropped():
    found = table([0.9, 0, 0.9], 0.1)
    assert told_apart(found, None, 0.01) == {"a"}


def test_of_two_parts_the_way_that_a_difference_goes_decides():
    now = table([0, 0.5, 0.5], 0.1)
    # b was as far behind before, and c is catching up: at four times as much it may be the best
    before = table([0, 0.5, 1.1], 0.1)
    assert told_apart(now, before, 0.01) == {"b"}
    # who was the best before is no longer: behind whom is asked is the best now
    before = table([0.6, 0.0, 1.7], 0.1)
    assert told_apart(now, before, 0.01) == {"b"}


def planned_with(models, n=480):
    x, y = flags(n)
    return plan_comparison(read((list(x), y)), models)


def toy(*qualities, seconds=0.0, cost=None, memory=None, name="toy"):
    return ModelSpec.of(
        Guess(seconds=seconds), {"quality": list(qualities)}, name=name, cost=cost, memory=memory
    )


def dear(problem, settings):
    return DEAR


def test_forecasts_are_corrected_as_trials_end():
    planned = planned_with([toy(0.1, 0.9, cost=dear)])
    spending = Spending(planned.source, seconds=60, n_workers=2)
    first, second, *_ = tuning_trials(planned)
    assert spending.of(first) == pytest.approx(DEAR * 0.8, rel=0.1)
    assert not spending.affords([first])
    outcome = run_trial(first)
    spending.learn(first, outcome.row)
    # its own time is known now, and that of its kind
    assert spending.of(first) == pytest.approx(outcome.row["trial_seconds"] + 0.02, rel=0.2)
    assert spending.of(second) < 0.05 * DEAR
    assert spending.affords([first, second])


def test_a_kind_that_is_wrong_about_itself_tells_little_of_others():
    def cheap(problem, settings):
        return 0.05

    planned = planned_with([toy(0.1, 0.9, cost=cheap, name="liar"), toy(0.2, 0.8, cost=cheap, name="other")])
    mine, theirs = ([t for t in tuning_trials(planned) if t.entry == name] for name in ("liar", "other"))
    spending = Spending(planned.source, seconds=60)
    row = {"trial_seconds": 2.0, "fit_seconds": 2.0, "peak_memory_mb": 1.0}
    for trial in [t for t in mine if t.candidate.label == "liar 0.1"]:
        spending.learn(trial, row)
    # its own kind is believed to take as long, others are not
    assert spending.of(mine[-1]) > 5 * 0.05
    assert spending.of(theirs[0]) < 5 * 0.05


def test_what_was_refused_starts_once_its_forecast_fits(tmp_path):
    planned = planned_with([toy(0.1, 0.9, cost=lambda problem, settings: 3.0 + settings["quality"])])
    trials = list(tuning_trials(planned))
    spending = Spending(planned.source, seconds=60)
    with Store(tmp_path / STORE, answers=True) as store:
        work = Work(store, spending, Counter(0, 0, None), {"n_jobs": 1})
        # there is no time for the last one, until the first has told how quick they are
        reserve = spending.left - spending.of(trials[0]) - 0.2
        assert not spending.affords([trials[-1]], reserve)
        assert work.run([trials[-1], trials[0]], reserve=reserve)


def test_times_grow_as_they_were_seen_to():
    planned = planned_with([toy(0.1, 0.9)])
    (trial, *_) = tuning_trials(planned)
    spending = Spending(planned.source)
    for part, seconds in ((16, 1.0), (4, 8.0)):  # 1.5 powers
        row = {"trial_seconds": seconds, "fit_seconds": seconds, "peak_memory_mb": 1.0}
        spending.learn(replace(trial, phase=RACE, part=part), row)
    assert spending.of(trial) == pytest.approx(64.0, rel=0.01)


def test_big_candidates_run_fewer_at_a_time():
    planned = planned_with([toy(0.1, 0.9, memory=lambda problem, settings: 1e9 * settings["quality"])])
    trials = list(tuning_trials(planned))
    spending = Spending(planned.source, memory=1.5e9, n_workers=4)
    batches = list(spending.batches(trials, 4))
    assert [({t.candidate.settings["quality"] for t in batch}, n) for batch, n in batches] == [
        ({0.1}, 4),
        ({0.9}, 2),
    ]


def compare_toys(models, folder, n_jobs=1, **options):
    x, y = flags()
    return seqcompare.compare((list(x), y), models, cv=2, out=folder, n_jobs=n_jobs, **options)


def rows_of_tests(found):
    rows = found.frame()
    rows = rows[rows["axis"] == "test"].sort_values(["entry", "seed"])
    return rows[["entry", "model", "seed", "score", "trial_id"]].reset_index(drop=True)


def test_a_budget_that_is_enough_changes_nothing(tmp_path):
    models = [toy(0.1, 0.5, 0.9)]
    plain = compare_toys(models, tmp_path / "plain", budget=None)
    within = compare_toys(models, tmp_path / "within", budget="1h")
    pd.testing.assert_frame_equal(rows_of_tests(within), rows_of_tests(plain), check_exact=True)
    assert within.verdict().entry == plain.verdict().entry
    assert "The budget was 60 min, enough for all 3 candidates." in str(within.verdict())
    assert "budget" not in str(plain.verdict())


def test_a_race_drops_what_is_told_apart_and_changes_no_trial(tmp_path):
    # by what they say of themselves none fits; the race finds out that those that are left do
    models = [toy(0.0, 0.1, 0.2, 0.9, cost=dear)]
    said = []
    told = {"progress": lambda step: said.append(step.forecast)}
    within = compare_toys(models, tmp_path / "within", n_jobs=2, budget=600, **told)
    plain = compare_toys(models, tmp_path / "plain", budget=None)
    assert [text for text in said if text] == [said[0]]
    assert said[0].startswith("forecast: 4 candidates in 2 folds, about ")
    assert said[0].endswith("; the budget is 10 min")
    raced = within.frame()[within.frame()["axis"] == "race"]
    assert len(raced)
    pd.testing.assert_frame_equal(rows_of_tests(within), rows_of_tests(plain), check_exact=True)
    assert within.answer().frame().set_index("entry").loc["toy", "status"] == "enough"


def test_what_does_not_fit_is_not_tried_and_that_is_said(tmp_path):
    # too few sequences for a race, so that nothing corrects what they say of themselves
    x, y = flags(60)
    models = [toy(0.9, name="quick"), toy(0.5, 0.9, cost=dear, name="slow")]
    where = {"cv": 2, "out": tmp_path / "run", "n_jobs": 1}
    found = seqcompare.compare((list(x), y), models, budget=60, **where)
    judged = found.answer().judgement
    assert (judged.status["slow"], judged.reasons["slow"]) == ("not tried", "over the budget")
    assert judged.status["quick"] == "enough"
    said = "of 3 candidates 1 was tried; 2 were over the budget and not tried"
    assert said in str(found.answer())
    left = found.tables()["left_out"]
    assert left["model"].tolist() == ["slow 0.5", "slow 0.9"]
    # a budget is no setting: without one the same run goes on, and what was done counts
    before = found.frame()
    more = seqcompare.compare((list(x), y), models, budget=None, **where)
    assert more.answer().judgement.status["slow"] != "not tried"
    assert "budget" not in str(more.verdict())
    kept = more.frame().set_index("trial_id").loc[before["trial_id"], "trial_seconds"]
    assert kept.tolist() == before["trial_seconds"].tolist()


def test_a_model_that_is_not_tested_in_every_fold_is_left_out_whole(tmp_path, monkeypatch):
    def limit(self, reserve=0.0, *, trusting=True):
        return Limit(time.monotonic() + 1000, lambda t: (t.entry, t.seed) != ("late", 1))

    monkeypatch.setattr(Spending, "limit", limit)
    models = [toy(0.9, name="quick"), toy(0.95, name="late")]
    with monkeypatch.context() as patched:
        patched.setattr(Spending, "kept", 0.0)
        found = compare_toys(models, tmp_path / "run", budget="1h")
    judged = found.answer().judgement
    assert judged.status == {"chance": "inferior", "quick": "enough", "late": "not tried"}
    assert judged.reasons["late"] == "over the budget"
    assert set(found.frame()["entry"]) == {"chance", "quick"}
    # who lacks no more than half of what is kept for the report is tested to the end
    whole = compare_toys(models, tmp_path / "whole", budget="1h")
    assert "late" in set(whole.frame()["entry"])
    assert whole.answer().judgement.status["late"] != "not tried"


def never_fits(monkeypatch):
    """Let no whole comparison fit, so that all is raced."""
    monkeypatch.setattr(Spending, "affords", lambda *_, **__: False)
    monkeypatch.setattr(racing, "_may_be_tested", lambda *_: True)


def test_the_best_drops_nobody_if_there_is_no_time_for_its_tests(tmp_path, monkeypatch):
    never_fits(monkeypatch)
    monkeypatch.setattr(racing, "_may_be_tested", lambda planned, work, c, x: x.label != "toy 0.9")
    found = compare_toys([toy(0.0, 0.8, 0.9)], tmp_path / "run", budget="1h")
    left = found.tables()["left_out"].set_index("model")["reason"].to_dict()
    assert left == {"toy 0.9": "over the budget", "toy 0.0": "told apart"}
    assert found.verdict().model == "toy 0.8"


def test_what_was_dropped_comes_back_if_there_is_no_time_for_who_was_better(tmp_path, monkeypatch):
    never_fits(monkeypatch)
    has = racing._Purse.has
    monkeypatch.setattr(racing._Purse, "has", lambda *a: a[-1].label != "toy 0.9" and has(*a))
    found = compare_toys([toy(0.0, 0.7, 0.9)], tmp_path / "run", budget="1h")
    left = found.tables()["left_out"].set_index("model")["reason"].to_dict()
    assert left == {"toy 0.9": "over the budget", "toy 0.0": "told apart"}
    assert found.verdict().model == "toy 0.7"
    assert found.grids().set_index("model")["chosen"].to_dict() == {"toy 0.7": True}
    # what may be better was not tested, and that is said
    assert "1 was over the budget and not tried: toy 0.9" in str(found.verdict())


def test_where_tuning_does_not_fit_the_largest_race_decides(tmp_path, monkeypatch):
    never_fits(monkeypatch)
    monkeypatch.setattr(racing, "_tunable", lambda purse, c: [purse.quickest(c)])
    models = [toy(0.6, 0.8, 0.9)]
    found = compare_toys(models, tmp_path / "run", budget="1h")
    counts = found.frame().groupby(["entry", "axis"]).size()
    assert counts["toy"].to_dict() == {"context": 2, "race": 6, "test": 2}
    assert "candidates of toy were chosen by one in 4 of the items to learn from" in str(found.verdict())
    assert found.grids().set_index("model")["chosen"].to_dict() == {
        "toy 0.6": False,
        "toy 0.8": False,
        "toy 0.9": True,
    }
    assert found.verdict().model == "toy 0.9"
    monkeypatch.undo()
    plain = compare_toys(models, tmp_path / "plain")
    pd.testing.assert_frame_equal(rows_of_tests(found), rows_of_tests(plain), check_exact=True)


def test_a_race_that_is_cut_short_compares_where_all_were_raced(tmp_path, monkeypatch):
    def limit(self, reserve=0.0, *, trusting=True):
        # in the second fold the race ends before its last trial
        late = {("race", "toy 0.9", 1)}
        return Limit(time.monotonic() + 1000, lambda t: (t.phase, t.candidate.label, t.seed) not in late)

    monkeypatch.setattr(Spending, "limit", limit)
    never_fits(monkeypatch)
    found = compare_toys([toy(0.0, 0.1, 0.9)], tmp_path / "run", budget="1h")
    left = found.tables()["left_out"].set_index("model")
    assert left["reason"].to_dict() == {"toy 0.0": "told apart", "toy 0.1": "told apart"}
    # what is left needs no choice, and the race that was cut short is none
    assert set(found.frame()["axis"]) == {"test", "context"}
    assert found.verdict().model == "toy 0.9"


def test_the_tests_of_a_model_belong_together_whoever_its_folds_chose():
    planned = planned_with([toy(0.1, 0.9, name="quick"), toy(0.5, name="slow", cost=dear)])
    quick, slow = (next(c for c in planned.contestants if c.name == name) for name in ("quick", "slow"))
    tests = [
        Trial(0, planned.source, c.candidates[fold % len(c.candidates)], fold, TEST, c.name, c.seed_key)
        for fold in range(2)
        for c in (slow, quick)
    ]
    work = Work(None, Spending(planned.source, seconds=10), Counter(0, 0, None), {"n_jobs": 1})
    ordered = [(t.entry, t.candidate.label) for t in rounds._in_order(tests, work, tests=True)]
    assert ordered == [("quick", "quick 0.1"), ("quick", "quick 0.9"), *[("slow", "slow 0.5")] * 2]


def test_of_a_race_that_was_cut_short_the_best_of_those_raced_is_tested(tmp_path, monkeypatch):
    def limit(self, reserve=0.0, *, trusting=True):
        return Limit(time.monotonic() + 1000, lambda t: (t.phase, t.seed) != ("race", 1))

    monkeypatch.setattr(Spending, "limit", limit)
    never_fits(monkeypatch)
    monkeypatch.setattr(racing, "told_apart", lambda *a: set())
    monkeypatch.setattr(racing._Purse, "has", lambda self, seconds, c, x: seconds <= 0)
    monkeypatch.setattr(racing._Purse, "tests", lambda self, c, x: 0.0)
    # the first is taken where nothing tells who is quick
    found = compare_toys([toy(0.0, 0.9, 0.2)], tmp_path / "run", budget="1h")
    assert set(found.frame()["model"]) == {"chance", "toy 0.9"}


def test_of_a_race_that_was_cut_short_the_quickest_comes_back(tmp_path, monkeypatch):
    def limit(self, reserve=0.0, *, trusting=True):
        late = {("race", "toy 0.9", 1)}
        return Limit(time.monotonic() + 1000, lambda t: (t.phase, t.candidate.label, t.seed) not in late)

    monkeypatch.setattr(Spending, "limit", limit)
    never_fits(monkeypatch)
    has, tests = racing._Purse.has, racing._Purse.tests
    monkeypatch.setattr(racing._Purse, "has", lambda *a: a[-1].label != "toy 0.9" and has(*a))
    monkeypatch.setattr(racing._Purse, "tests", lambda self, c, x: tests(self, c, x) * (x.label != "toy 0.1"))
    found = compare_toys([toy(0.0, 0.1, 0.9)], tmp_path / "run", budget="1h")
    assert set(found.frame()["model"]) == {"chance", "toy 0.1"}


@pytest.mark.parametrize("raced", [True, False])
def test_who_is_not_tuned_in_time_is_tested_by_one_candidate(raced, tmp_path, monkeypatch):
    def limit(self, reserve=0.0, *, trusting=True):
        return Limit(time.monotonic() + 1000, lambda t: t.phase != "tuning" or t.entry != "late")

    monkeypatch.setattr(Spending, "limit", limit)
    if raced:
        never_fits(monkeypatch)
        monkeypatch.setattr(racing, "_tunable", lambda purse, c: list(c.candidates))
        # what a race tells apart it drops: these two it does not
        monkeypatch.setattr(racing, "told_apart", lambda *_: set())
    models = [toy(0.6, 0.7, name="quick"), toy(0.8, 0.9, name="late")]
    found = compare_toys(models, tmp_path / "run", budget="1h")
    tested = found.frame()
    tested = tested[(tested["entry"] == "late") & (tested["axis"] == "test")]
    # the best of its race, or the first of two that are as quick
    assert set(tested["model"]) == {"late 0.9" if raced else "late 0.8"}
    assert found.answer().judgement.status["late"] == "enough"
    left = found.tables()["left_out"].set_index("model")["reason"].to_dict()
    assert left == {"late 0.8" if raced else "late 0.9": "over the budget"}


def test_what_is_over_the_memory_is_not_tried(tmp_path):
    models = [toy(0.5, 0.9, memory=lambda problem, settings: 1e12 * settings["quality"])]
    found = compare_toys(models, tmp_path / "run", memory="600G")
    assert found.frame()["model"].str.contains("0.9").sum() == 0
    said = "Over the memory of 644 GB, and not tried: toy 0.9 of toy."
    assert said in str(found.verdict())
    untried = found.result.untried["toy"]
    assert untried.reason == "1 of its 2 candidates were over the memory"
    nothing = compare_toys(models, tmp_path / "none", memory="1G")
    assert nothing.verdict().kind == "nothing"
    assert "toy (over the memory)" in str(nothing.verdict())


def test_where_nothing_was_tried_in_time_the_quickest_candidate_stays(tmp_path):
    planned = planned_with([toy(0.1, 0.9, name="slow", cost=dear), toy(0.2, 0.8, name="quick")])
    with Store(tmp_path / STORE) as store:
        work = Work(store, Spending(planned.source, seconds=1), Counter(0, 0, None), {"n_jobs": 1})
        left = rounds._without_the_late(planned, work, list(tuning_trials(planned)), OVER_TIME)
    stay = {c.name: [x.label for x in c.candidates] for c in left.contestants if c.name != "chance"}
    assert stay == {"quick": ["quick 0.2"]}
    assert {x.model for x in work.left_out} == {"slow 0.1", "slow 0.9", "quick 0.8"}


@pytest.mark.parametrize(("budget", "left_out"), [(8, 6), (19, 0.5), (100, 0)])
def test_what_is_compiled_takes_half_of_a_budget_at_most(budget, left_out, monkeypatch):
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(clock)))
    spending = Spending(planned_with([toy(0.5)]).source, seconds=budget)
    begun = spending.started
    with spending.paused():
        pass
    assert spending.started == begun + left_out
    # of half of a budget that is gone nothing is left for what is compiled later
    with spending.paused():
        pass
    assert spending.beyond == max(20 - budget / 2, 0)
    assert spending.started == begun + spending.beyond


def test_an_answer_says_how_long_was_compiled_beyond_the_budget(tmp_path, monkeypatch):
    monkeypatch.setattr(rounds, "_warm_up", lambda *_: time.sleep(1.3))
    found = compare_toys([toy(0.9)], tmp_path / "run", budget=0.5)
    said = "500 ms, and .* were spent beside 1.* s in which models were loaded and compiled, the latter once"
    assert re.search(said, str(found.verdict()))


def test_where_nothing_is_said_a_comparison_has_eight_minutes(tmp_path):
    found = compare_toys([toy(0.9)], tmp_path / "run")
    assert "The budget was 8 min, enough for the one candidate" in str(found.verdict())


def test_a_trial_that_ends_before_new_workers_would_have_started_is_waited_for():
    spending = Spending(planned_with([toy(0.5)]).source, seconds=100)
    assert spending.limit(reserve=30).patience == 0
    spending.starting = 4.0
    assert spending.limit(reserve=30).patience == 4
    # but never beyond the budget
    assert spending.limit(reserve=1).patience == pytest.approx(1)
    assert spending.limit().patience == 0


def test_what_a_start_costs_is_known_of_workers_that_were_started_beside_something_else(monkeypatch):
    source = planned_with([toy(0.5)]).source
    work = Work(None, Spending(source, seconds=10), Counter(0, 0, None), {"n_jobs": 2})
    monkeypatch.setattr(workers, "start", lambda n_jobs: None)
    monkeypatch.setattr(workers, "seconds_to_start", lambda: 3.0)
    work.start_workers()
    assert work.spending.starting == 3.0


def test_workers_that_were_ended_are_not_started_for_nothing(tmp_path, monkeypatch):
    planned = planned_with([toy(0.1, 0.9)])

    def start(n_jobs):
        raise AssertionError("there is nothing for them to do")

    monkeypatch.setattr(workers, "start", start)
    spending = Spending(planned.source, seconds=10, started=time.monotonic() - 20)
    with Store(tmp_path / STORE, answers=True) as store:
        work = Work(store, spending, Counter(0, 0, None), {"n_jobs": 2})
        assert not work.run(list(tuning_trials(planned)))


def test_the_smallest_budget_leaves_the_quickest_model(tmp_path):
    x, y = flags(60)
    models = [toy(0.9, cost=dear, name="slow"), toy(0.9, name="quick")]
    found = seqcompare.compare((list(x), y), models, cv=2, out=tmp_path / "run", n_jobs=1, budget=1e-3)
    judged = found.answer().judgement
    assert (judged.status["slow"], judged.reasons["slow"]) == ("not tried", "over the budget")
    assert judged.winner == "quick"


def test_what_was_tested_in_an_earlier_run_takes_no_time(tmp_path):
    """A second run of one command once left a family out that the first had tested in every fold."""
    planned = planned_with([toy(0.9, cost=dear)])
    (toys,) = [c for c in planned.contestants if c.name == "toy"]
    with Store(tmp_path / STORE, answers=True) as store:
        before, work = (
            Work(store, Spending(planned.source, seconds=seconds), Counter(0, 0, None), {"n_jobs": 1})
            for seconds in (None, 60)
        )
        tests = racing._tests(planned, toys, toys.candidates[0], work)
        assert len(tests) == len(planned.source.plan.splits)
        assert not racing._may_be_tested(planned, work, toys, toys.candidates[0])
        before.run(tests)
        before.keep()
        assert racing._tests(planned, toys, toys.candidates[0], work) == []
