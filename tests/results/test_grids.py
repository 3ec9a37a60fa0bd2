"""Choosing candidates, on losses whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from loss_rows import rows, units

from seqcompare.metrics import METRICS, Metric
from seqcompare.results.grids import (
    all_grids,
    choose_candidate,
    compare_candidates,
    failed_candidates,
    paired_difference,
    validation_tolerance,
)


def test_the_error_of_a_difference_is_that_of_the_mean():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 50))
    mean, error = paired_difference(units(a), units(b))
    assert mean == pytest.approx((a - b).mean())
    assert error == pytest.approx((a - b).std(ddof=1) / np.sqrt(50))


@pytest.mark.parametrize("other", [[1.0, 2.0, 2.0], [1.0, 2.0]])
def test_units_of_other_weights_are_not_compared(other):
    a, b = (np.column_stack([w, w, w]) for w in (np.array([1.0, 2.0, 3.0]), np.array(other)))
    with pytest.raises(ValueError, match=r"got 3 that weigh 6 and \d that weigh"):
        paired_difference(a, b)


def test_the_error_covers_ratios_of_uneven_units():
    """Simulated: units of random weight, whose differences depend on the weight."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(400):
        w = rng.integers(1, 30, 60).astype(float)
        d = w * (0.3 + 0.2 * rng.normal(size=60))
        a = np.column_stack([w, d, d])
        found.append(paired_difference(a, np.column_stack([w, 0 * d, 0 * d])))
    means, errors = np.array(found).T
    assert errors.mean() == pytest.approx(means.std(), rel=0.15)


def test_the_cheapest_of_those_as_good_is_chosen():
    rng = np.random.default_rng(0)
    base = rng.normal(2, 1, 100)
    sums = {
        "a/0": units(base + 0.5),
        "b/0": units(base + 0.004 + 0.05 * rng.normal(size=100)),
        "c/0": units(base),
    }
    assert choose_candidate(rows("abc"), sums, 0.01) == "b"
    assert choose_candidate(rows("abc"), sums, 0.0) == "b"
    other = rows("abc", parameters=[9, 5, 1])
    assert choose_candidate(other.assign(variant=other["model"]), sums, 0.01) == "c"


def test_what_is_surely_but_hardly_worse_is_practically_as_good():
    """A difference that is sure, and that nobody would pay for."""
    base = np.random.default_rng(0).normal(2, 1, 100)
    sums = {"a/0": units(base + 0.02), "b/0": units(base + 0.004), "c/0": units(base)}
    assert choose_candidate(rows("abc"), sums, 0.01) == "b"
    assert choose_candidate(rows("abc"), sums, 0.0) == "c"


def test_a_cheaper_candidate_that_is_not_told_apart_is_chosen_though_it_did_worse():
    """Three hundredths of a bit behind, with a standard error of five."""
    rng = np.random.default_rng(0)
    base = rng.normal(2, 1, 60)
    noise = rng.normal(size=60)
    noise = (noise - noise.mean()) / noise.std()
    sums = {"a/0": units(base + 0.03 + 0.4 * noise), "b/0": units(base)}
    (behind, error) = paired_difference(sums["a/0"], sums["b/0"])
    assert behind == pytest.approx(0.03)
    assert 0.04 < error < 0.06
    assert choose_candidate(rows("ab"), sums, 0.01) == "a"
    sums["a/0"] = units(base + 0.07 + 0.4 * noise)
    assert choose_candidate(rows("ab"), sums, 0.01) == "b"


def test_of_as_many_parameters_the_better_is_chosen_and_not_the_faster():
    table = rows("ab", parameters=[3, 3])
    table["predict_us_per_step"] = [1.0, 2.0]
    sums = {"a/0": units(np.full(10, 1.004)), "b/0": units(np.ones(10))}
    assert choose_candidate(table, sums, 0.01) == "b"


def test_what_was_tried_on_less_is_compared_on_that_and_cannot_be_chosen():
    rng = np.random.default_rng(0)
    first, other = rng.normal(2, 1, (2, 20))
    table = pd.concat([rows("abc").assign(task_params="first"), rows("ab").assign(task_params="rest")])
    table.loc[table["task_params"] == "rest", "trial_id"] += "/again"
    sums = {
        "a/0": units(first + 0.3),
        "b/0": units(first),
        "c/0": units(first - 0.1),
        "a/0/again": units(other + 0.5),
        "b/0/again": units(other),
    }
    found = compare_candidates(table, sums).set_index("model")
    assert found["complete"].to_dict() == {"a": True, "b": True, "c": False}
    assert found["behind"].to_dict() == pytest.approx({"a": 0.4, "b": 0.0, "c": -0.1})
    assert found.loc["c", "loss"] == pytest.approx(found.loc["b", "loss"] - 0.1)
    assert choose_candidate(table, sums, 0.01) == "b"


