"""What is written as ONNX answers as the model does, in the runtime that others use."""

import json
from pathlib import Path

import numpy as np
import pytest
from onnxruntime import InferenceSession
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.semi_supervised import LabelPropagation
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import seqcompare
from seqcompare import (
    HMM,
    AttentionClassifier,
    AttentionRegressor,
    AttentionTagger,
    BayesClassifier,
    ContextTree,
    CRFTagger,
    EchoStateTagger,
    Filled,
    HMMTagger,
    LinearStateSpace,
    MarkovChain,
    MarkovTagger,
    NextStep,
    RNNClassifier,
    RNNRegressor,
    RNNTagger,
    WindowClassifier,
    WindowRegressor,
    WindowStepRegressor,
    WindowTagger,
    to_onnx,
)
from seqcompare.models.windows.standard import RBFSVM

RNG = np.random.default_rng(0)
SYMBOLS = np.array(["a", "b", "c"])
WORDS = [np.array(list(w)) for w in ("abcabcaabcca", "cabacbbacabc", "bcaabcabccab", "aacbabcabcab") * 3]
NUMBERS = [RNG.normal(size=(14, 2)) for _ in range(12)]
#: Longer than any sequence of the training.
LONG_WORDS, LONG_NUMBERS = RNG.choice(SYMBOLS, (2, 40)), RNG.normal(size=(2, 40, 2))
FOREST = RandomForestClassifier(5, max_depth=3, random_state=0)
ATTENTION = {"hidden_size": 4, "n_heads": 2, "max_iter": 1, "random_state": 0, "dtype": "float64"}
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
    WindowTagger(SVC(), before=2, after=1),
    WindowTagger(SVC(kernel="poly"), before=2, calibration_cv=2),
    WindowTagger(RBFSVM(), before=2),
    WindowTagger(FOREST, before=9),
    AttentionTagger(context=4, **ATTENTION),
]
STEP_OF_NUMBERS = [
    WindowTagger(before=2),
    WindowTagger(LogisticRegression(), before=0),
    WindowTagger(LinearSVC(), before=3, mark_edges=False),
    WindowTagger(MLPClassifier((4,), activation="tanh", max_iter=20, random_state=0), before=2),
    *(RNNTagger(cell, **NET) for cell in ("elman", "jordan", "gru", "lstm", "mingru", "lru")),
    RNNTagger("elman", activation="relu", n_layers=2, **NET),
    WindowTagger(LogisticRegression(), before=1, after=2),
    *(
        WindowTagger(model, before=2)
        for model in (SVC(), SVC(kernel="sigmoid"), FOREST, KNeighborsClassifier())
    ),
    AttentionTagger(causal=False, **ATTENTION),
]


@pytest.mark.filterwarnings("ignore:.*(converge|reached)")
@pytest.mark.parametrize("model", NEXT, ids=repr)
def test_the_next_symbol(model):
    model.fit(WORDS)
    made = to_onnx(model)
    for X in (NEW_WORDS, NEW_WORDS[:1, :2], LONG_WORDS):
        found = asked(made, model, X)["probabilities"]
        np.testing.assert_allclose(found, model.predict_next_proba(X), rtol=1e-5, atol=1e-7)


