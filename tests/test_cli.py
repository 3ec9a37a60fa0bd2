import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import typer

from seqcompare import workers
from seqcompare.cli import ending, main

COMMAND = [sys.executable, "-c", "from seqcompare.cli import main; main()"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "default"}

SUITE = """
title = "A small sweep"
seeds = 2
distances = [2, 4]
n_train = 60
n_validation = 20
n_test = 40
epochs = 5
max_seconds = 30

[[tasks]]
name = "Echo"

[[models]]
variant = "markov"
sizes = [2]

[[models]]
variant = "logistic"
sizes = [4]
"""


class Done(NamedTuple):
    """What a command left."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments):
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["seqcompare", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return Done(ended.value.code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    path = tmp_path_factory.mktemp("suites") / "small.toml"
    path.write_text(SUITE)
    return path


@pytest.fixture(scope="module")
def swept(suite, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep") / "run"
    return folder, run("sweep", suite, "--out", folder, "--jobs", 1, "--json")


def test_a_sweep_ends_in_a_report_and_answers_in_json(swept):
    folder, done = swept
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["trials"] == 8
    assert answer["failed"] == 0
    assert {row["task"] for row in answer["horizons"]} == {"Echo"}
    assert (folder / "report.html").read_text(encoding="utf-8").count("<svg") > 5
    assert done.stderr == ""


def test_a_finished_sweep_is_not_run_again(suite, swept):
    folder, _ = swept
    done = run("sweep", suite, "--out", folder, "--dry-run")
    assert done.returncode == 0
    assert "0 trials to run" in done.stdout


def test_a_report_is_written_again_with_no_model_importable(swept, tmp_path):
    folder, _ = swept
    page = (folder / "report.html").read_bytes()
    code = (
        "import sys\n"
        "for name in ('seqcompare.models', 'seqcompare.tasks', 'hmmlearn', 'numba'): sys.modules[name] = "
        f"None\nsys.argv = ['seqcompare', 'report', {str(folder)!r}]\n"
        "from seqcompare.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "report.html").read_bytes() == page


def test_two_runs_are_set_side_by_side(swept, tmp_path):
    folder, _ = swept
    done = run("report", folder, folder, "--out", tmp_path / "both", "--json")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "both" / "report.html").read_text(encoding="utf-8")
    assert "run (1)" in text
    assert "run (2)" in text
    assert "+0.00" in text


@pytest.mark.parametrize("what", ["models", "tasks", "datasets", "suites"])
def test_listings_are_for_people_and_for_machines(what):
    people, machines = run("list", what), run("list", what, "--json")
    assert people.returncode == machines.returncode == 0
    records = json.loads(machines.stdout)
    assert len(records) >= 1
    for record in records:
        assert str(next(iter(record.values()))) in people.stdout
    assert "\x1b" not in people.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["swep"], "No such command 'swep'"),
        (["sweep", "--folds", "3"], "No such option: --folds"),
        (["sweep", "nonsense"], "there is no suite 'nonsense'"),
        (["sweep", "quick", "--jobs", "many"], "Invalid value for '--jobs'"),
        (["sweep", "quick", "--backend", "gpu"], "'gpu'"),
        (["report", "no-such-folder"], "holds no run"),
        (["report"], "Missing argument"),
        (["compare", "no-such-file.csv"], "no-such-file.csv"),
        (["profile", "no-such-file.csv"], "no-such-file.csv"),
        (["profile", "cmudict_stress", "--missing", "keep"], "missing 'keep' does not apply"),
        (["compare", "cmudict_stress", "--ignore-label", "0"], "ignore label '0' does not apply"),
        (["compare", "words.csv", "--kind", "complex"], "'complex'"),
        (["claims", "nonsense"], "there is no claim 'nonsense'"),
        (["list", "birds"], "'birds'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    assert words in done.stderr


def test_a_suite_with_a_wrong_key_is_bad_input(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(SUITE.replace("n_train", "n_trian"))
    done = run("sweep", path, "--out", tmp_path / "run")
    assert done.returncode == 2
    assert "did you mean 'n_train'" in done.stderr
    assert not (tmp_path / "run").exists()


def test_the_help_names_every_command_with_examples():
    assert re.findall(r"│ (\w+) ", run("--help").stdout.partition("Commands")[2]) == [
        *("sweep", "compare", "profile", "inspect", "predict", "forecast", "explain"),
        *("export", "claims", "report", "list"),
    ]
    for command in ("sweep", "compare", "inspect", "predict", "forecast", "claims", "report", "list"):
        text = run(command, "--help").stdout
        assert "Examples: seqcompare" in " ".join(text.split())
    assert "130 stopped" in " ".join(run("--help").stdout.split())


def test_no_command_is_help_and_no_error():
    done = run()
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_the_version():
    assert re.fullmatch(r"seqcompare \d+\.\d+\.\d+\n", run("--version").stdout)


def test_help_starts_without_what_is_slow():
    code = "import sys, seqcompare.cli\ntry: sys.argv = ['x', '--help']; seqcompare.cli.main()\n"
    code += "except SystemExit: pass\n"
    code += "print([m for m in ('numpy', 'pandas', 'matplotlib', 'sklearn', 'numba') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_ctrl_c_says_how_to_go_on_and_going_on_ends_well(tmp_path):
    check_stopping(tmp_path, signal.SIGINT, code=130, jobs=1)


def test_sigterm_stops_like_ctrl_c_and_leaves_nothing_running(tmp_path):
    seen, group = check_stopping(tmp_path, signal.SIGTERM, code=143, jobs=2)
    assert "leaked" not in seen
    assert "Warning" not in seen
    patience = time.monotonic() + 30
    while time.monotonic() < patience and running(group):
        time.sleep(0.2)
    assert not running(group)


def running(group):
    """Return whether a process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    "wrong", [["no-such-suite"], ["quick", "--model", "no-such-model"], ["quick", "--task", "no-such-task"]]
)
def test_a_wrong_name_is_refused_before_workers_start(wrong, tmp_path, monkeypatch, capsys):
    def begin(n_jobs):
        raise AssertionError("workers were started")

    monkeypatch.setattr(workers, "begin", begin)
    monkeypatch.setattr(
        sys, "argv", ["seqcompare", "sweep", *wrong, "--out", str(tmp_path / "run"), "-j", "2"]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "no-such" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_whatever_a_command_does_in_one_line(name, monkeypatch, capsys):
    app = typer.Typer(cls=ending.Stoppable)
    # tests that run in the background of a shell ignore Ctrl-C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    @app.command()
    def read():
        signal.raise_signal(signal.Signals[name])

    @app.command()
    def other():
        pass

    monkeypatch.setattr(sys, "argv", ["seqcompare", "read"])
    try:
        with pytest.raises(SystemExit) as ended:
            ending.run(app)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ended.value.code == {"SIGINT": 130, "SIGTERM": 143, "SIGHUP": 129}[name]
    assert capsys.readouterr().err == "stopped\n"


def check_stopping(tmp_path, number, code, jobs):
    """Stop a sweep by a signal, see what it says and that it can go on; return that, and its group."""
    # long enough not to end before a busy machine has read that it began
    path = tmp_path / "long.toml"
    path.write_text(SUITE.replace("seeds = 2", "seeds = 2000"))
    arguments = ["sweep", str(path), "--out", str(tmp_path / "run"), "--jobs", str(jobs)]
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**ENVIRONMENT, "COLUMNS": "120"},
        start_new_session=True,
        # jobs in the background of a shell ignore Ctrl-C, those under nohup SIGHUP, and what they start does
        preexec_fn=partial(signal.signal, number, signal.SIG_DFL),
    )
    os.close(terminal)
    seen, stopped, patience = "", False, time.monotonic() + 240
    while time.monotonic() < patience:
        if select.select([screen], [], [], 1)[0]:
            try:
                seen += os.read(screen, 65536).decode(errors="replace")
            except OSError:  # the other end is closed
                break
        if not stopped and re.search(r"\b[1-9]\d*/8000.* left", seen):
            process.send_signal(number)
            stopped = True
    process.wait(timeout=60)
    os.close(screen)
    process.stdout.close()
    assert "left" in seen
    assert process.returncode == code
    told = re.search(
        r"stopped: (\d+) of 8000 trials are kept in .*; go on with: (.*)", " ".join(seen.split())
    )
    assert told, seen
    assert int(told.group(1)) >= 1
    assert told.group(2).startswith("seqcompare sweep")
    done = run(*arguments, "--dry-run")
    left = int(re.search(r"([\d,]+) trials to run", done.stdout).group(1).replace(",", ""))
    # what was being committed as the signal came is kept, but was not told of
    assert 0 <= 8000 - left - int(told.group(1)) <= 1
    return seen, process.pid


