"""The naive and the seasonal naive forecast, with densities of their errors."""

import numpy as np
import pytest
from scipy.stats import norm

from seqcompare import LastValue, NextStep, Sequences
from seqcompare.models.reference.last_value import find_season
from seqcompare.tasks import LinearSeries


def season(period, n=20, length=120, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    shape = rng.normal(size=period) * 2
    return [shape[np.arange(length) % period] + noise * rng.normal(size=length) for _ in range(n)]


def test_the_density_is_the_last_step_and_its_fitted_errors():
    rng = np.random.default_rng(0)
    walks = np.cumsum(0.5 + 2 * rng.normal(size=(50, 200)), axis=1)
    model = NextStep(LastValue(), max_components=1).fit(list(walks))
    steps = np.diff(walks, axis=1)
    expected = norm(walks[0, :-1] + steps.mean(), np.sqrt(steps.var() * (1 + 1e-6))).logpdf(walks[0, 1:])
    np.testing.assert_allclose(model.score_steps([walks[0]])[0][1:], expected, rtol=1e-9)
    assert model.n_parameters_ == 4  # two of the errors, two of a first step


def test_a_season_is_looked_back_and_its_first_turn_is_answered_by_the_last_step():
    x = np.arange(10.0) % 4
    model = LastValue(4).fit([x])
    assert model.predict([x])[0].tolist() == [0, 1, 2, 0, 1, 2, 3, 0, 1, 2]
    assert model.before == 3


@pytest.mark.parametrize("period", [2, 5, 7, 12, 24])
def test_a_season_is_found(period):
    found = [find_season(Sequences(season(period, noise=0.3, seed=seed))) for seed in range(5)]
    assert found == [period] * 5
    assert LastValue(None).fit(season(period, noise=0.3)).period_ == period


def test_no_season_is_found_where_there_is_none():
    rng = np.random.default_rng(1)
    for seed in range(5):
        assert find_season(Sequences(list(rng.normal(size=(40, 200))))) == 1
        assert find_season(Sequences([rng.normal(size=300)])) == 1
        assert find_season(Sequences(list(np.cumsum(rng.normal(size=(40, 200)), axis=1)))) == 1
        # it swings, but is out of step with itself after a turn
        swinging = LinearSeries(2, coefficients=(1.6, -0.8)).sample(40, 200, random_state=seed).X
        assert find_season(swinging) == 1


def test_the_season_does_not_depend_on_the_unit_and_constant_channels_say_nothing():
    x = np.stack(season(6))
    for scale in (1e-9, 1.0, 1e9):
        both = np.stack([x * scale, np.full_like(x, 3.0)], axis=2)
        assert find_season(Sequences(list(both))) == 6
    assert find_season(Sequences([np.full(50, 2.0)])) == 1


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="is of numbers, and X holds symbols"):
        LastValue().fit(["abab"])
    with pytest.raises(ValueError, match="period == 0, must be >= 1"):
        LastValue(0).fit([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"of 2 number\(s\): expected as many in y, got 1"):
        LastValue().fit([[[1.0, 2.0], [0.0, 1.0]]], [[1.0, 2.0]])
