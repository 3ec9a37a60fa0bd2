"""scikit-learn's own checks, on every public estimator; how many ran is counted, so that none is lost."""

from importlib.util import find_spec

import own_modules
import pytest
from contract_cases import MODULE, NET, SMALL_NET
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from seqcompare import (
    HMM,
    Autoregression,
    AutoregressiveHMM,
    BayesClassifier,
    ContextTree,
    CountAutoregression,
    CRFTagger,
    HMMClassifier,
    HMMTagger,
    LinearStateSpace,
    MarkovChain,
    MarkovTagger,
    NextStep,
    RNNClassifier,
    RNNRegressor,
    RNNStepRegressor,
    RNNTagger,
    SequenceScaler,
    SlidingWindow,
    TorchClassifier,
    TorchRegressor,
    TorchTagger,
    WindowClassifier,
    WindowRegressor,
    WindowStepRegressor,
    WindowTagger,
)
from seqcompare.models.windows.standard import RBFSVM

EQUIVALENCE = "check_sample_weight_equivalence_on_dense_data"

# estimator, how many of scikit-learn's checks run on it, and which may fail, for what reason
CHECKED = {
    "markov": (MarkovChain(), 48, {EQUIVALENCE: "its data are not symbols"}),
    "context tree": (ContextTree(3), 48, {EQUIVALENCE: "its data are not symbols"}),
    "hmm": (
        HMM(random_state=0, n_init=1),
        48,
        {EQUIVALENCE: "where EM starts depends on the order of the rows"},
    ),
    "autoregression": (Autoregression(), 48, {}),
    "autoregression with gaps": (Autoregression(missing="allow"), 47, {}),
    "autoregression volatile": (Autoregression(volatility="garch"), 48, {}),
    "autoregression volatile with gaps": (Autoregression(volatility="garch", missing="allow"), 47, {}),
    "state space": (LinearStateSpace(), 48, {}),
    "state space with gaps": (LinearStateSpace(missing="allow"), 47, {}),
    "local level": (LinearStateSpace(structure="local level"), 48, {}),
    "hmm autoregressive": (AutoregressiveHMM(n_init=1, random_state=0), 48, {}),
    "hmm autoregressive with gaps": (
        AutoregressiveHMM(n_init=1, missing="allow", random_state=0),
        47,
        {},
    ),
    "counts": (CountAutoregression(), 49, {EQUIVALENCE: "its data are not counts"}),
    "counts free": (CountAutoregression(arrivals="free"), 49, {EQUIVALENCE: "its data are not counts"}),
    "counts with gaps": (
        CountAutoregression(missing="allow"),
        48,
        {EQUIVALENCE: "its data are not counts"},
    ),
    "next markov": (NextStep(MarkovTagger()), 48, {EQUIVALENCE: "its data are not symbols"}),
    "next window": (NextStep(WindowTagger()), 48, {EQUIVALENCE: "its data are not symbols"}),
    "next net": (NextStep(RNNTagger(**SMALL_NET)), 48, {EQUIVALENCE: "its data are not symbols"}),
    "next numbers": (NextStep(WindowStepRegressor()), 48, {}),
    "next net of numbers": (NextStep(RNNStepRegressor(**SMALL_NET)), 48, {}),
    "bayes": (BayesClassifier(), 55, {}),
    "bayes hmm": (BayesClassifier(HMM(n_init=1, random_state=0)), 55, {}),
    "hmm classifier": (HMMClassifier(n_init=1, max_iter=2000, tol=1e-3, random_state=0), 55, {}),
    "scaler": (SequenceScaler(), 46, {}),
    "window classifier": (WindowClassifier(), 62, {}),
    "window mean": (WindowClassifier(pooling="mean"), 62, {}),
    "window svm": (
        WindowClassifier(LinearSVC(dual=False)),
        62,
        {EQUIVALENCE: "LinearSVC fails it itself"},
    ),
    "window kernel svm": (WindowClassifier(SVC()), 62, {EQUIVALENCE: "SVC fails it itself"}),
    "window net": (
        WindowClassifier(
            MLPClassifier((10,), "tanh", solver="lbfgs", alpha=10.0, tol=1e-9, max_iter=5000, random_state=0)
        ),
        66,
        {"check_classifiers_multilabel_output_format_decision_function": "MLPClassifier has no such method"},
    ),
    "window regressor": (WindowRegressor(), 60, {}),
    "window svr": (WindowRegressor(SVR()), 59, {EQUIVALENCE: "SVR fails it itself"}),
    "rbf svm": (
        RBFSVM(),
        64,
        {
            EQUIVALENCE: "SVC fails it itself",
            "check_sample_weight_equivalence_on_sparse_data": "SVC fails it itself",
        },
    ),
    "net classifier": (RNNClassifier(**NET), 67, {}),
    "net regressor": (RNNRegressor(**NET), 60, {}),
}

# where PyTorch is, modules of it are checked as well
TORCH = bool(find_spec("torch"))
if TORCH:
    WHOLE = {"module_params": {"size": 8}, **MODULE, "max_iter": 60}
    CHECKED["module classifier"] = (TorchClassifier(own_modules.pooled, **WHOLE), 67, {})
    CHECKED["module regressor"] = (TorchRegressor(own_modules.pooled, **WHOLE), 60, {})

# the checks that need no labels: what a tagger, whose labels are per step, can pass
WITHOUT_LABELS = [
    "check_complex_data",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
    "check_estimator_sparse_tag",
    "check_estimator_tags_renamed",
    "check_estimators_empty_data_messages",
    "check_estimators_unfitted",
    "check_fit1d",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


@pytest.mark.parametrize("name", CHECKED)
def test_scikit_learns_checks_all_run_and_pass(name):
    estimator, count, exceptions = CHECKED[name]
    results = check_estimator(clone(estimator), expected_failed_checks=exceptions, on_skip=None)
    assert len(results) == count
    assert {r["check_name"] for r in results if r["status"] != "passed"} == set(exceptions)


@pytest.mark.parametrize(
    "tagger",
    [
        MarkovTagger(),
        HMMTagger(),
        CRFTagger(),
        WindowTagger(),
        RNNTagger(),
        WindowStepRegressor(),
        RNNStepRegressor(),
        *([TorchTagger(own_modules.recurrent)] if TORCH else []),
    ],
    ids=lambda tagger: type(tagger).__name__,
)
def test_taggers_pass_the_checks_that_need_no_labels(tagger):
    results = check_estimator(tagger, on_fail=None, on_skip=None)
    assert sorted(r["check_name"] for r in results if r["status"] == "passed") == WITHOUT_LABELS


def test_windows_pass_all_checks_but_that_lists_become_arrays():
    results = check_estimator(SlidingWindow(before=1), on_fail=None, on_skip=None)
    assert len(results) == 47
    failed = [r for r in results if r["status"] != "passed"]
    assert [r["check_name"] for r in failed] == ["check_transformer_data_not_an_array"]
    assert "'list' object has no attribute 'shape'" in str(failed[0]["exception"])
