"""Suites: read, overridden, and refused with the key and its meaning."""

import json
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sweep_toys import Faulty, Lag, Parrot, light_suite

from seqcompare import MarkovChain, MarkovTagger, WindowTagger
from seqcompare.experiments.plan import plan_trials, select_trials
from seqcompare.experiments.suite_models import own_families
from seqcompare.experiments.suites import SuiteError, load_suite, override_suite, shipped_suites
from seqcompare.families import Family, ModelSpec
from seqcompare.tasks import Copy, Echo, LagChain, Recall

NETS = [*(f"{cell} 32" for cell in ("Elman", "Jordan", "minGRU", "LRU", "GRU", "LSTM")), "echo state 200"]
AXIS = {"axis": "memory", "task": "Recall", "parameter": "n_cues", "values": [2, 4], "distance": 4}


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
        ({"models": []}, r"models \(the models and their sizes\)"),
        ({"models": [{"variant": "lstm", "sizes": [2, -1]}]}, r"models\[0\].sizes\[1\] .*got -1"),
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
    assert {t.candidate.family for t in trials} >= {"markov", "hmm", "window", "recurrent"}
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
    assert {t.source.label for t in trials} == {"Recall", "LagChain", "Parrot"}
    assert {t.candidate.label for t in trials} == {"mine", "theirs", "net"}
    parrots = {t.source.task.distance: t.source.distance_asked for t in trials if t.source.label == "Parrot"}
    # 3 is not a distance that Parrot can have
    assert parrots == {2: 2, 4: 3}
    assert all(t.source.task.n_symbols == 3 for t in trials if t.source.label == "Parrot")


def test_a_family_stands_for_its_variants():
    trials = plan_trials(override_suite(load_suite("quick"), ["Recall"], ["recurrent"], [2], 1))
    assert {t.candidate.variant for t in trials} == {
        *("elman", "jordan", "mingru", "lru", "gru", "lstm", "echo-state")
    }


def test_a_distance_moved_onto_another_is_run_once():
    trials = plan_trials(load_suite(light_suite(distances=[3, 4, 5], seeds=1)))
    assert [
        (t.source.distance_asked, t.source.task.distance) for t in trials if t.candidate.label == "lag 2"
    ] == [
        (4, 4),
        (5, 6),
    ]


def test_models_run_at_distances_asked_for_and_at_those_they_became():
    # Brackets moves 2 to 3 and 4 to 5
    models = [
        {"variant": "markov", "sizes": [1]},
        {"variant": "lstm", "distances": [3, 4]},
        {"variant": "gru", "distances": [2]},
    ]
    suite = load_suite(light_suite(tasks=[{"name": "Brackets"}], models=models, distances=[2, 3, 4], seeds=1))
    places = {}
    for trial in plan_trials(suite):
        places.setdefault(trial.candidate.variant, []).append(
            (trial.source.distance_asked, trial.source.task.distance)
        )
    assert places == {"markov": [(3, 3), (4, 5)], "lstm": [(3, 3), (4, 5)], "gru": [(3, 3)]}


def test_new_distances_hold_for_all_models():
    trials = plan_trials(override_suite(load_suite("quick"), None, None, [3, 6], None))
    on_recall = {
        (t.candidate.variant, t.source.task.distance) for t in trials if t.source.task.name == "Recall"
    }
    assert {(variant, d) for variant in ("elman", "hmm-sticky") for d in (3, 6)} <= on_recall


@pytest.mark.parametrize(
    ("n_items", "asked", "planned"), [(5, [4, 8, 16], [6, 8, 16]), (1, [2, 3, 8], [2, 3, 8])]
)
def test_the_least_distance_depends_on_the_parameters(n_items, asked, planned):
    suite = override_suite(load_suite("quick"), Copy(distance=8, n_items=n_items), ["markov"], asked, 1)
    trials = plan_trials(suite)
    assert list(dict.fromkeys(t.source.task.distance for t in trials)) == planned
    assert {t.source.task.n_items for t in trials} == {n_items}


