"""What tells comparisons apart, and what is done before one begins."""

import numpy as np
import pandas as pd
import pytest

import seqcompare
from seqcompare import MarkovChain
from seqcompare.cli import main
from seqcompare.datasets import read
from seqcompare.experiments.compare import plan_comparison
from seqcompare.families import SPARE_COLOURS, Family, ModelSpec


def order_two(n=60, length=50, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (n, length))
    for t in range(2, length):
        x[:, t] = np.where(rng.random(n) < 0.9, x[:, t - 2], 1 - x[:, t - 2])
    return list(x)


def test_models_of_ones_own_that_differ_are_another_run(tmp_path):
    same = {"cv": 2, "out": tmp_path / "run", "n_jobs": 1}
    first = seqcompare.compare(order_two(12, 20), {"mine": MarkovChain(order=2)}, **same)
    assert list(first.config["settings"]["yours"]) == ["mine"]
    # another object of the same parameters is the same run; of others it is not
    again = seqcompare.compare(order_two(12, 20), {"mine": MarkovChain(order=2)}, **same)
    pd.testing.assert_frame_equal(again.frame(), first.frame())
    with pytest.raises(FileExistsError, match="they differ in yours"):
        seqcompare.compare(order_two(12, 20), {"mine": MarkovChain(order=3)}, **same)


def test_what_comes_with_the_package_is_not_ones_own():
    planned = plan_comparison(read(order_two(12, 20)), {"chain": "markov", "net": "lstm", "GRU": None})
    assert planned.config["settings"]["yours"] == {}
    assert [c.name for c in planned.contestants] == ["chance", "chain", "net", "GRU"]


def test_a_family_of_ones_own_keeps_its_look():
    spec = ModelSpec.of(MarkovChain(), {"order": [1, 2]}, name="chains")
    mine = Family("mine", "My models", "#123456", "d", (spec,))
    planned = plan_comparison(read(order_two(12, 20)), [mine, MarkovChain(order=3)])
    kept = {family["name"]: family for family in planned.config["families"]}
    assert (kept["mine"]["title"], kept["mine"]["colour"], kept["mine"]["marker"]) == (
        *("My models", "#123456"),
        "d",
    )
    assert kept["MarkovChain"]["colour"] in SPARE_COLOURS


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"cv": 1}, "cv must be 2 or more, got 1"),
        ({"repeats": 0}, "repeats must be 1 or more, got 0"),
        ({"gap": -1}, "gap must be 0 or more, got -1"),
        ({"along": "q"}, "along must be 'auto', 'time' or 'blocks', got 'q'"),
        ({"inner_cv": 6}, "inner_cv must be from 1 to 5, got 6"),
        ({"ahead": 0}, "ahead must be at least 1, got 0"),
        ({"max_seconds": -1.0}, "max_seconds must be more than 0, got -1.0"),
        ({"random_state": -1}, "must be from 0 to 2\\*\\*32 - 1, got -1"),
        ({"n_jobs": 0}, "the number of jobs is 0"),
        ({"metric": ["bits", "nope"]}, "metric: there is no 'nope'"),
        ({"budget": "soon"}, "budget must be more than 0"),
        ({"memory": "much"}, "memory must be a number of bytes"),
        ({"backend": "nope"}, "backend must be 'loky' or 'dask'"),
    ],
)
def test_settings_that_no_data_go_with_are_refused_before_reading(wrong, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        seqcompare.compare(tmp_path / "never_read.csv", **wrong)


@pytest.mark.parametrize("wrong", [["--jobs", "0"], ["--metric", "nope"], ["--gap", "-1"]])
def test_the_command_refuses_settings_before_reading(wrong, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["seqcompare", "compare", str(tmp_path / "never_read.csv"), *wrong])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert wrong[0].strip("-").removesuffix("s") in said
    assert "never_read" not in said
