"""The contract that every public estimator keeps beside scikit-learn's."""

import pickle
import re

import joblib
import numpy as np
import pytest
from contract_cases import CASES, SMALL_NET, Case, cases, data_of, fit
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags

import seqcompare
from seqcompare import (
    RNNTagger,
    Sequences,
    SequenceScaler,
    WindowTagger,
    cross_val_predict,
    load,
    make_scorer,
    save,
)

PER_STEP = ("step", "step-value")
METHODS = ("predict", "predict_proba", "score_samples", "predict_next_proba", "filter_proba", "transform")


def test_every_public_estimator_is_held_to_the_contract():
    public = {getattr(seqcompare, name) for name in seqcompare.__all__ if name[0].isupper()}
    estimators = {thing for thing in public if issubclass(thing, BaseEstimator)}
    assert estimators == {type(case.estimator) for case in CASES.values()}


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
    targets = [labels[:3] for labels in y] if case.role in PER_STEP else y
    model = fit(clone(case.estimator), list(rectangle), targets)
    as_list = answers(model, list(rectangle))
    assert_same(as_list, answers(model, rectangle))
    assert_same(as_list, answers(model, concatenated(rectangle)))
    for method in as_list:
        outputs = [
            getattr(model, method)(form) for form in (list(rectangle), rectangle, concatenated(rectangle))
        ]
        per_step = case.role in (*PER_STEP, "transform") or method in ("predict_next_proba", "filter_proba")
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


@cases("next", "density", "step", "step-value", "sequence", "value")
def test_search_and_validation_work_on_ragged_lists_and_sequences(case):
    X, y = data_of(case)
    search = GridSearchCV(clone(case.estimator), case.grid, cv=3, error_score="raise")
    fit(search, X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert_same(answers(search.best_estimator_, X), answers(search, X), rtol=0)
    for form in (X, concatenated(X)):
        targets = concatenated(y) if case.role in PER_STEP and form is not X else y
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


@cases("next", "density", "step", "step-value", "sequence", "value")
def test_pipelines_work_with_our_steps_and_scikit_learns(case):
    X, y = data_of(case)
    same = FunctionTransformer()  # hands ragged lists through
    steps = [("same", same), *([("scale", SequenceScaler())] if case.kind == "real" else [])]
    pipeline = fit(Pipeline([*steps, ("model", clone(case.estimator))]), X, y)
    inputs = SequenceScaler().fit(X).transform(X) if case.kind == "real" else X
    alone = fit(clone(case.estimator), inputs, y)
    assert_same(answers(alone, inputs), answers(pipeline, X), rtol=1e-9)
    assert np.isfinite(pipeline.score(X) if y is None else pipeline.score(X, y))


@cases("density", "step", "step-value", "sequence", "value", keep=lambda case: case.kind == "real")
def test_a_scaler_of_scikit_learn_works_on_arrays(case):
    X, y = data_of(case)
    table = np.array([x[:3, 0] for x in X])
    targets = [labels[:3] for labels in y] if case.role in PER_STEP else y
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


@cases("next", "step", "step-value", "sequence", "value", keep=lambda case: case.weighted)
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


def spoiled(X, kind, allow_nan):
    """Yield sequences with one fault each, and what the message must name."""
    yield [*X[:2], X[2][:0], *X[3:]], r"X\[2\] is empty"
    if kind == "symbols":
        yield [*X[:2], np.array([1, 2]), *X[3:]], r"X\[2\] holds whole-number symbols"
        yield [*X[:2], np.array([0.5, 2]), *X[3:]], r"X\[2\] holds real-valued"
        return
    for bad, name in ((np.nan, "NaN"), (np.inf, "inf"))[allow_nan:]:
        x = X[2].copy()
        x[1, ...] = bad
        yield [*X[:2], x, *X[3:]], rf"X\[2\] contains .*{name}.* at step 1"
    yield [*X[:2], np.array(["a", "b"]), *X[3:]], r"X\[2\] holds strings"
    if kind == "counts":
        yield [*X[:2], X[2] + 0.5, *X[3:]], r"expected counts .* X\[2\] has"
        return
    yield [*X[:2], X[2][:, :1], *X[3:]], r"X\[2\] has shape"


@cases()
def test_errors_name_the_sequence_and_the_step(case):
    X, y = data_of(case)
    model = fit(clone(case.estimator), X, y)
    use = getattr(model, methods_of(model)[0])
    for bad, message in spoiled(X, case.kind, get_tags(model).input_tags.allow_nan):
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


@cases("next", "step", "step-value")
def test_a_causal_answer_does_not_know_the_future(case):
    X, y = data_of(case)
    model = fit(clone(case.estimator), X, y)
    method = {"next": "predict_next_proba", "step": "predict_proba", "step-value": "predict"}[case.role]
    whole = getattr(model, method)(X)
    cut = getattr(model, method)([x[:2] for x in X])
    agree = [np.allclose(a[:2], b, rtol=1e-12) for a, b in zip(whole, cut, strict=True)]
    if case.role == "next" or model.causal:
        assert all(agree)
    else:
        assert not all(agree)


@cases("next", "density", "step", "step-value", "sequence", "value")
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


@cases("density")
def test_predictive_distributions_are_what_the_likelihood_is_made_of(case):
    X, _ = data_of(case)
    model = clone(case.estimator).fit(X)
    ahead, steps = model.predict_next_distribution(X), model.score_steps(X)
    event = X[0].shape[1:]
    for x, rows, likelihood in zip(X, ahead, steps, strict=True):
        assert rows.batch_shape == (len(x),)
        assert rows.event_shape == event
        np.testing.assert_allclose(rows[:-1].log_prob(x[1:]), likelihood[1:], rtol=1e-9, atol=1e-9)
        assert rows.mean.shape == rows.quantile(0.5).shape == rows.crps(x).shape == (len(x), *event)
        assert rows.sample(2, random_state=0).shape == (2, len(x), *event)
    rectangle = np.array([x[:3] for x in X])
    flat = model.predict_next_distribution(concatenated(rectangle))
    assert flat.batch_shape == (3 * len(X),)
    np.testing.assert_allclose(flat[:3].mean, ahead[0][:3].mean, rtol=1e-9)
    as_lists = model.predict_next_distribution(list(rectangle))
    np.testing.assert_allclose(as_lists[1].mean, flat[3:6].mean, rtol=1e-12)
    far = model.forecast(X, 2, n_samples=50, random_state=0)
    assert far.batch_shape == (len(X), 2)
    last = np.array([rows[-1].mean for rows in ahead])
    np.testing.assert_allclose(model.forecast(X, 1).mean[:, 0], last, rtol=1e-6, atol=1e-9)
