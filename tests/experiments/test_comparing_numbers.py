"""Sweeps and comparisons of densities over numbers and counts."""

import numpy as np
import pytest

import seqcompare
from seqcompare.tasks import Counts, LinearSeries

SUITE = {
    "title": "Numbers",
    "seeds": 1,
    "distances": [2],
    "n_train": 40,
    "n_validation": 20,
    "n_test": 60,
    "epochs": 3,
    "em_iterations": 10,
    "max_seconds": 600,
    "tasks": [{"name": "LinearSeries"}, {"name": "Counts"}],
    "models": [
        {"variant": "autoregression", "sizes": [1, 2]},
        {"variant": "count-autoregression", "sizes": [2]},
        {"variant": "markov", "sizes": [1]},
        {"variant": "ridge", "sizes": [2]},
        {"variant": "hmm", "sizes": [2]},
        {"variant": "state-space", "sizes": [2]},
    ],
}


def test_a_sweep_scores_densities_and_theory_foresees_who_can(tmp_path):
    frame = seqcompare.sweep(SUITE, tmp_path, n_jobs=1).frame()
    assert frame["status"].eq("ok").all(), frame["error"].tolist()
    skill = frame.set_index(["task", "model"])["skill"]
    series, counts = skill["LinearSeries"], skill["Counts"]
    for model in ("autoregression of order 2", "ridge window 2"):
        assert series[model] == pytest.approx(1, abs=0.02)
    assert series["autoregression of order 1"] < 0.1
    assert 0.05 < series["HMM 2 states"] < 0.5
    assert counts["count autoregression of order 2"] == pytest.approx(1, abs=0.02)
    assert counts["Markov order 1"] < counts["HMM 2 states"] < 0.5
    # numbers are nothing that chains of symbols or of counts read, and counts no real numbers
    assert set(counts.index) == {"count autoregression of order 2", "Markov order 1", "HMM 2 states"}
    can = frame.set_index(["task", "model"])["can_represent"]
    assert bool(can["LinearSeries", "autoregression of order 2"]) is True
    assert bool(can["LinearSeries", "autoregression of order 1"]) is False
    assert can["LinearSeries", "HMM 2 states"] is None or np.isnan(can["LinearSeries", "HMM 2 states"])


def draw(n, length=200):
    return LinearSeries(2, coefficients=(1.6, -0.8)).sample(n, length=length, random_state=1).X


def test_a_comparison_finds_the_order_of_a_series(tmp_path):
    comparison = seqcompare.compare(draw(40), ["markov"], cv=3, out=tmp_path, n_jobs=1)
    best = comparison.summary().set_index("entry").loc["Markov chain"]
    assert best["chosen"] == "autoregression of order 2"
    # h(1), and what the first two steps cost beyond
    assert best["score"] == pytest.approx(2.047, abs=0.02)


def test_all_families_compete_on_numbers(tmp_path):
    comparison = seqcompare.compare(draw(8, 80), cv=2, out=tmp_path, n_jobs=1, max_seconds=1)
    frame = comparison.frame()
    assert frame["status"].eq("ok").all(), frame["error"].tolist()
    summary = comparison.summary().set_index("entry")
    assert set(summary["family"]) == {"markov", "hmm", "window", "recurrent", "reference"}
    assert summary.loc["HMM", "chosen"].startswith("linear state space")
    others = summary.drop(index="chance")["score"]
    assert (others < summary.loc["chance", "score"] - 1).all()
    # the naive forecast gets three quarters of it
    learned = summary[summary["family"] != "reference"]["score"]
    assert (learned < summary.loc["last value", "score"] - 0.5).all()


def test_counts_of_a_file_go_to_models_of_counts(tmp_path):
    rng = np.random.default_rng(0)
    visitors = [np.asarray(x) for x in Counts(survival=0.8, arrivals=2.0).sample(12, 60, random_state=0).X]
    file = tmp_path / "visitors.csv"
    rows = [f"{i},{t},{v}" for i, x in enumerate(visitors) for t, v in enumerate(x)]
    file.write_text("\n".join(["sequence,hour,visitors", *rows]))
    hidden = seqcompare.HMM(2, emission="poisson", random_state=0)
    models = ["count-autoregression", hidden, "ridge", "last-value"]
    comparison = seqcompare.compare(file, models, cv=2, out=tmp_path / "run", n_jobs=1, kind="count")
    assert comparison.frame()["status"].eq("ok").all(), comparison.frame()["error"].tolist()
    summary = comparison.summary().set_index("entry")
    assert comparison.verdict().model == "count autoregression of order 1"
    # what everybody gives are probabilities: with frequencies of counts the reference has their entropy
    assert summary.loc["chance", "score"] == pytest.approx(3.7, abs=0.3)
    found = comparison.model().forecast([rng.poisson(10, 30).astype(float)], 2)
    assert (found.quantile(0.5) == np.floor(found.quantile(0.5))).all()
