"""Distributions of positive numbers against scipy's log-normal one, and against numbers that are drawn."""

import numpy as np
import pytest
from scipy.stats import lognorm

from seqcompare.models.distributions.lognormal import LogNormalMixture
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture


def test_one_component_is_scipys():
    m, s, x = np.array([0.2, 1.0]), np.array([0.5, 0.1]), np.array([0.7, 3.0])
    found, peer = LogNormalMixture(NormalMixture.normal(m, s)), lognorm(s=s, scale=np.exp(m))
    assert found.batch_shape == (2,)
    for mine, theirs in (
        (found.mean, peer.mean()),
        (found.variance, peer.var()),
        (found.log_prob(x), peer.logpdf(x)),
        (found.cdf(x), peer.cdf(x)),
        (found.quantile(0.3), peer.ppf(0.3)),
    ):
        np.testing.assert_allclose(mine, theirs)
    assert found[0].log_prob(-1.0) == found[0].log_prob(0.0) == -np.inf
    assert found[0].cdf(-1.0) == 0
    assert found[0].log_prob(np.nan) == 0


@pytest.mark.parametrize("x", [-0.5, 0.4, 2.0, 9.0])
def test_the_crps_is_the_integral_of_its_definition(x):
    found = LogNormalMixture(NormalMixture([0.3, 0.7], [0.0, 1.0], [0.5, 0.2]))
    z = np.linspace(-1, 40, 400_001)
    expected = np.trapezoid((found.cdf(z) - (z >= x)) ** 2, z)
    assert found.crps(x) == pytest.approx(expected, rel=1e-4)


def test_vectors_go_channel_by_channel_and_their_density_together():
    cov = np.array([[0.3, 0.1], [0.1, 0.2]])
    found = LogNormalMixture(MultivariateNormalMixture.normal([[0.1, -0.4]], cov))
    drawn = found.sample(200_000, random_state=0)[:, 0]
    np.testing.assert_allclose(found.mean[0], drawn.mean(axis=0), rtol=0.01)
    np.testing.assert_allclose(found.variance[0], drawn.var(axis=0), rtol=0.05)
    x = np.array([1.2, 0.5])
    one = LogNormalMixture(NormalMixture.normal(0.1, np.sqrt(0.3)))
    assert found.crps(x)[0, 0] == pytest.approx(one.crps(1.2))
    assert found.log_prob([1.2, np.nan])[0] == pytest.approx(one.log_prob(1.2))
    logs = MultivariateNormalMixture.normal([0.1, -0.4], cov)
    assert found.log_prob(x)[0] == pytest.approx(logs.log_prob(np.log(x)) - np.log(x).sum())
