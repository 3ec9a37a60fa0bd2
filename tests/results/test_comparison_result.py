"""A comparison in its folder: what is found is computed once, and nobody can spoil it for others."""

import shutil
import sqlite3
from pathlib import Path

import matplotlib as mpl
import pytest
from counting import count_calls

mpl.use("agg")

from seqcompare.experiments.compare import Comparison
from seqcompare.report.page import write_report
from seqcompare.results import comparison
from seqcompare.results.comparison import StoredComparison
from seqcompare.results.folder import read_config, write_config
from seqcompare.results.store import STORE, RunError

GOLDEN = Path(__file__).parents[1] / "golden"

ONCE = ("all_grids", "failed_candidates", "judge", "loss_table", "pairs", "summary", "write_verdict")


@pytest.fixture
def folder(tmp_path):
    """A copy of a small run, in which reports can be written."""
    return Path(shutil.copytree(GOLDEN / "compare-step", tmp_path / "run"))


def test_a_report_computes_everything_once(folder, monkeypatch):
    counts = count_calls(monkeypatch, comparison, ONCE)
    write_report(folder)
    assert counts == dict.fromkeys(ONCE, 1)
    assert (folder / "tables" / "grids.csv").is_file()


def test_a_comparison_that_is_asked_again_computes_nothing_again(folder, monkeypatch):
    counts = count_calls(monkeypatch, comparison, ONCE)
    run = Comparison(folder)
    for _ in range(2):
        run.verdict()
        run.tables()
        run.summary()
        run.grids()
        run._repr_html_()
    assert counts == dict.fromkeys(ONCE, 1)


def test_a_run_that_has_tested_nothing_says_so_and_where(folder):
    with sqlite3.connect(folder / STORE) as db:
        db.execute("DELETE FROM trials WHERE axis = 'test'")
    db.close()
    run = Comparison(folder)
    assert set(run.frame()["axis"]) == {"tuning", "context"}
    with pytest.raises(RunError, match=f"{folder} was stopped before any model was tested"):
        run.report()


ASKED = (
    *("frame", "curves", "summary", "pairs", "grids", "failures", "contexts", "influence", "confusion"),
    *("calibration", "class_scores"),
)


@pytest.mark.parametrize("name", ASKED)
def test_nobody_can_spoil_a_table_for_others(name):
    run = StoredComparison(GOLDEN / "compare-step")
    table = getattr(run, name)()
    table["entry"] = "spoilt"
    again = getattr(run, name)()
    assert "entry" not in again or "spoilt" not in again["entry"].tolist()


def test_nobody_can_spoil_the_evidence_or_the_tables():
    run = StoredComparison(GOLDEN / "compare-step")
    for ask in (lambda: run.verdict().evidence, lambda: run.tables()["evidence"]):
        table = ask()
        table["row"] = "spoilt"
        assert "spoilt" not in ask()["row"].tolist()


def test_the_old_name_of_grids_warns():
    run = StoredComparison(GOLDEN / "compare-step")
    with pytest.warns(FutureWarning, match=r"ladders\(\) is grids\(\) from now on"):
        assert run.ladders().equals(run.grids())


def test_the_metric_is_read_from_what_the_run_wrote_down(folder):
    run = StoredComparison(folder)
    metric = run.result.metric
    plain = {**metric.describe(), "tolerance": 0.5, "words": "{percent:.0f} of a hundred"}
    write_config(folder, {**read_config(folder), "metrics": {metric.name: plain}})
    told = StoredComparison(folder)
    assert set(told.pairs()["tolerance"]) == {0.5}
    assert " of a hundred" in told.verdict().sentences[0]
    assert " of a hundred" not in run.verdict().sentences[0]


def test_a_metric_that_nobody_knows_is_named(folder):
    with sqlite3.connect(folder / STORE) as db:  # of before there were seals
        db.execute("UPDATE trials SET metric = 'of mine'")
    db.close()
    with pytest.raises(ValueError, match="scores by 'of mine', of which it tells nothing"):
        StoredComparison(folder).summary()


def test_a_run_of_a_newer_version_is_refused(folder):
    write_config(folder, {**read_config(folder), "format": 99})
    with pytest.raises(RunError, match=r"config.json has format 99"):
        Comparison(folder)


@pytest.mark.parametrize("name", ["compare-step", "compare-sequence"])
def test_no_interval_leaves_what_a_share_can_be(name):
    run = StoredComparison(GOLDEN / name)
    assert run.result.metric.name == "accuracy"
    for table in (run.summary(), run.contexts(), run.answer().frame()):
        assert (table["low"] >= 0).all()
        assert (table["high"] <= 1).all()
