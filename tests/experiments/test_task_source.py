"""A synthetic task as a source of trials: its data, its seeds, its scores, and what theory says."""

import dataclasses
import json
import math

import numpy as np
import pytest
from sweep_toys import Lag, Parrot, light_suite

from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.suites import load_suite
from seqcompare.experiments.task_source import Sizes, TaskSource, task_params
from seqcompare.experiments.trial import Trial, run_trial
from seqcompare.families import FAMILIES, Budget, Family, ModelSpec, register
from seqcompare.tasks import Adding, Echo, Recall, TemporalOrder

SEED_OF_THE_FIRST_TRIAL = 4056308130


def first_trial(**changes):
    return plan_trials(load_suite(light_suite(**changes)))[0]


def with_task(trial, task, **changes):
    return dataclasses.replace(trial, source=dataclasses.replace(trial.source, task=task, **changes))


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


class Hopeless(Parrot):
    optimal_score = 0.5


def test_where_nothing_can_be_gained_there_is_a_score_without_a_skill():
    row = run_trial(with_task(first_trial(), Hopeless(distance=2))).row
    assert (row["status"], row["score"]) == ("ok", 1)
    assert math.isnan(row["skill"])


def test_the_seed_of_the_data_depends_on_task_and_seed_alone():
    trial = first_trial()
    data_seed = trial.source.data_seed(trial.seed)
    moved = dataclasses.replace(trial, position=7)
    moved = with_task(moved, trial.source.task, axis="memory", label="other")
    other_model = dataclasses.replace(trial, candidate=dataclasses.replace(trial.candidate, label="other"))
    assert data_seed == moved.source.data_seed(moved.seed) == other_model.source.data_seed(other_model.seed)
    assert trial.model_seed == moved.model_seed != other_model.model_seed
    for other in (
        dataclasses.replace(trial, seed=1),
        with_task(trial, Parrot(distance=4)),
        with_task(trial, Parrot(distance=2, n_symbols=3)),
    ):
        assert other.source.data_seed(other.seed) != data_seed
        assert other.model_seed != trial.model_seed
    # the number itself: it must be the same on every machine and in every version
    assert trial.model_seed == SEED_OF_THE_FIRST_TRIAL


def test_training_validation_and_test_data_differ():
    trial = first_trial()
    parts = trial.source.draw(trial.seed)
    assert [len(part) for part in parts] == [20, 10, 20]
    rows = {tuple(x) for part in parts for x in part.X}
    assert len(rows) == 50
    train, asked = trial.source.parts(trial)
    assert train is parts[0]
    assert list(asked.values()) == [parts[1], parts[2]]
    assert list(asked) == ["validation_score", "score"]


def test_the_coordinates_of_a_point():
    task = Recall(distance=5, n_cues=4)
    source = TaskSource("memory", task, "Recall(4)", 3, Sizes(9, 8, 7, 50), Budget(1, 1, 1.0))
    spec = ModelSpec.of(Lag(), name="lag")
    from seqcompare.experiments.models import Candidate

    trial = Trial(0, source, Candidate("lag", "lag", "lag", 2.0, "", spec), 1)
    row = source.coordinates(trial)
    assert trial.trial_id == f"memory/Recall({_words(task)})/length=50/lag/seed=1"
    assert json.loads(row["task_params"]) == task_params(task)
    assert (row["axis"], row["task"], row["distance"], row["distance_asked"]) == ("memory", "Recall(4)", 5, 3)
    assert (row["n_train"], row["n_test"], row["length_asked"]) == (9, 7, 50)
    assert (row["chance"], row["optimal"], row["memory_bits"]) == (0.25, 1.0, 2.0)
    assert source.n_asked_steps == 350


def _words(task):
    return ", ".join(f"{name}={value}" for name, value in task_params(task).items())


