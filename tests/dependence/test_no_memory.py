"""Spread, level and frequency of their own are no memory; nor are they copies, or a random walk."""

import numpy as np
import pytest

import seqcompare
from seqcompare import datasets
from seqcompare.data.sequences import Sequences
from seqcompare.dependence.checks import check
from seqcompare.dependence.copies import find_copies
from seqcompare.dependence.drift import find_drift
from seqcompare.dependence.overlap import shares_parts

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


def walks(rng, n, length, pull=0.0):
    steps = rng.normal(size=(n, length))
    for t in range(1, length):
        steps[:, t] += (1 - pull) * steps[:, t - 1]
    return list(steps)


@pytest.mark.parametrize(
    "make", [lambda rng: rng.normal(size=(30, 100)), lambda rng: walks(rng, 30, 100, 0.05)]
)
def test_the_memory_of_labels_that_are_numbers_is_none_of_their_inputs(make, rng):
    X, y = make(rng), walks(rng, 30, 100, 0.05)
    found = seqcompare.profile((list(X), y), max_lag=20, max_order=3)
    assert found.reach is None
    assert not len(found.numbers)


@pytest.mark.parametrize(
    "make",
    [
        lambda rng: [scale * rng.normal(size=100) for scale in (1, 5) * 4],
        lambda rng: [rng.normal(size=100) + 2 * rng.normal() for _ in range(12)],
        lambda rng: [rng.poisson(rng.gamma(1, 4), 20).astype(float) for _ in range(80)],
    ],
    ids=["spreads of eight", "levels of twelve", "counts of short ones"],
)
def test_few_or_short_sequences_with_something_of_their_own_have_no_memory(make, rng):
    found = seqcompare.profile(make(rng), max_lag=20, max_order=3)
    assert "sequence" in found.kept
    assert found.reach is None


def test_random_walks_reach_one_step_back_and_their_level_is_not_their_own(rng):
    found = seqcompare.profile(walks(rng, 40, 80), max_lag=40, max_order=3)
    assert found.reach == 1
    assert found.numbers["part"].tolist() == ["level"]


def test_windows_in_any_order_are_named_and_copies_are_none(rng):
    series = rng.normal(size=600)
    windows = [series[start : start + 40] for start in rng.permutation(np.arange(0, 560, 10))]
    assert shares_parts(Sequences(windows))
    assert [finding.code for finding in check(datasets.read(windows))] == ["overlap"]
    assert not shares_parts(Sequences([rng.normal(size=40).round(1) for _ in range(60)]))
    assert not shares_parts(Sequences([np.sin(np.arange(40) * np.pi / 4 + k) for k in range(20)]))


def test_equal_sequences_are_copies(rng):
    X = Sequences([rng.integers(0, 3, 50)] * 20)
    assert find_copies(X).more_than_chance


def test_a_far_copy_is_not_hidden_by_contexts_that_do_not_come_again(rng):
    x = rng.integers(0, 4, 2000)
    for t in range(12, 2000):
        x[t] = x[t - 12] if rng.random() < 0.5 else x[t]
    found = seqcompare.profile([x], max_lag=30)
    assert found.reach == 12
    assert "too little" not in found.summary()


def test_a_threshold_of_the_length_is_a_leak(rng):
    X = [rng.integers(0, 3, rng.integers(10, 60)) for _ in range(200)]
    long = np.array([len(x) > 35 for x in X]).astype(int)
    assert "leak" in [finding.code for finding in seqcompare.profile((X, long), max_lag=10).checks]
    assert seqcompare.profile((X, rng.permutation(long)), max_lag=10).checks == ()


def test_a_wave_has_no_clock_of_half_its_period(rng):
    noise = walks(rng, 1, 1000, 0.4)[0]
    assert seqcompare.profile([2 * np.sin(np.arange(1000) * np.pi / 25) + noise], max_lag=20).period == 50


def test_a_line_with_noise_does_not_wander(rng):
    found = seqcompare.profile([np.arange(600.0) + 0.1 * rng.normal(size=600)], max_lag=20, max_order=3)
    assert [finding.code for finding in found.checks] == ["drift"]
    assert found.reach is None


