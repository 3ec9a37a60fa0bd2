"""Conditional random fields against brute force, softmax regression and CRFsuite."""

import itertools

import numpy as np
import pycrfsuite
import pytest
from scipy.special import logsumexp, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from seqcompare import CRFTagger, Sequences, WindowTagger

LENGTHS = (4, 1, 3)


def small(seed=0, n_labels=3):
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(length, 2)) for length in LENGTHS]
    return X, [rng.integers(0, n_labels, length) for length in LENGTHS]


def all_paths(tagger, x):
    """Return every sequence of labels with its log-probability, by the definition."""
    rows = tagger.window_.rows([x])[0]
    scores = np.asarray(rows @ tagger.coef_.T) + tagger.intercept_
    n, k = scores.shape
    paths = np.array(list(itertools.product(range(k), repeat=n)))
    totals = tagger.start_[paths[:, 0]] + scores[np.arange(n), paths].sum(axis=1)
    totals += tagger.transitions_[paths[:, :-1], paths[:, 1:]].sum(axis=1)
    return paths, totals - logsumexp(totals)


@pytest.fixture(scope="module")
def fitted():
    X, y = small()
    return CRFTagger(1, 1, C=2.0).fit(X, y), X


def test_probabilities_are_those_of_all_sequences_of_labels(fitted):
    tagger, X = fitted
    for x, answer in zip(X, tagger.predict_proba(X), strict=True):
        paths, log_p = all_paths(tagger, x)
        expected = [[np.exp(log_p[paths[:, t] == k]).sum() for k in range(3)] for t in range(len(x))]
        np.testing.assert_allclose(answer, expected, atol=1e-12)


def test_the_answer_is_the_most_probable_sequence_of_labels(fitted):
    tagger, X = fitted
    for x, answer in zip(X, tagger.predict(X), strict=True):
        paths, log_p = all_paths(tagger, x)
        assert answer.tolist() == tagger.classes_[paths[log_p.argmax()]].tolist()


def test_filtered_answers_are_those_of_the_sequence_that_ends_there():
    X, y = small()
    tagger = CRFTagger(1, decode="filter").fit(X, y)
    assert tagger.causal
    whole = CRFTagger(1, decode="posterior").fit(X, y)
    for x, answer in zip(X, tagger.predict_proba(X), strict=True):
        ends = [whole.predict_proba([x[: t + 1]])[0][-1] for t in range(len(x))]
        np.testing.assert_allclose(answer, ends, atol=1e-12)


def loss(flat, tagger, X, y, level, known):
    """Return the penalised loss by the definition, for weights laid end to end."""
    parts = [tagger.coef_, tagger.intercept_, tagger.start_, tagger.transitions_]
    trial = CRFTagger(1, 1)
    trial.window_ = tagger.window_
    bounds = np.cumsum([part.size for part in parts])[:-1]
    shaped = [new.reshape(old.shape) for new, old in zip(np.split(flat, bounds), parts, strict=True)]
    trial.coef_, trial.intercept_, trial.start_, trial.transitions_ = shaped
    total = ((trial.coef_**2).sum() + (trial.transitions_**2).sum()) / (2 * tagger.C)
    for x, labels, weight, seen in zip(X, y, level, known, strict=True):
        paths, log_p = all_paths(trial, x)
        fits = (paths[:, seen] == labels[seen]).all(axis=1)
        total -= weight * logsumexp(log_p[fits])
    return total


def test_the_fit_is_a_minimum_of_the_loss_with_weights_and_unlabelled_steps():
    X, y = small(1)
    known = [np.array([True, False, True, True]), np.array([True]), np.array([False, True, True])]
    level = [0.5, 2.0, 1.0]
    weights = [level[i] * known[i] for i in range(3)]
    tagger = CRFTagger(1, 1, tol=1e-9, max_iter=5000).fit(X, y, sample_weight=weights)
    flat = np.concatenate(
        [p.ravel() for p in (tagger.coef_, tagger.intercept_, tagger.start_, tagger.transitions_)]
    )
    here = loss(flat, tagger, X, y, level, known)
    rng = np.random.default_rng(0)
    for _ in range(20):
        step = rng.normal(size=len(flat))
        slope = (loss(flat + 1e-5 * step, tagger, X, y, level, known) - here) / 1e-5
        assert slope > -1e-3


