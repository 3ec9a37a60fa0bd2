from collections import Counter, defaultdict

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from seqcompare import MarkovTagger

START = "<start>"


def context_of(x, t, order):
    """The longest contexts first to last: x[t] alone, then more, up to the start or `order` steps back."""
    past = [START, *x[: t + 1]]
    return [tuple(past[len(past) - m :]) for m in range(min(order + 1, t + 2) + 1)]


def witten_bell(X, y, order, classes, x, t, weights=None):
    """One answer by dicts of counters."""
    counts = defaultdict(Counter)
    for i, (a, b) in enumerate(zip(X, y, strict=True)):
        for u in range(len(a)):
            for context in context_of(a, u, order):
                counts[context][b[u]] += 1 if weights is None else weights[i][u]
    p = {c: 1 / len(classes) for c in classes}
    for context in context_of(x, t, order):
        n = {c: v for c, v in counts[context].items() if v}
        if n:
            norm = sum(n.values()) + len(n)
            p = {c: (n.get(c, 0) + len(n) * p[c]) / norm for c in classes}
    return [p[c] for c in classes]


def data(rng, n=30):
    X = [rng.integers(0, 3, size=rng.integers(1, 9)).tolist() for _ in range(n)]
    y = [["ab"[(x[t] + (x[t - 1] if t else 0) + (rng.random() < 0.1)) % 2] for t in range(len(x))] for x in X]
    return X, y


@pytest.mark.parametrize("order", [0, 1, 3])
def test_agrees_with_dicts_of_counters(order):
    rng = np.random.default_rng(order)
    (X, y), (unseen, _) = data(rng), data(rng, 8)
    weights = [rng.integers(0, 3, size=len(x)) for x in X]
    for weight in (None, weights):
        tagger = MarkovTagger(order).fit(X, y, sample_weight=weight)
        for x, rows in zip(unseen, tagger.predict_proba(unseen), strict=True):
            expected = [witten_bell(X, y, order, ["a", "b"], x, t, weight) for t in range(len(x))]
            np.testing.assert_allclose(rows, expected, rtol=1e-12)


@pytest.mark.parametrize("smoothing", ["witten-bell", "kneser-ney", "additive", "none"])
def test_rows_are_distributions_and_use_no_later_step(smoothing):
    X, y = data(np.random.default_rng(7))
    tagger = MarkovTagger(2, smoothing).fit(X, y)
    x = [0, 1, 99, 2, 2, 1]
    rows = tagger.predict_proba([x])[0]
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    for t in range(1, len(x)):
        np.testing.assert_array_equal(tagger.predict_proba([x[:t]])[0], rows[:t])
    assert tagger.causal


def test_smoothings_by_hand():
    X, y = [[0, 1, 0, 1]], [["a", "b", "a", "a"]]
    # after 1: b, a
    additive = MarkovTagger(0, "additive", alpha=0.5).fit(X, y).predict_proba([[5, 1]])[0][1]
    np.testing.assert_allclose(additive, [0.5, 0.5])
    np.testing.assert_allclose(
        MarkovTagger(0, "none").fit(X, y).predict_proba([[1, 0]])[0], [[0.5, 0.5], [1, 0]]
    )
    # contexts 0 and 1 (and none that is longer: order 0) precede labels a, b, a: a follows two, b one
    kneser = MarkovTagger(0, "kneser-ney", discount=0.5).fit(X, y)
    p_a = (2 - 0.5) / 3 + 1 / 3 * 0.5
    np.testing.assert_allclose(kneser.predict_proba([[5]])[0][0, 0], p_a)
    np.testing.assert_allclose(kneser.predict_proba([[3, 0]])[0][1, 0], (2 - 0.5) / 2 + 0.5 / 2 * p_a)


def test_a_shorter_context_answers_for_an_unknown_symbol():
    X, y = data(np.random.default_rng(1))
    tagger = MarkovTagger(1).fit(X, y)
    labels = np.concatenate(y)
    a = np.mean(labels == "a")
    n = len(labels)
    np.testing.assert_allclose(tagger.predict_proba([[77]])[0][0, 0], (n * a + 2 * 0.5) / (n + 2))


