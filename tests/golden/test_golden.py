"""Runs made by commit c306f21: what is read from them stays what it was."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from seqcompare.results.comparison import StoredComparison
from seqcompare.results.reach import REACHES
from seqcompare.results.sweep import StoredSweep

GOLDEN = Path(__file__).parent
COMPARISONS = sorted(path.name for path in GOLDEN.glob("compare-*"))

#: Names that have changed since: of tables, and what evidence calls them.
RENAMED = {"ladders": "grids"}

#: What is made by other tests and intervals than then: pooled units in place of folds.
INFERRED = {"low", "high", "interval", "p_value", "p_adjusted", "worse", "equal", "better"}

SWEEP_TABLES = ("summary", "scores", "horizons", "comparisons", "scaling", "capacity_needed")


def assert_same(found: pd.DataFrame, kept: pd.DataFrame) -> None:
    """Hold a table against one that was read from CSV: the same rows, and numbers equal to 1e-12."""
    assert len(found) == len(kept)
    found = found.rename(columns=str)
    assert set(found.columns) == set(kept.columns)
    for name in kept.columns:
        old, new = kept[name], found[name].reset_index(drop=True)
        if all(pd.api.types.is_any_real_numeric_dtype(column) for column in (old, new)):
            np.testing.assert_allclose(new.astype(float), old.astype(float), rtol=1e-12, atol=1e-12)
        else:
            assert new.map(plain).tolist() == old.map(plain).tolist(), name


def plain(value: object) -> str:
    """Return a cell as CSV would have kept it; empty text, None and NaN are one there."""
    return "" if value is None or value == "" or value is pd.NA or value != value else str(value)


def files() -> set[Path]:
    return set(GOLDEN.rglob("*"))


def test_every_role_is_kept():
    assert len(COMPARISONS) == 6


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_comparison_of_before_says_what_it_said(name):
    before = files()
    run = StoredComparison(GOLDEN / name)
    for table in ("summary", "pairs", "ladders", "contexts"):
        kept = pd.read_csv(GOLDEN / name / f"{table}.csv")
        found = run.tables()[RENAMED.get(table, table)]
        if table in ("summary", "pairs"):
            kept, found = (t.drop(columns=INFERRED & set(t.columns)) for t in (kept, found))
        elif table == "ladders":
            # it marked the candidate that did best of all folds together, and not what the folds had tested
            kept = kept.drop(columns="chosen")
            found = found[list(kept.columns)]
        elif table == "contexts":
            # they went on past 100% then
            metric = run.result.metric
            kept = kept.assign(**{c: kept[c].clip(metric.least, metric.greatest) for c in ("low", "high")})
            assert set(found.columns) - set(kept.columns) == set(REACHES) - {"needed"}
            found = found[kept.columns]
        assert_same(found, kept)
    assert files() == before, "reading has written"


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_evidence_of_a_verdict_of_before_stands_in_its_tables(name):
    """The sentences are others now; the scores, sizes and contexts behind them are not."""
    kept = pd.read_csv(GOLDEN / name / "evidence.csv")
    kept["table"] = kept["table"].replace(RENAMED)
    found = StoredComparison(GOLDEN / name).verdict().evidence
    where = ["table", "row", "column"]
    unique = [t.drop_duplicates(where).set_index(where)["value"].astype(str) for t in (found, kept)]
    both = pd.concat(unique, axis=1, join="inner", keys=["now", "then"]).reset_index()
    same = both[~both["column"].isin(INFERRED)].apply(pd.to_numeric, errors="coerce")
    assert len(same) >= 1
    np.testing.assert_allclose(same["now"], same["then"], rtol=1e-12, atol=1e-12)


def test_a_sweep_of_before_gives_the_same_tables():
    before = files()
    tables = StoredSweep(GOLDEN / "sweep").tables()
    for name in SWEEP_TABLES:
        assert_same(tables[name], pd.read_csv(GOLDEN / "sweep" / f"{name}.csv"))
    assert files() == before, "reading has written"


@pytest.mark.parametrize("name", [*COMPARISONS, "sweep"])
def test_no_format_was_written_then(name):
    assert "format" not in json.loads((GOLDEN / name / "config.json").read_text(encoding="utf-8"))
