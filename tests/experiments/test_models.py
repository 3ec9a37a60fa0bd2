"""Every kind of model fits every role that it claims, within its budget, from its seed; how models enter."""

import math
from dataclasses import replace

import pytest
from sklearn.linear_model import LogisticRegression
from sweep_toys import Lag

from seqcompare import MarkovChain, MarkovTagger, WindowTagger
from seqcompare.experiments.answer import (
    fit_model,
    learning_curve,
    n_parameters,
    predict_answer,
    takes_weights,
    training_end,
)
from seqcompare.experiments.models import (
    Candidate,
    candidates_of,
    enter,
    load_object,
    named,
    reach_of,
)
from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.suites import SuiteError, load_suite
from seqcompare.experiments.task_source import Sizes, TaskSource
from seqcompare.families import FAMILIES, Budget, Family, ModelSpec, Problem, find_spec, spec_names
from seqcompare.tasks import Adding, Echo, Recall, TemporalOrder

TASK_OF = {
    "next": Recall(distance=2),
    "step": Echo(distance=1),
    "sequence": TemporalOrder(distance=1),
    "value": Adding(distance=1),
}
ROLES = {
    "markov": {"next", "step", "sequence"},
    "markov-kneser-ney": {"next"},
    "context-tree": {"next"},
    "autoregression": set(),  # of numbers
    "autoregression-volatile": set(),  # of numbers
    "count-autoregression": set(),  # of counts
    "count-autoregression-free": set(),  # of counts
    "hmm": {"next", "step", "sequence"},
    "hmm-predictive": {"next", "sequence"},
    "hmm-durations": {"next"},
    "state-space": set(),  # of numbers
    "state-space-smoothed": set(),  # of numbers
    "hmm-autoregressive": set(),  # of numbers
    "hmm-sticky": {"next", "step", "sequence"},
    "hmm-labels": {"step"},
    "hmm-labels-smoothed": {"step"},
    "hmm-smoothed": {"step"},
    "crf": {"step"},
    "hmm-full": set(),  # of sequences of real-valued steps
    "hmm-left-right": {"sequence"},
    "logistic": {"next", "step", "sequence"},
    "linear-svm": {"next", "step", "sequence"},
    "rbf-svm": {"next", "step", "sequence"},
    "ridge": {"value"},
    "boosting": set(),  # of numbers
    "ridge-centred": set(),  # of a number per step
    "boosting-centred": set(),  # of a number per step
    "mlp": {"next", "step", "sequence", "value"},
    "logistic-pairs": {"next", "step"},
    "logistic-centred": {"step"},
    "mlp-centred": {"step"},
    "rbf-svm-centred": {"step"},
    "logistic-pairs-centred": {"step"},
    "elman": {"next", "step", "sequence", "value"},
    "jordan": {"next", "step", "sequence", "value"},
    "mingru": {"next", "step", "sequence", "value"},
    "lru": {"next", "step", "sequence", "value"},
    "gru": {"next", "step", "sequence", "value"},
    "lstm": {"next", "step", "sequence", "value"},
    "bimingru": {"step"},
    "bilru": {"step"},
    "bigru": {"step"},
    "bilstm": {"step"},
    "echo-state": {"next", "step", "sequence", "value"},
    "attention": {"next", "step", "sequence", "value"},
    "biattention": {"step"},
    "exact": {"next"},
    "dtw": set(),  # of sequences of real-valued steps
    "minirocket": set(),  # likewise
    "last-value": set(),  # of numbers
    "seasonal-last-value": set(),  # of numbers
}
CELLS = ("elman", "jordan", "mingru", "lru", "gru", "lstm", "bimingru", "bilru", "bigru", "bilstm")
NETS = (*CELLS, "attention", "biattention")


def problem_of(task, epochs=2, em_iterations=3):
    budget = Budget(epochs, em_iterations, 60.0)
    return TaskSource("distance", task, task.name, task.distance, Sizes(60, 20, 20), budget).problem()


