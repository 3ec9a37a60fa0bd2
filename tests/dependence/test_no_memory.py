"""Spread, level and frequency of their own are no memory; nor are they copies, or a random walk."""

import numpy as np
import pytest

import seqcompare
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.copies import find_copies
from seqcompare.dependence.drift import find_drift

BUMP = abs(np.arange(800) - 400) < 133
HALF = np.arange(800) >= 400


@pytest.fixture
def rng():
    return np.random.default_rng(1)


CHANGED = {
    "exponential noise that jumps": lambda rng: rng.exponential(size=800) + HALF,
    "wild noise that jumps": lambda rng: rng.standard_t(3, 800) + 1.5 * HALF,
    "a spread four times as large": lambda rng: rng.normal(size=800) * np.where(HALF, 4, 1),
    "a level that rises and comes back": lambda rng: rng.normal(size=800) + 3 * BUMP,
}


@pytest.mark.parametrize("make", CHANGED.values(), ids=list(CHANGED))
def test_a_source_that_changes_neither_wanders_nor_remembers(make, rng):
    found = seqcompare.profile([make(rng)], max_lag=30, max_order=3)
    assert [finding.code for finding in found.checks] == ["drift"]
    assert not len(found.numbers)
    assert found.reach is None


def test_a_slow_change_is_told_from_a_jump(rng):
    slow, jump = np.linspace(0, 3, 800), 2.0 * HALF
    said = [find_drift(Sequences([level + rng.normal(size=800)]), 99, 0).words for level in (slow, jump)]
    assert said[0].startswith("bit by bit: the level")
    assert said[1].startswith("most at step")


def test_a_spread_of_each_sequence_is_neither_memory_nor_copies(rng):
    X = [np.exp(rng.normal()) * rng.normal(size=60) for _ in range(40)]
    found = seqcompare.profile(X, max_lag=20, max_order=3)
    assert "sequence" in found.kept
    assert found.reach is None
    assert found.checks == ()


def test_copies_are_found_though_each_sequence_has_a_spread_of_its_own(rng):
    base = [np.exp(rng.normal()) * rng.normal(size=60) for _ in range(15)]
    X = [x + 0.05 * x.std() * rng.normal(size=60) for x in base for _ in range(4)]
    found = find_copies(Sequences(X))
    assert found.more_than_chance
    assert (found.group == np.repeat(found.group[::4], 4)).all()


@pytest.mark.parametrize("shape", [0.5, 2])
def test_a_frequency_of_each_sequence_makes_no_copies(shape, rng):
    X = [(rng.random(60) < rng.beta(shape, shape)).astype(int).astype(str) for _ in range(60)]
    assert not find_copies(Sequences(X)).more_than_chance


def test_a_clock_may_go_by_the_spread_alone(rng):
    found = seqcompare.profile([rng.normal(size=900) * np.where(np.arange(900) % 12 < 4, 3, 1)], max_lag=30)
    assert found.period == 12
    assert not len(found.numbers)


def test_labels_by_the_sum_of_many_numbers_reach_as_far_as_the_sum(rng):
    X = [rng.normal(size=100) for _ in range(30)]
    y = [np.where(np.convolve(x, np.ones(6))[:100] > 0, "up", "down") for x in X]
    found = seqcompare.profile((X, y), max_lag=20)
    assert found.reach == 5
    assert "handed on" not in found.summary()
    assert 2 < found.timescale < 3.5
    assert found.gain > 0.5


def test_labels_of_a_slow_number_are_handed_on(rng):
    x = np.zeros((30, 100))
    for t in range(1, 100):
        x[:, t] = 0.8 * x[:, t - 1] + rng.normal(size=30)
    found = seqcompare.profile((list(x), list(np.where(x > 0, "up", "down"))), max_lag=20)
    assert found.reach == 0


def test_a_product_of_two_channels_tells_of_the_level(rng):
    x = rng.normal(size=(1500, 3))
    x[1:, 0] = x[:-1, 1] * x[:-1, 2] + 0.5 * rng.normal(size=1499)
    found = seqcompare.profile([x], max_lag=10, max_order=2).numbers
    most = found.loc[found["bits"].idxmax()]
    assert most["part"] == "shape"
    assert set(most["sources"]) >= {1, 2}
    assert most["lags"] == [1]


def test_numbers_that_are_mostly_zero_have_more_than_one_bin(rng):
    busy = np.zeros(3000, dtype=bool)
    for t in range(1, 3000):
        busy[t] = rng.random() < (0.7 if busy[t - 1] else 0.033)
    found = seqcompare.profile([busy * rng.exponential(size=3000)], max_lag=10, max_order=3)
    assert found.lags["detected"].iloc[0]
    assert "never differs" not in found.summary()
    assert found.reach == 1


def test_a_step_may_tell_by_its_place_from_the_start(rng):
    X = [rng.choice(list("abc"), rng.integers(30, 60)) for _ in range(120)]
    found = seqcompare.profile((X, np.array([x[12] for x in X])), max_lag=20)
    assert "Counted from the start of a sequence, its step 12 (from 0) tells" in found.summary()


def test_what_saves_nothing_has_no_timescale_in_words(rng):
    found = seqcompare.profile([rng.normal(size=900) * np.where(np.arange(900) % 12 < 4, 3, 1)], max_lag=50)
    assert found.gain <= 2 * found.gain_error
    assert "on average" not in found.summary()
