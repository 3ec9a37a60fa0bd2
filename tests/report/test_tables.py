import math

import pandas as pd
import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from seqcompare.report.parts import Table
from seqcompare.report.tables import Cell, cell, markdown_text, number, rows, to_latex, to_markdown


def table(frame, **headings):
    return Table("t", "T", "", frame, headings or {str(c): str(c) for c in frame.columns})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (-0.5, "−0.5000"),
        (0.123456, "0.1235"),
        (3.14159, "3.142"),
        (31.4159, "31.42"),
        (314.159, "314.2"),
        (12345.6, "12,346"),
        (1.5e-6, "1.50e−06"),
        (2.5e9, "2.50e+09"),
        (math.inf, "∞"),
    ],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


@given(st.floats(-1e12, 1e12))
def test_a_number_keeps_three_digits(value):
    shown = float(number(value).replace("−", "-").replace(",", ""))
    assert shown == pytest.approx(value, rel=6e-3, abs=1e-300)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, Cell("yes", number=False)),
        (None, Cell("", number=False)),
        (math.nan, Cell("", number=False)),
        (pd.NA, Cell("", number=False)),
        (4, Cell("4", number=True)),
        ("4", Cell("4", number=True)),
        ("4–8", Cell("4–8", number=False)),
        ("LSTM 32", Cell("LSTM 32", number=False)),
    ],
)
def test_cells(value, expected):
    assert cell(value) == expected


def test_rows_follow_the_headings():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [None, True]})
    assert [[c.text for c in row] for row in rows(table(frame, c="C", a="A"))] == [["", "1"], ["yes", "2"]]


def test_a_paragraph_of_markdown_is_shown_whole():
    sentence = "A model that reaches far has a long sentence. " * 20 + "*End*"
    assert markdown_text(sentence).endswith(r"\*End\*")


def test_markdown_has_a_line_for_each_row_whatever_the_names():
    frame = pd.DataFrame({"name": HOSTILE, "n": range(len(HOSTILE))})
    lines = to_markdown(table(frame)).split("\n")
    assert len(lines) == len(HOSTILE) + 2
    for line in lines:
        # two columns are three bars that no backslash takes away
        assert line.replace("\\\\", "").replace("\\|", "").count("|") == 3
        assert "<" not in line


def test_latex_escapes_what_latex_would_read():
    frame = pd.DataFrame({"name": [*HOSTILE, "a_b & 50% of $x$ {y} #1 ~ ^"], "n": 1.5})
    text = to_latex(table(frame))
    assert text.startswith("\\begin{tabular}{lr}\n\\toprule")
    assert text.isascii()
    assert "\\input" not in text
    assert r"a\_b \& 50\% of \$x\$ \{y\} \#1" in text
    assert text.count(r"\\") == len(frame) + 1
