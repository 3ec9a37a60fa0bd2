import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcompare.models.alphabet import encode, find_symbols


def bisect(values, symbols):
    codes = np.minimum(np.searchsorted(symbols, values), len(symbols) - 1)
    return np.where(symbols[codes] == values, codes, len(symbols))


DTYPES = [np.int8, np.uint8, np.int16, np.uint32, np.int64, np.uint64]


@settings(deadline=None)
@given(st.data(), st.sampled_from(DTYPES))
def test_integers_of_any_width_and_size(data, dtype):
    info = np.iinfo(dtype)
    number = st.one_of(st.integers(info.min, info.max), st.integers(max(info.min, -5), 20))
    values, others = (np.array(data.draw(st.lists(number, min_size=1)), dtype=dtype) for _ in range(2))
    symbols = find_symbols(values)
    np.testing.assert_array_equal(symbols, np.unique(values))
    assert symbols.dtype == dtype
    np.testing.assert_array_equal(symbols[encode(values, symbols)], values)
    np.testing.assert_array_equal(encode(others, symbols), bisect(others, symbols))


@settings(deadline=None)
@given(
    st.lists(st.text(max_size=2).filter(lambda s: "\0" not in s), min_size=1), st.text(min_size=1, max_size=5)
)
def test_strings(words, other):
    values = np.array(words)
    symbols = find_symbols(values)
    np.testing.assert_array_equal(symbols, np.unique(values))
    np.testing.assert_array_equal(symbols[encode(values, symbols)], values)
    letters = np.array(list(other.replace("\0", "x")))
    np.testing.assert_array_equal(encode(letters, symbols), bisect(letters, symbols))


def test_booleans():
    values = np.array([True, True])
    np.testing.assert_array_equal(find_symbols(values), [True])
    np.testing.assert_array_equal(encode(np.array([False, True]), find_symbols(values)), [1, 0])


def test_strings_are_no_unseen_numbers():
    with pytest.raises(ValueError, match="expected symbols of dtype int64, as in fit, got <U1"):
        encode(np.array(["a"]), np.array([1, 2]))
