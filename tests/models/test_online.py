"""Reading step by step gives what is answered to whole sequences."""

import pickle

import numpy as np
import pytest
from contract_cases import CASES, MODULES
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPRegressor
from sklearn.svm import SVC, LinearSVC

import seqcompare
from seqcompare import (
    HMM,
    Autoregression,
    AutoregressiveHMM,
    ContextTree,
    CRFTagger,
    Filled,
    FilledNext,
    HMMStepRegressor,
    HMMTagger,
    KalmanStepRegressor,
    LinearStateSpace,
    MarkovChain,
    MarkovTagger,
    NextStep,
    RNNStepRegressor,
    RNNTagger,
    Sequences,
    WindowStepRegressor,
    WindowTagger,
)
from seqcompare.models.base import Density, Tagger
from seqcompare.models.causality import is_causal
from seqcompare.models.online import keep_answer
from seqcompare.models.quantized import Quantized
from seqcompare.models.reference.chance import ChanceNext, ChanceTagger
from seqcompare.models.step_regression import StepRegressor
from seqcompare.models.windows.online import Running


def data(steps, *, two=False):
    rng = np.random.default_rng(0)
    lengths = [12, 3, 1, 9]
    if steps == "strings":
        return ["".join(rng.choice(list("abc"), n)) for n in lengths]
    if steps.startswith("mixed"):
        parts = [(rng.choice(list("abc"), n), rng.normal(size=n)) for n in lengths]
        made = [
            np.array(list(zip(*part, strict=True)), [("letter", "<U1"), ("size", np.float64)])
            for part in parts
        ]
        if steps == "mixed gaps":
            made[0]["size"][[2, 3, 8]] = np.nan
        return made
    if steps == "counts":
        return [rng.poisson(2.0, n) for n in lengths]
    return [rng.normal(size=(n, 2) if two else n).cumsum(axis=0) for n in lengths]


def targets(X, role):
    rng = np.random.default_rng(1)
    if role == "next":
        return ()
    if role == "step-value":
        return ([rng.normal(size=len(x)) for x in X],)
    return ([rng.integers(0, 2, len(x)) for x in X],)


def parts(answer):
    """Return what an answer is made of, as arrays."""
    if hasattr(answer, "mean") and hasattr(answer, "quantile"):
        return [answer.mean, answer.variance, answer.quantile([0.1, 0.9])]
    return [np.asarray(answer)]