def candidate_of(name, capacity=2):
    family, spec = find_spec(name)
    settings = {spec.size_key: capacity} if spec.size_key else {}
    return Candidate("mine", family.name, name, float(capacity), spec.capacity_name, spec, settings)


def test_all_kinds_are_listed_here():
    assert set(ROLES) == set(spec_names())
    assert [family.name for family in FAMILIES.values()] == [
        *("markov", "hmm", "window", "recurrent", "attention", "reference")
    ]


@pytest.mark.parametrize("role", TASK_OF)
@pytest.mark.parametrize("name", ROLES)
def test_roles(name, role):
    assert candidate_of(name).fills(problem_of(TASK_OF[role])) == (role in ROLES[name])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("name", "role"), [(name, role) for name in ROLES for role in sorted(ROLES[name])])
def test_models_answer_in_their_role(name, role):
    task = TASK_OF[role]
    model, fitted = candidate_of(name).build(problem_of(task), seed=7)
    data = task.sample(60, None, 1)
    if not fitted:
        states = [value for key, value in model.get_params().items() if key.endswith("random_state")]
        assert set(states) <= {7}
        fit_model(model, data)
    assert task.score(data, *predict_answer(model, data.X, role)) >= 0
    assert n_parameters(model) > 0 or name.startswith("rbf-svm")
    n_iter, stop = training_end(model)
    if name in NETS:
        assert (n_iter, stop) == (2, "budget")
        assert [epoch for epoch, _, _ in learning_curve(model)] == [1, 2]


def test_weights_go_to_all_that_take_them():
    problem = problem_of(TASK_OF["next"])
    able = {name for name in ROLES if "next" in ROLES[name]}
    takers = {name for name in able if takes_weights(candidate_of(name).build(problem, 0)[0])}
    assert able - takers == {"hmm", "hmm-sticky", "hmm-durations"}


def test_the_sticky_start_finds_the_latch_that_the_likelihood_passes_over():
    task = Recall(distance=4)
    train, test = task.sample(600, None, 0), task.sample(300, None, 1)
    problem = problem_of(task, 1, 200)
    skills = {}
    for name in ("hmm", "hmm-sticky"):
        model = fit_model(candidate_of(name, 4).build(problem, seed=0)[0], train)
        skills[name] = 2 * task.score(test, *predict_answer(model, test.X, "next")) - 1
    assert skills["hmm"] < 0.2
    assert skills["hmm-sticky"] > 0.9


def test_parameters_of_a_suite_reach_inside():
    suite = {
        "title": "Inside",
        "seeds": 1,
        "distances": [2],
        "n_train": 50,
        "n_validation": 20,
        "n_test": 20,
        "epochs": 2,
        "max_seconds": 60,
        "tasks": [{"name": "LagChain"}],
        "models": [
            {"variant": "logistic", "sizes": [2], "params": {"estimator__estimator__C": 0.5}},
            {"variant": "logistic", "name": "bad", "sizes": [2], "params": {"strength": 2}},
        ],
    }
    (good,) = plan_trials(load_suite({**suite, "models": suite["models"][:1]}))
    assert good.candidate.build(good.source.problem(), 0)[0].estimator.estimator.C == 0.5
    with pytest.raises(SuiteError, match=r"models\[1\].params \(bad\): 'strength' is no parameter"):
        plan_trials(load_suite(suite))


def test_a_model_without_an_answer_says_for_which_role():
    with pytest.raises(ValueError, match="mine has no answer for the role 'value'"):
        candidate_of("markov").build(problem_of(TASK_OF["value"]), 0)


def shown(entered):
    return [(e.family.name, e.spec.name, e.name) for e in entered]


