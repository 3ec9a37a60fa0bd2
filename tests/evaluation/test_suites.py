"""Suites: read, overridden, and refused with the key and its meaning."""

import pytest
from sweep_toys import Lag, Parrot, light_suite

from seqcompare.evaluation.plan import plan_trials, select_trials
from seqcompare.evaluation.suites import SuiteError, load_suite, override_suite, shipped_suites
from seqcompare.tasks import LagChain, Recall


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seedz": 3}, r"seedz: unknown key; did you mean 'seeds'\?"),
        ({"seeds": "many"}, r"seeds \(repetitions .*\): Input should be a valid integer.*, got 'many'"),
        ({"seeds": 0}, r"seeds \(repetitions .*\): .*greater than or equal to 1, got 0"),
        ({"distances": [2, 2]}, r"distances \(the distances swept, in steps\): values are repeated"),
        ({"tasks": [{}]}, r"tasks\[0\] .*: expected either name or class"),
        ({"tasks": [{"class": "Parrot"}]}, "class must be written 'module:Class', got 'Parrot'"),
        (
            {"tasks": [{"name": "Recall", "lenth": 3}]},
            r"tasks\[0\].lenth: unknown key; did you mean 'length'\?",
        ),
        ({"models": []}, r"models \(the models and their ladders\)"),
        ({"models": [{"variant": "lstm", "ladder": [2, -1]}]}, r"models\[0\].ladder\[1\] .*got -1"),
        ({"sweeps": [{"axis": "memory", "task": "Recall", "values": [2], "distance": 4}]}, "parameter names"),
    ],
)
def test_errors_name_the_key_and_its_meaning(changes, message):
    with pytest.raises(SuiteError, match=message):
        load_suite(light_suite(**changes))


def test_a_missing_key_is_named():
    suite = light_suite()
    del suite["epochs"]
    with pytest.raises(
        SuiteError, match=r"epochs \(budget of a trial: most epochs of training\): Field required"
    ):
        load_suite(suite)


def test_files(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("title = 'Mine'\nseeds = = 3", encoding="utf-8")
    with pytest.raises(SuiteError, match=r"mine.toml is not valid TOML: .*line 2"):
        load_suite(path)
    with pytest.raises(SuiteError, match="there is no suite 'fast': expected one of quick, default, full"):
        load_suite("fast")


@pytest.mark.parametrize("name", shipped_suites())
def test_shipped_suites_can_be_planned(name):
    trials = plan_trials(load_suite(name))
    assert {t.model.family for t in trials} >= {"markov", "hmm", "window", "recurrent"}
    assert len({t.trial_id for t in trials}) == len(trials)
    assert [t.position for t in trials] == list(range(len(trials)))


def test_overrides_replace_parts():
    suite = override_suite(
        load_suite("quick"),
        tasks=["Recall", LagChain, Parrot(distance=2, n_symbols=3)],
        models={"mine": Lag(lag=2), "theirs": "sweep_toys:Lag", "net": "lstm"},
        distances=[2, 3],
        seeds=1,
    )
    trials = plan_trials(suite)
    assert {t.task_label for t in trials} == {"Recall", "LagChain", "Parrot"}
    assert {t.model.label for t in trials} == {"mine", "theirs", "net"}
    parrots = {t.task.distance: t.distance_asked for t in trials if t.task_label == "Parrot"}
    # 3 is not a distance that Parrot can have
    assert parrots == {2: 2, 4: 3}
    assert all(t.task.n_symbols == 3 for t in trials if t.task_label == "Parrot")


def test_a_family_stands_for_its_variants():
    trials = plan_trials(override_suite(load_suite("quick"), ["Recall"], ["recurrent"], [2], 1))
    assert {t.model.variant for t in trials} == {"elman", "jordan", "gru", "lstm"}


def test_a_distance_moved_onto_another_is_run_once():
    trials = plan_trials(load_suite(light_suite(distances=[3, 4, 5], seeds=1)))
    assert [(t.distance_asked, t.task.distance) for t in trials if t.model.label == "lag 2"] == [
        (3, 4),
        (5, 6),
    ]


def test_one_task_twice_is_told_apart_by_its_parameters():
    tasks = [{"name": "Recall", "params": {"n_cues": n}} for n in (2, 4)]
    trials = plan_trials(load_suite(light_suite(tasks=tasks)))
    assert {t.task_label for t in trials} == {"Recall(n_cues=2)", "Recall(n_cues=4)"}


def test_other_axes():
    sweeps = [
        {
            "axis": "memory",
            "task": "Recall",
            "parameter": "n_cues",
            "values": [2, 4],
            "distance": 4,
            "seeds": 1,
        },
        {
            "axis": "length",
            "task": "Recall",
            "values": [40, 80],
            "distance": 4,
            "models": ["lag 2"],
            "seeds": 1,
        },
    ]
    trials = [t for t in plan_trials(load_suite(light_suite(sweeps=sweeps))) if t.axis != "distance"]
    memory = [t for t in trials if t.axis == "memory"]
    assert [(t.task, t.model.label) for t in memory] == [
        (Recall(distance=4, n_cues=n), label) for n in (2, 4) for label in ("lag 2", "lag 4")
    ]
    assert [(t.sizes.length, t.model.label) for t in trials if t.axis == "length"] == [
        (40, "lag 2"),
        (80, "lag 2"),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks": [{"name": "Recal"}]}, "there is no task 'Recal'; there are Recall"),
        ({"tasks": [{"name": "Recall", "params": {"cues": 2}}]}, "task Recall with .*unexpected keyword"),
        ({"models": [{"variant": "lsmt"}]}, "there is no variant 'lsmt'; there are markov"),
        ({"models": [{"variant": "markov", "ladder": [1]}] * 2}, "Markov order 1 comes twice"),
        ({"models": [{"class": "sweep_toys:Lag", "ladder": [1]}]}, "has no ladder"),
        ({"models": [{"variant": "markov", "tasks": ["Echo"]}]}, "no trials"),
    ],
)
def test_plans_that_cannot_be(changes, message):
    with pytest.raises(SuiteError, match=message):
        plan_trials(load_suite(light_suite(**changes)))


def test_selecting():
    trials = plan_trials(load_suite("quick"))

    def chosen(*only):
        found = select_trials(trials, only)
        return {t.task.name for t in found}, {t.model.variant for t in found}

    on_recall = {t.model.variant for t in trials if t.task.name == "Recall"}
    assert chosen("recall") == ({"Recall"}, on_recall)
    assert chosen("Recall", "lstm") == ({"Recall"}, {"lstm"})
    assert chosen("Markov*") == ({t.task.name for t in trials}, {"markov"})
    with pytest.raises(SuiteError, match=r"only = 'gru-x' matches nothing; there are .*Recall"):
        chosen("gru-x")
