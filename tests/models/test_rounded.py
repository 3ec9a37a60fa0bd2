"""Densities of numbers that predict counts: probabilities by hand, and none above 1."""

import numpy as np
import pytest
from scipy.stats import norm

from seqcompare import Autoregression, CountAutoregression, NextStep, WindowStepRegressor
from seqcompare.models.rounded import Rounded
from seqcompare.tasks import Counts

DATA = [
    np.asarray(x, dtype=float) for x in Counts(survival=0.6, arrivals=2.0).sample(20, 100, random_state=0).X
]


def test_a_count_has_the_probability_of_what_rounds_to_it():
    model = Rounded(Autoregression(1)).fit(DATA)
    inner = model.estimator_
    x = np.array([4.0, 7.0, 0.0])
    mean = inner.intercept_.ravel()[0] + inner.coef_.ravel()[0] * x[:2]
    scale = np.sqrt(inner.covariance_.ravel()[0])
    mass = norm.cdf((x[1:] + 0.5 - mean) / scale) - np.array([1.0, 0.0]) * norm.cdf((6.5 - mean[0]) / scale)
    level = np.mean(DATA)
    geometric = (1 - level / (level + 1)) * (level / (level + 1)) ** x[1:]
    expected = np.log((2000 * mass + geometric) / 2001)
    np.testing.assert_allclose(model.score_steps([x])[0][1:], expected, rtol=1e-9)


@pytest.mark.parametrize(
    "inner", [Autoregression(2), NextStep(WindowStepRegressor(before=1))], ids=["ar", "window"]
)
def test_predictions_are_distributions_of_counts_that_the_scores_are_made_of(inner):
    model = Rounded(inner).fit(DATA)
    rows = model.predict_next_distribution(DATA[:1])[0]
    np.testing.assert_allclose(rows.proba.sum(axis=1) + rows.tail, 1, atol=1e-9)
    np.testing.assert_allclose(rows[:-1].log_prob(DATA[0][1:]), model.score_steps(DATA[:1])[0][1:], rtol=1e-6)
    assert (rows.proba >= 0).all()
    ahead = model.forecast(DATA[:2], 3, random_state=0)
    assert ahead.batch_shape == (2, 3)
    np.testing.assert_allclose(
        ahead[:, 0].mean, [r[-1].mean for r in model.predict_next_distribution(DATA[:2])]
    )


def test_a_peak_on_a_whole_number_gains_no_more_than_certainty():
    x = [np.full(50, 3.0)] * 4
    scores = np.concatenate(Rounded(NextStep(WindowStepRegressor())).fit(x).score_steps(x))
    assert (scores <= 0).all()
    assert scores[1:].mean() == pytest.approx(0, abs=0.02)


def test_the_right_model_of_counts_is_ahead_of_rounded_normal_numbers():
    test = [
        np.asarray(x, float) for x in Counts(survival=0.6, arrivals=2.0).sample(100, 100, random_state=1).X
    ]
    bits = [-m.fit(DATA).score(test) / np.log(2) for m in (CountAutoregression(), Rounded(Autoregression(1)))]
    # what a normal distribution of constant width costs
    assert 0.003 < bits[1] - bits[0] < 0.06


def test_what_is_no_count_is_named():
    with pytest.raises(ValueError, match=r"whole numbers from 0, got 0\.5"):
        Rounded(Autoregression(1)).fit([[1.0, 0.5]])
    with pytest.raises(ValueError, match="one count a step"):
        Rounded(Autoregression(1)).fit([[[1.0, 2.0]]])
