"""What is written as ONNX answers as the model does, in the runtime that others use."""

import json

import numpy as np
import pytest
from onnxruntime import InferenceSession
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from seqcompare import (
    HMM,
    AttentionTagger,
    ContextTree,
    HMMTagger,
    LinearStateSpace,
    MarkovChain,
    MarkovTagger,
    NextStep,
    RNNClassifier,
    RNNRegressor,
    RNNTagger,
    WindowStepRegressor,
    WindowTagger,
    to_onnx,
)

RNG = np.random.default_rng(0)
SYMBOLS = np.array(["a", "b", "c"])
WORDS = [np.array(list(w)) for w in ("abcabcaabcca", "cabacbbacabc", "bcaabcabccab", "aacbabcabcab") * 3]
NUMBERS = [RNG.normal(size=(14, 2)) for _ in range(12)]
NET = {"max_iter": 1, "hidden_size": 3, "random_state": 0, "dtype": "float64"}


def labels_of(X):
    return [["yes" if step == "a" else "no" for step in x] if x.ndim == 1 else x[:, 0] > 0 for x in X]


def run(made, **given):
    session = InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(None, given)
    return dict(zip((out.name for out in session.get_outputs()), found, strict=True))


def asked(made, model, X):
    """Return the graph's answers to new sequences of one length."""
    if np.asarray(X).ndim == 3:
        return run(made, steps=np.asarray(X, dtype=made_type(made)))
    codes = np.array([[int(np.flatnonzero(s == SYMBOLS)[0]) if s in SYMBOLS else 99 for s in x] for x in X])
    return run(made, codes=codes)


def made_type(made):
    return {1: np.float32, 11: np.float64}[made.graph.input[0].type.tensor_type.elem_type]


NEW_WORDS = np.array([list("abzcabca"), list("cbaabcab"), list("zzzabcab")])
NEW_NUMBERS = RNG.normal(size=(3, 9, 2))
NEXT = [
    MarkovChain(0),
    MarkovChain(2),
    ContextTree(3),
    HMM(2, n_init=1, random_state=0),
    NextStep(WindowTagger(before=2)),
    NextStep(WindowTagger(before=9)),
    NextStep(RNNTagger("gru", **NET)),
    NextStep(RNNTagger("elman", embedding_size=2, **NET)),
]
STEP = [
    MarkovTagger(2),
    HMMTagger(decode="filter", random_state=0),
    WindowTagger(LinearSVC(), before=2),
    WindowTagger(DecisionTreeClassifier(), before=1),
    WindowTagger(MLPClassifier((4,), max_iter=20, random_state=0), before=9),
    RNNTagger("lstm", bidirectional=True, n_layers=2, **NET),
    RNNTagger("jordan", **NET),
]
STEP_OF_NUMBERS = [
    WindowTagger(before=2),
    WindowTagger(LogisticRegression(), before=0),
    WindowTagger(LinearSVC(), before=3, mark_edges=False),
    WindowTagger(MLPClassifier((4,), activation="tanh", max_iter=20, random_state=0), before=2),
    *(RNNTagger(cell, **NET) for cell in ("elman", "jordan", "gru", "lstm", "mingru", "lru")),
    RNNTagger("elman", activation="relu", n_layers=2, **NET),
]


@pytest.mark.filterwarnings("ignore:.*(converge|reached)")
@pytest.mark.parametrize("model", NEXT, ids=repr)
def test_the_next_symbol(model):
    model.fit(WORDS)
    found = asked(to_onnx(model), model, NEW_WORDS)["probabilities"]
    np.testing.assert_allclose(found, model.predict_next_proba(NEW_WORDS), rtol=1e-5, atol=1e-7)


