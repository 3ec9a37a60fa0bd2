"""Skill: the best of a family, means with their intervals, and comparisons that are silent where data are."""

import math

import numpy as np
import pytest
from scipy import stats
from sweep_rows import frame_of, row

from seqcompare.results.skill import best_of, compare_models, rank_families, scores, summary
from seqcompare.results.statistics import holm

FAMILIES = ("markov", "hmm", "window")


def candidates(**changes):
    return [
        row(model="a", validation_score=0.7, score=0.9, fit_seconds=1.0, **changes),
        row(model="b", validation_score=0.8, score=0.6, fit_seconds=2.0, **changes),
        row(model="c", validation_score=0.6, score=1.0, fit_seconds=4.0, **changes),
    ]


def test_the_test_score_has_no_part_in_the_choice():
    best = best_of(frame_of(candidates()))
    assert best[["model", "chosen", "score", "tuning_seconds"]].to_dict("records") == [
        {"model": "best markov", "chosen": "b", "score": 0.6, "tuning_seconds": 7.0}
    ]


def test_losses_are_chosen_the_other_way():
    assert best_of(frame_of(candidates(greater_is_better=False)))["chosen"].tolist() == ["c"]


def test_each_seed_and_point_chooses_for_itself():
    second = [dict(r, seed=1, trial_id=r["trial_id"] + "1") for r in candidates()]
    second[2]["validation_score"] = 0.9
    assert best_of(frame_of(candidates() + second))["chosen"].tolist() == ["b", "c"]


def test_ties_go_to_fewer_parameters_then_to_the_first():
    tied = [dict(r, validation_score=0.5) for r in candidates()]
    assert best_of(frame_of(tied))["chosen"].tolist() == ["a"]
    tied[2]["n_parameters"] = 5.0
    assert best_of(frame_of(tied))["chosen"].tolist() == ["c"]


def test_failures_and_hand_made_machines_do_not_compete():
    rows = [*candidates(), row(model="exact", family="reference")]
    rows[1]["status"] = "error"
    assert best_of(frame_of(rows))["chosen"].tolist() == ["a"]


def test_who_looks_ahead_competes_apart():
    rows = [*candidates(), row(model="d", validation_score=1.0, causal=False)]
    best = best_of(frame_of(rows))
    assert dict(zip(best["model"], best["chosen"], strict=True)) == {
        "best markov": "b",
        "best markov (looks ahead)": "d",
    }


@pytest.mark.parametrize("rows", [[row(status="error")], [row(family="reference")]])
def test_nobody_to_choose_from(rows):
    assert len(best_of(frame_of(rows))) == 0


def test_scores_have_intervals_and_count_what_failed():
    rows = [row(seed=seed, skill=skill, stop="budget") for seed, skill in enumerate((0.2, 0.4, 0.9))]
    rows.append(row(seed=3, skill=math.nan, score=math.nan, status="error"))
    table = scores(frame_of(rows)).set_index("model")
    assert list(table.index) == ["Markov order 4", "best markov"]
    own = table.loc["Markov order 4"]
    assert (own["skill"], own["skill_low"], own["skill_high"]) == pytest.approx((0.5, 0.2, 0.9))
    assert (own["interval"], own["n_seeds"], own["n_failed"], own["n_budget"]) == ("range", 3, 1, 3)
    assert (own["best"], table.loc["best markov", "best"]) == (False, True)


def test_a_model_that_always_failed_keeps_its_row():
    table = scores(frame_of([row(status="error", skill=math.nan)]))
    assert table["n_failed"].tolist() == [1]
    assert table["skill"].isna().all()
    assert table["interval"].tolist() == [""]


def test_a_score_without_a_skill_keeps_its_row():
    table = scores(frame_of([row(seed=s, score=0.5, skill=skill) for s, skill in enumerate((math.nan, 0.4))]))
    assert table["skill"].tolist() == [0.4, 0.4]
    assert table["n_seeds"].tolist() == [2, 2]
    table = scores(frame_of([row(score=0.5, skill=math.nan)]))
    assert table["score"].tolist() == [0.5, 0.5]
    assert table["skill"].isna().all()
    assert table["interval"].tolist() == ["range"] * 2


def test_trials_cut_off_by_the_clock_are_counted_apart():
    table = scores(frame_of([row(seed=s, stop=stop) for s, stop in enumerate(("budget", "seconds", ""))]))
    assert table[["n_budget", "n_seconds"]].to_numpy().tolist() == [[1, 1], [1, 1]]


def test_points_of_other_axes_stay_apart():
    rows = [row(axis="length", length_asked=n) for n in (40, 80)] + [row()]
    assert len(scores(frame_of(rows))) == 6
    assert len(summary(frame_of(rows))) == 2