def test_labels_of_earlier_and_later_numbers_are_seen_on_both_sides(rng):
    X = [rng.normal(size=(200, 2)) for _ in range(20)]
    y = [np.where(np.roll(x[:, 0], 2) + np.roll(x[:, 1], -3) > 0, "up", "down") for x in X]
    found = seqcompare.profile((X, y), max_lag=10, max_order=3)
    assert (found.reach, found.look_ahead) == (2, 3)


FEW = [(3, 100), (6, 80), (12, 40), (10, 15)]


@pytest.mark.parametrize(("n", "length"), FEW)
def test_levels_of_a_few_sequences_are_neither_memory_nor_a_change(n, length, rng):
    X = [rng.normal(0, 3) + rng.normal(size=length) for _ in range(n)]
    found = seqcompare.profile(X, max_lag=20, max_order=3)
    assert "sequence" in found.kept
    assert found.reach is None
    assert {finding.code for finding in found.checks} <= {"few"}


def test_a_few_walks_remember_their_last_step(rng):
    found = seqcompare.profile([np.cumsum(rng.normal(size=300)) for _ in range(3)], max_lag=20, max_order=3)
    assert found.reach == 1


@pytest.mark.parametrize("n", [5, 12])
def test_a_change_within_each_of_a_few_sequences_is_found(n, rng):
    X = [rng.normal(0, 3) + 2.0 * (np.arange(200) >= 100) + rng.normal(size=200) for _ in range(n)]
    assert find_drift(Sequences(X), 99, 0).changes


def test_a_change_from_one_sequence_to_the_next_is_found_where_these_are_not_too_few(rng):
    X = [(i >= 8) * 1.0 + rng.normal(size=60) for i in range(16)]
    found = find_drift(Sequences(X), 99, 0)
    assert found.words.startswith("most at sequence 8 of 16 (from 0): the level")


def test_a_short_ramp_is_a_change(rng):
    assert find_drift(Sequences([np.linspace(0, 6, 240) + rng.normal(size=240)]), 99, 0).changes


