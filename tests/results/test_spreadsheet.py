"""CSV files with the names that people come up with."""

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcompare.results.spreadsheet import csv_cell, to_csv

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
    assert pd.read_csv(io.StringIO(to_csv(frame))).equals(frame)


def test_no_cell_of_a_csv_file_is_a_formula():
    frame = pd.DataFrame({"name": FORMULAS, "=1+1": range(len(FORMULAS))})
    lines = list(csv.reader(io.StringIO(to_csv(frame))))
    assert len(lines) == len(FORMULAS) + 1
    assert all(not text.lstrip().startswith(("=", "+", "-", "@")) for line in lines for text in line)
