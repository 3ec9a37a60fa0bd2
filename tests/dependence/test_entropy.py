import numpy as np
import pytest

from seqcompare.dependence.entropy import marginal_entropy, match_length_entropy


def flips(n, p, seed):
    return np.cumsum(np.random.default_rng(seed).random(n) < p) % 2


def test_marginal_entropy_is_corrected_for_its_bias():
    estimates = [marginal_entropy(np.random.default_rng(s).integers(0, 16, 100)) for s in range(200)]
    plugin = [e - 15 / (200 * np.log(2)) for e in estimates]
    assert np.mean(estimates) == pytest.approx(4, abs=0.02)
    assert np.mean(plugin) < 3.92


@pytest.mark.parametrize(
    ("codes", "rate"),
    [
        (np.random.default_rng(0).integers(0, 4, 20_000), 2.0),
        (np.random.default_rng(0).integers(0, 2, 20_000), 1.0),
        # a chain that flips with probability 0.1: H(0.1)
        (flips(20_000, 0.1, 0), 0.4690),
        ((np.random.default_rng(0).random(20_000) < 0.05).astype(np.int64), 0.2864),
    ],
    ids=["four symbols", "coin", "flips", "rare"],
)
def test_match_lengths_give_the_entropy_rate(codes, rate):
    assert match_length_entropy(codes, np.array([0, len(codes)])) == pytest.approx(rate, rel=0.12)


def test_match_lengths_against_plain_search():
    codes = flips(150, 0.3, 1)
    text = "".join(map(str, codes))
    lengths = []
    for i in range(len(text)):
        size = 1
        # a run may overlap the earlier one, but must begin before it
        while i + size <= len(text) and text.find(text[i : i + size], 0, i + size - 1) != -1:
            size += 1
        if i and i + size <= len(text):
            lengths.append((i, size))
    expected = np.mean([np.log2(i + 1) / size for i, size in lengths])
    assert match_length_entropy(codes, np.array([0, 150])) == pytest.approx(expected, rel=1e-12)


def test_runs_do_not_cross_sequences():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, 6000)
    whole = match_length_entropy(codes, np.array([0, 6000]))
    parts = match_length_entropy(codes, np.arange(0, 6001, 100))
    assert parts == pytest.approx(whole, rel=0.05)
    doubled = match_length_entropy(np.concatenate([codes[:100], codes[:100]]), np.array([0, 100, 200]))
    assert np.isnan(doubled)  # the second sequence repeats the first: none of its runs ends


def test_what_repeats_for_ever_has_no_estimate():
    assert np.isnan(match_length_entropy(np.arange(1000) % 5, np.array([0, 1000])))
