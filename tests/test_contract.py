"""The contract that every public estimator keeps: scikit-learn's checks, counted, and our own."""

import pickle
import re
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.utils.estimator_checks import check_estimator

import seqcompare
from seqcompare import (
    HMM,
    BayesClassifier,
    HMMTagger,
    MarkovChain,
    MarkovTagger,
    NextStep,
    RNNClassifier,
    RNNRegressor,
    RNNTagger,
    Sequences,
    SequenceScaler,
    SlidingWindow,
    WindowClassifier,
    WindowRegressor,
    WindowTagger,
    cross_val_predict,
    load,
    make_scorer,
    save,
)
from seqcompare.models.windows.standard import RBFSVM

EQUIVALENCE = "check_sample_weight_equivalence_on_dense_data"

# recurrent nets are held to equality: full batches, no early stop, float64
NET = {
    "hidden_size": 8,
    "learning_rate_init": 0.05,
    "max_iter": 60,
    "batch_size": 10_000,
    "early_stopping": False,
    "dtype": "float64",
    "random_state": 0,
}
SMALL_NET = NET | {"hidden_size": 4, "max_iter": 5}

# estimator, how many of scikit-learn's checks run on it, and which may fail, for what reason
CHECKED = {
    "markov": (MarkovChain(), 48, {EQUIVALENCE: "its data are not symbols"}),
    "hmm": (HMM(random_state=0, n_init=1), 41, {}),
    "next markov": (NextStep(MarkovTagger()), 48, {EQUIVALENCE: "its data are not symbols"}),
    "next window": (NextStep(WindowTagger()), 48, {EQUIVALENCE: "its data are not symbols"}),
    "next net": (NextStep(RNNTagger(**SMALL_NET)), 48, {EQUIVALENCE: "its data are not symbols"}),
    "bayes": (BayesClassifier(), 55, {}),
    "bayes hmm": (BayesClassifier(HMM(n_init=1, random_state=0)), 55, {}),
    "scaler": (SequenceScaler(), 47, {}),
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


@pytest.mark.parametrize("tagger", [MarkovTagger(), HMMTagger(), WindowTagger(), RNNTagger()], ids=repr)
def test_taggers_pass_the_checks_that_need_no_labels(tagger):
    results = check_estimator(tagger, on_fail=None, on_skip=None)
    assert sorted(r["check_name"] for r in results if r["status"] == "passed") == WITHOUT_LABELS


def test_windows_pass_all_checks_but_that_lists_become_arrays():
    results = check_estimator(SlidingWindow(before=1), on_fail=None, on_skip=None)
    assert len(results) == 47
    failed = [r for r in results if r["status"] != "passed"]
    assert [r["check_name"] for r in failed] == ["check_transformer_data_not_an_array"]
    assert "'list' object has no attribute 'shape'" in str(failed[0]["exception"])


@dataclass(frozen=True)
class Case:
    """An estimator, what it reads ("symbols" or "real"), and a grid of one of its parameters."""

    estimator: Any
    kind: str
    role: str
    grid: dict[str, list[Any]] = field(default_factory=dict)
    weighted: bool = True


CASES = {
    "markov": Case(MarkovChain(2), "symbols", "next", {"order": [0, 1]}),
    "markov additive": Case(MarkovChain(1, "additive"), "symbols", "next", {"alpha": [0.1, 1.0]}),
    "markov kneser-ney": Case(MarkovChain(2, "kneser-ney"), "symbols", "next", {"order": [0, 1]}),
    "hmm": Case(HMM(n_init=1, random_state=0), "symbols", "next", {"n_components": [1, 2]}, weighted=False),
    "hmm gaussian": Case(
        HMM(n_init=1, random_state=0), "real", "density", {"n_components": [1, 2]}, weighted=False
    ),
    "next markov": Case(NextStep(MarkovTagger()), "symbols", "next", {"estimator__order": [0, 1]}),
    "next window": Case(NextStep(WindowTagger(before=1)), "symbols", "next", {"estimator__before": [0, 1]}),
    "next net": Case(NextStep(RNNTagger(**SMALL_NET)), "symbols", "next", {"estimator__hidden_size": [2, 3]}),
    "hmm tagger": Case(HMMTagger(random_state=0), "symbols", "step", {"decode": ["posterior", "filter"]}),
    "hmm tagger real": Case(
        HMMTagger(decode="filter", random_state=0), "real", "step", {"covariance_type": ["full"]}
    ),
    "hmm tagger latent": Case(
        HMMTagger(2, decode="filter", n_init=1, random_state=0), "symbols", "step", {"n_components": [1, 2]}
    ),
    "markov tagger": Case(MarkovTagger(2), "symbols", "step", {"order": [0, 1]}),
    "window tagger": Case(
        WindowTagger(LogisticRegression(), before=2), "symbols", "step", {"estimator__C": [0.1, 1.0]}
    ),
    "window tagger real": Case(WindowTagger(before=1), "real", "step", {"before": [0, 1]}),
    "window tagger ahead": Case(WindowTagger(before=1, after=1), "symbols", "step", {"after": [0, 1]}),
    "window tagger svm": Case(
        WindowTagger(LinearSVC(dual=False), before=1), "symbols", "step", {"before": [0, 1]}
    ),
    "net tagger": Case(RNNTagger(**SMALL_NET), "symbols", "step", {"hidden_size": [2, 3]}),
    "net tagger real": Case(RNNTagger("gru", **SMALL_NET), "real", "step", {"cell": ["elman", "jordan"]}),
    "net tagger both ways": Case(
        RNNTagger("elman", bidirectional=True, **SMALL_NET), "symbols", "step", {"n_layers": [1, 2]}
    ),
    "bayes": Case(
        BayesClassifier(MarkovChain()), "symbols", "sequence", {"estimator__order": [0, 1]}, weighted=False
    ),
    "bayes hmm": Case(
        BayesClassifier(HMM(n_init=1, random_state=0)),
        "real",
        "sequence",
        {"estimator__n_components": [1, 2]},
        weighted=False,
    ),
    "window classifier": Case(
        WindowClassifier(LogisticRegression(), width=3), "symbols", "sequence", {"width": [1, 2]}
    ),
    "window classifier real": Case(
        WindowClassifier(width=2, pooling="max"), "real", "sequence", {"pooling": ["mean", "last"]}
    ),
    "window classifier svm": Case(
        WindowClassifier(LinearSVC(dual=False)), "symbols", "sequence", {"estimator__C": [0.1, 1.0]}
    ),
    "net classifier": Case(RNNClassifier(**SMALL_NET), "symbols", "sequence", {"pooling": ["mean", "last"]}),
    "net classifier real": Case(RNNClassifier(**SMALL_NET), "real", "sequence", {"hidden_size": [2, 3]}),
    "window regressor": Case(WindowRegressor(width=3), "real", "value", {"width": [1, 2]}),
    "window regressor symbols": Case(
        WindowRegressor(width=2, pooling="mean"), "symbols", "value", {"pooling": ["max", "last"]}
    ),
    "net regressor": Case(RNNRegressor(**SMALL_NET), "real", "value", {"hidden_size": [2, 3]}),
    "window": Case(SlidingWindow(1, 1), "symbols", "transform", weighted=False),
    "window real": Case(SlidingWindow(2), "real", "transform", weighted=False),
    "scaler": Case(SequenceScaler(), "real", "transform", weighted=False),
}


def test_every_public_estimator_is_held_to_the_contract():
    public = {getattr(seqcompare, name) for name in seqcompare.__all__ if name[0].isupper()}
    estimators = {thing for thing in public if issubclass(thing, BaseEstimator)}
    assert estimators == {type(case.estimator) for case in CASES.values()}


def cases(*roles, keep=lambda case: True):
    chosen = {name: c for name, c in CASES.items() if (not roles or c.role in roles) and keep(c)}
    return pytest.mark.parametrize("case", [pytest.param(c, id=name) for name, c in chosen.items()])


def data_of(case, n=15, seed=0):
    """Return ragged sequences and what is to be learned of them, which is nearly learnable."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(3, 8, size=n)
    codes = [rng.integers(0, 3, size=length) for length in lengths]
    noise = [rng.normal(size=(length, 2)) for length in lengths]
    if case.kind == "symbols":
        X = [np.array(list("abc"))[c] for c in codes]
    else:
        X = [e + c[:, None] for c, e in zip(codes, noise, strict=True)]
    y = {
        "step": [np.array(["no", "yes"])[(np.roll(c, 1) > 0).astype(int)] for c in codes],
        "sequence": np.array([["no", "yes"][int(i % 2)] for i in range(n)]),
        "value": np.array([float(c[-1]) for c in codes]) + rng.normal(size=n),
    }
    return X, y.get(case.role)


def fit(estimator, X, y, **kwargs):
    return estimator.fit(X, **kwargs) if y is None else estimator.fit(X, y, **kwargs)


METHODS = ("predict", "predict_proba", "score_samples", "predict_next_proba", "filter_proba", "transform")


def methods_of(model):
    """Return the methods that answer; of real-valued steps there is no distribution over symbols."""
    real = getattr(model, "kind_", None) == "real"
    return [m for m in METHODS if hasattr(model, m) and not (real and m == "predict_next_proba")]


def answers(model, X):
    """Return what the model says of each sequence, by method, as lists with an array a sequence."""
    return {m: [np.asarray(part) for part in getattr(model, m)(X)] for m in methods_of(model)}


def assert_same(ours, others, rtol=1e-12):
    """Compare the answers of two models; searches and pipelines hand on scikit-learn's methods only."""
    shared = ours.keys() & others.keys()
    assert shared in (ours.keys(), others.keys())
    assert shared
    for method in shared:
        assert len(ours[method]) == len(others[method])
        for a, b in zip(ours[method], others[method], strict=True):
            if a.dtype.kind == "f":
                np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-14)
            else:
                np.testing.assert_array_equal(a, b)


