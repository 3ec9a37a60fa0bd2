"""A sweep in its folder: every table follows from its rows, and is computed once."""

import pandas as pd
import pytest
from counting import count_calls
from sweep_rows import frame_of, row

from seqcompare.results import sweep
from seqcompare.results.folder import write_config
from seqcompare.results.store import COLUMNS, STORE, Store
from seqcompare.results.sweep import StoredSweep, SweepResult


@pytest.fixture
def run(tmp_path):
    write_config(tmp_path, {"settings": {}})
    with Store(tmp_path / STORE) as store:
        for position, distance in enumerate((2, 4)):
            store.add(position, row(distance=distance))
    return StoredSweep(tmp_path)


def test_a_run_without_results_has_empty_tables():
    tables = SweepResult(frame_of([])).tables
    assert all(len(table) == 0 for table in tables.values())
    assert list(tables["trials"].columns) == list(COLUMNS)
    assert isinstance(tables["horizons"], pd.DataFrame)


def test_every_table_is_computed_once(run, monkeypatch):
    names = ("summary", "horizons", "scores", "best_of", "compare_models", "scaling", "capacity_needed")
    counts = count_calls(monkeypatch, sweep, names)
    for _ in range(2):
        run.tables()
        run.summary()
        run.horizons()
    assert counts == dict.fromkeys(names, 1)


def test_nobody_can_spoil_a_table_for_others(run):
    for ask in (run.frame, run.summary, run.horizons, lambda: run.tables()["scores"]):
        table = ask()
        table["task"] = "spoilt"
        assert "spoilt" not in ask()["task"].tolist()
