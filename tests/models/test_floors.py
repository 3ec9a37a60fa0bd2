"""One floor for all: numbers that never vary, or that are rounded, mean the same to every density."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import Ridge

from seqcompare import (
    HMM,
    Autoregression,
    AutoregressiveHMM,
    LastValue,
    LinearStateSpace,
    NextStep,
    RNNStepRegressor,
    WindowStepRegressor,
)
from seqcompare.models.reference.chance import ChanceDensity
from seqcompare.models.reference.levels import PlacedDensity
from seqcompare.models.rounded import Rounded

DENSITIES = [
    Autoregression(2),
    Autoregression(0, volatility="garch"),
    LinearStateSpace(1),
    AutoregressiveHMM(2, n_init=1, random_state=0),
    HMM(2, n_init=1, random_state=0),
    HMM(2, covariance_type="full", n_init=1, random_state=0),
    HMM(2, emission="gmm", n_mix=2, n_init=1, random_state=0),
    NextStep(WindowStepRegressor(Ridge(), before=1)),
    NextStep(LastValue()),
    NextStep(RNNStepRegressor(hidden_size=2, max_iter=2, random_state=0)),
    ChanceDensity(),
    PlacedDensity(),
]
NAMES = [repr(model)[:40] for model in DENSITIES]
# of numbers with one decimal
HALF_A_STEP = 0.05


@pytest.mark.parametrize("model", DENSITIES, ids=NAMES)
def test_what_never_varied_is_known_as_finely_as_it_is_written(model):
    found = np.concatenate(model.fit([np.full(20, 21.5)] * 6).score_steps([np.full(9, 21.5)]))
    np.testing.assert_allclose(found, norm.logpdf(0.0, scale=HALF_A_STEP), atol=2e-3)


@pytest.mark.parametrize("model", DENSITIES, ids=NAMES)
def test_no_density_gains_by_peaks_on_rounded_numbers(model):
    x = [row.round(0) for row in np.random.default_rng(0).normal(0, 0.1, size=(6, 40))]
    x[0][7] = 1.0  # so the channel varies, by less than its rounding
    found = np.concatenate(model.fit(x).score_steps(x))
    assert found.max() <= norm.logpdf(0.0, scale=0.5) + 1e-9


def test_probabilities_of_counts_may_be_sharper():
    x = [np.arange(30) % 2 for _ in range(6)]
    steps = np.concatenate(Rounded(Autoregression(2)).fit(x).score_steps(x))
    assert steps.reshape(6, 30)[:, 2:].min() > np.log(0.99)
