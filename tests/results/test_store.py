"""The store of a run: what is committed can be read back, whoever wrote it; damage is said in one line."""

import math
import os
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sweep_rows import row

from seqcompare.results import seals
from seqcompare.results.store import COLUMNS, FORMAT, STORE, RunError, Store, metric_columns


def answered(**values):
    """Return a row of a store of answers."""
    return {"entry": "x", "details": {}, "sums": np.zeros((0, 3)), **row(**values)}


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


def test_trials_of_two_plans_may_have_the_same_place(tmp_path):
    rows = [row(seed=seed) for seed in (2, 1, 0)]
    with Store(tmp_path / STORE) as store:
        for each in rows:
            store.add(0, each, [(1, 0.5, math.nan), (2, 0.25, 0.75)])
        frame, curves = store.frame(), store.curves()
    assert frame["trial_id"].tolist() == sorted(r["trial_id"] for r in rows)
    assert curves["trial_id"].tolist() == [name for name in frame["trial_id"] for _ in range(2)]


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


def test_answers_come_back_with_their_row(tmp_path):
    sums = np.array([[1.0, 0.1 + 0.2, math.nan], [2.0, 0.5, 1.0]])
    with Store(tmp_path / STORE, answers=True) as store:
        assert store.frame().columns[0] == "entry"
        store.add(0, {**answered(), "entry": "mine", "details": {"metrics": {"hits": 0.5}}, "sums": sums})
        store.add(1, {**answered(seed=1), "details": {"metrics": {"score": 7.0}, "needed": {"limited": 3}}})
    with Store(tmp_path / STORE, read_only=True) as store:
        frame, first = store.frame(), row()["trial_id"]
        np.testing.assert_array_equal(store.sums([first])[first], sums)
        assert store.details()[row(seed=1)["trial_id"]]["needed"] == {"limited": 3}
    assert frame["entry"].tolist() == ["mine", "x"]
    # columns are whatever metrics there are; one cannot take the place of a column of every table
    assert metric_columns(frame) == ["hits", "score (metric)"]
    np.testing.assert_array_equal(frame["hits"], [0.5, math.nan])
    assert frame["score"].tolist() == [1.0, 1.0]


def test_a_store_of_format_0_is_read_and_gone_on_with(tmp_path):
    """The tables of then are those of now; only answers may lie there without their row."""
    with Store(tmp_path / STORE, answers=True) as store:
        store.add(0, answered())
    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute("PRAGMA user_version = 0")
        db.execute("INSERT INTO answers VALUES (?, 'x', '{}', x'')", (row(seed=1)["trial_id"],))
    db.close()
    with Store(tmp_path / STORE, read_only=True) as store:
        assert len(store.frame()) == 1
    with Store(tmp_path / STORE, answers=True) as store:
        store.add(1, answered(seed=1))
        assert len(store.frame()) == 2


def version_of(path):
    with sqlite3.connect(path) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
    db.close()
    return version


@pytest.mark.parametrize("read_only", [False, True])
def test_a_newer_format_is_refused_in_one_line(tmp_path, read_only):
    with Store(tmp_path / STORE):
        pass
    assert version_of(tmp_path / STORE) == FORMAT
    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute(f"PRAGMA user_version = {FORMAT + 1}")
    db.close()
    words = rf"store.sqlite has format {FORMAT + 1}, .* reads up to {FORMAT}: [^\n]*$"
    with pytest.raises(RunError, match=words):
        Store(tmp_path / STORE, read_only=read_only)
    assert version_of(tmp_path / STORE) == FORMAT + 1


def test_what_is_no_store_is_said_in_one_line(tmp_path):
    with pytest.raises(FileNotFoundError, match=f"holds no results: expected a file {STORE} in it"):
        Store(tmp_path / STORE, read_only=True)
    (tmp_path / STORE).write_text("not a database, but long enough to be looked at" * 100, encoding="ascii")
    with pytest.raises(ValueError, match="cannot be read as a store of results"):
        Store(tmp_path / STORE, read_only=True)
    (tmp_path / STORE).write_bytes(b"")
    with pytest.raises(ValueError, match="is no store of results: it has no table of trials"):
        Store(tmp_path / STORE, read_only=True)


