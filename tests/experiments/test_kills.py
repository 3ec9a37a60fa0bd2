"""A sweep that is killed at any moment loses no finished trial and ends in the same tables."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd
import pytest
from sweep_toys import light_suite

import seqcompare
from seqcompare.results.store import COST_COLUMNS, STORE, Store

KILLS, WORKERS_KILLED = 6, 3
SUITE = {
    "seeds": 8,
    "distances": [2, 4, 6],
    "models": [
        {"class": "sweep_toys:Lag", "name": f"lag {lag}", "params": {"lag": lag, "pause": 0.03}}
        for lag in (2, 4, 6)
    ],
}


@contextmanager
def zygote():
    """A process that forks sweeps; ended with its children at exit."""
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("zygote.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdin.close()
        process.stdout.close()


def start(process, folder, n_jobs):
    order = {"folder": str(folder), "n_jobs": n_jobs, "suite": SUITE}
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def finished(folder):
    """Return the finished trials, and how long each took: what tells a row from its repetition."""
    if not (folder / STORE).exists():
        return {}
    with Store(folder / STORE) as store:
        frame = store.frame()
    return dict(zip(frame["trial_id"], frame["trial_seconds"], strict=True))


def wait_for(condition, seconds=60.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return seqcompare.sweep(light_suite(**SUITE), tmp_path_factory.mktemp("undisturbed") / "run", n_jobs=1)


def assert_same_tables(folder, undisturbed):
    run = seqcompare.Run(folder)
    drop = list(COST_COLUMNS)
    pd.testing.assert_frame_equal(
        run.frame().drop(columns=drop), undisturbed.frame().drop(columns=drop), check_exact=True
    )
    pd.testing.assert_frame_equal(run.curves(), undisturbed.curves(), check_exact=True)
    found, expected = run.tables(), undisturbed.tables()
    for name in ("summary", "horizons", "comparisons"):
        pd.testing.assert_frame_equal(found[name], expected[name], check_exact=True)


def test_killing_the_main_process_loses_nothing(tmp_path, undisturbed):
    folder, chance = tmp_path / "run", random.Random(0)
    seen, interrupted = {}, 0
    with zygote() as process:
        for kill in range(KILLS):
            before = len(seen)
            main = start(process, folder, n_jobs=2 if kill == 0 else 1)
            wait_for(lambda: len(finished(folder)) > before)  # noqa: B023 - called at once
            time.sleep(chance.uniform(0, 0.08))
            os.kill(main, signal.SIGKILL)
            assert int(process.stdout.readline()) == signal.SIGKILL
            now = finished(folder)
            assert {key: now[key] for key in seen} == seen
            interrupted += len(now) > before
            seen = now
        assert interrupted == KILLS
        assert len(seen) < len(undisturbed.frame())
        start(process, folder, n_jobs=1)
        assert int(process.stdout.readline()) == 0
    now = finished(folder)
    assert {key: now[key] for key in seen} == seen
    assert_same_tables(folder, undisturbed)


def workers_in(folder):
    """Return the processes that have a trial in flight: a mark says which."""
    marks = []
    for mark in folder.glob("inflight/*/*"):
        with suppress(FileNotFoundError):
            marks.append(mark.read_text())
    return sorted({int(mark) for mark in marks if mark})


def test_killing_workers_loses_nothing(tmp_path, undisturbed):
    folder, chance = tmp_path / "run", random.Random(1)
    with zygote() as process:
        start(process, folder, n_jobs=2)
        seen = {}
        for _ in range(WORKERS_KILLED):
            before = len(seen)
            wait_for(lambda: len(finished(folder)) > before)  # noqa: B023 - called at once
            time.sleep(chance.uniform(0, 0.08))
            wait_for(lambda: workers_in(folder))
            with suppress(ProcessLookupError):
                os.kill(chance.choice(workers_in(folder)), signal.SIGKILL)
            now = finished(folder)
            assert {key: now[key] for key in seen} == seen
            seen = now
        assert len(seen) < len(undisturbed.frame())
        assert int(process.stdout.readline()) == 0
    now = finished(folder)
    assert {key: now[key] for key in seen} == seen
    assert_same_tables(folder, undisturbed)


def is_alive(process):
    """Whether a process runs: one that has ended may wait for its parent to hear of it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked at in /proc")
def test_workers_end_soon_after_the_run_that_they_work_for(tmp_path):
    with zygote() as process:
        main = start(process, tmp_path / "run", n_jobs=2)
        wait_for(lambda: len(finished(tmp_path / "run")) > 5 and workers_in(tmp_path / "run"))
        workers = workers_in(tmp_path / "run")
        os.kill(main, signal.SIGKILL)
        wait_for(lambda: not any(map(is_alive, workers)), seconds=10.0)
