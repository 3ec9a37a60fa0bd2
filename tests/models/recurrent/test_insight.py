"""What is kept of the inside of recurrent networks: of which trials, what, and the same however they run."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import seqcompare
from seqcompare.experiments.answer import fit_model
from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.suites import load_suite
from seqcompare.experiments.trial import run_trial
from seqcompare.models.recurrent.diagnostics import gate_trace, gradient_by_lag
from seqcompare.models.recurrent.insight import N_SEQUENCES, look_inside

SUITE = {
    "title": "Nets",
    "seeds": 2,
    "distances": [2, 3, 5, 6],
    "n_train": 30,
    "n_validation": 10,
    "n_test": 40,
    "epochs": 2,
    "max_seconds": 60,
    "tasks": [{"name": "Recall"}, {"name": "Echo"}],
    "models": [
        {"variant": "markov", "sizes": [1]},
        {"variant": "elman", "sizes": [3]},
        {"variant": "gru", "sizes": [3]},
        {"variant": "lstm", "sizes": [3]},
        {"variant": "bilstm", "sizes": [3]},
    ],
}
TABLES = ("gradient_by_lag", "gate_trace")
RECALL = {**SUITE, "tasks": [{"name": "Recall"}], "seeds": 1}


def tables_of(run):
    return [run.side_table(name) for name in TABLES]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return seqcompare.sweep(RECALL, tmp_path_factory.mktemp("insight") / "run", n_jobs=1)


def test_one_seed_of_one_task_at_three_distances_is_looked_into():
    chosen = [t for t in plan_trials(load_suite(SUITE)) if t.looks]
    assert {(t.source.label, t.seed) for t in chosen} == {("Recall", 0)}
    assert {(t.source.task.distance, t.candidate.variant) for t in chosen} == {
        (d, v) for d in (2, 5, 6) for v in ("elman", "gru", "lstm")
    }
    assert {t.candidate.variant for t in chosen if "gate_trace" in t.looks} == {"gru"}


def test_a_sweep_keeps_what_the_diagnostics_say(run):
    gradients, gates = tables_of(run)
    rows = run.frame().set_index("trial_id")
    assert (rows["warnings"] == "").all()
    assert list(gradients) == ["trial_id", "lag", "gradient", "n_losses"]
    assert list(gates) == ["trial_id", "step", "gate", "value", "scored"]
    assert gradients["trial_id"].nunique() == 9
    assert rows.loc[gradients["trial_id"], "distance"].is_monotonic_increasing
    assert set(gates["gate"]) == {"reset", "update"}
    assert gates["value"].between(0, 1).all()


@pytest.mark.parametrize("task", ["Recall", "Echo"])
def test_tables_are_those_of_the_fitted_network_on_test_sequences(task):
    suite = {**SUITE, "tasks": [{"name": task}], "distances": [3]}
    trial = next(t for t in plan_trials(load_suite(suite)) if "gate_trace" in t.looks)
    train, _, test = trial.source.draw(trial.seed)
    model, _ = trial.candidate.build(trial.source.problem(), trial.model_seed)
    fit_model(model, train)
    found = dict(look_inside(model, test, TABLES))
    first = range(N_SEQUENCES)
    if task == "Recall":
        network, X = model.estimator_, [test.X[i][:-1] for i in first]
        y, weights = [test.X[i][1:] for i in first], [test.sample_weight[i][1:] for i in first]
    else:
        network, X = model, [test.X[i] for i in first]
        y, weights = [test.y[i] for i in first], [test.sample_weight[i] for i in first]
    norms = gradient_by_lag(network, X, y, sample_weight=weights).norms
    reached = np.isfinite(norms).sum(axis=1) >= np.isfinite(norms).sum(axis=1)[0] / 2
    np.testing.assert_array_equal(
        found["gradient_by_lag"]["gradient"], np.nanmedian(norms, axis=1)[: reached.sum()]
    )
    gates = found["gate_trace"].pivot(index="step", columns="gate", values="value")
    np.testing.assert_allclose(gates["update"], gate_trace(network, X[0]).gates["update"].mean(axis=1), 1e-6)
    scored = found["gate_trace"].groupby("step")["scored"].first()
    assert scored.tolist() == [w > 0 for w in weights[0]]


def test_tables_do_not_depend_on_workers_or_on_a_restart(run, tmp_path):
    two = seqcompare.sweep(RECALL, tmp_path / "two", n_jobs=2)
    seqcompare.sweep(RECALL, tmp_path / "parts", n_jobs=1, only="lstm")
    parts = seqcompare.sweep(RECALL, tmp_path / "parts", n_jobs=1)
    for other in (two, parts):
        for mine, theirs in zip(tables_of(run), tables_of(other), strict=True):
            pd.testing.assert_frame_equal(mine, theirs, check_exact=True)


def test_a_sweep_without_networks_that_read_forwards_keeps_none(tmp_path):
    models = [SUITE["models"][0], SUITE["models"][4]]
    suite = {**SUITE, "models": models, "tasks": [{"name": "Echo"}], "distances": [2], "seeds": 1}
    found = seqcompare.sweep(suite, tmp_path / "run", n_jobs=1)
    assert set(found.frame()["family"]) == {"markov", "recurrent"}
    assert tables_of(found) == [None, None]


def test_what_was_measured_stands_if_looking_fails():
    trial = next(t for t in plan_trials(load_suite(RECALL)) if t.looks)

    def fail(*args):
        raise RuntimeError("fogged up")

    measured = run_trial(trial)
    assert {name for name, _ in measured.insights} == set(trial.looks)
    blind = replace(trial.candidate, spec=replace(trial.candidate.spec, look=fail))
    outcome = run_trial(replace(trial, candidate=blind))
    assert outcome.insights == ()
    assert (outcome.row["status"], outcome.row["score"]) == ("ok", measured.row["score"])
    assert "RuntimeError: fogged up" in outcome.row["warnings"]