def test_what_is_no_store_is_not_written_to(tmp_path):
    (tmp_path / STORE).write_text("not a database, but long enough to be looked at" * 100, encoding="ascii")
    with pytest.raises(
        RunError, match=r"store.sqlite cannot be read as a store of results: .*not a database"
    ):
        Store(tmp_path / STORE)
    (tmp_path / STORE).unlink()
    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute("CREATE TABLE trials (trial_id TEXT, axis TEXT)")
    db.close()
    for read_only in (True, False):
        with pytest.raises(RunError, match=r"its table of trials has no task, task_params, distance"):
            Store(tmp_path / STORE, read_only=read_only)
    assert version_of(tmp_path / STORE) == 0


def read_all(path):
    with Store(path, read_only=True) as store:
        store.sums(store.frame()["trial_id"])


def test_damage_is_said_in_one_line(tmp_path):
    with Store(tmp_path / STORE, answers=True) as store:
        for seed in range(200):
            store.add(seed, {**answered(seed=seed), "sums": np.zeros((50, 3))})
    whole = (tmp_path / STORE).read_bytes()
    (tmp_path / STORE).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunError, match=r"store.sqlite cannot be read as a store of results: .*malformed"):
        read_all(tmp_path / STORE)
    (tmp_path / STORE).write_bytes(whole)
    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute("UPDATE answers SET details = '{', sums = x'00'")
        db.execute("PRAGMA user_version = 2")
    db.close()
    with Store(tmp_path / STORE, read_only=True) as store:
        for read in (store.details, lambda: store.sums(store.done())):
            with pytest.raises(RunError, match=r"store.sqlite cannot be read as a store of results"):
                read()


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        ("UPDATE trials SET skill = skill + 0.1", "what it holds of"),
        ("UPDATE trials SET model = NULL", "what it holds of"),
        ("UPDATE trials SET family = x'ff00'", "what it holds of"),
        ("UPDATE trials SET distance = 'far'", "what it holds of"),
        ("UPDATE answers SET entry = 'y'", "what it holds of"),
        ("UPDATE answers SET details = '{}'", "what it holds of"),
        ("UPDATE answers SET sums = zeroblob(48)", "what it holds of"),
        ("DELETE FROM answers", "it has no answers of the trial"),
        ("INSERT INTO answers VALUES (NULL, NULL, NULL, NULL)", "what it holds of"),
        ("UPDATE trials SET position = 5", "what it holds of"),
        ("DELETE FROM trials", "what it holds of"),
        ("DELETE FROM seals WHERE what = 'trials'", "what it holds of"),
        ("UPDATE seals SET what = 'Sums' WHERE what = 'sums'", "what it holds of"),
        ("DELETE FROM side_tables", "what it holds of"),
        ("UPDATE side_tables SET csv = replace(csv, '1', '2')", "what it holds of"),
        ("UPDATE curves SET train_loss = train_loss / 2", "what it holds of"),
        ("DELETE FROM curves WHERE epoch = 2", "what it holds of"),
    ],
)
def test_what_was_not_written_so_is_never_read(tmp_path, statement, lost):
    table = pd.DataFrame({"a": [1, 2]})
    with Store(tmp_path / STORE, answers=True) as store:
        given = {"details": {"metrics": {"brier": 0.5}}, "sums": np.ones((2, 3))}
        curve = [(1, 0.5, 0.5), (2, 0.25, 0.75)]
        store.add(0, {**answered(skill=0.5), **given}, curve, insights=[("part", table)])
        store.keep_table("whole", table)
        assert store.side_table("part")["a"].tolist() == store.side_table("whole")["a"].tolist() == [1, 2]
        store.sums(store.frame()["trial_id"])
    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute(statement)
    db.close()
    with Store(tmp_path / STORE, read_only=True) as store:
        reads = {
            "side_tables": [lambda: store.side_table("part"), lambda: store.side_table("whole")],
            "curves": [store.curves],
        }
        where = next((table for table in reads if table in statement), "")
        for read in reads.get(where, [lambda: store.sums(store.frame()["trial_id"])]):
            with pytest.raises(RunError, match=f"store.sqlite is damaged: {lost}"):
                read()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trials SET distance = 'far'",
        "UPDATE trials SET family = x'ff00'",
        "UPDATE curves SET epoch = 'first'",
        "UPDATE side_tables SET csv = ''",
    ],
)
def test_what_was_written_before_there_were_seals_is_read_or_refused(tmp_path, statement):
    with Store(tmp_path / STORE) as store:
        store.add(0, row(), [(1, 0.5, 0.5)])
        store.keep_table("whole", pd.DataFrame({"a": [1]}))

    def read():
        with Store(tmp_path / STORE, read_only=True) as store:
            return store.frame(), store.curves(), store.side_table("whole")

    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute("DROP TABLE seals")
        db.execute("PRAGMA user_version = 2")
    db.close()
    read()
    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute(statement)
    db.close()
    with pytest.raises(RunError, match=r"store.sqlite cannot be read as a store of results"):
        read()


