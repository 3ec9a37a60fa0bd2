"""Context trees over parts: exact where the sample shows all contexts, bounded where it does not."""

import numpy as np
import pytest

import seqcompare
from seqcompare import ContextTree, SequenceDataset, Sequences, datasets, fit_parts
from seqcompare.models.over_parts import contexts

RNG = np.random.default_rng(0)
TABLE = RNG.dirichlet(np.ones(3), (3, 3))


def drawn(n, seed):
    rng = np.random.default_rng(seed)
    X = []
    for length in rng.integers(5, 80, n):
        x = rng.integers(0, 3, length)
        for t in range(2, length):
            x[t] = rng.choice(3, p=TABLE[x[t - 2], x[t - 1]])
        X.append(x)
    return X


X = drawn(150, 1)
NEW = drawn(40, 2)
PARTS = [X[:10], X[10:11], X[11:90], X[90:]]


def n_steps(X):
    return sum(map(len, X))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_what_a_sample_knows_of_is_counted_exactly(monkeypatch, depth, weighted):
    # every context of two steps, a start mark among them, comes twice in so many
    monkeypatch.setattr(contexts, "SAMPLE", 3000)
    weight = np.random.default_rng(3).integers(0, 3, len(X)) if weighted else np.ones(len(X))
    if weighted:
        sequences = Sequences(X)
        parts = [
            SequenceDataset(sequences[a:b], None, weight[a:b].astype(float), "next", "part")
            for a, b in ((0, 30), (30, 150))
        ]
    else:
        parts = PARTS
    whole = ContextTree(depth, blend=False).fit(X, sample_weight=weight.astype(float))
    tree = fit_parts(ContextTree(depth, blend=False), parts)
    assert len(tree._text) < len(whole._text)
    np.testing.assert_allclose(tree.alpha_shares_, whole.alpha_shares_, rtol=1e-9)
    np.testing.assert_allclose(tree.log_evidence_, whole.log_evidence_, rtol=1e-12)
    np.testing.assert_allclose(tree.unknown_proba_, whole.unknown_proba_, rtol=1e-12)
    np.testing.assert_allclose(tree.score_samples(NEW), whole.score_samples(NEW), rtol=1e-10)


def test_what_fits_is_learnt_as_in_memory():
    tree, whole = fit_parts(ContextTree(5), PARTS), ContextTree(5).fit(X)
    np.testing.assert_array_equal(tree.score_samples(NEW), whole.score_samples(NEW))


def test_leaves_are_bounded_and_do_not_depend_on_the_parts(monkeypatch):
    monkeypatch.setattr(contexts, "SAMPLE", 2000)
    free = fit_parts(ContextTree(8), PARTS)
    monkeypatch.setattr(contexts, "MOST_LEAVES", 60)
    few = fit_parts(ContextTree(8, blend=False), PARTS)
    assert np.count_nonzero(few._weight) <= 60 < np.count_nonzero(free._weight)
    assert few._weight.sum() == free._weight.sum() == n_steps(X)
    # the same sample, and what is added up in other portions
    sample = datasets.read(X[:40])
    monkeypatch.setattr(contexts.Totals, "sample", lambda self, n_steps, seed: sample)
    scores = [
        fit_parts(ContextTree(8, blend=False), parts).score_samples(NEW)
        for parts in (PARTS, PARTS[::-1], [X], [[x] for x in X])
    ]
    for other in scores[1:]:
        np.testing.assert_allclose(other, scores[0], rtol=1e-10)


def test_a_tree_of_parts_is_a_tree(monkeypatch, tmp_path):
    monkeypatch.setattr(contexts, "SAMPLE", 2000)
    tree = fit_parts(ContextTree(6), PARTS)
    whole = ContextTree(6).fit(X)
    assert abs(tree.score(NEW) - whole.score(NEW)) < 0.01
    seqcompare.save(tree, tmp_path / "tree.skops")
    again = seqcompare.load(tmp_path / "tree.skops")
    np.testing.assert_array_equal(again.score_samples(NEW), tree.score_samples(NEW))
    rows = tree.predict_next_proba(NEW[:3])
    np.testing.assert_allclose(np.concatenate(rows).sum(axis=1), 1, rtol=1e-9)