def concatenated(parts):
    return Sequences.from_concatenated(np.concatenate(parts), [len(part) for part in parts])


@cases()
def test_answers_come_in_the_container_that_came_in(case):
    X, y = data_of(case)
    rectangle = np.array([x[:3] for x in X])
    targets = [labels[:3] for labels in y] if case.role == "step" else y
    model = fit(clone(case.estimator), list(rectangle), targets)
    as_list = answers(model, list(rectangle))
    assert_same(as_list, answers(model, rectangle))
    assert_same(as_list, answers(model, concatenated(rectangle)))
    for method in as_list:
        outputs = [
            getattr(model, method)(form) for form in (list(rectangle), rectangle, concatenated(rectangle))
        ]
        per_step = case.role in ("step", "transform") or method in ("predict_next_proba", "filter_proba")
        per_step |= case.role in ("next", "density") and method in ("predict", "predict_proba")
        if per_step:
            assert [type(out) for out in outputs] == [list, np.ndarray, Sequences]
            assert outputs[1].shape[:2] == rectangle.shape[:2]
        else:
            assert [type(out) for out in outputs] == [np.ndarray] * 3


@cases()
def test_fitting_changes_no_parameter_and_a_copy_answers_alike(case, tmp_path):
    X, y = data_of(case)
    model = clone(case.estimator)
    before = joblib.hash(model.get_params(deep=True))
    fitted = fit(model, X, y)
    assert fitted is model
    assert joblib.hash(model.get_params(deep=True)) == before
    ours = answers(model, X)
    assert_same(ours, answers(pickle.loads(pickle.dumps(model)), X), rtol=0)
    save(model, tmp_path / "model.skops")
    assert_same(ours, answers(load(tmp_path / "model.skops"), X), rtol=0)
    assert_same(ours, answers(fit(clone(model), X, y), X), rtol=0)
    params = model.get_params(deep=False)
    assert joblib.hash(type(model)(**params).set_params(**params).get_params()) == before


