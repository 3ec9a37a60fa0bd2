"""Whatever files, columns, classes and sequences are called: no command passes it on to a terminal."""

import csv
import io
import json
import sys
import unicodedata

import numpy as np
import pytest
from hostile import assert_picture, assert_seen

from seqcompare.cli import main
from seqcompare.results.spreadsheet import is_unsafe

ESCAPE, TURN, CONTROL = "\x1b[31m", "\u202e", "\x9b"
CLASSES = [
    f"=cmd|' /C calc'!A0{ESCAPE}",
    f"<script>window.hacked = 1</script>{TURN}{CONTROL}$x_1$ \\input{{a}}",
]


def run(*words):
    """Run a command in this process; return its code."""
    before, sys.argv = sys.argv, ["seqcompare", *map(str, words)]
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        sys.argv = before
    return 0


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"a{TURN}b")
    path = folder / f"=1+1{ESCAPE}{TURN}<b>.csv"
    rng = np.random.default_rng(0)
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n")
    write.writerow(["id", "t", f"w{ESCAPE}{TURN}<i>", "label"])
    for i in range(12):
        for t in range(5):
            word = ["@SUM(1,1)", f"-b{TURN}"][int(rng.random() < (0.2 if i % 2 else 0.8))]
            write.writerow([f"+id{TURN}{i}{CONTROL}", t, word, CLASSES[i % 2]])
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def compared(data):
    for name, more in (("classes", []), ("next", ["--target", ""])):
        out = data.parent / f"{name}{ESCAPE}"
        assert run("compare", data, "--model", "markov", "--cv", 3, "--out", out, "--jobs", 1, *more) == 0
    return data.parent / f"classes{ESCAPE}", data.parent / f"next{ESCAPE}"


COMMANDS = {
    "inspect": lambda data, runs: ("inspect", data),
    "inspect json": lambda data, runs: ("inspect", data, "--json"),
    "profile": lambda data, runs: ("profile", data, "--max-lag", 3, "--max-order", 2),
    "predict": lambda data, runs: ("predict", runs[0], data),
    "predict json": lambda data, runs: ("predict", runs[0], data, "--json"),
    "forecast": lambda data, runs: ("forecast", runs[1], data, "--steps", 2),
    "explain": lambda data, runs: ("explain", runs[0], data, "--sequence", f"+id{TURN}1{CONTROL}"),
    "explain drawn": lambda data, runs: (
        *("explain", runs[0], data, "--sequence", f"+id{TURN}1{CONTROL}"),
        *("--out", runs[0] / f"drawn{TURN}.svg", "--fresh"),
    ),
    "predict into": lambda data, runs: (
        *("predict", runs[0], data, "--out", runs[0] / f"=answers{TURN}.csv", "--fresh"),
    ),
    "export": lambda data, runs: ("export", runs[1], runs[1] / f"a{TURN}.onnx", "--fresh"),
    "report": lambda data, runs: ("report", runs[0]),
    "other settings": lambda data, runs: ("compare", data, "--model", "hmm", "--out", runs[0]),
    "no file": lambda data, runs: ("inspect", data.with_suffix(f".{ESCAPE}{TURN}x")),
    "no column": lambda data, runs: ("inspect", data, "--target", f"lable{ESCAPE}{TURN}"),
    "no model": lambda data, runs: ("compare", data, "--model", f"hmm{ESCAPE}{TURN}"),
    "no option": lambda data, runs: ("inspect", data, f"--{ESCAPE}{TURN}"),
    "no run": lambda data, runs: ("report", data),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminal_gets_nothing_to_act_on(name, data, compared, capsys):
    capsys.readouterr()
    code = run(*COMMANDS[name](data, compared))
    said = capsys.readouterr()
    assert code == (2 if name.startswith("no ") or name == "other settings" else 0), said.err
    assert said.out or said.err or name == "export"
    assert_seen(said.out)
    assert_seen(said.err)
    if name.endswith("json"):
        json.loads(said.out)
    if name in ("predict", "forecast"):
        cells = [cell for row in csv.reader(io.StringIO(said.out)) for cell in row]
        assert not [cell for cell in cells if cell[:1] in "=+@" and cell]


def test_files_of_a_run_hold_nothing_to_act_on(compared):
    for folder in compared:
        for drawn in folder.rglob("*.svg"):
            assert_picture(drawn.read_text(encoding="utf-8"))
        kinds = set()
        for path in folder.rglob("*"):
            if path.suffix not in (".html", ".md", ".json", ".csv", ".tex", ".svg", ".txt", ".py"):
                continue
            kinds.add(path.suffix)
            text = path.read_text(encoding="utf-8")
            assert_seen(text)
            if path.suffix in (".html", ".md", ".svg"):
                assert "<script>window" not in text, path
            if path.suffix == ".csv":
                cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row if cell]
                assert not [cell for cell in cells if cell[0] in "=@\t" or cell.startswith("+id")], path
            if path.suffix == ".tex":
                assert "\\input{" not in text, path
        assert {".html", ".md", ".json", ".csv"} <= kinds


def test_what_is_unsafe_is_known():
    assert all(map(is_unsafe, ESCAPE[0] + TURN + CONTROL))
    assert not any(map(is_unsafe, "aé日🙂"))
    assert unicodedata.category(TURN) == "Cf"
