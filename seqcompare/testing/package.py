"""What the estimators of the package promise beyond what sweeps and comparisons rely on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags

from seqcompare.data.sequences import Sequences
from seqcompare.models.scaler import SequenceScaler
from seqcompare.testing.promises import expect, expect_error, expect_same, promise
from seqcompare.testing.subjects import PER_STEP, Model, expect_alike, fit, pack
from seqcompare.typing import Values

_WRAPPED = 1e-9


def _predicts(subject: Model) -> bool:
    return subject.role != "transform"


@promise()
def answers_come_in_the_container_that_came_in(subject: Model) -> None:
    """List in, list out; array in, array out; `Sequences` in, `Sequences` out: with the same answers."""
    X, y = subject.data()
    rectangle = np.array([x[:3] for x in X])
    targets = [labels[:3] for labels in y] if subject.role in PER_STEP else y
    model = fit(subject.fresh(), list(rectangle), targets)
    as_list = subject.answers(model, list(rectangle))
    expect_alike(as_list, subject.answers(model, rectangle), subject.rtol)
    expect_alike(as_list, subject.answers(model, pack(rectangle)), subject.rtol)
    for method in as_list:
        ask = getattr(model, method)
        outputs = [ask(form) for form in (list(rectangle), rectangle, pack(rectangle))]
        came = [type(out) for out in outputs]
        if subject.says_steps(method):
            expect(came == [list, np.ndarray, Sequences], "a list, an array and Sequences", came)
            shape = outputs[1].shape
            expect(shape[:2] == rectangle.shape[:2], f"an array of shape {rectangle.shape[:2]} + ...", shape)
        else:
            expect(came == [np.ndarray] * 3, f"arrays from {method}", came)


@promise(_predicts)
def search_and_validation_work(subject: Model) -> None:
    """Grid search and cross-validation of scikit-learn work on ragged lists and on `Sequences`."""
    X, y = subject.data()
    search = GridSearchCV(subject.fresh(), dict(subject.grid), cv=3, error_score="raise")
    fit(search, X, y)
    scores = search.cv_results_["mean_test_score"]
    expect(np.isfinite(scores).all(), "finite scores of a search", scores)
    expect_alike(subject.answers(search.best_estimator_, X), subject.answers(search, X), 0)
    for form in (X, pack(X)):
        targets = pack(y) if subject.role in PER_STEP and form is not X else y
        found = cross_validate(subject.fresh(), form, targets, cv=3, error_score="raise")["test_score"]
        expect(np.isfinite(found).all(), "finite scores of a cross-validation", found)


@promise(_predicts)
def pipelines_work(subject: Model) -> None:
    """The model works at the end of a pipeline, behind steps of the package and of scikit-learn."""
    X, y = subject.data()
    same = FunctionTransformer()  # hands ragged lists through
    steps = [("same", same), *([("scale", SequenceScaler())] if subject.steps == "real" else [])]
    pipeline = fit(Pipeline([*steps, ("model", subject.fresh())]), X, y)
    inputs = SequenceScaler().fit(X).transform(X) if subject.steps == "real" else X
    alone = fit(subject.fresh(), inputs, y)
    expect_alike(subject.answers(alone, inputs), subject.answers(pipeline, X), _WRAPPED)
    score = pipeline.score(X) if y is None else pipeline.score(X, y)
    expect(np.isfinite(score), "a finite score of a pipeline", score)


@promise(lambda subject: _predicts(subject) and subject.steps == "real")
def a_scaler_of_scikit_learn_works_on_arrays(subject: Model) -> None:
    """Behind a StandardScaler the model answers an array as it answers the scaled array."""
    X, y = subject.data()
    table = np.array([x[:3, 0] for x in X])
    targets = [labels[:3] for labels in y] if subject.role in PER_STEP else y
    pipeline = fit(Pipeline([("scale", StandardScaler()), ("model", subject.fresh())]), table, targets)
    scaled = StandardScaler().fit_transform(table)
    alone = fit(subject.fresh(), scaled, targets)
    expect_alike(subject.answers(alone, scaled), subject.answers(pipeline, table), _WRAPPED)


@promise(lambda subject: _predicts(subject) and subject.weighted)
def a_sequence_of_weight_0_is_as_good_as_absent(subject: Model) -> None:
    """A sequence of weight 0 is not trained on."""
    X, y = subject.data()
    weights = np.ones(len(X))
    weights[[2, 5, 6]] = 0
    kept = np.flatnonzero(weights)
    with_zeros = fit(subject.fresh(), X, y, sample_weight=weights)
    without = fit(subject.fresh(), [X[i] for i in kept], None if y is None else [y[i] for i in kept])
    expect_alike(subject.answers(without, X), subject.answers(with_zeros, X), 1e-6)


@promise(lambda subject: subject.role == "step")
def a_step_of_weight_0_is_not_learned(subject: Model) -> None:
    """What a step of weight 0 is labelled does not matter, nor what one of the label to ignore is."""
    X, y = subject.data()
    rng = np.random.default_rng(1)
    weights = [(rng.random(len(x)) < 0.7).astype(float) for x in X]
    other = [np.where(w == 0, "yes", labels) for w, labels in zip(weights, y, strict=True)]
    model = subject.fresh().fit(X, y, sample_weight=weights)
    ours = subject.answers(model, X)
    relabelled = subject.fresh().fit(X, other, pack(weights))
    expect_alike(ours, subject.answers(relabelled, X), _WRAPPED)
    score = model.score(X, y, weights)
    _expect_close(score, model.score(X, other, pack(weights)), "score of the same weights")
    marked = [np.where(w == 0, "skip", labels) for w, labels in zip(weights, y, strict=True)]
    ignoring = subject.fresh().set_params(ignore_label="skip")
    fresh = clone(ignoring)
    ignoring.fit(X, marked)
    names = ignoring.classes_.tolist()
    expect(names == ["no", "yes"], "classes_ without the label to ignore, ['no', 'yes']", names)
    expect_alike(ours, subject.answers(ignoring, X), _WRAPPED)
    _expect_close(score, ignoring.score(X, marked), "score without the steps to ignore")
    found = cross_validate(fresh, X, marked, cv=3, error_score="raise")["test_score"]
    expect(np.isfinite(found).all(), "finite scores of a cross-validation", found)


def _expect_close(expected: float, came: float, what: str) -> None:
    expect(abs(expected - came) <= 1e-6 * abs(expected) + 1e-12, f"a {what} of {expected}", came)


@promise()
def an_unfitted_model_says_so(subject: Model) -> None:
    """Asked before it is fitted, a model raises NotFittedError."""
    X, _ = subject.data()
    fresh = subject.fresh()
    methods = subject.methods(fresh)
    expect(methods, "methods that answer", "none")
    for method in methods:
        expect_error(NotFittedError, "", lambda method=method: getattr(fresh, method)(X))  # type: ignore[misc]  # bound now


@promise()
def errors_name_the_sequence_and_the_step(subject: Model) -> None:
    """Bad input raises a ValueError that names the sequence, the step, and what is wrong there."""
    X, y = subject.data()
    model = fit(subject.fresh(), X, y)
    use = getattr(model, subject.methods(model)[0])
    for bad, message in _spoiled(subject, X, get_tags(model).input_tags.allow_nan):
        expect_error(ValueError, message, lambda bad=bad: fit(subject.fresh(), bad, y))  # type: ignore[misc]  # bound now
        expect_error(ValueError, message, lambda bad=bad: use(bad))  # type: ignore[misc]  # bound now
    if subject.steps == "real":
        expect_error(ValueError, r"2 value\(s\)|2 channel", lambda: use([x[:, :1] for x in X]))
    nonsense: tuple[Any, ...] = ([], "abc", 3)
    for nothing in nonsense:
        expect_error(
            (ValueError, TypeError),
            "",
            lambda nothing=nothing: fit(subject.fresh(), nothing, y),  # type: ignore[misc]  # bound now
        )


def _spoiled(subject: Model, X: list[Values], allow_nan: bool) -> Iterator[tuple[Any, str]]:
    """Yield sequences with one fault each, and what the message must name."""
    yield [*X[:2], X[2][:0], *X[3:]], r"X\[2\] is empty"
    if subject.steps == "mixed":
        yield [*X[:2], X[2][["letter"]], *X[3:]], r"X\[2\] has the channels letter, expected letter, size"
        for bad, name in ((np.nan, "NaN"), (np.inf, "inf"))[allow_nan:]:
            x = X[2].copy()
            x["size"][1] = bad
            yield [*X[:2], x, *X[3:]], rf"X\[2\] contains .*{name}.* at step 1"
        return
    if subject.symbols:
        if subject.steps == "strings":
            yield [*X[:2], np.array([1, 2]), *X[3:]], r"X\[2\] holds whole-number symbols"
        yield [*X[:2], np.array([0.5, 2]), *X[3:]], r"X\[2\] holds real-valued"
        return
    for bad, name in ((np.nan, "NaN"), (np.inf, "inf"))[allow_nan:]:
        x = X[2].copy()
        x[1, ...] = bad
        yield [*X[:2], x, *X[3:]], rf"X\[2\] contains .*{name}.* at step 1"
    yield [*X[:2], np.array(["a", "b"]), *X[3:]], r"X\[2\] holds strings"
    if subject.steps == "counts":
        yield [*X[:2], X[2] + 0.5, *X[3:]], r"expected counts .* X\[2\] has"
        return
    yield [*X[:2], X[2][:, :1], *X[3:]], r"X\[2\] has shape"


@promise(lambda subject: subject.role in ("step", "sequence", "value"))
def targets_are_held_against_the_sequences(subject: Model) -> None:
    """Targets that are missing, too few or too short raise a ValueError that says where."""
    X, y = subject.data()
    few = r"y has 14 (entries|sequences) but X has 15"
    expect_error(ValueError, few, lambda: subject.fresh().fit(X, y[:-1]))
    expect_error(ValueError, "y is None", lambda: subject.fresh().fit(X, None))
    if subject.role == "step":
        short, full = len(X[3]) - 1, len(X[3])
        message = rf"y\[3\] has {short} labels but X\[3\] has {full} steps"
        expect_error(ValueError, message, lambda: subject.fresh().fit(X, [*y[:3], y[3][1:], *y[4:]]))


@promise()
def a_list_is_answered_as_sequences_are(subject: Model) -> None:
    """Fitted to lists or to `Sequences`, a model is the same."""
    X, y = subject.data()
    lists = fit(subject.fresh(), X, y)
    packed = fit(subject.fresh(), pack(X), pack(y) if subject.role in PER_STEP else y)
    ours, others = subject.answers(lists, X), subject.answers(packed, pack(X))
    for method in ours:
        expect_same(ours[method], others[method], f"the answer of {method}", subject.rtol)


PROMISES = (
    answers_come_in_the_container_that_came_in,
    a_list_is_answered_as_sequences_are,
    search_and_validation_work,
    pipelines_work,
    a_scaler_of_scikit_learn_works_on_arrays,
    a_sequence_of_weight_0_is_as_good_as_absent,
    a_step_of_weight_0_is_not_learned,
    an_unfitted_model_says_so,
    errors_name_the_sequence_and_the_step,
    targets_are_held_against_the_sequences,
)
