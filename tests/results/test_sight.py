"""What was found in the data before any model, and nobody who was tried could make use of."""

import numpy as np
import pandas as pd
import pytest

from seqcompare.metrics import METRICS
from seqcompare.results.contest import LOSSES, Contest
from seqcompare.results.judgement import judge
from seqcompare.results.left_out import FAILED, OVER_MEMORY, OVER_TIME, TOLD_APART, LeftOut, Spent
from seqcompare.results.sight import SIGHT_COLUMNS, Overlooked, Sight
from seqcompare.results.sureness import found_words, left_words

CANDIDATES = {("chain", "order 0"): 1, ("chain", "order 3"): 4, ("window", "4"): 4, ("net", "lstm"): np.nan}
TABLE = pd.DataFrame([("chance", "chance", np.nan), *((*k, v) for k, v in CANDIDATES.items())])
TABLE.columns = SIGHT_COLUMNS[:3]
ALONE = [(entry, model) for entry, model in CANDIDATES if model != "order 0"]
#: Labels of two classes that the last three steps decide.
FACTS = {"reach": "2", "gain": "0.97", "gain_error": "0.004", "most_seen": "0.07"}


def losses(failed=(), **means):
    """Return the losses of sequences of 60 labels; `means` are bits a label, after the label of a model."""
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 0.02, 100)
    records = []
    for entry, (model, mean) in {"chance": ("chance", 0.98), **means}.items():
        lost = 60 * (mean + shared + 0.01 * rng.normal(size=100))
        lost = lost * np.nan if entry in failed else lost
        records += [(entry, 0, i, 60.0, loss, model) for i, loss in enumerate(lost)]
    return pd.DataFrame(records, columns=[*LOSSES, "model"])


def spent(left, reason=OVER_TIME):
    return Spent(10.0, 9.0, np.inf, tuple(LeftOut(e, m, reason, 0) for e, m in left), {"chain": 2})


def sight(table, left=(), reason=OVER_TIME, role="step", kind="symbols", facts=FACTS):
    contest = Contest(table, METRICS["label bits"], 0.25)
    return Sight.of(TABLE, spent(left, reason), contest, {"role": role, "kind": kind}, facts)


def judged(table, **how):
    names = list(dict.fromkeys(table["entry"]))
    costs = pd.DataFrame({"entry": names, "n_parameters": range(len(names)), "predict_us_per_step": 1.0})
    return judge(table, costs, METRICS["label bits"], 0.25, sight=sight(table, **how))


@pytest.mark.parametrize("reason", [OVER_TIME, OVER_MEMORY])
def test_who_alone_was_tried_is_not_enough_where_more_steps_matter_than_it_sees(reason):
    found = judged(losses(chain=("order 0", 0.91)), left=ALONE, reason=reason)
    assert (found.kind, found.winner, found.status["chain"]) == ("cannot tell", "chain", "undecided")
    assert found.status["chance"] == "inferior"
    assert np.isnan(found.good_enough["chain"])
    assert found.good_enough["chance"] < 0.01
    missed = found.overlooked
    assert (missed.fact, missed.found, missed.at_most, found.more) == ("reach", 2, 0, 0)
    assert {(x.entry, x.model) for x in missed.left} == set(ALONE)


def test_who_saw_as_far_and_did_no_better_settles_it():
    facts = {"reach": "2", "gain": "0.08", "gain_error": "0.004"}
    table = losses(chain=("order 0", 0.91), window=("4", 0.91))
    found = judged(table, left=[("chain", "order 3"), ("net", "lstm")], facts=facts)
    assert (found.kind, found.winner, found.overlooked) == ("model", "chain", None)
    # the network sees as far, whatever chains were left out
    table = losses(chain=("order 0", 0.91), net=("lstm", 0.91))
    found = judged(table, left=[("chain", "order 3"), ("window", "4")], facts=facts)
    assert (found.kind, found.winner) == ("model", "chain")
    # what was told apart in a race was tried
    found = judged(losses(chain=("order 0", 0.91)), left=ALONE, reason=TOLD_APART, facts=facts)
    assert (found.kind, found.winner) == ("model", "chain")


def test_all_that_was_tried_is_enough_where_nothing_was_left_out():
    table = losses(chain=("order 0", 0.91), window=("4", 0.95), net=("lstm", 0.95))
    assert judged(table).kind == "model"


@pytest.mark.parametrize("reach", ["2", "0"])
def test_bits_that_nobody_gains_leave_it_open(reach):
    """A network that was tried sees far enough, and has learnt next to nothing of what is there."""
    table = losses(chain=("order 0", 0.91), net=("lstm", 0.92))
    left = [("chain", "order 3"), ("window", "4")]
    found = judged(table, left=left, facts={**FACTS, "reach": reach})
    assert (found.kind, found.overlooked.fact) == ("cannot tell", "gain")
    assert found.overlooked.found == pytest.approx(0.962)
    assert 0.06 < found.overlooked.at_most < 0.1
    gained = losses(chain=("order 0", 0.91), net=("lstm", 0.01))
    assert judged(gained, left=left).winner == "net"
    # of numbers, bits are of densities
    assert judged(table, left=left, role="next", kind="real").kind == "model"
    assert judged(table, left=left, role="next").kind == "cannot tell"


