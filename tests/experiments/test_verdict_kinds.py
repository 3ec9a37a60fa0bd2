"""A part of `benchmarks/verdicts.py`: the kinds as they are declared, and some sets of them."""

import importlib.util
import sys
from pathlib import Path

import pandas as pd
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


KINDS = load("verdict_kinds").KINDS
verdicts = load("verdicts")

SOME = ("order 2", "drift by position", "one sticky series", "present step", "composition", "last step")


def test_there_are_kinds_of_every_role_in_both_halves():
    assert len(KINDS) >= 24
    for part in verdicts.PARTS:
        mine = [kind for kind in KINDS.values() if kind.part == part]
        assert len(mine) == len(KINDS) / 2
        assert {kind.role for kind in mine} == {"next", "step", "sequence", "value"}
        assert {kind.expected for kind in mine} >= {"model", "chance"}


@pytest.mark.parametrize("name", SOME)
def test_what_can_be_known_is_said(name):
    row = verdicts.run_one(name, "large", 0)
    assert row["outcome"] == "right", (row["why"], row["said"])


@pytest.mark.parametrize("name", SOME)
def test_what_cannot_be_known_is_not_said(name):
    row = verdicts.run_one(name, "small", 0)
    assert row["outcome"] != "wrong", (row["why"], row["said"])
    assert row["verdict"] == "cannot tell" or row["outcome"] == "right"


def test_a_table_has_rates_with_intervals_and_asks_for_a_second_look():
    outcomes = ["right"] * 15 + ["open"] * 2 + ["wrong"] * 3
    rows = pd.DataFrame({"kind": "coin", "size": "large", "outcome": outcomes, "seconds": 1.0})
    row = verdicts.rates(rows).iloc[0]
    assert (row["right"], row["wrong"], row["again"]) == (15, 3, True)
    assert row["right_low"] == pytest.approx(0.509, abs=1e-3)
    assert row["right_high"] == pytest.approx(0.913, abs=1e-3)
