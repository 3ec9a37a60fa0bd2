"""How hidden Markov models are fitted: starts, topologies, fixed parameters, priors, and when EM stops."""

import warnings

import numpy as np
import pytest
from hmm_examples import noise, regimes
from sklearn.exceptions import ConvergenceWarning

from seqcompare import HMM
from seqcompare.tasks import Recall


def test_sticky_starts_find_regimes():
    source, X = regimes(200, 100, 0)
    _, held_out = regimes(300, 200, 1)
    model = HMM(2, n_init=4, random_state=0).fit(X)
    marginal = HMM(1).fit(X)
    gain = (model.score(held_out) - marginal.score(held_out)) / (
        source.score(held_out) - marginal.score(held_out)
    )
    assert gain > 0.95


def test_a_sticky_start_finds_a_latch():
    """A cue, two fillers, a query, and the cue again: three states can hold the cue."""
    task = Recall(distance=4, n_cues=2)
    model = HMM(3, n_init=1, random_state=0).fit(task.sample(300, None, 0).X)
    held_out = task.sample(300, None, 1)
    assert task.score(held_out, model.predict_next_proba(held_out.X)) > 0.95


@pytest.mark.parametrize(
    ("topology", "forbidden"),
    [
        ("left-right", np.tril(np.ones((3, 3)), -1)),
        ([[1, 1, 0], [0, 1, 1], [1, 0, 1]], np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])),
    ],
)
def test_forbidden_transitions_stay_zero(topology, forbidden):
    _, X = regimes(20, 15, 0)
    model = HMM(3, topology=topology, random_state=0, tol=1e-4).fit(X)
    assert (model.transmat_[forbidden > 0] == 0).all()
    np.testing.assert_allclose(model.transmat_.sum(axis=1), 1.0)
    if topology == "left-right":
        assert model.startprob_.tolist() == [1, 0, 0]
        assert all((np.diff(path) >= 0).all() for path in model.predict(X))


@pytest.mark.parametrize("emission", ["categorical", "gaussian", "poisson"])
def test_left_right_finds_the_stages(emission):
    rng = np.random.default_rng(0)
    stages = [np.repeat([0, 1, 2], rng.integers(4, 9, 3)) for _ in range(40)]
    if emission == "gaussian":
        X = [4.0 * s[:, None] + rng.normal(size=(len(s), 2)) for s in stages]
    elif emission == "poisson":
        X = [rng.poisson(1 + 9 * s) for s in stages]
    else:
        X = [np.where(rng.random(len(s)) < 0.1, 3, s) for s in stages]
    model = HMM(3, emission, topology="left-right", random_state=0).fit(X)
    agreement = np.concatenate(model.predict(X)) == np.concatenate(stages)
    assert agreement.mean() > 0.95


def test_fixed_parameters_stay_and_others_move():
    _, X = regimes(30, 20, 0)
    trans = [[0.8, 0.2], [0.3, 0.7]]
    model = HMM(2, init={"transmat": trans}, fixed=["transmat"], random_state=0).fit(X)
    np.testing.assert_array_equal(model.transmat_, trans)
    assert model.n_parameters_ == 1 + 2 * 3
    free = HMM(2, init={"transmat": trans}, random_state=0).fit(X)
    assert np.abs(free.transmat_ - trans).max() > 0.01
    assert free.score(X) >= model.score(X)


def test_given_start_is_one_start():
    X = noise()
    init = {
        "startprob": [0.5, 0.5],
        "transmat": [[0.5, 0.5], [0.5, 0.5]],
        "means": [[-1.0, 0.0], [1.0, 0.0]],
        "covars": [[1.0, 1.0], [1.0, 1.0]],
    }
    model = HMM(2, init=init, n_init=5, tol=1e-3).fit(X)
    assert len(model.init_scores_) == 1


def test_fixed_gaussians_come_back_in_the_units_of_the_data():
    X = [1e6 + 1e3 * x for x in noise()]
    means, covars = [[1e6, 1e6], [1e6 + 500, 1e6]], [[9e5, 1e6], [1e6, 2e6]]
    model = HMM(2, init={"means": means, "covars": covars}, fixed=["means", "covars"], random_state=0).fit(X)
    np.testing.assert_allclose(model.means_, means, rtol=1e-12)
    np.testing.assert_allclose(model.covars_, covars, rtol=1e-12)
    assert -model.loss_curve_[-1] == pytest.approx(model.score(X), abs=1e-3)


def test_priors_are_pseudo_counts():
    """With one state the posterior modes are known in closed form."""
    X = [list("aab"), list("ab")]
    model = HMM(1, priors={"emissionprob": [[1.0, 4.0]]}).fit(X)
    np.testing.assert_allclose(model.emissionprob_, [[4 / 10, 6 / 10]])
    numbers = [np.array([1.0, 2.0, 3.0]), np.array([6.0])]
    model = HMM(1, priors={"means": (0.0, 4), "covars": (2.0, 3)}, min_covar=0).fit(numbers)
    mean = 12 / 8
    assert model.means_[0, 0] == pytest.approx(mean)
    scatter = np.sum((np.array([1, 2, 3, 6]) - mean) ** 2) + 4 * mean**2
    assert model.covars_[0, 0] == pytest.approx((scatter + 2.0 * 3) / (4 + 3))
    model = HMM(1, "poisson", priors={"lambdas": (10.0, 4)}).fit([[1, 2], [3, 2]])
    assert model.lambdas_[0, 0] == pytest.approx((8 + 40) / 8)


@pytest.mark.parametrize("kind", ["spherical", "diag", "full", "tied"])
@pytest.mark.parametrize("emission", ["gaussian", "gmm"])
def test_priors_and_the_objective_agree(emission, kind):
    """EM climbs log-likelihood plus log-prior, never down."""
    priors = {"means": (0.5, 3), "covars": (0.7, 5), "transmat": 2.0, "startprob": 1.0}
    if emission == "gmm":
        priors["weights"] = 1.5
    model = HMM(
        2, emission, covariance_type=kind, priors=priors, n_init=1, tol=0, max_iter=40, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(noise())
    assert np.diff(model.loss_curve_).max() <= 1e-11
    assert model.stop_reason_ in ("tol", "max_iter")


def test_all_starts_are_reported():
    model = HMM(2, n_init=5, random_state=0).fit(noise())
    assert len(model.init_scores_) == len(model.init_stop_reasons_) == 5
    assert -model.loss_curve_[-1] == pytest.approx(model.init_scores_.max())
    assert len(model.loss_curve_) == model.n_iter_


def test_running_out_of_iterations_is_said():
    with pytest.warns(ConvergenceWarning, match="after 3 iterations: max_iter"):
        model = HMM(2, max_iter=3, n_init=1, random_state=0).fit(noise())
    assert not model.converged_
    assert model.stop_reason_ == "max_iter"
    assert HMM(2, random_state=0).fit(noise()).converged_
