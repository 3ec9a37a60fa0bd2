"""Filter and smoother against the textbook's equations and against the joint distribution of everything."""

from itertools import pairwise

import numpy as np
import pytest
from kalman_by_hand import joint, random_model, smooth_jointly, textbook_filter, with_gaps
from scipy.stats import multivariate_normal

from seqcompare.data.sequences import offsets_of
from seqcompare.models.kalman import filter_states, predict_states, score_steps, smooth_states

SIZES = [(1, 1), (2, 1), (3, 2), (2, 3)]


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize(("k", "d"), SIZES)
def test_filter_is_the_textbooks(k, d, share):
    model = random_model(k, d)
    lengths = [1, 7, 200]
    x = with_gaps(np.random.default_rng(1).normal(size=(sum(lengths), d)), share)
    offsets = offsets_of(lengths)
    seen = filter_states(model, x, offsets)
    np.testing.assert_array_equal(score_steps(model, x, offsets), seen.log_density)
    mean, cov = predict_states(model, x, offsets)
    for a, b in pairwise(offsets):
        log_density, means, covs = textbook_filter(model, x[a:b])
        np.testing.assert_allclose(seen.log_density[a:b], log_density, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(seen.mean[a:b], means, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(seen.cov[a:b], covs, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(mean[a : b - 1], means[1:], rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(cov[a : b - 1], covs[1:], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize(("k", "d"), SIZES)
def test_likelihood_is_that_of_the_joint_distribution(k, d, share):
    model = random_model(k, d, seed=2)
    x = with_gaps(np.random.default_rng(2).normal(size=(9, d)), share)
    _, _, steps, spread, _ = joint(model, len(x))
    known = ~np.isnan(x.ravel())
    whole = multivariate_normal.logpdf(x.ravel()[known], steps[known], spread[np.ix_(known, known)])
    assert score_steps(model, x, offsets_of([9])).sum() == pytest.approx(whole, rel=1e-10)


@pytest.mark.parametrize("share", [0.0, 0.4])
@pytest.mark.parametrize(("k", "d"), SIZES)
def test_smoother_conditions_the_joint_distribution(k, d, share):
    model = random_model(k, d, seed=3)
    lengths = [5, 8, 1]
    x = with_gaps(np.random.default_rng(3).normal(size=(sum(lengths), d)), share)
    offsets = offsets_of(lengths)
    found = smooth_states(model, x, offsets, filter_states(model, x, offsets))
    for a, b in pairwise(offsets):
        mean, cov = smooth_jointly(model, x[a:b])
        blocks = cov.reshape(b - a, k, b - a, k)
        np.testing.assert_allclose(found.mean[a:b].ravel(), mean, rtol=1e-8, atol=1e-10)
        for t in range(b - a):
            np.testing.assert_allclose(found.cov[a + t], blocks[t, :, t], rtol=1e-8, atol=1e-10)
            following = blocks[t + 1, :, t] if t + 1 < b - a else np.zeros((k, k))
            np.testing.assert_allclose(found.cross[a + t], following, rtol=1e-8, atol=1e-10)


def test_a_step_that_follows_without_noise_is_no_trouble():
    """The state of an autoregression is known exactly, so that its covariance has no inverse."""
    model = random_model(2, 1)._replace(
        transition=np.array([[1.6, -0.8], [1.0, 0.0]]),
        loading=np.array([[1.0, 0.0]]),
        state_noise=np.diag([1.0, 0.0]),
        noise=np.zeros((1, 1)),
        start_cov=np.eye(2),
    )
    x = with_gaps(np.random.default_rng(4).normal(size=(30, 1)), 0.3, seed=5)
    _, _, steps, spread, _ = joint(model, 30)
    known = ~np.isnan(x[:, 0])
    whole = multivariate_normal.logpdf(x[known, 0], steps[known], spread[np.ix_(known, known)])
    seen = filter_states(model, x, offsets_of([30]))
    assert seen.log_density.sum() == pytest.approx(whole, rel=1e-9)
    mean, _ = smooth_jointly(model, x)
    found = smooth_states(model, x, offsets_of([30]), seen)
    np.testing.assert_allclose(found.mean.ravel(), mean, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(found.mean[known, 0], x[known, 0] - model.offset, atol=1e-10)


def test_a_covariance_that_never_settles_is_followed_to_the_end():
    """A state without noise is known ever better, like the mean of what came."""
    model = random_model(1, 1)._replace(
        transition=np.eye(1), state_noise=np.zeros((1, 1)), loading=np.ones((1, 1)), noise=np.ones((1, 1)),
        start_cov=np.full((1, 1), 4.0), start_mean=np.zeros(1), offset=np.zeros(1),
    )  # fmt: skip
    x = np.random.default_rng(6).normal(size=(2500, 1))
    x[1700] = np.nan
    offsets = offsets_of([2500])
    log_density, means, covs = textbook_filter(model, x)
    seen = filter_states(model, x, offsets)
    np.testing.assert_allclose(seen.cov, covs, rtol=1e-9)
    np.testing.assert_allclose(seen.mean, means, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(seen.log_density, log_density, rtol=1e-9)
    mean, cov = predict_states(model, x, offsets)
    np.testing.assert_allclose(cov[:-1], covs[1:], rtol=1e-9)
    np.testing.assert_allclose(mean[:-1], means[1:], rtol=1e-8, atol=1e-12)
