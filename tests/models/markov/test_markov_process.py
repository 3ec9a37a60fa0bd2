import itertools

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from seqcompare import MarkovChain
from seqcompare.models.markov import process as markov_process

SMOOTHINGS = ["witten-bell", "kneser-ney", "additive", "none"]


def ragged(seed, n=25):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("abc"), size=rng.integers(2, 9), p=[0.5, 0.3, 0.2])) for _ in range(n)]


def two_states(a, b):
    """A chain of order 1 with these flip probabilities, exactly, made from weighted pairs."""
    pairs = [[0, 0], [0, 1], [1, 0], [1, 1]]
    weights = [[0, 1 - a], [0, a], [0, b], [0, 1 - b]]
    return MarkovChain(1, "none").fit(pairs, sample_weight=weights)


def entropy(p):
    p = np.array([p, 1 - p])
    return -(p * np.log2(p)).sum()


@pytest.mark.parametrize(("a", "b"), [(0.1, 0.3), (0.5, 0.5), (0.9, 0.2), (0.003, 0.001)])
def test_entropy_rate_of_two_states(a, b):
    chain = two_states(a, b)
    np.testing.assert_allclose(chain.transition_matrix_, [[1 - a, a], [b, 1 - b]], rtol=1e-12)
    assert chain.entropy_rate(2) == pytest.approx((b * entropy(a) + a * entropy(b)) / (a + b), rel=1e-9)
    np.testing.assert_allclose(chain.stationary_distribution_, [b / (a + b), a / (a + b)], rtol=1e-9)


def test_even_process_by_exact_weights():
    # all words of 11 symbols with their exact probabilities, of which only the last symbol is predicted
    step = {0: np.array([[0.5, 0], [0, 0]]), 1: np.array([[0, 0.5], [1.0, 0]])}
    words = list(itertools.product([0, 1], repeat=11))
    proba = []
    for word in words:
        state = np.array([2 / 3, 1 / 3])
        for x in word:
            state = state @ step[x]
        proba.append(state.sum())
    proba = np.array(proba)
    X, last = np.array(words)[proba > 0], np.zeros(11)
    last[-1] = 1
    weights = list(proba[proba > 0][:, None] * last)
    published = [
        *(0.918296, 0.874185, 0.792481, 0.770426, 0.729574, 0.718546),
        *(0.698120, 0.692607, 0.682393, 0.679637, 0.674530),
    ]
    for order, loss in enumerate(published):
        chain = MarkovChain(order, "none").fit(X, sample_weight=weights)
        rows = chain.predict_next_proba(X)[:, -2]
        bits = -proba[proba > 0] @ np.log2(rows[np.arange(len(X)), X[:, -1]])
        assert bits == pytest.approx(loss, abs=1e-6)


def machine_average(model):
    """The long run of a hidden Markov model by repeated squaring of its lazy transition matrix."""
    lazy = (model.transmat_ + np.eye(len(model.transmat_))) / 2
    for _ in range(40):
        lazy = lazy @ lazy
        lazy /= lazy.sum(axis=1, keepdims=True)
    states, rows = model.startprob_ @ lazy, model.transmat_ @ model.emissionprob_
    plogp = np.where(rows > 0, rows * np.log(np.where(rows > 0, rows, 1)), 0).sum(axis=1)
    return states @ model.emissionprob_, -states @ plogp


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", [0, 1, 2, 4])
def test_the_hidden_markov_model_is_the_same_distribution(smoothing, order):
    X = ragged(order)
    chain = MarkovChain(order, smoothing).fit(X)
    model = chain.to_hmm()
    np.testing.assert_allclose(model.score_samples(X), chain.score_samples(X), rtol=1e-10)
    for ours, theirs in zip(model.predict_next_proba(X), chain.predict_next_proba(X), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    frequencies, rate = machine_average(model)
    np.testing.assert_allclose(chain.stationary_distribution_, frequencies, rtol=1e-9, atol=1e-12)
    assert chain.entropy_rate() == pytest.approx(rate, rel=1e-9)


def test_states_of_order_one_are_the_symbols():
    chain = MarkovChain(1).fit(ragged(1))
    model = chain.to_hmm()
    np.testing.assert_allclose(model.transmat_, chain.transition_matrix_, rtol=1e-14)
    np.testing.assert_allclose(model.startprob_, chain.initial_proba_, rtol=1e-14)
    np.testing.assert_array_equal(model.emissionprob_, np.eye(3))


def test_too_many_states_for_a_matrix():
    x = np.random.default_rng(0).integers(0, 50, size=20_000)
    with pytest.raises(ValueError, match="more than 5000 histories"):
        MarkovChain(3).fit([x]).to_hmm()


def test_periodic_and_divided_chains_have_a_long_run():
    periodic = MarkovChain(1, "none").fit(["abcabcabc"])
    np.testing.assert_allclose(periodic.stationary_distribution_, np.full(3, 1 / 3), rtol=1e-10)
    assert periodic.entropy_rate() == pytest.approx(0, abs=1e-12)
    # one sequence in four goes round a, three go round b and c
    divided = MarkovChain(1, "none").fit(["aaaa", "bcbc", "bccb", "cbcb"])
    assert divided.stationary_distribution_[0] == pytest.approx(1 / 4, rel=1e-10)


def test_a_chain_that_hardly_forgets_says_so(monkeypatch):
    monkeypatch.setattr(markov_process, "_WORK", 10_000)
    with pytest.warns(ConvergenceWarning, match="forgets its start very slowly"):
        two_states(1e-12, 3e-12).entropy_rate()


def test_the_entropy_rate_is_the_loss_on_a_long_sample():
    chain = MarkovChain(3).fit(ragged(3))
    drawn = chain.sample(20, 5000, random_state=0)
    assert chain.entropy_rate() == pytest.approx(-chain.score(drawn), rel=0.01)
    np.testing.assert_allclose(
        np.mean(drawn.values[:, None] == chain.symbols_, axis=0), chain.stationary_distribution_, atol=0.01
    )


def test_high_orders_stay_cheap():
    x = np.random.default_rng(5).integers(0, 30, size=6_000)
    chain = MarkovChain(8).fit([x])
    assert 0 < chain.entropy_rate(2) < np.log2(30)
