"""What numbers tell as numbers: how far back, which channel, and how many bits."""

import numpy as np
import pytest

import seqcompare
from seqcompare import SequenceDataset, Sequences
from seqcompare.dependence.drift import find_drift
from seqcompare.dependence.number_lags import Tap, nominate
from seqcompare.dependence.unit_root import unit_root_p_value


def autoregression(weights, n, length, rng, burn=200):
    x = np.zeros((n, length + burn))
    for t in range(len(weights), length + burn):
        x[:, t] = sum(w * x[:, t - 1 - k] for k, w in enumerate(weights)) + rng.normal(size=n)
    return x[:, burn:]


def from_partials(partials):
    """Return the weights of an autoregression with these partial autocorrelations (Durbin, Levinson)."""
    weights = np.zeros(0)
    for last in partials:
        weights = np.append(weights - last * weights[::-1], last)
    return weights


def test_one_autoregressive_channel_of_twelve_holds_its_bits():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 100, 12))
    x[:, :, 7] = autoregression([0.9], 20, 100, rng)
    found = seqcompare.profile(list(x), max_lag=30, max_order=2)
    assert found.reach == found.order == 1
    row = found.numbers.iloc[found.numbers["bits"].argmax()]
    assert (row["channel"], row["part"], row["sources"], row["lags"]) == (7, "level", [7], [1])
    # -log2(1 - .9^2) / 2
    assert found.gain == pytest.approx(1.198, abs=2.5 * found.gain_error)
    assert found.gain_error < 0.1
    assert found.timescale == 1
    assert "channel 7 by a straight line on channel 7, the last step" in found.summary()


def test_another_channel_tells_at_a_distance():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20, 100, 3))
    x[:, 5:, 0] = 0.8 * x[:, :-5, 2] + 0.6 * x[:, 5:, 0]
    found = seqcompare.profile(list(x), max_lag=20, max_order=2)
    assert found.reach == 5
    assert found.numbers[["channel", "sources", "lags"]].to_numpy().tolist() == [[0, [2], [5]]]
    assert found.gain == pytest.approx(-np.log2(0.6), abs=0.1)


@pytest.mark.parametrize("order", [2, 4, 6])
def test_the_order_of_an_autoregression_is_the_reach(order):
    right = 0
    for seed in range(4):
        rng = np.random.default_rng([seed, order])
        partials = np.append(rng.uniform(-0.6, 0.6, order - 1), rng.choice([-0.25, 0.25]))
        x = autoregression(from_partials(partials), 40, 150, rng)
        found = seqcompare.profile(list(x), max_lag=20, max_order=1, random_state=seed)
        right += found.reach == found.order == order
    assert right >= 3


def test_a_changing_spread_is_no_level():
    rng = np.random.default_rng(0)
    x, variance = np.zeros((40, 200)), np.ones(40)
    for t in range(200):
        x[:, t] = np.sqrt(variance) * rng.normal(size=40)
        variance = 0.1 + 0.2 * x[:, t] ** 2 + 0.7 * variance
    found = seqcompare.profile(list(x), max_lag=20, max_order=1)
    assert found.numbers["part"].tolist() == ["spread"]
    assert 0.04 < found.gain < 0.16
    assert "the spread, by the size of" in found.facts()["number_sentence"]


def test_a_curve_that_no_line_sees():
    rng = np.random.default_rng(0)
    x = np.zeros((40, 150))
    for t in range(1, 150):
        x[:, t] = np.abs(x[:, t - 1]) - 0.8 + 0.5 * rng.normal(size=40)
    found = seqcompare.profile(list(x), max_lag=10, max_order=1)
    assert "shape" in found.numbers["part"].tolist()
    assert found.reach == 1


def test_noise_of_any_kind_tells_nothing():
    named = 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        x = (rng.normal(size=(20, 60)), rng.standard_t(3, size=(20, 60)), rng.exponential(size=(1, 800)))
        named += len(seqcompare.profile(list(x[seed % 3]), max_lag=30, max_order=1).numbers) > 0
    # at 1.25% each, more than 2 of 15 have a chance of .1%
    assert named <= 2


