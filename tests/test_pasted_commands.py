"""Every command that a page or a terminal shows runs when it is pasted where the run was made."""

import html
import io
import re
import shlex
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

import pytest

from seqcompare.cli import main

SUITE = """
title = "A small sweep"
seeds = 1
distances = [2]
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
"""

MODULE = """
from seqcompare.metrics import METRICS
KNOWN = len(METRICS)
"""


class Shown(NamedTuple):
    """What somebody sees of a run."""

    terminal: str
    page: str
    markdown: str


def run(line):
    """Run a line as a shell would; return what it wrote to standard output."""
    out, err = io.StringIO(), io.StringIO()
    program, *words = shlex.split(line)
    assert program == "seqcompare"
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", [program, *words])
        with pytest.raises(SystemExit) as ended:
            main()
    assert ended.value.code == 0, f"{line}: {err.getvalue()}"
    return out.getvalue()


def made(folder, line):
    said = run(line)
    return Shown(said, (folder / "report.html").read_text("utf-8"), (folder / "report.md").read_text("utf-8"))


def commands_of(shown):
    """Return the commands of the shell, and the lines of Python."""
    of_page = re.findall(r"<(pre|code)\b[^>]*>(.*?)</\1>", shown.page, re.DOTALL)
    lines = [line for _, text in of_page for line in html.unescape(re.sub("<[^>]+>", "", text)).split("\n")]
    lines += [line.strip() for line in (shown.terminal + shown.markdown).split("\n") if line[:4] == "    "]
    assert not re.search(r"seqcompare [a-z]+[^`]*\b(NEW_DATA|DATA|RUN|SUITE)\b", "\n".join(lines))
    found = list(dict.fromkeys(line for line in lines if line.startswith(("seqcompare ", "import "))))
    return [c for c in found if c[0] == "s"], [c for c in found if c[0] == "i"]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    rows = [
        f"{who},{day},{'ab'[(who + day) % 2]},{'yes' if who % 2 else 'no'}"
        for who in range(40)
        for day in range(6)
    ]
    (tmp_path / "my visits.csv").write_text("who,day,did,outcome\n" + "\n".join(rows) + "\n")
    (tmp_path / "small suite.toml").write_text(SUITE)
    (tmp_path / "mine_to_import.py").write_text(MODULE)
    return tmp_path


READING = "--sequence who --order day --target outcome --values did"


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (
            f"seqcompare --import mine_to_import compare 'my visits.csv' {READING} -m 'Markov*' --cv 2 "
            "-j 1 --out 'runs/of it'",
            {"predict", "report", "compare"},
        ),
        (
            f"seqcompare compare 'my visits.csv' {READING} -m 'Markov*' -m window --cv 2 -j 1 "
            "--budget 0.001s --out runs/cut --fresh",
            {"profile", "report", "compare"},
        ),
        (
            "seqcompare compare 'my visits.csv' --values did --sequence who --order '' --target '' "
            "-m 'Markov*' --cv 2 -j 1 --out runs/next",
            {"predict", "report", "compare"},
        ),
        (
            "seqcompare compare japanese_vowels -m 'Markov*' -j 1 --no-ids --out runs/bundled",
            {"predict", "report", "compare"},
        ),
        ("seqcompare sweep 'small suite.toml' --only Echo -j 1 --out runs/sweep", {"report", "sweep"}),
    ],
)
def test_what_is_shown_can_be_pasted(place, line, names):
    words = shlex.split(line)
    typed, python = commands_of(made(place / words[words.index("--out") + 1], line))
    for command in typed:
        run(command)
    for command in python:
        exec(command, {})
    shown = {name for command in typed for name in shlex.split(command) if name in names}
    assert shown == names
    # what was given is given again
    again = [c for c in typed if re.search(r" (compare|sweep) ", c)]
    kept = [word for word in words if word not in ("--fresh", "--budget", "0.001s")]
    assert again
    assert all(set(kept) <= set(shlex.split(command)) for command in again)


def test_a_budget_that_left_something_out_is_offered_longer(place):
    line = f"seqcompare compare 'my visits.csv' {READING} -m 'Markov*' -m window --cv 2 -j 1"
    typed, _ = commands_of(made(place / "reports" / "my-visits", f"{line} --budget 0.001s"))
    assert f"{line} --budget 1m" in typed
