"""What a comparison does whose budget is over before any trial has run."""

import time
from dataclasses import replace

import numpy as np
import pytest

import seqcompare
from seqcompare import command, workers
from seqcompare.results.folder import MODEL
from seqcompare.results.machine import MACHINE_WORDS


def test_a_budget_counts_from_the_beginning_of_a_command():
    with command.typed(["compare", "x.csv"]):
        began = command.began()
        assert began <= time.monotonic()
        time.sleep(0.01)  # clocks are coarse
        assert command.began() == began
    assert command.began() > began


@pytest.fixture
def late(tmp_path, monkeypatch):
    """Return a comparison by a command that has taken its budget to load and to read, and who was started."""
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 4, 50) for _ in range(60)]
    started = []
    monkeypatch.setattr(workers, "begin", started.append)
    with command.typed(["compare", "x.csv"]):
        running = command._TYPED.get()
        command._TYPED.set(replace(running, began=running.began - 100))
        found = seqcompare.compare((X, X), "Markov chain", 2, out=tmp_path / "run", n_jobs=2, budget=10)
    return found, started


def test_what_has_to_run_does_so_in_its_process(late):
    found, started = late
    assert set(started) == {1}
    spent = found.result.spent
    assert spent.spent > 100
    assert set(found.result.phase("test")["model"]) == {"chance", "Markov order 0"}
    assert (found.result.phase("test")["status"] == "ok").all()


def test_no_machine_is_looked_for(late):
    found, _ = late
    words = found.side_table(MACHINE_WORDS)["words"].iloc[0]
    assert words == "No machine of it was looked for to the end: there was no time left."
    assert (found.folder / MODEL).exists()
