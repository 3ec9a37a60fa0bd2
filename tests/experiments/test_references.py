"""Memory has to beat frequencies by position, by season and of late, and these may be enough."""

import numpy as np
import pytest

import seqcompare
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.compare import plan_comparison

DRIFT = np.linspace(0.15, 0.85, 60)
SEASON = np.array([0.9, 0.3, 0.6, 0.1, 0.5])


def drifting(seed):
    return list((np.random.default_rng(seed).random((60, 60)) < DRIFT).astype(int))


def seasonal(seed):
    return [(np.random.default_rng(seed).random(1500) < np.tile(SEASON, 300)).astype(int)]


def wandering(seed):
    p = 0.5 + 0.35 * np.sin(np.arange(2000) / 200)
    return [(np.random.default_rng(seed).random(2000) < p).astype(int)]


def dataset(rows):
    X = Sequences(rows)
    return seqcompare.SequenceDataset(Sequences(X.values, X.offsets), None, None, "next", "made")


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (drifting, "frequencies by position"),
        (seasonal, "frequencies by season"),
        (wandering, "recent frequencies"),
    ],
)
def test_frequencies_are_enough_where_there_is_no_memory_beyond_them(make, name, tmp_path):
    found = seqcompare.compare(dataset(make(0)), ["markov"], out=tmp_path, n_jobs=1)
    verdict = found.verdict()
    assert (verdict.kind, verdict.family, verdict.entry) == ("chance", "reference", name)
    assert verdict.sentences[0].startswith(f"{name[0].upper()}{name[1:]} are enough")
    status = found.answer().frame().set_index("entry")["status"]
    assert status[name] == "enough"
    assert status["chance"] == "inferior"
    assert list(status.index[:2]) == ["chance", name]


def test_memory_that_beats_frequencies_by_position_is_found_beside_drift(tmp_path):
    rng = np.random.default_rng(0)
    x = np.array(drifting(1))
    for t in range(2, 60):
        x[:, t] = np.where(rng.random(60) < 0.6, x[:, t - 2], x[:, t])
    verdict = seqcompare.compare(dataset(list(x)), ["markov"], out=tmp_path, n_jobs=1).verdict()
    assert (verdict.kind, verdict.family) == ("model", "markov")
    assert "frequencies by position" in verdict.sentences[0]


def test_what_tells_no_more_than_chance_is_not_entered():
    entered = []
    for seed in range(20):
        x = np.random.default_rng(seed).integers(0, 2, (40, 30))
        entered.append(len(plan_comparison(dataset(list(x)), ["markov"]).contestants) - 2)
    assert sum(entered) <= 6


def test_a_model_may_not_be_called_like_a_reference():
    models = {"frequencies by position": seqcompare.MarkovChain(1)}
    with pytest.raises(ValueError, match="'frequencies by position' is the name of a reference"):
        plan_comparison(dataset(drifting(0)), models)


def test_no_memory_is_worth_having_where_numbers_go_by_a_trend(tmp_path):
    rng = np.random.default_rng(0)
    data = dataset(list(np.linspace(-2, 2, 15) + rng.normal(size=(40, 15))))
    found = seqcompare.compare(data, ["autoregression"], cv=2, out=tmp_path, n_jobs=1)
    verdict, score = found.verdict(), found.summary().set_index("entry")["score"]
    assert verdict.kind != "model"
    assert verdict.entry == "levels by position"
    assert score["levels by position"] < score["Autoregression"] < score["chance"]
