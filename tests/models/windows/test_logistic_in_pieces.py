"""Rows that are made a piece at a time come to the numbers of scikit-learn's fit to all of them at once."""

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


def exact(**settings):
    return LogisticRegression(tol=1e-9, max_iter=2000, **settings)


@pytest.mark.parametrize(
    ("model", "X", "y"),
    [
        (WindowTagger(exact(), before=2), SYMBOLS, LABELS),
        (WindowTagger(exact(), before=1, after=1), SYMBOLS, TWO),
        (WindowTagger(exact(C=0.1), before=1, pairs=True), SYMBOLS, LABELS),
        (WindowTagger(exact(), before=1), NUMBERS, LABELS),
        (WindowTagger(exact(fit_intercept=False), before=1), NUMBERS, TWO),
        (WindowTagger(exact(), before=1, ignore_label=2), SYMBOLS, LABELS),
        (WindowTagger(exact(), before=1, dtype="float32"), NUMBERS, TWO),
    ],
    ids=lambda value: repr(value) if hasattr(value, "fit") else "",
)
@pytest.mark.parametrize("weighted", [False, True])
def test_pieces_are_as_good_as_all_rows(monkeypatch, model, X, y, weighted):
    weights = {"sample_weight": np.random.default_rng(0).integers(0, 3, len(X))} if weighted else {}
    whole = model.fit(X, y, **weights)
    proba, numbers = np.concatenate(whole.predict_proba(X)), whole.n_parameters_
    state = set(vars(whole))
    classes = whole.classes_
    monkeypatch.setattr(logistic, "FEW", 512)
    monkeypatch.setattr(logistic, "_ROWS", 100)
    pieces = model.fit(X, y, **weights)
    assert set(vars(pieces)) == state
    assert pieces.n_parameters_ == numbers
    assert pieces.classes_.tolist() == classes.tolist()
    np.testing.assert_allclose(np.concatenate(pieces.predict_proba(X)), proba, atol=2e-5)


def test_the_loss_and_its_gradient_are_those_of_the_definition():
    tagger = WindowTagger(before=1).fit(SYMBOLS, LABELS)
    layout, sequences = tagger.window_.layout_, tagger._check(SYMBOLS)
    rows = layout.expand(layout.base(sequences)).toarray()
    rng = np.random.default_rng(1)
    y, w = np.concatenate(LABELS), rng.random(len(rows))
    for lines, codes in (
        (rng.normal(size=(3, rows.shape[1] + 1)), y),
        (rng.normal(size=(1, rows.shape[1])), y % 2),
    ):
        found, gradient = logistic.loss_and_gradient(lines, layout, sequences, None, codes, w)

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


def test_few_rounds_are_told_and_other_estimators_get_all_rows(monkeypatch):
    monkeypatch.setattr(logistic, "FEW", 512)
    with pytest.warns(ConvergenceWarning, match="did not converge in 2 iterations"):
        NextStep(WindowTagger(LogisticRegression(max_iter=2), before=2)).fit(SYMBOLS)
    balanced = WindowTagger(LogisticRegression(class_weight="balanced"), before=1).fit(SYMBOLS, TWO)
    assert not logistic.is_plain(balanced.inner)
    ones = [np.ones(len(x), int) for x in SYMBOLS]
    assert WindowTagger(before=2).fit(SYMBOLS, ones).classes_.tolist() == [1]


def test_answers_that_are_far_off_stay_finite():
    rows = np.array([[800.0], [-800.0], [0.0]])
    value = logistic._to_slopes(rows, np.array([0, 1, 1], np.int32), np.ones(3))
    assert value == pytest.approx(1600 + np.log(2))
    np.testing.assert_allclose(rows[:, 0], [1, -1, -0.5])


@pytest.mark.parametrize("setting", [{"C": -1}, {"C": 0}, {"tol": -1}, {"max_iter": -3}])
def test_settings_are_checked_as_scikit_learn_checks_them(monkeypatch, setting):
    monkeypatch.setattr(logistic, "FEW", 512)
    with pytest.raises(ValueError, match=f"The '{next(iter(setting))}' parameter"):
        WindowTagger(LogisticRegression(**setting), before=2).fit(SYMBOLS, LABELS)
