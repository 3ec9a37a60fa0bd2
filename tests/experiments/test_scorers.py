"""Scorers and cross-validated answers against scikit-learn's own metrics on steps laid end to end."""

import numpy as np
import pytest
import sklearn
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score, log_loss, mean_absolute_error, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    cross_validate,
)
from sklearn.model_selection import cross_val_predict as sklearn_cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from seqcompare import (
    Sequences,
    WindowClassifier,
    WindowRegressor,
    WindowTagger,
    cross_val_predict,
    make_scorer,
)


@pytest.fixture
def tagging():
    """Ragged symbols with one of three noisy labels a step, and a weight for each."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 9, size=12)
    X = [rng.integers(0, 3, size=n) for n in lengths]
    y = [np.where(rng.random(len(x)) < 0.7, x, rng.integers(0, 3, size=len(x))) for x in X]
    weights = [rng.integers(0, 3, size=n).astype(float) for n in lengths]
    return X, y, weights


@pytest.mark.parametrize(
    ("score_func", "kwargs", "on_flat"),
    [
        ("f1_macro", {}, lambda y, _, hard: f1_score(y, hard, average="macro")),
        (f1_score, {"average": "weighted"}, lambda y, _, hard: f1_score(y, hard, average="weighted")),
        ("neg_log_loss", {}, lambda y, p, _: -log_loss(y, p)),
        (
            log_loss,
            {"response_method": "predict_proba", "greater_is_better": False},
            lambda y, p, _: -log_loss(y, p),
        ),
        ("roc_auc_ovr", {}, lambda y, p, _: roc_auc_score(y, p, multi_class="ovr")),
        ("accuracy", {}, lambda y, _, hard: np.mean(y == hard)),
    ],
)
def test_steps_are_scored_end_to_end(tagging, score_func, kwargs, on_flat):
    X, y, _ = tagging
    model = WindowTagger(before=1).fit(X, y)
    flat = np.concatenate
    expected = on_flat(flat(y), flat(model.predict_proba(X)), flat(model.predict(X)))
    scorer = make_scorer(score_func, **kwargs)
    assert scorer(model, X, y) == pytest.approx(expected, rel=1e-12)
    in_sequences = Sequences(X), Sequences(y)
    assert scorer(model, *in_sequences) == pytest.approx(expected, rel=1e-12)


def test_weights_and_ignored_steps_count_as_said(tagging):
    X, y, weights = tagging
    flat = np.concatenate
    model = WindowTagger(before=1, ignore_label=2).fit(X, y)
    kept = flat(y) != 2
    hard = flat(model.predict(X))
    assert make_scorer("accuracy")(model, X, y) == pytest.approx(np.mean(flat(y)[kept] == hard[kept]))
    assert make_scorer("accuracy")(model, X, y) == pytest.approx(model.score(X, y))
    weighted = make_scorer("accuracy")(model, X, y, sample_weight=weights)
    assert weighted == pytest.approx(np.average((flat(y) == hard)[kept], weights=flat(weights)[kept]))
    plain = WindowTagger(before=1).fit(X, y)
    hard = flat(plain.predict(X))
    only_0 = make_scorer("accuracy", ignore_label=1)(plain, X, y)
    assert only_0 == pytest.approx(np.mean((flat(y) == hard)[flat(y) != 1]))
    with pytest.raises(ValueError, match="no step is left to score"):
        make_scorer("accuracy", ignore_label=0)(plain, X[:1], [np.zeros(len(X[0]), dtype=int)])


def test_a_fold_without_all_classes_has_a_finite_log_loss(tagging):
    X, y, _ = tagging
    model = WindowTagger(before=1).fit(X, y)
    few = [np.zeros_like(y[0])]
    expected = np.mean(np.log(model.predict_proba(X[:1])[0][:, 0]))
    assert make_scorer("neg_log_loss")(model, X[:1], few) == pytest.approx(expected, rel=1e-12)
    narrow = WindowTagger().fit(X, [np.minimum(labels, 1) for labels in y])
    assert narrow.classes_.tolist() == [0, 1]
    unseen = make_scorer("neg_log_loss")(narrow, X[:1], [np.full_like(y[0], 2)])
    assert np.isfinite(unseen)
    assert unseen < -10


def test_whole_sequences_are_scored_as_by_scikit_learn():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 4)), rng.integers(0, 3, size=30)
    weights = rng.random(30)
    model = WindowClassifier(width=4).fit(X, y)
    for name in ("accuracy", "f1_macro", "neg_log_loss"):
        theirs = sklearn.metrics.get_scorer(name)
        assert make_scorer(name)(model, X, y) == pytest.approx(theirs(model, X, y))
        ours = make_scorer(name)(model, X, y, sample_weight=weights)
        assert ours == pytest.approx(theirs(model, X, y, sample_weight=weights))
    regressor = WindowRegressor(width=4).fit(X, y)
    scorer = make_scorer(mean_absolute_error, greater_is_better=False)
    assert scorer(regressor, X, y) == pytest.approx(-mean_absolute_error(y, regressor.predict(X)))


def test_the_positive_class_of_two_is_the_second(tagging):
    X, y, _ = tagging
    two = [np.minimum(labels, 1) for labels in y]
    model = WindowTagger(LinearSVC(), before=1).fit(X, two)
    proba = np.concatenate(model.predict_proba(X))[:, 1]
    expected = roc_auc_score(np.concatenate(two), proba)
    assert make_scorer("roc_auc")(model, X, two) == pytest.approx(expected)


def test_scorers_work_in_searches_and_validation(tagging):
    X, y, _ = tagging
    search = GridSearchCV(
        WindowTagger(LogisticRegression()),
        {"before": [0, 2], "estimator__C": [0.1, 10.0]},
        scoring=make_scorer("f1_macro"),
        cv=3,
    ).fit(X, y)
    train, test = next(KFold(3).split(X))
    model = WindowTagger(LogisticRegression(C=0.1)).fit([X[i] for i in train], [y[i] for i in train])
    hard = np.concatenate(model.predict([X[i] for i in test]))
    expected = f1_score(np.concatenate([y[i] for i in test]), hard, average="macro")
    first = search.cv_results_["params"].index({"before": 0, "estimator__C": 0.1})
    assert search.cv_results_["split0_test_score"][first] == pytest.approx(expected)
    assert make_scorer("accuracy")(search, X, y) == pytest.approx(search.best_estimator_.score(X, y))
    result = cross_validate(
        WindowTagger(),
        X,
        y,
        scoring={"f1": make_scorer("f1_macro"), "loss": make_scorer("neg_log_loss")},
        cv=3,
        error_score="raise",
    )
    assert result["test_f1"][0] == pytest.approx(
        make_scorer("f1_macro")(
            WindowTagger().fit([X[i] for i in train], [y[i] for i in train]),
            [X[i] for i in test],
            [y[i] for i in test],
        )
    )
    assert np.isfinite(result["test_loss"]).all()


def test_a_search_over_a_pipeline_still_ignores_what_the_tagger_ignores(tagging):
    X, y, _ = tagging
    pipeline = Pipeline([("tag", WindowTagger(before=1, ignore_label=2))]).fit(X, y)
    assert make_scorer("accuracy")(pipeline, X, y) == pytest.approx(pipeline.score(X, y))


def test_step_weights_reach_scorers_through_metadata_routing(tagging):
    X, y, weights = tagging
    with sklearn.config_context(enable_metadata_routing=True):
        model = WindowTagger(before=1).set_fit_request(sample_weight=True)
        scorer = make_scorer("accuracy").set_score_request(sample_weight=True)
        result = cross_validate(model, X, y, scoring=scorer, cv=3, params={"sample_weight": weights})
    for k, (train, test) in enumerate(KFold(3).split(X)):
        fitted = WindowTagger(before=1).fit(
            [X[i] for i in train], [y[i] for i in train], [weights[i] for i in train]
        )
        expected = fitted.score([X[i] for i in test], [y[i] for i in test], [weights[i] for i in test])
        assert result["test_score"][k] == pytest.approx(expected)


def test_names_are_checked_and_come_without_parameters():
    with pytest.raises(ValueError, match="no_such"):
        make_scorer("no_such")
    with pytest.raises(ValueError, match="has its parameters already"):
        make_scorer("f1_macro", average="micro")
    assert repr(make_scorer(f1_score, average="macro")) == "make_scorer(f1_score, average='macro')"


def end_to_end(parts):
    return Sequences.from_concatenated(np.concatenate(parts), [len(part) for part in parts])


@pytest.mark.parametrize("container", [list, end_to_end])
def test_held_out_answers_per_step_come_back_in_order(tagging, container):
    X, y, weights = tagging
    cv = KFold(4, shuffle=True, random_state=1)
    X, y = container(X), container(y)
    answer = cross_val_predict(
        WindowTagger(before=1), X, y, cv=cv, method="predict_proba", params={"sample_weight": weights}
    )
    assert type(answer) is type(X)
    for train, test in cv.split(weights):
        model = WindowTagger(before=1).fit(
            [X[i] for i in train], [y[i] for i in train], [weights[i] for i in train]
        )
        for i in test:
            np.testing.assert_allclose(answer[i], model.predict_proba([X[i]])[0], rtol=1e-12)


def test_held_out_answers_per_sequence_are_scikit_learns():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.integers(0, 2, size=20)
    pipeline = Pipeline([("scale", StandardScaler()), ("model", WindowClassifier(width=3))])
    for method in ("predict", "predict_proba"):
        ours = cross_val_predict(pipeline, X, y, method=method)
        np.testing.assert_array_equal(ours, sklearn_cross_val_predict(pipeline, X, y, method=method))
    numbers = cross_val_predict(WindowRegressor(Ridge(), width=3), X, y, cv=4)
    np.testing.assert_array_equal(
        numbers, sklearn_cross_val_predict(WindowRegressor(Ridge(), width=3), X, y, cv=4)
    )


def test_columns_of_folds_that_missed_a_class_are_aligned():
    X = [[0, 1], [1, 0], [0, 1], [2, 0]]
    y = [["a", "b"], ["b", "a"], ["a", "b"], ["c", "a"]]
    answer = cross_val_predict(WindowTagger(), X, y, cv=2, method="predict_proba")
    model = WindowTagger().fit(X[:2], y[:2])
    np.testing.assert_allclose(answer[3][:, :2], model.predict_proba(X[3:])[0])
    assert answer[3][:, 2].tolist() == [0, 0]
    assert answer[0].shape == (2, 3)


def test_groups_stay_together_and_every_sequence_is_held_out_once(tagging):
    X, y, _ = tagging
    groups = np.arange(len(X)) % 3
    answer = cross_val_predict(WindowTagger(before=1), X, y, cv=GroupKFold(3), groups=groups)
    train = [i for i in range(len(X)) if groups[i] != 0]
    model = WindowTagger(before=1).fit([X[i] for i in train], [y[i] for i in train])
    np.testing.assert_array_equal(answer[0], model.predict([X[0]])[0])
    with pytest.raises(ValueError, match="each of the 12 sequences exactly once"):
        cross_val_predict(WindowTagger(), X, y, cv=ShuffleSplit(2, random_state=0))