def test_the_named_candidate_is_that_of_most_folds():
    sums = {f"{m}/{k}": units(np.full(10, loss)) for k in range(3) for m, loss in (("a", 1.2), ("b", 1.0))}
    tests = pd.DataFrame({"entry": "x", "model": ["b", "a", "a"]})
    table = all_grids(rows("ab", folds=3).assign(entry="x"), sums, tests).set_index("model")
    assert table["n_chosen"].to_dict() == {"a": 2, "b": 1}
    assert table["chosen"].to_dict() == {"a": True, "b": False}
    even = all_grids(rows("ab", folds=3).assign(entry="x"), sums, tests[:2]).set_index("model")
    assert even["chosen"].to_dict() == {"a": False, "b": True}


def test_a_longer_chain_is_never_cheaper_than_a_shorter_one():
    """Chains count their longest contexts, and short sequences have few of these."""
    sums = {f"{name}/0": units(np.ones(10)) for name in "abc"}
    table = rows("abc", parameters=[30, 700, 5])
    assert compare_candidates(table, sums)["cost"].tolist() == [30, 700, 700]
    assert choose_candidate(table, sums, 0.01) == "a"


def test_what_failed_in_a_fold_is_not_chosen():
    table = rows("ab", folds=2)
    table.loc[table["trial_id"] == "a/1", "status"] = "error"
    sums = {name: units([1.0, 2.0]) for name in table["trial_id"]}
    assert choose_candidate(table, sums, 0.01) == "b"
    table["status"] = "error"
    assert choose_candidate(table, sums, 0.01) is None
    assert compare_candidates(table, sums).empty


def test_what_failed_while_tuning_is_counted():
    table = rows("abc", folds=2).assign(entry=["x", "x", "y"] * 2, error="")
    assert failed_candidates(table).empty
    for trial, error in (("a/0", "one"), ("a/1", "two"), ("b/1", "three")):
        table.loc[table["trial_id"] == trial, ["status", "error"]] = ["error", error]
    assert failed_candidates(table).to_numpy().tolist() == [
        ["x", "a", 2, 2, 1, "one"],
        ["x", "b", 1, 2, 1, "three"],
    ]


def test_a_candidate_that_diverges_makes_nothing_practically_equal():
    base = np.random.default_rng(0).normal(0.1, 0.01, 100)
    sums = {"a/0": units(base + 0.02), "b/0": units(base), "c/0": units(base + 50)}
    metric = METRICS["mse"]
    table = rows("abc", metric="mse").assign(chance=0.8)
    tolerance = validation_tolerance(table, sums, metric)
    assert tolerance == validation_tolerance(table[:2], sums, metric) == pytest.approx(0.008)
    assert choose_candidate(table, sums, tolerance) == "b"
    # folds weigh as they do in the loss of all of them
    sums = {"a/0": units([1.0]), "a/1": units([1.0, 2.0, 3.0])}
    folds = rows("a", folds=2, metric="mse").assign(chance=[4.0, 8.0])
    assert validation_tolerance(folds, sums, metric) == pytest.approx(0.07)
    assert validation_tolerance(folds.assign(status="error"), sums, metric) == 0


def test_the_tolerance_is_that_of_the_metric():
    coarse = Metric("hits", "", True, tolerance=0.2)
    assert validation_tolerance(rows("a"), {}, coarse) == 0.2
    assert validation_tolerance(rows("a"), {}, METRICS["bits"]) == 0.01
    base = np.random.default_rng(0).normal(2, 1, 100)
    sums = {"a/0": units(base + 0.1), "b/0": units(base)}
    for metric, named in ((coarse, "a"), (METRICS["bits"], "b")):
        assert choose_candidate(rows("ab"), sums, validation_tolerance(rows("ab"), {}, metric)) == named


def test_there_may_be_no_grid_at_all():
    table = all_grids(rows("ab").iloc[:0], {}, rows("ab").iloc[:0])
    assert table.empty
    assert {"entry", "model", "chosen", "n_parameters"} <= set(table.columns)
