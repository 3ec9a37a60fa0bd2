"""The front door: sweep, resume, plan, progress, and what the run gives back."""

import json

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

import seqcompare
from seqcompare import HMM, MarkovChain
from seqcompare.experiments.suites import SuiteError
from seqcompare.report.figures.canvas import series_id
from seqcompare.report.plots import plot_skill
from seqcompare.results.folder import open_run
from seqcompare.results.store import COST_COLUMNS
from seqcompare.tasks import LagChain, Recall

SUITE = {
    "title": "Small",
    "seeds": 2,
    "distances": [2, 4],
    "n_train": 60,
    "n_validation": 30,
    "n_test": 60,
    "epochs": 3,
    "max_seconds": 60,
    "tasks": [{"name": "Recall"}, {"name": "LagChain"}],
    "models": [
        {"variant": "markov", "sizes": [1, 4]},
        {"variant": "logistic", "sizes": [4]},
        {"variant": "elman", "sizes": [4]},
        {"variant": "exact"},
    ],
}
mpl.use("agg")
N_TRIALS = 2 * 2 * 2 * 5


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return seqcompare.sweep(SUITE, tmp_path_factory.mktemp("sweep") / "run", n_jobs=1)


def without_cost(frame):
    return frame.drop(columns=list(COST_COLUMNS))


def test_a_run_can_be_read_in_every_way(run):
    frame = run.frame()
    assert len(frame) == N_TRIALS
    assert (frame["status"] == "ok").all()
    assert set(frame["family"]) == {"markov", "window", "recurrent", "reference"}
    skill = frame[frame["distance"] == 4].groupby(["task", "model"])["skill"].mean()
    assert skill["Recall", "Markov order 1"] < 0.3
    assert skill["Recall", "Markov order 4"] > 0.9
    assert skill["Recall", "exact machine"] == 1.0
    assert (frame[frame["variant"] == "elman"]["stop"] == "budget").all()
    words = run.horizons().set_index(["task", "model"])["horizon"]
    assert words["Recall", "Markov order 1"] == "< 2"
    assert words["Recall", "best markov"] == ">= 4"
    assert set(run.curves()["epoch"]) == {1, 2, 3}
    assert list(run.summary().columns) == ["task", "model", 2, 4]
    space = run.side_table("state_space")
    assert space[(space["task"] == "LagChain") & (space["order"] == 2)]["possible"].item() == 16


def test_the_headline_is_drawn_for_one_task_or_as_the_mean_over_all(run):
    frame = run.frame()
    worth = frame["validation_score"].where(
        frame["greater_is_better"].astype(bool), -frame["validation_score"]
    )
    chains = frame.assign(worth=worth)[frame["variant"] == "markov"].sort_values("worth", kind="stable")
    best = chains.groupby(["task", "distance", "seed"]).tail(1)
    for task, rows in ((None, best), ("LagChain", best[best["task"] == "LagChain"])):
        ax = run.plot(task=task)
        (line,) = [line for line in ax.lines if line.get_gid() == series_id("Chain or autoregression")]
        expected = rows.groupby("distance")["skill"].mean()
        assert line.get_ydata() == pytest.approx(expected.to_numpy().clip(-0.04, 1.04))
        assert ax.get_title(loc="left") == (task or "mean over 2 tasks")
        plt.close(ax.get_figure())
    with pytest.raises(ValueError, match="no task 'Recal' in this run; there are Recall, LagChain"):
        run.plot(task="Recal")


def test_a_mean_over_tasks_counts_only_distances_that_all_have(run):
    frame = run.frame()
    fewer = frame[(frame["task"] != "Recall") | (frame["distance"] == 2)]
    (line,) = [line for line in plot_skill(fewer).lines if line.get_gid() == series_id("Window")]
    assert len(line.get_xdata()) == 1
    apart = frame[(frame["task"] == "Recall") == (frame["distance"] == 2)]
    with pytest.raises(ValueError, match="share no distance; give task="):
        plot_skill(apart)
    with pytest.raises(ValueError, match="nothing to draw"):
        plot_skill(frame.assign(status="error"))
    plt.close("all")


