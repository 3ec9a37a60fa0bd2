"""What users write for a budget."""

import math

import numpy as np
import pytest

import seqcompare
from seqcompare.experiments.budget import seconds_of


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (None, None),
        ("none", None),
        (90, 90),
        (1.5, 1.5),
        (np.int64(90), 90),
        (np.float32(1.5), 1.5),
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
    with pytest.raises(
        ValueError,
        match="budget must be more than 0: seconds, or numbers with s, m, h or d, such as '10m', or 'none'",
    ):
        seqcompare.compare(["abab"] * 9, "markov", budget=given, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_long_text_is_refused_at_once():
    with pytest.raises(ValueError, match="budget must be"):
        seconds_of("1" * 5000 + "!")
