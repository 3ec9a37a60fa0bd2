"""Who is named to forecast by: from losses by hand."""

import numpy as np
import pandas as pd
import pytest

from seqcompare.metrics import METRICS
from seqcompare.results.contest import CHANCE, Contest
from seqcompare.results.forecaster import name_forecaster

NO_GRID = pd.DataFrame({"entry": [], "model": [], "chosen": []}).astype({"chosen": bool})


def named(scores, winner, *, ordered=False, references=(CHANCE,)):
    """Return who is named, given (entry, candidate) -> the origins of each fold."""
    rows, details = [], {}
    for n, ((entry, model), folds) in enumerate(scores.items()):
        for fold, origins in enumerate(folds):
            trial = f"{entry}/{model}/{fold}"
            details[trial] = {"forecast": {"origins": origins}} if origins else {}
            row = {"entry": entry, "model": model, "family": "f", "seed": fold, "status": "ok"}
            rows.append({**row, "trial_id": trial, "n_parameters": float(n)})
    losses = pd.DataFrame({"entry": [CHANCE], "fold": [0], "unit": [0], "weight": [1.0], "loss": [1.0]})
    contest = Contest(losses, METRICS["bits"], 0.25, ordered=ordered)
    return name_forecaster(pd.DataFrame(rows), details, contest, NO_GRID, references, winner)


def steady(level, folds=4):
    """Return folds of two origins of two steps each, whose mean is `level`."""
    return [[[level - 0.1, level + 0.1], [level, level]]] * folds


def test_the_best_is_named_where_the_winner_is_behind_by_more_than_the_error():
    found = named({("a", "a 1"): steady(2.0), ("b", "b 1"): steady(1.0), ("b", "b 2"): steady(1.5)}, "a")
    assert (found.entry, found.candidate, found.steps, found.n_origins) == ("b", "b 1", 2, 8)
    assert found.table["candidate"].tolist() == ["b 1", "b 2", "a 1"]
    assert found.table["score"].tolist() == pytest.approx([1.0, 1.5, 2.0])
    assert found.table["behind"].tolist() == pytest.approx([0.0, 0.5, 1.0])
    assert found.rival["candidate"] == "a 1"
    # the other parts name the same: what the rule comes to is the score
    assert (found.row["checked"], found.rival["checked"]) == (pytest.approx(1.0), pytest.approx(2.0))


def test_the_winner_stays_within_one_error_or_a_hundredth():
    # by part 1, -1, 1, and -.6 behind: the mean is .1, its error about .5
    ups = [steady(2.0 + d)[0] for d in (1.0, -1.0, 1.0, -0.6)]
    found = named({("a", "a"): ups, ("b", "b"): steady(2.0)}, "a")
    assert found.entry == "a"
    assert found.rival is None
    apart = found.table.set_index("entry").loc["a"]
    assert apart["behind"] == pytest.approx(0.1)
    assert apart["error"] == pytest.approx(np.std([1.0, -1.0, 1.0, -0.6], ddof=1) / 2)
    assert named({("a", "a"): steady(1.005), ("b", "b"): steady(1.0)}, "a").entry == "a"
    assert named({("a", "a"): steady(1.02), ("b", "b"): steady(1.0)}, "a").entry == "b"


def test_along_time_a_part_is_forecast_by_whom_the_parts_before_it_name():
    late = [steady(level)[0] for level in (3.0, 3.0, 1.0, 1.0)]
    found = named({("a", "a"): steady(2.0), ("b", "b"): late}, "a", ordered=True)
    # b is no better until the third part, and the mean of parts is never better by more than the error
    assert found.entry == "a"
    assert found.row["checked"] == pytest.approx(2.0)
    early = [steady(level)[0] for level in (1.0, 1.0, 3.0, 3.0)]
    found = named({("a", "a"): steady(2.0), ("b", "b"): early}, "a", ordered=True)
    # after one part, and after two, b is named, after three (two and a third behind none) no more
    assert found.row["checked"] == pytest.approx((1.0 + 3.0 + 2.0) / 3)


def test_who_does_not_forecast_in_every_part_or_no_number_takes_no_part():
    lost = [*steady(0.1, 3), None]
    wild = [*steady(0.1, 3), [[np.inf, 1.0]]]
    scores = {("a", "a"): steady(2.0), ("b", "b"): lost, ("c", "c"): wild, ("chance", "chance"): steady(3.0)}
    found = named(scores, "b")
    assert found.table["entry"].tolist() == ["a", "chance"]
    assert (found.entry, found.rival, found.is_model) == ("a", None, True)
    assert named({("b", "b"): [None] * 4}, "b") is None


def test_of_references_chance_alone_is_held_against_models():
    scores = {("a", "a"): steady(2.0), (CHANCE, CHANCE): steady(1.0), ("places", "places"): steady(0.5)}
    found = named(scores, "a", references=(CHANCE, "places"))
    assert found.entry == CHANCE
    assert not found.is_model


def test_what_is_missing_weighs_nothing():
    gaps = [[[1.0, None], [3.0, 5.0]]] * 3
    assert named({("a", "a"): gaps}, "a").row["score"] == pytest.approx(3.0)
