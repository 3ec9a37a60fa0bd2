"""One trial, one row: what is in it, and what becomes of what goes wrong."""

import dataclasses
import json
import math
import pickle
import sys
from types import SimpleNamespace

import numba
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sweep_toys import Faulty, Lag, Parrot, light_suite
from threadpoolctl import threadpool_info

import seqcompare
from seqcompare import WindowTagger
from seqcompare.datasets import read
from seqcompare.experiments import trial as trial_module
from seqcompare.experiments import warming
from seqcompare.experiments.compare import plan_comparison
from seqcompare.experiments.failing import blame
from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.suites import load_suite
from seqcompare.experiments.sweep import _warm_up
from seqcompare.experiments.threads import one_thread
from seqcompare.experiments.trial import (
    SWEEP,
    Trial,
    blank_row,
    given_up,
    run_trial,
)
from seqcompare.experiments.warming import warm_up
from seqcompare.families import ModelSpec
from seqcompare.results.store import COLUMNS


def first_trial(**changes):
    return plan_trials(load_suite(light_suite(**changes)))[0]


def of_model(model, **changes):
    """Return the first trial with a model of the user's in place of its own."""
    trial = first_trial(**changes)
    spec = ModelSpec.of(model, name="mine")
    return dataclasses.replace(trial, candidate=dataclasses.replace(trial.candidate, spec=spec, params={}))


def test_a_row_has_every_column_and_nothing_else():
    trial = first_trial()
    outcome = run_trial(trial)
    assert set(outcome.row) == set(COLUMNS)
    row = outcome.row
    assert (row["status"], row["error"], row["stop"]) == ("ok", "", "")
    assert (row["distance"], row["distance_asked"], row["memory_bits"]) == (2, 2, 2.0)
    assert (row["score"], row["validation_score"], row["skill"], row["score_error"]) == (1, 1, 1, 0)
    assert (row["n_train"], row["n_test"], row["length"], row["length_asked"]) == (20, 20, 30.0, 0)
    assert json.loads(row["task_params"]) == {"distance": 2, "n_symbols": 2}
    assert row["n_parameters"] == 4
    assert row["n_iter"] == 2
    assert [epoch for epoch, _, _ in outcome.curve] == [1, 2]
    assert 0 < row["fit_seconds"] < row["trial_seconds"]


def test_a_fitted_model_is_used_as_it_is():
    data = Parrot(distance=2).sample(20, None, 0)
    fitted = Lag(lag=2).fit(data.X, data.y, data.sample_weight)
    fitted.table_ = 1 - fitted.table_  # always wrong, which fitting again would mend
    row = run_trial(of_model(fitted)).row
    assert row["skill"] == -1.0
    assert row["fit_seconds"] == 0.0


def test_the_users_own_estimator_is_cloned():
    mine = Lag(lag=2)
    run_trial(of_model(mine))
    assert not hasattr(mine, "table_")


def test_a_wrapped_model_that_looks_ahead_is_not_called_causal():
    for model in (make_pipeline(WindowTagger(after=1)), GridSearchCV(WindowTagger(), {"after": [1]}, cv=2)):
        row = run_trial(of_model(model)).row
        assert row["error"] == ""
        assert row["causal"] is False


def test_a_model_without_parameters_is_copied():
    class Bare:
        def fit(self, X, y):
            self.labels = np.unique(y.values)
            return self

        def predict_proba(self, X):
            return X.pack(np.full((X.n_steps, 2), 0.5))

        @property
        def classes_(self):
            return self.labels

    mine = Bare()
    row = run_trial(of_model(mine)).row
    assert row["error"] == ""
    assert abs(row["skill"]) < 0.2
    assert not hasattr(mine, "labels")


def test_one_thread_inside_and_as_before_outside():
    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    before = numba.get_num_threads(), [pool["num_threads"] for pool in threadpool_info()]
    with one_thread():
        assert numba.get_num_threads() == 1
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    assert (numba.get_num_threads(), [pool["num_threads"] for pool in threadpool_info()]) == before