def test_the_least_distance_depends_on_the_parameter_swept():
    axis = {"axis": "memory", "task": "Copy", "parameter": "n_items", "values": [1, 5], "distance": 3}
    trials = plan_trials(load_suite(light_suite(sweeps=[axis])))
    assert {(t.source.task.n_items, t.source.task.distance) for t in trials if t.source.axis == "memory"} == {
        (1, 3),
        (5, 6),
    }


def test_one_task_twice_is_told_apart_by_its_parameters():
    tasks = [{"name": "Recall", "params": {"n_cues": n}} for n in (2, 4)]
    trials = plan_trials(load_suite(light_suite(tasks=tasks)))
    assert {t.source.label for t in trials} == {"Recall(n_cues=2)", "Recall(n_cues=4)"}
    echoes = [Echo(distance=4), Echo(distance=8, n_symbols=4)]
    trials = plan_trials(override_suite(load_suite("quick"), echoes, ["markov"], [2, 4], 1))
    assert {t.source.label for t in trials} == {"Echo(n_symbols=2)", "Echo(n_symbols=4)"}


@pytest.mark.parametrize(
    "tasks",
    [
        [{"template": Recall(distance=4)}, {"template": Recall(distance=8)}],
        [{"name": "Recall"}, {"name": "Recall", "n_train": 40}],
        [{"name": "Recall"}, {"name": "Recall", "params": {"n_cues": 2}}],  # 2 is what it is anyway
    ],
)
def test_a_trial_is_planned_by_one_entry_only(tasks):
    with pytest.raises(SuiteError, match=r"tasks\[0\] and tasks\[1\] .* tell them apart"):
        plan_trials(load_suite(light_suite(tasks=tasks)))


def test_one_task_may_have_other_sizes_at_other_distances():
    tasks = [{"name": "Recall", "distances": [2]}, {"name": "Recall", "distances": [4], "n_train": 40}]
    trials = plan_trials(load_suite(light_suite(tasks=tasks)))
    assert {(t.source.label, t.source.task.distance, t.source.sizes.n_train) for t in trials} == {
        ("Recall", 2, 20),
        ("Recall", 4, 40),
    }


def test_single_values_stand_for_themselves():
    suite = override_suite(load_suite("quick"), Recall(distance=4), Lag(), 8, 1)
    assert [(t.source.task, t.candidate.label) for t in plan_trials(suite)] == [(Recall(distance=8), "Lag")]
    forest = RandomForestClassifier()  # which can be iterated over
    named = override_suite(load_suite("quick"), "Recall", forest, [2, 4], 1)
    assert [t.candidate.label for t in plan_trials(named)] == ["RandomForestClassifier"] * 2
    mixed = override_suite(load_suite("quick"), Recall, [Lag(), "lstm", Faulty, "recurrent"], range(2, 4), 1)
    labels = {t.candidate.label for t in plan_trials(mixed)}
    assert labels == {"Lag", "Faulty", *NETS}


def test_numbers_of_numpy_become_plain():
    task = LagChain(distance=1, fidelity=np.float32(0.9))
    params = {"lag": np.int64(2)}
    suite = load_suite(
        light_suite(
            tasks=[{"template": task}], models=[{"estimator": Lag(), "name": "lag", "params": params}]
        )
    )
    assert type(plan_trials(suite)[0].source.task.fidelity) is float
    json.dumps(suite.settings())


@dataclass(frozen=True)
class Lengthless:
    distance: int
    name = "Lengthless"

    @classmethod
    def legal_distance(cls, distance):
        return distance


class Loose(Parrot):
    """Without a hash, as dataclasses are that can be changed."""

    __hash__ = None


