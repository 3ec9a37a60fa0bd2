"""Classifiers and regressors on windows against plain scikit-learn on rows made by hand."""

import itertools

import numpy as np
import pytest
from scipy.sparse import issparse
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR, LinearSVC

from seqcompare import SequenceScaler, SlidingWindow, WindowClassifier, WindowRegressor
from seqcompare.models.windows.models import pool


@pytest.fixture
def utterances():
    """Ragged real-valued sequences of two channels, a label and a number for each."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 2)) for n in rng.integers(2, 9, size=40)]
    y = np.array(["down", "level", "up"])[np.digitize([x[-1, 0] - x[-2, 0] for x in X], [-0.5, 0.5])]
    return X, y, np.array([x[-1, 0] + 2 * x[-2, 1] for x in X])


def windows_by_hand(x, width):
    """Write the taps of every step of one sequence, and then the marks of taps beyond its start."""
    rows = []
    for t in range(len(x)):
        places = range(t - width + 1, t + 1)
        taps = [x[k] if k >= 0 else np.zeros(2) for k in places]
        rows.append(np.concatenate([*taps, [float(k < 0) for k in places][:-1]]))
    return np.array(rows)


def segments_by_hand(x, n):
    """Return the mean and the spread of each of n parts of one sequence, of one step at least."""
    bounds = [k * len(x) // n for k in range(n + 1)]
    parts = [x[a : max(b, a + 1)] for a, b in itertools.pairwise(bounds)]
    return np.concatenate([np.concatenate([part.mean(axis=0), part.std(axis=0)]) for part in parts])


@pytest.mark.parametrize("n", [1, 3, 12])
def test_segments_are_means_and_spreads_of_equal_parts_however_long(utterances, n):
    X, y, numbers = utterances
    X = [x + 1e6 for x in X]  # spreads of what is far from zero are not lost in squares
    rows = np.array([segments_by_hand(x, n) for x in X])
    model = WindowClassifier(LogisticRegression(), width=n, pooling="segments").fit(X, y)
    np.testing.assert_allclose(model._rows(X), rows, rtol=1e-9, atol=1e-6)
    assert model.n_parameters_ == 3 * (4 * n + 1)
    regressor = WindowRegressor(Ridge(), width=n, pooling="segments").fit(X, numbers)
    np.testing.assert_allclose(regressor.predict(X), Ridge().fit(rows, numbers).predict(rows), rtol=1e-4)


def test_segments_of_symbols_are_their_shares():
    X, y = ["aabb", "ab", "bbbaaa", "ba"], ["up", "up", "down", "down"]
    model = WindowClassifier(width=2, pooling="segments").fit(X, y)
    assert model._rows(X).tolist() == [[1, 0, 0, 1], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 1, 0]]
    assert model.predict(["aaabbb"]).tolist() == ["up"]


def test_segments_are_no_lags_and_have_no_pairs():
    X, y = ["aabb", "ab", "bbbaaa", "ba"], ["up", "up", "down", "down"]
    model = WindowClassifier(width=2, pooling="segments").fit(X, y)
    with pytest.raises(ValueError, match="segments are no lags"):
        model.influence_by_lag()
    with pytest.raises(ValueError, match="segments are no lags"):
        model.permutation_importance_by_lag(X, y)
    with pytest.raises(ValueError, match="pairs=True is of windows"):
        WindowClassifier(width=2, pooling="segments", pairs=True).fit(X, y)


POOLED = {
    "last": lambda rows: rows[-1],
    "mean": lambda rows: rows.mean(axis=0),
    "max": lambda rows: rows.max(axis=0),
}


@pytest.mark.parametrize("pooling", POOLED)
@pytest.mark.parametrize("width", [1, 3, 12])
def test_classes_are_those_of_plain_scikit_learn_on_the_same_rows(utterances, pooling, width):
    X, y, _ = utterances
    weights = np.random.default_rng(1).integers(0, 3, size=len(X))
    rows = np.array([POOLED[pooling](windows_by_hand(x, width)) for x in X])
    exact = LogisticRegression(tol=1e-10, max_iter=1000)
    model = WindowClassifier(exact, width, pooling).fit(X, y, weights)
    plain = exact.fit(rows, y, weights)
    np.testing.assert_allclose(model.predict_proba(X), plain.predict_proba(rows), rtol=1e-6)
    np.testing.assert_allclose(model.predict_log_proba(X), plain.predict_log_proba(rows), atol=1e-6)
    np.testing.assert_allclose(model.decision_function(X), plain.decision_function(rows), atol=1e-6)
    np.testing.assert_array_equal(model.predict(X), plain.predict(rows))
    assert model.score(X, y) == pytest.approx(plain.score(rows, y))
    assert model.n_parameters_ == plain.coef_.size + 3


@pytest.mark.parametrize("pooling", POOLED)
def test_numbers_are_those_of_plain_scikit_learn_on_the_same_rows(utterances, pooling):
    X, _, y = utterances
    weights = np.random.default_rng(1).random(len(X))
    rows = np.array([POOLED[pooling](windows_by_hand(x, 2)) for x in X])
    model = WindowRegressor(width=2, pooling=pooling).fit(X, y, weights)
    plain = Ridge().fit(rows, y, weights)
    np.testing.assert_allclose(model.predict(X), plain.predict(rows), rtol=1e-9)
    assert model.score(X, y) == pytest.approx(plain.score(rows, y))


@pytest.mark.parametrize("pooling", POOLED)
@pytest.mark.parametrize("pairs", [False, True])
def test_symbols_are_pooled_like_their_dense_rows(pooling, pairs):
    X = ["abba", "a", "bab"]
    window = SlidingWindow(before=1, pairs=pairs).fit(X)
    expected = np.array([POOLED[pooling](rows) for rows in window.transform(X)])
    model = WindowClassifier(LogisticRegression(), 2, pooling, pairs=pairs).fit(X, [0, 1, 0])
    np.testing.assert_allclose(model.decision_function(X), model.estimator_.decision_function(expected))


def test_pooled_symbols_stay_sparse():
    window = SlidingWindow().fit(["ab"])
    sequences_of = window._check
    rows, _ = window.rows(["aab", "b"])
    for pooling in ("mean", "max"):
        assert issparse(pool(rows, sequences_of(["aab", "b"]), pooling))


def test_several_labels_at_once(utterances):
    X, _, number = utterances
    indicator = np.stack([number > 0, [len(x) > 5 for x in X]], axis=1).astype(int)
    rows = np.array([windows_by_hand(x, 2)[-1] for x in X])
    net = MLPClassifier((8,), random_state=0, max_iter=20, tol=0, n_iter_no_change=20, solver="adam")
    inner = OneVsRestClassifier(LogisticRegression())
    for estimator in (inner, MultiOutputClassifier(LogisticRegression())):
        model = WindowClassifier(estimator, 2).fit(X, indicator)
        plain = estimator.fit(rows, indicator)
        np.testing.assert_array_equal(model.predict(X), plain.predict(rows))
        np.testing.assert_allclose(model.predict_proba(X), plain.predict_proba(rows), rtol=1e-6)
        assert model.score(X, indicator) == pytest.approx(plain.score(rows, indicator))
    assert net.__sklearn_tags__().classifier_tags.multi_label
    assert WindowClassifier(net).__sklearn_tags__().classifier_tags.multi_label
    with pytest.raises(ValueError, match="must be an indicator matrix of 0 and 1"):
        WindowClassifier().fit(X, indicator + 5)


def test_several_numbers_at_once(utterances):
    X, _, y = utterances
    both = np.stack([y, -y], axis=1)
    model = WindowRegressor(LinearRegression(), width=2, mark_edges=False).fit(X, both)
    np.testing.assert_allclose(model.predict(X), both, atol=1e-9)
    assert WindowRegressor(SVR()).fit(X, y).predict(X).shape == (len(X),)


def test_a_classifier_without_probabilities_is_calibrated(utterances):
    X, y, _ = utterances
    model = WindowClassifier(LinearSVC(), 2).fit(X, y)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(model.classes_[proba.argmax(axis=1)], model.predict(X))
    assert not hasattr(WindowClassifier(LinearSVC(), calibration_cv=None), "predict_proba")


def test_what_was_fitted_rules_until_the_next_fit(utterances):
    X = utterances[0]
    for model in (WindowClassifier(width=2, pooling="mean"), WindowRegressor(width=2, pooling="max")):
        answer = model.fit(X, np.arange(len(X)) % 2).predict(X)
        np.testing.assert_array_equal(model.set_params(width=4, pooling="last").predict(X), answer)


def test_a_pipeline_with_a_scaler_is_searched(utterances):
    X, y, _ = utterances
    pipeline = Pipeline([("scale", SequenceScaler()), ("model", WindowClassifier(LogisticRegression()))])
    search = GridSearchCV(
        pipeline, {"model__width": [1, 2], "model__estimator__C": [1.0, 100.0]}, cv=3, error_score="raise"
    ).fit(X, y)
    assert search.best_params_["model__width"] == 2
    assert search.best_score_ > 0.6
    assert search.predict(X).shape == (len(X),)


def test_a_scaler_of_scikit_learn_works_on_arrays_and_inside():
    rng = np.random.default_rng(0)
    X, y = rng.normal(3, 10, size=(60, 4)), rng.integers(0, 2, size=60)
    X[:, -1] += 20 * y
    outside = Pipeline([("scale", StandardScaler()), ("model", WindowClassifier(width=4))]).fit(X, y)
    inner = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression(max_iter=1000))])
    inside = WindowClassifier(inner, width=4).fit(X, y)
    np.testing.assert_allclose(outside.predict_proba(X), inside.predict_proba(X), rtol=1e-6)
    ragged = [row[i % 3 :] for i, row in enumerate(X)]
    assert WindowClassifier(inner, width=4).fit(ragged, y).score(ragged, y) > 0.7


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"width": 0}, "width"),
        ({"pooling": "median"}, "pooling must be one of"),
        ({"estimator": Ridge()}, "must be a classifier"),
    ],
)
def test_wrong_parameters_are_named(utterances, parameters, message):
    X, y, _ = utterances
    with pytest.raises(ValueError, match=message):
        WindowClassifier(**parameters).fit(X, y)


def test_targets_are_held_against_the_sequences(utterances):
    X, y, number = utterances
    for model, target in ((WindowClassifier(), y), (WindowRegressor(), number)):
        with pytest.raises(ValueError, match="39 entries but X has 40 sequences"):
            model.fit(X, target[:-1])
        with pytest.raises(ValueError, match="target y is None"):
            model.fit(X, None)
