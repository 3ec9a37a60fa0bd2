import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcompare import HMM, MarkovChain, MarkovTagger, NextStep, SlidingWindow
from seqcompare.models.alphabet import encode, encode_labels, find_symbols


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


def by_hand(symbols):
    return HMM.from_parameters(startprob=[1], transmat=[[1]], emissionprob=[[0.2, 0.3, 0.5]], symbols=symbols)


@pytest.mark.parametrize(
    "make",
    [
        lambda symbols: MarkovChain(symbols=symbols).fit(["ab"]),
        lambda symbols: NextStep(MarkovTagger(), symbols=symbols).fit(["ab"]),
        lambda symbols: HMM(symbols=symbols, random_state=0).fit(["ab"]),
        lambda symbols: SlidingWindow(symbols=symbols).fit(["ab"]),
        by_hand,
    ],
    ids=["chain", "next", "hmm", "window", "by hand"],
)
@pytest.mark.parametrize(
    "symbols",
    ["abc", ["a", "b", "c"], pd.Series(["a", "b", "c"]), np.array(["a", "b", "c"], dtype=object)],
    ids=["str", "list", "series", "objects"],
)
def test_an_alphabet_is_given_in_any_container(make, symbols):
    model = make(symbols)
    assert model.symbols_.tolist() == ["a", "b", "c"]
    assert model.symbols_.dtype.kind == "U"


def test_whole_numbers_are_symbols_and_others_are_not():
    assert MarkovChain(symbols=[0.0, 1.0, 2.0]).fit([[0, 1]]).symbols_.dtype == np.int64
    with pytest.raises(ValueError, match="symbols must be integers, booleans or strings"):
        MarkovChain(symbols=[0.5, 1.0]).fit([[0, 1]])


def test_object_labels_are_those_of_a_plain_array():
    words = np.array(["u", "v", "u"])
    for labels in (words, words.astype(object)):
        for classes in (np.array(["u", "v"]), np.array(["u", "v"], dtype=object)):
            assert encode_labels(labels, classes).tolist() == [0, 1, 0]
    tagger = MarkovTagger().partial_fit(["ab"], [["u", "v"]], classes=pd.Series(["u", "v", "w"]).unique())
    assert tagger.partial_fit(["ab"], [["u", "v"]]).classes_.tolist() == ["u", "v", "w"]
    with pytest.raises(ValueError, match="expected symbols of dtype"):
        MarkovTagger().partial_fit(["ab"], [["u", "v"]], classes=[0, 1])
