"""What users write for a budget, and what the machine has to give."""

import math

import pytest

import seqcompare
from seqcompare.experiments.budget import bytes_of, free_memory, seconds_of


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (None, None),
        (90, 90),
        (1.5, 1.5),
        ("90", 90),
        ("90s", 90),
        ("10m", 600),
        ("1.5 h", 5400),
        ("1h30m", 5400),
    ],
)
def test_a_budget_is_seconds_or_has_units(given, seconds):
    assert seconds_of(given) == seconds


@pytest.mark.parametrize(
    "given", ["soon", "", "10 apples", "-3m", 0, -1, math.nan, math.inf, True, "1.2.3s", "3 4m", []]
)
def test_what_is_no_budget_is_one_clear_error(given, tmp_path):
    with pytest.raises(ValueError, match="budget must be more than 0: seconds, or numbers with s, m, h or d"):
        seqcompare.compare(["abab"] * 9, "markov", budget=given, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_long_text_is_refused_at_once():
    with pytest.raises(ValueError, match="budget must be"):
        seconds_of("1" * 5000 + "!")


@pytest.mark.parametrize(
    ("given", "size"),
    [(1e9, 1e9), ("500MB", 5e8), ("4GB", 4e9), ("4G", 4e9), ("1.5 gb", 1.5e9), (None, None)],
)
def test_memory_is_bytes_or_has_units(given, size):
    assert bytes_of(given) == size


@pytest.mark.parametrize("given", ["much", 0, "4 apples", "-1GB"])
def test_what_is_no_memory_is_one_clear_error(given):
    with pytest.raises(ValueError, match="memory must be more than 0: bytes, or a number with MB or GB"):
        bytes_of(given)


def test_the_machine_has_some_memory_free():
    assert free_memory() > 1e7
