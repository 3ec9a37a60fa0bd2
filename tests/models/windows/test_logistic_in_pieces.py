"""Rows that are not made, or a piece at a time, come to the numbers of scikit-learn's fit to all of them."""

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from seqcompare import NextStep, WindowTagger
from seqcompare.models.windows import logistic

RNG = np.random.default_rng(4)
LENGTHS = RNG.integers(1, 30, 60)
SYMBOLS = [RNG.integers(0, 4, n) for n in LENGTHS]
NUMBERS = [RNG.normal(size=(n, 2)) for n in LENGTHS]
LABELS = [(x + np.r_[0, x[:-1]] + (RNG.random(len(x)) < 0.2)) % 3 for x in SYMBOLS]
TWO = [np.array(["no", "yes"])[y % 2] for y in LABELS]


class OnRows(LogisticRegression):
    """Of another type, it gets all rows."""


@pytest.mark.parametrize(
    ("settings", "window", "X", "y"),
    [
        ({}, {"before": 2}, SYMBOLS, LABELS),
        ({"C": 0.01}, {"before": 40}, SYMBOLS, LABELS),
        ({}, {}, SYMBOLS, TWO),
        ({}, {"before": 1, "after": 1}, SYMBOLS, TWO),
        ({"fit_intercept": False}, {"before": 2, "mark_edges": False}, SYMBOLS, LABELS),
        ({"C": 0.1}, {"before": 1, "pairs": True}, SYMBOLS, LABELS),
        ({}, {"before": 1, "ignore_label": 2}, SYMBOLS, LABELS),
        ({}, {"before": 1}, NUMBERS, LABELS),
        ({"fit_intercept": False}, {"before": 1}, NUMBERS, TWO),
        ({}, {"before": 1, "dtype": "float32"}, NUMBERS, TWO),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_as_good_as_scikit_learn_on_all_rows(monkeypatch, settings, window, X, y, weighted):
    weights = {"sample_weight": np.random.default_rng(0).integers(0, 3, len(X))} if weighted else {}
    monkeypatch.setattr(logistic, "FEW", 512)
    monkeypatch.setattr(logistic, "_ANSWERS", 100)
    # scikit-learn computes in the type of the rows
    closest = 1e-5 if window.get("dtype") == "float32" else 1e-7
    for tolerance, off in ((1e-4, 1e-5), (1e-10, closest)):
        settings = {**settings, "tol": tolerance, "max_iter": 2000}
        ours = WindowTagger(LogisticRegression(**settings), **window).fit(X, y, **weights)
        theirs = WindowTagger(OnRows(**settings), **window).fit(X, y, **weights)
        assert set(vars(ours)) == set(vars(theirs))
        assert ours.n_parameters_ == theirs.n_parameters_
        assert ours.classes_.tolist() == theirs.classes_.tolist()
        if tolerance == 1e-4:
            assert ours.estimator_.n_iter_ == theirs.estimator_.n_iter_
        proba = [np.concatenate(each.predict_proba(X)) for each in (ours, theirs)]
        np.testing.assert_allclose(*proba, atol=off)
        assert (np.concatenate(ours.predict(X)) == ours.classes_[proba[0].argmax(axis=1)]).all()


def test_answers_are_those_of_scikit_learn_asked_about_rows():
    unseen = [np.array([7, 1, 7, 3]), np.array([0])]
    for y in (LABELS, TWO):
        ours = WindowTagger(before=2).fit(SYMBOLS, y)
        rows = ours.window_.rows(unseen)[0]
        proba = np.concatenate(ours.predict_proba(unseen))
        np.testing.assert_allclose(proba, ours.estimator_.predict_proba(rows), rtol=1e-12)
        assert (np.concatenate(ours.predict(unseen)) == ours.estimator_.predict(rows)).all()
        np.testing.assert_array_equal(np.concatenate(list(ours.iter_proba(unseen, 2))), proba)


def test_the_loss_and_its_gradient_are_those_of_the_definition():
    tagger = WindowTagger(before=1).fit(SYMBOLS, LABELS)
    layout, sequences = tagger.window_.layout_, tagger._check(SYMBOLS)
    rows = layout.expand(layout.base(sequences)).toarray()
    rows_of = logistic.rows_of(layout, sequences, None)
    rng = np.random.default_rng(1)
    y, w = np.concatenate(LABELS), rng.random(len(rows))
    for lines, codes in (
        (rng.normal(size=(3, rows.shape[1] + 1)), y),
        (rng.normal(size=(1, rows.shape[1])), y % 2),
    ):
        found, gradient = logistic.loss_and_gradient(lines, rows_of, codes, w)

        def plain(lines, codes=codes):
            answers = rows @ lines[:, : rows.shape[1]].T + (
                lines[:, rows.shape[1] :].T if len(lines) > 1 else 0
            )
            if len(lines) == 1:
                answers = np.hstack([np.zeros_like(answers), answers])
            p = np.exp(answers - answers.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            return -w @ np.log(p[np.arange(len(p)), codes])

        assert found == pytest.approx(plain(lines), rel=1e-12)
        for place in rng.integers(0, lines.size, 12):
            step = np.zeros(lines.size)
            step[place] = 1e-5
            change = plain(lines + step.reshape(lines.shape)) - plain(lines - step.reshape(lines.shape))
            assert gradient.ravel()[place] == pytest.approx(change / 2e-5, rel=1e-5, abs=1e-6)


def test_few_rounds_are_told_and_other_estimators_get_all_rows():
    with pytest.warns(ConvergenceWarning, match="did not converge in 2 iterations"):
        NextStep(WindowTagger(LogisticRegression(max_iter=2), before=2)).fit(SYMBOLS)
    balanced = WindowTagger(LogisticRegression(class_weight="balanced"), before=1).fit(SYMBOLS, TWO)
    assert not logistic.is_plain(balanced.inner)
    ones = [np.ones(len(x), int) for x in SYMBOLS]
    assert WindowTagger(before=2).fit(SYMBOLS, ones).classes_.tolist() == [1]


def test_answers_that_are_far_off_stay_finite():
    rows = np.array([[800.0], [-800.0], [0.0]])
    value = logistic.to_slopes(rows, np.array([0, 1, 1], np.int32), np.ones(3))
    assert value == pytest.approx(1600 + np.log(2))
    np.testing.assert_allclose(rows[:, 0], [1, -1, -0.5])


@pytest.mark.parametrize("setting", [{"C": -1}, {"C": 0}, {"tol": -1}, {"max_iter": -3}])
def test_settings_are_checked_as_scikit_learn_checks_them(setting):
    with pytest.raises(ValueError, match=f"The '{next(iter(setting))}' parameter"):
        WindowTagger(LogisticRegression(**setting), before=2).fit(SYMBOLS, LABELS)
