"""Likelihoods and predictions held against statsmodels, at the same parameters and with the same start."""

import warnings

import numpy as np
import pytest
from published_series import NILE, SUNSPOTS

from seqcompare import Autoregression, LinearStateSpace
from seqcompare.tasks import NoisyState

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.tsa.statespace.sarimax import SARIMAX
    from statsmodels.tsa.statespace.structural import UnobservedComponents
    from statsmodels.tsa.vector_ar.var_model import VAR

GAPS = [[], [3, 17, 18, 19, 250]]


@pytest.mark.parametrize("gaps", GAPS, ids=["whole", "gaps"])
@pytest.mark.parametrize("order", [1, 2, 9])
def test_the_exact_likelihood_of_an_autoregression(order, gaps):
    model = Autoregression(order, missing="allow").fit([SUNSPOTS])
    x = SUNSPOTS.copy()
    x[gaps] = np.nan
    theirs = SARIMAX(x, order=(order, 0, 0), trend="c")
    parameters = [model.intercept_[0], *model.coef_.ravel(), model.covariance_[0, 0]]
    assert model.score_samples([x])[0] == pytest.approx(theirs.loglike(parameters), rel=1e-6)
    result = theirs.smooth(parameters)
    mean = np.asarray(model.predict_next_distribution([x])[0].mean)[:-1]
    np.testing.assert_allclose(mean, result.predict()[1:], rtol=1e-6)


def test_the_fit_of_vectors_by_least_squares():
    x = np.column_stack([SUNSPOTS[1:], np.diff(SUNSPOTS)])[:200]
    rng = np.random.default_rng(0)
    x = x + rng.normal(size=x.shape)
    theirs = VAR(x).fit(2, trend="c")
    model = Autoregression(2).fit([x])
    np.testing.assert_allclose(model.intercept_, theirs.params[0], rtol=1e-6)
    np.testing.assert_allclose(model.coef_, theirs.coefs, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("structure", ["local level", "local trend"])
def test_the_likelihood_of_structures_from_a_diffuse_start(structure):
    ours = LinearStateSpace(structure=structure, initialization="diffuse").fit([NILE])
    name = {"local level": "local level", "local trend": "local linear trend"}[structure]
    theirs = UnobservedComponents(NILE, name, use_exact_diffuse=True)
    states = np.diag(np.atleast_2d(ours.state_covariance_))
    parameters = [ours.noise_covariance_[0, 0], *states]
    burnt = len(states)
    late = np.asarray(ours.score_steps([NILE])[0])[burnt:].sum()
    assert late == pytest.approx(theirs.loglikeobs(parameters)[burnt:].sum(), rel=1e-6)


@pytest.mark.parametrize("gaps", GAPS, ids=["whole", "gaps"])
def test_the_likelihood_of_a_hidden_state_under_noise(gaps):
    x = NoisyState(16).sample(1, 400, random_state=0).X.values.copy()
    model = LinearStateSpace(1, missing="allow").fit([x])
    x[gaps] = np.nan
    # one state under noise: an ARMA(1, 0) that is observed with error
    theirs = SARIMAX(x - model.offset_[0], order=(1, 0, 0), measurement_error=True)
    scale = model.loading_[0, 0] ** 2
    parameters = [
        model.transition_[0, 0],
        model.noise_covariance_[0, 0],
        scale * model.state_covariance_[0, 0],
    ]
    assert model.score_samples([x])[0] == pytest.approx(theirs.loglike(parameters), rel=1e-6)
