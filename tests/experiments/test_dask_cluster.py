"""Running on a Dask cluster: the same tables whatever becomes of its workers, and data that go once."""

import os
import random
import signal
import threading
import time
from contextlib import closing

import pandas as pd
import pytest
from sweep_toys import Lag, Parrot, light_suite
from test_runner import Stubborn, trials_of

import seqcompare
from seqcompare.experiments.dask_cluster import Cluster
from seqcompare.experiments.limit import Limit
from seqcompare.experiments.runner import run_trials
from seqcompare.results.store import COST_COLUMNS, STORE, Store

distributed = pytest.importorskip("distributed")

DATA = Parrot(2).sample(100, 100, random_state=0)
MODELS = {"lag 1": Lag(1), "lag 2": Lag(2)}


@pytest.fixture(scope="module")
def workers():
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as workers:
        # a worker that is killed once is enough to suspect a trial
        workers.scheduler.allowed_failures = 0
        yield workers


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return seqcompare.compare(DATA, MODELS, cv=3, n_jobs=1, out=tmp_path_factory.mktemp("here") / "run")


def there(workers, folder, **options):
    where = {"backend": "dask", "scheduler": workers.scheduler_address}
    return seqcompare.compare(DATA, MODELS, cv=3, out=folder, **where, **options)


def assert_same(found, expected):
    ours, theirs = (run.frame().drop(columns=list(COST_COLUMNS)) for run in (found, expected))
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True)
    assert str(found.verdict()) == str(expected.verdict())


def run_all(trials, folder, cluster, **options):
    folder.mkdir(exist_ok=True)
    with Store(folder / STORE) as store:
        return [o.row for o in run_trials(trials, store, cluster=cluster, **options)]


def test_a_comparison_sends_its_data_once(workers, here, tmp_path, monkeypatch):
    from distributed.comm.tcp import TCP

    sent, write = [], TCP.write

    async def count(self, *args, **options):
        sent.append(await write(self, *args, **options))
        return sent[-1]

    # the scheduler is in this process: to it, and from it to a worker, which hands it on to the other
    monkeypatch.setattr(TCP, "write", count)
    assert_same(there(workers, tmp_path / "run"), here)
    size = sum(part.values.nbytes for part in (DATA.X, DATA.y, DATA.sample_weight))
    assert len(here.frame()) > 8
    assert 2 * size < sum(sent) < 4 * size
    assert not workers.scheduler.tasks


def test_a_killed_worker_costs_a_repetition(workers, here, tmp_path):
    killed = []

    def kill(progress):
        if progress.done in (1, 4, 7):
            killed.append(random.choice([worker.pid for worker in workers.workers.values() if worker.pid]))
            os.kill(killed[-1], signal.SIGKILL)

    assert_same(there(workers, tmp_path / "run", progress=kill), here)
    assert len(set(killed)) > 1


def test_a_trial_that_kills_its_workers_is_a_row_with_its_error(workers, tmp_path):
    models = [{"class": "sweep_toys:Poison"}, {"class": "sweep_toys:Lag", "name": "lag"}]
    suite = light_suite(models=models, distances=[2], seeds=1)
    where = {"backend": "dask", "scheduler": workers.scheduler_address}
    frame = seqcompare.sweep(suite, tmp_path / "run", **where).frame()
    assert frame["status"].tolist() == ["error", "ok"]
    assert frame["error"][0].startswith("the worker process died in every attempt that Dask allows")


def test_a_deadline_gives_workers_back(workers, tmp_path):
    slow = [{"class": "sweep_toys:Lag", "name": "a", "params": {"lag": 2, "pause": 300.0}}]
    with closing(Cluster(workers.scheduler_address, -1)) as cluster:
        cluster.start()
        began = time.monotonic()
        trials = trials_of(models=slow, distances=[2])
        assert run_all(trials, tmp_path / "slow", cluster, limit=Limit(began + 1)) == []
        # all workers had one of them, and run others now
        trials = trials_of()
        limit = Limit(time.monotonic() + 1000, lambda trial: trial.seed == 0)
        rows = run_all(trials, tmp_path / "quick", cluster, limit=limit)
        assert {row["trial_id"] for row in rows} == {t.trial_id for t in trials if t.seed == 0}
    assert time.monotonic() - began < 250


def test_a_model_that_cannot_be_sent_is_one_clear_error(workers, tmp_path):
    for name, model, words in (
        ("locked", Stubborn(lock=threading.Lock()), "cannot pickle '_thread.lock' object"),
        ("one-way", Stubborn(), "no way back"),
    ):
        trials = trials_of(models=[{"estimator": model, "name": name}], distances=[2], seeds=1)
        with (
            closing(Cluster(workers.scheduler_address, -1)) as cluster,
            pytest.raises(ValueError, match=f"{words}.*n_jobs=1 trials run in this process"),
        ):
            run_all(trials, tmp_path / name, cluster)


def test_a_sweep_starts_workers_of_its_own(tmp_path):
    frames = [
        seqcompare.sweep(light_suite(), tmp_path / backend, n_jobs=n_jobs, backend=backend).frame()
        for backend, n_jobs in (("loky", 1), ("dask", 2))
    ]
    here, there = (frame.drop(columns=list(COST_COLUMNS)) for frame in frames)
    pd.testing.assert_frame_equal(there, here, check_exact=True)


def test_workers_of_several_threads_are_refused(tmp_path):
    options = {"processes": False, "n_workers": 1, "threads_per_worker": 2, "dashboard_address": ":0"}
    with (
        distributed.LocalCluster(**options) as workers,
        pytest.raises(
            ValueError, match=r"must have one thread each .dask worker --nthreads 1., but .* has 2"
        ),
    ):
        there(workers, tmp_path / "run")


def test_a_scheduler_that_does_not_answer_is_one_clear_error(tmp_path):
    import dask

    where = {"backend": "dask", "scheduler": "tcp://127.0.0.1:1"}
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "1s"}),
        pytest.raises(OSError, match=r"Timed out trying to connect to tcp://127\.0\.0\.1:1"),
    ):
        seqcompare.compare(DATA, MODELS, out=tmp_path / "run", **where)