@pytest.mark.filterwarnings("ignore:.*(converge|reached)")
@pytest.mark.parametrize("model", STEP, ids=repr)
def test_labels_of_symbols(model):
    model.fit(WORDS, labels_of(WORDS))
    found = asked(to_onnx(model), model, NEW_WORDS)["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(NEW_WORDS), rtol=1e-5, atol=1e-7)


@pytest.mark.filterwarnings("ignore:.*(converge|reached)")
@pytest.mark.parametrize("model", STEP_OF_NUMBERS, ids=repr)
def test_labels_of_numbers(model):
    model.fit(NUMBERS, labels_of(NUMBERS))
    found = asked(to_onnx(model), model, NEW_NUMBERS)["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(NEW_NUMBERS), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("pooling", ["last", "mean"])
@pytest.mark.parametrize("both", [False, True])
def test_whole_sequences(pooling, both):
    y = np.arange(12) % 3
    model = RNNClassifier("gru", pooling=pooling, bidirectional=both, **NET).fit(NUMBERS, y)
    found = asked(to_onnx(model), model, NEW_NUMBERS)["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(NEW_NUMBERS), rtol=1e-5)
    regressor = RNNRegressor("lru", pooling=pooling, bidirectional=both, **NET).fit(NUMBERS, y)
    found = asked(to_onnx(regressor), regressor, NEW_NUMBERS)["numbers"]
    np.testing.assert_allclose(found[:, 0], regressor.predict(NEW_NUMBERS), rtol=1e-5)


@pytest.mark.parametrize("how", [{}, {"standardize": True}, {"estimator": Ridge(3.0)}])
def test_numbers_of_steps(how):
    y = [x[:, 0] * 2 + 1 for x in NUMBERS]
    model = WindowStepRegressor(before=2, **how).fit(NUMBERS, y)
    found = asked(to_onnx(model), model, NEW_NUMBERS)["numbers"]
    np.testing.assert_allclose(found[..., 0], model.predict(NEW_NUMBERS), rtol=1e-5)


def test_states_of_numbers():
    model = HMM(2, n_init=1, random_state=0, covariance_type="full", min_covar=0.1).fit(NUMBERS)
    found = asked(to_onnx(model), model, NEW_NUMBERS)
    ahead = model.filter_proba(NEW_NUMBERS) @ model.transmat_
    np.testing.assert_allclose(found["states"], ahead, rtol=1e-5)
    mean = model.predict_next_distribution(NEW_NUMBERS).mean
    np.testing.assert_allclose(found["states"] @ found["means"], mean, rtol=1e-5)
    assert found["covariances"].shape == (2, 2, 2)


def test_single_precision_stays_single():
    model = RNNTagger("gru", max_iter=1, hidden_size=3, random_state=0).fit(NUMBERS, labels_of(NUMBERS))
    made = to_onnx(model)
    assert made_type(made) is np.float32
    found = asked(made, model, NEW_NUMBERS)["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(NEW_NUMBERS), atol=1e-5)


def test_names_are_data(tmp_path):
    names = ["</script>\x00.", '"}{', "../../x", "ß\u2028", "a\nb"]
    model = MarkovChain(1).fit([np.array(names * 3)])
    to_onnx(model, tmp_path / "model.onnx")
    session = InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    said = session.get_modelmeta().custom_metadata_map
    assert json.loads(said["symbols"]) == sorted(names)
    assert json.loads(said["model"]) == "MarkovChain"
    codes = np.array([[0, 1, 2]])
    (found,) = session.run(None, {"codes": codes})
    np.testing.assert_allclose(found[0], model.predict_next_proba([model.symbols_[codes[0]]])[0], rtol=1e-5)
    assert found.shape[0] == 1


@pytest.mark.parametrize(
    "model",
    [
        LinearStateSpace(1, max_iter=1),
        HMM(2, "gmm", n_init=1, random_state=0, min_covar=0.1),
        HMM(2, n_init=1, random_state=0, min_covar=0.1, missing="marginalize"),
    ],
    ids=repr,
)
@pytest.mark.filterwarnings("ignore:.*(EM stopped|search ended)")
def test_what_cannot_be_written_says_what_can(model):
    with pytest.raises(TypeError, match="written as ONNX"):
        to_onnx(model.fit(NUMBERS))


@pytest.mark.parametrize(
    "model",
    [
        AttentionTagger(max_iter=1, random_state=0),
        WindowTagger(DecisionTreeClassifier(), before=9),
        HMMTagger(random_state=0),
    ],
    ids=repr,
)
def test_what_cannot_be_written_of_labels_says_so(model):
    with pytest.raises(TypeError, match="written as ONNX"):
        to_onnx(model.fit(WORDS, labels_of(WORDS)))