def test_ignored_and_unweighted_labels_are_no_classes():
    X, y = [[0, 1, 1, 0]], [["a", "skip", "b", "c"]]
    tagger = MarkovTagger(1, ignore_label="skip").fit(X, y, sample_weight=[[1, 1, 1, 0]])
    assert list(tagger.classes_) == ["a", "b"]
    # 0,1 was seen with the ignored label alone: of 1 only the second is known
    assert tagger.predict_proba([[0, 1]])[0][1, 1] > 0.5
    assert tagger.n_contexts_ == 1
    assert tagger.score(X, y, sample_weight=[[1, 1, 1, 0]]) == 1
    with pytest.raises(ValueError, match="no step is left to train on"):
        MarkovTagger(ignore_label="a").fit([[0]], [["a"]])


def test_contexts_and_parameters():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, size=2000)
    tagger = MarkovTagger(order=1).fit([x], [np.roll(x, 1)])
    assert tagger.n_contexts_ == tagger.n_possible_contexts_ == 9
    assert tagger.n_parameters_ == (9 + 1) * 2  # the first step has a context of its own


def test_parameters_are_those_of_all_contexts_that_answer():
    """Short sequences have hardly a full context of high order, and as many answers as of a low one."""
    X, y = data(np.random.default_rng(5), 200)
    y[0][-1] = "skip"
    taggers = [MarkovTagger(order, ignore_label="skip").fit(X, y) for order in range(12)]
    for order, tagger in enumerate(taggers):
        answering = {
            context_of(x, t, order)[-1]
            for x, labels in zip(X, y, strict=True)
            for t in range(len(x))
            if labels[t] != "skip"
        }
        assert tagger.n_parameters_ == len(answering)
        assert tagger.n_contexts_ == sum(START not in context for context in answering)
    assert (np.diff([tagger.n_parameters_ for tagger in taggers]) >= 0).all()
    assert taggers[-1].n_contexts_ == 0


def test_order_decides_what_it_can_learn():
    rng = np.random.default_rng(4)
    X = [rng.integers(0, 2, size=50) for _ in range(40)]
    y = [np.roll(x, 3) for x in X]
    weight = [np.r_[np.zeros(3), np.ones(47)] for _ in X]
    scores = [MarkovTagger(k).fit(X, y, weight).score(X, y, weight) for k in (2, 3)]
    assert scores[0] < 0.7
    assert scores[1] == 1
    search = GridSearchCV(MarkovTagger(), {"order": [1, 2, 3]}, cv=2).fit(X, y)
    assert search.best_params_ == {"order": 3}


def test_one_class_is_enough():
    tagger = MarkovTagger().fit([[0, 1]], [["a", "a"]])
    np.testing.assert_allclose(tagger.predict_proba([[1, 1]])[0], [[1], [1]], rtol=1e-15)


@pytest.mark.parametrize("smoothing", ["witten-bell", "kneser-ney", "additive", "none"])
def test_parts_add_up_to_the_whole(smoothing):
    (X, y), (more, labels) = data(np.random.default_rng(2)), data(np.random.default_rng(3))
    more = [[s + 2 for s in x] for x in more]
    labels = [[c + "!" if c == "b" else c for c in row] for row in labels]
    whole = MarkovTagger(2, smoothing).fit(X + more, y + labels)
    parts = MarkovTagger(2, smoothing).partial_fit(X, y).partial_fit(more, labels)
    assert list(parts.classes_) == list(whole.classes_) == ["a", "b", "b!"]
    assert list(parts.symbols_) == list(whole.symbols_) == [0, 1, 2, 3, 4]
    for ours, theirs in zip(parts.predict_proba(X + more), whole.predict_proba(X + more), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_classes_may_be_announced():
    tagger = MarkovTagger(0).partial_fit([[0, 1]], [["a", "b"]], classes=["c", "a"])
    assert list(tagger.classes_) == ["a", "b", "c"]
    assert (tagger.predict_proba([[0]])[0] > 0).all()
    with pytest.raises(ValueError, match="expected symbols of dtype <U1"):
        tagger.partial_fit([[0]], [[1]])
    with pytest.raises(ValueError, match="order is 1, but this tagger has counted with order 0"):
        tagger.set_params(order=1).partial_fit([[0]], [["a"]])
