"""Taggers on windows against plain scikit-learn on rows made by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import SVC, LinearSVC
from windows_by_hand import rows_by_hand

from seqcompare import Sequences, WindowTagger
from seqcompare.models.windows.fit import assign_folds, best_temperature, fit_temperature


@pytest.fixture
def tagging():
    """Ragged symbols; the label is the previous one, but for some noise; weights of 0, 1 and 2."""
    rng = np.random.default_rng(0)
    X, y, weights = [], [], []
    for n in rng.integers(2, 12, size=30):
        x = rng.integers(0, 3, size=n)
        labels = np.where(rng.random(n) < 0.8, np.roll(x, 1), rng.integers(0, 3, size=n))
        X.append(x)
        y.append(np.array(["lo", "mid", "hi"])[labels])
        weights.append(rng.integers(0, 3, size=n).astype(float))
    return X, y, weights


@pytest.mark.parametrize("inner", [LogisticRegression(), GaussianNB(), KNeighborsClassifier(3)])
@pytest.mark.parametrize("reach", [(0, 0), (2, 0), (1, 2), (15, 0)])
def test_answers_are_those_of_plain_scikit_learn_on_the_same_rows(tagging, inner, reach):
    X, y, _ = tagging
    rows = rows_by_hand(X, *reach, [0, 1, 2])
    plain = inner.fit(rows, np.concatenate(y))
    model = WindowTagger(inner, *reach).fit(X, y)
    np.testing.assert_array_equal(model.classes_, ["hi", "lo", "mid"])
    np.testing.assert_array_equal(np.concatenate(model.predict(X)), plain.predict(rows))
    np.testing.assert_allclose(np.concatenate(model.predict_proba(X)), plain.predict_proba(rows), rtol=1e-7)
    assert model.score(X, y) == pytest.approx(plain.score(rows, np.concatenate(y)))
    assert model.causal == (reach[1] == 0)


def test_real_valued_steps_agree_too(tagging):
    _, y, weights = tagging
    rng = np.random.default_rng(1)
    X = [rng.normal(size=(len(labels), 2)) for labels in y]
    model = WindowTagger(LogisticRegression(), before=1, mark_edges=False).fit(X, y, weights)
    rows = np.concatenate([np.hstack([np.vstack([np.zeros((1, 2)), x[:-1]]), x]) for x in X])
    plain = LogisticRegression().fit(rows, np.concatenate(y), np.concatenate(weights))
    np.testing.assert_allclose(np.concatenate(model.predict_proba(X)), plain.predict_proba(rows), rtol=1e-6)


def test_weights_of_steps_and_sequences_reach_the_inner_estimator(tagging):
    X, y, weights = tagging
    rows, flat = rows_by_hand(X, 1, 0, [0, 1, 2]), np.concatenate(y)
    for given, per_step in [
        (weights, np.concatenate(weights)),
        (np.arange(len(X)), np.repeat(np.arange(len(X)), [len(x) for x in X])),
    ]:
        plain = LogisticRegression(tol=1e-10, max_iter=1000).fit(rows, flat, per_step)
        model = WindowTagger(LogisticRegression(tol=1e-10, max_iter=1000), before=1).fit(X, y, given)
        np.testing.assert_allclose(
            np.concatenate(model.predict_proba(X)), plain.predict_proba(rows), rtol=1e-6
        )


def test_a_pipeline_gets_weights_at_its_last_step(tagging):
    X, y, weights = tagging
    inner = make_pipeline(MaxAbsScaler(), LogisticRegression())
    model = WindowTagger(inner, before=1).fit(X, y, weights)
    alone = WindowTagger(LogisticRegression(), before=1).fit(X, y, weights)
    np.testing.assert_allclose(
        np.concatenate(model.predict_proba(X)), np.concatenate(alone.predict_proba(X)), rtol=1e-6
    )


def test_weights_of_0_and_1_suit_estimators_that_take_none(tagging):
    X, y, weights = tagging
    model = WindowTagger(KNeighborsClassifier(1), before=1)
    only = [np.minimum(w, 1) for w in weights]
    kept = np.concatenate(only) > 0
    rows = rows_by_hand(X, 1, 0, [0, 1, 2])
    plain = KNeighborsClassifier(1).fit(rows[kept], np.concatenate(y)[kept])
    np.testing.assert_array_equal(np.concatenate(model.fit(X, y, only).predict(X)), plain.predict(rows))
    with pytest.raises(ValueError, match=r"KNeighborsClassifier.fit takes none"):
        model.fit(X, y, weights)


def test_ignored_steps_are_neither_learned_nor_scored(tagging):
    X, y, _ = tagging
    model = WindowTagger(before=1, ignore_label="mid").fit(X, y)
    weights = [(labels != "mid").astype(float) for labels in y]
    same = WindowTagger(before=1).fit(X, y, weights)
    assert model.classes_.tolist() == ["hi", "lo"]
    np.testing.assert_array_equal(np.concatenate(model.predict(X)), np.concatenate(same.predict(X)))
    assert model.score(X, y) == pytest.approx(same.score(X, y, weights))
    with pytest.raises(ValueError, match="no step is left to train on"):
        WindowTagger(ignore_label="mid").fit(X[:1], [np.full(len(X[0]), "mid")])


def test_class_weights_and_inner_parameters_pass_through(tagging):
    X, y, _ = tagging
    model = WindowTagger(LogisticRegression()).set_params(
        estimator__class_weight="balanced", estimator__C=3.0
    )
    model.fit(X, y)
    assert (model.estimator_.C, model.estimator_.class_weight) == (3.0, "balanced")
    assert model.estimator is not model.estimator_


@pytest.mark.parametrize("inner", [LinearSVC(), SVC()])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_decision_values_are_calibrated_on_whole_sequences(tagging, inner, n_classes):
    X, y, _ = tagging
    codes = [np.unique(["hi", "lo", "mid"]).searchsorted(labels) % n_classes for labels in y]
    model = WindowTagger(inner, before=1, calibration_cv=3).fit(X, codes)
    rows, flat = rows_by_hand(X, 1, 0, [0, 1, 2]), np.concatenate(codes)
    groups = np.repeat(np.arange(len(X)), [len(x) for x in X])
    fold = assign_folds(flat, groups, 3)
    splits = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
    for train, test in splits:
        assert not set(groups[train]) & set(groups[test])
    theirs = CalibratedClassifierCV(inner, method="temperature", cv=splits, ensemble=False).fit(rows, flat)
    # ours softens the targets a little
    np.testing.assert_allclose(
        np.concatenate(model.predict_proba(X)), theirs.predict_proba(rows), rtol=0.02, atol=5e-3
    )
    np.testing.assert_array_equal(np.concatenate(model.predict(X)), inner.fit(rows, flat).predict(rows))


def test_the_temperature_is_the_best_one_on_held_out_sequences(tagging):
    X, y, weights = tagging
    rows, flat = rows_by_hand(X, 1, 0, [0, 1, 2]), np.concatenate(y)
    share, groups = np.concatenate(weights) + 1, np.repeat(np.arange(len(X)), [len(x) for x in X])
    found = fit_temperature(LinearSVC(), rows, flat, share, groups, 4)
    codes = np.unique(flat, return_inverse=True)[1]
    fold = assign_folds(codes, groups, 4)
    held_out = np.zeros((len(flat), 3))
    for k in range(4):
        train, test = fold != k, fold == k
        plain = LinearSVC().fit(rows[train], flat[train], share[train])
        held_out[test] = plain.decision_function(rows[test])
    n = len(flat)
    target = np.full((n, 3), 1 / (n + 2))
    target[np.arange(n), codes] = (n + 1) / (n + 2)

    def loss(temperature):
        return -np.sum(share[:, None] * target * np.log(softmax(held_out / temperature, axis=1)))

    grid = found * np.exp(np.linspace(-0.5, 0.5, 101))
    assert np.argmin([loss(temperature) for temperature in grid]) == 50


def test_calibrated_probabilities_beat_squashed_decisions(tagging):
    X, y, _ = tagging
    half = len(X) // 2
    model = WindowTagger(LinearSVC(C=100.0), before=1).fit(X[:half], y[:half])
    truth = np.concatenate(y[half:])
    calibrated = log_loss(truth, np.concatenate(model.predict_proba(X[half:])))
    rows = rows_by_hand(X, 1, 0, [0, 1, 2])[sum(map(len, X[:half])) :]
    assert calibrated < log_loss(truth, softmax(model.estimator_.decision_function(rows), axis=1))


@pytest.mark.parametrize(
    ("n_sequences", "length", "n_fits"),
    # of folds of a third: 1,000 rows of 20 sequences; too few rows; too few sequences; neither enough
    [(60, 50, 1), (63, 47, 2), (39, 100, 2), (30, 20, 3)],
)
def test_folds_are_fitted_until_enough_is_held_out(n_sequences, length, n_fits):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, n_sequences * length)
    rows = codes[:, None] + rng.normal(size=(len(codes), 2))
    groups = np.repeat(np.arange(n_sequences), length)
    fold = assign_folds(codes, groups, 3)
    values, fitted = np.zeros((len(codes), 2)), []
    for k in range(n_fits):
        plain = LinearSVC(random_state=0).fit(rows[fold != k], codes[fold != k])
        values[fold == k, 1] = plain.decision_function(rows[fold == k])

    class Counted(LinearSVC):
        def fit(self, X, y, sample_weight=None):
            fitted.append(len(X))
            return super().fit(X, y, sample_weight)

    found = fit_temperature(Counted(random_state=0), rows, codes, np.ones(len(codes)), groups, 3)
    assert fitted == [len(codes) * 2 // 3] * n_fits
    seen = fold < n_fits
    expected = best_temperature(values[seen], codes[seen], np.ones(seen.sum()), 1 / (seen.sum() + 2))
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_class_of_one_sequence_does_not_stop_calibration():
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 3, size=8) for _ in range(9)]
    y = [np.minimum(x, 1) for x in X]
    y[4] = np.where(X[4] == 2, 7, y[4])
    proba = WindowTagger(LinearSVC()).fit(X, y).predict_proba(X)
    assert np.isfinite(np.concatenate(proba)).all()


@pytest.mark.parametrize("n_classes", [3, 4])
def test_values_of_pairs_of_classes_are_not_taken_for_those_of_classes(n_classes):
    rng = np.random.default_rng(0)
    X = [rng.integers(0, n_classes, size=20) for _ in range(9)]
    for inner in (SVC(decision_function_shape="ovo"), make_pipeline(MaxAbsScaler(), SVC())):
        inner.set_params(**{name: "ovo" for name in inner.get_params() if name.endswith("function_shape")})
        proba = np.concatenate(WindowTagger(inner).fit(X, X).predict_proba(X))
        theirs = np.concatenate(WindowTagger(SVC()).fit(X, X).predict_proba(X))
        np.testing.assert_array_equal(proba.argmax(axis=1), np.concatenate(X))
        np.testing.assert_allclose(proba, theirs)
    inner = SVC(decision_function_shape="ovo")
    model = WindowTagger(inner, calibration_cv=None).fit(X, X)
    assert model.estimator_.decision_function_shape == "ovo"


def test_calibration_wants_a_value_for_each_class():
    X = [np.arange(12) % 4, np.arange(11) % 4] * 3
    pairs = GridSearchCV(SVC(), {"decision_function_shape": ["ovo"]}, cv=2)
    with pytest.raises(ValueError, match="each of the 4 classes, but GridSearchCV gives 6"):
        WindowTagger(pairs).fit(X, X)


def test_what_was_fitted_rules_until_the_next_fit(tagging):
    X, y, _ = tagging
    model = WindowTagger(LinearSVC(), before=1).fit(X, y)
    before = model.predict_proba(X)
    model.set_params(before=3, after=2, pairs=True, mark_edges=False, dtype="float32", calibration_cv=None)
    np.testing.assert_array_equal(np.concatenate(model.predict_proba(X)), np.concatenate(before))
    assert model.causal
    assert not model.fit(X, y).causal
    assert not hasattr(model, "predict_proba")
    assert not model.set_params(after=0).causal


def test_calibration_needs_sequences_and_can_be_left_out(tagging):
    X, y, _ = tagging
    with pytest.raises(ValueError, match=r"1 sequence\(s\).*calibration_cv=None"):
        WindowTagger(LinearSVC()).fit(X[-1:], y[-1:])
    model = WindowTagger(LinearSVC(), calibration_cv=None).fit(X[-1:], y[-1:])
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "predict_log_proba")
    assert len(model.predict(X)) == len(X)


def test_an_unknown_symbol_is_a_row_without_it(tagging):
    X, y, _ = tagging
    model = WindowTagger(LogisticRegression(), before=1).fit(X, y)
    proba = model.predict_proba([[0, 99]])[0][1]
    row = np.zeros((1, 7))
    row[0, 0] = 1  # t-1=0; of t, nothing
    np.testing.assert_allclose(proba, model.estimator_.predict_proba(row)[0])


def test_pairs_let_a_linear_model_see_two_steps_act_together():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(40, 12))
    y = X ^ np.roll(X, 2, axis=1)
    weights = np.ones(X.shape)
    weights[:, :2] = 0
    assert WindowTagger(before=2).fit(X, y, weights).score(X, y, weights) < 0.65
    assert WindowTagger(before=2, pairs=True).fit(X, y, weights).score(X, y, weights) == 1


def test_partial_fit_is_that_of_the_inner_estimator(tagging):
    X, y, weights = tagging
    rows, flat = csr_matrix(rows_by_hand(X, 1, 0, [0, 1, 2])), np.concatenate(y)
    model = WindowTagger(SGDClassifier(loss="log_loss", random_state=0), before=1)
    plain = SGDClassifier(loss="log_loss", random_state=0)
    weights = [w + 1 for w in weights]
    bounds, names = np.cumsum([0, *map(len, X)]), np.unique(flat)
    for a, b in [(0, 10), (10, 30)]:
        model.partial_fit(
            X[a:b], y[a:b], classes=names.astype(object), sample_weight=weights[a:b], symbols=[0, 1, 2]
        )
        part = slice(bounds[a], bounds[b])
        share = np.concatenate(weights[a:b])
        plain.partial_fit(rows[part], flat[part], classes=names, sample_weight=share)
    assert model.classes_.dtype == names.dtype
    np.testing.assert_allclose(np.concatenate(model.predict_proba(X)), plain.predict_proba(rows), rtol=1e-9)
    assert model.n_parameters_ == 3 * 7 + 3
    with pytest.raises(ValueError, match="needs classes"):
        WindowTagger(SGDClassifier()).partial_fit(X, y)
    assert not hasattr(WindowTagger(LogisticRegression()), "partial_fit")


@pytest.mark.parametrize("kind", ["symbols", "real"])
def test_long_data_are_answered_in_parts(tagging, kind, monkeypatch):
    X, y, _ = tagging
    X = X if kind == "symbols" else [x + np.linspace(0, 1, len(x)) for x in X]
    model = WindowTagger(SGDClassifier(loss="log_loss", random_state=0), before=2, after=1).fit(X, y)
    whole = np.concatenate(model.predict_proba(X))
    monkeypatch.setattr("seqcompare.models.windows.tagger.CHUNK", 7)
    np.testing.assert_allclose(np.concatenate(model.predict_proba(X)), whole, rtol=1e-12)
    one = np.concatenate(X)
    np.testing.assert_array_equal(model.predict([one])[0][:20], model.predict([one[:21]])[0][:20])
    parts = WindowTagger(SGDClassifier(random_state=0), before=2).partial_fit(X, y, classes=model.classes_)
    by_hand = WindowTagger(SGDClassifier(random_state=0), before=2)
    n_steps = sum(map(len, X))
    for a in range(0, n_steps, 7):
        inside = np.zeros(n_steps)
        inside[a : a + 7] = 1
        weights = Sequences.from_concatenated(inside, [len(x) for x in X])
        by_hand.partial_fit(X, y, classes=model.classes_, sample_weight=weights)
    np.testing.assert_array_equal(parts.estimator_.coef_, by_hand.estimator_.coef_)


@pytest.mark.parametrize(
    ("inner", "count"),
    [
        (LogisticRegression(), 3 * 7 + 3),
        (LinearSVC(), 3 * 7 + 3),
        (make_pipeline(MaxAbsScaler(), LogisticRegression()), 3 * 7 + 3 + 7),
        (SVC(kernel="linear"), 3 * 7 + 3),
    ],
)
def test_parameters_are_counted(tagging, inner, count):
    X, y, _ = tagging
    assert WindowTagger(inner, before=1, calibration_cv=None).fit(X, y).n_parameters_ == count


def test_support_vectors_and_trees_count_and_neighbours_do_not_say(tagging):
    X, y, _ = tagging
    forest = WindowTagger(RandomForestClassifier(3, random_state=0)).fit(X, y)
    nodes = sum(tree.tree_.node_count for tree in forest.estimator_.estimators_)
    assert forest.n_parameters_ == nodes * (2 + 3)  # a column, a threshold and a value for each class
    machine = WindowTagger(SVC(), before=1, calibration_cv=None).fit(X, y)
    n_support = len(machine.estimator_.support_)
    assert machine.n_parameters_ == n_support * 7 + 2 * n_support + 3
    assert np.isnan(WindowTagger(KNeighborsClassifier()).fit(X, y).n_parameters_)


def test_wide_rows_stay_sparse_and_agree_with_dense_ones():
    rng = np.random.default_rng(0)
    X = [rng.integers(0, 50, size=20) for _ in range(10)]
    y = [x % 2 for x in X]
    model = WindowTagger(before=1).fit(X, y)
    assert not model.dense_
    rows = rows_by_hand(X, 1, 0, np.unique(np.concatenate(X)))
    plain = LogisticRegression(max_iter=1000).fit(rows, np.concatenate(y))
    np.testing.assert_allclose(model.estimator_.coef_, plain.coef_, rtol=1e-6, atol=1e-9)
    assert WindowTagger(GaussianNB(), before=1).fit(X, y).dense_


def test_float32_rows_give_the_same_answer_at_their_precision(tagging):
    X, y, _ = tagging
    wide = WindowTagger(LogisticRegression(tol=1e-8), before=1).fit(X, y)
    narrow = WindowTagger(LogisticRegression(tol=1e-8), before=1, dtype="float32").fit(X, y)
    assert narrow._rows(narrow.window_.layout_.base(Sequences(X))).dtype == np.float32
    np.testing.assert_allclose(
        np.concatenate(narrow.predict_proba(X)), np.concatenate(wide.predict_proba(X)), rtol=1e-3
    )


def test_a_regressor_is_not_taken_for_a_classifier(tagging):
    X, y, _ = tagging
    with pytest.raises(ValueError, match="must be a classifier, got the regressor Ridge"):
        WindowTagger(Ridge()).fit(X, y)


def test_labels_may_come_in_another_container(tagging):
    X, y, _ = tagging
    lengths = [len(x) for x in X]
    labels = Sequences.from_concatenated(np.concatenate(y), lengths)
    model = WindowTagger(before=1).fit(X, labels)
    np.testing.assert_array_equal(
        np.concatenate(model.predict(X)), np.concatenate(WindowTagger(before=1).fit(X, y).predict(X))
    )


@pytest.mark.parametrize(
    "inner",
    [
        OneVsRestClassifier(LogisticRegression()),
        MultiOutputClassifier(LogisticRegression()),
        KNeighborsClassifier(5),
    ],
)
def test_several_labels_a_step(tagging, inner):
    X, _, weights = tagging
    y = [np.stack([x > 0, np.roll(x, 1) == 2, np.zeros(len(x))], axis=1).astype(int) for x in X]
    y[0][0, 2] = 1
    weights = [np.minimum(w, 1) for w in weights]
    weights[0][0] = 1
    model = WindowTagger(inner, before=1).fit(X, y, weights)
    rows, kept = rows_by_hand(X, 1, 0, [0, 1, 2]), np.concatenate(weights) > 0
    plain = inner.fit(rows[kept], np.concatenate(y)[kept])
    np.testing.assert_array_equal(np.concatenate(model.predict(X)), plain.predict(rows))
    proba = plain.predict_proba(rows)
    if isinstance(proba, list):
        proba = np.stack([part[:, 1] for part in proba], axis=1)
    np.testing.assert_allclose(np.concatenate(model.predict_proba(X)), proba, rtol=1e-9)
    expected = plain.score(rows[kept], np.concatenate(y)[kept])
    assert model.score(X, y, weights) == pytest.approx(expected)
    lengths = [len(x) for x in X]
    ours = model.predict(Sequences.from_concatenated(np.concatenate(X), lengths))
    np.testing.assert_array_equal(ours.values, np.concatenate(model.predict(X)))
    assert model.score(X, ours.with_values(np.concatenate(y)), weights) == pytest.approx(expected)


def test_several_labels_a_step_are_checked(tagging):
    X, _, _ = tagging
    y = [np.stack([x > 0, x > 1], axis=1).astype(int) for x in X]
    model = WindowTagger(OneVsRestClassifier(LogisticRegression()))
    with pytest.raises(ValueError, match=r"y has 29 sequences but X has 30"):
        model.fit(X, y[1:])
    with pytest.raises(ValueError, match=rf"y\[2\] has shape \({len(X[2]) - 1}, 2\), expected"):
        model.fit(X, [*y[:2], y[2][1:], *y[3:]])
    with pytest.raises(ValueError, match=r"y\[2\] has several columns and must be an indicator matrix"):
        model.fit(X, [*y[:2], y[2] + 1, *y[3:]])


def test_a_table_of_another_width_has_no_score_of_several_labels():
    X, y = np.array([[0, 1, 1], [1, 0, 1]] * 3), np.ones((6, 3, 2), dtype=int)
    y[:, :, 0] = X
    model = WindowTagger(KNeighborsClassifier(1)).fit(X, y)
    with pytest.raises(ValueError, match="X has 2 features, but WindowTagger is expecting 3"):
        model.score(X[:, :2], y[:, :2])