def check(model, X, whole):
    first = model.start()
    for x, answers in zip(X, whole, strict=True):
        state = first
        for t, step in enumerate(x):
            answer, state = model.step(state, step)
            for found, expected in zip(parts(answer), parts(answers[t]), strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def whole_answers(model, X, role):
    if role == "step-value":
        return model.predict(X)
    if role == "step":
        return model.predict_proba(X)
    of_numbers = getattr(model, "kind_", "symbols") == "real" or getattr(model, "emission_", "") == "poisson"
    return model.predict_next_distribution(X) if of_numbers else model.predict_next_proba(X)


READERS = {
    name: case
    for name, case in CASES.items()
    if case.role in ("next", "step", "step-value") and is_causal(case.estimator) and name not in MODULES
}
#: What stands for its kind where no case of the contract does.
MORE = {
    "tree of mixed steps": (ContextTree(2), "mixed", "next"),
    "next of mixed steps": (NextStep(MarkovTagger(1)), "mixed", "next"),
    "marks of mixed steps": (FilledNext(MarkovChain(1)), "mixed gaps", "next"),
    "filled mixed steps": (Filled(HMMTagger(decode="filter", random_state=0)), "mixed gaps", "step"),
    "window of mixed steps with gaps": (WindowTagger(before=1, missing="allow"), "mixed gaps", "step"),
    "next by a Kalman filter": (NextStep(KalmanStepRegressor(1, max_iter=2)), "real", "next"),
    "next by hidden states": (
        NextStep(HMMStepRegressor(n_init=1, tol=0.1, random_state=0)),
        "real",
        "next",
    ),
    "next of counts by a network": (
        NextStep(RNNStepRegressor("gru", hidden_size=2, max_iter=1, dtype="float64", random_state=0)),
        "counts",
        "next",
    ),
    "next by a search": (
        NextStep(GridSearchCV(WindowTagger(before=1), {"before": [0, 1]}, cv=2)),
        "strings",
        "next",
    ),
}


def test_every_density_and_every_tagger_is_among_them():
    models = [case.estimator for case in READERS.values()] + [model for model, *_ in MORE.values()]
    there = {type(model) for model in models} | {
        type(model.estimator) for model in models if hasattr(model, "estimator")
    }
    able = (Tagger, Density, StepRegressor)
    missing = [
        name
        for name in seqcompare._HOME_OF
        if isinstance(kind := getattr(seqcompare, name), type)
        and (issubclass(kind, able) or kind in (Filled, FilledNext))
        and kind not in there
        # a module of PyTorch says nothing of a state that could go from step to step
        and not name.startswith("Torch")
    ]
    assert not missing


@pytest.mark.parametrize("name", MORE)
@pytest.mark.filterwarnings("ignore:.*(EM stopped|search ended|converge|reached)")
def test_so_it_is_of_what_wraps_or_encodes(name):
    model, steps, role = MORE[name]
    X = data(steps)
    model = clone(model).fit(X, *targets(X, role))
    check(model, X, whole_answers(model, X, role))


@pytest.mark.parametrize("name", READERS)
def test_step_by_step_is_the_same_as_at_once(name):
    case = READERS[name]
    X = data(case.steps)
    model = clone(case.estimator).fit(X, *targets(X, case.role))
    check(model, X, whole_answers(model, X, case.role))


@pytest.mark.parametrize(
    "model",
    [
        Autoregression(2),
        Autoregression(0),
        Autoregression(1, volatility="garch"),
        Autoregression(2, missing="allow"),
        LinearStateSpace(1, missing="allow"),
        AutoregressiveHMM(2, 2, n_init=1, min_covar=0.1, random_state=0),
        HMM(2, n_init=1, random_state=0, covariance_type="full", min_covar=0.1),
        HMM(1, "gmm", n_init=1, random_state=0, min_covar=0.1),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore:EM stopped")
def test_vectors_and_gaps_too(model):
    X = data("real", two=True)
    model.fit(X)
    if "missing" in model.get_params() and model.missing == "allow":
        X[0] = X[0].copy()
        X[0][3], X[0][7, 1] = np.nan, np.nan
    check(model, X, model.predict_next_distribution(X))


@pytest.mark.filterwarnings("ignore:EM stopped")
def test_counts_of_a_hidden_markov_model():
    X = data("counts")
    model = HMM(2, "poisson", n_init=1, random_state=0).fit(X)
    check(model, X, model.predict_next_distribution(X))


def test_what_wraps_a_model_reads_with_it():
    X = data("real")
    model = NextStep(RNNTagger("gru", hidden_size=3, max_iter=1, dtype="float64", random_state=0)).fit(
        data("strings")
    )
    check(model, data("strings"), model.predict_next_proba(data("strings")))
    y = targets(X, "step")
    quantized = Quantized(MarkovTagger(1), 4, random_state=0).fit(X, *y)
    check(quantized, X, quantized.predict_proba(X))
    for chance in (ChanceNext().fit(data("strings")), ChanceTagger().fit(data("strings"), *y)):
        whole = chance.predict_next_proba if isinstance(chance, ChanceNext) else chance.predict_proba
        check(chance, data("strings"), whole(data("strings")))


@pytest.mark.parametrize(
    "model", [MarkovChain(2), HMM(2, n_init=1, random_state=0), NextStep(WindowTagger(before=2))], ids=repr
)
def test_a_symbol_that_was_never_seen_is_read(model):
    model.fit(data("strings"))
    x = "abzab"
    check(model, [x], model.predict_next_proba([x]))


def test_a_state_may_be_gone_on_from_again():
    model = MarkovChain(2).fit(data("strings"))
    state = model.start()
    _, after = model.step(state, "a")
    one, _ = model.step(after, "b")
    model.step(after, "c")
    again, _ = model.step(after, "b")
    np.testing.assert_array_equal(one, again)


def test_a_tree_that_learns_goes_on_from_any_state():
    model = ContextTree(3, update=True).fit(data("strings"))
    text = "abcab" * 30  # more than there is room for at first
    states = [model.start()]
    for symbol in text:
        states.append(model.step(states[-1], symbol)[1])
    for place in (0, 70, len(text)):
        found, _ = model.step(pickle.loads(pickle.dumps(states[place])), "c")
        np.testing.assert_allclose(found, model.predict_next_proba([text[:place] + "c"])[0][-1], rtol=1e-9)


@pytest.mark.parametrize("name", ["net tagger", "echo state tagger", "hmm tagger latent", "context tree"])
def test_states_may_be_kept_and_do_not_grow_with_what_is_new(name):
    case = READERS[name]
    X = data("strings")
    model = clone(case.estimator).fit(X, *targets(X, case.role))
    _, state = model.step(model.start(), "a")
    sizes = []
    for k in range(2_400):
        _, state = model.step(state, f"new{k}")
        if k % 1_199 == 0:
            sizes.append(len(pickle.dumps(state)))
    assert sizes[2] < sizes[1] + 100
    answer, _ = model.step(pickle.loads(pickle.dumps(state)), "b")
    np.testing.assert_array_equal(answer, model.step(state, "b")[0])


def test_answers_are_kept_within_bounds():
    answers = {}
    for k in range(100):
        keep_answer(answers, (k,), np.zeros(100_000))
    assert len(answers) <= 21


def test_a_step_no_state_allows_is_passed_over():
    model = HMM.from_parameters(
        startprob=[1.0, 0.0], transmat=[[0.0, 1.0], [1.0, 0.0]], emissionprob=np.eye(2), symbols=["a", "b"]
    )
    x = "abbab"
    with np.errstate(divide="ignore"):
        check(model, [x], model.predict_next_proba([x]))


@pytest.mark.parametrize(
    "model",
    [
        WindowTagger(LogisticRegression(), after=1),
        HMMTagger(random_state=0),
        CRFTagger(),
        RNNTagger("elman", bidirectional=True, max_iter=1, hidden_size=2, random_state=0),
    ],
    ids=repr,
)
def test_what_needs_more_than_the_past_says_so(model):
    X = data("strings")
    model.fit(X, *targets(X, "step"))
    with pytest.raises(ValueError, match=r"cannot read step|needs the whole|look ahead|bidirectional"):
        model.start()


@pytest.mark.parametrize("name", ["echo state classifier", "echo state regressor", "warping"])
def test_what_answers_whole_sequences_does_not_begin(name):
    case = CASES[name]
    X = data(case.steps)
    model = clone(case.estimator).fit(X, [0, 1, 0, 1])
    with pytest.raises(ValueError, match="cannot read step by step"):
        model.start()


def test_before_the_fit_there_is_no_state():
    with pytest.raises(NotFittedError):
        MarkovChain(1).start()


def test_sequences_of_the_contract_are_read_in_any_container():
    model = Autoregression(1).fit(data("real"))
    x = Sequences(data("real"))[0]
    answer, _ = model.step(model.start(), float(x[0]))
    assert answer.batch_shape == ()


@pytest.mark.filterwarnings("ignore:.*(converge|reached)")
@pytest.mark.parametrize(
    ("model", "steps"),
    [
        (WindowTagger(before=2), "strings"),
        (WindowTagger(LinearSVC(), before=3, mark_edges=False), "real"),
        (WindowStepRegressor(before=2, standardize=True), "real"),
        (
            WindowStepRegressor(
                MLPRegressor(hidden_layer_sizes=(3,), activation="tanh", max_iter=5, random_state=0), before=1
            ),
            "strings",
        ),
    ],
    ids=repr,
)
def test_windows_of_sums_are_read_off_and_their_states_may_be_kept(model, steps):
    X = data(steps)
    of_numbers = isinstance(model, WindowStepRegressor)
    model.fit(X, *targets(X, "step-value" if of_numbers else "step"))
    assert isinstance(model.start(), Running)
    check(model, X, model.predict(X) if of_numbers else model.predict_proba(X))
    _, state = model.step(model.start(), X[0][0])
    again, _ = model.step(pickle.loads(pickle.dumps(state)), X[0][1])
    np.testing.assert_array_equal(again, model.step(state, X[0][1])[0])
    with pytest.raises(ValueError, match=r"inf|numbers|strings|symbols"):
        model.step(state, np.inf)


def test_what_is_no_sum_is_asked_as_ever():
    X = data("strings")
    model = WindowTagger(SVC(), before=1).fit(X, *targets(X, "step"))
    assert not isinstance(model.start(), Running)
    check(model, X, model.predict_proba(X))
