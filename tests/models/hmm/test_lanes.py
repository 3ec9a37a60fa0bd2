"""Sequences side by side against hmmlearn, and against each sequence by itself."""

from itertools import pairwise

import numpy as np
import pytest
from hmmlearn import hmm as peer

from seqcompare import HMM
from seqcompare.models.hmm import lanes
from seqcompare.models.hmm._hmmlearn import Steps
from seqcompare.models.hmm.fit import Recipe, make_engine
from seqcompare.models.hmm.lanes import count_states, pays
from seqcompare.models.hmm.recursions import Likelihood, expect_states

N_SYMBOLS = 5


def ragged(n, longest, rng, n_codes=N_SYMBOLS):
    """Codes of `n` sequences of 1 to `longest` steps, and where each starts."""
    offsets = np.r_[0, rng.integers(1, longest + 1, n).cumsum()]
    return rng.integers(0, n_codes, offsets[-1]), offsets


def chain(n_states, rng, n_codes=N_SYMBOLS):
    flat = np.ones(n_states)
    return rng.dirichlet(flat), rng.dirichlet(flat, n_states), rng.dirichlet(np.ones(n_codes), n_states)


def one_by_one(start, trans, fit, offsets, weights=None):
    """What `expect_states` finds of each sequence alone."""
    found = []
    for a, z in pairwise(offsets):
        log = None if fit.log is None else fit.log[a:z]
        part = Likelihood(fit.relative[a:z], fit.shift[a:z], log)
        share = None if weights is None else weights[a:z]
        found.append(expect_states(start, trans, part, np.array([0, z - a]), share))
    return found


