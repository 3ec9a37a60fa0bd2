"""Every kind of model fits every role that it claims, within its budget, from its seed."""

import pytest

from seqcompare.experiments.answers import (
    fit_model,
    learning_curve,
    n_parameters,
    predict_answer,
    takes_weights,
    training_end,
)
from seqcompare.experiments.plan import plan_trials
from seqcompare.experiments.suites import SuiteError, load_suite
from seqcompare.experiments.zoo import FAMILIES, VARIANTS, Budget, ModelSpec
from seqcompare.tasks import Adding, Echo, Recall, TemporalOrder

TASK_OF = {
    "next": Recall(distance=2),
    "step": Echo(distance=1),
    "sequence": TemporalOrder(distance=1),
    "value": Adding(distance=1),
}
ROLES = {
    "markov": {"next", "step", "sequence"},
    "hmm": {"next", "step", "sequence"},
    "hmm-sticky": {"next", "step", "sequence"},
    "logistic": {"next", "step", "sequence"},
    "linear-svm": {"next", "step", "sequence"},
    "rbf-svm": {"next", "step", "sequence"},
    "ridge": {"value"},
    "mlp": {"next", "step", "sequence", "value"},
    "logistic-centred": {"step"},
    "elman": {"next", "step", "sequence", "value"},
    "jordan": {"next", "step", "sequence", "value"},
    "gru": {"next", "step", "sequence", "value"},
    "lstm": {"next", "step", "sequence", "value"},
    "bilstm": {"step"},
    "exact": {"next"},
}


def spec_of(name, capacity=2, epochs=2):
    kind = VARIANTS[name]
    capacity = capacity if kind.ladder else None
    return ModelSpec("mine", kind.family, name, capacity, kind.capacity_name, Budget(epochs, 3, 60.0))


def test_all_variants_are_listed_here():
    assert set(ROLES) == set(VARIANTS)
    assert {kind.family for kind in VARIANTS.values()} == set(FAMILIES)


@pytest.mark.parametrize("role", TASK_OF)
@pytest.mark.parametrize("name", VARIANTS)
def test_roles(name, role):
    task = TASK_OF[role]
    spec = spec_of(name)
    kind = task.sample(2, None, 0).X.kind
    assert spec.fills(task, kind) == (role in ROLES[name])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("name", "role"), [(name, role) for name in ROLES for role in sorted(ROLES[name])])
def test_models_answer_in_their_role(name, role):
    task = TASK_OF[role]
    model, fitted = spec_of(name).build(task, seed=7)
    data = task.sample(60, None, 1)
    if not fitted:
        states = [value for key, value in model.get_params().items() if key.endswith("random_state")]
        assert set(states) <= {7}
        fit_model(model, data)
    assert task.score(data, *predict_answer(model, data.X, role)) >= 0
    assert n_parameters(model) > 0 or name == "rbf-svm"
    n_iter, stop = training_end(model)
    if name in ("elman", "jordan", "gru", "lstm", "bilstm"):
        assert (n_iter, stop) == (2, "budget")
        assert [epoch for epoch, _, _ in learning_curve(model)] == [1, 2]


def test_weights_go_to_all_that_take_them():
    task = TASK_OF["next"]
    takers = {
        name for name in ROLES if "next" in ROLES[name] and takes_weights(spec_of(name).build(task, 0)[0])
    }
    assert {name for name in ROLES if "next" in ROLES[name]} == takers


def test_the_sticky_start_finds_the_latch_that_the_likelihood_passes_over():
    task = Recall(distance=4)
    train, test = task.sample(600, None, 0), task.sample(300, None, 1)
    skills = {}
    for name in ("hmm", "hmm-sticky"):
        spec = ModelSpec("", "hmm", name, 4, "states", Budget(1, 200, 60.0))
        # without weights: with them, both are fitted to the answers
        model = spec.build(task, seed=0)[0].fit(train.X)
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
            {"variant": "logistic", "ladder": [2], "params": {"estimator__estimator__C": 0.5}},
            {"variant": "logistic", "name": "bad", "ladder": [2], "params": {"strength": 2}},
        ],
    }
    (good,) = plan_trials(load_suite({**suite, "models": suite["models"][:1]}))
    assert good.model.build(good.task, 0)[0].estimator.estimator.C == 0.5
    with pytest.raises(SuiteError, match=r"models\[1\].params \(bad\): 'strength' is no parameter"):
        plan_trials(load_suite(suite))
