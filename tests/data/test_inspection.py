import json
import sys
from pathlib import Path

import numpy as np
import pytest

from seqcompare import Sequences
from seqcompare.cli import main
from seqcompare.data.inspection import inspect
from seqcompare.datasets import load, read

CASES = Path(__file__).parents[1] / "cases"


def test_what_is_understood_of_a_table():
    found = inspect(read(CASES / "k14c_event_and_amount.csv"))
    assert (found.sequences, found.steps, found.lengths, found.role) == (16, 96, "6", "sequence")
    event, amount = found.channels
    assert (event.channel, event.kind, event.different, event.missing) == ("event", "symbols", 3, 0)
    assert (amount.kind, amount.missing) == ("real", 0)
    assert found.target == "2 classes: a 50.0%, b 50.0%"
    assert found.times == "a step every 1"
    assert {use.column: use.use for use in found.columns}["id"] == "sequence"


def test_of_tables_of_another_form_it_is_said_what_was_guessed_and_left_out(tmp_path):
    waves = tmp_path / "waves.csv"
    rows = [
        f"p{i},{20 + 7 * i % 5},{i % 3},{(i + 1) % 3}.5,{i % 2},{i % 5}.25,{'yn'[i % 2]}" for i in range(12)
    ]
    waves.write_text("person,site,mood_w1,mood_w2,mood_w3,mood_w4,outcome\n" + "\n".join(rows) + "\n")
    cells = tmp_path / "cells.csv"
    rows = [
        f"p{i},{20 + 7 * i % 5},{'ACGT' * 3}{'ACGT'[i % 4]}{'ACGT'[i // 4]},{'yn'[i % 2]}" for i in range(12)
    ]
    cells.write_text("person,site,dna,class\n" + "\n".join(rows) + "\n")
    for path in (waves, cells):
        columns = {use.column: use for use in inspect(read(path)).columns}
        assert not any(use.reason == "you said so" for use in columns.values()), path.name
        assert columns["site"].use == "not used"
    told = {use.column: use for use in inspect(read(waves, target="outcome")).columns}
    assert told["outcome"].reason == "you said so"


def test_gaps_of_time_and_missing_values_are_told():
    days = np.array(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-09"], "datetime64[D]")
    X = Sequences([["a", None, "b", "b"], ["a", "a"]], times=[days, days[:2]])
    found = inspect(read(X, missing="keep"))
    assert found.channels[0].missing == 1
    assert found.lengths == "2 to 4 (half of them up to 3)"
    assert found.times == "1 day between steps as a rule; 25.0% of 4 gaps differ, the largest is 6 days"


@pytest.mark.parametrize("name", ["digits", "cmudict_stress", "japanese_vowels", "lambda_phage"])
def test_bundled_data_are_understood(name):
    found = inspect(load(name))
    assert found.sentences()[0].startswith(f"{name}: {found.sequences:,} sequence")
    assert bool(found.target) == (found.role != "next")


@pytest.mark.parametrize("path", sorted(CASES.glob("k0*.csv")), ids=lambda path: path.name)
def test_the_command_line_shows_it(path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["seqcompare", "inspect", str(path), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["channels"]
    assert {use["use"] for use in answer["columns"]} >= {"value"}
    monkeypatch.setattr(sys, "argv", ["seqcompare", "inspect", str(path)])
    with pytest.raises(SystemExit):
        main()
    assert "the role is" in capsys.readouterr().out