def test_horizons_are_drawn_into_given_axes(run):
    _, ax = plt.subplots()
    assert run.plot_horizons(ax) is ax
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Recall", "LagChain"]
    assert any(line.get_gid() == series_id("Recurrent network") for line in ax.lines)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "Chain or autoregression",
        "Window",
        "Recurrent network",
    ]
    plt.close("all")


def test_a_notebook_shows_the_summary(run):
    text = run._repr_html_()
    assert "Small: 40 trials" in text
    assert text.count("<tr") == 1 + len(run.summary())


def test_every_table_is_made(run):
    tables = run.tables()
    assert set(tables) == {
        *("trials", "summary", "scores", "horizons", "best_of_family"),
        *("comparisons", "scaling", "capacity_needed"),
    }
    scores = tables["scores"].set_index(["task", "distance", "model"])
    assert scores.loc[("Recall", 4, "Markov order 4"), "n_seeds"] == 2
    assert scores.loc[("Recall", 4, "Elman 4"), "n_budget"] == 2
    assert (scores["skill_low"] <= scores["skill"]).all()
    assert set(tables["comparisons"]["verdict"]) == {"too few seeds"}


def test_the_configuration_says_what_was_run_and_where(run):
    config = json.loads((run.folder / "config.json").read_text())
    assert config["settings"]["models"][0] == {"variant": "markov", "sizes": [1, 4]}
    assert config["n_trials"] == N_TRIALS
    assert config["versions"]["seqcompare"] == seqcompare.__version__
    assert config["machine"]["cores"] >= 1
    assert open_run(run.folder).config == config


def test_a_finished_run_is_read_and_not_run_again(run):
    seen = []
    before = run.frame()
    again = seqcompare.sweep(SUITE, run.folder, n_jobs=1, progress=seen.append)
    pd.testing.assert_frame_equal(again.frame(), before)
    assert [(step.done, step.total) for step in seen] == [(N_TRIALS, N_TRIALS)]


def test_parts_first_then_the_rest_is_the_same_run(run, tmp_path):
    seen = []
    part = seqcompare.sweep(
        SUITE, tmp_path / "run", only=["Recall", "markov"], n_jobs=1, progress=seen.append
    )
    assert set(part.frame()["model"]) == {"Markov order 1", "Markov order 4"}
    assert [step.done for step in seen] == list(range(9))
    assert seen[0].last is None
    assert seen[-1].last.row["task"] == "Recall"
    assert seen[1].eta_seconds is None
    assert seen[-1].eta_seconds == pytest.approx(0, abs=1e-6)
    plan = seqcompare.sweep(SUITE, tmp_path / "run", dry_run=True)
    assert len(plan) == N_TRIALS - 8
    assert (plan["estimated_seconds"] > 0).all()
    whole = seqcompare.sweep(SUITE, tmp_path / "run", n_jobs=2)
    pd.testing.assert_frame_equal(without_cost(whole.frame()), without_cost(run.frame()), check_exact=True)
    pd.testing.assert_frame_equal(whole.curves(), run.curves(), check_exact=True)


def test_what_does_not_fit_a_budget_stays_for_later(run, tmp_path):
    said = []
    options = {"n_jobs": 1, "progress": lambda step: said.append(step.forecast)}
    part = seqcompare.sweep(SUITE, tmp_path / "run", budget=1e-6, **options)
    assert part.frame().empty
    assert said[0].startswith(f"forecast: {N_TRIALS} trials, about ")
    whole = seqcompare.sweep(SUITE, tmp_path / "run", budget="1h", **options)
    pd.testing.assert_frame_equal(without_cost(whole.frame()), without_cost(run.frame()), check_exact=True)
    with pytest.raises(ValueError, match="budget must be more than 0"):
        seqcompare.sweep(SUITE, tmp_path / "other", budget="much")


def test_a_dry_run_writes_nothing(tmp_path):
    plan = seqcompare.sweep(SUITE, tmp_path / "run", dry_run=True)
    assert len(plan) == N_TRIALS
    assert not (tmp_path / "run").exists()


