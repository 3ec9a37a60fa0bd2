"""How early it can be said: scores by the first steps of sequences, and at steps by their place."""

import numpy as np
import pytest

import seqcompare
from seqcompare.report.comparison_view import ComparisonView
from seqcompare.report.context_sections import far_back_section


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Sequences whose class shows at steps 2 to 5 alone."""
    rng = np.random.default_rng(0)
    X, y = [], np.arange(60) % 2
    for label in y:
        x = rng.normal(size=rng.integers(16, 25))
        x[2:6] += 1.5 if label else -1.5
        X.append(x)
    model = {"window": seqcompare.WindowClassifier(width=8, pooling="segments")}
    return seqcompare.compare((X, y), model, cv=3, out=tmp_path_factory.mktemp("run"), n_jobs=1)


def test_what_shows_early_is_said_early(run):
    early = run.early()
    assert set(early["control"]) == {"first"}
    assert early["context"].max() == 24
    loss = early.groupby("context")["loss"].mean()
    # two of the four steps that tell are among the first four, all of them among the first eight
    assert loss[2] > 0.9
    assert loss[8] < 0.3
    assert early["needed"].iloc[0] in (4, 8)
    said = str(run.verdict())
    assert "It can be said early: fitted to the first" in said
    assert "early" in run.tables()
    row = run.verdict().evidence.query("table == 'early'")
    assert row["value"].tolist() == [early["needed"].iloc[0]]


def test_both_ends_are_drawn_together(run):
    figures = {part.name: part for part in far_back_section(ComparisonView(run)).parts}
    figure = figures["early_curve"]
    assert set(figure.data["control"]) == {"first", "limited"}
    assert "the first k steps" in figure.caption


def test_labels_are_scored_by_their_place(tmp_path):
    rng = np.random.default_rng(1)
    X = [rng.integers(0, 2, size=16) for _ in range(30)]
    # what is to be said is known from the ninth step on only: an echo of eight steps back
    y = [np.where(np.arange(16) < 8, rng.integers(0, 2, size=16), np.roll(x, 8)) for x in X]
    model = {"window": seqcompare.WindowTagger(before=8)}
    run = seqcompare.compare((X, y), model, cv=3, out=tmp_path, n_jobs=1)
    early = run.early().groupby("context")["loss"].mean()
    assert early.index.tolist() == [1, 2, 4, 8, 16]
    assert (early[[1, 2, 4, 8]] > 0.8).all()
    assert early[16] < 0.3
    assert "It can be said early" not in str(run.verdict())


def test_what_shows_at_the_end_cannot_be_said_early(tmp_path):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(60, 12))
    model = {"window": seqcompare.WindowRegressor(width=2)}
    run = seqcompare.compare((X, 3 * X[:, -1] + X[:, -2]), model, cv=3, out=tmp_path, n_jobs=1)
    assert run.early()["needed"].iloc[0] == 12
    assert "It cannot be said early: fitted to the first 8 steps alone, window is" in str(run.verdict())
