"""Verdicts on tables made by hand: every kind of sentence."""

from dataclasses import replace

import pandas as pd
import pytest
from findings_tables import DATA, context, enough, grid, summary, write

from seqcompare.metrics import Metric
from seqcompare.results.judgement import Judgement
from seqcompare.results.shorter import Shorter


def test_the_winner_is_named_with_its_score_and_chance():
    verdict = write(enough(), summary(a=1.2, b=1.3, chance=1.9))
    assert verdict.sentences[0] == (
        "A 3 is enough (10 parameters): 1.200 bits a step (95% interval 1.100 to 1.300), "
        "chance 1.900 bits a step."
    )
    assert (verdict.entry, verdict.model, verdict.horizon) == ("a", "a 3", None)


def test_what_was_chosen_anew_in_each_fold_is_told_with_how_often():
    table = summary(a=1.2, b=1.3, chance=1.9)
    table.loc[table["entry"] == "a", "n_choices"] = 2
    said = write(enough(), table, grids=grid("a", {2: 1.205, 3: 1.2}, 3)).sentences[0]
    # its score is then not that of the model that is named alone
    assert (
        "A 3 is enough (3 parameters): a, of which 4 of 5 folds chose a 3, comes to 1.200 bits a step" in said
    )


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        (
            {2: 1.205, 3: 1.2},
            "a 3 did best on validation data; a 2 is 0.005 bit behind (standard error",
        ),
        ({2: 1.2, 3: 1.3}, "it did best on validation data; no other is near (within one standard error"),
        ({2: 1.2, 3: 1.204}, "it did best on validation data; 1 other cannot be told from it"),
    ],
)
def test_the_error_of_a_choice_is_told(losses, words):
    verdict = write(enough(), summary(a=1.2, b=1.3, chance=1.9), grids=grid("a", losses, 2))
    assert f"Of 2 candidates of a {words}" in str(verdict)


@pytest.mark.parametrize(
    ("behind", "named", "words"),
    [
        (
            0.004,
            "a 2",
            "Hence a 2 is named, fitted and tested in every fold, in place of a 3: it is",
        ),
        (0.06, "a 3", "Yet a 3 is named, and not a 2: tested in every fold, that is 0.060 bit behind what"),
    ],
)
def test_what_sees_no_more_than_it_needs_is_named_unless_tests_tell_it_apart(behind, named, words):
    table = summary(a=1.2, b=1.3, chance=1.9)
    mine = summary(a=1.2 + behind).assign(chosen="a 2", n_parameters=4.0, interval="t")
    shorter = Shorter(mine, behind, 0.002, 0.01)
    verdict = write(
        enough(), table, shorter=shorter, grids=grid("a", {3: 1.0}, 3), contexts=context("a", [2])
    )
    assert verdict.model == named
    assert words in str(verdict)
    assert verdict.sentences[0].startswith(f"{named.capitalize()} is enough")
    if named == "a 2":
        assert verdict.sentences[0].startswith("A 2 is enough (4 parameters): 1.204 bits a step")


def test_a_cheaper_one_that_might_do_is_named():
    judged = enough("b", "a", {"a": 0.0, "b": 0.1, "c": 0.7, "chance": 1.0}, ("c",))
    verdict = write(judged, summary(a=1.2, b=1.2, c=1.25, chance=1.9))
    assert "the best, a (a 3), 1.200 bits a step" in verdict.sentences[0]
    assert "The data do not settle whether the cheaper c (c 3) would do" in verdict.sentences[1]
    assert 0.7 in verdict.evidence["value"].tolist()


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        (
            {3: 1.0, 5: 1.02},
            "buys nothing that counts: the best larger candidate on validation data is 'a 5': it is 0.020",
        ),
        (
            {3: 1.0, 5: 0.9995},
            "buys nothing that counts: the best larger candidate on validation data is 'a 5'.",
        ),
        (
            {3: 1.0, 5: 0.995},
            "buys 0.005 bit on validation data, less than the 0.010 bit that count as practic",
        ),
        ({3: 1.0, 5: 0.9}, "buys 0.100 bit on validation data, more than what counts as practically equal"),
        ({1: 2.0, 3: 1.0}, "No larger candidate of a was tried: more capacity may buy more."),
    ],
)
def test_what_more_capacity_buys(losses, words):
    verdict = write(enough(), summary(a=1.2, b=1.3, chance=1.9), grids=grid("a", losses, 3))
    assert words in str(verdict)


def test_the_horizon_is_the_median_over_folds():
    verdict = write(enough(), summary(a=1.2, b=1.3, chance=1.9), contexts=context("a", [4, 4, 2]))
    assert verdict.horizon == 4
    said = "The last 4 steps matter (folds: 2 to 4): shown no more, a 3 is as good as its best."
    assert said in str(verdict)


