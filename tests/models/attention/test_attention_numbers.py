"""Attention that answers steps with numbers, as comparisons and sweeps enter it."""

import numpy as np
import pytest

from seqcompare import AttentionStepRegressor, NextStep
from seqcompare.families import Budget, Problem, find_spec


def built(name, role, kind="real"):
    _, spec = find_spec(name)
    return spec.build(Problem(role, kind, Budget(20, 1, 60.0), n_train=40), hidden_size=8)


def test_numbers_are_entered_in_both_roles():
    assert isinstance(built("attention", "step-value"), AttentionStepRegressor)
    assert isinstance(built("attention", "step-value", "symbols"), AttentionStepRegressor)
    assert isinstance(built("attention", "next").estimator, AttentionStepRegressor)
    assert not built("biattention", "step-value").causal
    assert built("biattention", "next") is None


def test_a_number_three_steps_back_is_found_and_its_density_is_right():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 12))
    y = np.column_stack([np.zeros((200, 3)), X[:, :-3]]) + 0.1 * rng.normal(size=X.shape)
    how = {"hidden_size": 8, "n_layers": 1, "n_heads": 2, "max_iter": 60, "random_state": 0}
    model = AttentionStepRegressor(learning_rate_init=0.01, early_stopping=False, **how).fit(X[:150], y[:150])
    assert model.score(X[150:], y[150:]) > 0.9
    # a density that knows its errors: close to that of the best, which is off by .1
    log_density = model.predict_distribution(X[150:]).log_prob(y[150:]).mean()
    assert log_density > 0.0
    assert log_density < -0.5 * np.log(2 * np.pi * np.e * 0.01) + 0.05


def test_reading_as_it_comes_gives_the_same_numbers():
    X = np.random.default_rng(0).normal(size=(20, 6))
    how = {"hidden_size": 4, "n_heads": 1, "max_iter": 2, "dtype": "float64", "random_state": 0}
    model = NextStep(AttentionStepRegressor(**how)).fit(X)
    state = model.start()
    for x in X[0]:
        said, state = model.step(state, float(x))
    assert said.mean == pytest.approx(model.predict_next_distribution(X[:1]).mean[0, -1], rel=1e-9)
    assert model.forecast(X[:1], 3, random_state=0).mean.shape == (1, 3)
