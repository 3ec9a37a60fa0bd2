"""Who may not be called worse, since its best member was not tested."""

import numpy as np
import pandas as pd
import pytest

from seqcompare.metrics import METRICS
from seqcompare.models.common_symbols import words_of
from seqcompare.results.judgement import judge
from seqcompare.results.untried import Untried, find_untried

SIZES = {1: 1.5, 2: 1.2, 4: 0.9}


def grid(losses=SIZES, chosen=4, capacity_name="order"):
    best = min(losses.values())
    return pd.DataFrame(
        [
            {
                "entry": "x",
                "model": f"x {size}",
                "variant": "x",
                "capacity": float(size),
                "capacity_name": capacity_name,
                "n_parameters": size,
                "loss": loss,
                "behind": loss - best,
                "fold_error": 0.02,
                "chosen": size == chosen,
            }
            for size, loss in losses.items()
        ]
    )


def trials(stop, model="x 4"):
    rows = {"entry": "x", "model": ["x 2", model], "status": "ok", "stop": [stop, "budget"]}
    return pd.DataFrame(rows)


def test_where_bits_still_fall_at_the_end_of_a_grid_its_best_was_not_tried():
    found = find_untried(grid(), trials("tol"), 0.01, 60)
    assert found == {"x": Untried("order above 4 may be better still: not tried", wider=True)}
    assert find_untried(grid({1: 1.5, 2: 0.91, 4: 0.9}), trials("tol"), 0.01, 60) == {}


def test_nothing_sees_further_than_the_longest_sequence():
    assert find_untried(grid(), trials("tol"), 0.01, 5) == {}
    # of states there is no such end
    assert "x" in find_untried(grid(capacity_name="states"), trials("tol"), 0.01, 5)


def test_a_training_that_ended_with_its_budget_says_nothing_of_its_best():
    flat = grid({1: 1.0, 2: 1.0}, 1)
    assert find_untried(flat, trials("budget"), 0.01, 60) == {
        "x": Untried("its training ended with its budget")
    }
    assert find_untried(flat, trials("tol"), 0.01, 60) == {}


def test_a_model_that_takes_rare_symbols_together_says_nothing_of_one_that_does_not():
    flat = grid({1: 1.0, 2: 1.0}, 1)
    label = f"x 4{words_of({'symbols': 256})}"
    (found,) = find_untried(flat, trials("tol", label), 0.01, 60).values()
    assert found == Untried("it took rare symbols together: one that tells all apart was not tried")


def test_the_best_of_tuning_that_was_not_tested_is_named():
    (found,) = find_untried(grid({1: 1.05, 2: 1.0, 4: 1.1}, 1), trials("tol"), 0.01, 60).values()
    assert found.slack == pytest.approx(0.05)
    assert found.reason == (
        "x 2 did best while tuning, by so little that the smaller x 1 was tested in its place"
    )
    (found,) = find_untried(grid({1: 1.05, 2: 1.0, 4: 1.1}, 4), trials("tol"), 0.01, 60).values()
    assert found.reason.endswith("but not in most folds: x 4 was tested in its place")


def test_what_was_tried_of_another_kind_is_not_said_to_be_untried():
    other = grid({8: 2.0}).assign(variant="y", model="y 8", behind=1.1, chosen=False)
    (found,) = find_untried(pd.concat([grid(), other]), trials("tol"), 0.01, 60).values()
    assert found.reason == "larger ones of the kind of x 4 may be better still: not tried"


def losses(**mean):
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 0.3, 200)
    rows = [
        {"entry": e, "fold": 0, "unit": i, "weight": 1.0, "loss": m + shared[i] + 0.05 * rng.normal()}
        for e, m in mean.items()
        for i in range(200)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("untried", "status"),
    [
        ({}, "inferior"),
        ({"x": Untried("its best", 0.1)}, "inferior"),
        ({"x": Untried("its best", 0.3)}, "not tried"),
        ({"x": Untried("its best")}, "not tried"),
    ],
)
def test_inferior_is_only_who_could_not_make_up_for_it(untried, status):
    costs = pd.DataFrame({"entry": ["x", "y"], "n_parameters": [9.0, 3.0], "predict_us_per_step": [1.0, 1.0]})
    table = losses(chance=2.0, x=1.3, y=1.0)
    judged = judge(table, costs, METRICS["label bits"], 0.25, untried=untried)
    assert (judged.winner, judged.status["y"], judged.status["x"]) == ("y", "enough", status)
    assert judged.reasons.get("x") == ("its best" if status == "not tried" else None)
