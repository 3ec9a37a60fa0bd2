import warnings

import numpy as np
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