SHAPES = {
    "a step": 2.0 * (np.arange(40) > 20),
    "a bump": 2.0 * ((np.arange(40) > 15) & (np.arange(40) < 25)),
    "any": np.random.default_rng(5).normal(size=40),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
@pytest.mark.parametrize("own", [0.0, 2.0], ids=["", "and levels of their own"])
def test_a_shape_by_the_place_is_neither_a_clock_nor_memory(shape, own, rng):
    X = [own * rng.normal() + shape + rng.normal(size=40) for _ in range(40)]
    found = seqcompare.profile(X, max_lag=20, max_order=3)
    assert (found.period, found.reach, found.checks) == (None, None, ())


@pytest.mark.parametrize("n", [6, 12])
def test_a_clock_that_a_few_sequences_share_is_found(n, rng):
    shares = np.where(np.arange(40)[:, None] % 5 == 2, [[0.7, 0.2, 0.1]], [[0.1, 0.2, 0.7]])
    X = [np.array([rng.choice(3, p=p) for p in shares]) for _ in range(n)]
    assert seqcompare.profile(X, max_lag=20, max_order=3).period == 5


def test_lags_tell_no_more_than_a_clock_and_levels_of_a_few_sequences_do(rng):
    wave = 1.2 * np.sin(np.arange(192) * 2 * np.pi / 24)
    X = [1.5 * rng.normal() + wave + 0.8 * rng.normal(size=192) for _ in range(19)]
    found = seqcompare.profile(X, max_order=3)
    assert (found.period, found.beyond_clock) == (24, None)


@pytest.mark.parametrize("length", [30, 60])
def test_a_smooth_shape_far_above_the_noise_is_no_clock(length, rng):
    bell = 10 * np.exp(-((np.linspace(0, 1, length) - 0.5) ** 2) / 0.045)
    X = [bell + 0.3 * rng.normal(size=length) for _ in range(30)]
    assert seqcompare.profile(X, max_lag=20, max_order=3).period is None


RATES = {
    "counts": lambda rng: rng.poisson(np.exp(1 + 0.6 * rng.normal()), 14),
    "answers from 1 to 5": lambda rng: np.clip(np.round(3 + 0.8 * rng.normal() + rng.normal(size=14)), 1, 5),
    "symbols": lambda rng: rng.choice(4, 14, p=rng.dirichlet(np.ones(4))),
}


@pytest.mark.parametrize("draw", RATES.values(), ids=list(RATES))
def test_rates_of_short_sequences_are_no_memory(draw, rng):
    found = seqcompare.profile([draw(rng).astype(int) for _ in range(100)], max_order=3)
    assert "sequence" in found.kept
    assert found.reach is None
    assert any("4 steps are looked back" in note for note in found.notes)


STEPS = {
    "level": lambda rng: 2.5 * (np.arange(200) >= 100) + rng.normal(size=200),
    "spread": lambda rng: np.where(np.arange(200) < 100, 1, 2.5) * rng.normal(size=200),
    "rates": lambda rng: np.where(
        np.arange(200) < 100, rng.choice(3, 200), rng.choice(3, 200, p=[0, 0.3, 0.7])
    ),
}


@pytest.mark.parametrize("draw", STEPS.values(), ids=list(STEPS))
def test_a_change_that_a_few_sequences_have_in_common_is_no_memory(draw, rng):
    found = seqcompare.profile([draw(rng) for _ in range(3)], max_lag=20, max_order=3)
    assert [finding.code for finding in found.checks] == ["drift"]
    assert found.reach is None


def test_short_sequences_that_remember_keep_their_memory(rng):
    X = [sequence[100:] for sequence in autoregressions(rng, 60, 115, 0.8)]
    assert seqcompare.profile(X, max_lag=8, max_order=3).reach == 1


def test_what_agrees_with_itself_and_fades_is_left_open(rng):
    X = [sequence[100:] for sequence in autoregressions(rng, 300, 112, 0.85)]
    found = seqcompare.profile(X, max_lag=8, max_order=3)
    assert "sequence" not in found.kept
    assert any(note.startswith("Sequences of fewer than 18 steps are too short") for note in found.notes)


@pytest.mark.parametrize(("n", "length", "weight"), [(60, 25, 0.7), (100, 50, 0.6), (60, 12, 0.9)])
def test_taking_away_means_of_sequences_makes_no_memory(n, length, weight, rng):
    # less the mean of 25 steps, each is told by all the others a little
    X = [3 * rng.normal() + sequence[100:] for sequence in autoregressions(rng, n, 100 + length, weight)]
    found = seqcompare.profile(X, max_lag=10, max_order=3)
    assert "sequence" in found.kept
    assert found.reach == 1


WINDOWS = {
    "exact numbers": lambda series, rng: series,
    "whole numbers": lambda series, rng: np.round(series),
    "symbols": lambda series, rng: np.digitize(series, [-1, 0, 1]),
}


@pytest.mark.parametrize("make", WINDOWS.values(), ids=list(WINDOWS))
def test_windows_in_random_order_are_found(make, rng):
    series = make(autoregressions(rng, 1, 700, 0.6)[0, 100:], rng)
    windows = [series[start : start + 40] for start in range(0, 561, 10)]
    assert shares_parts(Sequences([windows[i] for i in rng.permutation(57)]))
    apart = [make(sequence[100:], rng) for sequence in autoregressions(rng, 57, 140, 0.6)]
    assert not shares_parts(Sequences(apart))


def test_sequences_in_which_little_happens_share_no_parts_and_are_no_copies(rng):
    rare = [(rng.random(20) < 0.05).astype(int) for _ in range(60)]
    zeros = [np.where(rng.random(15) < 0.9, 0, np.round(rng.exponential(2, 15), 1)) for _ in range(25)]
    for X in map(Sequences, (rare, zeros)):
        assert not shares_parts(X)
        copies = find_copies(X, 0)
        assert copies is None or not copies.more_than_chance


def autoregressions(rng, n, length, weight):
    found = np.zeros((n, length))
    for t in range(1, length):
        found[:, t] = weight * found[:, t - 1] + rng.normal(size=n)
    return found