def test_a_number_a_step_is_told_from_channels():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 60, 2))
    y = np.roll(x[:, :, 1], 4, axis=1) + 0.5 * rng.normal(size=(30, 60))
    X = Sequences(list(x))
    data = SequenceDataset(X, Sequences(y.ravel(), X.offsets), None, "step-value", "sensor")
    found = seqcompare.profile(data, max_lag=10, max_order=1)
    assert found.reach == 4
    assert found.numbers[["sources", "lags"]].to_numpy().tolist() == [[[1], [4]]]
    assert "a step's number" in found.summary()


def test_what_a_clock_explains_is_taken_away_first():
    rng = np.random.default_rng(0)
    x = 3 * np.sin(2 * np.pi * np.arange(2400) / 24) + autoregression([0.6], 1, 2400, rng)[0]
    found = seqcompare.profile([x], max_lag=60, max_order=3)
    assert found.period == 24
    assert found.reach == 1
    # -log2(1 - .36) / 2
    assert found.gain == pytest.approx(0.322, abs=0.06)


def test_a_drift_of_the_level_is_no_memory():
    for seed, level in ((0, np.linspace(0, 3, 500)), (1, np.where(np.arange(500) < 200, 0, 2))):
        x = level + np.random.default_rng(seed).normal(size=500)
        found = seqcompare.profile([x], max_lag=50)
        assert found.reach is None
        assert [finding.code for finding in found.checks] == ["drift"]


def test_a_random_walk_wanders_and_its_source_stays_the_same():
    wandering = 0
    for seed in range(6):
        x = np.random.default_rng(seed).normal(size=1000).cumsum()
        found = seqcompare.profile([x], max_lag=10, max_order=2, random_state=seed)
        assert found.reach == 1
        assert not found.drift
        wanders = [finding.code for finding in found.checks] == ["unit root"]
        assert wanders == ("wanders like a random walk" in found.summary())
        wandering += wanders
    # where it comes back to its level by chance, nothing has to be said
    assert wandering >= 3


def test_unit_roots_are_told_from_what_is_pulled_back():
    rng = np.random.default_rng(0)
    walks = [unit_root_p_value(rng.normal(size=400).cumsum(), 49, seed) for seed in range(20)]
    assert np.mean(np.array(walks) <= 0.05) <= 0.2
    pulled = [unit_root_p_value(autoregression([0.8], 1, 400, rng)[0], 49, seed) for seed in range(10)]
    assert np.mean(np.array(pulled) <= 0.05) >= 0.8
    # a single large jump is no unit root (Perron)
    jump = np.where(np.arange(500) < 200, 0, 8) + rng.normal(size=500)
    assert unit_root_p_value(jump, 99, 0) <= 0.05
    assert np.isnan(unit_root_p_value(np.zeros(100), 99, 0))


def test_a_jump_of_the_source_does_not_wander():
    x = np.where(np.arange(600) < 250, 0, 3) + np.random.default_rng(0).normal(size=600)
    found = find_drift(Sequences([x]), 99, 0)
    assert found.changes
    assert not found.wanders


def test_nominated_taps_are_those_of_the_rule():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3000, 2))
    y = np.full(3000, np.nan)
    y[40:] = x[40:, 0] + 0.5 * x[7:-33, 1] + 0.3 * x[:-40, 0] + 0.1 * rng.normal(size=2960)
    taps = nominate(y, x, np.arange(3000), np.arange(0, 51), 0.01)
    assert taps == [Tap(0, 0), Tap(1, 33), Tap(0, 40)]
    assert nominate(y, x[::-1].copy(), np.arange(3000), np.arange(0, 51), 0.001) == []


def test_a_noisy_map_of_the_last_step_reaches_one_step_back():
    rng = np.random.default_rng(0)
    x = np.zeros((20, 100))
    x[:, 0] = rng.random(20)
    for t in range(1, 100):
        x[:, t] = np.clip(3.8 * x[:, t - 1] * (1 - x[:, t - 1]) + 0.02 * rng.normal(size=20), 0.01, 0.99)
    found = seqcompare.profile(list(x), max_lag=20, max_order=2)
    assert found.reach == 1
    assert found.gain > 2.5