def test_a_row_that_was_not_run_has_its_coordinates_and_nothing_else():
    trial = first_trial()
    row = blank_row(trial)
    assert set(row) == set(COLUMNS)
    ran = run_trial(trial).row
    same = (
        "trial_id",
        "axis",
        "task",
        "model",
        "family",
        "variant",
        "capacity_name",
        "seed",
        "distance",
        "chance",
    )
    assert {name: row[name] for name in same} == {name: ran[name] for name in same}
    measured = ("score", "validation_score", "skill", "fit_seconds", "trial_seconds", "n_parameters")
    assert all(math.isnan(row[name]) for name in measured)
    assert trial.phase == SWEEP


def test_a_trial_that_was_given_up_is_a_row_with_an_error():
    trial = first_trial()
    outcome = given_up(trial, "each of 4 attempts")
    assert outcome.position == trial.position
    assert outcome.row["status"] == "error"
    assert outcome.row["error"].startswith("the worker process died in each of 4 attempts: out of memory")
    assert outcome.row["trial_id"] == trial.trial_id
    assert (outcome.curve, outcome.insights) == ((), ())


def test_an_error_says_where_it_was_raised():
    try:
        Faulty().fit(None, None)
    except RuntimeError as error:
        said = blame(error)
    assert said.startswith("RuntimeError: the wheels came off (sweep_toys.py, line ")


class SpeechlessError(Exception):
    def __str__(self):
        raise ValueError("no words")


def test_an_error_that_cannot_say_what_it_is_is_named():
    with pytest.raises(SpeechlessError) as raised:
        raise SpeechlessError
    words = "SpeechlessError, which fails with ValueError where it should say more (test_trial.py, line "
    assert blame(raised.value).startswith(words)


class Leaving(Lag):
    def fit(self, X, y, sample_weight=None):
        sys.exit("I am leaving")


def test_a_model_that_exits_costs_its_own_trial():
    row = run_trial(of_model(Leaving())).row
    assert row["error"].startswith("SystemExit: I am leaving (test_trial.py, line ")


class Counting(Lag):
    """Counts how often models of this class were fitted in this process."""

    fits = 0

    def fit(self, X, y, sample_weight=None):
        type(self).fits += 1
        return super().fit(X, y, sample_weight)


@pytest.fixture
def cold(monkeypatch):
    monkeypatch.setattr(warming, "_warm", set())
    monkeypatch.setattr(warming, "_shared", set())
    monkeypatch.setattr(Counting, "fits", 0)


@pytest.mark.usefixtures("cold")
def test_a_kind_is_warmed_up_once_in_a_process_even_if_it_has_travelled():
    trial = of_model(Counting(lag=2))
    train, _ = trial.source.parts(trial)
    for _ in range(3):
        # as a worker gets it
        candidate = pickle.loads(pickle.dumps(trial.candidate))
        warm_up(candidate, trial.source.problem(), train)
    assert Counting.fits == 2  # to few sequences, and to more
    run_trial(trial)
    assert Counting.fits == 3


@pytest.mark.usefixtures("cold")
def test_what_goes_wrong_in_warming_up_goes_wrong_in_the_trial():
    trial = of_model(Faulty())
    train, _ = trial.source.parts(trial)
    warm_up(trial.candidate, trial.source.problem(), train)
    assert run_trial(trial).row["error"].startswith("RuntimeError: the wheels came off")


@pytest.mark.usefixtures("cold")
def test_a_kind_is_warmed_up_as_it_is_built_for_a_trial(monkeypatch):
    x = np.arange(120.0).reshape(20, 6, 1) % 7
    x[:, 2] = np.nan
    data = read((list(x), np.arange(20) % 2))
    planned = plan_comparison(data, "window")
    (contestant,) = (c for c in planned.contestants if c.name == "window")
    answered = []

    def asker(train):
        ask = ask_after(train)
        return lambda *given: answered.append(ask(*given))

    ask_after = warming.asker
    monkeypatch.setattr(warming, "asker", asker)
    warm_up(contestant.candidates[0], planned.source.problem(), data)
    assert len(answered) == 1


