"""The best of a family: chosen on validation data, paid for in full."""

import pytest
from sweep_rows import frame_of, row

from seqcompare.results.best import best_of


def rungs(**changes):
    return [
        row(model="a", validation_score=0.7, score=0.9, fit_seconds=1.0, **changes),
        row(model="b", validation_score=0.8, score=0.6, fit_seconds=2.0, **changes),
        row(model="c", validation_score=0.6, score=1.0, fit_seconds=4.0, **changes),
    ]


def test_the_test_score_has_no_part_in_the_choice():
    best = best_of(frame_of(rungs()))
    assert best[["model", "chosen", "score", "tuning_seconds"]].to_dict("records") == [
        {"model": "best markov", "chosen": "b", "score": 0.6, "tuning_seconds": 7.0}
    ]


def test_losses_are_chosen_the_other_way():
    assert best_of(frame_of(rungs(greater_is_better=False)))["chosen"].tolist() == ["c"]


def test_each_seed_and_point_chooses_for_itself():
    second = [dict(r, seed=1, trial_id=r["trial_id"] + "1") for r in rungs()]
    second[2]["validation_score"] = 0.9
    assert best_of(frame_of(rungs() + second))["chosen"].tolist() == ["b", "c"]


def test_ties_go_to_fewer_parameters_then_to_the_first():
    tied = [dict(r, validation_score=0.5) for r in rungs()]
    assert best_of(frame_of(tied))["chosen"].tolist() == ["a"]
    tied[2]["n_parameters"] = 5.0
    assert best_of(frame_of(tied))["chosen"].tolist() == ["c"]


def test_failures_and_hand_made_machines_do_not_compete():
    rows = [*rungs(), row(model="exact", family="reference")]
    rows[1]["status"] = "error"
    assert best_of(frame_of(rows))["chosen"].tolist() == ["a"]


def test_who_looks_ahead_competes_apart():
    rows = [*rungs(), row(model="d", validation_score=1.0, causal=False)]
    best = best_of(frame_of(rows))
    assert dict(zip(best["model"], best["chosen"], strict=True)) == {
        "best markov": "b",
        "best markov (looks ahead)": "d",
    }


@pytest.mark.parametrize("rows", [[row(status="error")], [row(family="reference")]])
def test_nobody_to_choose_from(rows):
    assert len(best_of(frame_of(rows))) == 0
