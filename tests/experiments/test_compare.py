"""Comparisons of real data from end to end, with contestants small enough for a test."""

import runpy
import sys
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

mpl.use("agg")

import matplotlib.pyplot as plt

import seqcompare
from seqcompare import (
    BayesClassifier,
    MarkovChain,
    MarkovTagger,
    SequenceDataset,
    WindowClassifier,
    WindowRegressor,
    style,
)
from seqcompare.data.sequences import Sequences
from seqcompare.datasets import read
from seqcompare.experiments.compare import Comparison


def order_two(n=60, length=50, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (n, length))
    for t in range(2, length):
        x[:, t] = np.where(rng.random(n) < 0.9, x[:, t - 2], 1 - x[:, t - 2])
    return list(x)


def compare_chains(folder, **options):
    return seqcompare.compare(order_two(), ["markov", "HMM"], cv=3, out=folder, n_jobs=1, **options)


@pytest.fixture(scope="module")
def chain_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "chains"
    steps = []
    run = compare_chains(folder, progress=steps.append)
    return run, steps


def test_the_verdict_names_order_and_horizon(chain_run):
    verdict = chain_run[0].verdict()
    assert (verdict.kind, verdict.family, verdict.model, verdict.horizon) == (
        "model",
        "markov",
        "Markov order 2",
        2,
    )
    assert "Markov order 2 is enough" in str(verdict)


def test_every_number_of_the_verdict_stands_in_a_table(chain_run):
    run = chain_run[0]
    evidence = run.verdict().evidence
    assert set(evidence["sentence"]) == set(range(1, len(run.verdict().sentences) + 1))
    table = run.summary().set_index("entry")
    held = 0
    for row in evidence[evidence["table"] == "summary"].itertuples():
        assert float(row.value) == float(table.loc[row.row, row.column])
        held += 1
    assert held >= 4
    tried = run.grids().set_index("model")
    for row in evidence[evidence["table"] == "grids"].itertuples():
        assert float(row.value) == float(tried.loc[row.row, row.column])
        held += 1
    assert held >= 5


def test_the_summary_is_near_the_truth(chain_run):
    table = chain_run[0].summary().set_index("entry")
    entropy = -(0.9 * np.log2(0.9) + 0.1 * np.log2(0.1))
    assert table.loc["chance", "score"] == pytest.approx(1.0, abs=0.01)
    # of 49 scored steps of a sequence the first has one step before it and is worth a bit
    assert table.loc["Markov chain", "score"] == pytest.approx((48 * entropy + 1) / 49, abs=0.03)
    assert table.loc["Markov chain", "accuracy"] == pytest.approx((48 * 0.9 + 0.5) / 49, abs=0.02)
    assert (table["n_failed"] == 0).all()


def test_progress_ends_at_the_total(chain_run):
    steps = chain_run[1]
    assert steps[0].last is None
    assert [s.done for s in steps] == list(range(len(steps)))
    # the fit of the winner to everything comes last
    assert steps[-1].done == steps[-1].total == len(chain_run[0].frame()) + 1


def test_a_finished_run_is_not_run_again(chain_run, monkeypatch):
    run = chain_run[0]
    ran = []
    again = compare_chains(run.folder, progress=lambda p: ran.append(p.last))
    assert ran == [None, None]
    assert again.summary().equals(run.summary())


def test_a_run_goes_on_where_it_stopped(chain_run, tmp_path):
    run = chain_run[0]

    def stop(progress):
        if progress.done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare_chains(tmp_path / "run", progress=stop)
    again = compare_chains(tmp_path / "run")
    names = ["trial_id", "score", "validation_score", "n_parameters"]
    assert again.frame()[names].equals(run.frame()[names])


def test_other_settings_are_another_run(chain_run):
    with pytest.raises(FileExistsError, match="other settings"):
        seqcompare.compare(order_two(seed=1), ["markov", "HMM"], out=chain_run[0].folder, n_jobs=1)