def test_another_sweep_is_not_overwritten_unasked(tmp_path):
    first = seqcompare.sweep(SUITE, tmp_path / "run", only="markov", seeds=1, n_jobs=1)
    with pytest.raises(FileExistsError, match=r"other settings \(they differ in seeds\)"):
        seqcompare.sweep(SUITE, tmp_path / "run", n_jobs=1)
    assert len(first.frame()) == 8
    second = seqcompare.sweep(SUITE, tmp_path / "run", only="Markov order 1", n_jobs=1, fresh=True)
    assert len(second.frame()) == 8
    assert set(second.frame()["seed"]) == {0, 1}


def test_the_users_own_models_and_tasks(tmp_path):
    models = {
        "mine": MarkovChain(order=2),
        "by hand": Recall(distance=2).exact_model(),
        "from the zoo": "markov",
    }
    same = {"tasks": [Recall(distance=9, n_cues=4)], "distances": [2], "seeds": 1, "n_jobs": 1}
    run = seqcompare.sweep(SUITE, tmp_path / "run", models=models, **same)
    frame = run.frame().set_index("model")
    assert frame.loc["mine", "skill"] > 0.9
    assert frame.loc["mine", "family"] == "mine"
    assert frame.loc["mine", "can_represent"] is None
    chains = {f"from the zoo (Markov chain) {k}" for k in (1, 2, 4, 8)}
    assert set(frame.index) == {"mine", "by hand", *chains, "from the zoo (Context tree)"}
    # a machine for two cues is lost among four, but it is used, not fitted
    assert frame.loc["by hand", "fit_seconds"] == 0.0
    # another object of the same parameters is the same run; of others it is not
    models["mine"] = MarkovChain(order=2)
    seqcompare.sweep(SUITE, tmp_path / "run", models=models, **same)
    models["mine"] = MarkovChain(order=3)
    with pytest.raises(FileExistsError, match="they differ in models"):
        seqcompare.sweep(SUITE, tmp_path / "run", models=models, **same)


def test_a_fitted_model_is_not_given_the_results_of_another(tmp_path):
    task = Recall(distance=2)
    good = task.exact_model()
    n_symbols = len(task.symbols)
    bad = HMM.from_parameters(
        startprob=[0.5, 0.5],
        transmat=[[0.5, 0.5]] * 2,
        emissionprob=[[1 / n_symbols] * n_symbols] * 2,
        symbols=task.symbols,
    )
    same = {"out": tmp_path / "run", "tasks": "Recall", "distances": 2, "seeds": 1, "n_jobs": 1}
    seqcompare.sweep(SUITE, models={"m": bad}, **same)
    with pytest.raises(FileExistsError, match="they differ in models"):
        seqcompare.sweep(SUITE, models={"m": good}, **same)


def test_a_task_without_anything_to_gain_is_reported(tmp_path):
    # such a rule is lost in the rounding
    task = LagChain(distance=2, fidelity=1e-12)
    run = seqcompare.sweep(SUITE, tmp_path / "run", tasks=task, models="markov", distances=2, n_jobs=1)
    assert (run.frame()["status"] == "ok").all()
    assert run.frame()["skill"].isna().all()
    assert run.frame()["score"].notna().all()
    assert run.report().is_file()


def test_a_model_that_cannot_answer_is_a_row_with_its_error(tmp_path):
    run = seqcompare.sweep(
        SUITE, tmp_path / "run", tasks=["Adding"], models={"lost": HMM()}, distances=[2], seeds=1, n_jobs=1
    )
    row = run.frame().iloc[0]
    assert row["status"] == "error"
    assert row["error"].startswith("ValueError: ")
    assert run.horizons()["status"].tolist() == ["none"]


def test_suites_that_cannot_be(tmp_path):
    with pytest.raises(SuiteError, match="there is no suite 'fast'"):
        seqcompare.sweep("fast", tmp_path / "run")
    assert not (tmp_path / "run").exists()