@pytest.mark.parametrize(
    ("task", "length", "expected"),
    [
        (Recall(distance=2), 40, ("next", "symbols", 400, 400, 40)),
        (Echo(distance=1), None, ("step", "symbols", None, None, None)),
        (TemporalOrder(distance=1), 40, ("sequence", "symbols", 400, 10, 40)),
        (Adding(distance=1), 40, ("value", "real", 400, 10, 40)),
    ],
)
def test_a_problem_is_what_the_task_shows(task, length, expected):
    source = TaskSource("distance", task, task.name, 1, Sizes(10, 5, 5, length), Budget(3, 4, 5.0))
    problem = source.problem()
    role, kind, n_steps, n_scored, longest = expected
    natural = int(task.natural_length)
    assert (problem.role, problem.kind, problem.task, problem.budget) == (role, kind, task, source.budget)
    assert problem.n_steps == (n_steps or 10 * natural)
    assert problem.n_scored == (n_scored or 10 * natural)
    assert problem.longest == (longest or natural)
    assert problem.n_symbols == (len(task.symbols) if kind == "symbols" else 0)
    assert problem.n_channels == task.sample(1, length, 0).X.n_channels


def says(trial):
    row = run_trial(trial).row
    assert row["status"] == "ok", row["error"]
    return row["can_represent"]


def trials_on(task, models, **changes):
    tasks = [{"name": task}] if isinstance(task, str) else [{"template": task}]
    return plan_trials(load_suite(light_suite(tasks=tasks, models=models, distances=[2], seeds=1, **changes)))


def test_theory_is_that_of_the_kind():
    short, enough = trials_on("Recall", [{"variant": "markov", "sizes": [1, 2]}])
    assert (says(short), says(enough)) == (False, True)
    (jordan,) = trials_on("Recall", [{"variant": "jordan", "sizes": [8]}])
    assert says(jordan) is None


def test_theory_says_nothing_of_a_model_without_a_size_or_a_family():
    lag = {"class": "sweep_toys:Lag", "name": "lag"}
    (alone,) = trials_on(Parrot(distance=2), [lag])
    (counted,) = trials_on(Parrot(distance=2), [{**lag, "family": "markov"}])
    assert (says(alone), says(counted)) == (None, None)


def test_theory_of_ones_own():
    asked = []

    def theory(needs, traits):
        asked.append((needs.role, needs.distance, traits.capacity, traits.model))
        return traits.capacity >= needs.distance

    spec = ModelSpec.of(Lag(), {"lag": [1, 2]}, name="lags", can_represent=theory)
    trials = trials_on("Echo", [{"estimator": spec, "name": "lags"}])
    assert [says(trial) for trial in trials] == [False, True]
    assert asked == [("step", 2, 1.0, "lags"), ("step", 2, 2.0, "lags")]
    # that of the family holds where the kind says nothing, once the family is known
    family = Family("lags", "Lags", "#123456", "d", (dataclasses.replace(spec, can_represent=None),), theory)
    register(family)
    try:
        trials = trials_on("Echo", [{"variant": "lags", "sizes": [1, 2]}])
        assert [says(trial) for trial in trials] == [False, True]
    finally:
        FAMILIES.unregister("lags")


class Scored(Parrot):
    """Says a score and nothing of single answers."""

    outcomes = property()

    def score(self, dataset, outputs, symbols=None):
        return 0.75


def test_a_task_may_score_all_answers_together():
    trial = with_task(first_trial(), Scored(distance=2))
    row = run_trial(trial).row
    assert (row["status"], row["score"], row["skill"]) == ("ok", 0.75, 0.5)
    assert math.isnan(row["score_error"])


def test_data_are_the_same_for_every_model_of_a_point():
    first, other = (t for t in plan_trials(load_suite(light_suite(distances=[2], seeds=1))))
    np.testing.assert_array_equal(first.source.draw(0)[2].X.values, other.source.draw(0)[2].X.values)
    assert first.model_seed != other.model_seed
