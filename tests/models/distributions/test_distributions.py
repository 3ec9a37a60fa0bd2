"""Predictive distributions against scipy, numerical integrals and long runs of draws."""

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad, quad_vec

from seqcompare import Sequences
from seqcompare.models.distributions.base import pack
from seqcompare.models.distributions.counts import CountDistribution
from seqcompare.models.distributions.mixtures import MultivariateNormalMixture, NormalMixture

RNG = np.random.default_rng(0)


def mixture(shape=(5,), k=3):
    rng = np.random.default_rng(1)
    return NormalMixture(rng.dirichlet(np.ones(k), shape), rng.normal(size=(*shape, k)), rng.gamma(2, size=k))


def vectors(shape=(5,), k=2, d=3):
    rng = np.random.default_rng(2)
    root = rng.normal(size=(*shape, k, d, d))
    weights = rng.dirichlet(np.ones(k), shape)
    return MultivariateNormalMixture(
        weights, rng.normal(size=(*shape, k, d)), root @ np.swapaxes(root, -1, -2)
    )


def counts(shape=(5,), m=4):
    rng = np.random.default_rng(3)
    return CountDistribution(rng.dirichlet(np.ones(m + 1), shape)[..., :m], rng.uniform(0.2, 0.8, shape))


KINDS = {"numbers": mixture, "vectors": vectors, "counts": counts}
kinds = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)


@kinds
@pytest.mark.parametrize("shape", [(), (5,), (2, 3)])
def test_shapes_are_those_of_the_batch_and_the_value(make, shape):
    batch = make(shape)
    full = shape + batch.event_shape
    assert batch.batch_shape == shape
    x = np.full(full, 2.0)
    assert batch.log_prob(x).shape == shape
    for answer in (batch.mean, batch.variance, batch.cdf(x), batch.crps(x), batch.quantile(0.3)):
        assert answer.shape == full
    assert batch.quantile([0.1, 0.5, 0.9]).shape == (3, *full)
    assert batch.sample(7, 0).shape == (7, *full)


@kinds
def test_parts_of_a_batch_answer_as_the_batch_does(make):
    batch = make((4, 3))
    x = np.full((4, 3, *batch.event_shape), 1.0)
    whole = batch.log_prob(x)
    np.testing.assert_array_equal(batch[1].log_prob(x[1]), whole[1])
    np.testing.assert_array_equal(batch[1, -1].log_prob(x[1, -1]), whole[1, -1])
    np.testing.assert_array_equal(batch[[2, 0]].crps(x[:2]), batch.crps(x)[[2, 0]])
    np.testing.assert_array_equal(batch.reshape(12).log_prob(x[0, 0]), whole.ravel())
    assert len(batch) == 4
    with pytest.raises(TypeError, match="no length"):
        len(batch[0, 0])


@kinds
def test_draws_have_the_mean_variance_and_quantiles(make):
    batch = make((3,))
    n = 40_000
    drawn = batch.sample(n, random_state=0)
    np.testing.assert_array_equal(drawn, batch.sample(n, random_state=0))
    error = np.sqrt(batch.variance / n)
    assert (np.abs(drawn.mean(axis=0) - batch.mean) < 5 * error).all()
    np.testing.assert_allclose(drawn.var(axis=0), batch.variance, rtol=0.1)
    for level in (0.05, 0.5, 0.99):
        below = (drawn <= batch.quantile(level)).mean(axis=0)
        at_most = batch.cdf(batch.quantile(level))
        assert (np.abs(below - at_most) < 5 * 0.5 / np.sqrt(n)).all()


@pytest.mark.parametrize("make", [mixture, vectors], ids=["numbers", "vectors"])
def test_quantiles_invert_the_cumulated_probability(make):
    batch = make((4,))
    for level in (1e-6, 0.2, 0.5, 0.9, 1 - 1e-9):
        np.testing.assert_allclose(batch.cdf(batch.quantile(level)), level, rtol=1e-9)
    assert np.isneginf(batch.quantile(0)).all()
    assert np.isposinf(batch.quantile(1)).all()


def test_quantiles_of_counts_are_the_first_to_reach_the_level():
    batch = counts()
    for level in (0.01, 0.3, 0.7, 0.99, 0.99999):
        q = batch.quantile(level)
        assert (batch.cdf(q) >= level - 1e-12).all()
        assert (batch.cdf(q - 1) < level).all()
    assert np.isposinf(batch.quantile(1)).all()
    closed = CountDistribution([0.2, 0.8, 0.0])
    assert closed.quantile([0, 0.2, 0.5, 1]).tolist() == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="q must be a number between 0 and 1"):
        batch.quantile(1.5)


