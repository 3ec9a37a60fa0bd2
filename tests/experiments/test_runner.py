"""Trials that fail, poison their worker, or run in another order: the same rows."""

import sys
import threading
import time

import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sweep_toys import light_suite

import seqcompare
from seqcompare.experiments.limit import Limit
from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.runner import INFLIGHT, run_trials
from seqcompare.experiments.suites import load_suite
from seqcompare.experiments.trial import run_trial
from seqcompare.results.store import COST_COLUMNS, STORE, Store


class Stubborn(BaseEstimator):
    """Holds what cannot be pickled, or cannot be restored."""

    def __init__(self, lock=None):
        self.lock = lock

    def __sklearn_clone__(self):
        return self  # a lock cannot be copied either

    def __getstate__(self):
        return {"lock": self.lock}

    def __setstate__(self, state):
        raise RuntimeError("no way back")

    def fit(self, X, y):
        return self


def trials_of(**changes):
    return plan_trials(load_suite(light_suite(**changes)))


def run_all(trials, folder, **options):
    folder.mkdir(exist_ok=True)
    with Store(folder / STORE) as store:
        for _ in run_trials(trials, store, **options):
            pass
        return store.frame(), store.curves()


def without_cost(frame):
    return frame.drop(columns=list(COST_COLUMNS))


def test_rows_do_not_depend_on_workers_or_order(tmp_path):
    trials = trials_of()
    frame, curves = run_all(trials, tmp_path / "one", n_jobs=1)
    for name, order, n_jobs in (("two", trials, 2), ("reversed", trials[::-1], 1)):
        other, other_curves = run_all(order, tmp_path / name, n_jobs=n_jobs)
        pd.testing.assert_frame_equal(without_cost(other), without_cost(frame), check_exact=True)
        pd.testing.assert_frame_equal(other_curves, curves, check_exact=True)


def test_models_are_trained_on_the_same_data_but_seeds_are_not(tmp_path):
    models = [{"class": "sweep_toys:Lag", "name": name, "params": {"lag": 2}} for name in ("a", "b")]
    frame, curves = run_all(trials_of(models=models, distances=[2]), tmp_path, n_jobs=1)
    scores = frame.pivot_table(index="seed", columns="model", values="validation_score")
    assert (scores["a"] == scores["b"]).all()
    starts = (
        curves[curves["epoch"] == 1].merge(frame[["trial_id", "model", "seed"]]).set_index(["seed", "model"])
    )
    # the seed of a model depends on all coordinates: the random part of its table differs
    assert starts["train_loss"].nunique() == 6


def test_a_model_that_cannot_be_sent_to_a_worker_is_one_clear_error(tmp_path):
    for name, model, words in (
        ("locked", Stubborn(lock=threading.Lock()), "cannot pickle '_thread.lock' object"),
        ("one-way", Stubborn(), "no way back"),
    ):
        trials = trials_of(models=[{"estimator": model, "name": name}], distances=[2], seeds=1)
        with pytest.raises(ValueError, match=f"{words}.*n_jobs=1 trials run in this process"):
            run_all(trials, tmp_path / name, n_jobs=2)


def test_a_trial_that_fails_is_a_row_with_its_error(tmp_path):
    models = [
        {"class": "sweep_toys:Faulty", "name": "faulty"},
        {"class": "sweep_toys:Talkative", "name": "talk"},
    ]
    frame, _ = run_all(trials_of(models=models, distances=[2], seeds=1), tmp_path, n_jobs=1)
    faulty, talk = frame.iloc[0], frame.iloc[1]
    assert faulty["status"] == "error"
    assert faulty["error"].startswith("RuntimeError: the wheels came off (sweep_toys.py, line ")
    assert pd.isna(faulty["score"])
    assert talk["status"] == "ok"
    assert talk["warnings"] == "UserWarning: mind the gap"
    assert talk["skill"] == 1.0


def test_a_trial_that_kills_its_worker_becomes_an_error_and_the_others_finish(tmp_path):
    models = [
        {"class": "sweep_toys:Poison", "name": "poison"},
        {"class": "sweep_toys:Lag", "name": "lag"},
    ]
    frame, _ = run_all(trials_of(models=models, distances=[2], seeds=1), tmp_path, n_jobs=2)
    poisoned = frame[frame["model"] == "poison"]
    assert poisoned["error"].str.startswith("the worker process died in each of 4 attempts").all()
    assert (frame[frame["model"] == "lag"]["skill"] == 1.0).all()
    assert not (tmp_path / INFLIGHT).exists()


def test_finished_trials_are_not_run_again(tmp_path):
    trials = trials_of()
    run_all(trials[:4], tmp_path, n_jobs=1)

    def refuse(trial):
        assert trial.position >= 4
        return run_trial(trial)

    frame, _ = run_all(trials, tmp_path, n_jobs=1, run=refuse)
    assert len(frame) == len(trials)


def test_stopping_early_leaves_what_is_finished(tmp_path):
    trials = trials_of()
    with Store(tmp_path / STORE) as store:
        outcomes = run_trials(trials, store, n_jobs=2)
        first = next(outcomes)
        outcomes.close()
        assert first.row["trial_id"] in store.done()
        assert store.deaths() == {}
    frame, _ = run_all(trials, tmp_path, n_jobs=1)
    assert len(frame) == len(trials)


def test_what_may_not_start_stays_undone(tmp_path):
    trials = trials_of()
    limit = Limit(time.monotonic() + 1000, lambda trial: trial.seed == 0)
    for n_jobs in (1, 2):
        frame, _ = run_all(trials, tmp_path / str(n_jobs), n_jobs=n_jobs, limit=limit)
        assert frame["trial_id"].tolist() == [t.trial_id for t in trials if t.seed == 0]


def test_a_deadline_kills_what_is_still_running(tmp_path):
    models = [{"class": "sweep_toys:Lag", "name": "a", "params": {"lag": 2, "pause": 300.0}}]
    trials = trials_of(models=models, distances=[2])
    began = time.monotonic()
    frame, _ = run_all(trials, tmp_path, n_jobs=2, limit=Limit(began + 3))
    assert frame.empty
    assert time.monotonic() - began < 60
    with Store(tmp_path / STORE) as store:
        assert store.deaths() == {}
    # a deadline that has passed starts nothing
    frame, _ = run_all(trials, tmp_path, n_jobs=1, limit=Limit(began))
    assert frame.empty


def test_marks_of_a_killed_process_count_as_deaths(tmp_path):
    trials = trials_of()
    mark = tmp_path / INFLIGHT / "1" / str(trials[0].position)
    mark.parent.mkdir(parents=True)
    mark.touch()
    with Store(tmp_path / STORE) as store:
        outcomes = list(run_trials(trials, store, n_jobs=1))
        assert store.deaths() == {trials[0].trial_id: 1}
    # suspects come last, so that a poisoned trial cannot hold up the others
    assert outcomes[-1].position == trials[0].position


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"backend": "ray"}, "backend must be 'loky' or 'dask', got 'ray'"),
        ({"scheduler": "tcp://host:8786"}, "a scheduler .tcp://host:8786. is for backend='dask'"),
    ],
)
def test_what_is_no_place_for_workers_is_refused(tmp_path, options, words):
    with pytest.raises(ValueError, match=words):
        seqcompare.sweep(light_suite(), tmp_path / "run", **options)
    with pytest.raises(ValueError, match=words):
        seqcompare.compare(["abab"] * 9, "markov", out=tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_without_the_extra_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install 'seqcompare\[dask\]'"):
        seqcompare.sweep(light_suite(), tmp_path / "run", backend="dask")
