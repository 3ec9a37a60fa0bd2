"""Judging models on losses whose truth is known: one table, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from loss_rows import rows, units

from seqcompare.metrics import METRICS, Metric
from seqcompare.results.contest import LOSSES, Contest, loss_table, pairs, summary
from seqcompare.results.judgement import judge
from seqcompare.results.sight import detected

NO_TUNING = rows("x").iloc[:0]


def sums_of(losses):
    return {f"{k}/{fold}": units(part) for k, parts in losses.items() for fold, part in enumerate(parts)}


def losses_of(losses, weight=1.0):
    """Return labels -> (folds, units) mean losses of units of so many items as one table."""
    records = [
        (entry, fold, unit, weight, weight * loss)
        for entry, folds in losses.items()
        for fold, units_of in enumerate(folds)
        for unit, loss in enumerate(units_of)
    ]
    return pd.DataFrame(records, columns=LOSSES)


def fraction(folds):
    return 1 / (folds - 1) if folds > 1 else 0.5


#: Steps of a sequence, where its bits a step are compared.
STEPS = 60


def contest(losses, folds=5, metric="bits"):
    table = losses_of(losses, STEPS if metric == "bits" else 1)
    return Contest(table, METRICS[metric], fraction(folds))


def judgement(losses, folds=5, metric="bits", parameters=None, **seen):
    sizes = parameters or range(len(losses))
    costs = pd.DataFrame({"entry": list(losses), "n_parameters": sizes, "predict_us_per_step": 1.0})
    table = losses_of(losses, STEPS if metric == "bits" else 1)
    return judge(table, costs, METRICS[metric], fraction(folds), **seen)


def world(rng, gaps, folds=5, n=40, spread=0.02):
    base = rng.normal(2, 0.5, (folds, n))
    return {k: base + gap + spread * rng.normal(size=(folds, n)) for k, gap in gaps.items()}


@pytest.mark.parametrize(
    ("gain", "base"), [(0.022, "frequencies by position"), (0.004, "chance"), (0.0, "chance")]
)
def test_a_reference_that_beats_chance_as_a_model_has_to_is_what_is_enough(gain, base):
    position = "frequencies by position"
    # better than chance for sure, and not for sure by more than the tolerance of .010
    gaps = {"chance": 0.0, position: -gain, "a": 0.001}
    losses = world(np.random.default_rng(1), gaps, spread=0.06)
    found = judgement(losses, references=("chance", position), least_seen=0.001)
    assert found.base == base
    if gain > 0.01:
        assert contest(losses).difference("chance", position).p_above(contest(losses).tolerance) > 0.05
        assert (found.kind, found.winner) == ("chance", base)


@pytest.mark.parametrize("folds", [1, 5])
def test_regions_tell_worse_from_equal(folds):
    losses = world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0, "b": 0.001}, folds)
    found = contest(losses, folds)
    assert found.best in ("a", "b")
    assert found.regions("chance", "a")[0] > 0.99
    assert found.regions("b", "a")[1] > 0.8
    assert found.regions("a", "chance")[2] > 0.99
    assert sum(found.regions("b", "a")) == pytest.approx(1)


def test_the_cheapest_sufficient_model_wins():
    losses = world(np.random.default_rng(0), {"chance": 0.3, "small": 0.002, "large": 0.0, "tiny": 0.1})
    judged = judgement(losses, parameters=[1, 20, 300, 5])
    assert (judged.kind, judged.winner, judged.best) == ("model", "small", "large")
    assert judged.unsettled == ()
    assert judged.worse["tiny"] > 0.95


def test_of_equally_large_ones_the_naive_forecast_wins():
    losses = world(np.random.default_rng(0), {"chance": 0.3, "net": 0.0, "last value": 0.001})
    costs = pd.DataFrame({"entry": list(losses), "n_parameters": [2, 4, 4], "predict_us_per_step": [1, 1, 2]})
    families = {"family": ["reference", "hmm", "reference"]}
    for known, winner in (({}, "net"), (families, "last value")):
        judged = judge(losses_of(losses, STEPS), costs.assign(**known), METRICS["bits"], fraction(5))
        assert (judged.kind, judged.winner) == ("model", winner)


def test_chance_is_enough_where_nothing_beats_it():
    losses = world(np.random.default_rng(0), {"chance": 0.0, "a": 0.004, "b": 0.003})
    judged = judgement(losses)
    assert (judged.kind, judged.winner) == ("chance", "chance")


def test_a_model_that_swings_without_learning_does_not_make_a_doubt():
    rng = np.random.default_rng(0)
    losses = world(rng, {"chance": 0.0, "a": 0.004, "wild": 0.05})
    losses["wild"] += np.array([[-0.2], [-0.1], [0.0], [0.1], [0.2]])
    assert judgement(losses).kind == "chance"


def test_few_noisy_folds_cannot_tell():
    losses = world(np.random.default_rng(0), {"chance": 0.05, "a": 0.0}, n=2, spread=0.3)
    assert judgement(losses).kind == "cannot tell"


def test_the_best_of_several_has_to_be_surer_than_one_alone():
    names = ("a", "b", "c", "d")
    losses = world(np.random.default_rng(3), {"chance": 0.1, **dict.fromkeys(names, 0.1)})
    losses["a"] -= 0.02 + np.tile([0.12, -0.12], (5, 20))
    assert contest(losses).regions("a", "chance")[2] + contest(losses).regions("a", "chance")[1] > 0.95
    assert 0.0125 < contest(losses).difference("chance", "a").p_above() < 0.05
    assert judgement(losses).kind == "cannot tell"
    assert judgement({name: losses[name] for name in ("chance", "a")}).kind == "model"


def test_nothing_found_in_data_that_can_show_nothing_is_no_proof():
    losses = world(np.random.default_rng(0), {"chance": 0.0, "a": 0.2})
    assert judgement(losses, least_seen=0.01).kind == "chance"
    assert judgement(losses, least_seen=0.2).kind == "cannot tell"
    # models that are no better than chance where something was detected have missed it
    assert judgement(losses, least_seen=0.01, most_seen=0.2).kind == "cannot tell"


def test_a_contestant_that_failed_is_out():
    losses = world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0, "b": 0.1})
    tests = rows(list(losses), 5, axis="test")
    tests.loc[tests["trial_id"] == "a/2", ["status", "error"]] = "error", "out of order"
    found = Contest(loss_table(tests, sums_of(losses)), METRICS["bits"], 0.25)
    table = summary(found, tests, NO_TUNING).set_index("entry")
    assert found.entries == ["chance", "b"]
    assert np.isnan(table.loc["a", "score"])
    assert table[["n_failed", "error"]].loc["a"].tolist() == [1, "out of order"]
    assert table[["n_failed", "error"]].loc["b"].tolist() == [0, ""]
    assert judge(found.losses, table.reset_index(), METRICS["bits"], 0.25).winner == "b"


def test_pairs_hold_every_contestant_against_the_best_and_chance():
    losses = world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0, "b": 0.1})
    table = pairs(contest(losses))
    assert [tuple(p) for p in table[["a", "b"]].to_numpy()] == [("chance", "a"), ("b", "a"), ("b", "chance")]
    assert table["difference"].tolist() == pytest.approx([0.3, 0.1, -0.2], abs=0.02)
    assert (table["p_adjusted"] >= table["p_value"]).all()


def test_accuracy_is_one_minus_the_loss():
    rng = np.random.default_rng(0)
    wrong = {k: (rng.random((5, 40)) < p).astype(float) for k, p in {"chance": 0.5, "a": 0.1}.items()}
    tests = rows(list(wrong), 5, axis="test")
    table = summary(contest(wrong, metric="accuracy"), tests, NO_TUNING)
    assert table["entry"].tolist() == ["a", "chance"]
    assert table["score"].iloc[0] == pytest.approx(1 - wrong["a"].mean())


def test_squared_errors_are_tolerated_by_the_variance():
    losses = world(np.random.default_rng(0), {"chance": 98.0, "a": 0.0})
    assert contest(losses, metric="mse").tolerance == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize(("metric", "scores"), [("accuracy", [1.0, 1.0, 0.9]), ("mse", [0.0, 0.0, 0.1])])
def test_intervals_end_where_scores_do(metric, scores):
    """A t interval of three folds alone would go on beyond 100%, or below an error of 0."""
    losses = [[METRICS[metric].as_score(score)] for score in scores]
    found = contest({"a": losses}, 3, metric).interval("a")
    assert found.mean == pytest.approx(np.mean(scores))
    assert found.high == 1.0 if metric == "accuracy" else found.low == 0.0
    assert found.low < found.mean < found.high


def test_what_is_no_better_than_chance_is_not_enough():
    """Practically equal to the best, and to chance as well."""
    losses = world(np.random.default_rng(0), {"chance": 0.016, "small": 0.009, "large": 0.0}, spread=0.001)
    found = contest(losses)
    assert found.regions("small", "large")[1] > 0.8
    assert found.regions("small", "chance")[1] > 0.9
    judged = judgement(losses, parameters=[1, 2, 300])
    assert (judged.kind, judged.winner) == ("model", "large")


def test_what_differs_from_fold_to_fold_is_less_certain():
    """Where folds chose different candidates, what is tested depends on the training part as well."""
    losses = losses_of(world(np.random.default_rng(0), {"chance": 0.05, "a": 0.0}), STEPS)
    alike, other = losses.assign(model="m"), losses.assign(model="m" + losses["fold"].astype(str))
    same, differ = (Contest(t, METRICS["bits"], 0.25).difference("chance", "a") for t in (alike, other))
    assert differ.error == pytest.approx(1.5 * same.error)


def test_noise_on_few_test_sequences_is_not_worth_having():
    """The best of five models that guess, on an official test part of few sequences."""
    rng = np.random.default_rng(0)
    names = [f"m{i}" for i in range(5)]
    for n in (1, 3, 6, 20):
        kinds = []
        for _ in range(100):
            losses = {name: (rng.random((1, n)) < 0.5).astype(float) for name in names}
            losses["chance"] = (np.arange(n) % 2 == 0).astype(float)[None]
            kinds.append(judgement(losses, 1, "accuracy").kind)
        found = contest(losses, folds=1, metric="accuracy")
        assert np.mean(np.array(kinds) == "model") <= 0.05
        assert 0 <= found.interval("m0").low <= found.interval("m0").high <= 1


def test_answers_that_are_all_right_have_an_exact_interval():
    losses = {"chance": np.full((2, 20), 0.5), "a": np.zeros((2, 20))}
    found = contest(losses, folds=2, metric="accuracy").interval("a")
    assert (found.mean, found.high, found.kind) == (1.0, 1.0, "exact")
    assert found.low == pytest.approx(0.025 ** (1 / 40))


def test_rows_of_trials_and_their_sums_are_the_same_table():
    losses = world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0})
    table = loss_table(rows(list(losses), 5, axis="test"), sums_of(losses))
    # trials lie fold by fold, this table model by model
    table = table.sort_values(["entry", "fold", "unit"], kind="stable", ignore_index=True)
    wanted = losses_of(losses).sort_values(["entry", "fold", "unit"], kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(table[LOSSES], wanted, check_dtype=False)


def test_the_order_of_the_table_does_not_matter():
    losses = losses_of(world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0, "b": 0.01}))
    shuffled = losses.sample(frac=1, random_state=0)
    one, other = (Contest(table, METRICS["bits"], 0.25) for table in (losses, shuffled))
    assert other.best == one.best
    assert other.regions("a", "b") == one.regions("a", "b")


def test_a_metric_of_ones_own_brings_its_tolerance_and_bounds():
    coarse = Metric("hits", "", True, tolerance=0.5, least=0.0, greatest=1.0)
    losses = losses_of(world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0}))
    costs = pd.DataFrame({"entry": ["chance", "a"], "n_parameters": [0, 9], "predict_us_per_step": 1.0})
    assert judge(losses, costs, METRICS["bits"], 0.25).winner == "a"
    assert judge(losses, costs, coarse, 0.25).winner == "chance"
    assert Contest(losses, coarse, 0.25).interval("a").low >= 0.0


def test_nothing_is_said_of_models_that_all_failed_in_a_fold():
    table = losses_of(world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0}))
    table.loc[table["fold"] == 3, "loss"] = np.nan
    costs = pd.DataFrame({"entry": ["chance", "a"], "n_parameters": [0, 9], "predict_us_per_step": 1.0})
    assert judge(table, costs, METRICS["bits"], 0.25).kind == "nothing"
    assert pairs(Contest(table, METRICS["bits"], 0.25)).empty


def test_metrics_beside_the_score_are_averaged():
    losses = world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0})
    tests = rows(list(losses), 5, axis="test").assign(mine=np.arange(10.0), none=np.nan)
    table = summary(contest(losses), tests, NO_TUNING).set_index("entry")
    assert table["mine"].to_dict() == {"chance": 4.0, "a": 5.0}
    assert "none" not in table


def test_every_model_has_a_status():
    losses = world(
        np.random.default_rng(0),
        {"chance": 0.3, "small": 0.001, "large": 0.0, "poor": 0.1, "out": 0.0},
        n=200,
    )
    losses["out"][2, 5] = np.nan
    judged = judgement(losses, parameters=[1, 20, 300, 5, 9], not_tried={"other": "takes no symbols"})
    assert judged.status == {
        "small": "enough",
        "large": "equivalent",
        "poor": "inferior",
        "chance": "inferior",
        "out": "not tried",
        "other": "not tried",
    }
    assert judged.reasons == {"out": "failed", "other": "takes no symbols"}
    assert judged.good_enough["small"] > 0.95 > 0.05 > judged.good_enough["poor"]
    assert judged.at_most < 0.01
    assert judged.more == 0


def test_what_few_units_leave_open_is_undecided_and_counted():
    losses = world(np.random.default_rng(1), {"chance": 0.9, "a": 0.03, "b": 0.0}, n=6, spread=0.1)
    judged = judgement(losses)
    assert judged.status == {"a": "enough", "b": "undecided", "chance": "inferior"}
    assert (judged.winner, judged.rival) == ("a", "b")
    assert judged.at_most > 0.03
    assert judged.good_enough["a"] < 0.5
    assert 10 < judged.more < 2000


def test_as_many_more_units_as_are_asked_for_do_settle_it():
    rng = np.random.default_rng(0)
    settled, gap = [], {"chance": 0.05, "a": 0.0}
    while len(settled) < 20:
        few = world(rng, gap, n=8, spread=0.12)
        judged = judgement(few)
        seen = contest(few).difference("chance", "a").mean
        if judged.kind == "cannot tell" and 0.03 < seen < 0.06:  # what it seems is about what it is
            more = world(rng, gap, n=int(8 + judged.more / 5), spread=0.12)
            settled.append(judgement(more).kind == "model")
    assert np.mean(settled) >= 0.7


def test_chance_is_enough_only_where_every_upper_bound_is_below_the_tolerance():
    rng = np.random.default_rng(0)
    kinds = {}
    for n in (8, 400):
        found = [judgement(world(rng, {"chance": 0.0, "a": 0.001, "b": 0.001}, n=n)) for _ in range(10)]
        kinds[n] = [judged.kind for judged in found]
        for judged in found:
            assert (judged.kind == "chance") == (judged.status["chance"] == "enough")
    assert kinds[400] == ["chance"] * 10
    # one wide contestant is enough to leave it open
    losses = world(rng, {"chance": 0.0, "a": 0.001}, n=400)
    losses["wide"] = losses["chance"] + rng.normal(0.0, 1.0, (5, 400))
    assert judgement(losses).kind == "cannot tell"


def test_twenty_right_of_twenty_are_a_model():
    y = np.arange(20) % 2
    for metric, chance, right in (("accuracy", y, 0.0), ("label bits", np.ones(20), 0.15)):
        losses = {"chance": chance, **{name: np.full(20, right) for name in "abcd"}}
        losses = {name: np.reshape(of, (5, 4)).astype(float) for name, of in losses.items()}
        judged = judgement(losses, metric=metric)
        assert (judged.kind, judged.winner) == ("model", "a")


@pytest.mark.parametrize(("n", "wrong", "folds"), [(30, 0, 5), (40, 1, 5), (60, 0, 3)])
def test_nearly_all_right_are_a_model(n, wrong, folds):
    bits = np.full(n, 0.15)
    bits[:wrong] = 4.0
    losses = {"chance": np.ones((folds, n // folds)), **{m: bits.reshape(folds, -1) for m in "abcd"}}
    assert judgement(losses, folds, "label bits").kind == "model"


def test_a_series_is_judged_over_time():
    """A gain of .08 bit a step that every stretch shares a little of, as in half of all long series."""
    rng = np.random.default_rng(0)
    d = rng.normal(size=1000)
    for t in range(1, 1000):
        d[t] = 0.5 * d[t - 1] + d[t]
    losses = losses_of({"chance": np.full((5, 200), 2.0), "a": (1.92 + 0.3 * d).reshape(5, 200)}, 2.0)
    costs = pd.DataFrame({"entry": ["chance", "a"], "n_parameters": [0, 9], "predict_us_per_step": 1.0})
    assert judge(losses, costs, METRICS["bits"], 0.25, ordered=True).kind == "model"


def test_folds_drawn_again_are_no_further_data():
    losses = world(np.random.default_rng(0), {"chance": 0.05, "a": 0.0}, n=3, spread=0.1)
    once, thrice = (
        losses_of(losses, STEPS),
        losses_of({k: np.tile(v, (3, 1)) for k, v in losses.items()}, STEPS),
    )
    one = Contest(once, METRICS["bits"], 0.25).difference("chance", "a")
    other = Contest(thrice, METRICS["bits"], 0.25, copies=3).difference("chance", "a")
    assert float(other.p_above()) == pytest.approx(float(one.p_above()))


@pytest.mark.parametrize(("gain", "least", "most"), [(0.0, 28, 30), (0.015, 0, 0)])
def test_twenty_sequences_of_many_steps_can_show_that_nothing_is_gained(gain, least, most):
    gaps = {"chance": 0, "a": -gain}
    worlds = [world(np.random.default_rng(seed), gaps, 5, 4, 0.005) for seed in range(30)]
    found = [judgement(losses, least_seen=0.01) for losses in worlds]
    assert least <= [each.kind for each in found].count("chance") <= most
    assert all(each.at_most < 0.01 for each in found if each.kind == "chance")


def test_where_all_models_failed_chance_is_no_answer():
    table = losses_of(world(np.random.default_rng(0), {"chance": 0.3, "a": 0.0}))
    table.loc[(table["fold"] == 3) & (table["entry"] == "a"), "loss"] = np.nan
    costs = pd.DataFrame({"entry": ["chance", "a"], "n_parameters": [0, 9], "predict_us_per_step": 1.0})
    judged = judge(table, costs, METRICS["bits"], 0.25)
    assert (judged.kind, judged.winner, judged.status) == ("nothing", None, {"a": "not tried"})


def test_what_one_test_alone_finds_worse_is_no_headline():
    """Nine such tests are made, so it is not inferior for sure; but nobody would call it enough."""
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(40):
        gaps = {"chance": 0.3, "small": 0.06, "mid": 0.0, "big": 0.0}
        judged = judgement(world(rng, gaps, n=20, spread=0.12))
        seen.add(judged.status["small"])
        assert judged.good_enough[judged.winner] > 0.05
        if judged.good_enough["small"] < 0.05 and judged.status["small"] == "undecided":
            assert judged.unsettled == ("small",)
    assert {"undecided", "inferior"} <= seen


def test_alone_beside_chance_a_model_is_not_equivalent_for_want_of_others():
    losses = world(np.random.default_rng(0), {"chance": 0.0, "a": 0.02}, n=4, spread=0.2)
    assert judgement(losses).status == {"a": "undecided", "chance": "undecided"}


def test_what_steps_tell_together_is_detected_as_well():
    """A parity shows at no single lag, and a context of all its steps saves half a bit."""
    assert detected({}) == (0.0, "most_seen")
    assert detected({"most_seen": "0.2", "gain": "0.1", "gain_error": "0.01"}) == (0.2, "most_seen")
    bits, fact = detected({"gain": "0.45", "gain_error": "0.02"})
    assert (bits, fact) == (pytest.approx(0.41), "gain")
    assert detected({"gain": "0.03", "gain_error": "0.02"})[0] == 0.0