@pytest.mark.filterwarnings("ignore:.*(converge|reached)")
@pytest.mark.parametrize("model", STEP, ids=repr)
def test_labels_of_symbols(model):
    model.fit(WORDS, labels_of(WORDS))
    made = to_onnx(model)
    for X in (NEW_WORDS, NEW_WORDS[:1, :2], LONG_WORDS):
        found = asked(made, model, X)["probabilities"]
        np.testing.assert_allclose(found, model.predict_proba(X), rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*(converge|reached)")
@pytest.mark.parametrize("model", STEP_OF_NUMBERS, ids=repr)
def test_labels_of_numbers(model):
    model.fit(NUMBERS, labels_of(NUMBERS))
    made = to_onnx(model)
    for X in (NEW_NUMBERS, NEW_NUMBERS[:1, :2], LONG_NUMBERS):
        found = asked(made, model, X)["probabilities"]
        np.testing.assert_allclose(found, model.predict_proba(X), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("pooling", ["last", "mean", "attention"])
@pytest.mark.parametrize("both", [False, True])
def test_whole_sequences(pooling, both):
    y = np.arange(12) % 3
    model = RNNClassifier("gru", pooling=pooling, bidirectional=both, **NET).fit(NUMBERS, y)
    found = asked(to_onnx(model), model, NEW_NUMBERS)["probabilities"]
    np.testing.assert_allclose(found, model.predict_proba(NEW_NUMBERS), rtol=1e-5)
    regressor = RNNRegressor("lru", pooling=pooling, bidirectional=both, **NET).fit(NUMBERS, y)
    found = asked(to_onnx(regressor), regressor, NEW_NUMBERS)["numbers"]
    np.testing.assert_allclose(found[:, 0], regressor.predict(NEW_NUMBERS), rtol=1e-5)


@pytest.mark.parametrize(
    "model",
    [
        WindowClassifier(width=3),
        WindowClassifier(SVC(), width=9, pooling="mean"),
        WindowClassifier(SVC(kernel="linear"), width=3),
        WindowClassifier(FOREST, width=3, pooling="max", mark_edges=False),
        WindowRegressor(width=3),
        WindowRegressor(SVR(), width=3),
        BayesClassifier(),
        BayesClassifier(MarkovChain(2, smoothing="none"), priors=[0.2, 0.0, 0.8]),
        BayesClassifier(HMM(2, n_init=1, tol=1.0, random_state=0)),
        AttentionClassifier(**ATTENTION),
        AttentionRegressor(pooling="attention", **ATTENTION),
    ],
    ids=repr,
)
@pytest.mark.parametrize("kind", ["symbols", "numbers"])
def test_windows_and_attention_over_whole_sequences(model, kind):
    train, new, long = {
        # words that come again leave support vectors with ties, which rounding decides
        "symbols": (list(LONG_WORDS.reshape(-1, 8)), NEW_WORDS, LONG_WORDS[:, ::-1]),
        "numbers": (NUMBERS, NEW_NUMBERS, LONG_NUMBERS),
    }[kind]
    if isinstance(model, BayesClassifier) and kind == "numbers":
        model = BayesClassifier(HMM(1, n_init=1, min_covar=0.1, random_state=0))
        with pytest.raises(TypeError, match="written as ONNX"):
            to_onnx(model.fit(train, np.arange(len(train)) % 3))
        return
    model = clone(model).fit(train, np.arange(len(train)) % 3)
    made = to_onnx(model)
    of_classes = hasattr(model, "classes_")
    for X in (new, new[:1, :2], long):
        found = asked(made, model, X)["probabilities" if of_classes else "numbers"]
        expected = model.predict_proba(X) if of_classes else model.predict(X)[:, np.newaxis]
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "how",
    [{}, {"standardize": True}, {"estimator": Ridge(3.0)}, {"estimator": DecisionTreeRegressor(max_depth=3)}],
)
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
        # skl2onnx has no converter for it in any version
        WindowTagger(LabelPropagation(), before=9),
        WindowTagger(before=9, pairs=True),
        WindowTagger(RBFSVM(approximate=True, n_components=5, random_state=0), before=9),
        HMMTagger(random_state=0),
        CRFTagger(),
        EchoStateTagger(5, random_state=0),
        Filled(WindowTagger(before=1)),
    ],
    ids=repr,
)
def test_what_cannot_be_written_of_labels_says_so(model):
    with pytest.raises(TypeError, match="written as ONNX"):
        to_onnx(model.fit(WORDS, labels_of(WORDS)))


def test_the_docs_say_of_every_estimator_whether_it_can_be_written():
    said = (Path(__file__).parents[2] / "docs" / "onnx.md").read_text(encoding="utf-8")
    kinds = {name: getattr(seqcompare, name) for name in seqcompare._HOME_OF}
    estimators = [name for name, kind in kinds.items() if isinstance(kind, type) and hasattr(kind, "fit")]
    assert len(estimators) > 30
    assert not [name for name in estimators if f"`{name}`" not in said and f"`{name}(" not in said]