def test_summary_has_a_column_a_distance_and_keeps_the_order_of_the_sweep():
    rows = [
        row(task=task, model=model, variant=model, distance=d, seed=seed, skill=skill + seed)
        for task in ("Recall", "Echo")
        for model, skill in (("b", 0.5), ("a", 0.0))
        for d in (16, 2)
        for seed in (0, 1)
    ]
    table = summary(frame_of(rows))
    assert list(table.columns) == ["task", "model", 2, 16]
    assert table[["task", "model"]].to_numpy().tolist()[:3] == [
        ["Recall", "b"],
        ["Recall", "a"],
        ["Echo", "b"],
    ]
    assert table.iloc[0][[2, 16]].tolist() == [1.0, 1.0]


def rows_of(skills, **values):
    return [
        row(model=family, family=family, variant=family, seed=seed, skill=skill, **values)
        for family, values_of_family in skills.items()
        for seed, skill in enumerate(values_of_family)
    ]


def test_pairs_of_families_with_holms_correction():
    rng = np.random.default_rng(0)
    skills = {
        "markov": rng.normal(0.5, 0.1, 10),
        "hmm": rng.normal(0.5, 0.1, 10),
        "window": rng.normal(0.9, 0.1, 10),
    }
    table = compare_models(frame_of(rows_of(skills))).set_index(["a", "b"])
    assert list(table.index) == [
        ("best markov", "best hmm"),
        ("best markov", "best window"),
        ("best hmm", "best window"),
    ]
    raw = [
        stats.ttest_rel(skills[a], skills[b]).pvalue for a, b in (FAMILIES[:2], FAMILIES[::2], FAMILIES[1:])
    ]
    assert table["p_value"].tolist() == pytest.approx(raw)
    assert table["p_adjusted"].tolist() == pytest.approx(holm(raw).tolist())
    assert table["verdict"].tolist() == ["cannot tell", "b", "b"]


def test_few_seeds_are_not_tested():
    table = compare_models(frame_of(rows_of({"markov": [1.0] * 3, "hmm": [0.0] * 3})))
    assert table[["difference", "low", "high", "interval", "verdict"]].to_dict("records") == [
        {"difference": 1.0, "low": 1.0, "high": 1.0, "interval": "range", "verdict": "too few seeds"}
    ]
    assert table["p_value"].isna().all()


def test_pairs_are_of_one_seed_whatever_the_order():
    rows = rows_of({"markov": [0.1, 0.2, 0.9], "hmm": [0.0, 0.1, 0.8]})
    table = compare_models(frame_of(rows[:3] + rows[:2:-1]))
    assert table["low"].item() == pytest.approx(0.1)
    assert table["high"].item() == pytest.approx(0.1)


def test_a_seed_that_failed_for_one_leaves_the_pairs():
    rows = rows_of({"markov": [0.5, 0.6, 0.7], "hmm": [0.1, 0.2, 0.3]})
    rows[4]["status"] = "error"
    assert compare_models(frame_of(rows))["n_seeds"].item() == 2


def test_variants_meet_within_their_family_and_only_causal_with_causal():
    rows = [
        row(model=label, family="recurrent", variant=variant, causal=causal)
        for label, variant, causal in (
            ("LSTM 8", "lstm", True),
            ("LSTM 32", "lstm", True),
            ("Elman 8", "elman", True),
            ("BiLSTM 8", "bilstm", False),
        )
    ]
    table = compare_models(frame_of(rows))
    assert table[["a", "b"]].to_numpy().tolist() == [["lstm", "elman"]]


def test_ranks_across_tasks():
    skills = {"A": (0.1, 0.5, 0.9), "B": (0.2, 0.6, 0.8), "C": (0.1, 0.9, 0.8)}
    rows = [
        row(task=task, model=family, family=family, skill=skill)
        for task, values in skills.items()
        for family, skill in zip(FAMILIES, values, strict=True)
    ]
    # a family that has an answer for one task only cannot be ranked across them
    rows.append(row(task="A", model="recurrent", family="recurrent"))
    ranks = rank_families(frame_of(rows))
    assert ranks.mean_ranks.to_dict() == pytest.approx({"markov": 3.0, "hmm": 5 / 3, "window": 4 / 3})
    assert ranks.n_blocks == 3
    assert rank_families(frame_of(rows[:3])) is None


def test_ranks_are_of_the_distances_that_all_families_share():
    skills = {"markov": {2: 1.0, 8: 0.0}, "window": {2: 0.95, 8: 0.5}, "hmm": {2: 0.9}}
    rows = [
        row(task=task, distance=d, model=family, family=family, skill=skill)
        for task in "AB"
        for family, by_distance in skills.items()
        for d, skill in by_distance.items()
    ]
    ranks = rank_families(frame_of(rows))
    assert ranks.mean_ranks.to_dict() == {"markov": 1.0, "window": 2.0, "hmm": 3.0}
