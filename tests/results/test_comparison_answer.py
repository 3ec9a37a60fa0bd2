"""One row a model: what it is, how sure that is, and what it costs."""

from pathlib import Path

import matplotlib as mpl
import pytest

mpl.use("agg")

import seqcompare
from seqcompare.results.answer import COLUMNS
from seqcompare.results.comparison import StoredComparison

GOLDEN = Path(__file__).parents[1] / "golden"
STATUS = {"enough", "equivalent", "inferior", "undecided", "not tried"}


@pytest.mark.parametrize("name", ["compare-next", "compare-step", "compare-value"])
def test_every_model_has_one_row_with_a_status(name):
    run = StoredComparison(GOLDEN / name)
    frame = run.answer().frame()
    assert list(frame.columns) == COLUMNS
    assert sorted(frame["entry"]) == sorted(run.summary()["entry"])
    assert set(frame["status"]) <= STATUS
    assert frame["entry"].iloc[0] == "chance"
    assert frame["n_parameters"].iloc[1:].is_monotonic_increasing
    # a time has one definition, wherever it is shown
    summary = run.summary().set_index("entry").loc[frame["entry"]]
    for column in ("predict_us_per_step", "fit_seconds"):
        assert frame[column].tolist() == summary[column].tolist()
    enough = frame[frame["status"] == "enough"]
    verdict = run.verdict()
    if verdict.kind in ("model", "chance"):
        assert enough["entry"].tolist() == [verdict.entry]
        assert enough["candidate"].tolist() == [verdict.model]
    else:
        assert enough.empty
    assert frame["p_good_enough"].between(0, 1).all()
    assert (frame["low"] <= frame["score"]).all()
    assert (frame["score"] <= frame["high"]).all()


def test_the_gain_is_over_the_next_simpler_row():
    run = StoredComparison(GOLDEN / "compare-next")
    frame = run.answer().frame()
    # bits: less is better
    assert frame["gain"].iloc[1:].tolist() == pytest.approx((-frame["score"].diff().iloc[1:]).tolist())
    assert (frame["gain_low"] <= frame["gain"]).iloc[1:].all()
    assert frame[["gain", "gain_low", "gain_high"]].iloc[0].isna().all()


def test_an_answer_is_frozen_drawn_and_shown():
    answer = seqcompare.load_run(GOLDEN / "compare-step").answer()
    frame = answer.frame()
    frame["status"] = "spoilt"
    assert "spoilt" not in answer.frame()["status"].tolist()
    with pytest.raises(AttributeError):
        answer.table = None
    ax = answer.plot()
    assert len(ax.get_yticklabels()) == len(answer.frame())
    assert "<table" in answer._repr_html_()
    assert str(answer) == str(answer.verdict)
