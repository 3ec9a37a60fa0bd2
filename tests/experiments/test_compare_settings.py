"""What tells comparisons apart, and what is done before one begins."""

import numpy as np
import pandas as pd
import pytest

import seqcompare
from seqcompare import MarkovChain
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
