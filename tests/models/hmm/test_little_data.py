import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from seqcompare import HMM


def noisy_cycle(noise, n_states=6):
    """A cycle of states that show their symbol, or now and then any."""
    return HMM.from_parameters(
        startprob=np.ones(n_states) / n_states,
        transmat=np.roll(np.eye(n_states), 1, axis=1),
        emissionprob=(1 - noise) * np.eye(n_states) + noise / n_states,
    )


def test_dirichlet_priors_do_most_of_the_work_on_one_short_sequence():
    """300 steps for 60 free parameters: without priors EM fits the noise.

    The start is held even: from one sequence EM would learn that all begin as it did.
    """
    even = {"init": {"startprob": np.full(6, 1 / 6)}, "fixed": ["startprob"]}
    source = noisy_cycle(0.1)
    excess = {"priors": [], "none": []}
    for seed in range(8):
        train, test = (source.sample(n, 300, random_state=s) for n, s in ((1, seed), (20, 100 + seed)))
        for name, priors in (("priors", {"emissionprob": 0.3, "transmat": 0.02}), ("none", None)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model = HMM(6, priors=priors, random_state=seed, **even).fit(train)
            excess[name].append((source.score(test) - model.score(test)) / np.log(2))
    assert np.mean(excess["priors"]) < 0.065
    assert np.max(excess["priors"]) < 0.1
    assert np.mean(excess["none"]) > 0.25


LITTLE = {
    "diag": ("gaussian", {"means": [[0, 0], [4, 4]], "covars": np.ones((2, 2))}),
    "spherical": ("gaussian", {"means": [[0, 0], [4, 4]], "covars": np.ones(2)}),
    "full": ("gmm", {"covars": np.broadcast_to(np.eye(2), (2, 2, 2, 2))}),
    "tied": ("gmm", {"covars": np.broadcast_to(np.eye(2), (2, 2, 2))}),
}


@pytest.mark.parametrize("weight", [1e-8, 1e-12, 1e-60])
@pytest.mark.parametrize("kind", LITTLE)
def test_weights_without_priors_are_shares_however_little(kind, weight):
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 2)) + 4 * rng.integers(0, 2, (n, 1)) for n in rng.integers(1, 15, 30)]
    emission, init = LITTLE[kind]
    init = {"startprob": [0.6, 0.4], "transmat": [[0.7, 0.3], [0.2, 0.8]], **init}
    if emission == "gmm":
        init |= {"weights": np.full((2, 2), 0.5), "means": [[[0, 0], [1, 1]], [[4, 4], [3, 3]]]}
    model = HMM(2, emission=emission, covariance_type=kind, init=init, max_iter=20, tol=1e-3)
    share = rng.exponential(size=30)
    plain = model.fit(X, sample_weight=share).score_samples(X)
    little = model.fit(X, sample_weight=share * weight).score_samples(X)
    np.testing.assert_allclose(little, plain, rtol=1e-9)
