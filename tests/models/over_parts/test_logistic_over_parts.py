"""Logistic regression over parts comes to the optimum that scikit-learn's comes to in memory."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier

from seqcompare import (
    MarkovTagger,
    NextStep,
    RNNTagger,
    SequenceDataset,
    Sequences,
    WindowStepRegressor,
    WindowTagger,
    fit_parts,
)

RNG = np.random.default_rng(3)
LENGTHS = RNG.integers(1, 40, 70)
SYMBOLS = [RNG.integers(0, 3 + (i > 60), n) for i, n in enumerate(LENGTHS)]
NUMBERS = [RNG.normal(size=(n, 2)) for n in LENGTHS]
CUTS = [8, 9, 50, 62]


def cut(X):
    return [X[a:b] for a, b in zip([0, *CUTS], [*CUTS, len(X)], strict=True)]


def labels(n_classes, names=None):
    """Return labels that depend on two steps, and not always."""
    y = []
    for x in SYMBOLS:
        before = np.r_[0, x[:-1]]
        label = np.where(
            RNG.random(len(x)) < 0.2, RNG.integers(0, n_classes, len(x)), (x + before) % n_classes
        )
        y.append(label if names is None else np.array(names)[label])
    return y


def logistic(**settings):
    return LogisticRegression(tol=1e-9, max_iter=2000, **settings)


CASES = {
    "two classes": (WindowTagger(logistic(), before=2), SYMBOLS, labels(2)),
    "named classes": (WindowTagger(logistic(C=0.1), before=1, after=1), SYMBOLS, labels(3, ["x", "y", "z"])),
    "pairs": (WindowTagger(logistic(C=10.0), before=1, pairs=True), SYMBOLS, labels(3)),
    "numbers": (WindowTagger(logistic(), before=1), NUMBERS, labels(4)),
    "no intercept": (WindowTagger(logistic(fit_intercept=False), before=1), NUMBERS, labels(2)),
    "ignored": (WindowTagger(logistic(), before=1, ignore_label=1), SYMBOLS, labels(3)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_the_optimum_is_that_of_one_fit(name, weighted):
    model, X, y = CASES[name]
    weight = np.random.default_rng(1).integers(0, 3, len(X)).astype(float)
    weight[8] = 0  # a part of its own
    whole = clone(model).fit(X, y, **({"sample_weight": weight} if weighted else {}))
    parts = [
        SequenceDataset(Sequences(a), b, w if weighted else None, "step", "part")
        for a, b, w in zip(cut(X), cut(y), cut(weight), strict=True)
    ]
    found = fit_parts(clone(model), parts)
    assert vars(found).keys() == vars(whole).keys()
    assert found.classes_.tolist() == whole.classes_.tolist()
    assert found.n_parameters_ == whole.n_parameters_
    np.testing.assert_allclose(found.estimator_.coef_, whole.estimator_.coef_, atol=1e-4)
    np.testing.assert_allclose(found.estimator_.intercept_, whole.estimator_.intercept_, atol=1e-4)
    answers = [np.concatenate(m.predict_proba(X)) for m in (found, whole)]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-5)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_next_step_is_one_of_the_labels(weighted):
    weight = [np.random.default_rng(2).choice([0.0, 1.0, 2.5], len(x)) for x in SYMBOLS]
    weight[0][:] = 0
    model = NextStep(WindowTagger(logistic(), before=2))
    whole = NextStep(WindowTagger(logistic(), before=2))
    whole.fit(SYMBOLS, **({"sample_weight": weight} if weighted else {}))
    parts = [
        SequenceDataset(Sequences(a), None, Sequences(w) if weighted else None, "next", "part")
        for a, w in zip(cut(SYMBOLS), cut(weight), strict=True)
    ]
    fit_parts(model, parts)
    assert vars(model).keys() == vars(whole).keys()
    assert model.n_transitions_ == pytest.approx(whole.n_transitions_, rel=1e-12)
    np.testing.assert_allclose(model.initial_proba_, whole.initial_proba_, rtol=1e-12)
    np.testing.assert_allclose(model.score_samples(SYMBOLS), whole.score_samples(SYMBOLS), atol=5e-5)


def test_parts_without_a_second_step_are_first_steps():
    X = [*SYMBOLS, [2]]
    parts = [SYMBOLS[:30], SYMBOLS[30:], [[2]]]
    found, whole = (NextStep(WindowTagger(logistic(), before=1)) for _ in range(2))
    np.testing.assert_allclose(
        fit_parts(found, parts).score_samples(X), whole.fit(X).score_samples(X), atol=1e-5
    )


def test_too_few_iterations_are_told():
    X, y = SYMBOLS, labels(3)
    model = WindowTagger(LogisticRegression(max_iter=2), before=2)
    with pytest.warns(ConvergenceWarning, match="did not converge in 2 iterations"):
        fit_parts(model, list(zip(cut(X), cut(y), strict=True)))
    assert model.estimator_.n_iter_.tolist() == [2]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (WindowTagger(SGDClassifier()), "by LogisticRegression with its own solver"),
        (
            WindowTagger(LogisticRegression(class_weight="balanced")),
            "by LogisticRegression with its own solver",
        ),
        (WindowTagger(missing="allow"), "missing='error'"),
        (NextStep(MarkovTagger()), "WindowTagger with LogisticRegression, got MarkovTagger"),
        (NextStep(WindowTagger(after=1)), "after=0"),
        (NextStep(WindowStepRegressor(Ridge())), "got WindowStepRegressor"),
    ],
)
def test_what_cannot_be_fitted_to_parts_is_named(model, said):
    y = labels(3)
    with pytest.raises(ValueError, match=said):
        fit_parts(model, list(zip(cut(SYMBOLS), cut(y), strict=True)))


def test_labels_have_to_be_there_and_several():
    with pytest.raises(ValueError, match="no targets: expected a label for every step"):
        fit_parts(WindowTagger(), cut(SYMBOLS))
    ones = [np.ones(len(x), int) for x in SYMBOLS]
    with pytest.raises(ValueError, match=r"two labels or more, got \[1\]"):
        fit_parts(WindowTagger(), [SequenceDataset(Sequences(SYMBOLS), ones, None, "step", "part")])
    with pytest.raises(TypeError, match="partial_fit"):
        fit_parts(RNNTagger(), cut(SYMBOLS))


def test_labels_that_are_the_same_along_a_sequence_are_labels_of_its_steps():
    X = [np.array([0, 1, 1, 2]), np.array([1, 0, 2]), np.array([2, 2, 0, 1]), np.array([0, 1, 0])]
    y = [np.full(len(x), i % 2) for i, x in enumerate(X)]
    parts = [(X[:2], y[:2]), (X[2:], y[2:])]
    here, there = WindowTagger(LogisticRegression()), WindowTagger(LogisticRegression())
    fit_parts(there, parts)
    for a, b in zip(here.fit(X, y).predict_proba(X), there.predict_proba(X), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-3)