@pytest.mark.parametrize(
    ("pace", "words"),
    [
        ({"usual": 1800.0, "unit": "s", "is_even": True}, "2 hours"),
        ({"usual": 1800.0, "unit": "s", "is_even": False}, "about 2 hours"),
        ({"usual": 3.0, "unit": "months", "is_even": True}, "1 year"),
        ({"usual": 3.0, "unit": "", "is_even": True}, ""),
        (None, ""),
    ],
)
def test_the_horizon_is_told_in_time_where_its_unit_is_known(pace, words):
    table = summary(a=1.2, b=1.3, chance=1.9)
    verdict = write(enough(), table, data={**DATA, "pace": pace}, contexts=context("a", [4]))
    assert verdict.horizon_time == words
    assert f"The last 4 steps matter{f' ({words})' if words else ''}: shown no more" in str(verdict)


def test_labels_depend_on_the_present_step_or_on_steps_before():
    data = {**DATA, "role": "step"}
    table = summary(a=0.9, b=0.8, chance=0.5)
    alone = write(enough(), table, data=data, metric="accuracy", contexts=context("a", [1]))
    assert alone.horizon == 0
    assert "No step before the present one is needed" in str(alone)
    back = write(enough(), table, data=data, metric="accuracy", contexts=context("a", [4]))
    assert back.horizon == 3
    both = pd.concat([context("a", [2], "limited"), context("a", [2], "ahead")])
    assert write(enough(), table, data=data, metric="accuracy", contexts=both).look_ahead == 2


def test_a_reach_at_the_end_of_what_was_shown_is_open():
    table = summary(a=1.2, b=1.3, chance=1.9)
    assert "the true reach may be longer" in str(write(enough(), table, contexts=context("a", [8])))
    far, near = grid("a", {2: 1.0, 8: 1.0}, 8), grid("a", {8: 1.0, 16: 1.0}, 8)
    fitted = context("a", [8], "limited")
    assert "may be longer" in str(write(enough(), table.replace("a 3", "a 8"), grids=far, contexts=fitted))
    assert "may be longer" not in str(write(enough(), table, grids=near, contexts=fitted))


def test_which_of_the_steps_that_matter_may_come_in_any_order_is_told():
    table = summary(a=1.2, b=1.3, chance=1.9)
    for ordered, said in ((1, True), (6, True), (7, False), (8, False)):
        curves = pd.concat([context("a", [8]), context("a", [ordered], "reordered")])
        text = str(write(enough(), table, contexts=curves))
        assert ("in random order" in text) is said
        assert "all the same" not in text


def test_a_reach_is_told_with_its_interval_and_with_what_would_have_been_seen():
    pooled = {"needed_low": 2, "needed_high": 8, "at_most": 0.014, "would_show": 0.021}
    curves = context("a", [4]).assign(**pooled)
    verdict = write(enough(), summary(a=1.2, b=1.3, chance=1.9), contexts=curves)
    assert (
        "The last 4 steps matter (95%: 2 to 8): shown no more, a 3 is as good as its best. What is further "
        "back may yet be worth 0.014 bit to it; 0.021 bit or more would have been seen nine times in ten."
    ) in str(verdict)
    assert {"at_most", "would_show"} <= set(verdict.evidence["column"])


def test_a_small_network_on_few_steps_is_not_more_capacity():
    grids = grid("a", {3: 1.0, 9: 1.1}, 3)
    grids.loc[grids["model"] == "a 9", "capacity"] = 1
    text = str(write(enough(), summary(a=1.2, b=1.3, chance=1.9), grids=grids))
    assert "No larger candidate of a was tried" in text


def test_of_too_few_units_no_interval_is_claimed():
    table = summary(a=1.2, b=1.3, chance=1.9).assign(interval="range")
    assert "1.200 bits a step (from 1.100 to 1.300)" in str(write(enough(), table))


def cannot_tell(winner="a", beats=0.6, more=120.0):
    return Judgement("cannot tell", "a", winner, {"a": 0.0, "chance": 0.6}, (), beats, more=more)


def test_chance_is_enough_within_what_was_searched():
    table = summary(a=1.9, chance=1.9)
    sure = {"a": 0.99, "chance": 0.99}
    judged = Judgement(
        "chance",
        "a",
        "chance",
        {"a": 0.0, "chance": 0.01},
        (),
        0.01,
        good_enough=sure,
        at_most=0.004,
        rival="a",
    )
    grids = grid("a", {1: 1.9, 6: 1.9}, 1).assign(capacity_name="order")
    first, second = write(judged, table, grids=grids).sentences[:2]
    assert first.startswith(
        "Chance is enough, as far as was searched: no model that was tried predicts better"
    )
    assert "Tried were a (order 1 to 6); what these cannot represent is not excluded." in first
    assert "(probability 99.0%; at most 0.004 bit, with 95% confidence)" in second


