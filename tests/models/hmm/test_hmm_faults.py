"""What hmmlearn 0.3.3 gets wrong, each a finite answer or one clear error here."""

import logging

import numpy as np
import pandas as pd
import pytest
from hmm_examples import noise

from seqcompare import HMM, Sequences


def test_unseen_symbol_is_finite_and_says_nothing_about_the_state():
    model = HMM(2, random_state=0).fit([[0, 1, 0, 1, 1], [1, 0]])
    scores = model.score_samples([[0, 9, 1], [9]])
    assert np.isfinite(scores).all()
    assert scores[1] == pytest.approx(np.log(1 / (7 + 2 + 1)))
    np.testing.assert_allclose(model.predict_proba([[9]])[0][0], model.startprob_)
    np.testing.assert_allclose(model.predict_next_proba([[0, 9, 1]])[0].sum(axis=1), 1.0)
    assert model.predict([[9, 9]])[0].shape == (2,)


def test_symbol_of_the_alphabet_that_training_lacks():
    model = HMM(2, symbols=[0, 1, 2], random_state=0).fit([[0, 1, 0, 1, 1], [1, 0]])
    assert model.emissionprob_.shape == (2, 3)
    assert np.isfinite(model.score_samples([[2, 2]])).all()
    assert not np.isnan(model.predict_proba([[0, 2, 1]])[0]).any()
    with pytest.raises(ValueError, match="X holds 5, which is not among symbols"):
        HMM(symbols=[0, 1]).fit([[0, 5]])


def test_states_never_visited_or_only_last():
    """Rows without evidence keep a distribution."""
    X = [[0, 1]] * 20
    init = {"startprob": [1, 0, 0], "transmat": [[0, 1, 0], [0, 1, 0], [0.5, 0, 0.5]]}
    model = HMM(3, init=init, random_state=0).fit(X)
    np.testing.assert_allclose(model.transmat_.sum(axis=1), 1.0)
    assert np.isfinite(model.score_samples(X)).all()
    for emission in ("gaussian", "gmm", "poisson"):
        model = HMM(3, emission, init=init, random_state=0).fit([np.array([0.0, 1.0])] * 20)
        assert np.isfinite(model.score_samples([[0.0, 1.0], [7.0]])).all()
        for name in ("means_", "covars_", "weights_", "lambdas_"):
            assert np.isfinite(getattr(model, name, 0.0)).all()


def test_left_right_on_sequences_shorter_than_its_states():
    model = HMM(5, topology="left-right", random_state=0).fit([[0, 1], [0], [1, 1]])
    np.testing.assert_allclose(model.transmat_.sum(axis=1), 1.0)
    assert np.isfinite(model.score_samples([[0, 1, 0, 1, 0, 1]])).all()


@pytest.mark.parametrize("emission", ["auto", "gmm", "poisson"])
def test_identical_rows_converge(emission):
    model = HMM(2, emission, random_state=0).fit([np.full((6, 2), 3.0)] * 5)
    assert model.converged_
    assert np.isfinite(model.score_samples([np.full((4, 2), 3.0)])).all()
    assert HMM(2, random_state=0).fit([[1, 1, 1]] * 4).converged_


def test_other_number_of_channels_is_refused():
    model = HMM(2, random_state=0).fit(noise())
    with pytest.raises(ValueError, match="steps of 2 value"):
        model.score_samples([np.zeros(4)])


