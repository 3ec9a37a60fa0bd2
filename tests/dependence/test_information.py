from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from seqcompare.dependence.information import Pairs, elsewhere, null_band, shuffled


def make_pairs(source, target, lengths, at=None):
    lengths = np.asarray(lengths)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    index = np.arange(len(source)) - np.repeat(offsets[:-1], lengths)
    after = np.repeat(lengths, lengths) - 1 - index
    at = np.arange(len(source)) if at is None else at
    return Pairs(source, at, target, index[at], after[at], source.max() + 1, target.max() + 1)


@pytest.fixture
def ragged():
    rng = np.random.default_rng(0)
    lengths = rng.integers(3, 12, 40)
    source = rng.integers(0, 4, lengths.sum())
    return make_pairs(source, (source + rng.integers(0, 2, len(source))) % 3, lengths), lengths


def test_information_is_that_of_pairs_within_sequences(ragged):
    pairs, lengths = ragged
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    lags = np.arange(-4, 8)
    information = pairs.information(lags, pairs.target)
    counts = pairs.count(lags)
    for lag, bits, n in zip(lags, information, counts, strict=True):
        sources, targets = [], []
        for start, end in pairwise(offsets):
            for t in range(start, end):
                if start <= t - lag < end:
                    sources.append(pairs.source[t - lag])
                    targets.append(pairs.target[t])
        assert n == len(sources)
        assert bits == pytest.approx(mutual_info_score(sources, targets) / np.log(2), abs=1e-12)


def test_a_lag_beyond_all_sequences_holds_nothing(ragged):
    pairs, _ = ragged
    assert pairs.information(np.array([50]), pairs.target).tolist() == [0.0]
    assert pairs.count(np.array([50])).tolist() == [0]


def test_only_the_targets_count():
    source = np.array([0, 1, 0, 1, 1, 0, 0, 1])
    at = np.array([1, 2, 4, 7])
    pairs = make_pairs(source, source[at - 1], [8], at)
    # the target is the step before: one lag has it all
    assert pairs.information(np.array([1]), pairs.target)[0] == pytest.approx(1.0)


def test_the_band_of_a_maximum_is_exact():
    rng = np.random.default_rng(0)
    surrogates = rng.normal(size=(199, 12)) * np.arange(1, 13) + 5
    band = null_band(surrogates, 0.05)
    reached = ((surrogates > band.band).any(axis=1)).sum()
    # 190 of 199 surrogates stay below: with the data themselves a share of 10 in 200
    assert reached == 9
    fresh = rng.normal(size=(4000, 12)) * np.arange(1, 13) + 5
    assert (fresh > band.band).any(axis=1).mean() == pytest.approx(0.05, abs=0.03)


def test_p_values_count_the_maxima():
    surrogates = np.random.default_rng(0).normal(size=(99, 5))
    band = null_band(surrogates, 0.05)
    assert band.p_values(np.full(5, 100.0)) == pytest.approx(np.full(5, 0.01))
    assert band.p_values(np.full(5, -100.0)) == pytest.approx(np.ones(5))


def test_twenty_lags_of_noise_raise_one_alarm_in_twenty():
    lags = np.arange(1, 21)
    alarms = single = 0
    for seed in range(60):
        source = np.random.default_rng(seed).integers(0, 3, 400)
        pairs = make_pairs(source, source, [400])
        band = shuffled(pairs, lags, 99, 0.05, seed)
        information = pairs.information(lags, pairs.target)
        alarms += bool((information > band.band).any())
        single += bool((information > band.mean + 1.645 * band.spread).any())
    # at 5% and 60 sets more than 7 have a chance of 1%; lag by lag, more than half raise an alarm
    assert alarms <= 7
    assert single > 30


def test_targets_from_elsewhere_keep_their_memory():
    alarms = np.zeros(2)
    lags = np.arange(0, 11)
    for seed in range(30):
        rng = np.random.default_rng(seed)
        source, target = (np.cumsum(rng.random(1500) < 0.05) % 2 for _ in range(2))
        pairs = make_pairs(source, target, [1500])
        information = pairs.information(lags, pairs.target)
        for k, null in enumerate((shuffled, elsewhere)):
            alarms[k] += (information > null(pairs, lags, 79, 0.05, seed).band).any()
    # two slow series without any tie: shuffled ones are no match for them
    assert alarms[0] >= 15
    assert alarms[1] <= 5


def test_bias_is_what_theory_says():
    source = np.random.default_rng(1).integers(0, 4, 3000)
    pairs = make_pairs(source, source, [3000])
    band = shuffled(pairs, np.array([1, 2]), 199, 0.05, 0)
    # (S - 1)^2 / 2N nats, Miller and Madow
    assert band.mean == pytest.approx(np.full(2, 9 / (2 * 3000 * np.log(2))), rel=0.1)


def test_groups_change_places_as_a_whole():
    # ten people, ten recordings each: the source tells the person, the target is the person's at random
    alarms = np.zeros(2)
    person = np.repeat(np.arange(10), 10)
    for seed in range(30):
        target = np.random.default_rng(seed).permutation(np.repeat([0, 1], 5))[person]
        pairs = make_pairs(person, target, np.ones(100, dtype=int))
        lags = np.array([0])
        information = pairs.information(lags, target)
        for k, groups in enumerate((None, person)):
            alarms[k] += (information > shuffled(pairs, lags, 39, 0.05, seed, groups=groups).band).any()
    assert alarms.tolist() == [30, 0]
