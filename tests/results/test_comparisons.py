"""Comparisons: paired, corrected, and silent where the data cannot tell."""

import numpy as np
import pytest
from scipy import stats
from sweep_rows import frame_of, row

from seqcompare.results.comparisons import compare_models, rank_families
from seqcompare.results.statistics import holm

FAMILIES = ("markov", "hmm", "window")


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