def test_doubt_has_words_of_its_own():
    table = summary(a=1.9, chance=1.9)
    said = str(write(cannot_tell(), table))
    assert "whether any model beats chance: the best model beats it with probability 60.0%." in said
    assert "About 120 more sequences would settle it, if differences stay as measured." in said
    lucky = Judgement("cannot tell", "a", "a", {"a": 0.0, "b": 0.2, "chance": 0.96}, (), 0.96, more=7.0)
    assert "96.0%, which the best of 2 models reaches too easily by luck" in str(write(lucky, table))
    silent = cannot_tell("chance", 0.0, 0.0)
    words = str(write(silent, table, profile={"least_seen": "0.2"}))
    assert "none does, yet a dependence below 0.200 bit at one lag would not have been seen. Chance" in words
    words = str(write(silent, table, profile={"least_seen": "0.01", "most_seen": "0.3"}))
    assert "none was shown to, yet 0.300 bit of information was detected at one lag" in words
    assert "may find it; more data need not" in words
    together = {"least_seen": "0.01", "gain": "0.45", "gain_error": "0.02"}
    words = str(write(silent, table, profile=together))
    assert "none was shown to, yet 0.450 bit of information was told by several steps together" in words
    few = replace(silent, more=90.0, at_most=0.3)
    words = str(write(few, table, profile={"least_seen": "0.01", "most_seen": "0.3"}))
    assert "may find it. About 90 more sequences would settle it" in words


def test_no_advice_is_given_that_would_not_help():
    table = summary(a=1.9, chance=1.9)
    never = str(write(cannot_tell(more=float("inf")), table))
    assert "No number of further sequences that one could gather would settle it" in never
    one = {**DATA, "n_sequences": 1, "n_independent": 1}
    said = str(write(cannot_tell(more=1000.0), table, data=one, in_time=True, n_units=500))
    assert "Nothing that is at hand would settle it: there is one series" in said
    assert "about 3 times as long" in said
    assert "more sequences" not in said


def test_where_all_models_failed_they_are_blamed():
    table = summary(a=1.9, chance=1.9)
    table.loc[table["entry"] == "a", ["n_failed", "error"]] = 5, "ValueError: too deep"
    (said,) = write(Judgement("nothing", None, None, {}, (), 0.0), table).sentences[:1]
    assert "(5 failures: ValueError: too deep)" in said
    assert "a fault of the models" in said
    assert "of the data nothing can be said" in said


def test_how_sure_the_headline_is_and_every_model_is_told():
    status = {"a": "enough", "b": "inferior", "c": "undecided", "d": "equivalent", "e": "not tried"}
    sure = {"a": 0.4, "b": 0.001, "c": 0.62, "d": 0.99, "chance": 0.0}
    judged = Judgement(
        "model", "c", "a", {"a": 0.6, "b": 1.0, "c": 0.0, "d": 0.0, "chance": 1.0}, (), 1.0,
        status, sure, {"e": "takes no numbers"}, 0.08, "c", 240.0,
    )  # fmt: skip
    said = write(judged, summary(a=1.2, b=1.6, c=1.15, d=1.2, chance=1.9)).sentences
    assert said[1] == (
        "How sure that is: no other model was shown to be better by more than 0.010 bit; that none is has a "
        "probability of 40.0%, and at most 0.080 bit better cannot be excluded (c). About 240 more sequences "
        "would settle it, if differences stay as measured."
    )
    text = " ".join(said)
    assert "As good as any within 0.010 bit, for sure: d." in text
    assert "Shown to be worse than another by more than 0.010 bit: b." in text
    assert "Undecided (with the probability that none is better by more than that): c (62.0%)." in text
    assert "Not tried: e (takes no numbers)." in text


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"role": "next", "kind": "real"}, "the distribution of single steps"),
        ({"role": "value", "kind": "real"}, "the mean of the answers"),
        ({"role": "step", "kind": "real"}, "the frequencies of the answers"),
    ],
)
def test_chance_is_called_what_it_knows(known, words):
    judged = Judgement("chance", "a", "chance", {"a": 0.0, "chance": 0.01}, (), 0.01)
    said = write(judged, summary(a=1.9, chance=1.9), data={**DATA, **known}).sentences[0]
    assert f"no model that was tried predicts better than {words} by more" in said


def test_every_sentence_has_evidence():
    curves = pd.concat([context("a", [8]), context("a", [2], "reordered")])
    verdict = write(
        enough(),
        summary(a=1.2, b=1.3, chance=1.9),
        grids=grid("a", {3: 1.0, 5: 0.9}, 3),
        contexts=curves,
        profile={"sentence": "Something was seen.", "reach": "3"},
    )
    assert set(verdict.evidence["sentence"]) == set(range(1, len(verdict.sentences) + 1))
    assert "<li>A 3 is enough" in verdict._repr_html_()


def test_a_metric_of_ones_own_is_said_in_its_words():
    mine = Metric(
        "hits", "", True, words="{value:.1f} hits", difference="{value:.2f} of a hit", figure="{value:g}"
    )
    said = write(enough(), summary(a=1.2, b=1.3, chance=1.9), metric=mine).sentences[0]
    assert said == "A 3 is enough (10 parameters): 1.2 hits (95% interval 1.1 to 1.3), chance 1.9 hits."