@cases("next", "density", "step", "sequence", "value")
def test_search_and_validation_work_on_ragged_lists_and_sequences(case):
    X, y = data_of(case)
    search = GridSearchCV(clone(case.estimator), case.grid, cv=3, error_score="raise")
    fit(search, X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert_same(answers(search.best_estimator_, X), answers(search, X), rtol=0)
    for form in (X, concatenated(X)):
        targets = concatenated(y) if case.role == "step" and form is not X else y
        scores = cross_validate(clone(case.estimator), form, targets, cv=3, error_score="raise")
        assert np.isfinite(scores["test_score"]).all()
        method = methods_of(search)[0]
        held_out = cross_val_predict(clone(case.estimator), form, targets, cv=3, method=method)
        assert len(held_out) == len(X)


@cases("step", "sequence")
def test_scorers_of_probabilities_work(case):
    X, y = data_of(case)
    scorer = {"f1": make_scorer("f1_macro"), "loss": make_scorer("neg_log_loss")}
    scores = cross_validate(clone(case.estimator), X, y, scoring=scorer, cv=3, error_score="raise")
    assert np.isfinite(scores["test_f1"]).all()
    assert np.isfinite(scores["test_loss"]).all()


@cases("next", "density", "step", "sequence", "value")
def test_pipelines_work_with_our_steps_and_scikit_learns(case):
    X, y = data_of(case)
    same = FunctionTransformer()  # hands ragged lists through
    steps = [("same", same), *([("scale", SequenceScaler())] if case.kind == "real" else [])]
    pipeline = fit(Pipeline([*steps, ("model", clone(case.estimator))]), X, y)
    inputs = SequenceScaler().fit(X).transform(X) if case.kind == "real" else X
    alone = fit(clone(case.estimator), inputs, y)
    assert_same(answers(alone, inputs), answers(pipeline, X), rtol=1e-9)
    assert np.isfinite(pipeline.score(X) if y is None else pipeline.score(X, y))


@cases("density", "step", "sequence", "value", keep=lambda case: case.kind == "real")
def test_a_scaler_of_scikit_learn_works_on_arrays(case):
    X, y = data_of(case)
    table = np.array([x[:3, 0] for x in X])
    targets = [labels[:3] for labels in y] if case.role == "step" else y
    pipeline = fit(Pipeline([("scale", StandardScaler()), ("model", clone(case.estimator))]), table, targets)
    scaled = StandardScaler().fit_transform(table)
    assert_same(
        answers(fit(clone(case.estimator), scaled, targets), scaled), answers(pipeline, table), rtol=1e-9
    )


@cases()
def test_answers_do_not_depend_on_the_rest_of_the_batch_or_its_order(case):
    X, y = data_of(case)
    model = fit(clone(case.estimator), X, y)
    together = answers(model, X)
    order = np.random.default_rng(1).permutation(len(X))
    shuffled = answers(model, [X[i] for i in order])
    assert_same({m: [parts[i] for i in order] for m, parts in together.items()}, shuffled)
    alone = [answers(model, [x]) for x in X]
    assert_same(together, {m: [single[m][0] for single in alone] for m in together})
    long = np.concatenate([X[0]] * 30)
    assert_same(
        {m: parts[:3] for m, parts in together.items()},
        {m: parts[:3] for m, parts in answers(model, [*X[:3], long]).items()},
    )


@pytest.mark.parametrize(
    "estimator", [RNNTagger(**SMALL_NET), WindowTagger(before=1)], ids=["net tagger", "window tagger"]
)
def test_answers_in_float32_do_not_depend_on_the_batch(estimator):
    X, y = data_of(Case(estimator, "symbols", "step"))
    model = clone(estimator).set_params(dtype="float32").fit(X, y)
    alone = [model.predict_proba([x])[0] for x in X]
    for a, b in zip(model.predict_proba(X), alone, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@cases(keep=lambda case: case.kind == "symbols")
def test_unknown_symbols_get_a_finite_answer(case):
    X, y = data_of(case)
    model = fit(clone(case.estimator), X, y)
    for strange in (["zzz"], ["a?b", "c"], ["?"]):
        for method, parts in answers(model, strange).items():
            for part in parts:
                if part.dtype.kind == "f":
                    assert np.isfinite(part).all()
                if "proba" in method:
                    np.testing.assert_allclose(part.sum(axis=-1), 1, rtol=1e-6)


@cases("next", "step", "sequence", "value", keep=lambda case: case.weighted)
def test_a_sequence_of_weight_0_is_as_good_as_absent(case):
    X, y = data_of(case)
    weights = np.ones(len(X))
    weights[[2, 5, 6]] = 0
    kept = np.flatnonzero(weights)
    with_zeros = fit(clone(case.estimator), X, y, sample_weight=weights)
    without = fit(clone(case.estimator), [X[i] for i in kept], None if y is None else [y[i] for i in kept])
    assert_same(answers(without, X), answers(with_zeros, X), rtol=1e-6)


@cases("step")
def test_what_a_step_of_weight_0_is_labelled_does_not_matter(case):
    X, y = data_of(case)
    rng = np.random.default_rng(1)
    weights = [(rng.random(len(x)) < 0.7).astype(float) for x in X]
    other = [np.where(w == 0, "yes", labels) for w, labels in zip(weights, y, strict=True)]
    model = clone(case.estimator).fit(X, y, sample_weight=weights)
    assert_same(
        answers(model, X), answers(clone(case.estimator).fit(X, other, concatenated(weights)), X), rtol=1e-9
    )
    assert model.score(X, y, weights) == pytest.approx(model.score(X, other, concatenated(weights)))
    marked = [np.where(w == 0, "skip", labels) for w, labels in zip(weights, y, strict=True)]
    ignoring = clone(case.estimator).set_params(ignore_label="skip").fit(X, marked)
    assert ignoring.classes_.tolist() == ["no", "yes"]
    assert_same(answers(model, X), answers(ignoring, X), rtol=1e-9)
    assert ignoring.score(X, marked) == pytest.approx(model.score(X, y, weights))
    scores = cross_validate(
        clone(case.estimator).set_params(ignore_label="skip"), X, marked, cv=3, error_score="raise"
    )
    assert np.isfinite(scores["test_score"]).all()


@cases()
def test_an_unfitted_model_says_so(case):
    X, _ = data_of(case)
    fresh = clone(case.estimator)
    assert methods_of(fresh)
    for method in methods_of(fresh):
        with pytest.raises(NotFittedError):
            getattr(fresh, method)(X)


def spoiled(X, kind):
    """Yield sequences with one fault each, and what the message must name."""
    yield [*X[:2], X[2][:0], *X[3:]], r"X\[2\] is empty"
    if kind == "symbols":
        yield [*X[:2], np.array([1, 2]), *X[3:]], r"X\[2\] holds whole-number symbols"
        yield [*X[:2], np.array([0.5, 2]), *X[3:]], r"X\[2\] holds real-valued"
        return
    for bad, name in ((np.nan, "NaN"), (np.inf, "inf")):
        x = X[2].copy()
        x[1, 0] = bad
        yield [*X[:2], x, *X[3:]], rf"X\[2\] contains .*{name}.* at step 1"
    yield [*X[:2], np.array(["a", "b"]), *X[3:]], r"X\[2\] holds strings"
    yield [*X[:2], X[2][:, :1], *X[3:]], r"X\[2\] has shape"


@cases()
def test_errors_name_the_sequence_and_the_step(case):
    X, y = data_of(case)
    model = fit(clone(case.estimator), X, y)
    use = getattr(model, methods_of(model)[0])
    for bad, message in spoiled(X, case.kind):
        with pytest.raises(ValueError, match=message):
            fit(clone(case.estimator), bad, y)
        with pytest.raises(ValueError, match=message):
            use(bad)
    if case.kind == "real":
        with pytest.raises(ValueError, match=r"2 value\(s\)|2 channel"):
            use([x[:, :1] for x in X])
    for nothing in ([], "abc", 3):
        with pytest.raises((ValueError, TypeError)):
            fit(clone(case.estimator), nothing, y)


@cases("step", "sequence", "value")
def test_targets_are_held_against_the_sequences(case):
    X, y = data_of(case)
    with pytest.raises(ValueError, match=re.compile(r"y has 14 (entries|sequences) but X has 15")):
        clone(case.estimator).fit(X, y[:-1])
    with pytest.raises(ValueError, match="y is None"):
        clone(case.estimator).fit(X, None)
    if case.role == "step":
        short, full = len(X[3]) - 1, len(X[3])
        with pytest.raises(ValueError, match=rf"y\[3\] has {short} labels but X\[3\] has {full} steps"):
            clone(case.estimator).fit(X, [*y[:3], y[3][1:], *y[4:]])


@cases("next", "step")
def test_a_causal_answer_does_not_know_the_future(case):
    X, y = data_of(case)
    model = fit(clone(case.estimator), X, y)
    method = "predict_next_proba" if case.role == "next" else "predict_proba"
    whole = getattr(model, method)(X)
    cut = getattr(model, method)([x[:2] for x in X])
    agree = [np.allclose(a[:2], b, rtol=1e-12) for a, b in zip(whole, cut, strict=True)]
    if case.role == "next" or model.causal:
        assert all(agree)
    else:
        assert not all(agree)


@cases("next", "density", "step", "sequence", "value")
def test_models_count_their_parameters(case):
    X, y = data_of(case)
    model = fit(clone(case.estimator), X, y)
    assert model.n_parameters_ > 0
    assert model.n_parameters_ == int(model.n_parameters_)


@cases("next", "density")
def test_a_density_is_scored_by_the_step_and_predicts_distributions(case):
    X, _ = data_of(case)
    model = clone(case.estimator).fit(X)
    assert model.score(X) == pytest.approx(model.score_samples(X).sum() / sum(map(len, X)))
    if case.role == "next":
        likelihood = [np.log(model.initial_proba_[model.symbols_.searchsorted(x[0])]) for x in X]
        for i, (x, proba) in enumerate(zip(X, model.predict_next_proba(X), strict=True)):
            assert proba.shape == (len(x), len(model.symbols_))
            likelihood[i] += np.log(proba[np.arange(len(x) - 1), model.symbols_.searchsorted(x[1:])]).sum()
        np.testing.assert_allclose(model.score_samples(X), likelihood, rtol=1e-9)
