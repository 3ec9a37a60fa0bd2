"""The store of a run: what is committed can be read back, with no model at hand."""

import math
import os
import subprocess
import sys

import pandas as pd
import pytest
from sweep_rows import row

from seqcompare.results.folder import prepare_folder
from seqcompare.results.rows import COLUMNS
from seqcompare.results.store import STORE, Store, open_run, read_config


def test_what_goes_in_comes_out_in_the_order_of_the_sweep(tmp_path):
    rows = [row(seed=seed, can_represent=says) for seed, says in enumerate((True, False, None))]
    rows[1]["score"] = math.nan
    with Store(tmp_path / STORE) as store:
        for position in (2, 0, 1):
            store.add(position, rows[position], [(1, 0.5, math.nan), (2, 0.25, 0.75)])
        frame, curves = store.frame(), store.curves()
    assert list(frame.columns) == list(COLUMNS)
    for got, put in zip(frame.to_dict("records"), rows, strict=True):
        for name, value in put.items():
            same = (
                pd.isna(got[name]) if isinstance(value, float) and math.isnan(value) else got[name] == value
            )
            assert same or (value is None and got[name] is None), name
    assert frame["can_represent"].tolist() == [True, False, None]
    assert curves["epoch"].tolist() == [1, 2] * 3
    assert curves["trial_id"].tolist() == [r["trial_id"] for r in rows for _ in range(2)]
    assert curves["validation_score"].isna().tolist() == [True, False] * 3


def test_numbers_keep_every_bit(tmp_path):
    value = 0.1 + 0.2
    with Store(tmp_path / STORE) as store:
        store.add(0, row(score=value))
    with Store(tmp_path / STORE, read_only=True) as store:
        assert store.frame()["score"].item() == value


def test_a_committed_row_outlives_the_process(tmp_path):
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[2]);"
        "from seqcompare.results.store import Store; from sweep_rows import row;"
        "store = Store(sys.argv[1]); store.add(0, row()); os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / STORE
    subprocess.run([sys.executable, "-c", code, path, os.path.dirname(__file__)], check=False)
    with Store(path) as store:
        assert store.done() == {row()["trial_id"]}


def test_a_trial_is_kept_once(tmp_path):
    with Store(tmp_path / STORE) as store:
        store.add(0, row())
        with pytest.raises(Exception, match="UNIQUE constraint"):
            store.add(0, row())
        assert len(store.frame()) == 1


def test_deaths_and_side_tables(tmp_path):
    table = pd.DataFrame({"order": [0, 1], "possible": [1.0, 4.0]})
    with Store(tmp_path / STORE) as store:
        store.add_deaths(["a", "b"])
        store.add_deaths(["a"])
        assert store.deaths() == {"a": 2, "b": 1}
        assert store.side_table("state_space") is None
        store.keep_table("state_space", table)
        pd.testing.assert_frame_equal(store.side_table("state_space"), table)


def test_reading_does_not_write(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no run: expected a file config.json"):
        open_run(tmp_path)
    prepare_folder(tmp_path / "run", {"settings": {}}, n_jobs=1, fresh=False)
    with Store(tmp_path / "run" / STORE) as store:
        store.add(0, row())
    before = (tmp_path / "run" / STORE).read_bytes()
    run = open_run(tmp_path / "run")
    assert len(run.frame()) == 1
    assert len(run.curves()) == 0
    assert (tmp_path / "run" / STORE).read_bytes() == before


def test_what_is_no_store_is_said_in_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"holds no results: expected a file {STORE} in it"):
        Store(tmp_path / STORE, read_only=True)
    (tmp_path / STORE).write_text("not a database, but long enough to be looked at" * 100, encoding="ascii")
    with pytest.raises(ValueError, match="cannot be read as a store of results"):
        Store(tmp_path / STORE, read_only=True)
    (tmp_path / STORE).write_bytes(b"")
    with pytest.raises(ValueError, match="is no store of results: it has no table of trials"):
        Store(tmp_path / STORE, read_only=True)


def test_reading_imports_no_model(tmp_path):
    prepare_folder(tmp_path / "run", {"settings": {}}, n_jobs=1, fresh=False)
    with Store(tmp_path / "run" / STORE) as store:
        store.add(0, row())
    code = (
        "import sys; from seqcompare.results.store import open_run;"
        "from seqcompare.results.tables import all_tables;"
        "tables = all_tables(open_run(sys.argv[1]).frame());"
        "assert len(tables['trials']) == 1;"
        "rooms = ('seqcompare.models', 'seqcompare.experiments', 'sklearn');"
        "found = [name for name in sys.modules if name.startswith(rooms)];"
        "assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path / "run"], check=True)


def test_folders_are_taken_up_again_or_refused(tmp_path):
    folder = tmp_path / "run"
    prepare_folder(folder, {"settings": {"seeds": 1}}, n_jobs=1, fresh=False)
    prepare_folder(folder, {"settings": {"seeds": 1}}, n_jobs=4, fresh=False)
    assert [session["n_jobs"] for session in read_config(folder)["sessions"]] == [1, 4]
    with pytest.raises(FileExistsError, match=r"other settings \(they differ in seeds\).*fresh=True"):
        prepare_folder(folder, {"settings": {"seeds": 2}}, n_jobs=1, fresh=False)
    (folder / STORE).touch()
    (folder / "notes.txt").touch()
    prepare_folder(folder, {"settings": {"seeds": 2}}, n_jobs=1, fresh=True)
    assert not (folder / STORE).exists()
    assert (folder / "notes.txt").exists()
    assert read_config(folder)["settings"] == {"seeds": 2}


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_of_something_else_is_never_touched(tmp_path, fresh):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(FileExistsError, match="not empty and holds no run"):
        prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=fresh)
    with pytest.raises(FileExistsError, match="is a file"):
        prepare_folder(tmp_path / "thesis.tex", {"settings": {}}, n_jobs=1, fresh=fresh)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
