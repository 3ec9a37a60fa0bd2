"""Long data are read a part at a time: the same numbers in memory that does not grow with their length."""

import tracemalloc

import numpy as np
import pytest

from seqcompare import HMM, Sequences
from seqcompare.models.hmm import _hmmlearn, parts
from seqcompare.models.hmm._hmmlearn import Steps
from seqcompare.models.hmm.pieces import cut, expect_pieces
from seqcompare.models.hmm.recursions import Likelihood, expect_states
from seqcompare.models.hmm.settings import fitted_engine


def model_of(kind, lasting=False):
    rng = np.random.default_rng(0)
    trans = rng.dirichlet(np.full(3, 2.0), 3)
    parameters = {"startprob": [0.2, 0.3, 0.5], "transmat": trans}
    if kind == "symbols":
        parameters["emissionprob"] = rng.dirichlet(np.full(4, 0.5), 3)
    else:
        parameters |= {"means": [[0.0], [3.0], [9.0]], "covars": [[1.0], [2.0], [0.5]]}
    if lasting:
        np.fill_diagonal(trans, 0.0)
        parameters["transmat"] = trans / trans.sum(axis=1, keepdims=True)
        parameters["hazards"] = rng.uniform(0.1, 0.9, (3, 5))
    return HMM.from_parameters(**parameters)


def test_parts_are_whole_sequences_or_lie_within_one():
    assert list(cut(np.array([0, 3, 5, 6, 20, 22]), 6)) == [(0, 6), (6, 12), (12, 18), (18, 20), (20, 22)]
    assert list(cut(np.array([0, 4]), 4)) == [(0, 4)]


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("kind", ["symbols", "numbers"])
def test_parts_change_nothing_that_is_said_of_steps(kind, lasting, monkeypatch):
    model = model_of(kind, lasting)
    X = model.sample(4, [700, 3, 50, 400], random_state=0)
    scores, steps = model.score_samples(X), model.score_steps(X).values
    monkeypatch.setattr(parts, "NUMBERS", 3 * 60)
    np.testing.assert_allclose(model.score_samples(X), scores, rtol=1e-13)
    np.testing.assert_allclose(model.score_steps(X).values, steps, rtol=1e-11)
    if kind == "symbols":
        answer = np.concatenate(list(model.iter_next_proba(X, 17)))
        np.testing.assert_allclose(answer, model.predict_next_proba(X).values, rtol=1e-11)


@pytest.mark.parametrize("weighted", [False, True])
def test_pieces_change_nothing_that_is_expected(weighted, monkeypatch):
    model = model_of("symbols")
    X = model.sample(3, [500, 4, 333], random_state=1)
    weights = np.repeat([0.5, 2.0, 3.0], X.lengths) if weighted else None
    engine = fitted_engine(model)
    steps = Steps(np.searchsorted(model.symbols_, X.values), np.array(X.offsets), weights)
    whole = engine.expect(steps)
    monkeypatch.setattr(_hmmlearn, "NUMBERS", 3 * 100)
    monkeypatch.setattr(_hmmlearn, "_CHUNK", 3 * 64)
    pieces = engine.expect(steps)
    assert pieces[1] == pytest.approx(whole[1], rel=1e-13)
    for name in ("nobs", "start", "trans", "obs"):
        np.testing.assert_allclose(pieces[0][name], whole[0][name], rtol=1e-11)


def test_pieces_out_of_the_range_of_floats():
    rng = np.random.default_rng(0)
    start, trans = np.array([1.0, 0.0]), np.array([[0.5, 0.5], [0.0, 1.0]])
    log_b = np.log(rng.random((12, 2)))
    # only state 0 is possible at first, and the steps are 1e-400 as likely there as in state 1
    log_b[[0, 5]] = [-921.0, 0.0]
    whole = expect_states(start, trans, Likelihood.from_log(log_b), np.array([0, 12]))
    bounds = [(0, 4), (4, 8), (8, 12)]
    found = list(
        expect_pieces(start, trans, lambda a, z: Likelihood.from_log(log_b[a:z]), bounds, np.ones(12))
    )
    posterior = np.concatenate([piece.posterior for *_, piece in reversed(found)])
    np.testing.assert_allclose(posterior, whole.posterior, atol=1e-12)
    np.testing.assert_allclose(sum(piece.transitions for *_, piece in found), whole.transitions, atol=1e-12)
    np.testing.assert_allclose(sum(piece.start for *_, piece in found), whole.start, atol=1e-12)
    total = sum(piece.log_likelihood[0] for *_, piece in found)
    assert total == pytest.approx(whole.log_likelihood[0], rel=1e-12)


@pytest.mark.parametrize("ask", ["fit", "score_samples"])
def test_a_long_sequence_takes_less_than_eight_numbers_a_step(ask):
    x = np.random.default_rng(0).integers(0, 4, 2_000_000).astype(np.int8)
    X = Sequences(x, np.array([0, len(x)]))
    model = HMM(4, n_init=1, tol=1e9, random_state=0)
    if ask == "score_samples":
        model = model_of("symbols")
    tracemalloc.start()
    try:
        getattr(model, ask)(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # the states of all steps alone would be four numbers, each time that they are written down
    assert peak < 8 * x.size * 8