@pytest.mark.parametrize("lengths", [[3, 0], [4, -1]])
def test_impossible_lengths_are_refused(lengths):
    with pytest.raises(ValueError, match=r"lengths\[1\] is"):
        Sequences.from_concatenated(np.zeros(3), lengths)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": 0}, "n_components must be an integer >= 1, got 0"),
        ({"n_components": 2.0}, "n_components must be an integer"),
        ({"covariance_type": "diagonal"}, "covariance_type must be one of 'spherical', 'diag'"),
        ({"emission": "gauss"}, "emission must be one of 'auto', 'categorical'"),
        ({"topology": "line"}, "topology must be 'ergodic', 'left-right' or a mask"),
        ({"topology": [[1, 1], [0, 0]]}, "no transition from state 1"),
        ({"topology": [[1, 1]]}, r"topology has shape \(1, 2\), expected \(2, 2\)"),
        ({"n_init": 0}, "n_init"),
        ({"max_iter": -1}, "max_iter"),
        ({"tol": np.nan}, "tol must be a finite number"),
        ({"missing": "drop"}, "missing must be one of"),
        ({"priors": {"means": 3}}, r"priors\['means'\] must be a pair"),
        ({"priors": {"transmat": -1}}, r"priors\['transmat'\] must be a count"),
        ({"priors": {"emission": 1}}, "priors names 'emission', but a gaussian HMM has the parameters"),
        ({"priors": {"covars": (-1.0, 2)}}, "must not be negative"),
        ({"init": {"means": [[0.0]]}}, r"means has shape \(1, 1\), expected \(2, 2\)"),
        ({"init": {"transmat": [[0.5, 0.4], [1, 0]]}}, "transmat must hold probabilities that add up to 1"),
        ({"init": {"covars": [[1.0, 0.0], [1, 1]]}}, "covars must be positive"),
        ({"fixed": ["means"]}, "fixed names 'means', but init gives no value"),
        (
            {"topology": "left-right", "init": {"transmat": [[0.5, 0.5], [0.5, 0.5]]}},
            "init gives transmat where the topology 'left-right' allows none",
        ),
    ],
)
def test_wrong_parameters_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        HMM(**parameters).fit(noise())


def test_large_symbols_take_no_room():
    model = HMM(2, random_state=0).fit([[10**7, 3, 10**7]])
    assert model.emissionprob_.shape == (2, 2)


@pytest.mark.parametrize("covars", [[[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.5], [0.2, 1.0]]])
def test_matrices_that_are_no_covariances_are_refused(covars):
    with pytest.raises(ValueError, match=r"covars must be (positive definite|symmetric)"):
        HMM.from_parameters(
            startprob=[1], transmat=[[1]], means=[[0, 0]], covars=[covars], covariance_type="full"
        )


@pytest.mark.parametrize("kind", ["spherical", "diag", "full", "tied"])
@pytest.mark.parametrize("emission", ["gaussian", "gmm"])
def test_collinear_channels_and_fewer_steps_than_states(emission, kind):
    x = np.arange(3.0)[:, None] @ np.ones((1, 4))
    model = HMM(5, emission, covariance_type=kind, random_state=0).fit([x])
    assert np.isfinite(model.score_samples([x, 10 * x])).all()
    assert not np.isnan(model.predict_proba([x])[0]).any()


@pytest.mark.parametrize("emission", ["gaussian", "gmm"])
def test_one_outlier(emission):
    X = noise()
    X[3][2, 0] = 1e8
    model = HMM(3, emission, random_state=0).fit(X)
    assert np.isfinite(model.score_samples(X)).all()
    # the floor of variances is not lifted for the rest
    rest = HMM(3, emission, random_state=0).fit(X[4:])
    assert model.score(X[4:]) > rest.score(X[4:]) - 0.5


def test_outliers_beyond_double_precision_are_refused():
    X = noise()
    X[3][2, 1] = 1e300
    with pytest.raises(ValueError, match="channel 1 of X has an outlier"):
        HMM(2).fit(X)
    model = HMM(2, random_state=0).fit(noise())
    assert np.isfinite(model.score_samples(X)).all()
    assert not np.isnan(model.predict_proba(X)[3]).any()


def test_where_scaling_underflows():
    model = HMM.from_parameters(
        startprob=[1, 0], transmat=[[1, 0], [0, 1]], means=[[0.0], [100.0]], covars=[[0.01], [0.01]]
    )
    score = model.score_samples([[100.0, 100.0]])[0]
    expected = 2 * (-0.5 * 100.0**2 / 0.01 - 0.5 * np.log(2 * np.pi * 0.01))
    assert score == pytest.approx(expected)
    np.testing.assert_array_equal(model.predict_proba([[100.0, 100.0]])[0], [[1, 0], [1, 0]])