def test_the_winner_is_saved_with_a_snippet_that_runs_from_anywhere(chain_run, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    snippet = chain_run[0].folder / "use_model.py"
    assert len(snippet.read_text(encoding="utf-8").splitlines()) <= 17
    space = runpy.run_path(str(snippet))
    assert space["model"].order == 2
    assert np.asarray(space["proba"][0]).shape[1] == 2
    assert space["X"] == [[0, 1]]  # what there is in the data, and none of their sequences
    new = tmp_path / "new.csv"
    new.write_text("sequence,step,x\nk1,0,1\nk1,1,0\nk1,2,1\n", encoding="utf-8")
    monkeypatch.setattr("sys.argv", [str(snippet), "new.csv"])
    runpy.run_path(str(snippet), run_name="__main__")
    shown = capsys.readouterr().out
    expected = seqcompare.load_run(snippet.parent).predict(new)
    assert shown.split() == expected.to_string().split()
    assert len(expected) == 3


def test_the_tables_lie_in_the_folder(chain_run):
    run = chain_run[0]
    names = {path.stem for path in (run.folder / "tables").glob("*.csv")}
    assert {"summary", "pairs", "grids", "contexts", "evidence", "lag_profile", "trials"} <= names


def test_a_stored_run_needs_no_model(chain_run):
    """Tables and verdict are read in a process that never imports an estimator."""
    import subprocess

    code = (
        "import sys\nfrom seqcompare.results.comparison import StoredComparison\n"
        f"run = StoredComparison({str(chain_run[0].folder)!r})\n"
        "print(run.verdict().sentences[0]); run.tables()\n"
        "assert not [m for m in sys.modules if m.startswith(('seqcompare.models', 'sklearn'))]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Markov order 2 is enough")


def test_models_of_ones_own_take_part(tmp_path):
    models = {"mine": MarkovChain(order=2), "Markov chain": None}
    run = seqcompare.compare(order_two(), models, cv=3, out=tmp_path / "run", n_jobs=1)
    table = run.summary().set_index("entry")
    assert set(table.index) == {"chance", "mine", "Markov chain"}
    assert table.loc["mine", "score"] == pytest.approx(table.loc["Markov chain", "score"], abs=0.01)


def test_metrics_that_were_asked_for_are_shown(tmp_path):
    y = np.arange(24) % 2
    X = [np.full(6, c) for c in y]
    run = seqcompare.compare((X, y), ["markov"], metric=["auroc", "f1"], cv=2, out=tmp_path / "run", n_jobs=1)
    assert run.config["settings"]["metric"] == ["auroc", "f1"]
    assert {"auroc", "f1"} <= set(run.config["metrics"])
    with pytest.raises(ValueError, match=r"metric: there is no 'aurok'; did you mean 'auroc'\?"):
        seqcompare.compare((X, y), ["markov"], metric="aurok", out=tmp_path / "other")
    assert not (tmp_path / "other").exists()


class Broken(MarkovTagger):
    """A model that cannot be fitted."""

    def fit(self, X, y, sample_weight=None):
        raise RuntimeError("out of order")


def test_a_model_that_fails_is_a_row_with_its_error(tmp_path):
    rng = np.random.default_rng(0)
    X = Sequences(rng.integers(0, 3, (30, 12)))
    data = SequenceDataset(
        Sequences(X.values, X.offsets), Sequences(X.values % 2, X.offsets), None, "step", "parity"
    )
    run = seqcompare.compare(
        data, {"broken": Broken(), "Markov chain": None}, cv=3, out=tmp_path / "run", n_jobs=1
    )
    table = run.summary().set_index("entry")
    assert table.loc["broken", "n_failed"] == 3
    assert table.loc["Markov chain", "accuracy"] == 1.0
    assert "out of order" in run.frame().set_index("entry").loc["broken", "error"].iloc[0]
    verdict = run.verdict()
    assert (verdict.model, verdict.horizon) == ("Markov order 0", 0)
    assert "Failed in some folds, and left out: broken (RuntimeError: out of order" in str(verdict)


class BrokenClassifier(BayesClassifier):
    """A classifier that cannot be fitted."""

    def fit(self, X, y, sample_weight=None):
        raise RuntimeError("out of order")


def classes_by_start(n, length):
    return list(np.random.default_rng(0).integers(0, 3, (n, length))), np.arange(n) % 2


def test_a_run_in_which_every_model_fails_has_a_report(tmp_path):
    run = seqcompare.compare(
        classes_by_start(40, 6), {"broken": BrokenClassifier()}, cv=2, out=tmp_path / "run", n_jobs=1
    )
    text = run.report().read_text(encoding="utf-8")
    assert "Failed in some folds, and left out: broken (RuntimeError: out of order" in text
    # of the reference there is a confusion, and nobody is drawn beside it
    assert "Confusion" not in text


@pytest.mark.parametrize(("n", "drawn"), [(29, False), (30, True)])
def test_lags_are_drawn_where_there_are_pairs_enough(tmp_path, n, drawn):
    run = seqcompare.compare(
        classes_by_start(n, 6), {"chain": BayesClassifier()}, cv=2, out=tmp_path / "run", n_jobs=1
    )
    text = run.report().read_text(encoding="utf-8")
    assert ("What single steps tell" in text) == drawn
    assert ("No lag has pairs of steps enough" in text) == (not drawn)


def test_missing_values_leave_all_families(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    X = [rng.normal(3.0 * label, 1.0, 8) for label in y]
    for x in X:
        x[rng.random(8) < 0.2] = np.nan
    data = read((X, y), missing="keep")
    kinds = ["hmm", "Markov chain", "logistic", "gru"]
    run = seqcompare.compare(data, kinds, cv=2, out=tmp_path / "run", n_jobs=1, max_seconds=0.3)
    frame = run.frame()
    assert set(frame["family"]) == {"reference", "hmm", "markov", "window", "recurrent"}
    assert (frame["status"] == "ok").all(), frame["error"].tolist()
    assert run.summary().set_index("entry").loc["HMM", "accuracy"] > 0.95
    assert any("recurrent networks see in their place" in note for note in run.config["data"]["notes"])
    assert "a linear prediction expects" in run.report().read_text(encoding="utf-8")
    # the model that is kept takes missing values as well
    assert set(run.predict(X[:4])["answer"]) <= {0, 1}


def test_only_the_ratios_of_weights_matter(tmp_path):
    data = read(order_two())
    shares = np.random.default_rng(1).permutation(np.arange(data.X.n_steps) % 4)
    found = []
    for scale in (1.0, 1 / 512):
        weights = data.X.with_values(scale * shares)
        weighted = replace(data, sample_weight=weights)
        run = seqcompare.compare(weighted, ["markov"], cv=2, out=tmp_path / f"run{scale}", n_jobs=1)
        assert run.verdict().model == "Markov order 2"
        found.append(run.frame()[["model", "score", "validation_score"]])
    pd.testing.assert_frame_equal(*found)


def test_a_single_group_to_train_on_is_tuned_all_the_same(tmp_path):
    data = replace(read(order_two()), groups=np.arange(60) % 2)
    run = seqcompare.compare(data, ["markov"], out=tmp_path / "run", n_jobs=1)
    assert (run.frame()["status"] == "ok").all()
    assert run.verdict().model == "Markov order 2"
    assert "models are chosen by a part of that group" in run.config["data"]["splits"]
    assert run.failures().empty


def test_what_was_not_tuned_is_told(tmp_path):
    """With one sequence to train on there is nothing to choose by."""
    rng = np.random.default_rng(0)
    data = read(([rng.normal(size=12) for _ in range(30)], list(rng.normal(size=30))))
    data = replace(data, test=np.arange(30) > 0)
    run = seqcompare.compare(data, ["window"], out=tmp_path / "run", n_jobs=1)
    verdict = run.verdict()
    (said,) = (s for s in verdict.sentences if s.startswith("Tested untuned, by the first candidate"))
    assert "window (1 of 1 fold: ValueError: 1 sequence cannot be divided" in said
    (number,) = verdict.evidence[verdict.evidence["table"] == "failures"].itertuples()
    table = run.tables()["failures"].set_index("entry")
    assert (number.row, number.value) == ("window", table.loc["window", number.column].max())


def test_a_rare_class_does_not_take_folds_away(tmp_path):
    rng = np.random.default_rng(0)
    y = np.array(["up", "down"])[rng.integers(0, 2, 60)]
    y[[7, 40]] = "odd"
    X = [rng.choice(3, size=12, p=np.roll([0.8, 0.1, 0.1], "udo".index(c[0]))) for c in y]
    run = seqcompare.compare((X, y), ["markov"], out=tmp_path / "run", n_jobs=1)
    assert run.config["data"]["n_splits"] == 5
    assert (run.frame()["status"] == "ok").all()
    assert run.confusion().groupby("entry")["count"].sum().to_dict() == {"chance": 60, "Markov chain": 60}
    assert run.summary()["macro_f1"].notna().all()


def test_classes_of_sequences_have_their_tables(tmp_path):
    rng = np.random.default_rng(0)
    y = np.repeat(["up", "down", "odd"], [30, 30, 4])
    X = [rng.choice(3, size=12, p=np.roll([0.8, 0.1, 0.1], "udo".index(c[0]))) for c in y]
    run = seqcompare.compare((X, y), ["markov"], cv=4, out=tmp_path / "run", n_jobs=1)
    table = run.summary().set_index("entry")
    assert table.loc["Markov chain", "accuracy"] > 0.9
    confusion = run.confusion()
    assert confusion.groupby("entry")["count"].sum().to_dict() == {"chance": 64, "Markov chain": 64}
    scores = run.class_scores().set_index(["entry", "label"])
    assert scores.loc[("chance", "odd"), "recall"] == 0
    assert scores.loc[("Markov chain", "up"), "support"] == 30
    calibration = run.calibration()
    assert calibration["confidence"].between(0, 1).all()
    verdict = run.verdict()
    assert any("rare, with fewer than 10 examples" in s and "odd (4)" in s for s in verdict.sentences)
    assert verdict.entry == "Markov chain"


def test_lopsided_labels_are_compared_by_their_probabilities(tmp_path):
    """Nobody is ever more likely ill than well, and some are ten times as likely ill as others."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (400, 8))
    ill = rng.random(400) < np.where(X[:, -1] == 3, 0.4, 0.02)
    run = seqcompare.compare(
        (list(X), np.where(ill, "ill", "well")),
        {"logistic": WindowClassifier(LogisticRegression(), width=1)},
        out=tmp_path / "run",
        n_jobs=1,
    )
    verdict = run.verdict()
    summary = run.summary().set_index("entry")
    assert run.result.metric.name == "label bits"
    assert (verdict.kind, verdict.family, verdict.horizon) == ("model", "logistic", 1)
    assert "bits a label" in verdict.sentences[0]
    assert "of the labels are 'well'" in str(verdict)
    best = summary["score"].idxmin()
    assert summary.loc[best, "score"] < summary.loc["chance", "score"] - 0.05
    assert summary.loc[best, "accuracy"] == pytest.approx(summary.loc["chance", "accuracy"], abs=0.02)


def test_numbers_are_compared_by_squared_error(tmp_path):
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 1)) for n in rng.integers(6, 12, 80)]
    y = np.array([x[-1, 0] - 0.5 * x[-2, 0] for x in X]) + 0.1 * rng.normal(size=80)
    run = seqcompare.compare(
        (X, y), {"ridge": WindowRegressor(width=2)}, cv=4, out=tmp_path / "run", n_jobs=1
    )
    table = run.summary().set_index("entry")
    assert table.loc["ridge", "mse"] == pytest.approx(0.01, abs=0.006)
    assert table.loc["ridge", "r2"] > 0.98
    verdict = run.verdict()
    assert (verdict.entry, verdict.horizon) == ("ridge", 2)


def test_real_valued_steps_are_compared_by_density(tmp_path):
    rng = np.random.default_rng(0)
    states = np.cumsum(rng.random((24, 40)) < 0.1, axis=1) % 2
    X = [s[:, None] * 5.0 + rng.normal(size=(40, 1)) for s in states]
    run = seqcompare.compare(X, ["hmm"], cv=2, out=tmp_path / "run", n_jobs=1)
    table = run.summary().set_index("entry")
    assert table.loc["HMM", "score"] < table.loc["chance", "score"] - 0.4
    assert run.verdict().model == "HMM 2 states"


def test_unknown_contestants_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"'transformer' matches nothing; .*what takes part: markov, "):
        seqcompare.compare(order_two(), ["transformer"], out=tmp_path / "run")


def test_a_comparison_shows_itself(chain_run):
    page = chain_run[0]._repr_html_()
    assert "Markov order 2" in page
    assert "<table" in page
    assert isinstance(chain_run[0], Comparison)


def test_the_plot_shows_every_score_and_marks_the_winner(chain_run):
    run = chain_run[0]
    table = run.summary()
    ax = run.plot()
    shown = table["entry"].replace({"Markov chain": "chain or autoregression", "HMM": "hidden state"})
    assert [label.get_text() for label in ax.get_yticklabels()] == shown.tolist()
    marks = [line for line in ax.lines if line.get_marker() not in ("None", "none")]
    assert [mark.get_xdata()[0] for mark in marks] == table["score"].tolist()
    spans = [line for line in ax.lines if len(set(line.get_ydata())) == 1 and len(line.get_xdata()) == 2]
    assert [tuple(span.get_xdata()) for span in spans] == list(zip(table["low"], table["high"], strict=True))
    (chance,) = [line for line in ax.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2]
    assert chance.get_xdata()[0] == table.set_index("entry").loc["chance", "score"]
    ringed = [mark.get_ydata()[0] for mark in marks if mark.get_markeredgecolor() == style.INK]
    assert table["entry"][ringed].tolist() == [run.verdict().entry]
    assert run.plot(ax) is ax
    plt.close("all")


def test_what_is_to_be_wary_of_in_data_stands_in_the_verdict(tmp_path):
    rng = np.random.default_rng(0)
    x = np.repeat(rng.integers(0, 4, (20, 30)), 3, axis=0)[rng.permutation(60)]
    run = seqcompare.compare(
        (list(x), rng.integers(0, 2, 60)), ["markov"], cv=2, out=tmp_path / "copies", n_jobs=1
    )
    text = str(run.verdict())
    assert "100.0% of the sequences are copies of others or nearly so" in text
    assert "Use five folds or more" in text
    assert "near-copies in one fold" in str(run.config["data"])
