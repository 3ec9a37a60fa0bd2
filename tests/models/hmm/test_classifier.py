from itertools import pairwise, product

import numpy as np
import pytest

from seqcompare import HMM, BayesClassifier, HMMClassifier
from seqcompare.tasks import TemporalOrder

X = ["abcc", "cabc", "bacc", "cbca"] * 10
Y = ["a first", "a first", "b first", "b first"] * 10


@pytest.fixture(scope="module")
def fitted():
    return HMMClassifier(4, n_init=1, random_state=0).fit(X, Y)


def test_probabilities_are_those_of_all_paths_of_states(fitted):
    hmm, symbols = fitted.model_, list(fitted.symbols_)
    for x in ("a", "cb", "acbca", "axb"):  # x is unknown: it says nothing
        joint = np.zeros(2)
        for path in product(range(4), repeat=len(x) + 1):
            p = hmm.startprob_[path[0]]
            for before, after in pairwise(path):
                p *= hmm.transmat_[before, after]
            for state, symbol in zip(path, x, strict=False):
                p *= hmm.emissionprob_[state, symbols.index(symbol)] if symbol in symbols else 1.0
            joint += p * hmm.emissionprob_[path[-1], 3:]
        np.testing.assert_allclose(fitted.predict_proba([x])[0], joint / joint.sum(), rtol=1e-10)


def test_the_order_of_marks_is_remembered(fitted):
    assert fitted.predict(["ccaccccbc", "bca", "ccccbcccca"]).tolist() == ["a first", "b first", "b first"]
    assert fitted.converged_


def test_one_model_for_all_classes_finds_what_one_a_class_by_likelihood_does_not():
    task = TemporalOrder(8)
    train, test = task.sample(600, random_state=0), task.sample(300, random_state=1)
    model = HMMClassifier(8, n_init=1, random_state=0).fit(train.X, train.y)
    assert (model.predict(test.X) == test.y).mean() > 0.99
    by_class = BayesClassifier(HMM(4, n_init=2, max_iter=50, tol=1e-3, random_state=0)).fit(train.X, train.y)
    assert (by_class.predict(test.X) == test.y).mean() < 0.9


def test_what_is_no_symbol_or_no_class_is_refused():
    with pytest.raises(ValueError, match="symbols"):
        HMMClassifier().fit([np.array([0.5, 1.5]), np.array([2.5, 0.1])], [0, 1])
    with pytest.raises(ValueError, match="n_components"):
        HMMClassifier(0).fit(X, Y)
