import numpy as np
import pytest

from seqcompare import Sequences
from seqcompare.dependence.coding import code_numbers, code_steps, code_symbols, lump, most_symbols


def test_symbols_keep_what_tells_them_apart():
    coded = code_symbols(np.array(list("banana")))
    assert coded.codes.tolist() == [1, 0, 2, 0, 2, 0]
    assert coded.n_symbols == 3


def test_the_rarest_symbols_become_one():
    coded = lump(code_symbols(np.array(list("aaabbbccd"))), 3)
    assert coded.n_symbols == 3
    assert coded.codes.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert "the 2 rarest" in coded.how


def test_a_small_alphabet_is_not_lumped():
    coded = code_symbols(np.arange(4))
    assert lump(coded, 4) is coded


def test_numbers_fall_into_bins_of_equal_frequency():
    values = np.random.default_rng(0).exponential(size=800)
    coded = code_numbers(values, 8)
    assert np.bincount(coded.codes).tolist() == [100] * 8
    # a bin holds an interval
    order = np.argsort(values)
    assert (np.diff(coded.codes[order]) >= 0).all()


def test_equal_numbers_share_a_bin_and_missing_ones_have_their_own():
    coded = code_numbers(np.array([0.0, 0, 0, 0, 0, 1, 2, np.nan]), 4)
    assert len(set(coded.codes[:5])) == 1
    assert coded.codes[7] == coded.n_symbols - 1
    assert (coded.codes[:7] != coded.codes[7]).all()
    assert "missing numbers" in coded.how


def test_a_constant_is_one_bin():
    assert code_numbers(np.full(9, 2.5), 4).n_symbols == 1


def test_vectors_go_to_the_nearest_centre():
    rng = np.random.default_rng(0)
    which = rng.integers(0, 3, 600)
    # the scales differ a thousandfold: channels are standardised first
    centres = np.array([[0.0, 0], [4, 0], [0, 4000]])
    X = Sequences(centres[which] + rng.normal(size=(600, 2)) * [0.1, 100], [0, 300, 600])
    coded = code_steps(X, 3, 0)
    assert coded.n_symbols == 3
    for centre in range(3):
        assert len(set(coded.codes[which == centre])) == 1
    assert "vectors of 2 numbers" in coded.how


def test_missing_numbers_in_vectors_do_not_matter_much():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(200, 2))
    values[5, 0] = np.nan
    coded = code_steps(Sequences([values]), None, 0)
    assert len(coded.codes) == 200
    assert "at their mean" in coded.how


@pytest.mark.parametrize(("n", "expected"), [(2, 2), (500, 10), (10**9, 256)])
def test_pairs_limit_the_alphabet(n, expected):
    assert most_symbols(n) == expected


def test_a_channel_without_numbers_is_refused():
    values = np.column_stack([np.arange(6.0), np.full(6, np.nan)])
    with pytest.raises(ValueError, match="channel 1 of X holds no number"):
        code_steps(Sequences([values]), None, 0)