def test_a_name_is_a_familys_first_and_then_a_kinds():
    markov = [("markov", spec.name, "") for spec in FAMILIES["markov"].specs]
    assert shown(named("Markov")) == shown(named("markov CHAIN")) == markov
    assert shown(named("markov-*")) == [("markov", "markov-kneser-ney", "")]
    assert shown(named("lstm")) == shown(named("LSTM")) == [("recurrent", "lstm", "")]
    assert shown(enter("*lstm")) == [("recurrent", "lstm", ""), ("recurrent", "bilstm", "")]
    ahead = [spec.name for spec in FAMILIES["window"].specs if spec.ahead]
    assert [e.spec.name for e in named("window (looks ahead)")] == ahead
    with pytest.raises(ValueError, match=r"models: 'lsmt' matches nothing; did you mean 'lstm'\?"):
        named("lsmt")


def test_a_family_may_hold_a_kind_that_is_named_as_well():
    once = shown(enter(["lstm", "recurrent", FAMILIES["recurrent"]]))
    assert sorted(once) == sorted(shown(enter("recurrent")))
    assert once[0] == ("recurrent", "lstm", "")


@pytest.mark.parametrize("name", ROLES)
def test_a_kind_is_the_same_by_name_and_as_an_object(name):
    by_name = next(entered for entered in enter(name) if entered.spec.name == name)
    (as_object,) = enter(find_spec(name)[1])
    assert by_name.spec is as_object.spec
    assert by_name.family is as_object.family


@pytest.mark.parametrize("given", [Lag(lag=3), Lag, "sweep_toys:Lag"])
def test_ones_own_model_is_a_family_of_its_own(given):
    (entered,) = enter(given)
    assert shown([entered]) == [("Lag", "Lag", "Lag")]
    assert isinstance(entered.spec.build(None), Lag)
    (labelled,) = enter({"mine": given})
    assert shown([labelled]) == [("mine", "mine", "mine")]
    (candidate,) = candidates_of(labelled, [{}])
    assert (candidate.label, candidate.family, candidate.variant) == ("mine", "mine", "mine")
    assert math.isnan(candidate.capacity)


def test_ones_own_families_look_different_from_each_other():
    first, chain, *_, second = enter({"a": Lag(), "markov": None, "b": Lag()})
    assert chain.family is FAMILIES["markov"]
    looks = [(f.colour, f.marker) for f in (*FAMILIES.values(), first.family, second.family)]
    for part in zip(*looks, strict=True):
        assert len(set(part)) == len(FAMILIES) + 2


def test_a_family_that_nobody_registered_keeps_its_look_and_its_theory():
    mine = Family("mine", "My models", "#123456", "d", (ModelSpec.of(Lag(), {"lag": [1, 2]}, name="lags"),))
    (entered,) = enter(mine)
    assert entered.family is mine
    (spec,) = mine.specs
    first, second = candidates_of(entered, spec.settings(None))
    assert (first.label, second.label, first.family, first.variant) == ("lags 1", "lags 2", "mine", "lags")
    assert (second.capacity, second.capacity_name) == (2.0, "lag")


def test_a_label_stands_in_front_of_the_size_where_there_are_several():
    (net,) = enter({"net": "lstm"})
    one = candidates_of(net, [{"hidden_size": 8}])
    two = candidates_of(net, [{"hidden_size": 8}, {"hidden_size": 16}])
    assert [c.label for c in one] == ["net"]
    assert [c.label for c in two] == ["net 8", "net 16"]
    assert {c.family for c in (*one, *two)} == {"recurrent"}


def test_settings_that_are_no_size_make_another_variant():
    (net,) = enter("gru")
    given = {"hidden_size": 32, "short": True, "pooling": "mean"}
    (candidate,) = candidates_of(net, [given])
    assert (candidate.variant, candidate.capacity) == ("gru, short, mean", 32.0)
    assert candidate.label == "GRU 32, timescale 8, mean"