def test_far_from_the_origin():
    X = noise()
    near = HMM(2, random_state=0).fit(X)
    far = HMM(2, random_state=0).fit([1e7 + x for x in X])
    np.testing.assert_allclose(far.covars_, near.covars_, rtol=1e-5)
    assert far.score([1e7 + x for x in X]) == pytest.approx(near.score(X), rel=1e-6)


def test_data_that_the_topology_rules_out():
    init = {"emissionprob": [[1, 0], [0, 1]]}
    with pytest.raises(ValueError, match="likelihood zero from every start"):
        HMM(2, topology="left-right", init=init, fixed=["emissionprob"]).fit([[0, 1, 0]])


def test_hmmlearn_does_not_log(caplog):
    with caplog.at_level(logging.DEBUG):
        HMM(6, "gmm", n_mix=3, random_state=0).fit([np.arange(4.0), np.arange(3.0)])
    assert caplog.records == []


def test_counts():
    model = HMM(2, "poisson", random_state=0).fit([[0, 3, 9], [1, 0]])
    assert model.sample(2, 3, random_state=0).kind == "symbols"
    assert model.score_samples([[1.0, 2.0]]).shape == (1,)
    for bad, message in (([-1, 2], "Negative values in data"), ([0.5], "expects counts"), ("ab", "numbers")):
        with pytest.raises(ValueError, match=message):
            HMM(2, "poisson").fit([bad])


def test_models_by_hand_are_checked():
    with pytest.raises(ValueError, match="expected emissionprob, or lambdas, or means and covars"):
        HMM.from_parameters(startprob=[1], transmat=[[1]], means=[[0.0]])
    with pytest.raises(ValueError, match="symbols must be 2 different ones"):
        HMM.from_parameters(startprob=[1], transmat=[[1]], emissionprob=[[0.5, 0.5]], symbols="aa")
    model = HMM.from_parameters(startprob=[1], transmat=[[1]], emissionprob=[[0.2, 0.8]], symbols=["b", "a"])
    assert np.exp(model.score_samples(["b"])[0]) == pytest.approx(0.2)


@pytest.mark.parametrize("emission", ["poisson", "gaussian", "gmm"])
def test_integers_are_numbers_in_every_container(emission):
    rng = np.random.default_rng(0)
    counts = [rng.poisson(3, (n, 2)) for n in (9, 8, 7)]
    ragged_objects = np.empty(3, dtype=object)
    ragged_objects[:] = counts
    expected = HMM(2, emission, n_init=1, random_state=0).fit([x * 1.0 for x in counts]).score(counts)
    for X in (counts, [x.tolist() for x in counts], ragged_objects, pd.Series(counts)):
        model = HMM(2, emission, n_init=1, random_state=0).fit(X)
        assert model.score(X) == pytest.approx(expected)
        assert model.bic(X) == pytest.approx(model.bic([x * 1.0 for x in counts]))
    packed = Sequences.from_concatenated(np.vstack(counts), [9, 8, 7], numbers=True)
    assert HMM(2, emission, n_init=1, random_state=0).fit(packed).score(packed) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": True}, "n_components must be an integer >= 1, got True"),
        ({"fixed": "transmat"}, "fixed must be a sequence of names, got the string 'transmat'"),
    ],
)
def test_a_flag_is_no_number_and_a_string_no_list(parameters, message):
    with pytest.raises(ValueError, match=message):
        HMM(**parameters).fit([[0, 1]])


@pytest.mark.parametrize("value", [-1, 2, np.nan, "a", None])
def test_the_probability_of_the_unknown_is_one(value):
    with pytest.raises(ValueError, match="unknown_proba must be a number from 0 to 1"):
        HMM.from_parameters(startprob=[1], transmat=[[1]], emissionprob=[[1.0]], unknown_proba=value)
