"""States that one step all but rules out and later steps call back, against logarithms."""

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp

from seqcompare import HMM
from seqcompare.models.hmm.duration_recursions import Ages, expect_ages
from seqcompare.models.hmm.recursions import Likelihood, expect_states, filter_states

# Three states that are never left, the last of which is never met. What speaks against the first is below the
# least float, and in the end it wins: by many small steps, or after a step that fits none of the two.
LOGS = {
    "small steps": np.array([[0.0, 0.0, 0.0], [-800.0, 0.0, 0.0], *[[0.0, -150.0, 0.0]] * 6]),
    "one misfit": np.array([[0.0, 0.0, 0.0], [-760.0, -575.0, 0.0], [0.0, -230.0, -900.0]]),
}
START = np.array([0.25, 0.75, 0.0])


def repeated(logs, n):
    return Likelihood.from_log(np.tile(logs, (n, 1))), np.arange(n + 1) * len(logs)


def known(logs):
    """Log-likelihood, and p(state | steps so far)."""
    with np.errstate(divide="ignore"):
        sums = np.log(START) + logs.cumsum(axis=0)
    return logsumexp(sums[-1]), np.exp(log_softmax(sums, axis=1))


@pytest.mark.parametrize("n", [1, 40])
@pytest.mark.parametrize("logs", LOGS.values(), ids=LOGS)
def test_a_state_that_underflow_ended_comes_back(logs, n):
    fit, offsets = repeated(logs, n)
    log_likelihood, filtered = known(logs)
    assert filtered[1, 0] < 1e-75
    assert filtered[-1, 0] > 1 - 1e-12
    found, now = filter_states(START, np.eye(3), fit, offsets)
    np.testing.assert_allclose(found, np.full(n, log_likelihood), rtol=1e-13)
    np.testing.assert_allclose(now, np.tile(filtered, (n, 1)), atol=1e-13)
    expected = expect_states(START, np.eye(3), fit, offsets)
    np.testing.assert_allclose(expected.log_likelihood, found, rtol=1e-13)
    np.testing.assert_allclose(expected.posterior, np.tile(filtered[-1], (n * len(logs), 1)), atol=1e-13)
    moves = n * (len(logs) - 1) * np.diag(filtered[-1])
    np.testing.assert_allclose(expected.transitions, moves, atol=1e-11)


def test_weights_in_place_of_probabilities_do_not_hide_what_is_lost():
    logs = np.concatenate([np.zeros((200, 3)), LOGS["small steps"]])
    log_likelihood, filtered = known(logs)
    found, now = filter_states(START, 1000 * np.eye(3), *repeated(logs, 1))
    assert found[0] == pytest.approx(log_likelihood + 207 * np.log(1000), rel=1e-13)
    np.testing.assert_allclose(now, filtered, atol=1e-13)


@pytest.mark.parametrize("logs", LOGS.values(), ids=LOGS)
def test_states_that_know_their_age_come_back_too(logs):
    fit, offsets = repeated(logs, 2)
    hazards = np.zeros((3, 2))  # never left
    ages = Ages(START[:, None] * [1.0, 0.0], (1 - np.eye(3)) / 2, hazards)
    log_likelihood, filtered = known(logs)
    expected = expect_ages(ages, fit, offsets)
    np.testing.assert_allclose(expected.log_likelihood, log_likelihood, rtol=1e-13)
    np.testing.assert_allclose(expected.posterior, np.tile(filtered[-1], (2 * len(logs), 1)), atol=1e-13)


def test_an_outlier_does_not_end_a_stage():
    model = HMM.from_parameters(
        startprob=[1.0, 0.0], transmat=[[0.5, 0.5], [0.0, 1.0]], means=[[0.0], [10.0]], covars=[[1.0], [1.0]]
    )
    x = np.array(
        [0.0, 90.0, *[-7.0] * 12]
    )  # 850 nats for the second stage, and then 120 a step for the first
    here = -((x - 0.0) ** 2) / 2 - np.log(2 * np.pi) / 2
    there = -((x - 10.0) ** 2) / 2 - np.log(2 * np.pi) / 2
    # the second stage begins at step k, or never
    paths = [here[:k].sum() + there[k:].sum() - min(k, 13) * np.log(2) for k in range(1, 15)]
    assert model.score_samples([x])[0] == pytest.approx(logsumexp(paths), rel=1e-13)
    np.testing.assert_allclose(model.filter_proba([x])[0][-2:, 0], 1.0, atol=1e-12)


@pytest.mark.parametrize("n", [1, 40])
@pytest.mark.parametrize("scale", [1e-120, 1e120])
def test_weights_of_any_size_scale_what_is_expected(n, scale):
    rng = np.random.default_rng(0)
    trans = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5]])
    fit, offsets = Likelihood.from_log(rng.normal(size=(n * 6, 3)) * 250), np.arange(n + 1) * 6
    weights = rng.exponential(size=n * 6)
    plain = expect_states(np.full(3, 1 / 3), trans, fit, offsets, weights)
    scaled = expect_states(np.full(3, 1 / 3), trans, fit, offsets, weights * scale)
    np.testing.assert_allclose(scaled.transitions / scale, plain.transitions, rtol=1e-9, atol=1e-20)
    np.testing.assert_allclose(scaled.start / scale, plain.start, rtol=1e-9, atol=1e-20)
