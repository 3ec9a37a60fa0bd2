"""The folder of a run: taken up again or refused, held by one process, its files whole."""

import csv
import io
import os
import pickle
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_rows import row

from seqcompare.report.page import report_of, write_report
from seqcompare.results.folder import (
    CONFIG,
    FORECASTER,
    LOCK,
    MODEL,
    PATIENT,
    hold_folder,
    open_run,
    prepare_folder,
    read_config,
    write_config,
)
from seqcompare.results.spreadsheet import csv_cell, to_csv
from seqcompare.results.store import FORMAT, STORE, RunError, Store
from seqcompare.whole_file import write_whole

HOLDING = """
import sys
from pathlib import Path
from seqcompare.results.folder import hold_folder

with hold_folder(Path(sys.argv[1]), {"settings": {}}, n_jobs=1, fresh=False):
    print("held", flush=True)
    sys.stdin.read()
"""

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\x00=1+1",
    " \ufeff=1+1",
]


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


def test_reading_imports_no_model(tmp_path):
    prepare_folder(tmp_path / "run", {"settings": {}}, n_jobs=1, fresh=False)
    with Store(tmp_path / "run" / STORE) as store:
        store.add(0, row())
    code = (
        "import sys; from seqcompare.results.sweep import StoredSweep;"
        "tables = StoredSweep(sys.argv[1]).tables();"
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


@pytest.fixture
def other(tmp_path):
    """A process that holds the folder until its input ends."""
    started = subprocess.Popen(
        [sys.executable, "-c", HOLDING, tmp_path / "run"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout.readline() == "held\n"
    yield started
    started.stdin.close()
    started.stdout.close()
    started.wait()


def test_a_second_process_is_told_who_works_in_a_folder(tmp_path, other):
    folder = tmp_path / "run"
    with pytest.raises(RunError) as refused:
        prepare_folder(folder, {"settings": {}}, n_jobs=1, fresh=True)
    said = f"process {other.pid} on {re.escape(socket.gethostname())} since 20..-..-..T"
    assert re.search(rf"run is being worked on by {said}\S+; wait for its end, or", str(refused.value))
    assert "\n" not in str(refused.value)
    assert len(read_config(folder)["sessions"]) == 1


def test_who_has_patience_waits_for_the_folder(tmp_path, other, monkeypatch):
    monkeypatch.setattr("seqcompare.results.folder._LOOK_AGAIN", 0.01)
    patient = PATIENT.set(True)
    try:
        Timer(0.3, other.stdin.close).start()
        with pytest.warns(UserWarning, match=f"waiting for process {other.pid} on"):
            prepare_folder(tmp_path / "run", {"settings": {}}, n_jobs=1, fresh=False)
    finally:
        PATIENT.reset(patient)
    assert len(read_config(tmp_path / "run")["sessions"]) == 2


def test_no_report_is_written_where_a_process_is_at_work(tmp_path, other):
    with pytest.raises(RunError, match="is being worked on by process"):
        write_report(tmp_path / "run")
    assert not (tmp_path / "run" / "report.html").exists()


def test_a_lock_dies_with_its_process(tmp_path, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert (tmp_path / "run" / LOCK).exists()
    prepare_folder(tmp_path / "run", {"settings": {}}, n_jobs=1, fresh=False)
    assert not (tmp_path / "run" / LOCK).exists()
    assert len(read_config(tmp_path / "run")["sessions"]) == 2


def test_a_folder_is_let_go_whatever_happens(tmp_path):
    def work():
        with hold_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False):
            assert (tmp_path / LOCK).read_text(encoding="utf-8").startswith(f"process {os.getpid()} on ")
            with pytest.raises(RunError, match="is being worked on"):
                prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
            raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            work()
    assert [path.name for path in tmp_path.iterdir()] == [CONFIG]


def test_the_lock_of_a_process_that_died_early_is_no_run(tmp_path):
    (tmp_path / LOCK).touch()
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
    assert read_config(tmp_path)["settings"] == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"settings": ', "cannot be read as the configuration of a run"),
        ("[]", "it is no JSON object"),
        (
            f'{{"format": {FORMAT + 1}}}',
            f"has format {FORMAT + 1}, and this version of seqcompare reads up to",
        ),
    ],
)
def test_a_configuration_that_cannot_be_read_is_named(tmp_path, text, words):
    (tmp_path / CONFIG).write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match=rf"config.json.*{words}"):
        open_run(tmp_path)


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "table.csv"
    write_whole(path, "a\r\nü\n")
    assert path.read_bytes() == b"a\r\n\xc3\xbc\n"
    write_whole(path, b"\x00\n")
    assert path.read_bytes() == b"\x00\n"

    def fail(*_):
        raise OSError("no room")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="no room"):
        write_config(tmp_path, {})
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_drafts_of_a_process_that_was_killed_are_taken_away(tmp_path):
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
    (tmp_path / "tables").mkdir()
    for name in ("config.json.7.tmp", "tables/summary.csv.7.tmp", "tables/mine.tmp"):
        (tmp_path / name).touch()
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == [CONFIG, "mine.tmp"]


@pytest.mark.parametrize("name", FORMULAS)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(name):
    assert csv_cell(name).startswith("'")


@given(st.text())
def test_no_text_cell_starts_like_a_formula(text):
    cell = csv_cell(text).lstrip(" \u00a0\ufeff\u200b")
    try:
        float(cell)
    except ValueError:
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@pytest.mark.parametrize("value", ["-1.5", "+2e-3", 3, -4.5, None, "a=b", "1-2"])
def test_numbers_and_harmless_text_stay_as_they_are(value):
    assert csv_cell(value) == value


