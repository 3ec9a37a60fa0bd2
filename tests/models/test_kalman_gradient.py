"""The exact score against finite differences of the likelihood."""

import numpy as np
import pytest
from kalman_by_hand import random_model, with_gaps

from seqcompare.data.sequences import offsets_of
from seqcompare.models.kalman import score_steps
from seqcompare.models.kalman_gradient import Gradient, likelihood_and_gradient

STEP = 1e-6


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize(("k", "d"), [(1, 1), (2, 1), (3, 2), (2, 3)])
def test_gradient_is_that_of_finite_differences(k, d, share):
    model = random_model(k, d, seed=7)
    lengths = [1, 6, 15]
    x = with_gaps(np.random.default_rng(7).normal(size=(sum(lengths), d)), share)
    offsets, weight = offsets_of(lengths), np.array([1.0, 2.5, 0.5])

    def likelihood(moved):
        return weight @ np.add.reduceat(score_steps(moved, x, offsets), offsets[:-1])

    nats, gradient = likelihood_and_gradient(model, x, offsets, weight)
    assert nats == pytest.approx(likelihood(model))
    for name in Gradient._fields:
        value, slope = getattr(model, name), getattr(gradient, name)
        symmetric = name in ("state_noise", "noise", "start_cov")
        for place in np.ndindex(value.shape):
            change = np.zeros_like(value)
            change[place] += STEP
            if symmetric:
                change = (change + change.T) / 2
            up, down = (likelihood(model._replace(**{name: value + sign * change})) for sign in (1, -1))
            assert (up - down) / 2 == pytest.approx((slope * change).sum(), rel=1e-5, abs=1e-5 * STEP), name


def test_a_sequence_of_weight_0_counts_for_nothing():
    model = random_model(2, 1)
    x = np.random.default_rng(0).normal(size=(12, 1))
    some = likelihood_and_gradient(model, x, offsets_of([7, 5]), np.array([1.0, 0.0]))
    alone = likelihood_and_gradient(model, x[:7], offsets_of([7]), np.ones(1))
    assert some[0] == pytest.approx(alone[0])
    for ours, other in zip(some[1], alone[1], strict=True):
        np.testing.assert_allclose(ours, other)
