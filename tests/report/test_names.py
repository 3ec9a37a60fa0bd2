import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcompare.report.names import distinct, shown

INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.text(), st.integers(9, 80))
def test_a_shown_name_is_one_short_visible_line(text, limit):
    line = shown(text, limit)
    assert len(line) <= limit
    assert not {unicodedata.category(c) for c in line} & INVISIBLE
    assert bool(line) == bool(text)


@pytest.mark.parametrize("text", ["plain", "größe 3", "词 order 2", "a_b (c) [d]"])
def test_an_ordinary_name_stays_as_it_is(text):
    assert shown(text) == text


def test_a_tower_of_accents_is_cut():
    assert shown("Z" + "\u0301" * 200) == "Z\u0301\u0301"


@given(st.lists(st.text(max_size=30), max_size=12), st.integers(12, 40))
def test_different_names_are_shown_differently(texts, limit):
    names = distinct(texts, limit)
    assert set(names) == set(texts)
    assert len(set(names.values())) == len(set(texts))
    assert all(0 < len(name) <= limit for name in names.values())


def test_names_that_differ_after_the_cut_are_numbered():
    assert list(distinct(["a" * 50 + "x", "a" * 50 + "y"], 20).values()) == [
        "a" * 19 + "…",
        "a" * 15 + " (2)",
    ]