def test_seeds_are_made_of_what_labels_once_were():
    (net,), (chain, *_) = enter("bilstm"), enter("markov")
    data = Problem("step", "symbols", Budget(1, 1, 1.0))
    given = {"hidden_size": 32}
    assert candidates_of(net, [given])[0].label == "BiLSTM 32"
    assert candidates_of(net, [given])[0].seed_key(data) == "two-way LSTM 32"
    assert candidates_of(net, [given])[0].seed_key(problem_of(TASK_OF["step"])) == "BiLSTM 32"
    assert candidates_of(chain, [{"order": 2}])[0].seed_key(data) == "Markov order 2"


def test_a_fitted_model_is_used_as_it_is_and_others_are_cloned():
    fitted = MarkovChain(order=1).fit(["abab"])
    (mine,) = candidates_of(enter({"m": fitted})[0], [{}])
    assert mine.build(problem_of(TASK_OF["next"]), 3) == (fitted, True)
    bare = Lag()
    (mine,) = candidates_of(enter({"m": bare})[0], [{}], {"lag": 9})
    model, ready = mine.build(problem_of(TASK_OF["step"]), 3)
    assert (ready, model.lag, model.random_state) == (False, 9, 3)
    assert (bare.lag, bare.random_state) == (2, None)


def test_what_cannot_read_the_steps_does_not_fill_a_problem():
    problem = Problem("step", "real", Budget(1, 1, 1.0), longest=9, n_classes=2)
    holed = replace(problem, missing=True)
    able = {name: [candidate_of(name, 3).fills(p) for p in (problem, holed)] for name in ("logistic", "hmm")}
    assert able == {"logistic": [True, True], "hmm": [True, True]}
    assert not candidate_of("logistic-pairs", 3).fills(problem)
    spec = replace(find_spec("logistic")[1], skip=lambda problem: "too long" if problem.longest > 8 else "")
    shy = replace(candidate_of("logistic"), spec=spec)
    assert not shy.fills(problem)
    assert shy.fills(replace(problem, longest=8))


def test_what_is_limited_sees_less_and_its_reach_is_where_that_changes_nothing():
    problem = problem_of(TASK_OF["step"])
    family, spec = find_spec("logistic-centred")
    wide = Candidate("", family.name, "", 9.0, "", spec, {"width": 9})
    assert wide.limited(3).build(problem, 0)[0].before == 2
    assert wide.limited(3, ahead=True).build(problem, 0)[0].after == 3
    assert wide.limited(99).build(problem, 0)[0].before == 4
    assert [reach_of(wide, problem, most) for most in (99, 3)] == [5, 3]
    mine = ModelSpec.of(WindowTagger(LogisticRegression(), before=6), name="mine", limit="before")
    assert reach_of(Candidate("", "mine", "", 1.0, "", mine), problem, 99) == 6


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match=r"models: expected a name, a model with fit, .*got 3"):
        enter([3])
    with pytest.raises(ImportError, match=r"module 'sweep_toys' has no 'Lagg' \(class = 'sweep_toys:Lagg'\)"):
        load_object("sweep_toys:Lagg")


def test_lists_of_lists_are_lists_and_nothing_is_no_model():
    flat = shown(enter(["lstm", "gru", "logistic"]))
    assert shown(enter([["lstm", ["gru"]], ("logistic",)])) == flat
    mine = MarkovTagger()
    assert shown(enter([{"mine": mine}, "lstm"])) == [("mine", "mine", "mine"), ("recurrent", "lstm", "")]
    for nothing in ([], {}, [[]]):
        with pytest.raises(ValueError, match=r"models: expected at least one model, got"):
            enter(nothing)
    with pytest.raises(ValueError, match=r"models: 'x' is the label of one model, got \['lstm', 'gru'\]"):
        enter({"x": ["lstm", "gru"]})


def test_a_label_of_several_kinds_says_which_each_is():
    assert [e.name for e in enter({"x": "recurrent"})] == [
        f"x ({spec.title})" for spec in FAMILIES["recurrent"].specs
    ]
