from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from seqcompare.dependence.information import NullBand, Pairs
from seqcompare.dependence.strata import Strata, everything
from seqcompare.dependence.surrogates import Elsewhere


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
    information = pairs.information(lags)[0]
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
    assert pairs.information(np.array([50]))[0].tolist() == [0.0]
    assert pairs.count(np.array([50])).tolist() == [0]


def test_only_the_targets_count():
    source = np.array([0, 1, 0, 1, 1, 0, 0, 1])
    at = np.array([1, 2, 4, 7])
    pairs = make_pairs(source, source[at - 1], [8], at)
    # the target is the step before: one lag has it all
    assert pairs.information(np.array([1]))[0, 0] == pytest.approx(1.0)


def shuffled(pairs, lags, n, share, seed, draw=None):
    rng = np.random.default_rng(seed)
    draw = draw or everything(len(pairs.target)).cells().draw
    targets = pairs.target[np.array([draw(rng) for _ in range(n)])]
    return NullBand(pairs.information(lags)[0], pairs.information(lags, targets), share)


@pytest.mark.parametrize("n_lags", [1, 10, 40, 100, 200])
def test_the_maximum_over_lags_raises_the_nominal_share_of_alarms(n_lags):
    # standardised by the surrogates' own mean and spread, noise would raise .021 to .208 at .025
    rng = np.random.default_rng(n_lags)
    n = 1200
    least = np.empty(n)
    for k in range(n):
        rows = rng.chisquare(2, (120, n_lags))
        least[k] = NullBand(rows[0], rows[1:], 0.025).p_values.min()
    for share in (0.025, 0.05):
        error = np.sqrt(share * (1 - share) / n)
        assert abs((least <= share + 1e-9).mean() - share) < 3 * error


def test_what_is_above_the_band_is_what_has_a_small_p_value():
    rng = np.random.default_rng(0)
    for scale in (1, 2, 4, 50):
        rows = rng.chisquare(3, (120, 20)) * np.arange(1, 21)
        rows[0, 4] += scale * 10
        band = NullBand(rows[0], rows[1:], 0.05)
        np.testing.assert_array_equal(rows[0] > band.band, band.p_values <= 0.05 + 1e-9)


def test_p_values_count_the_maxima():
    surrogates = np.random.default_rng(0).normal(size=(99, 5))
    assert NullBand(np.full(5, 100.0), surrogates, 0.05).p_values == pytest.approx(np.full(5, 0.01))
    assert NullBand(np.full(5, -100.0), surrogates, 0.05).p_values == pytest.approx(np.ones(5))


def test_where_all_agree_nothing_is_found():
    assert NullBand(np.ones(3), np.ones((99, 3)), 0.05).p_values.tolist() == [1.0] * 3


def test_twenty_lags_of_noise_raise_one_alarm_in_twenty():
    lags = np.arange(1, 21)
    alarms = single = 0
    for seed in range(60):
        source = np.random.default_rng(seed).integers(0, 3, 400)
        pairs = make_pairs(source, source, [400])
        band = shuffled(pairs, lags, 99, 0.05, seed)
        alarms += bool((band.observed > band.band).any())
        single += bool((band.observed > band.mean + 1.645 * band.surrogates.std(axis=0)).any())
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
        far = Elsewhere(np.zeros(1500, dtype=np.int64)).draw
        for k, draw in enumerate((None, far)):
            alarms[k] += shuffled(pairs, lags, 79, 0.05, seed, draw).p_values.min() <= 0.05
    # two slow series without any tie: shuffled ones are no match for them
    assert alarms[0] >= 15
    assert alarms[1] <= 5


def test_bias_is_what_theory_says():
    source = np.random.default_rng(1).integers(0, 4, 3000)
    pairs = make_pairs(source, source, [3000])
    band = shuffled(pairs, np.array([1, 2]), 199, 0.05, 0)
    # (S - 1)^2 / 2N nats, Miller and Madow
    assert band.mean == pytest.approx(np.full(2, 9 / (2 * 3000 * np.log(2))), rel=0.1)


def test_given_what_is_known_a_copy_of_a_copy_tells_nothing():
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.random(4000) < 0.2) % 2
    pairs = make_pairs(x, x, [4000])
    lags = np.array([2])
    plain = pairs.information(lags)[0, 0]
    known = np.append(0, x[:-1])
    given = Pairs(x, pairs.at, x, pairs.before, pairs.after, 2, 2, known)
    assert plain > 0.05
    # the counting's own bias, 2 degrees of freedom, and no more
    assert given.information(lags)[0, 0] < 0.003


def test_positions_that_differ_are_no_dependence():
    # bits that get more likely along each sequence: lags share the position and nothing else
    n, length = 60, 40
    rng = np.random.default_rng(0)
    x = (rng.random((n, length)) < np.linspace(0.1, 0.9, length)).astype(int).ravel()
    pairs = make_pairs(x, x, np.full(n, length))
    lags = np.arange(1, 11)
    position = Strata("position", np.tile(np.arange(length), n), merge=True).cells().draw
    assert shuffled(pairs, lags, 119, 0.025, 0).p_values.min() < 0.01
    assert shuffled(pairs, lags, 119, 0.025, 0, position).p_values.min() > 0.05
