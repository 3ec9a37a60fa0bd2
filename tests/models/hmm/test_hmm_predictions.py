"""Distributions of the next step from hidden Markov models, for every emission and covariance."""

import numpy as np
import pytest

from seqcompare import HMM

RNG = np.random.default_rng(0)
VECTORS = [RNG.normal(size=(12, 2)) + 3 * (np.arange(12)[:, None] // 4 % 2) for _ in range(6)]
NUMBERS = [x[:, 0] for x in VECTORS]
COUNTS = [RNG.poisson(1 + 5 * (np.arange(15) // 5 % 2)) for _ in range(6)]


@pytest.mark.parametrize("covariance_type", ["diag", "spherical", "full", "tied"])
@pytest.mark.parametrize("emission", ["gaussian", "gmm"])
@pytest.mark.parametrize("X", [NUMBERS, VECTORS], ids=["numbers", "vectors"])
def test_the_next_step_is_as_likely_as_score_steps_says(X, emission, covariance_type):
    model = HMM(2, emission, covariance_type=covariance_type, n_init=1, max_iter=20, tol=1e-2, random_state=0)
    model.fit(X)
    for x, ahead, steps in zip(X, model.predict_next_distribution(X), model.score_steps(X), strict=True):
        np.testing.assert_allclose(ahead[:-1].log_prob(x[1:]), steps[1:], rtol=1e-8)
    expected = np.concatenate([part.mean for part in model.predict_next_distribution(X)])
    np.testing.assert_allclose(expected, np.concatenate(model.predict_next(X)), rtol=1e-10)


def test_counts_have_a_mixture_of_poissons():
    model = HMM(2, "poisson", n_init=1, tol=1e-2, random_state=0).fit(COUNTS)
    for x, ahead, steps in zip(
        COUNTS, model.predict_next_distribution(COUNTS), model.score_steps(COUNTS), strict=True
    ):
        np.testing.assert_allclose(ahead[:-1].log_prob(x[1:]), steps[1:], rtol=1e-8)
    double = HMM(1, "poisson", n_init=1).fit([np.stack([x, x], axis=1).astype(float) for x in COUNTS])
    with pytest.raises(ValueError, match="no joint distribution of 2 counts"):
        double.predict_next_distribution([np.ones((3, 2))])


def test_forecasts_return_to_the_long_run():
    model = HMM(2, n_init=1, tol=1e-2, random_state=0).fit(NUMBERS)
    far = model.forecast(NUMBERS, 200)
    assert far.batch_shape == (6, 200)
    assert far.mean[:, -1].std() < 1e-6
    last = [part[-1].mean for part in model.predict_next_distribution(NUMBERS)]
    np.testing.assert_allclose(far.mean[:, 0], last)


def test_symbols_have_probabilities_instead():
    with pytest.raises(ValueError, match="predict_next_proba gives their probabilities"):
        HMM(1).fit(["ab"]).predict_next_distribution(["ab"])
