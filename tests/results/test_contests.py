"""Choosing rungs and judging contestants, on losses whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from seqcompare.results.choice import (
    cheapest,
    choose_rung,
    compare_rungs,
    failed_rungs,
    paired_difference,
    validation_tolerance,
)
from seqcompare.results.contests import Contest, pairs, summary
from seqcompare.results.judgement import judge


def rows(labels, folds=1, parameters=None, axis="tuning", metric="bits"):
    records = [
        {
            "trial_id": f"{label}/{fold}",
            "entry": label,
            "axis": axis,
            "model": label,
            "family": "reference" if label == "chance" else "f",
            "variant": "v",
            "capacity": place,
            "capacity_name": "order",
            "causal": True,
            "seed": fold,
            "status": "ok",
            "metric": metric,
            "n_parameters": float(parameters[place] if parameters else place),
            "predict_us_per_step": 1.0,
            "fit_seconds": 0.5,
            "peak_memory_mb": 1.0,
            **dict.fromkeys(("bits", "accuracy", "macro_f1", "mse", "r2"), np.nan),
        }
        for fold in range(folds)
        for place, label in enumerate(labels)
    ]
    return pd.DataFrame(records)


def units(losses):
    losses = np.asarray(losses, dtype=float)
    return np.column_stack([np.ones(len(losses)), losses, losses])


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
    assert choose_rung(rows("abc"), sums, 0.01) == "b"
    assert choose_rung(rows("abc"), sums, 0.0) == "c"
    other = rows("abc", parameters=[9, 5, 1])
    assert choose_rung(other.assign(variant=other["model"]), sums, 0.01) == "c"


def test_what_is_named_is_the_cheapest_practically_as_good():
    """A difference that is sure, and that nobody would pay for."""
    base = np.random.default_rng(0).normal(2, 1, 100)
    sums = {"a/0": units(base + 0.02), "b/0": units(base + 0.004), "c/0": units(base)}
    assert choose_rung(rows("abc"), sums, 0.01) == "c"
    assert cheapest(compare_rungs(rows("abc"), sums), 0.01) == "b"


def test_a_longer_chain_is_never_cheaper_than_a_shorter_one():
    """Chains count their longest contexts, and short sequences have few of these."""
    sums = {f"{name}/0": units(np.ones(10)) for name in "abc"}
    table = rows("abc", parameters=[30, 700, 5])
    assert compare_rungs(table, sums)["cost"].tolist() == [30, 700, 700]
    assert choose_rung(table, sums, 0.01) == "a"


def test_what_failed_in_a_fold_is_not_chosen():
    table = rows("ab", folds=2)
    table.loc[table["trial_id"] == "a/1", "status"] = "error"
    sums = {name: units([1.0, 2.0]) for name in table["trial_id"]}
    assert choose_rung(table, sums, 0.01) == "b"
    table["status"] = "error"
    assert choose_rung(table, sums, 0.01) is None
    assert compare_rungs(table, sums).empty


def test_what_failed_while_tuning_is_counted():
    table = rows("abc", folds=2).assign(entry=["x", "x", "y"] * 2, error="")
    assert failed_rungs(table).empty
    for trial, error in (("a/0", "one"), ("a/1", "two"), ("b/1", "three")):
        table.loc[table["trial_id"] == trial, ["status", "error"]] = ["error", error]
    assert failed_rungs(table).to_numpy().tolist() == [
        ["x", "a", 2, 2, 1, "one"],
        ["x", "b", 1, 2, 1, "three"],
    ]


def test_a_rung_that_diverges_makes_nothing_practically_equal():
    base = np.random.default_rng(0).normal(0.1, 0.01, 100)
    sums = {"a/0": units(base + 0.02), "b/0": units(base), "c/0": units(base + 50)}
    table = rows("abc", metric="mse").assign(chance=0.8)
    assert validation_tolerance(table, sums) == validation_tolerance(table[:2], sums) == pytest.approx(0.008)
    assert choose_rung(table, sums, validation_tolerance(table, sums)) == "b"
    # folds weigh as they do in the loss of all of them
    sums = {"a/0": units([1.0]), "a/1": units([1.0, 2.0, 3.0])}
    folds = rows("a", folds=2, metric="mse").assign(chance=[4.0, 8.0])
    assert validation_tolerance(folds, sums) == pytest.approx(0.07)
    assert validation_tolerance(folds.assign(status="error"), sums) == 0
    assert validation_tolerance(rows("a"), {}) == 0.01


def contest(losses, folds=5, metric="bits", parameters=None):
    """Return a contest of labels -> (folds, units) losses."""
    sums = {f"{k}/{f}": units(v[f]) for k, v in losses.items() for f in range(folds)}
    table = rows(list(losses), folds, parameters, "test", metric)
    return Contest(table, sums, 1 / (folds - 1) if folds > 1 else 0.5)


def world(rng, gaps, folds=5, n=40, spread=0.02):
    base = rng.normal(2, 0.5, (folds, n))
    return {k: base + gap + spread * rng.normal(size=(folds, n)) for k, gap in gaps.items()}


@pytest.mark.parametrize("folds", [1, 5])
def test_regions_tell_worse_from_equal(folds):
    losses = world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0, "b": 0.001}, folds)
    found = contest(losses, folds)
    assert found.best() in ("a", "b")
    assert found.regions("chance", "a")[0] > 0.99
    assert found.regions("b", "a")[1] > 0.95
    assert found.regions("a", "chance")[2] > 0.99
    assert sum(found.regions("b", "a")) == pytest.approx(1)


def test_the_cheapest_sufficient_model_wins():
    losses = world(np.random.default_rng(0), {"chance": 0.3, "small": 0.002, "large": 0.0, "tiny": 0.1})
    found = contest(losses, parameters=[1, 20, 300, 5])
    judged = judge(found, summary(found, rows("x").iloc[:0]))
    assert (judged.kind, judged.winner, judged.best) == ("model", "small", "large")
    assert judged.unsettled == ()
    assert judged.worse["tiny"] > 0.95


def test_chance_is_enough_where_nothing_beats_it():
    losses = world(np.random.default_rng(0), {"chance": 0.0, "a": 0.004, "b": 0.003})
    found = contest(losses)
    judged = judge(found, summary(found, rows("x").iloc[:0]))
    assert (judged.kind, judged.winner) == ("chance", "chance")


def test_a_model_that_swings_without_learning_does_not_make_a_doubt():
    rng = np.random.default_rng(0)
    losses = world(rng, {"chance": 0.0, "a": 0.004, "wild": 0.05})
    losses["wild"] += np.array([[-0.2], [-0.1], [0.0], [0.1], [0.2]])
    found = contest(losses)
    assert found.regions("wild", "chance")[2] > 0.05
    assert judge(found, summary(found, rows("x").iloc[:0])).kind == "chance"


def test_few_noisy_folds_cannot_tell():
    losses = world(np.random.default_rng(0), {"chance": 0.05, "a": 0.0}, n=2, spread=0.3)
    found = contest(losses)
    assert judge(found, summary(found, rows("x").iloc[:0])).kind == "cannot tell"


def test_the_best_of_several_has_to_be_surer_than_one_alone():
    names = ("a", "b", "c", "d")
    losses = world(np.random.default_rng(0), {"chance": 0.1, **dict.fromkeys(names, 0.1)})
    losses["a"] -= np.array([[0.04], [0.1], [0.16], [0.04], [0.16]])
    found = contest(losses)
    assert 0.95 < found.regions("a", "chance")[2] < 1 - 0.05 / 4
    assert judge(found, summary(found, rows("x").iloc[:0])).kind == "cannot tell"
    alone = contest({name: losses[name] for name in ("chance", "a")})
    assert judge(alone, summary(alone, rows("x").iloc[:0])).kind == "model"


def test_nothing_found_in_data_that_can_show_nothing_is_no_proof():
    losses = world(np.random.default_rng(0), {"chance": 0.0, "a": 0.2})
    found = contest(losses)
    costs = summary(found, rows("x").iloc[:0])
    assert judge(found, costs, least_seen=0.01).kind == "chance"
    assert judge(found, costs, least_seen=0.2).kind == "cannot tell"
    # models that are no better than chance where something was detected have missed it
    assert judge(found, costs, least_seen=0.01, most_seen=0.2).kind == "cannot tell"


def test_a_contestant_that_failed_is_out():
    losses = world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0, "b": 0.1})
    found = contest(losses)
    found.tests.loc[found.tests["trial_id"] == "a/2", ["status", "error"]] = "error", "out of order"
    table = summary(found, rows("x").iloc[:0]).set_index("entry")
    assert found.entries == ["chance", "b"]
    assert np.isnan(table.loc["a", "score"])
    assert table[["n_failed", "error"]].loc["a"].tolist() == [1, "out of order"]
    assert table[["n_failed", "error"]].loc["b"].tolist() == [0, ""]
    assert judge(found, table.reset_index()).winner == "b"


def test_pairs_hold_every_contestant_against_the_best_and_chance():
    losses = world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0, "b": 0.1})
    table = pairs(contest(losses))
    assert [tuple(p) for p in table[["a", "b"]].to_numpy()] == [("chance", "a"), ("b", "a"), ("b", "chance")]
    assert table["difference"].tolist() == pytest.approx([0.3, 0.1, -0.2], abs=0.02)
    assert (table["p_adjusted"] >= table["p_value"]).all()


def test_accuracy_is_one_minus_the_loss():
    rng = np.random.default_rng(0)
    wrong = {k: (rng.random((5, 40)) < p).astype(float) for k, p in {"chance": 0.5, "a": 0.1}.items()}
    found = contest(wrong, metric="accuracy")
    table = summary(found, rows("x").iloc[:0])
    assert table["entry"].tolist() == ["a", "chance"]
    assert table["score"].iloc[0] == pytest.approx(1 - wrong["a"].mean())


def test_squared_errors_are_tolerated_by_the_variance():
    losses = world(np.random.default_rng(0), {"chance": 98.0, "a": 0.0})
    assert contest(losses, metric="mse").tolerance == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(("metric", "scores"), [("accuracy", [1.0, 1.0, 0.9]), ("mse", [0.0, 0.0, 0.1])])
def test_intervals_end_where_scores_do(metric, scores):
    """A t interval of three folds alone would go on beyond 100%, or below an error of 0."""
    losses = [1 - score if metric == "accuracy" else score for score in scores]
    sums = {f"a/{fold}": units([loss]) for fold, loss in enumerate(losses)}
    found = Contest(rows("a", folds=3, axis="test", metric=metric), sums, 0.5).interval("a")
    assert found.mean == pytest.approx(np.mean(scores))
    assert found.high == 1.0 if metric == "accuracy" else found.low == 0.0
    assert found.low < found.mean < found.high


def test_what_is_no_better_than_chance_is_not_enough():
    """Practically equal to the best, and to chance as well."""
    losses = world(np.random.default_rng(0), {"chance": 0.016, "small": 0.009, "large": 0.0}, spread=0.001)
    found = contest(losses, parameters=[1, 2, 300])
    assert found.regions("small", "large")[1] > 0.9
    assert found.regions("small", "chance")[1] > 0.9
    judged = judge(found, summary(found, rows("x").iloc[:0]))
    assert (judged.kind, judged.winner) == ("model", "large")


def test_folds_that_agree_by_luck_are_no_certainty():
    """Ten right answers more of forty, in both of two folds."""
    units_of = np.concatenate([np.ones(20), np.zeros(20)])
    losses = {"chance": [units_of, units_of], "a": [np.roll(units_of, 10) * (np.arange(40) < 20)] * 2}
    found = contest(losses, folds=2, metric="accuracy")
    difference = found.losses("chance") - found.losses("a")
    assert np.ptp(difference) == 0
    assert difference[0] > 0.2
    assert 0.6 < found.regions("a", "chance")[2] < 0.95


def test_noise_on_few_test_sequences_is_not_worth_having():
    """The best of five models that guess, on an official test part of few sequences."""
    rng = np.random.default_rng(0)
    names = [f"m{i}" for i in range(5)]
    for n, most in ((1, 0.0), (3, 0.15), (6, 0.15)):
        kinds = []
        for _ in range(100):
            losses = {name: rng.normal(0.5, 0.1, (1, n)) for name in names}
            found = contest({"chance": np.full((1, n), 0.5), **losses}, folds=1, metric="accuracy")
            kinds.append(judge(found, summary(found, rows("x").iloc[:0])).kind)
        assert np.mean(np.array(kinds) == "model") <= most
        assert found.interval("m0").kind == "range"
        assert np.isnan(found.test("m0", "chance").p_value)


def test_answers_that_are_all_right_have_an_exact_interval():
    losses = {"chance": np.full((2, 20), 0.5), "a": np.zeros((2, 20))}
    found = contest(losses, folds=2, metric="accuracy").interval("a")
    assert (found.mean, found.high, found.kind) == (1.0, 1.0, "exact")
    assert found.low == pytest.approx(0.025 ** (1 / 40))