def test_log_densities_are_scipys():
    m = mixture((6,), 1)
    x = RNG.normal(size=6)
    np.testing.assert_allclose(m.log_prob(x), stats.norm.logpdf(x, m.means[:, 0], m.scales[:, 0]), rtol=1e-12)
    m = mixture()
    x = RNG.normal(size=5)
    parts = stats.norm.pdf(x[:, None], m.means, m.scales)
    np.testing.assert_allclose(m.log_prob(x), np.log((m.weights * parts).sum(axis=1)), rtol=1e-12)
    v = vectors()
    x = RNG.normal(size=(5, 3))
    for i in range(5):
        parts = [stats.multivariate_normal.pdf(x[i], v.means[i, j], v.covariances[i, j]) for j in range(2)]
        assert v[i].log_prob(x[i]) == pytest.approx(np.log(v.weights[i] @ parts), rel=1e-9)
    assert np.isneginf(NormalMixture([0.0, 1.0], [0, 0], [1, 1]).log_prob(np.inf))


def test_counts_add_up_and_have_the_moments_of_the_table_and_its_tail():
    batch = counts()
    k = np.arange(400)
    p = np.exp(batch.log_prob(k[:, None]))
    np.testing.assert_allclose(p.sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(k @ p, batch.mean, rtol=1e-12)
    np.testing.assert_allclose((k**2) @ p - (k @ p) ** 2, batch.variance, rtol=1e-10)
    np.testing.assert_allclose(np.cumsum(p, axis=0), batch.cdf(k[:, None]), rtol=1e-12)
    assert np.isneginf(batch.log_prob([-1, 0.5, -3, 2.5, 1e300][:5])[[0, 1, 2, 3]]).all()


def test_crps_is_the_integral_of_the_squared_error_of_the_cumulated_probability():
    batch = mixture((4,))
    for x in (-3.0, 0.1, 2.5):
        low, _ = quad_vec(lambda z: batch.cdf(z) ** 2, -60, x, epsabs=1e-11)
        high, _ = quad_vec(lambda z: (1 - batch.cdf(z)) ** 2, x, 60, epsabs=1e-11)
        np.testing.assert_allclose(batch.crps(x), low + high, rtol=1e-8)
    vector = vectors()
    np.testing.assert_allclose(vector.crps(np.ones(3))[:, 1], vector.marginal(1).crps(1.0), rtol=1e-14)


def test_crps_of_counts_is_the_sum_over_all_thresholds():
    batch = counts()
    k = np.arange(500)[:, None]
    for x in (0, 2, 3, 4, 5, 11):
        by_hand = ((batch.cdf(k) - (x <= k)) ** 2).sum(axis=0)
        np.testing.assert_allclose(batch.crps(x), by_hand, rtol=1e-12)


def test_crps_of_mixtures_is_that_of_scoringrules():
    # scoringrules 0.10.0: crps_mixnorm(0.3, [-1, .5, 2], [.4, 1, .25], [.2, .5, .3]), crps_normal(1.2, .1, 2)
    mixed = NormalMixture([0.2, 0.5, 0.3], [-1, 0.5, 2], [0.4, 1, 0.25])
    assert mixed.crps(0.3) == pytest.approx(0.4410954523737205, rel=1e-12)
    assert NormalMixture.normal(0.1, 2.0).crps(1.2) == pytest.approx(0.702844942047661, rel=1e-12)


def test_a_normal_density_integrates_to_one():
    single = mixture((), 3)
    total, _ = quad(lambda z: float(np.exp(single.log_prob(z))), -60, 60)
    assert total == pytest.approx(1, abs=1e-7)


def test_rows_come_in_the_container_of_the_sequences():
    rows = mixture((6,))
    as_list = pack(Sequences([[0.0, 1.0], [2.0, 3.0, 4.0, 5.0]]), rows)
    assert [part.batch_shape for part in as_list] == [(2,), (4,)]
    assert pack(Sequences(np.zeros((2, 3))), rows).batch_shape == (2, 3)
    assert pack(Sequences(np.zeros(6), [0, 2, 6]), rows).batch_shape == (6,)