CSV = "word,t,letter\n" + "\n".join(f"w{i},{t},{'ab'[(i + t) % 2]}" for i in range(30) for t in range(12))


def test_the_users_file_is_compared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.csv").write_text(CSV)
    arguments = [
        "words.csv",
        "--sequence",
        "word",
        "--order",
        "t",
        "--model",
        "markov",
        "--cv",
        "2",
        "--jobs",
        "1",
    ]
    done = run("compare", *arguments, "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "30 sequences, role next" in done.stderr
    assert "is enough" in done.stdout
    text = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    for part in (
        "Which model for words",
        "Scores on test data",
        "Ladders of capacity",
        "less and less context",
    ):
        assert part in text


@pytest.mark.parametrize("command", ["compare", "profile"])
def test_what_is_said_of_the_data_reaches_the_reader(command, monkeypatch):
    said = {}

    def read(data, **reading):
        said.update(reading)
        raise ValueError("enough")

    monkeypatch.setattr("seqcompare.datasets.read", read)
    columns = [
        "--sequence",
        "who",
        "--order",
        "",
        "--values",
        "a",
        "--values",
        "b",
        "--target",
        "y",
        "--group",
        "g",
    ]
    others = {"role": "step", "kind": "real", "missing": "keep", "ignore-label": "?", "format": "csv"}
    words = [word for name, value in others.items() for word in (f"--{name}", value)]
    done = run(command, "visits.dat", *columns, *words, "--tokens", "word", "--split", "document")
    assert done.stderr == "error: enough\n"
    assert said == {
        "sequence": "who",
        "order": False,
        "values": ["a", "b"],
        "target": "y",
        "group": "g",
        "role": "step",
        "kind": "real",
        "missing": "keep",
        "ignore_label": "?",
        "file_format": "csv",
        "tokens": "word",
        "split": "document",
    }


def test_a_file_of_another_ending_is_read_as_it_is_said_to_be(tmp_path):
    path = tmp_path / "words.dat"
    path.write_text(CSV)
    columns = ["--sequence", "word", "--order", "t", "--max-lag", "2", "--max-order", "1"]
    for told in ([], ["--format", "csv"]):
        done = run("profile", path, *columns, *told)
        assert done.returncode == 0, done.stderr
        assert "30 sequences, role next" in done.stderr
    assert run("profile", path, *columns, "--format", "fasta").returncode == 2


def test_a_profile_opens_its_page_where_there_is_one(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    path = tmp_path / "steps.csv"
    path.write_text("x\n" + "a\nb\n" * 30, encoding="utf-8")
    short = ["profile", path, "--max-lag", 2, "--max-order", 1, "--open"]
    done = run(*short, "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert opened == [(tmp_path / "run" / "report.html").resolve().as_uri()]
    done = run(*short)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("error: --open opens a page, and none is written")


def test_the_users_file_is_profiled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.csv").write_text(CSV)
    columns = ["words.csv", "--sequence", "word", "--order", "t"]
    done = run("profile", *columns, "--max-lag", "4", "--max-order", "2", "--out", "run", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["role"] == "next"
    assert [row["lag"] for row in answer["lags"]][:2] == [1, 2]
    assert {"the values are 'letter'", "Steps are 2 symbols."} <= set(answer["notes"])
    assert "lag_profile" in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")


def test_a_profile_of_very_few_sequences_has_a_report_without_lags(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = (f"w{i},{t},{'ab'[i * t % 2]},{'xy'[i % 2]}" for i in range(29) for t in range(6))
    (tmp_path / "few.csv").write_text("\n".join(["word,t,letter,kind", *rows]))
    columns = ["few.csv", "--sequence", "word", "--order", "t", "--target", "kind"]
    done = run("profile", *columns, "--max-order", "2", "--out", "run")
    assert done.returncode == 0, done.stderr
    assert "No lag has pairs of steps enough" in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")


def test_a_profile_overwrites_its_own_report_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "words.csv").write_text(CSV)
    columns = ["words.csv", "--sequence", "word", "--order", "t", "--max-order", "1", "--out", "run"]
    for _ in range(2):
        done = run("profile", *columns, "--max-lag", "2")
        assert done.returncode == 0, done.stderr
    page = (tmp_path / "run" / "report.html").read_bytes()
    done = run("profile", *columns, "--max-lag", "3")
    assert done.returncode == 2
    assert "holds a run with other settings (they differ in max_lag)" in done.stderr
    assert (tmp_path / "run" / "report.html").read_bytes() == page
    assert run("profile", *columns, "--max-lag", "3", "--fresh").returncode == 0
    assert (tmp_path / "run" / "report.html").read_bytes() != page
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "report.html").write_text("mine")
    done = run("profile", *columns[:-1], "foreign", "--fresh")
    assert (done.returncode, "holds no run" in done.stderr) == (2, True)
    assert (tmp_path / "foreign" / "report.html").read_text() == "mine"


@pytest.mark.parametrize("command", ["compare", "sweep"])
def test_no_jobs_are_refused_before_there_is_a_folder(command, suite, tmp_path):
    (tmp_path / "words.csv").write_text(CSV)
    what = [suite] if command == "sweep" else [tmp_path / "words.csv", "--sequence", "word", "--order", "t"]
    done = run(command, *what, "--out", tmp_path / "run", "--jobs", "0")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        2,
        "error: the number of jobs is 0; expected 1 or more, or -1 for one a core",
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_stream_is_no_error(closed, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["seqcompare", "list", "tasks"])
    monkeypatch.setattr(sys, closed, None)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0


def test_sighup_has_its_code_and_one_line(tmp_path):
    check_stopping(tmp_path, signal.SIGHUP, code=129, jobs=1)


def test_keys_and_kinds_of_several_columns(tmp_path):
    rows = (f"{s},{p},{t},{'abc'[p * t % 3]},{t * p % 7}" for s in "AB" for p in range(8) for t in range(5))
    path = tmp_path / "marks.csv"
    path.write_text("\n".join(["school,pupil,term,mark,days", *rows]) + "\n")
    told = ["--order", "term", "--kind", "days=count", "--kind", "mark=symbols"]
    for keys in (["--sequence", "school", "--sequence", "pupil"], ["--sequence", "school,pupil"]):
        found = json.loads(run("inspect", path, *keys, *told, "--json").stdout)
        assert found["sequences"] == 16
        assert [channel["kind"] for channel in found["channels"]] == ["symbols", "count"]
    done = run("inspect", path, "--kind", "count", "--kind", "mark=symbols")
    assert (done.returncode, "one kind for all, or COLUMN=KIND" in done.stderr) == (2, True)


def test_a_pipe_that_is_closed_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "list", "models"], stdout=writer, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list", "modles"], "did you mean 'models'?"),
        (["sweep", "defualt"], "did you mean 'default'?"),
        (["compare", "words.csv", "--kind", "symbol"], "did you mean 'symbols'?"),
        (["compare", "words.csv", "--order", "a", "--order", "b"], "--order is given 2 times"),
        (["compare", "words.csv", "--no-ids", "--ids"], "--ids/--no-ids is given 2 times"),
    ],
)
def test_a_wrong_value_gets_the_right_one_as_a_hint(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_bad_budget_is_one_line(tmp_path):
    for command in (("compare", "digits"), ("sweep", "quick"), ("claims",)):
        done = run(*command, "--budget", "soon", "--out", str(tmp_path / "run"))
        assert done.returncode == 2
        expected = "numbers with s, m, h or d, such as '10m', or 'none'; got 'soon'"
        assert expected in " ".join(done.stderr.split())
        assert "Traceback" not in done.stderr


def test_the_forecast_is_one_line_before_the_start(tmp_path):
    (tmp_path / "text.txt").write_text("abababbab\n" * 30)
    done = run(
        "compare", str(tmp_path / "text.txt"), "-m", "markov", "--jobs", "1", "--out", str(tmp_path / "run")
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^forecast: \d+ candidates in 5 folds, about .* on 1 worker ", done.stderr, re.M)


def test_too_little_memory_is_one_line(monkeypatch, capsys):
    def fill(what):
        raise MemoryError(f"Unable to allocate 8 TiB for {what.value}\x1b[31m")

    monkeypatch.setattr(sys.modules["seqcompare.cli.app"], "records_of", fill)
    monkeypatch.setattr("sys.argv", ["seqcompare", "list", "tasks"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = "error: there is not enough memory: Unable to allocate 8 TiB for tasks[31m\n"
    assert (ended.value.code, capsys.readouterr().err) == (2, said)


def test_a_sample_of_parquet_files_is_read(tmp_path):
    for i in range(3):
        rows = {"visit": np.repeat(np.arange(40) + 40 * i, 25), "page": list("abcab" * 200)}
        pd.DataFrame(rows).to_parquet(tmp_path / f"{i}.parquet")
    told = ["--sequence", "visit", "--values", "page"]
    done = run("profile", tmp_path, *told, "--sample", "1e3", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)["notes"]
    assert sum("Of 120 sequences (3,000 steps) 40 (1,000 steps) are looked at" in note for note in said) == 1
    for arguments, problem in (
        (["--sample", "1e3"], "--sample takes --sequence"),
        ([*told, "--sample", "few"], "--sample takes a number of steps, such as 1e6, got 'few'"),
        ([*told, "--sample", "-3"], "--sample takes a number of steps, such as 1e6, got '-3'"),
        ([*told, "--sample", "0"], "--sample takes a number of steps, such as 1e6, got '0'"),
        ([*told, "--memory", "200K"], "the files up to this one have 4,000 cells.*--sample"),
    ):
        done = run("inspect", tmp_path, *arguments)
        assert done.returncode == 2
        assert re.search(problem, done.stderr.replace("\n", " ")), done.stderr