@pytest.mark.usefixtures("cold")
def test_models_of_numbers_are_warmed_up_to_the_densities_and_forecasts_of_a_test(monkeypatch):
    data = read([np.arange(12.0) % 5 for _ in range(20)])
    planned = plan_comparison(data, "markov")
    candidate = next(c for c in planned.contestants if c.name == "Markov chain").candidates[0]
    asked = []
    for name in ("score_steps", "forecast"):
        method = getattr(seqcompare.Autoregression, name)

        def told(self, *given, _name=name, _method=method, **options):
            asked.append(_name)
            return _method(self, *given, **options)

        monkeypatch.setattr(seqcompare.Autoregression, name, told)
    warm_up(candidate, planned.source.problem(), data)
    assert set(asked) == {"score_steps", "forecast"}


@pytest.mark.usefixtures("cold")
def test_small_candidates_are_warmed_up_beside_the_large_ones():
    data = read((["abab"] * 10 + ["baab"] * 10, np.arange(20) % 2))
    planned = plan_comparison(data, "markov")
    (contestant,) = (c for c in planned.contestants if c.name == "Markov chain")
    chains = [x for x in contestant.candidates if x.variant == contestant.candidates[0].variant]
    for candidate in chains:
        warm_up(candidate, planned.source.problem(), data)
    sizes = {min(x.capacity, 2) for x in chains}
    assert len(sizes) > 1
    assert {key[-1] for key in warming._warm} == sizes


@pytest.mark.usefixtures("cold")
def test_warming_up_is_no_part_of_what_a_trial_takes(monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(trial_module, "time", SimpleNamespace(perf_counter=lambda: clock.now))

    def warm(*_):
        clock.now += 100.0

    monkeypatch.setattr(trial_module, "warm_up", warm)
    row = run_trial(of_model(Counting(lag=2))).row
    assert (row["status"], row["trial_seconds"]) == ("ok", 0.0)


@pytest.mark.usefixtures("cold")
def test_a_kind_may_warm_up_in_its_own_way():
    trial = of_model(Counting(lag=2))
    told = []
    spec = dataclasses.replace(trial.candidate.spec, warm_up=told.append)
    row = run_trial(dataclasses.replace(trial, candidate=dataclasses.replace(trial.candidate, spec=spec))).row
    assert (row["status"], told, Counting.fits) == ("ok", [trial.source.problem()], 1)


@pytest.mark.usefixtures("cold")
def test_a_sweep_warms_up_what_comes_with_the_package_and_leaves_the_users_to_workers(tmp_path):
    # a model that kills its process would take the sweep down with it, before any worker has seen it
    models = [
        {"variant": "markov", "sizes": [1]},
        {"class": "sweep_toys:Poison", "name": "poison", "family": "markov"},
    ]
    suite = light_suite(models=models, distances=[2], seeds=1)
    run = seqcompare.sweep(suite, tmp_path / "run", only="Markov order 1", n_jobs=2)
    assert run.frame()["model"].tolist() == ["Markov order 1"]
    assert {key[0] for key in warming._shared} == {"markov"}
    warming._shared.clear()
    _warm_up(plan_trials(load_suite(suite)), 1)
    assert {key[0] for key in warming._warm} == {"markov"}


def test_trials_have_names_of_their_own():
    trials = plan_trials(load_suite(light_suite()))
    assert len({t.trial_id for t in trials}) == len(trials) == 12
    assert isinstance(trials[0], Trial)
    assert trials[0].trial_id == "distance/Parrot(distance=2, n_symbols=2)/lag 2/seed=0"
