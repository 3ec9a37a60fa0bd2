"""Tables of scores: means with their intervals, failures counted, best of families beside the models."""

import math

import pandas as pd
import pytest
from sweep_rows import frame_of, row

from seqcompare.results.rows import COLUMNS
from seqcompare.results.tables import all_tables, scores, summary


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


def test_a_run_without_results_has_empty_tables():
    tables = all_tables(frame_of([]))
    assert all(len(table) == 0 for table in tables.values())
    assert list(tables["trials"].columns) == list(COLUMNS)
    assert isinstance(tables["horizons"], pd.DataFrame)
