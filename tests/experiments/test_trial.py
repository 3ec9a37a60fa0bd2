"""One trial, one row: what is in it, and where its seed comes from."""

import dataclasses
import json
import math

import numba
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sweep_toys import Lag, Parrot, light_suite
from threadpoolctl import threadpool_info

from seqcompare import WindowTagger
from seqcompare.data.sequences import Sequences
from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.state_space import count_contexts
from seqcompare.experiments.suites import load_suite
from seqcompare.experiments.threads import one_thread
from seqcompare.experiments.trials import draw_parts, run_trial
from seqcompare.results.rows import COLUMNS


def first_trial(**changes):
    return plan_trials(load_suite(light_suite(**changes)))[0]


def test_a_row_has_every_column_and_nothing_else():
    trial = first_trial()
    outcome = run_trial(trial)
    assert set(outcome.row) == set(COLUMNS)
    row = outcome.row
    assert (row["status"], row["error"], row["stop"]) == ("ok", "", "")
    assert (row["distance"], row["distance_asked"], row["memory_bits"]) == (2, 2, 2.0)
    assert (row["score"], row["validation_score"], row["skill"], row["score_error"]) == (1, 1, 1, 0)
    assert (row["n_train"], row["n_test"], row["length"], row["length_asked"]) == (20, 20, 30.0, 0)
    assert json.loads(row["task_params"]) == {"distance": 2, "n_symbols": 2}
    assert row["n_parameters"] == 4
    assert row["n_iter"] == 2
    assert [epoch for epoch, _, _ in outcome.curve] == [1, 2]
    assert 0 < row["fit_seconds"] < row["trial_seconds"]


def test_a_distance_that_was_moved_is_said():
    row = run_trial(first_trial(distances=[3])).row
    assert (row["distance"], row["distance_asked"]) == (4, 3)
    assert row["warnings"] == "distance 4 was moved up from 3, which Parrot cannot have"


def test_skill_is_between_chance_and_optimum():
    row = run_trial(first_trial(distances=[4])).row  # a lag of 2 for a distance of 4
    assert row["skill"] == pytest.approx((row["score"] - 0.5) / 0.5)
    assert abs(row["skill"]) < 0.2
    # the error is that of a share of independent answers
    assert row["score_error"] == pytest.approx(math.sqrt(0.25 / (20 * 26)), rel=0.01)


def test_where_nothing_can_be_gained_there_is_a_score_without_a_skill():
    trial = first_trial()
    row = run_trial(dataclasses.replace(trial, task=Hopeless(distance=2))).row
    assert (row["status"], row["score"]) == ("ok", 1)
    assert math.isnan(row["skill"])


class Hopeless(Parrot):
    optimal_score = 0.5


def test_the_seed_of_the_data_depends_on_task_and_seed_alone():
    trial = first_trial()
    moved = dataclasses.replace(trial, position=7, axis="memory", task_label="other")
    other_model = dataclasses.replace(trial, model=dataclasses.replace(trial.model, label="other"))
    assert trial.data_seed == moved.data_seed == other_model.data_seed
    assert trial.model_seed == moved.model_seed != other_model.model_seed
    for other in (
        dataclasses.replace(trial, seed=1),
        dataclasses.replace(trial, task=Parrot(distance=4)),
        dataclasses.replace(trial, task=Parrot(distance=2, n_symbols=3)),
    ):
        assert other.data_seed != trial.data_seed
    # the number itself: it must be the same on every machine and in every version
    assert trial.model_seed == SEED_OF_THE_FIRST_TRIAL


SEED_OF_THE_FIRST_TRIAL = 4056308130


def test_training_validation_and_test_data_differ():
    trial = first_trial()
    parts = draw_parts(trial.task, trial.sizes, trial.data_seed)
    assert [len(part) for part in parts] == [20, 10, 20]
    rows = {tuple(x) for part in parts for x in part.X}
    assert len(rows) == 50


def test_a_fitted_model_is_used_as_it_is():
    data = Parrot(distance=2).sample(20, None, 0)
    fitted = Lag(lag=2).fit(data.X, data.y, data.sample_weight)
    fitted.table_ = 1 - fitted.table_  # always wrong, which fitting again would mend
    trial = first_trial()
    row = run_trial(
        dataclasses.replace(trial, model=dataclasses.replace(trial.model, source=fitted, params={}))
    ).row
    assert row["skill"] == -1.0
    assert row["fit_seconds"] == 0.0


def test_the_users_own_estimator_is_cloned():
    mine = Lag(lag=2)
    trial = first_trial()
    run_trial(dataclasses.replace(trial, model=dataclasses.replace(trial.model, source=mine, params={})))
    assert not hasattr(mine, "table_")


def test_a_wrapped_model_that_looks_ahead_is_not_called_causal():
    trial = first_trial()
    for source in (make_pipeline(WindowTagger(after=1)), GridSearchCV(WindowTagger(), {"after": [1]}, cv=2)):
        row = run_trial(
            dataclasses.replace(trial, model=dataclasses.replace(trial.model, source=source, params={}))
        ).row
        assert row["error"] == ""
        assert row["causal"] is False


def test_a_model_without_parameters_is_copied():
    class Bare:
        def fit(self, X, y):
            self.labels = np.unique(y.values)
            return self

        def predict_proba(self, X):
            return X.pack(np.full((X.n_steps, 2), 0.5))

        @property
        def classes_(self):
            return self.labels

    mine = Bare()
    trial = first_trial()
    row = run_trial(
        dataclasses.replace(trial, model=dataclasses.replace(trial.model, source=mine, params={}))
    ).row
    assert row["error"] == ""
    assert abs(row["skill"]) < 0.2
    assert not hasattr(mine, "labels")


def test_one_thread_inside_and_as_before_outside():
    np.dot(np.ones((2, 2)), np.ones((2, 2)))
    before = numba.get_num_threads(), [pool["num_threads"] for pool in threadpool_info()]
    with one_thread():
        assert numba.get_num_threads() == 1
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    assert (numba.get_num_threads(), [pool["num_threads"] for pool in threadpool_info()]) == before


def test_contexts_against_a_dict():
    rng = np.random.default_rng(0)
    X = Sequences([rng.integers(3, size=n) for n in (40, 25, 2, 60)])
    table = count_contexts(X, 4).set_index("order")
    for order in range(5):
        counts = {}
        for x in X:
            for t in range(order, len(x)):
                context = tuple(x[t - order : t])
                counts[context] = counts.get(context, 0) + 1
        supported = [n for n in counts.values() if n >= 5]
        row = table.loc[order]
        assert (row["possible"], row["seen"], row["supported"]) == (3**order, len(counts), len(supported))
        assert row["share_of_steps"] == pytest.approx(sum(supported) / sum(counts.values()))


def test_contexts_longer_than_the_data_end_the_table():
    assert count_contexts(Sequences([[0, 1, 0]]), 9)["seen"].tolist() == [1, 2, 1, 0]