def test_what_was_written_before_is_sealed_when_it_is_gone_on_with(tmp_path):
    with Store(tmp_path / STORE, answers=True) as store:
        store.add(0, answered(), [(1, 0.5, 0.5)], [("part", pd.DataFrame({"a": [1]}))])
    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute("DROP TABLE seals")
        db.execute("PRAGMA user_version = 1")
    db.close()
    with Store(tmp_path / STORE) as store:
        assert len(store.frame()) == len(store.curves()) == len(store.side_table("part")) == 1
    assert version_of(tmp_path / STORE) == FORMAT
    with sqlite3.connect(tmp_path / STORE) as db:
        db.execute("UPDATE trials SET skill = 0.123")
    db.close()
    with pytest.raises(RunError, match=r"store.sqlite is damaged"):
        read_all(tmp_path / STORE)


def test_what_is_replaced_while_it_is_read_does_not_look_damaged(tmp_path, monkeypatch):
    compare = seals.broken
    with Store(tmp_path / STORE) as writer:
        writer.keep_table("whole", pd.DataFrame({"a": [1]}))

        def replaced_before(*asked):
            writer.keep_table("whole", pd.DataFrame({"a": [2]}))
            return compare(*asked)

        monkeypatch.setattr(seals, "broken", replaced_before)
        with Store(tmp_path / STORE, read_only=True) as reader:
            assert reader.side_table("whole")["a"].tolist() == [1]
            assert reader.side_table("whole")["a"].tolist() == [2]


def test_a_trial_whose_row_was_lost_is_made_again(tmp_path):
    with Store(tmp_path / STORE) as store:
        store.add(0, row(), [(1, 0.5, 0.5), (2, 0.4, 0.5)])
        with sqlite3.connect(tmp_path / STORE) as db:
            db.execute("DELETE FROM trials")
        db.close()
        store.add(0, row(), [(1, 0.25, 0.5)])
        assert store.curves()["train_loss"].tolist() == [0.25]


def test_reading_leaves_nothing_beside_the_file(tmp_path):
    with Store(tmp_path / STORE) as store:
        store.add(0, row())
        # whoever writes is not disturbed, and is read as far as it has come
        with Store(tmp_path / STORE, read_only=True) as reader:
            assert len(reader.frame()) == 1
    before = (tmp_path / STORE).read_bytes()
    with Store(tmp_path / STORE, read_only=True) as reader:
        assert len(reader.frame()) == 1
    assert [path.name for path in tmp_path.iterdir()] == [STORE]
    assert (tmp_path / STORE).read_bytes() == before