@pytest.mark.parametrize("n_states", [1, 2, 3, 4, 5, 8, 9, 12])
@pytest.mark.parametrize(("n", "longest"), [(16, 1), (16, 40), (65, 7), (300, 20)])
def test_what_is_expected_is_hmmlearns(n_states, n, longest):
    rng = np.random.default_rng(n_states * n)
    start, trans, emission = chain(n_states, rng)
    codes, offsets = ragged(n, longest, rng)
    assert pays(n_states, offsets)
    found = count_states(start, trans, np.ascontiguousarray(emission.T), codes, offsets)
    model = peer.CategoricalHMM(n_states, n_features=N_SYMBOLS)
    model.startprob_, model.transmat_, model.emissionprob_ = start, trans, emission
    log_likelihood, posterior = model.score_samples(codes[:, None], np.diff(offsets))
    assert found.trusted.all()
    assert found.log_likelihood.sum() == pytest.approx(log_likelihood, rel=1e-12)
    by_code = [posterior[codes == code].sum(axis=0) for code in range(N_SYMBOLS)]
    np.testing.assert_allclose(found.counts, by_code, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.start, posterior[offsets[:-1]].sum(axis=0), rtol=1e-9)
    # whatever state a step but the last is in, something follows it
    leaving = np.delete(posterior, offsets[1:] - 1, axis=0).sum(axis=0)
    arriving = np.delete(posterior, offsets[:-1], axis=0).sum(axis=0)
    np.testing.assert_allclose(found.transitions.sum(axis=1), leaving, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.transitions.sum(axis=0), arriving, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_states", [2, 4, 7])
def test_sequences_do_not_know_of_their_neighbours(n_states, weighted):
    rng = np.random.default_rng(n_states)
    start, trans, _ = chain(n_states, rng)
    _, offsets = ragged(80, 30, rng)
    fit = Likelihood.from_log(rng.normal(size=(offsets[-1], n_states)) * 3)
    weights = rng.exponential(size=offsets[-1]).round(1) if weighted else None
    alone = one_by_one(start, trans, fit, offsets, weights)
    found = expect_states(start, trans, fit, offsets, weights)
    np.testing.assert_allclose(found.posterior, np.concatenate([x.posterior for x in alone]), atol=1e-13)
    np.testing.assert_allclose(found.log_likelihood, [x.log_likelihood[0] for x in alone], rtol=1e-12)
    np.testing.assert_allclose(found.transitions, sum(x.transitions for x in alone), rtol=1e-11)
    np.testing.assert_allclose(found.start, sum(x.start for x in alone), rtol=1e-11)


@pytest.mark.parametrize("odd", ["no state allows it", "forward", "backward", "every", "missing"])
def test_what_leaves_the_range_is_done_again_in_logarithms(odd):
    rng = np.random.default_rng(1)
    start, trans = np.array([0.5, 0.5, 0.0]), np.array([[0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.0, 0.0, 1.0]])
    offsets = np.arange(0, 41 * 6, 6)
    log = rng.normal(size=(offsets[-1], 3))
    if odd == "no state allows it":
        log[6 * 7 + 2] = log[6 * 30] = -np.inf
    elif odd == "forward":  # what fits cannot be, and the rest hardly
        log[6 * 5 + 3], log[6 * 5 + 3, 2] = -700.0, 0.0
    elif odd == "backward":
        trans = np.eye(3)  # what is all but ruled out, two steps in turn show to have been so
        log[6 * 9 + 1], log[6 * 9 + 2], log[6 * 9 + 3] = [0, -667, 0], [-500, 0, 0], [-400, 0, 0]
    elif odd == "every":
        log[:, :2] -= 800.0
    else:
        log[6 * 12 : 6 * 14] = 0.0
    shift = np.where(np.isfinite(log.max(axis=1)), log.max(axis=1), 0.0)
    fit = Likelihood(np.exp(log - shift[:, None]), shift, log - shift[:, None])
    weights = rng.exponential(size=len(log))
    alone = one_by_one(start, trans, fit, offsets, weights)
    found = expect_states(start, trans, fit, offsets, weights)
    assert pays(3, offsets)
    np.testing.assert_allclose(found.log_likelihood, [x.log_likelihood[0] for x in alone], rtol=1e-12)
    steps = np.arange(len(log))
    trusted = count_states(start, trans, fit.relative, steps, offsets).trusted
    gone = {"no state allows it": [7, 30], "forward": [5], "backward": [9], "every": range(40), "missing": []}
    assert np.flatnonzero(~trusted).tolist() == list(gone[odd])
    assert np.isinf(found.log_likelihood).sum() == (2 if odd == "no state allows it" else 0)
    np.testing.assert_allclose(found.posterior, np.concatenate([x.posterior for x in alone]), atol=1e-12)
    np.testing.assert_allclose(found.transitions, sum(x.transitions for x in alone), atol=1e-11)
    np.testing.assert_allclose(found.start, sum(x.start for x in alone), atol=1e-12)


@pytest.mark.parametrize("rare", [1e-310, 1e-200, 0.0])
def test_sums_of_symbols_hold_with_what_is_next_to_impossible(rare, monkeypatch):
    rng = np.random.default_rng(2)
    codes, offsets = ragged(50, 12, rng, 4)
    codes[offsets[3]] = codes[offsets[20] : offsets[21]] = 4  # outside the alphabet, as if not seen
    start, trans, emission = chain(2, rng, 4)
    emission[:, 3] = rare if rare else [0.0, 0.1]
    start, trans = (start, trans) if rare else (np.array([1.0, 0.0]), np.array([[0.5, 0.5], [0.0, 1.0]]))
    recipe = Recipe("categorical", "diag", 1, 4, np.ones(2, bool), np.ones((2, 2), bool))
    engine = make_engine(recipe, {"startprob": start, "transmat": trans, "emissionprob": emission})
    steps = Steps(codes, offsets)
    sums, log_likelihood = engine.expect(steps)
    monkeypatch.setattr(lanes, "_LANES", 1)  # too few to pay
    others, other = engine.expect(steps)
    assert np.isneginf(log_likelihood) if np.isneginf(other) else log_likelihood == pytest.approx(other)
    assert set(sums) == set(others)
    for name, value in sums.items():
        np.testing.assert_allclose(value, others[name], rtol=1e-10, atol=1e-11, err_msg=name)


def test_a_fit_is_the_same_one_by_one(monkeypatch):
    rng = np.random.default_rng(3)
    X = [list(rng.integers(0, 4, rng.integers(2, 30))) for _ in range(60)]
    model = HMM(3, n_init=2, max_iter=20, tol=0.0, random_state=0)
    with pytest.warns(UserWarning, match="20 iterations"):
        side_by_side = model.fit(X).score_samples(X)
    monkeypatch.setattr(lanes, "_LANES", 1)
    with pytest.warns(UserWarning, match="20 iterations"):
        one_by_one = model.fit(X).score_samples(X)
    np.testing.assert_allclose(side_by_side, one_by_one, rtol=1e-9)


def test_the_sizes_decide():
    offsets = np.arange(0, 1000, 10)
    assert pays(4, offsets)
    assert not pays(4, offsets[:16])
    assert not pays(13, offsets)
    assert not pays(4, np.r_[offsets, 10**5])  # more than stays in the cache