def test_no_cell_breaks_its_row():
    frame = pd.DataFrame({"name": ["harmless\r=1+1", "two\r\nlines"], "n": [1, 2]})
    assert list(csv.reader(io.StringIO(to_csv(frame))))[1:] == [["harmless\n=1+1", "1"], ["two\nlines", "2"]]


def test_csv_keeps_full_precision_and_every_column():
    frame = pd.DataFrame({"a": [0.1 + 0.2], "b": ["x,y"]})
    assert list(csv.reader(io.StringIO(to_csv(frame)))) == [["a", "b"], [repr(0.1 + 0.2), "x,y"]]


def test_no_cell_of_a_csv_file_is_a_formula():
    frame = pd.DataFrame({"name": FORMULAS, "=1+1": range(len(FORMULAS))})
    lines = list(csv.reader(io.StringIO(to_csv(frame))))
    assert len(lines) == len(FORMULAS) + 1
    assert all(not text.lstrip().startswith(("=", "+", "-", "@")) for line in lines for text in line)


def test_a_configuration_that_lacks_something_is_named(tmp_path):
    (tmp_path / CONFIG).write_text('{"kind": "comparison", "data": {"role": "next"}}')
    config = read_config(tmp_path)
    assert config["data"]["role"] == "next"
    assert config.get("settings") is None
    for part, name in ((config, "settings"), (config["data"], "classes")):
        with pytest.raises(RunError, match=rf"config.json cannot be read .*: it lacks '{name}'"):
            part[name]
    assert pickle.loads(pickle.dumps(config)) == config


def test_a_configuration_nested_without_end_is_one_error(tmp_path):
    (tmp_path / CONFIG).write_text("[" * 100_000)
    with pytest.raises(RunError, match=r"config.json cannot be read"):
        read_config(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sessions", "none"),
        ("sessions", [{"n_jobs": "x"}]),
        ("families", {"markov": 1}),
        ("families", [{"title": "A family without a name"}]),
        ("metrics", ["bits"]),
        ("data", {"notes": "one"}),
        ("settings", []),
        ("title", None),
        ("kind", 5),
    ],
)
def test_a_configuration_of_another_form_is_named(tmp_path, key, value):
    write_config(tmp_path, {"settings": {}, key: value})
    with pytest.raises(RunError, match=rf"config.json cannot be read as the configuration of a run: {key}"):
        open_run(tmp_path)


def test_a_run_of_another_version_is_not_gone_on_with(tmp_path):
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
    config = read_config(tmp_path)
    write_config(tmp_path, {**config, "versions": {**config["versions"], "seqcompare": "0.0.1"}})
    with pytest.raises(FileExistsError, match=r"a run of seqcompare 0\.0\.1, and this is .*--fresh"):
        prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=True)
    assert len(read_config(tmp_path)["sessions"]) == 1


def test_what_a_kill_leaves_of_the_first_write_is_no_stranger(tmp_path):
    (tmp_path / f"{CONFIG}.4711.tmp").write_text('{"settings"', encoding="utf-8")
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
    assert [path.name for path in tmp_path.iterdir()] == [CONFIG]


def test_until_all_else_is_gone_a_folder_is_that_of_a_run(tmp_path, monkeypatch):
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
    written = ["report.html", "report.md", "answer.json", MODEL, FORECASTER, "use_model.py", STORE]
    for name in written:
        (tmp_path / name).touch()
    left = []
    unlink = Path.unlink

    def watched(path, missing_ok=False):
        if path.name == CONFIG:
            left.extend(p.name for p in tmp_path.iterdir() if p.name in written)
            raise KeyboardInterrupt
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", watched)
    with pytest.raises(KeyboardInterrupt):
        prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=True)
    monkeypatch.undo()
    assert left == []
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=True)


def test_what_turns_the_direction_is_seen_in_no_file(tmp_path):
    name = "a\u202eb\x9bc\u2067d\ud800"
    assert to_csv(pd.DataFrame({name[:-1]: [name[:-1]]})) == "abcd\nabcd\n"
    write_config(tmp_path, {"title": name})
    text = (tmp_path / CONFIG).read_text(encoding="utf-8")
    assert not set(text) & set(name[1::2])
    assert read_config(tmp_path)["title"] == name


def test_a_store_that_is_a_folder_is_cleared(tmp_path):
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
    (tmp_path / STORE).mkdir()
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=True)
    assert not (tmp_path / STORE).exists()


def test_a_run_of_no_kind_is_named(tmp_path):
    prepare_folder(tmp_path, {"settings": {}}, n_jobs=1, fresh=False)
    with pytest.raises(ValueError, match=f"^{re.escape(str(tmp_path))}.*expected runs of one kind"):
        report_of([tmp_path])


def test_fresh_clears_what_is_left_of_a_run(tmp_path):
    folder = tmp_path / "run"
    prepare_folder(folder, {"settings": {}}, n_jobs=1, fresh=False)
    Store(folder / STORE).close()
    (folder / "config.json").unlink()
    (folder / "tables").write_text("a file, where a folder was")
    with pytest.raises(FileExistsError, match="holds a run that has lost its config"):
        prepare_folder(folder, {"settings": {}}, n_jobs=1, fresh=False)
    (folder / "lock").mkdir()
    prepare_folder(folder, {"settings": {}}, n_jobs=1, fresh=True)
    assert [path.name for path in folder.iterdir()] == ["config.json"]