NUMBERS = {"reach": "1", "gain": "0.5", "gain_error": "0.02", "curve": "0.074", "curve_error": "0.013"}
LINES = TABLE.assign(straight=TABLE["entry"].isin(["chain", "window"]))
WITH_ANOTHER = pd.concat([LINES, pd.DataFrame([("net", "gru", np.nan, False)], columns=SIGHT_COLUMNS)])


def judged_numbers(table, left, facts=NUMBERS, of=LINES):
    contest = Contest(table, METRICS["bits"], 0.25)
    seen = Sight.of(of, spent(left), contest, {"role": "next", "kind": "real"}, facts)
    names = list(dict.fromkeys(table["entry"]))
    costs = pd.DataFrame({"entry": names, "n_parameters": range(len(names)), "predict_us_per_step": 1.0})
    return judge(table, costs, METRICS["bits"], 0.25, sight=seen)


def test_a_straight_line_is_not_enough_where_a_curve_was_found_and_nobody_tried_to_follow_it():
    table = losses(chain=("order 3", 0.49), window=("4", 0.488))
    found = judged_numbers(table, [("net", "lstm"), ("chain", "order 0")])
    assert (found.kind, found.status["chain"]) == ("cannot tell", "undecided")
    missed = found.overlooked
    assert (missed.fact, missed.found, missed.at_most) == ("curve", pytest.approx(0.048), 0)
    # another line would not follow it either
    assert {(x.entry, x.model) for x in missed.left} == {("net", "lstm")}
    assert judged_numbers(table, [("chain", "order 0")]).kind == "model"


def test_who_follows_the_curve_settles_it_and_what_may_be_luck_is_none():
    bent = losses(chain=("order 3", 0.49), net=("lstm", 0.42))
    assert judged_numbers(bent, [("net", "gru")]).winner == "net"
    # one that does no better has not followed it, and others may
    alike = losses(chain=("order 3", 0.49), net=("lstm", 0.489))
    assert judged_numbers(alike, [("net", "gru")], of=WITH_ANOTHER).overlooked.fact == "curve"
    assert judged_numbers(alike, [("chain", "order 0")]).kind == "model"
    line = losses(chain=("order 3", 0.49))
    assert judged_numbers(line, [("net", "lstm")], {**NUMBERS, "curve_error": "0.035"}).kind == "model"
    # of runs of before it is not known who is a line
    assert judged_numbers(line, [("net", "lstm")], of=TABLE).kind == "model"


def test_steps_of_whole_sequences_are_not_counted_from_an_answer():
    facts = {"reach": "9", "gain": "0.01", "gain_error": "0.02"}
    assert judged(losses(chain=("order 0", 0.91)), left=ALONE, role="sequence", facts=facts).kind == "model"


def test_chance_is_no_more_enough_than_a_model():
    facts = {"reach": "2", "gain": "0.04", "gain_error": "0.004"}
    found = judged(losses(chain=("order 0", 0.9801)), left=ALONE, facts=facts)
    assert (found.kind, found.overlooked.fact) == ("cannot tell", "reach")
    assert judged(losses(chain=("order 0", 0.9801)), facts=facts).kind == "chance"


def test_models_that_failed_are_not_held_against_what_was_found():
    table = losses(["net", "window"], chain=("order 0", 0.91), window=("4", 0.91), net=("lstm", 0.91))
    left = sight(table, left=[("chain", "order 3")]).left
    assert {(x.entry, x.reason) for x in left} == {("chain", OVER_TIME), ("window", FAILED), ("net", FAILED)}
    assert judged(table, left=[("chain", "order 3")]).kind == "cannot tell"


def test_a_reference_that_failed_is_no_candidate():
    assert not sight(losses(failed=["chance"], chain=("order 0", 0.91))).left


def test_what_came_back_was_tried():
    table = losses(chain=("order 3", 0.01))
    assert sight(table, left=[("chain", "order 3"), ("net", "lstm")]).tried == 3
    assert judged(table, left=[("chain", "order 3"), ("net", "lstm")]).kind == "model"


def test_runs_of_before_have_kept_nothing():
    table = losses(chain=("order 0", 0.91))
    contest = Contest(table, METRICS["label bits"], 0.25)
    assert Sight.of(None, spent(ALONE), contest, {"role": "step", "kind": "symbols"}, FACTS) is None


def test_words():
    left = tuple(LeftOut(e, m, OVER_TIME, 0) for e, m in ALONE)
    assert found_words(Overlooked("reach", 2, 0, left)) == (
        "what lies up to 2 steps back matters, and nothing that was tried looks back at all"
    )
    assert found_words(Overlooked("reach", 2, 1, left)).endswith("looks back further than 1 step")
    assert found_words(Overlooked("gain", 0.962, 0.0912, left)) == (
        "0.962 bit of information was told by several steps together, and no model that was tried gains more "
        "than 0.091 bit over chance"
    )
    told = (
        "curves of earlier numbers tell 0.048 bit more than straight lines, and no model that was tried gains"
    )
    assert found_words(Overlooked("curve", 0.048, 0.0, left)) == f"{told} anything by them"
    assert found_words(Overlooked("curve", 0.048, 0.01, left)) == f"{told} more than 0.010 bit over these"
    assert "detected at one lag" in found_words(Overlooked("most_seen", 0.962, 0.0912, left))
    assert left_words(Overlooked("reach", 2, 0, left)) == (
        "3 candidates that look further were not tried to the end (over the budget)"
    )
    assert left_words(Overlooked("gain", 0.9, 0, left[:1])) == (
        "1 candidate that may do better was not tried to the end (over the budget)"
    )