@pytest.mark.parametrize(
    ("task", "lack"),
    [
        (Lengthless(distance=2), r"it has no role, .*natural_length.*outcomes or score;"),
        (Loose(distance=2), "it is no frozen dataclass;"),
        (3, "it is no frozen dataclass;"),
    ],
)
def test_what_is_no_task_is_told_what_a_task_needs(task, lack):
    with pytest.raises(
        SuiteError, match=rf"tasks\[0\]: .* is no task, since {lack} a task is a frozen dataclass"
    ):
        plan_trials(override_suite(load_suite("quick"), task, None, None, None))


def described(model):
    return override_suite(load_suite("quick"), None, {"m": model}, None, None).settings()["models"][0]


def test_settings_tell_fitted_models_and_long_arrays_apart():
    data = LagChain(distance=1).sample(20, None, 0)
    other = LagChain(distance=1).sample(20, None, 1)
    chain = MarkovChain(order=1).fit(data.X)
    assert described(chain) == described(MarkovChain(order=1).fit(data.X))
    window = WindowTagger(before=1).fit(data.X, data.X)
    assert described(window) == described(pickle.loads(pickle.dumps(window)))
    assert described(chain) != described(MarkovChain(order=1).fit(other.X))
    assert described(chain) != described(MarkovChain(order=1))
    chain.trace_ = lambda: None
    with pytest.raises(SuiteError, match="MarkovChain comes fitted, and must be pickled"):
        described(chain)
    long = np.zeros(2000)
    changed = long.copy()
    changed[1000] = 1
    for wrap in (lambda array: array, lambda array: {"table": [array]}):
        assert described(Lag(lag=wrap(long))) == described(Lag(lag=wrap(long.copy())))
        assert described(Lag(lag=wrap(long))) != described(Lag(lag=wrap(changed)))
    entry = {"class": "sweep_toys:Lag", "params": {"lag": long}}
    settings = [
        load_suite(light_suite(models=[{**entry, "params": {"lag": lag}}])).settings()
        for lag in (long, changed)
    ]
    assert settings[0] != settings[1]


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
    trials = [t for t in plan_trials(load_suite(light_suite(sweeps=sweeps))) if t.source.axis != "distance"]
    memory = [t for t in trials if t.source.axis == "memory"]
    assert [(t.source.task, t.candidate.label) for t in memory] == [
        (Recall(distance=4, n_cues=n), label) for n in (2, 4) for label in ("lag 2", "lag 4")
    ]
    assert [(t.source.sizes.length, t.candidate.label) for t in trials if t.source.axis == "length"] == [
        (40, "lag 2"),
        (80, "lag 2"),
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks": [{"name": "Recal"}]}, r"tasks\[0\]: 'Recal' is no task; did you mean 'Recall'\?"),
        ({"tasks": [{"name": "Recall", "params": {"cues": 2}}]}, "task Recall with .*unexpected keyword"),
        ({"models": [{"variant": "lsmt"}]}, r"models\[0\]: 'lsmt' is no variant; did you mean 'lstm'\?"),
        ({"models": [{"variant": "markov", "sizes": [1]}] * 2}, "Markov order 1 comes twice"),
        (
            {"models": [{"class": "sweep_toys:Lag", "sizes": [1]}]},
            r"models\[0\]: Lag has no size, got sizes",
        ),
        ({"models": [{"variant": "markov", "tasks": ["Echo"]}]}, "no trials"),
        (
            {"models": [{"variant": "markov"}, {"variant": "lstm", "tasks": ["parot"]}]},
            r"models\[1\].tasks: 'parot' is no task; did you mean 'Parrot'\?",
        ),
        (
            {"models": [{"variant": "markov", "params": {"ordr": 3}}]},
            r"models\[0\].params \(Markov order 1\): 'ordr' is no parameter; did you mean 'order'\?",
        ),
        ({"models": [{"class": "no_such_module:Lag"}]}, r"models\[0\]: No module named 'no_such_module'"),
        (
            {"models": [{"estimator": 3, "name": "three"}]},
            r"models\[0\]: expected a name, a model with fit, .*got 3",
        ),
        ({"tasks": [{"class": "sweep_toys:Parot"}]}, r"tasks\[0\].class: .* has no 'Parot'"),
        ({"tasks": [{"name": "Recall", "length": 2}]}, r"tasks\[0\]: .* at least"),
        (
            {"sweeps": [{**AXIS, "models": ["lagg 2"]}]},
            r"sweeps\[0\].models: 'lagg 2' .*did you mean 'lag 2'\?",
        ),
        (
            {"models": [{"variant": "markov"}], "sweeps": [{**AXIS, "sizes": {"markow": [1]}}]},
            r"sweeps\[0\].sizes: 'markow' is no variant of models; did you mean 'markov'\?",
        ),
        ({"sweeps": [{**AXIS, "parameter": "n_cuez"}]}, r"sweeps\[0\]: task Recall .*unexpected keyword"),
        ({"sweeps": [AXIS, AXIS]}, r"sweeps\[0\] and sweeps\[1\] plan the same trial, memory/Recall"),
    ],
)
def test_plans_that_cannot_be(changes, message):
    with pytest.raises(SuiteError, match=message):
        plan_trials(load_suite(light_suite(**changes)))


