"""The standard models on windows, and what each can and cannot tell apart."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_approximation import Nystroem
from sklearn.svm import SVC, LinearSVC

from seqcompare import WindowTagger
from seqcompare.models.windows.standard import (
    RBFSVM,
    STANDARD,
    ApproximationWarning,
    standard_classifier,
)
from seqcompare.tasks import DelayedXor, Echo


def skill(task, model, n_train=60, length=48, seed=0):
    """Return how far above guessing the model is, 1 at the optimum, on sequences it was not fitted on."""
    train, test = task.sample(n_train, length, [seed, 0]), task.sample(100, length, [seed, 1])
    model.fit(train.X, train.y, train.sample_weight)
    score = model.score(test.X, test.y, test.sample_weight)
    return (score - task.chance_score) / (task.optimal_score - task.chance_score)


@pytest.mark.parametrize("distance", [1, 4, 8])
@pytest.mark.parametrize("name", ["logistic", "linear-svm"])
def test_xor_is_beyond_linear_models_at_every_width(name, distance):
    # the best linear rule is a tie, and streams that come in fours leave nothing to break it by chance
    for before in (0, distance, distance + 4):
        model = WindowTagger(standard_classifier(name), before=before, calibration_cv=None)
        skills = [skill(DelayedXor(distance), model, n_train=20, seed=seed) for seed in range(20)]
        assert np.abs(skills).max() < 1e-9


@pytest.mark.parametrize("distance", [1, 8])
@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("rbf-svm", {}),
        ("rbf-svm", {"approximate": True}),
        ("mlp", {}),
        ("mlp", {"activation": "tanh"}),
        ("mlp", {"activation": "logistic"}),
    ],
)
def test_xor_is_learned_once_the_window_reaches_back_far_enough(distance, name, params):
    inner = standard_classifier(name, random_state=0, **params)
    reaching = WindowTagger(inner, before=distance, calibration_cv=None)
    assert skill(DelayedXor(distance), reaching) >= 0.95
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # there is nothing to converge to
        short = WindowTagger(inner, before=distance - 1, calibration_cv=None)
        assert abs(skill(DelayedXor(distance), short, n_train=20)) < 0.15


@pytest.mark.parametrize("name", ["logistic", "linear-svm", "rbf-svm"])
def test_what_is_still_to_come_takes_a_window_that_looks_ahead(name):
    inner = standard_classifier(name)
    assert skill(Echo(distance=-3), WindowTagger(inner, after=3, calibration_cv=None)) == 1
    blind = WindowTagger(inner, before=6, after=2, calibration_cv=None)
    assert abs(skill(Echo(distance=-3), blind)) < 0.15


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = (rng.random((300, 12)) < 0.3).astype(float)
    return X, X[:, 0].astype(int) ^ X[:, 5].astype(int)


def test_few_rows_are_fitted_exactly(rows):
    X, y = rows
    for form in (np.asarray, csr_matrix):
        for gamma in ("scale", "auto", 0.3):
            machine = RBFSVM(gamma=gamma).fit(form(X), y)
            assert machine.exact_
            plain = SVC(gamma=gamma).fit(X, y)
            np.testing.assert_allclose(machine.decision_function(form(X)), plain.decision_function(X))


def test_many_rows_are_approximated_and_it_says_so(rows):
    X, y = rows
    with pytest.warns(ApproximationWarning, match="300 rows are more than 200.*300 Nystroem features"):
        machine = RBFSVM(max_exact_rows=200, random_state=0).fit(X, y)
    assert not machine.exact_
    gamma = 1 / (12 * X.var())
    features = Nystroem(gamma=gamma, n_components=300, random_state=0).fit(X)
    plain = LinearSVC(dual=False).fit(features.transform(X), y)
    expected = plain.decision_function(features.transform(X))
    np.testing.assert_allclose(machine.decision_function(X), expected, rtol=1e-6)
    sparse = RBFSVM(approximate=True, random_state=0).fit(csr_matrix(X), y)
    np.testing.assert_allclose(sparse.decision_function(csr_matrix(X)), expected, rtol=1e-4)
    # all rows are features: the kernel is exact, and so the answers are nearly those of the exact machine
    assert np.mean(machine.predict(X) == SVC().fit(X, y).predict(X)) > 0.95


def test_the_choice_is_left_to_the_user(rows):
    X, y = rows
    assert RBFSVM(approximate=False, max_exact_rows=10).fit(X, y).exact_
    assert not RBFSVM(approximate=True).fit(X, y).exact_
    with pytest.raises(ValueError, match="approximate must be"):
        RBFSVM(approximate="yes").fit(X, y)


@pytest.mark.parametrize(("n_columns", "expected"), [(12, 500), (120, 1200), (900, 2000)])
def test_wider_windows_get_more_features(n_columns, expected):
    X = np.random.default_rng(0).random((2100, n_columns))
    machine = RBFSVM(approximate=True)._approximation(X)
    assert machine.named_steps["features"].n_components == expected


def test_standard_models_are_named():
    for name in STANDARD:
        assert hasattr(standard_classifier(name), "fit")
    with pytest.raises(ValueError, match=r"'logistic', 'linear-svm', 'rbf-svm', 'mlp'"):
        standard_classifier("svm")
