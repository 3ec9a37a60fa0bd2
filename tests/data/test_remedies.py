"""An error that options of reading can mend ends with a command that was tried, and works."""

import re
import shlex
import sys

import numpy as np
import pandas as pd
import pytest

from seqcompare.cli import main
from seqcompare.cli.corrected import corrected
from seqcompare.datasets import DataError, read

RANDOM = np.random.default_rng(0)


def rows(form, n=48):
    return "".join(form(i) + "\n" for i in range(n))


def number():
    return f"{RANDOM.normal():.2f}"


GOOD = "id,t,v,w,label\n" + rows(lambda i: f"s{i // 8},{i % 8},{number()},{number()},{'ab'[i // 8 % 2]}")
# what is written, what is said to `inspect`, and what it should be
CASES = {
    "a row of its own": (
        "id,a,b\n" + rows(lambda i: f"{i},{number()},{number()}"),
        "",
        "--sequence '' --order id",
    ),
    "a wide one": (
        "id,a,b,c,d\n" + rows(lambda i: f"n{i},{','.join(RANDOM.choice(list('xyz'), 4))}", 20),
        "",
        "--wide",
    ),
    "no names": (rows(lambda i: ",".join(number() for _ in range(4))), "", "--no-wide"),
    "numbers as names": ("0,1,2,3\n" + rows(lambda i: ",".join(number() for _ in range(4))), "", "--wide"),
    "a word": (
        "id,t,v\n" + rows(lambda i: f"{i // 8},{i % 8},{'off' if i % 9 == 3 else number()}"),
        "",
        "--missing-mark off",
    ),
    "no symbol": (
        "id,t,v\n" + rows(lambda i: f"{i // 8},{i % 8},{'' if i % 9 == 3 else 'ab'[i % 2]}"),
        "",
        "--missing keep",
    ),
    "days or months": (
        "id,date,v\n" + rows(lambda i: f"{i // 2},{1 + i % 2 * 4}/{2 + i % 2 * 3}/2020,{number()}"),
        "",
        "--order ''",
    ),
    "one class": ("id,t,v,label\n" + rows(lambda i: f"s{i // 8},{i % 8},{number()},a"), "", "--target ''"),
    "own classes": (
        "id,t,v,label\n" + rows(lambda i: f"s{i // 8},{i % 8},{number()},{i // 8}"),
        "",
        "--role value",
    ),
    "units": (
        "id,t,v,w\n" + rows(lambda i: f"s{i // 8},{i % 8},{i % 5}.5 {'g' if i % 2 else 'mg'},{number()}"),
        "",
        "--values w",
    ),
    "no time": (
        "id,t,v\n" + rows(lambda i: f"s{i // 8},{'' if i == 5 else i % 8},{number()}"),
        "",
        "--order '' --missing keep",
    ),
    "whole sequences": ("words\n" + rows(lambda i: f"thedogrunsfaraway{i}", 12), "", "--cell words"),
    "a misspelt column": (GOOD, "--target lable", "--target label"),
    "no such column": (GOOD, "--order hour", ""),
    "a value misspelt": (GOOD, "--values ww", "--values w"),
    "no counts": (GOOD, "--kind count", ""),
    "no target of next": (GOOD, "--role next --target label", "--role next --target ''"),
    "no number": (GOOD, "--role=value", ""),
    "a group that changes": (GOOD, "--group t", ""),
    "no order": (GOOD, "--order label", ""),
    "no label to ignore": (GOOD, "--ignore-label z", ""),
    "another format": (GOOD, "--format fasta", ""),
    "an option of text": (GOOD, "--tokens word", ""),
}


def run(words, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize("name", CASES)
def test_the_command_of_an_error_works(name, tmp_path, monkeypatch, capsys):
    text, given, expected = CASES[name]
    (tmp_path / "a.csv").write_text(text)
    monkeypatch.chdir(tmp_path)
    code, said = run(["seqcompare", "inspect", "a.csv", "--json", *shlex.split(given)], monkeypatch, capsys)
    assert code == 2
    command = re.search(r"; this reads it: (.*)$", said.strip().splitlines()[-1])
    assert command, said
    assert command[1] == f"seqcompare inspect a.csv --json {expected}".strip()
    assert run(shlex.split(command[1]), monkeypatch, capsys)[0] == 0


def test_in_python_the_options_are_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(GOOD)
    with pytest.raises(DataError, match=r"'label'\?.*; this reads it: target='label'$") as caught:
        read(path, target="lable")
    assert read(path, **caught.value.remedy).role == "sequence"


def test_what_no_option_mends_ends_without_a_command(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n1,2,3\n1,2\n")
    with pytest.raises(DataError, match=r"line 3: expected 3 cells as in the first line, got 2$"):
        read(path)


def test_options_are_replaced_where_they_stand():
    words = ["compare", "a b.csv", "--order", "x", "--wide", "--values=v", "--values", "w", "-q"]
    change = {"order": False, "wide": False, "values": ["u"], "marks": ["", "M"], "kind": None}
    expected = (
        "seqcompare compare 'a b.csv' -q --order '' --no-wide --values u --missing-mark '' --missing-mark M"
    )
    assert corrected(words, change) == expected


def test_a_remedy_is_found_beside_an_option_that_compares_with_nothing():
    frame = pd.DataFrame({"file": ["a.csv"], "label": ["u"]})
    with pytest.raises(DataError, match=r"labels .* does not apply") as refused:
        read(["ab", "ba"], labels=frame)
    assert refused.value.remedy == {"labels": None}