def test_selecting():
    trials = plan_trials(load_suite("quick"))

    def chosen(*only):
        found = select_trials(trials, only)
        return {t.source.task.name for t in found}, {t.candidate.variant for t in found}

    on_recall = {t.candidate.variant for t in trials if t.source.task.name == "Recall"}
    assert chosen("recall") == ({"Recall"}, on_recall)
    assert chosen("Recall", "lstm") == ({"Recall"}, {"lstm"})
    assert chosen("Markov*") == ({t.source.task.name for t in trials}, {"markov"})
    with pytest.raises(SuiteError, match=r"only = 'gru-x' matches nothing; there are .*Recall"):
        chosen("gru-x")


def test_the_old_names_of_sizes_are_read_with_a_warning():
    with pytest.warns(FutureWarning, match="in suites 'ladder' is 'sizes' from now on"):
        suite = load_suite(light_suite(models=[{"variant": "lstm", "ladder": [4]}]))
    assert suite.models[0].sizes == (4,)
    with pytest.warns(FutureWarning, match="in suites 'ladders' is 'sizes' from now on"):
        suite = load_suite(
            light_suite(models=[{"variant": "lstm"}], sweeps=[{**AXIS, "ladders": {"lstm": [4]}}])
        )
    assert suite.sweeps[0].sizes == {"lstm": (4,)}


def own_suite(*models):
    suite = load_suite(light_suite(tasks=[{"name": "Echo"}], distances=[1], seeds=1))
    return override_suite(suite, None, list(models), None, None)


def test_a_grid_that_is_a_function_is_swept():
    def orders(problem):
        return [{"order": 1}, {"order": 3}]

    spec = ModelSpec("own", "Own", lambda problem, order: MarkovTagger(order), orders)
    assert [t.candidate.label for t in plan_trials(own_suite(spec))] == ["own order=1", "own order=3"]


def test_a_family_that_nobody_registered_keeps_its_look():
    spec = ModelSpec("own", "Own", lambda problem, order: MarkovTagger(order), {"order": [2]})
    suite = own_suite(Family("mine", "My family", "#123456", "P", (spec,)))
    (found,) = own_families(suite)
    assert (found.name, found.title, found.colour, found.marker) == ("mine", "My family", "#123456", "P")
    (trial,) = plan_trials(suite)
    assert trial.candidate.family == "mine"


def test_a_size_below_the_least_of_its_family_is_refused():
    suite = light_suite(tasks=[{"name": "Echo"}], models=[{"variant": "logistic", "sizes": [0, 2]}])
    with pytest.raises(SuiteError, match=r"models\[0\]: .*the least width of .*'window' is 1, got 0"):
        plan_trials(load_suite(suite))