def test_without_neighbours_it_is_softmax_regression():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1, 3)) for _ in range(200)]
    y = [[int(rng.integers(3)) if rng.random() < 0.3 else int(np.argmax(x))] for x in X]
    tagger = CRFTagger(mark_edges=False, decode="posterior", tol=1e-9).fit(X, y)
    rows, labels = np.concatenate(X), np.concatenate(y)
    peer = LogisticRegression(tol=1e-10, max_iter=10_000).fit(rows, labels)
    answer = np.concatenate(tagger.predict_proba(X))
    np.testing.assert_allclose(answer, softmax(peer.decision_function(rows), axis=1), atol=1e-5)


def test_crfsuite_fits_the_same_field(tmp_path):
    rng = np.random.default_rng(0)
    X = ["".join(rng.choice(list("abc"), 12)) for _ in range(40)]
    y = [["0", *("1" if x[t - 1] == "a" else "0" for t in range(1, 12))] for x in X]
    y = [[label if rng.random() < 0.8 else "2" for label in labels] for labels in y]
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", verbose=False)
    # it penalises all weights, by c2 times their squares, and has none of the start
    trainer.set_params({"c2": 1e-6, "max_iterations": 10_000, "epsilon": 1e-12, "delta": 1e-12})
    trainer.set_params({"feature.possible_transitions": True, "feature.possible_states": True})
    for x, labels in zip(X, y, strict=True):
        before = "^" + x[:-1]
        items = [[f"here={a}", f"before={b}"] for a, b in zip(x, before, strict=True)]
        trainer.append(items, labels)
    path = str(tmp_path / "field")
    trainer.train(path)
    peer = pycrfsuite.Tagger()
    peer.open(path)
    tagger = CRFTagger(1, C=5e5, decode="posterior", tol=1e-9, max_iter=10_000).fit(X, y)
    for x in X[:5]:
        peer.set([[f"here={a}", f"before={b}"] for a, b in zip(x, "^" + x[:-1], strict=True)])
        expected = [[peer.marginal(label, t) for label in tagger.classes_] for t in range(len(x))]
        np.testing.assert_allclose(tagger.predict_proba([x])[0], expected, atol=2e-3)


def test_labels_that_depend_on_each_other_are_tagged_better_than_one_by_one():
    rng = np.random.default_rng(0)

    def draw(n):
        y = np.cumsum(rng.random((n, 30)) < 0.05, axis=1) % 2
        return [row + rng.normal(scale=1.5, size=30) for row in y], list(y)

    (X, y), (X_test, y_test) = draw(100), draw(100)
    X, X_test = ([x[:, None] for x in part] for part in (X, X_test))
    alone = WindowTagger(LogisticRegression()).fit(X, y).score(X_test, y_test)
    together = CRFTagger().fit(X, y).score(X_test, y_test)
    assert together > alone + 0.1


def test_what_never_came_in_training_is_answered():
    tagger = CRFTagger(1).fit(["abab", "bb"], ["0101", "11"])
    answer = tagger.predict_proba(["azb"])[0]
    assert np.isfinite(answer).all()


def test_the_first_iterations_may_not_be_enough():
    X, y = small()
    with pytest.warns(ConvergenceWarning, match="max_iter=1 "):
        CRFTagger(max_iter=1, tol=1e-12).fit(X, y)


@pytest.mark.parametrize(
    ("params", "said"),
    [({"C": 0}, "C == 0"), ({"decode": "best"}, "decode"), ({"before": -1}, "before == -1")],
)
def test_wrong_parameters_are_named(params, said):
    with pytest.raises(ValueError, match=said):
        CRFTagger(**params).fit(["ab"], ["01"])


def test_no_labelled_step_is_an_error():
    with pytest.raises(ValueError, match="no step is labelled"):
        CRFTagger(ignore_label="0").fit(["ab"], ["00"])


def test_weights_of_all_parts_are_kept():
    X, y = small()
    tagger = CRFTagger().fit(X, y)
    assert tagger.n_parameters_ == 3 * tagger.window_.n_features_out_ + 3 + 3 + 9
    assert Sequences(tagger.predict_proba(X)).values.shape == (8, 3)
